package activitytest

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"

	"golang.org/x/time/rate"
)

// HoldFences keeps every call that changes the target from being written down, and so
// from being sent, until release is called or tb ends. waits returns when one waits.
// It is for a stage of the test's own.
func (s *Stage) HoldFences(tb testing.TB) (waits, release func()) {
	tb.Helper()
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	db, err := sql.Open("mysql", s.ledger)
	must(err)
	tx, err := db.BeginTx(context.WithoutCancel(tb.Context()), nil)
	must(err)
	_, err = tx.ExecContext(tb.Context(), "SELECT * FROM fence FOR UPDATE")
	must(err)
	release = sync.OnceFunc(func() {
		if err := errors.Join(tx.Rollback(), db.Close()); err != nil {
			tb.Error(err)
		}
	})
	tb.Cleanup(release)
	waits = func() {
		tb.Helper()
		ctx, cancel := context.WithTimeout(tb.Context(), patience)
		defer cancel()
		pace := rate.NewLimiter(rate.Every(retryPace), 1)
		for waiting := 0; waiting == 0; {
			must(pace.Wait(ctx))
			// information_schema.innodb_trx would tell, but is not renewed while it is read often.
			const writes = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()" +
				" AND (info LIKE 'INSERT INTO fence%' OR info LIKE 'UPDATE fence%' OR info LIKE '%FROM fence%FOR UPDATE')"
			must(db.QueryRowContext(ctx, writes).Scan(&waiting))
		}
	}
	return waits, release
}
