package docs_test

import (
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"jogetferry/internal/shown"
	jogetschema "jogetferry/joget/schema"
	"jogetferry/store"
	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/schema"
)

// TestShownSQLIsUnderstood runs the SQL of the pages, but for the accounts of README:
// what reads our tables on a ledger, the rest on Joget's tables.
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
		if b.Language != "sql" || b.Page == "README.md" {
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

// TestTheProcessCounterPassesANumber runs the remedy of FERRY-302 on a server that
// never started an instance, and on those that did.
func TestTheProcessCounterPassesANumber(t *testing.T) {
	t.Parallel()
	blocks, err := shown.Blocks(root)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(blocks, func(b shown.Block) bool {
		return b.Language == "sql" && b.Page == "docs/what-if.md" && strings.Contains(b.Text, "SHKCounters")
	})
	if i < 0 {
		t.Fatal("docs/what-if.md has no statement for SHKCounters")
	}
	const number = 12345
	statement := regexp.MustCompile(`\bN\b`).ReplaceAllString(blocks[i].Text, fmt.Sprint(number))
	for name, before := range map[string]int64{"unused": 0, "lower": 201, "higher": 50001} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := mysqltest.DSN(t)
			db := open(t, dsn)
			if err := schema.Create(t.Context(), db); err != nil {
				t.Fatal(err)
			}
			if _, err := db.ExecContext(t.Context(), "DELETE FROM SHKCounters WHERE name = '_process_'"); err != nil {
				t.Fatal(err)
			}
			if before > 0 {
				if _, err := db.ExecContext(t.Context(), "INSERT INTO SHKCounters (name, the_number, oid, version) VALUES ('_process_', ?, ?, 7)", before, javaHash("_process_")); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
			joget, err := jogetschema.Open(t.Context(), dsn, jogetschema.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer joget.Close()
			counters, err := joget.Fresh().Counters(t.Context())
			next, err2 := joget.Fresh().NextProcessNumber(t.Context())
			if err := errors.Join(err, err2); err != nil || counters.Process < before || next <= number {
				t.Errorf("the counter was %d and is %d; the next number is %d, want one above %d; %v", before, counters.Process, next, number, err)
			}
			var oid int64
			if err := db.QueryRowContext(t.Context(), "SELECT oid FROM SHKCounters WHERE name = '_process_'").Scan(&oid); err != nil || oid != javaHash("_process_") {
				t.Errorf("the row has oid %d, want %d; %v", oid, javaHash("_process_"), err)
			}
		})
	}
}

// javaHash returns the absolute hashCode of a Java string of ASCII characters, which
// Joget takes for the oid of a counter.
func javaHash(s string) int64 {
	var h int32
	for _, c := range s {
		h = 31*h + c
	}
	return max(int64(h), -int64(h))
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

// TestEveryTableOfTheLedgerIsDescribedOnce compares docs/how-it-works.md with a new ledger.
func TestEveryTableOfTheLedgerIsDescribedOnce(t *testing.T) {
	t.Parallel()
	text, ok := section(read(t, "docs/how-it-works.md"), "The ledger")
	if !ok {
		t.Fatal("docs/how-it-works.md has no section The ledger")
	}
	var described []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*?) \\|").FindAllStringSubmatch(text, -1) {
		for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[1], -1) {
			described = append(described, m[1])
		}
	}
	slices.Sort(described)
	rows, err := openLedger(t).QueryContext(t.Context(),
		"SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name <> 'schema_version'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(tables)
	if diff := cmp.Diff(tables, described); diff != "" {
		t.Errorf("-ledger +described:\n%s", diff)
	}
}
