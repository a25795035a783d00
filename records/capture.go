package records

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"slices"
	"time"

	"jogetferry/internal/database"
	"jogetferry/migration"
)

// Capture is a record set of the target right before and right after a call
// that may have run tools. Fresh are the rows of After that are proven to have
// been inserted in between; any other row that is in After only may be an older
// one that a tool tied to the record.
type Capture struct {
	Before Set
	After  Set
	Fresh  []migration.RowKey
}

// BegunCapture is a capture whose call is under way. Before is to be stored
// (Capture.Encode with an empty After) before the call is made. Exactly one of
// Close and Abandon must be called.
type BegunCapture struct {
	Before    Set
	Took      time.Duration // to read Before; After will not take much longer
	target    Target
	selection Selection
	limits    Limits
	conn      *sql.Conn // a snapshot from before the call; nil when the server has none
}

// BeginCapture reads the record set of the target before a call. What could not be
// put back after it is CodeUnsupported. It holds one
// connection of the pool until Close, with a snapshot that has touched no table,
// so that nothing waits for it; Close needs a second one, so a pool must have
// more connections than captures. A server without such snapshots works too, with less proof.
func BeginCapture(ctx context.Context, target Target, selection Selection, limits Limits) (*BegunCapture, error) {
	w := &BegunCapture{target: target, selection: selection, limits: limits}
	began := time.Now() //nolint:forbidigo // nothing is decided or stored by it, but for how long is waited
	conn, err := target.DB.Conn(ctx)
	if err != nil {
		return nil, failed("open capture", "", err)
	}
	w.conn = conn
	if err := w.snapshot(ctx); err != nil {
		w.Abandon(ctx)
		if ctx.Err() != nil {
			return nil, failed("open capture", "", ctx.Err())
		}
	}
	r := recorder{contents: target.Contents}
	w.Before, err = target.collectNow(ctx, selection, limits, func(ctx context.Context, l *layout, row Row) (Row, error) {
		// Else it could not be put back.
		if why := l.tooLarge(&row); why != "" {
			return Row{}, &migration.Error{Code: migration.CodeUnsupported, Op: "open capture", Subject: "table " + l.table.Real, Hint: why}
		}
		return r.record(ctx, row)
	})
	if err := r.close(ctx, err); err != nil {
		w.Abandon(ctx)
		return nil, err
	}
	w.Took = time.Since(began)
	return w, nil
}

// collectNow is Collect of tables as they are at this moment: what is not known of
// before a call would be taken for new after it, and tools make tables and columns.
func (t Target) collectNow(ctx context.Context, selection Selection, limits Limits, hold hold) (Set, error) {
	return (&collector{q: t.DB, table: t.Schema.Now, hold: hold, limits: limits}).collect(ctx, selection)
}

func (w *BegunCapture) snapshot(ctx context.Context) error {
	if _, err := w.conn.ExecContext(ctx, isolateQuery); err != nil {
		return err
	}
	_, err := w.conn.ExecContext(ctx, snapshotQuery)
	if err != nil && ctx.Err() == nil {
		// Not every server of the MySQL family knows the phrase. Where this one
		// begins its snapshot with its first read, that is after the call, and
		// then nothing is proven.
		_, err = w.conn.ExecContext(ctx, readOnlyQuery)
	}
	return err
}

// rollbackTime bounds the end of a snapshot, which is waited for even when ctx is done.
const rollbackTime = 5 * time.Second

// Abandon gives the connection back without looking at the target again. It may be repeated.
func (w *BegunCapture) Abandon(ctx context.Context) {
	if w.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
	defer cancel()
	_, err := w.conn.ExecContext(ctx, rollbackQuery)
	// A connection that may still be in a transaction must not return to the pool.
	drop := w.conn.Raw(func(any) error {
		if err != nil {
			return driver.ErrBadConn
		}
		return nil
	})
	if drop == nil {
		drop = w.conn.Close()
	}
	w.conn = nil
	_ = drop // the connection is gone either way
}

