package activities

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/testsuite"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
	simulated "jogetferry/simulator/schema"
)

const crmXPDL = `<Package xmlns="http://www.wfmc.org/2002/XPDL1.0" Id="crm"><WorkflowProcesses><WorkflowProcess Id="p">
<ProcessHeader DurationUnit="h"><Limit>2</Limit></ProcessHeader>
<Activities><Activity Id="approve"><Implementation><No/></Implementation></Activity></Activities></WorkflowProcess></WorkflowProcesses></Package>`

// twins are an instance with its record on a source, and what was made of it on a
// target; both are the same.
type twins struct {
	t              *testing.T
	source, target *jogetServer
	copy           *Copy
	env            *testsuite.TestActivityEnvironment
	oid            int
}

const (
	onSource = "7_crm_p"
	onTarget = "9_crm_p"
)

// newTwins has the instance claimed and its files copied, and not yet started.
func newTwins(t *testing.T, settings step.Settings, files map[string]string) *twins {
	t.Helper()
	p := &twins{t: t, source: newJogetServer(t), target: newJogetServer(t), oid: 1000}
	for server, id := range map[*jogetServer]string{p.source: onSource, p.target: onTarget} {
		server.app(1, map[string][2]string{"order": {"order", ""}})
		server.table("order", "title")
		server.put("app_fd_order", "id", "r-1", "c_title", "a")
		server.put("app_package", "packageId", "crm", "packageVersion", 3, "appId", "crm", "appVersion", 1)
		server.put("SHKProcessDefinitions", "Name", crmProcess.String(), "PackageId", "crm", "ProcessDefinitionVersion", "3", "ProcessDefinitionId", "p",
			"ProcessDefinitionCreated", 1, "State", 0, "oid", 1, "version", 1)
		server.put("SHKXPDLS", "XPDLId", "crm", "XPDLVersion", "3", "XPDLClassVersion", 1, "XPDLUploadTime", "2024-01-01", "oid", 1, "version", 1)
		server.put("SHKXPDLData", "XPDLContent", crmXPDL, "XPDLClassContent", "", "XPDL", 1, "CNT", 1, "oid", 2, "version", 1)
		server.put("SHKResourcesTable", "Username", "cat", "oid", 3, "version", 1)
		p.instance(server, id)
	}
	for name, content := range files {
		p.source.file("order", "r-1", name, content)
	}
	p.copy = inventoryOf(t, p.source, p.target, settings).copy
	p.env = (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	p.env.RegisterActivity(p.copy.CopyUploads)
	p.env.RegisterActivity(p.copy.VerifyInstance)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(p.copy.Ledger.Bind(t.Context(), migration.Binding{Migration: "m", Source: "source", Target: "target"}, ""))
	must(p.copy.Ledger.SavePlan(t.Context(), "m", "p", []migration.PlanEntry{{Entry: migration.Entry{Instance: onSource, Definition: crmProcess, State: migration.InstanceReady}}}))
	p.snapshot()
	p.copyFiles()
	return p
}

// instance puts an instance of the record with one activity that is offered to cat.
func (p *twins) instance(s *jogetServer, id string) {
	p.t.Helper()
	p.oid += 10
	s.put("SHKProcesses", "SyncVersion", 0, "Id", id, "ProcessDefinition", 1, "PDefName", crmProcess.String(), "ResourceRequesterId", "cat",
		"State", simulated.ProcessStateOID(string(migration.StateRunning)), "Created", 1, "CreatedTZO", 0, "Started", 3_600_000, "StartedTZO", 0, "LastStateTime", 1, "LastStateTimeTZO", 0,
		"LimitTime", 0, "LimitTimeTZO", 0, "oid", p.oid, "version", 1)
	s.put("wf_process_link", "processId", id, "parentProcessId", "r-1", "originProcessId", "r-1")
	s.put("SHKActivities", "Id", "1_"+id+"_approve", "ActivityDefinitionId", "approve", "Process", p.oid, "PDefName", crmProcess.String(), "ProcessId", id,
		"State", simulated.ActivityStateOID(string(migration.StateNotStarted)), "Activated", 1, "ActivatedTZO", 0,
		"LastStateTime", 1, "LastStateTimeTZO", 0, "LimitTime", 0, "LimitTimeTZO", 0, "oid", p.oid+1, "version", 1)
	s.put("SHKAssignmentsTable", "Activity", p.oid+1, "TheResource", 3, "ActivityId", "1_"+id+"_approve", "ActivityProcessId", id,
		"ActivityProcessDefName", crmProcess.String(), "ResourceId", "cat", "IsAccepted", 0, "IsValid", 1, "CNT", p.oid, "oid", p.oid+2, "version", 1)
	s.put("SHKProcessData", "Process", p.oid, "VariableDefinitionId", "status", "VariableType", 3, "VariableValueVCHAR", "new", "OrdNo", 0, "CNT", p.oid, "oid", p.oid+3, "version", 1)
}

func (p *twins) snapshot() {
	p.t.Helper()
	read, err := p.copy.read(p.t.Context(), onSource)
	if err != nil {
		p.t.Fatal(err)
	}
	snapshot := migration.Snapshot{Tree: read.tree}
	for i := range read.set.Rows {
		digest := read.set.Rows[i].Digest()
		snapshot.Rows = append(snapshot.Rows, migration.RowDigest{RowKey: read.set.Rows[i].Key, Digest: fmt.Sprintf("%x", digest)})
	}
	if _, err := p.copy.Ledger.SaveSnapshot(p.t.Context(), "m", onSource, snapshot); err != nil {
		p.t.Fatal(err)
	}
}

func (p *twins) copyFiles() {
	p.t.Helper()
	if _, err := p.env.ExecuteActivity(p.copy.CopyUploads, contract.StepInput{Migration: "m", Instance: onSource}); err != nil {
		p.t.Fatal(err)
	}
}

// started has the ledger know the target instance.
func (p *twins) started() {
	p.t.Helper()
	found, err := p.target.db.Fresh().Instance(p.t.Context(), onTarget)
	if err != nil {
		p.t.Fatal(err)
	}
	key, identity := p.copy.Key(onSource), found.Identity()
	_, got, err := p.copy.Ledger.Claim(p.t.Context(), key, "r-1", "token", "m")
	if err == nil && got {
		err = p.copy.Ledger.SaveBaseline(p.t.Context(), key, "token", nil)
	}
	if err == nil {
		err = p.copy.Ledger.Sending(p.t.Context(), key, "token", nil, crmProcess)
	}
	if err == nil {
		err = p.copy.Ledger.Outcome(p.t.Context(), key, "token", migration.StartOutcome{Fate: migration.FateAnswered, Started: &identity})
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// verify compares, and returns what is not the same as the ledger has it.
func (p *twins) verify(in contract.VerifyInput) (contract.VerifyOutput, []string) {
	p.t.Helper()
	in.StepInput = contract.StepInput{Migration: "m", Instance: onSource}
	value, err := p.env.ExecuteActivity(p.copy.VerifyInstance, in)
	if err != nil {
		p.t.Fatal(err)
	}
	var out contract.VerifyOutput
	if err := value.Get(&out); err != nil {
		p.t.Fatal(err)
	}
	compared, err := p.copy.Ledger.Comparison(p.t.Context(), "m", onSource)
	if err != nil {
		p.t.Fatal(err)
	}
	if compared.Verdict != out.Verdict || compared.Deciding != in.Fix {
		p.t.Errorf("the ledger has %q (deciding %t) for %q (deciding %t)", compared.Verdict, compared.Deciding, out.Verdict, in.Fix)
	}
	if diff := cmp.Diff(migration.CountItems(compared.Items), out.Items); diff != "" {
		p.t.Errorf("what travels of the ledger's items (-ledger +counts):\n%s", diff)
	}
	items := []string{}
	for _, i := range compared.Items {
		if i.Result != migration.ItemSame && i.Kind != migration.ItemLimit {
			items = append(items, i.String())
		}
	}
	return out, items
}

func (p *twins) entry() migration.Entry {
	p.t.Helper()
	entry, err := p.copy.Ledger.Entry(p.t.Context(), "m", onSource)
	if err != nil {
		p.t.Fatal(err)
	}
	return entry
}

// told returns the lines of the log about some events, as "event facts".
func (p *twins) told(events ...migration.Event) []string {
	p.t.Helper()
	lines, err := p.copy.Ledger.Lines(p.t.Context(), "m", onSource)
	if err != nil {
		p.t.Fatal(err)
	}
	told := []string{}
	for _, l := range lines {
		if !slices.Contains(events, l.Event) {
			continue
		}
		facts, err := json.Marshal(l.Facts)
		if err != nil {
			p.t.Fatal(err)
		}
		told = append(told, string(l.Event)+" "+string(facts))
	}
	return told
}

func (p *twins) files() []string {
	p.t.Helper()
	entries, err := os.ReadDir(filepath.Join(p.target.folder, "order", "r-1"))
	if err != nil && !os.IsNotExist(err) {
		p.t.Fatal(err)
	}
	files := []string{}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(p.target.folder, "order", "r-1", e.Name()))
		if err != nil {
			p.t.Fatal(err)
		}
		files = append(files, e.Name()+"="+string(content))
	}
	return files
}

// again has the ledger take the instance for one that is being migrated.
func (p *twins) again() {
	p.t.Helper()
	if err := p.copy.Ledger.Progress(p.t.Context(), "m", onSource, migration.Change{
		From: append(migration.Working(), migration.InstanceParked, migration.InstanceDone), State: migration.InstanceRunning,
	}); err != nil {
		p.t.Fatal(err)
	}
}

func TestVerifyInstanceComparesItemByItem(t *testing.T) {
	t.Parallel()
	p := newTwins(t, step.Settings{AdminUser: "admin"}, map[string]string{"a": "ours"})
	p.started()
	link := filepath.Join(p.target.folder, "order", "r-1", "link")
	process := func(s migration.State) any { return simulated.ProcessStateOID(string(s)) }
	activity := func(s migration.State) any { return simulated.ActivityStateOID(string(s)) }
	for _, tc := range []struct {
		name          string
		happens, undo func()
		items         []string
		verdict       migration.Verdict
		reason        migration.Reason
	}{
		{name: "nothing", verdict: migration.VerdictSame},
		{
			name:    "offered_to_the_administrator",
			happens: func() { p.target.exec("UPDATE SHKAssignmentsTable SET ResourceId = 'admin'") },
			undo:    func() { p.target.exec("UPDATE SHKAssignmentsTable SET ResourceId = 'cat'") },
			items:   []string{"assignee approve: differs, not to cat, but to admin (admin, who migrates, has it)"},
			verdict: migration.VerdictAssignees,
		},
		{
			name:    "a_variable",
			happens: func() { p.target.exec("UPDATE SHKProcessData SET VariableValueVCHAR = 'old'") },
			undo:    func() { p.target.exec("UPDATE SHKProcessData SET VariableValueVCHAR = 'new'") },
			items:   []string{`variable status: differs, "old", not "new"`},
			verdict: migration.VerdictDiffers, reason: migration.ReasonVerifyDiffers,
		},
		{
			name: "a_row",
			happens: func() {
				p.target.exec("UPDATE app_fd_order SET c_title = 'b', dateModified = '2024-01-01'")
			},
			undo:    func() { p.target.exec("UPDATE app_fd_order SET c_title = 'a', dateModified = NULL") },
			items:   []string{"row order/r-1: differs, c_title, dateModified"},
			verdict: migration.VerdictDiffers, reason: migration.ReasonVerifyDiffers,
		},
		{
			name: "a_file_of_which_nobody_can_tell",
			happens: func() {
				if err := os.Symlink("elsewhere", link); err != nil {
					t.Fatal(err)
				}
			},
			undo: func() {
				if err := os.Remove(link); err != nil {
					t.Fatal(err)
				}
			},
			items:   []string{`file order/r-1/"link": unverifiable`},
			verdict: migration.VerdictUnverifiable, reason: migration.ReasonVerifyDiffers,
		},
		{
			name:    "the_source_moved_on",
			happens: func() { p.source.exec("UPDATE SHKProcesses SET version = 2") },
			undo:    func() { p.source.exec("UPDATE SHKProcesses SET version = 1") },
			items:   []string{"source: differs, it moved on"},
			verdict: migration.VerdictDiffers, reason: migration.ReasonSourceMoved,
		},
		{
			name:    "the_source_is_closed",
			happens: func() { p.source.exec("UPDATE SHKProcesses SET State = ?", process(migration.StateCompleted)) },
			undo:    func() { p.source.exec("UPDATE SHKProcesses SET State = ?", process(migration.StateRunning)) },
			items:   []string{"source: differs, it is closed"},
			verdict: migration.VerdictDiffers, reason: migration.ReasonSourceMoved,
		},
		{
			name: "rows_of_the_source_were_changed",
			happens: func() {
				p.source.exec("UPDATE app_fd_order SET id = 'r-2'")
				p.source.exec("INSERT INTO app_fd_order (id, c_title) VALUES ('r-1', 'b')")
			},
			undo: func() {
				p.source.exec("DELETE FROM app_fd_order WHERE id = 'r-1'")
				p.source.exec("UPDATE app_fd_order SET id = 'r-1'")
			},
			items:   []string{"source order/r-1: differs, it was changed", "row order/r-1: differs, c_title"},
			verdict: migration.VerdictDiffers, reason: migration.ReasonSourceMoved,
		},
		{
			name:    "a_row_of_the_source_was_deleted",
			happens: func() { p.source.exec("UPDATE app_fd_order SET id = 'r-2'") },
			undo:    func() { p.source.exec("UPDATE app_fd_order SET id = 'r-1'") },
			items:   []string{"source order/r-1: differs, it was deleted", "row order/r-1: extra"},
			verdict: migration.VerdictDiffers, reason: migration.ReasonSourceMoved,
		},
		{
			name: "somebody_accepted_an_activity",
			happens: func() {
				p.target.exec("UPDATE SHKActivities SET ResourceId = 'cat', State = ?", activity(migration.StateRunning))
			},
			undo: func() {
				p.target.exec("UPDATE SHKActivities SET ResourceId = NULL, State = ?", activity(migration.StateNotStarted))
			},
			items:   []string{"target untouched: differs, somebody worked on it", "accepted approve: extra, by cat"},
			verdict: migration.VerdictDiffers, reason: migration.ReasonTargetMoved,
		},
		{
			name:    "the_target_is_closed",
			happens: func() { p.target.exec("UPDATE SHKProcesses SET State = ?", process(migration.StateCompleted)) },
			undo:    func() { p.target.exec("UPDATE SHKProcesses SET State = ?", process(migration.StateRunning)) },
			items:   []string{"target open: differs, it is closed.completed"},
			verdict: migration.VerdictDiffers, reason: migration.ReasonTargetClosed,
		},
		{
			name:    "another_instance_has_its_ID",
			happens: func() { p.target.exec("UPDATE SHKProcesses SET Created = 2") },
			undo:    func() { p.target.exec("UPDATE SHKProcesses SET Created = 1") },
			items:   []string{"target identity: differs, another instance has its ID"},
			verdict: migration.VerdictDiffers, reason: migration.ReasonTargetChanged,
		},
		{
			name:    "a_second_instance",
			happens: func() { p.instance(p.target, "10_crm_p") },
			items:   []string{"instance 10_crm_p: extra"},
			verdict: migration.VerdictDiffers, reason: migration.ReasonTwoStarts,
		},
		{
			name: "the_target_is_gone",
			happens: func() {
				for _, table := range []string{"SHKAssignmentsTable", "SHKActivities", "SHKProcessData", "SHKProcesses"} {
					p.target.exec("DELETE FROM " + table)
				}
			},
			items:   []string{"target open: missing, it is closed and gone"},
			verdict: migration.VerdictDiffers, reason: migration.ReasonTargetClosed,
		},
	} {
		if tc.happens != nil {
			tc.happens()
		}
		out, items := p.verify(contract.VerifyInput{Accepted: []migration.Reason{tc.reason}})
		if tc.undo != nil {
			tc.undo()
		}
		if diff := cmp.Diff(append([]string{}, tc.items...), items); diff != "" {
			t.Errorf("%s: items (-want +got):\n%s", tc.name, diff)
		}
		if out.Verdict != tc.verdict || out.Reason != tc.reason {
			t.Errorf("%s: verdict %q for %q, want %q for %q", tc.name, out.Verdict, out.Reason, tc.verdict, tc.reason)
		}
	}
	if entry := p.entry(); entry.State != migration.InstanceRunning || entry.Verdict != "" {
		t.Errorf("mere looks made it %s, %q", entry.State, entry.Verdict)
	}
}

func TestVerifyInstanceDecides(t *testing.T) {
	t.Parallel()
	p := newTwins(t, step.Settings{}, nil)
	p.started()
	for _, tc := range []struct {
		name     string
		user     string
		variable string
		accepted []migration.Reason
		status   contract.Status
		entry    migration.Entry
	}{
		{name: "same", user: "cat", variable: "new", status: contract.StatusOK, entry: migration.Entry{State: migration.InstanceDone, Verdict: migration.VerdictSame}},
		{name: "assignees", user: "terry", variable: "new", status: contract.StatusOK, entry: migration.Entry{State: migration.InstanceDone, Verdict: migration.VerdictAssignees}},
		{name: "differs", user: "cat", variable: "old", status: contract.StatusParked, entry: migration.Entry{State: migration.InstanceParked, Reason: migration.ReasonVerifyDiffers}},
		{
			name: "differs_otherwise_than_accepted", user: "cat", variable: "old", accepted: []migration.Reason{migration.ReasonSourceMoved},
			status: contract.StatusParked, entry: migration.Entry{State: migration.InstanceParked, Reason: migration.ReasonVerifyDiffers},
		},
		{
			name: "differs_and_was_accepted", user: "terry", variable: "old", accepted: []migration.Reason{migration.ReasonVerifyDiffers},
			status: contract.StatusOK, entry: migration.Entry{State: migration.InstanceDone, Verdict: migration.VerdictAccepted},
		},
	} {
		p.again()
		p.target.exec("UPDATE SHKAssignmentsTable SET ResourceId = ?", tc.user)
		p.target.exec("UPDATE SHKProcessData SET VariableValueVCHAR = ?", tc.variable)
		out, _ := p.verify(contract.VerifyInput{Fix: true, Accepted: tc.accepted})
		got := p.entry()
		if out.Status != tc.status || got.State != tc.entry.State || got.Reason != tc.entry.Reason || got.State == migration.InstanceDone && got.Verdict != tc.entry.Verdict {
			t.Errorf("%s: %s, the ledger has it %s for %q with %q", tc.name, out.Status, got.State, got.Reason, got.Verdict)
		}
	}
	if got, want := p.told(migration.EventVerdict), []string{
		`verdict {"verdict":"same","summary":"limit differs 1"}`,
		`verdict {"verdict":"assignees_differ","summary":"assignee differs 1, limit differs 1"}`,
		`verdict {"verdict":"accepted","summary":"variable differs 1, assignee differs 1, limit differs 1"}`,
	}; !slices.Equal(got, want) {
		t.Errorf("the story: %q", got)
	}
}

func TestVerifyInstanceTellsWhatStartsAnew(t *testing.T) {
	t.Parallel()
	p := newTwins(t, step.Settings{}, nil)
	p.started()
	out, _ := p.verify(contract.VerifyInput{Fix: true})
	compared, err := p.copy.Ledger.Comparison(t.Context(), "m", onSource)
	if err != nil || out.Verdict != migration.VerdictSame {
		t.Fatalf("verdict %q, %v", out.Verdict, err)
	}
	limits := slices.DeleteFunc(compared.Items, func(i migration.Item) bool { return i.Kind != migration.ItemLimit })
	want := []migration.Item{{Kind: migration.ItemLimit, Subject: "the instance", Result: migration.ItemDiffers, Seen: "the limit was due 1970-01-01 03:00 UTC"}}
	if diff := cmp.Diff(want, limits); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}
}

