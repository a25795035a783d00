package target_test

import (
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/fault"
)

// TestAbortTarget ends what was started, or leaves all as it is.
func TestAbortTarget(t *testing.T) {
	t.Parallel()
	type does func(*testing.T, *activitytest.Case, *activitytest.Instance)
	started := func(_ *testing.T, _ *activitytest.Case, in *activitytest.Instance) { in.Start() }
	accepted := func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
		in.Start()
		c.Target.Accept(in.TargetID(), "approve", "clark")
	}
	// Somebody brings it to its end on a target that deletes what has ended.
	ended := func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
		in.Start()
		c.Target.Complete(in.TargetID(), "approve", "clark", nil)
		c.Target.Complete(in.TargetID(), "confirm", "tana", nil)
		c.Target.Forget(in.TargetID())
	}
	refused := func(r migration.Reason) contract.Outcome {
		return contract.Outcome{Status: contract.StatusSkipped, Reason: r}
	}
	ok := contract.Outcome{Status: contract.StatusOK}
	for _, tc := range []struct {
		name    string
		happens does
		discard bool
		change  func(*scene.Ports)
		want    contract.Outcome
		state   migration.InstanceState
		linked  []string
		calls   int
	}{
		{name: "what_was_never_started", happens: func(*testing.T, *activitytest.Case, *activitytest.Instance) {}, want: ok, state: migration.InstanceRollingBack, linked: []string{}},
		{
			name: "what_was_claimed_and_not_sent", want: ok, state: migration.InstanceRollingBack, linked: []string{},
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				scene.Claimed(t, c, in, migration.ClaimClaimed)
			},
		},
		{
			name: "a_start_without_an_outcome", want: refused(migration.ReasonStartOutcomeUnknown), state: migration.InstanceDone, linked: []string{},
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				scene.Claimed(t, c, in, migration.ClaimUnknown)
			},
		},
		{name: "what_nobody_worked_on", happens: started, want: ok, state: migration.InstanceRollingBack, linked: []string{"cat closed.aborted"}, calls: 1},
		{
			name: "what_somebody_works_on", happens: accepted, want: refused(migration.ReasonTargetMoved), state: migration.InstanceDone,
			linked: []string{"cat open.running"},
		},
		{
			name: "what_the_operator_gives_up", happens: accepted, discard: true, want: ok, state: migration.InstanceRollingBack,
			linked: []string{"cat closed.aborted"}, calls: 1,
		},
		{
			name: "what_is_closed_already", want: ok, state: migration.InstanceRollingBack, linked: []string{"cat closed.aborted"},
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				in.Start()
				c.Target.Abort(in.TargetID())
			},
		},
		{name: "what_people_ended_without_a_trace", happens: ended, want: refused(migration.ReasonTargetMoved), state: migration.InstanceDone, linked: []string{" "}},
		{name: "what_people_ended_and_the_operator_gives_up", happens: ended, discard: true, want: ok, state: migration.InstanceRollingBack, linked: []string{" "}},
		{
			name: "another_one_with_its_ID", want: refused(migration.ReasonTargetChanged), state: migration.InstanceDone, linked: []string{"cat open.running"},
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				in.Start()
				c.Target.Exec("UPDATE SHKProcesses SET Created = 2 WHERE Id = ?", string(in.TargetID()))
			},
		},
		{
			name: "on_a_target_that_was_restored", want: refused(migration.ReasonTargetRewound), state: migration.InstanceDone, linked: []string{"cat open.running"},
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				in.Start()
				scene.Raised(t, c)
			},
		},
		{
			name: "when_the_answer_is_lost", want: ok, state: migration.InstanceRollingBack, linked: []string{"cat closed.aborted"}, calls: 1,
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				in.Start()
				c.Door.Faults(fault.Rule{Path: "process/abort", Kind: fault.CutAfter, Count: 1})
			},
		},
		{
			name: "when_the_call_had_no_effect", want: ok, state: migration.InstanceRollingBack, linked: []string{"cat closed.aborted"}, calls: 2, change: scene.Settled,
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				in.Start()
				c.Door.Faults(fault.Rule{Path: "process/abort", Kind: fault.Empty200, Count: 1})
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Ready(c)
			tc.happens(t, c, in)
			scene.Finished(t, c, in)
			j := scene.Worker(c)
			if tc.change != nil {
				j = scene.Worker(c, tc.change)
			}
			input := contract.AbortTargetInput{StepInput: in.Step(), Discard: tc.discard}
			out, err := activitytest.Retry(t, j.Register, contract.AbortTarget, input)
			activitytest.Must(t, err)
			activitytest.Same(t, "outcome", tc.want, activitytest.Decided(out))
			activitytest.Same(t, "state", tc.state, in.Entry().State)
			activitytest.Same(t, "linked", tc.linked, in.Linked())
			activitytest.Same(t, "calls", tc.calls, len(c.Door.Calls("process/abort")))
			if tc.want.Status != contract.StatusOK {
				return
			}
			out, err = activitytest.Retry(t, j.Register, contract.AbortTarget, input)
			activitytest.Must(t, err)
			activitytest.Same(t, "once more", tc.want, activitytest.Decided(out))
			activitytest.Same(t, "calls, once more", tc.calls, len(c.Door.Calls("process/abort")))
		})
	}
}

