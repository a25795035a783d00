package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
)

func TestResumeAt(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(2, nil))
	said := func(want migration.Word, lines ...string) {
		t.Helper()
		got, err := l.ResumeAt(t.Context(), mig, id(1))
		must(t, err)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(migration.Word{}, "At")); diff != "" || got.At.IsZero() != (want.By == "") {
			t.Errorf("said at %v (-want +got):\n%s", got.At, diff)
		}
		all, err := l.ResumeAts(t.Context(), mig)
		must(t, err)
		if _, has := all[id(1)]; has != (want.By != "") || len(all) > 1 {
			t.Errorf("all words: %v", all)
		}
		log, err := l.Lines(t.Context(), mig, id(1))
		must(t, err)
		var told []string
		for _, line := range log {
			if line.Event == migration.EventResumeAt || line.Event == migration.EventResolved {
				told = append(told, line.Text()+" by "+line.By)
			}
		}
		if diff := cmp.Diff(lines, told); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	}
	said(migration.Word{})

	first := migration.Word{Activities: []migration.ActivityDefID{"b", "a"}, By: "ann"}
	must(t, l.SayResumeAt(t.Context(), mig, id(1), first))
	must(t, l.SayResumeAt(t.Context(), mig, id(1), migration.Word{Activities: first.Activities, By: "bob"}))
	log := []string{"goes on at b, a, as the operator says by ann"}
	said(first, log...)

	_, err := l.Park(t.Context(), mig, id(1), migration.Parking{Reason: migration.ReasonNothingToResume})
	must(t, err)
	retry := migration.Decision{ParkID: 1, Action: migration.ActionRetry, ResumeAt: first.Activities, By: "bob"}
	must(t, l.Resolve(t.Context(), mig, id(1), retry))
	must(t, l.Resolve(t.Context(), mig, id(1), retry))
	// The workflow takes up what was decided, and says nothing of its own.
	must(t, l.Resolve(t.Context(), mig, id(1), migration.Decision{ParkID: 1, Action: migration.ActionRetry}))
	// The same activities are another word when they answer a parking: what runs runs again.
	log = append(log, "goes on at b, a, as the operator says by bob", "resolved (1): retry by bob")
	said(migration.Word{Activities: first.Activities, ParkID: 1, By: "bob"}, log...)

	retry.ResumeAt, retry.By = []migration.ActivityDefID{"c"}, "ann"
	must(t, l.Resolve(t.Context(), mig, id(1), retry))
	log = append(log, "goes on at c, as the operator says by ann", "resolved (1): retry by ann")
	said(migration.Word{Activities: retry.ResumeAt, ParkID: 1, By: "ann"}, log...)
}

func TestResumeAt_refuses(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(1, nil))
	wantCode(t, l.SayResumeAt(t.Context(), mig, id(1), migration.Word{}), migration.CodeInvalid)
	wantCode(t, l.SayResumeAt(t.Context(), mig, id(9), migration.Word{Activities: []migration.ActivityDefID{"a"}}), migration.CodeNotFound)
	_, err := l.Park(t.Context(), mig, id(1), migration.Parking{Reason: migration.ReasonNothingToResume})
	must(t, err)
	d := migration.Decision{ParkID: 1, Action: migration.ActionSkip, ResumeAt: []migration.ActivityDefID{"a"}}
	wantCode(t, l.Resolve(t.Context(), mig, id(1), d), migration.CodeInvalid)
}
