package e2e_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/digest"
	"jogetferry/test/simulator/seed"
)

// bulkRows are in a table of the source with more rows than the seed makes: three chunks of many batches.
const bulkRows = 45_000

// fillBulk gives the source rows and files that no instance has.
func fillBulk(ctx context.Context, db *sql.DB, uploads string) error {
	if _, err := db.ExecContext(ctx, "INSERT INTO app_fd_leave_request (id, c_reason) SELECT CONCAT('bulk-', seq), REPEAT(CONCAT('v', seq, ' '), 8) FROM "+mysqltest.Sequence(bulkRows)); err != nil {
		return err
	}
	for i := range bulkFolders {
		folder := filepath.Join(uploads, "leave_request", fmt.Sprint("bulk-", i))
		if err := os.MkdirAll(folder, 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, "note.txt"), fmt.Appendf(nil, "note %d", i), 0o640); err != nil {
			return err
		}
	}
	return nil
}

// bulkFolders is how many folders of records fillBulk makes, with a file each.
const bulkFolders = 300

// copyIncidents happen while all data is copied.
func copyIncidents() []incident {
	return []incident{
		does("kill: chunk taken", func(s *storm) bool { return s.killWhen("SELECT id, owner FROM bulk_chunk WHERE state = 'taken'") }),
		does("kill: rows noted", func(s *storm) bool {
			newest := s.rows(s.ledger, "SELECT COALESCE(MAX(id), 0) FROM bulk_row")[0]
			return s.killWhen("SELECT MAX(id) FROM bulk_row HAVING MAX(id) > " + newest)
		}),
		does("kill: rows written", (*storm).killWhenWritten),
		does("cut: all", func(s *storm) bool { return s.cut(s.db, s.targetDB, s.sourceDB) }),
		does("paused", func(s *storm) bool {
			s.Starter(0, nil, "copy", "--pause")
			s.copyEnded()
			s.startCopy()
			return true
		}),
	}
}

// killWhenWritten kills the worker when rows have come to the target, before the ledger
// says that their chunk is done.
func (s *storm) killWhenWritten() bool {
	s.t.Helper()
	const count = "SELECT COUNT(*) FROM app_fd_leave_request"
	before := s.rows(s.Target, count)[0]
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for began := time.Now(); time.Since(began) < reach; <-poll.C {
		if s.rows(s.Target, count)[0] != before {
			s.kill(nil)
			return true
		}
	}
	return false
}

// startCopy starts the copy at a rate that leaves time to be hit, and waits until it is cut
// into chunks.
func (s *storm) startCopy(args ...string) {
	s.t.Helper()
	s.Starter(0, nil, append([]string{"copy", "--lanes", "2", "--rate", "4000", "--detach"}, args...)...)
	rig.Eventually(s.t, minutes, "chunks of the copy", func() bool {
		s.revive()
		return s.rows(s.ledger, "SELECT COUNT(*) FROM bulk_chunk WHERE form_table = 'leave_request'")[0] != "0"
	})
}

// copyEnded waits until nobody works at the copy.
func (s *storm) copyEnded() {
	s.t.Helper()
	rig.Eventually(s.t, minutes, "the end of the copy", func() bool {
		s.revive()
		c, err := s.Temporal.Client(s.t.Context())
		if err != nil {
			return false
		}
		defer c.Close()
		d, err := c.DescribeWorkflowExecution(s.t.Context(), "ferry/"+s.Getenv("FERRY_MIGRATION")+"/copy", "")
		return err == nil && d.GetWorkflowExecutionInfo().GetCloseTime() != nil
	})
}

// equal checks that every form row and file of the source is on the target as it is there.
func (s *storm) equal(when string) {
	s.t.Helper()
	source, sourceFiles := s.state(s.Source, s.SourceUploads)
	target, targetFiles := s.state(s.Target, s.TargetFiles)
	wrong := 0
	tell := func(what string) {
		if wrong++; wrong <= 10 {
			s.t.Errorf("%s: %s is not on the target as on the source", when, what)
		}
	}
	for _, name := range s.rows(s.Source, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE 'app\\_fd\\_%'") {
		for key, sum := range source[name].ByKey {
			if target[name].ByKey[key] != sum {
				tell(name + "/" + key)
			}
		}
	}
	for path, file := range sourceFiles {
		if targetFiles[path].Sum != file.Sum {
			tell(path)
		}
	}
	if wrong > 0 {
		s.t.Errorf("%s: %d rows and files in all", when, wrong)
	}
}

func (s *storm) state(db *sql.DB, uploads string) (digest.Database, digest.Tree) {
	s.t.Helper()
	tables, err := digest.OfDatabase(s.t.Context(), db, digest.DatabaseOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	files, err := digest.OfTree(uploads, digest.TreeOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return tables, files
}

// TestChaosCopy: all data is copied while workers die at each point, and then a wave moves the
// instances.
func TestChaosCopy(t *testing.T) {
	t.Parallel()
	s := newStorm(t, rig.Options{
		Seed:     seed.Options{Seed: 31, Instances: 10, Completed: 3, RecordsOnly: 3, Positions: mixed},
		Target:   seed.TargetOptions{Instances: 5, Completed: 3, RecordsOnly: 2},
		Populate: fillBulk,
	})
	s.worker = s.StartWorker()
	s.plan()
	s.startCopy()
	for range stormTimes {
		s.strike(copyIncidents())
	}
	s.Starter(0, nil, "copy", "--rate", "0", "--detach")
	s.copyEnded()
	s.equal("after the copy")
	for _, i := range copyIncidents() {
		if s.done[i.name] == 0 {
			t.Errorf("%s: its point never came", i.name)
		}
	}
	s.Starter(0, nil, "wave", "--without-pilot", "--detach")
	s.calm(minutes)
	s.equal("after the wave")
	s.moved(s.Seeded.Of(seed.Ordinary))
	s.sum(len(s.Seeded.Instances))
}
