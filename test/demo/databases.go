package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"jogetferry/test/mysqltest"
)

// What README tells operators to grant: the demo fails where that is too little.
const (
	sourceGrants = "SELECT"
	targetGrants = "SELECT, INSERT, UPDATE, DELETE"
	ledgerGrants = "ALL"
)

var errNoServer = errors.New("MariaDB is not installed: `make deps` installs it with apt, `brew install mariadb` on macOS; or set " +
	mysqltest.EnvDSN + " to the DSN of an administrator of a server")

// dropTime bounds how long taking back databases and accounts may take.
const dropTime = 2 * time.Minute

// databases is where the demo keeps its data: a MariaDB of its own or, where
// mysqltest.EnvDSN names a server, databases of its own there.
type databases struct {
	server *mysqltest.Server // nil where somebody else runs it
	config *mysql.Config     // of the administrator, without a database
	admin  *sql.DB
	mark   string   // part of all names, so that demos can share a server
	undo   []string // what takes back the databases and accounts, in order of their making
}

// openDatabases starts a private server in folder unless the environment names
// one. What it returns must be closed even after an error.
func openDatabases(ctx context.Context, folder string) (d *databases, err error) {
	d = &databases{mark: strings.ToLower(rand.Text()[:8])}
	dsn := os.Getenv(mysqltest.EnvDSN)
	if dsn == "" {
		d.server, err = mysqltest.Start(ctx, filepath.Join(folder, "mariadb"), mysqltest.Flushing)
		switch {
		case errors.Is(err, mysqltest.ErrNotInstalled):
			return d, errNoServer
		case err != nil:
			return d, fmt.Errorf("start a private database server: %w", err)
		}
		dsn = d.server.DSN("")
	}
	if d.config, err = mysql.ParseDSN(dsn); err != nil {
		return d, fmt.Errorf("read the DSN of the database server: %w", err)
	}
	d.admin, err = sql.Open("mysql", dsn)
	return d, err
}

// where says which server it is.
func (d *databases) where() string {
	if d.server == nil {
		return "on the server of " + mysqltest.EnvDSN + " at " + d.config.Addr
	}
	return "on a private server at " + d.server.Addr()
}

// create makes an empty database and returns its administrator's DSN.
func (d *databases) create(ctx context.Context, purpose string) (string, error) {
	cfg := d.config.Clone()
	cfg.DBName = "demo_" + d.mark + "_" + purpose
	d.undo = append(d.undo, dropDatabase(cfg.DBName))
	if _, err := d.admin.ExecContext(ctx, createDatabase(cfg.DBName)); err != nil {
		return "", fmt.Errorf("create the database of the %s: %w", purpose, err)
	}
	return cfg.FormatDSN(), nil
}

// account returns the DSN of a new account that has no privileges but these on
// the database of dsn.
func (d *databases) account(ctx context.Context, purpose, privileges, dsn string) (string, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return "", fmt.Errorf("make an account for the %s: %w", purpose, err)
	}
	cfg.User, cfg.Passwd = "demo_"+d.mark+"_"+purpose, rand.Text()
	d.undo = append(d.undo, dropUser(cfg.User))
	for _, statement := range []string{createUser(cfg.User, cfg.Passwd), grant(privileges, cfg.DBName, cfg.User)} {
		if _, err := d.admin.ExecContext(ctx, statement); err != nil {
			return "", fmt.Errorf("make an account for the %s: %w", purpose, err)
		}
	}
	return cfg.FormatDSN(), nil
}

// close leaves nothing behind; it works on half-made databases too. The data of
// a private server goes with its folder, so it need not end in good order.
func (d *databases) close(ctx context.Context) error {
	var errs []error
	if d.server != nil {
		errs = append(errs, d.server.Kill(ctx))
	} else {
		errs = append(errs, d.drop(ctx))
	}
	if d.admin != nil {
		errs = append(errs, d.admin.Close())
	}
	return errors.Join(errs...)
}

// drop takes back what was made on a server that lives on.
func (d *databases) drop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dropTime)
	defer cancel()
	var errs []error
	for _, statement := range slices.Backward(d.undo) {
		if _, err := d.admin.ExecContext(ctx, statement); err != nil {
			errs = append(errs, fmt.Errorf("clean up the database server: %w", err))
		}
	}
	return errors.Join(errs...)
}
