package preflight

import (
	"fmt"

	"jogetferry/migration"
)

// SpaceShort is FERRY-116: the target has not enough space for the uploads.
var SpaceShort = Check{
	ID:       "FERRY-116",
	Severity: migration.Warning,
	Title:    "the target has not enough space for the uploads",
	Remedy:   "make room on the file system of target.uploads, or migrate in parts",
	About: `Found after the inventory: the bytes of the files to copy (FERRY-313) against what the copy worker may still write to
target.uploads. Files that were copied already are counted again, so it may be more than is left to copy. A file that finds no room is tried again until there is some.`,
	Plan: func(f *PlanFacts, r Report) {
		if f.FreeBytes == nil {
			return
		}
		var needed int64
		for _, a := range f.Amounts {
			needed += a.FileBytes
		}
		if needed > *f.FreeBytes {
			r.Found("target", fmt.Sprintf("%d bytes to copy, %d bytes free", needed, *f.FreeBytes))
		}
	},
}
