package records_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/records"
)

func side(d database) records.Side { return records.Side{Q: d.DB, Schema: d.Schema} }

// What Inspect proves is what Copy refuses, and what it does not, Copy takes.
func TestInspectAgreesWithCopy(t *testing.T) {
	t.Parallel()
	const utf8mb3 = " CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci"
	for _, tc := range []struct {
		name           string
		source, target string // columns besides id; "" for no table
		engine, value  string
		want           []migration.Mismatch
	}{
		{name: "no_table_on_the_source", target: "c_x text"},
		{name: "no_row", source: "c_x text", target: "c_y text"},
		{name: "all_fits", source: "c_x text", target: "c_x longtext", value: "€"},
		{name: "no_table_on_the_target", source: "c_x text", value: "a", want: []migration.Mismatch{{Kind: migration.MismatchTable, Proven: true}}},
		{
			name: "column_missing_with_a_value", source: "c_x text", target: "c_y text", value: "a",
			want: []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchColumn, Source: "text", Proven: true}},
		},
		{
			name: "a_blank_is_a_value", source: "c_x text", target: "c_y text", value: " ",
			want: []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchColumn, Source: "text", Proven: true}},
		},
		{
			name: "column_missing_without_a_value", source: "c_x text, d datetime(6)", target: "c_y text", value: "-",
			want: []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchColumn, Source: "text"}, {Column: "d", Kind: migration.MismatchColumn, Source: "datetime(6)"}},
		},
		{
			name: "charset_that_loses_a_character", source: "c_x text", target: "c_x longtext" + utf8mb3, value: "😀",
			want: []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchCharset, Source: "utf8mb4", Target: "utf8mb3", Proven: true}},
		},
		{
			name: "charset_that_could", source: "c_x text", target: "c_x longtext" + utf8mb3, value: "€",
			want: []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchCharset, Source: "utf8mb4", Target: "utf8mb3"}},
		},
		{
			name: "engine", source: "c_x text", target: "c_x text", engine: "MyISAM", value: "a",
			want: []migration.Mismatch{{Kind: migration.MismatchEngine, Source: "InnoDB", Target: "MyISAM", Proven: true}},
		},
		{
			name: "generated", source: "c_x text", target: "c_x varchar(9) AS ('a')", value: "a",
			want: []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchGenerated, Source: "text", Target: "varchar(9)", Proven: true}},
		},
		{
			name: "wants_a_value", source: "c_x text", target: "c_x text, c_y text NOT NULL", value: "a",
			want: []migration.Mismatch{{Column: "c_y", Kind: migration.MismatchNotNull, Target: "text", Proven: true}},
		},
		{
			name: "unique_key", source: "c_x varchar(9), c_z varchar(9), UNIQUE KEY own (c_z)",
			target: "c_x varchar(9), c_z varchar(9), UNIQUE KEY ref (c_x), UNIQUE KEY both_ (c_z, c_x), UNIQUE KEY with_id (id, c_x)", value: "a",
			want: []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchUnique, Target: "ref"}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			source, target := newDatabase(t), newDatabase(t)
			if tc.source != "" {
				source.exec("CREATE TABLE app_fd_a (id varchar(99) PRIMARY KEY, " + tc.source + ") DEFAULT CHARSET=utf8mb4")
			}
			engine := "InnoDB"
			if tc.engine != "" {
				engine = tc.engine
			}
			if tc.target != "" {
				target.exec("CREATE TABLE app_fd_A (id varchar(99) PRIMARY KEY, " + tc.target + ") DEFAULT CHARSET=utf8mb4 ENGINE=" + engine)
			}
			switch tc.value {
			case "":
			case "-":
				source.exec("INSERT INTO app_fd_a (id, c_x) VALUES ('1', NULL), ('2', '')")
			default:
				source.exec("INSERT INTO app_fd_a (id, c_x) VALUES ('1', ?)", tc.value)
			}
			got, err := records.Inspect(t.Context(), side(source), side(target), "a")
			if err != nil {
				t.Fatal(err)
			}
			refused := false
			for i := range tc.want {
				tc.want[i].Table = "a"
				refused = refused || tc.want[i].Proven
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("mismatches (-want +got):\n%s", diff)
			}
			set := source.collect(records.Selection{Root: "1", Model: migration.FormModel{Tables: []string{"a"}}})
			_, err = records.Copy(t.Context(), target.Target, set, &images{}, records.CopyOptions{})
			if got := migration.CodeOf(err) == migration.CodeUnsupported; got != refused || err != nil && !refused {
				t.Errorf("copy says %v, want refused %v", err, refused)
			}
		})
	}
}

func TestSideReadsRowsByID(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.table("a", "x")
	d.row("a", "ABC", "c_x", "one")
	d.row("a", "é", "c_x", "two")
	d.row("a", "z")
	ids := []migration.RecordID{"abc", "ABC", "e", "none"}
	var rows []migration.RecordID
	if err := side(d).Each(t.Context(), "a", ids, func(r records.Row) error { rows = append(rows, r.Key.ID); return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]migration.RecordID{"ABC"}, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	found, err := side(d).IDs(t.Context(), "a", ids)
	if diff := cmp.Diff([]migration.RecordID{"ABC", "é"}, found); diff != "" || err != nil {
		t.Errorf("ids (-want +got), %v:\n%s", err, diff)
	}
	if found, err := side(d).IDs(t.Context(), "nowhere", ids); found != nil || err != nil {
		t.Errorf("a table that is not there has %v, %v", found, err)
	}
	stop := errors.New("stop")
	if err := side(d).Each(t.Context(), "a", ids, func(records.Row) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error %v, want that of the function", err)
	}
}
