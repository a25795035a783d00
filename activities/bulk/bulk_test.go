package bulk_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/time/rate"

	"jogetferry/activities/bulk"
	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/test/activitytest"
	"jogetferry/test/mysqltest"
)

// copying is a copy of some tables between the servers of a stage of its own.
type copying struct {
	*activitytest.Case

	t       *testing.T
	servers step.Servers
	tables  []string
}

// rows is how many rows each table has: several batches.
const rows = 2500

func newCopying(t *testing.T, tables ...string) *copying {
	t.Helper()
	c := &copying{Case: activitytest.New(t).Case(t), t: t, tables: tables}
	for _, table := range tables {
		c.Source.Table(table, "x")
		c.Target.Table(table, "x")
		c.Source.Exec("INSERT INTO app_fd_" + table + " (id, c_x) SELECT CONCAT('r', seq), CONCAT('v', seq) FROM " + mysqltest.Sequence(rows))
	}
	c.servers = c.Servers()
	return c
}

func (c *copying) activities() *bulk.Activities { return &bulk.Activities{Servers: &c.servers} }

func (c *copying) input() contract.BulkInput {
	return contract.BulkInput{Migration: c.Migration, Order: migration.BulkOrder{Pass: migration.BulkPassCopy, Scope: migration.BulkScope{Tables: c.tables}}, Lanes: 2}
}

func (c *copying) cut() contract.CutOutput {
	c.t.Helper()
	out, err := activitytest.Run(c.t, c.activities().Register, contract.CutTables, c.input())
	activitytest.Must(c.t, err)
	return out
}

func (c *copying) lane(at activitytest.Attempt) (contract.LaneOutput, error) {
	c.t.Helper()
	return activitytest.RunAs(c.t, c.activities().Register, contract.CopyChunks, contract.LaneInput{Migration: c.Migration, Lanes: 2}, at)
}

func (c *copying) settle() contract.BulkResult {
	c.t.Helper()
	out, err := activitytest.Run(c.t, c.activities().Register, contract.SettleBulk, c.input())
	activitytest.Must(c.t, err)
	return out
}

func (c *copying) count(table string) int {
	c.t.Helper()
	n, err := strconv.Atoi(c.Target.Text("SELECT COUNT(*) FROM app_fd_" + table))
	activitytest.Must(c.t, err)
	return n
}

// whole checks that a table is on the target as on the source.
func (c *copying) whole(table string) {
	c.t.Helper()
	const sum = "SELECT CONCAT(COUNT(*), ' ', IFNULL(SUM(CRC32(CONCAT(id, ':', c_x))), 0)) FROM app_fd_"
	if source, target := c.Source.Text(sum+table), c.Target.Text(sum+table); source != target {
		c.t.Errorf("table %s: source %s, target %s", table, source, target)
	}
}

func (c *copying) stands(tables ...migration.BulkTable) {
	c.t.Helper()
	got, err := c.Ledger.BulkTables(c.t.Context(), c.Migration)
	activitytest.Must(c.t, err)
	for i := range got {
		got[i].Bytes = 0
	}
	if diff := cmp.Diff(tables, got); diff != "" {
		c.t.Errorf("the ledger (-want +got):\n%s", diff)
	}
}

func done(table string, of migration.BulkTally) migration.BulkTable {
	of.Rows = rows
	return migration.BulkTable{Kind: migration.BulkRows, Table: table, Chunks: 1, Done: 1, Planned: rows, BulkTally: of}
}

func TestCopyOfTables(t *testing.T) {
	t.Parallel()
	c := newCopying(t, "a", "b", "c", "d")
	c.Source.Table("empty", "x")
	c.tables = append(c.tables, "empty")
	c.Target.Exec("DROP TABLE app_fd_c")
	c.Target.Exec("INSERT INTO app_fd_d (id, c_x) VALUES ('r7', 'theirs'), ('own', 'theirs')")
	if out := c.cut(); out.Tables != 5 || len(out.Unknown)+len(out.Refused) > 0 {
		t.Errorf("cut: %+v", out)
	}
	var lanes sync.WaitGroup
	for range 2 {
		lanes.Go(func() {
			if _, err := c.lane(activitytest.NewAttempt()); err != nil {
				t.Error(err)
			}
		})
	}
	lanes.Wait()
	if got := c.settle(); got.Status != migration.BulkDone || got.Chunks != 4 || got.Parked != 2 {
		t.Errorf("settled: %+v", got)
	}
	refused := migration.BulkTable{Kind: migration.BulkRows, Table: "c", Chunks: 1, Parked: 1, Planned: rows, Reason: migration.ReasonRecordUnsupported}
	tables, err := c.Ledger.BulkTables(t.Context(), c.Migration)
	activitytest.Must(t, err)
	refused.Detail = tables[2].Detail
	conflict := done("d", migration.BulkTally{Inserted: rows - 1, Conflicts: 1, Differing: 1, Extra: 1})
	conflict.Done, conflict.Parked, conflict.Reason, conflict.Detail = 0, 1, migration.ReasonRecordConflict, "d/r7"
	c.stands(done("a", migration.BulkTally{Inserted: rows}), done("b", migration.BulkTally{Inserted: rows}), refused, conflict)
	c.whole("a")
	c.whole("b")
	// Mended, the parked ones go on, and nothing else is done anew.
	c.Target.Table("c", "x")
	c.Target.Exec("DELETE FROM app_fd_d WHERE id = 'r7'")
	c.cut()
	if out, err := c.lane(activitytest.NewAttempt()); err != nil || out.Chunks != 2 || out.Parked != 0 {
		t.Errorf("the parked ones: %+v, %v", out, err)
	}
	c.whole("c")
	c.stands(done("a", migration.BulkTally{Inserted: rows}), done("b", migration.BulkTally{Inserted: rows}),
		done("c", migration.BulkTally{Inserted: rows}), done("d", migration.BulkTally{Inserted: rows, Same: rows - 1, Extra: 1}))
}

