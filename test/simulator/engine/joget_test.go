package engine_test

import (
	"bytes"
	"context"
	"database/sql"
	"strings"
	"sync"
	"testing"
	"time"

	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/schema"
)

const (
	procure = "procure:latest:process1"
	hiring  = "onboard:latest:onboarding"
)

var (
	cat   = engine.Caller{Name: "cat"}
	clerk = engine.Caller{Name: "terry"}
	admin = engine.Caller{Name: "admin", Admin: true}
)

// joget is a server whose calls can be held, or broken, at places of the engine.
type joget struct {
	*engine.Engine
	t  *testing.T
	db *sql.DB

	mu    sync.Mutex
	holds map[string]*hold // by place and activity definition
	now   time.Time
}

// hold is where the next call that comes there stops.
type hold struct {
	reached, resume chan struct{}
	err             error // what the call is told
}

func newJoget(t *testing.T, o engine.Options) *joget {
	t.Helper()
	db, err := sql.Open("mysql", mysqltest.DSN(t))
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	must(t, schema.Create(t.Context(), db))
	must(t, apps.Load(t.Context(), db, apps.Options{}))
	j := &joget{t: t, db: db, holds: map[string]*hold{}, now: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)}
	o.DB, o.Pause, o.Now = db, j.pause, j.clock
	j.Engine, err = engine.New(t.Context(), o)
	must(t, err)
	return j
}

// seen lets the engine meet users, so that they are no newcomers.
func (j *joget) seen(users ...string) {
	j.t.Helper()
	for i, user := range users {
		j.exec("INSERT INTO SHKResourcesTable (Username, Name, oid, version) VALUES (?, NULL, ?, 0)", user, 100+i)
	}
}

func (j *joget) clock() time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.now
}

func (j *joget) pass(d time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.now = j.now.Add(d)
}

func (j *joget) pause(_ context.Context, at engine.Point) error {
	j.mu.Lock()
	key := at.What + " " + at.ActivityDefID
	h := j.holds[key]
	delete(j.holds, key)
	j.mu.Unlock()
	if h == nil {
		return nil
	}
	close(h.reached)
	<-h.resume
	return h.err
}

// hold stops the next call at a place.
func (j *joget) hold(place, activity string) *hold {
	h := &hold{reached: make(chan struct{}), resume: make(chan struct{})}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.holds[place+" "+activity] = h
	return h
}

// spoil makes the next call fail at a place.
func (j *joget) spoil(place, activity string, err error) {
	h := j.hold(place, activity)
	h.err = err
	close(h.resume)
}

// outcome is how a start ended.
type outcome struct {
	engine.StartResult
	err error
}

// started begins a start and waits until it is held.
func (j *joget) started(h *hold, definition string) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		res, err := j.Start(j.t.Context(), cat, engine.StartRequest{Definition: definition, RecordID: "r1"})
		done <- outcome{res, err}
	}()
	<-h.reached
	return done
}

func (j *joget) start(definition string) string {
	j.t.Helper()
	res, err := j.Start(j.t.Context(), cat, engine.StartRequest{Definition: definition, RecordID: "r1"})
	must(j.t, err)
	return res.Instance
}

func (j *joget) exec(query string, args ...any) {
	j.t.Helper()
	_, err := j.db.ExecContext(j.t.Context(), query, args...)
	must(j.t, err)
}

// text reads the first column of all rows of a query, joined by spaces.
func (j *joget) text(query string, args ...any) string {
	j.t.Helper()
	rows, err := j.db.QueryContext(j.t.Context(), query, args...)
	must(j.t, err)
	defer func() { _ = rows.Close() }()
	var list []string
	for rows.Next() {
		var s sql.NullString
		must(j.t, rows.Scan(&s))
		list = append(list, s.String)
	}
	must(j.t, rows.Err())
	return strings.Join(list, " ")
}

func (j *joget) want(what, want, query string, args ...any) {
	j.t.Helper()
	if got := j.text(query, args...); got != want {
		j.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

const (
	theInstance   = "SELECT Id FROM SHKProcesses"
	instances     = "SELECT s.Name FROM SHKProcesses p JOIN SHKProcessStates s ON s.oid = p.State ORDER BY p.oid"
	activities    = "SELECT CONCAT(a.ActivityDefinitionId, '=', s.Name) FROM SHKActivities a JOIN SHKActivityStates s ON s.oid = a.State ORDER BY a.oid"
	openOnes      = "SELECT ActivityDefinitionId FROM SHKActivities WHERE State IN (1000001, 1000003) ORDER BY oid"
	statusOf      = "SELECT VariableValueVCHAR FROM SHKProcessData WHERE VariableDefinitionId = 'status'"
	assigned      = "SELECT CONCAT(a.ActivityDefinitionId, ':', t.ResourceId) FROM SHKAssignmentsTable t JOIN SHKActivities a ON a.oid = t.Activity ORDER BY t.oid"
	activityByDef = "SELECT Id FROM SHKActivities WHERE ActivityDefinitionId = ? ORDER BY oid DESC LIMIT 1"
)

// tool maps a plugin to an activity of procure.
func (j *joget) tool(activity, class, properties string) {
	j.t.Helper()
	j.exec("UPDATE app_package_activity_plugin SET pluginName = ?, pluginProperties = ? WHERE packageId = 'procure' AND activityDefId = ?", class, properties, activity)
}

// rewrite changes a package that is deployed; the engine must not have read it.
func (j *joget) rewrite(app, from, to string) {
	j.t.Helper()
	d, err := apps.Read(app)
	must(j.t, err)
	if bytes.Count(d.XPDL, []byte(from)) != 1 {
		j.t.Fatalf("%s does not stand once in the package", from)
	}
	j.exec("UPDATE SHKXPDLData d JOIN SHKXPDLS x ON x.oid = d.XPDL SET d.XPDLContent = ? WHERE x.XPDLId = ?", bytes.Replace(d.XPDL, []byte(from), []byte(to), 1), app)
}
