package e2e_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/digest"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/seed"
)

// TestRehearsalSurvivesItsWorker kills the worker when the last assignment was
// completed, its tool has run, the instance is archived, and nobody heard of it
// yet: none is completed twice, the path is whole, and all is taken back.
func TestRehearsalSurvivesItsWorker(t *testing.T) {
	t.Parallel()
	gate := &rig.Gate{}
	s := rig.New(t, rig.Options{
		Seed: seed.Options{Seed: 46, Instances: 1, Positions: []string{"leave/process1/approve"}}, Gate: gate,
	})
	p := &population{Stage: s, t: t}
	worker := s.StartWorker()
	s.Starter(0, nil, "plan")
	before, files := p.target()

	var mu sync.Mutex
	calls := 0
	gate.Set(func(m rig.Moment, c rig.Call) bool {
		if m != rig.Effected || !strings.Contains(c.Path, "/assignment/completeWithVariable/") {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls != 3 {
			return false
		}
		worker.Kill()
		worker = s.StartWorker()
		return true
	})
	var got struct {
		Ended, Undone bool
		Path          []struct{ Activity, User string }
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	out, errs, status := s.Run(ctx, "rehearse", s.Seeded.Instances[0].ID, "--answers", "cases/rehearse_loop/answers.yaml")
	if status != 0 || json.Unmarshal(out, &got) != nil {
		t.Fatalf("status %d\n%s\n%s", status, out, errs)
	}
	var path []string
	for _, step := range got.Path {
		path = append(path, step.Activity)
	}
	if !got.Ended || !got.Undone || strings.Join(path, " ") != "approve resubmit approve" {
		t.Errorf("ended %t, undone %t, path %v", got.Ended, got.Undone, path)
	}
	completed := 0
	for _, e := range s.Effects() {
		if e.What == effects.Complete {
			completed++
		}
	}
	if completed != 3 || calls != 3 {
		t.Errorf("%d completed by %d calls", completed, calls)
	}
	after, left := p.target()
	if diff := digest.DiffDatabases(before, after); diff != "" {
		t.Errorf("the target's database is not as it was:\n%s", diff)
	}
	if diff := digest.DiffTrees(files, left); diff != "" {
		t.Errorf("the target's uploads are not as they were:\n%s", diff)
	}
	s.SourceUnchanged()
}

// TestRehearsalIsEndedFromOutside terminates the migration of a rehearsal when
// its start has had its effect: the rehearsal takes the instance back. Then one
// loses its own workflow in the middle, is rolled back, and the instance is
// migrated for real: that rehearsal is over, and touches nothing.
func TestRehearsalIsEndedFromOutside(t *testing.T) {
	t.Parallel()
	gate := &rig.Gate{}
	s := rig.New(t, rig.Options{
		Seed: seed.Options{Seed: 47, Instances: 1, Positions: []string{"leave/process1/approve"}}, Gate: gate,
	})
	u := newUndoing(t, s)
	id := migration.InstanceID(s.Seeded.Instances[0].ID)
	s.StartWorker()
	s.Starter(0, nil, "plan")
	temporal := s.Client()
	// at ends a workflow once, where a call has had its effect.
	ledger := newTruth(t, s)
	known := func() bool {
		var n int
		err := ledger.ledger.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM start_claim WHERE state = 'started'").Scan(&n)
		return err != nil || n > 0
	}
	at := func(call, workflowID string) {
		var once sync.Once
		gate.Set(func(m rig.Moment, c rig.Call) bool {
			if m == rig.Effected && strings.Contains(c.Path, call) {
				once.Do(func() {
					go func() {
						for range time.Tick(2 * time.Millisecond) {
							// What became of a start is known once it is written down.
							if known() {
								break
							}
						}
						if err := temporal.TerminateWorkflow(context.WithoutCancel(t.Context()), workflowID, "", "by the test"); err != nil {
							t.Error(err)
						}
					}()
				})
			}
			return false
		})
	}
	rehearse := []string{"rehearse", string(id), "--answers", "cases/rehearse_loop/answers.yaml"}
	var got struct {
		Undone  bool
		Stopped string
	}

	at("/process/start", contract.InstanceWorkflowID("crm", id))
	s.Starter(4, &got, rehearse...)
	if e := u.entry(string(id)); !got.Undone || e.State != migration.InstanceReady {
		t.Fatalf("undone %t, and the instance is %s: %s", got.Undone, e.State, got.Stopped)
	}

	at("/assignment/completeWithVariable/", contract.RehearsalID("crm", id))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if _, errs, status := s.Run(ctx, rehearse...); status != 4 || !strings.Contains(errs, "was ended from outside") {
		t.Fatalf("status %d: %s", status, errs)
	}
	s.Starter(0, nil, "rollback", "--discard-target-work", string(id))
	s.Starter(0, nil, "wave", "--without-pilot")
	before := len(s.Effects())
	s.Starter(4, &got, rehearse[:2]...)
	s.Starter(2, nil, rehearse...)
	number, err := u.ledger.LastRehearsal(t.Context(), "crm", id)
	u.must(err)
	step := as(u, u.rehearsal.RehearseStep, contract.RehearseStepInput{StepInput: stepOf(string(id)), Rehearsal: number.ID, Step: 2})
	abort := as(u, u.rehearsal.AbortRehearsed, contract.AbortRehearsedInput{StepInput: stepOf(string(id)), Rehearsal: number.ID, Gone: true})
	if step.Status != contract.StatusSkipped || abort.Status != contract.StatusSkipped {
		t.Errorf("the step is %+v, the abort %+v", step, abort)
	}
	if e := u.entry(string(id)); e.State != migration.InstanceDone || len(s.Effects()) != before || !strings.Contains(got.Stopped, "interrupted") {
		t.Errorf("the instance is %s, %d effects, were %d: %s", e.State, len(s.Effects()), before, got.Stopped)
	}
}
