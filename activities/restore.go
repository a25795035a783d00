package activities

import (
	"context"
	"fmt"
	"strings"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
)

// window returns the window around the start, completed from what is there now
// when the attempt that opened it died. open is false when there is nothing (left) to restore.
func (j *Joget) window(ctx context.Context, s *subject) (records.Window, bool, error) {
	claim, err := j.Ledger.Claimed(ctx, s.key)
	if err != nil {
		return records.Window{}, false, err
	}
	data, open, err := j.Ledger.Window(ctx, s.key, windowAfter(claim.Attempt))
	if err == nil {
		window, err := records.DecodeWindow(data)
		return window, open, err
	}
	if migration.CodeOf(err) != migration.CodeNotFound {
		return records.Window{}, false, err
	}
	data, open, err = j.Ledger.Window(ctx, s.key, windowBefore(claim.Attempt))
	if migration.CodeOf(err) == migration.CodeNotFound {
		return records.Window{}, false, nil
	}
	if err != nil || !open {
		return records.Window{}, false, err
	}
	before, err := records.DecodeWindow(data)
	if err != nil {
		return records.Window{}, false, err
	}
	selection, err := j.selection(ctx, s)
	if err != nil {
		return records.Window{}, false, err
	}
	window, err := records.FinishWindow(ctx, j.form(), selection, records.Limits{}, before.Before)
	if err != nil {
		return records.Window{}, false, err
	}
	return window, true, j.Ledger.SaveWindow(ctx, s.key, windowAfter(claim.Attempt), window.Encode())
}

func (j *Joget) closeWindow(ctx context.Context, s *subject) error {
	claim, err := j.Ledger.Claimed(ctx, s.key)
	if err != nil {
		return err
	}
	if err := j.Ledger.CloseWindow(ctx, s.key, windowAfter(claim.Attempt)); err != nil {
		return err
	}
	return j.Ledger.CloseWindow(ctx, s.key, windowBefore(claim.Attempt))
}

// RestoreState puts back what the start changed: rows of the record set by
// compare-and-set, then variables by API, each read back.
func (j *Joget) RestoreState(ctx context.Context, in contract.StepInput) (contract.RestoreOutput, error) {
	out := contract.RestoreOutput{Outcome: contract.Outcome{Status: contract.StatusOK}}
	s, target, entered, err := j.enter(ctx, in, migration.StepRestore)
	if err != nil || target == nil {
		out.Outcome = entered
		return out, err
	}
	if out.Outcome, err = j.untouched(ctx, s, target, migration.StepRestore); err != nil || out.Status != contract.StatusOK {
		return out, err
	}
	if stop, err := j.restoreRows(ctx, s, &out); stop || err != nil {
		return out, err
	}
	if stop, err := j.restoreVariables(ctx, s, target, &out); stop || err != nil {
		return out, err
	}
	if target, err = j.again(ctx, target.ID); err != nil {
		return out, err
	}
	out.Next, out.Outcome, err = j.next(ctx, s, target)
	return out, err
}

// enter opens a started instance for a step. target is nil when the step ends
// here, with out: the ledger has the instance done or skipped already, or its
// target must not be touched and it is parked.
func (j *Joget) enter(ctx context.Context, in contract.StepInput, step migration.Step) (s *subject, target *migration.Instance, out contract.Outcome, err error) {
	if s, err = j.open(ctx, in); err != nil {
		return nil, nil, out, err
	}
	if out, final := finalOutcome(s.entry); final {
		return s, nil, out, nil
	}
	identity, started, err := j.Ledger.TargetOf(ctx, s.key)
	if err != nil {
		return s, nil, out, err
	}
	if !started {
		return s, nil, out, migration.E(migration.CodeInvalid, "open instance", string(in.Instance), "it was not started")
	}
	target, reason, err := j.live(ctx, s, identity)
	if err == nil && reason != "" {
		out, err = j.park(ctx, s, step, reason, fmt.Sprintf("Target instance %s.", identity.ID), "")
	}
	return s, target, out, err
}

func (j *Joget) restoreRows(ctx context.Context, s *subject, out *contract.RestoreOutput) (stop bool, err error) {
	window, open, err := j.window(ctx, s)
	if err != nil || !open {
		return err != nil, err
	}
	if j.Settings.ReportOnly {
		line := migration.StepLine{Step: migration.StepRestore, Kind: "note", What: fmt.Sprintf(migration.LineToolsChanged+"%d rows; left (records.restore: report)", len(window.Changes()))}
		if err := j.Ledger.Log(ctx, s.Migration, s.Instance, line); err != nil {
			return true, err
		}
		return false, j.closeWindow(ctx, s)
	}
	selection, err := j.selection(ctx, s)
	if err != nil {
		return true, err
	}
	put, err := records.PutBack(ctx, j.form(), selection.Model, window)
	if err != nil {
		return true, err
	}
	out.Rows = len(put.Restored) + len(put.Removed) + len(put.Reinserted)
	line := migration.StepLine{Step: migration.StepRestore, Kind: "outcome", What: fmt.Sprintf(
		migration.LineRowsPutBack+"%d restored, %d removed, %d inserted again, %d as before; not touched: %d moved, %d shared, %d appeared",
		len(put.Restored), len(put.Removed), len(put.Reinserted), len(put.Already), len(put.Moved), len(put.Shared), len(put.Appeared),
	)}
	if err := j.Ledger.Log(ctx, s.Migration, s.Instance, line); err != nil {
		return true, err
	}
	if err := j.closeWindow(ctx, s); err != nil {
		return true, err
	}
	if len(put.Moved) > 0 {
		out.Outcome, err = j.park(ctx, s, migration.StepRestore, migration.ReasonRestoreMoved,
			fmt.Sprintf("%d rows.", len(put.Moved)), rowKeys(put.Moved))
		return true, err
	}
	return false, nil
}

// rowKeys lists rows for the ledger; it holds record IDs.
func rowKeys(keys []migration.RowKey) string {
	names := make([]string, 0, len(keys))
	for _, k := range keys {
		names = append(names, k.Table+"/"+string(k.ID))
	}
	return strings.Join(names, ", ")
}

// restoreVariables makes the variables of the target instance those of the
// source. What the API cannot set parks.
func (j *Joget) restoreVariables(ctx context.Context, s *subject, target *migration.Instance, out *contract.RestoreOutput) (stop bool, err error) {
	if out.Variables, err = j.setVariables(ctx, s, migration.StepRestore, target, instanceScope); err != nil {
		return true, err
	}
	now, err := j.again(ctx, target.ID)
	if err != nil {
		return true, err
	}
	left := s.differing(now)
	if len(left) == 0 {
		return false, nil
	}
	names := make([]string, 0, len(left))
	for _, d := range left {
		names = append(names, d.Name)
	}
	out.Outcome, err = j.park(ctx, s, migration.StepRestore, migration.ReasonVariablesDiffer,
		"Variables: "+strings.Join(names, ", ")+".", "")
	return true, err
}
