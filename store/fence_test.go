package store_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/store"
)

// Two calls, one after the other, with every field that a call can have.
var (
	earlier = migration.Call{Verb: migration.VerbStartActivity, Target: "9_t", Activity: "approve", Abort: true, Earlier: 3, Snapshot: 2}
	later   = migration.Call{Verb: migration.VerbComplete, Target: "9_t", ActivityID: "42_9_t_approve", User: "cat", Variable: "status"}
)

func openFence(t *testing.T, l *store.Ledger) string {
	t.Helper()
	fence, err := l.OpenFence(t.Context(), ourKey, migration.StepResume, earlier)
	must(t, err)
	return fence
}

func wantFenced(t *testing.T, err error, fate migration.Fate) (age time.Duration) {
	t.Helper()
	var fenced *migration.FencedError
	if !errors.As(err, &fenced) || migration.CodeOf(err) != migration.CodeConflict {
		t.Fatalf("got %v, want a fence", err)
	}
	if fenced.Call != earlier || fenced.Fate != fate {
		t.Errorf("fence %+v", fenced)
	}
	return fenced.Age
}

func TestFence_lets_one_call_through_at_a_time(t *testing.T) {
	t.Parallel()
	const calls = 16
	l := opened(t)
	_, err := l.OpenFence(t.Context(), ourKey, migration.StepResume, earlier)
	wantCode(t, err, migration.CodeNotFound)
	claim(t, l, ourKey, "a")
	var mu sync.Mutex
	through := 0
	var running sync.WaitGroup
	for range calls {
		running.Go(func() {
			_, err := l.OpenFence(t.Context(), ourKey, migration.StepResume, earlier)
			mu.Lock()
			defer mu.Unlock()
			var fenced *migration.FencedError
			if err == nil {
				through++
			} else if !errors.As(err, &fenced) {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if through != 1 {
		t.Errorf("%d calls at a time", through)
	}
}

func TestCloseFence_opens_the_way_only_after_a_known_end(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		fate migration.Fate
		gone bool
	}{
		{"answered_is_over", migration.FateAnswered, true},
		{"not_sent_is_over", migration.FateNotSent, true},
		{"unanswered_stays", migration.FateUnanswered, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := opened(t)
			claim(t, l, ourKey, "a")
			fence := openFence(t, l)
			must(t, l.CloseFence(t.Context(), ourKey, fence, tc.fate, 200, ""))
			must(t, l.CloseFence(t.Context(), ourKey, fence, tc.fate, 200, "")) // a repeated step
			open, err := l.Fence(t.Context(), ourKey)
			must(t, err)
			if (open == nil) != tc.gone {
				t.Fatalf("fence %+v", open)
			}
			_, err = l.OpenFence(t.Context(), ourKey, migration.StepResume, later)
			if tc.gone {
				must(t, err)
			} else {
				wantFenced(t, err, tc.fate)
			}
		})
	}
}

func TestCloseFence_of_a_call_that_is_over_keeps_its_zombie_out(t *testing.T) {
	t.Parallel()
	l, dsn := openedAt(t)
	claim(t, l, ourKey, "a")
	last := func(fence string, isOpen bool) {
		t.Helper()
		if id, open, err := l.LastFence(t.Context(), ourKey); err != nil || id != fence || open != isOpen {
			t.Errorf("the last fence is %q, open: %t, %v; want %q, %t", id, open, err, fence, isOpen)
		}
	}
	last("", false)
	zombie := openFence(t, l)
	backdate(t, dsn, "fence", "changed_at", time.Hour)
	_, err := l.OpenFence(t.Context(), ourKey, migration.StepResume, later)
	if age := wantFenced(t, err, migration.FateNone); age < time.Hour {
		t.Errorf("the fence is %s old", age)
	}
	must(t, l.CloseFence(t.Context(), ourKey, zombie, migration.FateAnswered, 0, "its time is over"))
	second, err := l.OpenFence(t.Context(), ourKey, migration.StepResume, later)
	must(t, err)

	wantCode(t, l.CloseFence(t.Context(), ourKey, zombie, migration.FateAnswered, 200, ""), migration.CodeConflict)
	if open, err := l.Fence(t.Context(), ourKey); err != nil || open == nil || open.ID != second {
		t.Errorf("the zombie opened the way: %+v, %v", open, err)
	}
	last(second, true)
	must(t, l.CloseFence(t.Context(), ourKey, second, migration.FateAnswered, 200, ""))
	last(second, false)
	want := []string{
		"note: claimed", "intent: call start_activity", "outcome: call start_activity answered",
		"intent: call complete", "outcome: call_lost answered", "outcome: call complete answered",
	}
	if diff := cmp.Diff(want, lines(t, l, id(1))); diff != "" {
		t.Errorf("story (-want +got):\n%s", diff)
	}
}

func TestCheckMarks_notices_a_counter_that_went_back(t *testing.T) {
	t.Parallel()
	l := opened(t)
	check := func(counters map[string]int64) error {
		return l.CheckMarks(t.Context(), "t", func(context.Context) (map[string]int64, error) { return counters, nil })
	}
	must(t, check(map[string]int64{"processes": 100, "activities": 7}))
	must(t, check(map[string]int64{"processes": 100, "activities": math.MaxInt64}))
	wantCode(t, check(map[string]int64{"processes": 99}), migration.CodeDrifted)
	must(t, check(map[string]int64{"processes": 101}))
	wantCode(t, check(map[string]int64{"processes": 100}), migration.CodeDrifted)

	// Another worker raises the marks while this one still reads.
	must(t, l.CheckMarks(t.Context(), "t", func(context.Context) (map[string]int64, error) {
		return map[string]int64{"processes": 102}, check(map[string]int64{"processes": 110})
	}))
	wantCode(t, check(map[string]int64{"processes": 109}), migration.CodeDrifted)

	must(t, l.ResetMarks(t.Context(), mig, "t", "operator", "restored on purpose"))
	must(t, check(map[string]int64{"processes": 1}))
	refused := errors.New("no")
	err := l.CheckMarks(t.Context(), "t", func(context.Context) (map[string]int64, error) { return nil, refused })
	if !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
}

func TestWindow_keeps_the_first_image_until_closed(t *testing.T) {
	t.Parallel()
	l := opened(t)
	_, _, err := l.Capture(t.Context(), ourKey, "start/1")
	wantCode(t, err, migration.CodeNotFound)
	before := []byte(strings.Repeat("\x00ä\xff", 2000))
	must(t, l.SaveCapture(t.Context(), ourKey, "start/1", before))
	must(t, l.SaveCapture(t.Context(), ourKey, "start/1", []byte("after the call")))
	for _, open := range []bool{true, false} {
		data, isOpen, err := l.Capture(t.Context(), ourKey, "start/1")
		must(t, err)
		if string(data) != string(before) || isOpen != open {
			t.Errorf("open %v, %d bytes", isOpen, len(data))
		}
		must(t, l.CloseCapture(t.Context(), ourKey, "start/1"))
	}
}
