package preflight

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jogetferry/internal/nearest"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

var mappings = []Check{
	{
		ID:       "FERRY-205",
		Severity: migration.Warning,
		Title:    "no running instance of a process named in processes",
		Remedy:   "check the spelling: package/process",
		About:    `The configuration limits the migration to some processes, and one of them has no running instance.`,
		Plan:     processUnknown,
	},
	{
		ID:       "FERRY-220",
		Severity: migration.Warning,
		Title:    "an entry of definitions names what is not there",
		Remedy:   "correct the entry; the nearest names are shown",
		About:    `Both sides of every entry are looked up among the deployed process definitions.`,
		Plan:     definitionMapping,
	},
	{
		ID:       "FERRY-221",
		Severity: migration.Warning,
		Title:    "an entry of activities names what is not there, or takes another's name",
		Remedy:   "correct the entry; the nearest names are shown",
		About:    `The activity has to be in a definition with running instances on the source, and its new name in what that maps to.`,
		Plan:     activityMapping,
	},
	{
		ID:       "FERRY-222",
		Severity: migration.Warning,
		Title:    "an entry of variables names what is not there, or takes another's name",
		Remedy:   "correct the entry; the nearest names are shown",
		About:    `A variable that is renamed or dropped has to be declared on the source, and the name that it gets on the target.`,
		Plan:     variableMapping,
	},
	{
		ID:       "FERRY-223",
		Severity: migration.Warning,
		Title:    "an entry of users leads to somebody whom the target does not have",
		Remedy:   "correct the entry, or make the user; the nearest names are shown",
		About:    `Looked up in the target's directory (dir_user), and by a probe where another directory is in use and this worker can call the target.`,
		Personal: true,
		Plan:     userMapping,
	},
}

func processUnknown(f *PlanFacts, r Report) {
	for _, p := range f.ProcessesWithoutInstances {
		r.Found(p, "")
	}
}

func definitionMapping(f *PlanFacts, r Report) {
	for _, e := range wrongDefinitions(f) {
		r.Found(e.entry, e.String())
	}
}

func activityMapping(f *PlanFacts, r Report) {
	for _, e := range wrongActivities(f) {
		r.Found(e.entry, e.String())
	}
}

func variableMapping(f *PlanFacts, r Report) {
	for _, e := range wrongVariables(f) {
		r.Found(e.entry, e.String())
	}
}

func userMapping(f *PlanFacts, r Report) {
	for _, u := range f.Users.Missing {
		r.Found("users", wrong("users", "the target has no "+string(u), string(u), f.Users.Known).String())
	}
}

// wrongEntry is one entry of the configuration that names what is not there.
type wrongEntry struct {
	entry string // the key of the entry
	what  string
	near  []string
}

func (w wrongEntry) String() string {
	if len(w.near) == 0 {
		return w.what
	}
	return w.what + "; is it " + strings.Join(w.near, ", ") + "?"
}

// maxNear is how many names are offered.
const maxNear = 3

func wrong(entry, what, name string, known []string) wrongEntry {
	return wrongEntry{entry: entry, what: what, near: nearest.Words(name, known, maxNear)}
}

func wrongDefinitions(f *PlanFacts) []wrongEntry {
	var found []wrongEntry
	m := f.Mappings.Mapping
	sources, targets := f.Mappings.SourceDefinitions, f.Mappings.TargetDefinitions
	for _, from := range sortedDefinitions(m.Definitions) {
		if !slices.Contains(sources, from) {
			found = append(found, wrong(from.String(), "the source has no "+from.String(), from.String(), texts(sources)))
		}
		found = append(found, wrongTarget(from.String(), m.Definitions[from], targets)...)
	}
	for _, key := range slices.Sorted(maps.Keys(m.AnyVersion)) {
		if !slices.Contains(keysOf(sources), key) {
			found = append(found, wrong(key, "the source has no "+key, key, keysOf(sources)))
		}
		found = append(found, wrongTarget(key, m.AnyVersion[key], targets)...)
	}
	return found
}

func wrongTarget(entry string, to migration.DefinitionID, targets []migration.DefinitionID) []wrongEntry {
	switch {
	case to.Version == migration.Latest && !slices.Contains(keysOf(targets), to.Key()):
		return []wrongEntry{wrong(entry, "the target has no "+to.Key(), to.Key(), keysOf(targets))}
	case to.Version != migration.Latest && !slices.Contains(targets, to):
		return []wrongEntry{wrong(entry, "the target has no "+to.String(), to.String(), texts(targets))}
	}
	return nil
}

