package records

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strings"

	"jogetferry/internal/database"
	"jogetferry/migration"
)

const (
	batchRows   = 500     // rows of one multi-row INSERT and of one transaction
	batchBytes  = 1 << 20 // values of one multi-row INSERT, less where max_allowed_packet is small
	batchHeld   = 8 << 20 // values of the rows of one transaction
	batchMarks  = 60_000  // MySQL takes 65,535 placeholders
	packetUnit  = 1024    // servers cut max_allowed_packet to multiples of it
	packetShare = 4       // of max_allowed_packet: escaping may double a value, and names come on top
	writeTries  = 3       // of a transaction that lost a deadlock or waited too long
)

// Target is the database written to. Schema is shared by all users of DB. Contents
// is where captures keep what is large; nil: in memory.
type Target struct {
	DB       *sql.DB
	Schema   *Schema
	Contents Contents
}

// change is one row to be written if it still is what it was.
type change struct {
	key    migration.RowKey
	expect *Row // nil: absent
	want   *Row // nil: to be removed
}

// apply writes changes of one table in one transaction and returns which were
// written: a row that is no longer as expected is left alone. The transaction
// commits before apply returns. A duplicate key is CodeConflict, and nothing was written.
func (t Target) apply(ctx context.Context, l *layout, changes []change) ([]bool, error) {
	for try := 1; ; try++ {
		applied, err := t.applyOnce(ctx, l, changes)
		if err == nil || try == writeTries || !lostToAnother(err) {
			return applied, err
		}
	}
}

func (t Target) applyOnce(ctx context.Context, l *layout, changes []change) (applied []bool, err error) {
	subject := "table " + l.table.Real
	// READ COMMITTED takes no gap locks: two workers that look for absent rows
	// side by side would otherwise deadlock with their inserts.
	tx, err := t.DB.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return nil, failed("write form rows", subject, err)
	}
	// After a commit it answers ErrTxDone; after a failed statement the
	// connection is all that can still go wrong, and it is dropped.
	defer tx.Rollback()
	ids := make([]string, len(changes))
	for i, c := range changes {
		ids[i] = string(c.key.ID)
	}
	rows, err := rowSelection{layout: l, column: idColumn, values: ids, lock: true}.read(ctx, tx)
	if err != nil {
		return nil, err
	}
	current := (&Set{Rows: rows}).byKey()
	w := writer{tx: tx, layout: l}
	applied = make([]bool, len(changes))
	var inserts, written []*Row
	var removed []string
	for i, c := range changes {
		row := current[c.key]
		if !sameContent(row, c.expect) {
			continue
		}
		applied[i] = true
		if c.want != nil {
			written = append(written, c.want)
		}
		switch {
		case row == nil && c.want != nil:
			inserts = append(inserts, c.want)
		case row != nil && c.want != nil:
			err = w.update(ctx, c.want)
		case row != nil:
			removed = append(removed, string(c.key.ID))
		}
		if err != nil {
			return nil, err
		}
	}
	if err := w.remove(ctx, removed); err != nil {
		return nil, err
	}
	if err := w.insert(ctx, inserts); err != nil {
		return nil, err
	}
	if err := w.verify(ctx, written); err != nil {
		return nil, err
	}
	if err := tx.Commit(); err != nil {
		return nil, failed("write form rows", subject, err)
	}
	return applied, nil
}

func sameContent(a, b *Row) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Digest() == b.Digest()
}

type writer struct {
	tx     *sql.Tx
	layout *layout
}

