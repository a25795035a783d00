package migration_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
)

func TestMissingTokens(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name                           string
		wanted, present, missing, more []migration.JoinToken
	}{
		{"nothing", nil, nil, nil, nil},
		{"the_same", tokens("a@j", "b@j"), tokens("b@j", "a@j"), nil, nil},
		{"some_missing_in_order", tokens("b@k", "c@j", "b@j", "a@k"), tokens("b@j"), tokens("c@j", "a@k", "b@k"), nil},
		{"by_performer_at_last", tokens("a@j:clark", "a@j:cat"), nil, tokens("a@j:cat", "a@j:clark"), nil},
		{"some_more_in_order", nil, tokens("b@k", "c@j", "b@j"), nil, tokens("b@j", "c@j", "b@k")},
		{"another_join_is_another_token", tokens("a@j"), tokens("a@k"), tokens("a@j"), tokens("a@k")},
		{"another_predecessor_is_another_token", tokens("a@j"), tokens("b@j"), tokens("a@j"), tokens("b@j")},
		{"twice_wanted_once_present", tokens("a@j", "a@j"), tokens("a@j"), tokens("a@j"), nil},
		{"once_wanted_twice_present", tokens("a@j"), tokens("a@j", "a@j"), nil, tokens("a@j")},
		{"another_performer_is_the_same_token", tokens("a@j:cat"), tokens("a@j:clark"), nil, nil},
		{"an_unknown_performer_is_the_same_token", tokens("a@j:cat"), tokens("a@j"), nil, nil},
		{"the_same_performer_is_paired_first", tokens("a@j:cat", "a@j:clark"), tokens("a@j:clark"), tokens("a@j:cat"), nil},
		{"the_same_performer_is_paired_first_the_other_way", tokens("a@j:clark"), tokens("a@j:cat", "a@j:clark"), nil, tokens("a@j:cat")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			missing, more := migration.MissingTokens(tc.wanted, tc.present)
			want, got := [][]migration.JoinToken{tc.missing, tc.more}, [][]migration.JoinToken{missing, more}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("missing, extra (-want +got):\n%s", diff)
			}
		})
	}
}

// tokens reads "FROM@JOIN" and "FROM@JOIN:PERFORMER".
func tokens(texts ...string) []migration.JoinToken {
	var out []migration.JoinToken
	for _, text := range texts {
		at, performer, _ := strings.Cut(text, ":")
		from, join, _ := strings.Cut(at, "@")
		out = append(out, migration.JoinToken{Join: migration.ActivityDefID(join), From: migration.ActivityDefID(from), Performer: migration.User(performer)})
	}
	return out
}
