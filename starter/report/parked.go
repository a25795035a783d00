package report

import (
	"iter"
	"strings"

	"jogetferry/migration"
)

// Parked lists what waits for the operator: the result of parked.
type Parked struct {
	Parked []ParkedInstance `json:"parked"`
}

// ParkedInstance is one of them.
type ParkedInstance struct {
	Instance string             `json:"instance"`
	ParkID   int64              `json:"park_id"`
	Step     string             `json:"step"`
	Reason   string             `json:"reason"`
	Meaning  string             `json:"meaning"`
	Detail   string             `json:"detail,omitempty"`
	Actions  []string           `json:"actions"`
	Wave     migration.WaveName `json:"wave,omitempty"`
	Since    string             `json:"since"`
	Doc      string             `json:"doc"` // where docs/what-if.md explains it
}

// NewParked lists entries, all of them parked. The error is theirs.
func NewParked(entries iter.Seq2[migration.Entry, error]) (Parked, error) {
	v := Parked{Parked: []ParkedInstance{}}
	for e, err := range entries {
		if err != nil {
			return v, err
		}
		v.Parked = append(v.Parked, ParkedInstance{
			Instance: string(e.Instance), ParkID: e.ParkID, Step: string(e.Step), Reason: string(e.Reason), Meaning: e.Reason.Text(),
			Detail: e.Detail, Actions: ActionNames(e.Reason.Actions()), Wave: e.Wave, Since: stamp(e.UpdatedAt), Doc: section(e.Reason),
		})
	}
	return v, nil
}

func section(r migration.Reason) string { return "docs/what-if.md#" + string(r) }

func (v Parked) sheets() []sheet {
	s := sheet{header: []string{"instance", "park", "reason", "what happened", "actions", "wave", "since", "see"}}
	for _, p := range v.Parked {
		s.add(p.Instance, p.ParkID, p.Reason, p.Meaning, strings.Join(p.Actions, " "), p.Wave, p.Since, p.Doc)
	}
	return []sheet{s}
}