// insert writes rows by as few statements as max_allowed_packet lets us.
func (w *writer) insert(ctx context.Context, rows []*Row) error {
	room := min(batchBytes, w.layout.table.packet/packetShare)
	for len(rows) > 0 {
		columns := w.layout.inserted(rows[0])
		n, size := 0, int64(0)
		for n < len(rows) && n < batchRows && (n+1)*len(columns) <= batchMarks && slices.Equal(rows[n].Names, rows[0].Names) {
			if size += rows[n].Bytes(); n > 0 && size > room {
				break
			}
			n++
		}
		args := make([]any, 0, n*len(columns))
		for _, row := range rows[:n] {
			args = appendArgs(args, row, columns)
		}
		if err := w.exec(ctx, insertQuery(w.layout.table.Real, columns, n), args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// remove deletes rows that are locked, all or none of them.
func (w *writer) remove(ctx context.Context, ids []string) error {
	for part := range slices.Chunk(ids, batchRows) {
		args := make([]any, len(part))
		for i, id := range part {
			args[i] = id
		}
		if err := w.exec(ctx, deleteQuery(w.layout.table, len(part)), args...); err != nil {
			return err
		}
	}
	return nil
}

// update makes the row what row is; columns that row does not have become NULL
// where they can, so that the result has row's digest.
func (w *writer) update(ctx context.Context, row *Row) error {
	var columns []*Column
	for _, c := range w.layout.columns {
		if _, has := row.Value(c.Name); has && !strings.EqualFold(c.Name, w.layout.table.key()) || !has && c.Nullable {
			columns = append(columns, c)
		}
	}
	if len(columns) == 0 {
		return nil
	}
	args := append(appendArgs(nil, row, columns), string(row.Key.ID))
	return w.exec(ctx, updateQuery(w.layout.table, columns), args...)
}

// exec runs a write; a warning is an error, because outside strict mode it
// says that a value was bent to fit.
func (w *writer) exec(ctx context.Context, query string, args ...any) error {
	subject := "table " + w.layout.table.Real
	if _, err := w.tx.ExecContext(ctx, query, args...); err != nil {
		return failed("write form rows", subject, err)
	}
	rows, err := w.tx.QueryContext(ctx, warningsQuery)
	if err != nil {
		return failed("write form rows", subject, err)
	}
	defer rows.Close()
	if rows.Next() {
		var level, message string
		var number uint16
		if err := rows.Scan(&level, &number, &message); err != nil {
			return failed("write form rows", subject, err)
		}
		return &migration.Error{
			Code: migration.CodeUnsupported, Op: "write form rows", Subject: subject, Err: database.ServerError{Number: number},
			Hint: fmt.Sprintf("the database would change a value (warning %d); compare the column types of both servers", number),
		}
	}
	if err := rows.Err(); err != nil {
		return failed("write form rows", subject, err)
	}
	return nil
}

// verify reads rows back: a type may change a value without a word (FLOAT rounds,
// JSON gets another form), and so may a trigger, which the account cannot even see.
// CodeUnsupported names a column that has changed.
func (w *writer) verify(ctx context.Context, written []*Row) error {
	left := make(map[migration.RowKey]*Row, len(written))
	ids := make([]string, len(written))
	for i, row := range written {
		left[row.Key], ids[i] = row, string(row.Key.ID)
	}
	changed := func(column string) error {
		return &migration.Error{
			Code: migration.CodeUnsupported, Op: "write form rows", Subject: "column " + w.layout.table.Real + "." + column,
			Hint: "its type, or a trigger of the table, changes a value on the target; compare the column types of both servers, or drop the trigger",
		}
	}
	err := rowSelection{layout: w.layout, column: idColumn, values: ids}.each(ctx, w.tx, func(there Row) error {
		want := left[there.Key]
		delete(left, there.Key)
		if want == nil || want.Digest() == there.Digest() {
			return nil
		}
		return changed(bent(want, &there))
	})
	if err == nil && len(left) > 0 {
		err = changed(idColumn)
	}
	return err
}

// bent returns the first column, by name, in which two rows of a table differ. What
// one lacks is NULL.
func bent(want, there *Row) string {
	for i, name := range there.Names {
		if value, _ := want.Value(name); !equalValues(value, there.Values[i]) {
			return name
		}
	}
	return idColumn
}

// stands returns a row that fits as it will stand in the table: without columns that
// the table lacks, which are empty in it, and with an empty text where the table alone
// has a column that cannot be NULL. So its digest is that of what is written.
func (l *layout) stands(row *Row) *Row {
	lacks := slices.Contains(l.of(row.Names), nil)
	own := slices.ContainsFunc(l.columns, func(c *Column) bool {
		_, has := row.Value(c.Name)
		return !has && !c.Nullable
	})
	if !lacks && !own {
		return row
	}
	stands := &Row{Key: row.Key, Shared: row.Shared}
	for _, c := range l.columns {
		value, has := row.Value(c.Name)
		if !has && c.Nullable {
			continue
		}
		if !has {
			value = []byte{}
		}
		stands.Names, stands.Values = append(stands.Names, c.Name), append(stands.Values, value)
	}
	return stands
}

// inserted returns the columns that an INSERT of row names: those that it has, and
// those in which it would get a default, to be NULL.
func (l *layout) inserted(row *Row) []*Column {
	var columns []*Column
	for _, c := range l.columns {
		if _, ok := row.Value(c.Name); ok || c.Nullable && c.HasDefault {
			columns = append(columns, c)
		}
	}
	return columns
}

func names(columns []*Column) []string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c.Name
	}
	return list
}

func appendArgs(args []any, row *Row, columns []*Column) []any {
	for _, c := range columns {
		value, _ := row.Value(c.Name)
		args = append(args, c.argument(value))
	}
	return args
}

// fits returns CodeUnsupported when a value of row cannot be in the table.
// What only the server can judge, it refuses itself in strict mode.
func (l *layout) fits(row *Row) error {
	if why := l.tooLarge(row); why != "" {
		return &migration.Error{Code: migration.CodeUnsupported, Op: "write form rows", Subject: "table " + l.table.Real, Hint: why}
	}
	for column, why := range l.misfits(row, l.of(row.Names)) {
		return &migration.Error{Code: migration.CodeUnsupported, Op: "write form rows", Subject: "column " + l.table.Real + "." + column, Hint: why}
	}
	return nil
}

// tooLarge says that the server would not take a row; "" if it does. The driver
// prepares a statement that has no room in one packet and sends its values apart,
// so what counts is the row as it is, not as a statement with escapes. Joget
// stores a row by one statement: it could not save one that is larger than a packet.
func (l *layout) tooLarge(row *Row) string {
	size, limit := row.Bytes(), l.table.packet
	if size <= limit {
		return ""
	}
	enough := (size + packetUnit - 1) / packetUnit * packetUnit
	return fmt.Sprintf("a row has %d bytes, and the target's database server takes %d; raise its max_allowed_packet to at least %d", size, limit, enough)
}

// of returns the columns of these names, nil for those that the table lacks.
func (l *layout) of(names []string) []*Column {
	columns := make([]*Column, len(names))
	for i, name := range names {
		columns[i], _ = l.table.column(name)
	}
	return columns
}

// misfits yields the columns that keep row out of the table, with the reason.
// columns are those of row's names.
func (l *layout) misfits(row *Row, columns []*Column) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for i, c := range columns {
			value, why := row.Values[i], ""
			switch {
			case c != nil:
				why = c.refuses(value)
			case len(value) > 0:
				why = "the target's table lacks this column and the source has values in it; set records.create_tables: true, or deploy the form and open it once on the target"
			}
			if why != "" && !yield(row.Names[i], why) {
				return
			}
		}
		for _, c := range l.columns {
			if !c.mayBeEmpty() && !slices.Contains(columns, c) && !yield(c.Name, "this column has a value in every row of the target, and the source does not have the column") {
				return
			}
		}
	}
}

