package inventory

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"jogetferry/joget/catalog"
	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
	"jogetferry/preflight"
)

// describe says of an instance what its definition is.
func (d *definition) describe(p *preflight.Part) {
	p.Source, p.Target = d.facts.Source.Process, d.facts.Target.Process
	p.Plugins, p.Members = d.walker.Definition().Plugins, d.members
}

// lookup returns a definition by the two sides of it; unpublished says why there
// is none on the target.
type lookup func(ctx context.Context, id, target migration.DefinitionID, unpublished string) (*definition, error)

// definition gathers and judges a definition the first time that a root of it is met.
func (t *inventory) definition(ctx context.Context, i *migration.Instance) (*definition, error) {
	if known := t.definitions[i.Definition]; known != nil {
		return known, nil
	}
	target, unpublished, err := t.act.targetOf(ctx, i.Definition)
	if err != nil {
		return nil, err
	}
	d, err := t.judged(ctx, i.Definition, target, unpublished)
	if err == nil {
		t.definitions[i.Definition] = d
	}
	return d, err
}

// judged is a lookup that gathers all that is known of a definition, and judges it.
func (t *inventory) judged(ctx context.Context, id, target migration.DefinitionID, unpublished string) (*definition, error) {
	key := pair{id, target}
	if known := t.pairs[key]; known != nil {
		return known, nil
	}
	d, err := t.act.definition(ctx, id, target, unpublished)
	if err != nil {
		return nil, err
	}
	facts := &d.facts
	if err := gatherMapped(ctx, t.act.Source.DB, id, &facts.Source); err != nil {
		return nil, err
	}
	if err := gatherMapped(ctx, t.act.Target.DB, target, &facts.Target); err != nil {
		return nil, err
	}
	if d.members, err = t.members(ctx, facts.Target.Participants); err != nil {
		return nil, err
	}
	facts.MayRun = d.walker.MayRun()
	if facts.Source.Process != nil && facts.Target.Process != nil {
		facts.Differences = xpdl.Compare(facts.Source.Process, facts.Target.Process, t.act.names(id.Key()))
	}
	findings := preflight.Definition(facts)
	t.findings = append(t.findings, findings...)
	d.worst = migration.Worst(findings)
	t.pairs[key] = d
	return d, nil
}

