package records

import (
	"bytes"
	"strconv"
	"strings"

	"jogetferry/internal/database"
)

// Column is one column of a form table. Numbers are 0 and texts "" where
// information_schema has NULL.
type Column struct {
	Name       string
	Type       string // DATA_TYPE in lower case: "longtext"
	FullType   string // COLUMN_TYPE: "varchar(255)"
	Chars      int64  // CHARACTER_MAXIMUM_LENGTH
	Octets     int64  // CHARACTER_OCTET_LENGTH
	Precision  int64  // DATETIME_PRECISION, digits
	Digits     int64  // NUMERIC_PRECISION: decimal digits, bits of a bit
	Scale      int64  // NUMERIC_SCALE, digits after the point
	Charset    string
	Collation  string
	Nullable   bool
	HasDefault bool
	Generated  bool // computed by the server: neither read nor written by us
	Unique     bool // alone in a primary or unique key
}

// family says how values of a type are read, written and compared.
type family int

const (
	familyUnknown family = iota
	familyText
	familyBytes
	familyTime
	familyExact   // numbers that decimal digits give exactly
	familyFloat   // numbers that are read as a double, see expression
	familyMembers // texts out of a list in the type
	familyNamed   // texts with a form of their own, which the server checks
	familySpatial // bytes with a form of their own, which the server checks
)

var families = map[string]family{
	"char": familyText, "varchar": familyText, "tinytext": familyText, "text": familyText, "mediumtext": familyText, "longtext": familyText,
	"binary": familyBytes, "varbinary": familyBytes, "tinyblob": familyBytes, "blob": familyBytes, "mediumblob": familyBytes, "longblob": familyBytes,
	"datetime": familyTime, "timestamp": familyTime, "time": familyTime, "date": familyTime, "year": familyTime,
	"tinyint": familyExact, "smallint": familyExact, "mediumint": familyExact, "int": familyExact, "bigint": familyExact, "decimal": familyExact, "bit": familyExact,
	"float": familyFloat, "double": familyFloat,
	"enum": familyMembers, "set": familyMembers,
	"json": familyNamed, "uuid": familyNamed, "inet4": familyNamed, "inet6": familyNamed,
	"geometry": familySpatial, "point": familySpatial, "linestring": familySpatial, "polygon": familySpatial, "multipoint": familySpatial,
	"multilinestring": familySpatial, "multipolygon": familySpatial, "geometrycollection": familySpatial, "geomcollection": familySpatial,
	"vector": familySpatial,
}

func familyOf(columnType string) family { return families[columnType] }

func (c *Column) unsigned() bool { return c.Type == "bit" || strings.Contains(c.FullType, "unsigned") }

// mayBeEmpty reports whether a row that has nothing for the column can be empty in it:
// NULL, or a text of no characters in place of the column's default.
func (c *Column) mayBeEmpty() bool {
	return c.Nullable || c.HasDefault && familyOf(c.Type) == familyText
}

// expression is what reads the column exactly. Servers print a FLOAT with six
// digits, but a double so that it is read as the same double; times one keeps
// negative zero, which plus zero does not. A BIT is read as a number.
func (c *Column) expression() string {
	switch {
	case familyOf(c.Type) == familyFloat:
		return database.Quote(c.Name) + " * 1e0"
	case c.Type == "bit":
		return database.Quote(c.Name) + " + 0"
	}
	return database.Quote(c.Name)
}

// canonical returns what expression reads in the one form that a value has in
// all columns that can hold it: no trailing zeros in the fraction of a time or of
// a decimal number, no leading ones of a ZEROFILL. It may be a part of value.
func (c *Column) canonical(value []byte) []byte {
	if c.Type == "year" && string(value) == "0" {
		return []byte("0000") // the driver makes it a number, and written as 0 it is 2000
	}
	switch familyOf(c.Type) {
	case familyTime:
		return trimFraction(value)
	case familyExact:
		for len(value) > 1 && value[0] == '0' && value[1] != '.' {
			value = value[1:]
		}
		return trimFraction(value)
	case familyUnknown, familyText, familyBytes, familyFloat, familyMembers, familyNamed, familySpatial:
	}
	return value
}

func trimFraction(value []byte) []byte {
	if bytes.IndexByte(value, '.') < 0 {
		return value
	}
	return bytes.TrimSuffix(bytes.TrimRight(value, "0"), []byte("."))
}

// argument returns a value as the driver has to get it, nil for NULL. A string
// is sent as utf8mb4 text even where the driver interpolates; bytes are sent as a
// binary string then, which reaches texts unconverted, and which JSON, UUID and
// INET refuse.
func (c *Column) argument(value []byte) any {
	if value == nil {
		return nil
	}
	switch familyOf(c.Type) {
	case familyBytes, familySpatial:
		return value
	case familyExact:
		if c.Type == "bit" { // of a text it would take the bytes
			if number, err := strconv.ParseUint(string(value), 10, 64); err == nil {
				return number
			}
		}
	case familyUnknown, familyText, familyTime, familyFloat, familyMembers, familyNamed:
	}
	return string(value)
}

// placeholder is where argument goes. What the driver prepares it sends as
// text, whatever it is, and MariaDB takes no text for a vector.
func (c *Column) placeholder() string {
	if c.Type == "vector" {
		return "CAST(? AS BINARY)"
	}
	return "?"
}

// members returns the texts that an ENUM or a SET is made of, in its order.
func (c *Column) members() []string {
	_, list, _ := strings.Cut(c.FullType, "(")
	var members []string
	var member strings.Builder
	inside := false
	for i := 0; i < len(list); i++ {
		b := list[i]
		switch {
		case !inside:
			inside = b == '\''
			continue
		case b == '\'' && strings.HasPrefix(list[i+1:], "'"):
			i++
		case b == '\'':
			members = append(members, member.String())
			member.Reset()
			inside = false
			continue
		case b == '\\' && i+1 < len(list):
			i++
			b = unescaped(list[i])
		}
		member.WriteByte(b)
	}
	return members
}

// unescaped is what b means after a backslash in COLUMN_TYPE.
func unescaped(b byte) byte {
	switch b {
	case '0':
		return 0
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	}
	return b
}
