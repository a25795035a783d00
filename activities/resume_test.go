package activities_test

import (
	"net/http"
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/simulator/effects"
	"jogetferry/simulator/fault"
	"jogetferry/test/activitytest"
)

const activityStart = "activity/start"

// way is what people did on the source: "path/definition" by the first who
// holds it, one after the other, with the variables that they set.
type way []work

type work struct {
	activity string
	set      map[string]string
}

func (w way) walk(c *activitytest.Case, in *activitytest.Instance) {
	for _, done := range w {
		c.Source.Complete(in.ID, done.activity, "", done.set)
	}
}

// The instances that most tests of resuming are about.
var (
	// one has one activity open, behind the one that a start opens.
	one = activitytest.Begin{Process: "leave/process1", Variables: map[string]string{"status": "new", "days": "3"}}
	// three has three branches, of which one waits at a join.
	three = activitytest.Begin{Process: "claims/assess", Variables: map[string]string{"handler": "david"}}
	// called has an open subflow, in its second activity.
	called = activitytest.Begin{Process: "onboard/onboarding", Variables: map[string]string{"candidate": "Jack"}}
	// deep has subflows three deep, and a branch that waits at a join in the last.
	deep = activitytest.Begin{Process: "claims/dispute", Row: map[string]string{"title": "water", "stage": "ours"}}

	toConfirm = way{{activity: "approve", set: map[string]string{"status": "approved"}}}
	toJoin    = way{{activity: "triage"}, {activity: "doctor", set: map[string]string{"medical": "fit"}}}
	toCalled  = way{{activity: "prepare", set: map[string]string{"status": "prepared"}}, {activity: "equip/pick", set: map[string]string{"equipmentStatus": "picked"}}}
	toDeep    = way{{activity: "file"}, {activity: "mediate/invite"}, {activity: "mediate/sit/hear"}, {activity: "mediate/sit/gather/collect"}}
)

// begun is an instance that was started on the target and is to be resumed.
func begun(c *activitytest.Case, b activitytest.Begin, w way) *activitytest.Instance {
	in := c.Begin(b)
	w.walk(c, in)
	in.Plan()
	in.Copy()
	in.Start()
	return in
}

// resume makes rounds until there is none to make, and returns how the last ended.
func resume(t *testing.T, j *ports, in *activitytest.Instance) contract.Outcome {
	t.Helper()
	for range 30 {
		out, err := activitytest.Retry(t, j.Register, contract.ResumeActivity, contract.ResumeInput{StepInput: in.Step()})
		must(t, err)
		if out.Status != contract.StatusOK || out.Next == nil {
			return outcome(out.Outcome)
		}
	}
	t.Fatalf("it goes on and on; the target has\n%q", in.OnTarget())
	return contract.Outcome{}
}

