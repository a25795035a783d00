package records

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"jogetferry/internal/database"
	"jogetferry/migration"
)

// Chunk is a part of a form table: the rows whose id is above After and not above To, in
// the order of the source's collation. After "" is the beginning, To "" the end. Table is
// without app_fd_.
type Chunk struct {
	Table string
	After migration.RecordID
	To    migration.RecordID
	Rows  int // when the table was cut
}

// Chunks cuts a form table of the source into chunks of size rows, the last one of fewer
// or more, and calls f with each in order: with none for a table that is not there or has
// no row. It walks over the index alone. An error of f ends it. CodeUnsupported: the table
// has no key on id, or is a view. It is read-only and safe to repeat.
func Chunks(ctx context.Context, source Side, table string, size int, f func(Chunk) error) error {
	const op = "cut a form table"
	t, ok, err := source.Schema.Table(ctx, source.Q, table)
	if err != nil || !ok {
		return err
	}
	subject := "table " + t.Real
	if c, has := t.column(t.key()); t.View || !has || !c.Unique {
		return &migration.Error{Code: migration.CodeUnsupported, Op: op, Subject: subject, Hint: "it is a view, or its column id is no key: its rows cannot be taken one after the other"}
	}
	query, args := idsQuery(t)
	rows, err := source.Q.QueryContext(ctx, query, args...)
	if err != nil {
		return failed(op, subject, err)
	}
	defer rows.Close()
	chunk := Chunk{Table: table}
	var id sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&id); err != nil {
			return failed(op, subject, err)
		}
		if chunk.Rows == size {
			// Only now: the last chunk has no end, since rows may come while it waits.
			if err := f(chunk); err != nil {
				return err
			}
			chunk = Chunk{Table: table, After: chunk.To}
		}
		if chunk.Rows++; chunk.Rows == size {
			chunk.To = migration.RecordID(id)
		}
	}
	if err := rows.Err(); err != nil {
		return failed(op, subject, err)
	}
	if chunk.Rows == 0 {
		return nil
	}
	chunk.To = ""
	return f(chunk)
}

// Brought is a row that a bulk copy inserts, with the digest that it has on the target.
type Brought struct {
	ID     migration.RecordID
	Digest Digest
}

// BulkOptions tune a Bulk. Images and Meant must be set.
type BulkOptions struct {
	OnConflict OnConflict
	// Images are of rows that the target has already.
	Images Images
	// Meant is called before rows of a chunk are inserted that the target lacks; what it
	// keeps is committed when it returns. After a crash the rows may be there or not, and it
	// is called again for those that are not.
	Meant func(ctx context.Context, chunk Chunk, rows []Brought) error
	// NewIDs, if set, tells records that have another ID on the target. Their rows are left:
	// they come with their instance. What names them in others is rewritten by Rekeying, whose
	// Rekeys are not used.
	NewIDs   NewIDs
	Rekeying Rekeying
	// Pace, if set, is called before each batch of writes with its number of rows and bytes.
	Pace func(ctx context.Context, rows int, bytes int64) error
}

// Bulk copies form tables chunk by chunk, for rows that nobody may ever look at again:
// what the target lacks is written as fast as its server takes it, anything else by the rules
// of Copy. How, and whose a row is afterwards: docs/adr/0015-all-data-of-an-app.md. It is
// safe for concurrent use.
type Bulk struct {
	Source  Side
	Target  Target
	Options BulkOptions

	insert atomic.Bool // the target takes no LOAD DATA LOCAL
}

// BulkResult counts the rows of a chunk by what happened to them; see CopyResult. Bytes are
// of the values of all of them.
type BulkResult struct {
	CopyResult

	Rows  int
	Bytes int64
	Left  int // rows that have no place there (NewIDs)
}

// Copy makes the target's rows of a chunk those of the source, as they are now. Rows that
// differ and are not ours are counted as conflicts and left; all others are written. A row that the
// target cannot hold, or a table that it lacks, is CodeUnsupported: the batches before it stay. It
// is safe to repeat, and costs less where rows are there.
func (b *Bulk) Copy(ctx context.Context, chunk Chunk) (BulkResult, error) {
	var result BulkResult
	w, err := b.begin(ctx, chunk)
	if err != nil || w == nil {
		return result, err
	}
	for after, batch := chunk.After, firstRows; ; batch = min(2*batch, bulkRows) {
		query, args := rangeQuery(w.from, after, chunk.To, batch)
		read, err := w.pass(ctx, query, args, &result)
		if err != nil || len(read.ids) == 0 {
			return result, err
		}
		after = read.ids[len(read.ids)-1]
	}
}

