package records_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"jogetferry/migration"
	"jogetferry/records"
)

// typed is a column as information_schema of any server describes it: the type as
// COLUMN_TYPE says it, and a charset for texts.
func typed(t *testing.T, fullType string) records.Column {
	t.Helper()
	fullType, charset, _ := strings.Cut(fullType, " charset ")
	parts := regexp.MustCompile(`^(\w+)(?:\((.*)\))?`).FindStringSubmatch(fullType)
	c := records.Column{Name: "c_x", Type: parts[1], FullType: fullType, Charset: charset, Nullable: true}
	var numbers []int64
	for text := range strings.SplitSeq(parts[2], ",") {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			numbers = append(numbers, n)
		}
	}
	numbers = append(numbers, 0, 0)
	width := map[string]int64{"utf8mb4": 4, "utf8mb3": 3, "utf8": 3}[charset]
	switch c.Type {
	case "char", "varchar":
		c.Chars, c.Octets = numbers[0], numbers[0]*max(width, 1)
	case "binary", "varbinary":
		c.Chars, c.Octets = numbers[0], numbers[0]
	case "tinytext", "tinyblob":
		c.Chars, c.Octets = 255, 255
	case "text", "blob":
		c.Chars, c.Octets = 65535, 65535
	case "longtext", "longblob":
		c.Chars, c.Octets = 1<<32-1, 1<<32-1
	case "vector":
		c.Chars, c.Octets = 4*numbers[0], 4*numbers[0]
	case "datetime", "timestamp", "time":
		c.Precision = numbers[0]
	case "decimal", "float", "double", "bit":
		c.Digits, c.Scale = numbers[0], numbers[1]
	case "enum", "set":
		c.Chars, c.Octets = 9, 9*max(width, 1)
	}
	return c
}

func TestCheckComparesWhatTypesHold(t *testing.T) {
	t.Parallel()
	const fits migration.MismatchKind = ""
	narrower, other, unknown := migration.MismatchNarrower, migration.MismatchType, migration.MismatchUnknown
	for _, tc := range []struct {
		source, target string
		there, back    migration.MismatchKind // from source to target, and from target to source
	}{
		{"int(11)", "int", fits, fits},
		{"bigint(20)", "bigint", fits, fits},
		{"tinyint(1)", "tinyint(4)", fits, fits},
		{"int(10) unsigned", "int unsigned", fits, fits},
		{"int(5) unsigned zerofill", "int unsigned", fits, fits},
		{"int", "bigint", fits, narrower},
		{"int", "int unsigned", narrower, narrower},
		{"int unsigned", "bigint", fits, narrower},
		{"bigint", "bigint unsigned", narrower, narrower},
		{"bit(1)", "tinyint(1)", fits, narrower},
		{"bit(8)", "bit(16)", fits, narrower},
		{"bit(64)", "bigint unsigned", fits, fits},
		{"decimal(10,2)", "decimal(12,2)", fits, narrower},
		{"decimal(10,2)", "decimal(12,4)", fits, narrower},
		{"decimal(10,2)", "decimal(10,4)", narrower, narrower},
		{"decimal(10,2)", "decimal(10,2) unsigned", narrower, fits},
		{"int", "decimal(10,0)", fits, narrower},
		{"int", "decimal(9,0)", narrower, fits},
		{"int", "float", other, other},
		{"decimal(5,2)", "double", other, other},
		{"float", "double", fits, narrower},
		{"float", "float unsigned", narrower, fits},
		{"float(7,4)", "float", fits, narrower},
		{"float(7,4)", "float(9,5)", fits, narrower},
		{"year(4)", "year", fits, fits},
		{"year", "smallint", other, other},
		{"datetime", "datetime(6)", fits, narrower},
		{"datetime", "timestamp", other, other},
		{"date", "datetime", other, other},
		{"time(3)", "time(6)", fits, narrower},
		{"varchar(255) charset utf8mb3", "varchar(255) charset utf8mb4", fits, migration.MismatchCharset},
		{"varchar(255) charset utf8", "varchar(255) charset utf8mb3", fits, fits},
		{"varchar(255) charset latin1", "varchar(255) charset utf8mb4", fits, migration.MismatchCharset},
		{"varchar(9) charset utf8mb4", "varchar(8) charset utf8mb4", narrower, fits},
		{"text charset utf8mb3", "text charset utf8mb4", fits, migration.MismatchCharset},
		{"varchar(255) charset utf8mb4", "longtext charset utf8mb4", fits, narrower},
		{"varchar(255) charset utf8mb4", "tinytext charset utf8mb4", narrower, fits},
		{"json", "longtext charset utf8mb4", fits, other},
		{"json", "json", fits, fits},
		{"json", "text charset utf8mb4", narrower, other},
		{"json", "longtext charset latin1", migration.MismatchCharset, other},
		{"uuid", "varchar(36) charset latin1", fits, other},
		{"inet6", "char(38) charset ascii", narrower, other},
		{"uuid", "uuid", fits, fits},
		{"inet4", "inet6", other, other},
		{"enum('a','b') charset utf8mb4", "enum('c','b','a') charset utf8mb4", fits, narrower},
		{"enum('a','b''c,d') charset utf8mb4", "enum('b''c,d','a') charset utf8mb4", fits, fits},
		{"enum('a') charset utf8mb4", "enum('A') charset utf8mb4", narrower, narrower},
		{"set('a','b') charset utf8mb4", "set('a','x','b') charset utf8mb4", fits, narrower},
		{"set('a','b') charset utf8mb4", "set('b','a') charset utf8mb4", other, other},
		{"set('a') charset utf8mb4", "enum('a') charset utf8mb4", other, other},
		{"enum('a') charset utf8mb4", "varchar(9) charset utf8mb4", fits, other},
		{"enum('a') charset utf8mb4", "varchar(8) charset utf8mb4", narrower, other},
		{"varbinary(8)", "varbinary(9)", fits, narrower},
		{"binary(8)", "varbinary(8)", fits, other},
		{"binary(8)", "binary(9)", other, narrower},
		{"text charset utf8mb4", "blob", other, other},
		{"geometry", "longblob", fits, other},
		{"geometry", "blob", narrower, other},
		{"point", "geometry", fits, narrower},
		{"geomcollection", "geometrycollection", fits, fits},
		{"point", "polygon", other, other},
		{"vector(3)", "vector(3)", fits, fits},
		{"vector(3)", "vector(4)", other, narrower},
		{"vector(3)", "varbinary(12)", fits, other},
		{"xmltype", "xmltype", unknown, unknown},
	} {
		t.Run(tc.source+"_in_"+tc.target, func(t *testing.T) {
			t.Parallel()
			source, target := typed(t, tc.source), typed(t, tc.target)
			for _, way := range []struct {
				from, into records.Column
				want       migration.MismatchKind
			}{{source, target, tc.there}, {target, source, tc.back}} {
				found := records.Check(&records.Table{Columns: []records.Column{way.from}}, &records.Table{Columns: []records.Column{way.into}})
				var got migration.MismatchKind
				for _, m := range found {
					got += m.Kind
				}
				if got != way.want {
					t.Errorf("%s in %s is %q, want %q", way.from.FullType, way.into.FullType, got, way.want)
				}
			}
		})
	}
}
