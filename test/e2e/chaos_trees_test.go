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
		kills("kill: branch completed", rig.Effected, false, calls("assignment/completeWithVariable")),
		kills("kill: branch to be completed", rig.Sent, true, calls("assignment/completeWithVariable")),
		kills("kill: accepted", rig.Effected, false, calls("assignment/accept")),
		kills("kill: reassigned", rig.Effected, false, calls("activity/reassign")),
		kills("kill: activity started", rig.Effected, false, calls("activity/start")),
		kills("kill: another activity to be started", rig.Sent, true, adds),
		kills("kill: variable set", rig.Effected, false, calls("process/variable")),
		kills("kill: POST effected", rig.Effected, false, calls("process/start")),
		does("kill: at random", always(func(s *storm) { s.pause(time.Second); s.kill(nil) })),
		does("cut: all", func(s *storm) bool { return s.cut(s.db, s.targetDB, s.sourceDB) }),
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
	s.plan()
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
		kills("kill: aborted", rig.Effected, false, calls("process/abort")),
		kills("kill: to be aborted", rig.Sent, true, calls("process/abort")),
		does("kill: while rows are put back", always(func(s *storm) { s.pause(time.Second); s.kill(nil) })),
		does("cut: all during the rollback", func(s *storm) bool { return s.cut(s.db, s.targetDB, s.sourceDB) }),
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