// CopyRows is Copy of those rows of a chunk alone that ids name. What the source does not
// have any more is left out.
func (b *Bulk) CopyRows(ctx context.Context, chunk Chunk, ids []migration.RecordID) (BulkResult, error) {
	var result BulkResult
	w, err := b.begin(ctx, chunk)
	if err != nil || w == nil {
		return result, err
	}
	for len(ids) > 0 {
		some := ids[:min(partRows, len(ids))]
		query, args := selectQuery(rowSelection{layout: w.from, column: idColumn, values: texts(some)})
		read, err := w.pass(ctx, query, args, &result)
		if err != nil {
			return result, err
		}
		rest := ids[len(some):]
		if read.bytes >= bulkBytes {
			rest = slices.DeleteFunc(slices.Clone(ids), func(id migration.RecordID) bool { return slices.Contains(read.ids, id) })
		}
		ids = rest
	}
	return result, nil
}

// pass reads a batch of rows of the source and writes it.
func (w *chunkCopy) pass(ctx context.Context, query string, args []any, result *BulkResult) (*bulkBatch, error) {
	read, err := w.read(ctx, query, args)
	if err != nil || len(read.ids) == 0 {
		return read, err
	}
	if w.Options.Pace != nil {
		if err := w.Options.Pace(ctx, len(read.ids), read.bytes); err != nil {
			return read, err
		}
	}
	if err := w.write(ctx, read, result); err != nil {
		return read, err
	}
	result.Rows += len(read.ids)
	result.Bytes += read.bytes
	return read, nil
}

// chunkCopy is a Copy of a Bulk.
type chunkCopy struct {
	*Bulk

	chunk    Chunk
	from, to *layout
	columns  []*Column // of to, parallel to from.names; nil: the target lacks it
	lacks    bool      // the target has a column that cannot be empty, and the source has not
	written  []filled  // what a row of the target is made of
	loadable bool
	ordered  bool  // both sides have ids in the same order
	renames  bool  // there are records with new IDs
	naming   []int // columns of from that may name one
}

// filled is a column of the target with the place of its value in a row of the source; -1
// where the source has none. head is what comes before a value in a digest.
type filled struct {
	column *Column
	at     int
	head   []byte
}

// value returns what a row of the source has for the column; nil is NULL.
func (f *filled) value(row *Row) []byte {
	switch {
	case f.at >= 0:
		return row.Values[f.at]
	case f.column.Nullable:
		return nil
	}
	return []byte{} // as stands has it
}

// begin is nil where there is nothing to copy.
func (b *Bulk) begin(ctx context.Context, chunk Chunk) (*chunkCopy, error) {
	from, err := b.Source.layout(ctx, chunk.Table)
	if err != nil || from == nil {
		return nil, err
	}
	// As it is now: a table may have been made for this chunk, by another worker.
	table, ok, err := b.Target.Schema.Now(ctx, b.Target.DB, chunk.Table)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, b.Target.Schema.missing(chunk.Table)
	}
	to, err := table.writable()
	if err != nil {
		return nil, err
	}
	w := &chunkCopy{Bulk: b, chunk: chunk, from: from, to: to, columns: to.of(from.names), loadable: true, ordered: sameOrder(from, to)}
	if w.renames, err = b.renames(ctx); err != nil {
		return nil, err
	}
	if w.renames {
		w.naming = b.Options.Rekeying.naming(from)
	}
	for _, c := range to.columns {
		at := slices.Index(w.columns, c)
		w.lacks = w.lacks || at < 0 && !c.mayBeEmpty()
		if at < 0 && c.Nullable && !c.HasDefault {
			continue
		}
		w.written = append(w.written, filled{c, at, digestHead(c.Name)})
		w.loadable = w.loadable && c.loadable()
	}
	return w, nil
}

// loadable reports whether LOAD DATA reads a value of the column from the text that
// argument gives.
func (c *Column) loadable() bool {
	switch familyOf(c.Type) {
	case familyText, familyTime, familyFloat, familyMembers:
		return true
	case familyExact:
		return c.Type != "bit"
	case familyUnknown, familyBytes, familyNamed, familySpatial:
	}
	return false
}

