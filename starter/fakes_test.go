package main_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"jogetferry/config"
	"jogetferry/contract"
	"jogetferry/migration"
	main "jogetferry/starter"
)

var update = flag.Bool("update", false, "write golden files")

// golden compares got with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs; go test ./starter -update writes it\n--- want\n%s\n--- got\n%s", path, want, got)
	}
}

// world is a ledger and a Temporal in memory, and what the starter did to them.
type world struct {
	entries  map[migration.InstanceID]migration.Entry
	findings map[migration.InstanceID][]migration.Finding
	lines    map[migration.InstanceID][]migration.StepLine
	waves    []migration.Wave
	decided  []migration.Decision
	users    map[migration.RecordID][]migration.InstanceID // that have records on the target under their own IDs
	words    map[migration.InstanceID]migration.Word

	activities map[migration.InstanceID][]migration.ActivityDefID
	pilots     map[migration.InstanceID]migration.Pilot
	snapshots  map[migration.InstanceID]migration.Snapshot
	evidence   map[migration.InstanceID]migration.Evidence
	compared   map[migration.InstanceID]migration.Comparison
	written    migration.Written
	sent       map[string]string
	planDiff   migration.PlanDiff
	changes    []migration.PlanChange
	rehearsals []migration.Rehearsal

	rolledBack map[migration.InstanceID]migration.RolledBack
	rollbacks  []migration.Rollback

	bulk       *migration.BulkCopy // nil: none was begun
	bulkTables []migration.BulkTable

	open    map[string]bool // workflows by ID
	waits   string          // what the activity of every workflow waits for, "" for nothing
	queue   string          // of every workflow, "" for the migration's
	idle    bool            // no worker polls
	paused  bool            // every wave
	started []client.StartWorkflowOptions
	inputs  []any
	updates []client.UpdateWorkflowOptions
	rates   []float32
	result  any    // of every workflow
	refuse  error  // answers every update
	refuses string // the only workflow whose updates are, "" for all
	down    error  // answers every call of Temporal

	// tick is called for every wait; the world may move on.
	tick     func(n int)
	ticks    int
	terminal bool
	// asked is called right before a workflow is looked at.
	asked func()
	// beforePilot is called right before a pilot is noted.
	beforePilot func()
}

// ledgerID is the identity of the ledger.
const ledgerID migration.LedgerID = "0123456789ab"

var clock = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

func entry(id string, state migration.InstanceState) migration.Entry {
	return migration.Entry{
		Instance: migration.InstanceID(id), Definition: migration.DefinitionID{Package: "crm", Version: "3", Process: "process1"},
		Target:    migration.DefinitionID{Package: "crm", Version: "5", Process: "process1"},
		Requester: "cat", Record: "r-" + migration.RecordID(id), Started: 1790000000000, State: state, UpdatedAt: clock,
	}
}

func newWorld(entries ...migration.Entry) *world {
	w := &world{entries: map[migration.InstanceID]migration.Entry{}, findings: map[migration.InstanceID][]migration.Finding{}, lines: map[migration.InstanceID][]migration.StepLine{}, open: map[string]bool{}, activities: map[migration.InstanceID][]migration.ActivityDefID{}, pilots: map[migration.InstanceID]migration.Pilot{}, words: map[migration.InstanceID]migration.Word{}, snapshots: map[migration.InstanceID]migration.Snapshot{}}
	for _, e := range entries {
		w.entries[e.Instance] = e
	}
	return w
}

func parked(id string, reason migration.Reason) migration.Entry {
	e := entry(id, migration.InstanceParked)
	e.Reason, e.Step, e.ParkID, e.Wave = reason, migration.StepStart, 2, "1"
	return e
}

// run runs the starter in this world.
func (w *world) run(t *testing.T, args ...string) (status int, out, errs string) {
	t.Helper()
	return w.runContext(t.Context(), args...)
}

