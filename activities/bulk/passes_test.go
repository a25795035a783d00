package bulk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/time/rate"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/test/activitytest"
	"jogetferry/test/simulator/engine"
)

// pass does a pass over all chunks, and returns what became of them.
func (c *copying) pass(order migration.BulkOrder) map[string]migration.BulkTable {
	c.t.Helper()
	order.Scope = migration.BulkScope{Tables: c.tables}
	in := contract.BulkInput{Migration: c.Migration, Order: order, Lanes: 1}
	out, err := activitytest.Run(c.t, c.activities().Register, contract.CutTables, in)
	activitytest.Must(c.t, err)
	for turn := range max(1, out.Turns) {
		_, err := activitytest.Run(c.t, c.activities().Register, contract.CopyChunks, contract.LaneInput{Migration: c.Migration, Lanes: 1, Turn: turn})
		activitytest.Must(c.t, err)
	}
	c.settle()
	tables, err := c.Ledger.BulkTables(c.t.Context(), c.Migration)
	activitytest.Must(c.t, err)
	byName := map[string]migration.BulkTable{}
	for _, t := range tables {
		byName[t.Table] = t
	}
	return byName
}

func (c *copying) tally(of migration.BulkTable, want migration.BulkTally) {
	c.t.Helper()
	got := of.BulkTally
	got.Bytes, got.Rows = 0, want.Rows
	if diff := cmp.Diff(want, got); diff != "" {
		c.t.Errorf("table %s, parked %d %s %s (-want +got):\n%s", of.Table, of.Parked, of.Reason, of.Detail, diff)
	}
}

func (c *copying) key(instance migration.InstanceID) migration.ClaimKey {
	return migration.ClaimKey{Source: c.SourcePrint, Instance: instance, Target: c.TargetPrint}
}

var (
	copyPass   = migration.BulkOrder{Pass: migration.BulkPassCopy}
	deltaPass  = migration.BulkOrder{Pass: migration.BulkPassDelta}
	deletePass = migration.BulkOrder{Pass: migration.BulkPassDelta, Delete: true}
	verifyPass = migration.BulkOrder{Pass: migration.BulkPassVerify}
	undoPass   = migration.BulkOrder{Pass: migration.BulkPassUndo}
)

func TestDeltaBringsWhatChanged(t *testing.T) {
	t.Parallel()
	c := newCopying(t, "a", "b", "c")
	c.pass(copyPass)
	c.Source.Exec("UPDATE app_fd_b SET c_x = 'new' WHERE id IN ('r7', 'r9')")
	c.Source.Exec("DELETE FROM app_fd_b WHERE id IN ('r8', 'r10')")
	c.Source.Exec("INSERT INTO app_fd_b (id, c_x) VALUES ('zz', 'late')")
	c.Target.Exec("UPDATE app_fd_b SET c_x = 'theirs' WHERE id IN ('r9', 'r10')")
	c.Target.Exec("INSERT INTO app_fd_b (id, c_x) VALUES ('own', 'theirs')")
	c.Target.Exec("DELETE FROM app_fd_c")
	got := c.pass(verifyPass)
	c.tally(got["a"], migration.BulkTally{Same: rows})
	c.tally(got["b"], migration.BulkTally{Same: rows - 4, Missing: 1, Differing: 2, Gone: 1, Extra: 2})
	c.tally(got["c"], migration.BulkTally{Missing: rows})
	want := "missing: b/zz; differs: b/r7, b/r9; gone on the source: b/r8; extra: b/own, b/r10"
	if b := got["b"]; b.Parked != 1 || b.Reason != migration.ReasonVerifyDiffers || b.Detail != want {
		t.Errorf("told %s: %q, want %q", b.Reason, b.Detail, want)
	}
	if left := c.Target.Text("SELECT COUNT(*) FROM app_fd_c"); left != "0" {
		t.Errorf("the comparison wrote %s rows", left)
	}
	got = c.pass(deltaPass)
	c.tally(got["a"], migration.BulkTally{Same: rows})
	c.tally(got["b"], migration.BulkTally{Same: rows - 4, Inserted: 1, Overwritten: 1, Conflicts: 1, Differing: 1, Gone: 1, Extra: 2})
	c.tally(got["c"], migration.BulkTally{Inserted: rows})
	if b := got["b"]; b.Reason != migration.ReasonRecordConflict || b.Detail != "b/r9" {
		t.Errorf("parked %s with %s", b.Reason, b.Detail)
	}
	c.whole("c")
	// What is gone stays until it is to be deleted, and what somebody changed stays then, too.
	c.Target.Exec("UPDATE app_fd_b SET c_x = 'new' WHERE id = 'r9'")
	c.tally(c.pass(deletePass)["b"], migration.BulkTally{Same: rows - 1, Removed: 1, Extra: 2})
	c.Target.Exec("DELETE FROM app_fd_b WHERE id IN ('own', 'r10')")
	c.whole("b")
	// All is taken back, whatever the deltas did to it.
	c.pass(undoPass)
	for table, left := range map[string]int{"a": 0, "b": 1, "c": 0} { // one was written by somebody
		if n := c.count(table); n != left {
			t.Errorf("%d rows of table %s are left, want %d", n, table, left)
		}
	}
}

