package flow

import (
	"fmt"
	"slices"

	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// Rebuild is one token to make anew: its From is started and, when Kind is
// manual, completed in the name of its Performer.
type Rebuild struct {
	migration.JoinToken
	Kind xpdl.Kind // Route or Manual
}

// Refusal is a token that cannot be made or, when it is too many, not be
// removed. Why is for operators and names no people.
type Refusal struct {
	migration.JoinToken
	Why string
}

// PlanJoins says, before a start, which tokens of an instance are to be made on the
// target, and which cannot be. d is the target's definition, wanted are the
// tokens of the instance under the target's names, start is what the start of
// this instance does (of a child: the Path below the Wait of its caller), nil
// when nobody followed it. Tokens that the start leaves anyhow are in neither
// list; one that it leaves and nobody wants is refused. Both lists are sorted;
// where one token is refused, the instance cannot be continued as it was.
func PlanJoins(d Definition, wanted []migration.JoinToken, start *Path) ([]Rebuild, []Refusal) {
	if start != nil && start.Outcome != Unknown {
		return RestOfJoins(d, wanted, start.Tokens)
	}
	why := "it is not known whether the start leaves a branch at a join, where it would stay"
	if start != nil {
		why += ": " + start.Why
	}
	var refused []Refusal
	for _, t := range migration.SortedTokens(wanted) {
		refused = append(refused, Refusal{t, why})
	}
	return nil, refused
}

// RestOfJoins is PlanJoins for an instance that is there: present are the tokens it has.
func RestOfJoins(d Definition, wanted, present []migration.JoinToken) (rebuild []Rebuild, refused []Refusal) {
	missing, extra := migration.MissingTokens(wanted, present)
	for _, t := range missing {
		kind, why := rebuildable(d, t, wanted)
		if why != "" {
			refused = append(refused, Refusal{t, why})
		} else {
			rebuild = append(rebuild, Rebuild{t, kind})
		}
	}
	for _, t := range extra {
		refused = append(refused, Refusal{t, fmt.Sprintf("a branch from %s would wait at %s without one on the source, and nothing can remove it", t.From, t.Join)})
	}
	slices.SortStableFunc(refused, func(a, b Refusal) int { return migration.CompareTokens(a.JoinToken, b.JoinToken) })
	return rebuild, refused
}

// rebuildable says what kind of activity leaves a token when it is started, or why
// doing so would leave none, or do more than that.
func rebuildable(d Definition, t migration.JoinToken, wanted []migration.JoinToken) (xpdl.Kind, string) {
	if d.Process == nil {
		return "", "the definition is not known"
	}
	join, from := d.Process.Activity(string(t.Join)), d.Process.Activity(string(t.From))
	switch {
	case join == nil:
		return "", fmt.Sprintf("%s is not in the definition", t.Join)
	case from == nil:
		return "", fmt.Sprintf("%s is not in the definition", t.From)
	case join.Join != xpdl.AND:
		return "", fmt.Sprintf("%s is no AND-join: it would start", t.Join)
	case from.Set != "":
		// activity/start takes it for one of the top level
		// (docs/joget.md#starting-an-activity)
		return "", fmt.Sprintf("%s is in an activity set, whose activities cannot be started", t.From)
	}
	waiting := 0
	for _, other := range wanted {
		if other.Join == t.Join {
			waiting++
		}
	}
	// The engine counts arrivals, not where they came from
	// (docs/joget.md#transitions-and-joins).
	if ways := len(d.Process.Incoming(join.ID)); waiting >= ways {
		return "", fmt.Sprintf("%s starts with arrival %d, and %d are to wait there", t.Join, ways, waiting)
	}
	switch from.Kind {
	case xpdl.Route:
		if d.Plugins[from.ID] != "" {
			return "", fmt.Sprintf("%s has a decision plugin, which would run again", t.From)
		}
	case xpdl.Manual:
		// A plugin mapped to it modifies its form, which completing by API does not
		// touch (docs/joget.md#accepting-and-completing).
		if t.Performer == "" {
			return "", fmt.Sprintf("it is not known who completed %s", t.From)
		}
	case xpdl.Tool:
		return "", fmt.Sprintf("%s is a tool, which would run again", t.From)
	case xpdl.Subflow:
		return "", fmt.Sprintf("%s is a subflow, which would run again from its beginning", t.From)
	case xpdl.Block, xpdl.Unknown:
		return "", fmt.Sprintf("%s is of kind %s, which cannot be followed", t.From, from.Kind)
	}
	if len(from.Deadlines) > 0 {
		return "", fmt.Sprintf("%s has a deadline, which would count anew", t.From)
	}
	out := d.Process.Outgoing(from.ID)
	switch {
	case len(out) > 1:
		return "", fmt.Sprintf("%s is a shared predecessor: %d transitions leave it", t.From, len(out))
	case len(out) == 0 || out[0].To != join.ID:
		return "", fmt.Sprintf("%s does not lead to %s", t.From, t.Join)
	case !out[0].Always():
		return "", fmt.Sprintf("the transition from %s to %s has a condition", t.From, t.Join)
	}
	return from.Kind, ""
}
