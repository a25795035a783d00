package records_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/sync/errgroup"

	"jogetferry/records"
)

// watched opens the database of d once more. Before each query on a connection of
// its own, asked is called.
func (d testDB) watched(dsn string, asked func(query string)) testDB {
	d.t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		d.t.Fatal(err)
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		d.t.Fatal(err)
	}
	db := sql.OpenDB(watcher{connector, asked})
	d.t.Cleanup(func() {
		if err := db.Close(); err != nil {
			d.t.Error(err)
		}
	})
	return testDB{d.t, records.Target{DB: db, Schema: records.NewSchema()}}
}

type watcher struct {
	driver.Connector
	asked func(query string)
}

func (w watcher) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := w.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return watchedConn{conn.(mysqlConn), w.asked}, nil
}

// mysqlConn is what a connection of the driver can do.
type mysqlConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.NamedValueChecker
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

type watchedConn struct {
	mysqlConn
	asked func(query string)
}

func (c watchedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.asked(query)
	return c.mysqlConn.QueryContext(ctx, query, args)
}

// TestCapturesAskOfTheirOwnTablesOnly has a tenth of the tables of a large server,
// which any look into information_schema may open.
func TestCapturesAskOfTheirOwnTablesOnly(t *testing.T) {
	t.Parallel()
	const tables, parallel, each = 150, 16, 3
	plain, dsn := newDatabaseAt(t)
	for n := range tables {
		plain.table(fmt.Sprint("t", n), "a", "b", "c")
	}
	plain.row("t0", "r", "c_a", "a")
	var listed, described, asked atomic.Int64
	d := plain.watched(dsn, func(query string) {
		switch {
		case strings.Contains(query, "LIKE 'app"):
			listed.Add(1)
		case strings.Contains(query, "information_schema"):
			described.Add(1)
		default:
			asked.Add(1)
		}
	})
	var group errgroup.Group
	for range parallel {
		group.Go(func() error {
			for range each {
				capture, err := records.BeginCapture(t.Context(), d.Target, selection("r", "t0", "t1"), records.Limits{})
				if err == nil {
					_, err = capture.Close(t.Context())
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d captures: names read %d times, descriptions of tables %d times, %d other queries", parallel*each, listed.Load(), described.Load(), asked.Load())
	// Those that begin together may each read both tables; on a slow machine the names grow old.
	if listed.Load() > 3 || described.Load() > 3*2*2*parallel {
		t.Errorf("names of all tables read %d times, descriptions of tables %d times", listed.Load(), described.Load())
	}
	// For each of the two looks at a table: its shape, its rows.
	if most := int64(2*2*2*parallel*each + 3*2*parallel + 3); asked.Load() > most {
		t.Errorf("%d other queries, want at most %d", asked.Load(), most)
	}
}

// TestACaptureWaitsForNoOthersLookAtTables has a look at one table hang until a
// capture of another one has come to its end.
func TestACaptureWaitsForNoOthersLookAtTables(t *testing.T) {
	t.Parallel()
	plain, dsn := newDatabaseAt(t)
	plain.table("quick", "a")
	plain.table("slow", "a")
	hangs, release := make(chan struct{}), make(chan struct{})
	var first sync.Once
	d := plain.watched(dsn, func(query string) {
		if strings.Contains(query, "app_fd_slow") {
			first.Do(func() { close(hangs) })
			<-release
		}
	})
	if _, _, err := d.Schema.Table(t.Context(), d.DB, "quick"); err != nil {
		t.Fatal(err)
	}
	var group errgroup.Group
	group.Go(func() error {
		_, _, err := d.Schema.Table(t.Context(), d.DB, "slow")
		return err
	})
	<-hangs
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	capture, err := records.BeginCapture(ctx, d.Target, selection("r", "quick"), records.Limits{})
	if err != nil {
		t.Errorf("a capture waits: %v", err)
	} else if _, err := capture.Close(ctx); err != nil {
		t.Errorf("a capture waits: %v", err)
	}
	close(release)
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}
