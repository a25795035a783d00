package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
)

// Windows around calls that can run tools, in the ledger: the record set right
// before the call by the name of the window, and the complete window by that
// and afterWindow.
const (
	startWindow = "start/"
	afterWindow = "/after"
)

// windowOf names the window around an attempt to start.
func windowOf(attempt int) string { return fmt.Sprintf("%s%d", startWindow, attempt) }

// windows returns the names of the windows of which something may have to be
// put back, oldest first. Those of starts that are known not to have happened
// are closed: what changed in them is not ours.
func (j *Joget) windows(ctx context.Context, s *subject) ([]string, error) {
	open, err := j.Ledger.OpenWindows(ctx, s.Key)
	if err != nil || len(open) == 0 {
		return nil, err
	}
	claim, err := j.Ledger.Claimed(ctx, s.Key)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range open {
		switch {
		case strings.HasSuffix(name, afterWindow):
		case strings.HasPrefix(name, startWindow) && name != windowOf(claim.Attempt):
			if err := j.closeWindow(ctx, s, name); err != nil {
				return nil, err
			}
		default:
			names = append(names, name)
		}
	}
	return names, nil
}

// openWindow images the record set before a call that may run tools, under a
// name that was not used yet. Exactly one of shutWindow and Abandon ends it.
func (j *Joget) openWindow(ctx context.Context, s *subject, name string) (*records.OpenedWindow, error) {
	selection, err := j.selection(ctx, s)
	if err != nil {
		return nil, err
	}
	window, err := records.OpenWindow(ctx, j.Target.Form(), selection, records.Limits{})
	if err != nil {
		return nil, err
	}
	before := records.Window{Before: window.Before}
	if err := j.Ledger.SaveWindow(ctx, s.Key, name, before.Encode()); err != nil {
		window.Abandon(ctx)
		return nil, err
	}
	return window, nil
}

// shutWindow images the record set after the call.
func (j *Joget) shutWindow(ctx context.Context, s *subject, name string, window *records.OpenedWindow) error {
	after, err := window.Close(ctx)
	if err != nil {
		return err
	}
	return j.Ledger.SaveWindow(ctx, s.Key, name+afterWindow, after.Encode())
}

// windowed makes a call between two images of the record set; what changed
// between them is put back by tidy, whoever gets to it.
func (j *Joget) windowed(ctx context.Context, s *subject, name string, call func() error) error {
	window, err := j.openWindow(ctx, s, name)
	if err != nil {
		return err
	}
	defer window.Abandon(ctx)
	if err := call(); err != nil {
		return err
	}
	return j.shutWindow(ctx, s, name, window)
}

// window returns a window that is still open, completed from what is there now
// when the attempt that opened it died.
func (j *Joget) window(ctx context.Context, s *subject, name string) (records.Window, error) {
	data, _, err := j.Ledger.Window(ctx, s.Key, name+afterWindow)
	if err == nil {
		return records.DecodeWindow(data)
	}
	if migration.CodeOf(err) != migration.CodeNotFound {
		return records.Window{}, err
	}
	if data, _, err = j.Ledger.Window(ctx, s.Key, name); err != nil {
		return records.Window{}, err
	}
	// While the call may still run, its tools may still write.
	if s.Entry.TargetID != "" {
		if err := j.quiet(ctx, s, s.Entry.TargetID); err != nil {
			return records.Window{}, err
		}
	}
	before, err := records.DecodeWindow(data)
	if err != nil {
		return records.Window{}, err
	}
	selection, err := j.selection(ctx, s)
	if err != nil {
		return records.Window{}, err
	}
	window, err := records.FinishWindow(ctx, j.Target.Form(), selection, records.Limits{}, before.Before)
	if err != nil {
		return records.Window{}, err
	}
	if ours, err := j.madeRecord(ctx, s, &before.Before); err != nil {
		return records.Window{}, err
	} else if ours {
		claim, err := j.Ledger.Claimed(ctx, s.Key)
		if err != nil {
			return records.Window{}, err
		}
		window.Presume(selection.Model, claim.ChangedAt.Add(-zones))
	}
	return window, j.Ledger.SaveWindow(ctx, s.Key, name+afterWindow, window.Encode())
}