func wrongActivities(f *PlanFacts) []wrongEntry {
	var found []wrongEntry
	rules := f.Mappings.Mapping.Activities
	for _, process := range slices.Sorted(maps.Keys(rules)) {
		pairs, missing := f.pairs(process)
		found = append(found, missing...)
		for _, from := range slices.Sorted(maps.Keys(rules[process])) {
			entry := process + "/" + string(from)
			for _, pair := range pairs {
				found = append(found, notIn(entry, "source", string(from), activityIDs(pair.Source))...)
				found = append(found, notIn(entry, "target", string(rules[process][from]), activityIDs(pair.Target))...)
				if _, mapped := rules[process][rules[process][from]]; !mapped {
					found = append(found, taken(entry, string(rules[process][from]), activityIDs(pair.Source))...)
				}
			}
		}
	}
	return unique(found)
}

func wrongVariables(f *PlanFacts) []wrongEntry {
	var found []wrongEntry
	rules := f.Mappings.Mapping.Variables
	for _, process := range slices.Sorted(maps.Keys(rules)) {
		pairs, missing := f.pairs(process)
		found = append(found, missing...)
		for _, from := range slices.Sorted(maps.Keys(rules[process])) {
			entry, rule := process+"/"+from, rules[process][from]
			for _, pair := range pairs {
				if !rule.Constant {
					found = append(found, notIn(entry, "source", from, variableNames(pair.Source))...)
				}
				if rule.Name != "" {
					found = append(found, notIn(entry, "target", rule.Name, variableNames(pair.Target))...)
				}
				if _, mapped := rules[process][rule.Name]; !mapped {
					found = append(found, taken(entry, rule.Name, variableNames(pair.Source))...)
				}
			}
		}
	}
	return unique(found)
}

// pairs returns the definitions of a process, or an entry that says there are none.
func (f *PlanFacts) pairs(process string) ([]ProcessPair, []wrongEntry) {
	if pairs := f.Mappings.Processes[process]; len(pairs) > 0 {
		return pairs, nil
	}
	known := slices.Sorted(maps.Keys(f.Mappings.Processes))
	return nil, []wrongEntry{wrong(process, "no running instance of "+process, process, known)}
}

// notIn reports a name that is not among known; nil means that nobody knows.
func notIn(entry, side, name string, known []string) []wrongEntry {
	if known == nil || slices.Contains(known, name) {
		return nil
	}
	return []wrongEntry{wrong(entry, fmt.Sprintf("the %s has no %s", side, name), name, known)}
}

// taken reports a new name that the source uses for something else, which would
// then have no place on the target.
func taken(entry, name string, source []string) []wrongEntry {
	if !slices.Contains(source, name) {
		return nil
	}
	return []wrongEntry{{entry: entry, what: fmt.Sprintf("the source has another %s, which is not mapped", name)}}
}

// activityIDs is nil when nobody knows the process, as is variableNames.
func activityIDs(p *xpdl.Process) []string {
	if p == nil {
		return nil
	}
	return names(p.Activities, func(a *xpdl.Activity) string { return a.ID })
}

func variableNames(p *xpdl.Process) []string {
	if p == nil {
		return nil
	}
	return names(p.Variables, func(v xpdl.Variable) string { return v.Name })
}

func texts(ids []migration.DefinitionID) []string { return names(ids, migration.DefinitionID.String) }

func keysOf(ids []migration.DefinitionID) []string {
	all := names(ids, migration.DefinitionID.Key)
	slices.Sort(all)
	return slices.Compact(all)
}

// names is never nil.
func names[T any](list []T, name func(T) string) []string {
	all := make([]string, 0, len(list))
	for _, v := range list {
		all = append(all, name(v))
	}
	return all
}

func unique(entries []wrongEntry) []wrongEntry {
	return slices.CompactFunc(entries, func(a, b wrongEntry) bool { return a.entry == b.entry && a.what == b.what })
}

func sortedDefinitions(entries map[migration.DefinitionID]migration.DefinitionID) []migration.DefinitionID {
	return slices.SortedFunc(maps.Keys(entries), func(a, b migration.DefinitionID) int { return cmp.Compare(a.String(), b.String()) })
}
