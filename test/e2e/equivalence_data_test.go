package e2e_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"jogetferry/test/simulator/schema"
)

// data is what belongs to a record: rows of all form tables, and files.
type data struct {
	Rows  []string // "table: column=value ...", sorted
	Files []string // "path: content", sorted
}

// childKeys are the columns that name a record in rows of others.
var childKeys = []string{"c_requestId", "c_hireId", "c_claimId", "c_permitId"}

// heldKeys are the columns in which a record names others.
var heldKeys = []string{"c_visit"}

// grandchildren are tables whose rows belong to child rows: their key, and the table of
// those.
var grandchildren = map[string]struct{ key, parent string }{"app_fd_permit_part": {"c_itemId", "app_fd_permit_item"}}

// formTable is a table with rows of records.
type formTable struct {
	name    string
	key     string // names the record: id, or a foreign key
	columns []string
}

// where selects the rows of a record.
func (t formTable) where() string {
	if g, deep := grandchildren[t.name]; deep {
		return "`" + g.key + "` IN (SELECT id FROM `" + g.parent + "` WHERE c_permitId = ?)"
	}
	return "`" + t.key + "` = ?"
}

// keys are the records that have another ID on the target, by that of the source.
func (p *population) keys() map[string]string {
	p.t.Helper()
	keys := map[string]string{}
	list, err := texts(p.t.Context(), p.truth.ledger, "SELECT record, target_record FROM record_key")
	if err != nil {
		p.t.Fatal(err)
	}
	for _, k := range list {
		keys[k[0]] = k[1]
	}
	return keys
}

// known is what the ID of a record of the source is on this side.
func (s side) known(record string) string {
	if there, other := s.keys[record]; other && s.target {
		return there
	}
	return record
}

// there is what a value of this side is on the target, where records may have other IDs.
func (s side) there(t formTable, column, value string) string {
	names := column == "id" || column == t.key || slices.Contains(heldKeys, column)
	if there, other := s.keys[value]; other && names && !s.target {
		return there
	}
	return value
}

// formTablesOf reads the tables of all forms.
func formTablesOf(ctx context.Context, db *sql.DB) ([]formTable, error) {
	rows, err := texts(ctx, db, "SELECT table_name, column_name FROM information_schema.columns"+
		" WHERE table_schema = DATABASE() AND table_name LIKE 'app\\_fd\\_%' ORDER BY table_name, column_name")
	if err != nil {
		return nil, err
	}
	var out []formTable
	for _, r := range rows {
		if len(out) == 0 || out[len(out)-1].name != r[0] {
			out = append(out, formTable{name: r[0], key: "id"})
		}
		t := &out[len(out)-1]
		t.columns = append(t.columns, r[1])
		if slices.Contains(childKeys, r[1]) || r[1] == grandchildren[t.name].key {
			t.key = r[1]
		}
	}
	return out, nil
}

// left reads what belongs to a record of the source, with the IDs that records have on the
// target. Unless exact, it leaves out when rows
// were written, since both servers go on at another time, and the IDs of child
// rows, since those that tools insert are random. Times of files are left out:
// a tool that writes what is there already leaves a new one.
func (s side) left(ctx context.Context, record string, exact bool) (data, error) {
	var d data
	for _, t := range s.tables {
		rows, err := texts(ctx, s.db, "SELECT `"+strings.Join(t.columns, "`, `")+"` FROM `"+t.name+"` WHERE "+t.where(), s.known(record))
		if err != nil {
			return d, err
		}
		owners := []string{s.known(record)}
		for _, row := range rows {
			line := t.name + ":"
			for i, name := range t.columns {
				if name == "id" && t.key != name {
					owners = append(owners, row[i])
				}
				if exact || !strings.HasPrefix(name, "date") && (name != "id" || t.key == "id") {
					line += fmt.Sprintf(" %s=%q", name, s.there(t, name, row[i]))
				}
			}
			d.Rows = append(d.Rows, line)
		}
		for _, id := range owners {
			if err := d.files(filepath.Join(s.uploads, schema.UploadFolder(strings.TrimPrefix(t.name, schema.FormTablePrefix), id)), t.name); err != nil {
				return d, err
			}
		}
	}
	slices.Sort(d.Rows)
	slices.Sort(d.Files)
	return d, nil
}

// files reads the files of a row's folder, which need not be there.
func (d *data) files(folder, table string) error {
	list, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range list {
		if f.IsDir() {
			continue // of a record whose ID goes on with a slash
		}
		content, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			return err
		}
		d.Files = append(d.Files, fmt.Sprintf("%s/%s: %q", table, f.Name(), content))
	}
	return nil
}

// texts reads all columns of a query as text, NULL apart from "".
func texts(ctx context.Context, db *sql.DB, query string, args ...any) (out [][]string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		cells := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		var row []string
		for _, c := range cells {
			if !c.Valid {
				c.String = "NULL"
			}
			row = append(row, c.String)
		}
		out = append(out, row)
	}
	return out, rows.Err()
}
