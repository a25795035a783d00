package activitytest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/time/rate"

	"jogetferry/internal/database"
	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/engine"
	simulated "jogetferry/test/simulator/schema"
	"jogetferry/uploads/local"
)

// Server is a database with Joget's tables and directory, and its uploads. Its
// methods are what people and tools do; a failure ends the test.
type Server struct {
	SQL     *sql.DB         // as Joget connects
	DB      *schema.DB      // as a worker reads
	Tables  *records.Schema // of DB
	Folder  string          // app_formuploads
	Uploads *local.Store    // of Folder
	// Engine runs what is deployed; nil where no apps are.
	Engine *engine.Engine

	t     testing.TB
	dsn   string
	close []func() error
}

// NewServer returns a server without apps; statements are run before a worker
// sees it.
func NewServer(tb testing.TB, statements ...string) *Server {
	tb.Helper()
	s, err := newServer(tb.Context(), mysqltest.DSN(tb), tb.TempDir(), statements...)
	s.t = tb
	tb.Cleanup(func() {
		if err := s.shutdown(); err != nil {
			tb.Error(err)
		}
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// newServer makes a server of an empty database; what it returns has to be
// shut down, with an error too.
func newServer(ctx context.Context, dsn, folder string, statements ...string) (s *Server, err error) {
	s = &Server{Tables: records.NewSchema(), Folder: filepath.Join(folder, engine.UploadsRoot), dsn: dsn}
	if err := os.MkdirAll(s.Folder, 0o750); err != nil {
		return s, fmt.Errorf("make an uploads folder: %w", err)
	}
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return s, fmt.Errorf("parse the DSN: %w", err)
	}
	// Joget's JDBC driver sets what it relies on.
	if err := cfg.Apply(mysql.Charset("utf8mb4", "")); err != nil {
		return s, fmt.Errorf("set the character set: %w", err)
	}
	cfg.InterpolateParams = true
	cfg.Params = map[string]string{"autocommit": "1", "sql_mode": "'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'"}
	if s.SQL, err = sql.Open("mysql", cfg.FormatDSN()); err != nil {
		return s, fmt.Errorf("open the database: %w", err)
	}
	s.close = append(s.close, s.SQL.Close)
	if err := simulated.Create(ctx, s.SQL); err != nil {
		return s, err
	}
	for _, statement := range statements {
		if _, err := s.SQL.ExecContext(ctx, statement); err != nil {
			return s, fmt.Errorf("%s: %w", statement, err)
		}
	}
	if s.DB, err = schema.Open(ctx, dsn, schema.Options{}); err != nil {
		return s, err
	}
	s.close = append(s.close, s.DB.Close)
	if s.Uploads, err = local.Open(s.Folder); err != nil {
		return s, err
	}
	s.close = append(s.close, s.Uploads.Close)
	return s, nil
}

func (s *Server) shutdown() error {
	var err error
	for _, c := range slices.Backward(s.close) {
		err = errors.Join(err, c())
	}
	return err
}

// of returns the server for another test.
func (s *Server) of(tb testing.TB) *Server {
	tb.Helper()
	other := *s
	other.t = tb
	return &other
}

// Exec runs a statement.
func (s *Server) Exec(query string, values ...any) {
	s.t.Helper()
	if _, err := s.SQL.ExecContext(s.t.Context(), query, values...); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
}

// Text returns the one value of a query, "" for NULL and for no row.
func (s *Server) Text(query string, values ...any) string {
	s.t.Helper()
	var text sql.NullString
	if err := s.SQL.QueryRowContext(s.t.Context(), query, values...).Scan(&text); err != nil && !errors.Is(err, sql.ErrNoRows) {
		s.t.Fatalf("%s: %v", query, err)
	}
	return text.String
}

// Put inserts one row given as "column", value pairs.
func (s *Server) Put(table string, pairs ...any) {
	s.t.Helper()
	var names []string
	var values []any
	for pair := range slices.Chunk(pairs, 2) {
		names, values = append(names, database.Quote(fmt.Sprint(pair[0]))), append(values, pair[1])
	}
	s.Exec("INSERT INTO "+database.Quote(table)+" ("+strings.Join(names, ",")+") VALUES ("+strings.TrimSuffix(strings.Repeat("?,", len(values)), ",")+")", values...)
}

// Publish publishes a version of an app with forms, given as table and field
// elements by form.
func (s *Server) Publish(app string, version int, forms map[string][2]string) {
	s.t.Helper()
	s.Put("app_app", "appId", app, "appVersion", version, "published", 1)
	for id, f := range forms {
		s.Put("app_form", "appId", app, "appVersion", version, "formId", id, "tableName", f[0],
			"json", fmt.Sprintf(`{"className":"org.joget.apps.form.model.Form","properties":{"id":%q,"tableName":%q},"elements":[%s]}`, id, f[0], f[1]))
	}
}

// Table makes a form table with fields; name has no app_fd_.
func (s *Server) Table(name string, fields ...string) {
	s.t.Helper()
	if err := simulated.CreateFormTable(s.t.Context(), s.SQL, name, fields); err != nil {
		s.t.Fatal(err)
	}
}

// Row inserts a row of a form table, given as field, value pairs.
func (s *Server) Row(table string, id migration.RecordID, fields map[string]string) {
	s.t.Helper()
	pairs := []any{"id", string(id), "dateCreated", "2024-06-03 08:00:00", "dateModified", "2024-06-03 08:00:00"}
	for field, value := range fields {
		pairs = append(pairs, simulated.FormColumnPrefix+field, value)
	}
	s.Put(formTable(table), pairs...)
}

// Edit changes a field of a row of a form table, as a person does.
func (s *Server) Edit(table string, id migration.RecordID, field, value string) {
	s.t.Helper()
	s.Exec("UPDATE "+database.Quote(formTable(table))+" SET "+database.Quote(simulated.FormColumnPrefix+field)+" = ?, dateModified = '2024-06-04 08:00:00' WHERE id = ?", value, string(id))
}

// Field reads a field of a row of a form table.
func (s *Server) Field(table string, id migration.RecordID, field string) string {
	s.t.Helper()
	return s.Text("SELECT "+database.Quote(simulated.FormColumnPrefix+field)+" FROM "+database.Quote(formTable(table))+" WHERE id = ?", string(id))
}

func formTable(name string) string { return "app_fd_" + name }

// File writes an upload of a record.
func (s *Server) File(table string, id migration.RecordID, name, content string) {
	s.t.Helper()
	path := filepath.Join(s.Folder, simulated.UploadFolder(table, string(id)), filepath.FromSlash(name))
	err := os.MkdirAll(filepath.Dir(path), 0o750)
	if err == nil {
		err = os.WriteFile(path, []byte(content), 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// Files lists the uploads of a record as "name=content", sorted by name.
func (s *Server) Files(table string, id migration.RecordID) []string {
	s.t.Helper()
	folder := filepath.Join(s.Folder, simulated.UploadFolder(table, string(id)))
	files := []string{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path) //nolint:gosec // a folder of the test's own
		name, _ := strings.CutPrefix(path, folder+string(filepath.Separator))
		files = append(files, filepath.ToSlash(name)+"="+string(content))
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Fatal(err)
	}
	return files
}

// Complete completes an open activity, "path/definition", as a user; "" is the
// first who holds it.
func (s *Server) Complete(id migration.InstanceID, activity string, user migration.User, variables map[string]string) {
	s.t.Helper()
	a := s.open(id, activity)
	if user == "" && len(a.Assignments) > 0 {
		user = a.Assignments[0].User
	}
	if _, err := s.Engine.Complete(s.t.Context(), engine.Caller{Name: string(user)}, string(a.ID), variables); err != nil {
		s.t.Fatalf("complete %s as %s: %v", activity, user, err)
	}
	if after, found, err := s.Engine.Activity(s.t.Context(), string(a.ID)); err != nil || found && strings.HasPrefix(after.State, "open.") {
		s.t.Fatalf("%s is %s after %s completed it: %v", activity, after.State, user, err)
	}
}

// Accept accepts an open activity, "path/definition", as a user.
func (s *Server) Accept(id migration.InstanceID, activity string, user migration.User) {
	s.t.Helper()
	if err := s.Engine.Accept(s.t.Context(), engine.Caller{Name: string(user)}, string(s.open(id, activity).ID)); err != nil {
		s.t.Fatalf("accept %s as %s: %v", activity, user, err)
	}
}

// Reassign gives an open activity, "path/definition", from one user to another.
func (s *Server) Reassign(id migration.InstanceID, activity string, from, to migration.User) {
	s.t.Helper()
	s.Engine.Reassign(s.t.Context(), Administrator, string(s.open(id, activity).ID), string(from), string(to))
}

// Abort aborts an instance, as an administrator.
func (s *Server) Abort(id migration.InstanceID) {
	s.t.Helper()
	s.Engine.Abort(s.t.Context(), Administrator, string(id))
}

// Erase removes all traces of an instance without open subflows, as a server that
// was restored from a backup has none.
func (s *Server) Erase(id migration.InstanceID) {
	s.t.Helper()
	oid := s.Text("SELECT oid FROM SHKProcesses WHERE Id = ?", string(id))
	for _, statement := range []string{
		"DELETE FROM SHKDeadlines WHERE Process = ?", "DELETE FROM SHKAndJoinTable WHERE Process = ?",
		"DELETE FROM SHKActivityData WHERE Activity IN (SELECT oid FROM SHKActivities WHERE Process = ?)",
		"DELETE FROM SHKAssignmentsTable WHERE Activity IN (SELECT oid FROM SHKActivities WHERE Process = ?)",
		"DELETE FROM SHKActivities WHERE Process = ?", "DELETE FROM SHKProcessData WHERE Process = ?",
		"DELETE FROM SHKProcessRequesters WHERE Id = (SELECT Id FROM SHKProcesses WHERE oid = ?)", "DELETE FROM SHKProcesses WHERE oid = ?",
	} {
		s.Exec(statement, oid)
	}
	for _, table := range []string{"wf_process_link", "wf_process_link_history"} {
		s.Exec("DELETE FROM "+table+" WHERE processId = ?", string(id))
	}
}

// Forget leaves of an instance that has ended what a server keeps that deletes such
// (deleteProcessOnCompletion = true): its link.
func (s *Server) Forget(id migration.InstanceID) {
	s.t.Helper()
	s.Exec("INSERT INTO wf_process_link SELECT * FROM wf_process_link_history WHERE processId = ?", string(id))
	for _, table := range []string{"wf_history_activity", "wf_history_process", "wf_process_link_history"} {
		s.Exec("DELETE FROM "+table+" WHERE processId = ?", string(id))
	}
}

// Deploy uploads the package of an app anew, with changes: pairs of what stands in its
// file and what shall. It returns the new version. It is for a stage of the test's own:
// all open instances of the app move.
func (s *Server) Deploy(app string, changes ...string) string {
	s.t.Helper()
	const published = "SELECT appVersion FROM app_app WHERE appId = ? AND published = 1"
	const file = "SELECT d.XPDLContent FROM SHKXPDLData d JOIN SHKXPDLS x ON x.oid = d.XPDL JOIN app_package p ON p.packageId = x.XPDLId AND p.packageVersion = x.XPDLVersion" +
		" JOIN app_app a ON a.appId = p.appId AND a.appVersion = p.appVersion WHERE a.appId = ? AND a.published = 1"
	text := s.Text(file, app)
	for pair := range slices.Chunk(changes, 2) {
		if !strings.Contains(text, pair[0]) {
			s.t.Fatalf("%s does not stand in the package of %s", pair[0], app)
		}
		text = strings.ReplaceAll(text, pair[0], pair[1])
	}
	number, err := strconv.ParseInt(s.Text(published, app), 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	version, err := s.Engine.Deploy(s.t.Context(), app, number, []byte(text))
	if err != nil {
		s.t.Fatal(err)
	}
	return version
}

// Set gives a variable of an instance a value, as an administrator.
func (s *Server) Set(id migration.InstanceID, variable, value string) {
	s.t.Helper()
	s.Engine.SetVariable(s.t.Context(), Administrator, string(id), variable, value)
}

// Administrator is whom an administrator of a server is for its engine.
var Administrator = engine.Caller{Name: simulated.AdminUser, Admin: true}

// open finds an open activity of an instance or of one below it.
func (s *Server) open(id migration.InstanceID, activity string) *migration.OpenActivity {
	s.t.Helper()
	at, definition := path.Split(activity)
	tree := s.Tree(id)
	for p, t := range tree.Walk() {
		if string(p) == strings.TrimSuffix(at, "/") {
			if a := t.Instance.Open(migration.ActivityDefID(definition)); a != nil {
				return a
			}
		}
	}
	s.t.Fatalf("%s of %s is not open; there is %q", activity, id, s.Standing(id))
	return nil
}

// Await waits until an activity, "path/definition", is open.
func (s *Server) Await(id migration.InstanceID, activity string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	pace := rate.NewLimiter(rate.Every(retryPace), 1)
	for !slices.ContainsFunc(s.Standing(id), func(line string) bool { return strings.HasPrefix(line, activity+" is open") }) {
		if pace.Wait(ctx) != nil {
			s.t.Fatalf("%s of %s did not open; there is %q", activity, id, s.Standing(id))
		}
	}
}

// Tree reads an instance with what is open below it.
func (s *Server) Tree(id migration.InstanceID) *migration.Tree {
	s.t.Helper()
	tree, err := s.DB.Fresh().Tree(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return &tree
}

// Standing tells where an instance and those below it stand, in lines that are
// equal on two servers when both stand alike: what is open and who holds it,
// variables, and branches that wait at joins.
func (s *Server) Standing(id migration.InstanceID) []string {
	s.t.Helper()
	var lines []string
	for p, t := range s.Tree(id).Walk() {
		in := func(name string) string { return path.Join(string(p), name) }
		for _, a := range t.Instance.Activities {
			line := in(string(a.DefID)) + " is open"
			for _, as := range a.Assignments {
				line += ", " + string(as.User)
			}
			if a.AcceptedBy != "" {
				line += ", accepted"
			}
			lines = append(lines, line)
		}
		for _, v := range t.Instance.Variables {
			lines = append(lines, in(v.Name)+" = "+v.Value)
		}
		for _, token := range t.Instance.Tokens {
			lines = append(lines, in(string(token.From))+" waits at "+string(token.Join))
		}
	}
	slices.Sort(lines)
	return lines
}
