package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
)

// Result is what a verb prints. Its JSON is itself; people see its tables, and CSV
// has the first of them, with each row on one line.
type Result interface{ sheets() []sheet }

// long is a result with lists that need not fit into memory. In JSON they are its
// last fields.
type long interface{ lists() []list }

type list struct {
	name  string
	items iter.Seq2[any, error]
}

// Format is how a result is written.
type Format string

// The formats.
const (
	Table Format = "table"
	JSON  Format = "json"
	CSV   Format = "csv"
)

// Formats returns the names of all formats.
func Formats() []string { return []string{string(Table), string(JSON), string(CSV)} }

// Write writes r to w. An error of a list that is read meanwhile ends it there:
// what was written before is no whole document.
func Write(w io.Writer, f Format, r Result) error {
	switch f {
	case JSON:
		return writeJSON(w, r)
	case CSV:
		return writeCSV(w, r.sheets()[0])
	case Table:
	}
	return writeTables(w, r.sheets())
}

func writeJSON(w io.Writer, r Result) error {
	l, ok := r.(long)
	if !ok {
		return encode(w, "", r)
	}
	var head bytes.Buffer
	if err := encode(&head, "", r); err != nil {
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
	if err := out.Write(s.header); err != nil {
		return err
	}
	for _, row := range s.rows {
		line := make([]string, len(row))
		for i, cell := range row {
			line[i] = strings.ReplaceAll(cell, "\n", ", ")
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
