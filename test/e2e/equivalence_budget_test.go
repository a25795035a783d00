package e2e_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"jogetferry/contract"
	"jogetferry/migration"
)

// What an instance with one open activity and nothing special may take
// (docs/development.md#budgets).
const (
	plainEvents  = 35
	plainActions = 8
)

// sampled is how many instances of a kind are looked at.
const sampled = 6

// billable are the events that Temporal counts as actions, in workflows like these.
var billable = []enumspb.EventType{
	enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, enumspb.EVENT_TYPE_TIMER_STARTED,
	enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
	enumspb.EVENT_TYPE_MARKER_RECORDED, enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
}

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
		events, actions := p.history(c, m.ID)
		kinds[kind] = cost{k.n + 1, k.events + events, k.actions + actions, max(k.most, events)}
		if kind == "1 pending" && (events > plainEvents || actions > plainActions) {
			p.t.Errorf("%s took %d events and %d actions, %d and %d at most", m.ID, events, actions, plainEvents, plainActions)
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

// history counts the events of an instance's workflow, and its actions: a retry
// of an activity is one more.
func (p *population) history(c client.Client, instance string) (events, actions int) {
	p.t.Helper()
	iter := c.GetWorkflowHistory(p.t.Context(), contract.InstanceWorkflowID("crm", migration.InstanceID(instance)), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for iter.HasNext() {
		event, err := iter.Next()
		if err != nil {
			p.t.Fatal(err)
		}
		events++
		if slices.Contains(billable, event.GetEventType()) {
			actions++
		}
		if attempt := event.GetActivityTaskStartedEventAttributes().GetAttempt(); attempt > 1 {
			actions += int(attempt) - 1
		}
	}
	return events, actions
}
