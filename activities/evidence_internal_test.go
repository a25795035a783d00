package activities

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/testsuite"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/internal/mysqltest"
	"jogetferry/migration"
)

// TestEvidence_that_cannot_be_gathered has an instance without a snapshot,
// which no repetition mends, and one whose source is out of reach.
func TestEvidence_that_cannot_be_gathered(t *testing.T) {
	t.Parallel()
	source, target := newJogetServer(t), newJogetServer(t)
	c := inventoryOf(t, source, target, step.Settings{}).copy
	if err := c.Ledger.Bind(t.Context(), migration.Binding{Migration: "m", Source: "source", Target: "target"}, ""); err != nil {
		t.Fatal(err)
	}
	if err := c.Ledger.SavePlan(t.Context(), "m", "p", []migration.PlanEntry{{Entry: migration.Entry{Instance: "7_crm_p", Definition: crmProcess, State: migration.InstanceReady}}}); err != nil {
		t.Fatal(err)
	}
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(c.GatherEvidence)
	in := contract.StepInput{Migration: "m", Instance: "7_crm_p"}
	value, err := env.ExecuteActivity(c.GatherEvidence, in)
	if err != nil {
		t.Fatal(err)
	}
	var got contract.Outcome
	if err := value.Get(&got); err != nil {
		t.Fatal(err)
	}
	want := contract.Outcome{Status: contract.StatusOK, Message: "read snapshot 7_crm_p: not_found"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
	lines, err := c.Ledger.Lines(t.Context(), "m", "7_crm_p")
	if err != nil || len(lines) == 0 || lines[len(lines)-1].Event != migration.EventNoEvidence || lines[len(lines)-1].Facts.Summary != want.Message {
		t.Errorf("the story does not say so: %+v, %v", lines, err)
	}

	if _, err := c.Ledger.SaveSnapshot(t.Context(), "m", "7_crm_p", migration.Snapshot{Tree: migration.Tree{Instance: migration.Instance{Definition: crmProcess}}}); err != nil {
		t.Fatal(err)
	}
	if err := target.db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := env.ExecuteActivity(c.GatherEvidence, in); err == nil {
		t.Error("a target out of reach is not asked again")
	}
}

// TestEvidence_counts_rows_beside_the_record has more rows than are counted or named.
func TestEvidence_counts_rows_beside_the_record(t *testing.T) {
	t.Parallel()
	source, target := newJogetServer(t), newJogetServer(t)
	for _, s := range []*jogetServer{source, target} {
		s.app(1, map[string][2]string{"order": {"order", ""}, "note": {"note", ""}, "old": {"old", ""}, "unused": {"unused", ""}})
		s.table("order")
		s.table("note")
		s.exec("CREATE TABLE app_fd_old (id varchar(255) PRIMARY KEY)")
	}
	target.put("app_fd_order", "id", "r-1", "dateModified", "2999-01-01 00:00:00")
	target.exec("INSERT INTO app_fd_order (id, dateModified) SELECT CONCAT('o', LPAD(seq, 5, '0')), NOW() FROM " + mysqltest.Sequence(10001))
	target.exec("INSERT INTO app_fd_note (id, dateModified) VALUES ('n1', UTC_TIMESTAMP()), ('N2', UTC_TIMESTAMP() - INTERVAL 1 DAY)")
	c := inventoryOf(t, source, target, step.Settings{}).copy
	now, err := target.db.Fresh().Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got migration.Evidence
	if err := c.modified(t.Context(), &migration.Snapshot{Tree: migration.Tree{Instance: migration.Instance{App: "crm"}}},
		&migration.Instance{App: "crm", Record: "r-1", Created: now - migration.EpochMillis(time.Minute/time.Millisecond)}, tableTime, &got); err != nil {
		t.Fatal(err)
	}
	named := make([]migration.RecordID, 0, mostModifiedIDs)
	for n := range mostModifiedIDs {
		named = append(named, migration.RecordID(fmt.Sprintf("o%05d", n+1)))
	}
	want := migration.Evidence{
		Modified: []migration.ModifiedRows{{Table: "note", Rows: 1, IDs: []migration.RecordID{"n1"}}, {Table: "order", Rows: mostModified, More: true, IDs: named}},
		Undated:  []string{"old"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
}

// TestEvidence_says_which_tables_take_too_long has no time for any.
func TestEvidence_says_which_tables_take_too_long(t *testing.T) {
	t.Parallel()
	source, target := newJogetServer(t), newJogetServer(t)
	for _, s := range []*jogetServer{source, target} {
		s.app(1, map[string][2]string{"order": {"order", ""}, "note": {"note", ""}})
		s.table("order")
		s.table("note")
	}
	c := inventoryOf(t, source, target, step.Settings{}).copy
	var got migration.Evidence
	err := c.modified(t.Context(), &migration.Snapshot{Tree: migration.Tree{Instance: migration.Instance{App: "crm"}}}, &migration.Instance{App: "crm", Record: "r-1"}, time.Nanosecond, &got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(migration.Evidence{Uncounted: []string{"note", "order"}}, got); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
}

func TestEvidenceOfSubflowsIsNamedByTheirPath(t *testing.T) {
	t.Parallel()
	status := []migration.Variable{{Name: "status", Value: "new"}}
	got := sideOf(&migration.Tree{
		Instance: migration.Instance{Activities: []migration.OpenActivity{{DefID: "review"}}, Variables: status},
		Subflows: []migration.Tree{{Caller: "review", Instance: migration.Instance{Activities: []migration.OpenActivity{{DefID: "look"}}, Variables: status}}},
	})
	want := migration.EvidenceSide{
		Activities: []migration.OpenActivity{{DefID: "review"}, {DefID: "review/look"}},
		Variables:  []migration.Variable{{Name: "status", Value: "new"}, {Name: "review/status", Value: "new"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("side (-want +got):\n%s", diff)
	}
}
