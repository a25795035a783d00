package schema_test

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/test/mysqltest"
)

// written is an instance with a variable of every type, of its own and of its open
// activity, and what somebody needs who writes them.
type written struct {
	*joget
	db       *schema.DB // as a target has it
	instance migration.Instance
}

const writtenID = "12_crm_process1"

func newWritten(t *testing.T) *written {
	t.Helper()
	w := &written{joget: newJoget(t)}
	w.db = openDB(t, w.dsn, schema.Options{})
	process := w.process(writtenID, crm, running, "cat")
	activity := w.activity("41_"+writtenID+"_check", process, "check", notStarted, 1)
	w.activity("40_"+writtenID+"_start", process, "start", completed, 1)
	for name, v := range map[string]struct {
		kind   int
		column string
		value  any
	}{
		"b": {0, "VariableValueBOOL", 0}, "i": {1, "VariableValueLONG", 1}, "f": {2, "VariableValueDBL", 0.5},
		"s": {3, "VariableValueVCHAR", "old"}, "d": {4, "VariableValueDATE", "2024-06-03 08:00:00"}, "o": {5, "VariableValue", "\xAC\xED\x00\x05sr"},
	} {
		w.variable(process, name, v.kind, v.column, v.value, -1)
		w.engine("SHKActivityData", "Activity", activity, "VariableDefinitionId", name, "VariableType", v.kind, v.column, v.value, "OrdNo", -1, "CNT", w.oid, "IsResult", 1)
	}
	for order := range 2 {
		w.variable(process, "split", 5, "VariableValue", "\xAC\xED", order)
	}
	w.reread()
	return w
}

func (w *written) reread() {
	w.t.Helper()
	var err error
	if w.instance, err = w.db.Fresh().Instance(w.t.Context(), writtenID); err != nil {
		w.t.Fatal(err)
	}
}

// row is that of a variable of an activity, "" for the instance's own.
func (w *written) row(activity migration.ActivityID, name string) schema.VariableRow {
	w.t.Helper()
	rows, err := w.db.Fresh().VariableRows(w.t.Context(), writtenID)
	if err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(rows, func(r schema.VariableRow) bool { return r.Activity == activity && r.Variable.Name == name })
	if i < 0 {
		w.t.Fatalf("no row of %q %s", activity, name)
	}
	return rows[i]
}

func (w *written) write(confirm func(context.Context) error, list ...schema.Written) error {
	w.t.Helper()
	return w.db.WriteVariables(w.t.Context(), writtenID, w.instance.Activities, list, confirm)
}

func confirmed(context.Context) error { return nil }

// columns are those of the row of a variable of the instance, or of its activity.
func (w *written) columns(table, owner, name string) string {
	w.t.Helper()
	var text string
	err := w.sql.QueryRowContext(w.t.Context(), "SELECT CONCAT_WS('|', VariableType, IFNULL(HEX(VariableValue), '-'), IFNULL(VariableValueVCHAR, '-'), IFNULL(VariableValueDBL, '-'),"+
		" IFNULL(VariableValueLONG, '-'), IFNULL(VariableValueDATE, '-'), IFNULL(VariableValueBOOL, '-'), version) FROM "+table+" WHERE "+owner+" = (SELECT MAX("+owner+") FROM "+table+") AND VariableDefinitionId = ?", name).Scan(&text)
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

func TestWriteVariables(t *testing.T) {
	t.Parallel()
	w := newWritten(t)
	activity := w.instance.Activities[0].ID
	value := func(kind migration.VariableKind, text string) migration.Variable {
		return migration.Variable{Name: "x", Kind: kind, Value: text}
	}
	date := migration.Variable{Name: "d", Kind: migration.VariableDate, Value: "2024-03-01 04:30:00", Zones: "480"}
	var list []schema.Written
	for name, v := range map[string]migration.Variable{
		"b": value(migration.VariableBoolean, "true"), "i": value(migration.VariableInteger, "-9007199254740993"), "f": value(migration.VariableFloat, "830.25"),
		"s": value(migration.VariableString, "neu 😀"), "d": date,
	} {
		list = append(list, schema.Written{Row: w.row("", name), Value: v})
	}
	for _, name := range []string{"b", "i", "f", "d"} {
		list = append(list, schema.Written{Row: w.row(activity, name), Value: value(migration.VariableNull, "")})
	}
	if err := w.write(confirmed, list...); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, name := range []string{"b", "i", "f", "s", "d"} {
		got[name] = w.columns("SHKProcessData", "Process", name)
		got["check."+name] = w.columns("SHKActivityData", "Activity", name)
	}
	want := map[string]string{
		"b": "0|00|-|0|0|-|1|5", "i": "1|00|-|0|-9007199254740993|-|0|5", "f": "2|00|-|830.25|0|-|0|5", "s": "3|-|neu 😀|0|0|-|0|5", "d": "4|00|-|0|0|2024-02-29 20:30:00|0|5",
		"check.b": "0|00|-|0|0|-|-|5", "check.i": "1|00|-|0|-|-|0|5", "check.f": "2|00|-|-|0|-|0|5", "check.s": "3|-|old|-|-|-|-|4", "check.d": "4|00|-|0|0|-|0|5",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	var results int
	if err := w.sql.QueryRowContext(t.Context(), "SELECT MIN(IsResult) FROM SHKActivityData").Scan(&results); err != nil || results != 1 {
		t.Errorf("results: %d, %v", results, err)
	}
}

func TestWriteVariables_of_long_texts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, text, kind string }{
		{"as_long_as_a_column", strings.Repeat("ü", 4000), "3"},
		{"a_character_more", strings.Repeat("ü", 4001), "5"},
		{"characters_of_four_bytes_count_twice", strings.Repeat("😀", 2000), "3"},
		{"one_of_them_more", strings.Repeat("😀", 2001), "5"},
		{"with_a_nul", strings.Repeat("a\x00", 2001), "5"},
		{"longer_than_a_short_string_of_java", strings.Repeat("ü", 40_000), "5"},
		{"empty", "", "3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWritten(t)
			text := migration.Variable{Name: "s", Kind: migration.VariableString, Value: tc.text}
			for range 2 { // a text that was long is written again
				if err := w.write(confirmed, schema.Written{Row: w.row("", "s"), Value: text}); err != nil {
					t.Fatal(err)
				}
			}
			w.reread()
			i := slices.IndexFunc(w.instance.Variables, func(v migration.Variable) bool { return v.Name == "s" })
			if w.instance.Variables[i] != text {
				t.Error("it reads otherwise")
			}
			kind, rest, _ := strings.Cut(w.columns("SHKProcessData", "Process", "s"), "|")
			if kind != tc.kind {
				t.Errorf("type %s, want %s", kind, tc.kind)
			}
			blob, _, _ := strings.Cut(rest, "|")
			stream, err := hex.DecodeString(blob)
			if kind == "5" && (err != nil || slices.ContainsFunc(stream[13:], func(b byte) bool { return b == 0 || b >= 0xF0 })) {
				t.Error("a raw NUL or a character of four bytes")
			}
		})
	}
}

