package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/sethvargo/go-retry"

	"jogetferry/internal/database"
	"jogetferry/migration"
)

// DefaultDatabase is the database of a DSN that names none.
const DefaultDatabase = "jogetferry"

const (
	maxOpenConns    = 32
	maxIdleConns    = 16
	connMaxIdleTime = 5 * time.Minute
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
	pool  *sql.DB
	db    querier // pool, or the transaction of Together
	joint *sql.Tx // of Together, else nil
	actor string
}

// Open connects to dsn (go-sql-driver/mysql's form), creates the database
// named there (DefaultDatabase if none) where it is missing, and brings its
// tables up to date under a lock, so that several workers may start at once.
// The session is pinned whatever dsn says: UTC, strict mode, utf8mb4, READ
// COMMITTED. Malformed DSN: CodeInvalid; out of reach: CodeUnavailable.
func Open(ctx context.Context, dsn string, opts Options) (*Ledger, error) {
	const op = "open ledger"
	cfg, err := database.Parse(op, dsn)
	if err != nil {
		return nil, err
	}
	cfg.DBName = cmp.Or(cfg.DBName, DefaultDatabase)
	if err := createDatabase(ctx, cfg); err != nil {
		return nil, failure(op, cfg.DBName, err)
	}
	db, err := connect(cfg)
	if err != nil {
		return nil, failure(op, cfg.DBName, err)
	}
	l := &Ledger{pool: db, db: db, actor: opts.Actor}
	if err := takesChunks(ctx, db); err != nil {
		return nil, failure(op, cfg.DBName, errors.Join(err, db.Close()))
	}
	if err := applySchema(ctx, db, cfg.DBName); err != nil {
		return nil, failure(op, cfg.DBName, errors.Join(err, db.Close()))
	}
	return l, nil
}

// takesChunks returns CodeUnsupported where the server takes no statement with a chunk
// of a content: that would be found after a call.
func takesChunks(ctx context.Context, db *sql.DB) error {
	var packet int64
	if err := db.QueryRowContext(ctx, queryPacket).Scan(&packet); err != nil || packet >= leastPacket {
		return err
	}
	return &migration.Error{
		Code: migration.CodeUnsupported, Op: "open ledger",
		Hint: fmt.Sprintf("its server takes %d bytes at once; raise its max_allowed_packet to at least %d", packet, leastPacket),
	}
}

// Close closes all connections. Later calls are CodeUnavailable.
func (l *Ledger) Close() error { return l.pool.Close() }

// Ping reports whether the ledger answers; CodeUnavailable if not.
func (l *Ledger) Ping(ctx context.Context) error {
	return failure("reach ledger", "", l.pool.PingContext(ctx))
}

// Identity returns what tells this ledger from every other one, and stays the
// same when it is restored elsewhere from a dump.
func (l *Ledger) Identity(ctx context.Context) (migration.LedgerID, error) {
	var id migration.LedgerID
	err := l.db.QueryRowContext(ctx, queryIdentity).Scan(&id)
	return id, failure("read the ledger's identity", "", err)
}

func createDatabase(ctx context.Context, cfg *mysql.Config) error {
	direct, err := connect(cfg)
	if err != nil {
		return err
	}
	// An account of the ledger alone may not create databases, and need not
	// where there is one.
	err = errors.Join(direct.PingContext(ctx), direct.Close())
	if !database.IsNumber(err, database.UnknownDatabase) {
		return err
	}
	server := cfg.Clone()
	server.DBName = ""
	db, err := connect(server)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, queryCreateDatabase+database.Quote(cfg.DBName)+queryDatabaseOptions)
	return errors.Join(err, db.Close())
}

func connect(cfg *mysql.Config) (*sql.DB, error) {
	return database.Open(cfg, database.Options{
		ParseTime: true, FoundRows: true, MaxOpen: maxOpenConns, MaxIdle: maxIdleConns, MaxIdleTime: connMaxIdleTime,
	})
}

// errRaced: a row that was not there a moment ago is there.
var errRaced = errors.New("another worker was quicker")

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
		return lostToAnother(err) || database.ClassOf(err) == database.Duplicate || errors.Is(err, errRaced)
	}
	return l.repeat(ctx, op, subject, again, do)
}

// Together makes what do writes and reads by the ledger that it is given one transaction,
// committed when Together returns nil. do is repeated where the server ended that in favour
// of another one, or another's insert was quicker: it must have no effect elsewhere but on
// variables that it sets anew. subject is the instance that it is about.
func (l *Ledger) Together(ctx context.Context, op, subject string, do func(*Ledger) error) error {
	return l.txAgain(ctx, op, subject, func(tx *sql.Tx) error {
		return do(&Ledger{pool: l.pool, db: tx, joint: tx, actor: l.actor})
	})
}

func (l *Ledger) repeat(ctx context.Context, op, subject string, again func(error) bool, do func(*sql.Tx) error) error {
	if l.joint != nil {
		return failure(op, subject, do(l.joint)) // it is repeated as a whole
	}
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
	tx, err := l.pool.BeginTx(ctx, nil)
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

func lostToAnother(err error) bool { return database.ClassOf(err) == database.Retry }

// failure gives err a code; nil stays nil, an error with a code stays as it is.
// What is neither known nor a server's answer counts as out of reach: a closed
// pool, a driver's own words for a broken connection.
func failure(op, subject string, err error) error {
	switch {
	case errors.Is(err, errUndecodable):
		return migration.E(migration.CodeInternal, op, subject, "%w", err)
	case err != nil && !database.Answered(err) && database.ClassOf(err) == database.Internal:
		var coded *migration.Error
		if !errors.As(err, &coded) {
			return migration.E(migration.CodeUnavailable, op, subject, "%w", err)
		}
	}
	return database.Failure(op, subject, err)
}

// now reads the database's clock.
func now(ctx context.Context, q querier) (time.Time, error) {
	var t time.Time
	err := q.QueryRowContext(ctx, queryNow).Scan(&t)
	return t, err
}

// inserted reports whether an INSERT made its row; false: there is one already, which the
// transaction has locked.
func inserted(_ sql.Result, err error) (bool, error) {
	if database.ClassOf(err) == database.Duplicate {
		return false, nil
	}
	return err == nil, err
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

func nullable[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}