// Close reads the record set after the call and ends the capture. The capture is
// to be stored before Revert.
func (w *BegunCapture) Close(ctx context.Context) (Capture, error) {
	defer w.Abandon(ctx)
	capture, err := FinishCapture(ctx, w.target, w.selection, w.limits, w.Before)
	if err != nil || w.conn == nil {
		return capture, err
	}
	before, fresh := capture.Before.byKey(), capture.fresh()
	for i := range capture.After.Rows {
		key := capture.After.Rows[i].Key
		if before[key] != nil || fresh[key] {
			continue
		}
		existed, err := w.existed(ctx, key)
		if err != nil {
			return Capture{}, err
		}
		if !existed {
			capture.Fresh = append(capture.Fresh, key)
		}
	}
	return capture, nil
}

// existed looks into the snapshot; a table that was altered since cannot be
// read in it, and then nothing is proven.
func (w *BegunCapture) existed(ctx context.Context, key migration.RowKey) (bool, error) {
	table, ok, err := w.target.Schema.Table(ctx, w.target.DB, key.Table)
	if err != nil || !ok || table.View {
		return true, err
	}
	l, ok := newLayout(table)
	if !ok {
		return true, nil
	}
	only := &layout{table: table, columns: []*Column{l.columns[l.id]}, names: []string{l.names[l.id]}}
	rows, err := rowSelection{layout: only, column: idColumn, values: []string{string(key.ID)}}.read(ctx, w.conn)
	if database.IsNumber(err, database.TableChanged) {
		return true, nil
	}
	if err != nil {
		return true, err
	}
	return slices.ContainsFunc(rows, func(r Row) bool { return r.Key.ID == key.ID }), nil
}

// FinishCapture closes a capture whose worker died: before is what BeginCapture
// read. Only rows with the record's own id can be proven fresh then, because
// before was read by that id.
func FinishCapture(ctx context.Context, target Target, selection Selection, limits Limits, before Set) (Capture, error) {
	selection.Known = append(slices.Clone(selection.Known), before.Keys()...)
	r := recorder{contents: target.Contents}
	w, err := r.differences(ctx, target, selection, limits, before)
	if err := r.close(ctx, err); err != nil {
		return Capture{}, err
	}
	had := before.byKey()
	for i := range w.After.Rows {
		key := w.After.Rows[i].Key
		if key.ID == before.Root && had[key] == nil && slices.Contains(selection.Model.Tables, key.Table) {
			w.Fresh = append(w.Fresh, key)
		}
	}
	return w, nil
}

// differences reads the record set after a call, and records what differs: of both
// sides, since the content of before is of the capture that is completed by this one.
func (r *recorder) differences(ctx context.Context, target Target, selection Selection, limits Limits, before Set) (Capture, error) {
	had, same := before.byKey(), map[migration.RowKey]bool{}
	// A record that was small enough before the call is looked at after it whatever
	// tools add, within reason: what the call did cannot be refused any more.
	limits = limits.orDefaults()
	limits.MaxRows *= 2
	limits.MaxBytes *= 2
	after, err := target.collectNow(ctx, selection, limits, func(ctx context.Context, _ *layout, row Row) (Row, error) {
		was := had[row.Key]
		if was == nil || was.Digest() != row.Digest() {
			return r.record(ctx, row)
		}
		same[row.Key] = true // its small values may lead to others
		return row.outlined(Outline{Digest: was.Digest()}), nil
	})
	if err != nil {
		return Capture{}, err
	}
	before.Rows = slices.Clone(before.Rows)
	for i := range before.Rows {
		row := &before.Rows[i]
		if same[row.Key] {
			*row = row.unchanged()
			continue
		}
		whole, err := target.whole(ctx, row)
		if err == nil {
			*row, err = r.record(ctx, *whole)
		}
		if err != nil {
			return Capture{}, err
		}
	}
	for i := range after.Rows {
		if row := &after.Rows[i]; same[row.Key] {
			*row = row.unchanged()
		}
	}
	return Capture{Before: before, After: after}, nil
}

