package target_test

import (
	"testing"

	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/fault"
)

// TestRestoreState_reverts_what_tools_did has tools run at the start, and people
// and accidents come between.
func TestRestoreState_reverts_what_tools_did(t *testing.T) {
	t.Parallel()
	type step func(*testing.T, *activitytest.Case, *activitytest.Instance)
	save := func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
		c.Target.Edit("claim_case", in.Record, "title", "theirs")
		c.Target.Exec("UPDATE app_fd_claim_case SET modifiedBy = 'clark', dateModified = NOW() WHERE id = ?", string(in.Record))
	}
	for _, tc := range []struct {
		name string
		// start happens while the target starts the instance, and then comes before the restore.
		start, then step
		fault       fault.Kind       // of the start
		effected    step             // when the target has done it and has not answered
		judge       migration.Action // of what nothing tells whose it is
		change      func(*scene.Ports)
		want        contract.Outcome
		record      map[string]string
		status      string // the variable
		told        []string
	}{
		{
			name: "all_of_it", record: scene.AsOnTheSource, status: "ours",
			told: []string{`rows_reverted {"restored":1,"removed":1}`},
		},
		{
			name: "the_answer_of_the_start_was_lost", fault: fault.CutAfter,
			want: activitytest.Parked(migration.ReasonRestoreUnsure), record: scene.AsToolsLeftIt, status: "registered",
		},
		{
			name: "the_operator_says_that_tools_did_it", fault: fault.CutAfter, judge: migration.ActionPutBack,
			record: scene.AsOnTheSource, status: "ours", told: []string{`rows_reverted {"restored":1,"removed":1}`},
		},
		{
			name: "the_operator_says_that_people_did_it", fault: fault.CutAfter, judge: migration.ActionAccept,
			then: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Edit("claim_case", in.Record, "stage", "theirs")
			},
			record: scene.But(scene.AsToolsLeftIt, "stage", "theirs"), status: "ours", told: []string{`rows_reverted {"moved":2}`},
		},
		{
			name: "somebody_saved_the_row_while_the_start_ran", effected: save,
			want:   activitytest.Parked(migration.ReasonRestoreUnsure),
			record: scene.But(scene.AsToolsLeftIt, "title", "theirs"), status: "registered",
		},
		{
			name: "somebody_saved_the_row_while_the_start_ran_and_it_stays", effected: save, judge: migration.ActionAccept,
			record: scene.But(scene.But(scene.AsToolsLeftIt, "title", "theirs"), "events", "0"), status: "ours",
			told: []string{`rows_reverted {"moved":1}`, `rows_reverted {"removed":1}`},
		},
		{
			name: "somebody_changed_the_row_again",
			then: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Edit("claim_case", in.Record, "stage", "theirs")
			},
			want: activitytest.Parked(migration.ReasonRestoreMoved), record: scene.But(scene.But(scene.AsOnTheSource, "stage", "theirs"), "events", "0"), status: "registered",
			told: []string{`rows_reverted {"removed":1,"moved":1}`},
		},
		{
			name: "people_have_another_instance_of_the_record",
			then: func(_ *testing.T, _ *activitytest.Case, in *activitytest.Instance) { in.StartUnknown("terry", nil) },
			want: activitytest.Parked(migration.ReasonRestoreUnsure), record: scene.But(scene.AsToolsLeftIt, "events", "2"), status: "registered",
		},
		{
			name: "somebody_accepted_an_activity",
			then: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Accept(in.TargetID(), "review", "clark")
			},
			want: activitytest.Parked(migration.ReasonTargetMoved), record: scene.AsToolsLeftIt, status: "registered",
		},
		{
			name: "the_operator_wants_it_told_only", change: func(j *scene.Ports) { j.Settings.ReportOnly = true },
			record: scene.AsToolsLeftIt, status: "ours", told: []string{`rows_reported {"rows":2}`},
		},
		{
			name: "a_variable_differs_that_no_call_can_set",
			then: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Exec("UPDATE SHKProcessData SET VariableValueDBL = 1 WHERE VariableDefinitionId = 'amount' AND Process = (SELECT oid FROM SHKProcesses WHERE Id = ?)", string(in.TargetID()))
			},
			want: activitytest.Parked(migration.ReasonVariablesDiffer), record: scene.AsOnTheSource, status: "ours",
			told: []string{`rows_reverted {"restored":1,"removed":1}`},
		},
		{
			name: "another_record_is_not_touched",
			start: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Row("claim_case", in.Record+"-2", map[string]string{"stage": "theirs"})
				c.Target.Edit("claim_case", in.Record+"-2", "stage", "changed")
			},
			then: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				activitytest.Same(t, "the other row", "changed", c.Target.Field("claim_case", in.Record+"-2", "stage"))
			},
			record: scene.AsOnTheSource, status: "ours", told: []string{`rows_reverted {"restored":1,"removed":1}`},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Intake(c)
			scene.Copied(t, c, in)
			j := scene.Worker(c)
			if tc.change != nil {
				j = scene.Worker(c, tc.change)
			}
			if tc.start != nil {
				c.Door.At(activitytest.Sent, startPath, func() { tc.start(t, c, in) })
			}
			if tc.effected != nil {
				c.Door.At(activitytest.Effected, startPath, func() { tc.effected(t, c, in) })
			}
			if tc.fault != "" {
				c.Door.Faults(fault.Rule{Path: startPath, Kind: tc.fault, Count: 1})
			}
			out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
			activitytest.Must(t, err)
			if tc.fault != "" {
				// A tool runs on the start's path: whether it still does, only time tells.
				_, err = activitytest.Run(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
				activitytest.Same(t, "at first", contract.WaitingType, activitytest.TypeOf(err))
				out, err = activitytest.Run(t, scene.Worker(c, scene.Settled).Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
				activitytest.Must(t, err)
			}
			if out.Status != contract.StatusOK || !out.Restore {
				t.Errorf("started as %+v", out)
			}
			if tc.effected == nil {
				activitytest.Same(t, "as tools left it", scene.AsToolsLeftIt, scene.Record(c, in))
			}
			if tc.then != nil {
				tc.then(t, c, in)
			}
			restored, err := activitytest.Retry(t, j.Register, contract.RestoreState, in.Step())
			activitytest.Must(t, err)
			if tc.judge != "" {
				activitytest.Same(t, "at first", activitytest.Parked(migration.ReasonRestoreUnsure), activitytest.Decided(restored.Outcome))
				resolve(t, j, in, tc.judge)
				restored, err = activitytest.Retry(t, j.Register, contract.RestoreState, in.Step())
				activitytest.Must(t, err)
			}
			want := tc.want
			if want == (contract.Outcome{}) {
				want = contract.Outcome{Status: contract.StatusOK}
			}
			activitytest.Same(t, "outcome", want, activitytest.Decided(restored.Outcome))
			activitytest.Same(t, "record", tc.record, scene.Record(c, in))
			if v := scene.Variable(c.Target, in.TargetID(), "status"); v != tc.status {
				t.Errorf("the variable is %q, want %q", v, tc.status)
			}
			activitytest.Same(t, "told", append([]string{}, tc.told...), in.Told(migration.EventRowsReverted, migration.EventRowsReported))
			if want.Status != contract.StatusOK {
				return
			}
			calls := len(c.Door.Calls(""))
			restored, err = activitytest.Retry(t, j.Register, contract.RestoreState, in.Step())
			activitytest.Must(t, err)
			activitytest.Same(t, "once more", contract.RestoreOutput{Outcome: contract.Outcome{Status: contract.StatusOK}}, restored)
			activitytest.Same(t, "calls, once more", calls, len(c.Door.Calls("")))
		})
	}
}

