package bulk

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"jogetferry/contract"
	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/records"
)

// trails are the rows of an app in tables of Joget's that are no form tables
// (docs/adr/0017-report-tables-and-trails.md). It is the records.NewIDs of their copy.
type trails struct {
	*Activities

	app    string
	source records.Side
	target records.Target
	// uids are those of what reports are about that the target has under another one.
	uids migration.Rekeys
	// lacks are what the target does not have, by table, those that others name first.
	lacks []migration.RowKey
	next  int64 // the lowest number that the target may still give to an instance
}

// namesUIDs are the columns that name what reports are about, or an instance.
var namesUIDs = map[string][]string{
	schema.ReportPackages: {"appUid"}, schema.ReportProcesses: {"packageUid"}, schema.ReportActivities: {"processUid"},
	schema.ReportInstances: {"processUid"}, schema.ReportActivityInstances: {"activityUid", "processInstanceId"},
}

// trails reads what the reports of both servers are about.
func (act *Activities) trails(ctx context.Context, app string) (*trails, error) {
	t := &trails{Activities: act, app: app, uids: migration.Rekeys{}}
	var err error
	if t.next, err = act.Target.Fresh().NextProcessNumber(ctx); err != nil {
		return nil, err
	}
	there, err := act.Target.Fresh().Reported(ctx, []string{app})
	if err != nil {
		return nil, err
	}
	ours, err := act.Source.Fresh().Reported(ctx, []string{app})
	if err != nil {
		return nil, err
	}
	known := map[schema.Reported]string{} // without UID
	for _, r := range there {
		name := schema.Reported{Table: r.Table, Name: r.Name}
		if known[name] == "" {
			known[name] = r.UID
		}
	}
	for _, r := range ours {
		name := schema.Reported{Table: r.Table, Name: r.Name}
		switch uid := known[name]; uid {
		case "":
			known[name] = r.UID
			t.lacks = append(t.lacks, migration.RowKey{Table: t.table(r.Table), ID: migration.RecordID(r.UID)})
		case r.UID:
		default:
			t.uids[migration.RecordID(r.UID)] = migration.RecordID(uid)
		}
	}
	t.source = records.Side{Q: act.Source.Pool(), Schema: records.NewSchemaOf(t.others(ours))}
	t.target = records.Target{DB: act.Target.Pool(), Schema: records.NewSchemaOf(t.others(slices.Concat(there, ours)))}
	return t, nil
}

// table is what keys of rows call a table of Joget's: it has the rows of the app alone.
func (t *trails) table(name string) string { return t.app + "/" + trailNames[name] }

// trailNames are short, since the ledger has room for the name of a form table.
var trailNames = map[string]string{
	schema.ReportApps: "report_apps", schema.ReportPackages: "report_packages", schema.ReportProcesses: "report_processes", schema.ReportActivities: "report_definitions",
	schema.ReportInstances: "report_instances", schema.ReportActivityInstances: "report_activities", schema.FormDataTrail: "form_audit",
}

// isReportOfInstances reports whether a table of trails has what those of activities name.
func isReportOfInstances(table string) bool {
	return strings.HasSuffix(table, "/"+trailNames[schema.ReportInstances])
}

// longestTable is that room, in characters.
const longestTable = 64

// others says which rows of each table belong to the app, which has these reports.
func (t *trails) others(reported []schema.Reported) map[string]records.Other {
	of := map[string][]string{}
	for _, r := range reported {
		of[r.Table] = append(of[r.Table], r.UID)
	}
	tables := map[string]records.Other{}
	for _, other := range []records.Other{
		{Real: schema.ReportInstances, Key: "instanceId", Column: "processUid", Values: of[schema.ReportProcesses]},
		{Real: schema.ReportActivityInstances, Key: "instanceId", Column: "activityUid", Values: of[schema.ReportActivities]},
		{Real: schema.FormDataTrail, Key: "id", Column: "appId", Values: []string{t.app}},
	} {
		tables[t.table(other.Real)] = other
	}
	for _, table := range schema.ReportedTables {
		tables[t.table(table)] = records.Other{Real: table, Key: "uuid", Column: "uuid", Values: of[table]}
	}
	return tables
}

// rekeying names the columns that hold UIDs and IDs of instances.
func (t *trails) rekeying(uids migration.Rekeys) records.Rekeying {
	r := records.Rekeying{Rekeys: uids, Others: map[string][]string{}}
	for table, columns := range namesUIDs {
		r.Others[t.table(table)] = columns
	}
	return r
}

// tables are those that are cut into chunks, those that others name first.
func trailTables(with []migration.BulkWith) []string {
	var tables []string
	if slices.Contains(with, migration.WithReports) {
		tables = append(tables, schema.ReportInstances, schema.ReportActivityInstances)
	}
	if slices.Contains(with, migration.WithTrail) {
		tables = append(tables, schema.FormDataTrail)
	}
	return tables
}

