package target_test

import (
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
	"jogetferry/test/simulator/fault"
)

// siblings are two instances of one record, whose starts run tools.
func siblings(c *activitytest.Case) (first, second *activitytest.Instance) {
	first = scene.Intake(c)
	second = c.Begin(activitytest.Begin{Process: "claims/intake", Record: first.Record, Variables: map[string]string{"handler": "david", "amount": "830.5"}})
	c.Source.Edit("claim_case", first.Record, "stage", "ours")
	c.Source.Set(second.ID, "status", "ours")
	c.Source.Exec("DELETE FROM app_fd_claim_event WHERE c_claimId = ?", string(first.Record))
	c.Plan(first, second)
	return first, second
}

func copyData(t *testing.T, c *activitytest.Case, in *activitytest.Instance) (contract.Outcome, error) {
	t.Helper()
	out, err := activitytest.Run(t, scene.Worker(c).Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: in.Step()})
	return activitytest.Decided(out.Outcome), err
}

func start(t *testing.T, c *activitytest.Case, in *activitytest.Instance) contract.StartOutput {
	t.Helper()
	j := scene.Worker(c)
	outcome, err := copyData(t, c, in)
	activitytest.Must(t, err)
	activitytest.Same(t, "copied", contract.Outcome{Status: contract.StatusOK}, outcome)
	_, err = activitytest.Run(t, j.Register, contract.CopyUploads, in.Step())
	activitytest.Must(t, err)
	out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
	activitytest.Must(t, err)
	return out
}

// TestTwoInstancesOfOneRecord_go_one_after_the_other has the second begin when the first
// is started, and what its tools changed is not put back yet.
func TestTwoInstancesOfOneRecord_go_one_after_the_other(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	first, second := siblings(c)
	activitytest.Same(t, "tools changed something", true, start(t, c, first).Restore)

	_, err := copyData(t, c, second)
	activitytest.Same(t, "the second", contract.WaitingType, activitytest.TypeOf(err))
	activitytest.Same(t, "its state", migration.InstanceWaiting, second.Entry().State)
	activitytest.Same(t, "its reason", migration.ReasonRecordBusy, second.Entry().Reason)

	restore := func(in *activitytest.Instance) {
		t.Helper()
		restored, err := activitytest.Retry(t, scene.Worker(c).Register, contract.RestoreState, in.Step())
		activitytest.Must(t, err)
		activitytest.Same(t, "restored", contract.Outcome{Status: contract.StatusOK}, activitytest.Decided(restored.Outcome))
		activitytest.Same(t, "record", scene.AsOnTheSource, scene.Record(c, in))
	}
	restore(first)
	activitytest.Same(t, "tools changed it again", true, start(t, c, second).Restore)
	restore(second)
	activitytest.Same(t, "nobody waits any more", migration.Reason(""), second.Entry().Reason)
}

// TestTwoInstancesOfOneRecord_where_the_first_is_stuck has the first wait for the
// operator with rows that may be anybody's.
func TestTwoInstancesOfOneRecord_where_the_first_is_stuck(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	first, second := siblings(c)
	c.Door.Faults(fault.Rule{Path: startPath, Kind: fault.CutAfter, Count: 1})
	activitytest.Same(t, "the first", contract.StatusUnknown, start(t, c, first).Status)
	_, err := activitytest.Run(t, scene.Worker(c, scene.Settled).Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: first.Step()})
	activitytest.Must(t, err)
	j := scene.Worker(c)
	restored, err := activitytest.Retry(t, j.Register, contract.RestoreState, first.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "the first parks", activitytest.Parked(migration.ReasonRestoreUnsure), activitytest.Decided(restored.Outcome))

	outcome, err := copyData(t, c, second)
	activitytest.Must(t, err)
	activitytest.Same(t, "the second parks", activitytest.Parked(migration.ReasonRecordBusy), outcome)
	out, err := activitytest.Run(t, j.Register, contract.AbortTarget, contract.AbortTargetInput{StepInput: second.Step()})
	activitytest.Must(t, err)
	activitytest.Same(t, "its rollback", contract.Outcome{Status: contract.StatusSkipped, Reason: migration.ReasonRecordBusy}, activitytest.Decided(out))

	resolve(t, j, first, migration.ActionPutBack)
	restored, err = activitytest.Retry(t, j.Register, contract.RestoreState, first.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "the first is restored", contract.Outcome{Status: contract.StatusOK}, activitytest.Decided(restored.Outcome))
	resolve(t, j, second, migration.ActionRetry)
	outcome, err = copyData(t, c, second)
	activitytest.Must(t, err)
	activitytest.Same(t, "the second goes on", contract.Outcome{Status: contract.StatusOK}, outcome)
}