func (w *world) runContext(ctx context.Context, args ...string) (status int, out, errs string) {
	var o, e bytes.Buffer
	app := &main.App{
		Out: &o, Err: &e, Terminal: w.terminal, Operator: "operator@host", Now: func() time.Time { return clock },
		Environ: []string{"FERRY_CONFIG=testdata/ferry.yaml"},
		Wait: func(ctx context.Context, _ time.Duration) error {
			w.ticks++
			if w.tick != nil {
				w.tick(w.ticks)
			}
			return ctx.Err()
		},
		Connect: func(context.Context) (main.Temporal, error) {
			t := fakeTemporal{w}
			return main.Temporal{Namespace: "default", Workflows: t, Queues: t, Close: func() {}}, nil
		},
		OpenLedger: func(context.Context, *config.Config, string) (main.Ledger, error) {
			l := fakeLedger{w}
			return main.Ledger{ID: ledgerID, Entries: l, Plans: l, Logs: l, Pilots: l, Effects: l, Waves: l, Decisions: l, Rollbacks: l, Rehearsals: l, Bulk: l, Evidence: l, Closer: l}, nil
		},
	}
	status = app.Run(ctx, args)
	return status, o.String(), e.String()
}

// fakeLedger filters as the ledger does, as far as the starter's tests need.
type fakeLedger struct{ *world }

func (l fakeLedger) Close() error { return nil }

func (l fakeLedger) Entry(_ context.Context, _ migration.Name, id migration.InstanceID) (migration.Entry, error) {
	e, ok := l.entries[id]
	if !ok {
		return e, migration.E(migration.CodeNotFound, "find entry", string(id), "")
	}
	return e, nil
}

func (l fakeLedger) Bulk(_ context.Context, mig migration.Name) (migration.BulkCopy, error) {
	if l.bulk == nil {
		return migration.BulkCopy{}, &migration.Error{Code: migration.CodeNotFound, Op: "read the bulk copy", Subject: string(mig), Hint: "starter copy begins one"}
	}
	return *l.bulk, nil
}

func (l fakeLedger) SetBulk(_ context.Context, _ migration.Name, status migration.BulkStatus) error {
	l.bulk.Status = status
	return nil
}

func (l fakeLedger) TuneBulk(_ context.Context, _ migration.Name, rowsPerSecond int) error {
	l.bulk.RowsPerSecond = rowsPerSecond
	return nil
}

func (l fakeLedger) BulkHeld(context.Context, migration.Name) (migration.BulkHeld, error) {
	return migration.BulkHeld{Tables: 2, Rows: 72_998, Files: 31}, nil
}

func (l fakeLedger) BulkTables(context.Context, migration.Name) ([]migration.BulkTable, error) {
	return l.bulkTables, nil
}

func (l fakeLedger) Account(_ context.Context, mig migration.Name) (migration.Account, error) {
	return migration.Account{Binding: migration.Binding{Migration: mig}}, nil
}

func (l fakeLedger) Packages(context.Context, migration.Name) ([]migration.FrozenPackage, error) {
	return nil, nil
}

func (l fakeLedger) ActivityCounts(context.Context, migration.Name) ([]migration.ActivityCount, error) {
	return nil, nil
}

func (l fakeLedger) Decisions(context.Context, migration.Name) ([]migration.Decided, error) {
	return nil, nil
}

func (l fakeLedger) LinesOf(context.Context, migration.Name, ...migration.Event) iter.Seq2[migration.StepLine, error] {
	return func(func(migration.StepLine, error) bool) {}
}

func (l fakeLedger) selected(f migration.Filter) []migration.Entry {
	var out []migration.Entry
	for _, id := range slices.Sorted(maps.Keys(l.entries)) {
		e := l.entries[id]
		switch {
		case len(f.States) > 0 && !slices.Contains(f.States, e.State),
			len(f.Processes) > 0 && !slices.Contains(f.Processes, e.Definition.Key()),
			len(f.Instances) > 0 && !slices.Contains(f.Instances, e.Instance),
			f.Requester != "" && !migration.SameUser(f.Requester, e.Requester),
			f.StartedBefore != 0 && (e.Started == 0 || e.Started >= f.StartedBefore),
			f.Wave != "" && f.Wave != e.Wave,
			f.TakenBy != "" && f.TakenBy != e.Wave,
			f.Reason != "" && f.Reason != e.Reason,
			f.NoWarned && e.State == migration.InstanceWarned:
		default:
			out = append(out, e)
		}
	}
	return out
}

