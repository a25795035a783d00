package records_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/store"
	"jogetferry/test/mysqltest"
)

func newLedger(t *testing.T) *store.Ledger {
	t.Helper()
	ledger, err := store.Open(t.Context(), mysqltest.DSN(t), store.Options{Actor: "worker"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ledger.Close(); err != nil {
			t.Error(err)
		}
	})
	return ledger
}

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

// heap is a ledger's room for contents that looks at the live heap when a large value
// comes in.
type heap struct {
	store.Contents
	most uint64
}

func (h *heap) Create(ctx context.Context) (string, io.WriteCloser) {
	name, content := h.Contents.Create(ctx)
	return name, looked{content, h}
}

type looked struct {
	io.WriteCloser
	heap *heap
}

func (l looked) Write(p []byte) (int, error) {
	if len(p) > largeValue/2 {
		l.heap.most = max(l.heap.most, live())
	}
	return l.WriteCloser.Write(p)
}

func live() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

const largeValue = 1 << 20

// TestACaptureTakesTheMemoryOfARow has a record that is a tenth of the largest that
// was thought of, and a smaller one. It runs alone: it looks at the heap.
func TestACaptureTakesTheMemoryOfARow(t *testing.T) {
	d, ledger := newDatabase(t), newLedger(t)
	model := migration.FormModel{Tables: []string{"root"}, Relations: []migration.Relation{{Parent: "root", Child: "line", Kind: held, Column: "parent"}}}
	d.table("root", "a")
	d.table("line", "parent", "blob")
	most := map[int]uint64{}
	var former string
	for _, rows := range []int{2, 10} {
		root := fmt.Sprint("r", rows)
		d.row("root", root, "c_a", "x")
		for n := range rows {
			former = text(largeValue)
			d.row("line", fmt.Sprint(root, "-", n), "c_parent", root, "c_blob", former)
		}
		room := &heap{Contents: ledger.Contents()}
		target := d.Target
		target.Contents = room
		began := live()
		s := records.Selection{Root: migration.RecordID(root), Model: model}
		opened, err := records.BeginCapture(t.Context(), target, s, records.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		stored := records.Capture{Before: opened.Before}.Encode()
		last := fmt.Sprint(root, "-", rows-1)
		d.exec("UPDATE app_fd_line SET c_blob = CONCAT('tool', c_blob) WHERE id = ?", last)
		capture, err := opened.Close(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		most[rows] = room.most - min(began, room.most)
		encoded := capture.Encode()
		if len(stored) > 10_000 || len(encoded) > 10_000 {
			t.Errorf("%d rows: %d bytes are stored before the call and %d after it, beside the rows", rows, len(stored), len(encoded))
		}
		if err := target.Forget(t.Context(), opened.Before); err != nil {
			t.Fatal(err)
		}
		if capture, err = records.DecodeCapture(encoded); err != nil {
			t.Fatal(err)
		}
		put, err := records.Revert(t.Context(), target, model, capture)
		if err != nil || len(put.Restored) != 1 {
			t.Errorf("%d rows: %+v, %v", rows, put, err)
		}
		var is string
		if err := d.DB.QueryRowContext(t.Context(), "SELECT c_blob FROM app_fd_line WHERE id = ?", last).Scan(&is); err != nil || is != former {
			t.Errorf("%d rows: the row is not what it was, %v", rows, err)
		}
	}
	t.Logf("live bytes at most, by rows of a megabyte: %v", most)
	// The driver's buffer, what it grew out of, a chunk, and the former row beside the new one.
	if limit := uint64(8 * largeValue); most[10] > limit || most[10] > most[2]+4*largeValue {
		t.Errorf("live bytes at most, by rows of a megabyte: %v; want at most %d, and not by as much more as there are more rows", most, limit)
	}
}

// text is text that does not get smaller.
func text(size int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
	b := make([]byte, size)
	for i := range b {
		b[i] = letters[rand.IntN(len(letters))]
	}
	return string(b)
}

// TestACopyTakesTheMemoryOfABatch overwrites a record that is eight times as large as
// what a batch holds. It runs alone: it looks at the heap.
func TestACopyTakesTheMemoryOfABatch(t *testing.T) {
	source, target, room := newDatabase(t, pinned), newDatabase(t, pinned), newLedger(t).Contents()
	const rows, batch = 64, 8
	for _, d := range []testDB{source, target} {
		d.table("line", "parent", "blob")
		for n := range rows {
			d.row("line", fmt.Sprint(n), "c_parent", "r", "c_blob", text(largeValue))
		}
	}
	began := live()
	s := records.Selection{Root: "r", Extra: []records.Extra{{Table: "line", ForeignKey: "parent"}}}
	set, err := records.Gather(t.Context(), source.DB, source.Schema, s, records.Limits{}, room)
	must(t, err)
	var most uint64
	ledger := &dropped{}
	ledger.before = func() { most = max(most, live()) }
	result, err := records.Copy(t.Context(), target.Target, set, ledger, records.CopyOptions{OnConflict: records.ConflictOverwrite, Contents: room})
	must(t, err)
	if result.Overwritten != rows {
		t.Errorf("%+v", result)
	}
	// What the record may hold, and of a batch the rows, the former ones and their images.
	held := (most - min(began, most)) / largeValue
	t.Logf("%d MB live for a record of %d", held, rows)
	if held > 5*batch {
		t.Errorf("%d MB live for a record of %d, want at most %d", held, rows, 5*batch)
	}
	survey := func(d testDB) records.Set {
		set, err := records.Survey(t.Context(), d.DB, d.Schema, s, records.Limits{})
		must(t, err)
		return set
	}
	if differ := records.Compare(survey(source), survey(target)).Differences; len(differ) > 0 {
		t.Errorf("%d rows differ", len(differ))
	}
	must(t, records.Target{Contents: room}.Forget(t.Context(), set))
	// Nothing of it is left to be written again.
	_, err = records.Copy(t.Context(), target.Target, set, ledger, records.CopyOptions{Contents: room})
	if err == nil {
		t.Error("a record was copied of which the content is gone")
	}
	runtime.KeepAlive(set)
}

// dropped is a ledger that keeps nothing.
type dropped struct{ images }

func (d *dropped) Keep(context.Context, []records.Image) error {
	d.before()
	return nil
}

// TestCopyLeavesARowThatChangedBeforeItsTurn has somebody change rows between the
// look at all of them and the write.
func TestCopyLeavesARowThatChangedBeforeItsTurn(t *testing.T) {
	t.Parallel()
	source, target := newDatabase(t, pinned), newDatabase(t, pinned)
	for _, d := range []testDB{source, target} {
		d.table("line", "parent", "text")
	}
	for _, id := range []string{"changed", "gone", "kept"} {
		source.row("line", id, "c_parent", "r", "c_text", "ours")
		target.row("line", id, "c_parent", "r", "c_text", "before")
	}
	s := records.Selection{Root: "r", Extra: []records.Extra{{Table: "line", ForeignKey: "parent"}}}
	ledger := &images{}
	result, err := records.Copy(t.Context(), target.Target, source.collect(s), ledger, records.CopyOptions{
		OnConflict: records.ConflictOverwrite,
		Pace: func(context.Context, int) error {
			target.exec("UPDATE app_fd_line SET c_text = 'theirs' WHERE id = 'changed'")
			target.exec("DELETE FROM app_fd_line WHERE id = 'gone'")
			return nil
		},
	})
	code(t, err, migration.CodeConflict)
	if diff := cmp.Diff(records.CopyResult{Overwritten: 1, Conflicts: []migration.RowKey{key("line", "changed"), key("line", "gone")}}, result); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if len(ledger.kept) != 1 || ledger.kept[0].Key.ID != "kept" || target.count("line") != 2 {
		t.Errorf("%d images, %d rows", len(ledger.kept), target.count("line"))
	}
}

func TestWhatToolsAddIsNoReasonToRefuseACapture(t *testing.T) {
	t.Parallel()
	d, s := world(t)
	own := len(d.collect(s).Rows)
	_, err := records.BeginCapture(t.Context(), d.Target, s, records.Limits{MaxRows: own - 1})
	code(t, err, migration.CodeUnsupported)
	opened, err := records.BeginCapture(t.Context(), d.Target, s, records.Limits{MaxRows: own})
	must(t, err)
	d.row("line", "l3", "c_opp_id", "r")
	d.row("line", "l4", "c_opp_id", "r")
	capture, err := opened.Close(t.Context())
	must(t, err)
	if changes := capture.Changes(); len(changes) != 2 {
		t.Errorf("%d changes, want 2", len(changes))
	}
}

// TestASurveyComparesRowsOfAnySize compares a large record with itself, with large
// values that differ, and looks at what is held of it.
func TestASurveyComparesRowsOfAnySize(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.table("t", "a", "b")
	d.row("t", "r", "c_a", text(largeValue), "c_b", "small")
	s := selection("r", "t")
	survey := func() records.Set {
		t.Helper()
		set, err := records.Survey(t.Context(), d.DB, d.Schema, s, records.Limits{})
		must(t, err)
		return set
	}
	first, whole := survey(), d.collect(s)
	if size := len(records.Encode(first)); size > 1_000 {
		t.Errorf("a survey holds %d bytes", size)
	}
	if first.Rows[0].Digest() != whole.Rows[0].Digest() {
		t.Error("the digest is not that of the whole row")
	}
	if diff := cmp.Diff(records.Comparison{Same: 1}, records.Compare(first, survey())); diff != "" {
		t.Errorf("the same (-want +got):\n%s", diff)
	}
	d.exec("UPDATE app_fd_t SET c_a = CONCAT(c_a, 'x')")
	want := records.Comparison{Differences: []records.Difference{{Key: key("t", "r"), Kind: records.Differs, Columns: []string{"c_a"}}}}
	if diff := cmp.Diff(want, records.Compare(first, survey())); diff != "" {
		t.Errorf("another large value (-want +got):\n%s", diff)
	}
	e := newDatabase(t)
	e.table("t", "a", "b")
	_, err := records.Copy(t.Context(), e.Target, first, &images{}, records.CopyOptions{})
	code(t, err, migration.CodeInternal)
}

func TestWhatCouldNotBePutBackIsRefusedBeforeTheCall(t *testing.T) {
	t.Parallel()
	large, with := smallServer(t)
	large.table("t", "a")
	large.row("t", "r", "c_a", strings.Repeat("x", packet/2))
	small := with(packet / 4)
	kept := &contents{}
	small.Contents = kept
	_, err := records.BeginCapture(t.Context(), small.Target, selection("r", "t"), records.Limits{})
	code(t, err, migration.CodeUnsupported)
	if err == nil || !strings.Contains(err.Error(), "raise its max_allowed_packet") {
		t.Errorf("error %v", err)
	}
	if len(kept.kept) > 0 || small.DB.Stats().InUse > 0 {
		t.Errorf("%d contents and %d connections are left", len(kept.kept), small.DB.Stats().InUse)
	}
}

// TestARowCostsTheSameAmongManyAsAmongFew has a tenth of the most child rows that were
// thought of. It runs alone: it counts what the process allocates.
func TestARowCostsTheSameAmongManyAsAmongFew(t *testing.T) {
	plain, dsn := newDatabaseAt(t, pinned)
	asked := atomic.Int64{}
	target := plain.watched(dsn, func(string) { asked.Add(1) })
	source, ledger := newDatabase(t, pinned), newLedger(t)
	if err := ledger.Bind(t.Context(), migration.Binding{Migration: "m", Source: "s", Target: "t"}, ""); err != nil {
		t.Fatal(err)
	}
	model := migration.FormModel{Tables: []string{"root"}, Relations: []migration.Relation{{Parent: "root", Child: "line", Kind: held, Column: "parent"}}}
	for _, d := range []testDB{plain, source} {
		d.table("root", "a")
		d.table("line", "parent", "text")
	}
	statements, allocations := map[int]int64{}, map[int]uint64{}
	for n, rows := range []int{500, 5_000} {
		root := fmt.Sprint("r", rows)
		source.row("root", root, "c_a", "x")
		source.exec("INSERT INTO app_fd_line (id, c_parent, c_text) SELECT CONCAT(?, '-', seq.n), ?, 'text of a line' FROM ("+
			"WITH RECURSIVE seq (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seq WHERE n < 1000) SELECT a.n + 1000 * b.n AS n FROM seq a JOIN seq b ON b.n <= 5) seq ORDER BY seq.n LIMIT ?", root, root, rows)
		s := records.Selection{Root: migration.RecordID(root), Model: model}
		key := migration.ClaimKey{Source: "s", Instance: migration.InstanceID(fmt.Sprint(n)), Target: "t"}
		asked.Store(0)
		began := mallocs()
		set, err := records.Collect(t.Context(), source.DB, source.Schema, s, records.Limits{})
		must(t, err)
		copied, err := records.Copy(t.Context(), target.Target, set, ledger.RowImages("m", key), records.CopyOptions{})
		must(t, err)
		opened, err := records.BeginCapture(t.Context(), target.Target, s, records.Limits{})
		must(t, err)
		capture, err := opened.Close(t.Context())
		must(t, err)
		capture, err = records.DecodeCapture(capture.Encode())
		must(t, err)
		undone, err := records.Undo(t.Context(), target.Target, model, ledger.RowUndo("m", key), nil)
		must(t, err)
		statements[rows], allocations[rows] = asked.Load(), (mallocs()-began)/uint64(rows)
		if copied.Inserted != rows+1 || len(capture.Changes()) > 0 || len(undone.Removed) != rows+1 {
			t.Errorf("%d rows: %d copied, %d changed, %d removed", rows, copied.Inserted, len(capture.Changes()), len(undone.Removed))
		}
	}
	t.Logf("queries of the target: %v; allocations of a row: %v", statements, allocations)
	if statements[5_000] > 10*statements[500] {
		t.Errorf("%d queries of the target for 5,000 rows, %d for 500", statements[5_000], statements[500])
	}
	if allocations[5_000] > allocations[500]*5/4 {
		t.Errorf("%d allocations for a row among 5,000, %d among 500", allocations[5_000], allocations[500])
	}
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
