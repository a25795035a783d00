package schema

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"jogetferry/internal/database"
	"jogetferry/migration"
)

// Table returns the quoted real name of a table whose name is known but for
// its case: dumps of Windows and macOS servers are lower case. The exact name
// wins. CodeUnsupported: there is no such table, or several and none exact.
func (d *DB) Table(ctx context.Context, name string) (string, error) {
	if found, ok, err := d.find(name); ok || err != nil {
		return found, err
	}
	// Joget creates form tables when they are first used.
	if err := d.Refresh(ctx); err != nil {
		return "", err
	}
	found, ok, err := d.find(name)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", migration.E(migration.CodeUnsupported, "look up table", name, "the database has no such table")
	}
	return found, nil
}

// Has reports whether the table existed when table names were last read.
func (d *DB) Has(name string) bool {
	_, ok, err := d.find(name)
	return ok && err == nil
}

func (d *DB) find(name string) (string, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	known := d.tables[strings.ToLower(name)]
	switch {
	case len(known) == 0:
		return "", false, nil
	case slices.Contains(known, name):
		return database.Quote(name), true, nil
	case len(known) > 1:
		return "", false, migration.E(migration.CodeUnsupported, "look up table", name, "%d tables differ from it in case only", len(known))
	}
	return database.Quote(known[0]), true, nil
}

// Refresh reads the names of the tables again: some may have been dropped.
func (d *DB) Refresh(ctx context.Context) error {
	names, err := collect(ctx, d.pool, selectTables, nil, func(scan scanner) (string, error) {
		var name string
		return name, scan(&name)
	})
	if err != nil {
		return wrap("read the names of tables", err)
	}
	tables := make(map[string][]string, len(names))
	for _, name := range names {
		tables[strings.ToLower(name)] = append(tables[strings.ToLower(name)], name)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tables = tables
	return nil
}

// placeholder is a table name in the text of a query: "{SHKProcesses}".
var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// expand puts real table names into a query.
func (d *DB) expand(ctx context.Context, query string) (string, error) {
	var failed error
	text := placeholder.ReplaceAllStringFunc(query, func(match string) string {
		name, err := d.Table(ctx, strings.Trim(match, "{}"))
		if err != nil && failed == nil {
			failed = err
		}
		return name
	})
	return text, failed
}

// list returns "?,?,?" for n values.
func list(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// withLists replaces each "(...)" of query, in order, by as many placeholders.
func withLists(query string, sizes ...int) string {
	for _, n := range sizes {
		query = strings.Replace(query, "(...)", "("+list(n)+")", 1)
	}
	return query
}

// args makes query arguments of slices and single values.
func args(values ...any) []any {
	var out []any
	for _, v := range values {
		switch v := v.(type) {
		case []int64:
			for _, x := range v {
				out = append(out, x)
			}
		case []string:
			for _, x := range v {
				out = append(out, x)
			}
		case []migration.RecordID:
			for _, x := range v {
				out = append(out, string(x))
			}
		case []migration.InstanceID:
			for _, x := range v {
				out = append(out, string(x))
			}
		case string, int, int64:
			out = append(out, v)
		default:
			panic(fmt.Sprintf("schema: no argument of type %T", v))
		}
	}
	return out
}
