package preflight

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"jogetferry/migration"
)

// SourceInUse is FERRY-119: people work on the source now.
var SourceInUse = Check{
	ID:       "FERRY-119",
	Severity: migration.Note,
	Title:    "people work on the source now",
	Remedy:   "migrate when nobody does, or lock them out: what moves meanwhile is parked as docs/what-if.md#source_moved",
	About:    `Counts the activities of open instances that somebody accepted or completed in the last ten minutes.`,
	Copying: func(f *CopyingFacts, r Report) {
		if len(f.SourceWork) > 0 {
			r.Found("source", work(f.SourceWork))
		}
	},
}

// work says how much was done, by app.
func work(byApp map[string]int) string {
	var parts []string
	for _, app := range slices.Sorted(maps.Keys(byApp)) {
		parts = append(parts, fmt.Sprintf("%s: %d", app, byApp[app]))
	}
	return "activities in ten minutes: " + strings.Join(parts, ", ")
}
