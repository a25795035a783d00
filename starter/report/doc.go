// Package report holds what starter prints on stdout. Each result is a type that
// marshals to its JSON, an interface documented in docs/output.md: fields are
// added, never renamed, and times are RFC 3339 in UTC. The tables that people see
// are made from the same values. It computes from values of migration and contract
// alone, and knows neither ledger nor Temporal nor command line. Start reading at
// write.go; one file has the results of one subject.
package report
