// Package records moves form records between two Joget databases: which rows
// belong to a record (Collect), whether they fit (Check), their bytes, digests
// and codec (Row, Set), writing them without losing what was there (Copy),
// undoing what tools did during a call (OpenWindow, PutBack), and comparing both
// sides (Compare).
//
// It knows the layout of app_fd_* tables and MySQL; it refuses to know form
// definitions, instances and the ledger: the first come as migration.FormModel,
// images go through the Images interface declared here. Ids are compared as bytes,
// whatever the collation of a column thinks (docs/joget.md#names-and-collations).
// Nothing here logs; errors are *migration.Error and their Safe text holds table
// and column names only.
//
// Connections must be pinned by whoever opens them: time_zone '+00:00', charset
// utf8mb4, no parseTime. Every entry point asserts that. The driver's MaxAllowedPacket
// should be 0, the server's. How values of each type travel is in column.go. Start
// reading at collect.go and copy.go.
package records
