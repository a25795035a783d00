package activities

import (
	"context"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"jogetferry/activities/bulk"
	"jogetferry/activities/inventory"
	"jogetferry/activities/rehearsal"
	"jogetferry/activities/step"
	"jogetferry/activities/target"
	"jogetferry/activities/transfer"
	"jogetferry/activities/verify"
	"jogetferry/activities/waves"
	"jogetferry/joget/api"
	"jogetferry/migration"
	"jogetferry/store"
)

// RegisterWorkflows makes the activities of contract.RoleWorkflows known to r.
func RegisterWorkflows(r worker.Registry, ledger *store.Ledger, temporal client.Client, log *zap.Logger) {
	(&waves.Activities{Ledger: ledger, Temporal: temporal, Log: log}).Register(r)
}

// RegisterCopy makes the activities of contract.RoleCopy known to r. probe tells
// by a login on the target whether it has a user; nil when this worker cannot
// call it.
func RegisterCopy(r worker.Registry, servers *step.Servers, probe func(context.Context, migration.User) (bool, error)) {
	inv := &inventory.Activities{Servers: servers, Probe: probe}
	inv.Register(r)
	copies := transfer.New(servers, inv)
	copies.Register(r)
	verify.New(servers, copies).Register(r)
	(&bulk.Activities{Servers: servers}).Register(r)
}

// RegisterJoget makes the activities of contract.RoleJoget known to r. Of servers
// they need the ledger and the target.
func RegisterJoget(r worker.Registry, servers *step.Servers, client *api.Client) {
	calls := target.New(servers, client)
	calls.Register(r)
	rehearsal.New(calls).Register(r)
}
