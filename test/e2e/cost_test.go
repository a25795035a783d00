package e2e_test

import (
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/seed"
)

// What a clean instance with one open activity may take (docs/development.md#budgets).
// Counts, not times: each is what it takes today and little more.
const (
	maxLedgerStatements = 85
	maxLedgerCommits    = 15
	maxSourceStatements = 32
	maxTargetStatements = 86
	maxHistoryBytes     = 8 << 10
)

// TestCostOfCleanInstances counts what a wave of instances asks of the databases and of
// Temporal, and fails when that is more than it was.
func TestCostOfCleanInstances(t *testing.T) {
	t.Parallel()
	const first, rest = 4, 16
	server := rig.Metered(t, "100000")
	s := rig.New(t, rig.Options{
		Seed:         seed.Options{Seed: 7, Instances: first + rest, Positions: []string{"onboard/probation/review", "leave/process1/approve"}},
		SourceServer: server.DSN(""), TargetServer: server.DSN(""),
	})
	s.StartWorker()
	s.Starter(0, nil, "plan")
	// The first instances fill what a worker remembers.
	s.Starter(0, nil, "wave", "--without-pilot", "--size", "4")
	m := s.Meter(server)
	s.Starter(0, nil, "wave", "--without-pilot", "--name", "rest", "--detach")
	c := s.Client()
	if err := c.GetWorkflow(t.Context(), contract.WaveID("crm", "rest"), "").Get(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, account := range []struct {
		name                string
		statements, commits float64
	}{
		{rig.OnLedger, maxLedgerStatements, maxLedgerCommits},
		{rig.OnSource, maxSourceStatements, 0},
		{rig.OnTarget, maxTargetStatements, rest},
	} {
		load := m.Load(account.name)
		statements, commits := float64(load.Statements)/rest, float64(load.Commits)/rest
		t.Logf("%s: %.1f statements and %.1f commits an instance\n%s", account.name, statements, commits, load.Table(rest))
		if statements > account.statements || commits > account.commits {
			t.Errorf("%s: %.1f statements and %.1f commits an instance, want at most %.0f and %.0f", account.name, statements, commits, account.statements, account.commits)
		}
	}
	for _, i := range s.Seeded.Instances {
		h := s.HistoryOf(c, contract.InstanceWorkflowID("crm", migration.InstanceID(i.ID)))
		t.Logf("%s: %d events, %d actions, %d bytes", i.ID, h.Events, h.Actions, h.Bytes)
		if h.Events > plainEvents || h.Actions > plainActions || h.Bytes > maxHistoryBytes {
			t.Errorf("%s: %d events, %d actions, %d bytes; want at most %d, %d, %d", i.ID, h.Events, h.Actions, h.Bytes, plainEvents, plainActions, maxHistoryBytes)
		}
	}
}
