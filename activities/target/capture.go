package target

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"jogetferry/activities/step"
	"jogetferry/joget/api"
	"jogetferry/migration"
	"jogetferry/records"
)

// startCapture begins the names of captures around starts.
const startCapture = "start/"

// captureTime bounds the reading of a record set after a call, besides a multiple of what
// it took before the call.
const captureTime = 2 * time.Minute

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
// are closed: what changed in them is not ours; so are those of what the operator had run.
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
		notSent := name != captureOf(claim.Attempt) || claim.Fate == migration.FateNotSent
		switch {
		case migration.IsRun(name):
			if err := act.keepRun(ctx, i, name); err != nil {
				return nil, err
			}
		case !migration.IsCaptureOfCall(name):
		case strings.HasPrefix(name, startCapture) && notSent:
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
// name that was not used yet. Exactly one of closing and Abandon ends it.
func (act *Activities) captureBefore(ctx context.Context, i *Instance, name string) (*records.BegunCapture, error) {
	// What others do to the record meanwhile would be taken for the tools' doing.
	if err := act.TakeRecord(ctx, i.Key, i.intent.Record, i.Migration); err != nil {
		return nil, err
	}
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

// closing images the record set after a call, from now on and whatever becomes of ctx.
// What it returns waits for the image.
func closing(ctx context.Context, capture *records.BegunCapture) func() (records.Capture, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), captureTime+4*capture.Took)
	var after records.Capture
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		after, err = capture.Close(ctx)
	}()
	return func() (records.Capture, error) {
		<-done
		return after, err
	}
}

// saveAfter waits for the image from after a call and keeps it, whatever becomes of ctx.
func (act *Activities) saveAfter(ctx context.Context, i *Instance, name string, image func() (records.Capture, error)) error {
	after, err := image()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerTime)
	defer cancel()
	return act.Ledger.SaveCapture(ctx, i.Key, name+migration.AfterCapture, after.Encode())
}

// Captured makes a call between two images of the record set; what changed
// between them is put back by revertLeftovers, whoever gets to it. A call that was not
// sent leaves no capture open: what changes from now on is none of its doing.
func (act *Activities) Captured(ctx context.Context, i *Instance, name string, call func() error) error {
	capture, err := act.captureBefore(ctx, i, name)
	if err != nil {
		return err
	}
	defer capture.Abandon(ctx)
	err = call()
	var undecided *step.WaitError
	switch {
	case err == nil:
		return act.saveAfter(ctx, i, name, closing(ctx, capture))
	case errors.As(err, &undecided), api.FateOf(err) == migration.FateNotSent:
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerTime)
		defer cancel()
		return errors.Join(err, act.settle(closing, i, name))
	}
	return err
}

// Capture is a complete capture with what it cannot tell.
type Capture struct {
	records.Capture

	Late   bool             // the later image was not taken right after the answer
	Unsure []records.Change // may be somebody's doing, not the tools'
}

// Capture returns a capture as it is to be taken now. Where the attempt that opened it
// did not complete it, it is completed from what is there now, and late.
func (act *Activities) Capture(ctx context.Context, i *Instance, name string) (capture Capture, err error) {
	for _, end := range migration.CaptureEnds() {
		data, _, err := act.Ledger.Capture(ctx, i.Key, name+end)
		if migration.CodeOf(err) == migration.CodeNotFound {
			continue
		}
		if err == nil {
			capture.Capture, err = records.DecodeCapture(data)
		}
		capture.Late = end == migration.LateCapture
		if err == nil && (capture.Late || end == migration.AfterCapture) {
			capture.Unsure, err = act.unsure(ctx, i, &capture)
		}
		return capture, err
	}
	if capture.Capture, err = act.completeLate(ctx, i, name); err != nil {
		return capture, err
	}
	capture.Late = true
	capture.Unsure, err = act.unsure(ctx, i, &capture)
	return capture, err
}

// unsure returns the changes of a capture that are not certainly tools' doing.
func (act *Activities) unsure(ctx context.Context, i *Instance, capture *Capture) ([]records.Change, error) {
	changes := capture.Changes()
	if len(changes) == 0 {
		return nil, nil
	}
	var used bool
	if !capture.Late { // else nothing more need be known
		var err error
		if used, err = act.used(ctx, i); err != nil {
			return nil, err
		}
	}
	var callers []migration.User // read once somebody is named
	var unsure []records.Change
	for _, change := range changes {
		trace := migration.Trace{Imaged: true, Late: capture.Late, SavedBy: change.SavedBy(), Used: used}
		if trace.SavedBy != "" && callers == nil {
			lines, err := act.Ledger.Lines(ctx, i.Migration, i.Instance)
			if err != nil {
				return nil, err
			}
			callers = append(act.API.Logins(), i.intent.Requester)
			for _, l := range lines {
				if l.Call != nil && l.Call.User != "" {
					callers = append(callers, l.Call.User)
				}
			}
		}
		trace.Callers = callers
		if migration.Attribute(trace) != migration.OwnerTool {
			unsure = append(unsure, change)
		}
	}
	return unsure, nil
}

