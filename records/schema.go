package records

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"time"

	"jogetferry/migration"
)

const (
	tablePrefix  = "app_fd_" // before a form's tableName (FormDataDaoImpl)
	columnPrefix = "c_"      // before a field ID
	idColumn     = "id"
	// modifiedColumn is set by Joget whenever it stores a row (CONTRACT 6.1).
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
	Engine  string // "InnoDB"
	Columns []Column
}

// Column is one column of a form table. Numbers are 0 and texts "" where
// information_schema has NULL.
type Column struct {
	Name       string
	Type       string // DATA_TYPE in lower case: "longtext"
	FullType   string // COLUMN_TYPE: "varchar(255)"
	Chars      int64  // CHARACTER_MAXIMUM_LENGTH
	Octets     int64  // CHARACTER_OCTET_LENGTH
	Precision  int64  // DATETIME_PRECISION, digits
	Charset    string
	Collation  string
	Nullable   bool
	HasDefault bool
	Generated  bool // computed by the server: neither read nor written by us
	Unique     bool // alone in a primary or unique key
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

// Schema remembers the form tables of one database for a minute. It is safe
// for concurrent use; share one per server.
type Schema struct {
	mu     sync.Mutex
	read   time.Time
	tables map[string]*Table // by real name
	folded map[string]*Table // by real name in lower case; nil value: ambiguous
}

// NewSchema returns a Schema that reads on first use.
func NewSchema() *Schema { return &Schema{} }

// Forget makes the next look read again.
func (s *Schema) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tables = nil
}

// Table returns the form table of that name, without app_fd_; false when the
// database has none. Where the exact name is missing, one that differs by case
// only is taken: dumps from Windows have lower-cased names (CONTRACT 5.1).
// The session is asserted whenever the schema is read.
func (s *Schema) Table(ctx context.Context, q Querier, name string) (*Table, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tables == nil || time.Since(s.read) > schemaAge {
		if err := s.load(ctx, q); err != nil {
			return nil, false, err
		}
	}
	t, ok := s.tables[tablePrefix+name]
	if !ok {
		t = s.folded[strings.ToLower(tablePrefix+name)]
	}
	if t == nil {
		return nil, false, nil
	}
	named := *t
	named.Name = name
	return &named, true, nil
}

func (s *Schema) load(ctx context.Context, q Querier) error {
	if err := AssertSession(ctx, q); err != nil {
		return err
	}
	rows, err := q.QueryContext(ctx, columnsQuery)
	if err != nil {
		return failed("read form tables", "information_schema", err)
	}
	defer rows.Close()
	tables := map[string]*Table{}
	for rows.Next() {
		var table string
		var c Column
		var chars, octets, precision sql.NullInt64
		var charset, collation, fallback, extra, key, engine sql.NullString
		var nullable string
		if err := rows.Scan(&table, &c.Name, &c.Type, &c.FullType, &chars, &octets, &precision, &charset, &collation, &nullable, &fallback, &extra, &key, &engine); err != nil {
			return failed("read form tables", "information_schema", err)
		}
		c.Type = strings.ToLower(c.Type)
		c.Chars, c.Octets, c.Precision = chars.Int64, octets.Int64, precision.Int64
		c.Charset, c.Collation = charset.String, collation.String
		c.Nullable = nullable == "YES"
		// MariaDB says the text NULL where MySQL says nothing.
		c.HasDefault = fallback.Valid && !strings.EqualFold(fallback.String, "NULL") ||
			strings.Contains(extra.String, "DEFAULT_GENERATED") || strings.EqualFold(extra.String, "auto_increment")
		c.Generated = strings.HasSuffix(strings.ToUpper(extra.String), " GENERATED")
		c.Unique = key.String == "PRI" || key.String == "UNI"
		t := tables[table]
		if t == nil {
			t = &Table{Name: strings.TrimPrefix(table, tablePrefix), Real: table, Engine: engine.String}
			tables[table] = t
		}
		t.Columns = append(t.Columns, c)
	}
	if err := rows.Err(); err != nil {
		return failed("read form tables", "information_schema", err)
	}
	folded := map[string]*Table{}
	for name, t := range tables {
		lower := strings.ToLower(name)
		if _, twice := folded[lower]; twice {
			t = nil
		}
		folded[lower] = t
	}
	s.tables, s.folded, s.read = tables, folded, time.Now() //nolint:forbidigo // the age of a cache; nothing is decided or stored by it
	return nil
}

// AssertSession returns CodeInvalid unless q's session is pinned as this
// package needs it: otherwise datetimes shift or characters get lost without a word.
func AssertSession(ctx context.Context, q Querier) error {
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
	if err := rows.Scan(&zone, &client, &results, &connection, &moment); err != nil {
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
