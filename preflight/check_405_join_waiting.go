package preflight

import (
	"fmt"

	"jogetferry/migration"
)

// JoinWaiting is FERRY-405: a branch already waits at an AND-join.
var JoinWaiting = Check{
	ID:       "FERRY-405",
	Severity: migration.Blocking,
	Title:    "a branch already waits at an AND-join",
	Remedy:   "let the join complete on the source first: the target would wait for it forever",
	About:    `A finished branch is a row of SHKAndJoinTable, which starting activities does not make anew.`,
	Instance: func(f *InstanceFacts, r Report) {
		if !f.started() {
			return
		}
		for _, t := range f.Instance.Tokens {
			r.Found(f.subject(), fmt.Sprintf("%s arrived at %s", t.From, t.Join))
		}
	},
}
