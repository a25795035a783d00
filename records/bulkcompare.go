package records

import (
	"context"
	"errors"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"jogetferry/internal/database"
	"jogetferry/migration"
)

// ChunkSum is what one server says of the rows of a chunk: how many there are, and a sum
// of their hashes that does not depend on their order.
type ChunkSum struct {
	Rows int64
	Hash uint64
}

// ChunkComparison is the result of Bulk.Compare. Differences are by id; those of kind
// Surplus are rows of the target alone, which may be its own.
type ChunkComparison struct {
	Source, Target ChunkSum // zero where they cannot be had
	Rows           int64    // of the source
	Differences    []Difference
}

// Of returns the ids of the differences of some kinds.
func (c *ChunkComparison) Of(kinds ...DifferenceKind) []migration.RecordID {
	var ids []migration.RecordID
	for _, d := range c.Differences {
		if slices.Contains(kinds, d.Kind) {
			ids = append(ids, d.Key.ID)
		}
	}
	return ids
}

// Compare compares a chunk on both sides as they are now. Both servers sum up its rows, at the
// same time; where the sums are not equal, those of parts of it, and of parts that differ, or where
// no sums can be had, the rows are read and compared. A chunk
// that is equal costs two statements. Rows of records with new IDs count as not there, and what
// names them as rewritten (BulkOptions.NewIDs). CodeUnsupported: the target lacks the table. It is
// read-only and safe to repeat.
func (b *Bulk) Compare(ctx context.Context, chunk Chunk) (ChunkComparison, error) {
	var c ChunkComparison
	from, err := b.Source.layout(ctx, chunk.Table)
	if err != nil || from == nil {
		return c, err
	}
	to, err := b.Target.layoutFor(ctx, chunk.Table)
	if err != nil {
		return c, err
	}
	ordered := sameOrder(from, to)
	rewrites, err := b.rewrites(ctx, chunk, from)
	if err != nil {
		return c, err
	}
	if expression, ok := hashOf(from, to); ok && ordered && !rewrites {
		equal, err := b.sums(ctx, chunk, from, to, expression, &c)
		if err != nil || equal {
			return c, err
		}
		c.Differences, err = b.inParts(ctx, chunk, from, to, expression)
		return c, err
	}
	c.Rows, c.Differences, err = b.narrow(ctx, chunk, from, to, ordered)
	return c, err
}

// partRows is how many rows of a chunk are read at once to be compared, or one by one.
const partRows = 1000

// sameOrder reports whether two tables have their ids in the same order: else a chunk of one would be
// other rows of the other.
func sameOrder(from, to *layout) bool {
	return from.columns[from.id].Collation == to.columns[to.id].Collation
}

// rowHash has the two expressions that give equal rows of both sides the same text.
type rowHash struct{ from, to string }

// hashOf returns what hashes a row on either side. False: a value of some column looks
// different on servers of different make.
func hashOf(from, to *layout) (rowHash, bool) {
	var h rowHash
	names := slices.Concat(from.names, to.names)
	slices.SortFunc(names, compareNames)
	names = slices.CompactFunc(names, strings.EqualFold)
	var parts [2][]string
	for _, name := range names {
		a, inA := from.table.column(name)
		b, inB := to.table.column(name)
		for i, c := range []*Column{a, b} {
			part := "'N'"
			switch {
			case c == nil || c.Generated:
				// A column that one side lacks is equal to one that is empty.
			case inA && inB && !a.Generated && !b.Generated:
				value, ok := c.hashed()
				if !ok {
					return h, false
				}
				part = "IFNULL(CONCAT(LENGTH(" + value + "), ':', " + value + "), 'N')"
			default:
				part = "IF(IFNULL(LENGTH(" + database.Quote(c.Name) + "), 0) = 0, 'N', 'has')"
			}
			parts[i] = append(parts[i], part)
		}
	}
	h.from, h.to = sumOf(parts[0]), sumOf(parts[1])
	return h, true
}

// sumOf makes of the parts of a row 60 bits that servers can sum up.
func sumOf(parts []string) string {
	return "CAST(CONV(LEFT(MD5(CONCAT(" + strings.Join(parts, ", ") + ")), 15), 16, 10) AS UNSIGNED)"
}

// hashed returns the expression for a value of the column that gives the same bytes on
// every server and for every column that can hold the value. False: there is none.
func (c *Column) hashed() (string, bool) {
	name := database.Quote(c.Name)
	switch familyOf(c.Type) {
	case familyText:
		if c.Charset == "utf8mb4" {
			return name, true
		}
		return "CONVERT(" + name + " USING utf8mb4)", true
	case familyBytes:
		return "HEX(" + name + ")", true
	case familyTime:
		switch c.Type {
		case "datetime", "timestamp":
			return "CAST(CAST(" + name + " AS DATETIME(6)) AS CHAR)", true
		case "date":
			return "CAST(" + name + " AS CHAR)", true
		}
	case familyExact:
		if c.Scale == 0 && c.Type != "bit" {
			return "CAST(" + name + " AS CHAR)", !strings.Contains(c.FullType, "zerofill")
		}
	case familyUnknown, familyFloat, familyMembers, familyNamed, familySpatial:
	}
	return "", false
}

