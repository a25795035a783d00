package recorded_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// diff tells in lines how tables differ: which rows there are, in their order,
// and the values of those that are in both. "" for tables alike.
func diff(recorded, simulator tables) string {
	var out strings.Builder
	for _, q := range queries {
		want, wanted := named(recorded[q.table], q.key)
		got, have := named(simulator[q.table], q.key)
		if d := cmp.Diff(want, got); d != "" {
			fmt.Fprintf(&out, "%s, rows (-recorded +simulator):\n%s", q.table, d)
		}
		for _, name := range want {
			if have[name] == nil {
				continue
			}
			for _, column := range union(wanted[name], have[name]) {
				if v, now := shown(wanted[name], column), shown(have[name], column); v != now {
					fmt.Fprintf(&out, "%s %s: %s recorded %s, simulator %s\n", q.table, name, column, v, now)
				}
			}
		}
	}
	return out.String()
}

// named gives rows the names by which they are told apart.
func named(rows []map[string]any, key []string) (order []string, byName map[string]map[string]any) {
	byName = map[string]map[string]any{}
	for _, row := range rows {
		var parts []string
		for _, column := range key {
			parts = append(parts, fmt.Sprint(row[column]))
		}
		name := strings.Join(parts, " ")
		for byName[name] != nil { // a join may hold the same token twice
			name += " again"
		}
		order, byName[name] = append(order, name), row
	}
	return order, byName
}

func union(a, b map[string]any) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

func shown(row map[string]any, column string) string {
	switch v, ok := row[column]; {
	case !ok:
		return "(no column)"
	case v == nil:
		return "NULL"
	default:
		return fmt.Sprintf("%q", v)
	}
}
