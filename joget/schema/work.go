package schema

import (
	"context"

	"jogetferry/migration"
)

// OpenDefinitions returns the definitions that have open instances.
func (r *Reader) OpenDefinitions(ctx context.Context) ([]migration.DefinitionID, error) {
	states, _, err := r.states(ctx)
	if err != nil {
		return nil, err
	}
	query := withLists(selectOpenDefinitions, len(open(states)))
	return read(ctx, r, "read definitions in use", query, args(open(states)), func(scan scanner) (id migration.DefinitionID, err error) {
		var name string
		err = scan(&name)
		return splitDefinition(name), err
	})
}

// RecentWork counts the activities of open instances that a person accepted or
// completed since a time, by definition. It goes through all of them.
func (r *Reader) RecentWork(ctx context.Context, since migration.EpochMillis) (map[migration.DefinitionID]int, error) {
	states, _, err := r.states(ctx)
	if err != nil {
		return nil, err
	}
	type row struct {
		definition string
		count      int
	}
	query := withLists(countRecentWork, len(open(states)))
	rows, err := read(ctx, r, "count recent work", query, args(open(states), int64(since)), func(scan scanner) (v row, err error) {
		return v, scan(&v.definition, &v.count)
	})
	work := make(map[migration.DefinitionID]int, len(rows))
	for _, v := range rows {
		work[splitDefinition(v.definition)] += v.count
	}
	return work, err
}
