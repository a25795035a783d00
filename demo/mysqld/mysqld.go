package mysqld

import (
	"context"
	"crypto/rand"
	dbsql "database/sql"
	"errors"
	"fmt"
	"net"
	"strings"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/mysql_db"
	"github.com/dolthub/go-mysql-server/sql/types"
	"github.com/dolthub/vitess/go/mysql"
	driver "github.com/go-sql-driver/mysql"
	"github.com/sirupsen/logrus"
)

const adminUser = "root"

// Server answers MySQL clients on a free port of 127.0.0.1.
type Server struct {
	addr  string
	inner *server.Server
	done  chan error
}

// Open starts a server that holds databases, all empty and utf8mb4. Close it.
// More databases can be made with CREATE DATABASE.
func Open(ctx context.Context, databases ...string) (*Server, error) {
	// The library logs each connection; its log is process-wide.
	logrus.SetLevel(logrus.ErrorLevel)

	provider := memory.NewDBProviderWithOpts(memory.NativeIndexProvider(true)).(*memory.DbProvider)
	setup := sql.NewContext(ctx, sql.WithSession(memory.NewSession(sql.NewBaseSession(), provider)))
	for _, name := range databases {
		if err := provider.CreateDatabase(setup, name); err != nil {
			return nil, fmt.Errorf("create database %s: %w", name, err)
		}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for MySQL clients: %w", err)
	}
	engine := sqle.NewDefault(provider)
	allowAccounts(engine)
	engine.Analyzer.Coster = carefulCoster{engine.Analyzer.Coster}
	connections := &connections{provider: provider, byID: map[uint32]*connection{}}
	inner, err := server.NewServerWithHandler(
		server.Config{Listener: listener, Version: version},
		engine, sql.NewContext, connections.build, nil,
		func(h mysql.Handler) (mysql.Handler, error) { return newHandler(h, connections), nil },
	)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the MySQL server: %w", err), listener.Close())
	}
	s := &Server{addr: listener.Addr().String(), inner: inner, done: make(chan error, 1)}
	go func() { s.done <- inner.Start() }()
	return s, nil
}

// version is what the server says it is: the dialect it implements.
const version = "8.0.33"

// DSN returns the data source name of database for go-sql-driver/mysql, with
// an account that may do everything; "" means no database.
func (s *Server) DSN(database string) string {
	cfg := driver.NewConfig()
	cfg.User, cfg.Net, cfg.Addr, cfg.DBName = adminUser, "tcp", s.addr, database
	return cfg.FormatDSN()
}

// Reader makes an account that may only SELECT from database and returns its
// DSN, as one would give it out for a source server.
func (s *Server) Reader(ctx context.Context, database string) (string, error) {
	cfg, err := driver.ParseDSN(s.DSN(database))
	if err != nil {
		return "", fmt.Errorf("make a reader of %s: %w", database, err)
	}
	db, err := dbsql.Open("mysql", s.DSN(""))
	if err != nil {
		return "", fmt.Errorf("make a reader of %s: %w", database, err)
	}
	defer db.Close()
	cfg.User, cfg.Passwd = "reader_"+rand.Text()[:8], rand.Text()
	for _, statement := range []string{
		"CREATE USER '" + cfg.User + "'@'%' IDENTIFIED BY '" + cfg.Passwd + "'",
		"GRANT SELECT ON `" + strings.ReplaceAll(database, "`", "``") + "`.* TO '" + cfg.User + "'@'%'",
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return "", fmt.Errorf("make a reader of %s: %w", database, err)
		}
	}
	return cfg.FormatDSN(), nil
}

// allowAccounts turns accounts on, with an administrator without a password.
func allowAccounts(engine *sqle.Engine) {
	accounts := engine.Analyzer.Catalog.MySQLDb
	accounts.SetPersister(&mysql_db.NoopPersister{})
	accounts.SetEnabled(true)
	editor := accounts.Editor()
	defer editor.Close()
	accounts.AddSuperUser(editor, adminUser, "%", "")
}

// The library knows this variable as a global one only, so that it would refuse
// what careful clients set.
func init() {
	sql.SystemVariables.AddSystemVariables([]sql.SystemVariable{&sql.MysqlSystemVariable{
		Name:    "innodb_lock_wait_timeout",
		Scope:   sql.GetMysqlScope(sql.SystemVariableScope_Both),
		Dynamic: true,
		Type:    types.NewSystemIntType("innodb_lock_wait_timeout", 1, 1073741824, false),
		Default: int64(lockWait.Seconds()),
	}})
}

// Close stops answering new connections and forgets the data once the clients
// of the others are gone.
func (s *Server) Close() error {
	err := s.inner.Engine.Close()
	if errors.Is(err, context.Canceled) {
		err = nil // how its background threads say that they were told to end
	}
	return errors.Join(s.inner.Close(), <-s.done, err)
}
