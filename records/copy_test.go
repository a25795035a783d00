package records_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/test/mysqltest"
)

// awkwardTable has what the tables of real servers have, and what none should.
const awkwardTable = "CREATE TABLE `app_fd_it's ``quoted``-x` (`c_b-dash` longtext, `c_``tick` longtext, c_bin longblob, c_small varchar(40), `id` varchar(255) NOT NULL, " +
	"dateCreated datetime(6), dateModified datetime, c_num bigint, c_dec decimal(12,3), c_gen int GENERATED ALWAYS AS (char_length(c_small)) STORED, c_Ω longtext, " +
	"PRIMARY KEY (id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"

func awkward(d testDB) {
	const table = "it's `quoted`-x"
	d.exec(awkwardTable)
	d.row(table, "r", "c_b-dash", "😀 it's \\ `quoted` \"x\"\n\x00\r?", "c_`tick", nil, "c_bin", []byte{0, 0xff, 0xfe, '\'', '\\', 0x80}, "c_small", "",
		"dateCreated", "2024-02-29 23:59:59.123450", "dateModified", "2024-02-29 23:59:59", "c_num", int64(-9007199254740993), "c_dec", "1.500", "c_Ω", strings.Repeat("größer 😀", 10_000))
}

func TestCopyIsExact(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		edit func(*mysql.Config)
	}{
		{"prepared", func(*mysql.Config) {}},
		{"interpolated", func(c *mysql.Config) { c.InterpolateParams = true }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			source, target := newDatabase(t), newDatabase(t, tc.edit)
			awkward(source)
			target.exec(awkwardTable)
			s := selection("r", "it's `quoted`-x")
			set := source.collect(s)
			result, err := records.Copy(t.Context(), target.Target, set, &images{}, records.CopyOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(records.CopyResult{Inserted: 1}, result); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(set, target.collect(s)); diff != "" {
				t.Errorf("rows (-source +target):\n%s", diff)
			}
			var gen int
			if err := target.DB.QueryRowContext(t.Context(), "SELECT c_gen FROM `app_fd_it's ``quoted``-x`").Scan(&gen); err != nil || gen != 0 {
				t.Errorf("generated column %d, %v", gen, err)
			}
			row := set.Rows[0]
			if v, ok := row.Value("c_small"); !ok || v == nil || len(v) != 0 {
				t.Errorf("empty text is %v, want empty and not NULL", v)
			}
			if v, ok := row.Value("c_`TICK"); !ok || v != nil {
				t.Errorf("NULL is %v", v)
			}
			if _, ok := row.Value("c_gen"); ok {
				t.Error("a generated column travels along")
			}
		})
	}
}

func TestCopyFromDatetimeToDatetime6IsTheSame(t *testing.T) {
	t.Parallel()
	source, target := newDatabase(t), newDatabase(t)
	source.exec("CREATE TABLE app_fd_t (id varchar(255) PRIMARY KEY, dateCreated datetime, c_A longtext) DEFAULT CHARSET=utf8mb3")
	target.table("t", "a", "later")
	source.row("t", "r", "dateCreated", "2020-01-02 03:04:05", "c_A", "x")
	set := source.collect(selection("r", "t"))
	for _, want := range []records.CopyResult{{Inserted: 1}, {Same: 1}} {
		result, err := records.Copy(t.Context(), target.Target, set, &images{}, records.CopyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, result); diff != "" {
			t.Errorf("result (-want +got):\n%s", diff)
		}
	}
	there := target.collect(selection("r", "t"))
	if diff := cmp.Diff(records.Comparison{Same: 1}, records.Compare(set, there)); diff != "" {
		t.Errorf("comparison (-want +got):\n%s", diff)
	}
	if set.Rows[0].Digest() != there.Rows[0].Digest() {
		t.Error("digests differ, although the content is the same")
	}
}

