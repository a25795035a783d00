package schema_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/joget/schema"
	"jogetferry/migration"
)

// shape is what of a tree the tests of trees look at.
type shape struct {
	ID, Caller, State, Record string
	Open                      []string
	Below                     []shape
}

func shapeOf(t *migration.Tree) shape {
	s := shape{ID: string(t.Instance.ID), Caller: string(t.Caller), State: string(t.Instance.State), Record: string(t.Instance.Record)}
	for _, a := range t.Instance.Activities {
		s.Open = append(s.Open, string(a.DefID))
	}
	for i := range t.Subflows {
		s.Below = append(s.Below, shapeOf(&t.Subflows[i]))
	}
	return s
}

// calls adds an activity that waits for the instance child.
func (j *joget) calls(process int64, processID, def, child string) (activity string) {
	j.t.Helper()
	activity = "a_" + processID + "_" + def
	j.activity(activity, process, def, running, 1, "Performer", child, "IsPerformerAsynchronous", 0)
	return activity
}

func TestTreesHaveTheSubflowsThatAreWaitedFor(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	waits := func(process int64, id string) {
		t.Helper()
		j.activity("w_"+id, process, "approve", notStarted, 2)
	}

	root := j.process("root", crm, running, "cat")
	j.link("wf_process_link", "root", "rec-1", "rec-1")
	waits(root, "root")
	second := j.calls(root, "root", "second", "gone")
	first := j.calls(root, "root", "first", "child")
	third := j.calls(root, "root", "third", "ended")
	j.calls(root, "root", "fourth", "stranger")
	child := j.process("child", crm, running, "cat", first, "root")
	inner := j.calls(child, "child", "first", "grandchild")
	grandchild := j.process("grandchild", crm, "open.not_running.suspended", "cat", inner, "child")
	deepest := j.calls(grandchild, "grandchild", "deep", "deepest")
	waits(j.process("deepest", crm, running, "cat", deepest, "grandchild"), "deepest")
	j.process("ended", crm, completed, "cat", third, "root")
	j.process("stranger", crm, running, "cat", second, "root") // the row says that another activity called it
	j.process("async", crm, running, "cat", "w_root", "root")  // nobody waits for it

	linked := j.process("linked", crm, running, "cat")
	caller := j.calls(linked, "linked", "sub", "linked_sub")
	waits(j.process("linked_sub", crm, running, "cat", caller, "linked"), "linked_sub")
	j.link("wf_process_link", "linked_sub", "linked", "linked")
	waits(j.process("plain", crm, running, "cat"), "plain")

	trees, err := j.Fresh().Trees(t.Context(), []migration.InstanceID{"plain", "none", "root", "linked", "child"})
	if err != nil {
		t.Fatal(err)
	}
	belowChild := []shape{{ID: "grandchild", Caller: "first", State: "open.not_running.suspended", Record: "rec-1", Open: []string{"deep"}, Below: []shape{
		{ID: "deepest", Caller: "deep", State: running, Record: "rec-1", Open: []string{"approve"}},
	}}}
	want := []shape{
		{ID: "plain", State: running, Record: "plain", Open: []string{"approve"}},
		{ID: "root", State: running, Record: "rec-1", Open: []string{"second", "first", "third", "fourth", "approve"}, Below: []shape{
			{ID: "child", Caller: "first", State: running, Record: "rec-1", Open: []string{"first"}, Below: belowChild},
			{ID: "stranger", Caller: "fourth"},
			{ID: "gone", Caller: "second"},
			{ID: "ended", Caller: "third", State: completed, Record: "rec-1"},
		}},
		{ID: "linked", State: running, Record: "linked", Open: []string{"sub"}, Below: []shape{
			{ID: "linked_sub", Caller: "sub", State: running, Record: "linked", Open: []string{"approve"}},
		}},
		{ID: "child", State: running, Record: "rec-1", Open: []string{"first"}, Below: belowChild},
	}
	var got []shape
	for i := range trees {
		got = append(got, shapeOf(&trees[i]))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("trees (-want +got):\n%s", diff)
	}
	one, err := j.Fresh().Tree(t.Context(), "root")
	if diff := cmp.Diff(trees[1], one); diff != "" || err != nil {
		t.Errorf("tree: %v (-want +got):\n%s", err, diff)
	}
	if _, err := j.Fresh().Tree(t.Context(), "none"); migration.CodeOf(err) != migration.CodeNotFound {
		t.Errorf("unknown instance: %v", err)
	}
}

