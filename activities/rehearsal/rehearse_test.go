package rehearsal_test

import (
	"net/http"
	"strings"
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/fault"
)

// approvals answer for leave: sent back once, and then rejected, whose tool
// changes the record.
var approvals = migration.Answers{"leave/process1": {"approve": {{"status": "resubmit"}, {"status": "rejected"}}, "resubmit": {{}}}}

// rehearsed is an instance that was migrated for a rehearsal, whose number it returns.
func rehearsed(t *testing.T, c *activitytest.Case, b activitytest.Begin, w scene.Way, answers migration.Answers) (*activitytest.Instance, int64) {
	t.Helper()
	in := c.Begin(b)
	w.Walk(c, in)
	in.Plan()
	number, err := c.Ledger.BeginRehearsal(t.Context(), c.Migration, in.ID, answers, 20)
	activitytest.Must(t, err)
	scene.Migrated(t, c, in)
	return in, number
}

// rehearse makes steps until one ends the rehearsal, at most 20, and returns where
// each was made, and the last.
func rehearse(t *testing.T, j *scene.Ports, in *activitytest.Instance, number int64) ([]string, contract.RehearseStepOutput) {
	t.Helper()
	var at []string
	for step := 1; ; step++ {
		out, err := activitytest.Retry(t, j.Register, contract.RehearseStep, contract.RehearseStepInput{StepInput: in.Step(), Rehearsal: number, Step: step})
		activitytest.Must(t, err)
		if out.Activity != "" {
			at = append(at, string(out.Path.Below(out.Activity)))
		}
		if out.Ended || out.Stopped != "" || out.Status != contract.StatusOK || step == 20 {
			return at, out
		}
	}
}

