package digest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxListed bounds how many rows of one table, or entries of a tree, a diff names.
const maxListed = 20

// DiffDatabases says in words what changed from before to after, one line per
// table and per row key (at most maxListed rows a table); "" means nothing did.
// It names keys, so it may hold personal data: for test output only.
func DiffDatabases(before, after Database) string {
	var out strings.Builder
	for _, name := range union(before, after) {
		a, hadIt := before[name]
		b, hasIt := after[name]
		switch {
		case !hadIt:
			fmt.Fprintf(&out, "+ table %s (%d rows)\n", name, b.Rows)
		case !hasIt:
			fmt.Fprintf(&out, "- table %s (%d rows)\n", name, a.Rows)
		case a.Sum != b.Sum || a.Columns != b.Columns || a.Rows != b.Rows:
			fmt.Fprintf(&out, "~ table %s: %d rows, were %d\n", name, b.Rows, a.Rows)
			if a.Columns != b.Columns {
				fmt.Fprintf(&out, "    columns were %s\n    columns are  %s\n", a.Columns, b.Columns)
			}
			list(&out, "    ", "row", a.ByKey, b.ByKey, func(x, y Sum) string {
				if x != y {
					return "differs"
				}
				return ""
			})
		}
	}
	return out.String()
}

// DiffTrees says in words what changed from before to after, one line per
// path (at most maxListed); "" means nothing did.
func DiffTrees(before, after Tree) string {
	var out strings.Builder
	list(&out, "", "path", before, after, func(x, y Entry) string {
		var what []string
		if x.Sum != y.Sum || x.Size != y.Size {
			what = append(what, fmt.Sprintf("content (%d bytes, were %d)", y.Size, x.Size))
		}
		if x.Mode != y.Mode {
			what = append(what, fmt.Sprintf("mode (%v, was %v)", y.Mode, x.Mode))
		}
		if !x.Modified.Equal(y.Modified) {
			what = append(what, fmt.Sprintf("modification time (%v, was %v)", y.Modified, x.Modified))
		}
		return strings.Join(what, ", ")
	})
	return out.String()
}

// list writes one line per key that is only in one map or that compare finds different.
func list[V any](out *strings.Builder, indent, kind string, before, after map[string]V, compare func(a, b V) string) {
	listed, more := 0, 0
	line := func(format string, args ...any) {
		if listed == maxListed {
			more++
			return
		}
		listed++
		fmt.Fprintf(out, indent+format+"\n", args...)
	}
	for _, key := range union(before, after) {
		a, hadIt := before[key]
		b, hasIt := after[key]
		switch {
		case !hadIt:
			line("+ %s %q", kind, key)
		case !hasIt:
			line("- %s %q", kind, key)
		default:
			if what := compare(a, b); what != "" {
				line("~ %s %q: %s", kind, key, what)
			}
		}
	}
	if more > 0 {
		fmt.Fprintf(out, indent+"... and %d more\n", more)
	}
}

func union[V any](a, b map[string]V) []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}
