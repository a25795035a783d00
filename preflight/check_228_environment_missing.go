package preflight

import (
	"slices"

	"jogetferry/migration"
)

// EnvironmentMissing is FERRY-228: an environment variable of the app is missing on the target.
var EnvironmentMissing = Check{
	ID:       "FERRY-228",
	Severity: migration.Warning,
	Title:    "an environment variable of the app is missing on the target",
	Remedy:   "create it on the target, with the value that the target needs",
	About:    `Environment variables belong to an app version; an import brings those of the export only. Compared are the published versions, by exact ID; values are not. Of an app whose processes go to several apps of the target, only the one that the first instance goes to is compared.`,
	App: func(f *AppFacts, r Report) {
		if f.Absent {
			return
		}
		for _, v := range f.Source {
			if !slices.ContainsFunc(f.Target, func(other migration.EnvironmentVariable) bool { return other.ID == v.ID }) {
				r.Found(f.ID, v.ID)
			}
		}
	},
}