// TestAbortTarget_ends_the_whole_tree has a subflow below the instance. One without a
// link leaves nothing at all when it is aborted with its root.
func TestAbortTarget_ends_the_whole_tree(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		begin activitytest.Begin
		way   scene.Way
	}{
		{"linked", scene.Called, scene.ToCalled},
		{"without_a_link", activitytest.Begin{Process: "claims/escalate"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Begun(c, tc.begin, tc.way)
			activitytest.Same(t, "resumed", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, scene.Worker(c), in))
			scene.Finished(t, c, in)
			out, err := activitytest.Retry(t, scene.Worker(c).Register, contract.AbortTarget, contract.AbortTargetInput{StepInput: in.Step()})
			activitytest.Must(t, err)
			activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, activitytest.Decided(out))
			open := c.Target.Text("SELECT COUNT(*) FROM SHKProcesses p JOIN SHKProcessStates s ON s.oid = p.State JOIN wf_process_link l ON l.processId = p.Id"+
				" WHERE l.originProcessId = ? AND s.Name LIKE 'open%'", string(in.Record))
			activitytest.Same(t, "open instances of the record", "0", open)
			activitytest.Same(t, "aborted", []string{"abort by admin"}, in.Done(effects.Abort))
			if len(in.Told(migration.EventEnding)) == 0 {
				t.Error("the log does not say what was to be ended")
			}
		})
	}
}

