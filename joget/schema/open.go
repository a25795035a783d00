package schema

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"jogetferry/internal/database"
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
)

// DB is the database of one Joget server. It is safe for concurrent use.
type DB struct {
	pool *sql.DB

	mu      sync.Mutex
	tables  map[string][]string // lower-case name -> real names
	states  map[int64]migration.State
	actives map[int64]migration.State
	zones   *expirable.LRU[struct{}, migration.Zones]
}

// Open connects to the database that dsn (go-sql-driver form) names and reads
// the names of its tables. Sessions are set as database.Open says, with times as
// text. CodeInvalid: no DSN, or one without a database.
func Open(ctx context.Context, dsn string, o Options) (*DB, error) {
	const op = "open the Joget database"
	cfg, err := database.Parse(op, dsn)
	if err != nil {
		return nil, err
	}
	if cfg.DBName == "" {
		return nil, migration.E(migration.CodeInvalid, op, "dsn", "the DSN names no database")
	}
	if o.MaxOpen == 0 {
		o.MaxOpen = defaultMaxOpen
	}
	pool, err := database.Open(cfg, database.Options{
		ReadOnly: o.ReadOnly, MaxOpen: max(2, o.MaxOpen), MaxIdle: maxIdle, MaxIdleTime: maxIdleTime,
	})
	if err != nil {
		return nil, migration.E(migration.CodeInvalid, op, "dsn", "the DSN cannot be used")
	}
	d := &DB{pool: pool, zones: expirable.NewLRU[struct{}, migration.Zones](1, nil, zonesTTL)}
	if err := d.Refresh(ctx); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return d, nil
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
