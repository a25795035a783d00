package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-sql-driver/mysql"
)

// ErrInternal means that an exception leaves the manager, so that the client
// gets a 500: an Error of a plugin, a transaction that was marked rollback-only
// or timed out. What the call wrote stays (docs/joget.md#no-transaction). Any
// other error of a call is an exception that the manager swallows.
var ErrInternal = errors.New("an exception leaves the manager")

// ErrException marks an error of Options.Pause as a Java Exception. One without
// it stands for a Java Error.
var ErrException = errors.New("java.lang.Exception")

var (
	// errConflict: somebody else wrote the row since this call read it.
	errConflict = errors.New("data version changed")
	errGone     = fmt.Errorf("%w: the row is gone", ErrInternal)
)

// rolledBack reports whether the engine drops what a call still buffers.
func rolledBack(err error) bool {
	return errors.Is(internal(err), ErrInternal) || errors.Is(err, errConflict)
}

// internal turns errors of the database into what they end as: the transaction
// is marked rollback-only.
func internal(err error) error {
	var m *mysql.MySQLError
	if errors.As(err, &m) && !errors.Is(err, ErrInternal) {
		return fmt.Errorf("%w: %w", ErrInternal, err)
	}
	return err
}

// Numbers of MySQL errors.
const (
	errDeadlock    = 1213
	errLockTimeout = 1205
)

func deadlock(err error) bool {
	var m *mysql.MySQLError
	return errors.As(err, &m) && (m.Number == errDeadlock || m.Number == errLockTimeout)
}

// Places at which a call can be held, the values of Point.What. Rows written
// until then are visible to everybody.
const (
	AtInstance    = "instance"    // between the requester's row of an instance and its own
	AtActivity    = "activity"    // an activity is not active as far as the call knows, and is about to be created
	AtTool        = "tool"        // before a tool runs, its activity is open.running
	AtToolDone    = "tool_done"   // the tool has written, its activity is not completed
	AtCondition   = "condition"   // before the condition of a transition is evaluated
	AtMapping     = "mapping"     // before the participant mapping of a manual activity is evaluated; it has no assignment
	AtRoute       = "route"       // between creation and completion of a route
	AtChild       = "child"       // a subflow's child is created, not started
	AtAssignments = "assignments" // before the buffered assignments are written
	AtResource    = "resource"    // between not finding a user's resource row and inserting it
)

// Places lists all values of Point.What.
func Places() []string {
	return []string{AtInstance, AtActivity, AtTool, AtToolDone, AtCondition, AtMapping, AtRoute, AtChild, AtAssignments, AtResource}
}

// Point is where a call is. Instance and ActivityDefID are "" where there is
// none yet, as for the resource row of a requester.
type Point struct{ What, Instance, ActivityDefID string }

// pause lets Options.Pause hold the call, or make it fail.
func (e *Engine) pause(ctx context.Context, at Point) error {
	err := e.hook(ctx, at)
	if err == nil || errors.Is(err, ErrException) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrInternal, err)
}
