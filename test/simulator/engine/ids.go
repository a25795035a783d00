package engine

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"

	"jogetferry/test/simulator/schema"
)

// maxID is the length at which the engine cuts instance and activity IDs.
const maxID = 100

// Numbers and resource rows are made in transactions of their own, never
// inside a call's: reserving there would make every other call wait for it.
// A call that runs out of them is undone, the shortage is filled, and the call
// runs again.

// shortage is what a call lacked.
type shortage struct {
	counter string // name of a counter, objectIDs for object IDs, "" for none
	user    string // user name without a resource row, "" for none
}

// objectIDs names the sequence of object IDs among the counters.
const objectIDs = "objectid"

func (s *shortage) Error() string { return "numbers have run out" }

// sequence hands out numbers of reserved blocks.
type sequence struct {
	mu     sync.Mutex
	blocks [][2]int64 // next and end of each
}

func (s *sequence) take() (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.blocks) == 0 {
		return 0, false
	}
	b := &s.blocks[0]
	n := b[0]
	if b[0]++; b[0] == b[1] {
		s.blocks = s.blocks[1:]
	}
	return n, true
}

func (s *sequence) empty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.blocks) == 0
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

// usual are the sequences that nearly every start needs.
var usual = []string{objectIDs, schema.CounterProcess, schema.CounterProcessData, schema.CounterActivity, schema.CounterActData, schema.CounterAssignment}

// stock makes sure that a call does not begin without numbers.
func (e *Engine) stock(ctx context.Context) error {
	for _, name := range usual {
		if e.sequence(name).empty() {
			if err := e.reserve(ctx, name, 1); err != nil {
				return err
			}
		}
	}
	return nil
}

// reserve adds whole blocks to a sequence.
func (e *Engine) reserve(ctx context.Context, name string, blocks int64) error {
	e.filling.Lock()
	defer e.filling.Unlock()
	s := e.sequence(name)
	if blocks == 1 && !s.empty() {
		return nil // somebody else just did
	}
	var first int64
	err := e.apart(ctx, func(tx *sql.Tx) (err error) {
		if name == objectIDs {
			first, err = schema.ReserveObjectIDs(ctx, tx, blocks*schema.Block)
		} else {
			first, err = schema.ReserveCounter(ctx, tx, name, blocks*schema.Block)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("reserve numbers of %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocks = append(s.blocks, [2]int64{first, first + blocks*schema.Block})
	return nil
}

// apart runs a short transaction, again after a deadlock.
func (e *Engine) apart(ctx context.Context, fn func(*sql.Tx) error) error {
	var err error
	for range attempts {
		if err = schema.InTransaction(ctx, e.db, nil, fn); !deadlock(err) {
			return err
		}
	}
	return err
}

// fill ends a shortage. A call that comes back for the same numbers gets more
// of them each time.
func (e *Engine) fill(ctx context.Context, s *shortage, times map[string]int64) error {
	if s.user != "" {
		return e.newResource(ctx, s.user)
	}
	times[s.counter] = max(1, 2*times[s.counter])
	return e.reserve(ctx, s.counter, times[s.counter])
}

func (s *session) count(name string) (int64, error) {
	n, ok := s.sequence(name).take()
	if !ok {
		return 0, &shortage{counter: name}
	}
	s.taken[name] = append(s.taken[name], n)
	return n, nil
}

// putBack returns the numbers of a call that was undone, so that it gets the
// same ones when it runs again, and later calls get later ones.
func (s *session) putBack() {
	for name, numbers := range s.taken {
		q := s.sequence(name)
		q.mu.Lock()
		back := make([][2]int64, 0, len(q.blocks)+1)
		for _, n := range numbers {
			if last := len(back) - 1; last >= 0 && back[last][1] == n {
				back[last][1]++
			} else {
				back = append(back, [2]int64{n, n + 1})
			}
		}
		q.blocks = append(back, q.blocks...)
		slices.SortFunc(q.blocks, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
		q.mu.Unlock()
	}
}

func (s *session) oid() (int64, error) { return s.count(objectIDs) }

// numbered takes an object ID and a value of a CNT counter.
func (s *session) numbered(counter string) (oid, cnt int64, err error) {
	if oid, err = s.oid(); err != nil {
		return 0, 0, err
	}
	cnt, err = s.count(counter)
	return oid, cnt, err
}

// resource returns the object ID of a user name in SHKResourcesTable.
func (e *Engine) resource(user string) (int64, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	oid := e.resources[user]
	if oid == 0 {
		return 0, &shortage{user: user}
	}
	return oid, nil
}

// newResource finds or makes the resource row of a user for resource. A row appears when
// the name is first seen and never goes.
func (e *Engine) newResource(ctx context.Context, user string) error {
	if _, err := e.resource(user); err == nil {
		return nil
	}
	e.filling.Lock()
	defer e.filling.Unlock()
	var oid int64
	err := e.apart(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, selectResource, user).Scan(&oid)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if oid, err = schema.ReserveObjectIDs(ctx, tx, 1); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, insertResource, user, oid)
		return err
	})
	if err != nil {
		return fmt.Errorf("find resource row: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.resources[user] = oid
	return nil
}

func cutID(id string) string {
	if r := []rune(id); len(r) > maxID {
		return string(r[:maxID])
	}
	return id
}
