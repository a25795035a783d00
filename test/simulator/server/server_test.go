package server_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/fault"
	"jogetferry/test/simulator/schema"
	"jogetferry/test/simulator/server"
)

// joget is a running simulator with the simulator's own apps.
type joget struct {
	*server.Server
	db  *sql.DB
	url string
}

func prepared(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", mysqltest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := schema.Create(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if err := apps.Load(t.Context(), db, apps.Options{}); err != nil {
		t.Fatal(err)
	}
	return db
}

func serve(t *testing.T, db *sql.DB, o server.Options) *joget {
	t.Helper()
	o.DB = db
	s, err := server.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	base, stop, err := s.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &joget{s, db, base}
}

func values(kv ...string) url.Values {
	v := url.Values{}
	for pair := range slices.Chunk(kv, 2) {
		v.Set(pair[0], pair[1])
	}
	return v
}

// request sends a call with a Referer and returns status and body; status 0
// means that the connection was cut.
func (j *joget) request(t *testing.T, method, path string, header http.Header, v url.Values) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, j.url+path, strings.NewReader(v.Encode()))
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	req.Header = http.Header{"Referer": {j.url}, "Content-Type": {"application/x-www-form-urlencoded"}}
	for k, x := range header {
		req.Header[k] = x
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return res.StatusCode, string(raw)
}

// post calls the JSON API as a user through the master login, or as admin.
func (j *joget) post(t *testing.T, user, path string, kv ...string) (int, map[string]any) {
	t.Helper()
	v := values(kv...)
	if user == schema.AdminUser {
		v.Set("j_username", schema.AdminUser)
		v.Set("j_password", schema.AdminPassword)
	} else {
		v.Set("j_username", schema.MasterUser)
		v.Set("j_password", schema.MasterPassword)
		v.Set("loginAs", user)
	}
	status, body := j.request(t, http.MethodPost, "/web/json"+path, nil, v)
	out := map[string]any{}
	if strings.HasPrefix(body, "{") { // answers without a document stay empty
		if err := json.Unmarshal([]byte(body), &out); err != nil {
			t.Errorf("%s: %v in %s", path, err, body)
		}
	}
	return status, out
}

func (j *joget) start(t *testing.T, user, definition string, kv ...string) string {
	t.Helper()
	status, out := j.post(t, user, "/workflow/process/start/"+definition, kv...)
	id, _ := out["processId"].(string)
	if status != http.StatusOK || id == "" {
		t.Fatalf("start of %s: %d %v", definition, status, out)
	}
	return id
}

