package seed_test

import (
	"slices"
	"testing"

	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/seed"
)

func TestSeeded_instances_run_to_their_end_in_an_engine(t *testing.T) {
	t.Parallel()
	db := server(t, 3)
	result, err := seed.Run(t.Context(), db, "", seed.Options{
		Instances: 12, Processes: []string{seed.PurchaseRequest}, WithTokens: 4, WithSubflows: 4, NoUploads: true,
	})
	must(t, err)
	e, err := engine.New(t.Context(), engine.Options{DB: db})
	must(t, err)

	const mostSteps = 6 // no way to the end is longer
	for range mostSteps {
		for _, id := range lines(t, db, "SELECT Id FROM SHKActivities WHERE State IN (1000001,1000003) AND Performer IS NULL ORDER BY oid") {
			must(t, e.ForceComplete(t.Context(), engine.Caller{Name: "admin", Admin: true}, id))
		}
	}
	if left := lines(t, db, "SELECT p.Id FROM SHKProcesses p"); len(left) > 0 {
		t.Errorf("still running: %v at %v", left, lines(t, db, "SELECT Id, State FROM SHKActivities ORDER BY oid"))
	}
	var ids []string
	for _, i := range result.Instances {
		ids = append(ids, i.ID)
	}
	archived := lines(t, db, "SELECT processId FROM wf_history_process")
	slices.Sort(ids)
	slices.Sort(archived)
	if !slices.Equal(ids, archived) {
		t.Errorf("archived %v, want %v", archived, ids)
	}

	started, err := e.Start(t.Context(), engine.Caller{Name: "cat"}, engine.StartRequest{Definition: "leave:latest:process1"})
	must(t, err)
	if got := one(t, db, "SELECT Id FROM SHKProcesses"); got != started.Instance || got == "" || slices.Contains(ids, got) {
		t.Errorf("started %q, running %q", started.Instance, got)
	}
}
