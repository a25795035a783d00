package records

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"jogetferry/migration"
)

// Rekeying makes of rows of the source what the target shall have of them where records
// have other IDs there: the id of rows, and the columns that hold IDs, as far as all of
// a value is such an ID to the byte. The zero value changes nothing. Why, and what else
// goes by it: docs/adr/0012-records-with-new-ids.md.
type Rekeying struct {
	Rekeys migration.Rekeys
	// Model names the columns that hold IDs: those by which its relations tie rows.
	Model migration.FormModel
	// Columns are further ones (records.rekey_columns), see migration.RekeyColumns.
	Columns map[string][]string
	// Others are those of tables that are no form tables, as they are called.
	Others map[string][]string
}

// Place is a column, as the table has it, in so many rows; Table is without app_fd_.
type Place struct {
	Table  string
	Column string
	Rows   int
}

// Named returns what a set of the source names that may be a record with another ID: the
// record itself, the ids of its rows, and what columns hold that are rewritten; each once,
// sorted. Rekeys need not be set.
func (r Rekeying) Named(set Set) []migration.RecordID {
	named := map[migration.RecordID]bool{set.Root: true}
	columns := r.keyColumns()
	for i := range set.Rows {
		row := &set.Rows[i]
		named[row.Key.ID] = true
		for n := range row.Names {
			if len(row.Values[n]) > 0 && columns.has(row, n) {
				named[migration.RecordID(row.Values[n])] = true
			}
		}
	}
	maps.DeleteFunc(named, func(id migration.RecordID, _ bool) bool { return !id.Possible() })
	return slices.Sorted(maps.Keys(named))
}

// Set returns a set of the source as the target shall have it: a set that was read whole,
// gathered or surveyed. What Gather left in the ledger Copy rewrites when it takes it from
// there (CopyOptions.Rekeying). set is not changed.
func (r Rekeying) Set(set Set) Set {
	if len(r.Rekeys) == 0 {
		return set
	}
	columns := r.keyColumns()
	set.Root = r.Rekeys.Record(set.Root)
	set.Rows = slices.Clone(set.Rows)
	for i := range set.Rows {
		row := &set.Rows[i]
		r.rewrite(row, columns)
		row.Key = r.Rekeys.Row(row.Key)
	}
	return set
}

// Row is Set for one row that is all there.
func (r Rekeying) Row(row Row) Row { return r.Set(Set{Rows: []Row{row}}).Rows[0] }

// rewrite gives a row the values that it has on the target. Values that others share are
// not written to.
func (r Rekeying) rewrite(row *Row, columns keyColumns) {
	own := false
	for n := range row.Names {
		to, ok := r.Rekeys[migration.RecordID(row.Values[n])]
		if !ok || !columns.has(row, n) {
			continue
		}
		if !own {
			row.Values, own = slices.Clone(row.Values), true
		}
		row.Values[n] = []byte(to)
	}
}

// keyColumns are the columns that hold IDs besides id, by table.
type keyColumns map[string][]string

func (r Rekeying) keyColumns() keyColumns {
	k := keyColumns{}
	for _, relation := range r.Model.Relations {
		if table, _, ok := holding(relation); ok {
			k[table] = append(k[table], fieldColumn(relation.Column))
		}
	}
	for table, fields := range r.Columns {
		for _, field := range fields {
			k[table] = append(k[table], fieldColumn(field))
		}
	}
	maps.Copy(k, r.Others)
	return k
}

// has reports whether the column n of a row holds IDs.
func (k keyColumns) has(row *Row, n int) bool {
	is := func(column string) bool { return strings.EqualFold(column, row.Names[n]) }
	return is(idColumn) || slices.ContainsFunc(k[row.Key.Table], is)
}

// Inspect returns the places of a set of the source, read as Set says, where records with
// other IDs are named. refused are those that cannot be rewritten, as Copy would refuse
// them: what ties the row to a record is equal to its ID only for the collation of the
// source. mentions are those that are left as they are: columns that hold all of an old ID
// and that nothing says to be one. What the target has no room for, Unfit tells.
func (r Rekeying) Inspect(set Set) (refused, mentions []Place) {
	columns := r.keyColumns()
	mentioned := places{}
	for i := range set.Rows {
		row := &set.Rows[i]
		for n, name := range row.Names {
			if _, is := r.Rekeys[migration.RecordID(row.Values[n])]; is && !columns.has(row, n) {
				mentioned.add(row.Key.Table, name)
			}
		}
	}
	return r.alike(set), mentioned.sorted()
}

