package report

import (
	"fmt"
	"strings"
	"time"

	"jogetferry/migration"
)

// Copy is how the copy of all data stands: the result of copy.
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
	return fmt.Sprintf("copy: %d of %d chunks, %d parked; %d of about %d rows, %s",
		v.Total.Done+v.Files.Done+v.Parked, v.Chunks, v.Parked, v.Total.Rows, v.Total.Planned, megabytes(v.Total.Bytes)) + files + v.eta(since)
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

func (v Copy) sheets() []sheet {
	all := sheet{header: []string{"table", "chunks", "parked", "rows", "MB", "inserted", "overwritten", "same", "kept", "conflicts", "missing", "differing", "extra"}, fits: true}
	for _, t := range v.Tables {
		copied(&all, nameOf(t), t)
	}
	if len(v.Tables) > 1 {
		copied(&all, "all", v.Total)
	}
	if v.Files.Chunks > 0 {
		copied(&all, "all/", v.Files)
	}
	why := sheet{title: "Parked", header: []string{"table", "chunks", "reason", "rows"}}
	for _, t := range v.Tables {
		if t.Parked > 0 {
			why.add(nameOf(t), t.Parked, t.Reason, t.Detail)
		}
	}
	return []sheet{all, why, {text: []string{"The copy is " + string(v.Status) + ". Extra rows are the target's own. A name that ends with a slash is that of a table's files."}}}
}

func nameOf(t migration.BulkTable) string {
	if t.Kind == migration.BulkFiles {
		return t.Table + "/"
	}
	return t.Table
}

func copied(s *sheet, name string, c migration.BulkTable) {
	chunks := fmt.Sprintf("%d/%d", c.Done+c.Parked, c.Chunks)
	s.add(name, chunks, c.Parked, c.Rows, strings.TrimSuffix(megabytes(c.Bytes), " MB"), c.Inserted, c.Overwritten, c.Same, c.Kept, c.Conflicts, c.Missing, c.Differing, c.Extra)
}