// zones is what the zone of a Joget server and UTC may differ by, and some clock skew.
const zones = 15 * time.Hour

// madeRecord reports whether the record was not on the target before this
// instance brought it: all its own rows are ours, and none was there.
func (j *Joget) madeRecord(ctx context.Context, s *subject, set *records.Set) (bool, error) {
	images, err := j.Ledger.RowImages(s.Migration, s.Key).Images(ctx)
	if err != nil {
		return false, err
	}
	made := map[migration.RowKey]bool{}
	for _, image := range images {
		made[image.Key] = !image.Existed
	}
	own := 0
	for _, key := range set.Keys() {
		if key.ID == set.Root {
			if !made[key] {
				return false, nil
			}
			own++
		}
	}
	return own > 0, nil
}

func (j *Joget) closeWindow(ctx context.Context, s *subject, name string) error {
	if err := j.Ledger.CloseWindow(ctx, s.Key, name+afterWindow); err != nil {
		return err
	}
	return j.Ledger.CloseWindow(ctx, s.Key, name)
}

// changes reports whether a window is open in which something changed, and
// closes those in which nothing did.
func (j *Joget) changes(ctx context.Context, s *subject) (bool, error) {
	names, err := j.windows(ctx, s)
	if err != nil {
		return false, err
	}
	changed := false
	for _, name := range names {
		window, err := j.window(ctx, s, name)
		if err != nil {
			return false, err
		}
		if len(window.Changes()) > 0 {
			changed = true
		} else if err := j.closeWindow(ctx, s, name); err != nil {
			return false, err
		}
	}
	return changed, nil
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
	if out.Rows, out.Outcome, err = j.restoreRows(ctx, s, migration.StepRestore); err != nil || out.Status != contract.StatusOK {
		return out, err
	}
	if stop, err := j.restoreVariables(ctx, s, target, &out); stop || err != nil {
		return out, err
	}
	if target, err = j.again(ctx, target.ID); err != nil {
		return out, err
	}
	next, outcome, err := j.next(ctx, s, target)
	out.Outcome = outcome
	if next != nil {
		out.Next = &next.call
	}
	return out, err
}

// tidy puts back what a call that is over changed beside what it was made for:
// rows that tools of a subflow's start changed, and the variables that an
// activity was started with. It returns the tree as it is then, root first; with
// an outcome other than StatusOK it is parked.
func (j *Joget) tidy(ctx context.Context, s *subject, root *migration.Instance) ([]*place, contract.Outcome, error) {
	ok := contract.Outcome{Status: contract.StatusOK}
	changed, err := j.changes(ctx, s)
	if err != nil {
		return nil, ok, err
	}
	places, err := j.places(ctx, s, root)
	if err != nil {
		return nil, ok, err
	}
	wrong := slices.DeleteFunc(slices.Clone(places), func(p *place) bool { return p.target == nil || len(p.settable(instanceScope)) == 0 })
	if !changed && len(wrong) == 0 {
		return places, ok, nil
	}
	if out, err := j.untouched(ctx, s, root, migration.StepResume); err != nil || out.Status != contract.StatusOK {
		return nil, out, err
	}
	if changed {
		if _, out, err := j.restoreRows(ctx, s, migration.StepResume); err != nil || out.Status != contract.StatusOK {
			return nil, out, err
		}
	}
	for _, p := range wrong {
		if _, err := j.setVariables(ctx, s, migration.StepResume, p, instanceScope); err != nil {
			return nil, ok, err
		}
	}
	// What is decided next is decided on what is there now.
	if root, err = j.again(ctx, root.ID); err != nil {
		return nil, ok, err
	}
	places, err = j.places(ctx, s, root)
	return places, ok, err
}

// enter opens a started instance for a step. target is nil when the step ends
// here, with out: the ledger has the instance done or skipped already, or its
// target must not be touched and it is parked.
func (j *Joget) enter(ctx context.Context, in contract.StepInput, at migration.Step) (s *subject, target *migration.Instance, out contract.Outcome, err error) {
	if s, err = j.open(ctx, in); err != nil {
		return nil, nil, out, err
	}
	if out, final := step.Final(&s.Entry); final {
		return s, nil, out, nil
	}
	identity, started, err := j.Ledger.TargetOf(ctx, s.Key)
	if err != nil {
		return s, nil, out, err
	}
	if !started {
		return s, nil, out, migration.E(migration.CodeInvalid, "open instance", string(in.Instance), "it was not started")
	}
	target, reason, err := j.live(ctx, s, identity)
	if err == nil && reason != "" {
		out, err = j.Park(ctx, s.StepInput, step.Parking{Step: at, Reason: reason, Message: fmt.Sprintf("Target instance %s.", identity.ID)})
	}
	return s, target, out, err
}