// bulkBatch are rows of the source as the target is to have them.
type bulkBatch struct {
	ids     []migration.RecordID
	digests []Digest
	lines   []byte                 // for LOAD DATA
	ends    []int                  // of each row's line in lines
	rows    []Row                  // where lines are of no use
	named   [][]migration.RecordID // by each row, where records have new IDs
	bytes   int64
}

const (
	// firstRows are those of the first batch, so that what cannot be copied is told soon. Each next one has
	// twice as many, up to bulkRows: each waits for the disk of the ledger and of the target.
	firstRows = 1000
	bulkRows  = 5000
	bulkBytes = 4 << 20 // values of one batch, but for one row that is larger
)

// read reads the rows that a query finds, as many as a batch takes.
func (w *chunkCopy) read(ctx context.Context, query string, args []any) (*bulkBatch, error) {
	load := w.loadable && !w.insert.Load()
	batch, err := w.readAs(ctx, query, args, load)
	if errors.Is(err, errNotLoadable) {
		return w.readAs(ctx, query, args, false)
	}
	return batch, err
}

func (w *chunkCopy) readAs(ctx context.Context, query string, args []any, load bool) (*bulkBatch, error) {
	batch, hash := &bulkBatch{}, sha256.New()
	err := lookAt(ctx, w.Source.Q, w.from, query, args, func(row Row) error {
		if err := w.fits(&row); err != nil {
			w.Target.Schema.Forget() // a column may have come a moment ago
			return err
		}
		batch.ids = append(batch.ids, row.Key.ID)
		batch.digests = append(batch.digests, w.digest(hash, &row))
		if w.renames {
			w.name(batch, &row)
		}
		switch {
		case !load:
			batch.rows = append(batch.rows, w.to.stands(&row).clone())
		case !w.line(batch, &row):
			return errNotLoadable
		}
		if batch.bytes += row.Bytes(); batch.bytes >= bulkBytes {
			return errFull
		}
		return nil
	})
	if errors.Is(err, errFull) {
		err = nil
	}
	return batch, err
}

var (
	errFull        = errors.New("the batch is full")
	errNotLoadable = errors.New("a value is no text in the character set of the connection")
)

// digest is the digest of what a row of the source is on the target.
func (w *chunkCopy) digest(hash hash.Hash, row *Row) Digest {
	hash.Reset()
	for i := range w.written {
		if value := w.written[i].value(row); value != nil {
			hash.Write(w.written[i].head)
			digestPart(hash, value)
		}
	}
	return Digest(hash.Sum(nil))
}

// fits is layout.fits for the rows of a chunk.
func (w *chunkCopy) fits(row *Row) error {
	misfits := w.lacks || w.to.tooLarge(row) != ""
	for i, c := range w.columns {
		if misfits {
			break
		}
		misfits = c == nil && len(row.Values[i]) > 0 || c != nil && c.refuses(row.Values[i]) != ""
	}
	if misfits {
		return w.to.fits(row)
	}
	return nil
}

// line adds a row as LOAD DATA reads it. False: it would not read it so.
func (w *chunkCopy) line(batch *bulkBatch, row *Row) bool {
	for i := range w.written {
		if i > 0 {
			batch.lines = append(batch.lines, '\t')
		}
		value := w.written[i].value(row)
		switch {
		case value == nil:
			batch.lines = append(batch.lines, `\N`...)
		case !utf8.Valid(value):
			return false
		default:
			batch.lines = appendEscaped(batch.lines, value)
		}
	}
	batch.lines = append(batch.lines, '\n')
	batch.ends = append(batch.ends, len(batch.lines))
	return true
}

func appendEscaped(line, value []byte) []byte {
	from := 0
	for i, b := range value {
		var as byte
		switch b {
		case '\\', '\t':
			as = b
		case '\n':
			as = 'n'
		case 0:
			as = '0'
		default:
			continue
		}
		line = append(append(line, value[from:i]...), '\\', as)
		from = i + 1
	}
	return append(line, value[from:]...)
}

