// Package compose holds what docker-compose.yml mounts, and the test that the
// file, the Dockerfile and the code agree. It has no code of its own; the health
// check of the image is in probe.
package compose
