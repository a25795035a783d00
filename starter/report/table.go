package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// sheet is one table, or lines of text.
type sheet struct {
	title  string
	header []string
	rows   [][]string
	fits   bool     // columns are wrapped so that the table fits the screen
	spare  bool     // tables leave the last column out while it is empty
	text   []string // instead of a table; see wrap
}

func (s *sheet) add(cells ...any) {
	row := make([]string, 0, len(cells))
	for _, c := range cells {
		row = append(row, fmt.Sprint(c))
	}
	s.rows = append(s.rows, row)
}

const (
	// widest bounds a column of a table; longer texts are wrapped.
	widest = 60
	// screen is how wide texts, and tables that fit, may be.
	screen = 80
	// narrowest is what is left to the last column of a table that fits.
	narrowest = 14
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
		if _, err := fmt.Fprintf(w, "%s%s\n", title, s.render()); err != nil {
			return err
		}
	}
	return nil
}

// spared returns s without its last column, if it is spare.
func (s *sheet) spared() *sheet {
	last := len(s.header) - 1
	if !s.spare || slices.ContainsFunc(s.rows, func(row []string) bool { return row[last] != "" }) {
		return s
	}
	less := *s
	less.header, less.rows = s.header[:last], make([][]string, len(s.rows))
	for i, row := range s.rows {
		less.rows[i] = row[:last]
	}
	return &less
}

func (s *sheet) render() string {
	s = s.spared()
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
	return t.Render()
}

func cells(texts []string) table.Row {
	row := make(table.Row, 0, len(texts))
	for _, t := range texts {
		row = append(row, t)
	}
	return row
}

// plural is "1 row", "2 rows".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
