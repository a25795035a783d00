package e2e_test

import (
	"strings"
	"testing"
	"time"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/fault"
	"jogetferry/test/simulator/seed"
	"jogetferry/test/simulator/server"
)

// mixed are positions of three processes: with start tools and without, where
// the start stops by itself, elsewhere, and in several activities at once.
var mixed = []string{
	"leave/process1/approve", "leave/process1/confirm",
	"procure/process1/parallel", "procure/process1/order",
	"onboard/probation/interview",
}

func TestChaosWave(t *testing.T) {
	t.Parallel()
	// Calls that take a while leave time to be hit.
	rules := []fault.Rule{{Path: fault.Any, Kind: fault.Latency, Delay: 100 * time.Millisecond}}
	rules = append(rules, harm("process/start/", 2)...)
	rules = append(rules, harm("activity/start/", 2)...)
	rules = append(rules, harm("process/variable/", 1)...)
	s := newStorm(t, rig.Options{
		Seed:      seed.Options{Seed: 7, Instances: stormInstances, Completed: 3, RecordsOnly: 3, Positions: mixed},
		Target:    seed.TargetOptions{Instances: 5, Completed: 3, RecordsOnly: 2},
		Simulator: server.Options{Faults: rules},
		Settings:  map[string]string{"FERRY_LIMITS_TARGET_CALLS_PER_SECOND": "6"},
	})
	s.worker = s.StartWorker()
	s.plan()
	s.Starter(0, nil, "wave", "--without-pilot", "--detach", "--window", "40")

	var todo []incident
	for range stormTimes {
		todo = append(todo, incidents()...)
	}
	s.strike(todo)
	for _, i := range incidents() {
		if s.done[i.name] == 0 {
			t.Errorf("%s: its point never came", i.name)
		}
	}
	for range stormRandom {
		if s.unsettled() == 0 {
			break
		}
		all := incidents()
		s.happen(all[s.rng.IntN(len(all))])
		s.pause(2 * time.Second)
	}
	s.calm(4 * time.Minute)
	interrupted := len(s.rows(s.ledger, "SELECT id FROM step_log WHERE event = 'adopted'"))
	for name, times := range s.done {
		if strings.HasPrefix(name, "kill") {
			interrupted += times
		}
	}
	if s.parked["verify_differs"] > interrupted {
		t.Errorf("%d instances differ, and only %d starts were interrupted", s.parked["verify_differs"], interrupted)
	}
	s.moved(s.Seeded.Of(seed.Ordinary))
	s.sum(stormInstances)
}