func (l fakeLedger) EntriesEach(_ context.Context, _ migration.Name, f migration.Filter) iter.Seq2[migration.Entry, error] {
	return func(yield func(migration.Entry, error) bool) {
		for _, e := range l.selected(f) {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (l fakeLedger) Counts(_ context.Context, _ migration.Name, f migration.Filter) (migration.Counts, error) {
	var c migration.Counts
	for _, e := range l.selected(f) {
		count(&c, e)
	}
	return c, nil
}

func count(c *migration.Counts, e migration.Entry) {
	to := map[migration.InstanceState]*int{
		migration.InstanceReady: &c.Ready, migration.InstanceWarned: &c.Warned, migration.InstanceBlocked: &c.Blocked,
		migration.InstanceClaimed: &c.Claimed, migration.InstanceRunning: &c.InFlight, migration.InstanceWaiting: &c.Waiting,
		migration.InstanceParked: &c.Parked, migration.InstanceDone: &c.Done, migration.InstanceSkipped: &c.Skipped, migration.InstanceFailed: &c.Failed,
		migration.InstanceRollingBack: &c.RollingBack,
	}
	*to[e.State]++
	if e.Verdict == migration.VerdictSame {
		c.Same++
	}
}

func (l fakeLedger) CountsByDefinition(_ context.Context, _ migration.Name, f migration.Filter) ([]migration.DefinitionCounts, error) {
	by := map[migration.DefinitionID]*migration.DefinitionCounts{}
	for _, e := range l.selected(f) {
		if by[e.Definition] == nil {
			by[e.Definition] = &migration.DefinitionCounts{Definition: e.Definition}
		}
		count(&by[e.Definition].Counts, e)
	}
	var out []migration.DefinitionCounts
	for _, c := range by {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b migration.DefinitionCounts) int {
		return cmp.Compare(a.Definition.String(), b.Definition.String())
	})
	return out, nil
}

func (l fakeLedger) Findings(_ context.Context, _ migration.Name, id migration.InstanceID) ([]migration.Finding, error) {
	return l.findings[id], nil
}

func (l fakeLedger) FindingCounts(context.Context, migration.Name) ([]migration.FindingCount, error) {
	var counts []migration.FindingCount
	for _, id := range slices.Sorted(maps.Keys(l.findings)) {
		for _, f := range l.findings[id] {
			if id == "" {
				continue
			}
			c := migration.FindingCount{Definition: l.entries[id].Definition, ID: f.ID, Severity: f.Severity}
			at := slices.IndexFunc(counts, func(o migration.FindingCount) bool { o.Instances = 0; return o == c })
			if at < 0 {
				at, counts = len(counts), append(counts, c)
			}
			counts[at].Instances++
		}
	}
	return counts, nil
}

func (l fakeLedger) Hindrances(context.Context, migration.Name) ([]migration.Hindrance, error) {
	var all []migration.Hindrance
	for _, e := range l.selected(migration.Filter{States: []migration.InstanceState{migration.InstanceBlocked}}) {
		h := migration.Hindrance{Definition: e.Definition, Target: e.Target, Instances: 1}
		for _, f := range l.findings[e.Instance] {
			switch {
			case f.Severity != migration.Blocking:
			case f.Way != "":
				h.Ways = append(h.Ways, f.Way)
			default:
				h.Checks = append(h.Checks, f.ID)
			}
		}
		all = append(all, h)
	}
	return all, nil
}

func (l fakeLedger) PlanEach(_ context.Context, _ migration.Name, f migration.Filter) iter.Seq2[migration.PlanEntry, error] {
	return func(yield func(migration.PlanEntry, error) bool) {
		for _, e := range l.selected(f) {
			if !yield(migration.PlanEntry{Entry: e, Findings: l.findings[e.Instance], Activities: l.activities[e.Instance]}, nil) {
				return
			}
		}
	}
}

func (l fakeLedger) PlanDiff(context.Context, migration.Name) (migration.PlanDiff, error) {
	return l.planDiff, nil
}

func (l fakeLedger) PlanChanges(_ context.Context, _ migration.Name, move migration.PlanMove) iter.Seq2[migration.PlanChange, error] {
	return func(yield func(migration.PlanChange, error) bool) {
		for _, c := range l.changes {
			if c.Was == move.Was && c.State == move.State && !yield(c, nil) {
				return
			}
		}
	}
}

func (l fakeLedger) PilotGroups(_ context.Context, _ migration.Name, f migration.Filter) ([]migration.PilotGroup, error) {
	var groups []migration.PilotGroup
	for _, e := range l.selected(f) {
		groups = append(groups, migration.PilotGroup{
			Definition: e.Definition, Target: e.Target, State: e.State, Activities: l.activities[e.Instance], Instances: 1, First: e.Instance,
		})
	}
	return groups, nil
}

func (l fakeLedger) Pilots(context.Context, migration.Name) ([]migration.Pilot, error) {
	var pilots []migration.Pilot
	for _, id := range slices.Sorted(maps.Keys(l.pilots)) {
		p := l.pilots[id]
		p.State, p.Verdict = l.entries[id].State, l.entries[id].Verdict
		pilots = append(pilots, p)
	}
	return pilots, nil
}

func (l fakeLedger) SavePilot(_ context.Context, _ migration.Name, id migration.InstanceID, by string) error {
	if l.beforePilot != nil {
		l.beforePilot()
	}
	e := l.entries[id]
	if e.State != migration.InstanceReady && e.State != migration.InstanceWarned {
		return migration.E(migration.CodeConflict, "save pilot", string(id), "")
	}
	l.pilots[id] = migration.Pilot{Instance: id, Definition: e.Definition, Target: e.Target, By: by, At: clock}
	return nil
}

func (l fakeLedger) Bound(_ context.Context, mig migration.Name) (migration.Binding, error) {
	return migration.Binding{Migration: mig, Source: "s", Target: "t"}, nil
}

func (l fakeLedger) Claimed(_ context.Context, key migration.ClaimKey) (migration.Claim, error) {
	return migration.Claim{ClaimKey: key, Sent: l.sent}, nil
}

func (l fakeLedger) Snapshot(_ context.Context, _ migration.Name, id migration.InstanceID) (migration.Snapshot, error) {
	s, ok := l.snapshots[id]
	if !ok {
		return s, migration.E(migration.CodeNotFound, "read snapshot", string(id), "")
	}
	return s, nil
}

func (l fakeLedger) Evidence(_ context.Context, _ migration.Name, id migration.InstanceID) (migration.Evidence, error) {
	e, ok := l.evidence[id]
	if !ok {
		return e, migration.E(migration.CodeNotFound, "read evidence", string(id), "")
	}
	return e, nil
}

func (l fakeLedger) Comparison(_ context.Context, _ migration.Name, id migration.InstanceID) (migration.Comparison, error) {
	c, ok := l.compared[id]
	if !ok {
		return c, migration.E(migration.CodeNotFound, "read verdict", string(id), "")
	}
	return c, nil
}

func (l fakeLedger) Written(context.Context, migration.ClaimKey) (migration.Written, error) {
	return l.written, nil
}

func (l fakeLedger) Progress(_ context.Context, _ migration.Name, id migration.InstanceID, change migration.Change, lines ...migration.StepLine) error {
	e := l.entries[id]
	e.State = cmp.Or(change.State, e.State)
	l.entries[id] = e
	for _, line := range lines {
		line.ID = int64(len(l.lines[id]) + 1)
		l.lines[id] = append(l.lines[id], line)
	}
	return nil
}

func (l fakeLedger) Lines(_ context.Context, _ migration.Name, id migration.InstanceID) ([]migration.StepLine, error) {
	return l.lines[id], nil
}

func (l fakeLedger) CreateWave(_ context.Context, _ migration.Name, w migration.Wave) (migration.Wave, error) {
	for i := range l.waves {
		if l.waves[i].Name == w.Name {
			l.waves[i].Status, l.waves[i].Pilotless = migration.WaveRunning, l.waves[i].Pilotless || w.Pilotless
			return l.waves[i], nil
		}
	}
	w.Name = cmp.Or(w.Name, migration.WaveName(strconv.Itoa(len(l.waves)+1)))
	w.Status, w.CreatedAt = migration.WaveRunning, clock
	f := w.Filter
	f.States = []migration.InstanceState{migration.InstanceReady, migration.InstanceWarned}
	if w.Delta {
		f.States = []migration.InstanceState{migration.InstanceDone}
	}
	for _, e := range l.selected(f) {
		e.Wave = w.Name
		l.entries[e.Instance] = e
		w.Taken++
	}
	l.waves = append(l.waves, w)
	return w, nil
}

func (l fakeLedger) Wave(_ context.Context, _ migration.Name, name migration.WaveName) (migration.Wave, error) {
	for _, w := range l.waves {
		if w.Name == name {
			return w, nil
		}
	}
	return migration.Wave{}, migration.E(migration.CodeNotFound, "read wave", string(name), "")
}

func (l fakeLedger) Waves(context.Context, migration.Name) ([]migration.Wave, error) {
	return l.waves, nil
}

func (l fakeLedger) SetWave(_ context.Context, _ migration.Name, name migration.WaveName, c migration.WaveChange) error {
	for i := range l.waves {
		if l.waves[i].Name != name {
			continue
		}
		if c.Status != nil {
			l.waves[i].Status = *c.Status
		}
		if c.Window != nil {
			l.waves[i].Window = *c.Window
		}
		if c.Rate != nil {
			l.waves[i].Rate = *c.Rate
		}
	}
	return nil
}

func (l fakeLedger) CreateRollback(_ context.Context, _ migration.Name, ids []migration.InstanceID, discard bool, by string) (migration.Rollback, error) {
	r := migration.Rollback{Name: strconv.Itoa(len(l.rollbacks) + 1), Discard: discard, Taken: len(ids), By: by, CreatedAt: clock}
	l.rollbacks = append(l.rollbacks, r)
	for _, id := range ids {
		l.rollingBack(id, r.Name)
	}
	return r, nil
}

// rollingBack is an entry that a rollback took.
func (w *world) rollingBack(id migration.InstanceID, rollback string) {
	e := w.entries[id]
	if w.rolledBack == nil {
		w.rolledBack = map[migration.InstanceID]migration.RolledBack{}
	}
	w.rolledBack[id] = migration.RolledBack{Rollback: rollback, From: e.State}
	e.State = migration.InstanceRollingBack
	w.entries[id] = e
}

func (l fakeLedger) RollbackOf(_ context.Context, _ migration.Name, id migration.InstanceID) (migration.RolledBack, error) {
	r, ok := l.rolledBack[id]
	if !ok {
		return r, migration.E(migration.CodeNotFound, "read rollback", string(id), "")
	}
	return r, nil
}

func (l fakeLedger) RollbackCounts(_ context.Context, _ migration.Name, name string) (map[migration.RollbackOutcome]int, error) {
	counts := map[migration.RollbackOutcome]int{}
	for _, r := range l.rolledBack {
		if r.Rollback == name {
			counts[r.Outcome]++
		}
	}
	return counts, nil
}

func (l fakeLedger) SayResumeAt(_ context.Context, _ migration.Name, id migration.InstanceID, w migration.Word) error {
	l.words[id] = w
	return nil
}

func (l fakeLedger) ResumeAt(_ context.Context, _ migration.Name, id migration.InstanceID) (migration.Word, error) {
	return l.words[id], nil
}

func (l fakeLedger) Resolve(_ context.Context, _ migration.Name, _ migration.InstanceID, d migration.Decision) error {
	l.decided = append(l.decided, d)
	return nil
}

func (l fakeLedger) RecordUsersOf(_ context.Context, _ migration.Name, record migration.RecordID) ([]migration.InstanceID, error) {
	return l.users[record], nil
}

// fakeTemporal records what is asked of it.
type fakeTemporal struct{ *world }

func (f fakeTemporal) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	if f.down != nil {
		return nil, f.down
	}
	if f.open[o.ID] {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("runs", "", "")
	}
	f.open[o.ID] = true
	f.started = append(f.started, o)
	f.inputs = append(f.inputs, args[0])
	return fakeRun{f.world, o.ID}, nil
}

func (f fakeTemporal) GetWorkflow(_ context.Context, id, _ string) client.WorkflowRun {
	return fakeRun{f.world, id}
}

func (f fakeTemporal) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	return fakeAnswer(f), f.down
}

