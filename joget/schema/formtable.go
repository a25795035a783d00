package schema

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"

	"jogetferry/internal/database"
	"jogetferry/migration"
)

const (
	formTablePrefix  = "app_fd_" // before a form's tableName (FormDataDaoImpl)
	formColumnPrefix = "c_"      // before a field ID
)

// What Hibernate makes of the types of Joget's mapping (docs/joget.md#how-form-tables-come-and-grow).
const (
	hibernateString = "varchar(255)"
	hibernateText   = "longtext"
	hibernateTime   = "datetime"
	// hibernateFineTime came with the Hibernate of v8.
	hibernateFineTime = "datetime(6)"
)

// The generations of Joget that changed how form tables are made.
const (
	generationUsers   = 6 // createdBy, createdByName, modifiedBy, modifiedByName
	generationIndexes = 7 // idx_datecreated, idx_createdby
	generationFine    = 8 // fractions of a second
)

// FormColumn is a column of a form table as Joget makes it; Type is SQL. All but id may be NULL.
type FormColumn struct{ Name, Type string }

// FormColumns returns the columns that every form table has in a generation of Joget, in
// the order of its mapping; 0 is taken for the newest one.
func FormColumns(generation int) []FormColumn {
	moment := hibernateFineTime
	if generation != 0 && generation < generationFine {
		moment = hibernateTime
	}
	columns := []FormColumn{{"id", hibernateString}, {"dateCreated", moment}, {"dateModified", moment}}
	if generation != 0 && generation < generationUsers {
		return columns
	}
	return append(columns, FormColumn{"createdBy", hibernateString}, FormColumn{"createdByName", hibernateString},
		FormColumn{"modifiedBy", hibernateString}, FormColumn{"modifiedByName", hibernateString})
}

// fieldColumn is the name of a column that Joget makes for a field.
var fieldColumn = regexp.MustCompile(`^(?i:c_)[0-9a-zA-Z_-]+$`)

// maxColumnName is how many characters MySQL lets a column's name have.
const maxColumnName = 64

// FormColumnOf returns a column as Joget makes it, by its name: of a field, or one that form
// tables have in some generation. False: Joget makes none of that name.
func FormColumnOf(generation int, name string) (FormColumn, bool) {
	for _, c := range slices.Concat(FormColumns(generation), FormColumns(0)) {
		if strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return FormColumn{name, hibernateText}, len(name) <= maxColumnName && fieldColumn.MatchString(name)
}

// OfEveryTable reports whether a column is no field's.
func OfEveryTable(name string) bool { return has(FormColumns(0), name) }

func has(columns []FormColumn, name string) bool {
	return slices.ContainsFunc(columns, func(c FormColumn) bool { return strings.EqualFold(c.Name, name) })
}

// FormTable returns the columns of a form table: those of its generation, and these besides,
// in their order, unless there is one of its name.
func FormTable(generation int, columns []FormColumn) []FormColumn {
	all := FormColumns(generation)
	for _, c := range columns {
		if !has(all, c.Name) {
			all = append(all, c)
		}
	}
	return all
}

// CreateFormTable returns the statement that makes a form table (without app_fd_) with the
// columns of FormTable. Charset and collation are the database's, as with Joget's own.
func CreateFormTable(table string, generation int, columns []FormColumn) string {
	all := FormTable(generation, columns)
	parts := make([]string, 0, len(all)+len("3 keys"))
	for _, c := range all {
		part := database.Quote(c.Name) + " " + c.Type
		if c.Name == "id" {
			part += " NOT NULL"
		}
		parts = append(parts, part)
	}
	parts = append(parts, "PRIMARY KEY (`id`)")
	if generation == 0 || generation >= generationIndexes {
		parts = append(parts, "KEY `idx_datecreated` (`dateCreated`)", "KEY `idx_createdby` (`createdBy`)")
	}
	return "CREATE TABLE IF NOT EXISTS " + database.Quote(formTablePrefix+table) + " (" + strings.Join(parts, ", ") + ") ENGINE=InnoDB"
}

// AddFormColumns returns the statement that adds columns, in their order, to a form table,
// by its real name. It fails where the table has one of them (database.ColumnExists).
func AddFormColumns(realName string, columns []FormColumn) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = "ADD COLUMN " + database.Quote(c.Name) + " " + c.Type
	}
	return "ALTER TABLE " + database.Quote(realName) + " " + strings.Join(parts, ", ")
}

// definitionWait is how many seconds a statement of MakeFormTable waits for those who use the
// table: behind it everybody else waits, Joget too.
const definitionWait = 5

