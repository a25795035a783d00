package schema

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed tables.txt
var declaration string

// tableOptions is the storage of every Joget v8 table.
const tableOptions = " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci"

// Table is one declared table, columns in declared order.
type Table struct {
	Name    string
	Columns []Column

	primary string
	unique  []string
	index   []string
	refs    []reference
}

// Column is one column; Type is SQL ("varchar(100)").
type Column struct {
	Name    string
	Type    string
	NotNull bool
}

type reference struct{ columns, table, target string }

// Tables lists all tables of a Joget v8 server, form tables (app_fd_*) not
// included, in an order in which they can be created.
func Tables() []Table { return parse(declaration) }

// parse reads the notation explained at the head of tables.txt. The text is
// embedded, so a malformed line is a programming mistake and panics.
func parse(text string) []Table {
	var tables []Table
	engine := false
	finish := func() {
		if engine {
			t := &tables[len(tables)-1]
			t.Columns = append(t.Columns, Column{"oid", "decimal(19,0)", true}, Column{"version", "int", true})
			t.primary = "oid"
		}
	}
	for line := range strings.Lines(text) {
		word := strings.Fields(line)
		switch {
		case len(word) == 0 || strings.HasPrefix(line, "#"):
			continue
		case !strings.HasPrefix(line, " "):
			finish()
			tables = append(tables, Table{Name: word[0]})
			engine = len(word) == 2 && word[1] == "engine"
			continue
		}
		t := &tables[len(tables)-1]
		switch {
		case word[0] == "primary":
			t.primary = word[1]
		case word[0] == "unique":
			t.unique = append(t.unique, word[1])
		case word[0] == "index":
			t.index = append(t.index, word[1])
		case word[0] == "ref":
			t.refs = append(t.refs, reference{word[1], word[2], word[3]})
		case len(word) == 2 || len(word) == 3 && word[2] == "!":
			t.Columns = append(t.Columns, Column{word[0], word[1], len(word) == 3})
		default:
			panic("schema: tables.txt: " + line)
		}
	}
	finish()
	return tables
}

// Statements renders the whole schema as DDL, one statement per entry:
// CREATE TABLE for every table, then ALTER TABLE for references that point forward.
func Statements() []string {
	var creates, alters []string
	known := map[string]bool{}
	for _, t := range Tables() {
		known[t.Name] = true
		lines := make([]string, 0, len(t.Columns)+4)
		for _, c := range t.Columns {
			null := " DEFAULT NULL"
			if c.NotNull {
				null = " NOT NULL"
			}
			lines = append(lines, Quote(c.Name)+" "+c.Type+null)
		}
		lines = append(lines, "PRIMARY KEY "+columnList(t.primary))
		for i, k := range t.unique {
			lines = append(lines, fmt.Sprintf("UNIQUE KEY %s %s", Quote(fmt.Sprintf("u%d_%s", i+1, t.Name)), columnList(k)))
		}
		for i, k := range t.index {
			lines = append(lines, fmt.Sprintf("KEY %s %s", Quote(fmt.Sprintf("i%d_%s", i+1, t.Name)), columnList(k)))
		}
		for i, r := range t.refs {
			fk := fmt.Sprintf("CONSTRAINT %s FOREIGN KEY %s REFERENCES %s %s",
				Quote(fmt.Sprintf("fk%d_%s", i+1, t.Name)), columnList(r.columns), Quote(r.table), columnList(r.target))
			if known[r.table] {
				lines = append(lines, fk)
			} else {
				alters = append(alters, "ALTER TABLE "+Quote(t.Name)+" ADD "+fk)
			}
		}
		creates = append(creates, "CREATE TABLE "+Quote(t.Name)+" (\n  "+strings.Join(lines, ",\n  ")+"\n)"+tableOptions)
	}
	return append(creates, alters...)
}

func columnList(names string) string {
	quoted := strings.Split(names, ",")
	for i, n := range quoted {
		quoted[i] = Quote(n)
	}
	return "(" + strings.Join(quoted, ",") + ")"
}

// Quote renders an identifier for SQL: in backticks, backticks doubled.
func Quote(identifier string) string {
	return "`" + strings.ReplaceAll(identifier, "`", "``") + "`"
}
