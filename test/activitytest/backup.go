package activitytest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
)

// Backup returns what puts the ledger back to this moment. It is for a stage of the
// test's own.
func (s *Stage) Backup(tb testing.TB) (restore func()) {
	tb.Helper()
	db, err := sql.Open("mysql", s.ledger)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	tables, err := tablesOf(tb.Context(), db)
	if err != nil {
		tb.Fatal(err)
	}
	each := func(statements ...string) {
		tb.Helper()
		for _, table := range tables {
			for _, s := range statements {
				if _, err := db.ExecContext(tb.Context(), fmt.Sprintf(s, table)); err != nil {
					tb.Fatal(err)
				}
			}
		}
	}
	each("CREATE TABLE `kept_%[1]s` AS SELECT * FROM `%[1]s`")
	return func() {
		tb.Helper()
		each("DELETE FROM `%[1]s`", "INSERT INTO `%[1]s` SELECT * FROM `kept_%[1]s`")
	}
}

func tablesOf(ctx context.Context, db *sql.DB) (names []string, err error) {
	rows, err := db.QueryContext(ctx, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
