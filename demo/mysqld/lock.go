package mysqld

import (
	"context"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/vitess/go/mysql"
	"github.com/dolthub/vitess/go/sqltypes"
	querypb "github.com/dolthub/vitess/go/vt/proto/query"
)

// The in-memory backend keeps one copy of a table per session and, at commit,
// puts back every table the transaction has touched, read ones included: of two
// transactions at a time, the later commit undoes the earlier. So a server runs
// one read-write transaction at a time, from START TRANSACTION to its end, and
// every other statement alone. A READ ONLY transaction holds the lock for each
// statement only; it sees the tables as they were at its start, and its end
// puts nothing back.

// lockWait is how long a statement waits for another connection's transaction
// before it fails as MySQL does, with error 1205 (innodb_lock_wait_timeout).
const lockWait = 50 * time.Second

const errLockWaitTimeout = 1205

// waits finds statements that wait for other connections and touch no table;
// under the lock, what they wait for could not happen.
var waits = regexp.MustCompile(`(?is)^\s*(select|do)\s+(get_lock|release_lock|release_all_locks|is_free_lock|is_used_lock|sleep)\s*\(`)

// ends finds statements that commit what came before them.
var ends = regexp.MustCompile(`(?is)^\s*(commit|begin|start\s+transaction)\b`)

// writes finds statements that a READ ONLY transaction refuses; the library's
// own check of them ends the connection.
var writes = regexp.MustCompile(`(?is)^\s*(insert|update|delete|replace|create|alter|drop|truncate|rename|load)\b`)

const errReadOnlyTransaction = 1792

// connections knows the session of each connection and whether it has the lock.
type connections struct {
	provider *memory.DbProvider
	mu       sync.Mutex
	byID     map[uint32]*connection
}

// connection is used by one client, whose commands come one at a time.
type connection struct {
	session *memory.Session // nil before the first command
	holds   bool            // the lock
}

// build makes the session of conn; again, when conn was reset.
func (c *connections) build(ctx context.Context, conn *mysql.Conn, addr string) (sql.Session, error) {
	session, err := memory.NewSessionBuilder(c.provider)(ctx, conn, addr)
	if err != nil {
		return nil, err
	}
	c.of(conn).session = session.(*memory.Session)
	return session, nil
}

func (c *connections) of(conn *mysql.Conn) *connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.byID[conn.ConnectionID]
	if !ok {
		known = &connection{}
		c.byID[conn.ConnectionID] = known
	}
	return known
}

func (c *connections) forget(conn *mysql.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byID, conn.ConnectionID)
}

// handler puts the lock around the commands of the server's own handler.
type handler struct {
	mysql.Handler
	connections *connections
	lock        chan struct{} // holds one value while it is taken
}

func newHandler(inner mysql.Handler, connections *connections) *handler {
	return &handler{Handler: inner, connections: connections, lock: make(chan struct{}, 1)}
}

func (h *handler) ComQuery(ctx context.Context, c *mysql.Conn, query string, callback mysql.ResultSpoolFn) error {
	query = answerable(query)
	return h.alone(ctx, c, query, func() error { return h.Handler.ComQuery(ctx, c, query, callback) })
}

func (h *handler) ComMultiQuery(ctx context.Context, c *mysql.Conn, query string, callback mysql.ResultSpoolFn) (rest string, err error) {
	query = answerable(query)
	err = h.alone(ctx, c, query, func() error {
		rest, err = h.Handler.ComMultiQuery(ctx, c, query, callback)
		return err
	})
	return rest, err
}

func (h *handler) ComPrepare(ctx context.Context, c *mysql.Conn, query string, prepare *mysql.PrepareData) (fields []*querypb.Field, err error) {
	err = h.alone(ctx, c, query, func() error {
		fields, err = h.Handler.ComPrepare(ctx, c, query, prepare)
		return err
	})
	return fields, err
}

func (h *handler) ComStmtExecute(ctx context.Context, c *mysql.Conn, prepare *mysql.PrepareData, callback func(*sqltypes.Result) error) error {
	return h.alone(ctx, c, prepare.PrepareStmt, func() error {
		return h.Handler.ComStmtExecute(ctx, c, prepare, callback)
	})
}

