package activities

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"go.temporal.io/sdk/activity"
	"golang.org/x/time/rate"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
	"jogetferry/preflight"
	"jogetferry/records"
)

// Copy has the activities that read the source server: its database and
// uploads, which it never writes, and those of the target.
type Copy struct {
	step.Servers
	// Probe tells by a login on the target whether it has a user; nil when this
	// worker cannot call it.
	Probe func(context.Context, migration.User) (bool, error)
}

// CopyFormData takes the snapshot of the source instance and copies its record
// set. A snapshot is taken anew until the start is made, and on Redo; from the
// start on the target is made from the snapshot it was started with.
func (c *Copy) CopyFormData(ctx context.Context, in contract.CopyFormDataInput) (contract.CopyFormDataOutput, error) {
	var out contract.CopyFormDataOutput
	i, outcome, err := c.Begin(ctx, in.StepInput)
	if out.Outcome = outcome; err != nil || out.Status != contract.StatusOK {
		return out, err
	}
	if err := c.Running(ctx, in.StepInput, migration.StepCopyFormData); err != nil {
		return out, err
	}
	read, err := c.read(ctx, in.Instance)
	if migration.CodeOf(err) == migration.CodeNotFound || err == nil && !read.tree.Instance.State.Open() {
		out.Outcome, err = c.closed(ctx, in)
		return out, err
	}
	if err != nil {
		return out, err
	}
	started := false
	if in.Redo || in.Delta {
		if started, out.Outcome, err = c.leave(ctx, i, migration.StepCopyFormData); err != nil || out.Status != contract.StatusOK {
			return out, err
		}
	}
	kept, err := c.keepSnapshot(ctx, in, i.Entry.Target, read, &out.Outcome)
	if err != nil || out.Status != contract.StatusOK {
		return out, err
	}
	out.Wanted = read.tree.Instance.Wanted()
	out.Rows = len(read.set.Rows)
	if !kept {
		// The target was started from an earlier snapshot, with its rows.
		return out, nil
	}
	activity.RecordHeartbeat(ctx)
	images := c.Ledger.RowImages(in.Migration, i.Key)
	var brought map[migration.RowKey]bool
	if started {
		if brought, err = images.Brought(ctx); err != nil {
			return out, err
		}
	}
	result, err := records.Copy(ctx, c.Target.Form(), read.set,
		images, records.CopyOptions{
			OnConflict: c.Settings.OnConflict,
			Brought:    brought,
			Pace:       c.pace,
		})
	out.Written = result.Inserted + result.Overwritten
	reason, final := map[migration.Code]migration.Reason{
		migration.CodeConflict:    migration.ReasonRecordConflict,
		migration.CodeUnsupported: migration.ReasonRecordUnsupported,
	}[migration.CodeOf(err)]
	if final {
		var coded *migration.Error
		errors.As(err, &coded)
		out.Outcome, err = c.Park(ctx, in.StepInput, step.Parking{Step: migration.StepCopyFormData, Reason: reason, Message: coded.Safe(), Detail: err.Error() + "; " + step.List(result.Conflicts)})
		return out, err
	}
	if err != nil {
		return out, err
	}
	return out, c.Ledger.Log(ctx, in.Migration, in.Instance, migration.StepLine{
		Step: migration.StepCopyFormData, Kind: migration.KindOutcome, Event: migration.EventFormData,
		Facts: migration.Facts{Tally: migration.Tally{Rows: out.Rows, Inserted: result.Inserted, Overwritten: result.Overwritten, Same: result.Same, Kept: result.Kept}},
	})
}