// layoutFor returns how to read and write a table of the target; when it does
// not exist, or has no unique id, CodeUnsupported.
func (t Target) layoutFor(ctx context.Context, name string) (*layout, error) {
	l, err := Side{Q: t.DB, Schema: t.Schema}.writable(ctx, name)
	if migration.CodeOf(err) == migration.CodeUnsupported {
		t.Schema.Forget() // it may have been made a moment ago
		l, err = Side{Q: t.DB, Schema: t.Schema}.writable(ctx, name)
	}
	return l, err
}

// writable returns how to read and write a table; CodeUnsupported when no row
// of it can be written safely.
func (s Side) writable(ctx context.Context, name string) (*layout, error) {
	table, ok, err := s.Schema.Table(ctx, s.Q, name)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, s.Schema.missing(name)
	}
	return table.writable()
}

// missing is the error of a table that the target lacks, a form table without app_fd_.
func (s *Schema) missing(name string) error {
	if other, is := s.others[name]; is {
		return unwritable(other.Real, "the target does not have this table; its Joget makes it when it starts, or is too old for it")
	}
	return unwritable(tablePrefix+name, "the target does not have this table; set records.create_tables: true, or open one of its forms once on the target, and Joget creates it")
}

func unwritable(table, hint string) error {
	return &migration.Error{Code: migration.CodeUnsupported, Op: "write form rows", Subject: "table " + table, Hint: hint}
}

// writable is that of the side that t is of.
func (t *Table) writable() (*layout, error) {
	if t.View {
		return nil, unwritable(t.Real, "it is a view on the target; rows are written into tables only")
	}
	l, ok := newLayout(t)
	if !ok || !l.columns[l.id].Unique {
		return nil, unwritable(t.Real, "its column id is not a key, so two rows may have the same id")
	}
	if t.Engine != "" && !strings.EqualFold(t.Engine, "InnoDB") {
		return nil, unwritable(t.Real, "its engine "+t.Engine+" has no transactions; convert it to InnoDB")
	}
	return l, nil
}
