package target_test

import (
	"net/http"
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/fault"
)

const activityStart = "activity/start"

// TestResumeActivity_converges makes the target like the source from every place.
func TestResumeActivity_converges(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		begin activitytest.Begin
		way   scene.Way
		// source and target are what happened on either side before.
		source func(*activitytest.Case, *activitytest.Instance)
		target func(*activitytest.Case, *activitytest.Instance)
		calls  int // starts of activities; -1: not counted
	}{
		{name: "where_the_start_left_it", begin: scene.One},
		{name: "behind_the_first_activity", begin: scene.One, way: scene.ToConfirm, calls: 1},
		{name: "a_branch_waits_at_a_join", begin: scene.Three, way: scene.ToJoin, calls: 3},
		{
			name: "two_branches_wait_at_a_join", begin: activitytest.Begin{Process: "procure/process1", Variables: map[string]string{"budgetApprover": "julia"}},
			way: scene.Way{{Activity: "quote"}, {Activity: "budget", Set: map[string]string{"justification": "Über dem Budget"}}}, calls: -1,
		},
		{name: "a_subflow_is_open", begin: scene.Called, way: scene.ToCalled, calls: 2},
		{name: "subflows_three_deep_with_a_join", begin: scene.Deep, way: scene.ToDeep, calls: -1},
		{
			name: "somebody_accepted_it", begin: scene.One, way: scene.ToConfirm, calls: 1,
			source: func(c *activitytest.Case, in *activitytest.Instance) { c.Source.Accept(in.ID, "confirm", "tana") },
		},
		{
			name: "it_was_given_to_others", begin: scene.Three, way: scene.ToJoin, calls: -1,
			source: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Source.Reassign(in.ID, "lawyer", "david", "etta")
				c.Source.Reassign(in.ID, "police", "julia", "jack")
				c.Source.Accept(in.ID, "police", "jack")
			},
		},
		{
			name: "an_activity_has_older_variables_than_its_instance", begin: scene.One, way: scene.ToConfirm, calls: 1,
			source: func(c *activitytest.Case, in *activitytest.Instance) { c.Source.Set(in.ID, "status", "changed since") },
		},
		{
			name: "something_is_open_that_is_not_wanted", begin: scene.One, way: scene.ToConfirm, calls: -1,
			target: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Engine.StartActivity(t.Context(), activitytest.Administrator, string(in.TargetID()), "resubmit", false)
			},
		},
		{
			name: "an_administrator_aborted_what_is_wanted", begin: scene.One, calls: 1,
			target: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Engine.AbortActivity(t.Context(), activitytest.Administrator, string(in.TargetID()), "approve")
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := c.Begin(tc.begin)
			tc.way.Walk(c, in)
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
			activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, scene.Worker(c), in))
			activitytest.Same(t, "the target", in.OnSource(), in.OnTarget())
			made := in.Done(effects.ActivityStart)[before:]
			if tc.calls >= 0 && len(made) != tc.calls {
				t.Errorf("%d calls, want %d: %q", len(made), tc.calls, made)
			}
			// What stands is left alone.
			done := in.Done()
			activitytest.Same(t, "outcome, once more", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, scene.Worker(c), in))
			activitytest.Same(t, "done", done, in.Done())
			activitytest.Same(t, "linked", []string{"cat open.running"}, in.Linked())
		})
	}
}

