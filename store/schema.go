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

// applySchema brings the tables up to date, one process at a time. The lock is
// held around all that goose does, not handed to goose: its look whether
// anything is to be done comes before its own lock, and fails on the version
// table of another process that is between creating and filling it.
func applySchema(ctx context.Context, db *sql.DB, database string) (err error) {
	files, err := fs.Sub(schemaFiles, "schema")
	if err != nil {
		return fmt.Errorf("read the schema changes: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectMySQL, db, files,
		goose.WithTableName(schemaTable),
		goose.WithDisableGlobalRegistry(true),
	)
	if err != nil {
		return fmt.Errorf("read the schema changes: %w", err)
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("reserve a connection: %w", err)
	}
	// Closing gives the lock back as well, so a cut unlock is no harm.
	defer func() { err = errors.Join(err, conn.Close()) }()
	lock := namedLock(database)
	if err := lock.take(ctx, conn); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.free(context.WithoutCancel(ctx), conn)) }()
	if err := mendVersions(ctx, conn); err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("change the tables: %w", err)
	}
	return nil
}

// mendVersions writes the version table's first row where a process died after
// creating the table: MySQL commits a CREATE TABLE by itself. The same death in
// the middle of a schema change is why those say IF NOT EXISTS.
func mendVersions(ctx context.Context, conn *sql.Conn) error {
	var tables int
	if err := conn.QueryRowContext(ctx, queryTableExists, schemaTable).Scan(&tables); err != nil {
		return fmt.Errorf("look for the table of versions: %w", err)
	}
	if tables == 0 {
		return nil
	}
	if _, err := conn.ExecContext(ctx, insertFirstVersion); err != nil {
		return fmt.Errorf("write the first version: %w", err)
	}
	return nil
}

// namedLock is a lock of the server that ends with its connection, one per database.
type namedLock string

func (n namedLock) name() string { return "jogetferry/" + digest([]byte(n))[:40] }

func (n namedLock) take(ctx context.Context, conn *sql.Conn) error {
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, queryLock, n.name(), schemaLockSeconds).Scan(&got); err != nil {
		return fmt.Errorf("lock the tables: %w", err)
	}
	if got.Int64 != 1 {
		return errSchemaBusy
	}
	return nil
}

func (n namedLock) free(ctx context.Context, conn *sql.Conn) error {
	var freed sql.NullInt64
	if err := conn.QueryRowContext(ctx, queryUnlock, n.name()).Scan(&freed); err != nil {
		return fmt.Errorf("unlock the tables: %w", err)
	}
	return nil
}
