package inventory

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"

	"jogetferry/activities/step"
	"jogetferry/joget/catalog"
	"jogetferry/joget/form"
	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/preflight"
	"jogetferry/records"
)

// app gathers and judges an app the first time that an instance of it is met.
func (t *inventory) app(ctx context.Context, i *migration.Instance) error {
	if t.apps[i.App] != nil {
		return nil
	}
	a := &app{amount: preflight.Amount{App: i.App}, lacks: map[string]*step.Lack{}}
	t.apps[i.App] = a
	if i.App == "" {
		return nil // a finding of the instance
	}
	f := preflight.AppFacts{ID: i.App, Plugins: map[string]string{}}
	for _, gather := range []func(context.Context, *migration.Instance, *app, *preflight.AppFacts) error{t.gatherForms, t.gatherTables, t.gatherTargetApp} {
		if err := gather(ctx, i, a, &f); err != nil {
			delete(t.apps, i.App)
			return err
		}
	}
	findings := preflight.App(&f)
	t.findings = append(t.findings, findings...)
	a.worst = migration.Worst(findings)
	return nil
}

// gatherForms reads what the current version of the source's app needs to run.
func (t *inventory) gatherForms(ctx context.Context, i *migration.Instance, _ *app, f *preflight.AppFacts) error {
	source := t.act.Source.Fresh()
	current, _, err := currentVersion(ctx, source, i.App)
	if err != nil {
		return err
	}
	if f.Source, err = source.EnvironmentVariables(ctx, i.App, current.Version); err != nil {
		return err
	}
	if err := gatherPlugins(ctx, source, current, f.Plugins); err != nil {
		return err
	}
	rows, err := source.Forms(ctx, i.App, current.Version)
	for _, row := range rows {
		parsed, err := form.Parse(row.JSON)
		if err != nil {
			continue // one of f.Problems
		}
		for _, class := range parsed.Classes {
			f.Plugins[class] = "form " + row.ID
		}
		for _, field := range parsed.Fields {
			if field.EnvVariable != "" {
				f.Counters = append(f.Counters, field.EnvVariable)
			}
		}
	}
	f.Counters = distinct(f.Counters...)
	return err
}

// gatherPlugins notes what the processes of an app version run, with a place where.
func gatherPlugins(ctx context.Context, r *schema.Reader, v schema.AppVersion, into map[string]string) error {
	plugins, err := r.ActivityPlugins(ctx, v.Package, v.PackageVersion)
	if err != nil {
		return err
	}
	note := func(place, class, properties string) {
		for _, name := range distinct(append(schema.ClassNames(properties), class)...) {
			into[name] = place
		}
	}
	for _, p := range plugins {
		note("process "+p.Process+", activity "+string(p.Activity), p.Plugin, p.Properties)
	}
	participants, err := r.Participants(ctx, v.Package, v.PackageVersion)
	for _, p := range participants {
		if p.Type == "plugin" {
			note("process "+p.Process+", participant "+p.Participant, p.Value, p.Properties)
		}
	}
	return err
}

// gatherTables compares the form tables of the app, child tables too.
func (t *inventory) gatherTables(ctx context.Context, i *migration.Instance, a *app, f *preflight.AppFacts) error {
	var err error
	if a.forms, err = t.act.Source.Catalog.Forms(ctx, i.App); err != nil {
		return err
	}
	for _, p := range a.forms.Problems {
		switch {
		case p.Blocking():
			f.Problems = append(f.Problems, p.String())
		case p.Kind == form.ProblemTable:
			if !configured(t.act.Settings.Extra, []string{p.Other}) && !slices.Contains(a.forms.Options, p.Other) {
				f.TablesUnclear = append(f.TablesUnclear, p.String())
			}
		case p.Kind == form.ProblemUnknownForm:
			f.FormsGone = append(f.FormsGone, p.String())
		case !configured(t.act.Settings.Extra, a.forms.Tables[p.Other]):
			f.FormsUnclear = append(f.FormsUnclear, p.String())
		}
	}
	for _, gather := range []func(context.Context, catalog.Forms, *preflight.AppFacts) error{t.gatherMappedForms, t.gatherNamedByPlugins, t.gatherSharers, t.gatherOptions} {
		if err := gather(ctx, a.forms, f); err != nil {
			return err
		}
	}
	model := a.forms.Model.Union(t.act.Settings.Extra)
	f.Relations = model.Relations
	source, target := t.act.Source.Rows(), t.act.Target.Rows()
	for _, table := range model.AllTables() {
		if err := t.gatherTable(ctx, table, a, f); err != nil {
			return err
		}
	}
	for _, table := range model.Tables {
		root := rootTable{name: table, lack: a.lacks[table]}
		if root.source, err = source.Any(ctx, table); err != nil {
			return err
		}
		if root.target, err = target.Any(ctx, table); err != nil {
			return err
		}
		if root.source || root.target {
			a.tables = append(a.tables, root)
		}
	}
	return nil
}

