package records

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"jogetferry/migration"
)

// Limits bound a record set in memory; zero fields take the defaults.
type Limits struct {
	MaxRows  int   // DefaultMaxRows
	MaxBytes int64 // DefaultMaxBytes, of values
}

// The defaults of Limits. A larger set is no record but somebody's whole table.
const (
	DefaultMaxRows  = 100_000
	DefaultMaxBytes = 256 << 20
)

// batchKeys is how many ids one statement asks for.
const batchKeys = 500

func (l Limits) orDefaults() Limits {
	if l.MaxRows == 0 {
		l.MaxRows = DefaultMaxRows
	}
	if l.MaxBytes == 0 {
		l.MaxBytes = DefaultMaxBytes
	}
	return l
}

// Extra names rows that no form definition ties to the record: those of Table
// (without app_fd_) whose field ForeignKey (without c_) holds the record ID, or
// whose id is the record ID when ForeignKey is "" or "id".
type Extra struct {
	Table      string
	ForeignKey string
}

// Selection says which rows belong to a record.
type Selection struct {
	Model migration.FormModel
	Root  migration.RecordID
	Extra []Extra
	// Known rows are read by key even if no relation leads to them (any more).
	Known []migration.RowKey
}

// Collect reads the record set of selection.Root: its row in every table of the
// model, the extra rows, and whatever relations lead to from there, each row once;
// of a record without any row, those that name it as their parent. Rows are of one
// moment when q is a snapshot. Tables that do not exist are listed, not an error.
// From a row that others may share, relations are not followed back into the tables
// it was reached through (Set.Cut); a hierarchy within a table is followed
// downwards only from rows of the record's own. More than limits: CodeUnsupported.
// It is read-only and safe to repeat. Source:
// docs/joget.md#which-records-a-process-has and docs/joget.md#related-records.
func Collect(ctx context.Context, q Querier, schema *Schema, selection Selection, limits Limits) (Set, error) {
	return (&collector{q: q, table: schema.Table, hold: holdWhole, limits: limits}).collect(ctx, selection)
}

func (c *collector) collect(ctx context.Context, selection Selection) (Set, error) {
	if selection.Root == "" {
		return Set{}, migration.E(migration.CodeInvalid, "collect record", "", "the record ID is empty")
	}
	c.limits, c.seen, c.layouts = c.limits.orDefaults(), map[migration.RowKey]int{}, map[string]*layout{}
	c.set.Root = selection.Root
	root := []string{string(selection.Root)}
	tables := slices.Clone(selection.Model.Tables)
	for _, e := range selection.Extra {
		if e.ForeignKey == "" || e.ForeignKey == idColumn {
			tables = append(tables, e.Table)
		}
	}
	slices.Sort(tables)
	for _, table := range slices.Compact(tables) {
		if err := c.reach(ctx, table, idColumn, root, orphan, owned); err != nil {
			return Set{}, err
		}
	}
	if len(c.found) == 0 {
		// A record that nobody saved yet may have children all the same: a tool
		// inserts them with nothing but the record ID.
		for _, relation := range selection.Model.Relations {
			if relation.Kind != migration.RelationChildHoldsParent || !slices.Contains(tables, relation.Parent) {
				continue
			}
			if err := c.reach(ctx, relation.Child, fieldColumn(relation.Column), root, orphan, owned); err != nil {
				return Set{}, err
			}
		}
	}
	for _, e := range selection.Extra {
		if e.ForeignKey != "" && e.ForeignKey != idColumn {
			if err := c.reach(ctx, e.Table, columnPrefix+e.ForeignKey, root, orphan, owned); err != nil {
				return Set{}, err
			}
		}
	}
	for c.advance(); len(c.frontier) > 0; c.advance() {
		for _, relation := range selection.Model.Relations {
			if err := c.follow(ctx, relation); err != nil {
				return Set{}, err
			}
		}
	}
	if err := c.known(ctx, selection.Known); err != nil {
		return Set{}, err
	}
	slices.Sort(c.set.Missing)
	c.set.Missing = slices.Compact(c.set.Missing)
	return c.set, nil
}

const noParent = -1

// orphan is of rows that nothing but the root's ID leads to.
func orphan(string) int { return noParent }

type collector struct {
	q       Querier
	table   func(ctx context.Context, q Querier, name string) (*Table, bool, error)
	hold    hold
	limits  Limits
	layouts map[string]*layout // nil value: the table does not exist
	size    int64
	set     Set
	parents []int                    // parallel to set.Rows: the row it was reached from
	seen    map[migration.RowKey]int // index in set.Rows
	// frontier are the rows whose relations are followed now; next and found
	// gather the following level, found not yet in set.
	frontier []int
	next     []int
	found    []reached
	pending  map[migration.RowKey]int // index in found
}

type reached struct {
	row    Row
	parent int
}

// advance makes the rows found last the frontier, in the order of their keys.
func (c *collector) advance() {
	slices.SortFunc(c.found, func(a, b reached) int { return compareKeys(a.row.Key, b.row.Key) })
	for _, r := range c.found {
		index := len(c.set.Rows)
		c.seen[r.row.Key] = index
		c.set.Rows = append(c.set.Rows, r.row)
		c.parents = append(c.parents, r.parent)
		c.next = append(c.next, index)
	}
	c.frontier, c.next, c.found, c.pending = c.next, nil, nil, map[migration.RowKey]int{}
}

