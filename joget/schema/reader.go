package schema

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"slices"
	"time"

	"jogetferry/internal/database"
	"jogetferry/migration"
)

// Querier runs one query. Rows must be closed before the next query on a Snap.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Reader reads Joget's tables, all through one Querier. Lists are sorted as
// the types of package migration say. Errors are *migration.Error:
// CodeUnavailable is worth a retry, CodeUnsupported means that the schema is
// not one we know, CodeRefused that the account may not read it.
type Reader struct {
	db *DB
	q  Querier
}

// Snap is a Reader whose reads all see the database as it was at one moment.
// It is one connection: for one goroutine, one query at a time.
type Snap struct{ Reader }

// Fresh returns a Reader that sees what is committed at the time of each query
// (autocommit, READ COMMITTED): for reconciling on the target. Its methods of
// several queries look in an order in which an instance that is archived
// meanwhile is seen. Safe for concurrent use.
func (d *DB) Fresh() *Reader { return &Reader{db: d, q: d.pool} }

// QueryContext runs a query of the caller's own on what the Reader reads, such
// as form rows within the snapshot. It implements Querier.
func (r *Reader) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return r.q.QueryContext(ctx, query, args...)
}

// Table returns the quoted real name of a table; see DB.Table.
func (r *Reader) Table(ctx context.Context, name string) (string, error) {
	return r.db.Table(ctx, name)
}

// rollbackTimeout bounds the end of a snapshot whose context is gone.
const rollbackTimeout = 10 * time.Second

// Snapshot calls f with a Snap on one consistent snapshot of the database,
// taken before f is called, read-only, and ended when f returns. Keep f short:
// schema changes of the server wait for it. The error is f's, or CodeUnavailable
// and the like when the snapshot could not be taken.
func (d *DB) Snapshot(ctx context.Context, f func(ctx context.Context, s *Snap) error) error {
	const op = "take a snapshot"
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return wrap(op, err)
	}
	defer conn.Close()
	defer endSnapshot(ctx, conn)
	if err := beginSnapshot(ctx, conn); err != nil {
		return wrap(op, err)
	}
	return f(ctx, &Snap{Reader{db: d, q: conn}})
}

func beginSnapshot(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, nextIsolation); err != nil {
		return err
	}
	_, err := conn.ExecContext(ctx, startSnapshot)
	return err
}

// endSnapshot also runs when ctx is cancelled. A connection that cannot be
// rolled back must not go back to the pool.
func endSnapshot(ctx context.Context, conn *sql.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	if _, err := conn.ExecContext(ctx, rollback); err != nil {
		dropConnection(conn)
	}
}

// dropConnection takes a connection out of its pool.
func dropConnection(conn *sql.Conn) {
	//nolint:errcheck // ErrBadConn is what tells the pool to drop the connection
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
}

// scanner is the Scan of a row.
type scanner func(dest ...any) error

// collect runs query and makes a value of each row. The rows are closed when
// it returns.
func collect[T any](ctx context.Context, q Querier, query string, args []any, row func(scanner) (T, error)) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := row(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// read is collect with table names filled in and errors coded.
func read[T any](ctx context.Context, r *Reader, op, query string, args []any, row func(scanner) (T, error)) ([]T, error) {
	text, err := r.db.expand(ctx, query)
	if err != nil {
		return nil, err
	}
	all, err := collect(ctx, r.q, text, args, row)
	return all, wrap(op, err)
}

// lookUp is read by a text that may be anybody's, such as a record ID: where the
// column's character set has no place for it, nothing is there.
func lookUp[T any](ctx context.Context, r *Reader, op, query string, args []any, row func(scanner) (T, error)) ([]T, error) {
	all, err := read(ctx, r, op, query, args, row)
	if database.Incomparable(err) {
		return nil, nil
	}
	return all, err
}

// batch is how many keys one query takes.
const batch = 500

// batched calls f with parts of keys, none empty. A key that the server cannot
// compare with the column is not there: the others are looked up without it, so
// that one user's name does not stop what is asked of everybody. f must have no
// effect before its query has succeeded.
func batched[K any](keys []K, f func(part []K) error) error {
	for part := range slices.Chunk(keys, batch) {
		if err := withoutIncomparable(part, f); err != nil {
			return err
		}
	}
	return nil
}

func withoutIncomparable[K any](part []K, f func(part []K) error) error {
	err := f(part)
	switch {
	case !database.Incomparable(err):
		return err
	case len(part) == 1:
		return nil
	}
	half := len(part) / 2
	if err := withoutIncomparable(part[:half], f); err != nil {
		return err
	}
	return withoutIncomparable(part[half:], f)
}

// states returns the state tables, oid to name; they never change.
func (r *Reader) states(ctx context.Context) (process, activity map[int64]migration.State, err error) {
	r.db.mu.Lock()
	process, activity = r.db.states, r.db.actives
	r.db.mu.Unlock()
	if process != nil {
		return process, activity, nil
	}
	load := func(query string) (map[int64]migration.State, error) {
		type row struct {
			oid   int64
			state migration.State
		}
		rows, err := read(ctx, r, "read the states", query, nil, func(scan scanner) (v row, err error) {
			return v, scan(&v.oid, &v.state)
		})
		m := make(map[int64]migration.State, len(rows))
		for _, v := range rows {
			m[v.oid] = v.state
		}
		return m, err
	}
	if process, err = load(selectProcessStates); err != nil {
		return nil, nil, err
	}
	if activity, err = load(selectActivityStates); err != nil {
		return nil, nil, err
	}
	if len(open(process)) == 0 || len(open(activity)) == 0 {
		return nil, nil, migration.E(migration.CodeUnsupported, "read the states", "", "the state tables have no open state")
	}
	r.db.mu.Lock()
	defer r.db.mu.Unlock()
	r.db.states, r.db.actives = process, activity
	return process, activity, nil
}

// open returns the oids of the open states.
func open(states map[int64]migration.State) []int64 {
	var oids []int64
	for oid, s := range states {
		if s.Open() {
			oids = append(oids, oid)
		}
	}
	return oids
}
