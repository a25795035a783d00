// Package migration is the domain of jogetferry: identifiers, instances,
// snapshots, findings, verdicts, error codes and every decision of the
// protocols as a pure function of values. It knows neither SQL, HTTP nor
// Temporal, reads no clock, and imports only the standard library. Start
// reading at start.go, the protocol that makes a second start impossible.
package migration
