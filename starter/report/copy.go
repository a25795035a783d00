package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"jogetferry/migration"
)

// Copy is how a pass over all data stands: the result of copy, verify --data and rollback
// --copy.
type Copy struct {
	Pass          migration.BulkPass    `json:"pass"`
	Status        migration.BulkStatus  `json:"status"`
	Apps          []string              `json:"apps"`  // empty where tables were named
	Named         []string              `json:"named"` // tables, empty where apps were
	RowsPerSecond int                   `json:"rows_per_second,omitempty"`
	Chunks        int                   `json:"chunks"`
	Parked        int                   `json:"parked"`
	Total         migration.BulkTable   `json:"total"` // of the rows of all; without a name
	Files         migration.BulkTable   `json:"files"` // of the files of all
	Tables        []migration.BulkTable `json:"tables"`
}

// NewCopy shows how the copy stands.
func NewCopy(bulk migration.BulkCopy, tables []migration.BulkTable) Copy {
	v := Copy{
		Pass: bulk.Pass, Status: bulk.Status, Apps: append([]string{}, bulk.Scope.Apps...), Named: append([]string{}, bulk.Scope.Tables...),
		RowsPerSecond: bulk.RowsPerSecond, Tables: append([]migration.BulkTable{}, tables...),
	}
	for _, t := range tables {
		if t.Kind == migration.BulkFiles {
			v.Files.Add(t)
		} else {
			v.Total.Add(t)
		}
	}
	v.Chunks, v.Parked = v.Total.Chunks+v.Files.Chunks, v.Total.Parked+v.Files.Parked
	return v
}

// Progress is one line about a copy that was followed for so long.
func (v Copy) Progress(since time.Duration) string {
	files := ""
	if v.Files.Chunks > 0 {
		files = fmt.Sprintf("; %d files, %s", v.Files.Rows, megabytes(v.Files.Bytes))
	}
	return fmt.Sprintf("%s: %d of %d chunks, %d parked; %d of about %d rows, %s",
		v.Pass, v.Total.Done+v.Files.Done+v.Parked, v.Chunks, v.Parked, v.Total.Rows, v.Total.Planned, megabytes(v.Total.Bytes)) + files + v.eta(since)
}

// eta says how long the rest takes at the rate so far, once that says anything.
func (v Copy) eta(since time.Duration) string {
	if v.Status != migration.BulkRunning || since < etaAfter || v.Total.Rows == 0 || v.Total.Planned <= v.Total.Rows {
		return ""
	}
	rate := float64(v.Total.Rows) / since.Seconds()
	left := time.Duration(float64(v.Total.Planned-v.Total.Rows) / rate * float64(time.Second))
	return fmt.Sprintf("; %.0f rows a second, about %s left", rate, left.Round(time.Second))
}

// etaAfter is how long a rate says little.
const etaAfter = 5 * time.Second

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// counts are the columns of a pass after those that all have.
var counts = map[migration.BulkPass][]string{
	migration.BulkPassCopy:   {"inserted", "overwritten", "same", "kept", "conflicts", "missing", "differing", "gone", "extra"},
	migration.BulkPassDelta:  {"inserted", "overwritten", "same", "kept", "conflicts", "missing", "differing", "gone", "removed", "in use", "extra"},
	migration.BulkPassVerify: {"same", "missing", "differing", "gone", "extra"},
	migration.BulkPassUndo:   {"removed", "restored", "same", "in use", "conflicts"},
}

func count(t *migration.BulkTally, column string) int64 {
	return map[string]int64{
		"inserted": t.Inserted, "overwritten": t.Overwritten, "same": t.Same, "kept": t.Kept, "conflicts": t.Conflicts, "missing": t.Missing,
		"differing": t.Differing, "gone": t.Gone, "removed": t.Removed, "restored": t.Restored, "in use": t.InUse, "extra": t.Extra,
	}[column]
}

// passes say what a pass is, and what its numbers mean.
var passes = map[migration.BulkPass][2]string{
	migration.BulkPassCopy:   {"The copy", "Extra rows are the target's own; those that are gone came with the copy, and the source does not have them any more."},
	migration.BulkPassDelta:  {"The delta", "Extra rows are the target's own; those that are gone came with the copy, and the source does not have them any more. Those in use were not removed."},
	migration.BulkPassVerify: {"The comparison", "Extra rows are the target's own; those that are gone came with the copy, and the source does not have them any more."},
	migration.BulkPassUndo:   {"The rollback of the copy", "The same are as they were before; those in use, and conflicts, were left."},
}

func (v Copy) sheets() []sheet {
	all := sheet{header: append([]string{"table", "chunks", "parked", "rows", "MB"}, counts[v.Pass]...), fits: true}
	for _, t := range v.Tables {
		v.add(&all, nameOf(t), t)
	}
	if len(v.Tables) > 1 {
		v.add(&all, "all", v.Total)
	}
	if v.Files.Chunks > 0 {
		v.add(&all, "all/", v.Files)
	}
	why := sheet{title: "Rows", header: []string{"table", "parked", "reason", "rows"}}
	for _, t := range v.Tables {
		if t.Detail != "" {
			why.add(nameOf(t), t.Parked, t.Reason, t.Detail)
		}
	}
	is := passes[v.Pass]
	end := []string{is[0] + " is " + string(v.Status) + ". " + is[1]}
	if v.Files.Chunks > 0 {
		end[0] += " A name that ends with a slash is that of a table's files."
	}
	if slices.ContainsFunc(v.Tables, func(t migration.BulkTable) bool { return strings.Contains(t.Table, "/report_") && t.Kept > 0 }) {
		end = append(end, "Of reports, kept are rows whose instance ID the target has for another instance, or may yet hand out: docs/what-if.md#a-copy-kept-reports-back")
	}
	return []sheet{all, why, {text: end}}
}

func nameOf(t migration.BulkTable) string {
	if t.Kind == migration.BulkFiles {
		return t.Table + "/"
	}
	return t.Table
}

func (v Copy) add(s *sheet, name string, c migration.BulkTable) {
	row := []any{name, fmt.Sprintf("%d/%d", c.Done+c.Parked, c.Chunks), c.Parked, c.Rows, strings.TrimSuffix(megabytes(c.Bytes), " MB")}
	for _, column := range counts[v.Pass] {
		row = append(row, count(&c.BulkTally, column))
	}
	s.add(row...)
}
