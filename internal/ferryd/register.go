package ferryd

import (
	"context"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"jogetferry/contract"
	"jogetferry/store"
	"jogetferry/workflows"
)

// register opens what the activities of role work with, and makes them known to
// r. The function it returns closes what was opened, after the last activity
// has ended; it is never nil unless there is an error.
//
// Temporal is for the sweep of instances whose workflow is closed; the ledger
// is shared by all roles.
func register(_ context.Context, _ Options, role contract.Role, _ client.Client, _ *store.Ledger, r worker.Registry) (closePorts func() error, err error) {
	switch role {
	case contract.RoleWorkflows:
		workflows.Register(r)
	case contract.RoleCopy, contract.RoleJoget:
	}
	return func() error { return nil }, nil
}
