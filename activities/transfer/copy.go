package transfer

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/form"
	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/preflight"
	"jogetferry/records"
	"jogetferry/uploads"
)

// CopyFormData takes the snapshot of the source instance and copies its record
// set. A snapshot is taken anew until the start is made, and on Redo; from the
// start on the target is made from the snapshot it was started with.
func (act *Activities) CopyFormData(ctx context.Context, in contract.CopyFormDataInput) (contract.CopyFormDataOutput, error) {
	var out contract.CopyFormDataOutput
	i, outcome, err := act.Begin(ctx, in.StepInput)
	if out.Outcome = outcome; err != nil || out.Status != contract.StatusOK {
		return out, err
	}
	if out.Outcome, err = act.Enter(ctx, i, migration.StepCopyFormData); err != nil || out.Status != contract.StatusOK {
		return out, err
	}
	read, err := act.read(ctx, in.Instance, act.gather)
	if migration.CodeOf(err) == migration.CodeNotFound || err == nil && !read.Tree.Instance.State.Open() {
		out.Outcome, err = act.closed(ctx, in)
		return out, err
	}
	if err != nil {
		return out, err
	}
	out, err = act.copyRead(ctx, in, i, read)
	// What a record had too much of for the worker's memory.
	return out, errors.Join(err, records.Target{Contents: act.Ledger.Contents()}.Forget(context.WithoutCancel(ctx), read.Set))
}

// copyRead copies the rows that were read of the source.
func (act *Activities) copyRead(ctx context.Context, in contract.CopyFormDataInput, i *step.Opened, read *Source) (contract.CopyFormDataOutput, error) {
	out := contract.CopyFormDataOutput{Outcome: step.OK()}
	started := false
	var err error
	if in.Redo || in.Delta {
		if started, out.Outcome, err = act.requireUntouched(ctx, i, migration.StepCopyFormData); err != nil || out.Status != contract.StatusOK {
			return out, err
		}
	}
	snapshot, err := act.snapshotOf(ctx, in, i, read, &out.Outcome)
	if err != nil || out.Status != contract.StatusOK {
		return out, err
	}
	out.Wanted = read.Tree.Instance.Wanted()
	out.Rows = len(read.Set.Rows)
	if snapshot == nil {
		// The target was started from an earlier snapshot, with its rows.
		return out, nil
	}
	step.Headway(ctx)
	result, outcome, err := act.copyRows(ctx, i, read, snapshot, started)
	out.Outcome, out.Written = outcome, result.Inserted+result.Overwritten
	if err == nil && out.Status == contract.StatusOK && i.Claim.State == migration.ClaimNone {
		out.Uploads, err = act.along(ctx, i, snapshot)
	}
	return out, err
}

// copyRows writes the record set that was read to the target, once its snapshot is kept.
// started: rows that this migration brought before may be written again.
func (act *Activities) copyRows(ctx context.Context, i *step.Opened, read *Source, snapshot *migration.Snapshot, started bool) (records.CopyResult, contract.Outcome, error) {
	if err := act.rekey(ctx, i, read); err != nil {
		return records.CopyResult{}, step.OK(), err
	}
	images := &rowMemory{RowImages: act.Ledger.RowImages(i.Migration, i.Key), of: i, ledger: act.Ledger, snapshot: snapshot}
	options := records.CopyOptions{OnConflict: act.Settings.OnConflict, Pace: act.pace, Contents: act.Ledger.Contents(), Rekeying: read.Rekeying}
	var err error
	if started {
		if options.Brought, err = images.Brought(ctx); err != nil {
			return records.CopyResult{}, step.OK(), err
		}
	}
	result, err := act.write(ctx, i, read.Set, images, options)
	if kept := images.keepSnapshot(ctx); kept != nil {
		return result, step.OK(), errors.Join(err, kept)
	}
	reason, final := map[migration.Code]migration.Reason{
		migration.CodeConflict:    migration.ReasonRecordConflict,
		migration.CodeUnsupported: migration.ReasonRecordUnsupported,
	}[migration.CodeOf(err)]
	var lines []migration.StepLine
	if err == nil {
		lines = append(lines, migration.StepLine{
			Step: migration.StepCopyFormData, Kind: migration.KindOutcome, Event: migration.EventFormData,
			Facts: migration.Facts{Tally: migration.Tally{
				Rows: len(read.Set.Rows), Inserted: result.Inserted, Overwritten: result.Overwritten, Same: result.Same, Kept: len(result.Kept),
			}},
		})
	}
	end, cancel := ending(ctx)
	defer cancel()
	if noted := images.settle(end, lines...); noted != nil {
		return result, step.OK(), errors.Join(err, noted)
	}
	if final {
		var coded *migration.Error
		errors.As(err, &coded)
		out, parked := act.Park(ctx, i.StepInput, step.Parking{
			Step: migration.StepCopyFormData, Reason: reason, Message: coded.Safe(), Detail: err.Error() + "; " + step.List(result.Conflicts),
		})
		return result, out, parked
	}
	return result, step.OK(), err
}

