package engine_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"

	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/schema"
)

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// deploy writes the leave app as a version of its own, its package changed:
// pairs of what stands there and what shall.
func deploy(t *testing.T, db *sql.DB, version int64, changes ...string) {
	t.Helper()
	must(t, apps.Load(t.Context(), db, apps.Options{Apps: []string{apps.Leave}, AppVersion: version}))
	d, err := apps.Read(apps.Leave)
	must(t, err)
	for i := 0; i < len(changes); i += 2 {
		if n := bytes.Count(d.XPDL, []byte(changes[i])); n != 1 {
			t.Fatalf("%s stands %d times in the package", changes[i], n)
		}
		d.XPDL = bytes.Replace(d.XPDL, []byte(changes[i]), []byte(changes[i+1]), 1)
	}
	_, err = db.ExecContext(t.Context(), "UPDATE SHKXPDLData d JOIN SHKXPDLS x ON x.oid = d.XPDL SET d.XPDLContent = ? WHERE x.XPDLId = ? AND x.XPDLVersion = ?", d.XPDL, apps.Leave, version)
	must(t, err)
}

func when(condition string) string {
	return `<Condition Type="CONDITION">` + strings.ReplaceAll(condition, "&", "&amp;") + `</Condition>`
}

func TestDecision_of_a_route(t *testing.T) {
	t.Parallel()
	const (
		otherwise = `<Condition Type="OTHERWISE"/>`
		stuck     = "" // no transition is followed, not even OTHERWISE
	)
	type row struct {
		name                      string
		resubmit, confirm, reject string // conditions in the order of the split
		and                       bool   // instead of XOR
		want                      string // what is open afterwards
	}
	cases := []row{
		{name: "the_last_of_two_otherwise", resubmit: otherwise, confirm: otherwise, reject: when("false"), want: "confirm"},
		{name: "the_last_of_two_otherwise_of_an_and_split", resubmit: otherwise, confirm: otherwise, reject: when("false"), and: true, want: "confirm"},
		{name: "a_condition_between_two_otherwise", resubmit: otherwise, confirm: when("true"), reject: otherwise, want: "confirm"},
		{name: "nothing_is_evaluated_after_the_one_taken", resubmit: when("true"), confirm: when("1"), reject: otherwise, want: "resubmit"},
		{name: "one_that_fails_keeps_an_and_split_from_those_before_it", resubmit: when("true"), confirm: when("1"), reject: otherwise, and: true, want: stuck},
	}
	for condition, want := range map[string]string{
		"true": "resubmit", "false": "confirm", "approved": "resubmit", "!approved": "confirm", "status==='go'": "resubmit",
		"!!status": "resubmit", "if (status) { true } else { false }": "resubmit",
		"status": stuck, "remarks": stuck, "''": stuck, "'true'": stuck, "days": stuck, "1": stuck, "0": stuck,
		"null": stuck, "undefined": stuck, "// true": stuck, "({})": stuck,
		"new Boolean(true)": stuck, "new Boolean(false)": stuck, "status && days": stuck, "nothing": stuck,
	} {
		cases = append(cases, row{name: "by_" + condition, resubmit: when(condition), confirm: otherwise, reject: when("false"), want: want})
	}

	db, err := sql.Open("mysql", mysqltest.DSN(t))
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	must(t, schema.Create(t.Context(), db))
	for i, c := range cases {
		split := `Split Type="XOR"`
		if c.and {
			split = `Split Type="AND"`
		}
		deploy(t, db, int64(i+1), otherwise, c.confirm, when("status==='resubmit'"), c.resubmit, when("status==='rejected'"), c.reject, `Split Type="XOR"`, split,
			`"balance" IsArray="FALSE"><DataType><BasicType Type="FLOAT"/></DataType>`, `"approved" IsArray="FALSE"><DataType><BasicType Type="BOOLEAN"/></DataType><InitialValue>true</InitialValue>`)
	}
	e, err := engine.New(t.Context(), engine.Options{DB: db})
	must(t, err)
	decide := func(t *testing.T, version int) string {
		t.Helper()
		started, err := e.Start(t.Context(), engine.Caller{Name: "cat"}, engine.StartRequest{
			Definition: fmt.Sprintf("%s:%d:process1", apps.Leave, version), Variables: map[string]string{"status": "go", "days": "1"},
		})
		must(t, err)
		var open string
		must(t, db.QueryRowContext(t.Context(), "SELECT Id FROM SHKActivities WHERE ActivityDefinitionId = 'approve' AND ProcessId = ?", started.Instance).Scan(&open))
		must(t, e.ForceComplete(t.Context(), engine.Caller{Name: "admin", Admin: true}, open))
		return started.Instance
	}
	decide(t, 1) // the engine has seen everybody then: newcomers would collide
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			instance := decide(t, i+1)
			text := func(query string) string {
				var s string
				must(t, db.QueryRowContext(t.Context(), query, instance).Scan(&s))
				return s
			}
			if got := text("SELECT COALESCE(GROUP_CONCAT(ActivityDefinitionId), '') FROM SHKActivities WHERE State IN (1000001, 1000003) AND ProcessId = ?"); got != c.want {
				t.Errorf("open: %q, want %q", got, c.want)
			}
			if got := text("SELECT COUNT(*) FROM SHKProcesses WHERE State = 1000000 AND Id = ?"); got != "1" {
				t.Error("the instance does not run any more")
			}
		})
	}
}