// lines reads a query as text, cells joined by "|".
func (j *joget) lines(t *testing.T, query string, args ...any) []string {
	t.Helper()
	rows, err := j.db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for rows.Next() {
		cells := make([]sql.NullString, len(columns))
		targets := make([]any, len(columns))
		for i := range cells {
			targets[i] = &cells[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		var line []string
		for _, c := range cells {
			line = append(line, c.String)
		}
		out = append(out, strings.Join(line, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func (j *joget) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	if _, err := j.db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

func (j *joget) open(t *testing.T, instance string) []string {
	t.Helper()
	return j.lines(t, "SELECT ActivityDefinitionId FROM SHKActivities WHERE ProcessId = ? AND State IN (1000001, 1000003) ORDER BY ActivityDefinitionId", instance)
}

const (
	procure = "procure:latest:process1"
	leave   = "leave:latest:process1"
)

func TestTools_change_record_variables_and_rows_during_the_start(t *testing.T) {
	t.Parallel()
	j := serve(t, prepared(t), server.Options{})
	j.exec(t, "INSERT INTO app_fd_proc_request (id, c_stage, dateModified) VALUES ('r1', 'draft', '2020-01-01 00:00:00')")
	id := j.start(t, "cat", procure, "recordId", "r1")
	for query, want := range map[string]string{
		"SELECT c_stage, dateModified > '2021-01-01', modifiedBy FROM app_fd_proc_request WHERE id = 'r1'":                                                       "received|1|cat",
		"SELECT c_requestId, c_event, createdBy FROM app_fd_proc_history":                                                                                        "r1|registered|cat",
		"SELECT VariableValueVCHAR FROM SHKProcessData d JOIN SHKProcesses p ON p.oid = d.Process WHERE VariableDefinitionId = 'status' AND p.Id = '" + id + "'": "registered",
	} {
		if d := cmp.Diff([]string{want}, j.lines(t, query)); d != "" {
			t.Errorf("%s (-want +got):\n%s", query, d)
		}
	}
	var got []string
	for _, e := range j.Effects() {
		got = append(got, fmt.Sprint(e.Seq, " ", e.What, " ", e.ActivityDefID, " ", e.Detail, " ", e.Result, " ", e.RecordID, " ", e.HTTP))
	}
	want := []string{
		"1 tool stamp " + apps.SetFieldTool + " ok r1 200",
		"2 tool register " + apps.SetVariableTool + " ok r1 200",
		"3 tool log " + apps.InsertRowTool + " ok r1 200",
		"4 start   ok r1 200",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("effects (-want +got):\n%s", d)
	}
}

func (j *joget) mapTool(t *testing.T, activity, class, properties string) {
	t.Helper()
	j.exec(t, "UPDATE app_package_activity_plugin SET pluginName = ?, pluginProperties = ? WHERE packageId = 'procure' AND activityDefId = ?", class, properties, activity)
}

func TestTools_that_throw_or_are_unknown_do_not_stop_the_process(t *testing.T) {
	t.Parallel()
	j := serve(t, prepared(t), server.Options{})
	j.mapTool(t, "stamp", apps.ThrowTool, `{}`)
	j.mapTool(t, "register", "org.joget.apps.app.lib.EmailTool", `{"x":1}`)
	j.mapTool(t, "log", "org.joget.apps.app.lib.MultiTools", `{"tools":[{"className":"`+apps.SetVariableTool+`","properties":{"variable":"status","value":"{recordId} of {requester}"}},`+
		`{"className":"`+apps.SetVariableTool+`","properties":{"variable":"amount","value":"1.5"}},{"className":"`+apps.InsertRowTool+`","properties":{"table":"no_such_table"}}]}`)
	id := j.start(t, "cat", procure, "recordId", "r1")
	if d := cmp.Diff([]string{"budget", "endorse", "quote"}, j.open(t, id)); d != "" {
		t.Errorf("open (-want +got):\n%s", d)
	}
	vars := j.lines(t, "SELECT VariableDefinitionId, VariableValueVCHAR, VariableValueDBL FROM SHKProcessData WHERE VariableDefinitionId IN ('amount', 'status') ORDER BY 1")
	if d := cmp.Diff([]string{"amount||1.5", "status|r1 of cat|0"}, vars); d != "" {
		t.Errorf("variables (-want +got):\n%s", d)
	}
	var results []string
	for _, e := range j.Effects() {
		results = append(results, e.Result)
	}
	if d := cmp.Diff([]string{effects.Failed, effects.OK, effects.OK, effects.Failed, effects.OK}, results); d != "" {
		t.Errorf("results (-want +got):\n%s", d)
	}
}

func TestSleepTool_holds_up_its_own_instance_only(t *testing.T) {
	t.Parallel()
	asleep, wake := make(chan time.Duration, 1), make(chan struct{}, 1)
	j := serve(t, prepared(t), server.Options{Sleep: func(ctx context.Context, d time.Duration) error {
		asleep <- d
		select {
		case <-wake:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}})
	j.mapTool(t, "stamp", apps.SleepTool, `{"millis": 90000}`)
	slow := make(chan int, 1)
	go func() {
		status, _ := j.post(t, "cat", "/workflow/process/start/"+procure, "recordId", "slow")
		slow <- status
	}()
	if d := <-asleep; d != 90*time.Second {
		t.Errorf("sleeps %v", d)
	}
	if got := j.lines(t, "SELECT a.ActivityDefinitionId FROM SHKActivities a JOIN wf_process_link l ON l.processId = a.ProcessId WHERE a.State = 1000001 AND l.originProcessId = 'slow'"); !slices.Equal(got, []string{"stamp"}) {
		t.Errorf("of a start that is not over is seen %v", got)
	}
	// enough starts to need new blocks of every counter, and new users
	for i := range 40 {
		j.start(t, "clark", leave, "recordId", fmt.Sprint("r", i))
	}
	wake <- struct{}{}
	if status := <-slow; status != http.StatusOK {
		t.Errorf("the slow start answers %d", status)
	}
}

func TestEffects_prove_how_often_a_cut_start_happened(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "effects.jsonl")
	j := serve(t, prepared(t), server.Options{Effects: file, Faults: []fault.Rule{
		{Path: "process/start", Kind: fault.CutBefore, Count: 1},
		{Path: "process/start", Kind: fault.CutAfter, Count: 1},
		{Path: "process/start", Kind: fault.Error500After, Count: 1},
	}})
	for i, want := range []int{0, 0, http.StatusInternalServerError, http.StatusOK} {
		status, _ := j.post(t, "cat", "/workflow/process/start/"+leave, "recordId", fmt.Sprint("r", i))
		if status != want {
			t.Errorf("call %d answers %d, want %d", i, status, want)
		}
	}
	want := []effects.Effect{
		{Seq: 1, What: effects.Start, Caller: "cat", ProcessDefID: "leave#1#process1", Instance: "1_leave_process1", RecordID: "r1", Result: effects.OK, HTTP: effects.Cut},
		{Seq: 2, What: effects.Start, Caller: "cat", ProcessDefID: "leave#1#process1", Instance: "2_leave_process1", RecordID: "r2", Result: effects.OK, HTTP: "500"},
		{Seq: 3, What: effects.Start, Caller: "cat", ProcessDefID: "leave#1#process1", Instance: "3_leave_process1", RecordID: "r3", Result: effects.OK, HTTP: "200"},
	}
	ignoreTime := cmpopts.IgnoreFields(effects.Effect{}, "Time")
	if d := cmp.Diff(want, j.Effects(), ignoreTime); d != "" {
		t.Errorf("effects (-want +got):\n%s", d)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var logged []effects.Effect
	for line := range strings.Lines(string(raw)) {
		var e effects.Effect
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		logged = append(logged, e)
	}
	if d := cmp.Diff(want, logged, ignoreTime); d != "" {
		t.Errorf("file (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"r1", "r2", "r3"}, j.lines(t, "SELECT originProcessId FROM wf_process_link ORDER BY 1")); d != "" {
		t.Errorf("links (-want +got):\n%s", d)
	}
}

func TestEffects_tell_what_each_call_did(t *testing.T) {
	t.Parallel()
	j := serve(t, prepared(t), server.Options{})
	id := j.start(t, "cat", leave, "recordId", "r1")
	act := j.lines(t, "SELECT Id FROM SHKActivities WHERE State = 1000003")[0]
	def := j.open(t, id)[0]
	user := j.lines(t, "SELECT ResourceId FROM SHKAssignmentsTable")[0]
	j.post(t, schema.AdminUser, "/monitoring/activity/start/"+id+"/"+def, "abortCurrent", "false")
	j.post(t, schema.AdminUser, "/monitoring/activity/start/"+id+"/no_such", "abortCurrent", "true")
	j.post(t, schema.AdminUser, "/monitoring/process/variable/"+id+"/no_such", "value", "x")
	j.post(t, schema.AdminUser, "/monitoring/activity/reassign", "activityId", act, "replaceUser", user, "username", "tana")
	j.post(t, "tana", "/workflow/assignment/accept/"+act)
	j.post(t, schema.AdminUser, "/monitoring/activity/start/"+id+"/"+def, "abortCurrent", "true")
	j.post(t, schema.AdminUser, "/workflow/process/abort/"+id)
	var got []string
	for _, e := range j.Effects() {
		got = append(got, fmt.Sprint(e.What, " ", e.Caller, " ", e.ActivityDefID, " ", e.Detail, " ", e.AbortCurrent, " ", e.Result))
	}
	want := []string{
		"start cat   false ok",
		"activity_start admin " + def + "  false unchanged",
		"reassign admin " + def + " tana false ok",
		"accept tana " + def + "  false ok",
		"activity_start admin " + def + "  true ok",
		"abort admin   false ok",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("effects (-want +got):\n%s", d)
	}
}

func TestSideChannel_arms_lists_and_clears_faults_and_shows_effects(t *testing.T) {
	t.Parallel()
	j := serve(t, prepared(t), server.Options{})
	admin := func(method, path, body string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(j.url, "/jw")+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, strings.TrimSpace(string(raw))
	}
	if status, body := admin(http.MethodPost, "/sim/faults", `{"path":"*","kind":"nothing"}`); status != http.StatusBadRequest {
		t.Errorf("a wrong rule answers %d %s", status, body)
	}
	if status, body := admin(http.MethodPost, "/sim/faults", `[{"path":"process/start","kind":"empty200","after":true},{"path":"other","kind":"cut_after","count":2}]`); status != http.StatusNoContent {
		t.Errorf("arming answers %d %s", status, body)
	}
	if status, out := j.post(t, "cat", "/workflow/process/start/"+leave); status != http.StatusOK || len(out) != 0 {
		t.Errorf("the start answers %d %v", status, out)
	}
	_, list := admin(http.MethodGet, "/sim/faults", "")
	if want := `[{"rule":{"path":"process/start","kind":"empty200","after":true},"seen":1,"fired":1},{"rule":{"path":"other","kind":"cut_after","count":2},"seen":0,"fired":0}]`; list != want {
		t.Errorf("rules %s", list)
	}
	admin(http.MethodDelete, "/sim/faults", "")
	j.start(t, "cat", leave)
	var got []effects.Effect
	_, body := admin(http.MethodGet, "/sim/effects?after=1", "")
	if err := json.Unmarshal([]byte(body), &got); err != nil || len(got) != 1 || got[0].Seq != 2 {
		t.Errorf("effects after the first: %s, %v", body, err)
	}
}

func TestInstances_run_in_parallel_without_losing_or_doubling_anything(t *testing.T) {
	t.Parallel()
	j := serve(t, prepared(t), server.Options{})
	const clients, each = 8, 6
	j.run(t, "first") // newcomers would collide
	var group sync.WaitGroup
	for c := range clients {
		group.Go(func() {
			for i := range each {
				j.run(t, fmt.Sprintf("r-%d-%d", c, i))
			}
		})
	}
	group.Wait()
	if got := j.lines(t, "SELECT COUNT(*), COUNT(DISTINCT originProcessId) FROM wf_process_link_history"); got[0] != fmt.Sprintf("%d|%d", clients*each+1, clients*each+1) {
		t.Errorf("archived links and records %v", got)
	}
	for _, table := range []string{"SHKProcesses", "SHKActivities", "SHKActivityData", "SHKProcessData", "SHKAssignmentsTable", "SHKAndJoinTable", "SHKProcessRequesters", "wf_process_link"} {
		if got := j.lines(t, "SELECT COUNT(*) FROM "+table); got[0] != "0" {
			t.Errorf("%s rows of %s are left", got[0], table)
		}
	}
}

// run takes an instance from its start through the join to its end.
func (j *joget) run(t *testing.T, record string) {
	t.Helper()
	_, out := j.post(t, "cat", "/workflow/process/start/"+procure, "recordId", record)
	id, _ := out["processId"].(string)
	if id == "" {
		t.Errorf("start of %s: %v", record, out)
		return
	}
	for _, def := range []string{"quote", "budget", "endorse", "order"} {
		for _, act := range j.lines(t, "SELECT Id FROM SHKActivities WHERE ProcessId = ? AND ActivityDefinitionId = ?", id, def) {
			j.post(t, schema.AdminUser, "/monitoring/running/activity/complete", "processDefId", "x", "processId", id, "activityId", act)
		}
	}
	if got := j.lines(t, "SELECT state FROM wf_history_process WHERE processId = ?", id); !slices.Equal(got, []string{"closed.completed"}) {
		t.Errorf("%s ends as %v", id, got)
	}
}

func TestOneActivity_is_completed_once_by_many(t *testing.T) {
	t.Parallel()
	j := serve(t, prepared(t), server.Options{})
	id := j.start(t, "cat", procure, "recordId", "r1")
	acts := j.lines(t, "SELECT Id FROM SHKActivities WHERE ProcessId = ? AND State = 1000003", id)
	j.start(t, schema.AdminUser, leave) // a newcomer would collide with itself
	for _, act := range acts {
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				j.post(t, schema.AdminUser, "/monitoring/running/activity/complete", "processDefId", "x", "processId", id, "activityId", act)
			})
		}
		group.Wait()
	}
	if d := cmp.Diff([]string{"order"}, j.open(t, id)); d != "" {
		t.Errorf("open (-want +got):\n%s", d)
	}
	done := 0
	for _, e := range j.Effects() {
		if e.What == effects.Complete {
			done++
		}
	}
	if done != len(acts) {
		t.Errorf("%d completions of %d activities", done, len(acts))
	}
}

func (j *joget) setting(t *testing.T, name, v string) {
	t.Helper()
	j.exec(t, "DELETE FROM wf_setup WHERE property = ?", name)
	j.exec(t, "INSERT INTO wf_setup (id, property, value) VALUES (?, ?, ?)", "test-"+name, name, v)
}

func TestSettings_are_read_at_the_start_and_on_demand_only(t *testing.T) {
	t.Parallel()
	j := serve(t, prepared(t), server.Options{})
	status := func() int {
		code, _ := j.request(t, http.MethodGet, "/web/json/workflow/currentUsername", http.Header{"Referer": {"http://elsewhere.example/"}}, nil)
		return code
	}
	j.setting(t, "jsonpWhitelist", "other.example;elsewhere.example")
	if got := status(); got != http.StatusBadRequest {
		t.Errorf("a changed row is noticed at once: %d", got)
	}
	if err := j.Engine().ReloadSettings(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != http.StatusOK {
		t.Errorf("a listed host answers %d", got)
	}
}

func TestWhiteList_of_addresses_looks_at_the_forwarded_one(t *testing.T) {
	t.Parallel()
	db := prepared(t)
	(&joget{db: db}).setting(t, "jsonpIPWhitelist", "10.1.1.1;10.1.1.2")
	j := serve(t, db, server.Options{})
	for forwarded, want := range map[string]int{
		"10.1.1.2": http.StatusOK, "9.9.9.9, 10.1.1.1": http.StatusOK, "10.1.1.20": http.StatusBadRequest, "": http.StatusBadRequest,
	} {
		got, _ := j.request(t, http.MethodGet, "/web/json/workflow/currentUsername", http.Header{"Referer": {""}, "X-Forwarded-For": {forwarded}}, nil)
		if got != want {
			t.Errorf("%q answers %d, want %d", forwarded, got, want)
		}
	}
}

func TestCompletion_keeps_or_deletes_as_the_setting_says(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, setting       string
		rows, history, link string
	}{
		{"delete_leaves_the_link_only", "true", "0", "0", "1"},
		{"anything_else_keeps_the_rows", "", "1", "0", "1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			db := prepared(t)
			(&joget{db: db}).setting(t, "deleteProcessOnCompletion", tc.setting)
			j := serve(t, db, server.Options{})
			id := j.start(t, "cat", leave, "recordId", "r1")
			j.post(t, schema.AdminUser, "/workflow/process/abort/"+id)
			for query, want := range map[string]string{
				"SELECT COUNT(*) FROM SHKProcesses": tc.rows, "SELECT COUNT(*) FROM wf_history_process": tc.history, "SELECT COUNT(*) FROM wf_process_link": tc.link,
			} {
				if got := j.lines(t, query); got[0] != want {
					t.Errorf("%s: %s, want %s", query, got[0], want)
				}
			}
		})
	}
}

func TestStart_without_a_record_may_use_the_instance_id(t *testing.T) {
	t.Parallel()
	db := prepared(t)
	(&joget{db: db}).setting(t, "startProcessId", "processId")
	j := serve(t, db, server.Options{})
	_, out := j.post(t, "cat", "/workflow/process/start/"+leave)
	if out["recordId"] != out["processId"] || len(j.lines(t, "SELECT processId FROM wf_process_link")) != 0 {
		t.Errorf("answer %v, links %v", out, j.lines(t, "SELECT processId FROM wf_process_link"))
	}
}

func TestRunningList_fails_as_a_whole_when_one_definition_is_missing(t *testing.T) {
	t.Parallel()
	db := prepared(t)
	j := serve(t, db, server.Options{})
	j.start(t, "cat", leave)
	j.exec(t, "DELETE FROM SHKXPDLData WHERE XPDL = (SELECT oid FROM SHKXPDLS WHERE XPDLId = 'leave')")
	restarted := serve(t, db, server.Options{})
	if status, out := restarted.post(t, schema.AdminUser, "/monitoring/running/process/list"); status != http.StatusInternalServerError {
		t.Errorf("%d %v", status, out)
	}
}

func TestAuditTrail_tells_logins_and_changing_calls(t *testing.T) {
	t.Parallel()
	j := serve(t, prepared(t), server.Options{})
	j.start(t, "cat", leave)
	j.post(t, schema.AdminUser, "/monitoring/running/process/list")
	want := []string{"admin|authenticate", "cat|authenticate", "cat|processStart"}
	if d := cmp.Diff(want, j.lines(t, "SELECT username, method FROM wf_audit_trail ORDER BY username, method")); d != "" {
		t.Errorf("audit trail (-want +got):\n%s", d)
	}
}

func TestLongTexts_are_stored_as_serialized_objects_and_read_back(t *testing.T) {
	t.Parallel()
	j := serve(t, prepared(t), server.Options{})
	for _, tc := range []struct{ content, kind, head string }{
		{strings.Repeat("x", 4000), "3", ""},
		{strings.Repeat("x", 4001), "5", "ACED000574"},
		{strings.Repeat("\U0001F600\x00\u00e9", 1001), "5", "ACED000574"}, // surrogates count twice
		{strings.Repeat("\u0e01", 30000), "5", "ACED00057C"},              // more than 65535 bytes
	} {
		id := j.start(t, "cat", procure, "var_justification", tc.content)
		rows := j.lines(t, "SELECT VariableType, HEX(LEFT(VariableValue, 5)) FROM SHKProcessData d JOIN SHKProcesses p ON p.oid = d.Process WHERE p.Id = ? AND VariableDefinitionId = 'justification'", id)
		if d := cmp.Diff([]string{tc.kind + "|" + tc.head}, rows); d != "" {
			t.Errorf("row of %d bytes (-want +got):\n%s", len(tc.content), d)
		}
		if _, out := j.post(t, schema.AdminUser, "/workflow/process/variable/"+id+"/justification"); out["variableValue"] != tc.content {
			t.Errorf("%d bytes do not come back", len(tc.content))
		}
	}
}

func TestRestart_goes_on_with_fresh_blocks(t *testing.T) {
	t.Parallel()
	db := prepared(t)
	first := serve(t, db, server.Options{}).start(t, "cat", leave)
	second := serve(t, db, server.Options{}).start(t, "cat", leave)
	if first != "1_leave_process1" || second != "201_leave_process1" {
		t.Errorf("instances %s and %s", first, second)
	}
}

func TestAnswers_shuffle_their_keys(t *testing.T) {
	t.Parallel()
	j := serve(t, prepared(t), server.Options{})
	seen := map[string]bool{}
	for range 40 {
		_, body := j.request(t, http.MethodPost, "/web/json/workflow/process/start/leave:9:nothing", nil, values("recordId", "r"))
		seen[body] = true
	}
	if len(seen) < 3 {
		t.Errorf("40 answers look like %v", seen)
	}
}

func TestDownload_gives_files_below_the_uploads_folder_only(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	record := filepath.Join(dir, "app_formuploads", "leave_request", "r1")
	if err := errors.Join(os.MkdirAll(record, 0o750), os.WriteFile(filepath.Join(record, "a b.pdf"), []byte("content"), 0o600), os.WriteFile(filepath.Join(dir, "secret"), []byte("no"), 0o600)); err != nil {
		t.Fatal(err)
	}
	j := serve(t, prepared(t), server.Options{UploadsDir: dir})
	const base = "/web/client/app/leave/1/form/download/leaveForm/"
	for path, want := range map[string]string{
		"r1/a%20b.pdf.":            "200 content",
		"r1/a%20b.pdf":             "200 content",
		"r1/none.pdf":              "404 ",
		"r1/..%2F..%2F..%2Fsecret": "404 ",
		"..%2F..%2F..%2Fx/secret":  "404 ",
	} {
		status, body := j.request(t, http.MethodGet, base+path, nil, nil)
		if status != http.StatusOK {
			body = ""
		}
		if got := fmt.Sprint(status, " ", body); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
