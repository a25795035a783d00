package preflight

import (
	"slices"

	"jogetferry/migration"
)

// RecordMissing is FERRY-314: no form of the process has a row for the record.
var RecordMissing = Check{
	ID:       "FERRY-314",
	Severity: migration.Note,
	Title:    "no form of the process has a row for the record",
	Remedy:   "nothing if no form was submitted yet; else see whether the record is in another table, and name that in records.extra",
	About:    `The tables of the forms that are mapped to activities of the process are looked at, by record ID. A process without forms is not looked at.`,
	Instance: func(f *InstanceFacts, r Report) {
		if f.Data == nil || !f.started() || len(f.Data.Mapped) == 0 {
			return
		}
		if !slices.ContainsFunc(f.Data.Mapped, func(table string) bool { return slices.Contains(f.Data.Found, table) }) {
			r.Found(f.subject(), "")
		}
	},
}
