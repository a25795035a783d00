package store

import (
	"context"
	"slices"
	"strings"

	"jogetferry/migration"
)

// selection is what a filter selects and another condition, which begins with " AND ".
type selection struct {
	migration.Filter

	and  string
	args []any
}

// inOneIndex reports whether placesAfter finds what a filter selects without reading
// past all else: something names entries, a state or a wave.
func inOneIndex(f migration.Filter) bool {
	return len(f.Instances) > 0 || len(f.States) > 0 || f.Wave != ""
}

// placesAfter returns the first of what is selected after an ordinal, up to limit in plan
// order, and the ordinal of the last. The filter is inOneIndex. Each state is looked for by
// itself: the index has its entries in their order, so that no more than limit of them
// are read, however many there are of others. Nothing is locked.
func placesAfter(ctx context.Context, q querier, mig migration.Name, s selection, after int64, limit int) (ids []migration.InstanceID, last int64, err error) {
	query, parts := queryPlacesOfState, [][]migration.InstanceState{}
	switch {
	case len(s.Instances) > 0:
		query, parts = queryThesePlaces, append(parts, s.States)
	case s.Wave != "":
		query = queryPlacesOfWave
		if len(s.States) == 0 {
			s.States = migration.InstanceStates()
		}
	}
	if len(parts) == 0 {
		for state := range slices.Chunk(s.States, 1) {
			parts = append(parts, state)
		}
	}
	queries, args := make([]string, len(parts)), []any{}
	for i, states := range parts {
		of := s.Filter
		of.States = states
		condition, values := where(mig, of)
		queries[i] = query + condition + s.and + entriesAfter
		args = append(append(append(args, values...), s.args...), after, limit)
	}
	if len(queries) == 1 {
		return instancesOf(ctx, q, queries[0], args...)
	}
	return instancesOf(ctx, q, "("+strings.Join(queries, ") UNION ALL (")+")"+inOrder, append(args, limit)...)
}
