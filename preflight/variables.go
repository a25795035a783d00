package preflight

import (
	"iter"
	"slices"
	"strconv"
	"strings"

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
		Remedy:   "set engine_writes: variables, which writes it into the tables of the target's engine (docs/config.md#variables-that-no-call-can-set)",
		About:    `Joget parses what process/start sends by the declared type: a BOOLEAN makes the start fail, a DATETIME is dropped, and nothing is null. Later calls set texts only. A subflow gets numbers, BOOLEAN and DATETIME from its parameters or initial values, and an open activity those of its instance ("activity.variable").`,
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
		Remedy:   "nothing; the API cannot set it, and if the target starts with another value, the instance parks before anything is resumed, unless engine_writes is variables",
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
	{
		ID:       "FERRY-438",
		Severity: migration.Note,
		Title:    "workflow variables are written into the tables of the target's engine",
		Remedy:   "nothing; each is read back by API, and what the target does not show parks (docs/what-if.md#engine_writes_refused)",
		About:    `No call can set them, and engine_writes is variables. Names only: "variable" of the instance, "activity.variable" of an open activity. They are written when the new instance is at rest and nobody works on it.`,
		Part:     variableWritten,
	},
	{
		ID:       "FERRY-439",
		Severity: migration.Blocking,
		Title:    "a workflow variable has another type on the target, and the value does not fit",
		Remedy:   "give the variable a type that takes the value, change the value on the source, or map another variable to it; of a date, let the Java machine of the target run in the time zone of the source's (-Duser.timezone)",
		About:    `A text that is no number, true or false where the target wants one; a date where it wants anything but a date or a text. A date is kept as the time on the wall of the server: where the time zones of both servers are not the same, and change over the year or may do so, nobody can tell which time it is on the other. The offsets come from the engine's times (*TZO).`,
		Part:     variableMisfits,
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
	if f.WriteVariables {
		return
	}
	for v, name := range p.unsettable() {
		if f.fits(p, v) {
			r.By(migration.WayVariables).Found(f.subject(), name)
		}
	}
}

func variableWritten(f *InstanceFacts, p *Part, r Report) {
	var names []string
	for v, name := range p.unsettable() {
		if f.WriteVariables && f.fits(p, v) {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		r.Found(f.subject(), strings.Join(names, ", "))
	}
}

func variableMisfits(f *InstanceFacts, p *Part, r Report) {
	for v, name := range p.unsettable() {
		if _, known := v.InZones(f.TargetZones); !known {
			r.Found(f.subject(), name+": the time zones of the servers")
		} else if !f.fits(p, v) {
			r.Found(f.subject(), name)
		}
	}
}

// fits reports whether the target's variable can hold v.
func (f *InstanceFacts) fits(p *Part, v migration.Variable) bool {
	declared, _ := p.Target.Variable(v.Name)
	moved, known := v.InZones(f.TargetZones)
	_, ok := moved.As(declared.Type.Holds())
	return known && ok
}

// unsettable yields the variables that no call can give p, and what they are called:
// "variable" of the instance, "activity.variable" of an open activity.
func (p *Part) unsettable() iter.Seq2[migration.Variable, string] {
	return func(yield func(migration.Variable, string) bool) {
		for v, declared := range p.declared() {
			if !p.settable(declared, v) && !p.leftToDefault(declared, v) && !yield(v, v.Name) {
				return
			}
		}
		for v, name := range p.stale() {
			if !yield(v, name) {
				return
			}
		}
	}
}

// declared yields the variables with a value that the target declares, and how. Null is
// a value where the type has others to begin with.
func (p *Part) declared() iter.Seq2[migration.Variable, xpdl.Variable] {
	return func(yield func(migration.Variable, xpdl.Variable) bool) {
		if p.Target == nil {
			return
		}
		for v := range p.variables() {
			declared, ok := p.Target.Variable(v.Name)
			// An empty text is null where the type is none.
			empty := v.Value == "" && v.Kind != migration.VariableNull && (declared.Type.Text() || v.Kind != migration.VariableString)
			if !ok || empty || v.Kind == migration.VariableUnreadable {
				continue
			}
			if !yield(v, declared) {
				return
			}
		}
	}
}

// settable reports whether v can be given to a variable of p declared so: at the
// start or by a call, or by the definition or the caller anyhow.
func (p *Part) settable(declared xpdl.Variable, v migration.Variable) bool {
	// A date begins as the time of the start, whatever the definition says, and nothing as null.
	initial := declared.Initial == v.Value && v.Value != "" && declared.Type != xpdl.DateTime
	if v.Kind == migration.VariableNull {
		return false
	}
	if p.Caller == "" {
		return declared.Type.Takes(v.Value) || initial
	}
	if handed, ok := p.Handed[v.Name]; ok && !declared.Type.Text() {
		return handed == v.Value
	}
	return declared.Type.Text() || initial
}

// leftToDefault reports whether v is what the engine is expected to give a
// variable that it cannot be given.
func (p *Part) leftToDefault(declared xpdl.Variable, v migration.Variable) bool {
	b, err := strconv.ParseBool(v.Value)
	_, handed := p.Handed[v.Name]
	return declared.Type == xpdl.Boolean && declared.Initial == "" && err == nil && !b && !handed
}

// stale yields the variables of open activities that are no texts and not those of
// their instance any more, with "activity.variable".
func (p *Part) stale() iter.Seq2[migration.Variable, string] {
	return func(yield func(migration.Variable, string) bool) {
		for _, v := range p.wanted().Variables {
			if p.Target == nil {
				return
			}
			if declared, ok := p.Target.Variable(v.Name); !ok || declared.Type.Text() {
				continue
			}
			for _, a := range p.wantedActivities() {
				own := slices.IndexFunc(a.Variables, func(own migration.Variable) bool { return own.Name == v.Name && own.Value != v.Value })
				if own >= 0 && !yield(a.Variables[own], string(a.DefID)+"."+v.Name) {
					return
				}
			}
		}
	}
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
		if p.leftToDefault(declared, v) && !f.WriteVariables {
			r.By(migration.WayVariables).Found(f.subject(), v.Name)
		}
	}
}

func tooLong(f *InstanceFacts, r Report) {
	for _, what := range f.TooLong {
		r.Found(f.subject(), what)
	}
}
