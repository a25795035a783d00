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
	About:    `Narrower, of another type, of a type that is not known, computed by the target, or NOT NULL; types are compared by what they hold, so that a display width or another charset of the same length is no finding. Values that fit are copied, and read back where a type may change them without a word, as FLOAT and JSON do. An instance whose record has one that does not has FERRY-319; what only the target can judge, such as a text in a column of numbers, and child rows park it with record_unsupported, since the target's session is strict and a warning counts as an error.`,
	App: func(f *AppFacts, r Report) {
		f.mismatched(r, func(m migration.Mismatch) string {
			return m.Column + " " + differences[m.Kind] + " (" + cmp.Or(m.Source, "absent") + " to " + m.Target + ")"
		}, migration.MismatchNarrower, migration.MismatchType, migration.MismatchUnknown, migration.MismatchGenerated, migration.MismatchNotNull)
	},
}

var differences = map[migration.MismatchKind]string{
	migration.MismatchNarrower:  "narrower",
	migration.MismatchType:      "of another type",
	migration.MismatchUnknown:   "of a type that cannot be carried for certain",
	migration.MismatchGenerated: "computed by the target",
	migration.MismatchNotNull:   "wants a value",
}
