// Package mysqld is a MySQL-compatible server inside the process, for a demo
// that needs nothing but Go: go-mysql-server with its in-memory backend behind
// a lock, because that backend has no isolation of its own (see lock.go). Data
// is gone when the server is closed.
//
// One Server is one server in the operator's sense: it has one lock, so give
// each role (source, target, ledger) its own, or a transaction on one of them
// waits for another. What it lacks compared with MySQL is tested and written
// down in limits_test.go. Build with the tag gms_pure_go.
// Start reading at mysqld.go.
package mysqld
