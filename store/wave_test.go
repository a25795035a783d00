package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
	"jogetferry/store"
)

func createWave(t *testing.T, l *store.Ledger, w migration.Wave) migration.Wave {
	t.Helper()
	made, err := l.CreateWave(t.Context(), mig, w)
	must(t, err)
	return made
}

func claimNext(t *testing.T, l *store.Ledger, wave migration.WaveName, token migration.Token, window int) ([]migration.InstanceID, migration.Counts) {
	t.Helper()
	batch, counts, err := l.ClaimNext(t.Context(), mig, wave, token, window)
	must(t, err)
	var ids []migration.InstanceID
	for _, e := range batch {
		if e.State != migration.InstanceClaimed {
			t.Errorf("%s was claimed as %s", e.Instance, e.State)
		}
		ids = append(ids, e.Instance)
	}
	return ids, counts
}

func TestCreateWave_takes_what_no_open_wave_has(t *testing.T) {
	t.Parallel()
	l := opened(t)
	states := map[int]migration.InstanceState{2: migration.InstanceWarned, 3: migration.InstanceBlocked}
	savePlan(t, l, "p", planned(7, states))

	first := createWave(t, l, migration.Wave{Size: 2, Window: 5, Filter: migration.Filter{NoWarned: true}})
	second := createWave(t, l, migration.Wave{Size: 2, Window: 5})
	if first.Name != "1" || second.Name != "2" || first.Taken != 2 || second.Taken != 2 {
		t.Fatalf("first %+v, second %+v", first, second)
	}
	for number, want := range map[int]migration.WaveName{1: "1", 2: "2", 3: "", 4: "1", 5: "2", 6: ""} {
		if got := entry(t, l, number).Wave; got != want {
			t.Errorf("entry %d is in wave %q, want %q", number, got, want)
		}
	}
	stopped := migration.WaveStopped
	must(t, l.SetWave(t.Context(), mig, "1", migration.WaveChange{Status: &stopped}))
	third := createWave(t, l, migration.Wave{Window: 5})
	if third.Taken != 4 {
		t.Errorf("after wave 1 was stopped, %d were taken, want its 2 and the other 2", third.Taken)
	}
	waves, err := l.Waves(t.Context(), mig)
	must(t, err)
	if len(waves) != 3 || waves[0].Status != migration.WaveStopped || waves[2].Name != "3" {
		t.Errorf("waves %+v", waves)
	}
}

// TestCreateWave_goes_on_after_a_crash has the ledger fail in the middle of taking.
func TestCreateWave_goes_on_after_a_crash(t *testing.T) {
	t.Parallel()
	const n, reached = 1_200, 1_000
	l := opened(t)
	savePlan(t, l, "p", planned(n, nil))
	exec(t, l, fmt.Sprintf("CREATE TRIGGER crash BEFORE UPDATE ON instance FOR EACH ROW IF NEW.ordinal > %d THEN SIGNAL SQLSTATE '45000'; END IF", reached))
	asked := migration.Wave{Name: "north", Window: 5}
	if _, err := l.CreateWave(t.Context(), mig, asked); err == nil {
		t.Fatal("no error")
	}
	half, err := l.Wave(t.Context(), mig, "north")
	must(t, err)
	if half.Taken != reached {
		t.Errorf("%d taken before the crash, want %d: whoever works on an entry waits for as long as a transaction", half.Taken, reached)
	}
	exec(t, l, "DROP TRIGGER crash")
	if other := createWave(t, l, migration.Wave{Name: "south", Window: 5, Size: 10}); other.Taken != 10 {
		t.Errorf("another wave took %d", other.Taken)
	}
	for range 2 {
		if w := createWave(t, l, asked); w.Taken != n-10 || w.Status != migration.WaveRunning {
			t.Errorf("%d taken in the end, want %d", w.Taken, n-10)
		}
	}
	created := 0
	for _, line := range lines(t, l, "") {
		if strings.Contains(line, string(migration.EventWaveCreated)) {
			created++
		}
	}
	if created != 2 {
		t.Errorf("%d waves are told of, want 2", created)
	}
}

