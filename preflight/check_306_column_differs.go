package preflight

import (
	"cmp"

	"jogetferry/migration"
)

// ColumnDiffers is FERRY-306: a column of the target may not take what the source's holds.
var ColumnDiffers = Check{
	ID:       "FERRY-306",
	Severity: migration.Warning,
	Title:    "a column of the target may not take what the source's holds",
	Remedy:   "compare the column types of both tables, and widen the target's",
	About:    `Narrower, of another type, computed by the target, or NOT NULL. Values that fit are copied; one that the target would cut, round or refuse parks its instance with record_unsupported, since the target's session is strict and a warning counts as an error. What no row can get around blocks.`,
	App: func(f *AppFacts, r Report) {
		for m := range f.mismatches(migration.MismatchNarrower, migration.MismatchType, migration.MismatchGenerated, migration.MismatchNotNull) {
			severity := migration.Warning
			if m.Proven {
				severity = migration.Blocking
			}
			r.FoundAs(severity, formTable(m.Table), m.Column+": "+differences[m.Kind]+" ("+cmp.Or(m.Source, "absent")+" to "+m.Target+")")
		}
	},
}

var differences = map[migration.MismatchKind]string{
	migration.MismatchNarrower:  "narrower",
	migration.MismatchType:      "of another type",
	migration.MismatchGenerated: "computed by the target",
	migration.MismatchNotNull:   "wants a value",
}
