package target_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
	"jogetferry/test/simulator/effects"
)

// writes has variables written that no call can set.
func writes(p *scene.Ports) { p.Settings.WriteVariables = true }

// value is a value that somebody gives a variable in the tables of a server.
type value struct {
	path     migration.Path // the instance, "" for the root
	activity migration.ActivityDefID
	name     string
	column   string
	value    any
}

// the names of the columns in which values stand.
const (
	asBoolean = "VariableValueBOOL"
	asInteger = "VariableValueLONG"
	asFloat   = "VariableValueDBL"
	asDate    = "VariableValueDATE"
)

const (
	setOfInstance = "UPDATE SHKProcessData SET %s = ? WHERE VariableDefinitionId = ? AND Process = (SELECT oid FROM SHKProcesses WHERE Id = ?)"
	setOfActivity = "UPDATE SHKActivityData SET %s = ? WHERE VariableDefinitionId = ? AND Activity = (SELECT oid FROM SHKActivities WHERE Id = ?)"
)

// at finds the instance of a tree.
func at(t *testing.T, s *activitytest.Server, root migration.InstanceID, path migration.Path) *migration.Instance {
	t.Helper()
	for p, tree := range s.Tree(root).Walk() {
		if p == path {
			return &tree.Instance
		}
	}
	t.Fatalf("%s has nothing at %q", root, path)
	return nil
}

// put gives variables values, as no call can.
func put(t *testing.T, s *activitytest.Server, root migration.InstanceID, values ...value) {
	t.Helper()
	for _, v := range values {
		i := at(t, s, root, v.path)
		if v.activity == "" {
			s.Exec(strings.Replace(setOfInstance, "%s", v.column, 1), v.value, v.name, string(i.ID))
			continue
		}
		s.Exec(strings.Replace(setOfActivity, "%s", v.column, 1), v.value, v.name, string(i.Open(v.activity).ID))
	}
}

var (
	typed     = activitytest.Begin{Process: "terms/typed", Variables: map[string]string{"count": "3"}}
	outer     = activitytest.Begin{Process: "terms/outer", Variables: map[string]string{"count": "3"}}
	toRegular = scene.Way{{Activity: "draft"}}
	toCalled  = scene.Way{{Activity: "draft"}}
	toSettle  = scene.Way{{Activity: "draft"}, {Activity: "call/weigh"}}
)

// copied is an instance whose start is next, with values that no call sets.
func copied(t *testing.T, c *activitytest.Case, b activitytest.Begin, way scene.Way, values ...value) *activitytest.Instance {
	t.Helper()
	in := c.Begin(b)
	way.Walk(c, in)
	put(t, c.Source, in.ID, values...)
	in.Plan()
	j := scene.Worker(c, writes)
	rows, err := activitytest.Run(t, j.Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	activitytest.Same(t, "copy of rows", done, rows.Outcome)
	files, err := activitytest.Run(t, j.Register, contract.CopyUploads, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "copy of files", done, files.Outcome)
	return in
}

// carry takes an instance from its start to the verification, and returns where it ended.
func carry(t *testing.T, j *scene.Ports, in *activitytest.Instance) contract.Outcome {
	t.Helper()
	started, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "start", contract.Outcome{Status: contract.StatusOK}, activitytest.Decided(started.Outcome))
	return goOn(t, j, in)
}

func goOn(t *testing.T, j *scene.Ports, in *activitytest.Instance) contract.Outcome {
	t.Helper()
	restored, err := activitytest.Retry(t, j.Register, contract.RestoreState, in.Step())
	activitytest.Must(t, err)
	if restored.Status != contract.StatusOK {
		return activitytest.Decided(restored.Outcome)
	}
	if out := scene.Resume(t, j, in); out.Status != contract.StatusOK {
		return out
	}
	out, err := activitytest.Retry(t, j.Register, contract.VerifyInstance, contract.VerifyInput{StepInput: in.Step(), Fix: true})
	activitytest.Must(t, err)
	return activitytest.Decided(out.Outcome)
}

// values tells all variables of a tree, those of open activities too, as two servers
// have to have them alike.
func values(t *testing.T, s *activitytest.Server, root migration.InstanceID) []string {
	t.Helper()
	var lines []string
	tell := func(at string, list []migration.Variable) {
		for _, v := range list {
			lines = append(lines, at+v.Name+" = "+string(v.Kind)+" "+v.Value)
		}
	}
	for p, tree := range s.Tree(root).Walk() {
		tell(string(p)+"/", tree.Instance.Variables)
		for _, a := range tree.Instance.Activities {
			tell(string(p)+"/"+string(a.DefID)+".", a.Variables)
		}
	}
	slices.Sort(lines)
	return lines
}

