package uploads

import (
	"context"

	"jogetferry/migration"
)

// Rekeyed returns the store of the source to be read by the keys that rows have on the
// target: the source has the files of a record in the folder of the ID that the record has
// there. So Copy, Compare and Revert go by keys of the target, and know of no others.
// Only reading goes through it.
func Rekeyed(source Store, rekeys migration.Rekeys) Store {
	if len(rekeys) == 0 {
		return source
	}
	return rekeyed{Store: source, back: rekeys.Inverse()}
}

type rekeyed struct {
	Store

	back migration.Rekeys // by ID of the target, the source's
}

// List implements Store.
func (r rekeyed) List(ctx context.Context, row migration.RowKey) ([]Entry, error) {
	return r.Store.List(ctx, r.back.Row(row))
}

// Stat implements Store.
func (r rekeyed) Stat(ctx context.Context, key Key) (Entry, error) {
	return r.Store.Stat(ctx, r.key(key))
}

// Open implements Store.
func (r rekeyed) Open(ctx context.Context, key Key) (File, error) {
	return r.Store.Open(ctx, r.key(key))
}

func (r rekeyed) key(key Key) Key { return Key{Row: r.back.Row(key.Row), Name: key.Name} }
