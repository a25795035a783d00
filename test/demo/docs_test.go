package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// page reads what stands between the markers of a document of the repository.
func page(t *testing.T, file, marker string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", file))
	if err != nil {
		t.Fatal(err)
	}
	shown, err := marked(string(text), marker)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return shown
}

func TestReadmeShowsTheDemoToItsEnd(t *testing.T) {
	t.Parallel()
	text := page(t, readme, readmeMarker)
	shown, fenced := strings.CutPrefix(text, "```\n")
	shown, ended := strings.CutSuffix(shown, "```\n")
	if !fenced || !ended {
		t.Fatalf("no code block: %.60q...", text)
	}
	if end := "\n\n" + flawless().line() + "\n"; !strings.HasSuffix(shown, end) {
		t.Errorf("it does not end with the line of a flawless run, %q", end)
	}
	if sections := strings.Count("\n"+shown, "\n# "); sections != len(chapters) {
		t.Errorf("%d sections, want %d; make demo DOCS=1 writes them", sections, len(chapters))
	}
}

func TestRunbookShowsNumbersOfARun(t *testing.T) {
	t.Parallel()
	text := page(t, runbook, numbersMarker)
	n := numbers{instances: 1}
	var seconds, minutes float64
	_, err := fmt.Sscanf(text, `| measured | |
|---|---|
| cores, for both servers, all databases, Temporal and the worker | %d |
| a wave of %d instances, %d at a time | %f seconds |
| 1,000 instances, extrapolated from that wave | %f minutes |
| growth of the ledger for each instance | %d KiB |
`, &n.cores, &n.wave.done, &n.wave.window, &seconds, &minutes, &n.full)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	n.wave.took, n.full = time.Duration(seconds*float64(time.Second)).Round(shownTime), n.full<<10
	if diff := cmp.Diff(n.table(), text); diff != "" {
		t.Errorf("not as a run writes it, -want +got:\n%s", diff)
	}
	if n.cores == 0 || n.wave.took == 0 || n.full == 0 {
		t.Errorf("numbers of no run: %+v", n)
	}
}

func TestNumbers_are_extrapolated_and_shared_out(t *testing.T) {
	t.Parallel()
	n := numbers{cores: 2, wave: rate{done: 24, window: 20, took: 8400 * time.Millisecond}, empty: 1 << 20, full: 1<<20 + 40*28<<10, instances: 40}
	want := `| measured | |
|---|---|
| cores, for both servers, all databases, Temporal and the worker | 2 |
| a wave of 24 instances, 20 at a time | 8.4 seconds |
| 1,000 instances, extrapolated from that wave | 5.8 minutes |
| growth of the ledger for each instance | 28 KiB |
`
	if diff := cmp.Diff(want, n.table()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestReplaceMarked(t *testing.T) {
	t.Parallel()
	const marker = "<!-- m -->"
	for _, tc := range []struct{ name, page, want string }{
		{"between_the_markers", "a\n<!-- m -->\nold\nold\n<!-- m -->\nb\n", "a\n<!-- m -->\nnew\n<!-- m -->\nb\n"},
		{"nothing_was_there", "<!-- m -->\n<!-- m -->\n", "<!-- m -->\nnew\n<!-- m -->\n"},
		{"no_markers", "a\n", ""},
		{"one_marker", "a\n<!-- m -->\nb\n", ""},
		{"three_markers", "<!-- m -->\n<!-- m -->\n<!-- m -->\n", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := replaceMarked(tc.page, marker, "new\n")
			if (err != nil) != (tc.want == "") {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// printed is part of what a run prints.
const printed = `
# All checks, nothing written yet.
$ starter check
all   28

# One instance of leave#3#process1 first, step by step.
$ starter pilot 1_leave_process1
2026-11-30T10:28:00Z  start           start claimed, attempt 1

# One instance of procure#3#process1 first, step by step.
$ starter pilot 2_procure_process1
2026-11-30T10:28:01Z  copy_form_data  in_flight
2026-11-30T10:28:02Z  start           start claimed, attempt 1
2026-11-30T10:28:03Z  verify          done
instance           2_procure_process1

# Meanwhile all others.
$ starter wave --name rest
wave rest has 25 instances
wave rest: 0 of 25 settled: 0 done
wave rest: 9 of 25 settled: 9 done
wave rest: 12 of 25 settled: 12 done
wave rest: 25 of 25 settled: 24 done
Waves

# And it may be migrated again.
$ starter pilot 2_procure_process1
2026-11-30T10:28:09Z  copy_form_data  in_flight

# ` + keptTitle + `
deadlines  old 2

# ` + numbersTitle + `
cores: 2

demo: 40 running instances
`

func TestExcerpt_shows_the_chapters_shortened(t *testing.T) {
	t.Parallel()
	want := `# One instance of procure#3#process1 first, step by step.
$ starter pilot 2_procure_process1
...
10:28:02  start           start claimed, attempt 1
10:28:03  verify          done
...

# Meanwhile all others.
$ starter wave --name rest
wave rest has 25 instances
wave rest: 0 of 25 settled: 0 done
wave rest: 25 of 25 settled: 24 done
Waves

# ` + keptTitle + `
deadlines  old 2
`
	if diff := cmp.Diff(want, excerpt(printed)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestReadmeGrantsWhatTheDemoHas(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", readme))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"GRANT " + sourceGrants + " ON jwdb.* TO 'ferry_reader'@'%';",
		"GRANT " + targetGrants + " ON jwdb.* TO 'ferry_writer'@'%';",
		"GRANT " + ledgerGrants + " ON jogetferry.* TO 'ferry'@'%';",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("README does not say %s", want)
		}
	}
}

func TestParts_of_results(t *testing.T) {
	t.Parallel()
	const shown = "instance  1\n\nFindings\nnone\n\nCompared today\nverdict: same\n\nkind\nlimit\n\nLog\nat\n"
	if got := firstParagraph(shown); got != "instance  1" {
		t.Errorf("first paragraph %q", got)
	}
	if got := comparison(shown); got != "...\nCompared today\nverdict: same\n\nkind\nlimit\n..." {
		t.Errorf("comparison %q", got)
	}
}
