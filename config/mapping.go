package config

import (
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"

	"jogetferry/migration"
)

// Forms of a value of the key variables that are no name.
const (
	dropVariable     = "-" // not taken over
	constantVariable = "=" // begins the text that the target's variable always gets
)

// Mapping returns what is called otherwise on the target, of the keys
// definitions, activities, variables and users. The error is Mistakes: entries
// that cannot be read, and those that contradict each other.
func (c *Config) Mapping() (migration.Mapping, error) {
	p := mappingParser{Mapping: migration.Mapping{
		Definitions: map[migration.DefinitionID]migration.DefinitionID{},
		AnyVersion:  map[string]migration.DefinitionID{},
		Activities:  map[string]map[migration.ActivityDefID]migration.ActivityDefID{},
		Variables:   map[string]map[string]migration.VariableRule{},
		Users:       map[migration.User]migration.User{},
	}}
	each(c.Definitions, p.definition)
	p.targets = map[string]string{}
	each(c.Activities, p.activity)
	p.targets = map[string]string{}
	each(c.Variables, p.variable)
	each(c.Users, p.user)
	return p.Mapping, p.mistakes.orNil()
}

// each calls do with the entries of a mapping in the order of their keys.
func each(entries map[string]string, do func(from, to string)) {
	for _, from := range slices.Sorted(maps.Keys(entries)) {
		do(from, entries[from])
	}
}

type mappingParser struct {
	migration.Mapping
	mistakes Mistakes
	targets  map[string]string // of the key being read: from "package/process/name" of the target's name to the entry that has it
}

func (p *mappingParser) definition(from, to string) {
	target, err := parseDefinition(to)
	if err != nil {
		p.mistakes.add("definitions", fmt.Sprintf("%q is not a definition", to), "write package/process for the published version, or package#version#process")
	}
	source, err := parseDefinition(from)
	_, _, isProcess := cutProcess(from)
	_, twice := p.Definitions[source]
	switch {
	case err != nil, source.Version == migration.Latest && !isProcess:
		p.mistakes.add("definitions", fmt.Sprintf("%q is not a definition of the source", from), "write package#version#process, or package/process for every version")
	case twice:
		p.mistakes.add("definitions", fmt.Sprintf("%q has two entries", source), "keep one of them")
	case source.Version == migration.Latest:
		p.AnyVersion[source.Key()] = target
	default:
		p.Definitions[source] = target
	}
}

// parseDefinition reads package#version#process, and package/process as its
// latest version.
func parseDefinition(text string) (migration.DefinitionID, error) {
	if pkg, process, ok := cutProcess(text); ok {
		return migration.DefinitionID{Package: pkg, Version: migration.Latest, Process: process}, nil
	}
	return migration.ParseDefinitionID(text)
}

func (p *mappingParser) activity(from, to string) {
	process, activity, ok := cutName(from)
	switch {
	case !ok:
		p.mistakes.add("activities", fmt.Sprintf("%q is not an activity", from), "write package/process/activity")
	case !isMappedName(to):
		p.mistakes.add("activities", fmt.Sprintf("%q leads to %q, which is not an activity", from, to), "give the activity's ID on the target")
	case p.unique("activities", process, from, to):
		into(p.Activities, process)[migration.ActivityDefID(activity)] = migration.ActivityDefID(to)
	}
}

func (p *mappingParser) variable(from, to string) {
	process, variable, ok := cutName(from)
	rule := migration.VariableRule{Name: to}
	if value, constant := strings.CutPrefix(to, constantVariable); constant {
		rule = migration.VariableRule{Name: variable, Constant: true, Value: value}
	} else if to == dropVariable {
		rule.Name = ""
	}
	switch {
	case !ok:
		p.mistakes.add("variables", fmt.Sprintf("%q is not a variable", from), "write package/process/variable")
	case rule.Name != "" && !isMappedName(rule.Name), to == "":
		p.mistakes.add("variables", fmt.Sprintf("%q leads to %q, which is not a variable", from, to), `give its name on the target, "-" to drop it, or "=text" for a constant`)
	case rule.Name == "" || p.unique("variables", process, from, rule.Name):
		into(p.Variables, process)[variable] = rule
	}
}

func (p *mappingParser) user(from, to string) {
	if from == "" || to == "" {
		p.mistakes.add("users", "has an entry without a name", "write source: target")
		return
	}
	folded := migration.User(from).Fold()
	if other, twice := p.Users[folded]; twice && !migration.SameUser(other, migration.User(to)) {
		p.mistakes.add("users", fmt.Sprintf("%q has two entries, in other spellings", from), "keep one of them: to Joget they are one user")
		return
	}
	p.Users[folded] = migration.User(to)
}

// unique notes a mistake when an entry of the same process has the name on the
// target already.
func (p *mappingParser) unique(key, process, from, to string) bool {
	other, taken := p.targets[process+"/"+to]
	if taken {
		p.mistakes.add(key, fmt.Sprintf("%q and %q both become %q", other, from, to), "give each a name of its own on the target")
	}
	p.targets[process+"/"+to] = from
	return !taken
}

// into returns the entries of a process, to be added to.
func into[K comparable, V any](processes map[string]map[K]V, process string) map[K]V {
	if processes[process] == nil {
		processes[process] = map[K]V{}
	}
	return processes[process]
}

// cutName splits package/process/name.
func cutName(text string) (process, name string, ok bool) {
	at := strings.LastIndex(text, "/")
	if at < 0 {
		return "", "", false
	}
	process, name = text[:at], text[at+1:]
	_, _, ok = cutProcess(process)
	return process, name, ok && isMappedName(name)
}

// cutProcess splits package/process.
func cutProcess(text string) (pkg, process string, ok bool) {
	pkg, process, ok = strings.Cut(text, "/")
	return pkg, process, ok && isMappedName(pkg) && isMappedName(process)
}

var mappedName = regexp.MustCompile(`^[^\s/#:=,-][^\s/#:=,]*$`)

// isMappedName tells an ID of Joget's from what is rather a slip of the pen.
func isMappedName(s string) bool { return mappedName.MatchString(s) }

// isHost reports whether s is the name or address of a host, without port.
func isHost(s string) bool {
	return hostName.MatchString(s) || net.ParseIP(s) != nil
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9])?$`)
