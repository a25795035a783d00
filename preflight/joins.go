package preflight

import (
	"fmt"

	"jogetferry/joget/flow"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

var joins = []Check{
	{
		ID:       "FERRY-405",
		Severity: migration.Blocking,
		Title:    "a branch waits at an AND-join and cannot be rebuilt",
		Remedy:   "let the join complete on the source first: the target would wait for it forever, or go on too soon; where the finding names joins: rebuild, set that",
		About:    `A finished branch is a row of SHKAndJoinTable, which no call makes. With joins: rebuild the activity before the join is started and, if it is manual, completed in the name of the person who completed it on the source. That is done where this activity is a route without a plugin, or manual without a deadline, and its only transition leads to the join without a condition. A branch that the start itself brings to a join, where the source has none, cannot be removed. FERRY-434 names the branches that are rebuilt.`,
		Part:     joinWaiting,
	},
	{
		ID:       "FERRY-434",
		Severity: migration.Note,
		Title:    "a branch that waits at an AND-join is rebuilt",
		Remedy:   "nothing; on the target the activity is completed in the name of the person who completed it on the source, at the time of the migration",
		About:    `Found with joins: rebuild. The form of the activity is not stored, and no tool runs.`,
		Personal: true,
		Part:     joinRebuilt,
	},
}

func joinWaiting(f *InstanceFacts, p *Part, r Report) {
	rebuild, refused := p.branches()
	for _, t := range refused {
		r.Found(f.subject(), arrived(t.JoinToken)+": "+t.Why)
	}
	for _, b := range rebuild {
		switch {
		case b.Kind == xpdl.Manual && f.cannotAct(b.Performer):
			r.Found(f.subject(), arrived(b.JoinToken)+": the person who completed it cannot do so on the target")
		case !f.RebuildJoins && len(refused) == 0:
			r.By(migration.WayJoins).Found(f.subject(), arrived(b.JoinToken)+": joins: rebuild makes it")
		case !f.RebuildJoins:
			r.By(migration.WayJoins).Found(f.subject(), arrived(b.JoinToken))
		}
	}
}

// cannotAct reports whether no call can be made in the name of a user.
func (f *InstanceFacts) cannotAct(u migration.User) bool {
	if f.Users == nil {
		return false
	}
	a := f.Users.Accounts[u]
	return a.Standing == StandingMissing || a.Refused
}

func arrived(t migration.JoinToken) string { return fmt.Sprintf("%s arrived at %s", t.From, t.Join) }

// branches are those that wait at joins of p and that the start does not bring
// there; and those that cannot be made, or that it brings too many.
func (p *Part) branches() ([]flow.Rebuild, []flow.Refusal) {
	if !p.started() || p.Target == nil {
		return nil, nil
	}
	start := p.ownStart()
	if len(p.wanted().Tokens) == 0 && (start == nil || len(start.Tokens) == 0) {
		return nil, nil // nearly all
	}
	return flow.PlanJoins(flow.Definition{Process: p.Target, Plugins: p.Plugins}, p.wanted().Tokens, start)
}

func joinRebuilt(f *InstanceFacts, p *Part, r Report) {
	rebuild, refused := p.branches()
	if !f.RebuildJoins || len(refused) > 0 {
		return
	}
	for _, b := range rebuild {
		if b.Kind == xpdl.Manual {
			r.Found(f.subject(), arrived(b.JoinToken)+": completed by "+string(b.Performer))
		} else {
			r.Found(f.subject(), arrived(b.JoinToken))
		}
	}
}
