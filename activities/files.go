package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/sdk/activity"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/uploads"
)

// fileRows are the records whose files belong to an instance: the rows of its
// record set. The record, not the instance, owns uploads (CONTRACT 6.4).
func fileRows(snapshot *migration.Snapshot) []migration.RowKey {
	rows := make([]migration.RowKey, 0, len(snapshot.Rows))
	for _, r := range snapshot.Rows {
		rows = append(rows, r.RowKey)
	}
	return rows
}

// copyFiles copies the files of the snapshot's records and counts them.
func (c *Copy) copyFiles(ctx context.Context, in contract.StepInput, snapshot *migration.Snapshot, out *contract.CopyUploadsOutput) error {
	if err := c.Ledger.Progress(ctx, in.Migration, in.Instance, migration.Change{From: working, State: migration.InstanceRunning, Step: migration.StepCopyUploads}); err != nil {
		return err
	}
	result, err := uploads.Copy(ctx, c.SourceUploads, c.TargetUploads, fileRows(snapshot), c.Ledger.FileImages(in.Migration, c.key(in.Instance)), uploads.Options{
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
		out.Outcome, err = park(ctx, c.Ledger, in, migration.StepCopyUploads, migration.ReasonFileConflict, coded.Safe(), fileKeys(result.Conflicts))
		return err
	case err != nil:
		return err
	case len(result.Refused) > 0:
		keys := make([]uploads.Key, 0, len(result.Refused))
		for _, r := range result.Refused {
			keys = append(keys, r.Key)
		}
		out.Outcome, err = park(ctx, c.Ledger, in, migration.StepCopyUploads, migration.ReasonFileRefused,
			fmt.Sprintf("%d files: symlinks, devices, or names that are no file names.", len(keys)), fileKeys(keys))
		return err
	}
	return c.Ledger.Log(ctx, in.Migration, in.Instance, migration.StepLine{Step: migration.StepCopyUploads, Kind: "outcome", What: fmt.Sprintf(
		"uploads: %d files; %d copied, %d overwritten, %d the same, %d kept, %d resumed; %d bytes",
		out.Files, result.Copied, result.Overwritten, result.Same, result.Kept, result.Resumed, result.Bytes)})
}

// fileKeys lists files for the ledger; it holds record IDs and file names.
func fileKeys(keys []uploads.Key) string {
	names := make([]string, 0, len(keys))
	for _, k := range keys {
		names = append(names, fmt.Sprintf("%s/%s/%q", k.Row.Table, k.Row.ID, k.Name))
	}
	return strings.Join(names, ", ")
}

// files compares the files of the records of both sides.
func (v *verification) files(ctx context.Context) error {
	compared, err := uploads.Compare(ctx, v.copy.SourceUploads, v.copy.TargetUploads, fileRows(v.snapshot))
	if err != nil {
		return err
	}
	for _, d := range compared.Differences {
		v.differ(itemFiles, migration.ReasonVerifyDiffers, string(d.Kind)+" "+fileKeys([]uploads.Key{d.Key}))
	}
	return nil
}
