package preflight

import (
	"jogetferry/migration"
)

// SourceUploads is FERRY-109: the source uploads cannot be read.
var SourceUploads = Check{
	ID:       "FERRY-109",
	Severity: migration.Blocking,
	Title:    "the source uploads cannot be read",
	Remedy:   "point source.uploads at the folder app_formuploads of the source, mounted on the copy worker",
	About:    `Tried on the copy worker that answered; every copy worker needs the mount.`,
	Copying: func(f *CopyingFacts, r Report) {
		if f.SourceUploads != "" {
			r.Found("source", f.SourceUploads)
		}
	},
}
