package bulk

import (
	"context"
	"slices"

	"go.temporal.io/sdk/worker"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
)

// chunkRows is how many rows a chunk has: some seconds of work, so that little is done
// anew after a crash.
const chunkRows = 20_000

// Activities copy all data of apps.
type Activities struct{ *step.Servers }

// Register makes the activities known to a worker.
func (act *Activities) Register(r worker.Registry) {
	step.Register(r, act.Log, contract.CutTables, act.CutTables)
	step.Register(r, act.Log, contract.CopyChunks, act.CopyChunks)
	step.Register(r, act.Log, contract.SettleBulk, act.SettleBulk)
}

// CutTables begins the pass in the ledger, and cuts the form tables of its scope, and the
// files below their folders, that were not cut before; to take the copy back, none. A name that the source does not have is told, and nothing is begun then. It
// is safe to repeat.
func (act *Activities) CutTables(ctx context.Context, in contract.BulkInput) (contract.CutOutput, error) {
	var out contract.CutOutput
	if _, err := act.Bound(ctx, in.Migration); err != nil {
		return out, err
	}
	if err := act.Forget(ctx); err != nil {
		return out, err
	}
	var tables []string
	var err error
	if in.Order.Pass != migration.BulkPassUndo {
		tables, out.Unknown, err = act.tables(ctx, in.Order.Scope)
	}
	if err != nil || len(out.Unknown) > 0 {
		return out, err
	}
	if err := act.makeTables(ctx, in, tables); err != nil {
		return out, err
	}
	if err := act.Ledger.BeginBulk(ctx, in.Migration, in.Order); err != nil {
		return out, err
	}
	for _, table := range tables {
		err := act.cut(ctx, in.Migration, cutting{act.Source.Rows(), migration.BulkRows, table})
		switch {
		case migration.CodeOf(err) == migration.CodeUnsupported:
			out.Refused = append(out.Refused, table)
		case err != nil:
			return out, err
		default:
			out.Tables++
		}
	}
	if err := act.cutTrails(ctx, in, &out); err != nil {
		return out, err
	}
	if err := act.cutUploads(ctx, in, tables); err != nil {
		return out, err
	}
	out.Turns, err = act.turns(ctx, in)
	return out, err
}

// turns gives the chunks turns: where the order removes rows, what holds the ids of others goes
// before them, and where it writes, reports of activities go after those of their instances. All others
// are taken at once. It returns how many turns there are.
func (act *Activities) turns(ctx context.Context, in contract.BulkInput) (int, error) {
	turns := map[string]int{}
	tables, trails, err := act.cutTables(ctx, in.Migration)
	if err != nil {
		return 0, err
	}
	if in.Order.Removes() {
		model, err := act.model(ctx, tables)
		if err != nil {
			return 0, err
		}
		if turns, err = act.Target.Form().Turns(ctx, tables, model.Relations); err != nil {
			return 0, err
		}
	}
	for _, table := range trails {
		if isReportOfInstances(table) == in.Order.Removes() {
			turns[table] = 1
		}
	}
	n := 0
	for _, turn := range turns {
		n = max(n, turn+1)
	}
	return n, act.Ledger.TurnBulk(ctx, in.Migration, turns)
}

// cutTables are the form tables of the copy, whatever scope they came with, and the tables of trails.
func (act *Activities) cutTables(ctx context.Context, mig migration.Name) (tables, trails []string, err error) {
	all, err := act.Ledger.BulkTables(ctx, mig)
	for i := range all {
		if all[i].Kind == migration.BulkTrail {
			trails = append(trails, all[i].Table)
		} else {
			tables = append(tables, all[i].Table)
		}
	}
	slices.Sort(tables)
	return slices.Compact(tables), trails, err
}

// model is what the forms of all apps on some tables say of their rows, on the target.
func (act *Activities) model(ctx context.Context, tables []string) (migration.FormModel, error) {
	model := act.Settings.Extra
	apps, err := act.Target.Fresh().AppsOn(ctx, tables)
	if err != nil {
		return model, err
	}
	for _, app := range apps {
		forms, err := act.Target.Catalog.Forms(ctx, app)
		if err != nil {
			return model, err
		}
		model = model.Union(forms.Model)
	}
	return model, nil
}