func TestCopyDecidesByWhatIsThere(t *testing.T) {
	t.Parallel()
	park, overwrite, keep := records.ConflictPark, records.ConflictOverwrite, records.ConflictKeep
	key := migration.RowKey{Table: "t", ID: "r"}
	for _, tc := range []struct {
		name   string
		policy records.OnConflict
		there  string // value on the target, "" for no row
		ours   string // value that the ledger knows as ours, "" for none
		want   records.CopyResult
		code   migration.Code
		value  string // afterwards
		image  string // value in the image kept, "" for none
	}{
		{name: "absent", policy: park, want: records.CopyResult{Inserted: 1}, value: "new"},
		{name: "same", policy: park, there: "new", want: records.CopyResult{Same: 1}, value: "new"},
		{name: "ours_from_before", policy: park, there: "old", ours: "old", want: records.CopyResult{Overwritten: 1}, value: "new", image: "old"},
		{name: "ours_and_changed_since", policy: park, there: "edited", ours: "old", want: records.CopyResult{Conflicts: []migration.RowKey{key}}, code: migration.CodeConflict, value: "edited"},
		{name: "zero_policy_parks", there: "theirs", want: records.CopyResult{Conflicts: []migration.RowKey{key}}, code: migration.CodeConflict, value: "theirs"},
		{name: "overwrite", policy: overwrite, there: "theirs", want: records.CopyResult{Overwritten: 1}, value: "new", image: "theirs"},
		{name: "keep", policy: keep, there: "theirs", want: records.CopyResult{Kept: []migration.RowKey{{Table: "t", ID: "r"}}}, value: "theirs"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			source, target := newDatabase(t), newDatabase(t)
			source.table("t", "x")
			target.table("t", "x", "only_here")
			source.row("t", "r", "c_x", "new")
			ledger := &images{}
			if tc.ours != "" {
				target.row("t", "r", "c_x", tc.ours)
				ours := target.collect(selection("r", "t"))
				ledger.kept = append(ledger.kept, records.Image{Key: key, WrittenDigest: ours.Rows[0].Digest()})
				target.exec("DELETE FROM app_fd_t")
			}
			if tc.there != "" {
				target.row("t", "r", "c_x", tc.there)
			}
			known := len(ledger.kept)
			got, err := records.Copy(t.Context(), target.Target, source.collect(selection("r", "t")), ledger, records.CopyOptions{OnConflict: tc.policy})
			code(t, err, tc.code)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if v := target.value("r", "c_x"); v.String != tc.value {
				t.Errorf("target holds %q, want %q", v.String, tc.value)
			}
			checkImage(t, ledger.kept[known:], tc.want, tc.image)
		})
	}
}

func checkImage(t *testing.T, kept []records.Image, result records.CopyResult, want string) {
	t.Helper()
	if result.Inserted+result.Overwritten == 0 {
		if len(kept) > 0 {
			t.Errorf("images %v of rows that were not written", kept)
		}
		return
	}
	if len(kept) != 1 || kept[0].Existed != (want != "") {
		t.Fatalf("images %v, want one of %q", kept, want)
	}
	if want == "" {
		return
	}
	row, err := records.DecodeRow(kept[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := row.Value("c_x"); string(v) != want || row.Digest() != kept[0].Digest {
		t.Errorf("image holds %q, want %q", v, want)
	}
}

func TestCopyWritesNothingWhenOneRowOfManyConflicts(t *testing.T) {
	t.Parallel()
	source, target := newDatabase(t), newDatabase(t)
	for _, d := range []testDB{source, target} {
		d.table("a", "x")
		d.table("b", "x")
	}
	source.row("a", "r", "c_x", "1")
	source.row("b", "r", "c_x", "1")
	target.row("b", "r", "c_x", "person@example.org")
	_, err := records.Copy(t.Context(), target.Target, source.collect(selection("r", "a", "b")), &images{}, records.CopyOptions{})
	code(t, err, migration.CodeConflict)
	if n := target.count("a"); n != 0 {
		t.Errorf("%d rows written beside a conflict", n)
	}
	if text := err.Error(); strings.Contains(text, "person") || !strings.Contains(text, "app_fd_b: 1") {
		t.Errorf("error %q should name the table and no value", text)
	}
}

func TestCopyNeverOverwritesARowThatMovedAfterItsImage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		there  bool
		meddle string
		policy records.OnConflict
		want   records.CopyResult
		code   migration.Code
		value  string
	}{
		{"changed", true, "UPDATE app_fd_t SET c_x = 'late'", records.ConflictOverwrite, records.CopyResult{Conflicts: []migration.RowKey{{Table: "t", ID: "r"}}}, migration.CodeConflict, "late"},
		{"changed_and_kept", false, "INSERT INTO app_fd_t (id, c_x) VALUES ('r', 'late')", records.ConflictKeep, records.CopyResult{Kept: []migration.RowKey{{Table: "t", ID: "r"}}}, "", "late"},
		{"inserted", false, "INSERT INTO app_fd_t (id, c_x) VALUES ('r', 'late')", records.ConflictPark, records.CopyResult{Conflicts: []migration.RowKey{{Table: "t", ID: "r"}}}, migration.CodeConflict, "late"},
		{"inserted_the_same", false, "INSERT INTO app_fd_t (id, c_x) VALUES ('r', 'new')", records.ConflictPark, records.CopyResult{Same: 1}, "", "new"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			source, target := newDatabase(t), newDatabase(t)
			source.table("t", "x")
			target.table("t", "x")
			source.row("t", "r", "c_x", "new")
			if tc.there {
				target.row("t", "r", "c_x", "early")
			}
			ledger := &images{before: func() { target.exec(tc.meddle) }}
			got, err := records.Copy(t.Context(), target.Target, source.collect(selection("r", "t")), ledger, records.CopyOptions{OnConflict: tc.policy})
			code(t, err, tc.code)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if v := target.value("r", "c_x"); v.String != tc.value {
				t.Errorf("target holds %q, want %q", v.String, tc.value)
			}
			if len(ledger.wrote) > 0 {
				t.Errorf("noted as written: %v", ledger.wrote)
			}
		})
	}
}

