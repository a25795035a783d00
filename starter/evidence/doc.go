// Package evidence makes the report of a migration: what was open, what was moved, and what was
// decided by whom. It reads the ledger into one Report, and every format is made of that alone
// (docs/adr/0018-the-report.md).
package evidence