// gatherTable compares a form table of both sides, as the target's will be when it has what
// it can get.
func (t *inventory) gatherTable(ctx context.Context, table string, a *app, f *preflight.AppFacts) error {
	mismatches, err := records.Inspect(ctx, t.act.Source.Rows(), t.act.Target.Rows(), table)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(mismatches, lacking) {
		lack, err := t.act.Lack(ctx, table)
		if err != nil {
			return err
		}
		a.lacks[table] = lack
		if lack != nil && t.act.Settings.CreateTables {
			mismatches = append(lack.Mismatches(), slices.DeleteFunc(mismatches, func(m migration.Mismatch) bool { return m.Kind != migration.MismatchUnique })...)
			if err := t.gatherGrowth(ctx, lack, f); err != nil {
				return err
			}
		}
	}
	f.Mismatches = append(f.Mismatches, mismatches...)
	return nil
}

func lacking(m migration.Mismatch) bool {
	return m.Kind == migration.MismatchTable || m.Kind == migration.MismatchColumn
}

// gatherGrowth learns what is to be made of a form table.
func (t *inventory) gatherGrowth(ctx context.Context, lack *step.Lack, f *preflight.AppFacts) error {
	step.Headway(ctx)
	growth, err := t.act.Growth(ctx, lack)
	if err == nil && growth.Statement != "" {
		f.Growths = append(f.Growths, preflight.Growth{Table: lack.Table, Statement: growth.Statement, New: growth.New, Unnamed: growth.Unnamed})
	}
	return err
}

// targetTable returns a form table of the target as rows of an app will meet it; nil for none.
func (t *inventory) targetTable(ctx context.Context, a *app, name string) (*records.Table, error) {
	if lack := a.lacks[name]; lack != nil && t.act.Settings.CreateTables {
		return lack.After, nil
	}
	table, _, err := t.act.Target.Tables.Table(ctx, t.act.Target.Pool(), name)
	return table, err
}

// gatherMappedForms looks for activities, of the versions in use, whose form is gone.
func (t *inventory) gatherMappedForms(ctx context.Context, forms catalog.Forms, f *preflight.AppFacts) error {
	for _, v := range forms.Used {
		mapped, err := t.act.Source.Fresh().ActivityForms(ctx, v.Package, v.PackageVersion)
		if err != nil {
			return err
		}
		for _, m := range mapped {
			if _, there := forms.Tables[m.Form]; m.Form != "" && !there {
				f.FormsGone = append(f.FormsGone, fmt.Sprintf("process %s, activity %s: the app has no form %s", m.Process, m.Activity, m.Form))
			}
		}
	}
	f.FormsGone = distinct(f.FormsGone...)
	return nil
}

// gatherNamedByPlugins looks for form tables that tools, routes and participants of the
// versions in use name, unless activities show them or relations lead there.
func (t *inventory) gatherNamedByPlugins(ctx context.Context, forms catalog.Forms, f *preflight.AppFacts) error {
	source := t.act.Source.Fresh()
	for _, v := range forms.Used {
		mapped, err := source.ActivityForms(ctx, v.Package, v.PackageVersion)
		if err != nil {
			return err
		}
		var followed []string
		for _, m := range mapped {
			followed = append(followed, forms.Tables[m.Form]...)
		}
		for _, r := range forms.Model.Relations {
			followed = append(followed, r.Child)
		}
		plugins, err := source.ActivityPlugins(ctx, v.Package, v.PackageVersion)
		if err != nil {
			return err
		}
		participants, err := source.Participants(ctx, v.Package, v.PackageVersion)
		if err != nil {
			return err
		}
		look := func(place, properties string) {
			for _, m := range form.MentionsIn(properties) {
				tables, what := []string{m.Table}, "table app_fd_"+m.Table
				if m.Form != "" {
					tables, what = forms.Tables[m.Form], "form "+m.Form
				}
				unknown := slices.ContainsFunc(tables, func(table string) bool { return !slices.Contains(followed, table) })
				if unknown && !configured(t.act.Settings.Extra, tables) {
					f.TablesUnclear = append(f.TablesUnclear, place+": "+m.Property+" names "+what)
				}
			}
		}
		for _, p := range plugins {
			look("process "+p.Process+", activity "+string(p.Activity), p.Properties)
		}
		for _, p := range participants {
			look("process "+p.Process+", participant "+p.Participant, p.Properties)
		}
	}
	f.TablesUnclear = distinct(f.TablesUnclear...)
	return nil
}