var done = contract.Outcome{Status: contract.StatusOK}

// TestVariables_of_every_type has values that no call can set, in the instance itself, in
// an open activity and in a subflow.
func TestVariables_of_every_type(t *testing.T) {
	t.Parallel()
	kinds := []struct {
		name, variable, column string
		value                  any
	}{
		{"boolean", "urgent", asBoolean, 1},
		{"date", "due", asDate, "2024-02-29 23:30:00"},
		{"integer", "count", asInteger, -41},
		{"float", "rate", asFloat, 830.25},
		{"null_boolean", "urgent", asBoolean, nil},
		{"null_date", "due", asDate, nil},
		{"null_integer", "count", asInteger, nil},
		{"null_float", "rate", asFloat, nil},
	}
	for _, where := range []struct {
		name     string
		begin    activitytest.Begin
		way      scene.Way
		path     migration.Path
		activity migration.ActivityDefID
	}{
		{name: "instance_as_it_starts", begin: typed},
		{name: "instance", begin: typed, way: toRegular},
		{name: "activity_as_it_starts", begin: typed, activity: "draft"},
		{name: "activity", begin: typed, way: toRegular, activity: "regular"},
		{name: "subflow", begin: outer, way: toCalled, path: "call"},
		{name: "activity_of_a_subflow", begin: outer, way: toSettle, path: "call", activity: "settle"},
		{name: "caller", begin: outer, way: toSettle, activity: "call"},
	} {
		for _, kind := range kinds {
			t.Run(where.name+"/"+kind.name, func(t *testing.T) {
				t.Parallel()
				c := activitytest.Shared(t).Case(t)
				in := copied(t, c, where.begin, where.way, value{where.path, where.activity, kind.variable, kind.column, kind.value})
				activitytest.Same(t, "outcome", done, carry(t, scene.Worker(c, writes), in))
				activitytest.Same(t, "variables", values(t, c.Source, in.ID), values(t, c.Target, in.TargetID()))
				activitytest.Same(t, "the target", in.OnSource(), in.OnTarget())
			})
		}
	}
}

// TestVariables_written_are_the_engines looks at the rows, and has the engine go on with
// what was written.
func TestVariables_written_are_the_engines(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := copied(t, c, typed, nil,
		value{name: "urgent", column: asBoolean, value: 1}, value{name: "due", column: asDate, value: "2024-02-29 23:30:00"})
	activitytest.Same(t, "outcome", done, carry(t, scene.Worker(c, writes), in))
	row := func(name string) string {
		return c.Target.Text("SELECT CONCAT_WS('|', VariableType, HEX(VariableValue), IFNULL(VariableValueVCHAR, '-'), VariableValueDBL, VariableValueLONG, IFNULL(VariableValueDATE, '-'), VariableValueBOOL, version)"+
			" FROM SHKProcessData WHERE VariableDefinitionId = ? AND Process = (SELECT oid FROM SHKProcesses WHERE Id = ?)", name, string(in.TargetID()))
	}
	activitytest.Same(t, "the boolean", "0|00|-|0|0|-|1|1", row("urgent"))
	activitytest.Same(t, "the date", "4|00|-|0|0|2024-02-29 23:30:00|0|1", row("due"))
	activitytest.Same(t, "results", "0", c.Target.Text("SELECT SUM(IsResult) FROM SHKActivityData WHERE Activity IN (SELECT oid FROM SHKActivities WHERE ProcessId = ?)", string(in.TargetID())))
	activitytest.Same(t, "former values", 2, len(in.Told(migration.EventVariableBefore)))
	activitytest.Same(t, "shown", 1, len(in.Told(migration.EventVariablesShown)))
	// Its condition asks for both.
	c.Target.Complete(in.TargetID(), "draft", "", nil)
	c.Target.Await(in.TargetID(), "express")
}

