package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"

	"jogetferry/migration"
)

// Options say what the sessions of a pool are for; the zero value writes, and
// reads times as text.
type Options struct {
	// ReadOnly makes the server refuse every write of these sessions.
	ReadOnly bool
	// ParseTime reads DATETIME and TIMESTAMP as time.Time in UTC, else as text
	// as stored: times of Joget's forms have no zone.
	ParseTime bool
	// FoundRows makes an UPDATE report the rows that it found, else those that it changed.
	FoundRows bool
	// MaxOpen and MaxIdle bound the pool; 0 is database/sql's default.
	MaxOpen, MaxIdle int
	// MaxIdleTime closes connections that were idle for so long; 0: never.
	MaxIdleTime time.Duration
}

// dialTimeout bounds a connection's making where the DSN does not say it.
const dialTimeout = 10 * time.Second

// Parse reads a DSN in the form of go-sql-driver/mysql. CodeInvalid: it is
// malformed; the error does not repeat it, since it holds the password.
func Parse(op, dsn string) (*mysql.Config, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, &migration.Error{Code: migration.CodeInvalid, Op: op, Subject: "dsn", Hint: "want user:password@tcp(host:port)/database"}
	}
	return cfg, nil
}

// Open makes a pool on the server and database of cfg, which stays as it is.
// What a session needs is set on each new connection, wins over cfg and over
// the server's defaults, and is the same in every pool: see pins. Session
// variables of cfg are dropped; address, account, TLS and time-outs are kept.
// It does not connect.
func Open(cfg *mysql.Config, o Options) (*sql.DB, error) {
	cfg = cfg.Clone()
	pinDriver(cfg, o)
	if err := cfg.Apply(mysql.Charset(charset, collation)); err != nil {
		return nil, fmt.Errorf("set the character set: %w", err)
	}
	inner, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("configure the connection: %w", err)
	}
	access := sessionReadWrite
	if o.ReadOnly {
		access = sessionReadOnly
	}
	pool := sql.OpenDB(connector{inner, []string{sessionPins, sessionIsolation, access}})
	pool.SetMaxOpenConns(o.MaxOpen)
	if o.MaxIdle > 0 {
		pool.SetMaxIdleConns(o.MaxIdle)
	}
	pool.SetConnMaxIdleTime(o.MaxIdleTime)
	return pool, nil
}

// pinDriver sets what the driver decides by itself, whatever the DSN says.
func pinDriver(cfg *mysql.Config, o Options) {
	cfg.Params = nil // session variables; see pins
	cfg.Collation = ""
	cfg.ParseTime = o.ParseTime
	cfg.Loc = time.UTC
	cfg.ClientFoundRows = o.FoundRows
	// One round trip per query. The driver escapes for utf8mb4, which each session is set to.
	cfg.InterpolateParams = true
	// The driver asks the server for its limit and sends nothing that is larger:
	// the server would cut the connection without a word.
	cfg.MaxAllowedPacket = 0
	cfg.MultiStatements = false
	cfg.AllowAllFiles = false
	cfg.ColumnsWithAlias = false
	cfg.Logger = &mysql.NopLogger{} // it would print to stderr
	if cfg.Timeout == 0 {
		cfg.Timeout = dialTimeout
	}
}

// connector runs statements on every connection before the pool gets it: after
// what the server itself runs (init_connect).
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