// leave parks a step that would write rows or files under people who work on
// the target instance, or for one that is not open any more. started is false
// when there is none yet.
func (c *Copy) leave(ctx context.Context, i *step.Opened, at migration.Step) (started bool, out contract.Outcome, err error) {
	known, started, err := c.Ledger.TargetOf(ctx, i.Key)
	if err != nil || !started {
		return false, step.OK(), err
	}
	j := &Joget{Servers: c.Servers}
	s := &subject{Opened: *i, intent: migration.StartIntent{Record: i.Entry.Record}}
	target, reason, err := j.live(ctx, s, known)
	switch {
	case err != nil:
		return true, out, err
	case reason != "":
		out, err = c.Park(ctx, i.StepInput, step.Parking{Step: at, Reason: reason, Message: fmt.Sprintf("Target instance %s.", known.ID)})
		return true, out, err
	}
	out, err = j.untouched(ctx, s, target, at)
	return true, out, err
}

// pace heartbeats before a batch of rows is written, and waits for the limit.
func (c *Copy) pace(ctx context.Context, rows int) error {
	activity.RecordHeartbeat(ctx)
	limiter := c.Settings.RowLimiter
	for rest := rows; rest > 0 && limiter.Limit() != rate.Inf; {
		n := min(rest, limiter.Burst())
		if err := limiter.WaitN(ctx, n); err != nil {
			return fmt.Errorf("wait for the row limit: %w", err)
		}
		activity.RecordHeartbeat(ctx)
		rest -= n
	}
	return ctx.Err()
}

// sourceRead is what one look at the source gives, at one moment.
type sourceRead struct {
	tree    migration.Tree
	process *xpdl.Process // of the root; nil when it cannot be read
	set     records.Set
}

func (c *Copy) selection(ctx context.Context, i *migration.Instance) (records.Selection, error) {
	forms, err := c.Source.Catalog.Forms(ctx, i.App)
	if err == nil && len(forms.Problems) > 0 {
		err = &migration.Error{Code: migration.CodeUnsupported, Op: "read forms of", Subject: i.App, Hint: preflight.FormRemedy}
	}
	return records.Selection{Model: forms.Model.Union(c.Settings.Extra), Root: i.Record}, err
}

// onTarget reads the record set of an instance of the source as the target has
// it: what the forms of the source lead to, and known.
func (c *Copy) onTarget(ctx context.Context, i *migration.Instance, known []migration.RowKey) (records.Set, error) {
	selection, err := c.selection(ctx, i)
	if err != nil {
		return records.Set{}, err
	}
	selection.Known = known
	return records.Collect(ctx, c.Target.Pool(), c.Target.Tables, selection, records.Limits{})
}

// read reads an instance, the subflows below it and their record set in one
// snapshot of the source.
func (c *Copy) read(ctx context.Context, id migration.InstanceID) (*sourceRead, error) {
	var r sourceRead
	err := c.Source.Snapshot(ctx, func(ctx context.Context, s *schema.Snap) error {
		var err error
		if r.tree, err = s.Tree(ctx, id); err != nil || !r.tree.Instance.State.Open() {
			return err
		}
		selection, err := c.selection(ctx, &r.tree.Instance)
		if err != nil {
			return err
		}
		r.set, err = records.Collect(ctx, s, c.Source.Tables, selection, records.Limits{})
		return err
	})
	if err != nil {
		return nil, err
	}
	if r.process, err = c.Source.Catalog.Process(ctx, r.tree.Instance.Definition); err != nil && migration.CodeOf(err) == migration.CodeUnavailable {
		return nil, err
	}
	return &r, nil
}

// closed ends or parks an instance that is closed on the source.
func (c *Copy) closed(ctx context.Context, in contract.CopyFormDataInput) (contract.Outcome, error) {
	if in.Delta {
		return contract.Outcome{Status: contract.StatusDone}, c.Progress(ctx, in.StepInput, migration.Change{
			State: migration.InstanceDone, Step: migration.StepVerify, Reason: migration.ReasonSourceClosed,
		})
	}
	claim, err := c.Ledger.Claimed(ctx, c.Key(in.Instance))
	if err != nil {
		return contract.Outcome{}, err
	}
	if claim.State == migration.ClaimNone || claim.State == migration.ClaimReleased {
		err := c.Ledger.Progress(ctx, in.Migration, in.Instance, migration.Change{
			State: migration.InstanceSkipped, Step: migration.StepCopyFormData, Reason: migration.ReasonSourceClosed,
		})
		return contract.Outcome{Status: contract.StatusSkipped, Reason: migration.ReasonSourceClosed}, err
	}
	return c.Park(ctx, in.StepInput, step.Parking{Step: migration.StepCopyFormData, Reason: migration.ReasonSourceClosed, Message: "A target instance may exist already."})
}

