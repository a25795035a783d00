package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	_ "github.com/go-sql-driver/mysql" // the driver of the databases below

	"jogetferry/demo/mysqld"
	"jogetferry/simulator/apps"
	"jogetferry/simulator/digest"
	"jogetferry/simulator/schema"
	"jogetferry/simulator/server"
)

// The databases differ by name: where servers share a process, nothing else
// tells which one it is.
const (
	sourceDatabase = "jwdb_old"
	targetDatabase = "jwdb_new"
)

// joget is a simulated Joget server with its database and uploads.
type joget struct {
	db      *sql.DB
	dsn     string
	uploads string
	url     string       // with the context path, once it serves
	calls   atomic.Int64 // requests so far
	sim     *server.Server
	mysql   *mysqld.Server
	http    *http.Server
	serving chan struct{} // closed when http is done
}

// newJoget prepares a server with the demo's apps, whose packages have version,
// and nothing else; see serve.
func newJoget(ctx context.Context, database, uploads string, version int64) (j *joget, err error) {
	j = &joget{uploads: uploads}
	if err := os.MkdirAll(uploads, 0o750); err != nil {
		return j, err
	}
	if j.mysql, err = mysqld.Open(ctx, database); err != nil {
		return j, err
	}
	j.dsn = j.mysql.DSN(database)
	if j.db, err = sql.Open("mysql", j.dsn); err != nil {
		return j, err
	}
	if err := schema.Create(ctx, j.db); err != nil {
		return j, err
	}
	return j, apps.Load(ctx, j.db, apps.Options{PackageVersion: version})
}

// serve starts the HTTP side and asks it something, to see that it answers.
func (j *joget) serve(ctx context.Context) (err error) {
	if j.sim, err = server.New(ctx, server.Options{DB: j.db, UploadsDir: filepath.Dir(j.uploads)}); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	j.url = "http://" + listener.Addr().String() + "/jw"
	j.http = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		j.calls.Add(1)
		j.sim.ServeHTTP(w, r)
	})}
	j.serving = make(chan struct{})
	go func() {
		defer close(j.serving)
		_ = j.http.Serve(listener) //nolint:errcheck // ends with ErrServerClosed only
	}()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, j.url+"/web/json/workflow/currentUsername", http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set("Referer", j.url)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", j.url, answer.Status)
	}
	j.calls.Store(0)
	return errors.Join(err, answer.Body.Close())
}

// state is a picture of database and files.
type state struct {
	db    digest.Database
	files digest.Tree
}

func (j *joget) state(ctx context.Context) (s state, err error) {
	if s.db, err = digest.OfDatabase(ctx, j.db, digest.DatabaseOptions{}); err != nil {
		return s, err
	}
	s.files, err = digest.OfTree(j.uploads, digest.TreeOptions{})
	return s, err
}

// diff says what is different in after, "" for nothing.
func (s state) diff(after state) string {
	return digest.DiffDatabases(s.db, after.db) + digest.DiffTrees(s.files, after.files)
}

// running lists the open root instances.
func (j *joget) running(ctx context.Context) ([]string, error) {
	rows, err := j.db.QueryContext(ctx, selectRunning)
	if err != nil {
		return nil, fmt.Errorf("count running instances: %w", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("count running instances: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// close ends what has begun; it works on a half-made server too.
func (j *joget) close() error {
	var errs []error
	if j.http != nil {
		errs = append(errs, j.http.Close())
		<-j.serving
	}
	if j.sim != nil {
		errs = append(errs, j.sim.Close())
	}
	if j.db != nil {
		errs = append(errs, j.db.Close())
	}
	if j.mysql != nil {
		errs = append(errs, j.mysql.Close())
	}
	return errors.Join(errs...)
}
