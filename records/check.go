package records

import (
	"slices"
	"strings"

	"jogetferry/migration"
)

// Check compares the tables of source and target for what could stop, bend or
// lose a row; an empty result means that any row of source fits. A nil target
// is a table that does not exist.
func Check(source, target *Table) []migration.Mismatch {
	if target == nil {
		return []migration.Mismatch{{Table: source.Name, Kind: migration.MismatchTable}}
	}
	if target.View {
		return []migration.Mismatch{{Table: source.Name, Kind: migration.MismatchView}}
	}
	c := checker{table: source.Name}
	if !strings.EqualFold(target.Engine, "InnoDB") && target.Engine != "" {
		c.add("", migration.MismatchEngine, source.Engine, target.Engine)
	}
	for _, from := range source.stored() {
		to, ok := target.column(from.Name)
		if !ok {
			c.add(from.Name, migration.MismatchColumn, from.FullType, "")
			continue
		}
		c.column(from, to)
	}
	for _, to := range target.stored() {
		if _, ok := source.column(to.Name); !ok && !to.mayBeEmpty() {
			c.add(to.Name, migration.MismatchNotNull, "", to.FullType)
		}
	}
	return c.found
}

type checker struct {
	table string
	found []migration.Mismatch
}

func (c *checker) add(column string, kind migration.MismatchKind, source, target string) {
	c.found = append(c.found, migration.Mismatch{Table: c.table, Column: column, Kind: kind, Source: source, Target: target})
}

func (c *checker) column(from, to *Column) {
	if to.Generated {
		c.add(from.Name, migration.MismatchGenerated, from.FullType, to.FullType)
		return
	}
	kind := from.mismatch(to)
	if kind != "" {
		c.add(from.Name, kind, from.FullType, to.FullType)
	}
	if kind != migration.MismatchType && loses(from, to) {
		c.add(from.Name, migration.MismatchCharset, from.charset(), to.charset())
	}
	if from.Nullable && !to.Nullable {
		c.add(from.Name, migration.MismatchNotNull, from.FullType, to.FullType)
	}
	if strings.EqualFold(from.Name, idColumn) {
		if !to.Unique {
			c.add(from.Name, migration.MismatchKey, from.FullType, to.FullType)
		}
		if exact(from.Collation) && !exact(to.Collation) {
			c.add(from.Name, migration.MismatchCollation, from.Collation, to.Collation)
		}
	}
}

// loses reports whether a column of texts may lack characters of another one.
func loses(from, to *Column) bool {
	texts := []family{familyText, familyMembers, familyNamed}
	if !slices.Contains(texts, familyOf(from.Type)) || !slices.Contains(texts, familyOf(to.Type)) {
		return false
	}
	a, b := charsetRank(from.charset()), charsetRank(to.charset())
	return b < a || a == charsetOther && b == charsetOther && from.charset() != to.charset()
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
