package preflight

import (
	"fmt"
	"slices"
	"strings"

	"jogetferry/migration"
)

// Check is one rule. Its function hangs in the field of its scope; a check has
// one, or several where no worker sees everything.
type Check struct {
	ID       string // "FERRY-101"; never used again for anything else
	Severity migration.Severity
	Title    string // what is wrong, in one sentence without subject
	Remedy   string // what the operator does about it
	About    string // for docs/checks.md: what it means, how it is found
	// Personal marks checks whose Seen may hold user names, record IDs or values:
	// it stays in the ledger.
	Personal bool

	Copying    func(f *CopyingFacts, r Report)
	Calling    func(f *CallingFacts, r Report)
	Engine     func(f *EngineFacts, r Report)
	Plan       func(f *PlanFacts, r Report)
	App        func(f *AppFacts, r Report)
	Definition func(f *DefinitionFacts, r Report)
	Instance   func(f *InstanceFacts, r Report)
	// Part looks at one instance of the tree of an instance.
	Part func(f *InstanceFacts, p *Part, r Report)
}

// All returns every check, in order of its number.
func All() []Check { return slices.Clone(all) }

var all = slices.SortedFunc(
	slices.Values(slices.Concat(servers, apps, tables, definitions, mappings, records, instances, subflows, joins, variables, people, start, deadlines, resume)),
	func(a, b Check) int { return strings.Compare(a.ID, b.ID) },
)

// Report takes what a check found.
type Report struct {
	check *Check
	into  *[]migration.Finding
	at    migration.Path // where in the tree; goes before what was seen
	way   migration.Way
}

// By is r for a finding that a switch of the configuration removes: way, which is not
// set. "" is none.
func (r Report) By(way migration.Way) Report {
	r.way = way
	return r
}

// Found adds a finding with the severity of its check. Subject must not hold
// personal data; seen may, where the check is marked Personal.
func (r Report) Found(subject, seen string) { r.FoundAs(r.check.Severity, subject, seen) }

// FoundAs adds a finding whose severity the configuration or the facts change.
func (r Report) FoundAs(severity migration.Severity, subject, seen string) {
	switch {
	case r.at != "" && seen != "":
		seen = string(r.at) + ": " + seen
	case r.at != "":
		seen = string(r.at)
	}
	*r.into = append(*r.into, migration.Finding{
		ID: r.check.ID, Severity: severity, Subject: subject, Message: r.check.Title, Seen: seen, Remedy: r.check.Remedy, Way: r.way,
	})
}

// Copying returns what stands against migrating between two servers, as far as
// a copy worker can see. The order is that of All, here and below.
func Copying(f *CopyingFacts) []migration.Finding {
	return run(f, func(c *Check) func(*CopyingFacts, Report) { return c.Copying })
}

// Calling returns what speaks against the target's JSON API.
func Calling(f *CallingFacts) []migration.Finding {
	return run(f, func(c *Check) func(*CallingFacts, Report) { return c.Calling })
}

// Engine returns what speaks against the Temporal namespace.
func Engine(f *EngineFacts) []migration.Finding {
	return run(f, func(c *Check) func(*EngineFacts, Report) { return c.Engine })
}

// Plan returns what is found over all instances, and what the configuration
// names that is not there.
func Plan(f *PlanFacts) []migration.Finding {
	return run(f, func(c *Check) func(*PlanFacts, Report) { return c.Plan })
}

// App returns what differs between the two sides of an app.
func App(f *AppFacts) []migration.Finding {
	return run(f, func(c *Check) func(*AppFacts, Report) { return c.App })
}

// Definition returns what differs between a definition and what it maps to.
func Definition(f *DefinitionFacts) []migration.Finding {
	return run(f, func(c *Check) func(*DefinitionFacts, Report) { return c.Definition })
}

// Instance returns what stands against migrating one instance and the subflows
// that are open below it.
func Instance(f *InstanceFacts) []migration.Finding {
	var found []migration.Finding
	for i := range all {
		r := Report{check: &all[i], into: &found}
		if all[i].Instance != nil {
			all[i].Instance(f, r)
		}
		if all[i].Part != nil {
			for p := range f.Parts() {
				r.at = p.Path
				all[i].Part(f, p, r)
			}
		}
	}
	return found
}

func run[F any](facts *F, of func(*Check) func(*F, Report)) []migration.Finding {
	var found []migration.Finding
	for i := range all {
		if check := of(&all[i]); check != nil {
			check(facts, Report{check: &all[i], into: &found})
		}
	}
	return found
}

// maxSeen is how many bytes of Seen go through Temporal, whose payloads are bounded.
const maxSeen = 512

// WithoutPersonal returns findings without what must not go through Temporal,
// and of the rest no more than fits.
func WithoutPersonal(findings []migration.Finding) []migration.Finding {
	kept := make([]migration.Finding, len(findings))
	for i, f := range findings {
		kept[i] = f
		if personal[f.ID] {
			kept[i].Seen = ""
		}
		if len(kept[i].Seen) > maxSeen {
			kept[i].Seen = strings.ToValidUTF8(kept[i].Seen[:maxSeen], "") + "..."
		}
	}
	return kept
}

var personal = func() map[string]bool {
	ids := map[string]bool{}
	for i := range all {
		if all[i].Personal {
			ids[all[i].ID] = true
		}
	}
	return ids
}()

// first returns up to n of lines, and how many there are besides.
func first(n int, lines []string) []string {
	if len(lines) <= n {
		return lines
	}
	return append(lines[:n:n], fmt.Sprintf("and %d more", len(lines)-n))
}
