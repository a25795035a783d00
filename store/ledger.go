package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/sethvargo/go-retry"

	"jogetferry/migration"
)

// DefaultDatabase is the database of a DSN that names none.
const DefaultDatabase = "jogetferry"

const (
	maxOpenConns    = 32
	maxIdleConns    = 16
	connMaxIdleTime = 5 * time.Minute
	dialTimeout     = 10 * time.Second
	txAttempts      = 10                    // of a transaction that the server ended in favour of another
	txPause         = 5 * time.Millisecond  // before the second attempt; doubles
	txPauseMost     = 80 * time.Millisecond // between attempts
	txJitter        = 90                    // percent
	chunkRows       = 500                   // of one statement
)

// Options tune a Ledger.
type Options struct {
	// Actor stands in log lines that name nobody else: a worker's identity or
	// an operator's name.
	Actor string
}

// Ledger is the migrator's state in MySQL. It is safe for concurrent use, by
// any number of processes.
type Ledger struct {
	db    *sql.DB
	actor string
}

// Open connects to dsn (go-sql-driver/mysql's form), creates the database
// named there (DefaultDatabase if none) where it is missing, and brings its
// tables up to date under a lock, so that several workers may start at once.
// The session is pinned whatever dsn says: UTC, strict mode, utf8mb4, READ
// COMMITTED. Malformed DSN: CodeInvalid; out of reach: CodeUnavailable.
func Open(ctx context.Context, dsn string, opts Options) (*Ledger, error) {
	const op = "open ledger"
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		// The driver's message may repeat the DSN, password and all.
		return nil, &migration.Error{Code: migration.CodeInvalid, Op: op, Hint: "want user:password@tcp(host:port)/database"}
	}
	pin(cfg)
	if err := createDatabase(ctx, cfg); err != nil {
		return nil, failure(op, cfg.DBName, err)
	}
	db, err := connect(cfg)
	if err != nil {
		return nil, failure(op, cfg.DBName, err)
	}
	l := &Ledger{db: db, actor: opts.Actor}
	if err := applySchema(ctx, db, cfg.DBName); err != nil {
		return nil, failure(op, cfg.DBName, errors.Join(err, db.Close()))
	}
	return l, nil
}

// Close closes all connections. Later calls are CodeUnavailable.
func (l *Ledger) Close() error { return l.db.Close() }

// Ping reports whether the ledger answers; CodeUnavailable if not.
func (l *Ledger) Ping(ctx context.Context) error {
	return failure("reach ledger", "", l.db.PingContext(ctx))
}

func pin(cfg *mysql.Config) {
	if cfg.DBName == "" {
		cfg.DBName = DefaultDatabase
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = dialTimeout
	}
	cfg.ParseTime, cfg.Loc = true, time.UTC
	cfg.Collation = "utf8mb4_bin"
	cfg.InterpolateParams = true
	cfg.ClientFoundRows = true
	cfg.MultiStatements = false
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	cfg.Params["time_zone"] = "'+00:00'"
	cfg.Params["sql_mode"] = "'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'"
}

func createDatabase(ctx context.Context, cfg *mysql.Config) error {
	direct, err := connect(cfg)
	if err != nil {
		return err
	}
	// An account of the ledger alone may not create databases, and need not
	// where there is one.
	err = errors.Join(direct.PingContext(ctx), direct.Close())
	var refused *mysql.MySQLError
	if !errors.As(err, &refused) || refused.Number != errUnknownDatabase {
		return err
	}
	server := cfg.Clone()
	server.DBName = ""
	db, err := connect(server)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, queryCreateDatabase+quoted(cfg.DBName)+queryDatabaseOptions)
	return errors.Join(err, db.Close())
}

func connect(cfg *mysql.Config) (*sql.DB, error) {
	inner, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("configure the connection: %w", err)
	}
	db := sql.OpenDB(readCommitted{inner})
	db.SetMaxOpenConns(maxOpenConns)
	db.SetMaxIdleConns(maxIdleConns)
	db.SetConnMaxIdleTime(connMaxIdleTime)
	return db, nil
}

// readCommitted sets the isolation by statement: the variable's name is not the
// same in MySQL 8 and MariaDB 10.
type readCommitted struct{ driver.Connector }

func (c readCommitted) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	execer, ok := conn.(driver.ExecerContext)
	if !ok {
		return nil, errors.Join(errors.New("the MySQL driver cannot execute"), conn.Close())
	}
	if _, err := execer.ExecContext(ctx, queryReadCommitted, nil); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// errRaced: a row that was not there a moment ago is there.
var errRaced = errors.New("another one was quicker")

