package bulk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
)

// CopyChunks copies chunk after chunk until none is left, or the copy is paused. A lane
// whose worker died goes on with its own chunk, in which what is there is left as it is.
func (act *Activities) CopyChunks(ctx context.Context, in contract.LaneInput) (contract.LaneOutput, error) {
	var out contract.LaneOutput
	if _, err := act.Bound(ctx, in.Migration); err != nil {
		return out, err
	}
	l := act.lane(ctx, in)
	for {
		if err := l.look(ctx); err != nil {
			return out, notPaused(err)
		}
		chunk, ok, err := act.Ledger.TakeBulk(ctx, in.Migration, l.token)
		if err != nil || !ok {
			return out, err
		}
		outcome, err := l.copy(ctx, chunk)
		if errors.Is(err, errPaused) {
			return out, act.Ledger.ReleaseBulk(ctx, chunk, l.token)
		}
		if err != nil {
			return out, err
		}
		if err := act.Ledger.EndBulk(ctx, chunk, l.token, outcome); err != nil {
			return out, err
		}
		out.Chunks++
		if outcome.Reason != "" {
			out.Parked++
		}
	}
}

// errPaused ends a lane whose copy was paused.
var errPaused = errors.New("the copy is paused")

func notPaused(err error) error {
	if errors.Is(err, errPaused) {
		return nil
	}
	return err
}

// lookEvery is how long a lane goes on before it looks whether it may.
const lookEvery = 2 * time.Second

// lane is one lane of the copy.
type lane struct {
	*Activities

	in      contract.LaneInput
	token   migration.Token
	bulk    *records.Bulk
	limiter *rate.Limiter // its part of the rate of the copy
	looked  time.Time
}

func (act *Activities) lane(ctx context.Context, in contract.LaneInput) *lane {
	l := &lane{Activities: act, in: in, token: step.Token(ctx), limiter: rate.NewLimiter(rate.Inf, 1)}
	l.bulk = &records.Bulk{Source: act.Source.Rows(), Target: act.Target.Form(), Options: records.BulkOptions{
		OnConflict: act.Settings.OnConflict, Pace: l.pace, Leave: l.rekeyed,
		Images: act.Ledger.RowImages(in.Migration, act.Key(owner)),
	}}
	return l
}

// look takes over what the operator says of the copy: errPaused, and its rate.
func (l *lane) look(ctx context.Context) error {
	bulk, err := l.Ledger.Bulk(ctx, l.in.Migration)
	if err != nil {
		return err
	}
	if bulk.Status != migration.BulkRunning {
		return errPaused
	}
	limit := rate.Inf
	if bulk.RowsPerSecond > 0 {
		limit = rate.Limit(float64(bulk.RowsPerSecond) / float64(l.in.Lanes))
	}
	if l.limiter.Limit() != limit {
		l.limiter = rate.NewLimiter(limit, max(1, int(limit)))
	}
	l.looked = time.Now() //nolint:forbidigo // only when to look again depends on it
	return nil
}

// pace waits before a batch for both limits: that of the copy, and that of the worker.
func (l *lane) pace(ctx context.Context, rows int, _ int64) error {
	step.Headway(ctx)
	for rest := rows; rest > 0; {
		if time.Since(l.looked) > lookEvery {
			if err := l.look(ctx); err != nil {
				return err
			}
		}
		n := rest
		for _, limiter := range []*rate.Limiter{l.limiter, l.Settings.RowLimiter} {
			if limiter.Limit() != rate.Inf {
				n = min(n, limiter.Burst())
			}
		}
		for _, limiter := range []*rate.Limiter{l.limiter, l.Settings.RowLimiter} {
			if err := limiter.WaitN(ctx, n); err != nil && limiter.Limit() != rate.Inf {
				return fmt.Errorf("wait for the row limit: %w", err)
			}
		}
		step.Headway(ctx)
		rest -= n
	}
	return ctx.Err()
}

// copy copies and compares a chunk. What differs after that is copied once more: the
// source may have changed between the two.
func (l *lane) copy(ctx context.Context, c migration.BulkChunk) (migration.BulkOutcome, error) {
	l.bulk.Options.Meant = func(ctx context.Context, _ records.Chunk, rows []records.Brought) error {
		meant := make([]migration.BulkRow, len(rows))
		for i, r := range rows {
			meant[i] = migration.BulkRow{ID: r.ID, Digest: r.Digest}
		}
		return l.Ledger.MeantInBulk(ctx, l.Target.Fingerprint, c, meant)
	}
	chunk := records.Chunk{Table: c.Table, After: c.After, To: c.To, Rows: c.Rows}
	var o migration.BulkOutcome
	for try := 1; ; try++ {
		result, err := l.bulk.Copy(ctx, chunk)
		add(&o, result)
		if migration.CodeOf(err) == migration.CodeUnsupported {
			return refused(o, err), nil
		}
		if err != nil {
			return o, err
		}
		step.Headway(ctx)
		compared, err := l.bulk.Compare(ctx, chunk)
		if err != nil {
			return o, err
		}
		if compared.Differences, err = l.expected(ctx, compared.Differences); err != nil {
			return o, err
		}
		if judge(&o, compared, result); o.Reason != migration.ReasonVerifyDiffers || try == copyTries {
			return o, nil
		}
	}
}

// rekeyed returns which of some rows are of records that get another ID on the target:
// these come with their instance, and under that ID.
func (l *lane) rekeyed(ctx context.Context, ids []migration.RecordID) (map[migration.RecordID]bool, error) {
	rekeys, err := l.Rekeys(ctx, l.Key(owner), ids)
	leave := make(map[migration.RecordID]bool, len(rekeys))
	for id := range rekeys {
		leave[id] = true
	}
	return leave, err
}

// expected takes out of differences the rows that were left.
func (l *lane) expected(ctx context.Context, differences []records.Difference) ([]records.Difference, error) {
	var missing []migration.RecordID
	for _, d := range differences {
		if d.Kind == records.Missing {
			missing = append(missing, d.Key.ID)
		}
	}
	leave, err := l.rekeyed(ctx, missing)
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

// maxNamed bounds how many rows are named.
const maxNamed = 20

func named(keys []migration.RowKey) string {
	list := step.List(keys[:min(len(keys), maxNamed)])
	if more := len(keys) - maxNamed; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}
