package preflight

import (
	"jogetferry/migration"
)

// TargetReadOnly is FERRY-121: the target's database takes no writes.
var TargetReadOnly = Check{
	ID:       "FERRY-121",
	Severity: migration.Blocking,
	Title:    "the target's database server is read-only",
	Remedy:   "make it writable, or let target.database lead to the primary: it may be a replica, or be waiting for somebody after a failover",
	About:    `Found by @@read_only and its relatives. An account that may write all the same would write to a replica, so it does not matter who asks. What turns read-only while a wave runs is waited for.`,
	Copying: func(f *CopyingFacts, r Report) {
		if f.TargetReadOnly != "" {
			r.Found("target", f.TargetReadOnly+" is on")
		}
	},
}
