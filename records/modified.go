package records

import (
	"context"
	"time"

	"jogetferry/migration"
)

// maxModified bounds a search for modified rows without a deadline.
const maxModified = 10 * time.Minute

// Modified returns the ids of up to limit rows of a form table (without
// app_fd_) that Joget stored since so long ago, by the server's clock; where
// Joget's time zone is neither UTC nor the server's, those of some hours more or
// less. What SQL wrote without dateModified is not among them. Dated is false when the table has no
// such column; a table that does not exist has no rows, nor has a view. It reads the whole table,
// until the deadline of ctx: then the error is context.DeadlineExceeded.
func (s Side) Modified(ctx context.Context, table string, ago time.Duration, limit int) (ids []migration.RecordID, dated bool, err error) {
	t, ok, err := s.Schema.Table(ctx, s.Q, table)
	if err != nil || !ok || t.View {
		return nil, true, err
	}
	if c, ok := t.column(modifiedColumn); !ok || c.Type != "datetime" && c.Type != "timestamp" {
		return nil, false, nil
	}
	// The server's end comes after ours, so that ours is what is seen.
	left := maxModified
	if deadline, ok := ctx.Deadline(); ok {
		left = min(left, max(0, time.Until(deadline))+time.Second)
	}
	seconds := int64(ago.Seconds())
	rows, err := s.Q.QueryContext(ctx, modifiedQuery(t.Real, int(left.Seconds())), seconds, seconds, limit)
	if err != nil {
		return nil, true, failed("look for modified rows", "table "+t.Real, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, true, failed("look for modified rows", "table "+t.Real, err)
		}
		ids = append(ids, migration.RecordID(id))
	}
	if err := rows.Err(); err != nil {
		return nil, true, failed("look for modified rows", "table "+t.Real, err)
	}
	return ids, true, nil
}