// TestCopyOfASourceThatChanges: what changes behind the copy is copied once more, and what is
// kept as the target's own explains no other difference.
func TestCopyOfASourceThatChanges(t *testing.T) {
	t.Parallel()
	c := newCopying(t, "a")
	c.servers.Settings.OnConflict = records.ConflictKeep
	c.Target.Exec("INSERT INTO app_fd_a (id, c_x) VALUES ('r2', 'theirs'), ('r3', 'theirs')")
	c.cut()
	c.servers.Settings.RowLimiter = rate.NewLimiter(100, 1000)
	ended := make(chan error, 1)
	go func() {
		_, err := c.lane(activitytest.NewAttempt())
		ended <- err
	}()
	pace := rate.NewLimiter(rate.Every(20*time.Millisecond), 1)
	for c.count("a") < 1000 {
		activitytest.Must(t, pace.Wait(t.Context()))
	}
	c.Source.Exec("UPDATE app_fd_a SET c_x = 'late' WHERE id = 'r1'")
	c.Source.Exec("DELETE FROM app_fd_a WHERE id = 'r10'")
	c.servers.Settings.RowLimiter.SetLimit(rate.Inf)
	activitytest.Must(t, <-ended)
	c.stands(migration.BulkTable{
		Kind: migration.BulkRows, Table: "a", Chunks: 1, Done: 1, Planned: rows, Detail: "gone on the source: a/r10",
		BulkTally: migration.BulkTally{Rows: rows - 1, Inserted: rows - 2, Overwritten: 1, Same: rows - 4, Kept: 2, Differing: 2, Gone: 1},
	})
	// Two were kept; one that differs besides is not explained by that.
	c.Target.Exec("CREATE TRIGGER bends BEFORE INSERT ON app_fd_a FOR EACH ROW SET NEW.c_x = IF(NEW.id = 'new', CONCAT(NEW.c_x, '!'), NEW.c_x)")
	c.Source.Exec("DELETE FROM app_fd_a WHERE id = 'r2'")
	c.Source.Exec("INSERT INTO app_fd_a (id, c_x) VALUES ('new', 'v')")
	if got := c.pass(deltaPass)["a"]; got.Parked != 1 {
		t.Errorf("what a trigger bends is %+v", got)
	}
}

// TestVerifyOfWhatWasNeverCopied cuts the tables, and a copy brings what it found missing.
func TestVerifyOfWhatWasNeverCopied(t *testing.T) {
	t.Parallel()
	c := newCopying(t, "a", "b")
	c.Target.Exec("DROP TABLE app_fd_b")
	got := c.pass(verifyPass)
	c.tally(got["a"], migration.BulkTally{Missing: rows})
	if a := got["a"]; !strings.HasSuffix(a.Detail, " and 2480 more") {
		t.Errorf("rows are named as %q", a.Detail)
	}
	if b := got["b"]; b.Reason != migration.ReasonRecordUnsupported {
		t.Errorf("a table that is not there is %s", b.Reason)
	}
	c.tally(c.pass(copyPass)["a"], migration.BulkTally{Inserted: rows})
	c.whole("a")
}

