package preflight

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"jogetferry/migration"
)

// AppFacts are an app on both sides, over all instances of the plan. Versions
// are the published one, or the highest where none is.
type AppFacts struct {
	ID string
	// Absent: the target has no version of the app; what it lacks is not listed then.
	Absent bool
	// Problems are forms that cannot be read, one line each.
	Problems []string
	// Mismatches are those of the form tables that have rows on the source.
	Mismatches []migration.Mismatch
	// Relations lead from the form tables to child tables, those of records.extra included.
	Relations []migration.Relation
	// Source and Target are the environment variables, by ID.
	Source, Target []migration.EnvironmentVariable
	// Counters are the environment variables that ID generators of the source's forms count with.
	Counters []string
	// Mentions are places of the target's app where a host of the source stands:
	// "environment variable x", never a value.
	Mentions []string
	// Plugins are the classes that the source's app uses, with one place where it
	// does; Seen are those that the target knows from any of its apps.
	Plugins map[string]string
	Seen    map[string]bool
}

// mismatched reports mismatches of some kinds: one finding per form table, in
// which each is what line says of it.
func (f *AppFacts) mismatched(r Report, line func(migration.Mismatch) string, kinds ...migration.MismatchKind) {
	lines := map[string][]string{}
	for _, m := range f.Mismatches {
		if slices.Contains(kinds, m.Kind) {
			lines[m.Table] = append(lines[m.Table], line(m))
		}
	}
	for _, table := range slices.Sorted(maps.Keys(lines)) {
		r.Found(f.ID, formTable(table)+": "+strings.Join(first(maxColumns, lines[table]), ", "))
	}
}

// maxColumns bounds what is listed of one table or record.
const maxColumns = 20

// first returns up to n of lines, and how many there are besides.
func first(n int, lines []string) []string {
	if len(lines) <= n {
		return lines
	}
	return append(lines[:n:n], fmt.Sprintf("and %d more", len(lines)-n))
}

// formTable returns the database's name of a form table.
func formTable(name string) string { return "app_fd_" + name }

// Amount is how much the inventory saw of the records of an app: the rows whose
// id is a record ID and the files beside those that name one. Bytes are of values and of files.
type Amount struct {
	App              string
	Rows, Bytes      int64
	Files, FileBytes int64
}
