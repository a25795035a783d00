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
