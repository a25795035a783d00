package activities_test

import (
	"context"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"jogetferry/activities"
	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
)

func TestMain(m *testing.M) { os.Exit(activitytest.Main(m)) }

// ports are what the activities of a test work with.
type ports struct {
	step.Servers
	API      *api.Client
	Probe    func(context.Context, migration.User) (bool, error)
	Temporal client.Client
}

// working is a worker of a case that has all roles.
func working(c *activitytest.Case, change ...func(*ports)) *ports {
	p := &ports{Servers: c.Servers(), API: c.API}
	for _, f := range change {
		f(p)
	}
	return p
}

// Register makes all activities known.
func (p *ports) Register(r worker.Registry) {
	activities.NewJoget(p.Servers, p.API).Register(r)
	(&activities.Copy{Servers: p.Servers, Probe: p.Probe}).Register(r)
	(&activities.Book{Ledger: p.Ledger, Temporal: p.Temporal, Log: p.Log}).Register(r)
}

// settled has calls without an answer over at once.
func settled(p *ports) { p.Settings.Settle = 0 }

func same[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// outcome is the part of an outcome that decisions are made from.
func outcome(o contract.Outcome) contract.Outcome {
	return contract.Outcome{Status: o.Status, Reason: o.Reason}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func parked(reason migration.Reason) contract.Outcome {
	return contract.Outcome{Status: contract.StatusParked, Reason: reason}
}

// copied takes an instance to its start, as production does.
func copied(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
	t.Helper()
	in.Plan()
	rows, err := activitytest.Run(t, working(c).Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: in.Step()})
	must(t, err)
	same(t, "copy of rows", contract.Outcome{Status: contract.StatusOK}, rows.Outcome)
	files, err := activitytest.Run(t, working(c).Register, contract.CopyUploads, in.Step())
	must(t, err)
	same(t, "copy of files", contract.Outcome{Status: contract.StatusOK}, files.Outcome)
}