// TestVariables_are_written_from_the_inside_out has a subflow that hands one back.
func TestVariables_are_written_from_the_inside_out(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := copied(t, c, outer, toSettle,
		value{name: "urgent", column: asBoolean, value: 1},
		value{path: "call", name: "count", column: asInteger, value: 8}, value{path: "call", name: "urgent", column: asBoolean, value: 0},
		value{path: "call", activity: "settle", name: "count", column: asInteger, value: 8})
	activitytest.Same(t, "outcome", done, carry(t, scene.Worker(c, writes), in))
	activitytest.Same(t, "variables", values(t, c.Source, in.ID), values(t, c.Target, in.TargetID()))
	// The last round brings back what activities were started with.
	told := in.Told(migration.EventVariableBefore)
	last := strings.Join(told[max(0, len(told)-2):], "\n")
	if child := string(at(t, c.Target, in.TargetID(), "call").ID); strings.LastIndex(last, child) > strings.LastIndex(last, string(in.TargetID())) {
		t.Errorf("the instance above was written first:\n%s", last)
	}
}

// TestVariables_without_the_switch leaves all as it is.
func TestVariables_without_the_switch(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := copied(t, c, typed, nil)
	put(t, c.Source, in.ID, value{name: "count", column: asInteger, value: 9})
	in.Snapshot()
	id := in.Start()
	put(t, c.Target, id, value{name: "count", column: asInteger, value: 7})
	activitytest.Same(t, "outcome", activitytest.Parked(migration.ReasonVariablesDiffer), goOn(t, scene.Worker(c), in))
	activitytest.Same(t, "the variable", "7", scene.Variable(c.Target, id, "count"))
}

// TestVariables_that_do_not_fit has the source keep a text where the target wants a number.
func TestVariables_that_do_not_fit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		want       contract.Outcome
		after      string
	}{
		{"a_number", "41", done, "41"},
		{"no_number", "41 days", activitytest.Parked(migration.ReasonVariablesDiffer), "3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := c.Begin(typed)
			in.Plan()
			in.Copy()
			id := in.Start()
			for _, activity := range []migration.ActivityDefID{"", "draft"} {
				put(t, c.Source, in.ID, value{activity: activity, name: "count", column: "VariableType", value: 3}, value{activity: activity, name: "count", column: "VariableValueVCHAR", value: tc.text})
			}
			in.Snapshot()
			activitytest.Same(t, "outcome", tc.want, goOn(t, scene.Worker(c, writes), in))
			activitytest.Same(t, "the variable", tc.after, scene.Variable(c.Target, id, "count"))
		})
	}
}

// TestVariables_of_another_time_zone has dates on two servers whose clocks on the wall differ.
func TestVariables_of_another_time_zone(t *testing.T) {
	t.Parallel()
	stage := activitytest.NewWith(t, activitytest.Options{SourceZone: time.FixedZone("MYT", 8*3600), TargetZone: time.FixedZone("", -5*3600)})
	c := stage.Case(t)
	in := copied(t, c, typed, toRegular,
		value{name: "due", column: asDate, value: "2024-03-01 04:30:00"}, value{activity: "regular", name: "due", column: asDate, value: "2024-02-29 23:30:00"})
	activitytest.Same(t, "outcome", done, carry(t, scene.Worker(c, writes), in))
	activitytest.Same(t, "of the instance", "2024-02-29 15:30:00", scene.Variable(c.Target, in.TargetID(), "due"))
	open := at(t, c.Target, in.TargetID(), "").Open("regular")
	i := slices.IndexFunc(open.Variables, func(v migration.Variable) bool { return v.Name == "due" })
	activitytest.Same(t, "of the activity", "2024-02-29 10:30:00", open.Variables[i].Value)
}

// TestVariables_that_the_target_does_not_show has an engine with caches.
func TestVariables_that_the_target_does_not_show(t *testing.T) {
	t.Parallel()
	stage := activitytest.NewWith(t, activitytest.Options{Caches: true})
	c := stage.Case(t)
	in := copied(t, c, typed, toRegular, value{name: "urgent", column: asBoolean, value: 1})
	j := scene.Worker(c, writes)
	refused := activitytest.Parked(migration.ReasonEngineWritesRefused)
	activitytest.Same(t, "outcome", refused, carry(t, j, in))
	activitytest.Same(t, "shown", 0, len(in.Told(migration.EventVariablesShown)))
	activitytest.Same(t, "started", []string{}, in.Done(effects.ActivityStart))
	// The tables are right by now, and the engine is not.
	in.Decide(migration.ActionRetry, false)
	activitytest.Same(t, "once more", refused, scene.Resume(t, j, in))
	activitytest.Same(t, "started since", []string{}, in.Done(effects.ActivityStart))
}

