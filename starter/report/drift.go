package report

import "jogetferry/contract"

// Drift counts what went on on the source after it was migrated: the result of drift.
type Drift struct {
	Still  int       `json:"still"`
	Moved  int       `json:"moved"`
	Closed int       `json:"closed"`
	Listed []Drifted `json:"listed"` // the first contract.MaxDifferent
}

// Drifted is one instance that is not as it was migrated.
type Drifted struct {
	Instance string `json:"instance"`
	Closed   bool   `json:"closed"` // else it moved
}

// NewDrift shows what a look at the source found.
func NewDrift(r contract.DriftResult) Drift {
	v := Drift{Still: r.Still, Moved: r.Moved, Closed: r.Closed, Listed: []Drifted{}}
	for _, d := range r.Listed {
		v.Listed = append(v.Listed, Drifted{Instance: string(d.Instance), Closed: d.Closed})
	}
	return v
}

func (v Drift) sheets() []sheet {
	all := sheet{header: []string{"still", "moved", "closed"}}
	all.add(v.Still, v.Moved, v.Closed)
	listed := sheet{title: "Moved on or closed", header: []string{"instance", "on the source"}}
	for _, l := range v.Listed {
		what := "moved"
		if l.Closed {
			what = "closed"
		}
		listed.add(l.Instance, what)
	}
	return []sheet{all, listed}
}
