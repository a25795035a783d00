package preflight

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

var definitions = []Check{
	{
		ID:         "FERRY-202",
		Severity:   migration.Blocking,
		Title:      "the process is not in the mapped version on the target",
		Remedy:     "publish the app version that has it, or map it under definitions",
		About:      `The engine of the target has no such definition: the package version lacks the process, or was never deployed.`,
		Definition: definitionMissing,
	},
	{
		ID:         "FERRY-203",
		Severity:   migration.Blocking,
		Title:      "the process definition cannot be read",
		Remedy:     "look at the package in SHKXPDLData; import the app again",
		About:      `Without the definition nobody knows what an open activity is. Instances of all other definitions are planned.`,
		Definition: definitionBroken,
	},
	{
		ID:         "FERRY-206",
		Severity:   migration.Warning,
		Title:      "the activities differ",
		Remedy:     publishTheSame,
		About:      `Activities are compared by ID, kind, performer and block. FERRY-410 names an instance whose open activity the target lacks.`,
		Definition: differing(xpdl.AspectActivities),
	},
	{
		ID:         "FERRY-207",
		Severity:   migration.Warning,
		Title:      "the transitions differ",
		Remedy:     publishTheSame,
		About:      `Where instances go next: from, to and the condition. Blanks around a condition and the IDs of transitions do not count.`,
		Personal:   true, // texts of the definition may hold names and addresses
		Definition: differing(xpdl.AspectTransitions),
	},
	{
		ID:         "FERRY-208",
		Severity:   migration.Warning,
		Title:      "joins or splits differ",
		Remedy:     publishTheSame,
		About:      `AND against XOR, and for an XOR split the order in which its transitions are tried.`,
		Definition: differing(xpdl.AspectJoinsSplits),
	},
	{
		ID:         "FERRY-209",
		Severity:   migration.Warning,
		Title:      "the workflow variables differ",
		Remedy:     publishTheSame,
		About:      `Names, types, initial values and the mode of parameters. A value that the target cannot take is a finding of its instance.`,
		Personal:   true, // texts of the definition may hold names and addresses
		Definition: differing(xpdl.AspectVariables),
	},
	{
		ID:         "FERRY-210",
		Severity:   migration.Warning,
		Title:      "the participants differ",
		Remedy:     publishTheSame,
		About:      `The swimlanes of the process; FERRY-215 compares who is behind them.`,
		Definition: differing(xpdl.AspectParticipants),
	},
	{
		ID:         "FERRY-211",
		Severity:   migration.Warning,
		Title:      "deadlines or limits differ",
		Remedy:     publishTheSame,
		About:      `Deadlines with their conditions and exceptions, limits, and the unit of durations.`,
		Personal:   true, // texts of the definition may hold names and addresses
		Definition: differing(xpdl.AspectDeadlines),
	},
	{
		ID:         "FERRY-212",
		Severity:   migration.Warning,
		Title:      "the subflows differ",
		Remedy:     publishTheSame,
		About:      `Which process a subflow activity calls, whether it waits for it, and what it hands over.`,
		Personal:   true, // texts of the definition may hold names and addresses
		Definition: differing(xpdl.AspectSubflows),
	},
	{
		ID:         "FERRY-213",
		Severity:   migration.Blocking,
		Title:      "the process cannot be started: no activity without an incoming transition",
		Remedy:     "publish a version that begins with a route, as the Process Builder makes it",
		About:      `The engine starts the activities that no transition leads to; the start marker of the designer is layout only.`,
		Definition: noStart,
	},
	{
		ID:         "FERRY-214",
		Severity:   migration.Blocking,
		Title:      "the mapped version is not the published one",
		Remedy:     "publish the app version that has it, or map the definition to latest",
		About:      `Joget lets only administrators start a version that is not published; every other requester would be refused.`,
		Definition: versionUnpublished,
	},
	{
		ID:         "FERRY-215",
		Severity:   migration.Warning,
		Title:      "participants are mapped differently",
		Remedy:     mapTheSame,
		About:      `Who gets the next assignments, and who may start the process (processStartWhiteList). Of plugin properties only the names that differ are shown.`,
		Personal:   true, // users and groups
		Definition: participantMappings,
	},
	{
		ID:         "FERRY-216",
		Severity:   migration.Warning,
		Title:      "tools, routes or form modifiers are mapped differently",
		Remedy:     mapTheSame,
		About:      `The plugin behind each tool activity, decision route and form modifier. Of its properties only the names that differ are shown, since they may hold secrets.`,
		Definition: toolMappings,
	},
	{
		ID:         "FERRY-217",
		Severity:   migration.Warning,
		Title:      "activities are mapped to other forms",
		Remedy:     mapTheSame,
		About:      `The form that each activity opens; runProcess is the start form.`,
		Definition: formMappings,
	},
}

