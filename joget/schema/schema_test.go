package schema_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/internal/database"
	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/test/mysqltest"
	simulated "jogetferry/test/simulator/schema"
)

// joget is a database with Joget's tables and a definition, and a way to put
// rows into it.
type joget struct {
	t   *testing.T
	dsn string
	sql *sql.DB // writes
	*schema.DB
	oid int64
}

const crm = "crm#3#process1"

func newJoget(t *testing.T) *joget {
	t.Helper()
	dsn := mysqltest.DSN(t)
	j := &joget{t: t, dsn: dsn, oid: 1000}
	var err error
	if j.sql, err = sql.Open("mysql", dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.sql.Close() })
	if err := simulated.Create(t.Context(), j.sql); err != nil {
		t.Fatal(err)
	}
	j.DB = openDB(t, dsn, schema.Options{ReadOnly: true})
	j.definition(crm)
	return j
}

func openDB(t *testing.T, dsn string, o schema.Options) *schema.DB {
	t.Helper()
	db, err := schema.Open(t.Context(), dsn, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// put inserts one row given as "Column", value pairs.
func (j *joget) put(table string, pairs ...any) {
	j.t.Helper()
	var names []string
	var values []any
	for i := 0; i < len(pairs); i += 2 {
		names = append(names, database.Quote(fmt.Sprint(pairs[i])))
		values = append(values, pairs[i+1])
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", len(values)), ",")
	j.exec("INSERT INTO "+database.Quote(table)+" ("+strings.Join(names, ",")+") VALUES ("+marks+")", values...)
}

func (j *joget) exec(query string, values ...any) {
	j.t.Helper()
	if _, err := j.sql.ExecContext(j.t.Context(), query, values...); err != nil {
		j.t.Fatalf("%s: %v", query, err)
	}
}

// engine inserts a row of an SHK table and returns its oid.
func (j *joget) engine(table string, pairs ...any) int64 {
	j.t.Helper()
	j.oid++
	j.put(table, append(pairs, "oid", j.oid, "version", 4)...)
	return j.oid
}

func (j *joget) definition(name string) {
	parts := strings.Split(name, "#")
	j.engine("SHKProcessDefinitions", "Name", name, "PackageId", parts[0], "ProcessDefinitionVersion", parts[1],
		"ProcessDefinitionId", parts[2], "ProcessDefinitionCreated", 1, "State", 0)
}

// process inserts an instance; caller is nil, or the ids of the calling activity and instance.
func (j *joget) process(id, definition, state, requester string, caller ...string) int64 {
	j.t.Helper()
	var def int64
	if err := j.sql.QueryRowContext(j.t.Context(), "SELECT oid FROM SHKProcessDefinitions WHERE Name = ?", definition).Scan(&def); err != nil {
		j.t.Fatal(err)
	}
	var activity, parent any
	if len(caller) == 2 {
		activity, parent = caller[0], caller[1]
	}
	return j.engine("SHKProcesses", "SyncVersion", 0, "Id", id, "ProcessDefinition", def, "PDefName", definition,
		"ActivityRequesterId", activity, "ActivityRequesterProcessId", parent, "ResourceRequesterId", requester,
		"State", simulated.ProcessStateOID(state), "Created", 1700000000123, "CreatedTZO", 0, "Started", 1700000000456, "StartedTZO", 0,
		"LastStateTime", 1700000000789, "LastStateTimeTZO", 0, "LimitTime", 0, "LimitTimeTZO", 0)
}

func (j *joget) activity(id string, process int64, def, state string, activated int, pairs ...any) int64 {
	j.t.Helper()
	var processID string
	if err := j.sql.QueryRowContext(j.t.Context(), "SELECT Id FROM SHKProcesses WHERE oid = ?", process).Scan(&processID); err != nil {
		j.t.Fatal(err)
	}
	return j.engine("SHKActivities", append([]any{
		"Id", id, "ActivityDefinitionId", def, "Process", process, "PDefName", crm, "ProcessId", processID,
		"State", simulated.ActivityStateOID(state), "Activated", activated, "ActivatedTZO", 0,
		"LastStateTime", activated + 1, "LastStateTimeTZO", 0, "LimitTime", 0, "LimitTimeTZO", 0,
	}, pairs...)...)
}

func (j *joget) variable(process int64, name string, kind int, column string, value any, order int) {
	j.t.Helper()
	j.engine("SHKProcessData", "Process", process, "VariableDefinitionId", name, "VariableType", kind, column, value, "OrdNo", order, "CNT", j.oid)
}

func (j *joget) link(table, process, parent, origin string) {
	j.t.Helper()
	j.put(table, "processId", process, "parentProcessId", parent, "originProcessId", origin)
}

const (
	running    = string(migration.StateRunning)
	notStarted = string(migration.StateNotStarted)
	completed  = string(migration.StateCompleted)
)

// javaString is what ObjectOutputStream.writeObject makes of a string without
// NUL and characters beyond U+FFFF.
func javaString(text string) []byte {
	head := []byte{0xAC, 0xED, 0, 5}
	if len(text) < 1<<16 {
		return append(binary.BigEndian.AppendUint16(append(head, 0x74), uint16(len(text))), text...)
	}
	return append(binary.BigEndian.AppendUint64(append(head, 0x7C), uint64(len(text))), text...)
}

func TestInstanceIsReadInFull(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	j.definition("crm#3#sub")
	j.put("app_app", "appId", "crm", "appVersion", 2)
	j.put("app_package", "packageId", "crm", "packageVersion", 3, "appId", "crm", "appVersion", 2)
	const id = "12_crm_process1"
	p := j.process(id, crm, running, "cat")
	j.link("wf_process_link", id, "rec-1", "rec-1")

	long := strings.Repeat("äöü€", 20000) // in three chunks
	stream := javaString(long)
	data := func(name string, kind int, column string, value any, order int) {
		t.Helper()
		j.variable(p, name, kind, column, value, order)
	}
	data("b_true", 0, "VariableValueBOOL", 1, 0)
	data("b_false", 0, "VariableValueBOOL", 0, 0)
	data("i", 1, "VariableValueLONG", -9007199254740993, 0)
	data("f", 2, "VariableValueDBL", 0.1, 0)
	data("f_large", 2, "VariableValueDBL", 1e6, 0)
	data("s", 3, "VariableValueVCHAR", " naïve 😀 ", 1)
	data("s_null", 3, "VariableValueVCHAR", nil, 0)
	data("d", 4, "VariableValueDATE", "2026-03-29 02:30:00", 0)
	data("o_long", 5, "VariableValue", stream[60000:], 3)
	data("o_long", 5, "VariableValue", stream[:30000], 1)
	data("o_long", 5, "VariableValue", stream[30000:60000], 2)
	data("o_null", 5, "VariableValue", []byte{0xAC, 0xED, 0, 5, 0x70}, 0)
	data("o_map", 5, "VariableValue", []byte{0xAC, 0xED, 0, 5, 0x73, 0x72}, 0)
	data("x_xml", 7, "VariableValueXML", "<a/>", 0)
	data("S", 3, "VariableValueVCHAR", "", 0) // differs from s in case only: the table's unique key refuses it unless OrdNo differs

	clark := j.engine("SHKResourcesTable", "Username", "clark")
	terry := j.engine("SHKResourcesTable", "Username", "terry")
	j.activity("40_"+id+"_route1", p, "route1", completed, 10)
	approve := j.activity("42_"+id+"_approve", p, "approve", notStarted, 20, "Priority", 3)
	other := j.activity("41_"+id+"_check", p, "check", running, 15, "ResourceId", "clark", "Accepted", 30, "ActivitySetDefinitionId", "set1")
	j.activity("43_"+id+"_call", p, "call", running, 25, "Performer", "13_crm_sub", "IsPerformerAsynchronous", 0)
	joined := j.activity("39_"+id+"_left", p, "left", completed, 5)
	j.engine("SHKActivityData", "Activity", approve, "VariableDefinitionId", "status", "VariableType", 3, "VariableValueVCHAR", "old",
		"OrdNo", 0, "CNT", j.oid, "IsResult", 0)
	assign := func(activity, user int64, activityID, name string, accepted, valid int) {
		t.Helper()
		j.engine("SHKAssignmentsTable", "Activity", activity, "TheResource", user, "ActivityId", activityID, "ActivityProcessId", id,
			"ActivityProcessDefName", crm, "ResourceId", name, "IsAccepted", accepted, "IsValid", valid, "CNT", j.oid)
	}
	assign(approve, terry, "42_"+id+"_approve", "terry", 0, 1)
	assign(approve, clark, "42_"+id+"_approve", "clark", 0, 1)
	assign(other, clark, "41_"+id+"_check", "clark", 1, 1)
	assign(other, terry, "41_"+id+"_check", "terry", 0, 0)
	for n, executed := range []int{1, 0, 0} {
		j.deadline(p, approve, 7000+n, executed)
	}
	j.engine("SHKAndJoinTable", "Process", p, "ActivityDefinitionId", "both", "Activity", joined, "CNT", j.oid)
	child := j.process("13_crm_sub", "crm#3#sub", running, "cat", "43_"+id+"_call", id)
	j.activity("50_13_crm_sub_deep", child, "deep", completed, 1, "Performer", "14_crm_sub", "IsPerformerAsynchronous", 1)
	j.process("14_crm_sub", "crm#3#sub", running, "cat", "50_13_crm_sub_deep", "13_crm_sub")
	j.process("15_crm_sub", "crm#3#sub", completed, "cat", "43_"+id+"_call", id)

	def := migration.DefinitionID{Package: "crm", Version: "3", Process: "process1"}
	sub := migration.DefinitionID{Package: "crm", Version: "3", Process: "sub"}
	want := migration.Instance{
		ID: id, OID: fmt.Sprint(p), Definition: def, App: "crm", AppVersion: 2, State: migration.StateRunning, Requester: "cat",
		Record: "rec-1", Link: &migration.Link{Process: id, Parent: "rec-1", Origin: "rec-1"},
		Created: 1700000000123, Started: 1700000000456, StateTime: 1700000000789, Version: 4,
		Variables: []migration.Variable{
			{Name: "S", Kind: migration.VariableString},
			{Name: "b_false", Kind: migration.VariableBoolean, Value: "false"},
			{Name: "b_true", Kind: migration.VariableBoolean, Value: "true"},
			{Name: "d", Kind: migration.VariableDate, Value: "2026-03-29 02:30:00", Zones: "0"},
			{Name: "f", Kind: migration.VariableFloat, Value: "0.1"},
			{Name: "f_large", Kind: migration.VariableFloat, Value: "1000000"},
			{Name: "i", Kind: migration.VariableInteger, Value: "-9007199254740993"},
			{Name: "o_long", Kind: migration.VariableString, Value: long},
			{Name: "o_map", Kind: migration.VariableUnreadable},
			{Name: "o_null", Kind: migration.VariableNull},
			{Name: "s", Kind: migration.VariableString, Value: " naïve 😀 "},
			{Name: "s_null", Kind: migration.VariableNull},
			{Name: "x_xml", Kind: migration.VariableUnreadable},
		},
		Activities: []migration.OpenActivity{
			{
				ID: "41_" + id + "_check", DefID: "check", SetDefID: "set1", State: migration.StateRunning, AcceptedBy: "clark",
				Activated: 15, StateTime: 16, Version: 4, Assignments: []migration.Assignment{{User: "clark", Accepted: true}},
			},
			{
				ID: "42_" + id + "_approve", DefID: "approve", State: migration.StateNotStarted, Priority: 3,
				Activated: 20, StateTime: 21, Version: 4, Deadlines: 3, NextDeadline: 7001,
				Assignments: []migration.Assignment{{User: "clark"}, {User: "terry"}},
				Variables:   []migration.Variable{{Name: "status", Kind: migration.VariableString, Value: "old"}},
			},
			{ID: "43_" + id + "_call", DefID: "call", State: migration.StateRunning, Performer: "13_crm_sub", Activated: 25, StateTime: 26, Version: 4},
		},
		Children: []migration.Child{
			{ID: "13_crm_sub", Definition: sub, CallerActivity: "43_" + id + "_call", CallerDefID: "call", Parent: id, State: migration.StateRunning},
			{ID: "14_crm_sub", Definition: sub, CallerActivity: "50_13_crm_sub_deep", CallerDefID: "deep", Parent: "13_crm_sub", Asynchronous: true, State: migration.StateRunning},
		},
		Tokens: []migration.JoinToken{{Join: "both", From: "left"}},
	}
	if err := j.Snapshot(t.Context(), func(ctx context.Context, s *schema.Snap) error {
		got, err := s.Instance(ctx, id)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("instance (-want +got):\n%s", diff)
		}
		both, err2 := s.Instances(ctx, []migration.InstanceID{"13_crm_sub", "99_none", id, "12_CRM_process1"})
		if len(both) != 2 || both[0].ID != "13_crm_sub" || both[1].ID != id {
			t.Fatalf("got %d instances", len(both))
		}
		if diff := cmp.Diff(want, both[1]); diff != "" {
			t.Errorf("instance beside its child (-want +got):\n%s", diff)
		}
		if both[0].Record != "rec-1" || both[0].Link != nil || len(both[0].Children) != 1 {
			t.Errorf("a child without a link has record %q, children %v; want its caller's", both[0].Record, both[0].Children)
		}
		return errors.Join(err, err2)
	}); err != nil {
		t.Fatal(err)
	}

	if _, err := j.Fresh().Instance(t.Context(), "99_none"); migration.CodeOf(err) != migration.CodeNotFound {
		t.Errorf("unknown instance: %v", err)
	}
	story, err := j.Fresh().Activities(t.Context(), id)
	if err != nil || len(story) != 5 || story[0].DefID != "left" || story[2].Accepted != 30 {
		t.Errorf("activities %+v, %v", story, err)
	}
}

func TestRootInstancesArePagedByOID(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	j.definition("hr#1#leave")
	j.definition("hr#2#leave")
	var want []string
	for i := range 7 {
		definition := []string{crm, "hr#1#leave", "hr#2#leave"}[i%3]
		id := fmt.Sprintf("%d_x", i)
		oid := j.process(id, definition, running, "cat")
		j.process("closed"+id, definition, completed, "cat")
		j.process("child"+id, definition, running, "cat", "gone", "gone")
		want = append(want, fmt.Sprint(oid))
	}
	pages := func(processes ...string) (oids []string) {
		t.Helper()
		for after, next := "", ""; ; after = next {
			page, err := j.Fresh().RootInstances(t.Context(), after, 2, schema.Uncalled, processes, func(place string) { next = place })
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				if next != "" {
					t.Errorf("the end begins a page at %q", next)
				}
				return oids
			}
			for _, i := range page {
				oids = append(oids, i.OID)
				if i.Record != migration.RecordID(i.ID) || i.Link != nil {
					t.Errorf("an instance without a link has record %q", i.Record)
				}
			}
		}
	}
	if diff := cmp.Diff(want, pages()); diff != "" {
		t.Errorf("roots (-want +got):\n%s", diff)
	}
	leave := []string{want[1], want[2], want[4], want[5]}
	if diff := cmp.Diff(leave, pages("hr/leave")); diff != "" {
		t.Errorf("roots of one process (-want +got):\n%s", diff)
	}
	if got := pages("HR/leave"); got != nil {
		t.Errorf("roots of a process of another case: %v", got)
	}
}

func TestOpenInstancesBalance(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	add := func(id, state string, caller ...string) int64 {
		t.Helper()
		return j.process(id, crm, state, "cat", caller...)
	}
	act := func(id string, process int64, state string, async int) {
		t.Helper()
		j.activity(id, process, id, state, 1, "IsPerformerAsynchronous", async)
	}
	root := add("root", running)
	act("r_sync", root, running, 0)
	act("r_async", root, completed, 1)
	act("r_left", root, completed, 0)
	sync := add("sync", running, "r_sync", "root")
	act("s_sync", sync, running, 0)
	add("sync_sync", notStarted, "s_sync", "sync")
	async := add("async", running, "r_async", "root")
	act("a_sync", async, running, 0)
	add("async_sync", running, "a_sync", "async")
	left := add("left_behind", running, "r_left", "root")
	act("l_sync", left, running, 0)
	add("below_left", running, "l_sync", "left_behind")
	dead := add("dead", completed)
	act("d_async", dead, completed, 1)
	orphan := add("orphan_of_closed", running, "d_async", "dead")
	act("o_async", orphan, completed, 1)
	add("orphan_of_orphan", running, "o_async", "orphan_of_closed")
	add("orphan_of_removed", running, "nowhere", "removed")
	add("wreck", notStarted)

	got, err := j.Fresh().OpenCounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := schema.OpenCounts{
		Open: 11, Roots: 2, Synchronous: 2,
		Asynchronous:      []migration.InstanceID{"async", "orphan_of_closed", "orphan_of_orphan", "orphan_of_removed"},
		BelowAsynchronous: []migration.InstanceID{"async_sync"},
		Orphans:           []migration.InstanceID{"below_left", "left_behind"},
	}
	if diff := cmp.Diff(want, got); diff != "" || !got.Balanced() {
		t.Errorf("balanced %v (-want +got):\n%s", got.Balanced(), diff)
	}
	// What is looked at by itself is what the counts say.
	for roots, want := range map[schema.Roots][]migration.InstanceID{
		schema.Uncalled:  {"root", "wreck"},
		schema.Unawaited: {"async", "orphan_of_closed", "orphan_of_orphan", "orphan_of_removed", "root", "wreck"},
	} {
		found, err := j.Fresh().RootInstances(t.Context(), "", 99, roots, []string{"crm/process1"}, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		ids := []migration.InstanceID{}
		for _, i := range found {
			ids = append(ids, i.ID)
		}
		slices.Sort(ids)
		if diff := cmp.Diff(want, ids); diff != "" {
			t.Errorf("roots %d (-want +got):\n%s", roots, diff)
		}
	}
}

// TestAsynchronousSubflowHasTheRecordOfItsCaller where Joget has not written its link yet.
func TestAsynchronousSubflowHasTheRecordOfItsCaller(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	root := j.process("1_crm_process1", crm, running, "cat")
	j.link("wf_process_link", "1_crm_process1", "live", "live")
	j.activity("9_1_crm_process1_tell", root, "tell", completed, 1, "Performer", "2_crm_process1", "IsPerformerAsynchronous", 1)
	j.process("2_crm_process1", crm, running, "cat", "9_1_crm_process1_tell", "1_crm_process1")
	j.link("wf_process_link_history", "3_crm_process1", "gone", "gone")
	j.process("4_crm_process1", crm, running, "cat", "9_3_crm_process1_tell", "3_crm_process1")
	j.process("5_crm_process1", crm, running, "cat", "9_3_crm_process1_tell", "3_crm_process1")
	j.link("wf_process_link", "5_crm_process1", "3_crm_process1", "gone")
	found, err := j.Fresh().RootInstances(t.Context(), "", 99, schema.Unawaited, nil, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	got := map[migration.InstanceID]migration.RecordID{}
	for _, i := range found {
		got[i.ID] = i.Record
	}
	want := map[migration.InstanceID]migration.RecordID{"1_crm_process1": "live", "2_crm_process1": "live", "4_crm_process1": "gone", "5_crm_process1": "gone"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	shared, err := j.Fresh().SharedRecords(t.Context(), schema.Unawaited)
	if diff := cmp.Diff([]migration.SharedRecord{{Record: "live", Instances: 2}}, shared); diff != "" || err != nil {
		t.Errorf("shared records (-want +got), %v:\n%s", err, diff)
	}
}

// TestAsynchronousBelow finds what outlives an instance, whatever became of its callers.
func TestAsynchronousBelow(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	add := func(id, state string, caller ...string) int64 { return j.process(id, crm, state, "cat", caller...) }
	call := func(id string, process int64, state, child string, async int) {
		j.activity(id, process, id, state, 1, "Performer", child, "IsPerformerAsynchronous", async)
	}
	root := add("1_top", running)
	call("r_async", root, completed, "2_async", 1)
	call("r_sync", root, running, "3_sync", 0)
	call("r_ended", root, completed, "4_ended", 0)
	call("r_left", root, completed, "10_left", 0)
	call("r_starting", root, running, "11_starting", 1)
	call("r_archived", root, completed, "12_archived", 1)
	async := add("2_async", running, "r_async", "1_top")
	call("a_async", async, completed, "5_below_async", 1)
	call("a_sync", async, running, "6_waited_for", 0)
	sync := add("3_sync", running, "r_sync", "1_top")
	call("s_async", sync, completed, "7_of_sync", 1)
	ended := add("4_ended", completed, "r_ended", "1_top")
	call("e_async", ended, completed, "8_of_ended", 1)
	call("e_gone", ended, completed, "9_closed", 1)
	add("5_below_async", running, "a_async", "2_async")
	add("6_waited_for", running, "a_sync", "2_async")
	add("7_of_sync", running, "s_async", "3_sync")
	add("8_of_ended", running, "e_async", "4_ended")
	add("9_closed", completed, "e_gone", "4_ended")
	add("10_left", running, "r_left", "1_top")
	add("11_starting", running, "r_starting", "1_top")
	// Of an archived caller the history has the activities, and links say what they called.
	j.link("wf_process_link_history", "12_archived", "1_top", "rec")
	j.put("wf_history_process", "processId", "12_archived", "processDefId", crm, "processRequesterId", "1_top", "state", completed, "created", 7)
	add("13_of_archived", running, "x_async", "12_archived")
	add("14_joined", running) // somebody's, started with the ID of an instance for its record
	j.link("wf_process_link", "14_joined", "12_archived", "rec")
	add("15_elsewhere", running, "z_async", "99_other")

	for top, want := range map[migration.InstanceID][]migration.InstanceID{
		"1_top":        {"8_of_ended", "7_of_sync", "5_below_async", "13_of_archived", "2_async"},
		"12_archived":  {"13_of_archived"},
		"14_joined":    nil,
		"99_other":     {"15_elsewhere"}, // deleted without a trace
		"nothing_else": nil,
	} {
		got, err := j.Fresh().AsynchronousBelow(t.Context(), top)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("below %s (-want +got), %v:\n%s", top, err, diff)
		}
	}
}

func TestLinkedInstances(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	def := migration.DefinitionID{Package: "crm", Version: "3", Process: "process1"}
	p := j.process("1_crm_process1", crm, running, "cat")
	j.variable(p, "status", 3, "VariableValueVCHAR", "new", 0)
	j.link("wf_process_link", "1_crm_process1", "rec", "rec")
	child := j.process("2_crm_process1", crm, running, "cat", "9_x", "1_crm_process1")
	j.link("wf_process_link", "2_crm_process1", "1_crm_process1", "rec")
	joined := j.process("3_crm_process1", crm, notStarted, "roleAnonymous")
	j.link("wf_process_link", "3_crm_process1", "77_crm_process1", "foreign")
	j.link("wf_process_link", "4_crm_process1", "rec", "rec")            // deleted on completion
	j.link("wf_process_link", "5_crm_process1", "1_crm_process1", "rec") // its deleted child
	archive := func(id, parent, caller string) {
		t.Helper()
		j.link("wf_process_link_history", id, parent, "rec")
		j.put("wf_history_process", "processId", id, "processDefId", crm, "resourceRequesterId", "clark", "processRequesterId", caller,
			"state", completed, "created", 77, "variables", `{"status":"done","n":null}`)
	}
	archive("6_crm_process1", "rec", "")
	archive("7_crm_process1", "6_crm_process1", "6_crm_process1")
	j.process("8_crm_process1", crm, running, "cat") // somebody else's
	j.link("wf_process_link", "8_crm_process1", "REC", "REC")
	own := j.process("10_crm_process1", crm, running, "cat")

	id := func(id migration.InstanceID, oid int64, requester migration.User, origin migration.RecordID) migration.TargetIdentity {
		return migration.TargetIdentity{ID: id, OID: fmt.Sprint(oid), Created: 1700000000123, Requester: requester, Definition: def, Origin: origin}
	}
	gone := def
	gone.Version = ""
	archived := func(id migration.InstanceID, child bool) migration.Linked {
		return migration.Linked{
			TargetIdentity: migration.TargetIdentity{ID: id, Created: 77, Requester: "clark", Definition: def, Origin: "rec"},
			State:          migration.StateCompleted, Archived: true, Child: child,
			Begun: []migration.Variable{{Name: "n", Kind: migration.VariableNull}, {Name: "status", Kind: migration.VariableString, Value: "done"}},
		}
	}
	want := []migration.Linked{
		{TargetIdentity: id("1_crm_process1", p, "cat", "rec"), State: migration.StateRunning, Begun: []migration.Variable{{Name: "status", Kind: migration.VariableString, Value: "new"}}},
		{TargetIdentity: id("2_crm_process1", child, "cat", "rec"), State: migration.StateRunning, Child: true},
		{TargetIdentity: migration.TargetIdentity{ID: "4_crm_process1", Definition: gone, Origin: "rec"}, Archived: true},
		{TargetIdentity: migration.TargetIdentity{ID: "5_crm_process1", Definition: gone, Origin: "rec"}, Archived: true, Child: true},
		archived("6_crm_process1", false),
		archived("7_crm_process1", true),
	}
	got, err := j.Fresh().LinkedInstances(t.Context(), "rec")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("linked (-want +got):\n%s", diff)
	}
	got, err = j.Fresh().LinkedInstances(t.Context(), "77_crm_process1")
	wantJoined := []migration.Linked{{TargetIdentity: id("3_crm_process1", joined, "roleAnonymous", "foreign"), State: migration.StateNotStarted}}
	if diff := cmp.Diff(wantJoined, got); diff != "" || err != nil {
		t.Errorf("an instance with the record as parent only: %v (-want +got):\n%s", err, diff)
	}
	got, err = j.Fresh().LinkedInstances(t.Context(), "10_crm_process1")
	wantOwn := []migration.Linked{{TargetIdentity: id("10_crm_process1", own, "cat", "10_crm_process1"), State: migration.StateRunning}}
	if diff := cmp.Diff(wantOwn, got); diff != "" || err != nil {
		t.Errorf("an instance that bears the record's ID: %v (-want +got):\n%s", err, diff)
	}
	if got, err := j.Fresh().LinkedInstances(t.Context(), "unused"); got != nil || err != nil {
		t.Errorf("unused record: %v, %v", got, err)
	}

	for id, want := range map[migration.InstanceID]schema.Presence{
		"1_crm_process1": {Where: schema.InEngine, State: migration.StateRunning, Definition: def},
		"4_crm_process1": {Where: schema.InLinks},
		"6_crm_process1": {Where: schema.InHistory, State: migration.StateCompleted, Definition: def},
		"1_CRM_process1": {Where: schema.Nowhere},
	} {
		p, err := j.Fresh().Presence(t.Context(), id)
		if p != want || err != nil {
			t.Errorf("presence of %s: %+v, %v; want %+v", id, p, err, want)
		}
		closed, err := j.Fresh().Closed(t.Context(), id)
		if wantClosed := want.Where == schema.InLinks || want.Where == schema.InHistory; closed != wantClosed || err != nil {
			t.Errorf("closed %s: %v, %v", id, closed, err)
		}
	}
	wantLinked := map[migration.RecordID]bool{
		"4_crm_process1": true, "6_crm_process1": true, "10_crm_process1": true, "10_CRM_process1": true, "10_crm_procéss1": true,
		"rec": false, "110_crm_process1": false,
	}
	linked, err := j.Fresh().LinkedInstanceIDs(t.Context(), slices.Collect(maps.Keys(wantLinked)))
	for id, want := range wantLinked {
		if linked[id] != want || err != nil {
			t.Errorf("linked instance id %s: %v, %v; want %v", id, linked[id], err, want)
		}
	}
}

func TestServersBeforeV8HaveNoHistory(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	j.exec("DROP TABLE wf_history_activity, wf_history_process, wf_process_link_history")
	j.process("1_crm_process1", crm, running, "cat")
	j.link("wf_process_link", "1_crm_process1", "rec", "rec")
	db := openDB(t, j.dsn, schema.Options{})
	got, err := db.Fresh().LinkedInstances(t.Context(), "rec")
	if err != nil || len(got) != 1 {
		t.Errorf("linked: %v, %v", got, err)
	}
	if p, err := db.Fresh().Presence(t.Context(), "2_x"); p.Where != schema.Nowhere || err != nil {
		t.Errorf("presence: %v, %v", p, err)
	}
	if linked, err := db.Fresh().LinkedInstanceIDs(t.Context(), []migration.RecordID{"1_crm_process1"}); !linked["1_crm_process1"] || err != nil {
		t.Errorf("linked id: %v, %v", linked, err)
	}
}

func TestTableNamesOfAnotherCaseAreFound(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	j.process("1_crm_process1", crm, running, "cat")
	j.exec("SET FOREIGN_KEY_CHECKS = 0")
	for _, name := range []string{"SHKProcesses", "SHKProcessStates", "SHKActivityStates", "SHKActivities"} {
		j.exec("RENAME TABLE " + database.Quote(name) + " TO " + database.Quote(strings.ToLower(name)))
	}
	db := openDB(t, j.dsn, schema.Options{ReadOnly: true})
	if _, err := db.Fresh().Instance(t.Context(), "1_crm_process1"); err != nil {
		t.Error(err)
	}
	j.exec("CREATE TABLE shkPROCESSES (id INT)")
	ambiguous := openDB(t, j.dsn, schema.Options{ReadOnly: true})
	if _, err := ambiguous.Fresh().Instance(t.Context(), "1_crm_process1"); migration.CodeOf(err) != migration.CodeUnsupported {
		t.Errorf("two tables that differ in case: %v", err)
	}
	j.exec("CREATE TABLE app_fd_late (id INT)")
	if name, err := db.Table(t.Context(), "APP_fd_late"); name != "`app_fd_late`" || err != nil {
		t.Errorf("a table made later: %s, %v", name, err)
	}
	if _, err := db.Table(t.Context(), "none"); migration.CodeOf(err) != migration.CodeUnsupported {
		t.Errorf("missing table: %v", err)
	}
}

func TestReadOnlyConnectionsRefuseToWrite(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	for _, statement := range []string{
		"INSERT INTO wf_setup (id, property) VALUES ('x', 'x')",
		"UPDATE wf_setup SET value = 'x'",
		"DELETE FROM wf_setup",
		"CREATE TABLE x (id INT)",
	} {
		for range 2 * 4 { // more than one connection
			_, err := j.Pool().ExecContext(t.Context(), statement)
			var refused *mysql.MySQLError
			if !errors.As(err, &refused) || refused.Number != 1792 {
				t.Errorf("%s: %v, want error 1792", statement, err)
			}
		}
	}
	tx, err := j.Pool().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "DELETE FROM wf_setup"); err == nil {
		t.Error("a transaction wrote")
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	writable := openDB(t, j.dsn, schema.Options{})
	if _, err := writable.Pool().ExecContext(t.Context(), "INSERT INTO wf_setup (id, property) VALUES ('x', 'x')"); err != nil {
		t.Errorf("a database that is not read-only: %v", err)
	}
	if err := writable.Snapshot(t.Context(), func(ctx context.Context, s *schema.Snap) error {
		rows, err := s.QueryContext(ctx, "DELETE FROM wf_setup")
		if err == nil {
			return errors.Join(rows.Err(), rows.Close(), errors.New("a snapshot wrote"))
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func TestSessionsAreSetUpWhateverTheDSNSays(t *testing.T) {
	t.Parallel()
	cfg, err := mysql.ParseDSN(mysqltest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	dsn := cfg.FormatDSN() + "?parseTime=true&loc=Asia%2FTokyo&multiStatements=true&interpolateParams=true&clientFoundRows=true" +
		"&charset=latin1&time_zone=%27%2B09%3A00%27&sql_mode=%27%27"
	db := openDB(t, dsn, schema.Options{})
	for query, want := range map[string]string{
		"SELECT @@time_zone":                         "+00:00",
		"SELECT @@sql_mode":                          "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION",
		"SELECT @@character_set_connection":          "utf8mb4",
		"SELECT TIMESTAMP '2026-03-29 02:30:00.125'": "2026-03-29 02:30:00.125",
		"SELECT HEX('😀')":                            "F09F9880",
	} {
		var got string
		if err := db.Pool().QueryRowContext(t.Context(), query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", query, got, err, want)
		}
	}
	// MySQL and MariaDB 10 have one of the two, MariaDB 11 has both.
	var level string
	if err := db.Pool().QueryRowContext(t.Context(), "SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation')").
		Scan(new(string), &level); err != nil || level != "READ-COMMITTED" {
		t.Errorf("isolation level %q, %v", level, err)
	}
	if _, err := db.Pool().ExecContext(t.Context(), "SELECT 1; SELECT 2"); err == nil {
		t.Error("two statements in one query ran")
	}
	for _, bad := range []string{"", "nonsense", "u:hunter2@tcp(h:1", "u:hunter2@tcp(127.0.0.1:1)/"} {
		if _, err := schema.Open(t.Context(), bad, schema.Options{}); migration.CodeOf(err) != migration.CodeInvalid || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("DSN %q: %v", bad, err)
		}
	}
	_, err = schema.Open(t.Context(), "u:hunter2@tcp(127.0.0.1:1)/x", schema.Options{})
	if migration.CodeOf(err) != migration.CodeUnavailable {
		t.Errorf("server out of reach: %v", err)
	}
}

func TestSnapshotSeesOneMoment(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	count := func(ctx context.Context, r *schema.Reader) int {
		t.Helper()
		c, err := r.OpenCounts(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return c.Open
	}
	if err := j.Snapshot(t.Context(), func(ctx context.Context, s *schema.Snap) error {
		j.process("1_x", crm, running, "cat") // after the snapshot began, before its first read
		if n := count(ctx, &s.Reader); n != 0 {
			t.Errorf("the snapshot sees %d instances, want 0", n)
		}
		if n := count(ctx, j.Fresh()); n != 1 {
			t.Errorf("a fresh read sees %d instances, want 1", n)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := j.Snapshot(t.Context(), func(ctx context.Context, s *schema.Snap) error {
		if n := count(ctx, &s.Reader); n != 1 {
			t.Errorf("the next snapshot sees %d instances, want 1", n)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	// A snapshot that ends with its context leaves no transaction behind.
	ctx, cancel := context.WithCancel(t.Context())
	stop := errors.New("stop")
	if err := j.Snapshot(ctx, func(context.Context, *schema.Snap) error { cancel(); return stop }); !errors.Is(err, stop) {
		t.Errorf("error %v, want the caller's", err)
	}
	j.exec("ALTER TABLE SHKProcesses ADD COLUMN extra INT") // would wait for a metadata lock
}

func TestServerFacts(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	cfg, err := mysql.ParseDSN(j.dsn)
	if err != nil {
		t.Fatal(err)
	}
	r := j.Fresh()
	server, err := r.Server(t.Context())
	if err != nil || server.Database != cfg.DBName || server.Port == 0 || server.Host == "" {
		t.Errorf("server %+v, %v", server, err)
	}
	if version, err := r.Version(t.Context()); version == "" || err != nil {
		t.Errorf("version %q, %v", version, err)
	}
	settings, err := r.Settings(t.Context())
	want := map[string]string{schema.SettingCompletion: "archive", schema.SettingMasterUsername: "master", schema.SettingMasterPassword: "***"}
	if diff := cmp.Diff(want, settings); diff != "" || err != nil {
		t.Errorf("settings: %v (-want +got):\n%s", err, diff)
	}

	if n, err := r.NextProcessNumber(t.Context()); n != 1 || err != nil {
		t.Errorf("next number of an unused server: %d, %v", n, err)
	}
	j.engine("SHKCounters", "name", "_process_", "the_number", 601)
	j.engine("SHKCounters", "name", "_activity_", "the_number", 201)
	counters, err := r.Counters(t.Context())
	if diff := cmp.Diff(schema.Counters{Process: 601, Activity: 201, NextOID: 1000200}, counters); diff != "" || err != nil {
		t.Errorf("counters: %v (-want +got):\n%s", err, diff)
	}
	if !counters.Below(schema.Counters{Process: 801}) || counters.Below(counters) {
		t.Error("Below compares wrongly")
	}
	if n, err := r.NextProcessNumber(t.Context()); n != 401 || err != nil {
		t.Errorf("next number: %d, %v; want 401", n, err)
	}

	for i, row := range [][2]string{{"admin", "x"}, {"roleAnonymous", "Authentication for user admin: true"}, {"roleAnonymous", "Authentication for user administrator: true"}} {
		j.put("wf_audit_trail", "id", fmt.Sprint(i), "username", row[0], "method", "authenticate", "message", row[1])
	}
	j.put("wf_audit_trail", "id", "other", "username", "admin", "method", "processStart")
	if n, err := r.AuditLogins(t.Context(), "admin"); n != 2 || err != nil {
		t.Errorf("logins: %d, %v; want 2", n, err)
	}

	j.put("dir_user", "id", "gone-id", "username", "gone", "active", 0)
	users, err := r.Users(t.Context(), []migration.User{"cat", "roy", "Cat", "gone", "nobody"})
	wantUsers := map[migration.User]schema.Account{"cat": {ID: "cat", Active: true}, "Cat": {ID: "cat", Active: true}, "roy": {ID: "usr-00000007", Active: true}, "gone": {ID: "gone-id"}}
	if diff := cmp.Diff(wantUsers, users); diff != "" || err != nil {
		t.Errorf("users: %v (-want +got):\n%s", err, diff)
	}
}

func TestCanWrite(t *testing.T) {
	t.Parallel()
	dsn := mysqltest.DSN(t)
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	other := mysqltest.DSN(t)
	otherCfg, err := mysql.ParseDSN(other)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close() })
	if _, err := admin.ExecContext(t.Context(), "CREATE TABLE one (id INT)"); err != nil {
		t.Fatal(err)
	}
	quoted := database.Quote(cfg.DBName)
	for _, tc := range []struct {
		name   string
		grants []string
		want   bool
	}{
		{"select_only", []string{"SELECT"}, false},
		{"select_and_show_view", []string{"SELECT, SHOW VIEW"}, false},
		{"insert", []string{"SELECT, INSERT"}, true},
		{"all", []string{"ALL PRIVILEGES"}, true},
		{"one_table", []string{"SELECT", "UPDATE ON " + quoted + ".`one`"}, true},
		{"another_database_only", []string{"SELECT", "ALL PRIVILEGES ON " + database.Quote(otherCfg.DBName) + ".*"}, false},
		{"every_database", []string{"SELECT, DELETE ON *.*"}, true},
		{"a_pattern_of_databases", []string{"SELECT", "DROP ON `ferry\\_%`.*"}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			db := openDB(t, mysqltest.User(t, dsn, tc.grants...), schema.Options{ReadOnly: true})
			if got, err := db.Fresh().CanWrite(t.Context()); got != tc.want || err != nil {
				t.Errorf("can write: %v, %v; want %v", got, err, tc.want)
			}
		})
	}
}

func TestUsedVersions(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	for version := range 4 {
		j.put("app_app", "appId", "crm", "appVersion", version+1, "published", []byte{0})
		j.put("app_package", "packageId", "crm", "packageVersion", version+11, "appId", "crm", "appVersion", version+1)
	}
	for id, of := range map[string]struct{ definition, state string }{"1_a": {"crm#11#p", running}, "2_b": {"crm#12#p", completed}, "3_c": {"hr#13#p", running}} {
		j.definition(of.definition)
		j.process(id, of.definition, of.state, "cat")
	}
	used := func(app string) (versions []int64) {
		t.Helper()
		found, err := j.Fresh().UsedVersions(t.Context(), app)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range found {
			versions = append(versions, v.Version)
		}
		return versions
	}
	if got := used("crm"); !slices.Equal(got, []int64{1, 4}) {
		t.Errorf("of no published one %v are used, want the one with instances and the highest", got)
	}
	j.exec("UPDATE app_app SET published = 1 WHERE appVersion = 3")
	if got := used("crm"); !slices.Equal(got, []int64{1, 3}) {
		t.Errorf("%v are used, want the one with instances and the published one", got)
	}
	if got := used("none"); got != nil {
		t.Errorf("of no app %v", got)
	}
}

func TestDefinitions(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	for version, published := range map[int]string{1: "\x00", 2: "\x01", 3: "\x00"} {
		j.put("app_app", "appId", "crm", "appVersion", version, "published", []byte(published))
	}
	j.put("app_package", "packageId", "crm", "packageVersion", 3, "appId", "crm", "appVersion", 2)
	j.put("app_package", "packageId", "crm", "packageVersion", 5, "appId", "crm", "appVersion", 3)
	j.put("app_app", "appId", "hr", "appVersion", 1, "published", []byte{0})
	r := j.Fresh()

	app, err := r.App(t.Context(), "crm")
	want := schema.App{ID: "crm", Versions: []schema.AppVersion{
		{Version: 1},
		{Version: 2, Published: true, Package: "crm", PackageVersion: 3},
		{Version: 3, Package: "crm", PackageVersion: 5},
	}}
	if diff := cmp.Diff(want, app); diff != "" || err != nil {
		t.Errorf("app: %v (-want +got):\n%s", err, diff)
	}
	def, err := r.PublishedDefinition(t.Context(), migration.DefinitionID{Package: "crm", Version: "1", Process: "process1"})
	if def.String() != crm || err != nil {
		t.Errorf("published definition %s, %v", def, err)
	}
	for _, missing := range []migration.DefinitionID{
		{Package: "none", Process: "p"}, {Package: "hr", Process: "p"}, {Package: "crm", Process: "gone"}, {Package: "CRM", Process: "process1"},
	} {
		def, err := r.PublishedDefinition(t.Context(), missing)
		if lacks := missing.Process == "gone"; lacks != (def == migration.DefinitionID{Package: "crm", Version: "3", Process: "gone"}) || !lacks && !def.IsZero() {
			t.Errorf("%s would be %s", missing, def)
		}
		var e *migration.Error
		if !errors.As(err, &e) || e.Code != migration.CodeNotFound || e.Hint == "" {
			t.Errorf("%s: %v, want CodeNotFound with a hint", missing, err)
		}
	}

	x := j.engine("SHKXPDLS", "XPDLId", "crm", "XPDLVersion", "3", "XPDLClassVersion", 1, "XPDLUploadTime", "2026-01-01 00:00:00")
	j.engine("SHKXPDLData", "XPDLContent", []byte("<Package/>\xff"), "XPDL", x, "CNT", 1)
	if got, err := r.XPDL(t.Context(), "crm", "3"); string(got) != "<Package/>\xff" || err != nil {
		t.Errorf("XPDL %q, %v", got, err)
	}
	if _, err := r.XPDL(t.Context(), "crm", "4"); migration.CodeOf(err) != migration.CodeNotFound {
		t.Errorf("missing XPDL: %v", err)
	}

	j.put("app_form", "appId", "crm", "appVersion", 2, "formId", "f2", "tableName", "proposal", "json", "{}")
	j.put("app_form", "appId", "crm", "appVersion", 1, "formId", "f1", "tableName", nil, "json", nil)
	j.put("app_form", "appId", "CRM", "appVersion", 2, "formId", "theirs", "tableName", "proposal", "json", "{}")
	wantForms := []schema.FormDefinition{{Version: 1, ID: "f1"}, {Version: 2, ID: "f2", Table: "proposal", JSON: []byte("{}")}}
	var forms []schema.FormDefinition
	err = r.EachForm(t.Context(), "crm", func(f schema.FormDefinition) { forms = append(forms, f) })
	if diff := cmp.Diff(wantForms, forms); diff != "" || err != nil {
		t.Errorf("forms: %v (-want +got):\n%s", err, diff)
	}
	forms, err = r.Forms(t.Context(), "crm", 2)
	if diff := cmp.Diff(wantForms[1:], forms); diff != "" || err != nil {
		t.Errorf("forms of a version: %v (-want +got):\n%s", err, diff)
	}

	j.put("app_form", "appId", "crm", "appVersion", 3, "formId", "F2", "tableName", "proposal", "json", "{}")
	same, err := r.SameForms(t.Context(), "crm", []string{"F1", "f2", "f\u00b9", "theirs", "nowhere"})
	if diff := cmp.Diff(map[string][]string{"F1": {"f1"}, "f2": {"f2", "F2"}, "f\u00b9": {"f1"}}, same, cmpopts.SortSlices(func(a, b string) bool { return a > b })); diff != "" || err != nil {
		t.Errorf("forms under other spellings: %v (-want +got):\n%s", err, diff)
	}

	for _, version := range []int{3, 5} {
		key := []any{"processDefId", "process1", "packageId", "crm", "packageVersion", version}
		j.put("app_package_activity_form", append(key, "activityDefId", "approve", "type", "SINGLE", "formId", "f2")...)
		j.put("app_package_activity_plugin", append(key, "activityDefId", "tool1", "pluginName", "a.B", "pluginProperties", "{}")...)
		j.put("app_package_participant", append(key, "participantId", "approver", "type", "user", "value", "clark")...)
	}
	j.put("app_app", "appId", "CRM", "appVersion", 9, "published", []byte{0})
	j.put("app_package", "packageId", "CRM", "packageVersion", 9, "appId", "CRM", "appVersion", 9)
	j.put("app_package_activity_form", "processDefId", "process1", "packageId", "CRM", "packageVersion", 9, "activityDefId", "approve", "type", "SINGLE", "formId", "theirs")
	j.put("app_package_activity_form", "processDefId", "process1", "packageId", "crm", "packageVersion", 3, "activityDefId", "outside", "type", "EXTERNAL")
	if mapped, err := r.MappedForms(t.Context(), "crm"); !slices.Equal(mapped, []string{"f2"}) || err != nil {
		t.Errorf("mapped forms %v, %v", mapped, err)
	}
	activityForms, err1 := r.ActivityForms(t.Context(), "crm", 3)
	plugins, err2 := r.ActivityPlugins(t.Context(), "crm", 3)
	participants, err3 := r.Participants(t.Context(), "crm", 3)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]migration.ActivityForm{{Process: "process1", Activity: "approve", Type: "SINGLE", Form: "f2"}, {Process: "process1", Activity: "outside", Type: "EXTERNAL"}}, activityForms); diff != "" {
		t.Errorf("forms of activities (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]migration.ActivityPlugin{{Process: "process1", Activity: "tool1", Plugin: "a.B", Properties: "{}"}}, plugins); diff != "" {
		t.Errorf("plugins (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]migration.Participant{{Process: "process1", Participant: "approver", Type: "user", Value: "clark"}}, participants); diff != "" {
		t.Errorf("participants (-want +got):\n%s", diff)
	}
}
