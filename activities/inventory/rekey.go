package inventory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"jogetferry/activities/step"
	"jogetferry/migration"
	"jogetferry/preflight"
	"jogetferry/records"
)

// decidedByPlan is who decides on new record IDs here, as the ledger has it.
const decidedByPlan = "plan"

// rekeys learns which records of a page have new IDs on the target. Where all are to
// have one, they get it now.
func (t *inventory) rekeys(ctx context.Context, trees []migration.Tree) (err error) {
	records := make([]migration.RecordID, len(trees))
	for i := range trees {
		records[i] = trees[i].Instance.Record
	}
	slices.Sort(records)
	records = slices.Compact(records)
	if t.act.Settings.Rekey == migration.RekeyAlways {
		t.rekeyed, err = t.decide(ctx, records)
	} else {
		t.rekeyed, err = t.decided(ctx, records)
	}
	return err
}

// decided returns the new IDs that records have, those that a check found to be needed included.
func (t *inventory) decided(ctx context.Context, records []migration.RecordID) (migration.Rekeys, error) {
	known, err := t.act.Ledger.Rekeys(ctx, t.act.Source.Fingerprint, t.act.Target.Fingerprint, records)
	if err != nil {
		return nil, err
	}
	all := migration.Rekeys{}
	for _, record := range records {
		if id, ok := t.checked[record]; ok {
			all[record] = id
		}
	}
	maps.Copy(all, known)
	return all, nil
}

// decide gives records new IDs where they have none. Those that cannot have one are not
// among what is returned. A check writes nothing down.
func (t *inventory) decide(ctx context.Context, records []migration.RecordID) (migration.Rekeys, error) {
	rekeys := migration.Rekeys{}
	for _, record := range records {
		rekeys[record] = migration.RecordID(uuid.NewString())
	}
	if !t.in.Dry {
		return t.act.Ledger.SaveRekeys(ctx, t.act.Source.Fingerprint, t.act.Target.Fingerprint, rekeys, decidedByPlan)
	}
	users, err := t.act.Ledger.RecordUsers(ctx, t.act.Source.Fingerprint, t.act.Target.Fingerprint, records)
	if err != nil {
		return nil, err
	}
	for record := range users {
		delete(rekeys, record)
	}
	known, err := t.decided(ctx, records)
	if err != nil {
		return nil, err
	}
	maps.Copy(rekeys, known)
	maps.Copy(t.checked, rekeys)
	return rekeys, nil
}

// rekeyNeeded gives records new IDs that cannot be migrated otherwise, and says of those
// that cannot get one by whom they are on the target.
func (t *inventory) rekeyNeeded(ctx context.Context, facts []preflight.InstanceFacts) error {
	var wanting []*preflight.InstanceFacts
	var records []migration.RecordID
	for i := range facts {
		f := &facts[i]
		_, begun := t.begun[f.Instance.ID]
		if f.Rekey.Record == "" && !begun && t.wantsNewID(f) {
			wanting, records = append(wanting, f), append(records, f.Instance.Record)
		}
	}
	if len(records) == 0 {
		return nil
	}
	slices.Sort(records)
	records = slices.Compact(records)
	rekeys, err := t.decide(ctx, records)
	if err != nil {
		return err
	}
	users, err := t.act.Ledger.RecordUsers(ctx, t.act.Source.Fingerprint, t.act.Target.Fingerprint, records)
	if err != nil {
		return err
	}
	for _, f := range wanting {
		f.Rekey.Users = users[f.Instance.Record]
	}
	// Of one record all change, whichever of them needs it.
	for i := range facts {
		if facts[i].Rekey.Record == "" {
			t.act.rekey(&facts[i], rekeys)
		}
	}
	return nil
}

func (t *inventory) wantsNewID(f *preflight.InstanceFacts) bool {
	switch t.act.Settings.Rekey {
	case migration.RekeyAlways:
		return true
	case migration.RekeyNeeded:
		return f.NeedsNewID()
	case migration.RekeyNever:
	}
	return false
}

// rekey gives an instance the record that it has on the target. What was found there of
// the record's own ID does not concern it any more.
func (act *Activities) rekey(f *preflight.InstanceFacts, rekeys migration.Rekeys) {
	id, ok := rekeys[f.Instance.Record]
	if !ok {
		return
	}
	// A UUID is neither the ID of an instance nor what the API refuses.
	f.Rekey.Record, f.RecordIsInstance, f.RecordRefused = id, false, ""
	for p := range f.Parts() {
		if p.Wanted != nil {
			p.Wanted.Record = rekeys.Record(p.Wanted.Record)
		}
	}
	if f.Data != nil {
		f.Data.Differing, f.Data.Alike = nil, nil
		f.Data.Refused = slices.DeleteFunc(f.Data.Refused, func(column string) bool { return strings.HasSuffix(column, ".id") })
	}
}

const (
	// searchedIDs is for how many old IDs the tables of an app are searched. Columns that
	// hold the ID of one record hold those of others, too.
	searchedIDs = 500
	// searchTime bounds the search of one table.
	searchTime = time.Minute
)

