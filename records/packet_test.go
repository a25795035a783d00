package records_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/test/mysqltest"
)

// packet is max_allowed_packet of the small server.
const packet = 1 << 20

// smallServer returns a database on a server of its own that takes packets of
// so many bytes only, and a function that opens it with another limit.
func smallServer(t *testing.T) (testDB, func(limit int) testDB) {
	t.Helper()
	server := mysqltest.Private(t)
	admin := testDB{t, records.Target{DB: open(t, server.DSN(""))}}
	admin.exec("CREATE DATABASE d CHARACTER SET utf8mb4")
	cfg, err := mysql.ParseDSN(server.DSN("d"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Params = map[string]string{"time_zone": "'+00:00'", "charset": "utf8mb4"}
	pinned(cfg)
	cfg.MaxAllowedPacket = 0 // the driver asks the server
	with := func(limit int) testDB {
		admin.exec(fmt.Sprint("SET GLOBAL max_allowed_packet = ", limit))
		return testDB{t, records.Target{DB: open(t, cfg.FormatDSN()), Schema: records.NewSchema()}}
	}
	return with(packet), with
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestRowsThatTheServerTakesInNoPacketAreRefused(t *testing.T) {
	t.Parallel()
	source := newDatabase(t, pinned)
	target, _ := smallServer(t)
	for _, tc := range []struct {
		name    string
		lengths []int // of the values of one row each
		rows    int
		value   string // repeated
		there   bool   // on the target, with content that we wrote
		refused bool
	}{
		{name: "one_value", lengths: []int{packet + 1}, rows: 1, value: "x", refused: true},
		{name: "two_values", lengths: []int{packet / 2, packet / 2}, rows: 1, value: "x", refused: true},
		{name: "over_a_row", lengths: []int{packet + 1}, rows: 1, value: "x", there: true, refused: true},
		{name: "escapes", lengths: []int{packet - 99}, rows: 1, value: "'"},
		{name: "escapes_over_a_row", lengths: []int{packet - 99}, rows: 1, value: "\x00", there: true},
		{name: "many_rows", lengths: []int{packet / 3, packet / 3}, rows: 9, value: "'"},
	} {
		t.Run(tc.name, func(t *testing.T) { //nolint:paralleltest // one table after the other on the small server
			for _, d := range []testDB{source, target} {
				d.exec("DROP TABLE IF EXISTS app_fd_t")
				d.exec("CREATE TABLE app_fd_t (id varchar(99) PRIMARY KEY, c_p varchar(9), c_0 longblob, c_1 longtext)")
			}
			ledger := &images{}
			if tc.there {
				target.row("t", "0", "c_p", "r")
				ledger.kept = []records.Image{{Key: migration.RowKey{Table: "t", ID: "0"}, WrittenDigest: target.collect(selection("0", "t")).Rows[0].Digest()}}
			}
			for n := range tc.rows {
				pairs := []any{"c_p", "r"}
				for i, length := range tc.lengths {
					pairs = append(pairs, fmt.Sprint("c_", i), []byte(strings.Repeat(tc.value, length)))
				}
				source.row("t", fmt.Sprint(n), pairs...)
			}
			s := records.Selection{Root: "r", Extra: []records.Extra{{Table: "t", ForeignKey: "p"}}}
			set := source.collect(s)
			refusals, err := side(target).Refusals(t.Context(), "t")
			if err != nil {
				t.Fatal(err)
			}
			if got := refusals(set.Rows[0]) != nil; got != tc.refused {
				t.Errorf("refused before the start: %t", got)
			}
			_, err = records.Copy(t.Context(), target.Target, set, ledger, records.CopyOptions{})
			if tc.refused {
				code(t, err, migration.CodeUnsupported)
				want := fmt.Sprintf("a row has %d bytes, and the target's database server takes %d; raise its max_allowed_packet to at least %d", set.Rows[0].Bytes(), packet, packet+1024)
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want %q in it", err, want)
				}
				return
			}
			if diff := cmp.Diff(records.Comparison{Same: tc.rows}, records.Compare(set, target.collect(s))); err != nil || diff != "" {
				t.Errorf("%v, comparison (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestRowsLargerThanAPacketAreRead has rows from before somebody made the
// packets smaller: what a server takes does not bound what it gives.
func TestRowsLargerThanAPacketAreRead(t *testing.T) {
	t.Parallel()
	large, with := smallServer(t)
	large.exec("CREATE TABLE app_fd_t (id varchar(99) PRIMARY KEY, c_0 longblob, c_1 longtext)")
	large.exec("INSERT INTO app_fd_t (id, c_0, c_1) VALUES ('r', REPEAT('x', ?), REPEAT('y', ?))", packet, packet)
	small := with(packet / 4)
	if diff := cmp.Diff(large.collect(selection("r", "t")), small.collect(selection("r", "t"))); diff != "" {
		t.Errorf("rows (-with large +with small packets):\n%s", diff)
	}
}