// TestRehearseStep goes on with what was migrated until it ends or cannot.
func TestRehearseStep(t *testing.T) {
	t.Parallel()
	ill := activitytest.Begin{Process: "leave/process1", Row: map[string]string{"reason": "ill", "outcome": ""}}
	for _, tc := range []struct {
		name    string
		begin   activitytest.Begin
		way     scene.Way
		answers migration.Answers
		happens func(*testing.T, *activitytest.Case, *activitytest.Instance, *scene.Ports)
		at      []string
		ended   bool
		stopped string // part of it
		done    []string
	}{
		{
			name: "with_answers_for_a_loop", begin: ill, answers: approvals, at: []string{"approve", "resubmit", "approve"}, ended: true,
			done: []string{"complete approve by clark", "complete resubmit by cat", "complete approve by clark"},
		},
		{name: "without_an_answer_to_a_decision", begin: ill, stopped: "leads to a decision"},
		{
			name: "without_a_further_answer_in_a_loop", begin: ill, answers: migration.Answers{"leave/process1": {"approve": {{"status": "resubmit"}}}},
			at: []string{"approve", "resubmit"}, stopped: "is a loop", done: []string{"complete approve by clark", "complete resubmit by cat"},
		},
		{
			name: "in_a_subflow", begin: scene.Called, way: scene.ToCalled, at: []string{"equip/handover", "welcome"}, ended: true,
			done: []string{"complete handover by tana", "complete welcome by tana"},
		},
		{
			name: "of_branches_that_meet", begin: activitytest.Begin{Process: "claims/assess", Variables: map[string]string{"handler": "david"}, Row: map[string]string{"title": "water"}},
			way: scene.ToJoin, at: []string{"lawyer", "police", "settle"}, ended: true,
			done: []string{"complete doctor by clark", "complete lawyer by david", "complete police by david", "complete settle by david"},
		},
		{
			name: "as_who_accepted_it", begin: scene.Called, way: scene.ToCalled, at: []string{"equip/handover", "welcome"}, ended: true,
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance, _ *scene.Ports) {
				c.Target.Accept(in.TargetID(), "equip/handover", "tina")
			},
			done: []string{"complete handover by tina", "complete welcome by tina"},
		},
		{
			name: "that_nobody_can_complete", begin: ill, answers: approvals, stopped: "can log in",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance, _ *scene.Ports) {
				c.Target.Exec("UPDATE SHKAssignmentsTable SET ResourceId = 'nobody' WHERE ActivityProcessId = ?", string(in.TargetID()))
			},
		},
		{
			name: "with_nothing_open", begin: ill, answers: approvals, stopped: "no activity can be completed",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance, _ *scene.Ports) {
				c.Target.Engine.AbortActivity(t.Context(), activitytest.Administrator, string(in.TargetID()), "approve")
			},
		},
		{
			name: "of_what_somebody_aborted", begin: ill, answers: approvals, stopped: "did not complete",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance, _ *scene.Ports) {
				c.Target.Abort(in.TargetID())
			},
		},
		{
			name: "of_another_instance_with_its_ID", begin: ill, answers: approvals, stopped: migration.ReasonTargetChanged.Text(),
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance, _ *scene.Ports) {
				c.Target.Exec("UPDATE SHKProcesses SET Created = 2 WHERE Id = ?", string(in.TargetID()))
			},
		},
		{
			name: "whose_answer_is_lost", begin: scene.Called, way: scene.ToCalled, at: []string{"equip/handover", "welcome"}, ended: true,
			happens: func(_ *testing.T, c *activitytest.Case, _ *activitytest.Instance, _ *scene.Ports) {
				c.Door.At(activitytest.Effected, "assignment/complete", func() { panic(http.ErrAbortHandler) })
			},
			done: []string{"complete handover by tana", "complete welcome by tana"},
		},
		{
			name: "whose_worker_dies", begin: scene.Called, way: scene.ToCalled, at: []string{"equip/handover", "welcome"}, ended: true,
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance, _ *scene.Ports) {
				dying := scene.Worker(c, func(j *scene.Ports) { j.Ledger = c.OpenLedger() })
				c.Door.At(activitytest.Effected, "assignment/complete", func() { _ = dying.Ledger.Close() })
				last, err := c.Ledger.LastRehearsal(t.Context(), c.Migration, in.ID)
				activitytest.Must(t, err)
				_, err = activitytest.Run(t, dying.Register, contract.RehearseStep, contract.RehearseStepInput{StepInput: in.Step(), Rehearsal: last.ID, Step: 1})
				activitytest.Same(t, "error", string(migration.CodeUnavailable), activitytest.TypeOf(err))
			},
			done: []string{"complete handover by tana", "complete welcome by tana"},
		},
		{
			name: "that_has_no_effect", begin: scene.Called, way: scene.ToCalled, stopped: "is still open",
			happens: func(_ *testing.T, c *activitytest.Case, _ *activitytest.Instance, _ *scene.Ports) {
				c.Door.Faults(fault.Rule{Path: "assignment/complete", Kind: fault.Empty200})
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in, number := rehearsed(t, c, tc.begin, tc.way, tc.answers)
			j := scene.Worker(c, scene.SettlesSoon)
			if tc.happens != nil {
				tc.happens(t, c, in, j)
			}
			at, out := rehearse(t, j, in, number)
			activitytest.Same(t, "steps", tc.at, at)
			if out.Ended != tc.ended || !strings.Contains(out.Stopped, tc.stopped) || (tc.stopped == "") != (out.Stopped == "") {
				t.Errorf("ended %t, stopped for %q, want %t, %q", out.Ended, out.Stopped, tc.ended, tc.stopped)
			}
			activitytest.Same(t, "completed", append([]string{}, tc.done...), in.Done(effects.Complete))
			if tc.ended {
				activitytest.Same(t, "target", in.TargetID(), out.Target)
			}
		})
	}
}

