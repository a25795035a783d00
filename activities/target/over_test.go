package target_test

import (
	"strings"
	"testing"
	"time"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/fault"
)

// cutInside runs a step whose call is held at a place of the target's engine, and
// loses its connection there. What is given is done while it is held. release lets the call go on.
func cutInside(t *testing.T, s *activitytest.Stage, c *activitytest.Case, place string, run func() (contract.Outcome, error), held ...func()) (out contract.Outcome, release func(), err error) {
	t.Helper()
	arrived, release := s.Hold(t, place)
	done := make(chan struct{})
	go func() {
		defer close(done)
		out, err = run()
	}()
	select {
	case <-arrived:
	case <-t.Context().Done():
		t.Fatal("no call came to " + place)
	}
	for _, do := range held {
		do()
	}
	c.Door.Cut()
	<-done
	return out, release, err
}

// TestReconcileStart_leaves_alone_what_still_works has the answer of a start lost
// while it works in the target, where its instance is linked and running already.
func TestReconcileStart_leaves_alone_what_still_works(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		place string
		begin func(*activitytest.Case) *activitytest.Instance
		tool  bool // only time can tell that it is over
	}{
		{place: engine.AtRoute, begin: scene.Ready},
		{place: engine.AtMapping, begin: scene.Ready},
		{place: engine.AtAssignments, begin: scene.Ready},
		{place: engine.AtTool, begin: scene.Intake, tool: true},
		{place: engine.AtToolDone, begin: scene.Intake, tool: true},
	} {
		t.Run(tc.place, func(t *testing.T) {
			t.Parallel()
			s := activitytest.New(t)
			c := s.Case(t)
			in := tc.begin(c)
			if tc.tool {
				scene.Copied(t, c, in)
			}
			j := scene.Worker(c)
			out, release, err := cutInside(t, s, c, tc.place, func() (contract.Outcome, error) {
				out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
				return out.Outcome, err
			})
			activitytest.Must(t, err)
			activitytest.Same(t, "start", contract.StatusUnknown, out.Status)
			activitytest.Same(t, "seen", []string{"cat open.running"}, in.Linked())
			_, err = activitytest.Run(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
			activitytest.Same(t, "while it works", contract.WaitingType, activitytest.TypeOf(err))
			activitytest.Same(t, "claim", migration.ClaimUnknown, in.Claim().State)

			release()
			c.Target.Await(migration.InstanceID(c.Target.Text("SELECT Id FROM SHKProcesses ORDER BY oid DESC LIMIT 1")), map[bool]string{false: "approve", true: "review"}[tc.tool])
			if tc.tool {
				_, err = activitytest.Run(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
				activitytest.Same(t, "where a tool ran", contract.WaitingType, activitytest.TypeOf(err))
				j = scene.Worker(c, scene.Settled)
			}
			reconciled, err := activitytest.Retry(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
			activitytest.Must(t, err)
			activitytest.Same(t, "when it is over", contract.StatusOK, reconciled.Status)
			activitytest.Same(t, "starts", []string{"start by cat"}, in.Done(effects.Start))
		})
	}
}

// TestResumeActivity_leaves_alone_what_still_works has the answer of an
// activity/start lost while the target evaluates who gets the activity.
func TestResumeActivity_leaves_alone_what_still_works(t *testing.T) {
	t.Parallel()
	s := activitytest.New(t)
	c := s.Case(t)
	in := scene.Begun(c, scene.One, scene.ToConfirm)
	j := scene.Worker(c)
	_, release, err := cutInside(t, s, c, engine.AtMapping, func() (contract.Outcome, error) {
		out, err := activitytest.Run(t, j.Register, contract.ResumeActivity, contract.ResumeInput{StepInput: in.Step()})
		return out.Outcome, err
	})
	activitytest.Same(t, "the call", string(migration.CodeUnavailable), activitytest.TypeOf(err))
	_, err = activitytest.Run(t, j.Register, contract.ResumeActivity, contract.ResumeInput{StepInput: in.Step()})
	activitytest.Same(t, "while it works", contract.WaitingType, activitytest.TypeOf(err))
	release()
	activitytest.Same(t, "when it is over", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, j, in))
	activitytest.Same(t, "the target", in.OnSource(), in.OnTarget())
	activitytest.Same(t, "calls", []string{"activity_start confirm by admin, aborting"}, in.Done(effects.ActivityStart))
}

// TestReconcileStart_of_a_broken_start has a start fail before its instance came to
// its first activity; the operator goes on with it.
func TestReconcileStart_of_a_broken_start(t *testing.T) {
	t.Parallel()
	s := activitytest.New(t)
	c := s.Case(t)
	in, j := scene.Ready(c), scene.Worker(c)
	s.Fail(engine.AtRoute, 1)
	out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "start", contract.StatusUnknown, out.Status)
	out, err = activitytest.Run(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	activitytest.Same(t, "reconciled", activitytest.Parked(migration.ReasonStartBroken), activitytest.Decided(out.Outcome))
	activitytest.Same(t, "it is ours", migration.ClaimStarted, in.Claim().State)

	resolved, err := activitytest.Run(t, j.Register, contract.ResolveInstance, contract.ResolveInput{
		StepInput: in.Step(), ParkID: in.Entry().ParkID, Reason: migration.ReasonStartBroken, Action: migration.ActionAccept,
	})
	activitytest.Must(t, err)
	activitytest.Same(t, "resolved", contract.StatusOK, resolved.Status)
	next, _ := migration.Continue(migration.StepStart, migration.ReasonStartBroken, migration.ActionAccept)
	activitytest.Same(t, "goes on at", migration.StepRestore, next.Step)
	restored, err := activitytest.Retry(t, j.Register, contract.RestoreState, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "restored", contract.StatusOK, restored.Status)
	activitytest.Same(t, "resumed", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, j, in))
	activitytest.Same(t, "the target", in.OnSource(), in.OnTarget())
	activitytest.Same(t, "starts", []string{"start by cat (failed)"}, in.Done(effects.Start))
}

