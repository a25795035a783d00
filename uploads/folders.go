package uploads

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"jogetferry/migration"
)

// RecordFolder is what lies right below the folder of a table: the folder of a record, or
// the first one on the way to it.
type RecordFolder struct {
	Name string
	Kind Kind // of what is no folder; "" for one
}

// FolderSpan says which of the folders of a table are meant, in the order of the bytes of
// their names: those above After and, unless it is "", not above To.
type FolderSpan struct {
	Table     string // without app_fd_
	After, To string
}

// has reports whether a name is meant.
func (s FolderSpan) has(name string) bool { return name > s.After && (s.To == "" || name <= s.To) }

// Folders is a store that can list the folders of records.
type Folders interface {
	// Folders returns the first of what lies right below the folder of a table, at most most
	// of it, in the order of FolderSpan. Fewer than that are all. A folder of a table that is
	// missing is an empty list; one that is none, or cannot have its name, is
	// CodeUnsupported. Folders in the making are left out.
	Folders(ctx context.Context, span FolderSpan, most int) ([]RecordFolder, error)
}

// FirstFolders collects the first of a span, in whatever order they are added, and holds
// no more than twice as many as are wanted.
type FirstFolders struct {
	Span FolderSpan
	Most int

	found []RecordFolder
}

// Add takes f if it is one of the first so far.
func (c *FirstFolders) Add(f RecordFolder) {
	if !c.Span.has(f.Name) {
		return
	}
	if c.found = append(c.found, f); len(c.found) >= max(2*c.Most, minCollected) {
		c.found = c.Sorted()
		if len(c.found) == c.Most {
			c.Span.To = c.found[c.Most-1].Name // what is above it is none of the first
		}
	}
}

// minCollected is how many are sorted at least at once.
const minCollected = 1024

// Sorted returns what was collected.
func (c *FirstFolders) Sorted() []RecordFolder {
	slices.SortFunc(c.found, func(a, b RecordFolder) int { return strings.Compare(a.Name, b.Name) })
	return slices.Clone(c.found[:min(len(c.found), c.Most)])
}

// RecordOf returns a record whose folder (Folder) is the one of that name right below the
// folder of the table: of several, the one with the plainest ID. False: no record can have it.
func RecordOf(table, name string) (migration.RowKey, bool) {
	if !utf8.ValidString(name) {
		return migration.RowKey{}, false
	}
	row := migration.RowKey{Table: table, ID: migration.RecordID(strings.NewReplacer("%", "%25", "+", "%2B").Replace(name))}
	if plain := (migration.RowKey{Table: table, ID: migration.RecordID(name)}); folderIs(plain, name) {
		row = plain // Joget decodes what is no escape as it is
	}
	return row, folderIs(row, name)
}

func folderIs(row migration.RowKey, name string) bool {
	folder, err := Folder(row)
	if err != nil {
		return false
	}
	_, record, _ := strings.Cut(folder, "/")
	return record == name
}

// PathOf returns where a file lies below the folder of all uploads. Files of records that
// share a folder, or whose folder lies in that of another, have one path.
func PathOf(key Key) (string, error) {
	folder, err := Folder(key.Row)
	if err != nil {
		return "", err
	}
	return folder + "/" + key.Name, nil
}