// used makes each of rows r1 to r9 of table a something of its own on the target: what
// stands in the way of its removal.
func (c *copying) used(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	c.servers.Settings.Extra = migration.FormModel{Tables: []string{"a", "n"}, Relations: []migration.Relation{
		{Parent: "a", Child: "n", Kind: migration.RelationChildHoldsParent, Column: "x"},
		{Parent: "p", Child: "a", Kind: migration.RelationChildHoldsParent, Column: "parent"},
	}}
	c.Target.Exec("UPDATE app_fd_a SET c_x = 'theirs' WHERE id = 'r2'")
	activitytest.Must(t, c.Ledger.HoldRecord(ctx, c.key("holds"), "r3", c.Migration))
	_, _, err := c.Ledger.Claim(ctx, c.key("starts"), "r4", "token", c.Migration)
	activitytest.Must(t, err)
	_, err = c.Target.Engine.Start(ctx, engine.Caller{Name: "cat"}, engine.StartRequest{
		Definition: migration.DefinitionID{Package: "leave", Version: activitytest.TargetVersion, Process: "process1"}.String(), RecordID: "r5",
	})
	activitytest.Must(t, err)
	c.Target.Exec("INSERT INTO app_fd_n (id, c_x) VALUES ('names', 'r6')")
	activitytest.Must(t, c.Ledger.HoldRecord(ctx, c.key("holds the parent"), "p1", c.Migration))
	images := c.Ledger.RowImages(c.Migration, c.key("wrote"))
	activitytest.Must(t, records.Side{Q: c.Target.DB.Pool(), Schema: c.Target.Tables}.Each(ctx, "a", []migration.RecordID{"r9"}, func(row records.Row) error {
		image := []records.Image{{Key: row.Key, WrittenDigest: row.Digest()}}
		activitytest.Must(t, images.Keep(ctx, image))
		return images.Wrote(ctx, image)
	}))
}

// usable is a copy of ten rows in which each stands for one way of being used.
func usable(t *testing.T) *copying {
	t.Helper()
	c := newCopying(t)
	for _, s := range []*activitytest.Server{c.Source, c.Target} {
		s.Table("a", "x", "parent")
		s.Table("n", "x")
	}
	for n := range 10 {
		c.Source.Exec("INSERT INTO app_fd_a (id, c_x, c_parent) VALUES (?, 'v', ?)", fmt.Sprint("r", n), map[int]string{7: "p1"}[n])
	}
	c.Target.Exec("INSERT INTO app_fd_a (id, c_x) VALUES ('r8', 'before')")
	c.servers.Settings.OnConflict = records.ConflictOverwrite
	c.tables = []string{"a"}
	c.tally(c.pass(copyPass)["a"], migration.BulkTally{Inserted: 9, Overwritten: 1})
	c.used(t)
	return c
}

func (c *copying) ids(table string) string {
	c.t.Helper()
	return c.Target.Text("SELECT IFNULL(GROUP_CONCAT(id ORDER BY id), '') FROM app_fd_" + table)
}

func TestDeltaDeletesWhatNobodyUses(t *testing.T) {
	t.Parallel()
	c := usable(t)
	c.Source.Exec("DELETE FROM app_fd_a WHERE id <> 'r0'")
	for _, removed := range []int64{1, 0} {
		c.tally(c.pass(deletePass)["a"], migration.BulkTally{Same: 1, Removed: removed, InUse: 6, Gone: 7, Extra: 1})
	}
	if is, want := c.ids("a"), "r0,r2,r3,r4,r5,r6,r7,r8,r9"; is != want {
		t.Errorf("left %s, want %s", is, want)
	}
	// Its content went to the ledger before.
	lines, err := c.Ledger.Lines(t.Context(), c.Migration, migration.BulkChunk{ID: 1}.Owner())
	activitytest.Must(t, err)
	kept := slices.ContainsFunc(lines, func(l migration.StepLine) bool { return l.Event == migration.EventRowPutBack && l.Detail == "r1" })
	if !kept {
		t.Errorf("no image of what was deleted became history: %+v", lines)
	}
	// What was ours before is not, once it was deleted.
	c.Target.Exec("INSERT INTO app_fd_a (id, c_x) VALUES ('r1', 'v')")
	c.tally(c.pass(deletePass)["a"], migration.BulkTally{Same: 1, InUse: 6, Gone: 7, Extra: 2})
}