func TestCopyNeverHoldsATransactionWhileTheLedgerWorks(t *testing.T) {
	t.Parallel()
	source, target := newDatabase(t), newDatabase(t)
	source.table("t", "x")
	target.table("t", "x")
	source.row("t", "r", "c_x", "new")
	target.DB.SetMaxOpenConns(1)
	// With a transaction open, the only connection would never be free.
	ledger := &images{before: func() { target.exec("SELECT 1") }}
	if _, err := records.Copy(t.Context(), target.Target, source.collect(selection("r", "t")), ledger, records.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
}

func TestIdsThatDifferByCaseOnlyCollide(t *testing.T) {
	t.Parallel()
	source, target := newDatabase(t), newDatabase(t)
	source.exec("CREATE TABLE app_fd_t (id varchar(255) COLLATE utf8mb4_bin PRIMARY KEY, c_p longtext) DEFAULT CHARSET=utf8mb4")
	target.table("t", "p")
	source.row("t", "abc", "c_p", "r")
	source.row("t", "ABC", "c_p", "r")
	source.row("t", "Theirs", "c_p", "r")
	target.row("t", "theirs", "c_p", "somebody's")
	s := records.Selection{Root: "r", Extra: []records.Extra{{Table: "t", ForeignKey: "p"}}}
	got, err := records.Copy(t.Context(), target.Target, source.collect(s), &images{}, records.CopyOptions{OnConflict: records.ConflictOverwrite})
	code(t, err, migration.CodeConflict)
	want := records.CopyResult{Inserted: 1, Conflicts: []migration.RowKey{{Table: "t", ID: "Theirs"}, {Table: "t", ID: "abc"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if v := target.value("theirs", "c_p"); v.String != "somebody's" {
		t.Errorf("somebody's row holds %q", v.String)
	}
}

func TestCopyRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, source, target string
		value                any
		edit                 func(*mysql.Config)
		want                 string
	}{
		{name: "no_table", source: "c_x longtext", value: "v", want: "app_fd_t: unsupported"},
		{name: "no_column", source: "c_x longtext", target: "c_y longtext", value: "v", want: "app_fd_t.c_x"},
		{name: "generated_column", source: "c_x longtext", target: "c_x varchar(9) GENERATED ALWAYS AS ('a')", value: "v", want: "app_fd_t.c_x"},
		{name: "too_long", source: "c_x longtext", target: "c_x varchar(3)", value: "secret", want: "app_fd_t.c_x"},
		{name: "emoji_into_utf8mb3", source: "c_x longtext", target: "c_x longtext CHARACTER SET utf8mb3", value: "😀", want: "app_fd_t.c_x"},
		{name: "text_into_number", source: "c_x longtext", target: "c_x int", value: "secret", want: "app_fd_t"},
		{name: "fraction_of_a_second", source: "c_x datetime(6)", target: "c_x datetime", value: "2020-01-01 00:00:00.5", want: "app_fd_t.c_x"},
		{name: "null_into_not_null", source: "c_x longtext", target: "c_x longtext NOT NULL", value: nil, want: "app_fd_t"},
		{
			name: "text_into_number_without_strict_mode", source: "c_x longtext", target: "c_x int", value: "secret", want: "warning 1366",
			edit: func(c *mysql.Config) { c.Params["sql_mode"] = "''" },
		},
		{name: "no_key", source: "c_x longtext", target: "c_x longtext, KEY k (id), KEY x (c_x(3))", value: "v", want: "app_fd_t"},
		{name: "no_transactions", source: "c_x longtext", target: "see below", value: "v", want: "MyISAM"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if tc.edit == nil {
				tc.edit = func(*mysql.Config) {}
			}
			source, target := newDatabase(t), newDatabase(t, tc.edit)
			source.exec("CREATE TABLE app_fd_t (id varchar(255) PRIMARY KEY, " + tc.source + ") DEFAULT CHARSET=utf8mb4")
			switch {
			case tc.name == "no_transactions":
				target.exec("CREATE TABLE app_fd_t (id varchar(100) PRIMARY KEY, c_x longtext) ENGINE=MyISAM")
			case tc.name == "no_key":
				target.exec("CREATE TABLE app_fd_t (id varchar(255), " + tc.target + ")")
			case tc.target != "":
				target.exec("CREATE TABLE app_fd_t (id varchar(255) PRIMARY KEY, " + tc.target + ")")
			}
			source.row("t", "r", "c_x", tc.value)
			_, err := records.Copy(t.Context(), target.Target, source.collect(selection("r", "t")), &images{}, records.CopyOptions{})
			code(t, err, migration.CodeUnsupported)
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("error %v should name %q and no value", err, tc.want)
			}
			if tc.target != "" && target.count("t") != 0 {
				t.Error("a row was written")
			}
		})
	}
}

