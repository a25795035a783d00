package activitytest

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/engine"
	simulated "jogetferry/test/simulator/schema"
	"jogetferry/uploads"
)

// rootTables has the table of the start form of each app.
var rootTables = map[string]string{apps.Leave: "leave_request", apps.Procure: "proc_request", apps.Onboard: "onb_hire", apps.Claims: "claim_case", apps.Terms: "term_case"}

// Begin says which instance begins on the source.
type Begin struct {
	Process   string             // "package/process"
	Requester migration.User     // "": cat
	Record    migration.RecordID // "": a new one
	Variables map[string]string
	Row       map[string]string // fields of the record in the table of the start form; nil: no row
	Files     map[string]string // uploads of the record, content by name
}

// Instance is an instance of the source that a case migrates.
type Instance struct {
	ID     migration.InstanceID
	Record migration.RecordID
	Table  string // of the start form
	// Definition is the source's, and Target what the plan maps it to.
	Definition, Target migration.DefinitionID
	Requester          migration.User

	c *Case
}

// Begin starts an instance on the source, with a row and files of its record.
func (c *Case) Begin(b Begin) *Instance {
	c.t.Helper()
	pkg, process, _ := strings.Cut(b.Process, "/")
	in := &Instance{
		Record: cmp.Or(b.Record, migration.RecordID("r-"+strings.ToLower(rand.Text()))), Table: rootTables[pkg], Requester: cmp.Or(b.Requester, "cat"),
		Definition: migration.DefinitionID{Package: pkg, Version: SourceVersion, Process: process},
		Target:     migration.DefinitionID{Package: pkg, Version: TargetVersion, Process: process},
		c:          c,
	}
	if b.Row != nil {
		c.Source.Row(in.Table, in.Record, b.Row)
	}
	for name, content := range b.Files {
		c.Source.File(in.Table, in.Record, name, content)
	}
	started, err := c.Source.Engine.Start(c.t.Context(), engine.Caller{Name: string(in.Requester)}, engine.StartRequest{
		Definition: in.Definition.String(), RecordID: string(in.Record), Variables: b.Variables,
	})
	c.must(err)
	in.ID = migration.InstanceID(started.Instance)
	return in
}

// Asynchronous is the asynchronous subflow that an activity of the instance called last
// on the source, as an instance that moves by itself.
func (in *Instance) Asynchronous(activity string) *Instance {
	c := in.c
	c.t.Helper()
	const called = "SELECT Performer FROM SHKActivities WHERE ProcessId = ? AND ActivityDefinitionId = ? AND IsPerformerAsynchronous = 1 ORDER BY oid DESC LIMIT 1"
	child := c.Source.Tree(migration.InstanceID(c.Source.Text(called, string(in.ID), activity))).Instance
	target := child.Definition
	target.Version = TargetVersion
	return &Instance{ID: child.ID, Record: child.Record, Table: in.Table, Definition: child.Definition, Target: target, Requester: child.Requester, c: c}
}

// Step is the input of a step on the instance.
func (in *Instance) Step() contract.StepInput { return in.c.Step(in.ID) }

// Key is that of its start in the ledger.
func (in *Instance) Key() migration.ClaimKey {
	return migration.ClaimKey{Source: in.c.SourcePrint, Instance: in.ID, Target: in.c.TargetPrint}
}

// Plan makes instances ready in the ledger, together with what was planned before.
func (c *Case) Plan(list ...*Instance) {
	c.t.Helper()
	page := make([]migration.PlanEntry, 0, len(list))
	for _, in := range list {
		page = append(page, migration.PlanEntry{Entry: migration.Entry{
			Instance: in.ID, Definition: in.Definition, Target: in.Target, Requester: in.Requester, Record: in.Record, State: migration.InstanceReady,
		}})
	}
	c.must(c.Ledger.SavePlan(c.t.Context(), c.Migration, "plan", page))
}

// Plan makes the instance ready in the ledger.
func (in *Instance) Plan() {
	in.c.t.Helper()
	in.c.Plan(in)
}

// Snapshot keeps in the ledger what the source has of the instance now, rows of
// its record included.
func (in *Instance) Snapshot() migration.Snapshot {
	in.c.t.Helper()
	snapshot, _ := in.read()
	_, err := in.c.Ledger.SaveSnapshot(in.c.t.Context(), in.c.Migration, in.ID, snapshot)
	in.c.must(err)
	return snapshot
}

