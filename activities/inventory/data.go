package inventory

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"jogetferry/activities/step"
	"jogetferry/joget/catalog"
	"jogetferry/migration"
	"jogetferry/preflight"
	"jogetferry/records"
	"jogetferry/uploads"
)

const (
	tablesAtOnce  = 4
	foldersAtOnce = 8 // uploads are often on a network file system
)

// gatherData looks at the records of a page: per form table one query on
// either side, and only the rows that both sides have are compared.
func (t *inventory) gatherData(ctx context.Context, facts []preflight.InstanceFacts) error {
	if err := t.sharedRecords(ctx); err != nil {
		return err
	}
	if err := t.alreadyBegun(ctx, facts); err != nil {
		return err
	}
	byApp := map[string]map[migration.RecordID][]*preflight.DataFacts{}
	for i := range facts {
		f := &facts[i]
		if _, begun := t.begun[f.Instance.ID]; begun {
			continue
		}
		shared := t.shared[f.Instance.Record]
		f.Data = &preflight.DataFacts{
			OnConflict: string(t.act.Settings.OnConflict), Sharing: max(1, shared.Instances), Alike: slices.Clone(shared.Alike),
			Mapped: t.mappedTables(f.Instance), SameFolder: t.sameFolder[f.Instance.Record],
		}
		if f.Rekey.Record != "" {
			f.Data.Alike = nil // nothing there has that ID
		}
		if byApp[f.Instance.App] == nil {
			byApp[f.Instance.App] = map[migration.RecordID][]*preflight.DataFacts{}
		}
		of := byApp[f.Instance.App]
		of[f.Instance.Record] = append(of[f.Instance.Record], f.Data)
	}
	for id, page := range byApp {
		if err := t.records(ctx, t.apps[id], page); err != nil {
			return err
		}
	}
	return nil
}

// sharedRecords learns once which records running instances share.
func (t *inventory) sharedRecords(ctx context.Context) error {
	if t.shared != nil {
		return nil
	}
	shared, err := t.act.Source.Fresh().SharedRecords(ctx, t.act.roots())
	if err != nil {
		return err
	}
	t.shared = make(map[migration.RecordID]migration.SharedRecord, len(shared))
	for _, s := range shared {
		t.shared[s.Record] = s
	}
	return t.sharedFolders(ctx)
}

// sharedFolders learns which records of running instances have one folder of uploads, or
// one within the other's: Joget decodes IDs for it (docs/joget.md#uploads).
func (t *inventory) sharedFolders(ctx context.Context) error {
	t.sameFolder = map[migration.RecordID][]migration.RecordID{}
	source := t.act.Source.Fresh()
	folderOf := func(record migration.RecordID) string {
		folder, err := uploads.Folder(migration.RowKey{Table: "any", ID: record})
		if err != nil {
			return "" // it has none (FERRY-320)
		}
		return strings.TrimPrefix(folder, "any/")
	}
	within := map[string][]migration.RecordID{} // the records whose folder it is, or in which theirs lies
	err := source.RootRecords(ctx, t.act.roots(), func(record migration.RecordID) {
		folder := folderOf(record)
		if folder == string(record) && !strings.Contains(folder, "/") {
			return // most are; the others find it
		}
		for ; folder != "" && folder != "."; folder = path.Dir(folder) {
			if !slices.Contains(within[folder], record) {
				within[folder] = append(within[folder], record)
			}
		}
	})
	if err != nil || len(within) == 0 {
		return err
	}
	note := func(record, other migration.RecordID) {
		if !slices.Contains(t.sameFolder[record], other) {
			t.sameFolder[record] = append(t.sameFolder[record], other)
		}
	}
	return source.RootRecords(ctx, t.act.roots(), func(record migration.RecordID) {
		for _, other := range within[folderOf(record)] {
			if other != record {
				note(record, other)
				note(other, record)
			}
		}
	})
}