// TestClaimNext_ends_no_wave_by_the_numbers_kept_alone has somebody else write to the ledger.
func TestClaimNext_ends_no_wave_by_the_numbers_kept_alone(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(1, nil))
	w := createWave(t, l, migration.Wave{Window: 5})
	exec(t, l, "DELETE FROM wave_count")
	if ids, counts := claimNext(t, l, w.Name, "a", 5); len(ids) != 1 || counts.Unsettled() != 1 {
		t.Errorf("%d claimed, %d to come", len(ids), counts.Unsettled())
	}
	exec(t, l, "DELETE FROM wave_count") // and mends it
	exec(t, l, "INSERT INTO wave_count (migration, wave, state, verdict, n) VALUES (?, ?, 'claimed', '', 1)", mig, w.Name)
}

func TestCreateWave_again_resumes_the_same_and_refuses_another(t *testing.T) {
	t.Parallel()
	filter := migration.Filter{Requester: "cat", Instances: []migration.InstanceID{id(1), id(2)}}
	original := migration.Wave{Name: "north", Size: 1, Window: 3, Rate: 2.5, Filter: filter}
	cases := []struct {
		name   string
		change func(*migration.Wave)
		code   migration.Code
	}{
		{"the_same_is_resumed", func(*migration.Wave) {}, ""},
		{"without_pilot_is_taken_over", func(w *migration.Wave) { w.Pilotless = true }, ""},
		{"another_window_is_taken_over", func(w *migration.Wave) { w.Window = 9 }, ""},
		{"another_requester_is_a_conflict", func(w *migration.Wave) { w.Filter.Requester = "clark" }, migration.CodeConflict},
		{"other_instances_are_a_conflict", func(w *migration.Wave) { w.Filter.Instances = nil }, migration.CodeConflict},
		{"another_size_is_a_conflict", func(w *migration.Wave) { w.Size = 2 }, migration.CodeConflict},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := opened(t)
			savePlan(t, l, "p", planned(3, nil))
			createWave(t, l, original)
			paused := migration.WavePaused
			must(t, l.SetWave(t.Context(), mig, "north", migration.WaveChange{Status: &paused}))
			again := original
			tc.change(&again)
			_, err := l.CreateWave(t.Context(), mig, again)
			wantCode(t, err, tc.code)
			got, err := l.Wave(t.Context(), mig, "north")
			must(t, err)
			want := original
			want.Status, want.Taken, want.By, want.CreatedAt = migration.WavePaused, 1, "worker-1", got.CreatedAt
			if tc.code == "" {
				want.Status, want.Window, want.Pilotless = migration.WaveRunning, again.Window, again.Pilotless
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("wave (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCreateWave_again_stays_without_pilot(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(1, nil))
	createWave(t, l, migration.Wave{Name: "w", Window: 1, Pilotless: true})
	if again := createWave(t, l, migration.Wave{Name: "w"}); !again.Pilotless {
		t.Error("forgotten that the operator waived the pilot")
	}
}

func TestClaimNext_repeats_a_batch_and_keeps_the_window(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(6, nil))
	createWave(t, l, migration.Wave{Name: "w", Window: 3})
	claimed := func(step string, token migration.Token, want ...migration.InstanceID) {
		t.Helper()
		got, counts := claimNext(t, l, "w", token, 0)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step, diff)
		}
		if counts.Total() != 6 || counts.Claimed+counts.InFlight > 3 {
			t.Errorf("%s: %+v", step, counts)
		}
	}
	progress := func(number int, state migration.InstanceState) {
		t.Helper()
		must(t, l.Progress(t.Context(), mig, id(number), migration.Change{State: state}))
	}
	claimed("first", "a", id(1), id(2), id(3))
	claimed("again", "a", id(1), id(2), id(3))
	claimed("full", "b")
	progress(1, migration.InstanceRunning)
	claimed("again, one has begun", "a", id(2), id(3))
	progress(1, migration.InstanceWaiting)
	claimed("waiting frees its slot", "b", id(4))
	_, err := l.Park(t.Context(), mig, id(2), migration.Parking{Reason: migration.ReasonTargetMoved, Token: "x"})
	must(t, err)
	claimed("parked frees its slot", "c", id(5))
	paused := migration.WavePaused
	must(t, l.SetWave(t.Context(), mig, "w", migration.WaveChange{Status: &paused}))
	progress(3, migration.InstanceDone)
	claimed("paused", "d")
}

