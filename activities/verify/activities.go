package verify

import (
	"jogetferry/activities/step"
	"jogetferry/activities/target"
	"jogetferry/activities/transfer"
)

// Activities compare the two servers.
type Activities struct {
	*step.Servers

	guard target.Guard
	copy  *transfer.Activities
}

// New returns the activities of a worker that reaches both servers; what was
// copied is read by copies.
func New(servers *step.Servers, copies *transfer.Activities) *Activities {
	return &Activities{Servers: servers, guard: target.Guard{Servers: servers}, copy: copies}
}
