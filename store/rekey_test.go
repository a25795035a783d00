package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
)

func TestRekeys(t *testing.T) {
	t.Parallel()
	l := opened(t)
	none, err := l.Rekeys(t.Context(), "s", "t", []migration.RecordID{"a", "b"})
	if err != nil || none != nil {
		t.Errorf("before anything was decided: %v, %v; want nil", none, err)
	}
	first, err := l.SaveRekeys(t.Context(), "s", "t", migration.Rekeys{"a": "1", "b": "2"}, "plan")
	if want := (migration.Rekeys{"a": "1", "b": "2"}); err != nil || !cmp.Equal(first, want) {
		t.Errorf("the first decision: %v, %v; want %v", first, err, want)
	}
	// Whoever decides later gets what was decided first.
	again, err := l.SaveRekeys(t.Context(), "s", "t", migration.Rekeys{"b": "3", "A": "4"}, "somebody")
	if want := (migration.Rekeys{"b": "2", "A": "4"}); err != nil || !cmp.Equal(again, want) {
		t.Errorf("a later decision: %v, %v; want %v", again, err, want)
	}
	known, err := l.Rekeys(t.Context(), "s", "t", []migration.RecordID{"a", "c"})
	if want := (migration.Rekeys{"a": "1"}); err != nil || !cmp.Equal(known, want) {
		t.Errorf("those of some: %v, %v; want %v", known, err, want)
	}
	if other, err := l.Rekeys(t.Context(), "s", "other", []migration.RecordID{"a"}); err != nil || other != nil {
		t.Errorf("of another target: %v, %v; want nil", other, err)
	}
}
