package preflight

import (
	"jogetferry/migration"
)

// RecordIsInstance is FERRY-301: the record ID is the ID of a linked instance on the target.
var RecordIsInstance = Check{
	ID:       "FERRY-301",
	Severity: migration.Blocking,
	Title:    "the record ID is the ID of a linked instance on the target",
	Remedy:   "Joget would hook the new instance to that instance's record; see docs/what-if.md#record_id_is_instance_id",
	About:    `Old record IDs are instance IDs. Joget looks a given record ID up among its instances and takes over the record of the one it finds.`,
	Personal: true,
	Instance: func(f *InstanceFacts, r Report) {
		if f.RecordIsInstance {
			r.Found(f.subject(), string(f.Instance.Record))
		}
	},
}
