package schema

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// InTransaction runs fn in a transaction and commits it, or rolls it back when
// fn fails. The error is fn's or that of the transaction itself; opts may be nil.
func InTransaction(ctx context.Context, db *sql.DB, opts *sql.TxOptions, fn func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("opening a transaction: %w", err)
	}
	if err := fn(tx); err != nil {
		if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			return errors.Join(err, fmt.Errorf("rolling back: %w", undo))
		}
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	return nil
}

// Queryer is a database, a connection or a transaction.
type Queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Each calls fn for every row of a query; fn reads it with scan.
func Each(ctx context.Context, q Queryer, fn func(scan func(...any) error) error, query string, args ...any) (err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// WithDatabase opens the MySQL database of a DSN for the time of fn.
func WithDatabase(dsn string, fn func(*sql.DB) error) error {
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return fmt.Errorf("reading the DSN: %w", err)
	}
	return errors.Join(fn(db), db.Close())
}