// TestResumeActivity_converges makes the target like the source from every place.
func TestResumeActivity_converges(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		begin activitytest.Begin
		way   way
		// source and target are what happened on either side before.
		source func(*activitytest.Case, *activitytest.Instance)
		target func(*activitytest.Case, *activitytest.Instance)
		calls  int // starts of activities; -1: not counted
	}{
		{name: "where_the_start_left_it", begin: one},
		{name: "behind_the_first_activity", begin: one, way: toConfirm, calls: 1},
		{name: "a_branch_waits_at_a_join", begin: three, way: toJoin, calls: 3},
		{
			name: "two_branches_wait_at_a_join", begin: activitytest.Begin{Process: "procure/process1", Variables: map[string]string{"budgetApprover": "julia"}},
			way: way{{activity: "quote"}, {activity: "budget", set: map[string]string{"justification": "Über dem Budget"}}}, calls: -1,
		},
		{name: "a_subflow_is_open", begin: called, way: toCalled, calls: 2},
		{name: "subflows_three_deep_with_a_join", begin: deep, way: toDeep, calls: -1},
		{
			name: "somebody_accepted_it", begin: one, way: toConfirm, calls: 1,
			source: func(c *activitytest.Case, in *activitytest.Instance) { c.Source.Accept(in.ID, "confirm", "tana") },
		},
		{
			name: "it_was_given_to_others", begin: three, way: toJoin, calls: -1,
			source: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Source.Reassign(in.ID, "lawyer", "david", "etta")
				c.Source.Reassign(in.ID, "police", "julia", "jack")
				c.Source.Accept(in.ID, "police", "jack")
			},
		},
		{
			name: "an_activity_has_older_variables_than_its_instance", begin: one, way: toConfirm, calls: 1,
			source: func(c *activitytest.Case, in *activitytest.Instance) { c.Source.Set(in.ID, "status", "changed since") },
		},
		{
			name: "something_is_open_that_is_not_wanted", begin: one, way: toConfirm, calls: -1,
			target: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Engine.StartActivity(t.Context(), activitytest.Administrator, string(in.TargetID()), "resubmit", false)
			},
		},
		{
			name: "an_administrator_aborted_what_is_wanted", begin: one, calls: 1,
			target: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Engine.AbortActivity(t.Context(), activitytest.Administrator, string(in.TargetID()), "approve")
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := c.Begin(tc.begin)
			tc.way.walk(c, in)
			if tc.source != nil {
				tc.source(c, in)
			}
			in.Plan()
			in.Copy()
			in.Start()
			if tc.target != nil {
				tc.target(c, in)
			}
			before := len(in.Done(effects.ActivityStart))
			same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, resume(t, working(c), in))
			same(t, "the target", in.OnSource(), in.OnTarget())
			made := in.Done(effects.ActivityStart)[before:]
			if tc.calls >= 0 && len(made) != tc.calls {
				t.Errorf("%d calls, want %d: %q", len(made), tc.calls, made)
			}
			// What stands is left alone.
			done := in.Done()
			same(t, "outcome, once more", contract.Outcome{Status: contract.StatusOK}, resume(t, working(c), in))
			same(t, "done", done, in.Done())
			same(t, "linked", []string{"cat open.running"}, in.Linked())
		})
	}
}

// TestResumeActivity_parks has what a round must not change, or cannot.
func TestResumeActivity_parks(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		begin   activitytest.Begin
		way     way
		happens func(*testing.T, *activitytest.Case, *activitytest.Instance)
		change  func(*ports)
		reason  migration.Reason
		calls   int
	}{
		{
			name: "somebody_accepted_an_activity", begin: one, way: toConfirm, reason: migration.ReasonTargetMoved,
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Accept(in.TargetID(), "approve", "clark")
			},
		},
		{
			name: "somebody_completed_an_activity_of_a_subflow", begin: called, way: toCalled, reason: migration.ReasonTargetMoved,
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Complete(in.TargetID(), "prepare", "", nil)
				c.Target.Complete(in.TargetID(), "equip/pick", "", nil)
			},
		},
		{
			name: "as_many_rounds_as_there_may_be", begin: one, way: toConfirm, reason: migration.ReasonResumeNotConverging,
			change: func(j *ports) { j.Settings.MaxRounds = 0 },
		},
		{
			name: "branches_at_joins_are_not_to_be_rebuilt", begin: three, way: toJoin, reason: migration.ReasonJoinsDiffer,
			change: func(j *ports) { j.Settings.RebuildJoins = false },
		},
		{
			name: "a_branch_waits_that_nobody_wants", begin: three, way: way{{activity: "triage"}}, reason: migration.ReasonJoinsDiffer,
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Engine.StartActivity(t.Context(), activitytest.Administrator, string(in.TargetID()), "filed", true)
			},
		},
		{
			name: "a_subflow_runs_to_its_end_at_once", begin: activitytest.Begin{Process: "claims/escalate"}, calls: -1,
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Source.Set(in.ID, "mode", "skip")
				c.Source.Exec("UPDATE SHKActivityData SET VariableValueVCHAR = 'skip' WHERE VariableDefinitionId = 'mode' AND Activity IN (SELECT oid FROM SHKActivities WHERE ProcessId = ?)", string(in.ID))
				in.Snapshot()
			},
			reason: migration.ReasonResumeNotConverging,
		},
		{
			name: "it_was_closed", begin: one, way: toConfirm, reason: migration.ReasonTargetClosed,
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) { c.Target.Abort(in.TargetID()) },
		},
		{
			name: "the_target_was_restored_from_a_backup", begin: one, way: toConfirm, reason: migration.ReasonTargetRewound,
			happens: func(t *testing.T, c *activitytest.Case, _ *activitytest.Instance) { raised(t, c) },
		},
		{
			name: "what_was_discarded_before_is_not_discarded_now", begin: one, way: toConfirm, reason: migration.ReasonTargetMoved,
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				_, err := c.Ledger.Park(t.Context(), c.Migration, in.ID, migration.Parking{Step: migration.StepResume, Reason: migration.ReasonTargetMoved, Token: "t"})
				must(t, err)
				in.Decide(migration.ActionRedo, false)
				c.Target.Accept(in.TargetID(), "approve", "clark")
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := begun(c, tc.begin, tc.way)
			if tc.happens != nil {
				tc.happens(t, c, in)
			}
			j := working(c)
			if tc.change != nil {
				j = working(c, tc.change)
			}
			before := len(c.Door.Calls(activityStart))
			same(t, "outcome", parked(tc.reason), resume(t, j, in))
			if made := c.Door.Calls(activityStart)[before:]; tc.calls >= 0 && len(made) != tc.calls {
				t.Errorf("calls: %q", made)
			}
			if e := in.Entry(); e.State != migration.InstanceParked || e.Reason != tc.reason || e.Step != migration.StepResume {
				t.Errorf("the ledger has it %s in %s for %s", e.State, e.Step, e.Reason)
			}
		})
	}
}

