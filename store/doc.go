// Package store is the ledger: the migrator's own state in a MySQL database of
// its own, and the only place that remembers across crashes. It owns the
// tables under schema/, the claims and fences that keep anything from being
// started or changed twice, and the images that undo a write. It decides
// nothing: rules are in package migration.
//
// It refuses to know Joget, Temporal and files. Every change and its log line
// are one transaction; all times are the database's own; identifiers are
// compared as bytes. Errors are *migration.Error; their causes may hold
// personal data, their Safe text never does. SQL stays plain enough for
// MariaDB 10.11 and MySQL 8.
//
// Start reading at ledger.go (connection, transactions, errors), then claim.go
// (the one start of an instance).
package store
