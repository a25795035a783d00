package preflight

import (
	"fmt"

	"jogetferry/migration"
)

// CopyAmount is FERRY-313: this much is copied.
var CopyAmount = Check{
	ID:       "FERRY-313",
	Severity: migration.Note,
	Title:    "this much is copied",
	Remedy:   "see that the target's database and uploads have room for it",
	About:    `Rows whose id is a record ID, with the size of their values, and the files of records in which a file field names one. Child rows come on top, and files that no field names; a record that instances share is counted once per page of 500 instances, and what was migrated already is left out.`,
	Plan: func(f *PlanFacts, r Report) {
		for _, a := range f.Amounts {
			r.Found(a.App, fmt.Sprintf("%d rows with %d bytes, %d files with %d bytes", a.Rows, a.Bytes, a.Files, a.FileBytes))
		}
	},
}
