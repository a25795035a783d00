package schema

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// States are the state names both state tables hold, in the order of their
// fixed object ids (docs/joget.md#states).
var States = []string{
	"open.running",
	"open.not_running.not_started",
	"open.not_running.suspended",
	"closed.completed",
	"closed.terminated",
	"closed.aborted",
}

// First object ids: states take 1000000 to 1000011, a fresh server continues at firstFreeOID.
const (
	firstStateOID = 1000000
	firstFreeOID  = 1000200
)

// ProcessStateOID is SHKProcessStates.oid of a state of States; 0 if unknown.
func ProcessStateOID(state string) int64 { return stateOID(state, 0) }

// ActivityStateOID is SHKActivityStates.oid of a state of States; 0 if unknown.
func ActivityStateOID(state string) int64 { return stateOID(state, 1) }

func stateOID(state string, offset int64) int64 {
	i := slices.Index(States, state)
	if i < 0 {
		return 0
	}
	return firstStateOID + 2*int64(i) + offset
}

// Create writes all tables, the state rows, the directory and the settings of
// a fresh v8 server with a master login into an empty database. It is not
// repeatable: on a database that has any of the tables it returns an error and
// leaves what it made so far.
func Create(ctx context.Context, db *sql.DB) error {
	for _, ddl := range Statements() {
		if _, err := db.ExecContext(ctx, ddl); err != nil {
			head, _, _ := strings.Cut(ddl, "\n")
			return fmt.Errorf("%s: %w", head, err)
		}
	}
	return InTransaction(ctx, db, nil, func(tx *sql.Tx) error {
		w := inserter(ctx, tx)
		for _, s := range States {
			w.put(insertProcessState, s, s, ProcessStateOID(s))
			w.put(insertActivityState, s, s, ActivityStateOID(s))
		}
		w.put(insertObjectID, firstFreeOID)
		w.put(insertSetting, "setup-1", "deleteProcessOnCompletion", "archive")
		w.put(insertSetting, "setup-2", "masterLoginUsername", MasterUser)
		w.put(insertSetting, "setup-3", "masterLoginPassword", MasterPassword)
		if w.err != nil {
			return fmt.Errorf("filling the schema: %w", w.err)
		}
		return writeDirectory(ctx, tx)
	})
}

// Missing lists what the database lacks of the schema, in declared order:
// "Table" or "Table.Column". Table names are compared exactly, as Joget on
// Linux does; column names ignore case, as MySQL does. Nil means complete.
func Missing(ctx context.Context, db *sql.DB) ([]string, error) {
	have, err := columns(ctx, db)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, t := range Tables() {
		if have[t.Name] == nil {
			missing = append(missing, t.Name)
			continue
		}
		for _, c := range t.Columns {
			if !have[t.Name][strings.ToLower(c.Name)] {
				missing = append(missing, t.Name+"."+c.Name)
			}
		}
	}
	return missing, nil
}

// columns reads table name -> lower-case column names of the current database.
func columns(ctx context.Context, db *sql.DB) (map[string]map[string]bool, error) {
	have := map[string]map[string]bool{}
	err := Each(ctx, db, func(scan func(...any) error) error {
		var table, column string
		if err := scan(&table, &column); err != nil {
			return err
		}
		if have[table] == nil {
			have[table] = map[string]bool{}
		}
		have[table][strings.ToLower(column)] = true
		return nil
	}, selectColumns)
	if err != nil {
		return nil, fmt.Errorf("reading the catalogue: %w", err)
	}
	return have, nil
}
