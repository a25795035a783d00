package records_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/records"
)

// bulk is a bulk copy between two databases, with what it said it would insert.
type bulk struct {
	*records.Bulk

	t              *testing.T
	source, target testDB
	ledger         *images
	mu             sync.Mutex
	meant          map[migration.RecordID]records.Digest
}

func newBulk(t *testing.T) *bulk {
	t.Helper()
	b := &bulk{t: t, source: newDatabase(t), target: newDatabase(t), ledger: &images{}, meant: map[migration.RecordID]records.Digest{}}
	b.Bulk = &records.Bulk{
		Source: records.Side{Q: b.source.DB, Schema: b.source.Schema}, Target: b.target.Target,
		Options: records.BulkOptions{Images: b.ledger, Meant: b.note},
	}
	return b
}

func (b *bulk) note(_ context.Context, _ records.Chunk, rows []records.Brought) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range rows {
		b.meant[r.ID] = r.Digest
	}
	return nil
}

func (d testDB) status(name string) int {
	d.t.Helper()
	var n int
	if err := d.DB.QueryRowContext(d.t.Context(), "SHOW GLOBAL STATUS LIKE '"+name+"'").Scan(new(string), &n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

// both makes table t on both sides.
func (b *bulk) both(fields ...string) {
	b.source.table("t", fields...)
	b.target.table("t", fields...)
}

func (b *bulk) chunks(table string, size int) []records.Chunk {
	b.t.Helper()
	var all []records.Chunk
	b.Source.Schema.Forget()
	err := records.Chunks(b.t.Context(), b.Source, table, size, func(c records.Chunk) error {
		all = append(all, c)
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

// copyAll copies all chunks of table t and adds up.
func (b *bulk) copyAll(size int) records.BulkResult {
	b.t.Helper()
	var sum records.BulkResult
	for _, c := range b.chunks("t", size) {
		r, err := b.Copy(b.t.Context(), c)
		if err != nil {
			b.t.Fatalf("chunk %v: %v", c, err)
		}
		sum.Rows += r.Rows
		sum.Inserted += r.Inserted
		sum.Overwritten += r.Overwritten
		sum.Same += r.Same
		sum.Kept = append(sum.Kept, r.Kept...)
		sum.Conflicts = append(sum.Conflicts, r.Conflicts...)
	}
	return sum
}

// differences compares rows of table t of both sides, value by value.
func (b *bulk) differences(ids ...migration.RecordID) []records.Difference {
	b.t.Helper()
	var source, target records.Set
	for set, side := range map[*records.Set]testDB{&source: b.source, &target: b.target} {
		side.Schema.Forget()
		err := records.Side{Q: side.DB, Schema: side.Schema}.Each(b.t.Context(), "t", ids, func(r records.Row) error {
			set.Rows = append(set.Rows, r)
			return nil
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
	return records.Compare(source, target).Differences
}

func recordIDs(n int) []migration.RecordID {
	ids := make([]migration.RecordID, n)
	for i := range ids {
		ids[i] = migration.RecordID(fmt.Sprintf("r%04d", i))
	}
	return ids
}

func TestChunks(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		rows, size int
		want       []records.Chunk
	}{
		{0, 3, nil},
		{2, 3, []records.Chunk{{Table: "t", Rows: 2}}},
		{3, 3, []records.Chunk{{Table: "t", Rows: 3}}},
		{7, 3, []records.Chunk{{Table: "t", To: "r0002", Rows: 3}, {Table: "t", After: "r0002", To: "r0005", Rows: 3}, {Table: "t", After: "r0005", Rows: 1}}},
	} {
		t.Run(fmt.Sprint(tc.rows), func(t *testing.T) {
			t.Parallel()
			b := newBulk(t)
			b.source.table("t")
			for _, id := range recordIDs(tc.rows) {
				b.source.row("t", string(id))
			}
			if diff := cmp.Diff(tc.want, b.chunks("t", tc.size)); diff != "" {
				t.Error(diff)
			}
		})
	}
	b := newBulk(t)
	if got := b.chunks("missing", 3); got != nil {
		t.Errorf("of a table that is not there: %v", got)
	}
	b.source.exec("CREATE TABLE app_fd_k (id varchar(9), c_a text)")
	b.source.Schema.Forget()
	code(t, records.Chunks(t.Context(), b.Source, "k", 3, nil), migration.CodeUnsupported)
}

// Values that a reader of lines could take for something else.
var hard = []any{
	nil, "", "\\N", "NULL", "a\tb", "a\nb", "a\\b", "\\", "a\x00b", "a\r\nb", "'\"", "żółć 漢字 😀", strings.Repeat("x\\\t\n", 20_000), " trailing ", "\x1a",
}

func TestBulkCopiesEveryValueAsItIs(t *testing.T) {
	t.Parallel()
	for _, load := range []bool{true, false} {
		t.Run(fmt.Sprint("load_data_", load), func(t *testing.T) {
			t.Parallel()
			b := newBulk(t)
			types := ", c_n decimal(30,8), c_f float, c_d double, c_i int, c_when datetime(3), c_e enum('a','b\\\\c'), c_u int unsigned zerofill"
			if !load {
				types += ", c_blob blob" // which LOAD DATA would take for text
			}
			for _, db := range []testDB{b.source, b.target} {
				db.table("t", "a", "b")
				db.exec("ALTER TABLE app_fd_t ADD (" + strings.TrimPrefix(types, ", ") + ")")
			}
			var ids []migration.RecordID
			for i, v := range hard {
				id := fmt.Sprint("id", i)
				ids = append(ids, migration.RecordID(id))
				b.source.row("t", id, "c_a", v, "c_b", hard[(i+1)%len(hard)], "c_n", "-12345678901234567890.12000000", "c_f", 0.1, "c_d", 1e300, "c_i", -7, "c_when", "0000-00-00 00:00:00.120", "c_e", "b\\c", "c_u", 7)
			}
			if !load {
				b.source.exec("UPDATE app_fd_t SET c_blob = UNHEX('00FF0A095CE2')")
			}
			got := b.copyAll(4)
			if got.Inserted != len(hard) || got.Rows != len(hard) || len(got.Conflicts) > 0 {
				t.Errorf("got %+v, want %d inserted", got, len(hard))
			}
			if diff := b.differences(ids...); diff != nil {
				t.Errorf("differences: %v", diff)
			}
			// What it said before is what is there.
			err := records.Side{Q: b.target.DB, Schema: b.target.Schema}.Each(t.Context(), "t", ids, func(r records.Row) error {
				if r.Digest() != b.meant[r.Key.ID] {
					t.Errorf("%s has another digest than was noted", r.Key)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			again := b.copyAll(4)
			if again.Same != len(hard) || again.Inserted > 0 {
				t.Errorf("the second time: %+v, want %d the same", again, len(hard))
			}
		})
	}
}

func TestBulkLeavesWhatIsThereToTheRulesOfRecords(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		policy    records.OnConflict
		want      records.BulkResult
		remaining string
	}{
		{records.ConflictPark, records.BulkResult{Rows: 5, CopyResult: records.CopyResult{Inserted: 3, Same: 1, Conflicts: []migration.RowKey{{Table: "t", ID: "b"}}}}, "theirs"},
		{records.ConflictKeep, records.BulkResult{Rows: 5, CopyResult: records.CopyResult{Inserted: 3, Same: 1, Kept: []migration.RowKey{{Table: "t", ID: "b"}}}}, "theirs"},
		{records.ConflictOverwrite, records.BulkResult{Rows: 5, CopyResult: records.CopyResult{Inserted: 3, Same: 1, Overwritten: 1}}, "ours"},
	} {
		t.Run(string(tc.policy), func(t *testing.T) {
			t.Parallel()
			b := newBulk(t)
			b.both("x")
			for _, id := range []string{"a", "b", "c", "d", "e"} {
				b.source.row("t", id, "c_x", "ours")
			}
			b.target.row("t", "b", "c_x", "theirs")
			b.target.row("t", "c", "c_x", "ours")
			b.target.row("t", "z", "c_x", "their own")
			b.Options.OnConflict = tc.policy
			got := b.copyAll(10)
			got.Bytes = 0
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if is := b.target.value("b", "c_x").String; is != tc.remaining {
				t.Errorf("row b holds %q, want %q", is, tc.remaining)
			}
			if n := b.target.count("t"); n != 6 {
				t.Errorf("%d rows, want 6", n)
			}
			// The image of what is overwritten is kept before.
			if kept := slices.ContainsFunc(b.ledger.kept, func(i records.Image) bool { return i.Key.ID == "b" && i.Existed }); kept != (tc.policy == records.ConflictOverwrite) {
				t.Errorf("image of row b: %t", kept)
			}
		})
	}
}

// TestBulkMeetsRowsThatCameMeanwhile: between the look and the write somebody saves one
// of the rows, or a row that stands in the way of one.
func TestBulkMeetsRowsThatCameMeanwhile(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{"the_same_id": "b", "one_that_only_the_collation_takes_for_it": "B"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBulk(t)
			b.both("x")
			for _, id := range []string{"a", "b", "c"} {
				b.source.row("t", id, "c_x", "ours")
			}
			once := sync.OnceFunc(func() { b.target.row("t", in, "c_x", "theirs") })
			b.Options.Meant = func(ctx context.Context, c records.Chunk, rows []records.Brought) error {
				once()
				return b.note(ctx, c, rows)
			}
			got := b.copyAll(10)
			if want := []migration.RowKey{{Table: "t", ID: "b"}}; got.Inserted != 2 || !slices.Equal(got.Conflicts, want) {
				t.Errorf("got %+v, want 2 inserted and conflict %v", got, want)
			}
			if is := b.target.value(in, "c_x").String; is != "theirs" {
				t.Errorf("their row holds %q", is)
			}
		})
	}
}

// TestBulkWithoutLoadData: a server may refuse it, also in the middle, and then it is not
// asked again. A row that is larger than its packets is refused.
func TestBulkWithoutLoadData(t *testing.T) {
	t.Parallel()
	b := newBulk(t)
	b.target, _ = smallServer(t)
	b.Target = b.target.Target
	b.both("x")
	for _, id := range recordIDs(3500) {
		b.source.row("t", string(id), "c_x", "v")
	}
	before := b.target.status("Com_load")
	batches := 0
	b.Options.Meant = func(ctx context.Context, c records.Chunk, rows []records.Brought) error {
		if batches++; batches == 2 {
			b.target.exec("SET GLOBAL local_infile = 0")
		}
		return b.note(ctx, c, rows)
	}
	if got := b.copyAll(1500); got.Inserted != 3500 || len(got.Conflicts) > 0 {
		t.Errorf("got %+v, want 3500 inserted", got)
	}
	if n := b.target.count("t"); n != 3500 {
		t.Errorf("%d rows, want 3500", n)
	}
	if tried := b.target.status("Com_load") - before; tried != 2 {
		t.Errorf("LOAD DATA was tried %d times, want once and once more", tried)
	}
	b.source.row("t", "zz", "c_x", strings.Repeat("x", packet))
	_, err := b.CopyRows(t.Context(), records.Chunk{Table: "t"}, []migration.RecordID{"r0001", "zz"})
	if code(t, err, migration.CodeUnsupported); err != nil && !strings.Contains(err.Error(), "max_allowed_packet") {
		t.Errorf("a row over the packet: %v", err)
	}
}

// TestBulkCopiesSomeRows of a chunk, more than a batch holds by number and by bytes.
func TestBulkCopiesSomeRows(t *testing.T) {
	t.Parallel()
	b := newBulk(t)
	b.both("x")
	ids := recordIDs(1200)
	for i, id := range ids {
		value := "v"
		if i < 3 {
			value = strings.Repeat("x", 3<<20)
		}
		b.source.row("t", string(id), "c_x", value)
	}
	b.target.row("t", "r0005", "c_x", "theirs")
	some := append(slices.Clone(ids[:1100]), "gone meanwhile")
	got, err := b.CopyRows(t.Context(), b.chunks("t", 5000)[0], some)
	if err != nil || got.Rows != 1100 || got.Inserted != 1099 || len(got.Conflicts) != 1 {
		t.Errorf("got %d rows, %d inserted, conflicts %v, %v", got.Rows, got.Inserted, got.Conflicts, err)
	}
	if n := b.target.count("t"); n != 1100 || len(b.meant) != 1099 {
		t.Errorf("%d rows are there, %d were noted", n, len(b.meant))
	}
}

// TestAboveAndTurns: what a row is part of, over two relations and a loop, and in which turn tables go.
func TestAboveAndTurns(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	for _, table := range []string{"order", "line", "note", "loose", "tied"} {
		d.table(table, "of")
	}
	d.row("order", "o1")
	d.row("line", "l1", "c_of", "o1")
	d.row("note", "n1", "c_of", "l1")
	d.row("note", "n2", "c_of", "n2 has no line")
	d.row("note", "n3")
	up := func(child, parent string) migration.Relation {
		return migration.Relation{Parent: parent, Child: child, Kind: migration.RelationChildHoldsParent, Column: "of"}
	}
	model := migration.FormModel{Relations: []migration.Relation{up("line", "order"), up("note", "line"), up("note", "note"), up("line", "line")}}
	key := func(id migration.RecordID) migration.RowKey { return migration.RowKey{Table: "note", ID: id} }
	got, err := d.Above(t.Context(), model, []migration.RowKey{key("n1"), key("n2"), key("n3"), key("none")})
	if err != nil {
		t.Fatal(err)
	}
	want := map[migration.RowKey][]migration.RecordID{key("n1"): {"n1", "l1", "o1"}, key("n2"): {"n2", "n2 has no line"}, key("n3"): {"n3"}, key("none"): {"none"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	d.exec("ALTER TABLE app_fd_tied ADD c_fk varchar(255), ADD FOREIGN KEY (c_fk) REFERENCES app_fd_note (id)")
	turns, err := d.Turns(t.Context(), []string{"line", "loose", "note", "order", "tied"}, model.Relations)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"tied": 0, "loose": 0, "note": 1, "line": 2, "order": 3}, turns); diff != "" {
		t.Error(diff)
	}
}

func TestBulkRefusesWhatTheTargetCannotHold(t *testing.T) {
	t.Parallel()
	for name, alter := range map[string]string{
		"no_table":          "DROP TABLE app_fd_t",
		"no_column":         "ALTER TABLE app_fd_t DROP c_x",
		"narrower":          "ALTER TABLE app_fd_t MODIFY c_x varchar(3)",
		"charset":           "ALTER TABLE app_fd_t MODIFY c_x longtext CHARACTER SET latin1",
		"no_key":            "ALTER TABLE app_fd_t DROP PRIMARY KEY",
		"without_rollbacks": "ALTER TABLE app_fd_t MODIFY id varchar(99), ENGINE=MyISAM",
		"wants_a_value":     "ALTER TABLE app_fd_t ADD c_n int NOT NULL",
		"another_key":       "ALTER TABLE app_fd_t DROP PRIMARY KEY, ADD c_n int AUTO_INCREMENT PRIMARY KEY",
		"a_view":            "RENAME TABLE app_fd_t TO t; CREATE VIEW app_fd_t AS SELECT * FROM t",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBulk(t)
			b.both("x")
			b.source.row("t", "a", "c_x", "long 漢字")
			for _, statement := range strings.Split(alter, "; ") {
				b.target.exec(statement)
			}
			_, err := b.Copy(t.Context(), b.chunks("t", 10)[0])
			code(t, err, migration.CodeUnsupported)
			if len(b.meant) > 0 {
				t.Errorf("it meant to write %v", b.meant)
			}
		})
	}
}

func TestBulkTellsWhoIsKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	b := newBulk(t)
	b.both("x")
	ids := recordIDs(2500)
	for _, id := range ids {
		b.source.row("t", string(id), "c_x", "v")
	}
	calls := 0
	b.Options.Meant = func(ctx context.Context, c records.Chunk, rows []records.Brought) error {
		if calls++; calls == 2 {
			return context.Canceled
		}
		return b.note(ctx, c, rows)
	}
	chunk := b.chunks("t", 5000)[0]
	if _, err := b.Copy(t.Context(), chunk); err == nil {
		t.Fatal("it went on without its note")
	}
	if n := b.target.count("t"); n != 1000 || len(b.meant) != n {
		t.Errorf("%d rows are there, and %d were noted; want 1000", n, len(b.meant))
	}
	got, err := b.Copy(t.Context(), chunk)
	if err != nil || got.Same != 1000 || got.Inserted != 1500 {
		t.Errorf("the next attempt: %+v, %v; want 1000 the same and 1500 inserted", got, err)
	}
	if diff := b.differences(ids...); diff != nil {
		t.Errorf("differences: %v", diff)
	}
}

func TestBulkCompare(t *testing.T) {
	t.Parallel()
	ids := recordIDs(2500)
	for _, tc := range []struct {
		name  string
		alter string // of the target, before
		then  string // on the target, after
		want  []records.Difference
		read  bool // no sums can be had
	}{
		{name: "equal"},
		{name: "other_types_that_hold_the_same", alter: "ALTER TABLE app_fd_t MODIFY dateCreated datetime(0), MODIFY c_x varchar(300) CHARACTER SET utf8mb3, MODIFY c_n bigint"},
		{name: "a_column_more_that_is_empty", alter: "ALTER TABLE app_fd_t ADD c_more varchar(9) NOT NULL DEFAULT ''"},
		{name: "another_order", alter: "ALTER TABLE app_fd_t MODIFY id varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", read: true},
		{name: "a_float", alter: "ALTER TABLE app_fd_t ADD c_f double", read: true},
		{name: "changed", then: "UPDATE app_fd_t SET c_x = 'V' WHERE id = 'r1234'", want: []records.Difference{{Key: migration.RowKey{Table: "t", ID: "r1234"}, Kind: records.Differs, Columns: []string{"c_x"}}}},
		{name: "null_for_empty", then: "UPDATE app_fd_t SET c_e = NULL WHERE id = 'r0003'", want: []records.Difference{{Key: migration.RowKey{Table: "t", ID: "r0003"}, Kind: records.Differs, Columns: []string{"c_e"}}}},
		{name: "two_values_changed_places", then: "UPDATE app_fd_t SET c_x = IF(id = 'r0001', 'v2', 'v1') WHERE id IN ('r0001', 'r0002')", want: []records.Difference{
			{Key: migration.RowKey{Table: "t", ID: "r0001"}, Kind: records.Differs, Columns: []string{"c_x"}},
			{Key: migration.RowKey{Table: "t", ID: "r0002"}, Kind: records.Differs, Columns: []string{"c_x"}},
		}},
		{name: "missing", then: "DELETE FROM app_fd_t WHERE id = 'r2499'", want: []records.Difference{{Key: migration.RowKey{Table: "t", ID: "r2499"}, Kind: records.Missing}}},
		{name: "extra", then: "INSERT INTO app_fd_t (id) VALUES ('r0000x')", want: []records.Difference{{Key: migration.RowKey{Table: "t", ID: "r0000x"}, Kind: records.Surplus}}},
		{name: "a_value_in_a_column_that_the_source_lacks", alter: "ALTER TABLE app_fd_t ADD c_more text", then: "UPDATE app_fd_t SET c_more = 'x' WHERE id = 'r0007'", want: []records.Difference{{Key: migration.RowKey{Table: "t", ID: "r0007"}, Kind: records.Differs, Columns: []string{"c_more"}}}},
		{name: "a_fraction", then: "UPDATE app_fd_t SET dateCreated = '2020-01-02 03:04:05.000001' WHERE id = 'r0009'", want: []records.Difference{{Key: migration.RowKey{Table: "t", ID: "r0009"}, Kind: records.Differs, Columns: []string{"dateCreated"}}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBulk(t)
			b.both("x", "e")
			for _, db := range []testDB{b.source, b.target} {
				db.exec("ALTER TABLE app_fd_t ADD c_n int")
			}
			if tc.alter != "" {
				b.target.exec(tc.alter)
			}
			if tc.name == "a_float" {
				b.source.exec(tc.alter)
			}
			for i, id := range ids {
				b.source.row("t", string(id), "c_x", fmt.Sprint("v", i), "c_e", "", "c_n", i, "dateCreated", "2020-01-02 03:04:05")
			}
			b.copyAll(1200)
			if tc.then != "" {
				b.target.exec(tc.then)
			}
			var found []records.Difference
			var sums records.ChunkComparison
			for _, c := range b.chunks("t", 1200) {
				got, err := b.Compare(t.Context(), c)
				if err != nil {
					t.Fatal(err)
				}
				found = append(found, got.Differences...)
				sums.Source.Rows += got.Source.Rows
			}
			if diff := cmp.Diff(tc.want, found); diff != "" {
				t.Error(diff)
			}
			if summed := sums.Source.Rows == int64(len(ids)); summed == tc.read {
				t.Errorf("the servers summed up %d rows; read: %t", sums.Source.Rows, tc.read)
			}
		})
	}
}
