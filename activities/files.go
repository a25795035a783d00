package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/uploads"
)

// fileRows are the records whose files belong to an instance: the rows of its
// record set. The record, not the instance, owns uploads (docs/joget.md#uploads).
func fileRows(snapshot *migration.Snapshot) []migration.RowKey {
	rows := make([]migration.RowKey, 0, len(snapshot.Rows))
	for _, r := range snapshot.Rows {
		rows = append(rows, r.RowKey)
	}
	return rows
}

// copyFiles copies the files of the snapshot's records and counts them, and
// notes what lies beside them from then on.
func (c *Copy) copyFiles(ctx context.Context, in contract.StepInput, snapshot *migration.Snapshot, out *contract.CopyUploadsOutput) error {
	if err := c.Running(ctx, in, migration.StepCopyUploads); err != nil {
		return err
	}
	result, err := uploads.Copy(ctx, c.Source.Uploads, c.Target.Uploads, fileRows(snapshot), c.Ledger.FileImages(in.Migration, c.Key(in.Instance)), uploads.Options{
		OnConflict: uploads.OnConflict(c.Settings.OnConflict),
		Pace: func(ctx context.Context, _ int, _ int64) error {
			activity.RecordHeartbeat(ctx)
			return ctx.Err()
		},
	})
	out.Files = result.Copied + result.Overwritten + result.Same + result.Kept
	out.Written, out.Bytes = result.Copied+result.Overwritten, result.Bytes
	switch {
	case migration.CodeOf(err) == migration.CodeConflict:
		var coded *migration.Error
		errors.As(err, &coded)
		out.Outcome, err = c.Park(ctx, in, step.Parking{Step: migration.StepCopyUploads, Reason: migration.ReasonFileConflict, Message: coded.Safe(), Detail: step.List(result.Conflicts)})
		return err
	case err != nil:
		return err
	case len(result.Refused) > 0:
		keys := make([]uploads.Key, 0, len(result.Refused))
		for _, r := range result.Refused {
			keys = append(keys, r.Key)
		}
		out.Outcome, err = c.Park(ctx, in, step.Parking{Step: migration.StepCopyUploads, Reason: migration.ReasonFileRefused, Message: fmt.Sprintf("%d files: symlinks, devices, or names that are no file names.", len(keys)), Detail: step.List(keys)})
		return err
	}
	seen, err := uploads.Seen(ctx, c.Target.Uploads, fileRows(snapshot), result.Sums)
	if err != nil {
		return err
	}
	if err := c.Ledger.SaveFileWindow(ctx, c.Key(in.Instance), seen); err != nil {
		return err
	}
	return c.Ledger.Log(ctx, in.Migration, in.Instance, migration.StepLine{
		Step: migration.StepCopyUploads, Kind: migration.KindOutcome, Event: migration.EventUploads,
		Facts: migration.Facts{Tally: migration.Tally{
			Files: out.Files, Copied: result.Copied, Overwritten: result.Overwritten, Same: result.Same, Kept: result.Kept, Resumed: result.Resumed, Bytes: result.Bytes,
		}},
	})
}

// files compares the files of the records of both sides, after what tools did
// to them was put back.
func (v *verification) files(ctx context.Context, source *records.Set) error {
	c, rows := v.copy, fileRows(v.snapshot)
	compared, err := uploads.Compare(ctx, c.Source.Uploads, c.Target.Uploads, rows)
	if err != nil {
		return err
	}
	if v.in.Fix && !v.workedOn {
		changed, err := c.putFilesBack(ctx, v.in.StepInput, &v.snapshot.Instance, source, compared.Differences)
		if err != nil {
			return err
		}
		if changed {
			if compared, err = uploads.Compare(ctx, c.Source.Uploads, c.Target.Uploads, rows); err != nil {
				return err
			}
		}
	}
	differs := map[uploads.Key]bool{}
	for _, d := range compared.Differences {
		differs[d.Key] = true
		// The kinds of files are results.
		v.add(migration.ItemFile, d.Key.String(), migration.ItemResult(d.Kind), "")
	}
	there, err := uploads.Seen(ctx, c.Target.Uploads, rows, nil)
	for _, f := range there.Files {
		if key := (uploads.Key{Row: f.Row, Name: f.Entry.Name}); !differs[key] {
			v.add(migration.ItemFile, key.String(), migration.ItemSame, "")
		}
	}
	return err
}

