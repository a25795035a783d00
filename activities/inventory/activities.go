package inventory

import (
	"context"

	"jogetferry/activities/step"
	"jogetferry/migration"
)

// Activities take the inventory of the source, and check what only a worker sees
// that reaches both servers.
type Activities struct {
	*step.Servers

	// Probe tells by a login on the target whether it has a user; nil when this
	// worker cannot call it.
	Probe func(context.Context, migration.User) (bool, error)
}
