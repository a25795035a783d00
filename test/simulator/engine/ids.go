package engine

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"jogetferry/test/simulator/schema"
)

// maxID is the length at which the engine cuts instance and activity IDs.
const maxID = 100

// objectIDs names the sequence of object IDs among the counters.
const objectIDs = "objectid"

// sequence hands out the numbers of one reserved block.
type sequence struct {
	mu        sync.Mutex
	next, end int64
}

func (e *Engine) sequence(name string) *sequence {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.sequences[name]
	if s == nil {
		s = &sequence{}
		e.sequences[name] = s
	}
	return s
}

// attempts of a short transaction that the database itself ends with a deadlock.
const attempts = 10

// count takes the next number of a counter, from a new block where the last
// one is used up: reserved in a transaction of its own, as all the engine's
// counters are.
func (e *Engine) count(ctx context.Context, name string) (int64, error) {
	s := e.sequence(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == s.end {
		var err error
		for range attempts {
			err = schema.InTransaction(ctx, e.db, nil, func(tx *sql.Tx) (err error) {
				if name == objectIDs {
					s.next, err = schema.ReserveObjectIDs(ctx, tx, schema.Block)
				} else {
					s.next, err = schema.ReserveCounter(ctx, tx, name, schema.Block)
				}
				return err
			})
			if !deadlock(err) {
				break
			}
		}
		if err != nil {
			s.next, s.end = 0, 0
			return 0, fmt.Errorf("reserve numbers of %s: %w", name, err)
		}
		s.end = s.next + schema.Block
	}
	s.next++
	return s.next - 1, nil
}

func (e *Engine) oid(ctx context.Context) (int64, error) { return e.count(ctx, objectIDs) }

// numbered takes an object ID and a value of a CNT counter.
func (e *Engine) numbered(ctx context.Context, counter string) (oid, cnt int64, err error) {
	if oid, err = e.oid(ctx); err != nil {
		return 0, 0, err
	}
	cnt, err = e.count(ctx, counter)
	return oid, cnt, err
}

func cutID(id string) string {
	if r := []rune(id); len(r) > maxID {
		return string(r[:maxID])
	}
	return id
}