func TestCopyGoesOnAfterTheTableWasMade(t *testing.T) {
	t.Parallel()
	source, target := newDatabase(t), newDatabase(t)
	source.table("t", "x")
	source.row("t", "r", "c_x", "v")
	set := source.collect(selection("r", "t"))
	_, err := records.Copy(t.Context(), target.Target, set, &images{}, records.CopyOptions{})
	code(t, err, migration.CodeUnsupported)
	target.table("t")
	_, err = records.Copy(t.Context(), target.Target, set, &images{}, records.CopyOptions{})
	code(t, err, migration.CodeUnsupported)
	target.exec("ALTER TABLE app_fd_t ADD c_x longtext")
	if _, err = records.Copy(t.Context(), target.Target, set, &images{}, records.CopyOptions{}); err != nil {
		t.Error(err)
	}
}

func TestCopyMovesLargeSets(t *testing.T) {
	t.Parallel()
	source, target := newDatabase(t), newDatabase(t)
	for _, d := range []testDB{source, target} {
		d.table("t", "p", "text")
	}
	source.exec("INSERT INTO app_fd_t (id, c_p, c_text) SELECT CONCAT('l', seq), 'r', REPEAT(CHAR(65 + seq % 26), seq % 5000) FROM " + mysqltest.Sequence(3000))
	s := records.Selection{Root: "r", Extra: []records.Extra{{Table: "t", ForeignKey: "p"}}}
	set := source.collect(s)
	ledger := &images{}
	paced := 0
	stop := errors.New("stop")
	options := records.CopyOptions{Pace: func(_ context.Context, rows int) error {
		if paced += rows; paced > 1500 {
			return stop
		}
		return nil
	}}
	if _, err := records.Copy(t.Context(), target.Target, set, ledger, options); !errors.Is(err, stop) {
		t.Fatalf("error %v, want the one of Pace", err)
	}
	options.Pace = nil
	result, err := records.Copy(t.Context(), target.Target, set, ledger, options)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(records.CopyResult{Inserted: 1500, Same: 1500}, result); diff != "" {
		t.Errorf("second attempt (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(records.Comparison{Same: 3000}, records.Compare(set, target.collect(s))); diff != "" {
		t.Errorf("comparison (-want +got):\n%s", diff)
	}
	if len(ledger.wrote) != 4500 {
		t.Errorf("%d rows noted as written, want 3000 and once more the 1500 found again", len(ledger.wrote))
	}
}

func TestRowsLargerThanThePacketOfTheDriverGetThrough(t *testing.T) {
	t.Parallel()
	source := newDatabase(t)
	target := newDatabase(t, func(c *mysql.Config) { c.MaxAllowedPacket, c.InterpolateParams = 20_000, true })
	for _, d := range []testDB{source, target} {
		d.table("t", "x")
	}
	source.row("t", "r", "c_x", strings.Repeat("x", 100_000))
	if _, err := records.Copy(t.Context(), target.Target, source.collect(selection("r", "t")), &images{}, records.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	if v := target.value("r", "c_x"); len(v.String) != 100_000 {
		t.Errorf("%d bytes on the target, want 100000", len(v.String))
	}
}

func TestTwoWorkersCopyTheSameRows(t *testing.T) {
	t.Parallel()
	source, target := newDatabase(t), newDatabase(t)
	for _, d := range []testDB{source, target} {
		d.table("t", "p")
	}
	source.exec("INSERT INTO app_fd_t (id, c_p) SELECT CONCAT('l', seq), 'r' FROM " + mysqltest.Sequence(400))
	s := records.Selection{Root: "r", Extra: []records.Extra{{Table: "t", ForeignKey: "p"}}}
	set := source.collect(s)
	ledger := &images{}
	done := make(chan error)
	for range 4 {
		go func() {
			result, err := records.Copy(t.Context(), target.Target, set, ledger, records.CopyOptions{})
			if err == nil && result.Inserted+result.Same != 400 {
				err = fmt.Errorf("result %+v", result)
			}
			done <- err
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := target.count("t"); n != 400 {
		t.Errorf("%d rows, want 400", n)
	}
}

func TestCopyWaitsForSomebodyWhoIsWriting(t *testing.T) {
	t.Parallel()
	source, target := newDatabase(t), newDatabase(t)
	source.exec("CREATE TABLE app_fd_t (id varchar(255) PRIMARY KEY, c_lockwait longtext)")
	target.exec("CREATE TABLE app_fd_t (id varchar(255) PRIMARY KEY, c_lockwait longtext)")
	source.row("t", "r", "c_lockwait", "new")
	target.row("t", "r", "c_lockwait", "early")
	committed := make(chan error, 1)
	ledger := &images{before: func() {
		tx, err := target.DB.BeginTx(t.Context(), nil)
		if err != nil {
			committed <- err
			return
		}
		_, err = tx.ExecContext(t.Context(), "UPDATE app_fd_t SET c_lockwait = 'late'")
		go func() {
			waiting := 0
			for err == nil && waiting == 0 {
				err = target.DB.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND INFO LIKE '%lockwait%'").Scan(&waiting)
			}
			committed <- errors.Join(err, tx.Commit())
		}()
	}}
	got, err := records.Copy(t.Context(), target.Target, source.collect(selection("r", "t")), ledger, records.CopyOptions{OnConflict: records.ConflictOverwrite})
	code(t, err, migration.CodeConflict)
	if err := <-committed; err != nil {
		t.Fatal(err)
	}
	if len(got.Conflicts) != 1 || target.value("r", "c_lockwait").String != "late" {
		t.Errorf("result %+v, target holds %q: the late write is lost", got, target.value("r", "c_lockwait").String)
	}
}

func TestCopyBringsNothingBackThatSomebodyDeleted(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		policy records.OnConflict
		want   records.CopyResult
		code   migration.Code
	}{
		{records.ConflictPark, records.CopyResult{Conflicts: []migration.RowKey{{Table: "t", ID: "r"}}}, migration.CodeConflict},
		{records.ConflictKeep, records.CopyResult{Kept: []migration.RowKey{{Table: "t", ID: "r"}}}, ""},
		{records.ConflictOverwrite, records.CopyResult{Inserted: 1}, ""},
	} {
		t.Run(string(tc.policy), func(t *testing.T) {
			t.Parallel()
			source, target := newDatabase(t), newDatabase(t)
			source.table("t", "x")
			target.table("t", "x")
			source.row("t", "r", "c_x", "new")
			got, err := records.Copy(t.Context(), target.Target, source.collect(selection("r", "t")), &images{}, records.CopyOptions{
				OnConflict: tc.policy, Brought: map[migration.RowKey]bool{{Table: "t", ID: "r"}: true},
			})
			code(t, err, tc.code)
			if diff := cmp.Diff(tc.want, got); diff != "" || target.count("t") != tc.want.Inserted {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}
