package records

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"jogetferry/internal/database"
	"jogetferry/migration"
)

const (
	tablePrefix  = "app_fd_" // before a form's tableName (FormDataDaoImpl)
	columnPrefix = "c_"      // before a field ID
	idColumn     = "id"
	// modifiedColumn is set by Joget whenever it stores a row
	// (docs/joget.md#form-tables).
	modifiedColumn = "dateModified"
	// schemaAge is how long a Schema trusts what it read: Joget adds columns
	// while it runs, and a column that we do not know is data that we lose.
	schemaAge = time.Minute
)

// Querier reads rows: *sql.DB, *sql.Conn or *sql.Tx. One read of a record set
// is consistent when the Querier is a snapshot.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Table is a form table as information_schema describes it. Name is Joget's,
// without app_fd_; Real is the table's own name. Columns in ordinal order.
type Table struct {
	Name    string
	Real    string
	Engine  string // "InnoDB"; "" of a view
	View    bool   // it has no rows of its own, so none is read or written through it
	Columns []Column
	packet  int64 // max_allowed_packet of the server, bytes
	other   *Other
}

// Other is a table of Joget's that is no form table, of which some rows count.
type Other struct {
	Real   string   // name
	Key    string   // its column, in place of id
	Column string   // of the rows that count
	Values []string // what they hold there; nil: none counts
}

// key is the column that names a row.
func (t *Table) key() string {
	if t.other != nil {
		return t.other.Key
	}
	return idColumn
}

// column finds a column by name; MySQL column names ignore case.
func (t *Table) column(name string) (*Column, bool) {
	for i := range t.Columns {
		if strings.EqualFold(t.Columns[i].Name, name) {
			return &t.Columns[i], true
		}
	}
	return nil, false
}

// named returns the column of that name: id is the key, whatever it is called.
func (t *Table) named(column string) string {
	if column == idColumn {
		return t.key()
	}
	return column
}

// Has reports whether the table has a column of a name.
func (t *Table) Has(name string) bool {
	_, has := t.column(name)
	return has
}

// stored returns the columns that hold data.
func (t *Table) stored() []*Column {
	var stored []*Column
	for i := range t.Columns {
		if !t.Columns[i].Generated {
			stored = append(stored, &t.Columns[i])
		}
	}
	return stored
}

// Schema remembers the form tables of one database for a minute: the names of
// all, and the columns of those that were asked for. It is safe for concurrent use;
// share one per server. Nobody waits for what another one reads of a table.
type Schema struct {
	mu      sync.Mutex
	listing sync.Mutex // held while the names are read: one does it for all
	list    *listing   // nil: not read
	others  map[string]Other
}

// listing is what is known of the form tables since the names were read.
type listing struct {
	read   time.Time
	names  map[string]bool   // real names
	folded map[string]string // real name by its lower case; "": ambiguous
	packet int64             // see Table
	cased  bool              // tables may differ by case only
	mu     sync.Mutex
	tables map[string]described // by real name, those asked for
}

// described is a form table, nil for one that was dropped, and what a query
// of it gave when it was read.
type described struct {
	table *Table
	shape string
}

// NewSchema returns a Schema that reads on first use.
func NewSchema() *Schema { return &Schema{} }

// NewSchemaOf returns a Schema of tables that are no form tables, by the names that they
// have in keys of rows.
func NewSchemaOf(tables map[string]Other) *Schema { return &Schema{others: tables} }

// Forget makes the next look read again.
func (s *Schema) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = nil
}

func (s *Schema) known() *listing {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.list != nil && time.Since(s.list.read) > schemaAge {
		s.list = nil
	}
	return s.list
}

// current returns what is known, after reading the names where they are not.
func (s *Schema) current(ctx context.Context, q Querier) (*listing, error) {
	if list := s.known(); list != nil {
		return list, nil
	}
	s.listing.Lock()
	defer s.listing.Unlock()
	if list := s.known(); list != nil {
		return list, nil
	}
	list, err := readListing(ctx, q)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = list
	return list, nil
}

// Table returns the form table of that name, without app_fd_, or a view in its place;
// false when the database has none. Where the exact name is missing, one that differs by case only
// is taken: dumps from Windows have lower-cased names
// (docs/joget.md#names-and-collations). The session is asserted whenever the names
// are read.
func (s *Schema) Table(ctx context.Context, q Querier, name string) (*Table, bool, error) {
	list, err := s.current(ctx, q)
	if err != nil {
		return nil, false, err
	}
	other, isOther := s.others[name]
	if !isOther {
		d, err := list.describe(ctx, q, list.real(name))
		return list.named(d, name), d.table != nil, err
	}
	d, err := list.describe(ctx, q, other.Real)
	t := list.named(d, name)
	if t != nil {
		t.other = &other
	}
	return t, t != nil, err
}

