// Package preflight is the checks: a table of numbered findings for each
// subject, and pure functions from gathered facts to findings. It reads nothing
// itself. A number is never used for anything else: 1xx servers, 2xx apps,
// definitions and mappings, 3xx data, 4xx instances. check.go has how they are
// run, facts.go what they are told, and each other file begins with its table.
package preflight
