package preflight_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/preflight"
)

func TestSpaceForUploads(t *testing.T) {
	t.Parallel()
	free := int64(10)
	facts := preflight.PlanFacts{Amounts: []preflight.Amount{{App: "crm", FileBytes: 4}, {App: "hr", FileBytes: 6}}, FreeBytes: &free}
	if got := only(said(preflight.Plan(&facts)), "FERRY-116"); got != nil {
		t.Errorf("there is room, and yet %v", got)
	}
	facts.Amounts[0].FileBytes++
	if diff := cmp.Diff([]string{"FERRY-116 target: 11 bytes to copy, 10 bytes free"}, only(said(preflight.Plan(&facts)), "FERRY-116")); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	for _, f := range preflight.Plan(&facts) {
		if f.ID == "FERRY-116" && f.Severity != migration.Warning {
			t.Errorf("%s, though what was copied counts again", f.Severity)
		}
	}
	facts.FreeBytes = nil
	if got := only(said(preflight.Plan(&facts)), "FERRY-116"); got != nil {
		t.Errorf("nobody knows, and yet %v", got)
	}
}