func (c *collector) follow(ctx context.Context, relation migration.Relation) error {
	var from []int
	for _, i := range c.frontier {
		if c.set.Rows[i].Key.Table != relation.Parent {
			continue
		}
		if c.leadsBack(i, relation) {
			if !slices.Contains(c.set.Cut, relation) {
				c.set.Cut = append(c.set.Cut, relation)
			}
			continue
		}
		from = append(from, i)
	}
	if len(from) == 0 {
		return nil
	}
	column, holder, by := idColumn, idColumn, owned
	switch relation.Kind {
	case migration.RelationParentHoldsChild:
		holder, by = fieldColumn(relation.Column), pointedTo
	case migration.RelationChildHoldsParent:
		column = fieldColumn(relation.Column)
	case migration.RelationSameID:
	}
	byValue := map[string]int{}
	var values []string
	for _, i := range from {
		value, ok := c.set.Rows[i].Value(holder)
		if !ok || len(value) == 0 {
			continue
		}
		j, twice := byValue[string(value)]
		if !twice {
			values = append(values, string(value))
		}
		// Of several parents one of the record's own decides.
		if !twice || c.set.Rows[j].Shared && !c.set.Rows[i].Shared {
			byValue[string(value)] = i
		}
	}
	return c.reach(ctx, relation.Child, column, values, func(value string) int { return byValue[value] }, by)
}

func fieldColumn(field string) string {
	if field == idColumn {
		return idColumn
	}
	return columnPrefix + field
}

// leadsBack reports whether relation would lead from the shared row i to the
// other records that share it.
func (c *collector) leadsBack(i int, relation migration.Relation) bool {
	if !c.set.Rows[i].Shared || relation.Kind == migration.RelationSameID {
		return false
	}
	if relation.Kind == migration.RelationParentHoldsChild && relation.Parent == relation.Child {
		return false // one pointer upwards, never a crowd
	}
	for ; i != noParent; i = c.parents[i] {
		if c.set.Rows[i].Key.Table == relation.Child {
			return true
		}
	}
	return false
}

// link is how rows belong to a record.
type link int

const (
	owned     link = iota // they have its ID, or name it
	pointedTo             // a column of it points to them, and other records' may too
	known                 // they are asked for by their key, to the byte
)

// reach reads the rows of table whose column holds one of values and adds
// those that are new. As Joget asks the database, its collation decides which texts are
// equal (docs/joget.md#names-and-collations). parentOf gives the index of the row that
// leads to a value.
func (c *collector) reach(ctx context.Context, table, column string, values []string, parentOf func(string) int, by link) error {
	l, err := c.layout(ctx, table)
	if err != nil || l == nil {
		return err
	}
	key, ok := l.table.column(column)
	if !ok {
		return nil // no row can hold a value in a column that is not there yet
	}
	for chunk := range slices.Chunk(values, batchKeys) {
		if err := c.read(ctx, l, key, chunk, parentOf, by); err != nil {
			return err
		}
	}
	return nil
}

// errAmbiguous: a row holds none of the values to the byte, and is one of them to the server.
var errAmbiguous = errors.New("which of several values the server takes this one for only it can tell")

func (c *collector) read(ctx context.Context, l *layout, key *Column, values []string, parentOf func(string) int, by link) error {
	room := c.limits.MaxRows - len(c.set.Rows) - len(c.found)
	// Rows seen before come along.
	limit := room + len(c.seen) + len(c.pending) + len(values) + 1
	// A number is equal to any text that begins with it.
	exact := by == known || familyOf(key.Type) != familyText
	selected := rowSelection{layout: l, column: key.Name, values: values, maxRows: limit, maxBytes: c.limits.MaxBytes}
	read := 0
	err := selected.look(ctx, c.q, func(row Row) error {
		if read++; read == limit {
			return errTooMuch
		}
		is, _ := row.Value(key.Name)
		value := string(is)
		switch {
		case slices.Contains(values, value):
		case exact:
			return nil
		case len(values) > 1:
			return errAmbiguous
		default:
			c.set.Alike = append(c.set.Alike, Alike{Key: row.Key, Column: key.Name, Holds: migration.RecordID(value), For: migration.RecordID(values[0])})
			value = values[0]
		}
		parent := parentOf(value)
		row.Shared = by == pointedTo || parent != noParent && c.set.Rows[parent].Shared
		return c.add(ctx, l, row, parent)
	})
	switch {
	case errors.Is(err, errTooMuch):
		return c.tooMuch(l.table.Name)
	case errors.Is(err, errAmbiguous):
		for half := range slices.Chunk(values, (len(values)+1)/2) {
			if err := c.read(ctx, l, key, half, parentOf, by); err != nil {
				return err
			}
		}
		return nil
	}
	return err
}

