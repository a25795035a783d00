package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// results are columns by the name of their server.
type results map[string]column

// column is what came of one server.
type column struct {
	Version string          `json:"version"`
	Cells   map[string]cell `json:"cells"` // by package below the module, such as "joget/schema"
}

// cell is what came of one package on one server.
type cell struct {
	Seconds float64  `json:"seconds"`
	Failed  []string `json:"failed,omitempty"` // names of tests; that of the package when it fell as a whole
}

func (c column) failed() bool {
	for _, cell := range c.Cells {
		if len(cell.Failed) > 0 {
			return true
		}
	}
	return false
}

const module = "jogetferry/"

// event is a line of go test -json.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

// read turns the events of go test into cells, printing a line for each package
// and what failed tests had to say.
func read(events io.Reader, out io.Writer) (map[string]cell, error) {
	cells := map[string]cell{}
	failed := map[string][]string{}
	said := map[[2]string]string{} // by package and test
	for decoder := json.NewDecoder(events); ; {
		var e event
		if err := decoder.Decode(&e); errors.Is(err, io.EOF) {
			return cells, nil
		} else if err != nil {
			return cells, fmt.Errorf("read an event of go test: %w", err)
		}
		name, key := strings.TrimPrefix(e.Package, module), [2]string{e.Package, e.Test}
		switch {
		case e.Action == "output":
			said[key] += e.Output
			continue
		case e.Action == "fail" && e.Test != "":
			failed[name] = append(failed[name], e.Test)
		case e.Action == "fail" && len(failed[name]) == 0:
			failed[name] = []string{name}
		}
		if e.Action == "fail" {
			if _, err := io.WriteString(out, said[key]); err != nil {
				return cells, fmt.Errorf("print the result: %w", err)
			}
		}
		delete(said, key)
		if e.Test != "" || e.Action != "pass" && e.Action != "fail" {
			continue
		}
		cells[name] = cell{Seconds: e.Elapsed, Failed: topmost(failed[name])}
		if _, err := fmt.Fprintf(out, "  %-28s %s\n", name, cells[name]); err != nil {
			return cells, fmt.Errorf("print the result: %w", err)
		}
	}
}

// topmost leaves out the parts of tests: what stands before the slash failed too.
func topmost(tests []string) []string {
	return slices.DeleteFunc(tests, func(test string) bool {
		head, _, part := strings.Cut(test, "/")
		return part && slices.Contains(tests, head)
	})
}

// String is the text of a cell in the table.
func (c cell) String() string {
	if len(c.Failed) > 0 {
		return "fails: " + strings.Join(c.Failed, ", ")
	}
	return fmt.Sprintf("passes, %.0f s", c.Seconds)
}

// merge replaces the cells that a run has filled; those of another version of
// the server are dropped.
func (r results) merge(name string, one column) {
	if old := r[name]; old.Version == one.Version {
		cells := maps.Clone(old.Cells)
		maps.Copy(cells, one.Cells)
		one.Cells = cells
	}
	r[name] = one
}

func load(file string) (results, error) {
	all := results{}
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the results: %w", err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("read the results in %s: %w", file, err)
	}
	return all, nil
}

func (r results) save(file string) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return fmt.Errorf("encode the results: %w", err)
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("keep the results: %w", err)
	}
	return nil
}

// table has a row for each package and a column for each server that was tested.
func (r results) table() string {
	var columns []column
	packages := map[string]bool{}
	for _, s := range servers {
		c, ok := r[s.name]
		if !ok {
			continue
		}
		columns = append(columns, c)
		for name := range c.Cells {
			packages[name] = true
		}
	}
	var b strings.Builder
	b.WriteString("| package |")
	for _, c := range columns {
		b.WriteString(" " + c.Version + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(columns)) + "\n")
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		b.WriteString("| `" + name + "` |")
		for _, c := range columns {
			text := "not run"
			if cell, ok := c.Cells[name]; ok {
				text = cell.String()
			}
			b.WriteString(" " + text + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// The table stands between these lines of the document.
const begin, end = "<!-- begin: written by make databases -->\n", "<!-- end -->\n"

func (r results) write(doc string) error {
	text, err := os.ReadFile(doc)
	if err != nil {
		return fmt.Errorf("read the document: %w", err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return fmt.Errorf("%s has no lines %q and %q", doc, begin, end)
	}
	//nolint:gosec // a document is for everybody
	if err := os.WriteFile(doc, []byte(before+begin+r.table()+end+after), 0o644); err != nil {
		return fmt.Errorf("write the document: %w", err)
	}
	return nil
}