// TestStartProcess_captures_only_where_tools_may_run has a start with tools on its path,
// and one without.
func TestStartProcess_captures_only_where_tools_may_run(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		of   func(*activitytest.Case) *activitytest.Instance
		want []string
	}{
		{"with_tools", func(c *activitytest.Case) *activitytest.Instance {
			in := scene.Intake(c)
			in.Plan()
			in.Copy()
			return in
		}, []string{"start/1", "start/1/after"}},
		{"without", scene.Ready, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := tc.of(c)
			out, err := activitytest.Run(t, scene.Worker(c).Register, contract.StartProcess, in.Step())
			activitytest.Must(t, err)
			activitytest.Same(t, "started", contract.StatusOK, out.Status)
			stories, err := c.Ledger.CaptureStories(t.Context(), in.Key())
			activitytest.Must(t, err)
			var ids []string
			for _, s := range stories {
				ids = append(ids, s.ID)
			}
			activitytest.Same(t, "captures", tc.want, ids)
		})
	}
}

// TestResumeActivity_needs_the_record has another instance hold it when a subflow with
// tools is to be started.
func TestResumeActivity_needs_the_record(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		state migration.InstanceState // of the holder
		fails string
		want  contract.Outcome
		is    migration.InstanceState
	}{
		{"that_goes_on", migration.InstanceRunning, contract.WaitingType, contract.Outcome{}, migration.InstanceWaiting},
		{"that_is_done_with_it_open", migration.InstanceDone, "", activitytest.Parked(migration.ReasonRecordBusy), migration.InstanceParked},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := c.Begin(scene.Deep)
			scene.Way{{Activity: "file"}}.Walk(c, in)
			other := c.Begin(activitytest.Begin{Process: "leave/process1", Record: in.Record})
			c.Plan(in, other)
			in.Copy()
			in.Start()
			activitytest.Must(t, c.Ledger.HoldRecord(t.Context(), other.Key(), in.Record, c.Migration))
			activitytest.Must(t, c.Ledger.SaveCapture(t.Context(), other.Key(), "start/1", []byte("before")))
			activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, other.ID, migration.Change{State: tc.state}))
			out, err := activitytest.Run(t, scene.Worker(c).Register, contract.ResumeActivity, contract.ResumeInput{StepInput: in.Step()})
			activitytest.Same(t, "error", tc.fails, activitytest.TypeOf(err))
			activitytest.Same(t, "outcome", tc.want, activitytest.Decided(out.Outcome))
			activitytest.Same(t, "state", tc.is, in.Entry().State)
			activitytest.Same(t, "calls", 0, len(c.Door.Calls(activityStart)))
		})
	}
}

// TestAbortTarget_leaves_rows_that_may_be_somebodys has the start's answer lost, so that
// nobody saw what its tools did.
func TestAbortTarget_leaves_rows_that_may_be_somebodys(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		discard bool
		record  map[string]string
		told    []string
	}{
		{"they_stay", false, scene.AsToolsLeftIt, []string{`rows_reverted {"moved":2}`}},
		{"unless_work_is_given_up", true, scene.AsOnTheSource, []string{`rows_reverted {"restored":1,"removed":1}`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Intake(c)
			scene.Copied(t, c, in)
			c.Door.Faults(fault.Rule{Path: startPath, Kind: fault.CutAfter, Count: 1})
			j := scene.Worker(c, scene.Settled)
			_, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
			activitytest.Must(t, err)
			_, err = activitytest.Run(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
			activitytest.Must(t, err)
			scene.Park(t, c, in, migration.StepRestore, migration.ReasonRestoreUnsure)
			out, err := activitytest.Retry(t, j.Register, contract.AbortTarget, contract.AbortTargetInput{StepInput: in.Step(), Discard: tc.discard})
			activitytest.Must(t, err)
			activitytest.Same(t, "outcome", contract.StatusOK, out.Status)
			activitytest.Same(t, "record", tc.record, scene.Record(c, in))
			activitytest.Same(t, "told", tc.told, in.Told(migration.EventRowsReverted))
		})
	}
}