func TestClaimNext_never_exceeds_the_window_under_concurrent_callers(t *testing.T) {
	t.Parallel()
	const callers, window, total = 16, 7, 60
	l := opened(t)
	savePlan(t, l, "p", planned(total, nil))
	createWave(t, l, migration.Wave{Name: "w", Window: window})
	seen := map[migration.InstanceID]int{}
	var mu sync.Mutex
	var running sync.WaitGroup
	for caller := range callers {
		running.Go(func() {
			for round := 0; ; round++ {
				batch, counts, err := l.ClaimNext(t.Context(), mig, "w", migration.Token(fmt.Sprint(caller, "-", round)), window)
				if err != nil {
					t.Error(err)
					return
				}
				if counts.Claimed+counts.InFlight > window {
					t.Errorf("%+v exceed the window", counts)
				}
				for _, e := range batch {
					mu.Lock()
					seen[e.Instance]++
					mu.Unlock()
					if err := l.Progress(t.Context(), mig, e.Instance, migration.Change{State: migration.InstanceDone}); err != nil {
						t.Error(err)
						return
					}
				}
				if counts.Ready == 0 {
					return
				}
			}
		})
	}
	running.Wait()
	for instance, times := range seen {
		if times != 1 {
			t.Errorf("%s was claimed %d times", instance, times)
		}
	}
	if len(seen) != total {
		t.Errorf("%d of %d were claimed", len(seen), total)
	}
}

func TestInFlightOlderThan_goes_by_the_ledgers_clock(t *testing.T) {
	t.Parallel()
	l, dsn := openedAt(t)
	savePlan(t, l, "p", planned(4, nil))
	createWave(t, l, migration.Wave{Name: "w", Window: 3})
	claimNext(t, l, "w", "a", 0)
	must(t, l.Progress(t.Context(), mig, id(3), migration.Change{State: migration.InstanceDone}))
	backdate(t, dsn, "instance", "updated_at", time.Hour)
	must(t, l.Progress(t.Context(), mig, id(2), migration.Change{State: migration.InstanceRunning}))
	for _, tc := range []struct {
		name string
		age  time.Duration
		want []migration.InstanceID
	}{
		{"any_age", 0, []migration.InstanceID{id(1), id(2)}},
		{"half_an_hour", 30 * time.Minute, []migration.InstanceID{id(1)}},
		{"two_hours", 2 * time.Hour, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			entries, err := l.InFlightOlderThan(t.Context(), mig, "w", tc.age)
			must(t, err)
			var got []migration.InstanceID
			for _, e := range entries {
				got = append(got, e.Instance)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("older (-want +got):\n%s", diff)
			}
		})
	}
}

func TestADeltaWaveTakesWhatIsDoneOnce(t *testing.T) {
	t.Parallel()
	l := opened(t)
	begun(t, l, 5, map[int]migration.InstanceState{1: migration.InstanceDone, 2: migration.InstanceDone, 3: migration.InstanceDone, 4: migration.InstanceParked})
	w := createWave(t, l, migration.Wave{Window: 2, Name: "d", Delta: true})
	if w.Taken != 3 || !w.Delta {
		t.Fatalf("wave %+v", w)
	}
	if counts, err := l.Counts(t.Context(), mig, migration.Filter{Wave: "d"}); err != nil || counts != (migration.Counts{Ready: 3}) {
		t.Errorf("before: %+v, %v", counts, err)
	}
	if counts, err := l.Counts(t.Context(), mig, migration.Filter{}); err != nil || counts.Done != 3 || counts.Same != 3 {
		t.Errorf("of the migration: %+v, %v", counts, err)
	}
	batch, counts := claimNext(t, l, "d", "a", 0)
	if diff := cmp.Diff(numbers(1, 2), batch); diff != "" || counts != (migration.Counts{Ready: 1, Claimed: 2}) {
		t.Errorf("claimed, %+v (-want +got):\n%s", counts, diff)
	}
	// One ends, one was never begun.
	must(t, l.Progress(t.Context(), mig, id(1), migration.Change{State: migration.InstanceDone, Verdict: migration.VerdictSame}))
	must(t, l.Unclaim(t.Context(), mig, id(2), "its workflow was never started"))
	must(t, l.Unclaim(t.Context(), mig, id(1), "no more"))
	if e := entry(t, l, 2); e.State != migration.InstanceDone || e.TargetID == "" || e.Verdict != migration.VerdictSame {
		t.Errorf("given back: %+v", e)
	}
	batch, counts = claimNext(t, l, "d", "b", 0)
	if diff := cmp.Diff(numbers(2, 3), batch); diff != "" || counts != (migration.Counts{Done: 1, Same: 1, Claimed: 2}) {
		t.Errorf("claimed, %+v (-want +got):\n%s", counts, diff)
	}
	for number := 2; number <= 3; number++ {
		must(t, l.Progress(t.Context(), mig, id(number), migration.Change{State: migration.InstanceDone}))
	}
	if batch, counts = claimNext(t, l, "d", "c", 0); len(batch) > 0 || counts.Done != 3 {
		t.Errorf("claimed %v again, %+v", batch, counts)
	}
	if _, err := l.CreateWave(t.Context(), mig, migration.Wave{Name: "d", Window: 2}); migration.CodeOf(err) != migration.CodeConflict {
		t.Errorf("the name of a delta wave for another: %v", err)
	}
	if ready := createWave(t, l, migration.Wave{Window: 2}); ready.Taken != 1 {
		t.Errorf("a wave of what is ready took %d", ready.Taken)
	}
}

