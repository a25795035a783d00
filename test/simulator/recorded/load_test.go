package recorded_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"

	"jogetferry/joget/xpdl"
	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/schema"
	"jogetferry/test/simulator/server"
)

// step is one entry of a recording: a call, or rows when it has tables.
type step struct {
	Call      string    // "" for rows
	As        string    // user name
	Manager   string    // method that Joget's controller called
	Arguments arguments // of that method
	Result    *result   // nil for a call that was sent and has not been answered yet
	Rows      string    // when they were read
	Tables    tables    // those that changed since the rows before; nil for a call
}

type arguments struct {
	ID     string            // instance or activity
	Def    string            // activity definition; of a start, process definition
	Record string            // of a start
	Manual bool              // of a start that creates only
	From   string            // assignee before
	To     string            // assignee after
	Vars   map[string]string // of a start or a completion
}

// result is what the manager returned.
type result struct {
	ProcessID string // "" for a start that failed
	Record    string
	Exception string `json:"exc"`
	None      bool   // no such assignment
	Result    *bool
	Assignee  string
	Body      json.RawMessage // the answer itself
}

func read(t *testing.T, name string) []step {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var recording struct{ Steps []step }
	if err := json.Unmarshal(raw, &recording); err != nil {
		t.Fatal(err)
	}
	return recording.Steps
}

// joget is a simulator on a fresh database with the recorded definitions.
type joget struct {
	server *server.Server
	db     *sql.DB
	url    string
	clock  *clock
	gate   *gate
}

func serve(t *testing.T, s setup) *joget {
	t.Helper()
	db, err := sql.Open("mysql", mysqltest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := schema.Create(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if err := apps.Load(t.Context(), db, apps.Options{Definitions: []apps.Definition{definition(t, s)}}); err != nil {
		t.Fatal(err)
	}
	people(t, db)
	j := &joget{db: db, clock: newClock(), gate: newGate()}
	if j.server, err = server.New(t.Context(), server.Options{DB: db, Now: j.clock.Now, Sleep: j.clock.sleep, Pause: j.gate.pause, Timeout: s.timeout}); err != nil {
		t.Fatal(err)
	}
	url, stop, err := j.server.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	j.url = url
	t.Cleanup(func() {
		stop()
		if err := j.server.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(j.gate.open) // before the server waits for its calls
	return j
}

// definition is the recorded package with the mappings of a scenario.
func definition(t *testing.T, s setup) apps.Definition {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "rec.xpdl"))
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := xpdl.Parse(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	d := apps.Definition{ID: "rec", Name: "Recordings", XPDL: raw, Package: pkg}
	for _, p := range pkg.Processes {
		d.Participants = append(d.Participants, apps.ParticipantMapping{Process: p.Key, Participant: "one", Type: "user", Value: "u1"},
			apps.ParticipantMapping{Process: p.Key, Participant: "both", Type: "user", Value: "u1,u2"})
		if s.nobody != "" {
			d.Participants = append(d.Participants, apps.ParticipantMapping{Process: p.Key, Participant: "nobody", Type: "user", Value: s.nobody})
		}
	}
	if s.tool.Class != "" {
		s.tool.Process, s.tool.Activity = "tooled", "work"
		d.Tools = []apps.ToolMapping{s.tool}
	}
	return d
}

// people adds the users of the recordings. The engine has seen those who call.
func people(t *testing.T, db *sql.DB) {
	t.Helper()
	if err := schema.InTransaction(t.Context(), db, nil, func(tx *sql.Tx) error {
		for _, name := range []string{"req1", "boss", "u1", "u2", "u3", "u4", "u5", "fresh2"} {
			role := "ROLE_USER"
			if name == "boss" {
				role = "ROLE_ADMIN"
			}
			if _, err := tx.ExecContext(t.Context(), insertUser, name, name, schema.PasswordHash(schema.UserPassword)); err != nil {
				return err
			}
			if _, err := tx.ExecContext(t.Context(), insertRole, role, name); err != nil {
				return err
			}
		}
		callers := []string{"req1", "boss"}
		oid, err := schema.ReserveObjectIDs(t.Context(), tx, int64(len(callers)))
		for i, name := range callers {
			if err == nil {
				_, err = tx.ExecContext(t.Context(), insertResource, name, oid+int64(i))
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// clock goes on by a millisecond whenever somebody looks, and by more when told to.
type clock struct {
	began  time.Time
	millis atomic.Int64
}

func newClock() *clock {
	return &clock{began: time.Date(2026, time.November, 30, 7, 25, 0, 0, time.UTC)}
}

func (c *clock) Now() time.Time {
	return c.began.Add(time.Duration(c.millis.Add(1)) * time.Millisecond)
}

func (c *clock) sleep(_ context.Context, d time.Duration) error {
	c.pass(d)
	return nil
}

func (c *clock) pass(d time.Duration) { c.millis.Add(d.Milliseconds()) }
