package plant

import (
	"cmp"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"

	"jogetferry/test/simulator/schema"
)

// side is one server while something is planted.
type side struct {
	p       *planting
	name    string
	uploads string
	exec    func(query string, args ...any) (sql.Result, error)
	each    func(fn func(scan func(...any) error) error, query string, args ...any) error
	query   func(query string, args ...any) (*sql.Rows, error)
	reserve func(fn func(context.Context, *sql.Tx) (int64, error)) (int64, error)
}

func newSide(ctx context.Context, p *planting, name string, conn *sql.Conn, server Server) side {
	return side{
		p: p, name: name, uploads: server.Uploads,
		exec:  func(query string, args ...any) (sql.Result, error) { return conn.ExecContext(ctx, query, args...) },
		query: func(query string, args ...any) (*sql.Rows, error) { return conn.QueryContext(ctx, query, args...) },
		each: func(fn func(scan func(...any) error) error, query string, args ...any) error {
			return schema.Each(ctx, conn, fn, query, args...)
		},
		reserve: func(fn func(context.Context, *sql.Tx) (int64, error)) (first int64, err error) {
			err = schema.InTransaction(ctx, server.DB, nil, func(tx *sql.Tx) error {
				first, err = fn(ctx, tx)
				return err
			})
			return first, err
		},
	}
}

// run executes a statement that must change a row, or is about a table.
func (s *side) run(rows bool, query string, args ...any) {
	if s.p.err != nil {
		return
	}
	result, err := s.exec(query, args...)
	if err != nil {
		s.p.fail("%s: %s: %w", s.name, query, err)
		return
	}
	if n, err := result.RowsAffected(); err != nil {
		s.p.fail("%s: %s: %w", s.name, query, err)
	} else if rows && n == 0 {
		s.p.fail("%s: %s: nothing to change", s.name, query)
	}
}

// change sets columns of the rows that are of.
func (s *side) change(table string, changes, of row) {
	s.run(true, update(table, changes, of), append(changes.values(), of.values()...)...)
}

func (s *side) remove(table string, of row) { s.run(true, deleteFrom(table, of), of.values()...) }

func (s *side) add(table string, r row) { s.run(true, insert(table, r), r.values()...) }

// alter changes a table the way a server that does not insist would.
func (s *side) alter(table, change string) {
	s.run(false, lenient)
	s.run(false, alter(table, change))
}

// copy inserts a row of this side, with changes, into another, which may be the same.
func (s *side) copy(into *side, table string, changes, of row) {
	r := s.row(table, of)
	for c, v := range changes {
		r[c] = v
	}
	into.add(table, r)
}

// row reads the first row that is of.
func (s *side) row(table string, of row) row {
	if s.p.err != nil {
		return row{}
	}
	rows, err := s.query(selectRow(table, of), of.values()...)
	if err != nil {
		s.p.fail("%s: reading %s: %w", s.name, table, err)
		return row{}
	}
	defer func() {
		if err := cmp.Or(rows.Err(), rows.Close()); err != nil {
			s.p.fail("%s: reading %s: %w", s.name, table, err)
		}
	}()
	columns, err := rows.Columns()
	if err != nil {
		s.p.fail("%s: reading %s: %w", s.name, table, err)
		return row{}
	}
	if !rows.Next() {
		s.p.fail("%s: reading %s: no such row", s.name, table)
		return row{}
	}
	values := make([]any, len(columns))
	targets := make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	if err := rows.Scan(targets...); err != nil {
		s.p.fail("%s: reading %s: %w", s.name, table, err)
		return row{}
	}
	r := row{}
	for i, c := range columns {
		r[c] = values[i]
	}
	return r
}

// read scans the row of a query, the last if there are several.
func (s *side) read(into []any, query string, args ...any) {
	if s.p.err != nil {
		return
	}
	found := false
	err := s.each(func(scan func(...any) error) error {
		found = true
		return scan(into...)
	}, query, args...)
	if err == nil && !found {
		err = sql.ErrNoRows
	}
	if err != nil {
		s.p.fail("%s: %s: %w", s.name, query, err)
	}
}

func (s *side) text(query string, args ...any) (out string) {
	s.read([]any{&out}, query, args...)
	return out
}

func (s *side) number(query string, args ...any) (out int64) {
	s.read([]any{&out}, query, args...)
	return out
}

// texts are those of a query, at least one.
func (s *side) texts(query string, args ...any) []string {
	var all []string
	if s.p.err == nil {
		s.p.err = s.each(func(scan func(...any) error) error {
			var one string
			err := scan(&one)
			all = append(all, one)
			return err
		}, query, args...)
	}
	if len(all) == 0 {
		s.p.fail("%s: %s: nothing there", s.name, query)
		return []string{""}
	}
	return all
}

// oid is a new object id, out of a block that no running server has.
func (s *side) oid() int64 { return s.next(schema.ReserveObjectIDs) }

// count is a new value of a counter, likewise.
func (s *side) count(counter string) int64 {
	return s.next(func(ctx context.Context, tx *sql.Tx, n int64) (int64, error) {
		return schema.ReserveCounter(ctx, tx, counter, n)
	})
}

func (s *side) next(reserve func(context.Context, *sql.Tx, int64) (int64, error)) int64 {
	if s.p.err != nil {
		return 0
	}
	first, err := s.reserve(func(ctx context.Context, tx *sql.Tx) (int64, error) { return reserve(ctx, tx, 1) })
	if err != nil {
		s.p.fail("%s: %w", s.name, err)
	}
	return first
}

// edit changes the XPDL of a package: the only place that reads old becomes fresh.
func (s *side) edit(pkg, old, fresh string) {
	s.rewrite(pkg, func(content string) string {
		if n := strings.Count(content, old); n != 1 {
			s.p.fail("%s: the XPDL of %s has %d times %q", s.name, pkg, n, old)
		}
		return strings.Replace(content, old, fresh, 1)
	})
}

// rewrite gives a package other XPDL.
func (s *side) rewrite(pkg string, change func(content string) string) {
	var oid int64
	var content string
	s.read([]any{&oid, &content}, selectXPDL, pkg)
	content = change(content)
	s.change("SHKXPDLData", row{"XPDLContent": content}, row{"oid": oid})
}

// rewriteForm gives a form other JSON.
func (s *side) rewriteForm(app, form string, change func(json string) string) {
	s.change("app_form", row{"json": change(s.text(selectForm, app, form))}, row{"appId": app, "formId": form})
}

// definition is the published definition of "package/process".
func (s *side) definition(process string) (name string, oid int64) {
	pkg, key, _ := strings.Cut(process, "/")
	s.read([]any{&name, &oid}, selectDefinition, pkg, key)
	return name, oid
}

// move renames something in the uploads folder, "" being the folder itself; what is not there is left.
func (s *side) move(from, to string) {
	if s.p.err != nil || s.uploads == "" {
		return
	}
	if err := os.Rename(filepath.Join(s.uploads, from), filepath.Join(s.uploads, to)); err != nil && !os.IsNotExist(err) {
		s.p.fail("%s: moving uploads: %w", s.name, err)
	}
}
