package preflight_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"jogetferry/migration"
	"jogetferry/preflight"
)

// lines are findings as "FERRY-NNN severity subject: seen".
func lines(findings []migration.Finding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, fmt.Sprintf("%s %s %s: %s", f.ID, f.Severity, f.Subject, f.Seen))
	}
	return list
}

// said returns findings as "ID subject: seen".
func said(findings []migration.Finding) []string {
	var lines []string
	for _, f := range findings {
		lines = append(lines, f.ID+" "+f.Subject+": "+f.Seen)
	}
	return lines
}

// only keeps what some checks said.
func only(lines []string, ids ...string) []string {
	var kept []string
	for _, line := range lines {
		for _, id := range ids {
			if strings.HasPrefix(line, id) {
				kept = append(kept, line)
			}
		}
	}
	return kept
}

func TestEveryCheckIsWhole(t *testing.T) {
	t.Parallel()
	var ids []string
	for _, c := range preflight.All() {
		ids = append(ids, c.ID)
		if c.Title == "" || c.Remedy == "" || c.Severity == "" || c.About == "" {
			t.Errorf("%s lacks title, remedy, severity or about", c.ID)
		}
		scopes := 0
		for _, has := range []bool{c.Copying != nil, c.Calling != nil, c.Engine != nil, c.Plan != nil, c.App != nil, c.Definition != nil, c.Instance != nil, c.Part != nil} {
			if has {
				scopes++
			}
		}
		if scopes == 0 {
			t.Errorf("%s has no function", c.ID)
		}
	}
	if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Errorf("a number is used twice, or out of order: %v", ids)
	}
}

func TestWithoutPersonal_keeps_values_to_the_ledger(t *testing.T) {
	t.Parallel()
	got := preflight.WithoutPersonal([]migration.Finding{
		{ID: "FERRY-301", Subject: "7_crm_approve", Seen: "900_crm_approve"},
		{ID: "FERRY-410", Subject: "7_crm_approve", Seen: "approve"},
	})
	if got[0].Seen != "" || got[1].Seen != "approve" {
		t.Errorf("got %+v", got)
	}
}

func TestWithoutPersonal_bounds_what_was_seen(t *testing.T) {
	t.Parallel()
	got := preflight.WithoutPersonal([]migration.Finding{{ID: "FERRY-216", Seen: strings.Repeat("é", 1000)}})
	if len(got[0].Seen) > 520 || !strings.HasSuffix(got[0].Seen, "é...") {
		t.Errorf("seen %d bytes, %q", len(got[0].Seen), got[0].Seen[:20])
	}
}

// The checks of users, and what else names people, stay in the ledger.
func TestChecksThatNamePeopleArePersonal(t *testing.T) {
	t.Parallel()
	for _, c := range preflight.All() {
		if slices.Contains([]string{"FERRY-223", "FERRY-421", "FERRY-422", "FERRY-423", "FERRY-424", "FERRY-425", "FERRY-426"}, c.ID) && !c.Personal {
			t.Errorf("%s is not personal", c.ID)
		}
	}
}
