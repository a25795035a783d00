package flow_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/joget/flow"
	"jogetferry/migration"
)

// alone is a definition of one process, written as define reads it.
func alone(tb testing.TB, text string) flow.Definition {
	tb.Helper()
	return define(tb, "process main\n"+text)["main"]
}

// tokens reads "FROM@JOIN[:PERFORMER]".
func tokens(texts ...string) []migration.JoinToken {
	var out []migration.JoinToken
	for _, text := range texts {
		at, performer, _ := strings.Cut(text, ":")
		from, join, _ := strings.Cut(at, "@")
		out = append(out, migration.JoinToken{Join: migration.ActivityDefID(join), From: migration.ActivityDefID(from), Performer: migration.User(performer)})
	}
	return out
}

func token(t migration.JoinToken) string {
	text := fmt.Sprintf("%s@%s", t.From, t.Join)
	if t.Performer != "" {
		text += ":" + string(t.Performer)
	}
	return text
}

// shown writes a plan as "KIND FROM@JOIN" and "refused FROM@JOIN: WHY".
func shown(rebuild []flow.Rebuild, refused []flow.Refusal) []string {
	out := []string{}
	for _, r := range rebuild {
		out = append(out, fmt.Sprintf("%s %s", r.Kind, token(r.JoinToken)))
	}
	for _, r := range refused {
		out = append(out, fmt.Sprintf("refused %s: %s", token(r.JoinToken), r.Why))
	}
	return out
}

// purchase is a fork whose branches meet: two people, and a route.
const purchase = `
	route fork
	manual quote
	manual budget
	route ready
	route merge and-join
	manual order
	fork -> quote
	quote -> merge
	budget -> merge
	ready -> merge
	merge -> order`

// waits is a start that leaves these tokens.
func waits(left ...string) *flow.Path {
	return &flow.Path{Outcome: flow.Waits, Waits: []flow.Wait{{Activity: "quote"}}, Tokens: tokens(left...)}
}

