package records

import (
	"bytes"
	"slices"
	"strings"

	"jogetferry/migration"
)

// DifferenceKind says how one row of two sets differs. The values are stable.
type DifferenceKind string

// The kinds of differences.
const (
	Differs DifferenceKind = "differs"
	Missing DifferenceKind = "missing" // on the target
	Surplus DifferenceKind = "extra"   // on the target only
)

// Difference is one row that is not the same on both sides. Columns are those
// that differ, by name, nil for missing and extra rows. Shared rows have other
// users too (Row.Shared), who may rightly have changed them.
type Difference struct {
	Key     migration.RowKey
	Kind    DifferenceKind
	Columns []string
	Shared  bool
}

// Comparison is the result of Compare. Same counts equal rows: a comparison
// of nothing is zero in all, and proves nothing.
type Comparison struct {
	Same        int
	Differences []Difference // by table and id
}

// Compare compares two record sets row by row and column by column. Columns
// that one side lacks must be NULL or empty on the other.
func Compare(source, target Set) Comparison {
	var c Comparison
	there := target.byKey()
	for i := range source.Rows {
		row := &source.Rows[i]
		other, ok := there[row.Key]
		delete(there, row.Key)
		if !ok {
			c.Differences = append(c.Differences, Difference{Key: row.Key, Kind: Missing, Shared: row.Shared})
			continue
		}
		if columns := differingColumns(row, other); len(columns) > 0 {
			c.Differences = append(c.Differences, Difference{Key: row.Key, Kind: Differs, Columns: columns, Shared: row.Shared})
			continue
		}
		c.Same++
	}
	for key, row := range there {
		c.Differences = append(c.Differences, Difference{Key: key, Kind: Surplus, Shared: row.Shared})
	}
	slices.SortFunc(c.Differences, func(a, b Difference) int { return compareKeys(a.Key, b.Key) })
	return c
}

// differingColumns walks both sorted lists of names at once.
func differingColumns(a, b *Row) []string {
	var differ []string
	i, j := 0, 0
	for i < len(a.Names) || j < len(b.Names) {
		var order int
		switch {
		case j == len(b.Names):
			order = -1
		case i == len(a.Names):
			order = 1
		default:
			order = strings.Compare(strings.ToLower(a.Names[i]), strings.ToLower(b.Names[j]))
		}
		switch {
		case order < 0:
			if len(a.Values[i]) > 0 {
				differ = append(differ, a.Names[i])
			}
			i++
		case order > 0:
			if len(b.Values[j]) > 0 {
				differ = append(differ, b.Names[j])
			}
			j++
		default:
			if !equalValues(a.Values[i], b.Values[j]) {
				differ = append(differ, a.Names[i])
			}
			i++
			j++
		}
	}
	return differ
}

func equalValues(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }
