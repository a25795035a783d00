package preflight

import (
	"jogetferry/migration"
)

// Unaddressable is FERRY-303: an ID holds characters that Joget's API refuses.
var Unaddressable = Check{
	ID:       "FERRY-303",
	Severity: migration.Blocking,
	Title:    "an ID holds characters that Joget's API refuses",
	Remedy:   "Joget answers 500 to spaces, parentheses and semicolons in IDs and user names; this instance has to be moved by hand",
	About:    `No call can carry such an ID, whatever is done about quoting.`,
	Instance: func(f *InstanceFacts, r Report) {
		if f.RequesterRefused != "" {
			r.Found(f.subject(), "requester: "+f.RequesterRefused)
		}
		if f.RecordRefused != "" {
			r.Found(f.subject(), "record ID: "+f.RecordRefused)
		}
	},
}
