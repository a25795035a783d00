package store_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"jogetferry/migration"
	"jogetferry/store"
	"jogetferry/test/mysqltest"
)

func TestOpen_creates_the_database_and_may_run_many_times_at_a_time(t *testing.T) {
	t.Parallel()
	for range 6 {
		dsn := newDSN(t)
		errs := make([]error, 8)
		var running sync.WaitGroup
		for i := range errs {
			running.Go(func() {
				l, err := store.Open(t.Context(), dsn, store.Options{})
				if err == nil {
					err = l.Bind(t.Context(), migration.Binding{Migration: mig, Source: "s", Target: "t"}, "")
				}
				if err == nil {
					err = l.Close()
				}
				errs[i] = err
			})
		}
		running.Wait()
		must(t, errors.Join(errs...))
		bound, err := open(t, dsn).Bound(t.Context(), mig)
		must(t, err)
		if bound.Source != "s" || bound.Target != "t" {
			t.Errorf("bound %+v", bound)
		}
	}
}

func TestOpen_goes_on_where_a_process_died_while_it_made_the_tables(t *testing.T) {
	t.Parallel()
	for name, died := range map[string][]string{
		"between_creating_and_filling_the_table_of_versions": {
			"DROP TABLE start_claim", "DELETE FROM schema_version",
		},
		"in_the_middle_of_the_first_change": {
			"DROP TABLE start_claim", "DELETE FROM schema_version WHERE version_id > 0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := mysqltest.DSN(t)
			must(t, open(t, dsn).Close())
			cfg, err := mysql.ParseDSN(dsn)
			must(t, err)
			connector, err := mysql.NewConnector(cfg)
			must(t, err)
			db := sql.OpenDB(connector)
			for _, statement := range died {
				_, err := db.ExecContext(t.Context(), statement)
				must(t, err)
			}
			must(t, db.Close())
			must(t, open(t, dsn).Bind(t.Context(), migration.Binding{Migration: mig, Source: "s", Target: "t"}, ""))
		})
	}
}

func newDSN(t *testing.T) string {
	cfg, err := mysql.ParseDSN(mysqltest.DSN(t))
	must(t, err)
	cfg.DBName += "_new"
	dsn := cfg.FormatDSN()
	t.Cleanup(func() { dropDatabase(t, dsn) })
	return dsn
}

func dropDatabase(t *testing.T, dsn string) {
	cfg, err := mysql.ParseDSN(dsn)
	must(t, err)
	connector, err := mysql.NewConnector(cfg)
	must(t, err)
	db := sql.OpenDB(connector)
	_, err = db.ExecContext(context.WithoutCancel(t.Context()), "DROP DATABASE `"+cfg.DBName+"`")
	must(t, errors.Join(err, db.Close()))
}

func TestOpen_refuses_with_a_code(t *testing.T) {
	t.Parallel()
	server, err := mysql.ParseDSN(mysqltest.DSN(t))
	must(t, err)
	wrong := server.Clone()
	wrong.Passwd = "wrong"
	cases := []struct {
		name string
		dsn  string
		code migration.Code
	}{
		{"malformed_dsn_is_invalid", "secret@@@", migration.CodeInvalid},
		{"nobody_listening_is_unavailable", "ferry:secret@tcp(127.0.0.1:1)/ledger", migration.CodeUnavailable},
		{"wrong_password_is_refused", wrong.FormatDSN(), migration.CodeRefused},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := store.Open(t.Context(), tc.dsn, store.Options{})
			wantCode(t, err, tc.code)
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the password is in %q", err)
			}
		})
	}
}

func TestLedger_is_unavailable_when_closed_or_out_of_reach(t *testing.T) {
	t.Parallel()
	server := mysqltest.Private(t)
	l, err := store.Open(t.Context(), server.DSN(""), store.Options{})
	must(t, err)
	binding := migration.Binding{Migration: mig, Source: "s", Target: "t"}
	must(t, l.Bind(t.Context(), binding, ""))
	savePlan(t, l, "p", planned(1, nil))

	must(t, server.Kill(t.Context()))
	_, err = l.Entry(t.Context(), mig, id(1))
	wantCode(t, err, migration.CodeUnavailable)
	wantCode(t, l.Progress(t.Context(), mig, id(1), migration.Change{State: migration.InstanceRunning}), migration.CodeUnavailable)

	// What was committed is there after the crash.
	must(t, server.Restart(t.Context()))
	if e := entry(t, l, 1); e.State != migration.InstanceReady {
		t.Errorf("after the restart: %+v", e)
	}
	must(t, l.Close())
	wantCode(t, l.Ping(t.Context()), migration.CodeUnavailable)
	wantCode(t, l.Bind(t.Context(), binding, ""), migration.CodeUnavailable)
}