const (
	publishTheSame = "publish the version that the source runs, or make sure that the difference is intended"
	mapTheSame     = "map them alike in the Process Builder of the target, or make sure that the difference is intended"
)

func definitionMissing(f *DefinitionFacts, r Report) {
	if f.Unpublished == "" && f.Target.Missing {
		r.Found(f.ID.String(), f.TargetID.String())
	}
}

func definitionBroken(f *DefinitionFacts, r Report) {
	if f.Source.Missing || f.Source.Broken {
		r.Found(f.ID.String(), "source")
	}
	if f.Target.Broken {
		r.Found(f.ID.String(), "target, "+f.TargetID.String())
	}
}

// differing returns the check of one aspect of the two processes.
func differing(aspect xpdl.Aspect) func(*DefinitionFacts, Report) {
	return func(f *DefinitionFacts, r Report) {
		if diff := xpdl.Diff(f.Differences, aspect); diff != "" {
			r.Found(f.ID.String(), diff)
		}
	}
}

func noStart(f *DefinitionFacts, r Report) {
	if p := f.Target.Process; p != nil && len(p.StartActivities()) == 0 {
		r.Found(f.ID.String(), f.TargetID.String())
	}
}

func versionUnpublished(f *DefinitionFacts, r Report) {
	if f.Target.Process != nil && !f.Target.Published {
		r.Found(f.ID.String(), f.TargetID.String())
	}
}

func participantMappings(f *DefinitionFacts, r Report) {
	f.mappedOtherwise(r, func(s *DefinitionSide, _ rename) map[string]mapping {
		all := map[string]mapping{}
		for _, p := range s.Participants {
			all[p.Participant] = mapping{what: strings.TrimSpace(p.Type + " " + p.Value), properties: p.Properties}
		}
		return all
	})
}

func toolMappings(f *DefinitionFacts, r Report) {
	f.mappedOtherwise(r, func(s *DefinitionSide, renamed rename) map[string]mapping {
		all := map[string]mapping{}
		for _, p := range s.Plugins {
			all[renamed(p.Activity)] = mapping{what: p.Plugin, properties: p.Properties}
		}
		return all
	})
}

func formMappings(f *DefinitionFacts, r Report) {
	f.mappedOtherwise(r, func(s *DefinitionSide, renamed rename) map[string]mapping {
		all := map[string]mapping{}
		for _, p := range s.Forms {
			all[renamed(p.Activity)] = mapping{what: strings.TrimSpace(strings.TrimPrefix(p.Type, "SINGLE") + " " + p.Form)}
		}
		return all
	})
}

// mapping is what an element of a process is mapped to, in a form that can be
// compared: in words, and the properties, of which only names are shown.
type mapping struct{ what, properties string }

// rename returns the target's name of an activity of one side.
type rename func(migration.ActivityDefID) string

// maxMappings bounds how many differing mappings one finding shows.
const maxMappings = 12

// mappedOtherwise reports what differs between the mappings of both sides, which
// of returns by element.
func (f *DefinitionFacts) mappedOtherwise(r Report, of func(*DefinitionSide, rename) map[string]mapping) {
	if f.Source.Process == nil || f.Target.Process == nil {
		return
	}
	source := of(&f.Source, func(id migration.ActivityDefID) string { return string(f.Mapping.Activity(f.ID.Key(), id)) })
	target := of(&f.Target, func(id migration.ActivityDefID) string { return string(id) })
	if lines := mappingsDiff(source, target); len(lines) > 0 {
		r.Found(f.ID.String(), strings.Join(first(maxMappings, lines), "\n"))
	}
}

// mappingsDiff returns a line for each element that is mapped otherwise, in their order.
func mappingsDiff(source, target map[string]mapping) []string {
	var lines []string
	elements := slices.AppendSeq(slices.Collect(maps.Keys(source)), maps.Keys(target))
	slices.Sort(elements)
	for _, element := range slices.Compact(elements) {
		s, onSource := source[element]
		t, onTarget := target[element]
		switch {
		case !onTarget:
			lines = append(lines, fmt.Sprintf("only on the source: %s (%s)", element, s.what))
		case !onSource:
			lines = append(lines, fmt.Sprintf("only on the target: %s (%s)", element, t.what))
		case s.what != t.what:
			lines = append(lines, fmt.Sprintf("%s: %s -> %s", element, cmp.Or(s.what, "nothing"), cmp.Or(t.what, "nothing")))
		default:
			if names := propertiesDiff(s.properties, t.properties); len(names) > 0 {
				lines = append(lines, fmt.Sprintf("%s (%s): properties differ: %s", element, s.what, strings.Join(names, ", ")))
			}
		}
	}
	return lines
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
