package preflight

import (
	"fmt"

	"jogetferry/migration"
)

// RecordAlike is FERRY-318: the record ID differs from another one by case or accents only.
var RecordAlike = Check{
	ID:       "FERRY-318",
	Severity: migration.Blocking,
	Title:    "the record ID differs from another one by case or accents only",
	Remedy:   "MySQL takes both for one row; move one of them by hand",
	About:    `Joget tells such IDs apart, its database does not: by the usual collation ABC and abc are one key, and so are those that differ by accents or trailing spaces. Looked for among the rows of the target and among all running root instances of the source. The copy would meet a duplicate key and park the instance.`,
	Personal: true,
	Instance: func(f *InstanceFacts, r Report) {
		if f.Data == nil {
			return
		}
		for _, other := range f.Data.Alike {
			r.Found(f.subject(), fmt.Sprintf("%q and %q", f.Instance.Record, other))
		}
	},
}