// sums asks both servers. False: they do not agree, or one could not hash every row.
func (b *Bulk) sums(ctx context.Context, chunk Chunk, from, to *layout, h rowHash, c *ChunkComparison) (equal bool, err error) {
	var hashed [2]bool
	both, one := errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		c.Source, hashed[0], err = sum(one, b.Source.Q, from, h.from, chunk)
		return err
	})
	both.Go(func() (err error) {
		c.Target, hashed[1], err = sum(one, b.Target.DB, to, h.to, chunk)
		return err
	})
	err = both.Wait()
	c.Rows = c.Source.Rows
	return hashed[0] && hashed[1] && c.Source == c.Target, err
}

func sum(ctx context.Context, q Querier, l *layout, hash string, chunk Chunk) (s ChunkSum, whole bool, err error) {
	where, args := between(l.table, chunk.After, chunk.To)
	query := "SELECT COUNT(*), COUNT(h), IFNULL(BIT_XOR(h), 0) FROM (SELECT " + hash + " AS h FROM " + database.Quote(l.table.Real) + where + ") AS hashed"
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return s, false, failed("sum up form rows", "table "+l.table.Real, err)
	}
	defer rows.Close()
	if !rows.Next() {
		return s, false, failed("sum up form rows", "table "+l.table.Real, rows.Err())
	}
	var of int64 // a row whose parts are larger than a packet has no hash
	err = rows.Scan(&s.Rows, &of, &s.Hash)
	return s, of == s.Rows, errors.Join(err, rows.Err())
}

// inParts is narrow for those parts of a chunk alone of which the sums differ, too.
func (b *Bulk) inParts(ctx context.Context, chunk Chunk, from, to *layout, h rowHash) ([]Difference, error) {
	var found []Difference
	for last := false; !last; {
		part, err := b.part(ctx, chunk, from)
		if err != nil {
			return nil, err
		}
		equal, err := b.sums(ctx, part, from, to, h, &ChunkComparison{})
		if err != nil {
			return nil, err
		}
		if !equal {
			_, differ, err := b.narrow(ctx, part, from, to, true)
			if err != nil {
				return nil, err
			}
			found = append(found, differ...)
		}
		last, chunk.After = part.To == chunk.To, part.To
	}
	slices.SortFunc(found, func(a, b Difference) int { return compareKeys(a.Key, b.Key) })
	return found, nil
}

// part returns the first rows of a chunk of the source, as many as are read at once.
func (b *Bulk) part(ctx context.Context, chunk Chunk, from *layout) (Chunk, error) {
	where, args := between(from.table, chunk.After, chunk.To)
	key := database.Quote(from.table.key())
	query := "SELECT " + key + " FROM " + database.Quote(from.table.Real) + where + " ORDER BY " + key + " LIMIT 1 OFFSET ?"
	rows, err := b.Source.Q.QueryContext(ctx, query, append(args, partRows-1)...)
	if err != nil {
		return chunk, failed("sum up form rows", "table "+from.table.Real, err)
	}
	defer rows.Close()
	if rows.Next() {
		err = rows.Scan(&chunk.To)
	}
	return chunk, errors.Join(err, rows.Err())
}

// narrow reads the rows of a chunk on both sides, some at a time. Where the target has
// another order, rows that it alone has are not found. rows are those of the source.
func (b *Bulk) narrow(ctx context.Context, chunk Chunk, from, to *layout, ordered bool) (rows int64, found []Difference, err error) {
	for after := chunk.After; ; {
		source, err := surveyRange(ctx, b.Source.Q, from, after, chunk.To, partRows)
		if err != nil {
			return 0, nil, err
		}
		rows += int64(len(source.Rows))
		last, upTo := len(source.Rows) < partRows, chunk.To
		if !last {
			upTo = source.Rows[partRows-1].Key.ID
		}
		rekeying, err := b.rekeying(ctx, &source)
		if err != nil {
			return 0, nil, err
		}
		source = rekeying.Set(source)
		var target Set
		if ordered {
			target, err = surveyRange(ctx, b.Target.DB, to, after, upTo, 0)
		} else {
			target, err = b.counterparts(ctx, source)
		}
		if err != nil {
			return 0, nil, err
		}
		found = append(found, Compare(source, target).Differences...)
		if last {
			slices.SortFunc(found, func(a, b Difference) int { return compareKeys(a.Key, b.Key) })
			return rows, found, nil
		}
		after = upTo
	}
}

// surveyRange is Survey of rows above after and not above to, the first limit of them; 0
// is all.
func surveyRange(ctx context.Context, q Querier, l *layout, after, to migration.RecordID, limit int) (Set, error) {
	var set Set
	query, args := rangeQuery(l, after, to, limit)
	err := lookAt(ctx, q, l, query, args, func(row Row) error { return set.survey(ctx, l, row) })
	return set, err
}

func (s *Set) survey(ctx context.Context, l *layout, row Row) error {
	held, err := holdDigests(ctx, l, row)
	s.Rows = append(s.Rows, held)
	return err
}

// counterparts surveys the rows of the target that have the ids of a set.
func (b *Bulk) counterparts(ctx context.Context, source Set) (Set, error) {
	var set Set
	if len(source.Rows) == 0 {
		return set, nil
	}
	ids := make([]migration.RecordID, len(source.Rows))
	for i := range source.Rows {
		ids[i] = source.Rows[i].Key.ID
	}
	err := Side{Q: b.Target.DB, Schema: b.Target.Schema}.Each(ctx, source.Rows[0].Key.Table, ids, func(row Row) error {
		return set.survey(ctx, nil, row)
	})
	return set, err
}