// TestRehearsal_leaves_nothing_behind goes to the end of an instance, where a tool
// changes the record, and takes all back.
func TestRehearsal_leaves_nothing_behind(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in, number := rehearsed(t, c, activitytest.Begin{Process: "leave/process1", Row: map[string]string{"reason": "ill", "outcome": ""}}, nil, approvals)
	j := scene.Worker(c)
	_, out := rehearse(t, j, in, number)
	activitytest.Same(t, "ended", true, out.Ended)
	activitytest.Same(t, "outcome of the tool", "rejected", c.Target.Field("leave_request", in.Record, "outcome"))
	r, err := c.Ledger.Rehearsal(t.Context(), number)
	activitytest.Must(t, err)
	last := r.Steps[len(r.Steps)-1]
	activitytest.Same(t, "rows that tools changed", 1, last.Rows)
	if len(last.Ran) == 0 || !last.Done {
		t.Errorf("the last step: %+v", last)
	}

	input := contract.AbortRehearsedInput{StepInput: in.Step(), Rehearsal: number}
	aborted, err := activitytest.Retry(t, j.Register, contract.AbortRehearsed, input)
	activitytest.Must(t, err)
	activitytest.Same(t, "aborted", contract.Outcome{Status: contract.StatusOK}, aborted)
	undone, err := activitytest.Run(t, scene.Worker(c).Register, contract.UndoData, contract.UndoDataInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	activitytest.Same(t, "undone", contract.UndoDataOutput{Outcome: contract.Outcome{Status: contract.StatusOK}, Rows: 1}, undone)
	book := scene.Worker(c)
	_, err = activitytest.Run(t, book.Register, contract.SettleRehearsal, contract.SettleRehearsalInput{StepInput: in.Step(), Rehearsal: number, Result: migration.RehearsalResult{Ended: true, Undone: true}})
	activitytest.Must(t, err)
	activitytest.Same(t, "row", "0", c.Target.Text("SELECT COUNT(*) FROM app_fd_leave_request WHERE id = ?", string(in.Record)))
	activitytest.Same(t, "state", migration.InstanceReady, in.Entry().State)
	// It is over: nothing is the rehearsal's any more.
	activitytest.Same(t, "state of the next", contract.StatusOK, startOf(t, c, in))
	for range 2 {
		aborted, err = activitytest.Run(t, j.Register, contract.AbortRehearsed, input)
		activitytest.Must(t, err)
		activitytest.Same(t, "aborted, once more", contract.StatusSkipped, aborted.Status)
	}
	at, out := rehearse(t, j, in, number)
	if len(at) > 0 || out.Status != contract.StatusSkipped || out.Stopped == "" {
		t.Errorf("a step of what is over: %q, %+v", at, out)
	}
	activitytest.Same(t, "linked", []string{"cat closed.completed", "cat open.running"}, in.Linked())
}

func startOf(t *testing.T, c *activitytest.Case, in *activitytest.Instance) contract.Status {
	t.Helper()
	scene.Copied(t, c, in)
	out, err := activitytest.Run(t, scene.Worker(c).Register, contract.StartProcess, in.Step())
	activitytest.Must(t, err)
	return out.Status
}

// TestRehearseStep_compares_answers_before_anything is the step 0.
func TestRehearseStep_compares_answers_before_anything(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		begin    activitytest.Begin
		answers  migration.Answers
		mistakes int
	}{
		{name: "they_fit", begin: scene.One, answers: approvals},
		{name: "they_fit_a_subflow", begin: scene.Called, answers: migration.Answers{"onboard/equipment": {"pick": {{"equipmentStatus": "picked"}}}}},
		{name: "no_such_activity_or_process", begin: scene.One, answers: migration.Answers{"leave/process1": {"aprove": {{}}}, "leave/other": {"approve": {{}}}}, mistakes: 2},
		{name: "no_such_variable", begin: scene.One, answers: migration.Answers{"leave/process1": {"approve": {{"stats": "x"}}}}, mistakes: 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := c.Begin(tc.begin)
			in.Plan()
			number, err := c.Ledger.BeginRehearsal(t.Context(), c.Migration, in.ID, tc.answers, 5)
			activitytest.Must(t, err)
			out, err := activitytest.Run(t, scene.Worker(c).Register, contract.RehearseStep, contract.RehearseStepInput{StepInput: in.Step(), Rehearsal: number})
			activitytest.Must(t, err)
			activitytest.Same(t, "mistakes", tc.mistakes, out.Mistakes)
			activitytest.Same(t, "stopped", tc.mistakes > 0, out.Stopped != "")
			r, err := c.Ledger.Rehearsal(t.Context(), number)
			activitytest.Must(t, err)
			activitytest.Same(t, "in the ledger", tc.mistakes, len(r.Mistakes))
		})
	}
}

