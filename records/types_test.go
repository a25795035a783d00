package records_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/records"
)

// prepared sends what interpolation would put into the statement beside it.
func prepared(c *mysql.Config) {
	pinned(c)
	c.InterpolateParams = false
}

// knows reports whether the server has a column type.
func (d testDB) knows(columnType string) bool {
	d.t.Helper()
	table := fmt.Sprintf("known_%x", columnType)
	if _, err := d.DB.ExecContext(d.t.Context(), "CREATE TABLE "+table+" (v "+columnType+")"); err != nil {
		return false
	}
	d.exec("DROP TABLE " + table)
	return true
}

func TestCopyIsExactForEveryType(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		column string
		values []string // SQL
		rare   bool     // not every server has it
	}{
		{column: "float", values: []string{"0.1", "-0e0", "16777217", "123456.789", "1e-38", "3.4028234e38", "-1.17549435e-38", "1.4e-45"}},
		{column: "float(7,4)", values: []string{"0.1235", "999.9999", "-0.0001"}},
		{column: "float unsigned", values: []string{"0.1", "16777217"}},
		{column: "float zerofill", values: []string{"0.1", "42"}},
		{column: "double", values: []string{"0.1", "-0e0", "1e-38", "1.7976931348623157e308", "2.2250738585072014e-308", "9007199254740993", "1.2345678901234567"}},
		{column: "double(10,2)", values: []string{"1.005", "12345.67", "99999999.99"}},
		{column: "double unsigned zerofill", values: []string{"0.1", "1e300"}},
		{column: "decimal(40,20)", values: []string{"0.1", "-12345678901234567890.12345678901234567891", "100"}},
		{column: "decimal(5,2) zerofill", values: []string{"0.5", "1.50", "100"}},
		{column: "tinyint(1)", values: []string{"1", "-128", "0"}},
		{column: "int(5) zerofill", values: []string{"42", "0", "123456"}},
		{column: "bigint", values: []string{"-9223372036854775808"}},
		{column: "bigint unsigned", values: []string{"18446744073709551615"}},
		{column: "bit(1)", values: []string{"b'1'", "b'0'"}},
		{column: "bit(9)", values: []string{"b'100110101'", "53"}},
		{column: "bit(64)", values: []string{"18446744073709551615"}},
		{column: "year", values: []string{"'0000'", "1901", "2155"}},
		{column: "date", values: []string{"'0000-00-00'", "'2024-02-29'"}},
		{column: "time(3)", values: []string{"'-838:59:59'", "'00:00:00.120'"}},
		{column: "datetime(6)", values: []string{"'0000-00-00 00:00:00'", "'9999-12-31 23:59:59.999999'"}},
		{column: "timestamp NULL", values: []string{"'0000-00-00 00:00:00'", "'2038-01-19 03:14:07'"}},
		{column: "char(9)", values: []string{"'ü'", "''"}},
		{column: "char(9) CHARACTER SET latin1", values: []string{"'ü€'"}},
		{column: "binary(4)", values: []string{"x'00ff'", "''"}},
		{column: "varbinary(9)", values: []string{"x'00ff2700'", "''"}},
		{column: `enum('a,b','it''s','ü','back\\slash','line\nbreak','')`, values: []string{"'a,b'", "'it''s'", "'ü'", `'back\\slash'`, `'line\nbreak'`, "''"}},
		{column: "enum('ä','ö') CHARACTER SET latin1", values: []string{"'ö'"}},
		{column: "set('it''s','ü','z') CHARACTER SET latin1", values: []string{"'z,ü'", "''", "'z,it''s'"}},
		{column: "enum('😀','x')", values: []string{"'😀'"}},
		{column: "geometry", values: []string{"ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))')", "ST_GeomFromText('POINT(1 2)', 4326)"}},
		{column: "point", values: []string{"ST_GeomFromText('POINT(39 92)')"}},
		{column: "json", values: []string{`'{"a": 1.5, "ü": ["it''s", null, "\\""]}'`, "'1e5'", `'""'`}},
		{column: "uuid", values: []string{"'6ccd780c-baba-1026-9564-5b8c656024db'"}, rare: true},
		{column: "inet6", values: []string{"'::1'", "'::ffff:1.2.3.4'"}, rare: true},
		{column: "inet4", values: []string{"'1.2.3.4'"}, rare: true},
		{column: "vector(3)", values: []string{"x'0000803f0000004027005c40'"}, rare: true},
	} {
		t.Run(tc.column, func(t *testing.T) {
			t.Parallel()
			source := newDatabase(t, pinned)
			if tc.rare && !source.knows(tc.column) {
				return
			}
			create := "CREATE TABLE app_fd_t (id varchar(99) PRIMARY KEY, c_x " + tc.column + ") DEFAULT CHARSET=utf8mb4"
			source.exec(create)
			ids := []migration.RecordID{"null"}
			source.row("t", "null")
			for n, value := range tc.values {
				ids = append(ids, migration.RecordID(fmt.Sprint(n)))
				source.exec(fmt.Sprintf("INSERT INTO app_fd_t (id, c_x) VALUES ('%d', %s)", n, value))
			}
			for name, edit := range map[string]func(*mysql.Config){"interpolated": pinned, "prepared": prepared} {
				target := newDatabase(t, edit)
				target.exec(create)
				exact(t, name, source, target, ids)
			}
		})
	}
}

