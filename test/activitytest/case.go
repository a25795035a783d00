package activitytest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/migration"
	"jogetferry/store"
	simulated "jogetferry/test/simulator/schema"
)

// Case is one test on a stage, with a migration and a door of its own.
type Case struct {
	Source, Target *Server
	Ledger         *store.Ledger
	// Migration is bound to the servers SourcePrint and TargetPrint, which are
	// this case's only.
	Migration                migration.Name
	SourcePrint, TargetPrint migration.Fingerprint
	Door                     *Door
	API                      *api.Client

	t     testing.TB
	stage *Stage
}

var cases atomic.Int64

// callTimeout is longer than any call of a test takes on a busy machine.
const callTimeout = time.Minute

// Case returns a case that ends with tb.
func (s *Stage) Case(tb testing.TB) *Case {
	tb.Helper()
	n := cases.Add(1)
	c := &Case{
		Source: s.Source.of(tb), Target: s.Target.of(tb), Ledger: s.Ledger, Door: newDoor(tb, s.sim), t: tb, stage: s,
		Migration: migration.Name(fmt.Sprintf("m%d", n)), SourcePrint: migration.Fingerprint(fmt.Sprintf("source-%d", n)), TargetPrint: migration.Fingerprint(fmt.Sprintf("target-%d", n)),
	}
	c.API = c.Client(nil)
	c.must(c.Ledger.Bind(tb.Context(), migration.Binding{Migration: c.Migration, Source: c.SourcePrint, Target: c.TargetPrint}, ""))
	return c
}

// Client returns a client that goes through the case's door, with options changed by change.
func (c *Case) Client(change func(*api.Options)) *api.Client {
	c.t.Helper()
	o := api.Options{
		BaseURL: c.Door.URL, Timeout: callTimeout,
		Admin:  api.Identity{Username: simulated.AdminUser, Password: api.NewSecret(simulated.AdminPassword)},
		Master: api.Identity{Username: simulated.MasterUser, Password: api.NewSecret(simulated.MasterPassword)},
	}
	if change != nil {
		change(&o)
	}
	client, err := api.New(o)
	c.must(err)
	return client
}

// OpenLedger opens the ledger once more, for a worker that loses it.
func (c *Case) OpenLedger() *store.Ledger {
	c.t.Helper()
	return c.stage.OpenLedger(c.t)
}

// Step is the input of a step on an instance of the source.
func (c *Case) Step(id migration.InstanceID) contract.StepInput {
	return contract.StepInput{Migration: c.Migration, Instance: id}
}

func (c *Case) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}