// restoreRows puts back what changed in all open windows, the last one first.
func (j *Joget) restoreRows(ctx context.Context, s *subject, at migration.Step) (rows int, out contract.Outcome, err error) {
	out = contract.Outcome{Status: contract.StatusOK}
	names, err := j.windows(ctx, s)
	if err != nil {
		return 0, out, err
	}
	for _, name := range slices.Backward(names) {
		n, parked, err := j.putBack(ctx, s, at, name)
		if rows, out = rows+n, parked; err != nil || out.Status != contract.StatusOK {
			return rows, out, err
		}
	}
	return rows, out, nil
}

func (j *Joget) putBack(ctx context.Context, s *subject, at migration.Step, name string) (rows int, out contract.Outcome, err error) {
	out = contract.Outcome{Status: contract.StatusOK}
	window, err := j.window(ctx, s, name)
	if err != nil {
		return 0, out, err
	}
	if j.Settings.ReportOnly {
		line := migration.StepLine{Step: at, Event: migration.EventRowsReported, Facts: migration.Facts{Tally: migration.Tally{Rows: len(window.Changes())}}}
		if err := j.Ledger.Log(ctx, s.Migration, s.Instance, line); err != nil {
			return 0, out, err
		}
		return 0, out, j.closeWindow(ctx, s, name)
	}
	put, err := j.undoWindow(ctx, s, at, name, window)
	if err != nil {
		return 0, out, err
	}
	rows = len(put.Restored) + len(put.Removed) + len(put.Reinserted)
	if len(put.Moved) > 0 {
		out, err = j.Park(ctx, s.StepInput, step.Parking{Step: at, Reason: migration.ReasonRestoreMoved, Message: fmt.Sprintf("%d rows.", len(put.Moved)), Detail: step.List(put.Moved)})
	}
	return rows, out, err
}

// undoWindow puts back what changed in a window, tells what it did, and closes it.
func (j *Joget) undoWindow(ctx context.Context, s *subject, at migration.Step, name string, window records.Window) (records.PutBackResult, error) {
	selection, err := j.selection(ctx, s)
	if err != nil {
		return records.PutBackResult{}, err
	}
	put, err := records.PutBack(ctx, j.Target.Form(), selection.Model, window)
	if err != nil {
		return put, err
	}
	line := migration.StepLine{Step: at, Kind: migration.KindOutcome, Event: migration.EventRowsReverted, Facts: migration.Facts{Tally: migration.Tally{
		Restored: len(put.Restored), Removed: len(put.Removed), Again: len(put.Reinserted), AsBefore: len(put.Already),
		Moved: len(put.Moved), Shared: len(put.Shared), Appeared: len(put.Appeared),
	}}}
	if err := j.Ledger.Log(ctx, s.Migration, s.Instance, line); err != nil {
		return put, err
	}
	return put, j.closeWindow(ctx, s, name)
}

// restoreVariables makes the variables of the root those of the source. What
// the API cannot set parks.
func (j *Joget) restoreVariables(ctx context.Context, s *subject, target *migration.Instance, out *contract.RestoreOutput) (stop bool, err error) {
	root := &place{wanted: s.wanted, target: target}
	if err := j.fill(ctx, root); err != nil {
		return true, err
	}
	if out.Variables, err = j.setVariables(ctx, s, migration.StepRestore, root, instanceScope); err != nil {
		return true, err
	}
	if root.target, err = j.again(ctx, target.ID); err != nil {
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
	out.Outcome, err = j.Park(ctx, s.StepInput, step.Parking{Step: migration.StepRestore, Reason: migration.ReasonVariablesDiffer, Message: "Variables: " + strings.Join(names, ", ") + "."})
	return true, err
}