func (h *handler) ComResetConnection(c *mysql.Conn) error {
	err := h.Handler.ComResetConnection(c)
	h.release(h.connections.of(c))
	return err
}

func (h *handler) ConnectionClosed(c *mysql.Conn) {
	h.Handler.ConnectionClosed(c)
	h.release(h.connections.of(c))
	h.connections.forget(c)
}

// alone runs one command of c under the lock, and keeps the lock when the
// command leaves a read-write transaction open.
func (h *handler) alone(ctx context.Context, c *mysql.Conn, query string, run func() error) error {
	if waits.MatchString(query) {
		return run()
	}
	conn := h.connections.of(c)
	if err := h.take(ctx, conn); err != nil {
		return err
	}
	defer h.settle(conn)
	if (readOnly(conn.session) || readOnlySession(ctx, conn.session)) && writes.MatchString(query) {
		return mysql.NewSQLError(errReadOnlyTransaction, "25006", "Cannot execute statement in a READ ONLY transaction.")
	}
	if readOnly(conn.session) && ends.MatchString(query) {
		forgetTables(conn.session)
	}
	before := transaction(conn.session)
	if err := run(); err != nil {
		return err
	}
	if after := transaction(conn.session); after != nil && after != before {
		return h.begun(ctx, conn.session)
	}
	return nil
}

// begun makes a transaction READ ONLY if the session says so, and a READ ONLY
// transaction see all tables as of its start, not each as of its first use.
func (h *handler) begun(ctx context.Context, session *memory.Session) error {
	read := sql.NewContext(ctx, sql.WithSession(session))
	if !readOnly(session) {
		if !readOnlySession(ctx, session) {
			return nil
		}
		tx, err := session.StartTransaction(read, sql.ReadOnly)
		if err != nil {
			return err
		}
		session.SetTransaction(tx)
	}
	for _, db := range h.connections.provider.AllDatabases(read) {
		names, err := db.GetTableNames(read)
		if err != nil {
			return err
		}
		for _, name := range names {
			if _, _, err := db.GetTableInsensitive(read, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// settle ends what a command leaves behind. Outside of a client's transaction
// the backend may keep tables as this command saw them (a prepared statement
// opens a transaction too), and would use them for the next.
func (h *handler) settle(conn *connection) {
	if conn.session != nil && transaction(conn.session) == nil {
		forgetTables(conn.session)
		conn.session.SetTransaction(nil)
	}
	if transaction(conn.session) == nil || readOnly(conn.session) {
		h.release(conn)
	}
}

func forgetTables(session *memory.Session) {
	_ = session.Rollback(nil, nil) //nolint:errcheck // it empties two maps and cannot fail
}

// transaction returns the transaction that the client has opened and must end
// itself, or nil.
func transaction(session *memory.Session) sql.Transaction {
	if session == nil || !session.GetIgnoreAutoCommit() {
		return nil
	}
	return session.GetTransaction()
}

func readOnly(session *memory.Session) bool {
	tx := transaction(session)
	return tx != nil && tx.IsReadOnly()
}

// readOnlySession tells whether SET SESSION TRANSACTION READ ONLY is in force.
func readOnlySession(ctx context.Context, session *memory.Session) bool {
	if session == nil {
		return false
	}
	value, err := session.GetSessionVariable(sql.NewContext(ctx, sql.WithSession(session)), "transaction_read_only")
	return err == nil && fmt.Sprint(value) == "1"
}

func (h *handler) take(ctx context.Context, conn *connection) error {
	if conn.holds {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	select {
	case h.lock <- struct{}{}:
		conn.holds = true
		return nil
	case <-ctx.Done():
		return mysql.NewSQLError(errLockWaitTimeout, "HY000", "Lock wait timeout exceeded; try restarting transaction")
	}
}

func (h *handler) release(conn *connection) {
	if conn.holds {
		conn.holds = false
		<-h.lock
	}
}
