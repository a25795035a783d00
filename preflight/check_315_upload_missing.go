package preflight

import (
	"strings"

	"jogetferry/migration"
)

// UploadMissing is FERRY-315: a file field names an upload that the source's disk lacks.
var UploadMissing = Check{
	ID:       "FERRY-315",
	Severity: migration.Warning,
	Title:    "a file field names an upload that the source's disk lacks",
	Remedy:   "see whether source.uploads is the right folder; a file that is lost on the source is lost on the target as well",
	About:    `Names in file fields of the rows whose id is the record ID, compared as bytes with the files of the record: one whose accents are written another way (macOS) counts as missing. The copy takes all files of the record, whatever the fields say.`,
	Personal: true,
	Instance: func(f *InstanceFacts, r Report) {
		if f.Data != nil && len(f.Data.MissingFiles) > 0 {
			r.Found(f.subject(), strings.Join(f.Data.MissingFiles, ", "))
		}
	},
}
