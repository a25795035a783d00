package e2e_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/drive"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/fault"
	"jogetferry/test/simulator/seed"
	"jogetferry/test/simulator/server"
)

// flight is a wave whose calls still work in the target when their answers are
// lost: the client waits shorter than the target works.
type flight struct {
	name      string
	processes []string
	instances int
	slow      []fault.Rule  // what makes calls slow, or loses answers
	slowest   time.Duration // what a call can take
	kills     int           // of the worker, at starts that are seen in the target
	newcomers bool          // the target's engine has seen none of its users
	collide   bool          // calls must have failed about them, and what they left been mended
}

// flights are the cases of docs/adr/0009-when-a-call-is-over.md. Times are a
// fraction of what a server's tools take; what counts is that they are longer than the
// client waits and than start.rest. Where an activity or its mapping is slow, also longer
// than until the activity of the worker is tried again: looking too early would be seen.
func flights() []flight {
	tools, routes := []string{"procure/process1", "claims/intake"}, []string{"leave/process1", "onboard/probation", "claims/assess"}
	slow := func(place string, p float64, delay time.Duration) fault.Rule {
		return fault.Rule{Path: fault.Inside + place, Kind: fault.Latency, Probability: p, Delay: delay}
	}
	return []flight{
		{name: "start_tools", processes: tools, slow: []fault.Rule{slow("tool", 0.2, 2500*time.Millisecond)}, slowest: 8 * time.Second},
		{name: "tools_that_write_late", processes: tools, slow: []fault.Rule{slow("tool_done", 0.2, 2500*time.Millisecond)}, slowest: 8 * time.Second},
		{name: "routes", processes: routes, slow: []fault.Rule{slow("route", 0.6, 2*time.Second)}, slowest: 5 * time.Second},
		{name: "conditions", processes: []string{"claims/escalate", "claims/late"}, slow: []fault.Rule{slow("condition", 0.4, 2*time.Second)}, slowest: 7 * time.Second},
		{name: "mappings", processes: routes, slow: []fault.Rule{slow("mapping", 0.5, 4*time.Second)}, slowest: 9 * time.Second},
		{name: "tools_of_children", processes: []string{"claims/dispute"}, slow: []fault.Rule{slow("tool", 0.2, 5*time.Second)}, slowest: 16 * time.Second},
		{name: "children", processes: []string{"onboard/onboarding", "claims/relay"}, slow: []fault.Rule{slow("child", 0.6, 4*time.Second)}, slowest: 9 * time.Second},
		{name: "dead_workers", processes: tools, slow: []fault.Rule{slow("tool", 0.3, 3*time.Second)}, slowest: 9 * time.Second, kills: 2},
		{name: "newcomers", processes: routes, slow: []fault.Rule{slow("resource", 1, 700*time.Millisecond)}, slowest: 3 * time.Second, newcomers: true, collide: true},
		{
			name: "lost_answers", processes: slices.Concat(tools, routes, []string{"claims/dispute", "onboard/onboarding"}), slowest: time.Second,
			slow: []fault.Rule{{Path: "process/start", Kind: fault.CutAfter, Probability: 0.1}, {Path: "activity/start", Kind: fault.CutAfter, Probability: 0.1}},
		},
		{
			name: "everything", processes: slices.Concat(tools, routes, []string{"claims/dispute", "onboard/onboarding"}), kills: 2, newcomers: true, slowest: 10 * time.Second,
			slow: []fault.Rule{
				slow("tool", 0.08, 2*time.Second), slow("tool_done", 0.08, 2*time.Second), slow("route", 0.1, 2*time.Second), slow("condition", 0.1, 2*time.Second),
				slow("mapping", 0.1, 2*time.Second), slow("child", 0.1, 2*time.Second), slow("resource", 0.2, 300*time.Millisecond), slow("assignments", 0.1, 2*time.Second),
			},
		},
	}
}

func TestChaosFlight(t *testing.T) {
	t.Parallel()
	for _, f := range flights() {
		if !slices.Contains(flightNames, f.name) {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			if f.instances = flightInstances; f.kills > 0 {
				f.kills *= stormTimes
			}
			f.run(t)
		})
	}
}