// alike returns where rows are tied to a record with another ID by a text that is not its ID.
func (r Rekeying) alike(set Set) []Place {
	found, once := places{}, map[Alike]bool{}
	for _, a := range set.Alike {
		_, held := r.Rekeys[a.Holds]
		_, meant := r.Rekeys[a.For]
		if (held || meant) && !once[a] {
			once[a] = true
			found.add(a.Key.Table, a.Column)
		}
	}
	return found.sorted()
}

// Alike is a row that belongs to a set because the server takes one text for another:
// that which a column of it holds for an ID or, where the column is id, its ID for the one
// that is asked for.
type Alike struct {
	Key    migration.RowKey
	Column string
	Holds  migration.RecordID
	For    migration.RecordID
}

type places map[Place]int

func (p places) add(table, column string) { p[Place{Table: table, Column: column}]++ }

func (p places) sorted() []Place {
	var list []Place
	for place, rows := range p {
		place.Rows = rows
		list = append(list, place)
	}
	slices.SortFunc(list, func(a, b Place) int { return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Column, b.Column)) })
	return list
}

// Unfit returns the columns of a set of the source that cannot hold a new ID on the target,
// as Copy would refuse them: none of the kind, not of text, or too narrow. It
// looks at no row. target returns a table of it, nil for none.
func (r Rekeying) Unfit(set Set, target func(name string) (*Table, error)) ([]Place, error) {
	found := places{}
	tables := map[string]*Table{}
	columns := r.keyColumns()
	for i := range set.Rows {
		row := &set.Rows[i]
		table, known := tables[row.Key.Table]
		if !known {
			var err error
			if table, err = target(row.Key.Table); err != nil {
				return nil, err
			}
			tables[row.Key.Table] = table
		}
		if table == nil {
			continue // nothing of it fits
		}
		for column := range r.unfit(table, row, columns) {
			found.add(row.Key.Table, column)
		}
	}
	return found.sorted(), nil
}

// refuses returns CodeUnsupported where a set of the source cannot be rewritten for tables
// of the target.
func (r Rekeying) refuses(set Set, table func(name string) *Table) error {
	const op = "write form rows"
	if len(r.Rekeys) == 0 {
		return nil
	}
	if alike := r.alike(set); len(alike) > 0 {
		return &migration.Error{
			Code: migration.CodeUnsupported, Op: op, Subject: "column " + tablePrefix + alike[0].Table + "." + alike[0].Column,
			Hint: "the record gets a new ID, and this column names it in another spelling, which only the database's collation takes for it; write the ID on the source as it is",
		}
	}
	columns := r.keyColumns()
	for i := range set.Rows {
		row := &set.Rows[i]
		t := table(row.Key.Table)
		for column, why := range r.unfit(t, row, columns) {
			return &migration.Error{Code: migration.CodeUnsupported, Op: op, Subject: "column " + t.Real + "." + column, Hint: why}
		}
	}
	return nil
}

// unfit yields the columns of a row of the source that cannot hold a new ID in a table of
// the target, with the reason.
func (r Rekeying) unfit(table *Table, row *Row, columns keyColumns) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for n, name := range row.Names {
			to, is := r.Rekeys[migration.RecordID(row.Values[n])]
			if !is || !columns.has(row, n) {
				continue
			}
			if why := table.refusesID(name, []byte(to)); why != "" && !yield(name, why) {
				return
			}
		}
	}
}

// refusesID says why a column cannot hold a new ID; "" if it can.
func (t *Table) refusesID(name string, id []byte) string {
	c, ok := t.column(name)
	switch {
	case !ok:
		return "the record gets a new ID, and the target's table lacks this column, which names it"
	case familyOf(c.Type) != familyText && c.Type != "varbinary" && c.Type != "uuid":
		return "the record gets a new ID, which is a text, and the target's column that names it is " + c.Type
	case c.refuses(id) != "":
		return fmt.Sprintf("the record gets a new ID of %d characters, and the target's column that names it takes no such text; widen it", len(id))
	}
	return ""
}
