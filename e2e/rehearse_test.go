package e2e_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"jogetferry/e2e/rig"
	"jogetferry/simulator/digest"
	"jogetferry/simulator/effects"
	"jogetferry/simulator/seed"
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
