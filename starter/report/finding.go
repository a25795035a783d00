package report

import (
	"fmt"
	"slices"
	"strings"

	"jogetferry/migration"
)

// Finding is one finding of a check; docs/checks.md has them by ID.
type Finding struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	Subject  string `json:"subject"`
	Message  string `json:"message"`
	Seen     string `json:"seen,omitempty"`
	Remedy   string `json:"remedy"`
	Way      string `json:"way,omitempty"` // a switch of ferry.yaml that removes it
	Doc      string `json:"doc"`           // where docs/checks.md explains it
}

// newFindings shows findings, in their order.
func newFindings(findings []migration.Finding) []Finding {
	views := make([]Finding, 0, len(findings))
	for _, f := range findings {
		views = append(views, Finding{f.ID, string(f.Severity), f.Subject, f.Message, f.Seen, f.Remedy, string(f.Way), anchor(f.ID)})
	}
	return views
}

func anchor(check string) string { return "docs/checks.md#" + strings.ToLower(check) }

func findingSheet(findings []Finding) sheet {
	s := sheet{title: "Findings", header: []string{"id", "severity", "subject", "message", "remedy"}}
	for _, f := range findings {
		s.add(f.ID, f.Severity, f.Subject, strings.TrimSpace(f.Message+" "+f.Seen), f.Remedy)
	}
	return s
}

// severityRank orders severities, the worst first.
func severityRank(severity string) int {
	rank := slices.Index([]string{string(migration.Blocking), string(migration.Warning), "", string(migration.Note)}, severity)
	return rank
}

// The bounds of one group of findings on the screen.
const (
	mostSubjects = 4
	mostSeen     = 160 // runes
)

// headline says what a finding is, without whom it is about.
func headline(f Finding) string { return f.ID + " " + f.Severity + ": " + f.Message }

// hang is a paragraph below a headline.
func hang(paragraph string) []string {
	lines := wrap("    ", paragraph)
	lines[0] = strings.TrimPrefix(lines[0], "  ")
	return lines
}

// short is the beginning of what was seen.
func short(seen string) string {
	first, rest, more := strings.Cut(strings.TrimSpace(seen), "\n")
	if runes := []rune(first); len(runes) > mostSeen {
		first = string(runes[:mostSeen]) + "..."
	}
	if more {
		first += fmt.Sprintf(" (and %s)", plural(strings.Count(rest, "\n")+1, "more line"))
	}
	return first
}

// findingsInFull is one paragraph for each finding; of names the subject that
// goes without saying.
func findingsInFull(findings []Finding, of string) []string {
	var lines []string
	for _, f := range findings {
		lines = append(lines, wrap("", headline(f))...)
		if f.Subject != of {
			lines = append(lines, hang(f.Subject)...)
		}
		switch seen := strings.TrimSpace(f.Seen); {
		case strings.Contains(seen, "\n"):
			lines = append(lines, "  Seen:")
			for line := range strings.Lines(seen) {
				lines = append(lines, wrap("    ", strings.TrimRight(line, "\n"))...)
			}
		case seen != "":
			lines = append(lines, hang("Seen: "+seen)...)
		}
		lines = append(lines, hang("To do: "+f.Remedy)...)
		if f.Way != "" {
			lines = append(lines, hang("Or set: "+f.Way)...)
		}
		lines = append(lines, "  "+f.Doc)
	}
	return lines
}