// write writes a batch: what the target lacks as one, the rest by the rules of Copy.
func (w *chunkCopy) write(ctx context.Context, batch *bulkBatch, result *BulkResult) error {
	batch, naming, err := w.rekeyed(ctx, batch, result)
	if err != nil {
		return err
	}
	if err := w.apart(ctx, naming, result); err != nil || len(batch.ids) == 0 {
		return err
	}
	there, err := w.there(ctx, batch.ids)
	if err != nil {
		return err
	}
	known := make(map[migration.RecordID]bool, len(there))
	for _, id := range there {
		known[id] = true
	}
	apart := make([]migration.RecordID, 0, len(there))
	for _, id := range batch.ids {
		if known[id] {
			apart = append(apart, id)
			delete(known, id)
		}
	}
	if len(known) > 0 {
		// The target takes one of them for another text, and only it knows which.
		return w.apart(ctx, batch.ids, result)
	}
	fresh := batch.without(apart)
	if len(fresh.ids) > 0 {
		inserted, err := w.insertAll(ctx, fresh)
		switch {
		case err != nil:
			return err
		case inserted:
			result.Inserted += len(fresh.ids)
		default:
			apart = batch.ids
		}
	}
	return w.apart(ctx, apart, result)
}

// there returns which of ids, which are in the order of the source, the target has, or what it takes
// for the same. Where it has no others between them, one look at its index tells.
func (w *chunkCopy) there(ctx context.Context, ids []migration.RecordID) ([]migration.RecordID, error) {
	target := Side{Q: w.Target.DB, Schema: w.Target.Schema}
	if !w.ordered {
		return target.IDs(ctx, w.chunk.Table, ids)
	}
	key := database.Quote(w.to.table.key())
	query := "SELECT " + key + " FROM " + database.Quote(w.to.table.Real) + " WHERE " + key + " >= ? AND " + key + " <= ? ORDER BY " + key + " LIMIT ?"
	rows, err := target.Q.QueryContext(ctx, query, string(ids[0]), string(ids[len(ids)-1]), len(ids)+1)
	if err != nil {
		return nil, failed("look for form rows", "table "+w.to.table.Real, err)
	}
	defer rows.Close()
	asked := make(map[migration.RecordID]bool, len(ids))
	for _, id := range ids {
		asked[id] = true
	}
	var there []migration.RecordID
	for rows.Next() {
		var id migration.RecordID
		if err := rows.Scan(&id); err != nil {
			return nil, failed("look for form rows", "table "+w.to.table.Real, err)
		}
		if !asked[id] {
			return target.IDs(ctx, w.chunk.Table, ids)
		}
		there = append(there, id)
	}
	return there, rows.Err()
}

// without returns the rows of a batch that are not among ids, which are in its order.
func (b *bulkBatch) without(ids []migration.RecordID) *bulkBatch {
	if len(ids) == 0 {
		return b
	}
	rest, begin := &bulkBatch{}, 0
	for i, id := range b.ids {
		end := begin
		if b.rows == nil {
			end = b.ends[i]
		}
		if len(ids) > 0 && ids[0] == id {
			ids, begin = ids[1:], end
			continue
		}
		rest.ids, rest.digests = append(rest.ids, id), append(rest.digests, b.digests[i])
		if b.rows != nil {
			rest.rows = append(rest.rows, b.rows[i])
			continue
		}
		rest.lines = append(rest.lines, b.lines[begin:end]...)
		rest.ends = append(rest.ends, len(rest.lines))
		begin = end
	}
	return rest
}

// insertAll inserts rows that the target lacked a moment ago. False: not all went in as
// they are, and none is there.
func (w *chunkCopy) insertAll(ctx context.Context, batch *bulkBatch) (bool, error) {
	meant := make([]Brought, len(batch.ids))
	for i, id := range batch.ids {
		meant[i] = Brought{id, batch.digests[i]}
	}
	if err := w.Options.Meant(ctx, w.chunk, meant); err != nil {
		return false, fmt.Errorf("note rows to be inserted: %w", err)
	}
	for try := 1; ; try++ {
		whole, err := w.insertOnce(ctx, batch)
		if err == nil || try == writeTries || !lostToAnother(err) {
			return whole, err
		}
	}
}

