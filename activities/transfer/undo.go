package transfer

import (
	"context"
	"slices"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/uploads"
)

// UndoData takes files and rows of an instance whose target instance is closed
// back to what they were, lets go of its start and ends its rollback. What
// somebody changed since, or another instance uses, is left and told.
// It is safe to repeat.
func (act *Activities) UndoData(ctx context.Context, in contract.UndoDataInput) (contract.UndoDataOutput, error) {
	out := contract.UndoDataOutput{Outcome: step.OK()}
	i, err := act.Open(ctx, in.StepInput)
	if err != nil {
		return out, err
	}
	if i.Entry.State != migration.InstanceRollingBack {
		return act.undoneBefore(ctx, in)
	}
	claim, err := act.ended(ctx, in.StepInput)
	if err != nil {
		return out, err
	}
	record := i.TargetRecord()
	if err := act.TakeRecord(ctx, i.Key, record, in.Migration); err != nil {
		return out, err
	}
	used, err := act.useOf(ctx, &claim, record)
	if err != nil {
		return out, err
	}
	rowImages, fileImages := act.images(in.Migration, i.Key, used)
	files, err := act.undoFiles(ctx, i, claim.Started.ID, fileImages)
	if err != nil {
		return out, err
	}
	forms, err := act.Target.Catalog.Forms(ctx, i.Entry.Target.Package)
	if err != nil {
		return out, err
	}
	rows, err := records.Undo(ctx, act.Target.Form(), forms.Model.Union(act.Settings.Extra), rowImages, act.pace)
	if err != nil {
		return out, err
	}
	if err := act.releaseStart(ctx, claim); err != nil {
		return out, err
	}
	out.Rows, out.Files = len(rows.Restored)+len(rows.Removed), len(files.Restored)+len(files.Removed)
	out.Conflicts, out.Shared = len(rows.Conflicts)+len(files.Conflicts), len(rows.Shared)+len(files.Shared)
	story, err := act.Ledger.Lines(ctx, in.Migration, in.Instance)
	if err != nil {
		return out, err
	}
	tools := migration.LeftOfTools(story)
	lines := []migration.StepLine{
		undone(migration.EventFilesUndone, len(files.Restored), len(files.Removed), len(files.Already)),
		undone(migration.EventRowsUndone, len(rows.Restored), len(rows.Removed), len(rows.Already)),
		left(migration.EventLeftChanged, step.List(rows.Conflicts), step.List(files.Conflicts), out.Conflicts),
		recordUsed(used.By),
		left(migration.EventLeftInUse, step.List(rows.Shared), step.List(files.Shared), out.Shared),
	}
	out.Conflicts, out.Shared = out.Conflicts+tools.Conflicts, out.Shared+tools.Shared
	lines = append(lines, migration.StepLine{
		Step: migration.StepRollback, Kind: migration.KindOutcome, Event: migration.EventUndone,
		Facts: migration.Facts{Tally: migration.Tally{Rows: out.Rows, Files: out.Files, Conflicts: out.Conflicts, Shared: out.Shared}},
	})
	lines = slices.DeleteFunc(lines, func(l migration.StepLine) bool { return l.Event == "" })
	return out, act.Ledger.EndRollback(ctx, in.Migration, in.Instance, in.Again, lines...)
}

// undoneBefore returns what the attempt counted that ended the rollback. Where
// none did, something else took the instance out of it: CodeConflict.
func (act *Activities) undoneBefore(ctx context.Context, in contract.UndoDataInput) (contract.UndoDataOutput, error) {
	out := contract.UndoDataOutput{Outcome: contract.Outcome{Status: contract.StatusOK}}
	was, err := act.Ledger.RollbackOf(ctx, in.Migration, in.Instance)
	if err != nil && migration.CodeOf(err) != migration.CodeNotFound {
		return out, err
	}
	if was.Outcome != migration.RollbackUndone {
		return out, &migration.Error{Code: migration.CodeConflict, Op: "undo data", Subject: string(in.Instance), Hint: "its rollback did not finish, and it is no longer being rolled back; see its log"}
	}
	story, err := act.Ledger.Lines(ctx, in.Migration, in.Instance)
	n, _ := migration.LastUndone(story)
	out.Rows, out.Files, out.Conflicts, out.Shared = n.Rows, n.Files, n.Conflicts, n.Shared
	return out, err
}

func undone(event migration.Event, restored, removed, already int) migration.StepLine {
	return migration.StepLine{
		Step: migration.StepRollback, Kind: migration.KindOutcome, Event: event,
		Facts: migration.Facts{Tally: migration.Tally{Restored: restored, Removed: removed, AsBefore: already}},
	}
}

// left tells of rows and files that were not touched; no line where there are none.
func left(event migration.Event, rows, files string, n int) migration.StepLine {
	if n == 0 {
		return migration.StepLine{}
	}
	return migration.StepLine{Step: migration.StepRollback, Event: event, Facts: migration.Facts{Number: int64(n)}, Detail: rows + "; " + files}
}

// recordUsed tells of the instance that uses the record; no line where there is none.
func recordUsed(by migration.InstanceID) migration.StepLine {
	if by == "" {
		return migration.StepLine{}
	}
	return migration.StepLine{Step: migration.StepRollback, Event: migration.EventRecordUsed, Facts: migration.Facts{Target: by}}
}

