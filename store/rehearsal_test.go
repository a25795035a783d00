package store_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
)

func TestRehearsal_takes_its_instance_and_gives_it_back(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(2, map[int]migration.InstanceState{1: migration.InstanceWarned, 2: migration.InstanceDone}))
	answers := migration.Answers{"crm/process1": {"approve": {{"status": "resubmit"}, {}}}}
	number, err := l.BeginRehearsal(t.Context(), mig, id(1), answers, 7)
	must(t, err)
	if got := entry(t, l, 1).State; got != migration.InstanceClaimed {
		t.Errorf("the instance is %s: a wave might take it", got)
	}
	for of, code := range map[migration.InstanceID]migration.Code{id(1): migration.CodeConflict, id(2): migration.CodeConflict, "none": migration.CodeNotFound} {
		_, err := l.BeginRehearsal(t.Context(), mig, of, nil, 7)
		wantCode(t, err, code)
	}
	must(t, l.RefuseAnswers(t.Context(), number, []string{"no such activity"}))
	result := migration.RehearsalResult{Stopped: "the answers do not fit", Mistakes: 1}
	for range 2 {
		must(t, l.SettleRehearsal(t.Context(), mig, id(1), number, result))
	}
	wantCode(t, l.SettleRehearsal(t.Context(), mig, id(2), number, result), migration.CodeNotFound)
	if got := entry(t, l, 1).State; got != migration.InstanceWarned {
		t.Errorf("the instance is %s, not warned as before", got)
	}
	got, err := l.LastRehearsal(t.Context(), mig, id(1))
	must(t, err)
	want := migration.Rehearsal{
		ID: number, Instance: id(1), Answers: answers, MaxSteps: 7, By: "worker-1", Mistakes: []string{"no such activity"}, Result: &result,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(migration.Rehearsal{}, "BegunAt", "EndedAt")); diff != "" {
		t.Errorf("rehearsal (-want +got):\n%s", diff)
	}
	_, err = l.LastRehearsal(t.Context(), mig, id(2))
	wantCode(t, err, migration.CodeNotFound)
}

func TestRehearsal_loses_its_instance_when_that_is_rolled_back(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(1, nil))
	number, err := l.BeginRehearsal(t.Context(), mig, id(1), nil, 7)
	must(t, err)
	held := func() bool {
		t.Helper()
		r, err := l.Rehearsal(t.Context(), number)
		must(t, err)
		return r.Held
	}
	bind := func(id migration.InstanceID, oid string, want bool) {
		t.Helper()
		own, err := l.BindRehearsal(t.Context(), number, migration.TargetIdentity{ID: id, OID: oid})
		must(t, err)
		if own != want {
			t.Errorf("%s %s is its own: %t", id, oid, own)
		}
	}
	must(t, l.Progress(t.Context(), mig, id(1), migration.Change{State: migration.InstanceDone, Step: migration.StepVerify}))
	bind("9_crm", "1", true)
	bind("9_crm", "1", true)
	bind("9_crm", "2", false)
	bind("8_crm", "1", false)
	delta, err := l.CreateWave(t.Context(), mig, migration.Wave{Name: "d", Delta: true, Window: 1})
	must(t, err)
	if !held() || delta.Taken != 0 {
		t.Errorf("held %t, and the wave took %d", held(), delta.Taken)
	}
	must(t, l.BeginRollback(t.Context(), mig, id(1)))
	if !held() {
		t.Error("it may not take back what it did")
	}
	must(t, l.EndRollback(t.Context(), mig, id(1), false))
	bind("9_crm", "1", false)
	must(t, l.SavePilot(t.Context(), mig, id(1), "cat"))
	must(t, l.Progress(t.Context(), mig, id(1), migration.Change{State: migration.InstanceDone, Step: migration.StepVerify}))
	if held() {
		t.Error("it holds what a pilot migrated")
	}
	if w, err := l.CreateWave(t.Context(), mig, migration.Wave{Name: "e", Delta: true, Window: 1}); err != nil || w.Taken != 1 {
		t.Errorf("the wave took %d: %v", w.Taken, err)
	}
}

func TestRehearsal_leaves_waves_their_instances(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(1, nil))
	number, err := l.BeginRehearsal(t.Context(), mig, id(1), nil, 7)
	must(t, err)
	result := migration.RehearsalResult{Stopped: "mistakes"}
	must(t, l.SettleRehearsal(t.Context(), mig, id(1), number, result))
	w, err := l.CreateWave(t.Context(), mig, migration.Wave{Name: "w", Window: 1})
	must(t, err)
	_, err = l.BeginRehearsal(t.Context(), mig, id(1), nil, 7)
	wantCode(t, err, migration.CodeInvalid)
	if !strings.Contains(err.Error(), "wave w") || w.Taken != 1 {
		t.Errorf("%d taken: %v", w.Taken, err)
	}
	claimed, _, err := l.ClaimNext(t.Context(), mig, "w", "token", 0)
	must(t, err)
	must(t, l.SettleRehearsal(t.Context(), mig, id(1), number, result))
	again, _, err := l.ClaimNext(t.Context(), mig, "w", "token", 0)
	must(t, err)
	if len(claimed) != 1 || len(again) != 1 || entry(t, l, 1).Wave != "w" {
		t.Errorf("claimed %+v, then %+v", claimed, again)
	}
}

func TestRehearsal_that_began_to_migrate_keeps_the_state(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(1, nil))
	number, err := l.BeginRehearsal(t.Context(), mig, id(1), nil, 7)
	must(t, err)
	must(t, l.Progress(t.Context(), mig, id(1), migration.Change{State: migration.InstanceParked, Reason: migration.ReasonStepFailed}))
	must(t, l.SettleRehearsal(t.Context(), mig, id(1), number, migration.RehearsalResult{Stopped: "parked"}))
	if got := entry(t, l, 1).State; got != migration.InstanceParked {
		t.Errorf("the instance is %s", got)
	}
}

func TestRehearsalSteps_stand_as_they_were_first_written(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(1, nil))
	number, err := l.BeginRehearsal(t.Context(), mig, id(1), nil, 7)
	must(t, err)
	intent := migration.RehearsalStep{Number: 1, Process: "crm/process1", Activity: "approve", ActivityID: "8_9_x_approve", User: "cat", Variables: map[string]string{"status": "approved"}}
	late := intent
	late.User = "clark"
	must(t, l.SaveRehearsalStep(t.Context(), number, intent))
	must(t, l.SaveRehearsalStep(t.Context(), number, late))
	steps := func() []migration.RehearsalStep {
		t.Helper()
		r, err := l.Rehearsal(t.Context(), number)
		must(t, err)
		return r.Steps
	}
	ignoreTime := cmpopts.IgnoreFields(migration.RehearsalStep{}, "At")
	if diff := cmp.Diff([]migration.RehearsalStep{intent}, steps(), ignoreTime); diff != "" {
		t.Errorf("intent (-want +got):\n%s", diff)
	}
	done := intent
	done.Done, done.State, done.Opened = true, migration.StateCompleted, []migration.RehearsalRun{{Activity: "pay", Kind: "manual"}}
	late = done
	late.Opened = nil
	must(t, l.SaveRehearsalStep(t.Context(), number, done))
	must(t, l.SaveRehearsalStep(t.Context(), number, late))
	must(t, l.SaveRehearsalStep(t.Context(), number, intent))
	if diff := cmp.Diff([]migration.RehearsalStep{done}, steps(), ignoreTime); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}
