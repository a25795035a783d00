// Package records copies form records between the databases of two Joget servers:
// which rows belong to a record (Collect), whether the target can hold them
// (Check), their bytes and digests (Row, Set), writing them while the target's
// former rows are kept (Copy), taking back what tools changed during a call
// (BeginCapture, Revert), and comparing both sides (Compare).
//
// It knows MySQL and the layout of app_fd_* tables. It knows neither form
// definitions nor instances nor the ledger: forms come as migration.FormModel, and
// former rows go through the interface Images. A row is known by the bytes of its id,
// whatever the collation of a column; which rows belong together the collation decides,
// as it does for Joget (docs/joget.md#names-and-collations). Nothing here
// logs; errors are *migration.Error, and their Safe text holds names of tables and
// columns only.
//
// Whoever opens a connection sets time_zone '+00:00', charset utf8mb4 and no
// parseTime; every entry point checks that. The driver's MaxAllowedPacket should be
// 0, which is the server's. How values of each type travel is in column.go. Start
// reading at collect.go and copy.go.
package records
