package e2e_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/drive"
	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/fault"
	"jogetferry/test/simulator/seed"
	"jogetferry/test/simulator/server"
)

// treeIncidents happen where trees, joins and assignees are made.
func treeIncidents() []incident {
	return []incident{
		{"kill: branch completed", func(s *storm) bool {
			return s.killAtCall(rig.Effected, false, calls("assignment/completeWithVariable"))
		}},
		{"kill: branch to be completed", func(s *storm) bool { return s.killAtCall(rig.Sent, true, calls("assignment/completeWithVariable")) }},
		{"kill: accepted", func(s *storm) bool { return s.killAtCall(rig.Effected, false, calls("assignment/accept")) }},
		{"kill: reassigned", func(s *storm) bool { return s.killAtCall(rig.Effected, false, calls("activity/reassign")) }},
		{"kill: activity started", func(s *storm) bool { return s.killAtCall(rig.Effected, false, calls("activity/start")) }},
		{"kill: another activity to be started", func(s *storm) bool { return s.killAtCall(rig.Sent, true, adds) }},
		{"kill: variable set", func(s *storm) bool { return s.killAtCall(rig.Effected, false, calls("process/variable")) }},
		{"kill: POST effected", func(s *storm) bool { return s.killAtCall(rig.Effected, false, calls("process/start")) }},
		{"kill: at random", always(func(s *storm) { s.pause(time.Second); s.kill(nil) })},
		{"cut: all", func(s *storm) bool { return s.cut(s.db, s.targetDB, s.sourceDB) }},
	}
}

// TestChaosTrees migrates instances of every shape in a storm, and takes them
// back in another: each is on the target once, as it was left on the source,
// and afterwards nothing is there but history.
func TestChaosTrees(t *testing.T) {
	t.Parallel()
	rules := []fault.Rule{{Path: fault.Any, Kind: fault.Latency, Delay: 30 * time.Millisecond}}
	for _, path := range []string{"activity/start/", "assignment/completeWithVariable/", "assignment/accept/", "activity/reassign"} {
		rules = append(rules, harm(path, 2)...)
	}
	p := &population{t: t}
	s := newStorm(t, rig.Options{
		Target: seed.TargetOptions{Instances: 5, Completed: 3, RecordsOnly: 5},
		Apps:   append(apps.Names(), apps.Claims),
		Populate: func(ctx context.Context, db *sql.DB, uploads string) error {
			e, err := engine.New(ctx, engine.Options{DB: db, UploadsDir: filepath.Dir(uploads)})
			if err != nil {
				return err
			}
			processes := append(drive.Processes(), "claims/rounds", "claims/assess", "claims/dispute", "claims/nested")
			p.started, err = drive.Populate(ctx, e, db, uploads, drive.Options{Seed: 11, Instances: treeInstances, Processes: processes})
			return err
		},
		Simulator: server.Options{Faults: rules},
		Settings:  map[string]string{"FERRY_JOINS": "rebuild", "FERRY_RESUME_MAX_ROUNDS": "60", "FERRY_TARGET_TIMEOUT": "4s"},
	})
	p.Stage, p.truth = s.Stage, s.truth
	for _, i := range p.started {
		s.Seeded.Instances = append(s.Seeded.Instances, seed.Instance{ID: i.ID, Definition: i.Definition, RecordID: i.Record, Requester: i.Requester})
	}
	before, files := p.target()

	s.worker = s.StartWorker()
	s.Starter(0, nil, "plan")
	s.Starter(0, nil, "wave", "--without-pilot", "--detach", "--name", "all", "--window", "20")
	s.strike(treeIncidents())
	s.calm(5 * time.Minute)
	moved := p.moved()
	for _, m := range moved {
		if live := s.live(m.Record); len(strings.Fields(strings.Join(live, " "))) == 0 {
			t.Errorf("%s has no open instance on the target", m.ID)
		}
	}
	source, err := engine.New(t.Context(), engine.Options{DB: p.Source, UploadsDir: filepath.Dir(p.SourceUploads)})
	if err != nil {
		t.Fatal(err)
	}
	p.compare(moved, func(s side, m migrated) (any, error) { return s.left(t.Context(), m.Record, true) }, source)

	s.Starter(0, nil, "rollback", "--wave", "all", "--detach")
	s.strike([]incident{
		{"kill: aborted", func(s *storm) bool { return s.killAtCall(rig.Effected, false, calls("process/abort")) }},
		{"kill: to be aborted", func(s *storm) bool { return s.killAtCall(rig.Sent, true, calls("process/abort")) }},
		{"kill: while rows are put back", always(func(s *storm) { s.pause(time.Second); s.kill(nil) })},
		{"cut: all during the rollback", func(s *storm) bool { return s.cut(s.db, s.targetDB, s.sourceDB) }},
	})
	rig.Eventually(t, 5*time.Minute, "everything rolled back", func() bool {
		s.revive()
		return s.rows(s.ledger, "SELECT COUNT(*) FROM instance WHERE state = 'rolling_back'")[0] == "0"
	})
	after, left := p.target()
	p.taken()
	p.untouched(before, files, after, left)
	p.SourceUnchanged()
	s.sum(treeInstances)
}

// strike lets each of incidents happen once, in some order, and once more those
// whose point did not come.
func (s *storm) strike(all []incident) {
	s.t.Helper()
	s.rng.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	for _, i := range all {
		for range 2 { // a point may not come while the machine is slow
			if s.happen(i) {
				break
			}
		}
		if s.done[i.name] == 0 {
			s.t.Logf("%s: its point never came", i.name)
		}
		s.pause(300 * time.Millisecond)
	}
}
