package transfer

import (
	"jogetferry/activities/inventory"
	"jogetferry/activities/step"
	"jogetferry/activities/target"
)

// Activities copy what belongs to an instance.
type Activities struct {
	*step.Servers

	guard     target.Guard
	inventory *inventory.Activities
}

// New returns the activities of a worker that reaches both servers. What has
// changed since the plan is gathered by inv.
func New(servers *step.Servers, inv *inventory.Activities) *Activities {
	return &Activities{Servers: servers, guard: target.Guard{Servers: servers}, inventory: inv}
}
