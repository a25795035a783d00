package scene

import (
	"context"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"jogetferry/activities"
	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
)

// Ports are what the activities of a test work with.
type Ports struct {
	step.Servers
	API      *api.Client
	Probe    func(context.Context, migration.User) (bool, error)
	Temporal client.Client
}

// Worker is a worker of a case that has all roles.
func Worker(c *activitytest.Case, change ...func(*Ports)) *Ports {
	p := &Ports{Servers: c.Servers(), API: c.API}
	for _, f := range change {
		f(p)
	}
	return p
}

// Register makes all activities known.
func (p *Ports) Register(r worker.Registry) {
	activities.RegisterWorkflows(r, p.Ledger, p.Temporal, p.Log)
	activities.RegisterCopy(r, &p.Servers, p.Probe)
	activities.RegisterJoget(r, &p.Servers, p.API)
}

// Settled has calls without an answer over at once.
func Settled(p *Ports) { p.Settings.Settle = 0 }

// SettlesSoon has calls without an answer over in a moment, where nothing else shows
// their end.
func SettlesSoon(p *Ports) { p.Settings.Settle = 2 * time.Second }

// Copied takes an instance to its start, as production does.
func Copied(t *testing.T, c *activitytest.Case, in *activitytest.Instance, change ...func(*Ports)) {
	t.Helper()
	in.Plan()
	j := Worker(c, change...)
	rows, err := activitytest.Run(t, j.Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	activitytest.Same(t, "copy of rows", contract.Outcome{Status: contract.StatusOK}, rows.Outcome)
	files, err := activitytest.Run(t, j.Register, contract.CopyUploads, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "copy of files", contract.Outcome{Status: contract.StatusOK}, files.Outcome)
}
