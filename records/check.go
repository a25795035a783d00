package records

import (
	"slices"
	"strings"
)

// MismatchKind says why rows of one table may not fit into another. The values are stable.
type MismatchKind string

// The kinds of mismatches.
const (
	MismatchTable     MismatchKind = "table_missing"     // open the form once on the target, and Joget makes it (CONTRACT 6.2)
	MismatchColumn    MismatchKind = "column_missing"    // on the target
	MismatchNarrower  MismatchKind = "narrower"          // less room, or fewer digits of a second
	MismatchType      MismatchKind = "type"              // another kind of value altogether
	MismatchCharset   MismatchKind = "charset"           // characters may get lost
	MismatchCollation MismatchKind = "collation"         // ids that differ here are the same there
	MismatchNotNull   MismatchKind = "not_null"          // the target wants a value that the source may not have
	MismatchGenerated MismatchKind = "generated"         // the target computes what the source stores
	MismatchEngine    MismatchKind = "not_transactional" // on the target, so a write cannot be a compare-and-set
	MismatchKey       MismatchKind = "id_not_unique"     // on the target
)

// Mismatch is one fact about a pair of tables. Source and Target are types,
// charsets or engines; Column is "" where the table as a whole is meant.
type Mismatch struct {
	Table  string // without app_fd_
	Column string
	Kind   MismatchKind
	Source string
	Target string
}

// Check compares the tables of source and target for what could stop, bend or
// lose a row; an empty result means that any row of source fits. A nil target
// is a table that does not exist.
func Check(source, target *Table) []Mismatch {
	if target == nil {
		return []Mismatch{{Table: source.Name, Kind: MismatchTable}}
	}
	c := checker{table: source.Name}
	if !strings.EqualFold(target.Engine, "InnoDB") && target.Engine != "" {
		c.add("", MismatchEngine, source.Engine, target.Engine)
	}
	for _, from := range source.stored() {
		to, ok := target.column(from.Name)
		if !ok {
			c.add(from.Name, MismatchColumn, from.FullType, "")
			continue
		}
		c.column(from, to)
	}
	for _, to := range target.stored() {
		if _, ok := source.column(to.Name); !ok && !to.Nullable && !to.HasDefault {
			c.add(to.Name, MismatchNotNull, "", to.FullType)
		}
	}
	return c.found
}

type checker struct {
	table string
	found []Mismatch
}

func (c *checker) add(column string, kind MismatchKind, source, target string) {
	c.found = append(c.found, Mismatch{Table: c.table, Column: column, Kind: kind, Source: source, Target: target})
}

func (c *checker) column(from, to *Column) {
	if to.Generated {
		c.add(from.Name, MismatchGenerated, from.FullType, to.FullType)
		return
	}
	a, b := familyOf(from.Type), familyOf(to.Type)
	switch {
	case a != b:
		c.add(from.Name, MismatchType, from.FullType, to.FullType)
	case a == familyText || a == familyBytes:
		if to.Octets < from.Octets || from.Type == "varchar" && to.Type == "varchar" && to.Chars < from.Chars {
			c.add(from.Name, MismatchNarrower, from.FullType, to.FullType)
		}
		if a == familyText && charsetRank(to.Charset) < charsetRank(from.Charset) ||
			charsetRank(from.Charset) == charsetOther && charsetRank(to.Charset) == charsetOther && from.Charset != to.Charset {
			c.add(from.Name, MismatchCharset, from.Charset, to.Charset)
		}
	case a == familyTime:
		if from.Type != to.Type {
			c.add(from.Name, MismatchType, from.FullType, to.FullType)
		} else if to.Precision < from.Precision {
			c.add(from.Name, MismatchNarrower, from.FullType, to.FullType)
		}
	case from.FullType != to.FullType:
		c.add(from.Name, MismatchType, from.FullType, to.FullType)
	}
	if from.Nullable && !to.Nullable {
		c.add(from.Name, MismatchNotNull, from.FullType, to.FullType)
	}
	if strings.EqualFold(from.Name, idColumn) {
		if !to.Unique {
			c.add(from.Name, MismatchKey, from.FullType, to.FullType)
		}
		if exact(from.Collation) && !exact(to.Collation) {
			c.add(from.Name, MismatchCollation, from.Collation, to.Collation)
		}
	}
}

type family int

const (
	familyOther family = iota
	familyText
	familyBytes
	familyTime
)

func familyOf(columnType string) family {
	switch columnType {
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext":
		return familyText
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		return familyBytes
	case "datetime", "timestamp", "time", "date", "year":
		return familyTime
	}
	return familyOther
}

const (
	charsetASCII = iota
	charsetOther
	charsetUTF8MB3
	charsetUTF8MB4
)

// charsetRank orders charsets by what they can hold.
func charsetRank(name string) int {
	switch {
	case slices.Contains([]string{"utf8mb4", "utf16", "utf16le", "utf32"}, name):
		return charsetUTF8MB4
	case name == "utf8" || name == "utf8mb3" || name == "ucs2":
		return charsetUTF8MB3
	case name == "ascii":
		return charsetASCII
	}
	return charsetOther
}

// exact reports whether a collation tells case and accents apart.
func exact(collation string) bool {
	return collation == "binary" || strings.HasSuffix(collation, "_bin") || strings.HasSuffix(collation, "_cs")
}
