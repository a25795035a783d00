// Package observe is how a process can be watched: one zap logger that the
// Temporal SDK writes to as well, and metrics that Prometheus scrapes. It
// decides no message and no metric; it only carries them.
package observe
