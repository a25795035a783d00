package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/uploads"
)

// copyFiles copies the files of the snapshot's records and counts them, and
// notes what lies beside them from then on. parking says what stands against that.
func (act *Activities) copyFiles(ctx context.Context, i *step.Opened, snapshot *migration.Snapshot, limit uploads.Limit) (out contract.CopyUploadsOutput, parking *step.Parking, err error) {
	out.Outcome = step.OK()
	keys, err := act.Keys(ctx, i, snapshot)
	if err != nil {
		return out, nil, err
	}
	rows := keys.Rows(snapshot.RowKeys())
	images := &fileMemory{FileImages: act.Ledger.FileImages(i.Migration, i.Key), of: i, ledger: act.Ledger}
	result, err := uploads.Copy(ctx, uploads.Rekeyed(act.Source.Files(), keys), act.Target.Files(), rows, images, uploads.Options{
		OnConflict: uploads.OnConflict(act.Settings.OnConflict), Limit: limit,
		Pace: func(ctx context.Context, _ int, _ int64) error {
			step.Headway(ctx)
			return ctx.Err()
		},
	})
	out.Files = result.Copied + result.Overwritten + result.Same + result.Kept
	out.Written, out.Bytes = result.Copied+result.Overwritten, result.Bytes
	if err != nil || len(result.Refused) > 0 {
		end, cancel := ending(ctx)
		defer cancel()
		if noted := images.settle(end, nil); noted != nil {
			return out, nil, errors.Join(err, noted)
		}
	}
	switch {
	case migration.CodeOf(err) == migration.CodeConflict:
		var coded *migration.Error
		errors.As(err, &coded)
		return out, &step.Parking{Step: migration.StepCopyUploads, Reason: migration.ReasonFileConflict, Message: coded.Safe(), Detail: step.List(result.Conflicts)}, nil
	case err != nil:
		return out, nil, err
	case len(result.Refused) > 0:
		return out, &step.Parking{
			Step: migration.StepCopyUploads, Reason: migration.ReasonFileRefused, Detail: step.List(onTheirSide(result.Refused, keys)),
			Message: fmt.Sprintf("%d files or folders may not be read, are symlinks or devices, or have a name that no file can have.", len(result.Refused)),
		}, nil
	}
	seen, err := uploads.Seen(ctx, act.Target.Files(), rows, result.Sums)
	if err != nil {
		return out, nil, err
	}
	return out, nil, images.settle(ctx, &seen, migration.StepLine{
		Step: migration.StepCopyUploads, Kind: migration.KindOutcome, Event: migration.EventUploads,
		Facts: migration.Facts{Tally: migration.Tally{
			Files: out.Files, Copied: result.Copied, Overwritten: result.Overwritten, Same: result.Same, Kept: result.Kept, Resumed: result.Resumed, Bytes: result.Bytes,
		}},
	})
}

// onTheirSide gives what was refused on the source the key that it has there.
func onTheirSide(refused []uploads.Refusal, keys migration.Rekeys) []uploads.Refusal {
	back := keys.Inverse()
	refused = slices.Clone(refused)
	for i := range refused {
		if !refused[i].Target {
			refused[i].Key.Row = back.Row(refused[i].Key.Row)
		}
	}
	return refused
}

// Reverted tells what RevertFiles did.
type Reverted struct {
	Changed bool          // files are not what they were
	Unsure  []uploads.Key // may be a tool's doing or somebody's: the operator tells, and nothing was touched
}

