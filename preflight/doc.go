// Package preflight is the checks: one table of numbered findings, and pure
// functions from gathered facts to findings. It reads nothing itself. Numbers
// are never reused: 1xx servers, 2xx apps and definitions, 3xx data, 4xx
// instances. Start reading at checks.go.
package preflight
