package schema

import (
	"context"
	"database/sql"
	"regexp"
	"slices"
	"strings"

	"jogetferry/migration"
)

// EnvironmentVariables returns the variables of an app version, by ID. Nil: none, or no such version.
func (r *Reader) EnvironmentVariables(ctx context.Context, app string, version int64) ([]migration.EnvironmentVariable, error) {
	return ofVersion(ctx, r, "app_env_variable", selectEnvironment, app, version, func(scan scanner, id *string) (v migration.EnvironmentVariable, err error) {
		var value sql.NullString
		err = scan(id, &v.ID, &value)
		v.Value = value.String
		return v, err
	})
}

// PluginDefaults returns the plugin defaults of an app version, by ID. Nil: none, or no such version.
func (r *Reader) PluginDefaults(ctx context.Context, app string, version int64) ([]migration.PluginDefault, error) {
	return ofVersion(ctx, r, "app_plugin_default", selectPluginDefaults, app, version, func(scan scanner, id *string) (v migration.PluginDefault, err error) {
		var properties sql.NullString
		err = scan(id, &v.ID, &properties)
		v.Properties = properties.String
		return v, err
	})
}

// ofVersion reads rows of one app version, whose app ID row puts into id. A
// table that the server lacks is empty.
func ofVersion[T any](ctx context.Context, r *Reader, table, query, app string, version int64, row func(scan scanner, id *string) (T, error)) ([]T, error) {
	if !r.db.Has(table) {
		return nil, nil
	}
	return mappings(ctx, r, query, app, version, row)
}

// className is a property that names a class, also inside JSON that is text
// within JSON, where quotes are escaped.
var className = regexp.MustCompile(`className\\*"\s*:\s*\\*"([\w$.]+)`)

// Classes returns the names of all classes that the definitions of all apps
// and versions mention: elements, binders, validators, tools and other plugins.
// It reads all definitions, one at a time; tables that the server lacks are empty.
func (r *Reader) Classes(ctx context.Context) (map[string]bool, error) {
	seen := map[string]bool{}
	for _, q := range selectClasses {
		if !r.db.Has(q.table) {
			continue
		}
		_, err := read(ctx, r, "read class names", q.query, nil, func(scan scanner) (none struct{}, err error) {
			var class, text sql.RawBytes
			if err := scan(&class, &text); err != nil {
				return none, err
			}
			if name := string(class); strings.Contains(name, ".") {
				seen[name] = true
			}
			for _, m := range className.FindAllSubmatch(text, -1) {
				seen[string(m[1])] = true
			}
			return none, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return seen, nil
}

// SharedRecords returns the records of running root instances that more than
// one of them has, or has but for case, accents or trailing spaces: what MySQL's usual
// collation takes for one. Nothing is returned of a record that is its instance's alone.
func (r *Reader) SharedRecords(ctx context.Context) ([]migration.SharedRecord, error) {
	states, _, err := r.states(ctx)
	if err != nil {
		return nil, err
	}
	const op = "read shared records"
	type group struct {
		key  string
		one  bool // all spelled alike
		last migration.SharedRecord
	}
	groups, err := read(ctx, r, op, withLists(selectSharedRecords, len(open(states))), args(open(states)), func(scan scanner) (g group, err error) {
		return g, scan(&g.key, &g.last.Record, &g.one, &g.last.Instances)
	})
	if err != nil {
		return nil, err
	}
	var shared []migration.SharedRecord
	var several []string
	for _, g := range groups {
		if g.one {
			shared = append(shared, g.last)
		} else {
			several = append(several, g.key)
		}
	}
	err = batched(several, func(part []string) error {
		type spelled struct {
			key string
			migration.SharedRecord
		}
		rows, err := read(ctx, r, op, withLists(selectSpellings, len(open(states)), len(part)), args(open(states), part), func(scan scanner) (s spelled, err error) {
			return s, scan(&s.key, &s.Record, &s.Instances)
		})
		for i := range rows {
			for _, other := range rows {
				if other.key == rows[i].key && other.Record != rows[i].Record {
					rows[i].Alike = append(rows[i].Alike, other.Record)
				}
			}
			slices.Sort(rows[i].Alike)
			shared = append(shared, rows[i].SharedRecord)
		}
		return err
	})
	return shared, err
}
