package bulk

import (
	"context"
	"fmt"
	"strings"

	"jogetferry/activities/step"
	"jogetferry/migration"
	"jogetferry/records"
)

// rows is what a lane does with chunks of form tables.
type rows struct {
	*lane

	bulk *records.Bulk
	tied *migration.FormModel // of all tables of the copy; nil: not read yet
}

func newRows(ctx context.Context, l *lane) (*rows, error) {
	r := &rows{lane: l}
	rekeying, err := r.rekeying(ctx, l.in.Migration)
	r.bulk = &records.Bulk{Source: r.Source.Rows(), Target: r.Target.Form(), Options: records.BulkOptions{
		OnConflict: r.Settings.OnConflict, Pace: l.pace, NewIDs: newIDs{l.Activities}, Rekeying: rekeying,
	}}
	return r, err
}

// newTrails is newRows for tables of Joget's. What is there already is the target's own.
func newTrails(l *lane, t *trails) *rows {
	return &rows{lane: l, bulk: &records.Bulk{Source: t.source, Target: t.target, Options: records.BulkOptions{
		OnConflict: records.ConflictKeep, Pace: l.pace, NewIDs: t, Rekeying: t.rekeying(nil),
	}}}
}

// do is what the pass does with a chunk of rows.
func (r *rows) do(ctx context.Context, c migration.BulkChunk) (migration.BulkOutcome, error) {
	w := &rowChunk{rows: r, of: c, doubted: map[migration.RowKey]bool{}, chunk: records.Chunk{Table: c.Table, After: c.After, To: c.To, Rows: c.Rows}}
	r.bulk.Options.Images = w.images()
	r.bulk.Options.Meant = w.meant
	var err error
	switch r.order.Pass {
	case migration.BulkPassCopy:
		err = w.copy(ctx)
	case migration.BulkPassDelta:
		err = w.delta(ctx)
	case migration.BulkPassVerify:
		err = w.verify(ctx)
	case migration.BulkPassUndo:
		err = w.undo(ctx)
	}
	if migration.CodeOf(err) == migration.CodeUnsupported {
		w.outcome.Reason, w.outcome.Detail, err = migration.ReasonRecordUnsupported, err.Error(), nil
	}
	return w.outcome, err
}

// related is what the forms say of the tables of the copy.
func (r *rows) related(ctx context.Context) (migration.FormModel, error) {
	if r.tied != nil {
		return *r.tied, nil
	}
	names, _, err := r.cutTables(ctx, r.in.Migration)
	if err != nil {
		return migration.FormModel{}, err
	}
	model, err := r.model(ctx, names)
	if err == nil {
		r.tied = &model
	}
	return model, err
}

// rowChunk is the work at one chunk.
type rowChunk struct {
	*rows

	of      migration.BulkChunk
	chunk   records.Chunk
	outcome migration.BulkOutcome
	// doubted are rows that differed after a copy without a reason. If the next one keeps
	// them as the target's own, that is none either: something bends what is written.
	doubted map[migration.RowKey]bool
}

func (w *rowChunk) images() records.Images {
	return w.Ledger.RowImages(w.in.Migration, w.Key(w.of.Owner()))
}

// meant keeps which rows are about to be inserted.
func (w *rowChunk) meant(ctx context.Context, _ records.Chunk, brought []records.Brought) error {
	meant := make([]migration.BulkRow, len(brought))
	for i, b := range brought {
		meant[i] = migration.BulkRow{ID: b.ID, Digest: b.Digest}
	}
	return w.Ledger.MeantInBulk(ctx, w.Target.Fingerprint, w.of, meant)
}

// copyTries is how often a chunk is copied while the source changes.
const copyTries = 2

// copy copies and compares the chunk. What differs after that is copied once more: the
// source may have changed between the two.
func (w *rowChunk) copy(ctx context.Context) error {
	for try := 1; ; try++ {
		result, err := w.bulk.Copy(ctx, w.chunk)
		w.add(result)
		w.outcome.Rows, w.outcome.Bytes, w.outcome.Same = int64(result.Rows), result.Bytes, int64(result.Same)
		if err != nil {
			return err
		}
		compared, err := w.compare(ctx)
		if err != nil {
			return err
		}
		if w.judge(compared, result); w.outcome.Reason != migration.ReasonVerifyDiffers || try == copyTries {
			return nil
		}
	}
}