func TestUndoOfTheCopyLeavesWhatIsUsed(t *testing.T) {
	t.Parallel()
	c := usable(t)
	got := c.pass(undoPass)["a"]
	c.tally(got, migration.BulkTally{Removed: 2, Restored: 1, InUse: 5, Conflicts: 2})
	if want := "in use: a/r3, a/r4, a/r5, a/r7, a/r9; changed, or named by rows that stay: a/r2, a/r6"; got.Detail != want || got.Parked != 1 || got.Reason != migration.ReasonRecordConflict {
		t.Errorf("parked %d, %s: %s; want %s", got.Parked, got.Reason, got.Detail, want)
	}
	if is := c.Target.Field("a", "r8", "x"); is != "before" {
		t.Errorf("what was overwritten holds %q", is)
	}
	// Given again when the users are gone, it takes the rest.
	for _, instance := range []migration.InstanceID{"holds", "holds the parent"} {
		activitytest.Must(t, c.Ledger.FreeRecord(t.Context(), c.key(instance)))
	}
	c.Target.Exec("DELETE FROM app_fd_n")
	c.Target.Exec("INSERT INTO app_fd_a (id, c_x) VALUES ('r0', 'v')") // by somebody, in the same words
	got = c.pass(undoPass)["a"]
	c.tally(got, migration.BulkTally{Removed: 2 + 3, Restored: 1, InUse: 3, Conflicts: 1})
	if is, want := c.ids("a"), "r0,r2,r4,r5,r8,r9"; is != want {
		t.Errorf("left %s, want %s", is, want)
	}
	written, err := c.Ledger.WrittenInBulk(t.Context(), c.TargetPrint, []migration.RowKey{{Table: "a", ID: "r0"}, {Table: "a", ID: "r1"}, {Table: "a", ID: "r4"}})
	activitytest.Must(t, err)
	if len(written) != 1 {
		t.Errorf("the ledger takes for the copy's: %v", written)
	}
}

// TestUndoHasTheHoldersFirst: a foreign key of the database, and a relation of the forms
// the other way round of the names, want tables in an order.
func TestUndoHasTheHoldersFirst(t *testing.T) {
	t.Parallel()
	c := newCopying(t, "a", "b", "c")
	c.Source.Exec("UPDATE app_fd_b SET c_x = 'r1'")
	c.Source.Exec("UPDATE app_fd_c SET c_x = 'r1'")
	c.Target.Exec("ALTER TABLE app_fd_c MODIFY c_x varchar(255), ADD KEY (c_x)")
	c.pass(copyPass)
	c.Target.Exec("ALTER TABLE app_fd_c ADD FOREIGN KEY (c_x) REFERENCES app_fd_b (id)")
	c.servers.Settings.Extra = migration.FormModel{Tables: []string{"a"}, Relations: []migration.Relation{{Parent: "a", Child: "b", Kind: migration.RelationChildHoldsParent, Column: "x"}}}
	for _, table := range c.pass(undoPass) {
		if table.Parked > 0 || c.count(table.Table) > 0 {
			t.Errorf("table %s: %s %s, %d rows left", table.Table, table.Reason, table.Detail, c.count(table.Table))
		}
	}
}

// TestUndoKeepsInstancesWaiting: nobody takes a record while rows are taken back.
func TestUndoKeepsInstancesWaiting(t *testing.T) {
	t.Parallel()
	c := newCopying(t, "a")
	c.pass(copyPass)
	begin := func(order migration.BulkOrder) {
		activitytest.Must(t, c.Ledger.BeginBulk(t.Context(), c.Migration, order))
	}
	take := func() error { return c.Ledger.HoldRecord(t.Context(), c.key("i"), "r1", c.Migration) }
	begin(undoPass)
	if err := take(); migration.CodeOf(err) != migration.CodeConflict {
		t.Errorf("taking a record: %v", err)
	}
	activitytest.Must(t, c.Ledger.SetBulk(t.Context(), c.Migration, migration.BulkPaused))
	activitytest.Must(t, take())
}

