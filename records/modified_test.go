package records_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/test/mysqltest"
)

func TestModified_finds_rows_stored_since(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.table("t")
	for id, ago := range map[string]string{"new": "0 SECOND", "within": "50 MINUTE", "ahead": "-8 HOUR", "before": "120 MINUTE", "old": "3 DAY"} {
		d.row("t", id)
		d.exec("UPDATE app_fd_t SET dateModified = NOW() - INTERVAL " + ago + " WHERE id = '" + id + "'")
	}
	d.row("t", "undated")
	d.exec("CREATE TABLE app_fd_bare (id varchar(255) PRIMARY KEY, dateModified longtext)")
	side := records.Side{Q: d.DB, Schema: d.Schema}
	for _, tc := range []struct {
		name, table string
		limit       int
		want        []migration.RecordID
		undated     bool
	}{
		{name: "since_the_time", table: "t", limit: 9, want: []migration.RecordID{"ahead", "new", "within"}},
		{name: "no_datetime_column", table: "bare", limit: 9, undated: true},
		{name: "no_table", table: "none", limit: 9},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, dated, err := side.Modified(t.Context(), tc.table, time.Hour, tc.limit)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(got)
			if diff := cmp.Diff(tc.want, got); diff != "" || dated == tc.undated {
				t.Errorf("dated %t, rows (-want +got):\n%s", dated, diff)
			}
		})
	}
	if got, _, err := side.Modified(t.Context(), "t", time.Hour, 2); err != nil || len(got) != 2 {
		t.Errorf("%d rows with a limit of 2, %v", len(got), err)
	}
}

// TestModified_ends_on_the_server_too has a table that takes half a minute to
// read: a server does not notice that its client is gone before it has rows for it.
func TestModified_ends_on_the_server_too(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.exec("CREATE TABLE app_fd_slow (id varchar(255) PRIMARY KEY, dateModified datetime AS (IF(SHA2(REPEAT(id, 2000000), 512) = '', '2999-01-01', '2001-01-01')) VIRTUAL)")
	d.exec("INSERT INTO app_fd_slow (id) SELECT LPAD(seq, 4, '0') FROM " + mysqltest.Sequence(1000))
	side := records.Side{Q: d.DB, Schema: d.Schema}
	// The time is for the search alone.
	if _, _, err := side.Schema.Table(t.Context(), side.Q, "slow"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, _, err := side.Modified(ctx, "slow", time.Minute, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v, want the deadline", err)
	}
	const waiting = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID() AND INFO LIKE '%MAX_EXECUTION_TIME%'"
	patience := time.NewTimer(10 * time.Second)
	defer patience.Stop()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for n := 1; n > 0; {
		// MySQL refuses the look while any connection's query holds bytes that are no text.
		var refused *mysql.MySQLError
		err := d.DB.QueryRowContext(t.Context(), waiting).Scan(&n)
		if err != nil && (!errors.As(err, &refused) || refused.Number != 3854) {
			t.Fatal(err)
		}
		select {
		case <-patience.C:
			t.Fatalf("%d queries still wait", n)
		case <-poll.C:
		}
	}
}
