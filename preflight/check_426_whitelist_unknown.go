package preflight

import (
	"fmt"

	"jogetferry/migration"
)

// WhitelistUnknown is FERRY-426: whether the requester may start the process cannot be known.
var WhitelistUnknown = Check{
	ID:       "FERRY-426",
	Severity: migration.Warning,
	Title:    "whether the requester may start the process on the target cannot be known",
	Remedy:   "log in to the target as the requester and see whether the process can be started; a refused start is parked as docs/what-if.md#start_not_allowed",
	About:    `A plugin decides, or the requester's roles and groups come from another directory than Joget's tables.`,
	Personal: true,
	Instance: func(f *InstanceFacts, r Report) {
		if p, u, why := f.mayStart(); p == permissionUnknown {
			r.Found(f.subject(), fmt.Sprintf("%s: %s", u, why))
		}
	},
}
