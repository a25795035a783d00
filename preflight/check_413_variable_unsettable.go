package preflight

import (
	"slices"

	"jogetferry/migration"
)

// VariableUnsettable is FERRY-413: a workflow variable has a value that the API cannot set.
var VariableUnsettable = Check{
	ID:       "FERRY-413",
	Severity: migration.Blocking,
	Title:    "a workflow variable has a value that the API cannot set",
	Remedy:   "only texts and, of the instance that is started, numbers can be set; see docs/what-if.md#variables_differ",
	About: `Joget parses what process/start sends by the declared type: a BOOLEAN kills the start, a DATETIME is dropped. What calls set afterwards are texts only: a subflow has numbers, BOOLEAN and
DATETIME from its parameters or as initial values, and an open activity has those of its instance ("activity.variable").`,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		for v, declared := range p.declared() {
			if !p.settable(declared, v) && !p.leftToDefault(declared, v) {
				r.Found(f.subject(), v.Name)
			}
		}
		for _, name := range p.stale() {
			r.Found(f.subject(), name)
		}
	},
}

// stale returns the variables of open activities that are no texts and not those
// of their instance any more, "activity.variable".
func (p *Part) stale() []string {
	var names []string
	for _, v := range p.wanted().Variables {
		if p.Target == nil {
			break
		}
		if declared, ok := p.Target.Variable(v.Name); !ok || declared.Type.Text() {
			continue
		}
		for _, a := range p.wantedActivities() {
			if slices.ContainsFunc(a.Variables, func(own migration.Variable) bool { return own.Name == v.Name && own.Value != v.Value }) {
				names = append(names, string(a.DefID)+"."+v.Name)
			}
		}
	}
	return names
}