// write is records.Copy, which refuses before it writes; what the target lacks is made then.
func (act *Activities) write(ctx context.Context, i *step.Opened, set records.Set, images records.Images, options records.CopyOptions) (records.CopyResult, error) {
	result, err := records.Copy(ctx, act.Target.Form(), set, images, options)
	if !act.Settings.CreateTables || migration.CodeOf(err) != migration.CodeUnsupported {
		return result, err
	}
	tables := map[string]bool{}
	for _, key := range set.Keys() {
		tables[key.Table] = true
	}
	for _, table := range slices.Sorted(maps.Keys(tables)) {
		err := act.MakeTable(ctx, i.Migration, i.Instance, table)
		var coded *migration.Error
		if migration.CodeOf(err) == migration.CodeRefused && errors.As(err, &coded) {
			coded.Code = migration.CodeUnsupported // it is the table's, and the wave goes on
		}
		if err != nil {
			return result, err
		}
	}
	return records.Copy(ctx, act.Target.Form(), set, images, options)
}

// requireUntouched parks a step that would write rows or files under people who
// work on the target instance, or for one that is not open any more. started is
// false when there is none yet.
func (act *Activities) requireUntouched(ctx context.Context, i *step.Opened, at migration.Step) (started bool, out contract.Outcome, err error) {
	known, started := i.Started()
	if !started {
		return false, step.OK(), nil
	}
	root, reason, err := act.guard.Live(ctx, known)
	switch {
	case err != nil:
		return true, out, err
	case reason != "":
		out, err = act.Park(ctx, i.StepInput, step.Parking{Step: at, Reason: reason, Message: fmt.Sprintf("Target instance %s.", known.ID)})
		return true, out, err
	}
	out, err = act.guard.RequireUntouched(ctx, i, root, at)
	return true, out, err
}

// pace heartbeats before a batch of rows is written, and waits for the limit.
func (act *Activities) pace(ctx context.Context, rows int) error {
	step.Headway(ctx)
	limiter := act.Settings.RowLimiter
	for rest := rows; rest > 0 && limiter.Limit() != rate.Inf; {
		n := min(rest, limiter.Burst())
		if err := limiter.WaitN(ctx, n); err != nil {
			return fmt.Errorf("wait for the row limit: %w", err)
		}
		step.Headway(ctx)
		rest -= n
	}
	return ctx.Err()
}

// gather reads a record set for a copy.
func (act *Activities) gather(ctx context.Context, q records.Querier, schema *records.Schema, s records.Selection, limits records.Limits) (records.Set, error) {
	return records.Gather(ctx, q, schema, s, limits, act.Ledger.Contents())
}

// collect reads a record set, for a copy or as a survey.
type collect func(context.Context, records.Querier, *records.Schema, records.Selection, records.Limits) (records.Set, error)

// Source is what one look at the source gives, at one moment.
type Source struct {
	Tree migration.Tree
	Set  records.Set // the record set; empty when the instance is closed
	// Rekeying makes of Set what the target shall have.
	Rekeying records.Rekeying
}

func (act *Activities) selection(ctx context.Context, i *migration.Instance) (records.Selection, error) {
	forms, err := act.Source.Catalog.Forms(ctx, i.App)
	if err == nil && slices.ContainsFunc(forms.Problems, form.Problem.Blocking) {
		err = &migration.Error{Code: migration.CodeUnsupported, Op: "read forms of", Subject: i.App, Hint: preflight.FormRemedy}
	}
	return records.Selection{Model: forms.Model.Union(act.Settings.Extra), Root: i.Record}, err
}

// OnTarget surveys the record set of an instance of the source as the target has
// it: what the forms of the source lead to from the record, and known. record and known
// are keys of the target.
func (act *Activities) OnTarget(ctx context.Context, i *migration.Instance, record migration.RecordID, known []migration.RowKey) (records.Set, error) {
	selection, err := act.selection(ctx, i)
	if err != nil {
		return records.Set{}, err
	}
	selection.Root, selection.Known = record, known
	return records.Survey(ctx, act.Target.Pool(), act.Target.Tables, selection, records.Limits{})
}

// Survey reads an instance and the subflows below it and surveys their record set, in
// one snapshot of the source.
func (act *Activities) Survey(ctx context.Context, i *step.Opened) (*Source, error) {
	r, err := act.read(ctx, i.Instance, records.Survey)
	if err == nil {
		err = act.rekey(ctx, i, r)
	}
	return r, err
}