// inspectRekeyed looks at the record sets of records with new IDs: each once, whoever
// has it.
func (t *inventory) inspectRekeyed(ctx context.Context, facts []preflight.InstanceFacts) error {
	byRecord := map[[2]string][]*preflight.InstanceFacts{} // and app
	for i := range facts {
		if f := &facts[i]; f.Rekey.Record != "" && f.Data != nil && f.Instance.App != "" {
			key := [2]string{f.Instance.App, string(f.Instance.Record)}
			byRecord[key] = append(byRecord[key], f)
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(tablesAtOnce)
	// The same ones are searched for by every plan.
	for _, of := range slices.SortedFunc(maps.Values(byRecord), func(a, b []*preflight.InstanceFacts) int {
		return cmp.Compare(a[0].Instance.Record, b[0].Instance.Record)
	}) {
		t.apps[of[0].Instance.App].remember(of[0].Instance.Record, of[0].Rekey.Record)
		g.Go(step.Recovered(func() error {
			step.Headway(ctx)
			return t.inspect(ctx, of)
		}))
	}
	return g.Wait()
}

// remember notes a record whose old ID is looked for at the end.
func (a *app) remember(old, id migration.RecordID) {
	if a.old == nil {
		a.old = migration.Rekeys{}
	}
	if a.oldIDs++; len(a.old) < searchedIDs {
		a.old[old] = id
	}
}

// inspect looks at the record set of instances that share a record.
func (t *inventory) inspect(ctx context.Context, of []*preflight.InstanceFacts) error {
	f := of[0]
	model := t.apps[f.Instance.App].forms.Model.Union(t.act.Settings.Extra)
	if len(f.Data.Found) > 0 {
		model.Tables = f.Data.Found // the others have no row of it
	}
	set, err := records.Survey(ctx, t.act.Source.Pool(), t.act.Source.Tables, records.Selection{Model: model, Root: f.Instance.Record}, records.Limits{})
	if migration.CodeOf(err) == migration.CodeUnsupported {
		return nil // larger than a record may be, as the copy will say
	}
	if err != nil {
		return err
	}
	rekeying := t.act.rekeying(migration.Rekeys{f.Instance.Record: f.Rekey.Record}, model)
	refused, mentions := rekeying.Inspect(set)
	unfit, err := rekeying.Unfit(set, func(name string) (*records.Table, error) { return t.targetTable(ctx, t.apps[f.Instance.App], name) })
	if err != nil {
		return err
	}
	brought, err := t.brought(ctx, f.Instance.Record, f.Data.Found)
	for _, f := range of {
		f.Rekey.Refused, f.Rekey.Mentions, f.Rekey.Brought = placed(append(refused, unfit...)), placed(mentions), brought
	}
	return err
}

// brought returns which of some tables have a row on the target with the ID that a record
// has on the source, as a bulk copy brought it.
func (t *inventory) brought(ctx context.Context, record migration.RecordID, tables []string) ([]string, error) {
	var brought []string
	for _, table := range tables {
		var rows []records.Row
		err := t.act.Target.Rows().Each(ctx, table, []migration.RecordID{record}, func(row records.Row) error {
			rows = append(rows, row)
			return nil
		})
		if err != nil {
			return nil, err
		}
		ours, err := t.ours(ctx, rows)
		if err != nil {
			return nil, err
		}
		if ours[migration.RowKey{Table: table, ID: record}] {
			brought = append(brought, table)
		}
	}
	return brought, nil
}

// oldIDs searches the form tables of apps for old IDs of records with new ones.
func (t *inventory) oldIDs(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(t.apps)) {
		a := t.apps[id]
		if len(a.old) == 0 {
			continue
		}
		model := a.forms.Model.Union(t.act.Settings.Extra)
		rekeying := t.act.rekeying(a.old, model)
		found := preflight.OldIDs{App: id, Searched: len(a.old), Records: a.oldIDs}
		for _, table := range model.AllTables() {
			step.Headway(ctx)
			places, err := rekeying.Mentions(ctx, t.act.Source.Rows(), table, searchTime)
			if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
				found.Places = append(found.Places, "app_fd_"+table+": not searched whole")
				continue
			}
			if err != nil {
				return err
			}
			found.Places = append(found.Places, placed(places)...)
		}
		t.plan.OldIDs = append(t.plan.OldIDs, found)
	}
	return nil
}

// placed writes places for people: "app_fd_x.c_y: 3 rows".
func placed(places []records.Place) []string {
	var lines []string
	for _, p := range places {
		lines = append(lines, fmt.Sprintf("app_fd_%s.%s: %d rows", p.Table, p.Column, p.Rows))
	}
	return lines
}

// rekeying makes rows of an app, whose forms have a model, those that the target shall have.
func (act *Activities) rekeying(rekeys migration.Rekeys, model migration.FormModel) records.Rekeying {
	return records.Rekeying{Rekeys: rekeys, Model: model.Union(act.Settings.Extra), Columns: act.Settings.RekeyColumns.Columns}
}
