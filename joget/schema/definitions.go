package schema

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"

	"jogetferry/migration"
)

// AppVersion is one version of an app and the package it holds.
type AppVersion struct {
	Version   int64
	Published bool
	Package   string // package ID, "" without a deployed package
	// PackageVersion is the version of the XPDL package, 0 without one; app
	// version and package version differ.
	PackageVersion int64
}

// App is an app with its versions, ascending.
type App struct {
	ID       string
	Versions []AppVersion
}

// Published returns the published version; false if there is none.
func (a App) Published() (AppVersion, bool) {
	i := slices.IndexFunc(a.Versions, func(v AppVersion) bool { return v.Published })
	if i < 0 {
		return AppVersion{}, false
	}
	return a.Versions[i], true
}

// App reads an app. CodeNotFound: there is none of that ID.
func (r *Reader) App(ctx context.Context, id string) (App, error) {
	const op = "read app"
	type row struct {
		app string
		AppVersion
	}
	rows, err := read(ctx, r, op, selectApps, args(id), func(scan scanner) (v row, err error) {
		var published bit
		err = scan(&v.app, &v.Version, &published)
		v.Published = bool(published)
		return v, err
	})
	if err != nil {
		return App{}, err
	}
	packages, err := read(ctx, r, op, selectAppPackages, args(id), func(scan scanner) (v row, err error) {
		return v, scan(&v.app, &v.Version, &v.Package, &v.PackageVersion)
	})
	if err != nil {
		return App{}, err
	}
	app := App{ID: id}
	for _, v := range rows {
		if v.app != id {
			continue
		}
		i := slices.IndexFunc(packages, func(p row) bool { return p.app == id && p.Version == v.Version })
		if i >= 0 {
			v.Package, v.PackageVersion = packages[i].Package, packages[i].PackageVersion
		}
		app.Versions = append(app.Versions, v.AppVersion)
	}
	if len(app.Versions) == 0 {
		return App{}, migration.E(migration.CodeNotFound, op, id, "")
	}
	return app, nil
}

// bit scans a bit(1) column, which servers send as a byte, and a number from those
// that have no bit type.
type bit bool

// Scan implements sql.Scanner.
func (b *bit) Scan(value any) error {
	switch v := value.(type) {
	case []byte:
		*b = bit(len(v) > 0 && v[len(v)-1] != 0 && v[len(v)-1] != '0')
	case string:
		return b.Scan([]byte(v))
	case int64:
		*b = v != 0
	case uint64:
		*b = v != 0
	case bool:
		*b = bit(v)
	default:
		*b = false
	}
	return nil
}

// PublishedDefinition returns the definition of the same process in the
// package that the published version of its app holds: what
// migration.Latest stands for. CodeNotFound, with a hint: no such app, none
// published, or the process is not in it; then the definition that it would be
// is returned all the same.
func (r *Reader) PublishedDefinition(ctx context.Context, def migration.DefinitionID) (migration.DefinitionID, error) {
	missing := func(hint string) error {
		return &migration.Error{Code: migration.CodeNotFound, Op: "find the published definition", Subject: def.Key(), Hint: hint}
	}
	app, err := r.App(ctx, def.Package)
	switch {
	case migration.CodeOf(err) == migration.CodeNotFound:
		return migration.DefinitionID{}, missing("import the app and publish it")
	case err != nil:
		return migration.DefinitionID{}, err
	}
	version, ok := app.Published()
	if !ok {
		return migration.DefinitionID{}, missing("publish a version of the app")
	}
	if version.Package == "" {
		return migration.DefinitionID{}, missing("the published version of the app has no processes")
	}
	published := migration.DefinitionID{Package: version.Package, Version: strconv.FormatInt(version.PackageVersion, 10), Process: def.Process}
	names, err := read(ctx, r, "read process definitions", selectDefinition, args(published.String()), func(scan scanner) (name string, err error) {
		return name, scan(&name)
	})
	switch {
	case err != nil:
		return migration.DefinitionID{}, err
	case !slices.Contains(names, published.String()):
		return published, missing("the published version of the app does not have the process")
	}
	return published, nil
}

// Definitions returns all process definitions that were ever deployed, sorted.
func (r *Reader) Definitions(ctx context.Context) ([]migration.DefinitionID, error) {
	ids, err := read(ctx, r, "read process definitions", selectDefinitions, nil, func(scan scanner) (migration.DefinitionID, error) {
		var oid int64
		var name string
		err := scan(&oid, &name)
		return splitDefinition(name), err
	})
	slices.SortFunc(ids, func(a, b migration.DefinitionID) int { return cmp.Compare(a.String(), b.String()) })
	return ids, err
}

// XPDL returns the package file as deployed. CodeNotFound: the engine does not
// have that version.
func (r *Reader) XPDL(ctx context.Context, pkg, version string) ([]byte, error) {
	type row struct {
		id      string
		content []byte
	}
	rows, err := read(ctx, r, "read XPDL", selectXPDL, args(pkg, version), func(scan scanner) (v row, err error) {
		return v, scan(&v.id, &v.content)
	})
	if err != nil {
		return nil, err
	}
	for _, v := range rows {
		if v.id == pkg && len(v.content) > 0 {
			return v.content, nil
		}
	}
	return nil, migration.E(migration.CodeNotFound, "read XPDL", pkg+"#"+version, "")
}

// FormDefinition is a row of app_form.
type FormDefinition struct {
	Version int64 // of its app
	ID      string
	Table   string // without app_fd_; "" for a form without one
	JSON    []byte // nil for none
}

func scanForm(scan scanner, app *string) (f FormDefinition, err error) {
	var table sql.NullString
	err = scan(app, &f.Version, &f.ID, &table, &f.JSON)
	f.Table = table.String
	return f, err
}

