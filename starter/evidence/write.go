package evidence

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Format is how a report is written.
type Format string

// The formats. CSV has the instances alone.
const (
	FormatHTML     Format = "html"
	FormatJSON     Format = "json"
	FormatCSV      Format = "csv"
	FormatMarkdown Format = "markdown"
)

// Formats returns the names of all formats.
func Formats() []string {
	return []string{string(FormatHTML), string(FormatJSON), string(FormatCSV), string(FormatMarkdown)}
}

// Write writes a report.
func Write(w io.Writer, f Format, r *Report) error {
	switch f {
	case FormatHTML:
		return HTML(w, r)
	case FormatCSV:
		return writeCSV(w, r)
	case FormatMarkdown:
		_, err := io.WriteString(w, markdown(r))
		return err
	case FormatJSON:
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// columns are those of the table of instances.
func columns() []string {
	return []string{"source", "target", "record", "requester", "definition", "state", "verdict", "reason", "wave", "activities", "findings"}
}

func (r *Report) cells(i Instance) []string {
	return []string{
		i.Source, i.Target, i.Record, i.Requester, r.Definitions[i.Definition].ID, i.State, i.Verdict, i.Reason, i.Wave,
		strings.Join(i.Activities, " "), strings.Join(i.Findings, " "),
	}
}

func writeCSV(w io.Writer, r *Report) error {
	out := csv.NewWriter(w)
	rows := [][]string{columns()}
	for _, i := range r.Instances {
		cells := r.cells(i)
		for k, c := range cells {
			cells[k] = plain(c)
		}
		rows = append(rows, cells)
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// plain keeps a spreadsheet from running a cell.
func plain(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func markdown(r *Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Migration %s\n\n**%s**\n\n%s.\n\n", text(r.Migration), r.Verdict, r.Balance)
	fmt.Fprintf(&b, "Source %s, target %s. Planned %s; report made %s by jogetferry %s.\n", text(r.Source), text(r.Target), r.PlannedAt, r.MadeAt, r.Version)
	var rows [][]string
	for _, d := range r.Definitions {
		rows = append(rows, []string{d.ID, d.Target, strconv.Itoa(d.Balance.Open), strconv.Itoa(d.Balance.Done), strconv.Itoa(d.Balance.Same), d.StartTools})
	}
	b.WriteString(section("Processes", []string{"source", "target", "open", "done", "the same", "tools of the start"}, rows))
	rows = nil
	for _, d := range r.Definitions {
		for _, a := range d.Activities {
			rows = append(rows, []string{d.ID, a.ID, strconv.Itoa(a.Source), strconv.Itoa(a.Target)})
		}
	}
	b.WriteString(section("Open activities", []string{"process", "activity", "source", "target"}, rows))
	rows = nil
	for _, i := range r.Instances {
		rows = append(rows, r.cells(i))
	}
	b.WriteString(section("Instances", columns(), rows))
	rows = nil
	for _, e := range r.Exceptions {
		rows = append(rows, []string{e.At, e.Instance, e.What, e.By, e.Why})
	}
	b.WriteString(section("Exceptions", []string{"when", "instance", "what", "by", "why"}, rows))
	rows = nil
	for _, w := range r.Waves {
		rows = append(rows, []string{w.Name, w.Status, w.By, w.CreatedAt, strconv.Itoa(w.Taken), strconv.Itoa(w.Done), strconv.FormatFloat(w.Seconds, 'f', 1, 64), strconv.FormatBool(w.Pilotless)})
	}
	b.WriteString(section("Waves", []string{"wave", "status", "by", "begun", "taken", "done", "seconds", "without a pilot"}, rows))
	rows = nil
	for _, f := range r.Findings {
		rows = append(rows, []string{f.ID, f.Severity, f.Subject, f.Message, f.Seen})
	}
	b.WriteString(section("Checks when the plan was made", []string{"check", "severity", "about", "found", "seen"}, rows))
	return b.String()
}

// section is a table below a heading.
func section(title string, header []string, rows [][]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n", title)
	if len(rows) == 0 {
		return b.String() + "None.\n"
	}
	fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(header, " | "), strings.Repeat("---|", len(header)))
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = text(c)
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	return b.String()
}

// text is a value as Markdown takes it for text.
func text(value string) string {
	return strings.NewReplacer("\\", "\\\\", "|", "\\|", "\n", " ", "\r", " ", "<", "&lt;", "*", "\\*", "_", "\\_", "`", "\\`", "[", "\\[").Replace(value)
}
