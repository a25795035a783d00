package records_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"

	"jogetferry/internal/database"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/test/mysqltest"
)

// testDB is a fresh database with a pinned session.
type testDB struct {
	t *testing.T
	records.Target
}

func newDatabase(t *testing.T, edit ...func(*mysql.Config)) testDB {
	t.Helper()
	d, _ := newDatabaseAt(t, edit...)
	return d
}

// newDatabaseAt returns its DSN, too.
func newDatabaseAt(t *testing.T, edit ...func(*mysql.Config)) (testDB, string) {
	t.Helper()
	cfg, err := mysql.ParseDSN(mysqltest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Params = map[string]string{"time_zone": "'+00:00'", "charset": "utf8mb4"}
	for _, e := range edit {
		e(cfg)
	}
	db, err := sql.Open("mysql", cfg.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return testDB{t, records.Target{DB: db, Schema: records.NewSchema()}}, cfg.FormatDSN()
}

func (d testDB) exec(query string, args ...any) {
	d.t.Helper()
	if _, err := d.DB.ExecContext(d.t.Context(), query, args...); err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
}

// table makes a form table as Joget v8 does.
func (d testDB) table(name string, fields ...string) {
	d.t.Helper()
	columns := ""
	for _, f := range fields {
		columns += database.Quote("c_"+f) + " longtext, "
	}
	d.exec("CREATE TABLE " + database.Quote("app_fd_"+name) + " (id varchar(255) NOT NULL, dateCreated datetime(6), dateModified datetime(6), createdBy varchar(255), " +
		columns + "PRIMARY KEY (id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci")
}

// row inserts a row given as column, value, column, value...
func (d testDB) row(table, id string, pairs ...any) {
	d.t.Helper()
	columns, args := []string{"id"}, []any{id}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			d.t.Fatalf("%v is no column name", pairs[i])
		}
		columns, args = append(columns, database.Quote(name)), append(args, pairs[i+1])
	}
	d.exec("INSERT INTO "+database.Quote("app_fd_"+table)+" ("+strings.Join(columns, ",")+") VALUES ("+strings.TrimSuffix(strings.Repeat("?,", len(args)), ",")+")", args...)
}

func (d testDB) collect(s records.Selection) records.Set {
	d.t.Helper()
	d.Schema.Forget()
	set, err := records.Collect(d.t.Context(), d.DB, d.Schema, s, records.Limits{})
	if err != nil {
		d.t.Fatal(err)
	}
	return set
}

// value reads from table t.
func (d testDB) value(id, column string) sql.NullString {
	d.t.Helper()
	var v sql.NullString
	query := "SELECT " + database.Quote(column) + " FROM app_fd_t WHERE BINARY id = ?"
	if err := d.DB.QueryRowContext(d.t.Context(), query, id).Scan(&v); err != nil {
		d.t.Fatalf("%s: %v", id, err)
	}
	return v
}

func (d testDB) count(table string) int {
	d.t.Helper()
	var n int
	if err := d.DB.QueryRowContext(d.t.Context(), "SELECT COUNT(*) FROM "+database.Quote("app_fd_"+table)).Scan(&n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

func selection(root string, tables ...string) records.Selection {
	return records.Selection{Root: migration.RecordID(root), Model: migration.FormModel{Tables: tables}}
}

func names(set records.Set) []string {
	var list []string
	for _, r := range set.Rows {
		name := r.Key.Table + "/" + string(r.Key.ID)
		if r.Shared {
			name += " shared"
		}
		list = append(list, name)
	}
	return list
}

func code(t *testing.T, err error, want migration.Code) {
	t.Helper()
	if got := migration.CodeOf(err); got != want {
		t.Errorf("error %v has code %q, want %q", err, got, want)
	}
}

// images is a ledger in memory. before runs when images are kept: after the
// look at the target, before the write.
type images struct {
	mu     sync.Mutex
	kept   []records.Image
	wrote  []migration.RowKey
	bulk   map[migration.RowKey]records.Digest
	before func()
}

func (m *images) Written(_ context.Context, keys []migration.RowKey) (map[migration.RowKey][]records.Digest, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	digests := map[migration.RowKey][]records.Digest{}
	for _, i := range m.kept {
		if slices.Contains(keys, i.Key) {
			digests[i.Key] = append(digests[i.Key], i.WrittenDigest)
		}
	}
	return digests, nil
}

func (m *images) WrittenInBulk(_ context.Context, keys []migration.RowKey) (map[migration.RowKey][]records.Digest, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	digests := map[migration.RowKey][]records.Digest{}
	for _, key := range keys {
		if d, ok := m.bulk[key]; ok {
			digests[key] = []records.Digest{d}
		}
	}
	return digests, nil
}

func (m *images) Keep(_ context.Context, list []records.Image) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = append(m.kept, list...)
	if m.before != nil {
		m.before()
	}
	return nil
}

func (m *images) Wrote(_ context.Context, list []records.Image) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, i := range list {
		m.wrote = append(m.wrote, i.Key)
	}
	return nil
}

// contents are a ledger's in memory.
type contents struct {
	mu   sync.Mutex
	made int
	kept map[string][]byte
}

// Create implements records.Contents.
func (c *contents) Create(context.Context) (string, io.WriteCloser) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	return fmt.Sprint(c.made), &content{of: c, name: fmt.Sprint(c.made)}
}

// Open implements records.Contents.
func (c *contents) Open(_ context.Context, name string, at int64) io.Reader {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.NewReader(c.kept[name][at:])
}

// Forget implements records.Contents.
func (c *contents) Forget(_ context.Context, names ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range names {
		delete(c.kept, name)
	}
	return nil
}

type content struct {
	bytes.Buffer
	of   *contents
	name string
}

func (c *content) Close() error {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if c.of.kept == nil {
		c.of.kept = map[string][]byte{}
	}
	c.of.kept[c.name] = c.Bytes()
	return nil
}
