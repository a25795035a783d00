package report

// Resolved says what was decided: the result of resolve.
type Resolved struct {
	Instance string `json:"instance"`
	ParkID   int64  `json:"park_id"`
	Reason   string `json:"reason"`
	Action   string `json:"action"`
}

func (v Resolved) sheets() []sheet {
	s := sheet{header: []string{"instance", "park", "reason", "action"}}
	s.add(v.Instance, v.ParkID, v.Reason, v.Action)
	return []sheet{s}
}

// ResolvedAll says what was decided of all that were parked for a reason: the
// result of resolve --parked-for.
type ResolvedAll struct {
	Reason   string     `json:"reason"`
	Action   string     `json:"action"`
	Resolved []Resolved `json:"resolved"`
	Refused  []Refused  `json:"refused"`
}

// Refused is one that did not take the decision.
type Refused struct {
	Instance string `json:"instance"`
	Message  string `json:"message"`
}

func (v ResolvedAll) sheets() []sheet {
	all := sheet{header: []string{"instance", "park", "reason", "action", "refused"}}
	for _, r := range v.Resolved {
		all.add(r.Instance, r.ParkID, r.Reason, r.Action, "")
	}
	for _, r := range v.Refused {
		all.add(r.Instance, "", v.Reason, v.Action, r.Message)
	}
	return []sheet{all}
}
