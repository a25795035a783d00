package bench

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"
)

// Section is a part of the document: rows that were measured in the same way.
type Section struct {
	Title string
	How   string // a sentence or two on what was done
	Rows  []Row
}

// Document is what a run measured.
type Document struct {
	Sizes    Sizes
	Machine  []Fact
	Sections []Section
}

// Fact is a line about the machine.
type Fact struct{ What, Is string }

//go:embed benchmarks.md.tmpl
var page string

var pageTemplate = template.Must(template.New("benchmarks.md").Funcs(template.FuncMap{"line": line}).Parse(page))

// Markdown is the document as docs/benchmarks.md has it.
func (d Document) Markdown() (string, error) {
	var b strings.Builder
	if err := pageTemplate.Execute(&b, d); err != nil {
		return "", fmt.Errorf("write the table: %w", err)
	}
	return b.String(), nil
}

// line is a row of a table in Markdown, where a bar in a cell would end it.
func line(r Row) string {
	cells := r.cells()
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |"
}

// Count tells how many rows have a verdict.
func (d Document) Count(verdict string) (n int) {
	for _, s := range d.Sections {
		for _, r := range s.Rows {
			if r.Verdict() == verdict {
				n++
			}
		}
	}
	return n
}

// Met counts the rows whose budget is met.
func (d Document) Met() int { return d.Count(Met) }

// Missed counts the rows whose budget is not met.
func (d Document) Missed() int { return d.Count(Missed) }

// Unmeasured counts the rows whose rival could not be had.
func (d Document) Unmeasured() int { return d.Count(NotMeasured) }
