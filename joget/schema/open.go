package schema

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"

	"jogetferry/migration"
)

// Options configures a DB.
type Options struct {
	// ReadOnly makes every pooled connection refuse to write: for the source.
	ReadOnly bool
	// MaxOpen bounds the pool; 0 means defaultMaxOpen, and less than 2 is 2: a
	// snapshot holds one connection and may need another for table names.
	MaxOpen int
}

const (
	defaultMaxOpen = 16
	maxIdle        = 4
	maxIdleTime    = time.Minute
	dialTimeout    = 10 * time.Second
)

// DB is the database of one Joget server. It is safe for concurrent use.
type DB struct {
	pool *sql.DB

	mu      sync.Mutex
	tables  map[string][]string // lower-case name -> real names
	states  map[int64]migration.State
	actives map[int64]migration.State
}

// Open connects to the database that dsn (go-sql-driver form) names and reads
// the names of its tables. What a session needs is set on each connection and
// wins over the DSN; other session variables in the DSN are dropped: utf8mb4,
// UTC, strict SQL, times as text, one statement per query, values as
// placeholders, READ COMMITTED. CodeInvalid: no DSN, or one without a database.
func Open(ctx context.Context, dsn string, o Options) (*DB, error) {
	const op = "open the Joget database"
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, migration.E(migration.CodeInvalid, op, "dsn", "the DSN cannot be parsed") // err may quote the password
	}
	if cfg.DBName == "" {
		return nil, migration.E(migration.CodeInvalid, op, "dsn", "the DSN names no database")
	}
	if err := pin(cfg); err != nil {
		return nil, migration.E(migration.CodeInvalid, op, "dsn", "%w", err)
	}
	inner, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, migration.E(migration.CodeInvalid, op, "dsn", "the DSN cannot be used")
	}
	session := []string{sessionPins, sessionIsolation}
	if o.ReadOnly {
		session = append(session, sessionReadOnly)
	}
	pool := sql.OpenDB(connector{inner, session})
	if o.MaxOpen == 0 {
		o.MaxOpen = defaultMaxOpen
	}
	pool.SetMaxOpenConns(max(2, o.MaxOpen))
	pool.SetMaxIdleConns(maxIdle)
	pool.SetConnMaxIdleTime(maxIdleTime)
	d := &DB{pool: pool}
	if err := d.Refresh(ctx); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return d, nil
}

// pin sets what the driver decides by itself, whatever the DSN says.
func pin(cfg *mysql.Config) error {
	cfg.Params = nil // session variables and charset
	cfg.Collation = ""
	cfg.ParseTime = false // form times have no zone; they travel as stored
	cfg.Loc = time.UTC
	// One round trip per query. The driver escapes for utf8mb4, which is pinned below.
	cfg.InterpolateParams = true
	cfg.MultiStatements = false
	cfg.AllowAllFiles = false
	cfg.ClientFoundRows = false
	cfg.ColumnsWithAlias = false
	cfg.Logger = &mysql.NopLogger{} // it would print to stderr
	if cfg.Timeout == 0 {
		cfg.Timeout = dialTimeout
	}
	if err := cfg.Apply(mysql.Charset("utf8mb4", "utf8mb4_bin")); err != nil {
		return fmt.Errorf("setting the character set: %w", err)
	}
	return nil
}

// connector runs statements on every connection before the pool gets it.
type connector struct {
	driver.Connector
	session []string
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	execer, ok := conn.(driver.ExecerContext)
	if !ok {
		return nil, errors.Join(errors.New("the driver cannot execute"), conn.Close())
	}
	for _, statement := range c.session {
		if _, err := execer.ExecContext(ctx, statement, nil); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", statement, err), conn.Close())
		}
	}
	return conn, nil
}

// Close closes the pool.
func (d *DB) Close() error { return d.pool.Close() }

// Pool returns the connections, for what reads and writes form tables. They
// are set up as Open says.
func (d *DB) Pool() *sql.DB { return d.pool }

// Ping reports whether the database can be reached now.
func (d *DB) Ping(ctx context.Context) error {
	return wrap("reach the Joget database", d.pool.PingContext(ctx))
}