// resolve is the operator's word about an instance that waits for it.
func resolve(t *testing.T, j *scene.Ports, in *activitytest.Instance, action migration.Action) {
	t.Helper()
	e := in.Entry()
	resolved, err := activitytest.Run(t, j.Register, contract.ResolveInstance, contract.ResolveInput{
		StepInput: in.Step(), ParkID: e.ParkID, Reason: e.Reason, Action: action,
	})
	activitytest.Must(t, err)
	activitytest.Same(t, "resolved", contract.StatusOK, resolved.Status)
}

// TestRestoreState_leaves_what_people_did_before_another_start has the first
// start fail, and somebody change the row around it.
func TestRestoreState_leaves_what_people_did_before_another_start(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in, j := scene.Intake(c), scene.Worker(c)
	scene.Copied(t, c, in)
	c.Door.Faults(fault.Rule{Path: startPath, Kind: fault.Error500Before, Count: 1})
	c.Door.At(activitytest.Sent, startPath, func() { c.Target.Edit("claim_case", in.Record, "story", "theirs") })
	for _, want := range []contract.Status{contract.StatusUnknown, contract.StatusOK} {
		out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
		activitytest.Must(t, err)
		activitytest.Same(t, "start", want, out.Status)
		if want == contract.StatusUnknown {
			_, err := activitytest.Run(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
			activitytest.Must(t, err)
		}
	}
	out, err := activitytest.Retry(t, j.Register, contract.RestoreState, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, activitytest.Decided(out.Outcome))
	activitytest.Same(t, "record", scene.But(scene.AsOnTheSource, "story", "theirs"), scene.Record(c, in))
}

// TestRestoreState_sets_a_variable_once has the call go wrong.
func TestRestoreState_sets_a_variable_once(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		kind  fault.Kind
		calls int
	}{
		{name: "answered", calls: 1},
		{"cut_after_its_effect", fault.CutAfter, 1},
		{"an_error_after_its_effect", fault.Error500After, 1},
		{"an_error_before_its_effect", fault.Error500Before, 2},
		{"the_effect_comes_late", fault.DelayedCommit, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			const call = "process/variable"
			c := activitytest.Shared(t).Case(t)
			in := scene.Intake(c)
			j := scene.Worker(c)
			in.Plan()
			in.Copy()
			in.Start()
			if tc.kind != "" {
				c.Door.Faults(fault.Rule{Path: call, Kind: tc.kind, Count: 1})
				_, err := activitytest.Run(t, j.Register, contract.RestoreState, in.Step())
				if err == nil {
					t.Error("the call is taken for made")
				}
			}
			if tc.kind == fault.DelayedCommit {
				_, err := activitytest.Run(t, j.Register, contract.RestoreState, in.Step())
				activitytest.Same(t, "while it may still run", contract.WaitingType, activitytest.TypeOf(err))
				c.Door.Late()
			}
			out, err := activitytest.Retry(t, j.Register, contract.RestoreState, in.Step())
			activitytest.Must(t, err)
			activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, activitytest.Decided(out.Outcome))
			activitytest.Same(t, "calls", tc.calls, len(c.Door.Calls(call)))
			activitytest.Same(t, "variable", "ours", scene.Variable(c.Target, in.TargetID(), "status"))
			activitytest.Same(t, "told what it was", true, len(in.Told(migration.EventVariableBefore)) > 0)
		})
	}
}

