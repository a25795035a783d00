package e2e_test

import (
	"strings"
	"testing"
	"time"

	"jogetferry/internal/exitcode"
	"jogetferry/test/e2e/rig"
	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/seed"
	"jogetferry/test/temporaltest"
)

// TestTwoMigrationsInOneNamespace runs two at the same time, whose instances have
// the same IDs. Neither reads or writes a server of the other.
func TestTwoMigrationsInOneNamespace(t *testing.T) {
	t.Parallel()
	temporal := temporaltest.New(t, temporaltest.Options{})
	for _, tc := range []struct {
		name, first, second string
		ledger              string // of both; "": each has its own
	}{
		{name: "with_two_ledgers", first: "crm", second: "hr"},
		{name: "with_one_ledger", first: "old", second: "older", ledger: mysqltest.DSN(t)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			stage := func(name string, instances int) *rig.Stage {
				s := rig.New(t, rig.Options{
					Seed: seed.Options{Seed: 1, Instances: instances}, Temporal: temporal, LedgerDSN: tc.ledger,
					Settings: map[string]string{"FERRY_MIGRATION": name},
				})
				s.StartWorker()
				return s
			}
			bothMove(t, stage(tc.first, 4), stage(tc.second, 7))
		})
	}
}

func bothMove(t *testing.T, first, second *rig.Stage) {
	t.Helper()
	stages := []*rig.Stage{first, second}
	for _, verb := range [][]string{{"check"}, {"plan"}, {"wave", "--without-pilot", "--detach"}, {"status", "--follow"}} {
		for _, s := range stages {
			s.Starter(0, nil, verb...)
		}
	}
	for _, s := range stages {
		wanted := len(s.Seeded.Instances)
		var compared struct{ Same, Different, Moved int }
		s.Starter(0, &compared, "verify")
		var started int
		if err := s.Target.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM SHKProcesses").Scan(&started); err != nil {
			t.Fatal(err)
		}
		if compared.Same != wanted || started != wanted {
			t.Errorf("of %d instances %d are the same, and %d were started", wanted, compared.Same, started)
		}
		s.SourceUnchanged()
	}

	// A worker that was given the servers of the other does not begin.
	for _, key := range []string{"FERRY_SOURCE_DATABASE", "FERRY_TARGET_DATABASE"} {
		first.Setenv(key, second.Getenv(key))
	}
	w := first.StartWorker()
	select {
	case <-w.Done():
	case <-time.After(time.Minute):
		t.Fatal("it works on the servers of the other migration")
	}
	if w.Status() != exitcode.Usage || strings.Count(w.Log(), "is bound to source") == 0 || strings.Count(w.Log(), "this worker has source") == 0 {
		t.Errorf("status %d, want %d and both pairs named:\n%s", w.Status(), exitcode.Usage, w.Log())
	}
}
