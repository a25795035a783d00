package bulk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
)

// CopyChunks does what the pass does with chunk after chunk of a turn, until none is left or
// the copy is paused. A lane whose worker died goes on with its own chunk, in which what is
// done is left as it is.
func (act *Activities) CopyChunks(ctx context.Context, in contract.LaneInput) (contract.LaneOutput, error) {
	var out contract.LaneOutput
	if _, err := act.Bound(ctx, in.Migration); err != nil {
		return out, err
	}
	l, err := act.lane(ctx, in)
	if err != nil {
		return out, err
	}
	for {
		if err := l.look(ctx); err != nil {
			return out, notPaused(err)
		}
		chunk, ok, err := act.Ledger.TakeBulk(ctx, in.Migration, l.token, in.Turn)
		if err != nil || !ok {
			return out, err
		}
		outcome, err := l.do(ctx, chunk)
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
	order   migration.BulkOrder // as of the latest look
	rows    *rows
	trails  map[string]*rows // by app, those that it had chunks of
	files   files
	limiter *rate.Limiter // its part of the rate of the copy
	looked  time.Time
}

func (act *Activities) lane(ctx context.Context, in contract.LaneInput) (l *lane, err error) {
	l = &lane{Activities: act, in: in, token: step.Token(ctx), limiter: rate.NewLimiter(rate.Inf, 1), trails: map[string]*rows{}}
	l.rows, err = newRows(ctx, l)
	l.files = files{l}
	return l, err
}

// of returns what does a chunk of an app's trails.
func (l *lane) of(ctx context.Context, c migration.BulkChunk) (*rows, error) {
	app, _, _ := strings.Cut(c.Table, "/")
	if l.trails[app] == nil {
		t, err := l.Activities.trails(ctx, app)
		if err != nil {
			return nil, err
		}
		l.trails[app] = newTrails(l, t)
	}
	return l.trails[app], nil
}

// do is what the pass does with a chunk.
func (l *lane) do(ctx context.Context, c migration.BulkChunk) (migration.BulkOutcome, error) {
	switch c.Kind {
	case migration.BulkRows:
		return l.rows.do(ctx, c)
	case migration.BulkTrail:
		trails, err := l.of(ctx, c)
		if err != nil {
			return migration.BulkOutcome{}, err
		}
		return trails.do(ctx, c)
	case migration.BulkFiles:
		return l.files.do(ctx, c)
	}
	return migration.BulkOutcome{}, nil
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
	l.order = bulk.BulkOrder
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
