package inventory

import (
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
)

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
