package preflight

import (
	"fmt"

	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// SubflowOpen is FERRY-404: a subflow is open.
var SubflowOpen = Check{
	ID:       "FERRY-404",
	Severity: migration.Blocking,
	Title:    "a subflow is open",
	Remedy:   "let the subflow end on the source first",
	About:    `The parent waits for a child instance, whose own state would have to be rebuilt below it.`,
	Instance: func(f *InstanceFacts, r Report) {
		if n := len(f.Instance.Children); n > 0 && f.started() {
			r.Found(f.subject(), fmt.Sprintf("%d open below", n))
			return
		}
		for a := range f.open(xpdl.Subflow) {
			r.Found(f.subject(), string(a.DefID))
		}
	},
}
