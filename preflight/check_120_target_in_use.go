package preflight

import (
	"jogetferry/migration"
)

// TargetInUse is FERRY-120: people work on the target in the apps concerned.
var TargetInUse = Check{
	ID:       "FERRY-120",
	Severity: migration.Note,
	Title:    "people work on the target now, in apps that instances are migrated to",
	Remedy:   "nothing, if the target is in service already: instances of its own are not touched",
	About:    `Counts as FERRY-119 does, on the target. A migrated instance can be worked on as soon as it is there.`,
	Copying: func(f *CopyingFacts, r Report) {
		if len(f.TargetWork) > 0 {
			r.Found("target", work(f.TargetWork))
		}
	},
}
