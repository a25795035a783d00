package step

import (
	"context"
	"fmt"
	"sync/atomic"

	"go.temporal.io/sdk/activity"
	"go.uber.org/zap"

	"jogetferry/contract"
	"jogetferry/migration"
)

// MisdirectedError refuses what another worker has to do: this one has other
// servers, or is of another migration. Nothing was touched.
type MisdirectedError struct {
	Why string // for operators, free of personal data
}

func (e *MisdirectedError) Error() string { return e.Why }

// Own is what a worker was made for: docs/adr/0008-queues.md.
type Own struct {
	Migration migration.Name
	// Servers are those that it reaches; nil for a worker that needs the ledger only.
	Servers *Servers
	Log     *zap.Logger

	// served: the migration is bound to the servers of this worker. It stays so; who opens
	// an instance looks again.
	served atomic.Bool
}

// Refuse returns why an activity with this input is not for this worker, as
// Temporal may see it: it is offered again until the right one takes it. nil when
// it is for this one. The check of the servers is done on any pair, since it is
// what reports a wrong one.
func (o *Own) Refuse(ctx context.Context, input any) error {
	err := o.refuse(ctx, input)
	if err != nil {
		o.Log.Warn("activity refused", zap.String("activity", activity.GetInfo(ctx).ActivityType.Name),
			zap.String("workflow", activity.GetInfo(ctx).WorkflowExecution.ID), SafeError(err))
	}
	if err == nil {
		return nil
	}
	recall(ctx, input).end(ctx, err)
	return classify(ctx, err, memory{})
}

func (o *Own) refuse(ctx context.Context, input any) error {
	in, ok := input.(contract.Owned)
	if !ok || in.Of() != o.Migration {
		return Misdirected(input, o.Migration)
	}
	if _, checks := input.(contract.CheckInput); checks || o.Servers == nil {
		return nil
	}
	if o.served.Load() {
		return nil
	}
	_, err := o.Servers.Bound(ctx, o.Migration)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return nil // Nothing is planned yet: there is no other pair.
	}
	o.served.Store(err == nil)
	return err
}

// Misdirected is the refusal of an input that does not name the migration of a worker.
func Misdirected(input any, own migration.Name) error {
	named := "no migration"
	if in, ok := input.(contract.Owned); ok {
		named = fmt.Sprintf("migration %q", in.Of())
	}
	return &MisdirectedError{Why: fmt.Sprintf("this is of %s, and the worker serves migration %q; it waits for another worker", named, own)}
}