// putFilesBack undoes what was done to files of the target since they were
// copied, once: what comes later is not the tools' of our calls. Files of rows
// that others use too are left.
func (c *Copy) putFilesBack(ctx context.Context, in contract.StepInput, root *migration.Instance, source *records.Set, differences []uploads.Difference) (changed bool, err error) {
	key := c.Key(in.Instance)
	window, open, err := c.Ledger.FileWindow(ctx, key)
	if migration.CodeOf(err) == migration.CodeNotFound || err == nil && !open {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	lost, err := c.lostFolders(ctx, key, root, &window)
	if err != nil {
		return false, err
	}
	for i := range source.Rows {
		if source.Rows[i].Shared {
			window.Rows = slices.DeleteFunc(window.Rows, func(k migration.RowKey) bool { return k == source.Rows[i].Key })
		}
	}
	story, err := c.Ledger.Lines(ctx, in.Migration, in.Instance)
	if err != nil {
		return false, err
	}
	put, err := uploads.PutBack(ctx, c.Source.Uploads, c.Target.Uploads, window, slices.Concat(differences, lost), c.Ledger.ToolFiles(key), lastCall(story), c.Settings.ReportOnly)
	if err != nil {
		return false, err
	}
	var lines []migration.StepLine
	if put.Any() || len(put.Left) > 0 {
		line := migration.StepLine{
			Step: migration.StepVerify, Kind: migration.KindOutcome, Event: migration.EventFilesReverted,
			Facts:  migration.Facts{Tally: migration.Tally{Removed: len(put.Removed), Again: len(put.Again), Left: len(put.Left)}},
			Detail: step.List(slices.Concat(put.Removed, put.Again, put.Left)),
		}
		if c.Settings.ReportOnly {
			line.Kind, line.Event = migration.KindNote, migration.EventFilesReported
			line.Facts = migration.Facts{Tally: migration.Tally{Files: len(put.Removed) + len(put.Again) + len(put.Left)}}
		}
		lines = append(lines, line)
	}
	return put.Any() && !c.Settings.ReportOnly, c.Ledger.CloseFileWindow(ctx, in.Migration, key, lines...)
}

// lostFolders adds to window the folders of rows that tools inserted around our
// calls and that are not there any more, and returns the files in them, which
// came with the rows. root is of the snapshot.
func (c *Copy) lostFolders(ctx context.Context, key migration.ClaimKey, root *migration.Instance, window *migration.FileWindow) ([]uploads.Difference, error) {
	windows, err := c.Ledger.Windows(ctx, key)
	if err != nil {
		return nil, err
	}
	var fresh []migration.RowKey
	for _, data := range windows {
		w, err := records.DecodeWindow(data)
		if err != nil {
			return nil, err
		}
		fresh = append(fresh, w.Fresh...)
	}
	if len(fresh) == 0 {
		return nil, nil
	}
	there, err := c.onTarget(ctx, root, fresh)
	if err != nil {
		return nil, err
	}
	known := len(window.Rows)
	for _, row := range fresh {
		if !slices.Contains(window.Rows, row) && !slices.Contains(there.Keys(), row) {
			window.Rows = append(window.Rows, row)
		}
	}
	compared, err := uploads.Compare(ctx, c.Source.Uploads, c.Target.Uploads, window.Rows[known:])
	return compared.Differences, err
}

// skew is what the clocks of the ledger and of the target's files may differ by.
const skew = time.Minute

// lastCall returns until when tools of our calls may have written files. Zero: no call.
func lastCall(log []migration.StepLine) time.Time {
	last := migration.LastCall(log)
	if last.IsZero() {
		return last
	}
	return last.Add(skew)
}
