package preflight

import (
	"cmp"
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
		Title:    "a process named in processes has no running instance",
		Remedy:   "check the spelling: package/process",
		About:    `The key processes limits the migration to some processes.`,
		Plan:     processUnknown,
	},
	{
		ID:       "FERRY-220",
		Severity: migration.Warning,
		Title:    "an entry of definitions names a definition that does not exist",
		Remedy:   "correct the entry; the nearest names are shown",
		About:    `Both sides of every entry are looked up among the deployed process definitions.`,
		Plan:     definitionMapping,
	},
	{
		ID:       "FERRY-221",
		Severity: migration.Warning,
		Title:    "an entry of activities names an activity that does not exist, or one that another activity has",
		Remedy:   "correct the entry; the nearest names are shown",
		About:    `The activity has to be in a definition with running instances on the source, and its new name in the definition that this one maps to.`,
		Plan:     activityMapping,
	},
	{
		ID:       "FERRY-222",
		Severity: migration.Warning,
		Title:    "an entry of variables names a variable that does not exist, or one that another variable has",
		Remedy:   "correct the entry; the nearest names are shown",
		About:    `A variable that is renamed or dropped has to be declared on the source, and its new name on the target.`,
		Plan:     variableMapping,
	},
	{
		ID:       "FERRY-223",
		Severity: migration.Warning,
		Title:    "an entry of users leads to a user whom the target does not have",
		Remedy:   "correct the entry, or create the user; the nearest names are shown",
		About:    `Looked up in the target's directory (dir_user). Where another directory is in use, a login is tried if this worker can call the target.`,
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
	m, sources, targets := f.Mappings.Mapping, f.Mappings.SourceDefinitions, f.Mappings.TargetDefinitions
	check := func(entry, source string, known []string, to migration.DefinitionID) {
		target, there := to.String(), ids(targets)
		if to.Version == migration.Latest {
			target, there = to.Key(), keys(targets)
		}
		for _, why := range []string{missing("source", source, known), missing("target", target, there)} {
			if why != "" {
				r.Found(entry, why)
			}
		}
	}
	for _, from := range slices.SortedFunc(maps.Keys(m.Definitions), func(a, b migration.DefinitionID) int { return cmp.Compare(a.String(), b.String()) }) {
		check(from.String(), from.String(), ids(sources), m.Definitions[from])
	}
	for _, key := range slices.Sorted(maps.Keys(m.AnyVersion)) {
		check(key, key, keys(sources), m.AnyVersion[key])
	}
}

func activityMapping(f *PlanFacts, r Report) {
	wrongNames(f, r, f.Mappings.Mapping.Activities, activityIDs, func(from, to migration.ActivityDefID) (source, target string) {
		return string(from), string(to)
	})
}

func variableMapping(f *PlanFacts, r Report) {
	wrongNames(f, r, f.Mappings.Mapping.Variables, variableNames, func(from string, rule migration.VariableRule) (source, target string) {
		if rule.Constant {
			from = ""
		}
		return from, rule.Name
	})
}

// wrongNames reports the entries of rules, by process and name, that name what
// known does not return of a definition, or a target's name that the source has
// for something else, which would then have no place. Of each entry, names
// returns the names that have to be there, "" for none.
func wrongNames[Name ~string, Rule any](f *PlanFacts, r Report, rules map[string]map[Name]Rule, known func(*xpdl.Process) []string, names func(Name, Rule) (source, target string)) {
	for _, process := range slices.Sorted(maps.Keys(rules)) {
		pairs := f.Mappings.Processes[process]
		if len(pairs) == 0 {
			r.Found(process, "no running instance of "+process+nearby(process, slices.Sorted(maps.Keys(f.Mappings.Processes))))
		}
		for _, from := range slices.Sorted(maps.Keys(rules[process])) {
			source, target := names(from, rules[process][from])
			_, renamed := rules[process][Name(target)]
			var wrong []string
			for _, pair := range pairs {
				here := known(pair.Source)
				wrong = append(wrong, missing("source", source, here), missing("target", target, known(pair.Target)))
				if !renamed && slices.Contains(here, target) {
					wrong = append(wrong, "the source has another "+target+", which is not mapped")
				}
			}
			for i, why := range wrong {
				if why != "" && !slices.Contains(wrong[:i], why) {
					r.Found(process+"/"+string(from), why)
				}
			}
		}
	}
}

func userMapping(f *PlanFacts, r Report) {
	for _, u := range f.Users.Missing {
		r.Found("users", "the target has no "+string(u)+nearby(string(u), f.Users.Known))
	}
}

// missing says that a side has no such name among known, "" when it has, when
// there is no name, and when nobody knows (nil).
func missing(side, name string, known []string) string {
	if name == "" || known == nil || slices.Contains(known, name) {
		return ""
	}
	return "the " + side + " has no " + name + nearby(name, known)
}

// maxNear is how many names are offered.
const maxNear = 3

// nearby offers known names that may be meant: "; is it a, b?", "" for none.
func nearby(name string, known []string) string {
	near := nearest.Words(name, known, maxNear)
	if len(near) == 0 {
		return ""
	}
	return "; is it " + strings.Join(near, ", ") + "?"
}

// activityIDs is nil when nobody knows the process, as is variableNames.
func activityIDs(p *xpdl.Process) []string {
	if p == nil {
		return nil
	}
	return texts(p.Activities, func(a *xpdl.Activity) string { return a.ID })
}

func variableNames(p *xpdl.Process) []string {
	if p == nil {
		return nil
	}
	return texts(p.Variables, func(v xpdl.Variable) string { return v.Name })
}

func ids(of []migration.DefinitionID) []string { return texts(of, migration.DefinitionID.String) }

func keys(of []migration.DefinitionID) []string {
	all := texts(of, migration.DefinitionID.Key)
	slices.Sort(all)
	return slices.Compact(all)
}

// texts is never nil.
func texts[T any](list []T, text func(T) string) []string {
	all := make([]string, 0, len(list))
	for _, v := range list {
		all = append(all, text(v))
	}
	return all
}
