package main

import "jogetferry/contract"

// rollbackView counts what became of a rollback.
type rollbackView struct {
	Rollback  string              `json:"rollback"`
	Undone    int                 `json:"undone"`
	Refused   int                 `json:"refused"`
	Conflicts int                 `json:"conflicts"`
	Shared    int                 `json:"shared"`
	Failed    int                 `json:"failed"`
	ToCome    int                 `json:"to_come"` // of one that is not followed
	Listed    []notRolledBackView `json:"listed"`  // not undone, or not wholly; the first contract.MaxDifferent
}

type notRolledBackView struct {
	Instance  string `json:"instance"`
	Outcome   string `json:"outcome"`
	Conflicts int    `json:"conflicts,omitempty"` // rows and files that were left
	Message   string `json:"message,omitempty"`
}

func viewRollback(name string, r contract.RollbackResult, toCome int) rollbackView {
	v := rollbackView{
		Rollback: name, Undone: r.Undone, Refused: r.Refused, Conflicts: r.Conflicts, Shared: r.Shared, Failed: r.Failed,
		ToCome: toCome, Listed: []notRolledBackView{},
	}
	for _, l := range r.Listed {
		outcome := "conflict"
		switch {
		case l.Refused:
			outcome = "refused"
		case l.Failed:
			outcome = "failed"
		}
		v.Listed = append(v.Listed, notRolledBackView{string(l.Instance), outcome, l.Conflicts, l.Message})
	}
	return v
}

func (v rollbackView) sheets() []sheet {
	all := sheet{header: []string{"rollback", "undone", "refused", "conflicts", "shared", "failed", "to come"}}
	all.add(v.Rollback, v.Undone, v.Refused, v.Conflicts, v.Shared, v.Failed, v.ToCome)
	listed := sheet{title: "Not undone, or not wholly", header: []string{"instance", "outcome", "left", "why"}}
	for _, l := range v.Listed {
		listed.add(l.Instance, l.Outcome, l.Conflicts, l.Message)
	}
	return []sheet{all, listed}
}

// driftView counts what went on on the source after it was migrated.
type driftView struct {
	Still  int           `json:"still"`
	Moved  int           `json:"moved"`
	Closed int           `json:"closed"`
	Listed []driftedView `json:"listed"` // the first contract.MaxDifferent
}

type driftedView struct {
	Instance string `json:"instance"`
	Closed   bool   `json:"closed"` // else it moved
}

func (v driftView) sheets() []sheet {
	all := sheet{header: []string{"still", "moved", "closed"}}
	all.add(v.Still, v.Moved, v.Closed)
	listed := sheet{title: "Not still", header: []string{"instance", "on the source"}}
	for _, l := range v.Listed {
		what := "moved"
		if l.Closed {
			what = "closed"
		}
		listed.add(l.Instance, what)
	}
	return []sheet{all, listed}
}

// resolvedView says what was decided of all that were parked for a reason.
type resolvedView struct {
	Reason   string        `json:"reason"`
	Action   string        `json:"action"`
	Resolved []resolveView `json:"resolved"`
	Refused  []refusedView `json:"refused"`
}

type refusedView struct {
	Instance string `json:"instance"`
	Message  string `json:"message"`
}

func (v resolvedView) sheets() []sheet {
	all := sheet{header: []string{"instance", "park", "reason", "action", "refused"}}
	for _, r := range v.Resolved {
		all.add(r.Instance, r.ParkID, r.Reason, r.Action, "")
	}
	for _, r := range v.Refused {
		all.add(r.Instance, "", v.Reason, v.Action, r.Message)
	}
	return []sheet{all}
}
