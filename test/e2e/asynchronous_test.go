package e2e_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/drive"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/seed"
)

// detached is how many instances begin that call asynchronous subflows; with those, and
// the subflows' own, many more are open.
const detached = 16

// detaching is a population some of whose instances called others and do not wait for them.
type detaching struct {
	*population

	// unlinked are asynchronous subflows that Joget linked before it linked their callers:
	// their record is their caller's instance (docs/joget.md#the-record-of-an-instance).
	unlinked []string
}

// migrated checks that all are done, but for those whose record is an instance that the
// target has not given out yet.
func (p *detaching) migrated() []migrated {
	p.t.Helper()
	for _, id := range p.unlinked {
		if !p.found(id, "FERRY-302") || p.found(id, "FERRY-417") {
			p.t.Errorf("%s: %q", id, p.findings(id))
		}
	}
	if len(p.unlinked) == 0 {
		p.t.Error("no subflow of a subflow was linked before it")
	}
	return p.moved()
}

// unbusy takes up again what parked because an instance of the same record waited for a decision.
func (p *detaching) unbusy() {
	p.t.Helper()
	rows := func(where string) int {
		return len(p.truth.rows(p.truth.ledger, "SELECT instance FROM instance WHERE "+where))
	}
	rig.Eventually(p.t, 5*time.Minute, "the end of what parked for its record", func() bool {
		if rows("state = 'parked' AND reason = 'record_busy'") > 0 {
			p.run("resolve", "--parked-for", "record_busy", "--action", "retry")
		}
		return rows("state = 'parked'") == 0 && rows("state IN ('claimed', 'in_flight', 'waiting')") == 0
	})
}

// asynchronous sets up a stage whose instances called asynchronous subflows: of their
// starts, with tools there, and behind a wait; two deep; of a subflow; and some whose caller has
// ended since.
func asynchronous(t *testing.T, o rig.Options) *detaching {
	t.Helper()
	p := &detaching{population: &population{t: t}}
	o.Apps = append(apps.Names(), apps.Claims)
	o.Populate = func(ctx context.Context, db *sql.DB, uploads string) error {
		e, err := engine.New(ctx, engine.Options{DB: db, UploadsDir: filepath.Dir(uploads)})
		if err != nil {
			return err
		}
		for n := range detached {
			if err := p.detach(ctx, e, db, n); err != nil {
				return err
			}
		}
		return nil
	}
	if o.Settings == nil {
		o.Settings = map[string]string{}
	}
	o.Settings["FERRY_STARTS_ASYNCHRONOUS"] = "end"
	p.Stage = rig.New(t, o)
	p.truth = newTruth(t, p.Stage)
	return p
}

// detach begins the nth instance, and takes it on its way.
func (p *detaching) detach(ctx context.Context, e *engine.Engine, db *sql.DB, n int) error {
	record := fmt.Sprintf("r-detached-%d", n)
	if _, err := db.ExecContext(ctx, "INSERT INTO app_fd_claim_case (id, dateCreated, createdBy, c_title, c_stage) VALUES (?, '2024-05-06 07:08:09', 'cat', ?, 'new')",
		record, fmt.Sprintf("Rundschreiben %d", n)); err != nil {
		return err
	}
	request := engine.StartRequest{Definition: "claims#latest#circular", RecordID: record, Variables: map[string]string{"mode": "plain"}}
	way := []string{"answer", "sign"}[:n%3]
	switch n % 4 {
	case 1:
		request.Variables["mode"] = "deep"
	case 3:
		request.Definition, way = "claims#latest#briefing", []string{"open", "desk"}[:min(n%3, 2)]
		request.Variables = nil
	}
	started, err := e.Start(ctx, engine.Caller{Name: "cat"}, request)
	if err != nil {
		return err
	}
	for _, activity := range way {
		if err := completeFirst(ctx, e, db, record, activity); err != nil {
			return fmt.Errorf("%s of %s: %w", activity, started.Instance, err)
		}
	}
	// People changed what tools wrote.
	if n%2 == 0 {
		if _, err := db.ExecContext(ctx, "UPDATE app_fd_claim_case SET c_stage = 'ours' WHERE id = ?", record); err != nil {
			return err
		}
	}
	// What nobody waits for is an instance of its own, whatever its link says.
	rows, err := texts(ctx, db, `SELECT p.Id, p.PDefName, COALESCE(l.originProcessId, ''), p.ResourceRequesterId FROM SHKProcesses p
JOIN SHKProcessStates s ON s.oid = p.State LEFT JOIN wf_process_link l ON l.processId = p.Id LEFT JOIN SHKActivities a ON a.Id = p.ActivityRequesterId
WHERE s.KeyValue LIKE 'open%' AND (p.ActivityRequesterId IS NULL OR a.Id IS NULL OR a.IsPerformerAsynchronous = 1) ORDER BY p.oid`)
	if err != nil {
		return err
	}
	p.started, p.unlinked = nil, nil
	for _, row := range rows {
		if !strings.HasPrefix(row[2], "r-detached-") {
			p.unlinked = append(p.unlinked, row[0])
			continue
		}
		p.started = append(p.started, drive.Started{ID: row[0], Definition: row[1], Record: row[2], Requester: row[3]})
	}
	return nil
}

