package records

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"slices"
	"strings"

	"jogetferry/migration"
)

// Digest identifies the content of a row: SHA-256 over its non-NULL columns,
// names in lower case and in order. NULL and an absent column are the same, so
// that a row keeps its digest on a table with more columns; NULL and ” differ.
type Digest = migration.Digest

// Row is one form row as bytes. Text is utf8mb4; dates and decimal numbers are
// text as stored, without trailing zeros of the fraction, so that datetime and
// datetime(6) agree; a FLOAT is the shortest text of the same double, a BIT a number.
// Names are the stored columns of the table (generated ones left out), sorted
// without regard to case; Values are parallel to it, nil is NULL. Rows of one
// read share Names: do not write to it.
type Row struct {
	Key    migration.RowKey
	Shared bool // reached only through a column of another row (RelationParentHoldsChild), so others may use it too
	Names  []string
	Values [][]byte
	// Outline is set where Names and Values are not all of the row, as in captures and
	// surveys; its digest is then that of the whole row.
	Outline *Outline
}

// Value returns the value of a column whatever the case of its name; nil for
// NULL, false when the row has no such column.
func (r *Row) Value(name string) ([]byte, bool) {
	for i, n := range r.Names {
		if strings.EqualFold(n, name) {
			return r.Values[i], true
		}
	}
	return nil, false
}

// Digest returns the digest of the row's content; table and Shared are no part of it.
func (r *Row) Digest() Digest {
	if r.Outline != nil {
		return r.Outline.Digest
	}
	h := sha256.New()
	for i, name := range r.Names {
		if r.Values[i] == nil {
			continue
		}
		h.Write(digestHead(name))
		digestPart(h, r.Values[i])
	}
	return Digest(h.Sum(nil))
}

// digestHead is what a digest has before the value of a column.
func digestHead(column string) []byte {
	name := strings.ToLower(column)
	return append(binary.BigEndian.AppendUint64(nil, uint64(len(name))), name...)
}

// digestPart adds a value to a digest.
func digestPart(h hash.Hash, value []byte) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(value)))
	h.Write(length[:])
	h.Write(value)
}

// Bytes returns the size of the row's content: its id and values.
func (r *Row) Bytes() int64 {
	size := int64(len(r.Key.ID))
	for _, v := range r.Values {
		size += int64(len(v))
	}
	return size
}

// whole returns the size of the row with all of its values.
func (r *Row) whole() int64 {
	if r.Outline != nil {
		return r.Outline.Size
	}
	return r.Bytes()
}

// Set is the rows that belong to a record, parents before children, then by
// table and id; two reads of an unmoved record are equal.
type Set struct {
	Root migration.RecordID
	Rows []Row
	// Missing are tables of the selection that the database lacks, sorted: Joget
	// makes them when the form is first used
	// (docs/joget.md#how-form-tables-come-and-grow). Views are among them.
	Missing []string
	// Cut are relations not followed, because they lead from a shared row back
	// to a table that the record came from: the other users of that row.
	Cut []migration.Relation
	// Alike are rows that only the server's collation ties to the record.
	Alike []Alike
}

// Keys returns the keys of the rows, in order.
func (s *Set) Keys() []migration.RowKey {
	keys := make([]migration.RowKey, len(s.Rows))
	for i := range s.Rows {
		keys[i] = s.Rows[i].Key
	}
	return keys
}

func (s *Set) byKey() map[migration.RowKey]*Row {
	m := make(map[migration.RowKey]*Row, len(s.Rows))
	for i := range s.Rows {
		m[s.Rows[i].Key] = &s.Rows[i]
	}
	return m
}

func compareKeys(a, b migration.RowKey) int {
	return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.ID, b.ID))
}

func compareNames(a, b string) int {
	return cmp.Compare(strings.ToLower(a), strings.ToLower(b))
}

// layout is what is needed to read rows of a table.
type layout struct {
	table   *Table
	columns []*Column // sorted by name
	names   []string
	id      int // index of the id column
}

func newLayout(t *Table) (*layout, bool) {
	l := &layout{table: t, columns: t.stored(), id: -1}
	slices.SortFunc(l.columns, func(a, b *Column) int { return compareNames(a.Name, b.Name) })
	for i, c := range l.columns {
		l.names = append(l.names, c.Name)
		if strings.EqualFold(c.Name, t.key()) {
			l.id = i
		}
	}
	return l, l.id >= 0
}
