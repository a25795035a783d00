package uploads

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"

	"jogetferry/migration"
)

// DifferenceKind says how one file differs. The values are stable.
type DifferenceKind string

// The kinds of differences.
const (
	Differs      DifferenceKind = "differs"
	Missing      DifferenceKind = "missing" // on the target
	Surplus      DifferenceKind = "extra"   // on the target only
	Unverifiable DifferenceKind = "unverifiable"
)

// Difference is one file that is not the same on both sides, or that cannot be
// compared (a symlink, a device, a name that is none, what may not be read). It holds personal data.
type Difference struct {
	Key  Key
	Kind DifferenceKind
}

// Comparison is the result of Compare. Same are the equal files: a comparison
// of nothing is nil in both, and proves nothing. It holds personal data.
type Comparison struct {
	Same        []Key
	Differences []Difference
}

// Compared is how far a comparison came. What was read needs no second reading as long
// as both sides list it as they did. It holds no personal data, and is small.
type Compared struct {
	Files  int    `json:"files"`            // whose content was read on both sides, in the order of Compare
	Print  string `json:"print"`            // of their names, sizes and times on both sides
	Differ []int  `json:"differ,omitempty"` // the numbers of those that differ, from 0; at most maxDiffer
	Closed []int  `json:"closed,omitempty"` // of those that could not be read, the same
}

// maxDiffer bounds the lists of Compared: with more of them a comparison is not gone on with.
const maxDiffer = 1000

// Compare compares the files of the given records by size and content, in the
// order of records and then by name. Times are not compared. The thumbnail of an
// image that either side has is not compared at all, and in neither list.
func Compare(ctx context.Context, src, dst Store, records []migration.RowKey) (Comparison, error) {
	return CompareFrom(ctx, src, dst, records, Compared{}, func(Compared) error { return nil })
}

// CompareFrom is Compare that goes on where an earlier one came to. keep is called
// after each file that was read.
func CompareFrom(ctx context.Context, src, dst Store, records []migration.RowKey, from Compared, keep func(Compared) error) (Comparison, error) {
	c := comparison{src: src, dst: dst}
	for _, row := range records {
		if err := c.list(ctx, row); err != nil {
			return Comparison{}, err
		}
	}
	return c.read(ctx, c.known(from), keep)
}

// comparison is what both sides list.
type comparison struct {
	src, dst Store
	pairs    []pair
}

// pair is a file of either side, or of both.
type pair struct {
	key    Key
	kind   DifferenceKind // "" where only the content can tell
	ours   Entry          // where kind is ""
	theirs Entry
}

func (c *comparison) list(ctx context.Context, row migration.RowKey) error {
	here, err := c.src.List(ctx, row)
	var there []Entry
	if err == nil {
		there, err = c.dst.List(ctx, row)
	}
	if _, ok := refused(Key{Row: row}, err); ok {
		c.pairs = append(c.pairs, pair{key: Key{Row: row}, kind: Unverifiable})
		return nil
	}
	if err != nil {
		return err
	}
	here, there = withoutThumbnails(row, here, there)
	one := func(e Entry, kind DifferenceKind) {
		if e.Kind != KindFile {
			kind = Unverifiable
		}
		c.pairs = append(c.pairs, pair{key: Key{Row: row, Name: e.Name}, kind: kind})
	}
	for len(here) > 0 || len(there) > 0 {
		switch {
		case len(there) == 0 || len(here) > 0 && here[0].Name < there[0].Name:
			one(here[0], Missing)
			here = here[1:]
		case len(here) == 0 || there[0].Name < here[0].Name:
			one(there[0], Surplus)
			there = there[1:]
		default:
			c.both(row, here[0], there[0])
			here, there = here[1:], there[1:]
		}
	}
	return nil
}

func (c *comparison) both(row migration.RowKey, ours, theirs Entry) {
	p := pair{key: Key{Row: row, Name: ours.Name}, ours: ours, theirs: theirs}
	switch {
	case ours.Kind != KindFile || theirs.Kind != KindFile:
		p.kind = Unverifiable
	case ours.Size != theirs.Size:
		p.kind = Differs
	}
	c.pairs = append(c.pairs, p)
}

// known returns from if what it read is listed as it was, and else nothing.
func (c *comparison) known(from Compared) Compared {
	listed := sha256.New()
	n := 0
	for i := range c.pairs {
		if n == from.Files {
			break
		}
		if c.pairs[i].kind == "" {
			c.pairs[i].print(listed)
			n++
		}
	}
	if n < from.Files || from.Print != hex.EncodeToString(listed.Sum(nil)) {
		return Compared{}
	}
	return from
}

// print adds how a pair is listed.
func (p *pair) print(h hash.Hash) {
	_, _ = fmt.Fprintf(h, "%q %q %q %d %d %d %d\n", p.key.Row.Table, p.key.Row.ID, p.key.Name, //nolint:errcheck // a hash takes anything
		p.ours.Size, p.ours.Modified.UnixNano(), p.theirs.Size, p.theirs.Modified.UnixNano())
}

func (c *comparison) read(ctx context.Context, known Compared, keep func(Compared) error) (Comparison, error) {
	var result Comparison
	listed := sha256.New()
	var done Compared
	for i := range c.pairs {
		p := &c.pairs[i]
		if p.kind != "" {
			result.Differences = append(result.Differences, Difference{Key: p.key, Kind: p.kind})
			continue
		}
		p.print(listed)
		kind, isKnown := known.kindOf(done.Files), done.Files < known.Files
		if !isKnown {
			var err error
			if kind, err = c.differ(ctx, p.key); err != nil {
				return Comparison{}, err
			}
		}
		switch kind {
		case "":
			result.Same = append(result.Same, p.key)
		case Unverifiable:
			done.Closed = append(done.Closed, done.Files)
		case Differs, Missing, Surplus:
			done.Differ = append(done.Differ, done.Files)
		}
		if kind != "" {
			result.Differences = append(result.Differences, Difference{Key: p.key, Kind: kind})
		}
		done.Files++
		if isKnown || len(done.Differ)+len(done.Closed) > maxDiffer {
			continue
		}
		done.Print = hex.EncodeToString(listed.Sum(nil))
		if err := keep(done); err != nil {
			return Comparison{}, err
		}
	}
	return result, nil
}

// kindOf is how the file of a number compared, "" where it is the same.
func (c *Compared) kindOf(file int) DifferenceKind {
	switch {
	case slices.Contains(c.Differ, file):
		return Differs
	case slices.Contains(c.Closed, file):
		return Unverifiable
	}
	return ""
}

// differ reads a file of both sides; "": they are the same.
func (c *comparison) differ(ctx context.Context, key Key) (DifferenceKind, error) {
	ours, err := sumOf(ctx, c.src, key)
	var theirs Sum
	if err == nil {
		theirs, err = sumOf(ctx, c.dst, key)
	}
	if _, ok := refused(key, err); ok {
		return Unverifiable, nil
	}
	if err != nil || ours == theirs {
		return "", err
	}
	return Differs, nil
}

// withoutThumbnails leaves out the thumbnails of both listings. What is no plain
// file cannot be told to be one.
func withoutThumbnails(row migration.RowKey, here, there []Entry) (ours, theirs []Entry) {
	without := func(entries []Entry) []Entry {
		return slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool {
			return e.Kind == KindFile && isThumbnail(Key{Row: row, Name: e.Name}, here, there)
		})
	}
	return without(here), without(there)
}
