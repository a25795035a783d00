package schema

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"jogetferry/internal/database"
	"jogetferry/migration"
)

// VariableRow is a row of the engine that holds a variable, as it was read.
type VariableRow struct {
	Activity migration.ActivityID // whose own it is; "" for the instance's
	Variable migration.Variable   // as it is
	table    string               // of the two
	oid      int64
	version  int64
	kind     int  // VariableType
	split    bool // over several rows
}

// VariableRows reads the variables of an instance and of its open activities, each with
// the version of its row. None: the engine does not have the instance.
func (r *Reader) VariableRows(ctx context.Context, instance migration.InstanceID) ([]VariableRow, error) {
	_, states, err := r.states(ctx)
	if err != nil {
		return nil, err
	}
	own, err := r.variableRows(ctx, selectProcessRows, processData, args(string(instance)))
	if err != nil {
		return nil, err
	}
	copies, err := r.variableRows(ctx, withLists(selectActivityRows, len(open(states))), activityData, args(string(instance), open(states)))
	return slices.Concat(own, copies), err
}

// The tables of variables.
const (
	processData  = "SHKProcessData"
	activityData = "SHKActivityData"
)

func (r *Reader) variableRows(ctx context.Context, query, table string, args []any) ([]VariableRow, error) {
	found, err := read(ctx, r, "read variables", query, args, func(scan scanner) (row VariableRow, err error) {
		var v variableRow
		row.table = table
		err = scan(&row.Activity, &row.oid, &row.version, &v.name, &v.kind, &v.text, &v.long, &v.double, &v.boolean, &v.date, &v.blob, &v.number)
		row.kind, row.Variable = v.kind, variable([]variableRow{v})
		return row, err
	})
	if err != nil {
		return nil, err
	}
	for i := range found {
		row := &found[i]
		row.split = slices.ContainsFunc(found, func(other VariableRow) bool {
			return other.oid != row.oid && other.Activity == row.Activity && other.Variable.Name == row.Variable.Name
		})
		if row.kind == typeDate {
			if row.Variable.Zones, err = r.Zones(ctx); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// Written is a value for a row. Value is as the source has it: Writable says whether
// the row can hold it.
type Written struct {
	Row   VariableRow
	Value migration.Variable
}

// Writable returns a value as it stands in the row afterwards; ok is false where the
// type of the row has no place for it, or it is not known which moment a date is there.
func (r VariableRow) Writable(value migration.Variable) (as migration.Variable, ok bool) {
	moved, known := value.InZones(r.Variable.Zones)
	if !known || r.split {
		return value, false
	}
	as, ok = moved.As(r.holds())
	as.Zones = r.Variable.Zones
	return as, ok
}

// holds returns what the type of the row keeps.
func (r VariableRow) holds() migration.VariableKind {
	switch r.kind {
	case typeBoolean:
		return migration.VariableBoolean
	case typeLong:
		return migration.VariableInteger
	case typeDouble:
		return migration.VariableFloat
	case typeString:
		return migration.VariableString
	case typeDate:
		return migration.VariableDate
	case typeObject:
		if r.Variable.Kind == migration.VariableString {
			return migration.VariableString
		}
	}
	return migration.VariableUnreadable
}

// mostChars is how many characters of Java a text may have that stands in VariableValueVCHAR.
const mostChars = 4000

// columns are the values of setColumns for a value that Writable returned: VariableType
// stays, but for a text, whose length decides it. Columns that are not used are as the
// engine leaves them (docs/joget.md#engine-tables).
func (r VariableRow) columns(v migration.Variable) ([]any, error) {
	c := []any{r.kind, []byte{0}, nil, 0, 0, nil, 0}
	null := v.Kind == migration.VariableNull
	var err error
	switch r.holds() {
	case migration.VariableBoolean:
		c[6] = nullOr(null, v.Value == "true")
	case migration.VariableInteger:
		var n int64
		if !null {
			n, err = strconv.ParseInt(v.Value, 10, 64)
		}
		c[4] = nullOr(null, n)
	case migration.VariableFloat:
		var f float64
		if !null {
			f, err = strconv.ParseFloat(v.Value, 64)
		}
		c[3] = nullOr(null, f)
	case migration.VariableDate:
		c[5] = nullOr(null, v.Value)
	case migration.VariableString:
		c[0], c[1], c[2] = typeString, nil, nullOr(null, v.Value)
		if len(utf16.Encode([]rune(v.Value))) > mostChars {
			c[0], c[1], c[2] = typeObject, encodeJavaString(v.Value), nil
		}
	case migration.VariableNull, migration.VariableUnreadable:
		err = errors.New("the type of the row is not known")
	}
	return c, err
}

func nullOr[T any](null bool, value T) any {
	if null {
		return nil
	}
	return value
}

// ErrMoved says that an instance is not any more as it was when it was decided what to
// write: a row has another version, or an activity another state. Nothing was written.
var ErrMoved = errors.New("it moved on")

// CommitError says that nobody knows whether a transaction was committed.
type CommitError struct{ Err error }

// Error names the cause.
func (e *CommitError) Error() string { return "commit variables: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *CommitError) Unwrap() error { return e.Err }

// WriteVariables writes values of an instance and of its open activities in one
// transaction, each where the version of its row is still the one that was read.
// activities are those that the instance had open when that was decided, and they are
// held until the end, so that nobody accepts one meanwhile. confirm is asked when all is
// written and nothing is committed: its error takes all back, and is returned.
//
// ErrMoved: nothing was written, look again. *CommitError: it may be written. Any other
// error: it is not.
func (d *DB) WriteVariables(ctx context.Context, instance migration.InstanceID, activities []migration.OpenActivity, list []Written, confirm func(context.Context) error) error {
	const op = "write variables"
	return d.locked(ctx, op, instance, func(tx *sql.Tx, open map[migration.ActivityID]lockedActivity, versions map[rowKey]int64) error {
		same := len(open) == len(activities)
		for _, a := range activities {
			now, is := open[a.ID]
			same = same && is && now.state == a.State && now.version == a.Version
		}
		if !same {
			return ErrMoved
		}
		for _, w := range list {
			if version, is := versions[rowKey{w.Row.table, w.Row.oid}]; !is || version != w.Row.version {
				return ErrMoved
			}
			if err := d.writeRow(ctx, tx, op, w); err != nil {
				return err
			}
		}
		return confirm(ctx)
	})
}

func (d *DB) writeRow(ctx context.Context, tx *sql.Tx, op string, w Written) error {
	as, ok := w.Row.Writable(w.Value)
	columns, err := w.Row.columns(as)
	if !ok || err != nil {
		return &migration.Error{Code: migration.CodeUnsupported, Op: op, Subject: w.Row.Variable.Name, Hint: "the variable has another type on the target, and the value does not fit"}
	}
	query := updateProcessRow
	if w.Row.table == activityData {
		query = updateActivityRow
	}
	text, err := d.expand(ctx, query)
	if err != nil {
		return err
	}
	done, err := tx.ExecContext(ctx, text, append(columns, w.Row.oid, w.Row.version)...)
	if err != nil {
		return database.Failure(op, w.Row.Variable.Name, err)
	}
	if n, err := done.RowsAffected(); err != nil || n != 1 {
		return errors.Join(ErrMoved, err)
	}
	return nil
}

// WithVariablesLocked calls do while nobody else can write the variables of an instance:
// whoever has written some and not committed is waited for, for as long as the server
// lets anybody wait, and whoever comes later waits. What is written then by
// WriteVariables is confirmed after do.
func (d *DB) WithVariablesLocked(ctx context.Context, instance migration.InstanceID, do func(context.Context) error) error {
	return d.locked(ctx, "lock variables", instance, func(*sql.Tx, map[migration.ActivityID]lockedActivity, map[rowKey]int64) error {
		return do(ctx)
	})
}

type (
	rowKey struct {
		table string
		oid   int64
	}
	lockedActivity struct {
		oid, version int64
		state        migration.State
	}
)

// locked calls do in a transaction in which the rows of the variables of an instance,
// and of its open activities, are locked, and commits unless do fails.
func (d *DB) locked(ctx context.Context, op string, instance migration.InstanceID, do func(*sql.Tx, map[migration.ActivityID]lockedActivity, map[rowKey]int64) error) (err error) {
	_, states, err := d.Fresh().states(ctx)
	if err != nil {
		return err
	}
	tx, err := d.pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return wrap(op, err)
	}
	defer func() {
		if rolled := tx.Rollback(); !errors.Is(rolled, sql.ErrTxDone) {
			err = errors.Join(err, wrap(op, rolled))
		}
	}()
	activities, rows, err := d.lock(ctx, tx, op, instance, states)
	if err != nil {
		return err
	}
	if err := do(tx, activities, rows); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return &CommitError{wrap(op, err)}
	}
	return nil
}

func (d *DB) lock(ctx context.Context, tx *sql.Tx, op string, instance migration.InstanceID, states map[int64]migration.State) (map[migration.ActivityID]lockedActivity, map[rowKey]int64, error) {
	r := &Reader{db: d, q: tx}
	process, err := read(ctx, r, op, lockInstance, args(string(instance)), func(scan scanner) (oid int64, err error) {
		var state int64
		return oid, scan(&oid, &state)
	})
	if err != nil || len(process) == 0 {
		return nil, nil, err
	}
	activities := map[migration.ActivityID]lockedActivity{}
	var oids []int64
	_, err = read(ctx, r, op, withLists(lockActivities, len(open(states))), args(process[0], open(states)), func(scan scanner) (struct{}, error) {
		var a lockedActivity
		var id migration.ActivityID
		var state int64
		err := scan(&a.oid, &id, &state, &a.version)
		a.state = states[state]
		activities[id], oids = a, append(oids, a.oid)
		return struct{}{}, err
	})
	if err != nil {
		return nil, nil, err
	}
	versions := map[rowKey]int64{}
	rows := func(table, query string, args []any) error {
		_, err := read(ctx, r, op, query, args, func(scan scanner) (struct{}, error) {
			var oid, version int64
			err := scan(&oid, &version)
			versions[rowKey{table, oid}] = version
			return struct{}{}, err
		})
		return err
	}
	err = rows(processData, lockProcessRows, args(process[0]))
	if err == nil && len(oids) > 0 {
		err = rows(activityData, withLists(lockActivityRows, len(oids)), args(oids))
	}
	return activities, versions, err
}

// variableColumns are the types of the columns that are written, and how long a text in
// them has to be able to be; both tables have them (docs/joget.md#engine-tables).
var variableColumns = map[string]struct {
	types []string
	least int64
}{
	"variabletype": {types: []string{"int"}}, "variablevalue": {types: []string{"mediumblob", "longblob"}}, "variablevaluevchar": {[]string{"varchar"}, mostChars},
	"variablevaluedbl": {types: []string{"double"}}, "variablevaluelong": {types: []string{"bigint"}}, "variablevaluedate": {types: []string{"datetime"}},
	"variablevaluebool": {types: []string{"smallint"}}, "version": {types: []string{"int"}}, "oid": {types: []string{"decimal"}},
}

// VariablesUnwritable says why the account cannot write variables: it lacks a right, or
// the tables are not as they have to be. "" if it can. It changes nothing.
func (d *DB) VariablesUnwritable(ctx context.Context) (string, error) {
	const op = "prove that variables can be written"
	for table, proof := range map[string]string{processData: proveProcessRow, activityData: proveActivityRow} {
		if why, err := d.strangeColumns(ctx, table); why != "" || err != nil {
			return why, err
		}
		text, err := d.expand(ctx, proof)
		if err != nil {
			return "", err
		}
		_, err = d.pool.ExecContext(ctx, text)
		switch class := database.ClassOf(err); {
		case err == nil:
		case class == database.Refuse:
			return "no SELECT and UPDATE on " + table, nil
		case class == database.Unsupported || class == database.Missing:
			return table + " refuses the change", nil
		default:
			return "", wrap(op, err)
		}
	}
	return "", nil
}

// strangeColumns says which column of a table is not as it has to be, "" for none.
func (d *DB) strangeColumns(ctx context.Context, table string) (string, error) {
	name, err := d.Table(ctx, table)
	if migration.CodeOf(err) == migration.CodeUnsupported {
		return "there is no table " + table, nil
	}
	if err != nil {
		return "", err
	}
	type column struct {
		name, kind string
		length     int64
	}
	found, err := read(ctx, d.Fresh(), "read the columns of a table", selectVariableColumns, args(strings.Trim(name, "`")), func(scan scanner) (c column, err error) {
		return c, scan(&c.name, &c.kind, &c.length)
	})
	if err != nil {
		return "", err
	}
	left := len(variableColumns)
	for _, c := range found {
		want, is := variableColumns[strings.ToLower(c.name)]
		if !is {
			continue
		}
		left--
		if !slices.Contains(want.types, strings.ToLower(c.kind)) || c.length < want.least {
			return fmt.Sprintf("%s.%s is %s(%d)", table, c.name, c.kind, c.length), nil
		}
	}
	if left > 0 {
		return table + " lacks columns", nil
	}
	return "", nil
}