// TestRollback takes everything back that was brought, and leaves what is people's.
func TestRollback(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		happens func(*activitytest.Case, *activitytest.Instance)
		discard bool
		again   bool
		want    contract.UndoDataOutput
		row     string // the stage that is left, "" for no row
		files   []string
		state   migration.InstanceState
	}{
		{
			name: "all_of_it", happens: func(*activitytest.Case, *activitytest.Instance) {},
			want: contract.UndoDataOutput{Rows: 1, Files: 2}, files: []string{}, state: migration.InstanceReady,
		},
		{
			name: "and_migrates_it_again", again: true, happens: func(*activitytest.Case, *activitytest.Instance) {},
			want: contract.UndoDataOutput{Rows: 1, Files: 2}, files: []string{}, state: migration.InstanceRunning,
		},
		{
			name: "but_for_what_somebody_changed",
			happens: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Edit("claim_case", in.Record, "stage", "theirs")
				c.Target.File("claim_case", in.Record, "b.txt", "theirs")
			},
			want: contract.UndoDataOutput{Rows: 0, Files: 1, Conflicts: 2}, row: "theirs", files: []string{"b.txt=theirs"}, state: migration.InstanceReady,
		},
		{
			name: "and_what_people_did_if_it_is_given_up", discard: true,
			happens: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Accept(in.TargetID(), "review", "clark")
			},
			want: contract.UndoDataOutput{Rows: 1, Files: 2}, files: []string{}, state: migration.InstanceReady,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Intake(c)
			c.Source.File("claim_case", in.Record, "a.txt", "ours")
			c.Source.File("claim_case", in.Record, "b.txt", "ours too")
			if err := scene.RemoveFile(c.Source, "claim_case", in.Record, "letter.txt"); err != nil {
				t.Fatal(err)
			}
			scene.Copied(t, c, in)
			j := scene.Worker(c)
			_, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
			activitytest.Must(t, err)
			_, err = activitytest.Retry(t, j.Register, contract.RestoreState, in.Step())
			activitytest.Must(t, err)
			activitytest.Same(t, "files before", []string{"a.txt=ours", "b.txt=ours too", "letter.txt=We have your claim. Grüße"}, c.Target.Files("claim_case", in.Record))
			verified, err := activitytest.Run(t, j.Register, contract.VerifyInstance, contract.VerifyInput{StepInput: in.Step(), Fix: true})
			activitytest.Must(t, err)
			activitytest.Same(t, "verdict", migration.VerdictSame, verified.Verdict)
			tc.happens(c, in)
			out, err := activitytest.Retry(t, j.Register, contract.AbortTarget, contract.AbortTargetInput{StepInput: in.Step(), Discard: tc.discard})
			activitytest.Must(t, err)
			activitytest.Same(t, "abort", contract.Outcome{Status: contract.StatusOK}, activitytest.Decided(out))
			tc.want.Status = contract.StatusOK
			for range 2 { // what is repeated after its end tells the same
				undone, err := activitytest.Run(t, j.Register, contract.UndoData, contract.UndoDataInput{StepInput: in.Step(), Again: tc.again})
				activitytest.Must(t, err)
				activitytest.Same(t, "undone", tc.want, undone)
			}
			activitytest.Same(t, "stage", tc.row, c.Target.Field("claim_case", in.Record, "stage"))
			activitytest.Same(t, "files", tc.files, c.Target.Files("claim_case", in.Record))
			activitytest.Same(t, "state", tc.state, in.Entry().State)
			activitytest.Same(t, "claim", migration.ClaimReleased, in.Claim().State)
			activitytest.Same(t, "aborted once", []string{"abort by admin"}, in.Done(effects.Abort))
			// What was rolled back stands in nobody's way.
			again, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
			activitytest.Must(t, err)
			activitytest.Same(t, "another start", contract.StatusOK, again.Status)
		})
	}
}

// TestUndoData_refuses_while_the_target_is_open has rows that somebody may work with.
func TestUndoData_refuses_while_the_target_is_open(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Ready(c)
	in.Start()
	scene.Finished(t, c, in)
	activitytest.Must(t, c.Ledger.BeginRollback(t.Context(), c.Migration, in.ID))
	_, err := activitytest.Run(t, scene.Worker(c).Register, contract.UndoData, contract.UndoDataInput{StepInput: in.Step()})
	activitytest.Same(t, "error", string(migration.CodeConflict), activitytest.TypeOf(err))
	activitytest.Same(t, "reason", "ill", c.Target.Field("leave_request", in.Record, "reason"))
	activitytest.Same(t, "state", migration.InstanceRollingBack, in.Entry().State)
}

