package preflight

import (
	"fmt"

	"jogetferry/migration"
)

// RecordShared is FERRY-311: running instances share one record.
var RecordShared = Check{
	ID:       "FERRY-311",
	Severity: migration.Note,
	Title:    "running instances share one record",
	Remedy:   "nothing; its rows and files are copied once, and rolled back with the last of them",
	About:    `The record is the origin of the process links. Counted over all running root instances of the source, also of processes that the plan leaves out.`,
	Instance: func(f *InstanceFacts, r Report) {
		if f.Data != nil && f.Data.Sharing > 1 {
			r.Found(f.subject(), fmt.Sprintf("%d instances", f.Data.Sharing))
		}
	},
}
