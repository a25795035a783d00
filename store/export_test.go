package store

import "database/sql"

// DB returns the pool, so that a test can count what statements cost it.
func (l *Ledger) DB() *sql.DB { return l.pool }