func (in *Instance) read() (migration.Snapshot, records.Set) {
	c := in.c
	c.t.Helper()
	snapshot := migration.Snapshot{Tree: *c.Source.Tree(in.ID)}
	app, err := apps.Read(in.Definition.Package)
	c.must(err)
	model := migration.FormModel{Tables: slices.Sorted(maps.Keys(app.FormTables()))}
	set, err := records.Collect(c.t.Context(), c.Source.DB.Pool(), c.Source.Tables, records.Selection{Model: model, Root: in.Record}, records.Limits{})
	c.must(err)
	for i := range set.Rows {
		digest := set.Rows[i].Digest()
		snapshot.Rows = append(snapshot.Rows, migration.RowDigest{RowKey: set.Rows[i].Key, Digest: hex.EncodeToString(digest[:])})
	}
	return snapshot, set
}

// Copy takes the snapshot and copies the rows and files of the record that have
// its ID, as the steps before the start do.
func (in *Instance) Copy() {
	c := in.c
	c.t.Helper()
	snapshot, set := in.read()
	_, err := c.Ledger.SaveSnapshot(c.t.Context(), c.Migration, in.ID, snapshot)
	c.must(err)
	_, err = records.Copy(c.t.Context(), records.Target{DB: c.Target.DB.Pool(), Schema: c.Target.Tables}, set, c.Ledger.RowImages(c.Migration, in.Key()), records.CopyOptions{})
	c.must(err)
	copied, err := uploads.Copy(c.t.Context(), c.Source.Uploads, c.Target.Uploads, set.Keys(), c.Ledger.FileImages(c.Migration, in.Key()), uploads.Options{})
	c.must(err)
	seen, err := uploads.Seen(c.t.Context(), c.Target.Uploads, set.Keys(), copied.Sums)
	c.must(err)
	c.must(c.Ledger.SaveFileCapture(c.t.Context(), in.Key(), seen))
}

// Start starts the instance on the target as its requester, with the variables
// of its snapshot, and has the ledger know it as ours. What tools changed stays.
func (in *Instance) Start() migration.InstanceID {
	c, ctx := in.c, in.c.t.Context()
	c.t.Helper()
	snapshot, err := c.Ledger.Snapshot(ctx, c.Migration, in.ID)
	c.must(err)
	app, err := apps.Read(in.Target.Package)
	c.must(err)
	sent := map[string]string{}
	for _, v := range snapshot.Instance.Variables {
		if declared, ok := app.Package.Process(in.Target.Process).Variable(v.Name); ok && declared.Type.Takes(v.Value) {
			sent[v.Name] = v.Value
		}
	}
	token := migration.Token(rand.Text())
	claim, got, err := c.Ledger.Claim(ctx, in.Key(), in.Record, token, c.Migration)
	if err != nil || !got {
		c.t.Fatalf("claimed %t: %v", got, err)
	}
	if !claim.BaselineTaken {
		c.must(c.Ledger.SaveBaseline(ctx, in.Key(), token, nil))
	}
	c.must(c.Ledger.Sending(ctx, in.Key(), token, sent, in.Target))
	id := in.StartUnknown(in.Requester, sent)
	identity := in.Identity(id)
	c.must(c.Ledger.Outcome(ctx, in.Key(), token, migration.StartOutcome{Fate: migration.FateAnswered, Status: 200, Started: &identity}))
	c.must(c.Ledger.Progress(ctx, c.Migration, in.ID, migration.Change{State: migration.InstanceRunning, Step: migration.StepStart, TargetID: id}))
	return id
}

// StartUnknown starts an instance of the record on the target that the ledger
// hears nothing of.
func (in *Instance) StartUnknown(requester migration.User, variables map[string]string) migration.InstanceID {
	in.c.t.Helper()
	started, err := in.c.Target.Engine.Start(in.c.t.Context(), engine.Caller{Name: string(requester)}, engine.StartRequest{
		Definition: in.Target.String(), RecordID: string(in.Record), Variables: variables,
	})
	in.c.must(err)
	return migration.InstanceID(started.Instance)
}

// Identity reads what tells a target instance from others.
func (in *Instance) Identity(id migration.InstanceID) migration.TargetIdentity {
	in.c.t.Helper()
	return in.c.Target.Tree(id).Instance.Identity()
}