// alreadyBegun learns which instances of a page the migration has begun with,
// as SavePlan sees it: what the target has of them may have been worked on.
func (t *inventory) alreadyBegun(ctx context.Context, facts []preflight.InstanceFacts) error {
	ids := make([]migration.InstanceID, len(facts))
	for i := range facts {
		ids[i] = facts[i].Instance.ID
	}
	entries, _, err := t.act.Ledger.Entries(ctx, t.in.Migration, migration.Filter{Instances: ids}, 0, len(ids))
	t.begun = map[migration.InstanceID]migration.Entry{}
	for _, e := range entries {
		if !e.Replannable() {
			t.begun[e.Instance] = e
		}
	}
	return err
}

// mappedTables returns the tables of the forms that are mapped to the process.
func (t *inventory) mappedTables(i *migration.Instance) []string {
	var tables []string
	for _, mapped := range t.definitions[i.Definition].facts.Source.Forms {
		tables = append(tables, t.apps[i.App].forms.Tables[mapped.Form]...)
	}
	return distinct(tables...)
}

// rootRows are the rows of one table that have the record IDs of a page.
type rootRows struct {
	found     []migration.RecordID
	bytes     int64
	encrypted map[migration.RecordID][]string // columns
	files     map[migration.RecordID][]string // names
	differing []migration.RecordID
	refused   map[migration.RecordID][]string // tables and columns
	stuck     map[migration.RecordID][]string // of these, those that records.create_tables does not help
	alike     map[migration.RecordID][]migration.RecordID
}

// records looks at records of one app, and fills in what is known of each.
func (t *inventory) records(ctx context.Context, a *app, page map[migration.RecordID][]*preflight.DataFacts) error {
	ids := slices.Sorted(maps.Keys(page))
	read := make([]rootRows, len(a.tables))
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(tablesAtOnce)
	for n, table := range a.tables {
		g.Go(step.Recovered(func() (err error) {
			read[n], err = t.rootRows(inner, table, ids, &a.forms)
			return err
		}))
	}
	if err := g.Wait(); err != nil {
		return err
	}
	var folders []folder
	for n := range a.tables {
		table, r := a.tables[n].name, &read[n]
		a.amount.Rows += int64(len(r.found))
		a.amount.Bytes += r.bytes
		r.tell(table, page)
		for _, id := range r.found {
			key := migration.RowKey{Table: table, ID: id}
			// Without a name in a field there may be files all the same; that the ID
			// names no folder costs no look.
			if _, err := uploads.Folder(key); err != nil || r.files[id] != nil {
				folders = append(folders, folder{key: key, names: r.files[id]})
			}
		}
	}
	if err := t.folders(ctx, folders); err != nil {
		return err
	}
	for _, f := range folders {
		a.amount.Files += f.files
		a.amount.FileBytes += f.bytes
		for _, name := range f.missing {
			for _, d := range page[f.key.ID] {
				d.MissingFiles = append(d.MissingFiles, f.key.Table+": "+name)
			}
		}
		for _, what := range f.refused {
			for _, d := range page[f.key.ID] {
				d.RefusedFiles = append(d.RefusedFiles, f.key.Table+": "+what)
			}
		}
	}
	return nil
}

// tell adds what was found in a table to the facts of the instances of a page.
func (r *rootRows) tell(table string, page map[migration.RecordID][]*preflight.DataFacts) {
	for _, id := range r.found {
		for _, d := range page[id] {
			d.Found = append(d.Found, table)
		}
	}
	for _, id := range r.differing {
		for _, d := range page[id] {
			d.Differing = append(d.Differing, table)
		}
	}
	for id, refused := range r.refused {
		for _, d := range page[id] {
			d.Refused = append(d.Refused, refused...)
		}
	}
	for id, stuck := range r.stuck {
		for _, d := range page[id] {
			d.Stuck = append(d.Stuck, stuck...)
		}
	}
	for id, columns := range r.encrypted {
		for _, d := range page[id] {
			for _, column := range columns {
				d.Encrypted = append(d.Encrypted, "app_fd_"+table+"."+column)
			}
		}
	}
	for id, others := range r.alike {
		for _, d := range page[id] {
			d.Alike = append(d.Alike, others...)
			slices.Sort(d.Alike)
			d.Alike = slices.Compact(d.Alike)
		}
	}
}

