package preflight

import (
	"strings"

	"jogetferry/migration"
)

// ValueRefused is FERRY-319: a value of the record has no place on the target.
var ValueRefused = Check{
	ID:       "FERRY-319",
	Severity: migration.Blocking,
	Title:    "a value of the record has no place on the target",
	Remedy:   "FERRY-304 to 309 of its app say what to mend on the target; if none names the table, raise max_allowed_packet of the target's server; or empty the value on the source",
	About:    `A row whose id is the record ID, in a table that the target lacks or cannot write safely, a row larger than max_allowed_packet of the target's server, or a value in a column that the target lacks, that is too short or whose charset lacks a character. Judged by what the copy goes by, before it writes anything; it would park the instance with record_unsupported. Tables and columns are named, never values. Child rows are not looked at.`,
	Instance: func(f *InstanceFacts, r Report) {
		if f.Data != nil && len(f.Data.Refused) > 0 {
			r.Found(f.subject(), strings.Join(first(maxColumns, f.Data.Refused), ", "))
		}
	},
}