// RevertFiles undoes what tools did to files of the target since they were
// copied, once: what comes later is not the tools' of our calls. Files of rows
// that others use too are left. set is the record set of the source as the target shall
// have it, keys are those of the rows of its snapshot.
func (act *Activities) RevertFiles(ctx context.Context, i *step.Opened, root *migration.Instance, set *records.Set, keys migration.Rekeys, differences []uploads.Difference) (Reverted, error) {
	in, key := i.StepInput, i.Key
	capture, open, err := act.Ledger.FileCapture(ctx, key)
	if migration.CodeOf(err) == migration.CodeNotFound || err == nil && !open {
		return Reverted{}, nil
	}
	if err != nil {
		return Reverted{}, err
	}
	var lost []uploads.Difference
	var stories []migration.CaptureStory
	if i.Captured {
		if lost, err = act.lostFolders(ctx, key, root, keys, &capture); err != nil {
			return Reverted{}, err
		}
		if stories, err = act.Ledger.CaptureStories(ctx, key); err != nil {
			return Reverted{}, err
		}
	}
	var used []migration.RowKey
	for i := range set.Rows {
		if set.Rows[i].Shared {
			used = append(used, set.Rows[i].Key)
		}
	}
	runs, others := migration.Runs(stories)
	calls := migration.Intervals(others)
	revert := func(look bool) (uploads.RevertResult, error) {
		return uploads.Revert(ctx, uploads.Rekeyed(act.Source.Files(), keys), act.Target.Files(), capture, slices.Concat(differences, lost), uploads.RevertOptions{
			Tools: act.Ledger.ToolFiles(key), Calls: calls, Used: used, Look: look,
		})
	}
	// What is put back changes the times of folders, which tell of the rest.
	put, err := revert(true)
	if err != nil {
		return Reverted{}, err
	}
	unseen := slices.ContainsFunc(calls, func(c migration.Interval) bool { return c.Over.IsZero() })
	if len(put.Unsure) > 0 && unseen && !act.Settings.ReportOnly {
		return Reverted{Unsure: put.Unsure}, nil
	}
	if put.Any() && !act.Settings.ReportOnly {
		if put, err = revert(false); err != nil {
			return Reverted{}, err
		}
	}
	if len(runs) > 0 {
		// A rollback puts back what they made: the capture stays open for it.
		return Reverted{Changed: put.Any() && !act.Settings.ReportOnly}, act.Ledger.Log(ctx, in.Migration, in.Instance, act.revertedFiles(&put)...)
	}
	return Reverted{Changed: put.Any() && !act.Settings.ReportOnly}, act.Ledger.CloseFileCapture(ctx, in.Migration, key, act.revertedFiles(&put)...)
}

// RanFiles returns those of the differences that are the doing of what the operator had
// run: they stay. Nil: nothing was run.
func (act *Activities) RanFiles(ctx context.Context, in contract.StepInput, differences []uploads.Difference) ([]uploads.Key, error) {
	key := act.Key(in.Instance)
	stories, err := act.Ledger.CaptureStories(ctx, key)
	if err != nil {
		return nil, err
	}
	runs, _ := migration.Runs(stories)
	if len(runs) == 0 || len(differences) == 0 {
		return nil, nil
	}
	capture, _, err := act.Ledger.FileCapture(ctx, key)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	did, err := uploads.Revert(ctx, act.Source.Files(), act.Target.Files(), capture, differences, uploads.RevertOptions{Calls: migration.Intervals(runs), Look: true})
	return slices.Concat(did.Removed, did.Again), err
}

// revertedFiles tells the log what became of files that differ.
func (act *Activities) revertedFiles(put *uploads.RevertResult) []migration.StepLine {
	left := slices.Concat(put.Left, put.Unsure)
	if !put.Any() && len(left) == 0 {
		return nil
	}
	line := migration.StepLine{
		Step: migration.StepVerify, Kind: migration.KindOutcome, Event: migration.EventFilesReverted,
		Facts:  migration.Facts{Tally: migration.Tally{Removed: len(put.Removed), Again: len(put.Again), Left: len(left)}},
		Detail: step.List(slices.Concat(put.Removed, put.Again, left)),
	}
	if act.Settings.ReportOnly {
		line.Kind, line.Event = migration.KindNote, migration.EventFilesReported
		line.Facts = migration.Facts{Tally: migration.Tally{Files: len(put.Removed) + len(put.Again) + len(left)}}
	}
	return []migration.StepLine{line}
}

// calls returns when calls ran that may have run tools.
func (act *Activities) calls(ctx context.Context, key migration.ClaimKey) ([]migration.Interval, error) {
	stories, err := act.Ledger.CaptureStories(ctx, key)
	return migration.Intervals(stories), err
}

// lostFolders adds to capture the folders of rows that tools inserted around our
// calls and that are not there any more, and returns the files in them, which
// came with the rows. root is of the snapshot, and keys are those of its rows.
func (act *Activities) lostFolders(ctx context.Context, key migration.ClaimKey, root *migration.Instance, keys migration.Rekeys, capture *migration.FileCapture) ([]uploads.Difference, error) {
	captures, err := act.Ledger.Captures(ctx, key)
	if err != nil {
		return nil, err
	}
	var fresh []migration.RowKey
	for _, data := range captures {
		w, err := records.DecodeCapture(data)
		if err != nil {
			return nil, err
		}
		fresh = append(fresh, w.Fresh...)
	}
	if len(fresh) == 0 {
		return nil, nil
	}
	there, err := act.OnTarget(ctx, root, keys.Record(root.Record), fresh)
	if err != nil {
		return nil, err
	}
	known := len(capture.Rows)
	for _, row := range fresh {
		if !slices.Contains(capture.Rows, row) && !slices.Contains(there.Keys(), row) {
			capture.Rows = append(capture.Rows, row)
		}
	}
	compared, err := uploads.Compare(ctx, uploads.Rekeyed(act.Source.Files(), keys), act.Target.Files(), capture.Rows[known:])
	return compared.Differences, err
}