// TestTakenByHasWhatLaterWavesTookToo has an instance in two waves, one in three, and
// one that was undone before it was taken again.
func TestTakenByHasWhatLaterWavesTookToo(t *testing.T) {
	t.Parallel()
	l := opened(t)
	begun(t, l, 4, map[int]migration.InstanceState{})
	taken := func(name migration.WaveName, want ...int) {
		t.Helper()
		entries, _, err := l.Entries(t.Context(), mig, migration.Filter{TakenBy: name}, 0, 9)
		must(t, err)
		var got []migration.InstanceID
		for _, e := range entries {
			got = append(got, e.Instance)
		}
		if diff := cmp.Diff(numbers(want...), got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("of wave %s (-want +got):\n%s", name, diff)
		}
	}
	wave := func(w migration.Wave) {
		t.Helper()
		w.Window = 9
		createWave(t, l, w)
		ids, _ := claimNext(t, l, w.Name, migration.Token("t-"+w.Name), 0)
		for _, i := range ids {
			must(t, l.Progress(t.Context(), mig, i, migration.Change{State: migration.InstanceDone, Step: migration.StepVerify, TargetID: "9_" + i}))
		}
		finished := migration.WaveFinished
		must(t, l.SetWave(t.Context(), mig, w.Name, migration.WaveChange{Status: &finished}))
	}
	wave(migration.Wave{Name: "one", Size: 3})
	wave(migration.Wave{Name: "two", Delta: true, Size: 2})
	wave(migration.Wave{Name: "three", Delta: true, Size: 1})
	taken("one", 1, 2, 3)
	taken("two", 1, 2)
	taken("three", 1)
	taken("four")
	for _, i := range numbers(1, 2) {
		must(t, l.BeginRollback(t.Context(), mig, i))
		must(t, l.EndRollback(t.Context(), mig, i, false, migration.StepLine{Event: migration.EventRowsUndone}))
	}
	taken("one", 3)
	taken("two")
	wave(migration.Wave{Name: "five"})
	taken("one", 3)
	taken("two")
	taken("five", 1, 2, 4)
}

func TestADeltaWaveLeavesPilots(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(1, nil))
	must(t, l.SavePilot(t.Context(), mig, id(1), "cat"))
	must(t, l.Progress(t.Context(), mig, id(1), migration.Change{State: migration.InstanceDone}))
	createWave(t, l, migration.Wave{Window: 2, Name: "d", Delta: true})
	claimNext(t, l, "d", "a", 0)
	if pilots, err := l.Pilots(t.Context(), mig); err != nil || len(pilots) != 1 {
		t.Errorf("%v, %v", pilots, err)
	}
}

func TestUnclaim_gives_back_what_was_planned(t *testing.T) {
	t.Parallel()
	l := opened(t)
	page := planned(1, map[int]migration.InstanceState{1: migration.InstanceWarned})
	page[0].Findings = []migration.Finding{{ID: "FERRY-416", Severity: migration.Warning, Subject: "s"}}
	savePlan(t, l, "p", page)
	createWave(t, l, migration.Wave{Window: 1, Name: "w"})
	claimNext(t, l, "w", "a", 0)
	must(t, l.Unclaim(t.Context(), mig, id(1), "the wave was stopped"))
	if e := entry(t, l, 1); e.State != migration.InstanceWarned || e.Detail != "the wave was stopped" {
		t.Errorf("%+v", e)
	}
	if batch, _ := claimNext(t, l, "w", "b", 0); len(batch) != 1 {
		t.Errorf("claimed %v", batch)
	}
}
