package bulk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"jogetferry/activities/step"
	"jogetferry/migration"
	"jogetferry/records"
)

// rows is what a lane does with chunks of form tables.
type rows struct {
	*Activities

	bulk *records.Bulk
}

func newRows(l *lane) *rows {
	r := &rows{Activities: l.Activities}
	r.bulk = &records.Bulk{Source: r.Source.Rows(), Target: r.Target.Form(), Options: records.BulkOptions{
		OnConflict: r.Settings.OnConflict, Pace: l.pace, Leave: r.rekeyed,
		Images: r.Ledger.RowImages(l.in.Migration, r.Key(owner)),
	}}
	return r
}

// copy copies and compares a chunk. What differs after that is copied once more: the
// source may have changed between the two.
func (r *rows) copy(ctx context.Context, c migration.BulkChunk) (migration.BulkOutcome, error) {
	r.bulk.Options.Meant = func(ctx context.Context, _ records.Chunk, brought []records.Brought) error {
		meant := make([]migration.BulkRow, len(brought))
		for i, b := range brought {
			meant[i] = migration.BulkRow{ID: b.ID, Digest: b.Digest}
		}
		return r.Ledger.MeantInBulk(ctx, r.Target.Fingerprint, c, meant)
	}
	chunk := records.Chunk{Table: c.Table, After: c.After, To: c.To, Rows: c.Rows}
	var o migration.BulkOutcome
	for try := 1; ; try++ {
		result, err := r.bulk.Copy(ctx, chunk)
		add(&o, result)
		if migration.CodeOf(err) == migration.CodeUnsupported {
			return refused(o, err), nil
		}
		if err != nil {
			return o, err
		}
		step.Headway(ctx)
		compared, err := r.bulk.Compare(ctx, chunk)
		if err != nil {
			return o, err
		}
		if compared.Differences, err = r.expected(ctx, compared.Differences); err != nil {
			return o, err
		}
		if judge(&o, compared, result); o.Reason != migration.ReasonVerifyDiffers || try == copyTries {
			return o, nil
		}
	}
}

// rekeyed returns which of some rows are of records that get another ID on the target:
// these come with their instance, and under that ID.
func (r *rows) rekeyed(ctx context.Context, ids []migration.RecordID) (map[migration.RecordID]bool, error) {
	rekeys, err := r.Rekeys(ctx, r.Key(owner), ids)
	leave := make(map[migration.RecordID]bool, len(rekeys))
	for id := range rekeys {
		leave[id] = true
	}
	return leave, err
}

// expected takes out of differences the rows that were left.
func (r *rows) expected(ctx context.Context, differences []records.Difference) ([]records.Difference, error) {
	var missing []migration.RecordID
	for _, d := range differences {
		if d.Kind == records.Missing {
			missing = append(missing, d.Key.ID)
		}
	}
	leave, err := r.rekeyed(ctx, missing)
	return slices.DeleteFunc(differences, func(d records.Difference) bool { return d.Kind == records.Missing && leave[d.Key.ID] }), err
}

// copyTries is how often a chunk is copied while the source changes.
const copyTries = 2

// add counts what a copy of the chunk did; of rows it counts those of the last one.
func add(o *migration.BulkOutcome, r records.BulkResult) {
	o.Rows, o.Bytes = int64(r.Rows), r.Bytes
	o.Inserted += int64(r.Inserted)
	o.Overwritten += int64(r.Overwritten)
	o.Same, o.Kept, o.Conflicts = int64(r.Same), int64(r.Kept), int64(len(r.Conflicts))
}

func refused(o migration.BulkOutcome, err error) migration.BulkOutcome {
	o.Reason, o.Detail = migration.ReasonRecordUnsupported, err.Error()
	return o
}

// judge says what a comparison means after a copy that ended so.
func judge(o *migration.BulkOutcome, c records.ChunkComparison, r records.BulkResult) {
	o.Reason, o.Detail, o.Missing, o.Differing, o.Extra = "", "", 0, 0, 0
	conflicts := map[migration.RowKey]bool{}
	for _, key := range r.Conflicts {
		conflicts[key] = true
	}
	var unexplained []migration.RowKey
	for _, d := range c.Differences {
		switch d.Kind {
		case records.Missing:
			o.Missing++
		case records.Differs:
			o.Differing++
		case records.Surplus:
			o.Extra++
			continue // the target's own
		}
		if !conflicts[d.Key] {
			unexplained = append(unexplained, d.Key)
		}
	}
	switch {
	case len(r.Conflicts) > 0:
		o.Reason, o.Detail = migration.ReasonRecordConflict, named(r.Conflicts)
	case len(unexplained) > r.Kept:
		o.Reason, o.Detail = migration.ReasonVerifyDiffers, named(unexplained)
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
