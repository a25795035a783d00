package inventory

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/activities/step"
	"jogetferry/migration"
	"jogetferry/preflight"
	"jogetferry/records"
	"jogetferry/store"
	"jogetferry/test/activitytest"
	"jogetferry/test/simulator/apps"
)

// pageOf gathers what a page of leave requests with these records needs.
func pageOf(t *testing.T, inv *inventory, ids ...migration.RecordID) []preflight.InstanceFacts {
	t.Helper()
	trees := make([]migration.Tree, len(ids))
	for i, id := range ids {
		trees[i].Instance = migration.Instance{
			ID: migration.InstanceID(fmt.Sprintf("%d_leave_process1", i)), App: "leave", State: migration.StateRunning, Requester: "cat", Record: id,
			Definition: migration.DefinitionID{Package: "leave", Version: "1", Process: "process1"},
		}
	}
	facts, _, err := inv.gather(t.Context(), trees)
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

func newIDs(facts []preflight.InstanceFacts) (ids []migration.RecordID) {
	for i := range facts {
		ids = append(ids, facts[i].Rekey.Record)
	}
	return ids
}

func leaveServers(t *testing.T) (source, target *activitytest.Server) {
	t.Helper()
	source, target = activitytest.NewServer(t), activitytest.NewServer(t)
	for _, s := range []*activitytest.Server{source, target} {
		if err := apps.Load(t.Context(), s.SQL, apps.Options{PackageVersion: 1}); err != nil {
			t.Fatal(err)
		}
	}
	return source, target
}

// TestInstancesOfOneRecordShareItsNewID has them on pages of their own.
func TestInstancesOfOneRecordShareItsNewID(t *testing.T) {
	t.Parallel()
	for _, dry := range []bool{false, true} {
		for _, policy := range []migration.Rekey{migration.RekeyNeeded, migration.RekeyAlways} {
			t.Run(fmt.Sprintf("%s,dry_%t", policy, dry), func(t *testing.T) {
				t.Parallel()
				source, target := leaveServers(t)
				inv := inventoryOf(t, source, target, step.Settings{Rekey: policy})
				inv.in.Dry = dry
				first := newIDs(pageOf(t, inv, "a (b)", "a (b)"))
				second := newIDs(pageOf(t, inv, "c;", "a (b)"))
				if first[0] == "" || first[0] != first[1] || first[0] != second[1] || second[0] == first[0] {
					t.Errorf("new IDs: %q, then %q", first, second)
				}
				// The ledger has them, but not those of a check.
				other := newInventory(inv.act, inv.in)
				if again := newIDs(pageOf(t, other, "a (b)")); dry == (again[0] == first[0]) {
					t.Errorf("another plan has %q, after %q", again, first)
				}
			})
		}
	}
}

// TestFactsKnowNewIDs is what a copy sees when the turn of an instance comes.
func TestFactsKnowNewIDs(t *testing.T) {
	t.Parallel()
	source, target := leaveServers(t)
	inv := inventoryOf(t, source, target, step.Settings{})
	tree := migration.Tree{Instance: migration.Instance{
		ID: "7_leave_process1", App: "leave", State: migration.StateRunning, Requester: "cat", Record: "a (b)",
		Definition: migration.DefinitionID{Package: "leave", Version: "1", Process: "process1"},
		Activities: []migration.OpenActivity{{ID: "2", DefID: "approve", State: migration.StateNotStarted}},
	}}
	refused := func() bool {
		t.Helper()
		facts, err := inv.act.Facts(t.Context(), &step.Opened{Key: inv.act.Key(tree.Instance.ID), Standing: &store.Standing{Rekeyed: true}}, &tree)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(preflight.Instance(&facts), func(f migration.Finding) bool { return f.ID == "FERRY-303" })
	}
	if !refused() {
		t.Error("the API takes it")
	}
	if _, err := inv.act.Ledger.SaveRekeys(t.Context(), "source", "target", migration.Rekeys{"a (b)": "new"}, "somebody"); err != nil {
		t.Fatal(err)
	}
	if refused() {
		t.Error("the decision is not seen")
	}
	if tree.Instance.Record != "a (b)" {
		t.Errorf("the source's record became %q", tree.Instance.Record)
	}
}

// TestKeysThatCannotTakeNewIDs has an order whose items name it, in a column that the
// target has too narrow, and a log that names it without any form knowing.
func TestKeysThatCannotTakeNewIDs(t *testing.T) {
	t.Parallel()
	source, target := activitytest.NewServer(t), activitytest.NewServer(t)
	source.Publish("crm", 1, map[string][2]string{
		"order": {"order", `{"className":"com.x.Grid","properties":{"id":"items","storeBinder":{"className":"com.x.Store","properties":{"formDefId":"item","foreignKey":"order_id"}}}}`},
		"item":  {"item", ""}, "log": {"log", ""}, "never": {"never", ""},
	})
	for _, s := range []*activitytest.Server{source, target} {
		s.Table("order", "note", "number")
		s.Table("item", "order_id", "about")
		s.Table("log", "about", "order_no")
	}
	target.Exec("ALTER TABLE app_fd_item MODIFY c_order_id varchar(20)")
	for _, id := range []string{"a (b)", "c (d)"} {
		source.Put("app_fd_order", "id", id, "c_note", id, "c_number", "1")
		source.Put("app_fd_log", "id", "of "+id, "c_about", id, "c_order_no", id)
	}
	source.Put("app_fd_item", "id", "1", "c_order_id", "a (b)", "c_about", "a (b)")
	source.Put("app_fd_item", "id", "2", "c_order_id", "a (b)", "c_about", "something")
	source.Put("app_fd_item", "id", "3", "c_order_id", "A (B)")
	inv := inventoryOf(t, source, target, step.Settings{
		OnConflict: records.ConflictPark, Rekey: migration.RekeyNeeded, RekeyColumns: migration.RekeyColumns{Columns: map[string][]string{"log": {"order_no"}}},
	})
	facts := gatherFor(t, inv, "a (b)", "c (d)", "plain")
	for i := range facts[:2] {
		facts[i].RecordRefused = "spaces"
	}
	for _, gather := range []func() error{
		func() error { return inv.rekeyNeeded(t.Context(), facts) },
		func() error { return inv.inspectRekeyed(t.Context(), facts) },
		func() error { return inv.oldIDs(t.Context()) },
	} {
		if err := gather(); err != nil {
			t.Fatal(err)
		}
	}
	refused, mentions := facts[0].Rekey.Refused, facts[0].Rekey.Mentions
	// That of another spelling belongs to the order for the database alone.
	if want := []string{"app_fd_item.c_order_id: 1 rows", "app_fd_item.c_order_id: 2 rows"}; !cmp.Equal(want, refused) {
		t.Errorf("refused are %q, want %q", refused, want)
	}
	if want := []string{"app_fd_item.c_about: 1 rows", "app_fd_order.c_note: 1 rows"}; !cmp.Equal(want, mentions) {
		t.Errorf("mentions are %q, want %q", mentions, want)
	}
	if f := facts[1].Rekey; f.Refused != nil || !slices.Equal(f.Mentions, []string{"app_fd_order.c_note: 1 rows"}) {
		t.Errorf("the other order: %+v", f)
	}
	if f := facts[2].Rekey; f.Record != "" || f.Mentions != nil {
		t.Errorf("what needs no new ID: %+v", f)
	}
	want := []preflight.OldIDs{{App: "crm", Searched: 2, Records: 2, Places: []string{"app_fd_item.c_about: 1 rows", "app_fd_log.c_about: 2 rows", "app_fd_order.c_note: 2 rows"}}}
	if diff := cmp.Diff(want, inv.plan.OldIDs); diff != "" {
		t.Errorf("old IDs (-want +got):\n%s", diff)
	}
	if strings.Contains(fmt.Sprint(inv.plan.OldIDs), "a (b)") {
		t.Error("values are shown")
	}
}
