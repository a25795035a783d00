package report

import "jogetferry/contract"

// Rollback counts what became of a rollback: the result of rollback.
type Rollback struct {
	Rollback  string          `json:"rollback"`
	Undone    int             `json:"undone"`
	Refused   int             `json:"refused"`
	Conflicts int             `json:"conflicts"`
	Shared    int             `json:"shared"`
	Failed    int             `json:"failed"`
	ToCome    int             `json:"to_come"` // of one that is not followed
	Listed    []NotRolledBack `json:"listed"`  // not undone, or not wholly; the first contract.MaxDifferent
}

// NotRolledBack is one instance that was not undone, or not wholly.
type NotRolledBack struct {
	Instance  string `json:"instance"`
	Outcome   string `json:"outcome"`
	Conflicts int    `json:"conflicts,omitempty"` // rows and files that were left
	Message   string `json:"message,omitempty"`
}

// NewRollback shows how the rollback of that name ended, or with toCome the
// instances of one that is not followed.
func NewRollback(name string, r contract.RollbackResult, toCome int) Rollback {
	v := Rollback{
		Rollback: name, Undone: r.Undone, Refused: r.Refused, Conflicts: r.Conflicts, Shared: r.Shared, Failed: r.Failed,
		ToCome: toCome, Listed: []NotRolledBack{},
	}
	for _, l := range r.Listed {
		outcome := "conflict"
		switch {
		case l.Refused:
			outcome = "refused"
		case l.Failed:
			outcome = "failed"
		}
		v.Listed = append(v.Listed, NotRolledBack{string(l.Instance), outcome, l.Conflicts, l.Message})
	}
	return v
}

func (v Rollback) sheets() []sheet {
	all := sheet{header: []string{"rollback", "undone", "refused", "conflicts", "shared", "failed", "to come"}}
	all.add(v.Rollback, v.Undone, v.Refused, v.Conflicts, v.Shared, v.Failed, v.ToCome)
	listed := sheet{title: "Not undone, or only in part", header: []string{"instance", "outcome", "left", "why"}}
	for _, l := range v.Listed {
		listed.add(l.Instance, l.Outcome, l.Conflicts, l.Message)
	}
	return []sheet{all, listed}
}