func TestTreesOfCirclesEnd(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	a := j.process("a", crm, running, "cat", "a_b_back", "b")
	b := j.process("b", crm, running, "cat", "a_a_on", "a")
	j.calls(a, "a", "on", "b")
	j.calls(b, "b", "back", "a")
	tree, err := j.Fresh().Tree(t.Context(), "a")
	want := shape{ID: "a", State: running, Record: "a", Open: []string{"on"}, Below: []shape{
		{ID: "b", Caller: "on", State: running, Record: "b", Open: []string{"back"}},
	}}
	if diff := cmp.Diff(want, shapeOf(&tree), cmpopts.IgnoreFields(shape{}, "Record")); diff != "" || err != nil {
		t.Errorf("circle: %v (-want +got):\n%s", err, diff)
	}
}

func TestTreesTakeAsManyQueriesAsOneTreeDoes(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	var ids []migration.InstanceID
	for _, id := range []string{"1", "2", "3"} {
		caller := j.calls(j.process(id, crm, running, "cat"), id, "sub", id+"_sub")
		inner := j.calls(j.process(id+"_sub", crm, running, "cat", caller, id), id+"_sub", "sub", id+"_sub_sub")
		j.process(id+"_sub_sub", crm, running, "cat", inner, id+"_sub")
		ids = append(ids, migration.InstanceID(id))
	}
	if err := j.Snapshot(t.Context(), func(ctx context.Context, s *schema.Snap) error {
		selects := func() (n int, err error) {
			rows, err := s.QueryContext(ctx, "SHOW SESSION STATUS LIKE 'Com_select'")
			if err != nil {
				return 0, err
			}
			var name string
			for rows.Next() {
				err = errors.Join(err, rows.Scan(&name, &n))
			}
			return n, errors.Join(err, rows.Err(), rows.Close())
		}
		var counts []int
		for _, n := range []int{1, 1, 3} { // the first also reads the states
			before, err := selects()
			if err != nil {
				return err
			}
			trees, err := s.Trees(ctx, ids[:n])
			if err != nil || len(trees) != n {
				t.Errorf("%d trees, %v", len(trees), err)
			}
			after, err := selects()
			if err != nil {
				return err
			}
			counts = append(counts, after-before)
		}
		if counts[1] != counts[2] {
			t.Errorf("three trees took %d queries, one %d", counts[2], counts[1])
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestTokensTellWhoCompletedThePredecessor(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	p := j.process("1", crm, running, "cat")
	token := func(def, user string) {
		t.Helper()
		var resource any
		if user != "" {
			resource = user
		}
		a := j.activity("a_"+def+user, p, def, completed, 1, "ResourceId", resource)
		j.engine("SHKAndJoinTable", "Process", p, "ActivityDefinitionId", "both", "Activity", a, "CNT", j.oid)
	}
	token("route", "")
	token("left", "terry")
	token("left", "clark")
	i, err := j.Fresh().Instance(t.Context(), "1")
	want := []migration.JoinToken{{Join: "both", From: "left", Performer: "clark"}, {Join: "both", From: "left", Performer: "terry"}, {Join: "both", From: "route"}}
	if diff := cmp.Diff(want, i.Tokens); diff != "" || err != nil {
		t.Errorf("tokens: %v (-want +got):\n%s", err, diff)
	}
}

func TestActivitiesOfSeveralInstancesNameTheirChildren(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	j.calls(j.process("1", crm, running, "cat"), "1", "sub", "2")
	second := j.process("2", crm, completed, "cat", "a_1_sub", "1")
	j.activity("a_2_done", second, "done", completed, 5, "ResourceId", "terry")
	all, err := j.Fresh().TreeActivities(t.Context(), []migration.InstanceID{"1", "2", "none"})
	of := migration.DefinitionID{Package: "crm", Version: "3", Process: "process1"}
	want := map[migration.InstanceID][]schema.Activity{
		"1": {{ID: "a_1_sub", DefID: "sub", Definition: of, State: migration.StateRunning, Activated: 1, StateTime: 2, Child: "2"}},
		"2": {{ID: "a_2_done", DefID: "done", Definition: of, State: migration.StateCompleted, AcceptedBy: "terry", Activated: 5, StateTime: 6}},
	}
	if diff := cmp.Diff(want, all); diff != "" || err != nil {
		t.Errorf("activities: %v (-want +got):\n%s", err, diff)
	}
}
