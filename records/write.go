package records

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"jogetferry/internal/database"
	"jogetferry/migration"
)

const (
	batchRows   = 500     // rows of one multi-row INSERT and of one transaction
	batchBytes  = 1 << 20 // values of one multi-row INSERT, less where max_allowed_packet is small
	batchMarks  = 60_000  // MySQL takes 65,535 placeholders
	packetShare = 4       // of max_allowed_packet: escaping may double a value, and names come on top
	writeTries  = 3       // of a transaction that lost a deadlock or waited too long
)

// Target is the database written to. Schema is shared by all users of DB.
type Target struct {
	DB     *sql.DB
	Schema *Schema
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
	rows, err := readRows(ctx, tx, l, idColumn, ids, lockSuffix, bound{})
	if err != nil {
		return nil, err
	}
	current := (&Set{Rows: rows}).byKey()
	w := writer{tx: tx, layout: l}
	applied = make([]bool, len(changes))
	var inserts []*Row
	for i, c := range changes {
		row := current[c.key]
		if !sameContent(row, c.expect) {
			continue
		}
		applied[i] = true
		switch {
		case row == nil && c.want != nil:
			inserts = append(inserts, c.want)
		case row != nil && c.want != nil:
			err = w.update(ctx, c.want)
		case row != nil:
			err = w.exec(ctx, deleteQuery(l.table.Real), string(c.key.ID))
		}
		if err != nil {
			return nil, err
		}
	}
	if err := w.insert(ctx, inserts); err != nil {
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
	if len(rows) == 0 {
		return nil
	}
	var packet int64
	if err := w.tx.QueryRowContext(ctx, packetQuery).Scan(&packet); err != nil {
		return failed("write form rows", "table "+w.layout.table.Real, err)
	}
	room := min(batchBytes, packet/packetShare)
	for len(rows) > 0 {
		columns := w.layout.shared(rows[0])
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
		if err := w.exec(ctx, insertQuery(w.layout.table.Real, names(columns), n), args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// update makes the row what row is; columns that row does not have become NULL
// where they can, so that the result has row's digest.
func (w *writer) update(ctx context.Context, row *Row) error {
	var columns []*Column
	for _, c := range w.layout.columns {
		if _, has := row.Value(c.Name); has && !strings.EqualFold(c.Name, idColumn) || !has && c.Nullable {
			columns = append(columns, c)
		}
	}
	if len(columns) == 0 {
		return nil
	}
	args := append(appendArgs(nil, row, columns), string(row.Key.ID))
	return w.exec(ctx, updateQuery(w.layout.table.Real, names(columns)), args...)
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

// shared returns the columns that both the table and row have.
func (l *layout) shared(row *Row) []*Column {
	var columns []*Column
	for _, c := range l.columns {
		if _, ok := row.Value(c.Name); ok {
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
		switch {
		case value == nil:
			args = append(args, nil)
		case familyOf(c.Type) == familyText || familyOf(c.Type) == familyTime:
			// A string is sent as utf8mb4 text even where the driver interpolates;
			// bytes would reach the column unconverted.
			args = append(args, string(value))
		default:
			args = append(args, value)
		}
	}
	return args
}

// fits returns CodeUnsupported when a value of row cannot be in the table.
// What only the server can judge, it refuses itself in strict mode.
func (l *layout) fits(row *Row) error {
	for column, why := range l.misfits(row, l.of(row.Names)) {
		return &migration.Error{Code: migration.CodeUnsupported, Op: "write form rows", Subject: "column " + l.table.Real + "." + column, Hint: why}
	}
	return nil
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
				why = "the target's table lacks this column and the source has values in it; deploy the form and open it once on the target"
			}
			if why != "" && !yield(row.Names[i], why) {
				return
			}
		}
		for _, c := range l.columns {
			if !c.Nullable && !c.HasDefault && !slices.Contains(columns, c) && !yield(c.Name, "the target wants a value in this column, and the source has no such column") {
				return
			}
		}
	}
}

// refuses says why a value cannot be stored; "" if it can, as far as that can be told without the server.
func (c *Column) refuses(value []byte) string {
	switch {
	case value == nil && !c.Nullable && !c.Generated:
		return "the target wants a value in this column, and the source has none"
	case len(value) == 0:
		return ""
	case c.Generated:
		return "the target computes this column, and the source stores values in it"
	}
	switch familyOf(c.Type) {
	case familyTime:
		// MySQL rounds and MariaDB cuts, both without a word.
		if _, fraction, _ := strings.Cut(string(value), "."); int64(len(fraction)) > c.Precision {
			return "the target keeps fewer digits of a second than the source has"
		}
	case familyBytes:
		if int64(len(value)) > c.Octets {
			return tooLong
		}
	case familyText:
		if size := int64(len(value)); size > c.Chars && (int64(utf8.RuneCount(value)) > c.Chars || size > c.Octets && isUTF8(c.Charset)) {
			return tooLong
		}
		if lost(c.Charset, value) {
			return "the target's character set " + c.Charset + " lacks a character that the source has; convert its table to utf8mb4"
		}
	case familyOther:
	}
	return ""
}

const tooLong = "the target's column is too short for what the source has; widen it"

func isUTF8(charset string) bool { return strings.HasPrefix(charset, "utf8") }

// lost reports whether a charset has no place for a character of a text; of
// those that are not listed only the server knows.
func lost(charset string, text []byte) bool {
	switch charset {
	case "ascii":
		return slices.ContainsFunc(text, func(b byte) bool { return b >= utf8.RuneSelf })
	case "utf8", "utf8mb3":
		return slices.ContainsFunc(text, func(b byte) bool { return b >= fourBytes })
	case "latin1":
		return bytes.ContainsFunc(text, func(r rune) bool {
			return r > 0xFF && !strings.ContainsRune(cp1252, r) || strings.ContainsRune(notLatin1, r)
		})
	}
	return false
}

const (
	fourBytes = 0xF0 // the first byte of characters beyond U+FFFF
	// MySQL's latin1 is cp1252: it has these characters in place of most of U+0080 to U+009F.
	cp1252    = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
	notLatin1 = "\u0080\u0082\u0083\u0084\u0085\u0086\u0087\u0088\u0089\u008a\u008b\u008c\u008e" +
		"\u0091\u0092\u0093\u0094\u0095\u0096\u0097\u0098\u0099\u009a\u009b\u009c\u009e\u009f"
)

// layoutFor returns how to read and write a table of the target; when it does
// not exist, or has no unique id, CodeUnsupported.
func (t Target) layoutFor(ctx context.Context, name string) (*layout, error) {
	l, err := Side{Q: t.DB, Schema: t.Schema}.writable(ctx, name)
	if migration.CodeOf(err) == migration.CodeUnsupported {
		t.Schema.Forget() // it may be there a moment later
	}
	return l, err
}

// writable returns how to read and write a table; CodeUnsupported when no row
// of it can be written safely.
func (s Side) writable(ctx context.Context, name string) (*layout, error) {
	unsupported := func(table, hint string) error {
		return &migration.Error{Code: migration.CodeUnsupported, Op: "write form rows", Subject: "table " + table, Hint: hint}
	}
	table, ok, err := s.Schema.Table(ctx, s.Q, name)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, unsupported(tablePrefix+name, "the target has no such table; open one of its forms once on the target, and Joget makes it")
	}
	l, ok := newLayout(table)
	if !ok || !l.columns[l.id].Unique {
		return nil, unsupported(table.Real, "its column id is no key, so rows cannot be told apart")
	}
	if table.Engine != "" && !strings.EqualFold(table.Engine, "InnoDB") {
		return nil, unsupported(table.Real, "its engine "+table.Engine+" has no transactions; convert it to InnoDB")
	}
	return l, nil
}