// TestAbortTarget_looks_again_right_before_the_call has people act when it was decided
// that nobody has worked on the instance.
func TestAbortTarget_looks_again_right_before_the_call(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		happens func(*activitytest.Case, *activitytest.Instance)
		discard bool
		reason  migration.Reason // "" for none: it is aborted
		linked  []string
	}{
		{
			name: "somebody_accepts", reason: migration.ReasonTargetMoved, linked: []string{"cat open.running"},
			happens: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Accept(in.TargetID(), "approve", "clark")
			},
		},
		{
			name: "somebody_completes", reason: migration.ReasonTargetMoved, linked: []string{"cat open.running"},
			happens: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Complete(in.TargetID(), "approve", "clark", nil)
			},
		},
		{
			name: "somebody_ends_it_without_a_trace", reason: migration.ReasonTargetMoved, linked: []string{" "},
			happens: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Complete(in.TargetID(), "approve", "clark", nil)
				c.Target.Complete(in.TargetID(), "confirm", "tana", nil)
				c.Target.Forget(in.TargetID())
			},
		},
		{
			name: "another_one_comes_to_its_ID", reason: migration.ReasonTargetChanged, linked: []string{"cat open.running"},
			happens: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Exec("UPDATE SHKProcesses SET Created = 2 WHERE Id = ?", string(in.TargetID()))
			},
		},
		{
			name: "work_that_the_operator_gives_up_is_written_down", discard: true, linked: []string{"cat closed.aborted"},
			happens: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Accept(in.TargetID(), "approve", "clark")
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			stage := activitytest.New(t)
			c := stage.Case(t)
			in := scene.Ready(c)
			in.Start()
			scene.Finished(t, c, in)
			waits, release := stage.HoldFences(t)
			go func() {
				defer release()
				waits()
				tc.happens(c, in)
			}()
			out, err := activitytest.Retry(t, scene.Worker(c).Register, contract.AbortTarget, contract.AbortTargetInput{StepInput: in.Step(), Discard: tc.discard})
			activitytest.Must(t, err)
			want, aborts := contract.Outcome{Status: contract.StatusOK}, 1
			if tc.reason != "" {
				want, aborts = contract.Outcome{Status: contract.StatusSkipped, Reason: tc.reason}, 0
			}
			activitytest.Same(t, "outcome", want, activitytest.Decided(out))
			activitytest.Same(t, "linked", tc.linked, in.Linked())
			activitytest.Same(t, "calls", aborts, len(c.Door.Calls("process/abort")))
			given := 0
			if tc.discard {
				given = 1
			}
			activitytest.Same(t, "given up", given, len(in.Told(migration.EventWorkDiscarded)))
		})
	}
}

// TestAbortTarget_that_comes_too_late_for_a_look has people act while the call is on its
// way: the instance is aborted, and what they did is not taken back with the rest.
func TestAbortTarget_that_comes_too_late_for_a_look(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Ready(c)
	in.Start()
	scene.Finished(t, c, in)
	c.Door.At(activitytest.Sent, "process/abort", func() { c.Target.Complete(in.TargetID(), "approve", "clark", nil) })
	input := contract.AbortTargetInput{StepInput: in.Step()}
	out, err := activitytest.Retry(t, scene.Worker(c).Register, contract.AbortTarget, input)
	activitytest.Must(t, err)
	activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusSkipped, Reason: migration.ReasonTargetMoved}, activitytest.Decided(out))
	activitytest.Same(t, "linked", []string{"cat closed.aborted"}, in.Linked())
	activitytest.Same(t, "state", migration.InstanceDone, in.Entry().State)
	input.Discard = true
	out, err = activitytest.Retry(t, scene.Worker(c).Register, contract.AbortTarget, input)
	activitytest.Must(t, err)
	activitytest.Same(t, "once it is given up", contract.Outcome{Status: contract.StatusOK}, activitytest.Decided(out))
}

// TestAbortTarget_of_what_nothing_ends has a target that answers each abort and does
// nothing.
func TestAbortTarget_of_what_nothing_ends(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Ready(c)
	in.Start()
	scene.Finished(t, c, in)
	c.Door.Faults(fault.Rule{Path: "process/abort", Kind: fault.Empty200, Count: 15})
	input := contract.AbortTargetInput{StepInput: in.Step()}
	out, err := activitytest.Retry(t, scene.Worker(c).Register, contract.AbortTarget, input)
	activitytest.Must(t, err)
	activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusSkipped, Reason: migration.ReasonStepFailed}, activitytest.Decided(out))
	activitytest.Same(t, "state", migration.InstanceDone, in.Entry().State)
	activitytest.Same(t, "aborts", 10, len(c.Door.Calls("process/abort")))
	// Another rollback tries as often.
	out, err = activitytest.Retry(t, scene.Worker(c).Register, contract.AbortTarget, input)
	activitytest.Must(t, err)
	activitytest.Same(t, "another rollback", contract.Outcome{Status: contract.StatusOK}, activitytest.Decided(out))
	activitytest.Same(t, "linked", []string{"cat closed.aborted"}, in.Linked())
}
