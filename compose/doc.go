// Package compose holds what docker-compose.yml mounts, the units of systemd, and
// the tests that these files, the Dockerfile and the code agree. It has no code of
// its own; the health check of the image is in probe.
package compose
