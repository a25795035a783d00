package schema

import (
	"bytes"
	"context"
	"database/sql"
	"regexp"
	"slices"
	"strings"

	"jogetferry/internal/database"
	"jogetferry/migration"
)

// EnvironmentVariables returns the variables of an app version, by ID. Nil: none, or no such version.
func (r *Reader) EnvironmentVariables(ctx context.Context, app string, version int64) ([]migration.EnvironmentVariable, error) {
	if !r.db.Has("app_env_variable") {
		return nil, nil
	}
	return ofVersion(ctx, r, selectEnvironment, app, version, func(scan scanner, id *string) (v migration.EnvironmentVariable, err error) {
		var value sql.NullString
		err = scan(id, &v.ID, &value)
		v.Value = value.String
		return v, err
	})
}

// PluginDefaults returns the plugin defaults of an app version, by ID. Nil: none, or no such version.
func (r *Reader) PluginDefaults(ctx context.Context, app string, version int64) ([]migration.PluginDefault, error) {
	if !r.db.Has("app_plugin_default") {
		return nil, nil
	}
	return ofVersion(ctx, r, selectPluginDefaults, app, version, func(scan scanner, id *string) (v migration.PluginDefault, err error) {
		var properties sql.NullString
		err = scan(id, &v.ID, &properties)
		v.Properties = properties.String
		return v, err
	})
}

// className is a property that names a class, also inside JSON that is text
// within JSON, where quotes are escaped.
var className = regexp.MustCompile(`className\\*"\s*:\s*\\*"([\w$.]+)`)

// ClassNames returns the classes that the JSON of a definition or of a plugin's
// properties names, at any depth, in their order; also of JSON that is broken.
func ClassNames(text string) []string {
	var names []string
	for _, m := range className.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}

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
			for _, name := range ClassNames(string(text)) {
				seen[name] = true
			}
			return none, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return seen, nil
}

// SharedRecords returns the records of running instances of roots that more than
// one of them has, or has but for case, accents or trailing spaces: what MySQL's usual
// collation takes for one. Nothing is returned of a record that is its instance's alone.
func (r *Reader) SharedRecords(ctx context.Context, roots Roots) ([]migration.SharedRecord, error) {
	var shared, alike []migration.SharedRecord // alike: one for each spelling of the record at hand
	var weight []byte
	flush := func() {
		for _, s := range alike {
			for _, other := range alike {
				if other.Record != s.Record {
					s.Alike = append(s.Alike, other.Record)
				}
			}
			if s.Instances > 1 || len(s.Alike) > 0 {
				shared = append(shared, s)
			}
		}
		alike = alike[:0]
	}
	err := r.rootRecords(ctx, "read shared records", roots, func(record migration.RecordID, key []byte) {
		if !bytes.Equal(key, weight) {
			flush()
			weight = append(weight[:0], key...)
		}
		i := slices.IndexFunc(alike, func(s migration.SharedRecord) bool { return s.Record == record })
		if i < 0 {
			i = len(alike)
			alike = append(alike, migration.SharedRecord{Record: record})
		}
		alike[i].Instances++
	})
	flush()
	return shared, err
}

// RootRecords calls visit with the record of each running instance of roots; one that several
// have comes several times.
func (r *Reader) RootRecords(ctx context.Context, roots Roots, visit func(migration.RecordID)) error {
	return r.rootRecords(ctx, "read records", roots, func(record migration.RecordID, _ []byte) { visit(record) })
}

// rootRecords visits records in the order of a collation that takes no note of case,
// accents and trailing spaces, with their weight in it.
func (r *Reader) rootRecords(ctx context.Context, op string, roots Roots, visit func(record migration.RecordID, weight []byte)) error {
	states, _, err := r.states(ctx)
	if err != nil {
		return err
	}
	collated, err := r.linkCollation(ctx)
	if err != nil {
		return err
	}
	_, err = read(ctx, r, op, withLists(roots.in(collated.Replace(selectRootRecords)), len(open(states))), args(open(states)), func(scan scanner) (none struct{}, err error) {
		var record, weight sql.RawBytes
		if err = scan(&record, &weight); err == nil {
			visit(migration.RecordID(record), weight)
		}
		return none, err
	})
	return err
}

// linkCollation puts the collation of the links' processId into a query.
func (r *Reader) linkCollation(ctx context.Context) (*strings.Replacer, error) {
	const table, column = "wf_process_link", "processId"
	name, err := r.db.Table(ctx, table)
	if err != nil {
		return nil, err
	}
	rows, err := read(ctx, r, "read the collation of links", selectCollation, args(strings.Trim(name, "`"), column), func(scan scanner) (v [2]string, err error) {
		return v, scan(&v[0], &v[1])
	})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, migration.E(migration.CodeUnsupported, "read the collation of links", table, "there is no column %s", column)
	}
	return strings.NewReplacer("<charset>", database.Quote(rows[0][0]), "<collation>", database.Quote(rows[0][1])), nil
}