// keepSnapshot checks the instance as it is now and keeps it as what the target
// is made from, if that is still what was planned for. kept is false when the
// target was started from an earlier one.
func (c *Copy) keepSnapshot(ctx context.Context, in contract.CopyFormDataInput, planned migration.DefinitionID, read *sourceRead, out *contract.Outcome) (kept bool, err error) {
	claim, err := c.Ledger.Claimed(ctx, c.Key(in.Instance))
	if err != nil {
		return false, err
	}
	_, err = c.Ledger.Snapshot(ctx, in.Migration, in.Instance)
	fixed := err == nil && claim.State != migration.ClaimNone && claim.State != migration.ClaimReleased
	if err != nil && migration.CodeOf(err) != migration.CodeNotFound {
		return false, err
	}
	if fixed && !in.Redo {
		return false, nil
	}
	if !fixed {
		now, err := c.Target.Catalog.Resolve(ctx, c.Settings.Target(read.tree.Instance.Definition))
		if migration.CodeOf(err) == migration.CodeUnavailable {
			return false, err
		}
		if why := migration.Redirected(planned, now); why != "" && err == nil {
			*out, err = c.Park(ctx, in.StepInput, step.Parking{Step: migration.StepCopyFormData, Reason: migration.ReasonSourceBlocked, Message: why, Detail: why})
			return false, err
		}
	}
	facts, err := c.facts(ctx, &read.tree)
	if err != nil {
		return false, err
	}
	findings := preflight.Instance(&facts)
	if migration.Worst(findings) == migration.Blocking {
		message, detail := "", ""
		for _, f := range findings {
			if f.Severity == migration.Blocking {
				message += fmt.Sprintf("%s: %s. ", f.ID, f.Message)
				detail += fmt.Sprintf("%s %s: %s; ", f.ID, f.Message, f.Seen)
			}
		}
		*out, err = c.Park(ctx, in.StepInput, step.Parking{Step: migration.StepCopyFormData, Reason: migration.ReasonSourceBlocked, Message: message, Detail: detail})
		return false, err
	}
	snapshot := migration.Snapshot{Tree: read.tree}
	for i := range read.set.Rows {
		digest := read.set.Rows[i].Digest()
		snapshot.Rows = append(snapshot.Rows, migration.RowDigest{RowKey: read.set.Rows[i].Key, Digest: hex.EncodeToString(digest[:])})
	}
	_, err = c.Ledger.SaveSnapshot(ctx, in.Migration, in.Instance, snapshot)
	return err == nil, err
}

// CopyUploads copies the files of the record set of the snapshot, not under
// people who work on the target instance.
func (c *Copy) CopyUploads(ctx context.Context, in contract.StepInput) (contract.CopyUploadsOutput, error) {
	var out contract.CopyUploadsOutput
	i, outcome, err := c.Begin(ctx, in)
	if out.Outcome = outcome; err != nil || out.Status != contract.StatusOK {
		return out, err
	}
	if _, out.Outcome, err = c.leave(ctx, i, migration.StepCopyUploads); err != nil || out.Status != contract.StatusOK {
		return out, err
	}
	snapshot, err := c.Ledger.Snapshot(ctx, in.Migration, in.Instance)
	if err != nil {
		return out, err
	}
	return out, c.copyFiles(ctx, in, &snapshot, &out)
}
