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
		About:      `Without the definition nobody knows what an open activity is. Instances of all other definitions are planned all the same.`,
		Definition: definitionBroken,
	},
	{
		ID:         "FERRY-206",
		Severity:   migration.Warning,
		Title:      "the activities differ",
		Remedy:     "publish the version that the source runs, or make sure that the difference is meant",
		About:      `Activities are compared by ID, kind, performer and block. An open activity that the target lacks is FERRY-410 of its instance.`,
		Definition: activitiesDiffer,
	},
	{
		ID:         "FERRY-207",
		Severity:   migration.Warning,
		Title:      "the transitions differ",
		Remedy:     "publish the version that the source runs, or make sure that the difference is meant",
		About:      `Where instances go next: from, to, and the condition, blanks around it aside. IDs of transitions do not count.`,
		Personal:   true, // texts of the definition may hold names and addresses
		Definition: transitionsDiffer,
	},
	{
		ID:         "FERRY-208",
		Severity:   migration.Warning,
		Title:      "joins or splits differ",
		Remedy:     "publish the version that the source runs, or make sure that the difference is meant",
		About:      `AND against XOR, and for an XOR split the order in which its transitions are tried.`,
		Definition: joinsDiffer,
	},
	{
		ID:         "FERRY-209",
		Severity:   migration.Warning,
		Title:      "the workflow variables differ",
		Remedy:     "publish the version that the source runs, or make sure that the difference is meant",
		About:      `Names, types, initial values and the mode of parameters. A value that the target cannot take is a finding of its instance.`,
		Personal:   true, // texts of the definition may hold names and addresses
		Definition: variablesDiffer,
	},
	{
		ID:         "FERRY-210",
		Severity:   migration.Warning,
		Title:      "the participants differ",
		Remedy:     "publish the version that the source runs, or make sure that the difference is meant",
		About:      `The swimlanes of the process; who is behind them is FERRY-215.`,
		Definition: participantsDiffer,
	},
	{
		ID:         "FERRY-211",
		Severity:   migration.Warning,
		Title:      "deadlines or limits differ",
		Remedy:     "publish the version that the source runs, or make sure that the difference is meant",
		About:      `Deadlines with their conditions and exceptions, limits, and the unit of durations.`,
		Personal:   true, // texts of the definition may hold names and addresses
		Definition: deadlinesDiffer,
	},
	{
		ID:         "FERRY-212",
		Severity:   migration.Warning,
		Title:      "the subflows differ",
		Remedy:     "publish the version that the source runs, or make sure that the difference is meant",
		About:      `Which process a subflow activity calls, whether it waits for it, and what it hands over.`,
		Personal:   true, // texts of the definition may hold names and addresses
		Definition: subflowsDiffer,
	},
	{
		ID:         "FERRY-213",
		Severity:   migration.Blocking,
		Title:      "the process cannot be started: no activity without an incoming transition",
		Remedy:     "publish a version that begins with a route, as the Process Builder makes it",
		About:      `The engine starts the activities that nothing leads to; the start marker of the designer is layout only.`,
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
		Title:      "participants are mapped otherwise",
		Remedy:     "map them alike in the Process Builder of the target, or make sure that the difference is meant",
		About:      `Who gets the next assignments, and who may start the process (processStartWhiteList). Of plugin properties only the names that differ are shown.`,
		Personal:   true, // users and groups
		Definition: participantMappings,
	},
	{
		ID:         "FERRY-216",
		Severity:   migration.Warning,
		Title:      "tools, routes or form modifiers are mapped otherwise",
		Remedy:     "map them alike in the Process Builder of the target, or make sure that the difference is meant",
		About:      `The plugin behind each tool activity, decision route and form modifier. Of its properties only the names that differ are shown, since they may hold secrets.`,
		Definition: toolMappings,
	},
	{
		ID:         "FERRY-217",
		Severity:   migration.Warning,
		Title:      "activities are mapped to other forms",
		Remedy:     "map them alike in the Process Builder of the target, or make sure that the difference is meant",
		About:      `The form that each activity opens; runProcess is the start form.`,
		Definition: formMappings,
	},
}

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

func activitiesDiffer(f *DefinitionFacts, r Report) {
	if diff := xpdl.Diff(f.Differences, xpdl.AspectActivities); diff != "" {
		r.Found(f.ID.String(), diff)
	}
}

func transitionsDiffer(f *DefinitionFacts, r Report) {
	if diff := xpdl.Diff(f.Differences, xpdl.AspectTransitions); diff != "" {
		r.Found(f.ID.String(), diff)
	}
}

func joinsDiffer(f *DefinitionFacts, r Report) {
	if diff := xpdl.Diff(f.Differences, xpdl.AspectJoinsSplits); diff != "" {
		r.Found(f.ID.String(), diff)
	}
}

func variablesDiffer(f *DefinitionFacts, r Report) {
	if diff := xpdl.Diff(f.Differences, xpdl.AspectVariables); diff != "" {
		r.Found(f.ID.String(), diff)
	}
}

func participantsDiffer(f *DefinitionFacts, r Report) {
	if diff := xpdl.Diff(f.Differences, xpdl.AspectParticipants); diff != "" {
		r.Found(f.ID.String(), diff)
	}
}

func deadlinesDiffer(f *DefinitionFacts, r Report) {
	if diff := xpdl.Diff(f.Differences, xpdl.AspectDeadlines); diff != "" {
		r.Found(f.ID.String(), diff)
	}
}

func subflowsDiffer(f *DefinitionFacts, r Report) {
	if diff := xpdl.Diff(f.Differences, xpdl.AspectSubflows); diff != "" {
		r.Found(f.ID.String(), diff)
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
	if diff := participantsDiff(f.Source.Participants, f.Target.Participants); diff != "" && f.both() {
		r.Found(f.ID.String(), diff)
	}
}

func toolMappings(f *DefinitionFacts, r Report) {
	if diff := pluginsDiff(f.Source.Plugins, f.Target.Plugins, f.renamed); diff != "" && f.both() {
		r.Found(f.ID.String(), diff)
	}
}

func formMappings(f *DefinitionFacts, r Report) {
	if diff := formsDiff(f.Source.Forms, f.Target.Forms, f.renamed); diff != "" && f.both() {
		r.Found(f.ID.String(), diff)
	}
}

func (f *DefinitionFacts) both() bool { return f.Source.Process != nil && f.Target.Process != nil }

func (f *DefinitionFacts) renamed(id migration.ActivityDefID) migration.ActivityDefID {
	return f.Mapping.Activity(f.ID.Key(), id)
}

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