// MakeFormTable carries out a statement of CreateFormTable or AddFormColumns. It changes no
// row. CodeConflict: somebody added one of the columns a moment ago; CodeRefused, with the
// grant that is missing: the account may not; CodeUnavailable: the table is in use, or the
// server out of reach; CodeUnsupported: the server cannot have such a table.
func (d *DB) MakeFormTable(ctx context.Context, table, statement string) error {
	const op = "create"
	subject := "table " + formTablePrefix + table
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return database.Failure(op, subject, err)
	}
	defer conn.Close()
	defer unhurried(ctx, conn)
	if err = prepareDefinition(ctx, conn); err == nil {
		_, err = conn.ExecContext(ctx, statement)
	}
	if err == nil {
		return d.Refresh(ctx)
	}
	failed := database.Failure(op, subject, err)
	var coded *migration.Error
	if !errors.As(failed, &coded) {
		return failed
	}
	switch {
	case database.IsNumber(err, database.LockTimeout):
		coded.Hint = "somebody uses the table all the time; the statement is tried again"
	case coded.Code == migration.CodeRefused:
		coded.Hint = "GRANT CREATE, ALTER ON the target's database to the account of target.database, or set records.create_tables: false and open a form of the table once"
	}
	return failed
}

// prepareDefinition readies a connection for a statement that defines a table.
func prepareDefinition(ctx context.Context, conn *sql.Conn) error {
	var name string
	if err := conn.QueryRowContext(ctx, selectDatabase).Scan(&name); err != nil {
		return err
	}
	// A session learns of grants, and of the database's collation, when it uses the database anew.
	if _, err := conn.ExecContext(ctx, "USE "+database.Quote(name)); err != nil {
		return err
	}
	_, err := conn.ExecContext(ctx, setDefinitionWait, definitionWait)
	return err
}

// unhurried makes a connection what it was, or takes it out of its pool.
func unhurried(ctx context.Context, conn *sql.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	if _, err := conn.ExecContext(ctx, resetDefinitionWait); err != nil {
		dropConnection(conn)
	}
}

// FormsOn returns the forms of all apps and versions that Joget keeps in a form table
// (without app_fd_), by app, version and ID. Their fields are its columns.
func (r *Reader) FormsOn(ctx context.Context, table string) ([]FormDefinition, error) {
	return read(ctx, r, "read the forms of a table", selectFormsOn, args(table), func(scan scanner) (f FormDefinition, err error) {
		var app string
		return scanForm(scan, &app)
	})
}

// customTable is what type the table builder of v8 keeps its definitions under.
const customTable = "formdata_table"

// CustomFields returns the fields that definitions of the table builder, v8's, give a form
// table (without app_fd_), sorted by definition; what cannot be read has none, as in Joget.
func (r *Reader) CustomFields(ctx context.Context, table string) ([]string, error) {
	if !r.db.Has("app_builder") {
		return nil, nil
	}
	definitions, err := read(ctx, r, "read the definition of a table", selectCustomTables, args(customTable, formTablePrefix+table), func(scan scanner) (text []byte, err error) {
		return text, scan(&text)
	})
	var fields []string
	for _, text := range definitions {
		var definition struct {
			Columns map[string]json.RawMessage `json:"columns"`
		}
		if json.Unmarshal(text, &definition) != nil {
			continue
		}
		for field := range definition.Columns {
			fields = append(fields, field)
		}
	}
	slices.Sort(fields)
	return fields, err
}

// FieldColumns returns the columns that Joget makes of fields, sorted. Of those that differ by
// case only the last one counts, as with Joget; what it makes no column of is left out.
func FieldColumns(fields []string) []FormColumn {
	byName := map[string]string{}
	for _, field := range fields {
		if name := formColumnPrefix + field; !slices.ContainsFunc(FormColumns(0), func(c FormColumn) bool { return c.Name == field }) && len(name) <= maxColumnName && fieldColumn.MatchString(name) {
			byName[strings.ToLower(name)] = name
		}
	}
	columns := make([]FormColumn, 0, len(byName))
	for _, name := range byName {
		columns = append(columns, FormColumn{name, hibernateText})
	}
	slices.SortFunc(columns, func(a, b FormColumn) int { return strings.Compare(a.Name, b.Name) })
	return columns
}

// Collation returns the collation that a new column of a form table (without app_fd_) gets:
// that of the table by its real name or, where that is "", of the database.
func (r *Reader) Collation(ctx context.Context, realName string) (string, error) {
	query, values := selectDatabaseCollation, []any(nil)
	if realName != "" {
		query, values = selectTableCollation, args(realName)
	}
	rows, err := read(ctx, r, "read the collation of a table", query, values, func(scan scanner) (v [2]string, err error) {
		return v, scan(&v[0], &v[1])
	})
	if err != nil {
		return "", err
	}
	for _, row := range rows {
		if row[0] == realName {
			return row[1], nil
		}
	}
	return "", migration.E(migration.CodeUnsupported, "read the collation of a table", "table "+realName, "there is no such table")
}
