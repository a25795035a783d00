package activities

import (
	"context"
	"errors"
	"fmt"

	"jogetferry/migration"
	"jogetferry/preflight"
)

// definition is what an inventory knows of a definition of the source.
type definition struct {
	id     migration.DefinitionID
	target migration.DefinitionID // zero: none
	facts  preflight.DefinitionFacts
	worst  migration.Severity // of its own findings
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
	findings := preflight.Definition(&facts)
	t.findings = append(t.findings, findings...)
	d := &definition{id: i.Definition, target: facts.TargetID, facts: facts, worst: migration.Worst(findings)}
	t.definitions[i.Definition] = d
	return d, nil
}

// definition gathers the facts of a definition and of what it maps to.
func (c *Copy) definition(ctx context.Context, id migration.DefinitionID) (preflight.DefinitionFacts, error) {
	f := preflight.DefinitionFacts{ID: id}
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

func side(ctx context.Context, catalog *Catalog, id migration.DefinitionID) (preflight.DefinitionSide, error) {
	var s preflight.DefinitionSide
	var err error
	s.Process, err = catalog.Process(ctx, id)
	switch migration.CodeOf(err) {
	case "":
	case migration.CodeUnavailable:
		return s, err
	case migration.CodeNotFound:
		s.Missing = true
	default:
		s.Broken = true
	}
	return s, nil
}

// app gathers and judges an app the first time that an instance of it is met.
func (t *inventory) app(ctx context.Context, id string) error {
	if _, known := t.apps[id]; known || id == "" {
		return nil
	}
	f := preflight.AppFacts{ID: id}
	_, problems, err := t.copy.SourceCatalog.Forms(ctx, id)
	if err != nil {
		return err
	}
	for _, p := range problems {
		f.Problems = append(f.Problems, fmt.Sprint(p))
	}
	findings := preflight.App(&f)
	t.findings = append(t.findings, findings...)
	t.apps[id] = migration.Worst(findings)
	return nil
}
