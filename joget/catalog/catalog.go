package catalog

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"jogetferry/joget/flow"
	"jogetferry/joget/form"
	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

const (
	// keptFor is how long definitions are remembered: deployments are frozen
	// while a migration runs, and a plan follows every change.
	keptFor = time.Minute
	// kept bounds how many parsed packages and form models are remembered.
	kept = 64
)

// Catalog reads and remembers the definitions of one server. It is safe for concurrent use.
type Catalog struct {
	db        *schema.DB
	packages  *expirable.LRU[packageVersion, *xpdl.Package]
	published *expirable.LRU[migration.DefinitionID, migration.DefinitionID]
	forms     *expirable.LRU[string, Forms]
	walkers   *expirable.LRU[migration.DefinitionID, *flow.Walker]
	classes   *expirable.LRU[struct{}, map[string]bool]
}

type packageVersion struct{ id, version string }

// Forms are the forms of an app over all its versions, since these share their
// tables.
type Forms struct {
	Model    migration.FormModel
	Problems []form.Problem      // what could not be read, or is not there
	Tables   map[string][]string // by form, under any ID that an activity or form names it by
	Files    map[string][]string // columns that name uploads, by table
	// Used are the versions that Problems are about, but for blocking ones.
	Used []schema.AppVersion
	// Options are the tables that options of fields are read from, in those versions.
	Options []string
}

// New returns an empty catalog of db.
func New(db *schema.DB) *Catalog {
	return &Catalog{
		db:        db,
		packages:  expirable.NewLRU[packageVersion, *xpdl.Package](kept, nil, keptFor),
		published: expirable.NewLRU[migration.DefinitionID, migration.DefinitionID](kept, nil, keptFor),
		forms:     expirable.NewLRU[string, Forms](kept, nil, keptFor),
		walkers:   expirable.NewLRU[migration.DefinitionID, *flow.Walker](kept, nil, keptFor),
		classes:   expirable.NewLRU[struct{}, map[string]bool](1, nil, keptFor),
	}
}

// Forget makes every next look read the server again.
func (c *Catalog) Forget() {
	c.packages.Purge()
	c.published.Purge()
	c.forms.Purge()
	c.walkers.Purge()
	c.classes.Purge()
}

// Process returns a process definition. CodeNotFound: the server has no such
// package version or process; CodeUnsupported: it cannot be read.
func (c *Catalog) Process(ctx context.Context, id migration.DefinitionID) (*xpdl.Process, error) {
	key := packageVersion{id.Package, id.Version}
	pkg, ok := c.packages.Get(key)
	if !ok {
		text, err := c.db.Fresh().XPDL(ctx, id.Package, id.Version)
		if err != nil {
			return nil, err
		}
		if pkg, err = xpdl.Parse(bytes.NewReader(text)); err != nil {
			return nil, migration.E(migration.CodeUnsupported, "read process definition", id.String(), "%w", err)
		}
		c.packages.Add(key, pkg)
	}
	p := pkg.Process(id.Process)
	if p == nil {
		return nil, migration.E(migration.CodeNotFound, "read process definition", id.String(), "")
	}
	return p, nil
}

// Resolve replaces migration.Latest by the published version. CodeNotFound:
// the app is not published, or its published version lacks the process; of the
// latter it returns what it would be called there.
func (c *Catalog) Resolve(ctx context.Context, id migration.DefinitionID) (migration.DefinitionID, error) {
	if id.Version != migration.Latest {
		return id, nil
	}
	if resolved, ok := c.published.Get(id); ok {
		return resolved, nil
	}
	resolved, err := c.db.Fresh().PublishedDefinition(ctx, id)
	if err == nil {
		c.published.Add(id, resolved)
	}
	return resolved, err
}

