// Package database is what all pools of MySQL and MariaDB have in common: how a
// session is set, whatever the server's defaults are (Open), and what a server's
// error means (Failure, ClassOf). It knows no table; store, records and
// joget/schema do. Start reading at errors.go.
package database