// Presume takes rows for fresh that appeared in a capture whose worker died,
// where that is as good as proven: they name the root as their parent, and say
// that they were created at since or later. The caller vouches that the root was
// not on the server before us, so that nothing could have named it. since is
// compared with what Joget wrote, in whatever zone it does.
func (w *Capture) Presume(model migration.FormModel, since time.Time) {
	before, fresh := w.Before.byKey(), w.fresh()
	for i := range w.After.Rows {
		row := &w.After.Rows[i]
		if before[row.Key] != nil || fresh[row.Key] {
			continue
		}
		text, _ := row.Value(createdColumn)
		created, err := time.Parse(createdLayout, string(text))
		names := func(r migration.Relation) bool {
			parent, _ := row.Value(fieldColumn(r.Column))
			return r.Kind == migration.RelationChildHoldsParent && r.Child == row.Key.Table && string(parent) == string(w.Before.Root)
		}
		if err == nil && !created.Before(since) && slices.ContainsFunc(model.Relations, names) {
			w.Fresh = append(w.Fresh, row.Key)
		}
	}
}

// Columns of each form table (docs/joget.md#form-tables): when Joget made a row, in its
// own zone, and as whom it was saved last.
const (
	createdColumn = "dateCreated"
	createdLayout = "2006-01-02 15:04:05.999999"
	saverColumn   = "modifiedBy"
)

func (w *Capture) fresh() map[migration.RowKey]bool {
	fresh := make(map[migration.RowKey]bool, len(w.Fresh))
	for _, key := range w.Fresh {
		fresh[key] = true
	}
	return fresh
}

// ChangeKind says what happened to a row in a capture. The values are stable.
type ChangeKind string

// The kinds of changes.
const (
	Changed  ChangeKind = "changed"
	Inserted ChangeKind = "inserted" // proven, see Capture.Fresh
	Appeared ChangeKind = "appeared" // in After only, without proof that it is new
	Deleted  ChangeKind = "deleted"
)

// Change is one row that a capture shows changed. Before is nil for inserted
// and appeared rows, After for deleted ones.
type Change struct {
	Key    migration.RowKey
	Kind   ChangeKind
	Before *Row
	After  *Row
}

// SavedBy returns as whom Joget saved the row in the capture. "": it was deleted, its
// dateModified stayed as it was (as when a tool writes by SQL), or nobody is named.
func (c Change) SavedBy() migration.User {
	if c.After == nil {
		return ""
	}
	saved, ok := c.After.Value(modifiedColumn)
	if c.Before != nil {
		before, had := c.Before.Value(modifiedColumn)
		ok = ok && (!had || !bytes.Equal(before, saved))
	}
	if !ok {
		return ""
	}
	by, _ := c.After.Value(saverColumn)
	return migration.User(by)
}

// Leaving returns the capture without what it shows of keys, as if that had been there
// before.
func (w *Capture) Leaving(keys []migration.RowKey) Capture {
	left := Capture{Before: w.Before, After: w.After}
	left.After.Rows = slices.DeleteFunc(slices.Clone(w.After.Rows), func(r Row) bool { return slices.Contains(keys, r.Key) })
	for _, row := range w.Before.Rows {
		if slices.Contains(keys, row.Key) {
			left.After.Rows = append(left.After.Rows, row)
		}
	}
	left.Fresh = slices.DeleteFunc(slices.Clone(w.Fresh), func(k migration.RowKey) bool { return slices.Contains(keys, k) })
	return left
}

// Changes returns what changed between Before and After, by table and id.
func (w *Capture) Changes() []Change {
	before, after, fresh := w.Before.byKey(), w.After.byKey(), w.fresh()
	var changes []Change
	for key, row := range before {
		now := after[key]
		switch {
		case now == nil:
			changes = append(changes, Change{Key: key, Kind: Deleted, Before: row})
		case row.Digest() != now.Digest():
			changes = append(changes, Change{Key: key, Kind: Changed, Before: row, After: now})
		}
	}
	for key, row := range after {
		if before[key] != nil {
			continue
		}
		kind := Appeared
		if fresh[key] {
			kind = Inserted
		}
		changes = append(changes, Change{Key: key, Kind: kind, After: row})
	}
	slices.SortFunc(changes, func(a, b Change) int { return compareKeys(a.Key, b.Key) })
	return changes
}