func TestWriteVariables_writes_all_or_nothing(t *testing.T) {
	t.Parallel()
	number := migration.Variable{Name: "i", Kind: migration.VariableInteger, Value: "7"}
	refused := errors.New("no")
	for _, tc := range []struct {
		name    string
		before  func(w *written, list []schema.Written) []schema.Written
		confirm func(context.Context) error
		moved   bool
		is      error
		code    migration.Code
	}{
		{name: "a_row_that_moved", moved: true, before: func(w *written, list []schema.Written) []schema.Written {
			w.exec("UPDATE SHKProcessData SET version = 9 WHERE VariableDefinitionId = 'b'")
			return list
		}},
		{name: "a_row_that_is_gone", moved: true, before: func(w *written, list []schema.Written) []schema.Written {
			w.exec("DELETE FROM SHKProcessData WHERE VariableDefinitionId = 'b'")
			return list
		}},
		{name: "an_activity_that_somebody_accepted", moved: true, before: func(w *written, list []schema.Written) []schema.Written {
			w.exec("UPDATE SHKActivities SET version = version + 1 WHERE ActivityDefinitionId = 'check'")
			return list
		}},
		{name: "an_activity_that_is_closed", moved: true, before: func(w *written, list []schema.Written) []schema.Written {
			w.exec("UPDATE SHKActivities SET State = 1000007")
			return list
		}},
		{name: "another_activity", moved: true, before: func(w *written, list []schema.Written) []schema.Written {
			w.exec("UPDATE SHKActivities SET State = 1000003")
			return list
		}},
		{name: "an_instance_that_is_gone", moved: true, before: func(w *written, list []schema.Written) []schema.Written {
			w.exec("UPDATE SHKProcesses SET Id = 'other'")
			return list
		}},
		{name: "who_writes_may_not", confirm: func(context.Context) error { return refused }, is: refused},
		{name: "a_value_that_does_not_fit", code: migration.CodeUnsupported, before: func(w *written, list []schema.Written) []schema.Written {
			return append(list, schema.Written{Row: w.row("", "d"), Value: number})
		}},
		{name: "a_value_of_several_rows", code: migration.CodeUnsupported, before: func(w *written, list []schema.Written) []schema.Written {
			return append(list, schema.Written{Row: w.row("", "split"), Value: number})
		}},
		{name: "an_object", code: migration.CodeUnsupported, before: func(w *written, list []schema.Written) []schema.Written {
			return append(list, schema.Written{Row: w.row("", "o"), Value: number})
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWritten(t)
			list := []schema.Written{{Row: w.row("", "i"), Value: number}, {Row: w.row("", "b"), Value: migration.Variable{Name: "b", Kind: migration.VariableBoolean, Value: "true"}}}
			if tc.before != nil {
				list = tc.before(w, list)
			}
			confirm := tc.confirm
			if confirm == nil {
				confirm = confirmed
			}
			err := w.write(confirm, list...)
			if err == nil || errors.Is(err, schema.ErrMoved) != tc.moved || tc.is != nil && !errors.Is(err, tc.is) || tc.code != "" && migration.CodeOf(err) != tc.code {
				t.Errorf("got %v", err)
			}
			if got := w.columns("SHKProcessData", "Process", "i"); !strings.HasPrefix(got, "1|-|-|-|1|") {
				t.Errorf("it was written: %s", got)
			}
		})
	}
}

