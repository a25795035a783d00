package uploads

import (
	"context"
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

// Compare compares the files of the given records by size and content, in the
// order of records and then by name. Times are not compared. The thumbnail of an
// image that either side has is not compared at all, and in neither list.
func Compare(ctx context.Context, src, dst Store, records []migration.RowKey) (Comparison, error) {
	var c Comparison
	for _, row := range records {
		if err := c.record(ctx, src, dst, row); err != nil {
			return Comparison{}, err
		}
	}
	return c, nil
}

func (c *Comparison) add(key Key, kind DifferenceKind) {
	c.Differences = append(c.Differences, Difference{Key: key, Kind: kind})
}

func (c *Comparison) record(ctx context.Context, src, dst Store, row migration.RowKey) error {
	here, err := src.List(ctx, row)
	var there []Entry
	if err == nil {
		there, err = dst.List(ctx, row)
	}
	if _, ok := refused(Key{Row: row}, err); ok {
		c.add(Key{Row: row}, Unverifiable)
		return nil
	}
	if err != nil {
		return err
	}
	here, there = withoutThumbnails(row, here, there)
	for len(here) > 0 || len(there) > 0 {
		switch {
		case len(there) == 0 || len(here) > 0 && here[0].Name < there[0].Name:
			c.one(Key{Row: row, Name: here[0].Name}, here[0].Kind, Missing)
			here = here[1:]
		case len(here) == 0 || there[0].Name < here[0].Name:
			c.one(Key{Row: row, Name: there[0].Name}, there[0].Kind, Surplus)
			there = there[1:]
		default:
			if err := c.both(ctx, src, dst, Key{Row: row, Name: here[0].Name}, here[0], there[0]); err != nil {
				return err
			}
			here, there = here[1:], there[1:]
		}
	}
	return nil
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

func (c *Comparison) one(key Key, kind Kind, difference DifferenceKind) {
	if kind != KindFile {
		difference = Unverifiable
	}
	c.add(key, difference)
}

func (c *Comparison) both(ctx context.Context, src, dst Store, key Key, a, b Entry) error {
	switch {
	case a.Kind != KindFile || b.Kind != KindFile:
		c.add(key, Unverifiable)
		return nil
	case a.Size != b.Size:
		c.add(key, Differs)
		return nil
	}
	ours, err := sumOf(ctx, src, key)
	var theirs Sum
	if err == nil {
		theirs, err = sumOf(ctx, dst, key)
	}
	if _, ok := refused(key, err); ok {
		c.add(key, Unverifiable)
		return nil
	}
	if err != nil {
		return err
	}
	if ours != theirs {
		c.add(key, Differs)
		return nil
	}
	c.Same = append(c.Same, key)
	return nil
}