type fakeAnswer struct{ *world }

func (a fakeAnswer) HasValue() bool { return true }

func (a fakeAnswer) Get(out any) error { return copyValue(contract.WaveStatus{Paused: a.paused}, out) }

func (f fakeTemporal) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	f.updates = append(f.updates, o)
	if f.refuses != "" && f.refuses != o.WorkflowID {
		return fakeHandle{}, nil
	}
	return fakeHandle{err: f.refuse}, nil
}

func (f fakeTemporal) DescribeWorkflowExecution(ctx context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if f.asked != nil {
		f.asked()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	open, known := f.open[id]
	if !known {
		return nil, serviceerror.NewNotFound("no such workflow")
	}
	info := &workflow.WorkflowExecutionInfo{Execution: &commonpb.WorkflowExecution{WorkflowId: id}, TaskQueue: cmp.Or(f.queue, contract.QueuesOf("crm-2026", ledgerID).Workflows)}
	if !open {
		info.CloseTime = timestamppb.New(clock)
	}
	described := &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: info}
	if f.waits != "" {
		described.PendingActivities = []*workflow.PendingActivityInfo{{LastFailure: &failure.Failure{
			Message:     f.waits,
			FailureInfo: &failure.Failure_ApplicationFailureInfo{ApplicationFailureInfo: &failure.ApplicationFailureInfo{Type: contract.WaitingType}},
		}}}
	}
	return described, nil
}