// RevertResult lists rows by what Revert did; all lists hold record IDs.
type RevertResult struct {
	Restored   []migration.RowKey // changed rows that have their former content again
	Removed    []migration.RowKey // inserted rows
	Reinserted []migration.RowKey // deleted rows
	Already    []migration.RowKey // found as they were before: an earlier attempt of ours, or somebody's
	Moved      []migration.RowKey // changed once more since After, by somebody else; not touched
	Shared     []migration.RowKey // other records use them; not touched
	Appeared   []migration.RowKey // not proven to be new; not touched
}

// Revert undoes what capture shows, row by row, each only while it still is
// what After says. The capture must be in the ledger: it is the only image of what
// is undone here. Rows that other records use, as model tells, are reported and
// left. It is safe to repeat.
func Revert(ctx context.Context, target Target, model migration.FormModel, capture Capture) (RevertResult, error) {
	p := putter{target: target, model: model, before: capture.Before.byKey(), after: capture.After.byKey()}
	for _, change := range capture.Changes() {
		if err := p.put(ctx, change); err != nil {
			return p.result, err
		}
	}
	return p.result, nil
}

type putter struct {
	target        Target
	model         migration.FormModel
	before, after map[migration.RowKey]*Row
	result        RevertResult
}

func (p *putter) put(ctx context.Context, c Change) error {
	if c.Kind == Appeared {
		p.result.Appeared = append(p.result.Appeared, c.Key)
		return nil
	}
	l, err := p.target.layoutFor(ctx, c.Key.Table)
	if err != nil {
		return err
	}
	current, err := p.target.rows(ctx, l, []migration.RowKey{c.Key})
	if err != nil {
		return err
	}
	if sameContent(current[c.Key], c.Before) {
		p.result.Already = append(p.result.Already, c.Key)
		return nil
	}
	shared, err := p.shared(ctx, c)
	if err != nil {
		return err
	}
	if shared {
		p.result.Shared = append(p.result.Shared, c.Key)
		return nil
	}
	want, err := p.target.whole(ctx, c.Before)
	if err != nil {
		return err
	}
	if want != nil {
		want = l.stands(want)
	}
	applied, err := p.target.apply(ctx, l, []change{{key: c.Key, expect: c.After, want: want}})
	if err != nil && !duplicate(err) {
		return err
	}
	list := &p.result.Moved
	if err == nil && applied[0] {
		switch c.Kind {
		case Changed:
			list = &p.result.Restored
		case Inserted:
			list = &p.result.Removed
		case Deleted:
			list = &p.result.Reinserted
		case Appeared:
		}
	}
	*list = append(*list, c.Key)
	return nil
}

// shared reports whether a row outside the capture holds the id of c, or is
// held by c.
func (p *putter) shared(ctx context.Context, c Change) (bool, error) {
	for _, r := range p.model.Relations {
		if r.Child != c.Key.Table {
			continue
		}
		var found bool
		var err error
		switch r.Kind {
		case migration.RelationParentHoldsChild:
			found, err = p.holder(ctx, r.Parent, fieldColumn(r.Column), string(c.Key.ID))
		case migration.RelationChildHoldsParent:
			for _, row := range []*Row{c.Before, c.After} {
				if row == nil || found || err != nil {
					continue
				}
				if value, ok := row.Value(fieldColumn(r.Column)); ok && len(value) > 0 {
					found, err = p.holder(ctx, r.Parent, idColumn, string(value))
				}
			}
		case migration.RelationSameID:
		}
		if found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// holder reports whether table has a row outside the capture whose column is value.
func (p *putter) holder(ctx context.Context, table, column, value string) (bool, error) {
	held, err := p.target.held(ctx, table, column, []string{value}, func(key migration.RowKey) bool { return p.before[key] != nil || p.after[key] != nil })
	return held[value], err
}
