package preflight

import (
	"iter"
	"slices"
	"strconv"

	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

var variables = []Check{
	{
		ID:       "FERRY-412",
		Severity: migration.Blocking,
		Title:    "a workflow variable holds an object that cannot be read",
		Remedy:   "set it to a text on the source (POST monitoring/process/variable), or leave it out: - under variables; then run starter plan",
		About:    `A serialized Java object that is neither a text nor null.`,
		Part:     variableUnreadable,
	},
	{
		ID:       "FERRY-413",
		Severity: migration.Blocking,
		Title:    "a workflow variable has a value that the API cannot set",
		Remedy:   "only texts and, of the instance that is started, numbers can be set; see docs/what-if.md#variables_differ",
		About:    `Joget parses what process/start sends by the declared type: a BOOLEAN makes the start fail, a DATETIME is dropped. Later calls set texts only. A subflow gets numbers, BOOLEAN and DATETIME from its parameters or initial values, and an open activity those of its instance ("activity.variable").`,
		Part:     variableUnsettable,
	},
	{
		ID:       "FERRY-414",
		Severity: migration.Blocking,
		Title:    "a workflow variable with a value is not declared on the target",
		Remedy:   "publish a version that declares it, or map it under variables",
		About:    `The engine refuses undeclared names: the value would be lost silently.`,
		Part:     variableUndeclared,
	},
	{
		ID:       "FERRY-420",
		Severity: migration.Warning,
		Title:    "a BOOLEAN variable that is false is left to the target's default",
		Remedy:   "nothing; the API cannot set it, and if the target starts with another value, the instance parks before anything is resumed",
		About:    `The definition has no initial value for it, and what the engine takes then is not documented.`,
		Part:     variableDefault,
	},
	{
		ID:       "FERRY-437",
		Severity: migration.Blocking,
		Title:    "the variables are too long for one call of the target",
		Remedy:   "raise maxPostSize of the target's connector (server.xml), restart it, raise target.max_post_size to the same and run starter plan again; or shorten the values on the source",
		About:    `Tomcat drops every parameter of a form body that reaches maxPostSize, by default 2 MiB, the login and the record ID among them: Joget would start another instance, as an anonymous user. Counted are the bytes of the encoded body, in which a character may become three to twelve, with a login that is as long as any. What one call cannot carry is never sent.`,
		Instance: tooLong,
	},
}

func variableUnreadable(f *InstanceFacts, p *Part, r Report) {
	for v := range p.variables() {
		if v.Kind == migration.VariableUnreadable {
			r.Found(f.subject(), v.Name)
		}
	}
}

// variables yields the variables as they shall be on the target.
func (p *Part) variables() iter.Seq[migration.Variable] {
	if !p.started() {
		return slices.Values[[]migration.Variable](nil)
	}
	return slices.Values(p.wanted().Variables)
}

func variableUnsettable(f *InstanceFacts, p *Part, r Report) {
	for v, declared := range p.declared() {
		if !p.settable(declared, v) && !p.leftToDefault(declared, v) {
			r.Found(f.subject(), v.Name)
		}
	}
	for _, name := range p.stale() {
		r.Found(f.subject(), name)
	}
}

// declared yields the variables with a value that the target declares, and how.
func (p *Part) declared() iter.Seq2[migration.Variable, xpdl.Variable] {
	return func(yield func(migration.Variable, xpdl.Variable) bool) {
		if p.Target == nil {
			return
		}
		for v := range p.variables() {
			if v.Kind == migration.VariableUnreadable || v.Value == "" {
				continue
			}
			if declared, ok := p.Target.Variable(v.Name); ok && !yield(v, declared) {
				return
			}
		}
	}
}

// settable reports whether v can be given to a variable of p declared so: at the
// start or by a call, or by the definition or the caller anyhow.
func (p *Part) settable(declared xpdl.Variable, v migration.Variable) bool {
	if p.Caller == "" {
		return declared.Type.Takes(v.Value) || declared.Initial == v.Value
	}
	if handed, ok := p.Handed[v.Name]; ok && !declared.Type.Text() {
		return handed == v.Value
	}
	return declared.Type.Text() || declared.Initial == v.Value
}

// leftToDefault reports whether v is what the engine is expected to give a
// variable that it cannot be given.
func (p *Part) leftToDefault(declared xpdl.Variable, v migration.Variable) bool {
	b, err := strconv.ParseBool(v.Value)
	_, handed := p.Handed[v.Name]
	return declared.Type == xpdl.Boolean && declared.Initial == "" && err == nil && !b && !handed
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

// Handed returns what a subflow activity hands over to the instance that it
// starts, by variable of child: of each parameter that goes in and is a
// variable of above of the same type, its value among values.
func Handed(above *xpdl.Process, activity migration.ActivityDefID, values []migration.Variable, child *xpdl.Process) map[string]string {
	if above == nil || child == nil {
		return nil
	}
	caller := above.Activity(string(activity))
	if caller == nil {
		return nil
	}
	handed := map[string]string{}
	for position, formal := range child.Parameters() {
		if formal.Mode == xpdl.ModeOut || position >= len(caller.Parameters) {
			continue
		}
		actual, ok := above.Variable(caller.Parameters[position])
		if !ok || actual.Type != formal.Type {
			continue
		}
		for _, v := range values {
			if v.Name == actual.Name {
				handed[formal.Name] = v.Value
			}
		}
	}
	return handed
}

func variableUndeclared(f *InstanceFacts, p *Part, r Report) {
	if p.Target == nil {
		return
	}
	for v := range p.variables() {
		if _, ok := p.Target.Variable(v.Name); !ok && v.Kind != migration.VariableUnreadable && v.Value != "" {
			r.Found(f.subject(), v.Name)
		}
	}
}

func variableDefault(f *InstanceFacts, p *Part, r Report) {
	for v, declared := range p.declared() {
		if p.leftToDefault(declared, v) {
			r.Found(f.subject(), v.Name)
		}
	}
}

func tooLong(f *InstanceFacts, r Report) {
	for _, what := range f.TooLong {
		r.Found(f.subject(), what)
	}
}
