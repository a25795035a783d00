package e2e_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/e2e/rig"
	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/seed"
	"jogetferry/test/temporaltest"
)

// settingsCase is a pair of servers set up as people set theirs up. What is
// planned, migrated and compared on it is the same in every case.
type settingsCase struct {
	name           string
	source, target []string // flags of a server of its own; nil: the shared one
	// populate makes the source's database what it was there, or adds to it.
	populate func(t *testing.T, source *sql.DB)
	// blocked is how many instances check holds back.
	blocked int
	// failsOver makes the target's server read-only while a wave is under way.
	failsOver bool
}

// hostile are defaults that change what a statement or a value means.
var hostile = []string{"--sql-mode=ANSI,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH", "--autocommit=0", "--init-connect=SET NAMES gbk"}

// TestSettings migrates on each pair: whatever the servers' defaults are,
// nothing is lost, and nobody has to know.
func TestSettings(t *testing.T) {
	t.Parallel()
	temporal := temporaltest.New(t, temporaltest.Options{})
	for _, tc := range []settingsCase{
		{name: "names_of_tables_in_lower_case_on_the_source", source: []string{"--lower-case-table-names=1"}},
		{name: "names_of_tables_in_lower_case_on_the_target", target: []string{"--lower-case-table-names=1"}},
		{name: "other_modes_no_autocommit_and_init_connect", source: hostile, target: hostile},
		{name: "twelve_hours_apart", source: []string{"--default-time-zone=+06:00"}, target: []string{"--default-time-zone=-06:00"}},
		{name: "a_source_that_is_a_replica", source: []string{"--read-only"}},
		{
			name: "a_target_that_fails_over", target: []string{"--read-only=0"}, failsOver: true,
		},
		{name: "small_packets", source: []string{"--max-allowed-packet=1M"}, target: []string{"--max-allowed-packet=1M"}},
		{
			name: "a_row_that_the_target_takes_in_no_packet", target: []string{"--max-allowed-packet=1M"},
			populate: func(t *testing.T, source *sql.DB) {
				t.Helper()
				statement(t, source, "UPDATE app_fd_leave_request SET c_reason = REPEAT('x', 3 << 20) ORDER BY id LIMIT 1")
			},
			blocked: 1,
		},
		{
			name: "a_source_of_latin1_and_without_transactions", source: []string{"--default-storage-engine=MyISAM", "--character-set-server=latin1"},
			populate: func(t *testing.T, source *sql.DB) { t.Helper(); convert(t, source, "latin1", "ENGINE = MyISAM") },
		},
		{
			name: "a_source_as_of_MySQL_5_6", source: []string{"--sql-mode=", "--explicit-defaults-for-timestamp=0"},
			populate: func(t *testing.T, source *sql.DB) {
				t.Helper()
				convert(t, source, "utf8mb3", "ENGINE = InnoDB")
				statement(t, source, "UPDATE app_fd_leave_request SET dateCreated = '0000-00-00 00:00:00'")
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.run(t, temporal)
		})
	}
}

func (tc settingsCase) run(t *testing.T, temporal *temporaltest.Server) {
	t.Helper()
	const ordinary, withSubflows = 4, 1
	target := tc.server(t, tc.target)
	s := rig.New(t, rig.Options{
		Seed: seed.Options{Seed: 1, Instances: ordinary, WithSubflows: withSubflows}, Temporal: temporal,
		Namespace: rig.NewNamespace(t, temporal, "settings-"+strings.ToLower(strings.ReplaceAll(tc.name, "_", "-"))),
		Populate: func(_ context.Context, source *sql.DB, _ string) error {
			if tc.populate != nil {
				tc.populate(t, source)
			}
			return nil
		},
		SourceServer: tc.server(t, tc.source), TargetServer: target, LedgerDSN: mysqltest.DSN(t),
	})
	s.StartWorker()
	if tc.blocked == 0 {
		s.Starter(0, nil, "check")
	}
	s.Starter(0, nil, "plan")
	args := []string{"wave", "--without-pilot"}
	if tc.failsOver {
		admin := opened(t, target)
		statement(t, admin, "SET GLOBAL read_only = 1")
		s.Starter(0, nil, append(args, "--detach")...)
		var now checked
		s.Starter(3, &now, "check")
		if !slices.ContainsFunc(now.Findings, func(f found) bool { return f.ID == "FERRY-121" }) {
			t.Errorf("findings %+v, want FERRY-121", now.Findings)
		}
		awaitPending(t, s, "database error 1290")
		statement(t, admin, "SET GLOBAL read_only = 0")
		args = []string{"status", "--follow"}
	}
	s.Starter(0, nil, args...)
	var compared struct{ Same, Different, Moved int }
	s.Starter(0, &compared, "verify")
	if want := ordinary + withSubflows - tc.blocked; compared.Same != want {
		t.Errorf("%+v, want %d the same", compared, want)
		s.Stories()
	}
	s.Starter(0, nil, "rollback", "--wave", "1")
	s.SourceUnchanged()
}

// awaitPending waits until the page of an instance in Temporal's UI tells why.
func awaitPending(t *testing.T, s *rig.Stage, why string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	temporal := s.Client()
	for {
		for _, i := range s.Seeded.Instances {
			described, err := temporal.DescribeWorkflowExecution(ctx, contract.InstanceWorkflowID("crm", migration.InstanceID(i.ID)), "")
			if err != nil {
				continue // its turn has not come, or it is a subflow
			}
			for _, a := range described.GetPendingActivities() {
				if strings.Contains(a.GetLastFailure().GetMessage(), why) {
					return
				}
			}
		}
		select {
		case <-ctx.Done():
			t.Fatalf("no instance waits for %q", why)
		case <-time.Tick(200 * time.Millisecond):
		}
	}
}

// server starts one with flags, "" without.
func (tc settingsCase) server(t *testing.T, flags []string) string {
	t.Helper()
	if flags == nil {
		return ""
	}
	return mysqltest.Private(t, flags...).DSN("")
}

func opened(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// convert makes the tables of the database those of another time: texts that
// the character set has no place for are lost in it, as they were then.
func convert(t *testing.T, db *sql.DB, charset, options string) {
	t.Helper()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	one := func(query string) {
		t.Helper()
		if _, err := conn.ExecContext(t.Context(), query); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	one("SET SESSION sql_mode = ''")
	for _, statements := range []string{
		"SELECT CONCAT('ALTER TABLE `', TABLE_NAME, '` DROP FOREIGN KEY `', CONSTRAINT_NAME, '`') FROM information_schema.TABLE_CONSTRAINTS WHERE CONSTRAINT_TYPE = 'FOREIGN KEY' AND TABLE_SCHEMA = DATABASE()",
		"SELECT CONCAT('ALTER TABLE `', TABLE_NAME, '` CONVERT TO CHARACTER SET " + charset + "') FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()",
		"SELECT CONCAT('ALTER TABLE `', TABLE_NAME, '` " + options + "') FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()",
	} {
		for _, query := range column(t, conn, statements) {
			one(query)
		}
	}
}

// column reads a query of one text column to its end.
func column(t *testing.T, conn *sql.Conn, query string) []string {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var values []string
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			t.Fatal(err)
		}
		values = append(values, value)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return values
}

func statement(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}
