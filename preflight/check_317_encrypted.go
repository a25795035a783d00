package preflight

import (
	"strings"

	"jogetferry/migration"
)

// Encrypted is FERRY-317: a field of the record is encrypted.
var Encrypted = Check{
	ID:       "FERRY-317",
	Severity: migration.Warning,
	Title:    "a field of the record is encrypted",
	Remedy:   "see that the target has the source's key, or enter the value again",
	About:    `Joget writes such values as %%%%...%%%%, with a key of the installation. They are copied as they are; without the key nobody can read them.`,
	Instance: func(f *InstanceFacts, r Report) {
		if f.Data != nil && len(f.Data.Encrypted) > 0 {
			r.Found(f.subject(), strings.Join(f.Data.Encrypted, ", "))
		}
	},
}