func (w *chunkCopy) insertOnce(ctx context.Context, batch *bulkBatch) (whole bool, err error) {
	const op = "insert form rows"
	subject := "table " + w.to.table.Real
	tx, err := w.Target.DB.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return false, failed(op, subject, err)
	}
	// After a commit it answers ErrTxDone; after a failed statement the
	// connection is all that can still go wrong, and it is dropped.
	defer tx.Rollback()
	if batch.rows == nil {
		whole, err = w.load(ctx, tx, batch)
	} else {
		whole, err = w.insertRows(ctx, tx, batch)
	}
	if err != nil || !whole {
		return false, err
	}
	if err := tx.Commit(); err != nil {
		return false, failed(op, subject, err)
	}
	return true, nil
}

func (w *chunkCopy) insertRows(ctx context.Context, tx *sql.Tx, batch *bulkBatch) (bool, error) {
	rows := make([]*Row, len(batch.rows))
	for i := range batch.rows {
		rows[i] = &batch.rows[i]
	}
	err := (&writer{tx: tx, layout: w.to}).insert(ctx, rows)
	if code := migration.CodeOf(err); code == migration.CodeConflict || code == migration.CodeUnsupported {
		return false, nil // row by row it is told which
	}
	return err == nil, err
}

// apart copies rows one by one, by the rules of Copy, with the keys that they have on the target. Those that are conflicts do not keep
// the others back.
func (w *chunkCopy) apart(ctx context.Context, ids []migration.RecordID, result *BulkResult) error {
	if len(ids) == 0 {
		return nil
	}
	set := Set{}
	if err := w.Source.Each(ctx, w.chunk.Table, ids, func(row Row) error {
		set.Rows = append(set.Rows, row)
		return nil
	}); err != nil {
		return err
	}
	rekeying, err := w.rekeying(ctx, &set)
	if err != nil {
		return err
	}
	options := CopyOptions{OnConflict: w.Options.OnConflict, Rekeying: rekeying}
	for {
		copied, err := Copy(ctx, w.Target, set, w.Options.Images, options)
		if migration.CodeOf(err) != migration.CodeConflict {
			result.add(copied)
			return err
		}
		result.Conflicts = append(result.Conflicts, copied.Conflicts...)
		if wrote := copied.Inserted + copied.Overwritten; wrote > 0 {
			// Rows that moved while they were written are the only ones that were left.
			copied.Conflicts = nil
			result.add(copied)
			return nil
		}
		set.Rows = slices.DeleteFunc(set.Rows, func(row Row) bool { return slices.Contains(copied.Conflicts, row.Key) })
	}
}

func (r *BulkResult) add(c CopyResult) {
	r.Inserted += c.Inserted
	r.Overwritten += c.Overwritten
	r.Same += c.Same
	r.Kept = append(r.Kept, c.Kept...)
	r.Conflicts = append(r.Conflicts, c.Conflicts...)
}

// idsQuery reads all ids of a table in their order.
func idsQuery(t *Table) (query string, args []any) {
	where, args := between(t, "", "")
	return "SELECT " + database.Quote(t.key()) + " FROM " + database.Quote(t.Real) + where + " ORDER BY " + database.Quote(t.key()), args
}

// rangeQuery reads the rows of a table above after and not above to, the first limit of
// them; 0 is all.
func rangeQuery(l *layout, after, to migration.RecordID, limit int) (query string, args []any) {
	read := make([]string, len(l.columns))
	for i, c := range l.columns {
		read[i] = c.expression()
	}
	where, args := between(l.table, after, to)
	query = "SELECT " + strings.Join(read, ", ") + " FROM " + database.Quote(l.table.Real) + where + " ORDER BY " + database.Quote(l.table.key())
	if limit > 0 {
		query, args = query+" LIMIT ?", append(args, limit)
	}
	return query, args
}

// between restricts the rows that count of a table to ids above after, "" for the beginning, and
// not above to, "" for the end.
func between(t *Table, after, to migration.RecordID) (where string, args []any) {
	var terms []string
	if o := t.other; o != nil {
		terms = append(terms, database.Quote(o.Column)+" IN (NULL"+strings.Repeat(", ?", len(o.Values))+")")
		for _, v := range o.Values {
			args = append(args, v)
		}
	}
	if after != "" {
		terms, args = append(terms, database.Quote(t.key())+" > ?"), append(args, string(after))
	}
	if to != "" {
		terms, args = append(terms, database.Quote(t.key())+" <= ?"), append(args, string(to))
	}
	if len(terms) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(terms, " AND "), args
}
