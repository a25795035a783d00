package store_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
)

func TestPackages(t *testing.T) {
	t.Parallel()
	l := opened(t)
	first := migration.FrozenPackage{Role: migration.RoleSource, Package: "crm", Version: "3", XPDL: []byte(strings.Repeat("<Package/>", 1000))}
	target := migration.FrozenPackage{Role: migration.RoleTarget, Package: "crm", Version: "5", XPDL: []byte("<Package/>")}
	must(t, l.SavePackages(t.Context(), mig, []migration.FrozenPackage{first, target}))
	first.XPDL = []byte("<Package Id='crm'/>")
	must(t, l.SavePackages(t.Context(), mig, []migration.FrozenPackage{first}))
	got, err := l.Packages(t.Context(), mig)
	must(t, err)
	if diff := cmp.Diff([]migration.FrozenPackage{first, target}, got); diff != "" {
		t.Error(diff)
	}
	if other, err := l.Packages(t.Context(), "other"); err != nil || len(other) > 0 {
		t.Errorf("of another migration: %v, %v", other, err)
	}
}

func TestActivityCounts(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p1", planned(4, nil))
	item := func(path migration.Path, activity string, result migration.ItemResult) migration.Item {
		return migration.Item{Kind: migration.ItemActivity, Path: path, Subject: activity, Result: result}
	}
	for n, items := range map[int][]migration.Item{
		1: {item("", "approve", migration.ItemSame), item("", "confirm", migration.ItemSame), item("sub", "pay", migration.ItemSame)},
		2: {item("", "approve", migration.ItemMissing), {Kind: migration.ItemVariable, Subject: "approve", Result: migration.ItemSame}},
		3: {item("", "approve", migration.ItemSame)},
		4: {item("", "approve", migration.ItemSame)}, // not done
	} {
		must(t, l.SaveVerdict(t.Context(), mig, id(n), migration.Comparison{Verdict: migration.VerdictSame, Items: items}))
		if n < 4 {
			must(t, l.Progress(t.Context(), mig, id(n), migration.Change{State: migration.InstanceDone, Step: migration.StepVerify, Verdict: migration.VerdictSame}))
		}
	}
	got, err := l.ActivityCounts(t.Context(), mig)
	must(t, err)
	want := []migration.ActivityCount{
		{Definition: def, Activity: "approve", Result: migration.ItemMissing, Instances: 1},
		{Definition: def, Activity: "approve", Result: migration.ItemSame, Instances: 2},
		{Definition: def, Activity: "confirm", Result: migration.ItemSame, Instances: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
