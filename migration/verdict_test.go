package migration_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	item := func(kind migration.ItemKind, result migration.ItemResult) migration.Item {
		return migration.Item{Kind: kind, Result: result}
	}
	for _, tc := range []struct {
		name    string
		items   []migration.Item
		verdict migration.Verdict
		reasons []migration.Reason
	}{
		{name: "nothing_compared", verdict: migration.VerdictSame},
		{name: "all_the_same", items: []migration.Item{item(migration.ItemVariable, migration.ItemSame), item(migration.ItemAssignee, migration.ItemSame)}, verdict: migration.VerdictSame},
		{name: "a_limit_decides_nothing", items: []migration.Item{item(migration.ItemLimit, migration.ItemDiffers)}, verdict: migration.VerdictSame},
		{name: "assignees", items: []migration.Item{item(migration.ItemLimit, migration.ItemDiffers), item(migration.ItemAssignee, migration.ItemMissing)}, verdict: migration.VerdictAssignees},
		{
			name: "nobody_has_it", items: []migration.Item{item(migration.ItemInbox, migration.ItemMissing), item(migration.ItemAssignee, migration.ItemMissing)},
			verdict: migration.VerdictDiffers, reasons: []migration.Reason{migration.ReasonUnassigned},
		},
		{name: "accepted_by_another", items: []migration.Item{item(migration.ItemAccepted, migration.ItemDiffers)}, verdict: migration.VerdictAssignees},
		{
			name:    "assignees_and_a_variable",
			items:   []migration.Item{item(migration.ItemAssignee, migration.ItemMissing), item(migration.ItemVariable, migration.ItemDiffers)},
			verdict: migration.VerdictDiffers, reasons: []migration.Reason{migration.ReasonVerifyDiffers},
		},
		{
			name: "a_variable_before_assignees", items: []migration.Item{item(migration.ItemVariable, migration.ItemDiffers), item(migration.ItemAssignee, migration.ItemMissing)},
			verdict: migration.VerdictDiffers, reasons: []migration.Reason{migration.ReasonVerifyDiffers},
		},
		{name: "nobody_can_tell", items: []migration.Item{item(migration.ItemVariable, migration.ItemUnverifiable)}, verdict: migration.VerdictUnverifiable, reasons: []migration.Reason{migration.ReasonVerifyDiffers}},
		{
			name:    "nobody_can_tell_and_another_differs",
			items:   []migration.Item{item(migration.ItemFile, migration.ItemUnverifiable), item(migration.ItemRow, migration.ItemExtra), item(migration.ItemFile, migration.ItemUnverifiable)},
			verdict: migration.VerdictDiffers, reasons: []migration.Reason{migration.ReasonVerifyDiffers},
		},
		{
			name: "each_reason_once_in_the_order_found",
			items: []migration.Item{
				item(migration.ItemSource, migration.ItemDiffers),
				{Kind: migration.ItemTarget, Subject: migration.TargetIsUntouched, Result: migration.ItemDiffers},
				{Kind: migration.ItemTarget, Subject: migration.TargetIsOpen, Result: migration.ItemMissing},
				{Kind: migration.ItemTarget, Subject: migration.TargetIsOurs, Result: migration.ItemDiffers},
				{Kind: migration.ItemInstance, Subject: "9_crm_p", Result: migration.ItemExtra},
				{Kind: migration.ItemInstance, Path: "review", Result: migration.ItemMissing},
				item(migration.ItemJoin, migration.ItemMissing),
				item(migration.ItemEngine, migration.ItemDiffers),
			},
			verdict: migration.VerdictDiffers,
			reasons: []migration.Reason{
				migration.ReasonSourceMoved, migration.ReasonTargetMoved, migration.ReasonTargetClosed, migration.ReasonTargetChanged,
				migration.ReasonTwoStarts, migration.ReasonVerifyDiffers, migration.ReasonJoinsDiffer,
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			verdict, reasons := migration.Judge(tc.items)
			if diff := cmp.Diff(tc.reasons, reasons); verdict != tc.verdict || diff != "" {
				t.Errorf("verdict %q, want %q; reasons (-want +got):\n%s", verdict, tc.verdict, diff)
			}
		})
	}
}

func TestItemCountsTellWhatIsNotTheSame(t *testing.T) {
	t.Parallel()
	counts := migration.CountItems([]migration.Item{
		{Kind: migration.ItemRow, Result: migration.ItemDiffers},
		{Kind: migration.ItemRow, Result: migration.ItemSame},
		{Kind: migration.ItemRow, Result: migration.ItemDiffers},
		{Kind: migration.ItemActivity, Result: migration.ItemMissing},
	})
	want := migration.ItemCounts{
		migration.ItemRow:      {migration.ItemDiffers: 2, migration.ItemSame: 1},
		migration.ItemActivity: {migration.ItemMissing: 1},
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if got := counts.String(); got != "activity missing 1, row differs 2" {
		t.Errorf("as text: %q", got)
	}
}

func TestAnItemInOneLine(t *testing.T) {
	t.Parallel()
	i := migration.Item{Kind: migration.ItemVariable, Path: "review/check", Subject: "status", Result: migration.ItemDiffers, Seen: `"new" on the source`}
	if got, want := i.String(), `variable at review/check status: differs, "new" on the source`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
