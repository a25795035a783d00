package records

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"jogetferry/internal/database"
	"jogetferry/migration"
)

// Lacking returns the columns of source, names as they are there, that target has none of
// the name of; all where target is nil. Those that the source computes are left out.
func Lacking(source, target *Table) []string {
	var names []string
	for _, c := range source.stored() {
		if target == nil || !target.Has(c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

// New is a column that a table is to get, which may be NULL: Type is varchar(n), longtext,
// datetime or datetime(n).
type New struct{ Name, Type string }

// Grown returns what a form table (without app_fd_) is when it has more columns; nil stands
// for one that is made with them, of InnoDB and with the key id. Texts get the collation.
// The server's limits are those of s.
func (s Side) Grown(ctx context.Context, name string, t *Table, columns []New, collation string) (*Table, error) {
	list, err := s.Schema.current(ctx, s.Q)
	if err != nil {
		return nil, err
	}
	grown := Table{Name: name, Real: tablePrefix + name, Engine: "InnoDB", packet: list.packet}
	if t != nil {
		grown = *t
		grown.Columns = slices.Clone(t.Columns)
	}
	for _, n := range columns {
		grown.Columns = append(grown.Columns, n.column(collation))
	}
	return &grown, nil
}

// octetsOf is how many bytes a character may take, where a text is not of four.
var octetsOf = map[string]int64{"utf8mb3": 3, "utf8": 3, "latin1": 1, "ascii": 1}

const mostOctets = 4

// column returns the column as information_schema will describe it.
func (n New) column(collation string) Column {
	kind, length, _ := strings.Cut(strings.TrimSuffix(n.Type, ")"), "(")
	size, _ := strconv.ParseInt(length, 10, 64) //nolint:errcheck // no length is none
	c := Column{Name: n.Name, Type: kind, FullType: n.Type, Nullable: true, Unique: strings.EqualFold(n.Name, idColumn)}
	c.Nullable = !c.Unique
	switch familyOf(kind) {
	case familyTime:
		c.Precision = size
	case familyText:
		c.Charset, _, _ = strings.Cut(collation, "_")
		c.Collation = collation
		octets, known := octetsOf[c.Charset]
		if !known {
			octets = mostOctets
		}
		c.Chars, c.Octets = size, size*octets
		if size == 0 {
			c.Chars, c.Octets = longOctets, longOctets
		}
	case familyUnknown, familyBytes, familyExact, familyFloat, familyMembers, familyNamed, familySpatial:
	}
	return c
}

// Unlike returns the columns of source, by their names, that a column of target of the same
// name cannot be trusted to hold, whatever the value: they are of another kind.
func Unlike(source, target *Table) []string {
	var names []string
	for _, m := range Check(source, target) {
		if m.Kind == migration.MismatchType || m.Kind == migration.MismatchUnknown {
			names = append(names, m.Column)
		}
	}
	return names
}

// Used returns those of columns of a form table (without app_fd_) in which some row has a value,
// an empty text being none. It reads the table whole where none has, each column for so long at
// the most, and counts the column then. A table that does not exist has no values.
func (s Side) Used(ctx context.Context, table string, columns []string, within time.Duration) ([]string, error) {
	t, ok, err := s.Schema.Table(ctx, s.Q, table)
	if err != nil || !ok || t.View {
		return nil, err
	}
	var used []string
	for _, column := range columns {
		is, err := s.used(ctx, t, column, within)
		if err != nil {
			return nil, err
		}
		if is {
			used = append(used, column)
		}
	}
	return used, nil
}

func (s Side) used(ctx context.Context, t *Table, column string, within time.Duration) (bool, error) {
	const op = "look for values of a column"
	subject := "table " + t.Real
	rows, err := s.Q.QueryContext(ctx, anyValueQuery(t.Real, column, max(1, int(within.Seconds()))))
	if database.IsNumber(err, database.StatementTime, database.ExecutionTime) {
		return true, nil // as long as nobody knows
	}
	if err != nil {
		return false, failed(op, subject, err)
	}
	defer rows.Close()
	if rows.Next() {
		return true, nil
	}
	err = rows.Err()
	if database.IsNumber(err, database.StatementTime, database.ExecutionTime) {
		return true, nil
	}
	if err != nil {
		return false, failed(op, subject, err)
	}
	return false, nil
}