// completeFirst completes the oldest open activity of a definition in an instance of a record,
// or of a subflow that has its caller's.
func completeFirst(ctx context.Context, e *engine.Engine, db *sql.DB, record, activity string) error {
	rows, err := texts(ctx, db, `SELECT a.Id, t.ResourceId FROM SHKActivities a JOIN SHKActivityStates s ON s.oid = a.State
JOIN SHKAssignmentsTable t ON t.Activity = a.oid JOIN wf_process_link l ON l.processId = a.ProcessId
WHERE l.originProcessId = ? AND a.ActivityDefinitionId = ? AND s.KeyValue LIKE 'open%' ORDER BY a.oid, t.ResourceId LIMIT 1`, record, activity)
	if err != nil || len(rows) == 0 {
		return fmt.Errorf("nobody has it: %w", err)
	}
	_, err = e.Complete(ctx, engine.Caller{Name: rows[0][1]}, rows[0][0], nil)
	return err
}

// TestAsynchronousSubflows_are_equivalent migrates asynchronous subflows and their callers
// and drives both populations to their ends.
func TestAsynchronousSubflows_are_equivalent(t *testing.T) {
	t.Parallel()
	p := asynchronous(t, rig.Options{})
	p.StartWorker()
	p.run("plan")
	p.run("wave", "--without-pilot", "--name", "all", "--window", "20")
	moved := p.migrated()
	p.SourceUnchanged()
	byItself := 0
	for _, m := range moved {
		if strings.HasSuffix(m.Definition, "circularCopy") || strings.HasSuffix(m.Definition, "circularFile") {
			byItself++
		}
	}
	if byItself < detached {
		t.Errorf("%d asynchronous subflows moved, want at least %d", byItself, detached)
	}
	// Each has its instance on the target, and no start left a second one.
	if open := p.truth.rows(p.Target, "SELECT COUNT(*) FROM SHKProcesses p JOIN SHKProcessStates s ON s.oid = p.State LEFT JOIN SHKActivities a ON a.Id = p.ActivityRequesterId"+
		" WHERE s.KeyValue LIKE 'open%' AND (a.Id IS NULL OR a.IsPerformerAsynchronous = 1)"); open[0] != fmt.Sprint(len(moved)) {
		t.Errorf("%s instances are open on the target, want %d", open[0], len(moved))
	}
	source, err := engine.New(t.Context(), engine.Options{DB: p.Source, UploadsDir: filepath.Dir(p.SourceUploads)})
	if err != nil {
		t.Fatal(err)
	}
	p.compare(moved, func(s side, m migrated) (any, error) { return s.left(t.Context(), m.Record, true) }, source)
	p.compare(moved, func(s side, m migrated) (any, error) {
		id := m.ID
		if s.target {
			id = m.target
		}
		trace, err := drive.Finish(t.Context(), s.engine, id, drive.Choose(1))
		if err != nil {
			return trace, err
		}
		data, err := s.left(t.Context(), m.Record, false)
		return end{trace, data}, err
	}, source)
}

// TestAsynchronousSubflows_are_rolled_back to the byte, and so is what starts began.
func TestAsynchronousSubflows_are_rolled_back(t *testing.T) {
	t.Parallel()
	for name, kills := range map[string]bool{"in_peace": false, "with_a_worker_killed_in_the_wave_and_in_the_rollback": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := asynchronous(t, rig.Options{
				Target: seed.TargetOptions{Instances: 5, Completed: 3, RecordsOnly: 5},
				// A start that the kill left unanswered is waited for; ten minutes are more than this test has.
				Settings: map[string]string{"FERRY_RECORDS_ON_CONFLICT": "overwrite", "FERRY_START_SETTLE": "20s", "FERRY_TARGET_TIMEOUT": "15s"},
			})
			before, files := p.target()
			worker := p.StartWorker()
			p.run("plan")
			p.struck(kills, &worker, effects.Start, "wave", "--without-pilot", "--name", "all", "--window", "10")
			p.unbusy()
			p.migrated()
			p.struck(kills, &worker, effects.Abort, "rollback", "--wave", "all")
			after, left := p.target()
			p.untouched(before, files, after, left)
			p.taken()
			p.SourceUnchanged()
		})
	}
}

// found reports whether the plan has a finding of an instance, blocking or not.
func (p *population) found(instance, code string) bool {
	return slices.ContainsFunc(p.findings(instance), func(f string) bool { return strings.HasPrefix(f, code) })
}
