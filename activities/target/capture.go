package target

import (
	"context"
	"fmt"
	"strings"
	"time"

	"jogetferry/migration"
	"jogetferry/records"
)

// Captures around calls that can run tools, in the ledger: the record set right
// before the call by the name of the capture, and the complete capture by that
// and afterCapture.
const (
	startCapture = "start/"
	afterCapture = "/after"
)

// captureOf names the capture around an attempt to start.
func captureOf(attempt int) string { return fmt.Sprintf("%s%d", startCapture, attempt) }

// captured are the target's form tables, with the ledger's room for what captures hold.
func (act *Activities) captured() records.Target {
	target := act.Target.Form()
	target.Contents = act.Ledger.Contents()
	return target
}

// openCaptures returns the names of the captures of which something may have to be
// put back, oldest first. Those of starts that are known not to have happened
// are closed: what changed in them is not ours.
func (act *Activities) openCaptures(ctx context.Context, i *Instance) ([]string, error) {
	open, err := act.Ledger.OpenCaptures(ctx, i.Key)
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
		case strings.HasSuffix(name, afterCapture):
		case strings.HasPrefix(name, startCapture) && name != captureOf(claim.Attempt):
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
func (act *Activities) captureBefore(ctx context.Context, i *Instance, name string) (*records.BegunCapture, error) {
	selection, err := act.selection(ctx, i)
	if err != nil {
		return nil, err
	}
	capture, err := records.BeginCapture(ctx, act.captured(), selection, records.Limits{})
	if err != nil {
		return nil, err
	}
	before := records.Capture{Before: capture.Before}
	if err := act.Ledger.SaveCapture(ctx, i.Key, name, before.Encode()); err != nil {
		capture.Abandon(ctx)
		return nil, err
	}
	return capture, nil
}

// captureAfter images the record set after the call.
func (act *Activities) captureAfter(ctx context.Context, i *Instance, name string, capture *records.BegunCapture) error {
	after, err := capture.Close(ctx)
	if err != nil {
		return err
	}
	return act.Ledger.SaveCapture(ctx, i.Key, name+afterCapture, after.Encode())
}

// Captured makes a call between two images of the record set; what changed
// between them is put back by revertLeftovers, whoever gets to it.
func (act *Activities) Captured(ctx context.Context, i *Instance, name string, call func() error) error {
	capture, err := act.captureBefore(ctx, i, name)
	if err != nil {
		return err
	}
	defer capture.Abandon(ctx)
	if err := call(); err != nil {
		return err
	}
	return act.captureAfter(ctx, i, name, capture)
}

// Capture returns a capture that is not settled, completed from what is there now
// when the attempt that opened it died.
func (act *Activities) Capture(ctx context.Context, i *Instance, name string) (records.Capture, error) {
	data, _, err := act.Ledger.Capture(ctx, i.Key, name+afterCapture)
	if err == nil {
		return records.DecodeCapture(data)
	}
	if migration.CodeOf(err) != migration.CodeNotFound {
		return records.Capture{}, err
	}
	if data, _, err = act.Ledger.Capture(ctx, i.Key, name); err != nil {
		return records.Capture{}, err
	}
	// While the call may still run, its tools may still write.
	if i.Entry.TargetID != "" {
		if err := act.Fence(i).Drain(ctx); err != nil {
			return records.Capture{}, err
		}
	}
	before, err := records.DecodeCapture(data)
	if err != nil {
		return records.Capture{}, err
	}
	selection, err := act.selection(ctx, i)
	if err != nil {
		return records.Capture{}, err
	}
	capture, err := records.FinishCapture(ctx, act.captured(), selection, records.Limits{}, before.Before)
	if err != nil {
		return records.Capture{}, err
	}
	if ours, err := act.madeRecord(ctx, i, &before.Before); err != nil {
		return records.Capture{}, err
	} else if ours {
		claim, err := act.Ledger.Claimed(ctx, i.Key)
		if err != nil {
			return records.Capture{}, err
		}
		capture.Presume(selection.Model, claim.ChangedAt.Add(-zones))
	}
	return capture, act.Ledger.SaveCapture(ctx, i.Key, name+afterCapture, capture.Encode())
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

// settle ends a capture. What its first image holds is in the second one, as far as
// it differed.
func (act *Activities) settle(ctx context.Context, i *Instance, name string) error {
	if err := act.Ledger.CloseCapture(ctx, i.Key, name+afterCapture); err != nil {
		return err
	}
	data, _, err := act.Ledger.Capture(ctx, i.Key, name)
	if err != nil {
		return err
	}
	before, err := records.DecodeCapture(data)
	if err != nil {
		return err
	}
	if err := act.captured().Forget(ctx, before.Before); err != nil {
		return err
	}
	return act.Ledger.CloseCapture(ctx, i.Key, name)
}

// changed reports whether a capture is open in which something changed, and
// closes those in which nothing did.
func (act *Activities) changed(ctx context.Context, i *Instance) (bool, error) {
	names, err := act.openCaptures(ctx, i)
	if err != nil {
		return false, err
	}
	changed := false
	for _, name := range names {
		capture, err := act.Capture(ctx, i, name)
		if err != nil {
			return false, err
		}
		if len(capture.Changes()) > 0 {
			changed = true
		} else if err := act.settle(ctx, i, name); err != nil {
			return false, err
		}
	}
	return changed, nil
}

// revert puts back what changed in a capture, tells what it did, and closes it.
func (act *Activities) revert(ctx context.Context, i *Instance, at migration.Step, name string, capture records.Capture) (records.RevertResult, error) {
	selection, err := act.selection(ctx, i)
	if err != nil {
		return records.RevertResult{}, err
	}
	put, err := records.Revert(ctx, act.captured(), selection.Model, capture)
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