// members counts whom the participants of a process of the target are, as far as
// that does not depend on the instance. Another directory is not asked.
func (t *inventory) members(ctx context.Context, participants []migration.Participant) (map[string]preflight.Span, error) {
	if err := t.settings(ctx); err != nil || t.people.external() {
		return nil, err
	}
	target := t.act.Target.Fresh()
	members := map[string]preflight.Span{}
	for _, p := range participants {
		var span preflight.Span
		var err error
		ids := strings.FieldsFunc(p.Value, func(c rune) bool { return c == ',' || c == ';' })
		switch p.Type {
		case "user":
			span.Least, span.Most, err = target.CountUsers(ctx, ids)
		case "group":
			span.Least, span.Most, err = target.CountMembers(ctx, ids)
		case "requester":
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
		// Where it yields nobody the requester is assigned.
		members[p.Participant] = preflight.Span{Least: max(1, span.Least), Most: max(1, span.Most)}
	}
	return members, nil
}

// targetOf returns what a definition of the source maps to, or why that is nothing.
// A version of the app that lacks the process is something.
func (act *Activities) targetOf(ctx context.Context, id migration.DefinitionID) (target migration.DefinitionID, unpublished string, err error) {
	target, err = act.Target.Catalog.Resolve(ctx, act.Settings.Target(id))
	switch code := migration.CodeOf(err); {
	case err == nil, code == migration.CodeUnavailable:
		return target, "", err
	case code == migration.CodeNotFound && !target.IsZero():
		return target, "", nil
	}
	var coded *migration.Error
	errors.As(err, &coded)
	return migration.DefinitionID{}, coded.Hint, nil
}

// definition is a lookup that gathers the two sides of a definition and its
// start, without what is mapped to them.
func (act *Activities) definition(ctx context.Context, id, target migration.DefinitionID, unpublished string) (*definition, error) {
	d := &definition{id: id, target: target, facts: preflight.DefinitionFacts{
		ID: id, TargetID: target, Unpublished: unpublished, Mapping: act.Settings.Mapping, EndAsynchronous: act.Settings.EndAsynchronous,
	}}
	var err error
	if d.facts.Source, err = side(ctx, act.Source.Catalog, id); err != nil {
		return nil, err
	}
	if !target.IsZero() {
		if d.facts.Target, err = side(ctx, act.Target.Catalog, target); err != nil {
			return nil, err
		}
	}
	if d.walker, err = act.Target.Catalog.Walker(ctx, target); err != nil {
		return nil, err
	}
	d.facts.Start = d.walker.Walk(nil)
	return d, nil
}

// names tells the comparison what the configuration calls otherwise.
func (act *Activities) names(process string) xpdl.Names {
	return xpdl.Names{
		Activity: func(id string) string { return string(act.Settings.Activity(process, migration.ActivityDefID(id))) },
		Variable: func(name string) string {
			if rule, ok := act.Settings.Variables[process][name]; ok {
				return rule.Name
			}
			return name
		},
	}
}

// side gathers a definition of one server.
func side(ctx context.Context, definitions *catalog.Catalog, id migration.DefinitionID) (preflight.DefinitionSide, error) {
	var s preflight.DefinitionSide
	var err error
	s.Process, err = definitions.Process(ctx, id)
	code := migration.CodeOf(err)
	if code == migration.CodeUnavailable {
		return s, err
	}
	s.Missing = code == migration.CodeNotFound
	s.Broken = code != "" && !s.Missing
	if s.Process == nil {
		return s, nil
	}
	published, err := definitions.Resolve(ctx, migration.DefinitionID{Package: id.Package, Version: migration.Latest, Process: id.Process})
	if migration.CodeOf(err) == migration.CodeUnavailable {
		return s, err
	}
	s.Published = published == id
	return s, nil
}

// freeze keeps the package files of all definitions that were met, of both sides: a report
// draws them when the servers may have others.
func (t *inventory) freeze(ctx context.Context) error {
	files := map[migration.Role]map[packageVersion]bool{migration.RoleSource: {}, migration.RoleTarget: {}}
	for of := range t.pairs {
		files[migration.RoleSource][packageVersion{of.source.Package, of.source.Version}] = true
		if !of.target.IsZero() {
			files[migration.RoleTarget][packageVersion{of.target.Package, of.target.Version}] = true
		}
	}
	var frozen []migration.FrozenPackage
	for role, db := range map[migration.Role]*schema.DB{migration.RoleSource: t.act.Source.DB, migration.RoleTarget: t.act.Target.DB} {
		for of := range files[role] {
			text, err := db.Fresh().XPDL(ctx, of.name, of.version)
			if migration.CodeOf(err) == migration.CodeNotFound {
				continue // a finding tells
			}
			if err != nil {
				return err
			}
			frozen = append(frozen, migration.FrozenPackage{Role: role, Package: of.name, Version: of.version, XPDL: text})
		}
	}
	return t.act.Ledger.SavePackages(ctx, t.in.Migration, frozen)
}

// packageVersion is a package file.
type packageVersion struct{ name, version string }

// gatherMapped reads who and what is behind the elements of a definition.
func gatherMapped(ctx context.Context, db *schema.DB, id migration.DefinitionID, s *preflight.DefinitionSide) error {
	version, err := strconv.ParseInt(id.Version, 10, 64)
	if err != nil || s.Process == nil {
		return nil //nolint:nilerr // what has no such version has no mappings
	}
	r := db.Fresh()
	participants, err := r.Participants(ctx, id.Package, version)
	if err != nil {
		return err
	}
	plugins, err := r.ActivityPlugins(ctx, id.Package, version)
	if err != nil {
		return err
	}
	forms, err := r.ActivityForms(ctx, id.Package, version)
	if err != nil {
		return err
	}
	s.Participants = slices.DeleteFunc(participants, func(p migration.Participant) bool { return p.Process != id.Process })
	s.Plugins = slices.DeleteFunc(plugins, func(p migration.ActivityPlugin) bool { return p.Process != id.Process })
	s.Forms = slices.DeleteFunc(forms, func(p migration.ActivityForm) bool { return p.Process != id.Process })
	return nil
}

// mappings gathers what the configuration maps and what there is.
func (t *inventory) mappings(ctx context.Context) (err error) {
	f := &t.plan.Mappings
	f.Mapping, f.Processes = t.act.Settings.Mapping, map[string][]preflight.ProcessPair{}
	if f.SourceDefinitions, err = t.act.Source.Fresh().Definitions(ctx); err != nil {
		return err
	}
	if f.TargetDefinitions, err = t.act.Target.Fresh().Definitions(ctx); err != nil {
		return err
	}
	for _, d := range slices.SortedFunc(maps.Values(t.pairs), func(a, b *definition) int {
		return cmp.Or(cmp.Compare(a.id.String(), b.id.String()), cmp.Compare(a.target.String(), b.target.String()))
	}) {
		key := d.id.Key()
		f.Processes[key] = append(f.Processes[key], preflight.ProcessPair{Source: d.facts.Source.Process, Target: d.facts.Target.Process})
	}
	return nil
}
