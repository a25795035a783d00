package target

import (
	"context"
	"fmt"
	"strings"
	"time"

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
func (act *Activities) openCaptures(ctx context.Context, i *Instance) ([]string, error) {
	open, err := act.Ledger.OpenWindows(ctx, i.Key)
	if err != nil || len(open) == 0 {
		return nil, err
	}
	claim, err := act.Ledger.Claimed(ctx, i.Key)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range open {
		switch {
		case strings.HasSuffix(name, afterWindow):
		case strings.HasPrefix(name, startWindow) && name != windowOf(claim.Attempt):
			if err := act.settle(ctx, i, name); err != nil {
				return nil, err
			}
		default:
			names = append(names, name)
		}
	}
	return names, nil
}

// captureBefore images the record set before a call that may run tools, under a
// name that was not used yet. Exactly one of captureAfter and Abandon ends it.
func (act *Activities) captureBefore(ctx context.Context, i *Instance, name string) (*records.OpenedWindow, error) {
	selection, err := act.selection(ctx, i)
	if err != nil {
		return nil, err
	}
	window, err := records.OpenWindow(ctx, act.Target.Form(), selection, records.Limits{})
	if err != nil {
		return nil, err
	}
	before := records.Window{Before: window.Before}
	if err := act.Ledger.SaveWindow(ctx, i.Key, name, before.Encode()); err != nil {
		window.Abandon(ctx)
		return nil, err
	}
	return window, nil
}

// captureAfter images the record set after the call.
func (act *Activities) captureAfter(ctx context.Context, i *Instance, name string, window *records.OpenedWindow) error {
	after, err := window.Close(ctx)
	if err != nil {
		return err
	}
	return act.Ledger.SaveWindow(ctx, i.Key, name+afterWindow, after.Encode())
}

// Captured makes a call between two images of the record set; what changed
// between them is put back by tidy, whoever gets to it.
func (act *Activities) Captured(ctx context.Context, i *Instance, name string, call func() error) error {
	window, err := act.captureBefore(ctx, i, name)
	if err != nil {
		return err
	}
	defer window.Abandon(ctx)
	if err := call(); err != nil {
		return err
	}
	return act.captureAfter(ctx, i, name, window)
}

// window returns a window that is still open, completed from what is there now
// when the attempt that opened it died.
func (act *Activities) Capture(ctx context.Context, i *Instance, name string) (records.Window, error) {
	data, _, err := act.Ledger.Window(ctx, i.Key, name+afterWindow)
	if err == nil {
		return records.DecodeWindow(data)
	}
	if migration.CodeOf(err) != migration.CodeNotFound {
		return records.Window{}, err
	}
	if data, _, err = act.Ledger.Window(ctx, i.Key, name); err != nil {
		return records.Window{}, err
	}
	// While the call may still run, its tools may still write.
	if i.Entry.TargetID != "" {
		if err := act.Fence(i).drain(ctx, i.Entry.TargetID); err != nil {
			return records.Window{}, err
		}
	}
	before, err := records.DecodeWindow(data)
	if err != nil {
		return records.Window{}, err
	}
	selection, err := act.selection(ctx, i)
	if err != nil {
		return records.Window{}, err
	}
	window, err := records.FinishWindow(ctx, act.Target.Form(), selection, records.Limits{}, before.Before)
	if err != nil {
		return records.Window{}, err
	}
	if ours, err := act.madeRecord(ctx, i, &before.Before); err != nil {
		return records.Window{}, err
	} else if ours {
		claim, err := act.Ledger.Claimed(ctx, i.Key)
		if err != nil {
			return records.Window{}, err
		}
		window.Presume(selection.Model, claim.ChangedAt.Add(-zones))
	}
	return window, act.Ledger.SaveWindow(ctx, i.Key, name+afterWindow, window.Encode())
}

// zones is what the zone of a Joget server and UTC may differ by, and some clock skew.
const zones = 15 * time.Hour

// madeRecord reports whether the record was not on the target before this
// instance brought it: all its own rows are ours, and none was there.
func (act *Activities) madeRecord(ctx context.Context, i *Instance, set *records.Set) (bool, error) {
	images, err := act.Ledger.RowImages(i.Migration, i.Key).Images(ctx)
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

func (act *Activities) settle(ctx context.Context, i *Instance, name string) error {
	if err := act.Ledger.CloseWindow(ctx, i.Key, name+afterWindow); err != nil {
		return err
	}
	return act.Ledger.CloseWindow(ctx, i.Key, name)
}

// changes reports whether a window is open in which something changed, and
// closes those in which nothing did.
func (act *Activities) changed(ctx context.Context, i *Instance) (bool, error) {
	names, err := act.openCaptures(ctx, i)
	if err != nil {
		return false, err
	}
	changed := false
	for _, name := range names {
		window, err := act.Capture(ctx, i, name)
		if err != nil {
			return false, err
		}
		if len(window.Changes()) > 0 {
			changed = true
		} else if err := act.settle(ctx, i, name); err != nil {
			return false, err
		}
	}
	return changed, nil
}

// revert puts back what changed in a window, tells what it did, and closes it.
func (act *Activities) revert(ctx context.Context, i *Instance, at migration.Step, name string, window records.Window) (records.PutBackResult, error) {
	selection, err := act.selection(ctx, i)
	if err != nil {
		return records.PutBackResult{}, err
	}
	put, err := records.PutBack(ctx, act.Target.Form(), selection.Model, window)
	if err != nil {
		return put, err
	}
	line := migration.StepLine{Step: at, Kind: migration.KindOutcome, Event: migration.EventRowsReverted, Facts: migration.Facts{Tally: migration.Tally{
		Restored: len(put.Restored), Removed: len(put.Removed), Again: len(put.Reinserted), AsBefore: len(put.Already),
		Moved: len(put.Moved), Shared: len(put.Shared), Appeared: len(put.Appeared),
	}}}
	if err := act.Ledger.Log(ctx, i.Migration, i.Instance, line); err != nil {
		return put, err
	}
	return put, act.settle(ctx, i, name)
}
