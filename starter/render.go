package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// view is a result. Its JSON is itself; people see its sheets, and CSV has the
// first of them.
type view interface{ sheets() []sheet }

// long is a view with lists that need not fit into memory. In JSON they are its
// last fields.
type long interface{ lists() []list }

type list struct {
	name  string
	items iter.Seq2[any, error]
}

// sheet is one table, or lines of text.
type sheet struct {
	title  string
	header []string
	rows   [][]string
	fits   bool     // columns are wrapped so that the table fits the screen
	text   []string // instead of a table; see wrap
}

func (s *sheet) add(cells ...any) {
	row := make([]string, 0, len(cells))
	for _, c := range cells {
		row = append(row, fmt.Sprint(c))
	}
	s.rows = append(s.rows, row)
}

// print writes the result to Out.
func (s *session) print(v view) error {
	var err error
	switch s.format {
	case formatJSON:
		err = writeJSON(s.Out, v)
	case formatCSV:
		err = writeCSV(s.Out, v.sheets()[0])
	default:
		err = writeTables(s.Out, v.sheets())
	}
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

func writeJSON(w io.Writer, v view) error {
	l, ok := v.(long)
	if !ok {
		return encode(w, "", v)
	}
	var head bytes.Buffer
	if err := encode(&head, "", v); err != nil {
		return err
	}
	if _, err := w.Write(bytes.TrimSuffix(head.Bytes(), []byte("\n}\n"))); err != nil {
		return err
	}
	for _, list := range l.lists() {
		if err := writeList(w, list); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "\n}\n")
	return err
}

// writeList writes one more field of an object that is still open.
func writeList(w io.Writer, l list) error {
	if _, err := fmt.Fprintf(w, ",\n  %q: [", l.name); err != nil {
		return err
	}
	comma, end := "", ""
	for item, err := range l.items {
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := encode(&b, "    ", item); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s\n    %s", comma, bytes.TrimSpace(b.Bytes())); err != nil {
			return err
		}
		comma, end = ",", "\n  "
	}
	_, err := io.WriteString(w, end+"]")
	return err
}

func encode(w io.Writer, prefix string, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent(prefix, "  ")
	return encoder.Encode(v)
}

func writeCSV(w io.Writer, s sheet) error {
	if s.header == nil {
		return nil
	}
	out := csv.NewWriter(w)
	return out.WriteAll(append([][]string{s.header}, s.rows...))
}

const (
	// widest bounds a column of a table; longer texts are wrapped.
	widest = 60
	// screen is how wide texts, and tables that fit, may be.
	screen = 80
	// narrowest is what is left to the last column of a table that fits.
	narrowest = 12
	padding   = "  "
)

// wrap breaks a paragraph at spaces so that it fits the screen, each line after indent.
func wrap(indent, paragraph string) []string {
	lines := strings.Split(text.WrapSoft(paragraph, screen-len(indent)), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(indent+line, " ")
	}
	return lines
}

// fit returns how wide the first and the last column may be: the last has what
// the others leave; where that is too little, the first gives some of its own.
func (s *sheet) fit() (first, last int) {
	last = screen
	for i := range len(s.header) - 1 {
		wide := text.StringWidth(s.header[i])
		for _, row := range s.rows {
			wide = max(wide, text.StringWidth(row[i]))
		}
		wide = min(wide, widest)
		if i == 0 {
			first = wide
		}
		last -= wide + len(padding)
	}
	if last < narrowest {
		return max(first+last-narrowest, narrowest), narrowest
	}
	return first, last
}

// writeTables leaves out empty sheets but the first.
func writeTables(w io.Writer, sheets []sheet) error {
	for n, s := range sheets {
		if n > 0 && len(s.rows)+len(s.text) == 0 {
			continue
		}
		title := ""
		if n > 0 {
			title = "\n"
		}
		if s.title != "" {
			title += s.title + "\n"
		}
		if len(s.text) > 0 {
			if _, err := fmt.Fprintf(w, "%s%s\n", title, strings.Join(s.text, "\n")); err != nil {
				return err
			}
			continue
		}
		t := table.NewWriter()
		t.SetStyle(table.StyleLight)
		t.SuppressTrailingSpaces()
		t.Style().Options = table.OptionsNoBordersAndSeparators
		t.Style().Format.Header = text.FormatDefault
		t.Style().Box.PaddingLeft = ""
		t.Style().Box.PaddingRight = padding
		t.AppendHeader(cells(s.header))
		var columns []table.ColumnConfig
		for i := range s.header {
			columns = append(columns, table.ColumnConfig{Number: i + 1, WidthMax: widest, WidthMaxEnforcer: text.WrapSoft})
		}
		if s.fits {
			columns[0].WidthMax, columns[len(columns)-1].WidthMax = s.fit()
		}
		t.SetColumnConfigs(columns)
		for _, row := range s.rows {
			t.AppendRow(cells(row))
		}
		if _, err := fmt.Fprintf(w, "%s%s\n", title, t.Render()); err != nil {
			return err
		}
	}
	return nil
}

func cells(texts []string) table.Row {
	row := make(table.Row, 0, len(texts))
	for _, t := range texts {
		row = append(row, t)
	}
	return row
}
