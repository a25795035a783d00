package seed

import (
	"slices"
	"strings"
)

// onboarding is the process with a subflow.
const onboarding = "onboard/onboarding"

// Position is a place where an instance can stand.
type Position struct {
	Process string         // package/process
	Name    string         // unique within the process
	Done    []string       // activities that are over, in order; repeated in loops
	Open    []string       // activities that wait
	Join    string         // AND-join that tokens wait at; "" = none
	Tokens  []string       // predecessors of Join that are over and count
	Sets    map[string]any // variables as the way to here left them
	Child   *Position      // where the child of an open subflow stands
}

// Key is "package/process/position".
func (p Position) Key() string { return p.Process + "/" + p.Name }

func (p Position) kind() Kind {
	switch {
	case p.Join != "":
		return WithTokens
	case p.Child != nil:
		return WithSubflow
	}
	return Ordinary
}

// Positions lists every position, those with tokens and subflows included.
func Positions() []Position {
	started := []string{"stamp", "register", "log", "fork"}
	with := func(base []string, more ...string) []string { return slices.Concat(base, more) }
	child := func(name string, done, open []string) *Position {
		return &Position{Process: "onboard/equipment", Name: name, Done: done, Open: open}
	}
	var (
		pick     = child("pick", []string{"route1"}, []string{"pick"})
		handover = child("handover", []string{"route1", "pick"}, []string{"handover"})
	)
	return []Position{
		{Process: LeaveRequest, Name: "approve", Done: []string{"route1"}, Open: []string{"approve"}},
		{
			Process: LeaveRequest, Name: "resubmit", Done: []string{"route1", "approve", "decision"},
			Open: []string{"resubmit"}, Sets: map[string]any{"status": "resubmit"},
		},
		{
			Process: LeaveRequest, Name: "approve_again", Done: []string{"route1", "approve", "decision", "resubmit"},
			Open: []string{"approve"}, Sets: map[string]any{"status": "resubmit"},
		},
		{
			Process: LeaveRequest, Name: "confirm", Done: []string{"route1", "approve", "decision"},
			Open: []string{"confirm"}, Sets: map[string]any{"status": "approved"},
		},

		{Process: PurchaseRequest, Name: "parallel", Done: started, Open: []string{"quote", "budget", "endorse"}},
		{
			Process: PurchaseRequest, Name: "order", Done: with(started, "budget", "quote", "endorse", "merge"),
			Open: []string{"order"}, Sets: map[string]any{"status": "endorsed"},
		},
		{
			Process: PurchaseRequest, Name: "one_arrived", Done: with(started, "quote"),
			Open: []string{"budget", "endorse"}, Join: "merge", Tokens: []string{"quote"},
		},
		{
			Process: PurchaseRequest, Name: "two_arrived", Done: with(started, "endorse", "budget"),
			Open: []string{"quote"}, Join: "merge", Tokens: []string{"endorse", "budget"},
		},

		{Process: ProbationReview, Name: "review", Done: []string{"route1"}, Open: []string{"review"}},
		{
			Process: ProbationReview, Name: "extend", Done: []string{"route1", "review", "gate"},
			Open: []string{"extend"}, Sets: map[string]any{"outcome": "extend"},
		},
		{
			Process: ProbationReview, Name: "review_again", Done: []string{"route1", "review", "gate", "extend"},
			Open: []string{"review"}, Sets: map[string]any{"outcome": "extend"},
		},
		{
			Process: ProbationReview, Name: "interview", Done: []string{"route1", "review", "gate"},
			Open: []string{"interview"}, Sets: map[string]any{"outcome": "doubt", "score": 2.25},
		},
		{
			Process: ProbationReview, Name: "close", Done: []string{"route1", "review", "gate"},
			Open: []string{"close"}, Sets: map[string]any{"outcome": "pass", "score": 4.5},
		},

		{Process: onboarding, Name: "prepare", Done: []string{"route1"}, Open: []string{"prepare"}},
		{Process: onboarding, Name: "equip_pick", Done: []string{"route1", "prepare"}, Open: []string{"equip"}, Child: pick},
		{Process: onboarding, Name: "equip_handover", Done: []string{"route1", "prepare"}, Open: []string{"equip"}, Child: handover},
		{
			Process: onboarding, Name: "welcome", Done: []string{"route1", "prepare", "equip"},
			Open: []string{"welcome"}, Sets: map[string]any{"equipmentStatus": "handed over"},
		},
	}
}

// positions lists the positions of a kind that the options allow.
func (o Options) positions(kind Kind) []Position {
	var out []Position
	for _, p := range Positions() {
		switch {
		case p.kind() != kind:
		case kind != Ordinary: // tokens and subflows live in one process each
			out = append(out, p)
		case o.Positions != nil && slices.Contains(o.Positions, p.Key()),
			o.Positions == nil && slices.Contains(o.Processes, p.Process):
			out = append(out, p)
		}
	}
	return out
}

// split cuts "package/process".
func split(process string) (pkg, key string) {
	pkg, key, _ = strings.Cut(process, "/")
	return pkg, key
}
