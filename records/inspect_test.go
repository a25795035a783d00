package records_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/test/mysqltest"
)

func side(d testDB) records.Side { return records.Side{Q: d.DB, Schema: d.Schema} }

// What Refusals says of a row is what Copy says, and Inspect has said why before.
func TestInspectAndRefusalsAgreeWithCopy(t *testing.T) {
	t.Parallel()
	const utf8mb3, latin1 = " CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci", " CHARACTER SET latin1"
	for _, tc := range []struct {
		name           string
		source, target string // columns besides id; "" for no table
		engine, value  string
		want           []migration.Mismatch
		refused        []string
	}{
		{name: "no_table_on_the_source", target: "c_x text"},
		{name: "a_view_on_the_source", source: "VIEW", target: "c_x text", want: []migration.Mismatch{{Kind: migration.MismatchSourceView}}},
		{name: "a_view_on_the_target", source: "c_x text", target: "VIEW", value: "a", want: []migration.Mismatch{{Kind: migration.MismatchView}}, refused: []string{"app_fd_a"}},
		{name: "no_row", source: "c_x text", target: "c_y text"},
		{name: "all_fits", source: "c_x text", target: "c_x longtext", value: "€"},
		{name: "no_table_on_the_target", source: "c_x text", value: "a", want: []migration.Mismatch{{Kind: migration.MismatchTable}}, refused: []string{"app_fd_a"}},
		{
			name: "column_missing_with_a_value", source: "c_x text, c_z text", target: "c_y text", value: "a",
			want: []migration.Mismatch{
				{Column: "c_x", Kind: migration.MismatchColumn, Source: "text"}, {Column: "c_z", Kind: migration.MismatchColumn, Source: "text"},
			},
			refused: []string{"app_fd_a.c_x"},
		},
		{
			name: "a_blank_is_a_value", source: "c_x text", target: "c_y text", value: " ",
			want: []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchColumn, Source: "text"}}, refused: []string{"app_fd_a.c_x"},
		},
		{
			name: "column_missing_without_a_value", source: "c_x text, d datetime(6)", target: "c_y text", value: "-",
			want: []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchColumn, Source: "text"}, {Column: "d", Kind: migration.MismatchColumn, Source: "datetime(6)"}},
		},
		{
			name: "too_many_characters", source: "c_x text", target: "c_x varchar(3)", value: "€uro",
			want:    []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchNarrower, Source: "text", Target: "varchar(3)"}},
			refused: []string{"app_fd_a.c_x"},
		},
		{
			name: "as_many_characters_as_there_can_be", source: "c_x text", target: "c_x varchar(4)", value: "€uro",
			want: []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchNarrower, Source: "text", Target: "varchar(4)"}},
		},
		{
			name: "too_many_bytes", source: "c_x text", target: "c_x tinytext", value: strings.Repeat("€", 86),
			want:    []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchNarrower, Source: "text", Target: "tinytext"}},
			refused: []string{"app_fd_a.c_x"},
		},
		{
			name: "as_many_bytes_as_there_can_be", source: "c_x text", target: "c_x tinytext", value: strings.Repeat("€", 85),
			want: []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchNarrower, Source: "text", Target: "tinytext"}},
		},
		{
			name: "more_bytes_than_there_will_be", source: "c_x text", target: "c_x tinytext" + latin1, value: strings.Repeat("é", 255),
			want: []migration.Mismatch{
				{Column: "c_x", Kind: migration.MismatchNarrower, Source: "text", Target: "tinytext"},
				{Column: "c_x", Kind: migration.MismatchCharset, Source: "utf8mb4", Target: "latin1"},
			},
		},
		{
			name: "binary_that_is_too_long", source: "c_x blob", target: "c_x varbinary(3)", value: "abcd",
			want:    []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchNarrower, Source: "blob", Target: "varbinary(3)"}},
			refused: []string{"app_fd_a.c_x"},
		},
		{
			name: "charset_that_loses_a_character", source: "c_x text", target: "c_x longtext" + utf8mb3, value: "😀",
			want: []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchCharset, Source: "utf8mb4", Target: "utf8mb3"}}, refused: []string{"app_fd_a.c_x"},
		},
		{
			name: "charset_that_could", source: "c_x text", target: "c_x longtext" + utf8mb3, value: "€",
			want: []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchCharset, Source: "utf8mb4", Target: "utf8mb3"}},
		},
		{
			name: "ascii", source: "c_x text", target: "c_x longtext CHARACTER SET ascii", value: "é",
			want: []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchCharset, Source: "utf8mb4", Target: "ascii"}}, refused: []string{"app_fd_a.c_x"},
		},
		{
			name: "engine", source: "c_x text", target: "c_x text", engine: "MyISAM", value: "a",
			want: []migration.Mismatch{{Kind: migration.MismatchEngine, Source: "InnoDB", Target: "MyISAM"}}, refused: []string{"app_fd_a"},
		},
		{
			name: "generated", source: "c_x text", target: "c_x varchar(9) AS ('a')", value: "a",
			want: []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchGenerated, Source: "text", Target: "varchar(9)"}}, refused: []string{"app_fd_a.c_x"},
		},
		{
			name: "wants_a_value", source: "c_x text", target: "c_x text, c_y text NOT NULL", value: "a",
			want: []migration.Mismatch{{Column: "c_y", Kind: migration.MismatchNotNull, Target: "text"}}, refused: []string{"app_fd_a.c_y"},
		},
		{
			name: "wants_a_value_that_it_counts_itself", source: "c_x text", target: "c_x text, c_y datetime NOT NULL DEFAULT CURRENT_TIMESTAMP, c_z datetime DEFAULT CURRENT_TIMESTAMP", value: "a",
			want: []migration.Mismatch{{Column: "c_y", Kind: migration.MismatchNotNull, Target: "datetime"}}, refused: []string{"app_fd_a.c_y"},
		},
		{
			name: "wants_a_value_and_there_is_none", source: "c_x text, c_y text", target: "c_x text, c_y varchar(9) NOT NULL DEFAULT 'a'", value: "a",
			want: []migration.Mismatch{
				{Column: "c_y", Kind: migration.MismatchNarrower, Source: "text", Target: "varchar(9)"}, {Column: "c_y", Kind: migration.MismatchNotNull, Source: "text", Target: "varchar(9)"},
			},
			refused: []string{"app_fd_a.c_y"},
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
			switch tc.source {
			case "":
			case "VIEW":
				source.exec("CREATE VIEW app_fd_a AS SELECT '1' id, 'x' c_x")
			default:
				source.exec("CREATE TABLE app_fd_a (id varchar(99) PRIMARY KEY, " + tc.source + ") DEFAULT CHARSET=utf8mb4")
			}
			engine := "InnoDB"
			if tc.engine != "" {
				engine = tc.engine
			}
			switch tc.target {
			case "":
			case "VIEW":
				target.exec("CREATE TABLE base (id varchar(99) PRIMARY KEY, c_x text)")
				target.exec("CREATE VIEW app_fd_A AS SELECT * FROM base")
			default:
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
			for i := range tc.want {
				tc.want[i].Table = "a"
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("mismatches (-want +got):\n%s", diff)
			}
			refusals, err := side(target).Refusals(t.Context(), "a")
			if err != nil {
				t.Fatal(err)
			}
			set := source.collect(records.Selection{Root: "1", Model: migration.FormModel{Tables: []string{"a"}}})
			var refused []string
			for _, row := range set.Rows {
				refused = append(refused, refusals(row)...)
			}
			if diff := cmp.Diff(tc.refused, refused); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
			_, err = records.Copy(t.Context(), target.Target, set, &images{}, records.CopyOptions{})
			if got := migration.CodeOf(err) == migration.CodeUnsupported; got != (tc.refused != nil) || err != nil && !got {
				t.Errorf("copy says %v, want it to refuse %v", err, tc.refused)
			}
		})
	}
}

