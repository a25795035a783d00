package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"

	"jogetferry/simulator/schema"
)

// maxID is the length at which the engine cuts instance and activity IDs.
const maxID = 100

// asideConn is a connection of its own for short transactions beside the
// call's: reserving numbers in the call's transaction would make every other
// call wait for it, and taking another pooled connection could deadlock a
// small pool.
type asideConn struct {
	db   *sql.DB
	mu   sync.Mutex
	conn *sql.Conn
}

func (a *asideConn) close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conn == nil {
		return nil
	}
	conn := a.conn
	a.conn = nil
	return conn.Close()
}

func (a *asideConn) do(ctx context.Context, fn func(*sql.Tx) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var err error
	for range attempts {
		if err = a.once(ctx, fn); !retryable(err) && !errors.Is(err, driver.ErrBadConn) && !errors.Is(err, sql.ErrConnDone) {
			return err
		}
	}
	return err
}

func (a *asideConn) once(ctx context.Context, fn func(*sql.Tx) error) error {
	if a.conn == nil {
		conn, err := a.db.Conn(ctx)
		if err != nil {
			return err
		}
		a.conn = conn
	}
	tx, err := a.conn.BeginTx(ctx, nil)
	if err != nil {
		_ = a.conn.Close()
		a.conn = nil
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// sequence hands out numbers of reserved blocks.
type sequence struct {
	mu        sync.Mutex
	next, end int64
}

func (s *sequence) take(reserve func() (int64, error)) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == s.end {
		first, err := reserve()
		if err != nil {
			return 0, err
		}
		s.next, s.end = first, first+schema.Block
	}
	s.next++
	return s.next - 1, nil
}

func (e *Engine) oid(ctx context.Context) (int64, error) {
	return e.objects.take(func() (first int64, err error) {
		err = e.aside.do(ctx, func(tx *sql.Tx) error {
			first, err = schema.ReserveObjectIDs(ctx, tx, schema.Block)
			return err
		})
		return first, err
	})
}

func (e *Engine) count(ctx context.Context, name string) (int64, error) {
	e.countsMu.Lock()
	s := e.counts[name]
	if s == nil {
		s = &sequence{}
		e.counts[name] = s
	}
	e.countsMu.Unlock()
	return s.take(func() (first int64, err error) {
		err = e.aside.do(ctx, func(tx *sql.Tx) error {
			first, err = schema.ReserveCounter(ctx, tx, name, schema.Block)
			return err
		})
		return first, err
	})
}

// numbered takes an object ID and a value of a CNT counter.
func (e *Engine) numbered(ctx context.Context, counter string) (oid, cnt int64, err error) {
	if oid, err = e.oid(ctx); err != nil {
		return 0, 0, err
	}
	cnt, err = e.count(ctx, counter)
	return oid, cnt, err
}

// resource returns the object ID of a user name in SHKResourcesTable, where a
// row appears when the name is first seen and never goes.
func (e *Engine) resource(ctx context.Context, user string) (int64, error) {
	e.mu.Lock()
	known := e.resources[user]
	e.mu.Unlock()
	if known != 0 {
		return known, nil
	}
	fresh, err := e.oid(ctx)
	if err != nil {
		return 0, err
	}
	err = e.aside.do(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, selectResource, user).Scan(&known)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		known = fresh
		_, err = tx.ExecContext(ctx, insertResource, user, fresh)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("find resource row: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.resources[user] = known
	return known, nil
}

func cutID(id string) string {
	if r := []rune(id); len(r) > maxID {
		return string(r[:maxID])
	}
	return id
}