// read is Survey with the rows that collect gives.
func (act *Activities) read(ctx context.Context, id migration.InstanceID, collect collect) (*Source, error) {
	var r Source
	err := act.Source.Snapshot(ctx, func(ctx context.Context, s *schema.Snap) error {
		var err error
		if r.Tree, err = s.Tree(ctx, id); err != nil || !r.Tree.Instance.State.Open() {
			return err
		}
		selection, err := act.selection(ctx, &r.Tree.Instance)
		if err != nil {
			return err
		}
		r.Rekeying.Model, r.Rekeying.Columns = selection.Model, act.Settings.RekeyColumns.Columns
		r.Set, err = collect(ctx, s, act.Source.Tables, selection, records.Limits{})
		return err
	})
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// rekey adds which records that were read have other IDs on the target: rows name those
// of other instances, too.
func (act *Activities) rekey(ctx context.Context, i *step.Opened, r *Source) (err error) {
	r.Rekeying.Rekeys, err = act.RekeysOf(ctx, i, r.Rekeying.Named(r.Set))
	return err
}

// closed ends or parks an instance that is closed on the source.
func (act *Activities) closed(ctx context.Context, in contract.CopyFormDataInput) (contract.Outcome, error) {
	if in.Delta {
		return contract.Outcome{Status: contract.StatusDone}, act.Progress(ctx, in.StepInput, migration.Change{
			State: migration.InstanceDone, Step: migration.StepVerify, Reason: migration.ReasonSourceClosed,
		})
	}
	claim, err := act.Ledger.Claimed(ctx, act.Key(in.Instance))
	if err != nil {
		return contract.Outcome{}, err
	}
	if claim.State == migration.ClaimNone || claim.State == migration.ClaimReleased {
		err := act.Ledger.Progress(ctx, in.Migration, in.Instance, migration.Change{
			State: migration.InstanceSkipped, Step: migration.StepCopyFormData, Reason: migration.ReasonSourceClosed,
		})
		return contract.Outcome{Status: contract.StatusSkipped, Reason: migration.ReasonSourceClosed}, err
	}
	return act.Park(ctx, in.StepInput, step.Parking{Step: migration.StepCopyFormData, Reason: migration.ReasonSourceClosed, Message: "A target instance may exist already."})
}

// snapshotOf checks the instance as it is now and returns it as what the target is to be
// made from, if that is still what was planned for. Nil: the target was started from an
// earlier one, or out says what stands against it.
func (act *Activities) snapshotOf(ctx context.Context, in contract.CopyFormDataInput, i *step.Opened, read *Source, out *contract.Outcome) (*migration.Snapshot, error) {
	_, err := i.Snapshot()
	fixed := err == nil && i.Claim.State != migration.ClaimNone && i.Claim.State != migration.ClaimReleased
	if fixed && !in.Redo {
		return nil, nil
	}
	if !fixed {
		now, err := act.Target.Catalog.Resolve(ctx, act.Settings.Target(read.Tree.Instance.Definition))
		if migration.CodeOf(err) == migration.CodeUnavailable {
			return nil, err
		}
		if why := migration.Redirected(i.Entry.Target, now); why != "" && err == nil {
			*out, err = act.Park(ctx, in.StepInput, step.Parking{Step: migration.StepCopyFormData, Reason: migration.ReasonSourceBlocked, Message: why, Detail: why})
			return nil, err
		}
	}
	facts, err := act.inventory.Facts(ctx, i, &read.Tree)
	if err != nil {
		return nil, err
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
		*out, err = act.Park(ctx, in.StepInput, step.Parking{Step: migration.StepCopyFormData, Reason: migration.ReasonSourceBlocked, Message: message, Detail: detail})
		return nil, err
	}
	snapshot := &migration.Snapshot{Tree: read.Tree}
	for i := range read.Set.Rows {
		digest := read.Set.Rows[i].Digest()
		snapshot.Rows = append(snapshot.Rows, migration.RowDigest{RowKey: read.Set.Rows[i].Key, Digest: hex.EncodeToString(digest[:])})
	}
	return snapshot, nil
}

// CopyUploads copies the files of the record set of the snapshot, not under
// people who work on the target instance.
func (act *Activities) CopyUploads(ctx context.Context, in contract.StepInput) (contract.CopyUploadsOutput, error) {
	var out contract.CopyUploadsOutput
	i, outcome, err := act.Begin(ctx, in)
	if out.Outcome = outcome; err != nil || out.Status != contract.StatusOK {
		return out, err
	}
	if _, out.Outcome, err = act.requireUntouched(ctx, i, migration.StepCopyUploads); err != nil || out.Status != contract.StatusOK {
		return out, err
	}
	snapshot, err := i.Snapshot()
	if err != nil {
		return out, err
	}
	if err := act.Running(ctx, i, migration.StepCopyUploads); err != nil {
		return out, err
	}
	out, parking, err := act.copyFiles(ctx, i, &snapshot, uploads.Limit{})
	if parking != nil && err == nil {
		out.Outcome, err = act.Park(ctx, in, *parking)
	}
	return out, err
}

// along copies the files of a record right after its rows, when they are few: one attempt
// costs less than two. Nil: CopyUploads does it, with patience and reasons of its own.
func (act *Activities) along(ctx context.Context, i *step.Opened, snapshot *migration.Snapshot) (*contract.CopyUploadsOutput, error) {
	out, parking, err := act.copyFiles(ctx, i, snapshot, uploads.Limit{Files: alongFiles, Bytes: alongBytes})
	if err == nil && parking == nil {
		return &out, nil
	}
	if err != nil && !errors.Is(err, uploads.ErrLimit) {
		act.Log.Info("uploads are left to an attempt of their own", zap.String("instance", string(i.Instance)), step.SafeError(err))
	}
	return nil, ctx.Err()
}

// What along copies at most.
const (
	alongFiles = 32
	alongBytes = 8 << 20
)
