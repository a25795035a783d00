package preflight

import (
	"fmt"

	"jogetferry/migration"
)

// RowDiffers is FERRY-310: the target has another row under the record ID.
var RowDiffers = Check{
	ID:       "FERRY-310",
	Severity: migration.Blocking,
	Title:    "the target has another row under the record ID",
	Remedy:   "look at both rows, then choose records.on_conflict overwrite or keep, or remove the target's row",
	About:    `Compared byte by byte, as the copy does: equal rows and those that the ledger knows as ours are left out. Only rows whose id is the record ID are compared by the plan; the copy compares child rows too. With records.on_conflict overwrite or keep it is a warning. An instance that the migration has begun with is not looked at.`,
	Personal: true,
	Instance: func(f *InstanceFacts, r Report) {
		if f.Data == nil {
			return
		}
		severity, what := migration.Blocking, ""
		if f.Data.OnConflict == "overwrite" || f.Data.OnConflict == "keep" {
			severity, what = migration.Warning, "; records.on_conflict is "+f.Data.OnConflict
		}
		for _, table := range f.Data.Differing {
			r.FoundAs(severity, f.subject(), fmt.Sprintf("%s %q%s", formTable(table), f.Instance.Record, what))
		}
	},
}