// TestPassesGoOnAfterTheyWereKilled has a lane wait for a lock in the middle of what it does
// to a row of the target, and end there, or lose the ledger before it can say that it was done.
func TestPassesGoOnAfterTheyWereKilled(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		order  migration.BulkOrder
		before func(*copying)
		lock   string // of the target
		does   string // what waits for it
		left   int
	}{
		{"copy_that_inserts", copyPass, func(*copying) {}, "INSERT INTO app_fd_a (id, c_x) VALUES ('r2400', 'locked')", "LOAD DATA%", rows},
		{"delta_that_overwrites", deltaPass, func(c *copying) {
			c.pass(copyPass)
			c.Source.Exec("UPDATE app_fd_a SET c_x = CONCAT('new ', id) WHERE id IN ('r5', 'r6')")
		}, "SELECT id FROM app_fd_a WHERE id = 'r5' FOR UPDATE", "SELECT%FOR UPDATE", rows},
		{"delta_that_deletes", deletePass, func(c *copying) {
			c.pass(copyPass)
			c.Source.Exec("DELETE FROM app_fd_a WHERE id IN ('r5', 'r6')")
		}, "SELECT id FROM app_fd_a WHERE id = 'r5' FOR UPDATE", "SELECT%FOR UPDATE", rows - 2},
		{"undo", undoPass, func(c *copying) { c.pass(copyPass) }, "SELECT id FROM app_fd_a WHERE id = 'r1500' FOR UPDATE", "SELECT%FOR UPDATE", 0},
	} {
		for _, how := range []string{"before_the_effect", "after_the_effect"} {
			t.Run(tc.name+"/"+how, func(t *testing.T) {
				t.Parallel()
				c := newCopying(t, "a")
				tc.before(c)
				c.killed(tc.order, tc.lock, tc.does, how == "after_the_effect")
				got := c.pass(tc.order)["a"]
				if got.Parked > 0 || got.Missing+got.Differing+got.Gone+got.Extra+got.Conflicts > 0 || c.count("a") != tc.left {
					t.Errorf("%+v; %d rows, want %d", got, c.count("a"), tc.left)
				}
				if tc.order.Pass != migration.BulkPassUndo {
					c.whole("a")
					c.pass(undoPass)
				}
				if n := c.count("a"); n != 0 {
					t.Errorf("%d rows are nobody's after all was taken back", n)
				}
			})
		}
	}
}

// killed begins a pass, and ends its lane while a statement like does waits for a lock.
func (c *copying) killed(order migration.BulkOrder, lock, does string, after bool) {
	c.t.Helper()
	order.Scope = migration.BulkScope{Tables: c.tables}
	_, err := activitytest.Run(c.t, c.activities().Register, contract.CutTables, contract.BulkInput{Migration: c.Migration, Order: order, Lanes: 1})
	activitytest.Must(c.t, err)
	tx, err := c.Target.SQL.BeginTx(c.t.Context(), nil)
	activitytest.Must(c.t, err)
	defer tx.Rollback() // after that below it answers ErrTxDone
	_, err = tx.ExecContext(c.t.Context(), lock)
	activitytest.Must(c.t, err)
	servers, cancel, ended := c.servers, make(chan struct{}), make(chan error, 1)
	c.servers.Ledger = c.OpenLedger()
	lane := c.activities()
	dying := c.servers
	lane.Servers = &dying
	go func() {
		at := activitytest.NewAttempt()
		at.Cancel = cancel
		_, err := activitytest.RunAs(c.t, lane.Register, contract.CopyChunks, contract.LaneInput{Migration: c.Migration, Lanes: 1}, at)
		ended <- err
	}()
	pace := rate.NewLimiter(rate.Every(20*time.Millisecond), 1)
	for c.Target.Text("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID() AND COMMAND <> 'Sleep' AND INFO LIKE '%app_fd_a%' AND INFO LIKE ?", does) == "0" {
		activitytest.Must(c.t, pace.Wait(c.t.Context()))
	}
	if after {
		activitytest.Must(c.t, c.servers.Ledger.Close())
	} else {
		close(cancel)
		if err := <-ended; err == nil {
			c.t.Error("the lane went on")
		}
	}
	activitytest.Must(c.t, tx.Rollback())
	if after {
		if err := <-ended; err == nil {
			c.t.Error("the lane did not miss the ledger")
		}
	}
	c.servers = servers
}
