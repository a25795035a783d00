package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/dop251/goja"
	"go.uber.org/zap"

	"jogetferry/test/simulator/effects"
)

// Anonymous is the user name of callers who are not logged in.
const Anonymous = "roleAnonymous"

// System is the user name of the engine's own threads.
const System = "roleSystem"

// Caller is who makes a call. The zero value stands for an anonymous caller.
type Caller struct {
	Name  string // user name, "" or Anonymous when not logged in
	Admin bool   // has ROLE_ADMIN
}

// User is the name that the engine records.
func (c Caller) User() string {
	if c.Name == "" {
		return Anonymous
	}
	return c.Name
}

// LoggedIn reports whether the caller is a user.
func (c Caller) LoggedIn() bool { return c.Name != "" && c.Name != Anonymous && c.Name != System }

// Options configure an Engine.
type Options struct {
	DB         *sql.DB                                    // prepared by schema.Create
	UploadsDir string                                     // folder that holds app_formuploads; "" for a server without files
	Now        func() time.Time                           // nil means the system clock
	Zone       *time.Location                             // of the *TZO columns; nil means UTC
	Log        *zap.Logger                                // swallowed errors at debug level; nil means none
	Sleep      func(context.Context, time.Duration) error // how tools sleep; nil means really
	Effects    func(context.Context, []effects.Effect)    // called at the end of each call that changed something, however it ended; nil means nobody
	Pause      func(context.Context, Point) error         // called inside calls, see Point; nil means nobody
	Timeout    time.Duration                              // of a call's transaction; 0 means 300 seconds
	// CacheVariables keeps variables in memory, as the engine does where the caches of
	// Shark.conf are not at 0: what is written into its tables by others is not seen.
	CacheVariables bool
}

// Engine is safe for use by several goroutines. A database must have one
// engine at a time, as a real server without cluster.
type Engine struct {
	db      *sql.DB
	uploads string
	now     func() time.Time
	zone    *time.Location
	log     *zap.Logger
	sleep   func(context.Context, time.Duration) error
	report  func(context.Context, []effects.Effect)
	hook    func(context.Context, Point) error
	timeout time.Duration

	completions keyedLocks // by activity ID
	mu          sync.Mutex
	sequences   map[string]*sequence
	settings    map[string]string
	packages    map[string]*deployed
	defOIDs     map[string]int64
	scripts     map[string]*goja.Program
	memory      map[int64]variable // of variables, by oid; nil without caches
}

// defaultTimeout is that of Joget's transactions (docs/joget.md#no-transaction).
const defaultTimeout = 300 * time.Second

// New reads the settings and returns an engine on the database.
func New(ctx context.Context, o Options) (*Engine, error) {
	e := &Engine{
		db: o.DB, uploads: o.UploadsDir, now: o.Now, zone: o.Zone, log: o.Log, sleep: o.Sleep, report: o.Effects, hook: o.Pause, timeout: o.Timeout,
		sequences: map[string]*sequence{}, packages: map[string]*deployed{}, defOIDs: map[string]int64{}, scripts: map[string]*goja.Program{},
	}
	if o.CacheVariables {
		e.memory = map[int64]variable{}
	}
	if e.zone == nil {
		e.zone = time.UTC
	}
	if e.timeout == 0 {
		e.timeout = defaultTimeout
	}
	if e.hook == nil {
		e.hook = func(context.Context, Point) error { return nil }
	}
	if e.now == nil {
		e.now = time.Now //nolint:forbidigo // the default clock; tests give their own
	}
	if e.log == nil {
		e.log = zap.NewNop()
	}
	if e.sleep == nil {
		e.sleep = Sleep
	}
	if e.report == nil {
		e.report = func(context.Context, []effects.Effect) {}
	}
	if err := e.ReloadSettings(ctx); err != nil {
		return nil, err
	}
	return e, nil
}

// Sleep waits for d or until ctx ends, whichever is first.
func Sleep(ctx context.Context, d time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-ctx.Done()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil
	}
	return ctx.Err()
}

// ReloadSettings reads wf_setup again. The real server reads it at start-up
// and when the console changes it, never because a row changed.
func (e *Engine) ReloadSettings(ctx context.Context) error {
	fresh := map[string]string{}
	err := each(ctx, e.db, selectSettings, nil, func(scan func(...any) error) error {
		var name, value sql.NullString
		err := scan(&name, &value)
		fresh[name.String] = value.String
		return err
	})
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.settings = fresh
	return nil
}

// Setting returns a property of wf_setup as of the last reading, "" when unset.
func (e *Engine) Setting(name string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.settings[name]
}

// queryer is a connection pool or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// each reads all rows of a query before the next statement may use the
// connection.
func each(ctx context.Context, q queryer, query string, args []any, row func(scan func(...any) error) error) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// column reads the first column of a query as text; NULL becomes "".
func column(ctx context.Context, q queryer, query string, args ...any) ([]string, error) {
	var out []string
	err := each(ctx, q, query, args, func(scan func(...any) error) error {
		var s sql.NullString
		err := scan(&s)
		out = append(out, s.String)
		return err
	})
	return out, err
}

// Settings returns a copy of all settings as of the last reading.
func (e *Engine) Settings() map[string]string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.settings)
}