// rootRows reads the rows of one table that have one of ids.
func (t *inventory) rootRows(ctx context.Context, table rootTable, ids []migration.RecordID, forms *catalog.Forms) (rootRows, error) {
	source, target := t.act.Source.Rows(), t.act.Target.Rows()
	r := rootRows{
		encrypted: map[migration.RecordID][]string{}, files: map[migration.RecordID][]string{},
		refused: map[migration.RecordID][]string{}, stuck: map[migration.RecordID][]string{}, alike: map[migration.RecordID][]migration.RecordID{},
	}
	there, err := t.rowsThere(ctx, table, ids, r.alike)
	if err != nil {
		return r, err
	}
	if !table.source {
		return r, nil
	}
	refusals, stuck, err := t.refusals(ctx, table)
	if err != nil {
		return r, err
	}
	rekeying := t.act.rekeying(t.rekeyed, forms.Model)
	var both records.Set
	err = source.Each(ctx, table.name, ids, func(row records.Row) error {
		id := row.Key.ID
		r.found = append(r.found, id)
		r.bytes += row.Bytes()
		wanted := rekeying.Row(row)
		if refused := refusals(wanted); refused != nil {
			r.refused[id] = refused
			if still := stuck(wanted); still != nil {
				r.stuck[id] = still
			}
		}
		for n, value := range row.Values {
			if encrypted(value) {
				r.encrypted[id] = append(r.encrypted[id], row.Names[n])
			}
		}
		for _, column := range forms.Files[table.name] {
			if value, _ := row.Value(column); len(value) > 0 {
				r.files[id] = append(r.files[id], distinct(strings.Split(string(value), ";")...)...)
			}
		}
		if _, ok := there[wanted.Key.ID]; ok {
			both.Rows = append(both.Rows, wanted)
		}
		return nil
	})
	if err != nil || len(both.Rows) == 0 {
		return r, err
	}
	differing, err := t.differing(ctx, target, table.name, both)
	for _, id := range differing {
		r.differing = append(r.differing, there[id])
	}
	return r, err
}

// refusals returns why rows of a table would be refused by the target, and why they would with
// records.create_tables.
func (t *inventory) refusals(ctx context.Context, table rootTable) (now, made func(records.Row) []string, err error) {
	if now, err = t.act.Target.Rows().Refusals(ctx, table.name); err != nil || table.lack == nil {
		return now, now, err
	}
	made = table.lack.After.Refusals()
	if t.act.Settings.CreateTables {
		now = made
	}
	return now, made, nil
}

// rowsThere returns which of ids, of records of the source, the target has a row of, by
// their IDs there. into gets those that it only takes for one.
func (t *inventory) rowsThere(ctx context.Context, table rootTable, ids []migration.RecordID, into map[migration.RecordID][]migration.RecordID) (map[migration.RecordID]migration.RecordID, error) {
	if !table.target {
		return nil, nil
	}
	target := t.act.Target.Rows()
	renamed, own := make([]migration.RecordID, len(ids)), map[migration.RecordID]migration.RecordID{}
	for i, id := range ids {
		renamed[i] = t.rekeyed.Record(id)
		own[renamed[i]] = id
	}
	found, err := target.IDs(ctx, table.name, renamed)
	if err != nil {
		return nil, err
	}
	there := map[migration.RecordID]migration.RecordID{}
	for _, id := range found {
		there[id] = own[id]
	}
	return there, lookalikes(ctx, target, table.name, renamed, found, into)
}

// encrypted reports whether a value is what Joget's SecurityUtil makes.
func encrypted(value []byte) bool {
	mark := []byte("%%%%")
	return len(value) > 2*len(mark) && bytes.HasPrefix(value, mark) && bytes.HasSuffix(value, mark)
}

// lookalikes finds which of ids the rows there are taken for that none of ids is equal to.
func lookalikes(ctx context.Context, target records.Side, table string, ids, there []migration.RecordID, into map[migration.RecordID][]migration.RecordID) error {
	asked := make(map[migration.RecordID]bool, len(ids))
	for _, id := range ids {
		asked[id] = true
	}
	others := slices.DeleteFunc(slices.Clone(there), func(id migration.RecordID) bool { return asked[id] })
	if len(others) == 0 {
		return nil
	}
	if len(ids) == 1 {
		into[ids[0]] = append(into[ids[0]], others...)
		return nil
	}
	// Only the server knows its collation, so ask for fewer until one is left.
	for half := range slices.Chunk(ids, (len(ids)+1)/2) {
		there, err := target.IDs(ctx, table, half)
		if err != nil {
			return err
		}
		if err := lookalikes(ctx, target, table, half, there, into); err != nil {
			return err
		}
	}
	return nil
}

