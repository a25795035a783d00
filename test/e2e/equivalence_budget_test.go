package e2e_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"jogetferry/contract"
	"jogetferry/migration"
)

// What an instance with one open activity and nothing special may take
// (docs/development.md#budgets).
const (
	plainEvents  = 30
	plainActions = 6
)

// sampled is how many instances of a kind are looked at.
const sampled = 6

// kind groups instances by what migrating them takes.
func (m migrated) kind() string {
	switch {
	case m.Depth > 0 && len(m.Tokens) > 0:
		return fmt.Sprintf("subflow %d deep, %d tokens", m.Depth, len(m.Tokens))
	case m.Depth > 0:
		return fmt.Sprintf("subflow %d deep", m.Depth)
	case len(m.Tokens) > 0:
		return fmt.Sprintf("%d tokens, %d pending", len(m.Tokens), len(m.Open))
	case len(m.StartTools) > 0:
		return fmt.Sprintf("%d pending, start tools", len(m.Open))
	}
	return fmt.Sprintf("%d pending", len(m.Open))
}

// budget tells how many events and actions each kind of instance takes in
// Temporal, and checks those of the plainest.
func (p *population) budget(moved []migrated) string {
	p.t.Helper()
	type cost struct{ n, events, actions, most int }
	kinds := map[string]cost{}
	c := p.Client()
	for _, m := range moved {
		kind := m.kind()
		k := kinds[kind]
		if k.n == sampled {
			continue
		}
		h := p.HistoryOf(c, contract.InstanceWorkflowID("crm", migration.InstanceID(m.ID)))
		kinds[kind] = cost{k.n + 1, k.events + h.Events, k.actions + h.Actions, max(k.most, h.Events)}
		if kind == "1 pending" && (h.Events > plainEvents || h.Actions > plainActions) {
			p.t.Errorf("%s took %d events and %d actions, %d and %d at most", m.ID, h.Events, h.Actions, plainEvents, plainActions)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "events and actions by kind, of up to %d each\n", sampled)
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		k := kinds[kind]
		fmt.Fprintf(&b, "  %-28s %3d events (%d at most), %4.1f actions\n", kind, k.events/k.n, k.most, float64(k.actions)/float64(k.n))
	}
	return b.String()
}