// exact copies rows of table t, twice, and asks the server itself whether they are equal.
func exact(t *testing.T, name string, source, target testDB, ids []migration.RecordID) {
	t.Helper()
	var set records.Set
	err := side(source).Each(t.Context(), "t", ids, func(r records.Row) error { set.Rows = append(set.Rows, r); return nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []records.CopyResult{{Inserted: len(ids)}, {Same: len(ids)}} {
		got, err := records.Copy(t.Context(), target.Target, set, &images{}, records.CopyOptions{})
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("%s: %v, result (-want +got):\n%s", name, err, diff)
		}
	}
	var from, into string
	for d, name := range map[testDB]*string{source: &from, target: &into} {
		if err := d.DB.QueryRowContext(t.Context(), "SELECT DATABASE()").Scan(name); err != nil {
			t.Fatal(err)
		}
	}
	// Of doubles the bits count: negative zero equals zero, and ATAN2 tells them apart.
	equal := "HEX(a.c_x) = HEX(b.c_x) AND a.c_x = b.c_x"
	if strings.HasPrefix(t.Name(), "TestCopyIsExactForEveryType/float") || strings.HasPrefix(t.Name(), "TestCopyIsExactForEveryType/double") {
		equal = "a.c_x = b.c_x AND ATAN2(a.c_x, -1) = ATAN2(b.c_x, -1)"
	}
	var same int
	query := "SELECT COUNT(*) FROM " + from + ".app_fd_t a JOIN " + into + ".app_fd_t b ON a.id = b.id WHERE a.c_x IS NULL AND b.c_x IS NULL OR " + equal
	if err := source.DB.QueryRowContext(t.Context(), query).Scan(&same); err != nil || same != len(ids) {
		t.Errorf("%s: %d of %d values are equal, %v", name, same, len(ids), err)
	}
}

// TestFloatsThatPrintAlikeDiffer has two numbers that a server prints with the
// same six digits.
func TestFloatsThatPrintAlikeDiffer(t *testing.T) {
	t.Parallel()
	source, target := newDatabase(t, pinned), newDatabase(t, pinned)
	for d, value := range map[testDB]string{source: "16777216", target: "16777218"} {
		d.exec("CREATE TABLE app_fd_t (id varchar(99) PRIMARY KEY, c_x float)")
		d.exec("INSERT INTO app_fd_t (id, c_x) VALUES ('r', " + value + ")")
	}
	set, there := source.collect(selection("r", "t")), target.collect(selection("r", "t"))
	want := records.Comparison{Differences: []records.Difference{{Key: migration.RowKey{Table: "t", ID: "r"}, Kind: records.Differs, Columns: []string{"c_x"}}}}
	if diff := cmp.Diff(want, records.Compare(set, there)); diff != "" {
		t.Errorf("comparison (-want +got):\n%s", diff)
	}
	_, err := records.Copy(t.Context(), target.Target, set, &images{}, records.CopyOptions{})
	code(t, err, migration.CodeConflict)
}

func TestCopyAcrossTypesKeepsTheValueOrRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, source, target, value string
		want                        string // in the error; "" when it is carried
		rare                        bool   // not every server has the target's type
	}{
		{name: "float_in_a_double", source: "float", target: "double", value: "0.1"},
		{name: "double_in_a_float", source: "double", target: "float", value: "0.1", want: "app_fd_t.c_x"},
		{name: "double_that_is_a_float", source: "double", target: "float", value: "0.5"},
		{name: "more_digits", source: "decimal(10,2)", target: "decimal(14,4)", value: "1.50"},
		{name: "fewer_digits", source: "decimal(10,2)", target: "decimal(10,1)", value: "1.55", want: "app_fd_t"},
		{name: "fewer_digits_not_used", source: "decimal(10,2)", target: "decimal(10,1)", value: "1.50"},
		{name: "zerofill_in_an_int", source: "int(5) zerofill", target: "bigint", value: "42"},
		{name: "bit_in_a_wider_one", source: "bit(8)", target: "bit(16)", value: "53"},
		{name: "bit_in_a_narrower_one", source: "bit(8)", target: "bit(5)", value: "53", want: "app_fd_t.c_x"},
		{name: "bit_in_a_tinyint", source: "bit(1)", target: "tinyint(1)", value: "b'1'"},
		{name: "tinyint_in_a_bit", source: "tinyint(1)", target: "bit(1)", value: "1"},
		{name: "text_in_a_bit", source: "varchar(9)", target: "bit(64)", value: "'secret'", want: "app_fd_t.c_x"},
		{name: "text_with_zeros_in_an_int", source: "varchar(9)", target: "int", value: "'007'", want: "app_fd_t.c_x"},
		{name: "text_in_a_char", source: "varchar(9)", target: "char(9)", value: "'secret '", want: "app_fd_t.c_x"},
		{name: "bytes_in_a_longer_binary", source: "varbinary(9)", target: "binary(9)", value: "x'01'", want: "app_fd_t.c_x"},
		{name: "enum_with_more_texts", source: "enum('a','b')", target: "enum('c','b','a')", value: "'b'"},
		{name: "enum_that_lacks_the_text", source: "enum('a','secret')", target: "enum('a')", value: "'secret'", want: "app_fd_t.c_x"},
		{name: "enum_in_another_case", source: "enum('a')", target: "enum('A')", value: "'a'", want: "app_fd_t.c_x"},
		{name: "enum_without_an_empty_text", source: "varchar(9)", target: "enum('a')", value: "''", want: "app_fd_t.c_x"},
		{name: "set_in_another_order", source: "set('a','b')", target: "set('b','a')", value: "'a,b'", want: "app_fd_t.c_x"},
		{name: "set_with_more_texts", source: "set('a','b')", target: "set('a','x','b')", value: "'a,b'"},
		{name: "date_in_a_datetime", source: "date", target: "datetime", value: "'2024-02-29'", want: "app_fd_t.c_x"},
		{name: "text_in_a_uuid", source: "varchar(99)", target: "uuid", value: "'6CCD780C-BABA-1026-9564-5B8C656024DB'", want: "app_fd_t.c_x", rare: true},
		{name: "geometry_in_a_blob", source: "geometry", target: "longblob", value: "ST_GeomFromText('POINT(1 2)')"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			source, target := newDatabase(t, pinned), newDatabase(t, pinned)
			if tc.rare && !target.knows(tc.target) {
				return
			}
			source.exec("CREATE TABLE app_fd_t (id varchar(99) PRIMARY KEY, c_x " + tc.source + ") DEFAULT CHARSET=utf8mb4")
			target.exec("CREATE TABLE app_fd_t (id varchar(99) PRIMARY KEY, c_x " + tc.target + ") DEFAULT CHARSET=utf8mb4")
			source.exec("INSERT INTO app_fd_t (id, c_x) VALUES ('r', " + tc.value + ")")
			set := source.collect(selection("r", "t"))
			_, err := records.Copy(t.Context(), target.Target, set, &images{}, records.CopyOptions{})
			if tc.want == "" {
				if diff := cmp.Diff(records.Comparison{Same: 1}, records.Compare(set, target.collect(selection("r", "t")))); err != nil || diff != "" {
					t.Errorf("%v, comparison (-want +got):\n%s", err, diff)
				}
				return
			}
			code(t, err, migration.CodeUnsupported)
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("error %v should name %q and no value", err, tc.want)
			}
			if n := target.count("t"); n != 0 {
				t.Errorf("%d rows were written", n)
			}
		})
	}
}