func TestBind_keeps_the_servers_of_a_name(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name           string
		source, target migration.Fingerprint
		code           migration.Code
		hint           string
	}{
		{"same_servers_are_fine", "s", "t", "", ""},
		{"another_source_is_a_conflict", "S", "t", migration.CodeConflict, "source"},
		{"another_target_is_a_conflict", "s", "x", migration.CodeConflict, "target"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := opened(t).Bind(t.Context(), migration.Binding{Migration: mig, Source: tc.source, Target: tc.target}, "other digest")
			wantCode(t, err, tc.code)
			if err != nil && !strings.Contains(err.Error(), tc.hint) {
				t.Errorf("%v does not name the %s", err, tc.hint)
			}
		})
	}
}

func TestLedger_refuses_what_its_server_takes_in_no_packet(t *testing.T) {
	t.Parallel()
	l := open(t, mysqltest.Private(t, "--max-allowed-packet=4M").DSN(""))
	must(t, l.Bind(t.Context(), migration.Binding{Migration: mig, Source: "s", Target: "t"}, ""))
	savePlan(t, l, "p", planned(1, nil))
	noise := make([]byte, 6<<20) // deflated it stays as large
	_, err := rand.Read(noise)
	must(t, err)
	snapshot := migration.Snapshot{Tree: migration.Tree{Instance: migration.Instance{Variables: []migration.Variable{{Name: "v", Value: hex.EncodeToString(noise)}}}}}
	_, err = l.SaveSnapshot(t.Context(), mig, id(1), snapshot)
	var refused *migration.Error
	if !errors.As(err, &refused) || refused.Code != migration.CodeUnsupported || !strings.Contains(refused.Safe(), "max_allowed_packet") {
		t.Errorf("%v, want a refusal that names max_allowed_packet", err)
	}
	must(t, l.Progress(t.Context(), mig, id(1), migration.Change{State: migration.InstanceRunning}))
}

func TestSession_is_pinned_whatever_the_dsn_says(t *testing.T) {
	t.Parallel()
	dsn := mysqltest.DSN(t)
	l := open(t, dsn+"?loc=Asia%2FTokyo&time_zone=%27%2B09%3A00%27&sql_mode=%27%27")
	must(t, l.Bind(t.Context(), migration.Binding{Migration: mig, Source: "s", Target: "t"}, ""))
	must(t, l.Log(t.Context(), mig, "", migration.StepLine{Event: migration.EventConfigured}))
	story, err := l.Lines(t.Context(), mig, "")
	must(t, err)
	last := story[len(story)-1]
	if away := time.Since(last.At).Abs(); away > time.Minute {
		t.Errorf("a line of now is %s away", away)
	}
	page := planned(1, nil)
	page[0].Requester = migration.User(strings.Repeat("x", 256))
	wantCode(t, l.SavePlan(t.Context(), mig, "p", page), migration.CodeUnsupported)
}

// TestIdentity_goes_with_the_tables has two ledgers differ, and one stay what it
// is, also where its tables are made once more.
func TestIdentity_goes_with_the_tables(t *testing.T) {
	t.Parallel()
	l, dsn := openedAt(t)
	first, err := l.Identity(t.Context())
	must(t, err)
	if !regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString(string(first)) {
		t.Errorf("%q is no identity", first)
	}
	other, err := opened(t).Identity(t.Context())
	must(t, err)
	if first == other {
		t.Errorf("two ledgers are %s", first)
	}
	cfg, err := mysql.ParseDSN(dsn)
	must(t, err)
	connector, err := mysql.NewConnector(cfg)
	must(t, err)
	db := sql.OpenDB(connector)
	_, err = db.ExecContext(t.Context(), "DELETE FROM schema_version WHERE version_id > 0")
	must(t, errors.Join(err, db.Close()))
	again, err := open(t, dsn).Identity(t.Context())
	must(t, err)
	if first != again {
		t.Errorf("it was %s, and is %s", first, again)
	}
}
