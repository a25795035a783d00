package verify

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/activities/step"
	"jogetferry/migration"
	"jogetferry/store"
	"jogetferry/test/activitytest"
	"jogetferry/test/mysqltest"
)

// TestEvidence_counts_rows_beside_the_record has more rows than are counted or named.
func TestEvidence_counts_rows_beside_the_record(t *testing.T) {
	t.Parallel()
	source, target := activitytest.NewServer(t), activitytest.NewServer(t)
	for _, s := range []*activitytest.Server{source, target} {
		s.Publish("crm", 1, map[string][2]string{"order": {"order", ""}, "note": {"note", ""}, "old": {"old", ""}, "unused": {"unused", ""}})
		s.Table("order")
		s.Table("note")
		s.Exec("CREATE TABLE app_fd_old (id varchar(255) PRIMARY KEY)")
	}
	target.Put("app_fd_order", "id", "r-1", "dateModified", "2999-01-01 00:00:00")
	target.Exec("INSERT INTO app_fd_order (id, dateModified) SELECT CONCAT('o', LPAD(seq, 5, '0')), NOW() FROM " + mysqltest.Sequence(10001))
	target.Exec("INSERT INTO app_fd_note (id, dateModified) VALUES ('n1', UTC_TIMESTAMP()), ('N2', UTC_TIMESTAMP() - INTERVAL 1 DAY)")
	c := &Activities{Servers: &step.Servers{Source: source.As("source"), Target: target.As("target")}}
	now, err := target.DB.Fresh().Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got migration.Evidence
	if err := c.modified(t.Context(), &step.Opened{Standing: &store.Standing{}}, &migration.Snapshot{Tree: migration.Tree{Instance: migration.Instance{App: "crm"}}},
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
	source, target := activitytest.NewServer(t), activitytest.NewServer(t)
	for _, s := range []*activitytest.Server{source, target} {
		s.Publish("crm", 1, map[string][2]string{"order": {"order", ""}, "note": {"note", ""}})
		s.Table("order")
		s.Table("note")
	}
	c := &Activities{Servers: &step.Servers{Source: source.As("source"), Target: target.As("target")}}
	var got migration.Evidence
	err := c.modified(t.Context(), &step.Opened{Standing: &store.Standing{}}, &migration.Snapshot{Tree: migration.Tree{Instance: migration.Instance{App: "crm"}}}, &migration.Instance{App: "crm", Record: "r-1"}, time.Nanosecond, &got)
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
