package verify

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
)

const (
	// clockSlack is how far Joget's clock may be ahead of its database's.
	clockSlack = 30 * time.Second
	// mostModified bounds the modified rows that are counted in a table, and
	// mostModifiedIDs those that are named.
	mostModified    = 10_000
	mostModifiedIDs = 20
	// Dates of rows have no index: tableTime bounds the look through one table,
	// and tablesTime that through all of them.
	tableTime  = 10 * time.Second
	tablesTime = time.Minute
)

// GatherEvidence keeps in the ledger what the target shows of a pilot. What
// goes wrong is told in the log, and Message says it: the migration goes on.
func (act *Activities) GatherEvidence(ctx context.Context, in contract.StepInput) (contract.Outcome, error) {
	out := contract.Outcome{Status: contract.StatusOK}
	e, err := act.evidence(ctx, in)
	if err == nil {
		rows := 0
		for _, m := range e.Modified {
			rows += m.Rows
		}
		err = act.Ledger.SaveEvidence(ctx, in.Migration, in.Instance, e, migration.StepLine{
			Step: migration.StepVerify, Event: migration.EventEvidence,
			Facts: migration.Facts{Number: int64(len(e.Target.Activities)), Tally: migration.Tally{Rows: rows}},
		})
	}
	if err == nil || step.Retryable(migration.CodeOf(err)) && activity.GetInfo(ctx).Attempt < contract.EvidenceAttempts {
		return out, err
	}
	out.Message = "unexpected error"
	var coded *migration.Error
	if errors.As(err, &coded) {
		out.Message = coded.Safe()
	}
	return out, act.Ledger.Log(ctx, in.Migration, in.Instance, migration.StepLine{
		Step: migration.StepVerify, Event: migration.EventNoEvidence, Facts: migration.Facts{Summary: out.Message}, Detail: err.Error(),
	})
}

// evidence reads the target instance, and the app's tables around it.
func (act *Activities) evidence(ctx context.Context, in contract.StepInput) (migration.Evidence, error) {
	var e migration.Evidence
	i, err := act.Open(ctx, in)
	if err != nil {
		return e, err
	}
	snapshot, err := i.Snapshot()
	if err != nil {
		return e, err
	}
	identity, _ := i.Started()
	found, err := act.Target.Fresh().Tree(ctx, identity.ID)
	if err != nil {
		return e, err
	}
	if !identity.Is(found.Instance.Identity()) {
		return e, migration.E(migration.CodeConflict, "gather evidence", string(in.Instance), "the target instance is another one now")
	}
	wanted, err := act.WantedTree(ctx, i, &snapshot.Tree)
	if err != nil {
		return e, err
	}
	if err := act.GoOn(ctx, i, wanted, identity.Definition); err != nil {
		return e, err
	}
	e.Source, e.Target = sideOf(wanted), sideOf(&found)
	return e, act.modified(ctx, i, &snapshot, &found.Instance, tableTime, &e)
}

// sideOf returns what a tree has open, and its variables; names within subflows
// begin with their path.
func sideOf(tree *migration.Tree) migration.EvidenceSide {
	var side migration.EvidenceSide
	for path, t := range tree.Walk() {
		for _, a := range t.Instance.Activities {
			a.DefID = migration.ActivityDefID(path.Below(a.DefID))
			side.Activities = append(side.Activities, a)
		}
		for _, v := range t.Instance.Variables {
			v.Name = string(path.Below(migration.ActivityDefID(v.Name)))
			side.Variables = append(side.Variables, v)
		}
	}
	return side
}

// modified looks for rows of the app's tables that were stored since the start
// of a target instance and do not belong to its record, which is compared anyhow.
// A table that takes longer than each is not counted.
func (act *Activities) modified(ctx context.Context, i *step.Opened, snapshot *migration.Snapshot, target *migration.Instance, each time.Duration, e *migration.Evidence) error {
	ours, err := act.Source.Catalog.Forms(ctx, snapshot.Instance.App)
	if err != nil {
		return err
	}
	theirs, err := act.Target.Catalog.Forms(ctx, target.App)
	if err != nil {
		return err
	}
	keys, err := act.Keys(ctx, i, snapshot)
	if err != nil {
		return err
	}
	selection := records.Selection{Model: ours.Model.Union(theirs.Model).Union(act.Settings.Extra), Root: target.Record, Known: keys.Rows(snapshot.RowKeys())}
	there := act.Target.Rows()
	set, err := records.Survey(ctx, there.Q, there.Schema, selection, records.Limits{})
	if err != nil {
		return err
	}
	own := map[migration.RowKey]bool{}
	for _, key := range set.Keys() {
		own[key] = true
	}
	// The engine's times have no zone, those of rows have one that nobody wrote
	// down: what can be compared is how long ago something was.
	now, err := act.Target.Fresh().Clock(ctx)
	if err != nil {
		return err
	}
	ago := max(0, time.Duration(now-target.Created)*time.Millisecond) + clockSlack
	all, cancel := context.WithTimeout(ctx, tablesTime)
	defer cancel()
	for _, table := range selection.Model.AllTables() {
		one, cancel := context.WithTimeout(all, each)
		ids, dated, err := there.Modified(one, table, ago, mostModified+len(own)+1)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			e.Uncounted = append(e.Uncounted, table)
			continue
		}
		if err != nil {
			return err
		}
		if !dated {
			e.Undated = append(e.Undated, table)
		}
		ids = slices.DeleteFunc(ids, func(id migration.RecordID) bool { return own[migration.RowKey{Table: table, ID: id}] })
		if len(ids) == 0 {
			continue
		}
		slices.Sort(ids)
		rows := min(len(ids), mostModified)
		e.Modified = append(e.Modified, migration.ModifiedRows{Table: table, Rows: rows, More: rows < len(ids), IDs: ids[:min(len(ids), mostModifiedIDs)]})
	}
	return nil
}
