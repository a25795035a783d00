package records

import (
	"context"
	"slices"
	"strings"
	"time"
)

// maxPlaceholders is what a statement may have of them, with room to spare.
const maxPlaceholders = 32_000

// Mentions returns the columns of a form table (without app_fd_) in which rows hold an old
// ID, all of it as the database compares texts, and which are not rewritten: columns of
// text that nothing says to hold IDs. It reads the whole table, for so long at the most:
// then the error is context.DeadlineExceeded. A table that does not exist has no rows, nor
// has a view.
func (r Rekeying) Mentions(ctx context.Context, side Side, table string, within time.Duration) ([]Place, error) {
	t, ok, err := side.Schema.Table(ctx, side.Q, table)
	if err != nil || !ok || t.View || len(r.Rekeys) == 0 {
		return nil, err
	}
	rewritten := r.keyColumns()[table]
	var columns []string
	for _, c := range t.stored() {
		is := func(column string) bool { return strings.EqualFold(column, c.Name) }
		if familyOf(c.Type) == familyText && !is(idColumn) && !slices.ContainsFunc(rewritten, is) {
			columns = append(columns, c.Name)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var found []Place
	for some := range slices.Chunk(columns, max(1, maxPlaceholders/len(r.Rekeys))) {
		// The server's end comes after ours, so that ours is what is seen.
		counts, err := r.count(ctx, side, t, some, within+time.Second)
		if err != nil {
			return nil, err
		}
		for i, n := range counts {
			if n > 0 {
				found = append(found, Place{Table: table, Column: some[i], Rows: n})
			}
		}
	}
	return found, nil
}

// count returns in how many rows each of some columns holds an old ID.
func (r Rekeying) count(ctx context.Context, side Side, t *Table, columns []string, limit time.Duration) ([]int, error) {
	args := make([]any, 0, len(columns)*len(r.Rekeys))
	for range columns {
		for id := range r.Rekeys {
			args = append(args, string(id))
		}
	}
	counts, into := make([]int, len(columns)), make([]any, len(columns))
	for i := range counts {
		into[i] = &counts[i]
	}
	rows, err := side.Q.QueryContext(ctx, mentionsQuery(t.Real, columns, len(r.Rekeys), int(limit.Seconds())), args...)
	if err != nil {
		return nil, failed("look for old record IDs", "table "+t.Real, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, failed("look for old record IDs", "table "+t.Real, err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, failed("look for old record IDs", "table "+t.Real, err)
	}
	return counts, nil
}