// TestWithVariablesLocked has a writer wait for who has the rows, and be refused then.
func TestWithVariablesLocked(t *testing.T) {
	t.Parallel()
	w := newWritten(t)
	var closed atomic.Bool // whoever commits after is refused
	refused := errors.New("closed")
	ended := make(chan error, 1)
	list := schema.Written{Row: w.row("", "i"), Value: migration.Variable{Name: "i", Kind: migration.VariableInteger, Value: "7"}}
	err := w.db.WithVariablesLocked(t.Context(), writtenID, func(context.Context) error {
		go func() {
			ended <- w.write(func(context.Context) error {
				if closed.Load() {
					return refused
				}
				return nil
			}, list)
		}()
		closed.Store(true)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	if err := w.db.WithVariablesLocked(t.Context(), "gone", confirmed); err != nil {
		t.Errorf("of an instance that is gone: %v", err)
	}
}

func TestVariablesUnwritable(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	only := func(table, rights string) string { return rights + " ON " + table }
	for _, tc := range []struct {
		name   string
		grants []string
		want   string
	}{
		{name: "all", grants: []string{"SELECT, INSERT, UPDATE, DELETE"}},
		{name: "to_the_two_tables", grants: []string{"SELECT", only("SHKProcessData", "UPDATE"), only("SHKActivityData", "UPDATE")}},
		{name: "to_read", grants: []string{"SELECT"}, want: "no SELECT and UPDATE on SHK"},
		{name: "to_one_table", grants: []string{"SELECT", only("SHKProcessData", "UPDATE")}, want: "no SELECT and UPDATE on SHKActivityData"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			db := openDB(t, mysqltest.User(t, j.dsn, tc.grants...), schema.Options{})
			why, err := db.VariablesUnwritable(t.Context())
			if err != nil || (why == "") != (tc.want == "") || !strings.HasPrefix(why, tc.want) {
				t.Errorf("got %q, %v; want %q", why, err, tc.want)
			}
		})
	}
}

func TestVariablesUnwritable_in_strange_tables(t *testing.T) {
	t.Parallel()
	for change, want := range map[string]string{
		"ALTER TABLE SHKProcessData MODIFY VariableValueVCHAR VARCHAR(255)":                 "SHKProcessData.VariableValueVCHAR is varchar(255)",
		"ALTER TABLE SHKActivityData MODIFY VariableValueDATE BIGINT":                       "SHKActivityData.VariableValueDATE is bigint(0)",
		"ALTER TABLE SHKActivityData DROP COLUMN VariableValueBOOL":                         "SHKActivityData lacks columns",
		"RENAME TABLE SHKProcessData TO gone":                                               "there is no table SHKProcessData",
		"ALTER TABLE SHKActivityData MODIFY VariableValue LONGBLOB, ADD COLUMN another INT": "",
	} {
		t.Run(strings.ReplaceAll(change, " ", "_"), func(t *testing.T) {
			t.Parallel()
			j := newJoget(t)
			j.exec(change)
			if why, err := openDB(t, j.dsn, schema.Options{}).VariablesUnwritable(t.Context()); why != want || err != nil {
				t.Errorf("got %q, %v; want %q", why, err, want)
			}
		})
	}
}

// TestZones has a server whose Java machine was restarted in another zone.
func TestZones(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	if zones, err := j.Fresh().Zones(t.Context()); zones != "" || err != nil {
		t.Errorf("of an empty server: %q, %v", zones, err)
	}
	process := j.process(writtenID, crm, running, "cat") // of 2023, at 0
	for number, at := range map[string]int64{"41": 1_717_400_000_000, "42": 1_717_500_000_000, "43": 1_704_000_000_000} {
		j.activity(number+"_"+writtenID+"_check", process, "check", completed, 1)
		j.exec("UPDATE SHKActivities SET Activated = ?, ActivatedTZO = IF(Id LIKE '43%', 3600000, 7200000) WHERE Id = ?", at, number+"_"+writtenID+"_check")
	}
	want := migration.Zones("120,60,0")
	if zones, err := j.Fresh().Zones(t.Context()); zones != want || err != nil {
		t.Errorf("zones are %q, %v; want %q", zones, err, want)
	}
}