// TestRehearseStep_of_a_migration_that_is_not_done has its instance elsewhere.
func TestRehearseStep_of_a_migration_that_is_not_done(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		is    migration.Change
		parks bool
		want  contract.Outcome
		waits bool
	}{
		{name: "it_is_under_way", is: migration.Change{State: migration.InstanceRunning}, waits: true},
		{name: "it_waits_for_another", is: migration.Change{State: migration.InstanceWaiting}, waits: true},
		{name: "it_is_parked", parks: true, want: activitytest.Parked(migration.ReasonVerifyDiffers)},
		{
			name: "it_was_skipped", is: migration.Change{State: migration.InstanceSkipped, Reason: migration.ReasonSourceClosed},
			want: contract.Outcome{Status: contract.StatusSkipped, Reason: migration.ReasonSourceClosed},
		},
		{name: "it_failed", is: migration.Change{State: migration.InstanceFailed, Reason: migration.ReasonOperator}, want: contract.Outcome{Status: contract.StatusSkipped}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := c.Begin(scene.One)
			in.Plan()
			number, err := c.Ledger.BeginRehearsal(t.Context(), c.Migration, in.ID, approvals, 5)
			activitytest.Must(t, err)
			if tc.parks {
				scene.Park(t, c, in, migration.StepVerify, migration.ReasonVerifyDiffers)
			} else {
				activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, in.ID, tc.is))
			}
			out, err := activitytest.Run(t, scene.Worker(c).Register, contract.RehearseStep, contract.RehearseStepInput{StepInput: in.Step(), Rehearsal: number, Step: 1})
			if tc.waits != (activitytest.TypeOf(err) == contract.WaitingType) || !tc.waits && err != nil {
				t.Errorf("error %v", err)
			}
			activitytest.Same(t, "outcome", tc.want, activitytest.Decided(out.Outcome))
			activitytest.Same(t, "calls", 0, len(c.Door.Calls("assignment")))
		})
	}
}

// TestRehearseStep_of_another_target has the instance started anew since.
func TestRehearseStep_of_another_target(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in, number := rehearsed(t, c, scene.Called, scene.ToCalled, nil)
	input := contract.RehearseStepInput{StepInput: in.Step(), Rehearsal: number, Step: 1}
	_, err := activitytest.Run(t, scene.Worker(c).Register, contract.RehearseStep, input)
	activitytest.Must(t, err)
	c.Target.Abort(in.TargetID())
	activitytest.Must(t, c.Ledger.RestartClosed(t.Context(), in.Key(), in.TargetID(), "operator", "again"))
	activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, in.ID, migration.Change{From: []migration.InstanceState{migration.InstanceDone}, State: migration.InstanceRunning}))
	in.Start()
	scene.Finished(t, c, in)
	input.Step = 2
	out, err := activitytest.Run(t, scene.Worker(c).Register, contract.RehearseStep, input)
	activitytest.Must(t, err)
	activitytest.Same(t, "status", contract.StatusSkipped, out.Status)
	aborted, err := activitytest.Run(t, scene.Worker(c).Register, contract.AbortRehearsed, contract.AbortRehearsedInput{StepInput: in.Step(), Rehearsal: number})
	activitytest.Must(t, err)
	activitytest.Same(t, "aborted", contract.StatusSkipped, aborted.Status)
	activitytest.Same(t, "completed", 1, len(in.Done(effects.Complete)))
	activitytest.Same(t, "linked", []string{"cat closed.aborted", "cat open.running"}, in.Linked())
}

// TestAbortRehearsed_of_a_migration_that_is_gone has its workflow ended from outside.
func TestAbortRehearsed_of_a_migration_that_is_gone(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := c.Begin(scene.One)
	in.Plan()
	number, err := c.Ledger.BeginRehearsal(t.Context(), c.Migration, in.ID, approvals, 5)
	activitytest.Must(t, err)
	in.Copy()
	in.Start()
	c.Target.Accept(in.TargetID(), "approve", "clark")
	out, err := activitytest.Retry(t, scene.Worker(c).Register, contract.AbortRehearsed, contract.AbortRehearsedInput{StepInput: in.Step(), Rehearsal: number, Gone: true})
	activitytest.Must(t, err)
	activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, out)
	activitytest.Same(t, "linked", []string{"cat closed.aborted"}, in.Linked())
	activitytest.Same(t, "state", migration.InstanceRollingBack, in.Entry().State)
}
