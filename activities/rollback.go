package activities

import (
	"context"
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

// AbortTarget ends the target instance and reads it, and those below it, back as
// closed. Then it puts rows back that tools changed. It refuses, and touches
// nothing, when somebody worked on the target and the operator did not say that
// this may be lost, or when it cannot be told what there is to end. It is safe to repeat.
func (j *Joget) AbortTarget(ctx context.Context, in contract.AbortTargetInput) (contract.Outcome, error) {
	ok := contract.Outcome{Status: contract.StatusOK}
	if err := j.Ledger.BeginRollback(ctx, in.Migration, in.Instance); err != nil {
		return ok, err
	}
	_, claim, err := j.claim(ctx, in.StepInput)
	if err != nil {
		return ok, err
	}
	switch claim.State {
	case migration.ClaimNone, migration.ClaimReleased, migration.ClaimClaimed:
		return ok, nil
	case migration.ClaimSending, migration.ClaimUnknown:
		return j.refuse(ctx, in, migration.ReasonStartOutcomeUnknown, "it is not known yet what became of its start; resolve that first")
	case migration.ClaimStarted:
	}
	if err := j.paired(ctx); err != nil {
		return ok, err
	}
	s, err := j.open(ctx, in.StepInput)
	if err != nil {
		return ok, err
	}
	_, reason, err := j.live(ctx, s, claim.Started)
	if err != nil {
		return ok, err
	}
	if reason == migration.ReasonTargetRewound || reason == migration.ReasonTargetChanged {
		return j.refuse(ctx, in, reason, fmt.Sprintf("target instance %s is not what it was: %s", claim.Started.ID, reason.Text()))
	}
	known, err := j.Ledger.Lines(ctx, in.Migration, in.Instance)
	if err != nil {
		return ok, err
	}
	if !in.Discard || !migration.WorkDiscarded(known, claim.Started.ID) {
		busy, err := j.busy(ctx, s, claim.Started.ID, claim.Started.Definition)
		if err != nil {
			return ok, err
		}
		if busy && !in.Discard {
			return j.refuse(ctx, in, migration.ReasonTargetMoved,
				fmt.Sprintf("somebody worked on target instance %s since; --discard-target-work gives that up", claim.Started.ID))
		}
		if busy {
			// Once it is aborted, what was only accepted cannot be told any more.
			if err := j.Ledger.Log(ctx, in.Migration, in.Instance, migration.StepLine{
				Step: migration.StepRollback, Event: migration.EventWorkDiscarded, Facts: migration.Facts{Target: claim.Started.ID},
			}); err != nil {
				return ok, err
			}
		}
	}
	if err := j.end(ctx, s, claim.Started.ID); err != nil {
		return ok, err
	}
	return ok, j.undoWindows(ctx, s)
}

// refuse returns the instance to where it stood.
func (j *Joget) refuse(ctx context.Context, in contract.AbortTargetInput, reason migration.Reason, why string) (contract.Outcome, error) {
	out := contract.Outcome{Status: contract.StatusSkipped, Reason: reason, Message: why}
	return out, j.Ledger.RefuseRollback(ctx, in.Migration, in.Instance, why)
}

// end aborts an instance of the target. Those below it end with it; one that
// does not is aborted by itself.
func (j *Joget) end(ctx context.Context, s *subject, root migration.InstanceID) error {
	all, err := j.ending(ctx, s, root)
	if err != nil {
		return err
	}
	for _, id := range all {
		closed, err := j.Target.Fresh().Closed(ctx, id)
		if err != nil {
			return err
		}
		if closed {
			continue
		}
		// Whether anything was done only the target tells.
		call := migration.Call{Verb: migration.VerbAbortProcess, Target: id}
		err = j.fenced(ctx, s, migration.StepRollback, call, func(ctx context.Context) error { return j.API.AbortProcess(ctx, id) })
		if err != nil {
			return err
		}
		if closed, err = j.Target.Fresh().Closed(ctx, id); err != nil {
			return err
		}
		if !closed {
			return &step.WaitError{Why: "target instance " + string(id) + " is still open after it was aborted", Delay: 5 * time.Second}
		}
	}
	return nil
}

// ending returns an instance of the target and all below it that were open when
// it was first to be aborted, or came since, parents first.
func (j *Joget) ending(ctx context.Context, s *subject, root migration.InstanceID) ([]migration.InstanceID, error) {
	lines, err := j.Ledger.Lines(ctx, s.Migration, s.Instance)
	if err != nil {
		return nil, err
	}
	all := append([]migration.InstanceID{root}, migration.Ending(lines, root)...)
	known := len(all)
	tree, err := j.Target.Fresh().Tree(ctx, root)
	if err != nil && migration.CodeOf(err) != migration.CodeNotFound {
		return nil, err
	}
	if err == nil {
		for _, t := range tree.Walk() {
			if id := t.Instance.ID; !slices.Contains(all, id) {
				all = append(all, id)
			}
		}
		// One whose caller does not wait for it any more is in no tree.
		for _, child := range tree.Instance.Children {
			if !child.Asynchronous && !slices.Contains(all, child.ID) {
				all = append(all, child.ID)
			}
		}
	}
	if len(all) == known {
		return all, nil
	}
	return all, j.Ledger.Log(ctx, s.Migration, s.Instance, migration.StepLine{
		Step: migration.StepRollback, Event: migration.EventEnding, Facts: migration.Facts{Target: root, Instances: all[known:]},
	})
}

// undoWindows puts back what tools changed in rows and what no step has put back
// yet, the last window first, whatever records.restore says. What somebody
// changed since is told; the rows of the copy among it are in conflict, too.
func (j *Joget) undoWindows(ctx context.Context, s *subject) error {
	names, err := j.windows(ctx, s)
	if err != nil {
		return err
	}
	for _, name := range slices.Backward(names) {
		window, err := j.window(ctx, s, name)
		if err != nil {
			return err
		}
		if _, err := j.undoWindow(ctx, s, migration.StepRollback, name, window); err != nil {
			return err
		}
	}
	return nil
}

// UndoData takes files and rows of an instance whose target instance is closed
// back to what they were, lets go of its start and ends its rollback. What
// somebody changed since, or another migrated instance uses, is left and told.
// It is safe to repeat.
func (c *Copy) UndoData(ctx context.Context, in contract.UndoDataInput) (contract.UndoDataOutput, error) {
	out := contract.UndoDataOutput{Outcome: step.OK()}
	i, err := c.Open(ctx, in.StepInput)
	if err != nil {
		return out, err
	}
	if i.Entry.State != migration.InstanceRollingBack {
		return c.undoneBefore(ctx, in)
	}
	claim, err := c.ended(ctx, in.StepInput)
	if err != nil {
		return out, err
	}
	files, err := c.undoFiles(ctx, in.StepInput, claim.Started.ID)
	if err != nil {
		return out, err
	}
	rows, err := records.Undo(ctx, c.Target.Form(), c.Ledger.RowUndo(in.Migration, i.Key), c.pace)
	if err != nil {
		return out, err
	}
	if err := c.letGo(ctx, claim); err != nil {
		return out, err
	}
	out.Rows, out.Files = len(rows.Restored)+len(rows.Removed), len(files.Restored)+len(files.Removed)
	out.Conflicts, out.Shared = len(rows.Conflicts)+len(files.Conflicts), len(rows.Shared)+len(files.Shared)
	story, err := c.Ledger.Lines(ctx, in.Migration, in.Instance)
	if err != nil {
		return out, err
	}
	tools := migration.LeftOfTools(story)
	lines := []migration.StepLine{
		undone(migration.EventFilesUndone, len(files.Restored), len(files.Removed), len(files.Already)),
		undone(migration.EventRowsUndone, len(rows.Restored), len(rows.Removed), len(rows.Already)),
		left(migration.EventLeftChanged, step.List(rows.Conflicts), step.List(files.Conflicts), out.Conflicts),
		left(migration.EventLeftInUse, step.List(rows.Shared), step.List(files.Shared), out.Shared),
	}
	out.Conflicts, out.Shared = out.Conflicts+tools.Conflicts, out.Shared+tools.Shared
	lines = append(lines, migration.StepLine{
		Step: migration.StepRollback, Kind: migration.KindOutcome, Event: migration.EventUndone,
		Facts: migration.Facts{Tally: migration.Tally{Rows: out.Rows, Files: out.Files, Conflicts: out.Conflicts, Shared: out.Shared}},
	})
	lines = slices.DeleteFunc(lines, func(l migration.StepLine) bool { return l.Event == "" })
	return out, c.Ledger.EndRollback(ctx, in.Migration, in.Instance, in.Again, lines...)
}

// undoneBefore returns what the attempt counted that ended the rollback. Where
// none did, something else took the instance out of it: CodeConflict.
func (c *Copy) undoneBefore(ctx context.Context, in contract.UndoDataInput) (contract.UndoDataOutput, error) {
	out := contract.UndoDataOutput{Outcome: contract.Outcome{Status: contract.StatusOK}}
	was, err := c.Ledger.RollbackOf(ctx, in.Migration, in.Instance)
	if err != nil && migration.CodeOf(err) != migration.CodeNotFound {
		return out, err
	}
	if was.Outcome != migration.RollbackUndone {
		return out, &migration.Error{Code: migration.CodeConflict, Op: "undo data", Subject: string(in.Instance), Hint: "its rollback did not end, and it is not being rolled back; look at its story"}
	}
	story, err := c.Ledger.Lines(ctx, in.Migration, in.Instance)
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

// ended returns the claim of an instance of which nothing is open on the
// target: who has to say so is the target.
func (c *Copy) ended(ctx context.Context, in contract.StepInput) (migration.Claim, error) {
	claim, err := c.Ledger.Claimed(ctx, c.Key(in.Instance))
	if err != nil {
		return claim, err
	}
	over := false
	switch claim.State {
	case migration.ClaimNone, migration.ClaimReleased, migration.ClaimClaimed:
		over = true
	case migration.ClaimStarted:
		if over, err = c.Target.Fresh().Closed(ctx, claim.Started.ID); err != nil {
			return claim, err
		}
	case migration.ClaimSending, migration.ClaimUnknown:
	}
	if !over {
		return claim, &migration.Error{Code: migration.CodeConflict, Op: "undo data", Subject: string(in.Instance), Hint: "its target instance is not known to be closed"}
	}
	return claim, nil
}

// letGo gives the start of an instance back, so that it can be made again.
func (c *Copy) letGo(ctx context.Context, claim migration.Claim) error {
	const why = "rolled back"
	switch claim.State {
	case migration.ClaimStarted:
		return c.Ledger.RestartClosed(ctx, claim.ClaimKey, claim.Started.ID, "", why)
	case migration.ClaimClaimed:
		return c.Ledger.Release(ctx, claim.ClaimKey, claim.Token, claim.State, why)
	case migration.ClaimNone, migration.ClaimReleased, migration.ClaimSending, migration.ClaimUnknown:
	}
	return nil
}

// undoFiles puts files back that tools made or changed before anybody looked,
// and then those that we wrote.
func (c *Copy) undoFiles(ctx context.Context, in contract.StepInput, started migration.InstanceID) (uploads.UndoResult, error) {
	key := c.Key(in.Instance)
	var folders []migration.RowKey
	snapshot, err := c.Ledger.Snapshot(ctx, in.Migration, in.Instance)
	if err == nil {
		folders = fileRows(&snapshot)
	} else if migration.CodeOf(err) != migration.CodeNotFound {
		return uploads.UndoResult{}, err
	}
	if err := c.undoToolFiles(ctx, in, key, &snapshot.Instance, started); err != nil {
		return uploads.UndoResult{}, err
	}
	return uploads.Undo(ctx, c.Target.Uploads, folders, c.Ledger.FileUndo(in.Migration, key), func(ctx context.Context, _ int) error {
		activity.RecordHeartbeat(ctx)
		return ctx.Err()
	})
}

// undoToolFiles takes files back that tools made or changed. What may be people's
// stays: where they worked on the target instance, or others use the record.
func (c *Copy) undoToolFiles(ctx context.Context, in contract.StepInput, key migration.ClaimKey, root *migration.Instance, started migration.InstanceID) error {
	window, open, err := c.Ledger.FileWindow(ctx, key)
	if migration.CodeOf(err) == migration.CodeNotFound || err == nil && !open {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := c.lostFolders(ctx, key, root, &window); err != nil {
		return err
	}
	story, err := c.Ledger.Lines(ctx, in.Migration, in.Instance)
	if err != nil {
		return err
	}
	worked := migration.WorkDiscarded(story, started)
	inUse, err := c.inUse(ctx, in, key, root, window.Rows)
	if err != nil {
		return err
	}
	compared, err := uploads.Compare(ctx, c.Source.Uploads, c.Target.Uploads, window.Rows)
	if err != nil {
		return err
	}
	mine, others := window, window
	mine.Rows = slices.DeleteFunc(slices.Clone(window.Rows), func(row migration.RowKey) bool { return slices.Contains(inUse, row) })
	others.Rows = inUse
	put, err := uploads.PutBack(ctx, c.Source.Uploads, c.Target.Uploads, mine, compared.Differences, c.Ledger.ToolFiles(key), lastCall(story), worked)
	if err != nil {
		return err
	}
	if worked {
		// Whose they are cannot be told any more.
		put = uploads.PutBackResult{Left: slices.Concat(put.Removed, put.Again, put.Left)}
	}
	looked, err := uploads.PutBack(ctx, c.Source.Uploads, c.Target.Uploads, others, compared.Differences, c.Ledger.ToolFiles(key), time.Time{}, true)
	if err != nil {
		return err
	}
	shared := slices.Concat(looked.Removed, looked.Again, looked.Left)
	return c.Ledger.CloseFileWindow(ctx, in.Migration, key, migration.StepLine{
		Step: migration.StepRollback, Kind: migration.KindOutcome, Event: migration.EventToolFiles,
		Facts:  migration.Facts{Tally: migration.Tally{Removed: len(put.Removed), Again: len(put.Again), Left: len(put.Left), Shared: len(shared)}},
		Detail: step.List(slices.Concat(put.Left, shared)),
	})
}

// inUse returns those of the rows whose files others may have put there: all,
// when another instance of the record is open on the target, and else those that
// other records use or other migrated instances wrote.
func (c *Copy) inUse(ctx context.Context, in contract.StepInput, key migration.ClaimKey, root *migration.Instance, rows []migration.RowKey) ([]migration.RowKey, error) {
	linked, err := c.Target.Fresh().LinkedInstances(ctx, root.Record)
	if err != nil {
		return nil, err
	}
	// Its own instance is closed by now.
	if slices.ContainsFunc(linked, func(l migration.Linked) bool { return l.State.Open() && !l.Archived }) {
		return rows, nil
	}
	used, err := c.Ledger.RowUndo(in.Migration, key).InUse(ctx, rows)
	if err != nil {
		return nil, err
	}
	there, err := c.onTarget(ctx, root, rows)
	for i := range there.Rows {
		if r := &there.Rows[i]; r.Shared && slices.Contains(rows, r.Key) && !slices.Contains(used, r.Key) {
			used = append(used, r.Key)
		}
	}
	return used, err
}