// What latin1 holds is asked of the server, character by character.
func TestRefusalsKnowLatin1(t *testing.T) {
	t.Parallel()
	source, target := newDatabase(t), newDatabase(t)
	source.exec("CREATE TABLE app_fd_a (id varchar(99) PRIMARY KEY, c_x text) DEFAULT CHARSET=utf8mb4")
	source.exec("INSERT INTO app_fd_a SELECT seq, CONVERT(CHAR(seq USING utf32) USING utf8mb4) FROM " + mysqltest.Sequence(12000) + " WHERE seq NOT BETWEEN 55296 AND 57343")
	target.exec("CREATE TABLE app_fd_a (id varchar(99) PRIMARY KEY, c_x text CHARACTER SET latin1)")
	refusals, err := side(target).Refusals(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	want := map[migration.RecordID]bool{}
	rows, err := source.DB.QueryContext(t.Context(), "SELECT id, CONVERT(CONVERT(c_x USING latin1) USING utf8mb4) COLLATE utf8mb4_bin <> c_x FROM app_fd_a")
	if err != nil {
		t.Fatal(err)
	}
	var ids []migration.RecordID
	for rows.Next() {
		var id migration.RecordID
		var lost bool
		if err := rows.Scan(&id, &lost); err != nil {
			t.Fatal(err)
		}
		ids, want[id] = append(ids, id), lost
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	err = side(source).Each(t.Context(), "a", ids, func(row records.Row) error {
		if got := refusals(row) != nil; got != want[row.Key.ID] {
			t.Errorf("U+%s is refused: %v", row.Key.ID, got)
		}
		return nil
	})
	if err != nil || len(ids) != 12000 {
		t.Errorf("%d characters, %v", len(ids), err)
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