// Walker returns what follows starts of a definition, subflows of the same
// package included. What cannot be read makes a path Unknown; the error is of a
// server out of reach.
func (c *Catalog) Walker(ctx context.Context, id migration.DefinitionID) (*flow.Walker, error) {
	if known, ok := c.walkers.Get(id); ok {
		return known, nil
	}
	var plugins []migration.ActivityPlugin
	if version, err := strconv.ParseInt(id.Version, 10, 64); err == nil {
		if plugins, err = c.db.Fresh().ActivityPlugins(ctx, id.Package, version); err != nil {
			return nil, err
		}
	}
	var failed error
	definition := func(key string) flow.Definition {
		p, err := c.Process(ctx, migration.DefinitionID{Package: id.Package, Version: id.Version, Process: key})
		if migration.CodeOf(err) == migration.CodeUnavailable {
			failed = errors.Join(failed, err)
		}
		d := flow.Definition{Process: p, Plugins: map[string]string{}}
		for _, plugin := range plugins {
			if plugin.Process == key {
				d.Plugins[string(plugin.Activity)] = plugin.Plugin
			}
		}
		return d
	}
	w := flow.NewWalker(definition(id.Process), func(key string) (flow.Definition, bool) {
		d := definition(key)
		return d, d.Process != nil
	})
	if failed == nil {
		c.walkers.Add(id, w)
	}
	return w, failed
}

// Forms returns the forms of an app; none for an app that the server does not
// have. Do not write to it.
func (c *Catalog) Forms(ctx context.Context, app string) (Forms, error) {
	if known, ok := c.forms.Get(app); ok {
		return known, nil
	}
	all := Forms{Tables: map[string][]string{}, Files: map[string][]string{}}
	var definitions []form.Definition
	var err error
	if all.Used, err = c.db.Fresh().UsedVersions(ctx, app); err != nil {
		return Forms{}, err
	}
	err = c.db.Fresh().EachForm(ctx, app, func(row schema.FormDefinition) {
		d := form.Define(row.ID, row.Table, row.JSON)
		d.Unused = !slices.ContainsFunc(all.Used, func(v schema.AppVersion) bool { return v.Version == row.Version })
		all.Tables[d.ID] = once(append(all.Tables[d.ID], d.Tables()...))
		for _, field := range d.Form.Fields {
			if !field.File || field.StoreBinder != "" {
				continue
			}
			for _, table := range d.Tables() {
				all.Files[table] = once(append(all.Files[table], "c_"+field.ID))
			}
		}
		d.Form = form.Form{Table: d.Form.Table, Links: d.Form.Links, Options: d.Form.Options, Mentions: d.Form.Mentions} // of many versions, so no more than what is needed
		definitions = append(definitions, d)
	})
	if err != nil {
		return Forms{}, err
	}
	same, err := c.sameForms(ctx, app, definitions)
	if err != nil {
		return Forms{}, err
	}
	all.Model, all.Problems = form.Model(definitions, same)
	all.Tables = form.Resolve(all.Tables, same)
	for i := range definitions {
		for _, id := range definitions[i].Form.Options {
			if !definitions[i].Unused {
				all.Options = append(all.Options, all.Tables[id]...)
			}
		}
	}
	all.Options = once(all.Options)
	c.forms.Add(app, all)
	return all, nil
}

// sameForms asks the server which forms it finds under the IDs that forms and
// activities of an app name, where their spelling does not tell.
func (c *Catalog) sameForms(ctx context.Context, app string, definitions []form.Definition) (map[string][]string, error) {
	mapped, err := c.db.Fresh().MappedForms(ctx, app)
	if err != nil {
		return nil, err
	}
	return c.db.Fresh().SameForms(ctx, app, form.Doubtful(definitions, mapped))
}

// once sorts a list and leaves each text in it once.
func once(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// SeenClasses returns the names of the classes that the definitions of any app
// mention; see schema.Reader.Classes. Do not write to it.
func (c *Catalog) SeenClasses(ctx context.Context) (map[string]bool, error) {
	if seen, ok := c.classes.Get(struct{}{}); ok {
		return seen, nil
	}
	seen, err := c.db.Fresh().Classes(ctx)
	if err == nil {
		c.classes.Add(struct{}{}, seen)
	}
	return seen, err
}
