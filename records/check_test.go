package records_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/records"
)

func TestCheckFindsWhatWouldNotFit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, source, target string
		want                 []migration.Mismatch
	}{
		{"wider_is_fine", "c_x varchar(10) CHARACTER SET utf8mb3, dateCreated datetime", "c_x longtext, dateCreated datetime(6)", nil},
		{"more_columns_are_fine", "c_x text", "c_x text, c_y text, c_z int DEFAULT 3, c_0 varchar(9) NOT NULL DEFAULT 'x'", nil},
		{"a_column_that_always_has_a_value", "c_x text", "c_x text, c_z decimal(5,2) NOT NULL DEFAULT 3", []migration.Mismatch{{Column: "c_z", Kind: migration.MismatchNotNull, Target: "decimal(5,2)"}}},
		{"generated_on_the_source", "c_x text, c_g int AS (1)", "c_x text", nil},
		{"column_missing", "c_x text", "c_y text", []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchColumn, Source: "text"}}},
		{"narrower_text", "c_x longtext", "c_x text", []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchNarrower, Source: "longtext", Target: "text"}}},
		{"narrower_varchar", "c_x varchar(9)", "c_x varchar(8)", []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchNarrower, Source: "varchar(9)", Target: "varchar(8)"}}},
		{"narrower_time", "c_x datetime(6)", "c_x datetime(3)", []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchNarrower, Source: "datetime(6)", Target: "datetime(3)"}}},
		{"charset", "c_x text", "c_x longtext CHARACTER SET utf8mb3", []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchCharset, Source: "utf8mb4", Target: "utf8mb3"}}},
		{"type", "c_x longtext, c_n date", "c_x longblob, c_n time", []migration.Mismatch{
			{Column: "c_x", Kind: migration.MismatchType, Source: "longtext", Target: "longblob"}, {Column: "c_n", Kind: migration.MismatchType, Source: "date", Target: "time"},
		}},
		{"not_null", "c_x text", "c_x text NOT NULL, c_y text NOT NULL", []migration.Mismatch{
			{Column: "c_x", Kind: migration.MismatchNotNull, Source: "text", Target: "text"}, {Column: "c_y", Kind: migration.MismatchNotNull, Target: "text"},
		}},
		{"generated", "c_x text", "c_x varchar(9) AS ('a')", []migration.Mismatch{{Column: "c_x", Kind: migration.MismatchGenerated, Source: "text", Target: "varchar(9)"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := newDatabase(t)
			d.exec("CREATE TABLE app_fd_a (id varchar(255) PRIMARY KEY, " + tc.source + ") DEFAULT CHARSET=utf8mb4")
			d.exec("CREATE TABLE app_fd_b (id varchar(255) PRIMARY KEY, " + tc.target + ") DEFAULT CHARSET=utf8mb4")
			checkTables(t, d, tc.want)
		})
	}
	t.Run("tables", func(t *testing.T) {
		t.Parallel()
		d := newDatabase(t)
		d.exec("CREATE TABLE app_fd_a (id varchar(255) COLLATE utf8mb4_bin PRIMARY KEY) DEFAULT CHARSET=utf8mb4")
		d.exec("CREATE TABLE app_fd_b (id varchar(255) COLLATE utf8mb4_general_ci) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4")
		checkTables(t, d, []migration.Mismatch{
			{Kind: migration.MismatchEngine, Source: "InnoDB", Target: "MyISAM"},
			{Column: "id", Kind: migration.MismatchKey, Source: "varchar(255)", Target: "varchar(255)"},
			{Column: "id", Kind: migration.MismatchCollation, Source: "utf8mb4_bin", Target: "utf8mb4_general_ci"},
		})
		if diff := cmp.Diff([]migration.Mismatch{{Table: "x", Kind: migration.MismatchTable}}, records.Check(&records.Table{Name: "x"}, nil)); diff != "" {
			t.Errorf("missing table (-want +got):\n%s", diff)
		}
	})
}

func checkTables(t *testing.T, d testDB, want []migration.Mismatch) {
	t.Helper()
	d.Schema.Forget()
	a, ok, err := d.Schema.Table(t.Context(), d.DB, "a")
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	b, ok, err := d.Schema.Table(t.Context(), d.DB, "B") // as a dump from Windows would have it
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	got := records.Check(a, b)
	for i := range want {
		want[i].Table = "a"
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mismatches (-want +got):\n%s", diff)
	}
}
