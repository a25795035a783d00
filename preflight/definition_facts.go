package preflight

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jogetferry/joget/flow"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// DefinitionFacts are a definition of the source and what it maps to.
type DefinitionFacts struct {
	ID migration.DefinitionID
	// TargetID is zero when Unpublished says why.
	TargetID       migration.DefinitionID
	Unpublished    string
	Source, Target DefinitionSide
	// Differences are those of the two processes; nil unless both are there.
	Differences []xpdl.Difference
	// Mapping says what is called otherwise on the target.
	Mapping migration.Mapping
	// MayRun are the steps that some start on the target could run before it
	// waits, Start is what one with the initial values does.
	MayRun []flow.Step
	Start  flow.Path
}

// DefinitionSide is a definition on one server: Process, or why there is none.
type DefinitionSide struct {
	Process *xpdl.Process
	Missing bool // the server has no such definition
	Broken  bool // it has, and nobody can read it
	// Published: it is the one that a start by latest takes.
	Published bool
	// Participants, Plugins and Forms are the mappings of this process.
	Participants []migration.Participant
	Plugins      []migration.ActivityPlugin
	Forms        []migration.ActivityForm
}

// Names of Joget's pseudo elements (CONTRACT 7.6).
const (
	startWhitelist = "processStartWhiteList"
	startActivity  = "runProcess"
)

func (f *DefinitionFacts) both() bool { return f.Source.Process != nil && f.Target.Process != nil }

func (f *DefinitionFacts) renamed(id migration.ActivityDefID) migration.ActivityDefID {
	return f.Mapping.Activity(f.ID.Key(), id)
}

// performers returns the target's mappings of participants that perform a
// manual activity, by participant.
func (f *DefinitionFacts) performers() []migration.Participant {
	if f.Target.Process == nil {
		return nil
	}
	var found []migration.Participant
	for _, p := range f.Target.Participants {
		if slices.ContainsFunc(f.Target.Process.Activities, func(a *xpdl.Activity) bool {
			return a.Kind == xpdl.Manual && a.Performer == p.Participant
		}) {
			found = append(found, p)
		}
	}
	return found
}

// plugins returns the tools and decision plugins among steps, "activity (class)",
// each once in their order. An activity without a plugin does nothing.
func plugins(steps []flow.Step) []string {
	var names []string
	for _, s := range steps {
		name := s.Activity + " (" + s.Plugin + ")"
		if s.Plugin != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// requesterFamily are the mapping types that start from a person of the
// instance (CONTRACT 7.6).
func requesterFamily(kind string) bool { return strings.HasPrefix(kind, "requester") }

// mapped is one mapping in a form that can be compared: what it is, in words,
// and the properties, of which only names are shown.
type mapped struct {
	key, what, properties string
}

func participantsDiff(source, target []migration.Participant) string {
	lines := func(list []migration.Participant) []mapped {
		var all []mapped
		for _, p := range list {
			all = append(all, mapped{p.Participant, strings.TrimSpace(p.Type + " " + p.Value), p.Properties})
		}
		return all
	}
	return mappingsDiff(lines(source), lines(target))
}

func pluginsDiff(source, target []migration.ActivityPlugin, renamed func(migration.ActivityDefID) migration.ActivityDefID) string {
	lines := func(list []migration.ActivityPlugin, name func(migration.ActivityDefID) migration.ActivityDefID) []mapped {
		var all []mapped
		for _, p := range list {
			all = append(all, mapped{string(name(p.Activity)), p.Plugin, p.Properties})
		}
		return all
	}
	return mappingsDiff(lines(source, renamed), lines(target, same))
}

func formsDiff(source, target []migration.ActivityForm, renamed func(migration.ActivityDefID) migration.ActivityDefID) string {
	lines := func(list []migration.ActivityForm, name func(migration.ActivityDefID) migration.ActivityDefID) []mapped {
		var all []mapped
		for _, p := range list {
			all = append(all, mapped{key: string(name(p.Activity)), what: strings.TrimSpace(strings.TrimPrefix(p.Type, "SINGLE") + " " + p.Form)})
		}
		return all
	}
	return mappingsDiff(lines(source, renamed), lines(target, same))
}

func same(id migration.ActivityDefID) migration.ActivityDefID { return id }

// maxMappings bounds how many differing mappings one finding shows.
const maxMappings = 12

func mappingsDiff(source, target []mapped) string {
	of := func(list []mapped) map[string]mapped {
		all := map[string]mapped{}
		for _, m := range list {
			all[m.key] = m
		}
		return all
	}
	left, right := of(source), of(target)
	keys := slices.Sorted(maps.Keys(left))
	keys = append(keys, slices.Collect(maps.Keys(right))...)
	slices.Sort(keys)
	var lines []string
	for _, key := range slices.Compact(keys) {
		s, onSource := left[key]
		t, onTarget := right[key]
		switch {
		case !onTarget:
			lines = append(lines, fmt.Sprintf("only on the source: %s (%s)", key, s.what))
		case !onSource:
			lines = append(lines, fmt.Sprintf("only on the target: %s (%s)", key, t.what))
		case s.what != t.what:
			lines = append(lines, fmt.Sprintf("%s: %s -> %s", key, cmp.Or(s.what, "nothing"), cmp.Or(t.what, "nothing")))
		default:
			if names := propertiesDiff(s.properties, t.properties); len(names) > 0 {
				lines = append(lines, fmt.Sprintf("%s (%s): properties differ: %s", key, s.what, strings.Join(names, ", ")))
			}
		}
	}
	return strings.Join(first(maxMappings, lines), "\n")
}

// propertiesDiff returns the names of the properties that differ, dotted;
// values may be secrets. What is no JSON object is compared as text.
func propertiesDiff(source, target string) []string {
	if source == target {
		return nil
	}
	var left, right any
	if json.Unmarshal([]byte(cmp.Or(source, "{}")), &left) != nil || json.Unmarshal([]byte(cmp.Or(target, "{}")), &right) != nil {
		return []string{"(as a text)"}
	}
	names := map[string]bool{}
	compareJSON("", left, right, names)
	return slices.Sorted(maps.Keys(names))
}

func compareJSON(path string, left, right any, names map[string]bool) {
	l, ok := left.(map[string]any)
	r, both := right.(map[string]any)
	if !ok || !both {
		if fmt.Sprint(left) != fmt.Sprint(right) {
			names[cmp.Or(path, "(all)")] = true
		}
		return
	}
	for _, side := range []map[string]any{l, r} {
		for key := range side {
			compareJSON(strings.TrimPrefix(path+"."+key, "."), l[key], r[key], names)
		}
	}
}