// TestCopyLeavesRecordsWithNewIDs: they come with their instance, under that ID, and what
// names them says the new one.
func TestCopyLeavesRecordsWithNewIDs(t *testing.T) {
	t.Parallel()
	c := newCopying(t, "a")
	_, err := c.Ledger.SaveRekeys(t.Context(), c.SourcePrint, c.TargetPrint, migration.Rekeys{"r7": "new-7", "r2000": "new-2000"}, "plan")
	activitytest.Must(t, err)
	c.servers.Settings.RekeyColumns.Columns = map[string][]string{"a": {"x"}}
	c.servers.Settings.Extra.Relations = []migration.Relation{{Parent: "b", Child: "a", Kind: migration.RelationChildHoldsParent, Column: "y"}}
	for _, s := range []*activitytest.Server{c.Source, c.Target} {
		s.Exec("ALTER TABLE app_fd_a ADD c_y varchar(50)")
	}
	c.Source.Exec("UPDATE app_fd_a SET c_x = 'r7' WHERE id IN ('r8', 'r7')")
	c.Source.Exec("UPDATE app_fd_a SET c_y = 'r2000' WHERE id IN ('r9', 'r7')")
	c.cut()
	if out, err := c.lane(activitytest.NewAttempt()); err != nil || out.Parked != 0 {
		t.Errorf("%+v, %v", out, err)
	}
	c.stands(done("a", migration.BulkTally{Inserted: rows - 2}))
	if named := c.Target.Text("SELECT GROUP_CONCAT(CONCAT_WS('>', id, c_x, c_y) ORDER BY id) FROM app_fd_a WHERE id IN ('r8', 'r9')"); named != "r8>new-7,r9>v9>new-2000" {
		t.Errorf("they are named as %s", named)
	}
	if there := c.Target.Text("SELECT COUNT(*) FROM app_fd_a WHERE id IN ('r7', 'r2000')"); there != "0" {
		t.Errorf("%s of them are there", there)
	}
}

func TestCopyRefusesNamesThatTheSourceDoesNotHave(t *testing.T) {
	t.Parallel()
	c := newCopying(t, "a")
	c.tables = []string{"a", "nothing"}
	out, err := activitytest.Run(t, c.activities().Register, contract.CutTables, contract.BulkInput{
		Migration: c.Migration, Lanes: 1,
		Order: migration.BulkOrder{Pass: migration.BulkPassCopy, Scope: migration.BulkScope{Tables: []string{"a", "nothing"}, Apps: []string{"no_app"}}},
	})
	activitytest.Must(t, err)
	if diff := cmp.Diff(contract.CutOutput{Unknown: []string{"nothing", "no_app"}}, out); diff != "" {
		t.Error(diff)
	}
	if _, err := c.Ledger.Bulk(t.Context(), c.Migration); migration.CodeOf(err) != migration.CodeNotFound {
		t.Errorf("it was begun: %v", err)
	}
}

