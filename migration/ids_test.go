package migration_test

import (
	"testing"

	"jogetferry/migration"
)

func TestSameUser(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		a, b migration.User
		same bool
	}{
		{"equal", "cat", "cat", true},
		{"case", "Cat", "cAT", true},
		{"spaces_at_the_end", "cat  ", "cat", true},
		{"other_alphabets", "ΣΟΦΟΣ", "σοφος", true},
		{"two_small_letters_of_one_capital", "σοφοσ", "σοφος", true},
		{"accents_count", "jose", "josé", false},
		{"spaces_elsewhere_count", " cat", "cat", false},
		{"somebody_else", "cat", "clark", false},
		{"nobody_is_nobody", "", "", true},
		{"nobody_is_not_somebody", "", "cat", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := migration.SameUser(tc.a, tc.b); got != tc.same || (tc.a.Fold() == tc.b.Fold()) != tc.same {
				t.Errorf("%q and %q: same %t, folded %q and %q", tc.a, tc.b, got, tc.a.Fold(), tc.b.Fold())
			}
		})
	}
}

func TestAnInstanceStaysItselfThroughADeploy(t *testing.T) {
	t.Parallel()
	known := migration.TargetIdentity{
		ID: "9_crm_approve", OID: "17", Created: 5, Requester: "Cat", Origin: "rec-1",
		Definition: migration.DefinitionID{Package: "crm", Version: "5", Process: "approve"},
	}
	for _, tc := range []struct {
		name   string
		change func(*migration.TargetIdentity)
		is     bool
	}{
		{"nothing_changed", func(*migration.TargetIdentity) {}, true},
		{"moved_to_another_version", func(i *migration.TargetIdentity) { i.Definition.Version = "6" }, true},
		{"the_requester_in_another_spelling", func(i *migration.TargetIdentity) { i.Requester = "cat" }, true},
		{"of_another_process", func(i *migration.TargetIdentity) { i.Definition.Process = "reject" }, false},
		{"of_another_app", func(i *migration.TargetIdentity) { i.Definition.Package = "hr" }, false},
		{"another_ID", func(i *migration.TargetIdentity) { i.ID = "10_crm_approve" }, false},
		{"another_row", func(i *migration.TargetIdentity) { i.OID = "18" }, false},
		{"created_at_another_time", func(i *migration.TargetIdentity) { i.Created = 6 }, false},
		{"of_another_user", func(i *migration.TargetIdentity) { i.Requester = "clark" }, false},
		{"of_another_record", func(i *migration.TargetIdentity) { i.Origin = "rec-2" }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			now := known
			tc.change(&now)
			if known.Is(now) != tc.is || now.Is(known) != tc.is {
				t.Errorf("same %t, want %t", known.Is(now), tc.is)
			}
		})
	}
}
