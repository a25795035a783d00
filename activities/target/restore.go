package target

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
)

// RestoreState puts back what the start changed: rows of the record set by
// compare-and-set, then variables by API, each read back.
func (act *Activities) RestoreState(ctx context.Context, in contract.StepInput) (contract.RestoreOutput, error) {
	out := contract.RestoreOutput{Outcome: contract.Outcome{Status: contract.StatusOK}}
	i, target, entered, err := act.begin(ctx, in, migration.StepRestore)
	if err != nil || target == nil {
		out.Outcome = entered
		return out, err
	}
	if out.Outcome, err = act.RequireUntouched(ctx, &i.Opened, target, migration.StepRestore); err != nil || out.Status != contract.StatusOK {
		return out, err
	}
	if out.Rows, out.Outcome, err = act.revertRows(ctx, i, migration.StepRestore); err != nil || out.Status != contract.StatusOK {
		return out, err
	}
	if stop, err := act.restoreVariables(ctx, i, target, &out); stop || err != nil {
		return out, err
	}
	if target, err = act.read(ctx, target.ID); err != nil {
		return out, err
	}
	next, outcome, err := act.next(ctx, i, target)
	out.Outcome = outcome
	if next != nil {
		out.Next = &next.call
	}
	return out, err
}

// revertLeftovers puts back what a call that is over changed beside what it was made for:
// rows that tools of a subflow's start changed, and the variables that an
// activity was started with. It returns the tree as it is then, root first; with
// an outcome other than StatusOK it is parked.
func (act *Activities) revertLeftovers(ctx context.Context, i *Instance, root *migration.Instance) ([]*node, contract.Outcome, error) {
	ok := contract.Outcome{Status: contract.StatusOK}
	changed, err := act.changed(ctx, i)
	if err != nil {
		return nil, ok, err
	}
	nodes, err := act.nodes(ctx, i, root)
	if err != nil {
		return nil, ok, err
	}
	wrong := slices.DeleteFunc(slices.Clone(nodes), func(n *node) bool { return n.target == nil || n.said.HasRun() || !act.wrong(n) })
	if !changed && len(wrong) == 0 {
		return nodes, ok, nil
	}
	if out, err := act.RequireUntouched(ctx, &i.Opened, root, migration.StepResume); err != nil || out.Status != contract.StatusOK {
		return nil, out, err
	}
	if changed {
		if _, out, err := act.revertRows(ctx, i, migration.StepResume); err != nil || out.Status != contract.StatusOK {
			return nil, out, err
		}
	}
	// What a subflow hands back is right before what it is handed back to.
	for _, n := range slices.Backward(wrong) {
		if _, err := act.setVariables(ctx, i, migration.StepResume, n, instanceScope); err != nil {
			out, err := act.refused(ctx, i, migration.StepResume, err)
			return nil, out, err
		}
	}
	// What is decided next is decided on what is there now.
	if root, err = act.read(ctx, root.ID); err != nil {
		return nil, ok, err
	}
	nodes, err = act.nodes(ctx, i, root)
	return nodes, ok, err
}

// revertRows puts back what changed in all open captures, the last one first.
func (act *Activities) revertRows(ctx context.Context, i *Instance, at migration.Step) (rows int, out contract.Outcome, err error) {
	out = contract.Outcome{Status: contract.StatusOK}
	names, err := act.openCaptures(ctx, i)
	if err != nil {
		return 0, out, err
	}
	for _, name := range slices.Backward(names) {
		n, parked, err := act.revertCapture(ctx, i, at, name)
		if rows, out = rows+n, parked; err != nil || out.Status != contract.StatusOK {
			return rows, out, err
		}
	}
	return rows, out, nil
}

func (act *Activities) revertCapture(ctx context.Context, i *Instance, at migration.Step, name string) (rows int, out contract.Outcome, err error) {
	out = contract.Outcome{Status: contract.StatusOK}
	capture, err := act.Capture(ctx, i, name)
	if err != nil {
		return 0, out, err
	}
	if act.Settings.ReportOnly {
		line := migration.StepLine{Step: at, Event: migration.EventRowsReported, Facts: migration.Facts{Tally: migration.Tally{Rows: len(capture.Changes())}}}
		if err := act.Ledger.Log(ctx, i.Migration, i.Instance, line); err != nil {
			return 0, out, err
		}
		return 0, out, act.settle(ctx, i, name)
	}
	if n := len(capture.Unsure); n > 0 {
		out, err = act.Park(ctx, i.StepInput, step.Parking{Step: at, Reason: migration.ReasonRestoreUnsure, Message: fmt.Sprintf("%d rows.", n), Detail: told(capture.Unsure)})
		return 0, out, err
	}
	put, err := act.revert(ctx, i, at, name, capture.Capture)
	if err != nil {
		return 0, out, err
	}
	rows = len(put.Restored) + len(put.Removed) + len(put.Reinserted)
	if len(put.Moved) > 0 {
		out, err = act.Park(ctx, i.StepInput, step.Parking{Step: at, Reason: migration.ReasonRestoreMoved, Message: fmt.Sprintf("%d rows.", len(put.Moved)), Detail: step.List(put.Moved)})
	}
	return rows, out, err
}

// restoreVariables makes the variables of the root those of the source. What
// the API cannot set parks.
func (act *Activities) restoreVariables(ctx context.Context, i *Instance, target *migration.Instance, out *contract.RestoreOutput) (stop bool, err error) {
	if i.tree.Said.HasRun() {
		return false, nil // they are as its tools left them
	}
	root := &node{wanted: i.wanted, target: target}
	if err := act.fill(ctx, root); err != nil {
		return true, err
	}
	if out.Variables, err = act.setVariables(ctx, i, migration.StepRestore, root, instanceScope); err != nil {
		out.Outcome, err = act.refused(ctx, i, migration.StepRestore, err)
		return true, err
	}
	if root.target, err = act.read(ctx, target.ID); err != nil {
		return true, err
	}
	left := root.differing(instanceScope)
	if len(left) == 0 {
		return false, nil
	}
	names := make([]string, 0, len(left))
	for _, d := range left {
		names = append(names, d.Name)
	}
	out.Outcome, err = act.Park(ctx, i.StepInput, step.Parking{Step: migration.StepRestore, Reason: migration.ReasonVariablesDiffer, Message: "Variables: " + strings.Join(names, ", ") + "."})
	return true, err
}