// TestResumeActivity_parks has what a round must not change, or cannot.
func TestResumeActivity_parks(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		begin   activitytest.Begin
		way     scene.Way
		happens func(*testing.T, *activitytest.Case, *activitytest.Instance)
		change  func(*scene.Ports)
		reason  migration.Reason
		calls   int
	}{
		{
			name: "somebody_accepted_an_activity", begin: scene.One, way: scene.ToConfirm, reason: migration.ReasonTargetMoved,
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Accept(in.TargetID(), "approve", "clark")
			},
		},
		{
			name: "somebody_completed_an_activity_of_a_subflow", begin: scene.Called, way: scene.ToCalled, reason: migration.ReasonTargetMoved,
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Complete(in.TargetID(), "prepare", "", nil)
				c.Target.Complete(in.TargetID(), "equip/pick", "", nil)
			},
		},
		{
			name: "as_many_rounds_as_there_may_be", begin: scene.One, way: scene.ToConfirm, reason: migration.ReasonResumeNotConverging,
			change: func(j *scene.Ports) { j.Settings.MaxRounds = 0 },
		},
		{
			name: "branches_at_joins_are_not_to_be_rebuilt", begin: scene.Three, way: scene.ToJoin, reason: migration.ReasonJoinsDiffer,
			change: func(j *scene.Ports) { j.Settings.RebuildJoins = false },
		},
		{
			name: "a_branch_waits_that_nobody_wants", begin: scene.Three, way: scene.Way{{Activity: "triage"}}, reason: migration.ReasonJoinsDiffer,
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
			name: "it_was_closed", begin: scene.One, way: scene.ToConfirm, reason: migration.ReasonTargetClosed,
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) { c.Target.Abort(in.TargetID()) },
		},
		{
			name: "the_target_was_restored_from_a_backup", begin: scene.One, way: scene.ToConfirm, reason: migration.ReasonTargetRewound,
			happens: func(t *testing.T, c *activitytest.Case, _ *activitytest.Instance) { scene.Raised(t, c) },
		},
		{
			name: "what_was_discarded_before_is_not_discarded_now", begin: scene.One, way: scene.ToConfirm, reason: migration.ReasonTargetMoved,
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				_, err := c.Ledger.Park(t.Context(), c.Migration, in.ID, migration.Parking{Step: migration.StepResume, Reason: migration.ReasonTargetMoved, Token: "t"})
				activitytest.Must(t, err)
				in.Decide(migration.ActionRedo, false)
				c.Target.Accept(in.TargetID(), "approve", "clark")
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Begun(c, tc.begin, tc.way)
			if tc.happens != nil {
				tc.happens(t, c, in)
			}
			j := scene.Worker(c)
			if tc.change != nil {
				j = scene.Worker(c, tc.change)
			}
			before := len(c.Door.Calls(activityStart))
			activitytest.Same(t, "outcome", activitytest.Parked(tc.reason), scene.Resume(t, j, in))
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
	in := scene.Begun(c, scene.One, scene.ToConfirm)
	c.Target.Accept(in.TargetID(), "approve", "clark")
	activitytest.Same(t, "before the decision", activitytest.Parked(migration.ReasonTargetMoved), scene.Resume(t, scene.Worker(c), in))
	in.Decide(migration.ActionRedo, true)
	activitytest.Same(t, "after it", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, scene.Worker(c), in))
	activitytest.Same(t, "the target", in.OnSource(), in.OnTarget())
	// It was given up once.
	c.Target.Accept(in.TargetID(), "confirm", "tina")
	done := in.Done()
	activitytest.Same(t, "what came since", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, scene.Worker(c), in))
	activitytest.Same(t, "done", done, in.Done())
}

// TestResumeActivity_of_what_is_over has the ledger say so.
func TestResumeActivity_of_what_is_over(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Begun(c, scene.One, scene.ToConfirm)
	done := in.Done()
	activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, in.ID, migration.Change{State: migration.InstanceDone, Verdict: migration.VerdictSame}))
	activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusDone}, scene.Resume(t, scene.Worker(c), in))
	activitytest.Same(t, "done", done, in.Done())
}

func TestResumeActivity_before_the_start(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Ready(c)
	_, err := activitytest.Run(t, scene.Worker(c).Register, contract.ResumeActivity, contract.ResumeInput{StepInput: in.Step()})
	activitytest.Same(t, "error", string(migration.CodeInvalid), activitytest.TypeOf(err))
}

// TestResumeActivity_without_an_answer has calls go wrong, and the worker die in
// the middle of one.
func TestResumeActivity_without_an_answer(t *testing.T) {
	t.Parallel()
	fails := func(kind fault.Kind, after bool) func(*activitytest.Case, *scene.Ports) {
		return func(c *activitytest.Case, _ *scene.Ports) {
			c.Door.Faults(fault.Rule{Path: activityStart, Kind: kind, Count: 1, After: after})
		}
	}
	dies := func(m activitytest.Moment, path string) func(*activitytest.Case, *scene.Ports) {
		return func(c *activitytest.Case, j *scene.Ports) {
			j.Ledger = c.OpenLedger()
			c.Door.At(m, path, func() { _ = j.Ledger.Close() })
		}
	}
	for _, tc := range []struct {
		name  string
		fails func(*activitytest.Case, *scene.Ports)
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
			in := scene.Begun(c, scene.One, scene.ToConfirm)
			j := scene.Worker(c)
			tc.fails(c, j)
			input := contract.ResumeInput{StepInput: in.Step()}
			_, err := activitytest.Run(t, j.Register, contract.ResumeActivity, input)
			if err == nil && tc.calls > 1 {
				t.Error("the call is taken for made")
			}
			healthy := scene.Worker(c)
			if tc.settles || tc.late {
				_, err = activitytest.Run(t, healthy.Register, contract.ResumeActivity, input)
				activitytest.Same(t, "while it may still run", contract.WaitingType, activitytest.TypeOf(err))
				activitytest.Same(t, "calls meanwhile", 1, len(c.Door.Calls(activityStart)))
			}
			if tc.settles {
				healthy = scene.Worker(c, scene.Settled)
			}
			c.Door.Late()
			activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, healthy, in))
			activitytest.Same(t, "the target", in.OnSource(), in.OnTarget())
			activitytest.Same(t, "calls", tc.calls, len(c.Door.Calls(activityStart)))
		})
	}
}

