package schema

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"
	"strconv"
	"time"

	"jogetferry/migration"
)

// Storage types of workflow variables: SHKProcessData.VariableType.
const (
	typeBoolean = iota
	typeLong
	typeDouble
	typeString
	typeDate
	typeObject // serialized by Java
)

// zonesTTL is how long the zones of a server are believed. They change twice a year, or
// when it is restarted in another one.
const zonesTTL = time.Minute

// Zones returns the offsets from UTC that the server's Java machine was seen with: each
// engine time has that of its moment beside it (docs/joget.md#times). It goes through
// the open instances, at most once a minute.
func (r *Reader) Zones(ctx context.Context) (migration.Zones, error) {
	if zones, ok := r.db.zones.Get(struct{}{}); ok {
		return zones, nil
	}
	offsets, err := read(ctx, r, "read the time zone of the server", selectZones, nil, func(scan scanner) (minutes int, err error) {
		var millis, seen int64
		err = scan(&millis, &seen)
		return int(millis / time.Minute.Milliseconds()), err
	})
	if err != nil {
		return "", err
	}
	zones := migration.ZonesOf(offsets)
	if zones != "" { // of a server on which nothing was started, the next one tells
		r.db.zones.Add(struct{}{}, zones)
	}
	return zones, nil
}

// variableRow is one row of SHKProcessData or SHKActivityData. A long
// serialized value has several, in the order of number.
type variableRow struct {
	owner   int64
	name    string
	kind    int
	text    sql.NullString
	long    sql.NullInt64
	double  sql.NullFloat64
	boolean sql.NullInt64
	date    sql.NullString
	blob    []byte
	number  int64 // OrdNo
}

// variables reads the variables of owners (oids of instances or activities).
func (r *Reader) variables(ctx context.Context, query string, owners []int64) (map[int64][]migration.Variable, error) {
	type key struct {
		owner int64
		name  string
	}
	var order []key
	rows := map[key][]variableRow{}
	err := batched(owners, func(part []int64) error {
		found, err := read(ctx, r, "read variables", withLists(query, len(part)), args(part), func(scan scanner) (v variableRow, err error) {
			return v, scan(&v.owner, &v.name, &v.kind, &v.text, &v.long, &v.double, &v.boolean, &v.date, &v.blob, &v.number)
		})
		for _, v := range found {
			k := key{v.owner, v.name}
			if rows[k] == nil {
				order = append(order, k)
			}
			rows[k] = append(rows[k], v)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	all := make(map[int64][]migration.Variable, len(owners))
	for _, k := range order {
		// Few values have several rows, so the server need not sort them all.
		slices.SortFunc(rows[k], func(a, b variableRow) int { return cmp.Compare(a.number, b.number) })
		v := variable(rows[k])
		if rows[k][0].kind == typeDate {
			if v.Zones, err = r.Zones(ctx); err != nil {
				return nil, err
			}
		}
		all[k.owner] = append(all[k.owner], v)
	}
	for _, list := range all {
		slices.SortFunc(list, func(a, b migration.Variable) int { return cmp.Compare(a.Name, b.Name) })
	}
	return all, nil
}

// variable makes a variable of its rows, at least one.
func variable(rows []variableRow) migration.Variable {
	first := rows[0]
	v := migration.Variable{Name: first.name, Kind: migration.VariableUnreadable}
	if first.kind == typeObject {
		return object(v, rows)
	}
	if len(rows) > 1 {
		return v
	}
	set := func(kind migration.VariableKind, valid bool, value string) migration.Variable {
		v.Kind, v.Value = kind, value
		if !valid {
			v.Kind, v.Value = migration.VariableNull, ""
		}
		return v
	}
	switch first.kind {
	case typeBoolean:
		return set(migration.VariableBoolean, first.boolean.Valid, strconv.FormatBool(first.boolean.Int64 != 0))
	case typeLong:
		return set(migration.VariableInteger, first.long.Valid, strconv.FormatInt(first.long.Int64, 10))
	case typeDouble:
		return set(migration.VariableFloat, first.double.Valid, formatFloat(first.double.Float64))
	case typeString:
		return set(migration.VariableString, first.text.Valid, first.text.String)
	case typeDate:
		return set(migration.VariableDate, first.date.Valid, first.date.String)
	}
	return v
}

// object decodes a serialized value from its chunks.
func object(v migration.Variable, rows []variableRow) migration.Variable {
	var stream []byte
	for _, row := range rows {
		if row.kind != typeObject {
			return v
		}
		stream = append(stream, row.blob...)
	}
	if len(stream) == 0 {
		v.Kind = migration.VariableNull
		return v
	}
	text, null, err := decodeJavaString(stream)
	switch {
	case err != nil:
	case null:
		v.Kind = migration.VariableNull
	default:
		v.Kind, v.Value = migration.VariableString, text
	}
	return v
}

// formatFloat gives the shortest decimal text that reads back as f, with an
// exponent only where it would be very long.
func formatFloat(f float64) string {
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