// cutTrails cuts what the copy has with it, after the target has what reports are about.
func (act *Activities) cutTrails(ctx context.Context, in contract.BulkInput, out *contract.CutOutput) error {
	scope := in.Order.Scope
	if len(scope.With) == 0 || in.Order.Pass == migration.BulkPassUndo {
		return nil
	}
	for _, app := range scope.Apps {
		t, err := act.trails(ctx, app)
		if err != nil {
			return err
		}
		for _, table := range trailTables(scope.With) {
			if utf8.RuneCountInString(t.table(schema.ReportActivities)) > longestTable {
				out.Refused = append(out.Refused, t.table(table))
				continue
			}
			err := act.cut(ctx, in.Migration, cutting{t.source, migration.BulkTrail, t.table(table)})
			switch {
			case migration.CodeOf(err) == migration.CodeUnsupported:
				out.Refused = append(out.Refused, t.table(table))
			case err != nil:
				return err
			default:
				out.Tables++
			}
		}
		if slices.Contains(scope.With, migration.WithReports) && in.Order.Writes() {
			if err := t.bring(ctx, in.Migration); err != nil {
				return err
			}
		}
	}
	return nil
}

// bring gives the target what it lacks of what reports are about. Where its tables cannot
// take it, the chunks that need it are parked.
func (t *trails) bring(ctx context.Context, mig migration.Name) error {
	images := t.Ledger.RowImages(mig, t.Key(migration.BulkOwner))
	options := records.CopyOptions{OnConflict: records.ConflictKeep, Rekeying: t.rekeying(t.uids)}
	for _, name := range schema.ReportedTables {
		table := t.table(name)
		var ids []migration.RecordID
		for _, key := range t.lacks {
			if key.Table == table {
				ids = append(ids, key.ID)
			}
		}
		var set records.Set
		err := t.source.Each(ctx, table, ids, func(row records.Row) error {
			set.Rows = append(set.Rows, row)
			return nil
		})
		if err != nil {
			return err
		}
		if _, err = records.Copy(ctx, t.target, set, images, options); migration.CodeOf(err) == migration.CodeUnsupported {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Any implements records.NewIDs: which instances the target has, only it can tell.
func (t *trails) Any(context.Context) (bool, error) { return true, nil }

// Of implements records.NewIDs: UIDs that are others on the target, and instances of which
// the target has, or may yet make, others under the same IDs.
func (t *trails) Of(ctx context.Context, ids []migration.RecordID) (migration.Rekeys, error) {
	known := migration.Rekeys{}
	var asked []migration.RecordID
	for _, id := range ids {
		if to, is := t.uids[id]; is {
			known[id] = to
		} else if id.Possible() && number(id) > 0 {
			asked = append(asked, id)
		}
	}
	here, err := t.about(ctx, t.source, asked)
	if err != nil {
		return nil, err
	}
	var instances []migration.RecordID
	for _, id := range asked {
		if _, is := here[id]; is {
			instances = append(instances, id)
		}
	}
	there, err := t.about(ctx, records.Side{Q: t.target.DB, Schema: t.target.Schema}, instances)
	if err != nil {
		return nil, err
	}
	used, err := t.Target.Fresh().LinkedInstanceIDs(ctx, instances)
	if err != nil {
		return nil, err
	}
	for _, id := range instances {
		same, reported := there[id]
		ours := reported && t.same(here[id], same)
		if !ours && (reported || used[id] || number(id) >= t.next) {
			known[id] = ""
		}
	}
	return known, nil
}

// number is the counter that an instance ID begins with (docs/joget.md#ids); 0: it has none.
func number(id migration.RecordID) int64 {
	digits, _, is := strings.Cut(string(id), "_")
	n, err := strconv.ParseInt(digits, 10, 64)
	if !is || err != nil {
		return 0
	}
	return n
}

// identity is what tells an instance that reports are about from another one of its ID.
type identity struct{ process, requester, started string }

// same reports whether the target's is an instance of the source. One that was not started
// when it was copied may be now.
func (t *trails) same(source, target identity) bool {
	return string(t.uids.Record(migration.RecordID(source.process))) == target.process && source.requester == target.requester &&
		(target.started == "" || source.started == target.started)
}

// about reads which instances some IDs are on a server.
func (t *trails) about(ctx context.Context, side records.Side, ids []migration.RecordID) (map[migration.RecordID]identity, error) {
	found := map[migration.RecordID]identity{}
	if len(ids) == 0 {
		return found, nil
	}
	return found, side.Each(ctx, t.table(schema.ReportInstances), ids, func(row records.Row) error {
		text := func(column string) string { value, _ := row.Value(column); return string(value) }
		found[row.Key.ID] = identity{text("processUid"), text("requester"), text("startedTime")}
		return nil
	})
}
