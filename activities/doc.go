// Package activities makes known to a Temporal worker what carries out the steps
// of a migration, role by role. Each activity composes the adapters (ledger,
// source and target database, JSON API, uploads) around the decisions of package
// migration, and is safe to repeat: it decides from the ledger and from what it
// reads, not from what it remembers, and writes the ledger before and after each
// effect. Nothing it returns to Temporal holds personal data.
//
// The packages below import one another in this direction only:
//
//	step <- inventory <- transfer <- verify
//	step <- target    <- transfer, verify, rehearsal
//	step <- waves
package activities
