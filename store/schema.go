package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

const (
	schemaTable       = "schema_version"
	schemaLockSeconds = 120
)

// errSchemaBusy: another worker kept the lock for schemaLockSeconds.
var errSchemaBusy = errors.New("another process is changing the ledger's tables")

func applySchema(ctx context.Context, db *sql.DB, database string) error {
	files, err := fs.Sub(schemaFiles, "schema")
	if err != nil {
		return fmt.Errorf("read the schema changes: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectMySQL, db, files,
		goose.WithTableName(schemaTable),
		goose.WithSessionLocker(namedLock(database)),
		goose.WithDisableGlobalRegistry(true),
	)
	if err != nil {
		return fmt.Errorf("read the schema changes: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("change the tables: %w", err)
	}
	return nil
}

// namedLock is a lock of the server that ends with its connection, one per database.
type namedLock string

func (n namedLock) name() string { return "jogetferry/" + digest([]byte(n))[:40] }

// SessionLock waits for the lock.
func (n namedLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, queryLock, n.name(), schemaLockSeconds).Scan(&got); err != nil {
		return fmt.Errorf("lock the tables: %w", err)
	}
	if got.Int64 != 1 {
		return errSchemaBusy
	}
	return nil
}

// SessionUnlock gives the lock back.
func (n namedLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	var freed sql.NullInt64
	if err := conn.QueryRowContext(ctx, queryUnlock, n.name()).Scan(&freed); err != nil {
		return fmt.Errorf("unlock the tables: %w", err)
	}
	return nil
}
