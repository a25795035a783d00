package preflight

import (
	"jogetferry/migration"
)

// AppUnknown is FERRY-418: the app of this instance's package version is gone on the source.
var AppUnknown = Check{
	ID:       "FERRY-418",
	Severity: migration.Blocking,
	Title:    "the app of this instance's package version is gone on the source",
	Remedy:   "its forms cannot be found; deploy the app again on the source",
	About:    `app_package has no row for the package version of the instance.`,
	Instance: func(f *InstanceFacts, r Report) {
		if f.Instance.App == "" && f.started() {
			r.Found(f.subject(), f.Instance.Definition.String())
		}
	},
}