// makeTables makes what the target lacks of form tables, where that is wanted. A table that
// it cannot have is left: its chunks will say so.
func (act *Activities) makeTables(ctx context.Context, in contract.BulkInput, tables []string) error {
	if !in.Order.Writes() || !in.CreateTables && !act.Settings.CreateTables {
		return nil
	}
	for _, table := range tables {
		if err := act.MakeTable(ctx, in.Migration, "", table); err != nil && migration.CodeOf(err) != migration.CodeUnsupported {
			return err
		}
	}
	return nil
}

// cutUploads cuts the files of tables, unless they are left out. They come after all rows.
func (act *Activities) cutUploads(ctx context.Context, in contract.BulkInput, tables []string) error {
	if in.Order.Scope.NoUploads {
		return nil
	}
	for _, table := range tables {
		if err := act.cutFiles(ctx, in.Migration, table); err != nil {
			return err
		}
	}
	return nil
}

// tables returns the form tables of a scope, sorted, without those that the source has not
// made yet; unknown are what the scope names and the source does not have.
func (act *Activities) tables(ctx context.Context, scope migration.BulkScope) (tables, unknown []string, err error) {
	for _, table := range scope.Tables {
		_, there, err := act.Source.Tables.Table(ctx, act.Source.Pool(), table)
		switch {
		case err != nil:
			return nil, nil, err
		case !there:
			unknown = append(unknown, table)
		default:
			tables = append(tables, table)
		}
	}
	for _, app := range scope.Apps {
		known, err := act.Source.Fresh().App(ctx, app)
		if err != nil && migration.CodeOf(err) != migration.CodeNotFound {
			return nil, nil, err
		}
		if err != nil || len(known.Versions) == 0 {
			unknown = append(unknown, app)
			continue
		}
		forms, err := act.Source.Catalog.Forms(ctx, app)
		if err != nil {
			return nil, nil, err
		}
		tables = append(tables, forms.Model.AllTables()...)
	}
	if len(scope.Apps) > 0 {
		tables = append(tables, act.Settings.Extra.AllTables()...)
	}
	slices.Sort(tables)
	return slices.Compact(tables), unknown, nil
}

// cutting is a table of the source that is cut.
type cutting struct {
	source records.Side
	kind   migration.BulkKind
	table  string
}

func (act *Activities) cut(ctx context.Context, mig migration.Name, of cutting) error {
	is, err := act.Ledger.BulkCut(ctx, mig, of.kind, of.table)
	if err != nil || is {
		return err
	}
	var chunks []migration.BulkChunk
	err = records.Chunks(ctx, of.source, of.table, chunkRows, func(c records.Chunk) error {
		step.Headway(ctx)
		chunks = append(chunks, migration.BulkChunk{Kind: of.kind, Table: c.Table, After: c.After, To: c.To, Rows: c.Rows})
		return nil
	})
	if err != nil {
		return err
	}
	return act.Ledger.CutBulk(ctx, mig, chunks)
}

// SettleBulk says in the ledger that nothing is left to copy, unless somebody paused it.
func (act *Activities) SettleBulk(ctx context.Context, in contract.BulkInput) (contract.BulkResult, error) {
	var out contract.BulkResult
	bulk, err := act.Ledger.Bulk(ctx, in.Migration)
	if err != nil {
		return out, err
	}
	tables, err := act.Ledger.BulkTables(ctx, in.Migration)
	if err != nil {
		return out, err
	}
	var all migration.BulkTable
	for _, t := range tables {
		all.Add(t)
	}
	out.Status, out.Chunks, out.Parked = bulk.Status, all.Chunks, all.Parked
	if all.Done+all.Parked == all.Chunks {
		out.Status = migration.BulkDone
	}
	return out, act.Ledger.SetBulk(ctx, in.Migration, out.Status)
}
