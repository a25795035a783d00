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
	"strings"
	"sync/atomic"
	"time"

	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/digest"
	"jogetferry/test/simulator/schema"
	"jogetferry/test/simulator/server"
)

// joget is a simulated Joget server with its database and uploads.
type joget struct {
	db      *sql.DB
	dsn     string
	uploads string
	url     string       // with the context path, once it serves
	calls   atomic.Int64 // requests so far
	sim     *server.Server
	http    *http.Server
	serving chan struct{} // closed when http is done
}

// newJoget prepares a server on the empty database of dsn, with the demo's apps,
// whose packages have version, and nothing else; see serve.
func newJoget(ctx context.Context, dsn, uploads string, version int64) (j *joget, err error) {
	j = &joget{dsn: dsn, uploads: uploads}
	if err := os.MkdirAll(uploads, 0o750); err != nil {
		return j, err
	}
	if j.db, err = sql.Open("mysql", dsn); err != nil {
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
	answer, err := (&http.Client{Timeout: patience}).Do(request)
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

// formTable begins the name of every form table.
const formTable = "app_fd_"

// rowsIn counts the form rows, and those of them that another server has too, byte by byte.
func (s state) rowsIn(other state) kept {
	k := kept{what: "rows of all form tables"}
	for name, table := range s.db {
		if !strings.HasPrefix(name, formTable) {
			continue
		}
		for key, sum := range table.ByKey {
			k.source++
			if other.db[name].ByKey[key] == sum {
				k.target++
			}
		}
	}
	return k
}

// filesIn is rowsIn for uploads.
func (s state) filesIn(other state) kept {
	k := kept{what: "uploads"}
	for path, file := range s.files {
		if file.Sum == (digest.Sum{}) {
			continue // a folder
		}
		k.source++
		if other.files[path].Sum == file.Sum {
			k.target++
		}
	}
	return k
}

// list reads a column of text from the server's database.
func (j *joget) list(ctx context.Context, query string) ([]string, error) {
	return list(ctx, j.db, query)
}

func list(ctx context.Context, db *sql.DB, query string) ([]string, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("look into the database: %w", err)
	}
	defer rows.Close()
	var values []string
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			return nil, fmt.Errorf("look into the database: %w", err)
		}
		values = append(values, value)
	}
	return values, rows.Err()
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
	return errors.Join(errs...)
}