// delta copies what differs, twice as copy does. What is gone on the source is removed
// where the order says so.
func (w *rowChunk) delta(ctx context.Context) error {
	compared, err := w.compare(ctx)
	if err != nil {
		return err
	}
	if compared.Source.Rows > 0 && compared.Target == (records.ChunkSum{}) {
		return w.copy(ctx) // nothing of it is there
	}
	var result records.BulkResult
	for try := 1; ; try++ {
		if w.judge(compared, result); !w.differs() || try > copyTries {
			break
		}
		differing := compared.Of(records.Missing, records.Differs)
		if result, err = w.bulk.CopyRows(ctx, w.chunk, differing); err != nil {
			return err
		}
		w.add(result)
		w.outcome.Bytes += result.Bytes
		if compared, err = w.compare(ctx); err != nil {
			return err
		}
	}
	w.outcome.Same = w.outcome.Rows - w.outcome.Missing - w.outcome.Differing - w.outcome.Inserted - w.outcome.Overwritten
	if w.outcome.Gone == 0 || !w.order.Delete {
		return nil
	}
	if err := w.remove(ctx, compared.gone); err != nil {
		return err
	}
	if compared, err = w.compare(ctx); err == nil {
		w.judge(compared, result)
	}
	return err
}

// differs reports whether a copy may still change what the comparison found.
func (w *rowChunk) differs() bool { return w.outcome.Reason == migration.ReasonVerifyDiffers }

// verify compares both sides and writes to neither.
func (w *rowChunk) verify(ctx context.Context) error {
	compared, err := w.compare(ctx)
	if err != nil {
		return err
	}
	w.judge(compared, records.BulkResult{})
	w.outcome.Same = w.outcome.Rows - w.outcome.Missing - w.outcome.Differing
	if w.outcome.Gone > 0 {
		w.outcome.Reason = migration.ReasonVerifyDiffers
	}
	w.outcome.Detail = compared.told()
	return nil
}

// add counts what a copy did.
func (w *rowChunk) add(r records.BulkResult) {
	w.outcome.Inserted += int64(r.Inserted)
	w.outcome.Overwritten += int64(r.Overwritten)
	w.outcome.Kept, w.outcome.Conflicts = int64(len(r.Kept)+r.Left), int64(len(r.Conflicts))
}

// compared is a comparison without what is as it should be.
type compared struct {
	records.ChunkComparison

	gone map[migration.RowKey]bool // of the target alone, and brought by the copy
}

// told names the rows that differ, by how they do.
func (c *compared) told() string {
	kinds := map[string][]migration.RowKey{}
	for _, d := range c.Differences {
		kind := string(d.Kind)
		if c.gone[d.Key] {
			kind = gone
		}
		kinds[kind] = append(kinds[kind], d.Key)
	}
	var parts []string
	for _, kind := range []string{string(records.Missing), string(records.Differs), gone, string(records.Surplus)} {
		if keys := kinds[kind]; len(keys) > 0 {
			parts = append(parts, kind+": "+named(keys))
		}
	}
	return strings.Join(parts, "; ")
}

const gone = "gone on the source"

// compare compares the chunk, and finds of what the target alone has what the copy brought.
func (w *rowChunk) compare(ctx context.Context) (*compared, error) {
	step.Headway(ctx)
	sums, err := w.bulk.Compare(ctx, w.chunk)
	step.Headway(ctx)
	if err != nil {
		return nil, err
	}
	c := &compared{ChunkComparison: sums, gone: map[migration.RowKey]bool{}}
	w.outcome.Rows = c.Rows
	brought, err := w.ours(ctx, c.Of(records.Surplus))
	for _, key := range brought {
		c.gone[key] = true
	}
	return c, err
}

// judge says what a comparison means after a copy that ended so.
func (w *rowChunk) judge(c *compared, r records.BulkResult) {
	o := &w.outcome
	o.Reason, o.Detail, o.Missing, o.Differing, o.Extra, o.Gone = "", "", 0, 0, 0, 0
	explained := map[migration.RowKey]bool{}
	for _, key := range r.Kept {
		explained[key] = !w.doubted[key]
	}
	for _, key := range r.Conflicts {
		explained[key] = true
	}
	var unexplained, left []migration.RowKey
	for _, d := range c.Differences {
		switch {
		case c.gone[d.Key]:
			o.Gone++
			left = append(left, d.Key)
		case d.Kind == records.Surplus:
			o.Extra++
		case d.Kind == records.Missing:
			o.Missing++
		default:
			o.Differing++
		}
		if d.Kind != records.Surplus && !explained[d.Key] {
			unexplained = append(unexplained, d.Key)
		}
	}
	for _, key := range unexplained {
		w.doubted[key] = r.Rows > 0
	}
	switch {
	case len(r.Conflicts) > 0:
		o.Reason, o.Detail = migration.ReasonRecordConflict, named(r.Conflicts)
	case len(unexplained) > 0:
		o.Reason, o.Detail = migration.ReasonVerifyDiffers, named(unexplained)
	case len(left) > 0:
		o.Detail = gone + ": " + named(left)
	}
}

// maxNamed bounds how many rows or files are named.
const maxNamed = 20

func named[T fmt.Stringer](keys []T) string {
	list := strings.ToValidUTF8(step.List(keys[:min(len(keys), maxNamed)]), "\uFFFD") // of files
	if more := len(keys) - maxNamed; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}
