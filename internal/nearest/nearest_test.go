package nearest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/internal/nearest"
)

func TestWords(t *testing.T) {
	t.Parallel()
	known := []string{"target.url", "target.uploads", "limits.window", "crm/process1", "crm/process2"}
	for _, tc := range []struct {
		name, word string
		want       []string
	}{
		{"swapped_letters_are_near", "traget.url", []string{"target.url"}},
		{"case_is_ignored", "Limits.Window", []string{"limits.window"}},
		{"a_part_is_near", "crm", []string{"crm/process1", "crm/process2"}},
		{"something_else_is_not", "zzzzzz", nil},
		{"an_empty_word_is_near_nothing_long", "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, nearest.Words(tc.word, known, 2)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