// TestResumeActivity_reverts_what_tools_of_a_subflow_did has a subflow that
// changes the record when it is started, and the worker die around it.
func TestResumeActivity_reverts_what_tools_of_a_subflow_did(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		dies activitytest.Moment
	}{{name: "nothing_goes_wrong"}, {"the_worker_dies_while_it_calls", activitytest.Sent}, {"the_worker_dies_when_it_has_called", activitytest.Effected}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := c.Begin(scene.Deep)
			scene.Way{{Activity: "file"}}.Walk(c, in)
			c.Source.Edit("claim_case", in.Record, "stage", "ours")
			scene.Copied(t, c, in)
			in.Start()
			j := scene.Worker(c)
			if tc.dies != "" {
				j.Ledger = c.OpenLedger()
				c.Door.At(tc.dies, activityStart, func() { _ = j.Ledger.Close() })
				if _, err := activitytest.Run(t, j.Register, contract.ResumeActivity, contract.ResumeInput{StepInput: in.Step()}); err == nil {
					t.Error("it did not notice")
				}
			}
			finish := scene.Worker(c, scene.SettlesSoon)
			if tc.dies != "" {
				activitytest.Same(t, "at first", activitytest.Parked(migration.ReasonRestoreUnsure), scene.Resume(t, finish, in))
				resolve(t, finish, in, migration.ActionPutBack)
			}
			activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, finish, in))
			activitytest.Same(t, "the target", in.OnSource(), in.OnTarget())
			activitytest.Same(t, "stage", "ours", c.Target.Field("claim_case", in.Record, "stage"))
			count := func(s *activitytest.Server) string {
				return s.Text("SELECT COUNT(*) FROM app_fd_claim_event WHERE c_claimId = ?", string(in.Record))
			}
			activitytest.Same(t, "events", count(c.Source), count(c.Target))
			activitytest.Same(t, "calls", []string{"activity_start mediate by admin, aborting"}, in.Done(effects.ActivityStart))
		})
	}
}

// TestResumeActivity_leaves_what_people_did_while_no_call_was_made has the server's port
// closed when the subflow's start is tried first.
func TestResumeActivity_leaves_what_people_did_while_no_call_was_made(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := c.Begin(scene.Deep)
	scene.Way{{Activity: "file"}}.Walk(c, in)
	scene.Copied(t, c, in)
	in.Start()
	down := scene.Worker(c, func(p *scene.Ports) {
		p.API = c.Client(func(o *api.Options) { o.BaseURL = "http://127.0.0.1:1/jw" })
	})
	if _, err := activitytest.Run(t, down.Register, contract.ResumeActivity, contract.ResumeInput{StepInput: in.Step()}); err == nil {
		t.Error("it did not notice that nobody listens")
	}
	c.Target.Edit("claim_case", in.Record, "story", "theirs")
	activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, scene.Worker(c), in))
	activitytest.Same(t, "story", "theirs", c.Target.Field("claim_case", in.Record, "story"))
	activitytest.Same(t, "calls", []string{"activity_start mediate by admin, aborting"}, in.Done(effects.ActivityStart))
}
