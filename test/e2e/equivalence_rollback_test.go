package e2e_test

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/digest"
	"jogetferry/test/simulator/drive"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/schema"
	"jogetferry/test/simulator/seed"
)

// undone is how many instances a rolled back wave has.
const undone = 80

// engineTables are what a rollback leaves behind on the target: instances with
// their history and links, counters, and the audit trail.
var engineTables = []string{
	"SHKProcesses", "SHKProcessData", "SHKProcessDataWOB", "SHKProcessDataBLOBs", "SHKProcessRequesters", "SHKActivities", "SHKActivityData",
	"SHKActivityDataWOB", "SHKActivityDataBLOBs", "SHKAssignmentsTable", "SHKAndJoinTable", "SHKDeadlines", "SHKResourcesTable",
	"SHKCounters", "objectid", "wf_process_link", "wf_process_link_history", "wf_history_process", "wf_history_activity", "wf_audit_trail",
}

// TestRollbackIsByteIdentical takes a whole wave back: everything that is not
// the engine's own is as it was before, to the byte.
func TestRollbackIsByteIdentical(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		every bool // kind of instance, with all switches on
		kills bool
	}{
		{"in_peace", false, false},
		{"with_a_worker_killed_in_the_wave_and_in_the_rollback", false, true},
		{"of_every_instance", true, false},
		{"of_every_instance_with_a_worker_killed_in_the_wave_and_in_the_rollback", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, blocks := toUndo(t, c.every)
			before, files := p.target()
			worker := p.StartWorker()
			p.run("plan")
			p.struck(c.kills, &worker, effects.ActivityStart, "wave", "--without-pilot", "--name", "all", "--window", "20")
			p.movedBut(blocks)
			p.struck(c.kills, &worker, effects.Abort, "rollback", "--wave", "all")

			after, left := p.target()
			p.untouched(before, files, after, left)
			p.taken()
			p.SourceUnchanged()
		})
	}
}

// toUndo sets up a stage, and tells what blocks instances on it: of every kind and with all
// switches on, or such as move without.
func toUndo(t *testing.T, every bool) (*population, func(drive.Started) []string) {
	t.Helper()
	// A start that the kill left unanswered is waited for; ten minutes are more than this test has.
	o := rig.Options{Settings: map[string]string{"FERRY_RECORDS_ON_CONFLICT": "overwrite", "FERRY_START_SETTLE": "20s", "FERRY_TARGET_TIMEOUT": "15s"}}
	if every {
		delete(o.Settings, "FERRY_RECORDS_ON_CONFLICT")
		p := everyKind(t, o)
		p.switchOn()
		return p, nothing
	}
	o.Target = seed.TargetOptions{Instances: 5, Completed: 3, RecordsOnly: 5}
	p := populated(t, undone, o)
	p.occupy()
	return p, honest
}

// occupy puts rows and files in the way of some records, for the wave to
// overwrite and the rollback to put back.
func (p *population) occupy() {
	p.t.Helper()
	for i, s := range p.started {
		if i%4 > 0 || !strings.HasPrefix(s.Definition, "claims#") {
			continue
		}
		_, err := p.Target.ExecContext(p.t.Context(), "INSERT INTO app_fd_claim_case (id, dateCreated, createdBy, c_title, c_story, c_stage) VALUES (?, '2023-05-06 07:08:09.123456', 'terry', ?, NULL, '')",
			s.Record, fmt.Sprintf("Vorher %d 🦊", i))
		if err != nil {
			p.t.Fatal(err)
		}
		folder := schema.UploadFolder("claim_case", s.Record)
		list, err := os.ReadDir(filepath.Join(p.SourceUploads, folder))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.MkdirAll(filepath.Join(p.TargetFiles, folder), 0o750)
		}
		if err != nil {
			p.t.Fatal(err)
		}
		for _, f := range list {
			if err := os.WriteFile(filepath.Join(p.TargetFiles, folder, f.Name()), fmt.Appendf(nil, "Was vorher da war, %d", i), 0o600); err != nil {
				p.t.Fatal(err)
			}
		}
	}
}

// target digests what a rollback must bring back. Folders have no times that
// anybody could put back.
func (p *population) target() (digest.Database, digest.Tree) {
	p.t.Helper()
	db, err := digest.OfDatabase(p.t.Context(), p.Target, digest.DatabaseOptions{Exclude: engineTables})
	if err != nil {
		p.t.Fatal(err)
	}
	tree, err := digest.OfTree(p.TargetFiles, digest.TreeOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	for path, e := range tree {
		if e.Mode&fs.ModeDir != 0 {
			e.Modified = time.Time{}
			tree[path] = e
		}
	}
	return db, tree
}

// untouched compares what target digested at two times.
func (p *population) untouched(before digest.Database, files digest.Tree, after digest.Database, left digest.Tree) {
	p.t.Helper()
	if diff := digest.DiffDatabases(before, after); diff != "" {
		p.t.Errorf("the target's database is not as it was:\n%s", diff)
	}
	if diff := digest.DiffTrees(files, left); diff != "" {
		p.t.Errorf("the target's uploads are not as they were:\n%s", diff)
	}
}

// struck runs starter to its end; if so wished, the worker is killed and
// another started once the target saw a third of the effects.
func (p *population) struck(kill bool, worker **rig.Worker, what string, args ...string) {
	p.t.Helper()
	if !kill {
		p.run(args...)
		return
	}
	p.run(append(args, "--detach")...)
	rig.Eventually(p.t, 5*time.Minute, "a third of the "+args[0], func() bool {
		n := 0
		for _, e := range p.Effects() {
			if e.What == what {
				n++
			}
		}
		return n >= len(p.started)/3
	})
	(*worker).Kill()
	*worker = p.StartWorker()
	if args[0] == "rollback" {
		p.run(args...) // follows the one under way
		return
	}
	rig.Eventually(p.t, 5*time.Minute, "the end of the "+args[0], func() bool {
		return p.truth.rows(p.truth.ledger, "SELECT status FROM wave")[0] == "finished"
	})
	// Nobody but tools changed anything around the calls that the worker did not see end.
	unsure := func() bool {
		return len(p.truth.rows(p.truth.ledger, "SELECT instance FROM instance WHERE state = 'parked' AND reason = 'restore_unsure'")) > 0
	}
	if unsure() {
		p.run("resolve", "--parked-for", "restore_unsure", "--action", "put_back")
	}
	rig.Eventually(p.t, 5*time.Minute, "the end of what was put back", func() bool {
		return !unsure() && len(p.truth.rows(p.truth.ledger, "SELECT instance FROM instance WHERE state IN ('claimed', 'in_flight', 'waiting')")) == 0
	})
}

// taken checks that all instances may be migrated again, and that none is open
// on the target.
func (p *population) taken() {
	p.t.Helper()
	for _, line := range p.truth.rows(p.truth.ledger, ledgerInstances) {
		f := strings.Split(line, "|")
		if f[1] != "ready" && f[1] != "warned" && f[1] != "blocked" {
			p.t.Errorf("%s is %s after the rollback", f[0], f[1])
		}
	}
	keys := p.keys()
	for _, s := range p.started {
		if open := p.truth.live(cmp.Or(keys[s.Record], s.Record)); len(open) > 0 {
			p.t.Errorf("%s of %s is still open as %v", s.ID, drive.Process(s.Definition), open)
		}
	}
}