// TestResumeActivity_discards_what_the_operator_gave_up has people work on the
// target, and the operator decide about it.
func TestResumeActivity_discards_what_the_operator_gave_up(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := begun(c, one, toConfirm)
	c.Target.Accept(in.TargetID(), "approve", "clark")
	same(t, "before the decision", parked(migration.ReasonTargetMoved), resume(t, working(c), in))
	in.Decide(migration.ActionRedo, true)
	same(t, "after it", contract.Outcome{Status: contract.StatusOK}, resume(t, working(c), in))
	same(t, "the target", in.OnSource(), in.OnTarget())
	// It was given up once.
	c.Target.Accept(in.TargetID(), "confirm", "tina")
	done := in.Done()
	same(t, "what came since", contract.Outcome{Status: contract.StatusOK}, resume(t, working(c), in))
	same(t, "done", done, in.Done())
}

// TestResumeActivity_of_what_is_over has the ledger say so.
func TestResumeActivity_of_what_is_over(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := begun(c, one, toConfirm)
	done := in.Done()
	must(t, c.Ledger.Progress(t.Context(), c.Migration, in.ID, migration.Change{State: migration.InstanceDone, Verdict: migration.VerdictSame}))
	same(t, "outcome", contract.Outcome{Status: contract.StatusDone}, resume(t, working(c), in))
	same(t, "done", done, in.Done())
}

func TestResumeActivity_before_the_start(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := ready(c)
	_, err := activitytest.Run(t, working(c).Register, contract.ResumeActivity, contract.ResumeInput{StepInput: in.Step()})
	same(t, "error", string(migration.CodeInvalid), activitytest.TypeOf(err))
}