// Now is Table as of this moment, whatever is remembered: Joget makes tables and
// columns while it runs (docs/joget.md#how-form-tables-come-and-grow). What is
// remembered is believed after one query of the table itself, which opens no other. Of tables that
// are no form tables what is remembered is believed: Joget makes them when it starts.
func (s *Schema) Now(ctx context.Context, q Querier, name string) (*Table, bool, error) {
	if _, is := s.others[name]; is {
		return s.Table(ctx, q, name)
	}
	list, err := s.current(ctx, q)
	if err != nil {
		return nil, false, err
	}
	realName, exact := list.real(name), tablePrefix+name
	if realName == "" || realName != exact && list.cased {
		_, err := readShape(ctx, q, exact)
		if err == nil {
			s.Forget() // it was made
			return s.Table(ctx, q, name)
		}
		if database.ClassOf(err) != database.Missing {
			return nil, false, failed("read form tables", "table "+exact, err)
		}
		if realName == "" {
			return nil, false, nil
		}
	}
	shape, err := readShape(ctx, q, realName)
	if database.ClassOf(err) == database.Missing {
		s.Forget() // it was dropped
		return s.Table(ctx, q, name)
	}
	if err != nil {
		return nil, false, failed("read form tables", "table "+realName, err)
	}
	d, err := list.describe(ctx, q, realName)
	if err == nil && d.shape != shape {
		list.forget(realName)
		d, err = list.describe(ctx, q, realName)
	}
	return list.named(d, name), d.table != nil, err
}

// real returns the real name of a table, "" for none.
func (l *listing) real(name string) string {
	if realName := tablePrefix + name; l.names[realName] {
		return realName
	}
	return l.folded[strings.ToLower(tablePrefix+name)]
}

func (l *listing) forget(realName string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.tables, realName)
}