// TestVariables_that_a_new_activity_does_not_have has an engine that shows what is
// written, and starts activities with something else.
func TestVariables_that_a_new_activity_does_not_have(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := copied(t, c, typed, toRegular, value{name: "urgent", column: asBoolean, value: 1}, value{activity: "regular", name: "urgent", column: asBoolean, value: 1})
	c.Door.At(activitytest.Effected, activityStart, func() {
		put(t, c.Target, in.TargetID(), value{activity: "regular", name: "urgent", column: asBoolean, value: 0})
	})
	j := scene.Worker(c, writes)
	activitytest.Same(t, "outcome", activitytest.Parked(migration.ReasonEngineWritesRefused), carry(t, j, in))
	// The operator has mended it: what was opened is opened anew.
	in.Decide(migration.ActionRetry, false)
	activitytest.Same(t, "mended", done, goOn(t, j, in))
	activitytest.Same(t, "variables", values(t, c.Source, in.ID), values(t, c.Target, in.TargetID()))
}

// awaits waits until f is so.
func awaits(t *testing.T, f func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for pace := rate.NewLimiter(rate.Every(10*time.Millisecond), 1); !f(); {
		activitytest.Must(t, pace.Wait(ctx))
	}
}

// lockRows has somebody's session lock what a query selects until the end of the test, or
// until let go.
func lockRows(t *testing.T, c *activitytest.Case, query string, args ...any) (tx *sql.Tx, release func()) {
	t.Helper()
	tx, err := c.Target.SQL.BeginTx(context.WithoutCancel(t.Context()), nil)
	activitytest.Must(t, err)
	_, err = tx.ExecContext(t.Context(), query, args...)
	activitytest.Must(t, err)
	release = func() {
		if err := tx.Commit(); err != nil && !errors.Is(err, sql.ErrTxDone) {
			t.Error(err)
		}
	}
	t.Cleanup(release)
	return tx, release
}

const (
	lockVariables = "UPDATE SHKProcessData SET version = version WHERE Process = (SELECT oid FROM SHKProcesses WHERE Id = ?)"
	lockInstance  = "UPDATE SHKProcesses SET version = version WHERE Id = ?"
)

// begunWriting is an instance whose next step is to write a variable.
func begunWriting(t *testing.T, c *activitytest.Case) *activitytest.Instance {
	t.Helper()
	in := copied(t, c, typed, nil)
	put(t, c.Source, in.ID, value{name: "urgent", column: asBoolean, value: 1})
	in.Snapshot()
	in.Start()
	return in
}

// attempt makes one attempt to restore, beside the test.
func attempt(t *testing.T, j *scene.Ports, in *activitytest.Instance) <-chan error {
	ended := make(chan error, 1)
	go func() {
		_, err := activitytest.Run(t, j.Register, contract.RestoreState, in.Step())
		ended <- err
	}()
	return ended
}

func (w waitsFor) fence(t *testing.T, open bool) {
	t.Helper()
	awaits(t, func() bool {
		fence, err := w.c.Ledger.Fence(t.Context(), w.in.Key())
		activitytest.Must(t, err)
		return (fence != nil) == open
	})
}

type waitsFor struct {
	c  *activitytest.Case
	in *activitytest.Instance
}

// TestVariables_when_the_row_moves has somebody change the variable between the look and
// the write.
func TestVariables_when_the_row_moves(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := begunWriting(t, c)
	tx, release := lockRows(t, c, lockVariables, string(in.TargetID()))
	ended := attempt(t, scene.Worker(c, writes), in)
	waitsFor{c, in}.fence(t, true)
	_, err := tx.ExecContext(t.Context(), "UPDATE SHKProcessData SET version = version + 1 WHERE VariableDefinitionId = 'urgent' AND Process = (SELECT oid FROM SHKProcesses WHERE Id = ?)", string(in.TargetID()))
	activitytest.Must(t, err)
	release()
	activitytest.Same(t, "the attempt", contract.WaitingType, activitytest.TypeOf(<-ended))
	activitytest.Same(t, "the variable", "false", scene.Variable(c.Target, in.TargetID(), "urgent"))
	waitsFor{c, in}.fence(t, false)
	activitytest.Same(t, "outcome", done, goOn(t, scene.Worker(c, writes), in))
	activitytest.Same(t, "the variable, then", "true", scene.Variable(c.Target, in.TargetID(), "urgent"))
}