// run migrates a wave, and compares it when nothing works in the target any more.
func (f flight) run(t *testing.T) {
	p := &population{t: t}
	s := newStorm(t, rig.Options{
		Newcomers: f.newcomers, Apps: append(apps.Names(), apps.Claims),
		Populate: func(ctx context.Context, db *sql.DB, uploads string) error {
			e, err := engine.New(ctx, engine.Options{DB: db, UploadsDir: filepath.Dir(uploads)})
			if err != nil {
				return err
			}
			p.started, err = drive.Populate(ctx, e, db, uploads, drive.Options{Seed: 17, Instances: f.instances, Processes: f.processes})
			return err
		},
		Simulator: server.Options{Faults: f.slow},
		Settings: map[string]string{
			"FERRY_JOINS": "rebuild", "FERRY_TARGET_TIMEOUT": "1s", "FERRY_START_SETTLE": (f.slowest + 4*time.Second).String(), "FERRY_START_REST": "1s",
			"FERRY_WORKER_MAX_CALLS": "20", "FERRY_WORKER_MAX_COPIES": "8",
		},
	})
	p.Stage, p.truth = s.Stage, s.truth
	for _, i := range p.started {
		s.Seeded.Instances = append(s.Seeded.Instances, seed.Instance{ID: i.ID, Definition: i.Definition, RecordID: i.Record, Requester: i.Requester})
	}
	s.worker = s.StartWorker()
	s.plan()
	s.Starter(0, nil, "wave", "--without-pilot", "--detach", "--window", "20")
	for range f.kills {
		if s.killAt(point{at: rig.Sent, wanted: calls("process/start")}) == 0 {
			s.done["worker killed at a start"]++
		}
		s.pause(2 * time.Second)
	}
	s.calm(6 * time.Minute)
	// What was sent and not answered may work for so long yet.
	select {
	case <-time.After(f.slowest):
	case <-t.Context().Done():
	}
	moved := p.moved()
	s.confirm(f, p, moved)
}

// unheld are open manual activities of the target that nobody has.
const unheld = `SELECT a.Id FROM SHKActivities a JOIN SHKActivityStates st ON st.oid = a.State JOIN SHKProcesses p ON p.oid = a.Process
	LEFT JOIN SHKAssignmentsTable t ON t.Activity = a.oid WHERE st.KeyValue = 'open.not_running.not_started' AND a.Performer IS NULL AND t.oid IS NULL`

// confirm compares what is done once more, by ferry and by itself, and tells the numbers.
func (s *storm) confirm(f flight, p *population, moved []migrated) {
	s.t.Helper()
	out, errs, _ := s.Run(s.t.Context(), "verify")
	var second struct{ Same, Different, Moved int }
	if err := json.Unmarshal(out, &second); err != nil {
		s.t.Fatalf("%v\n%s\n%s", err, out, errs)
	}
	if second.Different+second.Moved > 0 || second.Same != len(moved) {
		s.t.Errorf("%d are done, and a second comparison says %+v\n%s", len(moved), second, out)
	}
	happened := s.byInstance()
	for _, m := range moved {
		i := seed.Instance{ID: m.ID, RecordID: m.Record, Requester: m.Requester}
		s.once(i, m.target, happened)
		s.same(i, m.target)
	}
	source, err := engine.New(s.t.Context(), engine.Options{DB: s.Source, UploadsDir: filepath.Dir(s.SourceUploads)})
	if err != nil {
		s.t.Fatal(err)
	}
	wrong := p.compare(moved, func(at side, m migrated) (any, error) { return at.left(s.t.Context(), m.Record, true) }, source)
	if found := s.rows(s.Target, unheld); len(found) > 0 {
		s.t.Errorf("nobody has %v", found)
	}
	s.SourceUnchanged()
	lost := s.rows(s.ledger, lostAnswers)
	failed, evaluated := 0, 0
	for _, e := range s.Effects() {
		if e.Result == effects.Failed && e.What != effects.Tool {
			failed++
		}
		if e.What == effects.Reevaluate {
			evaluated++
		}
	}
	if f.collide && (failed == 0 || evaluated == 0) {
		s.t.Errorf("%d calls failed about users whom the engine has never seen, and %d activities were evaluated again", failed, evaluated)
	}
	s.t.Logf("FLIGHT %s: %d instances, %d done, %d confirmed, %d differ; %d calls failed, %d evaluated again; %d answers lost, waited for %s at the median, %s at the worst; adopted %s, over by %v",
		f.name, f.instances, len(moved), second.Same, wrong, failed, evaluated, len(lost), quantile(lost, 0.5), quantile(lost, 1),
		s.rows(s.ledger, "SELECT COUNT(*) FROM step_log WHERE event = 'adopted'")[0],
		s.rows(s.ledger, "SELECT detail, COUNT(*) FROM step_log WHERE fate = 'over' GROUP BY detail ORDER BY detail"))
	s.sum(f.instances)
}

// lostAnswers are the milliseconds from each intent of a call whose answer was
// lost until it was known to be over, the shortest first.
const lostAnswers = `SELECT ROUND(MIN(TIMESTAMPDIFF(MICROSECOND, i.at, o.at)) / 1000) AS waited FROM step_log i
	JOIN step_log o ON o.instance = i.instance AND o.id > i.id AND (i.verb = 'start_process' AND o.event = 'adopted' OR i.verb <> 'start_process' AND o.fate = 'over')
	WHERE i.kind = 'intent' AND i.event = 'call' AND NOT EXISTS (
		SELECT 1 FROM step_log b WHERE b.instance = i.instance AND b.id > i.id AND b.id < o.id AND b.kind = 'intent' AND b.event = 'call')
	GROUP BY i.id ORDER BY waited`

// quantile returns a quantile of sorted numbers of milliseconds.
func quantile(sorted []string, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	var ms int64
	if _, err := fmt.Sscan(sorted[int(q*float64(len(sorted)-1))], &ms); err != nil {
		return -1
	}
	return time.Duration(ms) * time.Millisecond
}
