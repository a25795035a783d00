package report

import (
	"fmt"

	"jogetferry/contract"
	"jogetferry/migration"
)

// Comparison is what the last comparison of an instance found.
type Comparison struct {
	At       string               `json:"at"`
	Verdict  string               `json:"verdict"`
	Deciding bool                 `json:"deciding"` // it decided the state of the instance; else it only compared
	Counts   migration.ItemCounts `json:"counts"`   // of items, by kind and result
	Items    []migration.Item     `json:"items"`
}

// newComparison shows c, nil for nil.
func newComparison(c *migration.Comparison) *Comparison {
	if c == nil {
		return nil
	}
	return &Comparison{
		At: stamp(c.At), Verdict: string(c.Verdict), Deciding: c.Deciding,
		Counts: migration.CountItems(c.Items), Items: append([]migration.Item{}, c.Items...),
	}
}

// different returns the items that are not the same.
func (v *Comparison) different() []migration.Item {
	var items []migration.Item
	for _, i := range v.Items {
		if i.Result != migration.ItemSame {
			items = append(items, i)
		}
	}
	return items
}

// summary is the verdict in one line, as the log has it.
func (v *Comparison) summary() string {
	line := migration.StepLine{Event: migration.EventVerdict, Facts: migration.Facts{Verdict: migration.Verdict(v.Verdict), Summary: v.Counts.String()}}
	return line.Text()
}

// sheets show what is not the same.
func (v *Comparison) sheets() []sheet {
	if v == nil {
		return nil
	}
	look := ""
	if !v.Deciding {
		look = ", comparison only, changed nothing"
	}
	compared := sheet{title: "Compared " + v.At + look, text: wrap("", fmt.Sprintf("%s; %d the same.", v.summary(), len(v.Items)-len(v.different())))}
	items := sheet{header: []string{"kind", "path", "subject", "result", "seen"}}
	for _, i := range v.different() {
		items.add(i.Kind, i.Path, i.Subject, i.Result, i.Seen)
	}
	if len(items.rows) == 0 {
		return []sheet{compared}
	}
	return []sheet{compared, items}
}

// Verification counts what a comparison of both sides found: the result of verify.
// Instances are those that were named.
type Verification struct {
	Same            int                `json:"same"`
	AssigneesDiffer int                `json:"assignees_differ"`
	Different       int                `json:"different"`
	Moved           int                `json:"moved"`
	Listed          []string           `json:"listed"` // not the same, the first contract.MaxDifferent
	Instances       []VerifiedInstance `json:"instances,omitempty"`
}

// VerifiedInstance is what was found of one instance.
type VerifiedInstance struct {
	Instance string `json:"instance"`
	*Comparison
}

// NewVerification shows how a verification ended.
func NewVerification(r contract.VerifyRunResult) Verification {
	v := Verification{Same: r.Same, AssigneesDiffer: r.AssigneesDiffer, Different: r.Different, Moved: r.Moved, Listed: []string{}}
	for _, id := range r.Listed {
		v.Listed = append(v.Listed, string(id))
	}
	return v
}

// Add shows what was found of an instance that was named.
func (v *Verification) Add(id migration.InstanceID, c migration.Comparison) {
	v.Instances = append(v.Instances, VerifiedInstance{string(id), newComparison(&c)})
}

func (v Verification) sheets() []sheet {
	s := sheet{header: []string{"same", "assignees differ", "different", "moved"}}
	s.add(v.Same, v.AssigneesDiffer, v.Different, v.Moved)
	if len(v.Instances) == 0 {
		listed := sheet{title: "Not the same", header: []string{"instance"}}
		for _, id := range v.Listed {
			listed.add(id)
		}
		return []sheet{s, listed}
	}
	items := sheet{title: "Not the same", header: []string{"instance", "kind", "path", "subject", "result", "seen"}}
	for _, of := range v.Instances {
		for _, i := range of.different() {
			items.add(of.Instance, i.Kind, i.Path, i.Subject, i.Result, i.Seen)
		}
	}
	return []sheet{s, items}
}
