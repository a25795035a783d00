package store_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
	"jogetferry/store"
)

func found(ids ...string) []migration.Finding {
	var findings []migration.Finding
	for _, id := range ids {
		findings = append(findings, migration.Finding{ID: id, Severity: migration.Warning, Subject: "s", Message: "m", Remedy: "r"})
	}
	return findings
}

// changed returns what the last plan changed: "was>state", instances, +gained, -lost.
func changed(t *testing.T, l *store.Ledger) []string {
	t.Helper()
	diff, err := l.PlanDiff(t.Context(), mig)
	must(t, err)
	var all []string
	for _, move := range diff.Moves {
		n := 0
		for c, err := range l.PlanChanges(t.Context(), mig, move) {
			must(t, err)
			n++
			text := string(c.Instance) + " " + string(c.Was) + ">" + string(c.State)
			for _, id := range c.Gained {
				text += " +" + id
			}
			for _, id := range c.Lost {
				text += " -" + id
			}
			if c.Definition != def {
				t.Errorf("%s has definition %v", c.Instance, c.Definition)
			}
			all = append(all, text)
		}
		if n != move.Instances {
			t.Errorf("%v has %d instances", move, n)
		}
	}
	slices.SortFunc(all, cmp.Compare)
	return all
}

func TestPlanDiff_tells_what_the_second_plan_changed(t *testing.T) {
	t.Parallel()
	l := opened(t)
	before := planned(6, map[int]migration.InstanceState{3: migration.InstanceWarned, 4: migration.InstanceWarned, 6: migration.InstanceBlocked})
	before[2].Findings = found("FERRY-416", "FERRY-420")
	before[3].Findings = found("FERRY-416")
	savePlan(t, l, "p1", before)
	must(t, l.SaveFindings(t.Context(), mig, found("FERRY-108", "FERRY-202")))
	if diff, err := l.PlanDiff(t.Context(), mig); err != nil || diff.Compared {
		t.Fatalf("the first plan is compared with something: %+v, %v", diff, err)
	}
	must(t, l.Progress(t.Context(), mig, id(5), migration.Change{State: migration.InstanceRunning}))

	// 1 stays, 2 is new to FERRY-404, 3 loses one and gains one, 4 keeps all, 5 is
	// in flight, 6 is closed, 7 is new.
	after := planned(7, map[int]migration.InstanceState{2: migration.InstanceBlocked, 3: migration.InstanceWarned, 4: migration.InstanceWarned, 5: migration.InstanceBlocked})
	after[1].Findings = found("FERRY-404")
	after[2].Findings = found("FERRY-419", "FERRY-420", "FERRY-420")
	after[3].Findings = found("FERRY-416")
	page := slices.Delete(slices.Clone(after), 5, 6)
	must(t, l.SavePlan(t.Context(), mig, "p2", page[:3]))
	must(t, l.SavePlan(t.Context(), mig, "p2", page)) // pages come again
	must(t, l.SaveFindings(t.Context(), mig, found("FERRY-202", "FERRY-224")))
	_, err := l.FinishPlan(t.Context(), mig, "p2")
	must(t, err)

	want := []string{
		string(id(2)) + " ready>blocked +FERRY-404",
		string(id(3)) + " warned>warned +FERRY-419 -FERRY-416",
		string(id(6)) + " blocked>skipped",
		string(id(7)) + " >ready",
	}
	if diff := gocmp.Diff(want, changed(t, l)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	got, err := l.PlanDiff(t.Context(), mig)
	must(t, err)
	if diff := gocmp.Diff(migration.PlanDiff{Compared: true, Gained: found("FERRY-224"), Lost: found("FERRY-108")}, got, cmpopts.IgnoreFields(migration.PlanDiff{}, "Moves")); diff != "" {
		t.Errorf("diff (-want +got):\n%s", diff)
	}

	for _, number := range []int{2, 3, 4} {
		findings, err := l.Findings(t.Context(), mig, id(number))
		must(t, err)
		if diff := gocmp.Diff(after[number-1].Findings, findings); diff != "" {
			t.Errorf("findings of %s (-want +got):\n%s", id(number), diff)
		}
	}

	// The next plan begins: nothing is left of these changes.
	must(t, l.SavePlan(t.Context(), mig, "p3", nil))
	if left := changed(t, l); len(left) > 0 {
		t.Errorf("left of the plan before: %v", left)
	}
}

func TestPlanDiff_of_a_page_that_comes_again_with_something_else(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p1", planned(2, nil))
	must(t, l.SaveFindings(t.Context(), mig, nil))
	must(t, l.SavePlan(t.Context(), mig, "p2", planned(3, map[int]migration.InstanceState{1: migration.InstanceBlocked})))
	savePlan(t, l, "p2", planned(3, map[int]migration.InstanceState{2: migration.InstanceWarned, 3: migration.InstanceWarned}))
	want := []string{string(id(2)) + " ready>warned", string(id(3)) + " >warned"}
	if diff := gocmp.Diff(want, changed(t, l)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestPlanDiff_does_not_compare_with_a_first_plan_that_was_cut_off(t *testing.T) {
	t.Parallel()
	l := opened(t)
	must(t, l.SavePlan(t.Context(), mig, "p1", planned(1, nil)))
	savePlan(t, l, "p2", planned(2, nil))
	if diff, err := l.PlanDiff(t.Context(), mig); err != nil || diff.Compared {
		t.Errorf("compared with half a plan: %+v, %v", diff, err)
	}
}

func TestPlanChanges_pages(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p1", planned(1, nil))
	must(t, l.SaveFindings(t.Context(), mig, nil))
	savePlan(t, l, "p2", planned(1203, nil))
	got := changed(t, l)
	if len(got) != 1202 || strings.Join(slices.Compact(slices.Clone(got)), "") != strings.Join(got, "") {
		t.Errorf("%d changes, or one twice", len(got))
	}
}
