// Command databases runs tests on every database server that is supported and
// writes what came of it as a table into a document. Results are kept, so that
// a run of one server or package replaces its own cells and no others.
//
//	databases [-only NAME,...] [-kept FILE] [-doc FILE] PACKAGE...
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	_ "github.com/go-sql-driver/mysql" // asks a server for its version

	"jogetferry/test/mysqltest"
)

// server is one that `make databases` knows; an empty dir means the system's.
type server struct{ name, dir string }

var servers = []server{
	{"system", ""},
	{"mysql", "out/databases/mysql"},
	{"mariadb", "out/databases/mariadb"},
}

// options are the command line's.
type options struct {
	only      string
	kept, doc string
	parallel  int
	packages  []string
}

var errFailed = errors.New("tests failed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var o options
	flag.StringVar(&o.only, "only", "", "names of servers, separated by commas: system, mysql, mariadb; empty for all")
	flag.StringVar(&o.kept, "kept", "out/databases/results.json", "file that keeps the results")
	flag.StringVar(&o.doc, "doc", "docs/databases.md", "document with the table")
	flag.IntVar(&o.parallel, "p", 2, "packages tested at a time")
	flag.Parse()
	o.packages = flag.Args()
	err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "databases:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) error {
	chosen, err := choose(o.only)
	if err != nil {
		return err
	}
	failed := false
	for _, s := range chosen {
		one, err := test(ctx, s, o, out)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		failed = failed || one.failed()
		// Read late: another run may have ended in between.
		all, err := load(o.kept)
		if err != nil {
			return err
		}
		all.merge(s.name, one)
		if err := errors.Join(all.save(o.kept), all.write(o.doc)); err != nil {
			return err
		}
	}
	if failed {
		return errFailed
	}
	return nil
}

func choose(only string) ([]server, error) {
	if only == "" {
		return servers, nil
	}
	var chosen []server
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(servers, func(s server) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no server %q: choose among system, mysql and mariadb", name)
		}
		chosen = append(chosen, servers[i])
	}
	return chosen, nil
}

// test runs the packages on a private server that ends with the run.
func test(ctx context.Context, s server, o options, out io.Writer) (one column, err error) {
	folder := ""
	if s.dir != "" {
		if folder, err = filepath.Abs(s.dir); err != nil {
			return column{}, fmt.Errorf("find %s: %w", s.dir, err)
		}
	}
	// For the server started here, and for those that tests start and kill.
	if err := os.Setenv(mysqltest.EnvDir, folder); err != nil {
		return column{}, fmt.Errorf("set %s: %w", mysqltest.EnvDir, err)
	}
	data, err := os.MkdirTemp("", "ferry-databases-")
	if err != nil {
		return column{}, fmt.Errorf("make a directory for the server: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	running, err := mysqltest.Start(ctx, filepath.Join(data, "mysql"))
	if err != nil {
		return column{}, err
	}
	defer func() { err = errors.Join(err, running.Kill(context.WithoutCancel(ctx))) }()
	if one.Version, err = version(ctx, running.DSN("")); err != nil {
		return column{}, err
	}
	if _, err := fmt.Fprintf(out, "%s: %s\n", s.name, one.Version); err != nil {
		return column{}, fmt.Errorf("print the version: %w", err)
	}
	one.Cells, err = goTest(ctx, running.DSN(""), o, out)
	return one, err
}

func version(ctx context.Context, dsn string) (string, error) {
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return "", fmt.Errorf("open the server: %w", err)
	}
	defer db.Close()
	var text string
	if err := db.QueryRowContext(ctx, "SELECT VERSION()").Scan(&text); err != nil {
		return "", fmt.Errorf("ask for the version: %w", err)
	}
	product := "MySQL "
	if strings.Contains(text, "MariaDB") {
		product = "MariaDB "
	}
	number, _, _ := strings.Cut(text, "-")
	return product + number, nil
}

func goTest(ctx context.Context, dsn string, o options, out io.Writer) (map[string]cell, error) {
	args := append([]string{"test", "-json", "-count=1", "-timeout=60m", fmt.Sprintf("-p=%d", o.parallel)}, o.packages...)
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // the packages are the caller's
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Env = append(os.Environ(), mysqltest.EnvDSN+"="+dsn)
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("read from go test: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start go test: %w", err)
	}
	cells, err := read(events, out)
	var status *exec.ExitError
	// A failed test is a result; it stands in its cell.
	if waited := cmd.Wait(); waited != nil && (!errors.As(waited, &status) || len(cells) == 0) {
		err = errors.Join(err, waited)
	}
	return cells, errors.Join(err, ctx.Err())
}
