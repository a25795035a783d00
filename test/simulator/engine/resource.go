package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// resource is a row of SHKResourcesTable.
type resource struct {
	oid  int64
	name string // the spelling that the engine saw first
}

// resource finds or makes the row of a user; names are compared as the database
// does. Between looking and inserting it holds no lock: of two calls that both
// find none the second gets a duplicate key (docs/joget.md#the-answer-to-a-start).
func (e *Engine) resource(ctx context.Context, user string, at Point) (resource, error) {
	var r resource
	err := e.db.QueryRowContext(ctx, selectResource, user).Scan(&r.oid, &r.name)
	if err == nil {
		return r, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("find resource row: %w", err)
	}
	at.What = AtResource
	if err := e.pause(ctx, at); err != nil {
		return r, err
	}
	if r.oid, err = e.oid(ctx); err != nil {
		return r, err
	}
	r.name = user
	if _, err := e.db.ExecContext(ctx, insertResource, user, r.oid); err != nil {
		return r, fmt.Errorf("write resource row: %w", err)
	}
	return r, nil
}