// differing returns the rows of the source that the target has otherwise, and not from us.
func (t *inventory) differing(ctx context.Context, target records.Side, table string, source records.Set) ([]migration.RecordID, error) {
	ids := make([]migration.RecordID, 0, len(source.Rows))
	for _, key := range source.Keys() {
		ids = append(ids, key.ID)
	}
	var there records.Set
	err := target.Each(ctx, table, ids, func(row records.Row) error {
		there.Rows = append(there.Rows, row)
		return nil
	})
	if err != nil {
		return nil, err
	}
	differ := map[migration.RowKey]bool{}
	for _, d := range records.Compare(source, there).Differences {
		differ[d.Key] = d.Kind == records.Differs
	}
	there.Rows = slices.DeleteFunc(there.Rows, func(row records.Row) bool { return !differ[row.Key] })
	ours, err := t.ours(ctx, there.Rows)
	if err != nil {
		return nil, err
	}
	var differing []migration.RecordID
	for i := range there.Rows {
		if key := there.Rows[i].Key; !ours[key] {
			differing = append(differing, key.ID)
		}
	}
	return differing, nil
}

// ours returns which rows of the target are as we wrote them, with an instance or in bulk.
func (t *inventory) ours(ctx context.Context, rows []records.Row) (map[migration.RowKey]bool, error) {
	ours := map[migration.RowKey]bool{}
	if len(rows) == 0 {
		return ours, nil
	}
	keys := (&records.Set{Rows: rows}).Keys()
	images := t.act.Ledger.RowImages(t.in.Migration, t.act.Key(""))
	for _, wrote := range []func(context.Context, []migration.RowKey) (map[migration.RowKey][]migration.Digest, error){images.Written, images.WrittenInBulk} {
		written, err := wrote(ctx, keys)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			key := rows[i].Key
			ours[key] = ours[key] || slices.Contains(written[key], rows[i].Digest())
		}
	}
	return ours, nil
}

// folder is what the fields of a row name, and what its folder has.
type folder struct {
	key          migration.RowKey
	names        []string
	missing      []string
	refused      []string // "name (symlink)"
	files, bytes int64
}

// folders looks into the source's folders of uploads.
func (t *inventory) folders(ctx context.Context, folders []folder) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(foldersAtOnce)
	for i := range folders {
		f := &folders[i]
		g.Go(step.Recovered(func() error {
			entries, err := t.act.Source.Uploads.List(ctx, f.key)
			if migration.CodeOf(err) == migration.CodeUnavailable || errors.Is(err, uploads.ErrStore) {
				return err
			}
			f.tell(entries, err)
			return nil
		}))
	}
	return g.Wait()
}

// tell notes what a folder has, or that it cannot be looked into.
func (f *folder) tell(entries []uploads.Entry, err error) {
	switch {
	case migration.CodeOf(err) == migration.CodeRefused:
		f.refused = append(f.refused, "the folder (unreadable)")
		return
	case err != nil:
		f.refused = append(f.refused, "the folder")
		return
	}
	for _, e := range entries {
		if e.Kind != uploads.KindFile {
			f.refused = append(f.refused, e.Name+" ("+string(e.Kind)+")")
			continue
		}
		f.files++
		f.bytes += e.Size
	}
	for _, name := range f.names {
		if _, found := slices.BinarySearchFunc(entries, name, func(e uploads.Entry, name string) int { return cmp.Compare(e.Name, name) }); !found {
			f.missing = append(f.missing, name)
		}
	}
}

// amounts adds up what was seen of each app.
func (t *inventory) amounts(context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(t.apps)) {
		if id != "" {
			t.plan.Amounts = append(t.plan.Amounts, t.apps[id].amount)
		}
	}
	return nil
}