// Entry is what the ledger has of the instance.
func (in *Instance) Entry() migration.Entry {
	in.c.t.Helper()
	e, err := in.c.Ledger.Entry(in.c.t.Context(), in.c.Migration, in.ID)
	in.c.must(err)
	return e
}

// Claim is how its start stands.
func (in *Instance) Claim() migration.Claim {
	in.c.t.Helper()
	claim, err := in.c.Ledger.Claimed(in.c.t.Context(), in.Key())
	in.c.must(err)
	return claim
}

// TargetID is the target instance that the ledger knows, "" for none.
func (in *Instance) TargetID() migration.InstanceID { return in.Claim().Started.ID }

// Told returns the lines of the log about some events, as "event facts".
func (in *Instance) Told(events ...migration.Event) []string {
	in.c.t.Helper()
	lines, err := in.c.Ledger.Lines(in.c.t.Context(), in.c.Migration, in.ID)
	in.c.must(err)
	told := []string{}
	for _, l := range lines {
		if !slices.Contains(events, l.Event) {
			continue
		}
		facts, err := json.Marshal(l.Facts)
		in.c.must(err)
		told = append(told, string(l.Event)+" "+string(facts))
	}
	return told
}

// Decide takes the operator's decision on the instance's parking, which is then over.
func (in *Instance) Decide(action migration.Action, discard bool) {
	c := in.c
	c.t.Helper()
	e := in.Entry()
	if e.State != migration.InstanceParked {
		c.t.Fatalf("%s is %s, not parked", in.ID, e.State)
	}
	c.must(c.Ledger.Resolve(c.t.Context(), c.Migration, in.ID, migration.Decision{ParkID: e.ParkID, Action: action, Discard: discard}))
	c.must(c.Ledger.Progress(c.t.Context(), c.Migration, in.ID, migration.Change{From: []migration.InstanceState{migration.InstanceParked}, State: migration.InstanceRunning}))
}

// OnSource is the Standing of the instance.
func (in *Instance) OnSource() []string {
	in.c.t.Helper()
	return in.c.Source.Standing(in.ID)
}

// OnTarget is the Standing of its target instance.
func (in *Instance) OnTarget() []string {
	in.c.t.Helper()
	return in.c.Target.Standing(in.TargetID())
}

// Linked lists the target's instances of the record that are not subflows, as
// "requester state", sorted.
func (in *Instance) Linked() []string {
	in.c.t.Helper()
	linked, err := in.c.Target.DB.Fresh().LinkedInstances(in.c.t.Context(), in.Record)
	in.c.must(err)
	list := []string{}
	for _, l := range linked {
		if !l.Child {
			list = append(list, string(l.Requester)+" "+string(l.State))
		}
	}
	slices.Sort(list)
	return list
}

// selectInstances selects the instances of a record, subflows included.
const selectInstances = "SELECT processId FROM wf_process_link WHERE originProcessId = ? UNION SELECT processId FROM wf_process_link_history WHERE originProcessId = ?"

// Done lists what was done on the target to instances of the record, oldest
// first, without routes and tools: "start by cat", "complete settle by david in
// person", "activity_start doctor by admin, aborting". Kinds are those of
// package effects; none means all.
func (in *Instance) Done(kinds ...string) []string {
	c := in.c
	c.t.Helper()
	known := map[string]bool{}
	err := simulated.Each(c.t.Context(), c.Target.SQL, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		known[id] = true
		return err
	}, selectInstances, string(in.Record), string(in.Record))
	c.must(err)
	list := []string{}
	for _, e := range c.stage.sim.Effects() {
		if e.RecordID != string(in.Record) && !known[e.Instance] || len(kinds) > 0 && !slices.Contains(kinds, e.What) || e.What == effects.Tool && len(kinds) == 0 {
			continue
		}
		line := e.What
		for _, about := range []string{e.ActivityDefID, e.Detail} {
			if about != "" {
				line += " " + about
			}
		}
		line += " by " + e.Caller
		if e.AbortCurrent {
			line += ", aborting"
		}
		if e.HTTP == "" {
			line += " in person"
		}
		if e.Result != effects.OK {
			line += fmt.Sprintf(" (%s)", e.Result)
		}
		list = append(list, line)
	}
	return list
}
