package docs_test

import (
	"database/sql"
	"regexp"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"

	"jogetferry/internal/mysqltest"
	"jogetferry/internal/shown"
	"jogetferry/simulator/schema"
	"jogetferry/store"
)

// TestShownSQLIsUnderstood runs the SQL of what-if.md: what reads our tables on a
// ledger, the rest on Joget's tables.
func TestShownSQLIsUnderstood(t *testing.T) {
	t.Parallel()
	blocks, err := shown.Blocks(root)
	if err != nil {
		t.Fatal(err)
	}
	joget, ledger := open(t, mysqltest.DSN(t)), openLedger(t)
	if err := schema.Create(t.Context(), joget); err != nil {
		t.Fatal(err)
	}
	ours := regexp.MustCompile(`\b(step_log|start_claim)\b`)
	number := regexp.MustCompile(`\bN\b`)
	seen := 0
	for _, b := range blocks {
		if b.Language != "sql" || b.Page != "docs/what-if.md" {
			continue
		}
		for statement := range strings.SplitSeq(number.ReplaceAllString(b.Text, "1"), ";\n") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			seen++
			db := joget
			if ours.MatchString(statement) {
				db = ledger
			}
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Errorf("%s:%d: %v", b.Page, b.Line, err)
			}
		}
	}
	if seen < 8 {
		t.Errorf("only %d statements were found", seen)
	}
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// openLedger returns the database of a new ledger.
func openLedger(t *testing.T) *sql.DB {
	t.Helper()
	dsn := mysqltest.DSN(t)
	ledger, err := store.Open(t.Context(), dsn, store.Options{Actor: "docs"})
	if err != nil {
		t.Fatal(err)
	}
	if err := ledger.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, dsn)
}