// TestVariables_when_somebody_accepts has a person come between the look and the write.
func TestVariables_when_somebody_accepts(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := begunWriting(t, c)
	_, release := lockRows(t, c, lockInstance, string(in.TargetID()))
	ended := attempt(t, scene.Worker(c, writes), in)
	waitsFor{c, in}.fence(t, true)
	c.Target.Accept(in.TargetID(), "draft", at(t, c.Target, in.TargetID(), "").Open("draft").Assignments[0].User)
	release()
	activitytest.Same(t, "the attempt", contract.WaitingType, activitytest.TypeOf(<-ended))
	activitytest.Same(t, "outcome", activitytest.Parked(migration.ReasonTargetMoved), goOn(t, scene.Worker(c, writes), in))
	activitytest.Same(t, "the variable", "false", scene.Variable(c.Target, in.TargetID(), "urgent"))
}

// TestVariables_when_the_worker_dies has the ledger know of an intent, and of no outcome.
func TestVariables_when_the_worker_dies(t *testing.T) {
	t.Parallel()
	intent := func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
		t.Helper()
		_, err := c.Ledger.OpenFence(t.Context(), in.Key(), migration.StepRestore, migration.Call{Verb: migration.VerbWriteVariables, Target: in.TargetID()})
		activitytest.Must(t, err)
	}
	raised := value{name: "urgent", column: asBoolean, value: 1}
	for _, tc := range []struct {
		name string
		dies func(*testing.T, *activitytest.Case, *activitytest.Instance)
	}{
		{name: "before_it_writes", dies: intent},
		{name: "when_it_has_written", dies: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
			t.Helper()
			intent(t, c, in)
			put(t, c.Target, in.TargetID(), raised)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := begunWriting(t, c)
			tc.dies(t, c, in)
			activitytest.Same(t, "outcome", done, goOn(t, scene.Worker(c, writes), in))
			activitytest.Same(t, "variables", values(t, c.Source, in.ID), values(t, c.Target, in.TargetID()))
			activitytest.Same(t, "proven", true, len(in.Told(migration.EventVariablesShown)) > 0)
		})
	}
}

// TestVariables_while_a_dead_worker_holds_them has its session still there.
func TestVariables_while_a_dead_worker_holds_them(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := begunWriting(t, c)
	_, err := c.Ledger.OpenFence(t.Context(), in.Key(), migration.StepRestore, migration.Call{Verb: migration.VerbWriteVariables, Target: in.TargetID()})
	activitytest.Must(t, err)
	_, release := lockRows(t, c, lockVariables, string(in.TargetID()))
	ended := attempt(t, scene.Worker(c, writes, scene.Settled), in)
	// Its time has passed, and that proves nothing.
	activitytest.Same(t, "the attempt", contract.WaitingType, activitytest.TypeOf(<-ended))
	fence, err := c.Ledger.Fence(t.Context(), in.Key())
	activitytest.Must(t, err)
	activitytest.Same(t, "its fence is open", true, fence != nil)
	release()
	activitytest.Same(t, "outcome", done, goOn(t, scene.Worker(c, writes), in))
}

// TestVariables_of_a_worker_that_was_taken_for_dead has it come back when somebody else
// has gone on.
func TestVariables_of_a_worker_that_was_taken_for_dead(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := begunWriting(t, c)
	_, release := lockRows(t, c, lockVariables, string(in.TargetID()))
	ended := attempt(t, scene.Worker(c, writes), in)
	waitsFor{c, in}.fence(t, true)
	fence, err := c.Ledger.Fence(t.Context(), in.Key())
	activitytest.Must(t, err)
	activitytest.Must(t, c.Ledger.CloseFence(t.Context(), in.Key(), fence.ID, migration.FateOver, 0, ""))
	release()
	if err := <-ended; err == nil {
		t.Error("it takes its write for made")
	}
	activitytest.Same(t, "the variable", "false", scene.Variable(c.Target, in.TargetID(), "urgent"))
}

// TestVariables_are_rolled_back_with_their_instance ends what was written into.
func TestVariables_are_rolled_back_with_their_instance(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := copied(t, c, typed, toRegular, value{name: "urgent", column: asBoolean, value: 1}, value{name: "due", column: asDate, value: "2024-02-29 23:30:00"})
	j := scene.Worker(c, writes)
	activitytest.Same(t, "outcome", done, carry(t, j, in))
	id := in.TargetID()
	_, err := activitytest.Retry(t, j.Register, contract.AbortTarget, contract.AbortTargetInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	_, err = activitytest.Retry(t, j.Register, contract.UndoData, contract.UndoDataInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	activitytest.Same(t, "the entry", migration.InstanceReady, in.Entry().State)
	activitytest.Same(t, "open", "0", c.Target.Text("SELECT COUNT(*) FROM SHKProcesses WHERE Id = ? AND State IN (1000000, 1000002, 1000004)", string(id)))
}