// gatherSharers looks for relations that only forms of other apps have, on the tables of this one.
func (t *inventory) gatherSharers(ctx context.Context, forms catalog.Forms, f *preflight.AppFacts) error {
	apps, err := t.act.Source.Fresh().AppsOn(ctx, forms.Model.Tables)
	if err != nil {
		return err
	}
	own := forms.Model.Union(t.act.Settings.Extra)
	for _, other := range apps {
		if other == f.ID {
			continue
		}
		theirs, err := t.act.Source.Catalog.Forms(ctx, other)
		if err != nil {
			return err
		}
		for _, r := range theirs.Model.Relations {
			if slices.Contains(own.Tables, r.Parent) && !slices.Contains(own.Relations, r) {
				f.Foreign = append(f.Foreign, preflight.ForeignRelation{App: other, Relation: r})
			}
		}
	}
	return nil
}

// gatherOptions looks for tables of options of which the source has rows.
func (t *inventory) gatherOptions(ctx context.Context, forms catalog.Forms, f *preflight.AppFacts) error {
	for _, table := range forms.Options {
		some, err := t.act.Source.Rows().Any(ctx, table)
		if err != nil {
			return err
		}
		if !some {
			continue
		}
		there, err := t.act.Target.Rows().Any(ctx, table)
		if err != nil {
			return err
		}
		f.Options = append(f.Options, preflight.OptionTable{Table: table, Lacking: !there})
	}
	return nil
}

// configured reports whether records.extra says how to find rows of all tables.
func configured(extra migration.FormModel, tables []string) bool {
	return !slices.ContainsFunc(tables, func(table string) bool {
		return !slices.ContainsFunc(extra.Relations, func(r migration.Relation) bool { return r.Child == table })
	})
}

// gatherTargetApp reads what the target has of the app.
func (t *inventory) gatherTargetApp(ctx context.Context, i *migration.Instance, _ *app, f *preflight.AppFacts) error {
	id := i.App
	if i.Definition.Package == i.App {
		id = t.act.Settings.Target(i.Definition).Package
	}
	target := t.act.Target.Fresh()
	current, ok, err := currentVersion(ctx, target, id)
	if f.Absent = !ok; err != nil {
		return err
	}
	if f.Seen, err = t.act.Target.Catalog.SeenClasses(ctx); err != nil {
		return err
	}
	if f.Target, err = target.EnvironmentVariables(ctx, id, current.Version); err != nil {
		return err
	}
	hosts, err := t.act.oldHosts(ctx)
	if err != nil {
		return err
	}
	for _, v := range f.Target {
		if mentions(v.Value, hosts) {
			f.Mentions = append(f.Mentions, "environment variable "+v.ID)
		}
	}
	forms, err := target.Forms(ctx, id, current.Version)
	if err != nil {
		return err
	}
	for _, row := range forms {
		if mentions(string(row.JSON), hosts) {
			f.Mentions = append(f.Mentions, "form "+row.ID)
		}
	}
	defaults, err := target.PluginDefaults(ctx, id, current.Version)
	for _, d := range defaults {
		if mentions(d.Properties, hosts) {
			f.Mentions = append(f.Mentions, "plugin default "+d.ID)
		}
	}
	return err
}

// currentVersion returns the published version of an app, or its highest; false if there is no app.
func currentVersion(ctx context.Context, r *schema.Reader, id string) (schema.AppVersion, bool, error) {
	found, err := r.App(ctx, id)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return schema.AppVersion{}, false, nil
	}
	if err != nil {
		return schema.AppVersion{}, false, err
	}
	if published, ok := found.Published(); ok {
		return published, true, nil
	}
	return found.Versions[len(found.Versions)-1], true, nil
}

// oldHosts returns what may stand for the source in an app: the configured
// names and that of its database's machine, unless the target's has the same.
func (act *Activities) oldHosts(ctx context.Context) ([]string, error) {
	source, err := act.Source.Fresh().Server(ctx)
	if err != nil {
		return nil, err
	}
	target, err := act.Target.Fresh().Server(ctx)
	if err != nil {
		return nil, err
	}
	hosts := slices.Clone(act.Settings.SourceHosts)
	if ip := net.ParseIP(source.Host); source.Host != target.Host && source.Host != "localhost" && !ip.IsLoopback() {
		hosts = append(hosts, source.Host)
	}
	return distinct(hosts...), nil
}

// mentions reports whether a text names one of hosts. A name without a dot is
// a word like any other, so it counts only at the head of an address.
func mentions(text string, hosts []string) bool {
	text = strings.ReplaceAll(text, `\/`, "/") // as JSON is often written
	for _, host := range hosts {
		before := `(?:^|[^a-z0-9.-])`
		if !strings.ContainsAny(host, ".:") {
			before = `(?:://|@)`
		}
		if regexp.MustCompile(`(?i)` + before + regexp.QuoteMeta(host) + `(?:$|[^a-z0-9.-])`).MatchString(text) {
			return true
		}
	}
	return false
}

// distinct returns a sorted list of the texts that are not empty, each once.
func distinct(list ...string) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
	slices.Sort(list)
	return slices.Compact(list)
}