// EachForm calls f with the forms of all versions of an app, which share
// tables, by version and ID, as they are read: together they may be large.
func (r *Reader) EachForm(ctx context.Context, app string, f func(FormDefinition)) error {
	_, err := read(ctx, r, "read forms", selectForms, args(app), func(scan scanner) (struct{}, error) {
		var of string
		form, err := scanForm(scan, &of)
		if err == nil && of == app {
			f(form)
		}
		return struct{}{}, err
	})
	return err
}

// SameForms returns for each of ids the IDs of the app's forms, of any version, that
// Joget finds under it, each once: the database's collation decides
// (docs/joget.md#form-definitions). An ID under which it finds none is left out.
func (r *Reader) SameForms(ctx context.Context, app string, ids []string) (map[string][]string, error) {
	same := map[string][]string{}
	for _, id := range ids {
		found, err := r.formIDs(ctx, selectSameForms, app, id)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			same[id] = found
		}
	}
	return same, nil
}

// UsedVersions returns the versions of an app that are published, or have open
// instances; without a published one the highest, too. None: no such app.
func (r *Reader) UsedVersions(ctx context.Context, app string) ([]AppVersion, error) {
	found, err := r.App(ctx, app)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	running, err := r.OpenDefinitions(ctx)
	if err != nil {
		return nil, err
	}
	current, ok := found.Published()
	if !ok {
		current = found.Versions[len(found.Versions)-1]
	}
	return slices.DeleteFunc(found.Versions, func(v AppVersion) bool {
		return v.Version != current.Version && !slices.ContainsFunc(running, func(d migration.DefinitionID) bool {
			return d.Package == v.Package && d.Version == strconv.FormatInt(v.PackageVersion, 10)
		})
	}), nil
}

// AppsOn returns the apps that have forms on any of the tables (without app_fd_), of
// any version, by ID.
func (r *Reader) AppsOn(ctx context.Context, tables []string) (apps []string, err error) {
	err = batched(tables, func(part []string) error {
		found, err := read(ctx, r, "look for apps on form tables", withLists(selectSharers, len(part)), args(part), func(scan scanner) (id string, err error) { return id, scan(&id) })
		apps = append(apps, found...)
		return err
	})
	slices.Sort(apps)
	return slices.Compact(apps), err
}

// MappedForms returns the form IDs that activities are mapped to in any version of
// a package, as they are written there, each once.
func (r *Reader) MappedForms(ctx context.Context, pkg string) ([]string, error) {
	return r.formIDs(ctx, selectMappedForms, pkg)
}

// formIDs reads IDs of forms of one owner, which is the first of values.
func (r *Reader) formIDs(ctx context.Context, query, owner string, values ...string) ([]string, error) {
	var ids []string
	_, err := read(ctx, r, "read form IDs", query, args(owner, values), func(scan scanner) (struct{}, error) {
		var of string
		var id sql.NullString
		err := scan(&of, &id)
		if err == nil && of == owner && id.String != "" && !slices.Contains(ids, id.String) {
			ids = append(ids, id.String)
		}
		return struct{}{}, err
	})
	return ids, err
}

// Forms returns the forms of an app version, by ID. Nil: no such version or no forms.
func (r *Reader) Forms(ctx context.Context, app string, version int64) ([]FormDefinition, error) {
	return ofVersion(ctx, r, selectFormsOf, app, version, scanForm)
}

// ActivityForms returns the form mappings of a package version, by process and activity.
func (r *Reader) ActivityForms(ctx context.Context, pkg string, version int64) ([]migration.ActivityForm, error) {
	return ofVersion(ctx, r, selectActivityForms, pkg, version, func(scan scanner, id *string) (v migration.ActivityForm, err error) {
		var kind, form sql.NullString
		err = scan(id, &v.Process, &v.Activity, &kind, &form)
		v.Type, v.Form = kind.String, form.String
		return v, err
	})
}

// ActivityPlugins returns the plugin mappings of a package version, by process and activity.
func (r *Reader) ActivityPlugins(ctx context.Context, pkg string, version int64) ([]migration.ActivityPlugin, error) {
	return ofVersion(ctx, r, selectActivityPlugins, pkg, version, func(scan scanner, id *string) (v migration.ActivityPlugin, err error) {
		var plugin, properties sql.NullString
		err = scan(id, &v.Process, &v.Activity, &plugin, &properties)
		v.Plugin, v.Properties = plugin.String, properties.String
		return v, err
	})
}

// Participants returns the participant mappings of a package version, by process and participant.
func (r *Reader) Participants(ctx context.Context, pkg string, version int64) ([]migration.Participant, error) {
	return ofVersion(ctx, r, selectParticipants, pkg, version, func(scan scanner, id *string) (v migration.Participant, err error) {
		var kind, value, properties sql.NullString
		err = scan(id, &v.Process, &v.Participant, &kind, &value, &properties)
		v.Type, v.Value, v.Properties = kind.String, value.String, properties.String
		return v, err
	})
}

// ofVersion reads rows of one version of a package or app. row puts the owner's ID
// into id, because the server may find IDs equal that are not.
func ofVersion[T any](ctx context.Context, r *Reader, query, owner string, version int64, row func(scan scanner, id *string) (T, error)) ([]T, error) {
	type found struct {
		id string
		v  T
	}
	rows, err := read(ctx, r, "read mappings", query, args(owner, version), func(scan scanner) (f found, err error) {
		f.v, err = row(scan, &f.id)
		return f, err
	})
	var list []T
	for _, f := range rows {
		if f.id == owner {
			list = append(list, f.v)
		}
	}
	return list, err
}