// used reports whether people use the record through another live instance: one that is
// none of ours, or one of ours that they work on.
func (act *Activities) used(ctx context.Context, i *Instance) (bool, error) {
	linked, err := act.Target.Fresh().LinkedInstances(ctx, i.intent.Record)
	if err != nil {
		return false, err
	}
	for _, l := range linked {
		if !l.State.Open() || l.Archived || l.Child || l.ID == i.Entry.TargetID {
			continue
		}
		owner, mig, err := act.Ledger.OwnerOf(ctx, i.Key.Target, l.TargetIdentity)
		if migration.CodeOf(err) == migration.CodeNotFound {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		lines, err := act.Ledger.Lines(ctx, mig, owner)
		if err != nil {
			return false, err
		}
		if worked, err := act.workedBeside(ctx, lines, l.ID); err != nil || worked {
			return worked, err
		}
	}
	return false, nil
}

// told names changes for the operator.
func told(changes []records.Change) string {
	lines := make([]string, len(changes))
	for n, c := range changes {
		lines[n] = c.Key.String() + " " + string(c.Kind)
	}
	return strings.Join(lines, "; ")
}

// sure returns the capture of what is certainly tools' doing.
func (c *Capture) sure() records.Capture {
	keys := make([]migration.RowKey, len(c.Unsure))
	for n := range c.Unsure {
		keys[n] = c.Unsure[n].Key
	}
	return c.Leaving(keys)
}

// completeLate completes a capture from what is there now.
func (act *Activities) completeLate(ctx context.Context, i *Instance, name string) (records.Capture, error) {
	data, _, err := act.Ledger.Capture(ctx, i.Key, name)
	if err != nil {
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
	return capture, act.Ledger.SaveCapture(ctx, i.Key, name+migration.LateCapture, capture.Encode())
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
	for _, end := range migration.CaptureEnds() {
		if err := act.Ledger.CloseCapture(ctx, i.Key, name+end); err != nil {
			return err
		}
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
	if len(capture.Changes()) == 0 {
		return records.RevertResult{}, act.settle(ctx, i, name)
	}
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

// judge keeps somebody's word about all changes that may be anybody's, so that every
// later step does what was said then: they are the tools', or they stay. What files tell
// of the calls is settled with it.
func (act *Activities) judge(ctx context.Context, i *Instance, at migration.Step, byTools bool) error {
	if _, err := act.openCaptures(ctx, i); err != nil { // which closes those of no call
		return err
	}
	stories, err := act.Ledger.CaptureStories(ctx, i.Key)
	if err != nil {
		return err
	}
	kept := map[string]bool{}
	for _, s := range stories {
		kept[s.ID] = true
	}
	for _, s := range stories {
		late := kept[s.ID+migration.LateCapture]
		judged := kept[s.ID+migration.PutBackCapture] || kept[s.ID+migration.LeftCapture]
		if !migration.IsCaptureOfCall(s.ID) || judged || !s.Open && !late {
			continue
		}
		if err := act.judgeOne(ctx, i, at, s, byTools); err != nil {
			return err
		}
	}
	return nil
}

func (act *Activities) judgeOne(ctx context.Context, i *Instance, at migration.Step, s migration.CaptureStory, byTools bool) error {
	capture, err := act.Capture(ctx, i, s.ID)
	if err != nil || !capture.Late && len(capture.Unsure) == 0 {
		return err
	}
	judged, end := capture.Capture, migration.PutBackCapture
	if !byTools {
		judged, end = capture.sure(), migration.LeftCapture
		if s.Open && len(capture.Unsure) > 0 {
			if err := act.leave(ctx, i, at, capture.Unsure); err != nil {
				return err
			}
		}
	}
	if err := act.Ledger.SaveCapture(ctx, i.Key, s.ID+end, judged.Encode()); err != nil || s.Open {
		return err
	}
	return act.Ledger.CloseCapture(ctx, i.Key, s.ID+end)
}

// leave tells what a capture shows that stays as it is.
func (act *Activities) leave(ctx context.Context, i *Instance, at migration.Step, unsure []records.Change) error {
	return act.Ledger.Log(ctx, i.Migration, i.Instance, migration.StepLine{
		Step: at, Kind: migration.KindOutcome, Event: migration.EventRowsReverted,
		Facts: migration.Facts{Tally: migration.Tally{Moved: len(unsure)}}, Detail: told(unsure),
	})
}
