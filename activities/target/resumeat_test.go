package target_test

import (
	"slices"
	"strings"
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/fault"
)

// hung makes an activity that is open on the source a tool whose call ended without it.
func hung(c *activitytest.Case, in *activitytest.Instance, activity, tool string) {
	open := c.Source.Text("SELECT Id FROM SHKActivities WHERE ProcessId = ? AND ActivityDefinitionId = ? AND State IN (SELECT oid FROM SHKActivityStates WHERE KeyValue LIKE 'open.%')", string(in.ID), activity)
	c.Source.Exec("DELETE FROM SHKAssignmentsTable WHERE ActivityId = ?", open)
	c.Source.Exec("UPDATE SHKActivities SET ActivityDefinitionId = ?, State = (SELECT oid FROM SHKActivityStates WHERE KeyValue = 'open.running') WHERE Id = ?", tool, open)
}

// emptied aborts an activity of the source, so that nothing is open.
func emptied(t *testing.T, c *activitytest.Case, in *activitytest.Instance, activity string) {
	c.Source.Engine.AbortActivity(t.Context(), activitytest.Administrator, string(in.ID), activity)
}

// said has the operator say where an instance goes on.
func said(t *testing.T, c *activitytest.Case, in *activitytest.Instance, at ...migration.ActivityDefID) {
	t.Helper()
	activitytest.Must(t, c.Ledger.SayResumeAt(t.Context(), c.Migration, in.ID, migration.Word{Activities: at, By: "ann"}))
}

// through takes an instance that is planned through all its steps, and returns how it ended.
func through(t *testing.T, c *activitytest.Case, in *activitytest.Instance, change ...func(*scene.Ports)) contract.Outcome {
	t.Helper()
	j := scene.Worker(c, change...)
	copied, err := activitytest.Run(t, j.Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	if copied.Status != contract.StatusOK {
		return activitytest.Decided(copied.Outcome)
	}
	_, err = activitytest.Run(t, j.Register, contract.CopyUploads, in.Step())
	activitytest.Must(t, err)
	started, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "start", contract.StatusOK, started.Status)
	if started.Restore {
		_, err = activitytest.Retry(t, j.Register, contract.RestoreState, in.Step())
		activitytest.Must(t, err)
	}
	return scene.Resume(t, j, in)
}

// standing is what is open on the target, without variables.
func standing(in *activitytest.Instance) []string {
	return slices.DeleteFunc(in.OnTarget(), func(line string) bool { return strings.Contains(line, " = ") })
}

