package preflight_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/preflight"
)

var update = flag.Bool("update", false, "rewrite docs/checks.md")

const checksPage = "../docs/checks.md"

// TestChecksPageIsUpToDate keeps docs/checks.md in step with the table; -update writes it.
func TestChecksPageIsUpToDate(t *testing.T) {
	t.Parallel()
	want := checksMarkdown(preflight.All())
	if *update {
		if err := os.WriteFile(checksPage, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(checksPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), want); diff != "" {
		t.Errorf("docs/checks.md is stale; go test ./preflight -update writes it (-page +checks):\n%s", diff)
	}
}

// TestRemediesSayWhatToDo and not that somebody shall find out how.
func TestRemediesSayWhatToDo(t *testing.T) {
	t.Parallel()
	for _, c := range preflight.All() {
		if strings.Contains(c.Remedy, "by hand") {
			t.Errorf("%s leaves the steps to the reader: %s", c.ID, c.Remedy)
		}
	}
}

// groups are the sections of the page, by the first digit of a number.
var groups = []struct{ digit, title, text string }{
	{"1", "Servers", "A blocking one ends `check` and `plan` before the inventory."},
	{"2", "Apps, definitions and mappings", "A blocking one blocks all instances of the definition or app."},
	{"3", "Data", "Each concerns an app or one instance."},
	{"4", "Instances", "Each concerns one instance, except where it says otherwise."},
}

func checksMarkdown(all []preflight.Check) string {
	var b strings.Builder
	b.WriteString(`# Checks

<!-- Written by "go test ./preflight -update" from the checks themselves; do not edit. -->

What ` + "`starter check` and `starter plan`" + ` look for. A number is never used for anything
else. *blocking* sets the instance aside, *warning* marks it (` + "`starter wave --no-warned`" + `
leaves those out), *note* informs. ` + "`starter plan --explain INSTANCE`" + ` lists all that stands
against one instance. Each instance is checked again when its turn comes; one that is
blocked then is parked as [source_blocked](what-if.md#source_blocked).
`)
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", g.title, g.text)
		for _, c := range all {
			if strings.HasPrefix(c.ID, "FERRY-"+g.digit) {
				fmt.Fprintf(&b, "\n### %s\n\n*%s*: **%s.** %s\n\nWhat to do: %s.\n", c.ID, c.Severity, linked(c.Title), linked(c.About), linked(c.Remedy))
			}
		}
	}
	return b.String()
}

// linked turns a mention of the what-if page into a link.
func linked(text string) string {
	words := strings.Fields(text)
	for i, word := range words {
		if reason, ok := strings.CutPrefix(word, "docs/what-if.md#"); ok {
			words[i] = "[" + reason + "](what-if.md#" + reason + ")"
		}
	}
	return strings.Join(words, " ")
}
