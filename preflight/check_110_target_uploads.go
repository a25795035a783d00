package preflight

import (
	"jogetferry/migration"
)

// TargetUploads is FERRY-110: the target uploads cannot be written.
var TargetUploads = Check{
	ID:       "FERRY-110",
	Severity: migration.Blocking,
	Title:    "the target uploads cannot be written",
	Remedy:   "point target.uploads at the folder app_formuploads of the target, writable for the copy worker",
	About:    `Tried on the copy worker that answered, by a file that is removed at once.`,
	Copying: func(f *CopyingFacts, r Report) {
		if f.TargetUploads != "" {
			r.Found("target", f.TargetUploads)
		}
	},
}
