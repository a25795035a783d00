package engine_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/schema"
)

// claims returns a server with the claims app, all from in its package replaced by to.
func claims(t *testing.T, dir, from, to string) (*sql.DB, *engine.Engine) {
	t.Helper()
	db, err := sql.Open("mysql", mysqltest.DSN(t))
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	must(t, schema.Create(t.Context(), db))
	must(t, apps.Load(t.Context(), db, apps.Options{Apps: []string{apps.Claims}}))
	d, err := apps.Read(apps.Claims)
	must(t, err)
	if !bytes.Contains(d.XPDL, []byte(from)) {
		t.Fatalf("%s is not in the package", from)
	}
	_, err = db.ExecContext(t.Context(), "UPDATE SHKXPDLData SET XPDLContent = ?", bytes.ReplaceAll(d.XPDL, []byte(from), []byte(to)))
	must(t, err)
	e, err := engine.New(t.Context(), engine.Options{DB: db, UploadsDir: dir})
	must(t, err)
	return db, e
}

func begin(t *testing.T, e *engine.Engine, process string, variables map[string]string) string {
	t.Helper()
	res, err := e.Start(t.Context(), engine.Caller{Name: "cat"}, engine.StartRequest{Definition: "claims#latest#" + process, RecordID: "r 1", Variables: variables})
	must(t, err)
	return res.Instance
}

func TestWriteFileTool_writes_into_the_record_s_folder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, e := claims(t, dir, "begin", "begin")
	begin(t, e, "intake", nil)
	got, err := os.ReadFile(filepath.Join(dir, engine.UploadsRoot, "claim_case", "r 1", "letter.txt"))
	must(t, err)
	if want := "We have your claim. Grüße"; string(got) != want {
		t.Errorf("the file holds %q, want %q", got, want)
	}
}

func TestWriteFileTool_fails_without_an_uploads_folder(t *testing.T) {
	t.Parallel()
	_, e := claims(t, "", "begin", "begin")
	list, err := e.Activities(t.Context(), begin(t, e, "intake", nil))
	must(t, err)
	if last := list[len(list)-1]; last.DefID != "review" {
		t.Errorf("the process stopped at %s", last.DefID)
	}
}

// links lists the children of an instance's tree that have a link.
func links(t *testing.T, db *sql.DB) string {
	t.Helper()
	var got string
	must(t, db.QueryRowContext(t.Context(), "SELECT COALESCE(GROUP_CONCAT(p.PDefName ORDER BY p.oid SEPARATOR ' '), '') FROM SHKProcesses p"+
		" JOIN wf_process_link l ON l.processId = p.Id WHERE p.ActivityRequesterId IS NOT NULL").Scan(&got))
	return strings.ReplaceAll(got, "claims#1#", "")
}

func TestLink_of_a_child_is_written_when_it_is_first_needed(t *testing.T) {
	t.Parallel()
	db, e := claims(t, "", "begin", "begin")
	root := begin(t, e, "escalate", nil)
	if got := links(t, db); got != "" {
		t.Errorf("linked before anybody needed it: %s", got)
	}
	calls, err := e.Activities(t.Context(), root)
	must(t, err)
	for _, call := range calls {
		if call.Child == "" {
			continue
		}
		inner, err := e.Activities(t.Context(), call.Child)
		must(t, err)
		must(t, e.Accept(t.Context(), engine.Caller{Name: "cat"}, inner[len(inner)-1].ID))
	}
	if got := links(t, db); got != "panel" {
		t.Errorf("linked once an assignment was read: %q, want panel", got)
	}
}

func TestAsynchronous_child_that_ends_in_its_start_gives_nothing_back(t *testing.T) {
	t.Parallel()
	_, e := claims(t, "", `Id="panel" Execution="SYNCHR"`, `Id="panel" Execution="ASYNCHR"`)
	root := begin(t, e, "escalate", map[string]string{"mode": "skip"})
	vars, _, err := e.Variables(t.Context(), root)
	must(t, err)
	for _, v := range vars {
		if v.Name == "verdict" && v.Text != "none" {
			t.Errorf("the child gave back %q", v.Text)
		}
	}
}