// describe returns the table of a real name, after reading it where it is not known.
func (l *listing) describe(ctx context.Context, q Querier, realName string) (described, error) {
	if realName == "" {
		return described{}, nil
	}
	l.mu.Lock()
	d, known := l.tables[realName]
	l.mu.Unlock()
	if known {
		return d, nil
	}
	// First the shape: what changes in between shows when it is looked at again.
	shape, err := readShape(ctx, q, realName)
	if err != nil && database.ClassOf(err) != database.Missing {
		return d, failed("read form tables", "table "+realName, err)
	}
	d.shape = shape
	if d.table, err = readTable(ctx, q, realName); err != nil {
		return described{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tables[realName] = d
	return d, nil
}

func (l *listing) named(d described, name string) *Table {
	if d.table == nil {
		return nil
	}
	named := *d.table
	named.Name, named.packet = name, l.packet
	return &named
}

// readShape returns the columns of a table, names and types, as a query of it gives
// them.
func readShape(ctx context.Context, q Querier, realName string) (string, error) {
	rows, err := q.QueryContext(ctx, shapeQuery(realName))
	if database.IsNumber(err, database.BrokenView) {
		return "", nil // it has none, and is no table
	}
	if err != nil {
		return "", err
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return "", err
	}
	var shape strings.Builder
	for _, c := range columns {
		fmt.Fprintf(&shape, "%q %s,", c.Name(), c.DatabaseTypeName())
	}
	return shape.String(), rows.Err()
}

// readListing reads the names and nothing else: whatever else information_schema is
// asked for, MariaDB opens every table to tell.
func readListing(ctx context.Context, q Querier) (*listing, error) {
	list := &listing{names: map[string]bool{}, folded: map[string]string{}, tables: map[string]described{}}
	if err := list.readSession(ctx, q); err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, namesQuery)
	if err != nil {
		return nil, failed("read form tables", "information_schema", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, failed("read form tables", "information_schema", err)
		}
		list.names[name] = true
		lower := strings.ToLower(name)
		if _, twice := list.folded[lower]; twice {
			name = ""
		}
		list.folded[lower] = name
	}
	if err := rows.Err(); err != nil {
		return nil, failed("read form tables", "information_schema", err)
	}
	list.read = time.Now() //nolint:forbidigo // the age of a cache; nothing is decided or stored by it
	return list, nil
}

// readTable returns the table or view of a real name, Name left empty; nil when there
// is none. Engine and columns are two queries: MariaDB joins the two
// tables of information_schema by opening everything once for each row.
func readTable(ctx context.Context, q Querier, realName string) (*Table, error) {
	t := &Table{Real: realName}
	rows, err := q.QueryContext(ctx, engineQuery, realName)
	if err != nil {
		return nil, failed("read form tables", "table "+realName, err)
	}
	defer rows.Close()
	found := false
	for rows.Next() {
		var name string
		var engine sql.NullString
		var view bool
		if err := rows.Scan(&name, &engine, &view); err != nil {
			return nil, failed("read form tables", "table "+realName, err)
		}
		// To information_schema, names that differ by case are equal.
		if name == realName {
			t.Engine, t.View, found = engine.String, view, true
		}
	}
	if err := rows.Err(); err != nil {
		return nil, failed("read form tables", "table "+realName, err)
	}
	if !found {
		return nil, nil
	}
	if t.View {
		return t, nil
	}
	t.Columns, err = readColumns(ctx, q, realName)
	return t, err
}

// readColumns returns the columns of a table by its real name, in ordinal order.
func readColumns(ctx context.Context, q Querier, realName string) ([]Column, error) {
	rows, err := q.QueryContext(ctx, columnsQuery, realName)
	if err != nil {
		return nil, failed("read form tables", "table "+realName, err)
	}
	defer rows.Close()
	var columns []Column
	for rows.Next() {
		var c Column
		var table string
		var chars, octets, precision, digits, scale sql.NullInt64
		var charset, collation, fallback, extra, key sql.NullString
		var nullable string
		if err := rows.Scan(&table, &c.Name, &c.Type, &c.FullType, &chars, &octets, &precision, &digits, &scale, &charset, &collation, &nullable, &fallback, &extra, &key); err != nil {
			return nil, failed("read form tables", "table "+realName, err)
		}
		if table != realName {
			continue
		}
		c.Type = strings.ToLower(c.Type)
		c.Chars, c.Octets, c.Precision = chars.Int64, octets.Int64, precision.Int64
		c.Digits, c.Scale = digits.Int64, scale.Int64
		c.Charset, c.Collation = charset.String, collation.String
		c.Nullable = nullable == "YES"
		c.Unique = key.String == "PRI" || key.String == "UNI"
		// "VIRTUAL GENERATED INVISIBLE" in MySQL is "VIRTUAL GENERATED, INVISIBLE" in MariaDB.
		words := strings.FieldsFunc(strings.ToUpper(extra.String), func(r rune) bool { return r == ' ' || r == ',' })
		c.Generated = slices.ContainsFunc(words, isGenerated)
		// MariaDB says the text NULL where MySQL says nothing.
		c.HasDefault = fallback.Valid && !strings.EqualFold(fallback.String, "NULL") ||
			slices.Contains(words, "DEFAULT_GENERATED") || slices.Contains(words, "AUTO_INCREMENT")
		columns = append(columns, c)
	}
	if err := rows.Err(); err != nil {
		return nil, failed("read form tables", "table "+realName, err)
	}
	return columns, nil
}

// isGenerated knows the words of EXTRA that mean a computed column, whatever
// stands beside them. A DEFAULT_GENERATED one is computed only where no value is
// given, and an INVISIBLE one is data.
func isGenerated(word string) bool {
	return slices.Contains([]string{"GENERATED", "VIRTUAL", "STORED", "PERSISTENT"}, word)
}

// readSession reads what the server takes, and returns CodeInvalid unless q's session
// is pinned as this package needs it: otherwise datetimes shift or characters get lost
// without a word.
func (l *listing) readSession(ctx context.Context, q Querier) error {
	const op = "assert database session"
	rows, err := q.QueryContext(ctx, sessionQuery)
	if err != nil {
		return failed(op, "", err)
	}
	defer rows.Close()
	if !rows.Next() {
		return failed(op, "", rows.Err())
	}
	var zone, client, results, connection sql.NullString
	var moment any
	if err := rows.Scan(&zone, &client, &results, &connection, &moment, &l.packet, &l.cased); err != nil {
		return failed(op, "", err)
	}
	wrong := ""
	_, parsed := moment.(time.Time)
	switch {
	case parsed:
		wrong = "parseTime is on"
	case zone.String != "+00:00" && zone.String != "UTC":
		wrong = fmt.Sprintf("time_zone is %q, not '+00:00'", zone.String)
	case client.String != "utf8mb4" || results.String != "utf8mb4" || connection.String != "utf8mb4":
		wrong = fmt.Sprintf("the character set is %q/%q/%q, not utf8mb4", client.String, results.String, connection.String)
	}
	if wrong != "" {
		return &migration.Error{Code: migration.CodeInvalid, Op: op, Hint: wrong}
	}
	return rows.Err()
}