// TestResumeAt_goes_on_where_the_operator_says has instances that do not show where they go on.
func TestResumeAt_goes_on_where_the_operator_says(t *testing.T) {
	t.Parallel()
	joint := activitytest.Begin{Process: "claims/toolJoin", Row: map[string]string{"title": "water", "stage": "ours"}}
	for _, tc := range []struct {
		name   string
		begin  activitytest.Begin
		way    scene.Way
		source func(*activitytest.Case, *activitytest.Instance)
		at     []migration.ActivityDefID
		want   []string
		// started are the activities that were started on the target, in their order.
		started []string
		tools   []string
	}{
		{
			name: "nothing_is_open", begin: scene.One, way: scene.ToConfirm, at: []migration.ActivityDefID{"resubmit"},
			source: func(c *activitytest.Case, in *activitytest.Instance) { emptied(t, c, in, "confirm") },
			want:   []string{"resubmit is open, cat"}, started: []string{"resubmit aborting"},
		},
		{
			name: "a_tool_hangs_and_is_not_named", begin: joint, way: scene.Way{{Activity: "order"}}, at: []migration.ActivityDefID{"repair", "bill"},
			source:  func(c *activitytest.Case, in *activitytest.Instance) { hung(c, in, "repair", "stamp") },
			started: []string{"repair aborting", "bill"},
		},
		{
			name: "two_side_by_side", begin: scene.Three, way: scene.Way{{Activity: "triage"}}, at: []migration.ActivityDefID{"doctor", "police"},
			source: func(c *activitytest.Case, in *activitytest.Instance) {
				for _, a := range []string{"doctor", "lawyer", "police"} {
					emptied(t, c, in, a)
				}
			},
			started: []string{"doctor aborting", "police"},
		},
		{
			name: "a_tool_hangs_and_is_named", begin: joint, way: scene.Way{{Activity: "order"}}, at: []migration.ActivityDefID{"stamp", "bill"},
			source:  func(c *activitytest.Case, in *activitytest.Instance) { hung(c, in, "repair", "stamp") },
			started: []string{"bill aborting", "stamp"}, tools: []string{"stamp"},
		},
		{
			name: "a_subflow_is_named_that_was_not_open", begin: scene.Called, at: []migration.ActivityDefID{"equip"},
			source:  func(c *activitytest.Case, in *activitytest.Instance) { emptied(t, c, in, "prepare") },
			started: []string{"equip aborting"},
		},
		{
			name: "the_instance_is_suspended", begin: scene.One, way: scene.ToConfirm, at: []migration.ActivityDefID{"confirm"},
			source: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Source.Exec("UPDATE SHKProcesses SET State = (SELECT oid FROM SHKProcessStates WHERE KeyValue = ?) WHERE Id = ?", string(migration.StateSuspended), string(in.ID))
			},
			started: []string{"confirm aborting"},
		},
		{
			name: "an_activity_is_suspended", begin: scene.One, way: scene.ToConfirm, at: []migration.ActivityDefID{"confirm"},
			source: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Source.Exec("UPDATE SHKActivities SET State = (SELECT oid FROM SHKActivityStates WHERE KeyValue = ?) WHERE ProcessId = ? AND ActivityDefinitionId = 'confirm'", string(migration.StateSuspended), string(in.ID))
			},
			started: []string{"confirm aborting"},
		},
		{
			name: "half_have_approved", begin: scene.One, way: scene.ToConfirm, at: []migration.ActivityDefID{"confirm"},
			source: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Source.Exec("UPDATE SHKActivities SET Priority = 5 WHERE ProcessId = ? AND ActivityDefinitionId = 'confirm'", string(in.ID))
				c.Source.Exec(`INSERT INTO SHKActivityData (Activity, VariableDefinitionId, VariableType, VariableValueVCHAR, IsResult, OrdNo, CNT, oid, version)
SELECT oid, 'MULTI_APPROVAL_PERFORMERS', 3, 'cat', 0, -1, 900000 + oid, 900000000 + oid, 0 FROM SHKActivities WHERE ProcessId = ? AND ActivityDefinitionId = 'confirm'`, string(in.ID))
			},
			started: []string{"confirm aborting"},
		},
		{
			name: "a_subflow_stays_where_it_is", begin: scene.Called, way: scene.ToCalled, at: []migration.ActivityDefID{"equip"},
			source: func(*activitytest.Case, *activitytest.Instance) {}, started: []string{"equip aborting", "handover aborting"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := c.Begin(tc.begin)
			tc.way.Walk(c, in)
			tc.source(c, in)
			in.Plan()
			said(t, c, in, tc.at...)
			activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, through(t, c, in))
			if tc.want != nil {
				activitytest.Same(t, "the target", tc.want, standing(in))
			}
			started := in.Done(effects.ActivityStart)
			for i, line := range started {
				started[i] = strings.NewReplacer("activity_start ", "", " by admin", "", ",", "").Replace(line)
			}
			activitytest.Same(t, "started", tc.started, started)
			var tools []string
			for _, line := range in.Done(effects.Tool) {
				if strings.Contains(line, "by admin") {
					tools = append(tools, strings.Fields(line)[1])
				}
			}
			activitytest.Same(t, "tools that were run by a call of ours", tc.tools, tools)
			out, items := scene.Verify(t, c, in, contract.VerifyInput{Fix: true})
			activitytest.Same(t, "what differs", []string{}, items)
			activitytest.Same(t, "verdict", migration.VerdictSame, out.Verdict)
			// What stands is left alone, the tool above all.
			done := in.Done()
			activitytest.Same(t, "outcome, once more", contract.Outcome{Status: contract.StatusDone}, scene.Resume(t, scene.Worker(c), in))
			activitytest.Same(t, "done", done, in.Done())
		})
	}
}

// TestResumeAt_keeps_what_a_tool_did runs a tool whose branch sets a variable, adds a row
// and writes a file: all of it stays, is no difference, and goes with a rollback.
func TestResumeAt_keeps_what_a_tool_did(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		kind fault.Kind
	}{{name: "answered"}, {"cut_after_its_effect", fault.CutAfter}, {"cut_before_its_effect", fault.CutBefore}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Intake(c)
			hung(c, in, "review", "register")
			in.Plan()
			said(t, c, in, "register")
			if tc.kind != "" {
				c.Door.Faults(fault.Rule{Path: activityStart, Kind: tc.kind, Count: 1})
			}
			activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, through(t, c, in, scene.SettlesSoon))
			activitytest.Same(t, "the record", scene.But(scene.AsOnTheSource, "events", "1"), scene.Record(c, in))
			activitytest.Same(t, "status", "registered", scene.Variable(c.Target, in.TargetID(), "status"))
			made := 1
			if tc.kind == fault.CutBefore {
				made = 2
			}
			activitytest.Same(t, "calls", made, len(c.Door.Calls(activityStart)))
			for _, fix := range []bool{true, false} {
				out, items := scene.Verify(t, c, in, contract.VerifyInput{Fix: fix})
				activitytest.Same(t, "what differs", []string{}, items)
				activitytest.Same(t, "verdict", migration.VerdictSame, out.Verdict)
			}
			// What somebody changed since is none of the tool's doing.
			c.Target.Edit("claim_case", in.Record, "title", "fire")
			out, _ := scene.Verify(t, c, in, contract.VerifyInput{})
			activitytest.Same(t, "verdict after a change", migration.VerdictDiffers, out.Verdict)
			c.Target.Exec("UPDATE app_fd_claim_case SET c_title = 'water', dateModified = '2024-06-04 08:00:00' WHERE id = ?", string(in.Record))

			// Whose doing it is that shows after a call without an answer, nobody can tell.
			undone := rolledBack(t, c, in, tc.kind == fault.CutAfter)
			activitytest.Same(t, "conflicts", 0, undone.Conflicts)
			activitytest.Same(t, "events left", "0", c.Target.Text("SELECT COUNT(*) FROM app_fd_claim_event WHERE c_claimId = ?", string(in.Record)))
			activitytest.Same(t, "files left", 0, len(c.Target.Files("claim_case", in.Record)))
		})
	}
}

