// Package activities carries out the steps of a migration: it composes the
// adapters (ledger, source and target database, JSON API, uploads) around the
// decisions of package migration. Each activity is safe to repeat; it decides
// from the ledger and from what it reads, not from what it remembers, and
// writes the ledger before and after each effect. Nothing it returns to
// Temporal holds personal data; errors pass through classify.
//
// Copy has what reads the source, Joget what calls the target, Book what needs
// the ledger only. Start reading at start.go.
package activities