// TestResumeActivity_looks_again_before_it_calls has people come between the
// decision and the call, while the variables of an activity are set that are older
// than those of its instance.
func TestResumeActivity_looks_again_before_it_calls(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		begin    activitytest.Begin
		way      scene.Way
		opened   string // by an administrator on the target
		settings int    // of variables before somebody comes
		works    string
		user     migration.User
		made     []string
	}{
		{name: "that_aborts", begin: scene.One, way: scene.ToConfirm, works: "approve", user: "clark", made: []string{}},
		{
			name: "that_adds", begin: scene.Three, way: scene.Way{{Activity: "triage"}}, settings: 2, works: "doctor", user: "clark",
			made: []string{"activity_start doctor by admin, aborting"},
		},
		{
			name: "that_aborts_a_subflow", begin: scene.Called, way: scene.ToCalled[:1], opened: "equip", works: "equip/pick", user: "roy",
			made: []string{"activity_start equip by admin, aborting in person"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			const call = "process/variable"
			c := activitytest.Shared(t).Case(t)
			in := c.Begin(tc.begin)
			tc.way.Walk(c, in)
			c.Source.Set(in.ID, "status", "changed since")
			in.Plan()
			in.Copy()
			in.Start()
			if tc.opened != "" {
				c.Target.Engine.StartActivity(t.Context(), activitytest.Administrator, string(in.TargetID()), tc.opened, true)
			}
			for range tc.settings {
				c.Door.At(activitytest.Effected, call, func() {})
			}
			c.Door.At(activitytest.Effected, call, func() { c.Target.Accept(in.TargetID(), tc.works, tc.user) })
			activitytest.Same(t, "outcome", activitytest.Parked(migration.ReasonTargetMoved), scene.Resume(t, scene.Worker(c), in))
			activitytest.Same(t, "calls", tc.made, in.Done(effects.ActivityStart))
		})
	}
}

// TestResumeActivity_completes_a_predecessor has a branch to bring to a join.
func TestResumeActivity_completes_a_predecessor(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		happens func(*activitytest.Case, *activitytest.Instance, *scene.Ports)
		fails   string
		calls   []string
	}{
		{
			name: "as_who_did_on_the_source", happens: func(*activitytest.Case, *activitytest.Instance, *scene.Ports) {},
			calls: []string{"complete doctor by clark"},
		},
		{
			name: "who_cannot_log_in", fails: string(migration.CodeRefused),
			happens: func(_ *activitytest.Case, _ *activitytest.Instance, j *scene.Ports) {
				j.Settings.Users = map[migration.User]migration.User{"clark": "nobody"}
			},
		},
		{
			name: "once_although_the_answer_is_lost", calls: []string{"complete doctor by clark"},
			happens: func(c *activitytest.Case, _ *activitytest.Instance, _ *scene.Ports) {
				c.Door.At(activitytest.Effected, "assignment/complete", func() { panic(http.ErrAbortHandler) })
			},
		},
		{
			name: "in_nobodys_inbox", calls: []string{"complete doctor by clark"},
			happens: func(c *activitytest.Case, in *activitytest.Instance, _ *scene.Ports) {
				c.Target.Exec("DELETE FROM SHKAssignmentsTable WHERE ActivityProcessId = ?", string(in.TargetID()))
				c.Door.At(activitytest.Effected, "activity/start", func() {
					c.Target.Exec("DELETE FROM SHKAssignmentsTable WHERE ActivityProcessId = ?", string(in.TargetID()))
				})
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Begun(c, scene.Three, scene.ToJoin)
			j := scene.Worker(c)
			tc.happens(c, in, j)
			var err error
			for range 10 {
				var out contract.ResumeOutput
				out, err = activitytest.Retry(t, j.Register, contract.ResumeActivity, contract.ResumeInput{StepInput: in.Step()})
				if err != nil || out.Next == nil {
					break
				}
			}
			activitytest.Same(t, "error", tc.fails, activitytest.TypeOf(err))
			activitytest.Same(t, "completed", append([]string{}, tc.calls...), in.Done(effects.Complete))
			if tc.fails == "" {
				activitytest.Same(t, "the target", in.OnSource(), in.OnTarget())
			}
		})
	}
}

// TestResumeActivity_waits_for_a_call_of_an_earlier_snapshot has the target stand
// where it has to, while a call that nobody wants any more may still change it.
func TestResumeActivity_waits_for_a_call_of_an_earlier_snapshot(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Begun(c, scene.One, scene.Way{{Activity: "approve", Set: map[string]string{"status": "resubmit"}}})
	p, input := scene.Worker(c), contract.ResumeInput{StepInput: in.Step()}
	c.Door.Faults(fault.Rule{Path: activityStart, Kind: fault.DelayedCommit, Count: 1})
	if _, err := activitytest.Run(t, p.Register, contract.ResumeActivity, input); err == nil {
		t.Error("the call is taken for made")
	}
	// Sent back on the source, it stands where the start left the target.
	scene.Way{{Activity: "resubmit"}}.Walk(c, in)
	in.Snapshot()
	activitytest.Same(t, "the target", in.OnSource(), in.OnTarget())
	_, err := activitytest.Run(t, p.Register, contract.ResumeActivity, input)
	activitytest.Same(t, "while the call may still run", contract.WaitingType, activitytest.TypeOf(err))
	c.Door.Late()
	c.Target.Await(in.TargetID(), "resubmit")
	activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, p, in))
	activitytest.Same(t, "the target", in.OnSource(), in.OnTarget())
	activitytest.Same(t, "requests", 2, len(c.Door.Calls(activityStart)))
}