// ended returns the claim of an instance of which nothing is open on the
// target: who has to say so is the target.
func (act *Activities) ended(ctx context.Context, in contract.StepInput) (migration.Claim, error) {
	claim, err := act.Ledger.Claimed(ctx, act.Key(in.Instance))
	if err != nil {
		return claim, err
	}
	over := false
	switch claim.State {
	case migration.ClaimNone, migration.ClaimReleased, migration.ClaimClaimed:
		over = true
	case migration.ClaimStarted:
		if over, err = act.Target.Fresh().Closed(ctx, claim.Started.ID); err != nil {
			return claim, err
		}
	case migration.ClaimSending, migration.ClaimUnknown:
	}
	if !over {
		return claim, &migration.Error{Code: migration.CodeConflict, Op: "undo data", Subject: string(in.Instance), Hint: "its target instance may still be open"}
	}
	return claim, nil
}

// releaseStart gives the start of an instance back, so that it can be made again.
func (act *Activities) releaseStart(ctx context.Context, claim migration.Claim) error {
	const why = "rolled back"
	switch claim.State {
	case migration.ClaimStarted:
		return act.Ledger.RestartClosed(ctx, claim.ClaimKey, claim.Started.ID, "", why)
	case migration.ClaimClaimed:
		return act.Ledger.Release(ctx, claim.ClaimKey, claim.Token, claim.State, why)
	case migration.ClaimNone, migration.ClaimReleased, migration.ClaimSending, migration.ClaimUnknown:
	}
	return nil
}

// undoFiles puts files back that tools made or changed before anybody looked,
// and then those that we wrote, as images has them.
func (act *Activities) undoFiles(ctx context.Context, i *step.Opened, started migration.InstanceID, images uploads.FileUndoer) (uploads.UndoResult, error) {
	snapshot, err := i.Snapshot()
	if err != nil && migration.CodeOf(err) != migration.CodeNotFound {
		return uploads.UndoResult{}, err
	}
	keys, err := act.Keys(ctx, i, &snapshot)
	if err != nil {
		return uploads.UndoResult{}, err
	}
	if err := act.undoToolFiles(ctx, i.StepInput, &snapshot.Instance, keys, started); err != nil {
		return uploads.UndoResult{}, err
	}
	capture, _, err := act.Ledger.FileCapture(ctx, i.Key)
	if err != nil && migration.CodeOf(err) != migration.CodeNotFound {
		return uploads.UndoResult{}, err
	}
	return uploads.Undo(ctx, act.Target.Files(), keys.Rows(snapshot.RowKeys()), images, capture, func(ctx context.Context, _ int) error {
		step.Headway(ctx)
		return ctx.Err()
	})
}

// undoToolFiles takes files back that tools made or changed. What may be people's
// stays: where they worked on the target instance, or others use the record.
func (act *Activities) undoToolFiles(ctx context.Context, in contract.StepInput, root *migration.Instance, keys migration.Rekeys, started migration.InstanceID) error {
	key := act.Key(in.Instance)
	capture, open, err := act.Ledger.FileCapture(ctx, key)
	if migration.CodeOf(err) == migration.CodeNotFound || err == nil && !open {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := act.lostFolders(ctx, key, root, keys, &capture); err != nil {
		return err
	}
	story, err := act.Ledger.Lines(ctx, in.Migration, in.Instance)
	if err != nil {
		return err
	}
	inUse, err := act.inUse(ctx, in, root, keys.Record(root.Record), capture.Rows)
	if err != nil {
		return err
	}
	source := uploads.Rekeyed(act.Source.Files(), keys)
	compared, err := uploads.Compare(ctx, source, act.Target.Files(), capture.Rows)
	if err != nil {
		return err
	}
	calls, err := act.calls(ctx, key)
	if err != nil {
		return err
	}
	put, err := uploads.Revert(ctx, source, act.Target.Files(), capture, compared.Differences, uploads.RevertOptions{
		Tools: act.Ledger.ToolFiles(key), Calls: calls, Worked: migration.WorkDiscarded(story, started), Used: inUse,
	})
	if err != nil {
		return err
	}
	return act.Ledger.CloseFileCapture(ctx, in.Migration, key, migration.StepLine{
		Step: migration.StepRollback, Kind: migration.KindOutcome, Event: migration.EventToolFiles,
		Facts:  migration.Facts{Tally: migration.Tally{Removed: len(put.Removed), Again: len(put.Again), Left: len(put.Left) + len(put.Unsure), Shared: len(put.Shared)}},
		Detail: step.List(slices.Concat(put.Left, put.Unsure, put.Shared)),
	})
}

// inUse returns those of the rows whose files others may have put there: all,
// when another instance of the record is open on the target, and else those that
// other records use or other migrated instances wrote. record is the target's.
func (act *Activities) inUse(ctx context.Context, in contract.StepInput, root *migration.Instance, record migration.RecordID, rows []migration.RowKey) ([]migration.RowKey, error) {
	linked, err := act.Target.Fresh().LinkedInstances(ctx, record)
	if err != nil {
		return nil, err
	}
	// Its own instance is closed by now.
	if slices.ContainsFunc(linked, func(l migration.Linked) bool { return l.State.Open() && !l.Archived }) {
		return rows, nil
	}
	used, err := act.Ledger.RowUndo(in.Migration, act.Key(in.Instance)).InUse(ctx, rows)
	if err != nil {
		return nil, err
	}
	there, err := act.OnTarget(ctx, root, record, rows)
	for i := range there.Rows {
		if r := &there.Rows[i]; r.Shared && slices.Contains(rows, r.Key) && !slices.Contains(used, r.Key) {
			used = append(used, r.Key)
		}
	}
	return used, err
}
