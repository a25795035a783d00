// Package store is the ledger: the module's own MySQL database, and the only place
// that remembers across crashes what was done with each instance. It owns the
// tables under schema/, the claims and fences that keep anything from being
// started or changed twice, and the images (former rows and files of the target)
// that a rollback puts back. It decides nothing: the rules are in package
// migration.
//
// It knows neither Joget, Temporal nor files. Every change and its log line are one
// transaction; all times are those of the database's server; identifiers are
// compared as bytes. Errors are *migration.Error: their causes may hold personal
// data, their Safe text never does. Its SQL runs on MariaDB 10.11 and MySQL 8.
//
// Start reading at ledger.go (connection, transactions, errors), then claim.go
// (the one start of an instance).
package store
