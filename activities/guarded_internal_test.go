package activities

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"jogetferry/contract"
	"jogetferry/migration"
)

func TestGuarded_turns_a_panic_into_an_error(t *testing.T) {
	t.Parallel()
	var g errgroup.Group
	g.Go(guarded(func() error {
		panic("a nil map")
	}))
	err := g.Wait()
	if migration.CodeOf(err) != migration.CodeInternal || !strings.Contains(err.Error(), "nil map") {
		t.Errorf("got %v", err)
	}
	own := errors.New("its own")
	if err := guarded(func() error { return own })(); !errors.Is(err, own) {
		t.Errorf("got %v", err)
	}
}

func TestBounded_keeps_the_severest(t *testing.T) {
	t.Parallel()
	var findings []migration.Finding
	for range contract.MaxFindings {
		findings = append(findings, migration.Finding{ID: "FERRY-313", Severity: migration.Note})
	}
	findings = append(findings, migration.Finding{ID: "FERRY-203", Severity: migration.Blocking}, migration.Finding{ID: "FERRY-206", Severity: migration.Warning})
	kept, left := bounded(findings)
	if len(kept) != contract.MaxFindings || left != 2 || kept[0].ID != "FERRY-203" || kept[1].ID != "FERRY-206" {
		t.Errorf("kept %d, left %d, first %v", len(kept), left, kept[:2])
	}
}
