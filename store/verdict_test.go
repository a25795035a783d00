package store_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
)

func TestComparison_is_the_last_one_saved(t *testing.T) {
	t.Parallel()
	l, dsn := openedAt(t)
	_, err := l.Comparison(t.Context(), mig, id(1))
	wantCode(t, err, migration.CodeNotFound)

	first := migration.Comparison{Verdict: migration.VerdictDiffers, Deciding: true}
	for n := range 1201 {
		first.Items = append(first.Items, migration.Item{Kind: migration.ItemRow, Subject: fmt.Sprintf("order/%04d", n), Result: migration.ItemMissing})
	}
	last := migration.Comparison{Verdict: migration.VerdictAssignees, Items: []migration.Item{
		{Kind: migration.ItemVariable, Path: "review/check", Subject: "Status", Result: migration.ItemSame},
		{Kind: migration.ItemAssignee, Path: "Review/check", Subject: "approve", Result: migration.ItemDiffers, Seen: "not to clärk \U0001F600"},
	}}
	other := migration.Comparison{Verdict: migration.VerdictSame, Deciding: true, Items: []migration.Item{{Kind: migration.ItemRow, Result: migration.ItemSame}}}
	must(t, l.SaveVerdict(t.Context(), mig, id(2), other))
	for _, c := range []migration.Comparison{first, last} {
		must(t, l.SaveVerdict(t.Context(), mig, id(1), c))
		got, err := l.Comparison(t.Context(), mig, id(1))
		must(t, err)
		if diff := cmp.Diff(c, got, cmpopts.IgnoreFields(migration.Comparison{}, "At")); diff != "" || got.At.IsZero() {
			t.Fatalf("compared at %s, found (-want +got):\n%s", got.At, diff)
		}
		backdate(t, dsn, "verdict", "compared_at", 3600e9)
	}
	old, err := l.Comparison(t.Context(), mig, id(1))
	must(t, err)
	must(t, l.SaveVerdict(t.Context(), mig, id(1), last))
	got, err := l.Comparison(t.Context(), mig, id(1))
	must(t, err)
	if !got.At.After(old.At) {
		t.Errorf("compared at %s, which is not after %s", got.At, old.At)
	}
	untouched, err := l.Comparison(t.Context(), mig, id(2))
	must(t, err)
	if diff := cmp.Diff(other, untouched, cmpopts.IgnoreFields(migration.Comparison{}, "At")); diff != "" {
		t.Errorf("that of another instance (-want +got):\n%s", diff)
	}
}

func TestSaveVerdict_takes_text_that_is_none(t *testing.T) {
	t.Parallel()
	l := opened(t)
	must(t, l.SaveVerdict(t.Context(), mig, id(1), migration.Comparison{Verdict: migration.VerdictDiffers, Items: []migration.Item{
		{Kind: migration.ItemFile, Subject: "order/r/\xff", Result: migration.ItemExtra},
	}}))
	got, err := l.Comparison(t.Context(), mig, id(1))
	must(t, err)
	if len(got.Items) != 1 || got.Items[0].Subject != "order/r/\uFFFD" {
		t.Errorf("got %+v", got.Items)
	}
}
