package engine

import (
	"context"
	"fmt"

	"jogetferry/joget/xpdl"
	"jogetferry/test/simulator/schema"
)

// Recover does what a server does in the background after it started: it runs
// every tool again whose activity is open.running, and the flow goes on from
// there (docs/joget.md#when-the-server-restarts). It goes on where an instance
// fails.
func (e *Engine) Recover(ctx context.Context) error {
	ids, err := column(ctx, e.db, selectInterrupted, schema.ActivityStateOID(Running), schema.ProcessStateOID(Running))
	if err != nil {
		return fmt.Errorf("find interrupted tools: %w", err)
	}
	for _, id := range ids {
		e.swallow("run tool again", e.onActivity(ctx, Caller{Name: System}, id, func(ctx context.Context, s *session, in *instance, a *activity) error {
			def := in.def.proc.Activity(a.def)
			if def == nil || def.Kind != xpdl.Tool || a.state != Running {
				return nil
			}
			return s.within(ctx, in, func() error { return s.work(ctx, in, a, def) })
		}))
	}
	return nil
}
