package migration

import (
	"cmp"
	"slices"
)

// Mapping says what is called otherwise on the target. What it does not name
// has the same name there; the zero value changes only the version of
// definitions. Process keys are DefinitionID.Key of the source, "package/process".
type Mapping struct {
	// Definitions are the entries for one version, which win over AnyVersion. The
	// version of a value may be Latest.
	Definitions map[DefinitionID]DefinitionID
	// AnyVersion are the entries by process key.
	AnyVersion map[string]DefinitionID
	// Activities are activities of the target, by process key and activity.
	Activities map[string]map[ActivityDefID]ActivityDefID
	// Variables are rules by process key and variable. Within a process no two
	// rules have the same Name.
	Variables map[string]map[string]VariableRule
	// Users are users of the target: requesters, assignees and acceptors alike. Keys
	// are folded (User.Fold): the source has more than one spelling of a user.
	Users map[User]User
}

// VariableRule says what becomes of a workflow variable.
type VariableRule struct {
	// Name is the variable of the target; "" when the source's is not taken over.
	Name string
	// Constant: the target's variable gets Value, whatever the source has, and
	// also when it has none of that name.
	Constant bool
	Value    string
}

// Target returns what a definition of the source maps to: the entry of its
// version, else that of its process, else the same process. Its version may be Latest.
func (m Mapping) Target(d DefinitionID) DefinitionID {
	if to, ok := m.Definitions[d]; ok {
		return to
	}
	if to, ok := m.AnyVersion[d.Key()]; ok {
		return to
	}
	return DefinitionID{Package: d.Package, Version: Latest, Process: d.Process}
}

// Activity returns what the target calls an activity of a process of the source.
func (m Mapping) Activity(process string, id ActivityDefID) ActivityDefID {
	if to, ok := m.Activities[process][id]; ok {
		return to
	}
	return id
}

// User returns the target's user for one of the source. Absent ("") stays absent.
func (m Mapping) User(u User) User {
	if to, ok := m.Users[u.Fold()]; ok {
		return to
	}
	return u
}

// Wanted returns a copy of an instance of the source as it shall be on the
// target: definition (its version may be Latest), requester, activities in the
// same order with their assignees, variables and tokens. Everything else stays
// as the source has it, children too. i is not changed.
func (m Mapping) Wanted(i *Instance) *Instance {
	process := i.Definition.Key()
	w := *i
	w.Definition = m.Target(i.Definition)
	w.Requester = m.User(i.Requester)
	w.Variables = m.variables(process, i.Variables)
	w.Activities = slices.Clone(i.Activities)
	for n := range w.Activities {
		a := &w.Activities[n]
		a.DefID = m.Activity(process, a.DefID)
		a.AcceptedBy = m.User(a.AcceptedBy)
		a.Assignments = m.assignments(a.Assignments)
		// One without variables of its own shows those of the instance.
		if len(a.Variables) > 0 {
			a.Variables = m.variables(process, a.Variables)
		}
	}
	w.Tokens = slices.Clone(i.Tokens)
	for n, t := range w.Tokens {
		w.Tokens[n] = JoinToken{Join: m.Activity(process, t.Join), From: m.Activity(process, t.From), Performer: m.User(t.Performer)}
	}
	slices.SortFunc(w.Tokens, func(a, b JoinToken) int {
		return cmp.Or(cmp.Compare(a.Join, b.Join), cmp.Compare(a.From, b.From), cmp.Compare(a.Performer, b.Performer))
	})
	return &w
}

// WantedTree returns a copy of a tree of the source as it shall be on the
// target, each instance as Wanted has it. The definition of a subflow's
// instance keeps the process that it is mapped to, in the package and version
// of the instance above: the engine starts no other.
func (m Mapping) WantedTree(t *Tree) *Tree {
	w := &Tree{Instance: *m.Wanted(&t.Instance), Caller: t.Caller}
	process := t.Instance.Definition.Key()
	for i := range t.Subflows {
		s := m.WantedTree(&t.Subflows[i])
		s.Caller = m.Activity(process, s.Caller)
		s.Instance.Definition.Package, s.Instance.Definition.Version = w.Instance.Definition.Package, w.Instance.Definition.Version
		w.Subflows = append(w.Subflows, *s)
	}
	slices.SortFunc(w.Subflows, func(a, b Tree) int { return cmp.Compare(a.Caller, b.Caller) })
	return w
}

// variables applies the rules of a process. A rule wins over a variable of the
// source that happens to have the name it leads to.
func (m Mapping) variables(process string, source []Variable) []Variable {
	rules := m.Variables[process]
	var wanted []Variable
	taken := map[string]bool{}
	for _, r := range rules {
		taken[r.Name] = true
		if r.Constant {
			wanted = append(wanted, Variable{Name: r.Name, Kind: VariableString, Value: r.Value})
		}
	}
	for _, v := range source {
		r, ruled := rules[v.Name]
		switch {
		case !ruled && !taken[v.Name]:
			wanted = append(wanted, v)
		case ruled && !r.Constant && r.Name != "":
			v.Name = r.Name
			wanted = append(wanted, v)
		}
	}
	slices.SortFunc(wanted, func(a, b Variable) int { return cmp.Compare(a.Name, b.Name) })
	return wanted
}

// assignments renames users; two who are one user of the target hold the
// activity once, accepted if either did.
func (m Mapping) assignments(source []Assignment) []Assignment {
	wanted := slices.Clone(source)
	for n := range wanted {
		wanted[n].User = m.User(wanted[n].User)
	}
	for n := range wanted {
		for _, other := range wanted {
			wanted[n].Accepted = wanted[n].Accepted || other.Accepted && SameUser(other.User, wanted[n].User)
		}
	}
	slices.SortFunc(wanted, func(a, b Assignment) int { return cmp.Compare(a.User, b.User) })
	once := wanted[:0:0]
	for _, a := range wanted {
		if !slices.ContainsFunc(once, func(b Assignment) bool { return SameUser(a.User, b.User) }) {
			once = append(once, a)
		}
	}
	return once
}
