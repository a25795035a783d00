package preflight

import (
	"fmt"

	"jogetferry/migration"
)

// RecordMayCollide is FERRY-302: the record ID is an instance ID that the target has yet to mint.
var RecordMayCollide = Check{
	ID:       "FERRY-302",
	Severity: migration.Blocking,
	Title:    "the record ID is an instance ID that the target has yet to mint",
	Remedy:   "let the target's process counter pass that number first; see docs/what-if.md#record_id_is_instance_id",
	About:    `Once the target gives that ID to an instance of its own, records would get mixed up.`,
	Personal: true,
	Instance: func(f *InstanceFacts, r Report) {
		n, ok := instanceNumber(f.Instance.Record)
		if !f.RecordIsInstance && ok && f.Minted > 0 && n >= f.Minted {
			r.Found(f.subject(), fmt.Sprintf("%s; the target hands out %d next", f.Instance.Record, f.Minted))
		}
	},
}
