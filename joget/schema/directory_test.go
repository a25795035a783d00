package schema_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/joget/schema"
	"jogetferry/migration"
)

func TestMemberships(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	j.put("dir_user", "id", "gone-id", "username", "gone", "active", 0)
	got, err := j.Fresh().Memberships(t.Context(), []string{"admin", "julia", "usr-00000007", "gone-id", "nobody"})
	want := map[string]schema.Membership{
		"admin":        {Roles: []string{"ROLE_ADMIN"}},
		"julia":        {Roles: []string{"ROLE_USER"}, Groups: []string{"approvers", "finance-team"}, Departments: []string{"dept-finance"}},
		"usr-00000007": {Roles: []string{"ROLE_USER"}, Groups: []string{"it-team"}, Departments: []string{"dept-it"}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("memberships: %v (-want +got):\n%s", err, diff)
	}
}

func TestDepartmentHead(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	j.put("dir_department", "id", "below", "name", "Below", "parentId", "dept-it")
	j.put("dir_department", "id", "alone", "name", "Alone")
	j.put("dir_department", "id", "circle", "name", "Circle")
	j.exec("UPDATE dir_department SET parentId = 'circle' WHERE id = 'circle'")
	for department, want := range map[string]string{"dept-sales": "clark", "below": "usr-00000007", "alone": "", "circle": "", "unknown": "", "": ""} {
		if got, err := j.Fresh().DepartmentHead(t.Context(), department); got != want || err != nil {
			t.Errorf("head of %q: %q, %v; want %q", department, got, err, want)
		}
	}
}

func TestUsernames(t *testing.T) {
	t.Parallel()
	got, err := newJoget(t).Fresh().Usernames(t.Context(), 3)
	if diff := cmp.Diff([]string{"admin", "cat", "clark"}, got); diff != "" || err != nil {
		t.Errorf("names: %v (-want +got):\n%s", err, diff)
	}
}

func TestClockIsInMilliseconds(t *testing.T) {
	t.Parallel()
	got, err := newJoget(t).Fresh().Clock(t.Context())
	if off := time.Since(time.UnixMilli(int64(got))).Abs(); off > time.Minute || err != nil {
		t.Errorf("the clock is %s off, %v", off, err)
	}
}

// Each generation is what the one before is, and some tables more.
func TestGeneration(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	got := []int{j.Generation()}
	for _, table := range []string{"wf_history_activity", "wf_history_process", "app_builder", "dir_user_replacement", "app_form_data_audit_trail", "app_report_app", "app_app"} {
		j.exec("ALTER TABLE " + table + " RENAME TO before_" + table)
		got = append(got, openDB(t, j.dsn, schema.Options{ReadOnly: true}).Generation())
	}
	if diff := cmp.Diff([]int{8, 8, 7, 6, 5, 4, 3, 0}, got); diff != "" {
		t.Errorf("generations (-want +got):\n%s", diff)
	}
}

func TestRecentWork(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	j.definition("hr#1#leave")
	j.definition("hr#1#idle")
	ended := j.process("3_hr_idle", "hr#1#idle", completed, "cat")
	j.activity("1_3", ended, "a", completed, 5000, "ResourceId", "cat")
	for _, definition := range []string{crm, "hr#1#leave"} {
		p := j.process("7_"+definition, definition, running, "cat")
		j.activity("2_"+definition, p, "accepted", running, 5000, "ResourceId", "cat")
		j.activity("3_"+definition, p, "completed", completed, 6000, "ResourceId", "clark")
		j.activity("4_"+definition, p, "offered", notStarted, 6000)
		j.activity("5_"+definition, p, "tool", completed, 6000)
		j.activity("6_"+definition, p, "old", completed, 4000, "ResourceId", "cat")
	}
	one, other := migration.DefinitionID{Package: "crm", Version: "3", Process: "process1"}, migration.DefinitionID{Package: "hr", Version: "1", Process: "leave"}
	got, err := j.Fresh().RecentWork(t.Context(), 5001)
	if diff := cmp.Diff(map[migration.DefinitionID]int{one: 2, other: 2}, got); diff != "" || err != nil {
		t.Errorf("work: %v (-want +got):\n%s", err, diff)
	}
	open, err := j.Fresh().OpenDefinitions(t.Context())
	if diff := cmp.Diff([]migration.DefinitionID{one, other}, open); diff != "" || err != nil {
		t.Errorf("open definitions: %v (-want +got):\n%s", err, diff)
	}
}
