package records_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"jogetferry/records"
	"jogetferry/test/mysqltest"
)

// The tables of a server of some years, and those that one app has.
const (
	serverTables = 1500
	tableFields  = 26 // 30 columns with Joget's own
	appTables    = 10
)

// BenchmarkSchema reads the tables of one app as the start of a wave does, with
// as many on the server as the name says. The budget: as quick with 1,500 as with 10.
func BenchmarkSchema(b *testing.B) {
	for _, count := range []int{appTables, serverTables} {
		b.Run(fmt.Sprint("tables_", count), func(b *testing.B) {
			db := manyTables(b, count)
			for b.Loop() {
				schema := records.NewSchema()
				for n := range appTables {
					if _, ok, err := schema.Table(b.Context(), db, fmt.Sprint("t", n)); err != nil || !ok {
						b.Fatalf("table %d: %t, %v", n, ok, err)
					}
				}
			}
		})
	}
}

// manyTables returns a database with form tables app_fd_t0, app_fd_t1...
func manyTables(tb testing.TB, count int) *sql.DB {
	tb.Helper()
	cfg, err := mysql.ParseDSN(mysqltest.DSN(tb))
	if err != nil {
		tb.Fatal(err)
	}
	cfg.Params = map[string]string{"time_zone": "'+00:00'", "charset": "utf8mb4"}
	cfg.InterpolateParams = true
	db, err := sql.Open("mysql", cfg.FormatDSN())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	var fields strings.Builder
	for n := range tableFields {
		fmt.Fprintf(&fields, ", c_f%d longtext", n)
	}
	for n := range count {
		create := fmt.Sprintf("CREATE TABLE app_fd_t%d (id varchar(255) PRIMARY KEY, dateCreated datetime(6), dateModified datetime(6), createdBy varchar(255)%s)", n, fields.String())
		if _, err := db.ExecContext(tb.Context(), create); err != nil {
			tb.Fatal(err)
		}
	}
	return db
}
