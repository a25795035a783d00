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
	"github.com/go-sql-driver/mysql"
	"go.uber.org/zap"

	"jogetferry/test/simulator/effects"
)

// Anonymous is the user name of callers who are not logged in.
const Anonymous = "roleAnonymous"

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
func (c Caller) LoggedIn() bool { return c.Name != "" && c.Name != Anonymous }

// Options configure an Engine.
type Options struct {
	DB         *sql.DB                                    // prepared by schema.Create
	UploadsDir string                                     // folder that holds app_formuploads; "" for a server without files
	Now        func() time.Time                           // nil means the system clock
	Log        *zap.Logger                                // swallowed errors at debug level; nil means none
	Sleep      func(context.Context, time.Duration) error // how tools sleep; nil means really
	Effects    func(context.Context, []effects.Effect)    // called after each commit that changed something; nil means nobody
}

// Engine is safe for use by several goroutines. A database must have one
// engine at a time, as a real server without cluster.
type Engine struct {
	db      *sql.DB
	uploads string
	now     func() time.Time
	log     *zap.Logger
	sleep   func(context.Context, time.Duration) error
	report  func(context.Context, []effects.Effect)

	trees     treeLocks
	filling   sync.Mutex // one shortage is filled at a time
	mu        sync.Mutex
	sequences map[string]*sequence
	settings  map[string]string
	packages  map[string]*deployed
	defOIDs   map[string]int64
	resources map[string]int64
	scripts   map[string]*goja.Program
}

// New reads the settings and returns an engine on the database.
func New(ctx context.Context, o Options) (*Engine, error) {
	e := &Engine{
		db: o.DB, uploads: o.UploadsDir, now: o.Now, log: o.Log, sleep: o.Sleep, report: o.Effects,
		sequences: map[string]*sequence{},
		packages:  map[string]*deployed{}, defOIDs: map[string]int64{}, resources: map[string]int64{}, scripts: map[string]*goja.Program{},
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

// session is one manager call.
type session struct {
	*Engine
	tx        *sql.Tx
	caller    Caller
	effects   []effects.Effect
	instances map[string]*instance
	preset    map[string][]string // "<instance>_<activity definition>" -> assignees to use instead of the mapping
	taken     map[string][]int64
	depth     int
	sleeps    int  // of this attempt
	slept     *int // of all attempts: one that runs again does not sleep again
}

const (
	attempts = 10
	// maxShortages is far more than a call can meet.
	maxShortages = 200
	// maxDepth bounds how far one call may run through tools, routes and
	// subflows: definitions that loop without a wait would never answer.
	maxDepth = 2000
)

// do runs one call on the tree of an instance; "" for a call that makes a new
// one. Whatever fn returns, what it did is committed.
func (e *Engine) do(ctx context.Context, instance string, caller Caller, fn func(context.Context, *session) error) error {
	if instance != "" {
		unlock, err := e.lockTree(ctx, instance)
		if err != nil {
			return err
		}
		defer unlock()
	}
	times, slept := map[string]int64{}, 0
	for deadlocks, shortages := 0, 0; ; {
		if err := e.stock(ctx); err != nil {
			return err
		}
		s, err := e.once(ctx, caller, &slept, fn)
		var lacking *shortage
		switch {
		case errors.As(err, &lacking) && shortages < maxShortages:
			shortages++
			if err := e.fill(ctx, lacking, times); err != nil {
				return err
			}
		case deadlock(err) && deadlocks < attempts:
			deadlocks++
		default:
			if len(s.effects) > 0 {
				e.report(ctx, s.effects)
			}
			return err
		}
	}
}

func (e *Engine) once(ctx context.Context, caller Caller, slept *int, fn func(context.Context, *session) error) (*session, error) {
	s := &session{Engine: e, caller: caller, slept: slept, instances: map[string]*instance{}, preset: map[string][]string{}, taken: map[string][]int64{}}
	var err error
	// Without gap locks one instance never waits for another.
	if s.tx, err = e.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted}); err != nil {
		return s, fmt.Errorf("begin transaction: %w", err)
	}
	defer func() { _ = s.tx.Rollback() }()
	err = fn(ctx, s)
	if retryable(err) {
		s.effects = nil
		s.putBack()
		return s, err
	}
	if err != nil {
		e.log.Debug("call failed, its effects so far are kept", zap.Error(err))
	}
	if commitErr := s.tx.Commit(); commitErr != nil {
		s.effects = nil
		return s, fmt.Errorf("commit: %w", commitErr)
	}
	return s, err
}

// Numbers of MySQL errors after which the transaction is gone.
const (
	errDeadlock    = 1213
	errLockTimeout = 1205
)

// retryable errors end a call's transaction, and the call runs again.
func retryable(err error) bool {
	var lacking *shortage
	return errors.As(err, &lacking) || deadlock(err)
}

func deadlock(err error) bool {
	var m *mysql.MySQLError
	return errors.As(err, &m) && (m.Number == errDeadlock || m.Number == errLockTimeout)
}

func (s *session) note(e effects.Effect) {
	e.Caller = s.caller.User()
	if e.Result == "" {
		e.Result = effects.OK
	}
	s.effects = append(s.effects, e)
}

// treeLocks serialises calls on one tree of instances.
type treeLocks struct {
	mu   sync.Mutex
	held map[string]*treeLock
}

type treeLock struct {
	sync.Mutex
	users int
}

func (t *treeLocks) lock(root string) func() {
	t.mu.Lock()
	if t.held == nil {
		t.held = map[string]*treeLock{}
	}
	l := t.held[root]
	if l == nil {
		l = &treeLock{}
		t.held[root] = l
	}
	l.users++
	t.mu.Unlock()
	l.Lock()
	return func() {
		l.Unlock()
		t.mu.Lock()
		defer t.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(t.held, root)
		}
	}
}

// lockTree locks the tree of an instance. The root is looked up again under
// the lock: an asynchronous child becomes a root when its caller is removed.
func (e *Engine) lockTree(ctx context.Context, instance string) (func(), error) {
	root, err := e.rootOf(ctx, instance)
	for err == nil {
		unlock := e.trees.lock(root)
		var again string
		if again, err = e.rootOf(ctx, instance); err == nil && again == root {
			return unlock, nil
		}
		unlock()
		root = again
	}
	return nil, err
}

func (e *Engine) rootOf(ctx context.Context, instance string) (string, error) {
	seen := map[string]bool{}
	for !seen[instance] {
		seen[instance] = true
		var parent sql.NullString
		err := e.db.QueryRowContext(ctx, selectCallerProcess, instance).Scan(&parent)
		if errors.Is(err, sql.ErrNoRows) || err == nil && parent.String == "" {
			return instance, nil
		}
		if err != nil {
			return "", fmt.Errorf("find root instance: %w", err)
		}
		var exists int
		err = e.db.QueryRowContext(ctx, selectInstanceExists, parent.String).Scan(&exists)
		if err != nil {
			return "", fmt.Errorf("find root instance: %w", err)
		}
		if exists == 0 {
			return instance, nil
		}
		instance = parent.String
	}
	return instance, nil
}

// Settings returns a copy of all settings as of the last reading.
func (e *Engine) Settings() map[string]string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.settings)
}
