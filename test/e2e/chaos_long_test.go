//go:build chaos

package e2e_test

import (
	"syscall"
	"testing"
	"time"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/seed"
)

// The long storm of make chaos: every incident several times, and then some at
// random until the wave is through.
const (
	stormInstances = 220
	treeInstances  = 200
	stormTimes     = 3
	stormRandom    = 20

	peopleInstances = 150
	peopleRollbacks = 16 // in each round, and as many are done anew

	flightInstances = 40
)

// flightNames are those of make chaos: each by itself, and all in one.
var flightNames = []string{
	"start_tools", "tools_that_write_late", "routes", "conditions", "mappings", "tools_of_children", "children", "dead_workers", "newcomers", "lost_answers", "everything",
}

// peopleIncidents happen while people work, a wave runs and some are rolled back.
func peopleIncidents() []incident {
	return append(
		incidents(),
		kills("kill: aborted", rig.Effected, false, calls("process/abort")),
		kills("kill: to be aborted", rig.Sent, true, calls("process/abort")),
		kills("kill: branch completed", rig.Effected, false, calls("assignment/completeWithVariable")),
	)
}

func TestChaosWorkerFrozenBeforeItSends(t *testing.T) {
	t.Parallel()
	s := newStorm(t, rig.Options{Seed: seed.Options{Seed: 26, Instances: 3, Positions: []string{"leave/process1/confirm"}}})
	s.worker = s.StartWorker()
	s.plan()
	s.Starter(0, nil, "wave", "--without-pilot", "--detach")
	frozen := s.worker
	if !s.stopWhen(claimed+" AND baseline IS NOT NULL", func(release func()) {
		if err := frozen.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		release()
		s.worker = s.StartWorker()
	}) {
		t.Fatal("nothing was claimed")
	}
	s.settled(minutes)
	// It goes on where it stood: with a claim that is no longer its own.
	if err := frozen.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	select {
	case <-time.After(2 * timeout):
	case <-t.Context().Done():
	}
	s.moved(s.Seeded.Instances)
}