// TestVerifyInstancePutsFilesOfToolsBack has tools change files between the copy
// and the comparison.
func TestVerifyInstancePutsFilesOfToolsBack(t *testing.T) {
	t.Parallel()
	p := newTwins(t, step.Settings{}, map[string]string{"a": "ours", "b": "ours too"})
	p.started()
	p.target.file("order", "r-1", "made", "by a tool")
	p.target.file("order", "r-1", "a", "theirs")
	if err := os.Remove(filepath.Join(p.target.folder, "order", "r-1", "b")); err != nil {
		t.Fatal(err)
	}
	key := p.copy.Key(onSource)
	window, _, err := p.copy.Ledger.FileWindow(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	different := []string{`file order/r-1/"a": differs`, `file order/r-1/"b": missing`, `file order/r-1/"made": extra`}
	asTheyMade := []string{"a=theirs", "made=by a tool"}
	for _, tc := range []struct {
		name          string
		happens, undo func()
		look          bool
		items         []string
		files         []string
		told          []string
	}{
		{name: "a_mere_look", look: true, items: different, files: asTheyMade},
		{
			name: "somebody_works_already",
			happens: func() {
				p.target.exec("UPDATE SHKActivities SET ResourceId = 'cat', State = ?", simulated.ActivityStateOID(string(migration.StateRunning)))
			},
			undo: func() {
				p.target.exec("UPDATE SHKActivities SET ResourceId = NULL, State = ?", simulated.ActivityStateOID(string(migration.StateNotStarted)))
			},
			items: slices.Concat([]string{"target untouched: differs, somebody worked on it", "accepted approve: extra, by cat"}, different), files: asTheyMade,
		},
		{
			name:    "others_have_the_record_too",
			happens: func() { p.instance(p.target, "10_crm_p") },
			undo: func() {
				p.target.exec("UPDATE wf_process_link SET originProcessId = 'r-2', parentProcessId = 'r-2' WHERE processId = '10_crm_p'")
			},
			items: slices.Concat([]string{"instance 10_crm_p: extra"}, different), files: asTheyMade,
		},
		{
			name: "the_window_is_closed",
			happens: func() {
				if err := p.copy.Ledger.CloseFileWindow(t.Context(), "m", key); err != nil {
					t.Fatal(err)
				}
			},
			items: different, files: asTheyMade,
		},
		{
			name:    "records_restore_report",
			happens: func() { p.copy.Settings.ReportOnly = true },
			undo:    func() { p.copy.Settings.ReportOnly = false },
			items:   different, files: asTheyMade, told: []string{`files_reported {"files":3}`},
		},
		{name: "they_are_put_back", files: []string{"a=ours", "b=ours too"}, told: []string{`files_reverted {"removed":1,"again":2}`}},
	} {
		p.again()
		// Closed by the case before, it is as good as new.
		if err := p.copy.Ledger.SaveFileWindow(t.Context(), key, window); err != nil {
			t.Fatal(err)
		}
		told := func() []string { return p.told(migration.EventFilesReverted, migration.EventFilesReported) }
		before := told()
		if tc.happens != nil {
			tc.happens()
		}
		_, items := p.verify(contract.VerifyInput{Fix: !tc.look})
		if tc.undo != nil {
			tc.undo()
		}
		if diff := cmp.Diff(append([]string{}, tc.items...), items); diff != "" {
			t.Errorf("%s: items (-want +got):\n%s", tc.name, diff)
		}
		if diff := cmp.Diff(tc.files, p.files()); diff != "" {
			t.Errorf("%s: files (-want +got):\n%s", tc.name, diff)
		}
		now := slices.DeleteFunc(told(), func(line string) bool { return slices.Contains(before, line) })
		if diff := cmp.Diff(append([]string{}, tc.told...), now); diff != "" {
			t.Errorf("%s: told (-want +got):\n%s", tc.name, diff)
		}
	}
}

// TestCopyUploadsNotesWhatLiesThereUntilTheStart has a tool's file there when
// the copy is repeated after the start.
func TestCopyUploadsNotesWhatLiesThereUntilTheStart(t *testing.T) {
	t.Parallel()
	p := newTwins(t, step.Settings{}, map[string]string{"a": "ours"})
	p.target.file("order", "r-1", "early", "somebody's")
	p.copyFiles()
	p.started()
	p.target.file("order", "r-1", "made", "by a tool")
	p.copyFiles()
	_, items := p.verify(contract.VerifyInput{Fix: true})
	if diff := cmp.Diff([]string{`file order/r-1/"early": extra`}, items); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a=ours", "early=somebody's"}, p.files()); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestVerifyInstancePutsFilesOfLostRowsBack has tools insert two rows with a file
// each, of which one was taken back.
func TestVerifyInstancePutsFilesOfLostRowsBack(t *testing.T) {
	t.Parallel()
	p := newTwins(t, step.Settings{}, map[string]string{"a": "ours"})
	p.started()
	fresh := []migration.RowKey{{Table: "order", ID: "r-1-kept"}, {Table: "order", ID: "r-1-lost"}}
	window := records.Window{Fresh: fresh}
	if err := p.copy.Ledger.SaveWindow(t.Context(), p.copy.Key(onSource), windowOf(1)+afterWindow, window.Encode()); err != nil {
		t.Fatal(err)
	}
	p.target.put("app_fd_order", "id", "r-1-kept")
	for _, row := range fresh {
		p.target.file(row.Table, string(row.ID), "made", "by a tool")
	}
	p.target.file("order", "r-2", "made", "somebody's")
	if out, items := p.verify(contract.VerifyInput{Fix: true}); out.Verdict != migration.VerdictSame {
		t.Errorf("verdict %q: %q", out.Verdict, items)
	}
	for _, row := range []string{"r-1-kept", "r-2"} {
		if _, err := os.Stat(filepath.Join(p.target.folder, "order", row, "made")); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(p.target.folder, "order", "r-1-lost")); !os.IsNotExist(err) {
		t.Errorf("the folder of a row that was taken back: %v", err)
	}
	if diff := cmp.Diff([]string{`files_reverted {"removed":1}`}, p.told(migration.EventFilesReverted)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}