// tx runs do in a transaction, again from its start where the server ended it
// in favour of another one. do must have no effect but on the transaction and
// on variables it sets anew. A commit whose answer was lost is not repeated:
// the caller gets CodeUnavailable, and finds out by asking.
func (l *Ledger) tx(ctx context.Context, op, subject string, do func(*sql.Tx) error) error {
	return l.repeat(ctx, op, subject, lostToAnother, do)
}

// txAgain is tx for a transaction that inserts what it did not find: losing the
// race to another one's insert is no error, it looks again.
func (l *Ledger) txAgain(ctx context.Context, op, subject string, do func(*sql.Tx) error) error {
	again := func(err error) bool {
		return lostToAnother(err) || numbered(err, errDuplicate) || errors.Is(err, errRaced)
	}
	return l.repeat(ctx, op, subject, again, do)
}

func (l *Ledger) repeat(ctx context.Context, op, subject string, again func(error) bool, do func(*sql.Tx) error) error {
	// Apart from each other, those who collided do not collide again.
	backoff := retry.WithMaxRetries(txAttempts-1, retry.WithJitterPercent(txJitter, retry.WithCappedDuration(txPauseMost, retry.NewExponential(txPause))))
	err := retry.Do(ctx, backoff, func(ctx context.Context) error {
		err := l.once(ctx, do)
		if again(err) {
			return retry.RetryableError(err)
		}
		return err
	})
	return failure(op, subject, err)
}

func (l *Ledger) once(ctx context.Context, do func(*sql.Tx) error) (err error) {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			// A rollback that does not get through happens at the server's end.
			err = errors.Join(err, ignoreDone(tx.Rollback()))
		}
	}()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// The server's error numbers that mean something here.
const (
	errUnknownDatabase = 1049
	errDuplicate       = 1062
	errLockWait        = 1205
	errDeadlock        = 1213
	errTooLong         = 1406
	errBadText         = 1366
	errTooManyConns    = 1040
	errShutdown        = 1053
	errTooLarge        = 1153
	errReadOnly        = 1290
	errInterrupted     = 1317
	errKilled          = 1927
)

func numbered(err error, numbers ...uint16) bool {
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return false
	}
	for _, n := range numbers {
		if e.Number == n {
			return true
		}
	}
	return false
}

func lostToAnother(err error) bool { return numbered(err, errDeadlock, errLockWait) }

// failure gives err a code; nil stays nil, an error with a code stays as it is.
func failure(op, subject string, err error) error {
	var coded *migration.Error
	var answered *mysql.MySQLError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &coded):
		return err
	case errors.Is(err, errUndecodable):
		return migration.E(migration.CodeInternal, op, subject, "%w", err)
	case numbered(err, errDuplicate):
		return migration.E(migration.CodeConflict, op, subject, "%w", err)
	case errors.Is(err, mysql.ErrPktTooLarge), numbered(err, errTooLarge):
		large := migration.E(migration.CodeUnsupported, op, subject, "%w", err)
		large.Hint = "raise max_allowed_packet of the ledger's server"
		return large
	case numbered(err, errTooLong, errBadText):
		return migration.E(migration.CodeInvalid, op, subject, "%w", err)
	case numbered(err, errDeadlock, errLockWait, errTooManyConns, errShutdown, errReadOnly, errInterrupted, errKilled):
	case errors.As(err, &answered) && (answered.Number >= 1044 && answered.Number <= 1045 || answered.Number == 1142):
		refused := migration.E(migration.CodeRefused, op, subject, "%w", err)
		refused.Hint = "check the ledger account's password and rights"
		return refused
	case errors.As(err, &answered):
		return migration.E(migration.CodeInternal, op, subject, "%w", err)
	}
	return migration.E(migration.CodeUnavailable, op, subject, "%w", err)
}

// now reads the database's clock.
func now(ctx context.Context, q querier) (time.Time, error) {
	var t time.Time
	err := q.QueryRowContext(ctx, queryNow).Scan(&t)
	return t, err
}

// querier is what *sql.DB and *sql.Tx have in common.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// each runs a query and calls scan for every row.
func each(ctx context.Context, q querier, query string, args []any, scan func(scanner) error) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// listed returns "(?,?,?)" and the values as arguments; never for no values.
func listed[T ~string](values []T) (string, []any) {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = string(v)
	}
	return tuple(len(values)), args
}

// tuple returns "(?,?,?)" with n places.
func tuple(n int) string { return "(" + strings.TrimSuffix(strings.Repeat("?,", n), ",") + ")" }

// tuples returns "(?,?),(?,?)" for rows of n places.
func tuples(rows, n int) string {
	return strings.TrimSuffix(strings.Repeat(tuple(n)+",", rows), ",")
}

func quoted(identifier string) string {
	return "`" + strings.ReplaceAll(identifier, "`", "``") + "`"
}

func nullable[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}