// rolledBack takes an instance back from the target.
func rolledBack(t *testing.T, c *activitytest.Case, in *activitytest.Instance, discard bool) contract.UndoDataOutput {
	t.Helper()
	j := scene.Worker(c)
	out, err := activitytest.Retry(t, j.Register, contract.AbortTarget, contract.AbortTargetInput{StepInput: in.Step(), Discard: discard})
	activitytest.Must(t, err)
	activitytest.Same(t, "abort", contract.StatusOK, out.Status)
	undone, err := activitytest.Run(t, j.Register, contract.UndoData, contract.UndoDataInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	return undone
}

// TestResumeAt_parks has words that lead nowhere.
func TestResumeAt_parks(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		at   []migration.ActivityDefID
		want migration.Reason
	}{
		{name: "without_a_word", want: migration.ReasonSourceBlocked},
		{name: "a_name_that_is_not_there", at: []migration.ActivityDefID{"confirmed"}, want: migration.ReasonSourceBlocked},
		{name: "a_name_twice", at: []migration.ActivityDefID{"confirm", "confirm"}, want: migration.ReasonSourceBlocked},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := c.Begin(scene.One)
			scene.ToConfirm.Walk(c, in)
			emptied(t, c, in, "confirm")
			in.Plan()
			if tc.at != nil {
				said(t, c, in, tc.at...)
			}
			activitytest.Same(t, "outcome", activitytest.Parked(tc.want), through(t, c, in))
			activitytest.Same(t, "linked", []string{}, in.Linked())
			// The answer to the parking is another word.
			e := in.Entry()
			activitytest.Must(t, c.Ledger.Resolve(t.Context(), c.Migration, in.ID, migration.Decision{
				ParkID: e.ParkID, Action: migration.ActionRetry, ResumeAt: []migration.ActivityDefID{"confirm"}, By: "ann",
			}))
			_, err := activitytest.Run(t, scene.Worker(c).Register, contract.ResolveInstance, contract.ResolveInput{
				StepInput: in.Step(), ParkID: e.ParkID, Reason: e.Reason, Action: migration.ActionRetry,
			})
			activitytest.Must(t, err)
			activitytest.Same(t, "outcome of the retry", contract.Outcome{Status: contract.StatusOK}, through(t, c, in))
		})
	}
}

// TestResumeAt_runs_a_tool_again_only_when_it_is_named_again has a tool that hangs on the
// target, too.
func TestResumeAt_runs_a_tool_again_only_when_it_is_named_again(t *testing.T) {
	t.Parallel()
	s := activitytest.New(t)
	c := s.Case(t)
	in := c.Begin(activitytest.Begin{Process: "claims/toolJoin", Row: map[string]string{"title": "water", "stage": "ours"}})
	c.Source.Complete(in.ID, "order", "", nil)
	hung(c, in, "repair", "stamp")
	in.Plan()
	said(t, c, in, "stamp", "bill")
	s.Fail(engine.AtTool, 1)
	parked := activitytest.Parked(migration.ReasonResumeNotConverging)
	activitytest.Same(t, "outcome", parked, through(t, c, in, scene.SettlesSoon))
	calls := len(c.Door.Calls(activityStart))
	in.Decide(migration.ActionRetry, false)
	activitytest.Same(t, "outcome of a retry", parked, scene.Resume(t, scene.Worker(c), in))
	activitytest.Same(t, "calls of a retry", calls, len(c.Door.Calls(activityStart)))
	e := in.Entry()
	activitytest.Must(t, c.Ledger.Resolve(t.Context(), c.Migration, in.ID, migration.Decision{
		ParkID: e.ParkID, Action: migration.ActionRetry, ResumeAt: []migration.ActivityDefID{"stamp", "bill"}, By: "ann",
	}))
	activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, in.ID, migration.Change{From: []migration.InstanceState{migration.InstanceParked}, State: migration.InstanceRunning}))
	activitytest.Same(t, "outcome when it is named again", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, scene.Worker(c), in))
	_, items := scene.Verify(t, c, in, contract.VerifyInput{Fix: true})
	activitytest.Same(t, "what differs", []string{}, items)
}
