package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// view is a result. Its JSON is itself; people see its sheets, and CSV has the
// first of them.
type view interface{ sheets() []sheet }

// sheet is one table.
type sheet struct {
	title  string
	header []string
	rows   [][]string
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
		encoder := json.NewEncoder(s.Out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(v)
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

func writeCSV(w io.Writer, s sheet) error {
	out := csv.NewWriter(w)
	return out.WriteAll(append([][]string{s.header}, s.rows...))
}

// widest bounds a column of a table; longer texts are wrapped.
const widest = 60

// writeTables leaves out empty sheets but the first.
func writeTables(w io.Writer, sheets []sheet) error {
	for n, s := range sheets {
		if n > 0 && len(s.rows) == 0 {
			continue
		}
		t := table.NewWriter()
		t.SetStyle(table.StyleLight)
		t.SuppressTrailingSpaces()
		t.Style().Options = table.OptionsNoBordersAndSeparators
		t.Style().Format.Header = text.FormatDefault
		t.Style().Box.PaddingLeft = ""
		t.Style().Box.PaddingRight = "  "
		t.AppendHeader(cells(s.header))
		var columns []table.ColumnConfig
		for i := range s.header {
			columns = append(columns, table.ColumnConfig{Number: i + 1, WidthMax: widest, WidthMaxEnforcer: text.WrapSoft})
		}
		t.SetColumnConfigs(columns)
		for _, row := range s.rows {
			t.AppendRow(cells(row))
		}
		title := ""
		if n > 0 {
			title = "\n"
		}
		if s.title != "" {
			title += s.title + "\n"
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
