package inventory

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/flow"
	"jogetferry/migration"
	"jogetferry/preflight"
	"jogetferry/store"
	"jogetferry/test/activitytest"
	"jogetferry/test/simulator/apps"
)

// TestTreeFacts has an onboarding that waits for its equipment, whose records
// and definitions are called otherwise on the target.
func TestTreeFacts(t *testing.T) {
	t.Parallel()
	source, target := activitytest.NewServer(t), activitytest.NewServer(t)
	for s, version := range map[*activitytest.Server]int64{source: 3, target: 7} {
		if err := apps.Load(t.Context(), s.SQL, apps.Options{PackageVersion: version}); err != nil {
			t.Fatal(err)
		}
	}
	onboard := func(version, process string) migration.DefinitionID {
		return migration.DefinitionID{Package: "onboard", Version: version, Process: process}
	}
	equip := migration.OpenActivity{ID: "2", DefID: "equip", State: migration.StateRunning, Performer: "8", Variables: []migration.Variable{
		{Name: "candidate", Value: "Ann"}, {Name: "equipmentStatus", Value: "ordered"},
	}}
	tree := migration.Tree{
		Instance: migration.Instance{
			ID: "7", App: "onboard", State: migration.StateRunning, Definition: onboard("3", "onboarding"), Requester: "cat", Record: "r-1",
			Variables: []migration.Variable{{Name: "candidate", Value: "Bob"}}, Activities: []migration.OpenActivity{equip},
		},
		Subflows: []migration.Tree{{Caller: "equip", Instance: migration.Instance{
			ID: "8", App: "onboard", State: migration.StateRunning, Definition: onboard("3", "equipment"), Requester: "cat",
			Activities: []migration.OpenActivity{{ID: "3", DefID: "pick", State: migration.StateNotStarted, Assignments: []migration.Assignment{{User: "cat"}}}},
			Tokens:     []migration.JoinToken{{Join: "j", From: "f", Performer: "clark"}},
		}}},
	}
	inv := inventoryOf(t, source, target, step.Settings{RebuildJoins: true, Mapping: migration.Mapping{Users: map[migration.User]migration.User{"clark": "terry"}}})
	facts, blocked, err := inv.gather(t.Context(), []migration.Tree{tree})
	if err != nil || blocked[0] {
		t.Fatal(err, blocked)
	}
	child := facts[0].Below[0]
	if child.Path != "equip" || child.Source.Key != "equipment" || child.Target.Key != "equipment" || !facts[0].RebuildJoins {
		t.Errorf("the subflow is at %q, its definitions %v and %v", child.Path, child.Source, child.Target)
	}
	if child.Start.Outcome != flow.Waits || child.Start.Waits[0].Child.String() != "route1 -> waits at pick" {
		t.Errorf("its start: %v", child.Start)
	}
	// What the activity has, not what the instance has by now.
	if diff := cmp.Diff(map[string]string{"candidate": "Ann"}, child.Handed); diff != "" {
		t.Errorf("handed over (-want +got):\n%s", diff)
	}
	if _, known := facts[0].Users.Accounts["terry"]; !known {
		t.Error("nobody looked for the performer of a token")
	}
	if n := child.Members["it"]; n.Least < 1 || n.Most < n.Least {
		t.Errorf("the team has %v members", n)
	}
	if _, counted := facts[0].Members["preparer"]; !counted {
		t.Error("a requester counts for one")
	}
	var judged []string
	for _, d := range inv.pairs {
		judged = append(judged, fmt.Sprintf("%s -> %s", d.id, d.target))
	}
	if len(judged) != 2 || len(inv.definitions) != 2 { // one of inventoryOf
		t.Errorf("judged %v, of roots %v", judged, inv.definitions)
	}

	// At its turn the same is seen.
	now, err := inv.act.Facts(t.Context(), &step.Opened{Standing: &store.Standing{}}, &tree)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(child.Start, now.Below[0].Start); diff != "" || now.Below[0].Target == nil {
		t.Errorf("at its turn (-plan +turn):\n%s", diff)
	}
	if got := preflight.Instance(&now); len(got) != 1 || got[0].ID != "FERRY-405" {
		t.Errorf("findings %v", got)
	}

	// What is long once it is encoded cannot be sent, here or in the subflow.
	long := strings.Repeat("ä", 1000)
	tree.Instance.Variables = []migration.Variable{{Name: "candidate", Value: long}}
	tree.Subflows[0].Instance.Variables = []migration.Variable{{Name: "equipmentStatus", Value: long}, {Name: "candidate", Value: "Bob"}}
	tree.Instance.Activities[0].Variables[1].Value = long
	for limit, want := range map[int][]string{0: nil, 10_000: nil, 6000: {"the start", "variable candidate", "variable equip.equipmentStatus", "equip/variable equipmentStatus"}} {
		act := *inv.act
		act.Servers = new(*inv.act.Servers)
		act.Settings.MaxPost = limit
		f, err := act.Facts(t.Context(), &step.Opened{Standing: &store.Standing{}}, &tree)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, what := range f.TooLong {
			before, _, _ := strings.Cut(what, ":")
			got = append(got, before)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("too long for %d bytes (-want +got):\n%s", limit, diff)
		}
	}

	// A definition of a subflow that may not be migrated blocks the instance.
	target.Exec(`UPDATE SHKXPDLData SET XPDLContent = REPLACE(XPDLContent, 'WorkflowProcess Id="equipment"', 'WorkflowProcess Id="furniture"')`)
	if err := inv.act.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := newInventory(inv.act, contract.InventoryInput{Migration: "m"})
	_, blocked, err = again.gather(t.Context(), []migration.Tree{tree})
	if err != nil || !blocked[0] || again.definitions[tree.Instance.Definition].worst == migration.Blocking {
		t.Errorf("without the definition of the subflow: blocked %v, %v", blocked, err)
	}
}