func (f fakeTemporal) DescribeTaskQueue(context.Context, string, enumspb.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error) {
	seen := clock
	if f.idle {
		seen = seen.Add(-3 * time.Minute)
	}
	return &workflowservice.DescribeTaskQueueResponse{Pollers: []*taskqueue.PollerInfo{{LastAccessTime: timestamppb.New(seen)}}}, f.down
}

func (f fakeTemporal) WorkflowService() workflowservice.WorkflowServiceClient {
	return fakeService{world: f.world}
}

type fakeService struct {
	workflowservice.WorkflowServiceClient
	*world
}

func (s fakeService) UpdateTaskQueueConfig(_ context.Context, r *workflowservice.UpdateTaskQueueConfigRequest, _ ...grpc.CallOption) (*workflowservice.UpdateTaskQueueConfigResponse, error) {
	s.rates = append(s.rates, r.GetUpdateQueueRateLimit().GetRateLimit().GetRequestsPerSecond())
	return &workflowservice.UpdateTaskQueueConfigResponse{}, nil
}

type fakeRun struct {
	*world
	id string
}

func (r fakeRun) GetID() string                  { return r.id }
func (r fakeRun) GetRunID() string               { return "run" }
func (r fakeRun) GetFirstExecutionRunID() string { return "run" }

// Get answers at once, or never while no worker polls.
func (r fakeRun) Get(ctx context.Context, out any) error {
	if r.idle {
		<-ctx.Done()
		return ctx.Err()
	}
	if err, failed := r.result.(error); failed {
		return err
	}
	return copyValue(r.result, out)
}

func (r fakeRun) GetWithOptions(ctx context.Context, out any, _ client.WorkflowRunGetOptions) error {
	return r.Get(ctx, out)
}

type fakeHandle struct {
	client.WorkflowUpdateHandle
	err error
}

func (h fakeHandle) Get(context.Context, any) error { return h.err }

func copyValue(from, to any) error {
	data, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, to)
}

func refusal(message string) error { return temporal.NewApplicationError(message, "errorString") }
