package preflight

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jogetferry/migration"
)

// CounterBehind is FERRY-316: an ID generator of the target is behind the source's.
var CounterBehind = Check{
	ID:       "FERRY-316",
	Severity: migration.Warning,
	Title:    "an ID generator of the target is behind the source's",
	Remedy:   "raise the environment variable on the target, or the numbers of the source are given out again",
	About:    `ID generator fields count in an environment variable; it is not part of any record, and an import may or may not bring its value. Compared are the published versions; of an app whose processes go to several apps of the target, only the one that the first instance goes to. The source goes on counting until it is frozen.`,
	App: func(f *AppFacts, r Report) {
		value := func(variables []migration.EnvironmentVariable, id string) (int64, bool) {
			i := slices.IndexFunc(variables, func(v migration.EnvironmentVariable) bool { return v.ID == id })
			if i < 0 {
				return 0, false
			}
			n, err := strconv.ParseInt(strings.TrimSpace(variables[i].Value), 10, 64)
			return n, err == nil
		}
		if f.Absent {
			return
		}
		for _, id := range f.Counters {
			source, counts := value(f.Source, id)
			// What is no number is 0 to Joget too.
			target, _ := value(f.Target, id)
			if counts && target < source {
				r.Found(f.ID, fmt.Sprintf("%s: %d, the source has %d", id, target, source))
			}
		}
	},
}