// TestCopyGoesOnAfterItWasCut: a worker dies in the middle of a chunk, or the operator
// pauses it, and nothing is lost or there twice.
func TestCopyGoesOnAfterItWasCut(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		cut   func(*copying, chan struct{})
		again func(*copying, activitytest.Attempt) activitytest.Attempt
		fails bool
	}{
		{
			"the_worker_died", func(_ *copying, cancel chan struct{}) { close(cancel) },
			func(_ *copying, at activitytest.Attempt) activitytest.Attempt { return at.Next() }, true,
		},
		{
			"the_workflow_was_started_anew", func(_ *copying, cancel chan struct{}) { close(cancel) },
			func(c *copying, _ activitytest.Attempt) activitytest.Attempt {
				c.cut()
				return activitytest.NewAttempt()
			}, true,
		},
		{
			"it_was_paused", func(c *copying, _ chan struct{}) {
				activitytest.Must(c.t, c.Ledger.SetBulk(c.t.Context(), c.Migration, migration.BulkPaused))
			},
			func(c *copying, _ activitytest.Attempt) activitytest.Attempt {
				if got := c.settle(); got.Status != migration.BulkPaused {
					c.t.Errorf("settled as %s", got.Status)
				}
				c.cut()
				return activitytest.NewAttempt()
			}, false,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := newCopying(t, "a")
			c.cut()
			// A thousand rows at once, and then a trickle.
			c.servers.Settings.RowLimiter = rate.NewLimiter(100, 1000)
			cancel := make(chan struct{})
			at := activitytest.NewAttempt()
			at.Cancel = cancel
			ended := make(chan error, 1)
			go func() {
				_, err := c.lane(at)
				ended <- err
			}()
			pace := rate.NewLimiter(rate.Every(20*time.Millisecond), 1)
			for c.count("a") == 0 {
				activitytest.Must(t, pace.Wait(t.Context()))
			}
			tc.cut(c, cancel)
			if err := <-ended; (err != nil) != tc.fails {
				t.Errorf("the lane ended with %v", err)
			}
			there := c.count("a")
			if there == rows {
				t.Fatal("it was not cut in the middle")
			}
			c.servers.Settings.RowLimiter = rate.NewLimiter(rate.Inf, 0)
			at.Cancel = nil
			if _, err := c.lane(tc.again(c, at)); err != nil {
				t.Fatal(err)
			}
			c.whole("a")
			c.stands(done("a", migration.BulkTally{Inserted: int64(rows - there), Same: int64(there)}))
		})
	}
}

// TestCopyMakesTables: what the target lacks is made before anything is cut, and workers that
// looked before see it.
func TestCopyMakesTables(t *testing.T) {
	t.Parallel()
	c := newCopying(t, "a", "b", "c", "d")
	c.Target.Exec("DROP TABLE app_fd_a")
	c.Source.Exec("ALTER TABLE app_fd_b ADD c_late longtext, ADD c_never longtext, ADD modified_twice int, ADD c_number int")
	c.Source.Exec("UPDATE app_fd_b SET c_late = 'late', c_number = 1 WHERE id = 'r7'")
	c.Source.Exec("ALTER TABLE app_fd_d ADD c_late longtext")
	c.Source.Exec("UPDATE app_fd_d SET c_late = 'late' WHERE id = 'r7'")
	c.Target.Exec("DROP TABLE app_fd_c")
	c.Target.Exec("CREATE VIEW app_fd_c AS SELECT 'r' AS id")
	other := c.Servers()
	other.Target.Tables = records.NewSchema()
	for _, table := range c.tables {
		_, _, err := other.Target.Tables.Table(t.Context(), other.Target.Pool(), table)
		activitytest.Must(t, err)
	}
	in := c.input()
	in.CreateTables = true
	_, err := activitytest.Run(t, c.activities().Register, contract.CutTables, in)
	activitytest.Must(t, err)
	c.servers = other
	_, err = c.lane(activitytest.NewAttempt())
	activitytest.Must(t, err)
	c.whole("a")
	c.whole("d")
	const columns = "SELECT GROUP_CONCAT(CONCAT(COLUMN_NAME, ' ', COLUMN_TYPE) ORDER BY COLUMN_NAME) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND COLUMN_NAME LIKE 'c\\_%'"
	activitytest.Same(t, "a", "c_x longtext", c.Target.Text(columns, "app_fd_a"))
	activitytest.Same(t, "b", "c_late longtext,c_x longtext", c.Target.Text(columns, "app_fd_b"))
	activitytest.Same(t, "value", "late", c.Target.Text("SELECT c_late FROM app_fd_d WHERE id = 'r7'"))
	tables, err := c.Ledger.BulkTables(t.Context(), c.Migration)
	activitytest.Must(t, err)
	for _, table := range tables {
		activitytest.Same(t, table.Table+" parked", map[string]int{"b": 1, "c": 1}[table.Table], table.Parked)
	}
	lines, err := c.Ledger.Lines(t.Context(), c.Migration, "")
	activitytest.Must(t, err)
	var made []string
	for _, l := range lines {
		if l.Event == migration.EventTableMade {
			made = append(made, string(l.Kind)+" "+l.Facts.Name)
		}
	}
	if diff := cmp.Diff([]string{"intent a", "outcome a", "intent b", "outcome b", "intent d", "outcome d"}, made); diff != "" {
		t.Errorf("the ledger (-want +got):\n%s", diff)
	}
}