// add adds a row that is good until it returns.
func (c *collector) add(ctx context.Context, l *layout, row Row, parent int) error {
	if i, ok := c.seen[row.Key]; ok {
		// Found again as the record's own: then so is what hangs below it.
		if c.set.Rows[i].Shared && !row.Shared {
			c.set.Rows[i].Shared = false
			c.parents[i] = parent
			c.next = append(c.next, i)
		}
		return nil
	}
	if i, ok := c.pending[row.Key]; ok {
		if c.found[i].row.Shared && !row.Shared {
			c.found[i].row.Shared, c.found[i].parent = false, parent
		}
		return nil
	}
	c.size += row.Bytes()
	if len(c.set.Rows)+len(c.found) >= c.limits.MaxRows || c.size > c.limits.MaxBytes {
		return errTooMuch
	}
	held, err := c.hold(ctx, l, row)
	if err != nil {
		return err
	}
	if c.pending == nil {
		c.pending = map[migration.RowKey]int{}
	}
	c.pending[row.Key] = len(c.found)
	c.found = append(c.found, reached{held, parent})
	return nil
}

// hold returns a row for the set that is made of one which is good for the moment.
type hold func(ctx context.Context, l *layout, row Row) (Row, error)

func holdWhole(_ context.Context, _ *layout, row Row) (Row, error) { return row.clone(), nil }

func (c *collector) tooMuch(table string) error {
	return &migration.Error{
		Code: migration.CodeUnsupported, Op: "collect record", Subject: "table " + tablePrefix + table,
		Hint: "the record has more rows or bytes than the limit; check the form's foreign keys, or raise the limit",
	}
}

func (c *collector) known(ctx context.Context, keys []migration.RowKey) error {
	byTable := map[string][]string{}
	var tables []string
	for _, key := range keys {
		if _, ok := c.seen[key]; ok {
			continue
		}
		if byTable[key.Table] == nil {
			tables = append(tables, key.Table)
		}
		byTable[key.Table] = append(byTable[key.Table], string(key.ID))
	}
	slices.Sort(tables)
	for _, table := range tables {
		if err := c.reach(ctx, table, idColumn, byTable[table], orphan, known); err != nil {
			return err
		}
	}
	c.advance()
	return nil
}

func (c *collector) layout(ctx context.Context, table string) (*layout, error) {
	if l, ok := c.layouts[table]; ok {
		return l, nil
	}
	t, ok, err := c.table(ctx, c.q, table)
	if err != nil {
		return nil, err
	}
	if !ok || t.View {
		c.layouts[table] = nil
		c.set.Missing = append(c.set.Missing, table)
		return nil, nil
	}
	l, ok := newLayout(t)
	if !ok {
		return nil, &migration.Error{Code: migration.CodeUnsupported, Op: "collect record", Subject: "table " + t.Real, Hint: "it has no column id, so it is no form table"}
	}
	c.layouts[table] = l
	return l, nil
}

// rowSelection is the rows of a table whose column is in values as the server
// compares them: a superset of those that are equal as bytes.
type rowSelection struct {
	layout   *layout
	column   string
	values   []string
	lock     bool  // against writers, until the transaction ends
	maxRows  int   // the first ones by id; 0: all
	maxBytes int64 // more is errTooMuch; 0: no limit
}

var errTooMuch = errors.New("more bytes than the limit")

func (s rowSelection) read(ctx context.Context, q Querier) ([]Row, error) {
	var rows []Row
	err := s.each(ctx, q, func(row Row) error {
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// each is read one row at a time. An error of f ends it.
func (s rowSelection) each(ctx context.Context, q Querier, f func(Row) error) error {
	return s.look(ctx, q, func(row Row) error { return f(row.clone()) })
}

// look is each with rows that are in the driver's buffers, until f returns.
func (s rowSelection) look(ctx context.Context, q Querier, f func(Row) error) error {
	if len(s.values) == 0 {
		return nil
	}
	query, args := selectQuery(s)
	var size int64
	return lookAt(ctx, q, s.layout, query, args, func(row Row) error {
		if size += row.Bytes(); s.maxBytes > 0 && size > s.maxBytes {
			return errTooMuch
		}
		return f(row)
	})
}

// lookAt calls f with the rows that a query reads of a table, in the order of its layout;
// each is good until f returns. An error of f ends it and is returned.
func lookAt(ctx context.Context, q Querier, l *layout, query string, args []any, f func(Row) error) error {
	subject := "table " + l.table.Real
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return failed("read form rows", subject, err)
	}
	defer rows.Close()
	raw := make([]sql.RawBytes, len(l.names))
	into := make([]any, len(raw))
	for i := range raw {
		into[i] = &raw[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return failed("read form rows", subject, err)
		}
		if err := f(l.row(raw)); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return failed("read form rows", subject, err)
	}
	return nil
}

// row returns the row whose values are in raw.
func (l *layout) row(raw []sql.RawBytes) Row {
	values := make([][]byte, len(raw))
	for i, v := range raw {
		if v != nil {
			values[i] = l.columns[i].canonical(v)
		}
	}
	return Row{Key: migration.RowKey{Table: l.table.Name, ID: migration.RecordID(values[l.id])}, Names: l.names, Values: values}
}
