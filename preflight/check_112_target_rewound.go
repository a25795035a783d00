package preflight

import (
	"jogetferry/migration"
)

// TargetRewound is FERRY-112: the target's counters stand below what was seen before.
var TargetRewound = Check{
	ID:       "FERRY-112",
	Severity: migration.Blocking,
	Title:    "the target's counters stand below what was seen before",
	Remedy:   "the target was restored from a backup: what was started since then is gone; see docs/what-if.md#target_rewound",
	About:    `ID counters only grow. Instances that were started after the backup do not exist any more, and their IDs will be given to others.`,
	Calling: func(f *CallingFacts, r Report) {
		if f.Rewound {
			r.Found("target", "")
		}
	},
}
