package preflight

import (
	"jogetferry/migration"
)

// SourceWritable is FERRY-108: the source account may write.
var SourceWritable = Check{
	ID:       "FERRY-108",
	Severity: migration.Warning,
	Title:    "the source account may write",
	Remedy:   "give source.database an account with SELECT only; every connection is read-only all the same",
	About:    `Found by SHOW GRANTS. Every session is set read-only and nothing is ever written; an account that cannot write proves it.`,
	Copying: func(f *CopyingFacts, r Report) {
		switch f.SourceGrants {
		case GrantsWrite:
			r.Found("source", "")
		case GrantsUnknown:
			r.Found("source", "its grants cannot be read")
		case GrantsRead:
		}
	},
}