// TestResumeActivity_without_an_answer has calls go wrong, and the worker die in
// the middle of one.
func TestResumeActivity_without_an_answer(t *testing.T) {
	t.Parallel()
	fails := func(kind fault.Kind, after bool) func(*activitytest.Case, *ports) {
		return func(c *activitytest.Case, _ *ports) {
			c.Door.Faults(fault.Rule{Path: activityStart, Kind: kind, Count: 1, After: after})
		}
	}
	dies := func(m activitytest.Moment, path string) func(*activitytest.Case, *ports) {
		return func(c *activitytest.Case, j *ports) {
			j.Ledger = c.OpenLedger()
			c.Door.At(m, path, func() { _ = j.Ledger.Close() })
		}
	}
	for _, tc := range []struct {
		name  string
		fails func(*activitytest.Case, *ports)
		// settles: without an effect to see, the call's time has to be over.
		settles bool
		late    bool
		calls   int
	}{
		{name: "cut_after_its_effect", fails: fails(fault.CutAfter, false), calls: 1},
		{name: "an_error_after_its_effect", fails: fails(fault.Error500After, false), calls: 1},
		{name: "a_proxys_page_after_its_effect", fails: fails(fault.HTML502, true), calls: 1},
		{name: "an_answer_that_says_nothing", fails: fails(fault.Empty200, true), calls: 1},
		{name: "the_effect_comes_late", fails: fails(fault.DelayedCommit, false), late: true, calls: 1},
		{name: "cut_before_its_effect", fails: fails(fault.CutBefore, false), settles: true, calls: 2},
		{name: "an_error_before_its_effect", fails: fails(fault.Error500Before, false), calls: 2},
		{name: "the_worker_dies_while_it_calls", fails: dies(activitytest.Sent, activityStart), calls: 1},
		{name: "the_worker_dies_when_it_has_called", fails: dies(activitytest.Effected, activityStart), calls: 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := begun(c, one, toConfirm)
			j := working(c)
			tc.fails(c, j)
			input := contract.ResumeInput{StepInput: in.Step()}
			_, err := activitytest.Run(t, j.Register, contract.ResumeActivity, input)
			if err == nil && tc.calls > 1 {
				t.Error("the call is taken for made")
			}
			healthy := working(c)
			if tc.settles || tc.late {
				_, err = activitytest.Run(t, healthy.Register, contract.ResumeActivity, input)
				same(t, "while it may still run", contract.WaitingType, activitytest.TypeOf(err))
				same(t, "calls meanwhile", 1, len(c.Door.Calls(activityStart)))
			}
			if tc.settles {
				healthy = working(c, settled)
			}
			c.Door.Late()
			same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, resume(t, healthy, in))
			same(t, "the target", in.OnSource(), in.OnTarget())
			same(t, "calls", tc.calls, len(c.Door.Calls(activityStart)))
		})
	}
}

// TestResumeActivity_looks_again_before_it_calls has people come between the
// decision and the call.
func TestResumeActivity_looks_again_before_it_calls(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := c.Begin(one)
	toConfirm.walk(c, in)
	// The activity's own variables are older: they are set before it is started.
	c.Source.Set(in.ID, "status", "changed since")
	in.Plan()
	in.Copy()
	in.Start()
	c.Door.At(activitytest.Effected, "process/variable", func() { c.Target.Accept(in.TargetID(), "approve", "clark") })
	_, err := activitytest.Run(t, working(c).Register, contract.ResumeActivity, contract.ResumeInput{StepInput: in.Step()})
	same(t, "error", contract.WaitingType, activitytest.TypeOf(err))
	same(t, "calls", []string(nil), c.Door.Calls(activityStart))
	same(t, "outcome", parked(migration.ReasonTargetMoved), resume(t, working(c), in))
	same(t, "calls", []string(nil), c.Door.Calls(activityStart))
}

// TestResumeActivity_completes_a_predecessor has a branch to bring to a join.
func TestResumeActivity_completes_a_predecessor(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		happens func(*activitytest.Case, *activitytest.Instance, *ports)
		fails   string
		calls   []string
	}{
		{
			name: "as_who_did_on_the_source", happens: func(*activitytest.Case, *activitytest.Instance, *ports) {},
			calls: []string{"complete doctor by clark"},
		},
		{
			name: "who_cannot_log_in", fails: string(migration.CodeRefused),
			happens: func(_ *activitytest.Case, _ *activitytest.Instance, j *ports) {
				j.Settings.Users = map[migration.User]migration.User{"clark": "nobody"}
			},
		},
		{
			name: "once_although_the_answer_is_lost", calls: []string{"complete doctor by clark"},
			happens: func(c *activitytest.Case, _ *activitytest.Instance, _ *ports) {
				c.Door.At(activitytest.Effected, "assignment/complete", func() { panic(http.ErrAbortHandler) })
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := begun(c, three, toJoin)
			j := working(c)
			tc.happens(c, in, j)
			var err error
			for range 10 {
				var out contract.ResumeOutput
				out, err = activitytest.Retry(t, j.Register, contract.ResumeActivity, contract.ResumeInput{StepInput: in.Step()})
				if err != nil || out.Next == nil {
					break
				}
			}
			same(t, "error", tc.fails, activitytest.TypeOf(err))
			same(t, "completed", append([]string{}, tc.calls...), in.Done(effects.Complete))
			if tc.fails == "" {
				same(t, "the target", in.OnSource(), in.OnTarget())
			}
		})
	}
}