func TestPlanJoins(t *testing.T) {
	t.Parallel()
	unknown := &flow.Path{Outcome: flow.Unknown, Why: "fork has a decision plugin"}
	const unsure = "it is not known whether the start leaves a branch at a join, where it would stay"
	for _, tc := range []struct {
		name   string
		change []string // pairs: a line of purchase, and what stands there instead
		wanted []migration.JoinToken
		start  *flow.Path
		want   []string
	}{
		{"a_manual_predecessor_is_completed_by_its_performer", nil, tokens("quote@merge:cat"), waits(), []string{"manual quote@merge:cat"}},
		{"a_route_goes_on_by_itself", nil, tokens("ready@merge"), waits(), []string{"route ready@merge"}},
		{"several_come_in_order", nil, tokens("ready@merge", "budget@merge:terry"), waits(), []string{"manual budget@merge:terry", "route ready@merge"}},
		{"without_tokens_there_is_nothing_to_do", nil, nil, waits(), []string{}},
		{"a_branch_that_came_twice_is_made_twice", nil, tokens("quote@merge:cat", "quote@merge:cat"), waits(), []string{"manual quote@merge:cat", "manual quote@merge:cat"}},
		{
			"joins_are_counted_apart",
			[]string{"manual order", "manual order\nroute other and-join\nroute x\nroute y\nx -> other\ny -> other"},
			tokens("ready@merge", "budget@merge:terry", "x@other"), waits(),
			[]string{"manual budget@merge:terry", "route ready@merge", "route x@other"},
		},
		{
			"a_nested_join_is_a_predecessor_like_any_route",
			[]string{"route ready", "route ready and-join\nroute p\nroute q\np -> ready\nq -> ready"},
			tokens("ready@merge"), waits(),
			[]string{"route ready@merge"},
		},
		{"a_blank_condition_is_none", []string{"quote -> merge", "quote -> merge: BLANK"}, tokens("quote@merge:cat"), waits(), []string{"manual quote@merge:cat"}},
		{"an_exception_is_no_way_out", []string{"quote -> merge", "quote -> merge\nquote -> order: EXCEPTION"}, tokens("quote@merge:cat"), waits(), []string{"manual quote@merge:cat"}},
		{"a_form_modifier_does_not_run", []string{"manual quote", "manual quote plugin=Modifier"}, tokens("quote@merge:cat"), waits(), []string{"manual quote@merge:cat"}},

		{"a_start_that_nobody_followed_refuses", nil, tokens("ready@merge"), nil, []string{"refused ready@merge: " + unsure}},
		{"an_unknown_start_refuses_every_token", nil, tokens("ready@merge", "quote@merge:cat"), unknown, []string{
			"refused quote@merge:cat: " + unsure + ": fork has a decision plugin", "refused ready@merge: " + unsure + ": fork has a decision plugin",
		}},
		{"an_unknown_start_is_no_matter_without_tokens", nil, nil, unknown, []string{}},
		{"what_the_start_leaves_itself_need_not_be_made", []string{"route ready", "tool ready plugin=Mail"}, tokens("ready@merge", "quote@merge:cat"), waits("ready@merge"), []string{"manual quote@merge:cat"}},
		{"what_the_start_leaves_counts_at_the_join", nil, tokens("ready@merge", "quote@merge:cat", "budget@merge:terry"), waits("ready@merge"), []string{
			"refused budget@merge:terry: merge starts with arrival 3, and 3 are to wait there", "refused quote@merge:cat: merge starts with arrival 3, and 3 are to wait there",
		}},
		{"what_the_start_leaves_unwanted_is_refused", nil, tokens("quote@merge:cat"), waits("ready@merge"), []string{
			"manual quote@merge:cat", "refused ready@merge: a branch from ready would wait at merge without one on the source, and nothing can remove it",
		}},
		{"what_the_start_leaves_unwanted_is_refused_without_tokens", nil, nil, waits("ready@merge"), []string{
			"refused ready@merge: a branch from ready would wait at merge without one on the source, and nothing can remove it",
		}},
		{"what_the_start_leaves_twice_is_wanted_twice", nil, tokens("ready@merge"), waits("ready@merge", "ready@merge"), []string{
			"refused ready@merge: a branch from ready would wait at merge without one on the source, and nothing can remove it",
		}},
		{"refusals_are_in_order", nil, tokens("quote@merge"), waits("budget@merge", "ready@merge"), []string{
			"refused budget@merge: a branch from budget would wait at merge without one on the source, and nothing can remove it",
			"refused quote@merge: it is not known who completed quote",
			"refused ready@merge: a branch from ready would wait at merge without one on the source, and nothing can remove it",
		}},

		{"a_tool_would_run_again", []string{"route ready", "tool ready"}, tokens("ready@merge"), waits(), []string{"refused ready@merge: ready is a tool, which would run again"}},
		{"a_subflow_would_run_again", []string{"route ready", "call ready main"}, tokens("ready@merge:cat"), waits(), []string{"refused ready@merge:cat: ready is a subflow, which would run again from its beginning"}},
		{"a_block_cannot_be_followed", []string{"route ready", "block ready"}, tokens("ready@merge"), waits(), []string{"refused ready@merge: ready is of kind block, which cannot be followed"}},
		{"what_the_engine_does_not_know_cannot_be_followed", []string{"route ready", "nothing ready"}, tokens("ready@merge"), waits(), []string{"refused ready@merge: ready is of kind unknown, which cannot be followed"}},
		{"a_missing_predecessor", nil, tokens("gone@merge"), waits(), []string{"refused gone@merge: gone is not in the definition"}},
		{"a_missing_join", nil, tokens("ready@gone"), waits(), []string{"refused ready@gone: gone is not in the definition"}},
		{"an_activity_set_cannot_be_started", []string{"route fork", "set\nroute fork"}, tokens("ready@merge"), waits(), []string{"refused ready@merge: ready is in an activity set, whose activities cannot be started"}},
		{"a_manual_predecessor_without_a_performer", nil, tokens("quote@merge"), waits(), []string{"refused quote@merge: it is not known who completed quote"}},
		{"a_decision_plugin_would_run_again", []string{"route ready", "route ready plugin=Decision"}, tokens("ready@merge"), waits(), []string{"refused ready@merge: ready has a decision plugin, which would run again"}},
		{"a_deadline_would_count_anew", []string{"manual quote", "manual quote deadline"}, tokens("quote@merge:cat"), waits(), []string{"refused quote@merge:cat: quote has a deadline, which would count anew"}},
		{"a_condition_is_in_the_way", []string{"ready -> merge", "ready -> merge: true"}, tokens("ready@merge"), waits(), []string{"refused ready@merge: the transition from ready to merge has a condition"}},
		{"otherwise_is_a_condition", []string{"ready -> merge", "ready -> merge: OTHERWISE"}, tokens("ready@merge"), waits(), []string{"refused ready@merge: the transition from ready to merge has a condition"}},
		{"a_shared_predecessor", []string{"ready -> merge", "ready -> merge\nready -> order"}, tokens("ready@merge"), waits(), []string{"refused ready@merge: ready is a shared predecessor: 2 transitions leave it"}},
		{"a_predecessor_that_leads_elsewhere", []string{"ready -> merge", "ready -> order\nfork -> merge"}, tokens("ready@merge"), waits(), []string{"refused ready@merge: ready does not lead to merge"}},
		{"a_predecessor_that_leads_nowhere", []string{"ready -> merge", "fork -> merge"}, tokens("ready@merge"), waits(), []string{"refused ready@merge: ready does not lead to merge"}},
		{"an_exception_does_not_lead_there", []string{"ready -> merge", "ready -> merge: EXCEPTION"}, tokens("ready@merge"), waits(), []string{"refused ready@merge: ready does not lead to merge"}},
		{"an_xor_join_would_start", []string{"route merge and-join", "route merge"}, tokens("ready@merge"), waits(), []string{"refused ready@merge: merge is no AND-join: it would start"}},
		{"a_join_with_one_way_in_would_start", []string{"quote -> merge", "", "budget -> merge", ""}, tokens("ready@merge"), waits(), []string{"refused ready@merge: merge starts with arrival 1, and 1 are to wait there"}},
		{"a_full_join_would_start", []string{"budget -> merge", ""}, tokens("ready@merge", "quote@merge:cat"), waits(), []string{
			"refused quote@merge:cat: merge starts with arrival 2, and 2 are to wait there", "refused ready@merge: merge starts with arrival 2, and 2 are to wait there",
		}},
		{"one_refusal_leaves_the_others_told", []string{"route ready", "tool ready"}, tokens("ready@merge", "quote@merge:cat"), waits(), []string{
			"manual quote@merge:cat", "refused ready@merge: ready is a tool, which would run again",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			text := purchase
			for pair := range slices.Chunk(tc.change, 2) {
				changed := strings.Replace(text, "\t"+pair[0]+"\n", pair[1]+"\n", 1)
				if changed == text {
					t.Fatalf("no line %q", pair[0])
				}
				text = changed
			}
			if diff := cmp.Diff(tc.want, shown(flow.PlanJoins(alone(t, text), tc.wanted, tc.start))); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanJoins_without_a_definition_refuses(t *testing.T) {
	t.Parallel()
	want := []string{"refused ready@merge: the definition is not known"}
	if diff := cmp.Diff(want, shown(flow.PlanJoins(flow.Definition{}, tokens("ready@merge"), waits()))); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

func TestPlanJoins_leaves_its_arguments_alone(t *testing.T) {
	t.Parallel()
	wanted, start := tokens("ready@merge", "budget@merge:terry"), waits("ready@merge", "budget@merge")
	flow.PlanJoins(alone(t, purchase), wanted, start)
	if diff := cmp.Diff(tokens("ready@merge", "budget@merge:terry"), wanted); diff != "" {
		t.Errorf("wanted (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(waits("ready@merge", "budget@merge"), start); diff != "" {
		t.Errorf("start (-want +got):\n%s", diff)
	}
}

func TestRestOfJoins_is_empty_when_all_was_made_one_by_one(t *testing.T) {
	t.Parallel()
	d := alone(t, strings.Replace(purchase, "manual order", "manual order\norder -> merge", 1)) // back into the join
	wanted := tokens("ready@merge", "quote@merge:cat", "quote@merge:clark")
	var present []migration.JoinToken
	for _, want := range [][]string{
		{"manual quote@merge:cat", "manual quote@merge:clark", "route ready@merge"},
		{"manual quote@merge:clark", "route ready@merge"},
		{"route ready@merge"},
		{},
	} {
		rebuild, refused := flow.RestOfJoins(d, wanted, present)
		if diff := cmp.Diff(want, shown(rebuild, refused)); diff != "" {
			t.Errorf("with %d tokens (-want +got):\n%s", len(present), diff)
		}
		if len(rebuild) > 0 {
			present = append(present, rebuild[0].JoinToken)
		}
	}
	_, refused := flow.RestOfJoins(d, wanted, append(present, tokens("budget@merge:jack")...))
	want := []string{"refused budget@merge:jack: a branch from budget would wait at merge without one on the source, and nothing can remove it"}
	if diff := cmp.Diff(want, shown(nil, refused)); diff != "" {
		t.Errorf("one too many (-want +got):\n%s", diff)
	}
}
