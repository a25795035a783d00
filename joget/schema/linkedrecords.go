package schema

import (
	"context"
	"slices"

	"jogetferry/migration"
)

// LinkedRecords returns which of records LinkedInstances finds an instance of, sorted: it
// asks for all of them at once.
func (r *Reader) LinkedRecords(ctx context.Context, records []migration.RecordID) ([]migration.RecordID, error) {
	asked := make(map[migration.RecordID]bool, len(records))
	var numbered []migration.RecordID // that may be the ID of an instance
	for _, id := range records {
		asked[id] = true
		if counterPrefix.MatchString(string(id)) {
			numbered = append(numbered, id)
		}
	}
	var found []migration.RecordID
	for _, look := range []struct {
		query   string
		records []migration.RecordID
		history bool
	}{
		{selectOrigins, records, false},
		{selectOriginsHistory, records, true},
		{selectParents, numbered, false},
		{selectParentsHistory, numbered, true},
		{selectSameLink, numbered, false},
		{selectSameLinkHistory, numbered, true},
		{selectOwn, numbered, false},
	} {
		if look.history && !r.db.Has("wf_process_link_history") {
			continue
		}
		err := batched(look.records, func(part []migration.RecordID) error {
			some, err := read(ctx, r, "look for instances of records", withLists(look.query, len(part)), args(part), func(scan scanner) (id migration.RecordID, err error) { return id, scan(&id) })
			found = append(found, some...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	found = slices.DeleteFunc(found, func(id migration.RecordID) bool { return !asked[id] })
	slices.Sort(found)
	return slices.Compact(found), nil
}