// TestReconcileStart_of_a_failed_start tells of instances without a record.
func TestReconcileStart_of_a_failed_start(t *testing.T) {
	t.Parallel()
	s := activitytest.New(t)
	c := s.Case(t)
	in, j := scene.Ready(c), scene.Worker(c)
	left, err := c.Target.Engine.Start(t.Context(), engine.Caller{Name: "cat"}, engine.StartRequest{Definition: in.Target.String(), RecordID: "other", Manual: true})
	activitytest.Must(t, err)
	c.Target.Exec("DELETE FROM wf_process_link WHERE processId = ?", left.Instance)
	s.Throw(engine.AtInstance, 1)
	out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "start", contract.StatusUnknown, out.Status)
	out, err = activitytest.Run(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	activitytest.Same(t, "reconciled", activitytest.Parked(migration.ReasonStartFailed), activitytest.Decided(out.Outcome))
	if !strings.Contains(out.Message, left.Instance) {
		t.Errorf("%q does not name %s", out.Message, left.Instance)
	}
}

// TestReconcileStart_waits_for_an_attempt_that_nobody_knows_of has a ledger that lost
// its last moments.
func TestReconcileStart_waits_for_an_attempt_that_nobody_knows_of(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Ready(c)
	now := time.Now()
	_, err := activitytest.Run(t, scene.Worker(c).Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step(), Unaccounted: now})
	activitytest.Same(t, "at first", contract.WaitingType, activitytest.TypeOf(err))
	out, err := activitytest.Run(t, scene.Worker(c, scene.Settled).Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step(), Unaccounted: now})
	activitytest.Must(t, err)
	activitytest.Same(t, "when its time is over", contract.StatusAgain, out.Status)
}

// TestReconcileStart_takes_no_word_of_an_earlier_attempt has a ledger that lost the
// second attempt, while its request is under way, and knows how the first one ended.
func TestReconcileStart_takes_no_word_of_an_earlier_attempt(t *testing.T) {
	t.Parallel()
	for _, state := range []migration.ClaimState{migration.ClaimClaimed, migration.ClaimSending} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Ready(c)
			scene.Claimed(t, c, in, state)
			if state == migration.ClaimSending {
				activitytest.Must(t, c.Ledger.Outcome(t.Context(), in.Key(), "dead", migration.StartOutcome{Fate: migration.FateAnswered, Status: 500}))
			}
			lost := contract.ReconcileInput{StepInput: in.Step(), Unaccounted: time.Now(), Attempt: 2}
			_, err := activitytest.Run(t, scene.Worker(c).Register, contract.ReconcileStart, lost)
			activitytest.Same(t, "while it may run", contract.WaitingType, activitytest.TypeOf(err))
			activitytest.Same(t, "claim", state, in.Claim().State)
			out, err := activitytest.Run(t, scene.Worker(c, scene.Settled).Register, contract.ReconcileStart, lost)
			activitytest.Must(t, err)
			activitytest.Same(t, "when its time is over", contract.StatusAgain, out.Status)
			activitytest.Same(t, "attempt", 1, out.Attempt)
		})
	}
}

// TestReconcileStart_of_the_attempt_that_the_ledger_has waits for nothing: it is over.
func TestReconcileStart_of_the_attempt_that_the_ledger_has(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Ready(c)
	scene.Claimed(t, c, in, migration.ClaimSending)
	activitytest.Must(t, c.Ledger.Outcome(t.Context(), in.Key(), "dead", migration.StartOutcome{Fate: migration.FateAnswered, Status: 500}))
	started, err := activitytest.Run(t, scene.Worker(c).Register, contract.StartProcess, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "start", contract.StatusUnknown, started.Status)
	out, err := activitytest.Run(t, scene.Worker(c).Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step(), Unaccounted: time.Now(), Attempt: started.Attempt})
	activitytest.Must(t, err)
	activitytest.Same(t, "reconciled", contract.StatusAgain, out.Status)
}

// TestResumeActivity_of_what_nobody_has has an open activity of the target in nobody's inbox.
func TestResumeActivity_of_what_nobody_has(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		rules    []fault.Rule
		want     contract.Outcome
		least    int // evaluations
		assigned bool
	}{
		{name: "is_evaluated_and_given", want: contract.Outcome{Status: contract.StatusOK}, least: 1, assigned: true},
		{
			name: "parks_when_nothing_helps", rules: []fault.Rule{{Path: "activity/reevaluate", Kind: fault.Empty200}},
			want: activitytest.Parked(migration.ReasonUnassigned),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Begun(c, scene.One, nil)
			c.Target.Exec("DELETE FROM SHKAssignmentsTable WHERE ActivityProcessId = ?", string(in.TargetID()))
			c.Door.Faults(tc.rules...)
			activitytest.Same(t, "outcome", tc.want, scene.Resume(t, scene.Worker(c), in))
			if n := len(in.Done(effects.Reevaluate)); n != tc.least {
				t.Errorf("%d evaluations on the target, want %d", n, tc.least)
			}
			if tc.assigned {
				activitytest.Same(t, "the target", in.OnSource(), in.OnTarget())
			}
		})
	}
}
