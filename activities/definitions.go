package activities

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
	"jogetferry/preflight"
	"jogetferry/preflight/startpath"
)

// definition is what an inventory knows of a definition of the source.
type definition struct {
	id     migration.DefinitionID
	target migration.DefinitionID // zero: none
	facts  preflight.DefinitionFacts
	worst  migration.Severity // of its own findings
	walker *startpath.Walker  // of the target's process
}

// definition gathers and judges a definition the first time that an instance of it is met.
func (t *inventory) definition(ctx context.Context, i *migration.Instance) (*definition, error) {
	if known := t.definitions[i.Definition]; known != nil {
		return known, nil
	}
	facts, err := t.copy.definition(ctx, i.Definition)
	if err != nil {
		return nil, err
	}
	if err := gatherMapped(ctx, t.copy.Source, facts.ID, &facts.Source); err != nil {
		return nil, err
	}
	if err := gatherMapped(ctx, t.copy.Target, facts.TargetID, &facts.Target); err != nil {
		return nil, err
	}
	walker, err := t.copy.TargetCatalog.Walker(ctx, facts.TargetID)
	if err != nil {
		return nil, err
	}
	facts.MayRun, facts.Start = walker.MayRun(), walker.Walk(nil)
	if facts.Source.Process != nil && facts.Target.Process != nil {
		facts.Differences = xpdl.Compare(facts.Source.Process, facts.Target.Process, t.copy.names(facts.ID.Key()))
	}
	findings := preflight.Definition(&facts)
	t.findings = append(t.findings, findings...)
	d := &definition{id: i.Definition, target: facts.TargetID, facts: facts, worst: migration.Worst(findings), walker: walker}
	t.definitions[i.Definition] = d
	return d, nil
}

// definition gathers the two sides of a definition, without what is mapped to them.
func (c *Copy) definition(ctx context.Context, id migration.DefinitionID) (preflight.DefinitionFacts, error) {
	f := preflight.DefinitionFacts{ID: id, Mapping: c.Settings.Mapping}
	var err error
	if f.Source, err = side(ctx, c.SourceCatalog, id); err != nil {
		return f, err
	}
	target, err := c.TargetCatalog.Resolve(ctx, c.Settings.Target(id))
	switch {
	case migration.CodeOf(err) == migration.CodeUnavailable:
		return f, err
	case err != nil:
		var coded *migration.Error
		errors.As(err, &coded)
		f.Unpublished = coded.Hint
		return f, nil
	}
	f.TargetID = target
	f.Target, err = side(ctx, c.TargetCatalog, target)
	return f, err
}

// names tells the comparison what the configuration calls otherwise.
func (c *Copy) names(process string) xpdl.Names {
	return xpdl.Names{
		Activity: func(id string) string { return string(c.Settings.Activity(process, migration.ActivityDefID(id))) },
		Variable: func(name string) string {
			if rule, ok := c.Settings.Variables[process][name]; ok {
				return rule.Name
			}
			return name
		},
	}
}

// side gathers a definition of one server.
func side(ctx context.Context, catalog *Catalog, id migration.DefinitionID) (preflight.DefinitionSide, error) {
	var s preflight.DefinitionSide
	var err error
	s.Process, err = catalog.Process(ctx, id)
	code := migration.CodeOf(err)
	if code == migration.CodeUnavailable {
		return s, err
	}
	s.Missing = code == migration.CodeNotFound
	s.Broken = code != "" && !s.Missing
	if s.Process == nil {
		return s, nil
	}
	published, err := catalog.Resolve(ctx, migration.DefinitionID{Package: id.Package, Version: migration.Latest, Process: id.Process})
	if migration.CodeOf(err) == migration.CodeUnavailable {
		return s, err
	}
	s.Published = published == id
	return s, nil
}

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
	f.Mapping, f.Processes = t.copy.Settings.Mapping, map[string][]preflight.ProcessPair{}
	if f.SourceDefinitions, err = t.copy.Source.Fresh().Definitions(ctx); err != nil {
		return err
	}
	if f.TargetDefinitions, err = t.copy.Target.Fresh().Definitions(ctx); err != nil {
		return err
	}
	for _, id := range t.keys() {
		d := t.definitions[id]
		f.Processes[id.Key()] = append(f.Processes[id.Key()], preflight.ProcessPair{Source: d.facts.Source.Process, Target: d.facts.Target.Process})
	}
	return nil
}
