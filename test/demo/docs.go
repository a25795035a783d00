package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// What a run writes into the documents, each between two lines that are its marker.
const (
	readme        = "README.md"
	readmeMarker  = "<!-- demo -->"
	runbook       = "docs/runbook.md"
	numbersMarker = "<!-- numbers of make demo -->"
)

// writeDocs puts a run into the documents of the repository in the working directory.
func writeDocs(transcript string, v verdict, n numbers) error {
	for _, page := range []struct{ file, marker, text string }{
		{readme, readmeMarker, "```\n" + excerpt(transcript) + "\n" + v.line() + "\n```\n"},
		{runbook, numbersMarker, n.table()},
	} {
		old, err := os.ReadFile(page.file)
		if err != nil {
			return fmt.Errorf("write the documents: %w", err)
		}
		text, err := replaceMarked(string(old), page.marker, page.text)
		if err != nil {
			return fmt.Errorf("write the documents: %s: %w", page.file, err)
		}
		if err := os.WriteFile(page.file, []byte(text), 0o644); err != nil { //nolint:gosec // a document for everybody
			return fmt.Errorf("write the documents: %w", err)
		}
	}
	return nil
}

// marked returns the lines between the two markers of page.
func marked(page, marker string) (string, error) {
	parts := strings.Split(page, marker+"\n")
	if len(parts) != 3 {
		return "", fmt.Errorf("%s stands there %d times, want 2", marker, len(parts)-1)
	}
	return parts[1], nil
}

// replaceMarked returns page with text, of whole lines, between its two markers.
func replaceMarked(page, marker, text string) (string, error) {
	if _, err := marked(page, marker); err != nil {
		return "", err
	}
	parts := strings.Split(page, marker+"\n")
	parts[1] = text
	return strings.Join(parts, marker+"\n"), nil
}

// chapter is a part of a run that README shows: the first one that matches. Its
// results before the line with from, and after the last one with to, are left
// out; "" leaves out nothing.
type chapter struct {
	match    *regexp.Regexp
	from, to string
}

var chapters = []chapter{
	{match: regexp.MustCompile(`(?m)^\$ starter copy$`)},
	{match: regexp.MustCompile(`(?m)^\$ starter pilot \d+_procure_`), from: "start claimed", to: "verify          done"},
	{match: regexp.MustCompile(`(?m)^\$ starter wave --process `)},
	{match: regexp.MustCompile(`(?m)^\$ kill `)},
	{match: regexp.MustCompile(`(?m)^\$ starter wave --name `)},
	{match: regexp.MustCompile(`(?m)^\$ starter parked$`)},
	{match: regexp.MustCompile(`(?m)^\$ starter resolve `)},
	{match: regexp.MustCompile(`(?m)^\$ starter status --follow$`)},
	{match: regexp.MustCompile(`(?m)^\$ starter verify$`)},
	{match: regexp.MustCompile(`(?m)^\$ starter show `)},
	{match: regexp.MustCompile(`(?m)^\$ starter rollback `)},
	{match: regexp.MustCompile(`^` + regexp.QuoteMeta(keptTitle))},
}

var (
	date     = regexp.MustCompile(`^\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)Z`)
	progress = regexp.MustCompile(`^(wave \S+ \d+ of \d+ settled|copy: )`)
)

// excerpt is what README shows of a run.
func excerpt(transcript string) string {
	var shown []string
	open := slices.Clone(chapters)
	for section := range strings.SplitSeq(transcript, "\n\n# ") {
		i := slices.IndexFunc(open, func(c chapter) bool { return c.match.MatchString(section) })
		if i < 0 {
			continue
		}
		head, results := section, ""
		if m := command.FindStringIndex(section); m != nil {
			head, results = section[:m[1]], section[m[1]:]
		}
		shown = append(shown, "# "+head+shorten(results, open[i]))
		open = slices.Delete(open, i, i+1)
	}
	return strings.Join(shown, "\n\n") + "\n"
}

// command is the line of a section that is typed.
var command = regexp.MustCompile(`(?m)^\$ .*$`)

// shorten leaves out what a chapter does not show, the dates of steps, and of a
// wave's progress all but the first and the last line.
func shorten(results string, c chapter) string {
	lines := strings.Split(strings.TrimRight(results, "\n"), "\n")
	if i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, c.from) }); c.from != "" && i > 0 {
		lines = slices.Concat([]string{"", "..."}, lines[i:])
	}
	for i, line := range slices.Backward(lines) {
		if c.to != "" && strings.HasSuffix(line, c.to) {
			lines = append(lines[:i+1], "...")
			break
		}
	}
	var out []string
	for i, line := range lines {
		if i > 0 && i+1 < len(lines) && progress.MatchString(lines[i-1]) && progress.MatchString(line) && progress.MatchString(lines[i+1]) {
			continue
		}
		out = append(out, date.ReplaceAllString(line, "$1"))
	}
	return strings.Join(out, "\n")
}
