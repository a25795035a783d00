package store_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
	"jogetferry/store"
)

var ourKey = keyOf(1)

func keyOf(number int) migration.ClaimKey {
	return migration.ClaimKey{Source: "s", Instance: id(number), Target: "t"}
}

func target(name string) migration.TargetIdentity {
	return migration.TargetIdentity{
		ID: migration.InstanceID(name), OID: "17", Created: 5, Requester: "cat", Definition: def, Origin: "record-1",
	}
}

func claim(t *testing.T, l *store.Ledger, key migration.ClaimKey, token migration.Token) {
	t.Helper()
	_, got, err := l.Claim(t.Context(), key, "record-1", token, mig)
	must(t, err)
	if !got {
		t.Fatalf("%s did not get the claim", token)
	}
}

func state(t *testing.T, l *store.Ledger, key migration.ClaimKey) migration.Claim {
	t.Helper()
	c, err := l.Claimed(t.Context(), key)
	must(t, err)
	return c
}

// sendingOf brings the claim of ourKey to sending, as attempt "a".
func sendingOf(t *testing.T, l *store.Ledger) {
	t.Helper()
	claim(t, l, ourKey, "a")
	must(t, l.Sending(t.Context(), ourKey, "a", map[string]string{"status": "new"}, def))
}

func TestClaim_goes_to_exactly_one_of_many(t *testing.T) {
	t.Parallel()
	const attempts = 32
	l := opened(t)
	var mu sync.Mutex
	var winners []migration.Token
	var running sync.WaitGroup
	for i := range attempts {
		running.Go(func() {
			token := migration.Token(fmt.Sprint("token-", i))
			c, got, err := l.Claim(t.Context(), ourKey, "record-1", token, mig)
			if err != nil {
				t.Error(err)
				return
			}
			if got {
				mu.Lock()
				winners = append(winners, token)
				mu.Unlock()
			}
			if c.State != migration.ClaimClaimed || got != (c.Token == token) {
				t.Errorf("%s: got %v with %+v", token, got, c)
			}
		})
	}
	running.Wait()
	if len(winners) != 1 {
		t.Fatalf("winners: %v", winners)
	}
	// And of those who all believe to be the winner, one may send.
	sent := 0
	for range attempts {
		running.Go(func() {
			err := l.Sending(t.Context(), ourKey, winners[0], nil, def)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				sent++
			} else if migration.CodeOf(err) != migration.CodeConflict {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if sent != 1 {
		t.Errorf("%d may send", sent)
	}
}

func TestClaim_of_one_record_goes_to_one_instance_at_a_time(t *testing.T) {
	t.Parallel()
	const instances = 16
	l := opened(t)
	var mu sync.Mutex
	var holder migration.InstanceID
	var busy []migration.InstanceID
	var running sync.WaitGroup
	for i := range instances {
		running.Go(func() {
			key := keyOf(i + 1)
			_, got, err := l.Claim(t.Context(), key, "record-1", "a", mig)
			mu.Lock()
			defer mu.Unlock()
			var wait *migration.RecordBusyError
			switch {
			case errors.As(err, &wait) && migration.CodeOf(err) == migration.CodeConflict:
				busy = append(busy, wait.By)
			case err == nil && got && holder == "":
				holder = key.Instance
			default:
				t.Errorf("%s: %v, %v", key.Instance, got, err)
			}
		})
	}
	running.Wait()
	if len(busy) != instances-1 {
		t.Fatalf("%d were told to wait", len(busy))
	}
	for _, by := range busy {
		if by != holder {
			t.Errorf("busy by %s, want %s", by, holder)
		}
	}
}

func TestClaim_frees_the_record_when_the_start_is_known_or_given_back(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		do   func(*testing.T, *store.Ledger) error
		busy bool
	}{
		{"claimed_is_busy", func(*testing.T, *store.Ledger) error { return nil }, true},
		{"sending_is_busy", func(t *testing.T, l *store.Ledger) error {
			return l.Sending(t.Context(), ourKey, "a", nil, def)
		}, true},
		{"unknown_is_busy", func(t *testing.T, l *store.Ledger) error {
			must(t, l.Sending(t.Context(), ourKey, "a", nil, def))
			return l.Outcome(t.Context(), ourKey, "a", migration.StartOutcome{Fate: migration.FateUnanswered})
		}, true},
		{"started_is_free", func(t *testing.T, l *store.Ledger) error {
			must(t, l.Sending(t.Context(), ourKey, "a", nil, def))
			started := target("9_x")
			return l.Outcome(t.Context(), ourKey, "a", migration.StartOutcome{Fate: migration.FateAnswered, Started: &started})
		}, false},
		{"adopted_is_free", func(t *testing.T, l *store.Ledger) error {
			return l.Adopt(t.Context(), ourKey, "a", target("9_x"))
		}, false},
		{"released_is_free", func(t *testing.T, l *store.Ledger) error {
			return l.Release(t.Context(), ourKey, "a", migration.ClaimClaimed, "proven")
		}, false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := opened(t)
			claim(t, l, ourKey, "a")
			must(t, tc.do(t, l))
			_, got, err := l.Claim(t.Context(), keyOf(2), "record-1", "b", mig)
			var wait *migration.RecordBusyError
			if busy := errors.As(err, &wait); busy != tc.busy || got == tc.busy {
				t.Errorf("got %v, %v, want busy %v", got, err, tc.busy)
			}
			elsewhere := migration.ClaimKey{Source: "s", Instance: id(3), Target: "another"}
			claim(t, l, elsewhere, "c")
		})
	}
}

func TestClaim_again_depends_on_state_and_token(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		do      func(*testing.T, *store.Ledger)
		token   migration.Token
		got     bool
		code    migration.Code
		state   migration.ClaimState
		attempt int
	}{
		{"same_token_has_it", func(*testing.T, *store.Ledger) {}, "a", true, "", migration.ClaimClaimed, 1},
		{"other_token_does_not_get_it", func(*testing.T, *store.Ledger) {}, "b", false, "", migration.ClaimClaimed, 1},
		{"same_token_may_not_send_twice", func(t *testing.T, l *store.Ledger) {
			must(t, l.Sending(t.Context(), ourKey, "a", nil, def))
		}, "a", false, "", migration.ClaimSending, 1},
		{"released_goes_to_a_new_token", func(t *testing.T, l *store.Ledger) {
			must(t, l.Release(t.Context(), ourKey, "a", migration.ClaimClaimed, ""))
		}, "b", true, "", migration.ClaimClaimed, 2},
		{"released_does_not_go_to_the_token_that_lost_it", func(t *testing.T, l *store.Ledger) {
			must(t, l.Release(t.Context(), ourKey, "a", migration.ClaimClaimed, ""))
		}, "a", false, migration.CodeConflict, migration.ClaimReleased, 1},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := opened(t)
			claim(t, l, ourKey, "a")
			tc.do(t, l)
			_, got, err := l.Claim(t.Context(), ourKey, "record-1", tc.token, "other migration")
			wantCode(t, err, tc.code)
			c := state(t, l, ourKey)
			if got != tc.got || c.State != tc.state || c.Attempt != tc.attempt {
				t.Errorf("got %v, %+v", got, c)
			}
		})
	}
}

func TestBaseline_is_taken_once(t *testing.T) {
	t.Parallel()
	l := opened(t)
	wantCode(t, l.SaveBaseline(t.Context(), ourKey, "a", nil), migration.CodeNotFound)
	claim(t, l, ourKey, "a")
	if state(t, l, ourKey).BaselineTaken {
		t.Error("the baseline is taken before anyone took it")
	}
	wantCode(t, l.SaveBaseline(t.Context(), ourKey, "b", nil), migration.CodeConflict)
	must(t, l.SaveBaseline(t.Context(), ourKey, "a", nil))
	must(t, l.SaveBaseline(t.Context(), ourKey, "a", nil))
	wantCode(t, l.SaveBaseline(t.Context(), ourKey, "a", []migration.InstanceID{"1_x"}), migration.CodeConflict)
	must(t, l.Release(t.Context(), ourKey, "a", migration.ClaimClaimed, ""))
	claim(t, l, ourKey, "b")
	wantCode(t, l.SaveBaseline(t.Context(), ourKey, "b", []migration.InstanceID{"1_x"}), migration.CodeConflict)
	if c := state(t, l, ourKey); !c.BaselineTaken || len(c.Baseline) != 0 {
		t.Errorf("baseline %v, %v", c.BaselineTaken, c.Baseline)
	}
}

func TestOutcome_moves_only_the_attempt_that_sent(t *testing.T) {
	t.Parallel()
	started := func(name string) migration.StartOutcome {
		identity := target(name)
		return migration.StartOutcome{Fate: migration.FateAnswered, Started: &identity, Status: 200}
	}
	release := func(t *testing.T, l *store.Ledger) {
		must(t, l.Release(t.Context(), ourKey, "a", migration.ClaimSending, "settled"))
	}
	cases := []struct {
		name    string
		before  func(*testing.T, *store.Ledger)
		token   migration.Token
		outcome migration.StartOutcome
		code    migration.Code
		want    migration.Claim
	}{
		{"started", nil, "a", started("9_x"), "", migration.Claim{State: migration.ClaimStarted, Fate: migration.FateAnswered, Started: target("9_x")}},
		{"unanswered_is_unknown", nil, "a", migration.StartOutcome{Fate: migration.FateUnanswered}, "", migration.Claim{State: migration.ClaimUnknown, Fate: migration.FateUnanswered}},
		{"not_sent_keeps_sending", nil, "a", migration.StartOutcome{Fate: migration.FateNotSent}, "", migration.Claim{State: migration.ClaimSending, Fate: migration.FateNotSent}},
		{
			"refused_keeps_sending", nil, "a",
			migration.StartOutcome{Fate: migration.FateAnswered, Refused: migration.ReasonStartNotAllowed, Status: 403},
			"",
			migration.Claim{State: migration.ClaimSending, Fate: migration.FateAnswered, Refused: migration.ReasonStartNotAllowed},
		},
		{
			"an_answer_that_names_another_one_is_remembered", nil, "a",
			migration.StartOutcome{Fate: migration.FateAnswered, Refused: migration.ReasonStartAmbiguous, Named: "7_x", Status: 200},
			"",
			migration.Claim{State: migration.ClaimSending, Fate: migration.FateAnswered, Refused: migration.ReasonStartAmbiguous, Named: "7_x"},
		},
		{"wrong_token", nil, "z", started("9_x"), migration.CodeConflict, migration.Claim{State: migration.ClaimSending}},
		{"zombie_after_release", release, "a", started("9_x"), migration.CodeConflict, migration.Claim{State: migration.ClaimReleased}},
		{"zombie_under_a_new_claim", func(t *testing.T, l *store.Ledger) {
			release(t, l)
			claim(t, l, ourKey, "b")
			must(t, l.Sending(t.Context(), ourKey, "b", map[string]string{"status": "new"}, def))
		}, "a", started("9_x"), migration.CodeConflict, migration.Claim{State: migration.ClaimSending}},
		{"late_answer_names_the_adopted_one", func(t *testing.T, l *store.Ledger) {
			must(t, l.Adopt(t.Context(), ourKey, "a", target("9_x")))
		}, "a", started("9_x"), "", migration.Claim{State: migration.ClaimStarted, Started: target("9_x")}},
		{"late_answer_names_it_after_a_deploy", func(t *testing.T, l *store.Ledger) {
			adopted := target("9_x")
			adopted.Definition.Version = "77"
			must(t, l.Adopt(t.Context(), ourKey, "a", adopted))
			must(t, l.Adopt(t.Context(), ourKey, "a", target("9_x")))
		}, "a", started("9_x"), "", func() migration.Claim {
			c := migration.Claim{State: migration.ClaimStarted, Started: target("9_x")}
			c.Started.Definition.Version = "77"
			return c
		}()},
		{"late_answer_names_another_one", func(t *testing.T, l *store.Ledger) {
			must(t, l.Adopt(t.Context(), ourKey, "a", target("9_x")))
		}, "a", started("10_x"), migration.CodeConflict, migration.Claim{State: migration.ClaimStarted, Started: target("9_x")}},
		{"target_of_another_source_instance", func(t *testing.T, l *store.Ledger) {
			_, _, err := l.Claim(t.Context(), keyOf(2), "record-2", "b", mig)
			must(t, err)
			must(t, l.Adopt(t.Context(), keyOf(2), "b", target("9_x")))
		}, "a", started("9_x"), migration.CodeConflict, migration.Claim{State: migration.ClaimSending}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := opened(t)
			savePlan(t, l, "p", planned(2, nil))
			sendingOf(t, l)
			if tc.before != nil {
				tc.before(t, l)
			}
			before := len(lines(t, l, id(1)))
			wantCode(t, l.Outcome(t.Context(), ourKey, tc.token, tc.outcome), tc.code)
			got := state(t, l, ourKey)
			ignore := cmpopts.IgnoreFields(migration.Claim{}, "ClaimKey", "Attempt", "Token", "Record", "Sent", "Definition", "ChangedAt", "Age")
			if diff := cmp.Diff(tc.want, got, ignore); diff != "" {
				t.Errorf("claim (-want +got):\n%s", diff)
			}
			if got.Definition != def || got.Sent["status"] != "new" {
				t.Errorf("what was sent is gone: %+v", got)
			}
			if tc.code != "" && len(lines(t, l, id(1))) != before+1 {
				t.Errorf("the late outcome is not in the story: %q", lines(t, l, id(1)))
			}
			if e := entry(t, l, 1); e.TargetID != got.Started.ID {
				t.Errorf("the entry has target %q", e.TargetID)
			}
		})
	}
}

func TestRelease_and_Adopt_compare_before_they_set(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		do   func(*testing.T, *store.Ledger) error
		code migration.Code
		want migration.ClaimState
	}{
		{"release_from_sending", func(t *testing.T, l *store.Ledger) error {
			return l.Release(t.Context(), ourKey, "a", migration.ClaimSending, "")
		}, "", migration.ClaimReleased},
		{"release_twice", func(t *testing.T, l *store.Ledger) error {
			must(t, l.Release(t.Context(), ourKey, "a", migration.ClaimSending, ""))
			return l.Release(t.Context(), ourKey, "a", migration.ClaimSending, "")
		}, "", migration.ClaimReleased},
		{"release_from_a_state_that_is_over", func(t *testing.T, l *store.Ledger) error {
			return l.Release(t.Context(), ourKey, "a", migration.ClaimClaimed, "")
		}, migration.CodeConflict, migration.ClaimSending},
		{"release_with_another_token", func(t *testing.T, l *store.Ledger) error {
			return l.Release(t.Context(), ourKey, "b", migration.ClaimSending, "")
		}, migration.CodeConflict, migration.ClaimSending},
		{"release_of_a_started_one", func(t *testing.T, l *store.Ledger) error {
			must(t, l.Adopt(t.Context(), ourKey, "a", target("9_x")))
			return l.Release(t.Context(), ourKey, "a", migration.ClaimStarted, "")
		}, migration.CodeConflict, migration.ClaimStarted},
		{"adopt_after_release", func(t *testing.T, l *store.Ledger) error {
			must(t, l.Release(t.Context(), ourKey, "a", migration.ClaimSending, ""))
			return l.Adopt(t.Context(), ourKey, "a", target("9_x"))
		}, "", migration.ClaimStarted},
		{"adopt_twice", func(t *testing.T, l *store.Ledger) error {
			must(t, l.Adopt(t.Context(), ourKey, "a", target("9_x")))
			return l.Adopt(t.Context(), ourKey, "a", target("9_x"))
		}, "", migration.ClaimStarted},
		{"adopt_another", func(t *testing.T, l *store.Ledger) error {
			must(t, l.Adopt(t.Context(), ourKey, "a", target("9_x")))
			return l.Adopt(t.Context(), ourKey, "a", target("10_x"))
		}, migration.CodeConflict, migration.ClaimStarted},
		{"adopt_with_another_token", func(t *testing.T, l *store.Ledger) error {
			return l.Adopt(t.Context(), ourKey, "b", target("9_x"))
		}, migration.CodeConflict, migration.ClaimSending},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := opened(t)
			sendingOf(t, l)
			wantCode(t, tc.do(t, l), tc.code)
			if got := state(t, l, ourKey); got.State != tc.want {
				t.Errorf("state %s, want %s", got.State, tc.want)
			}
		})
	}
}

func TestClaimed_tells_the_age_by_the_ledgers_clock(t *testing.T) {
	t.Parallel()
	l, dsn := openedAt(t)
	if c := state(t, l, ourKey); c.State != migration.ClaimNone {
		t.Errorf("nothing was claimed: %+v", c)
	}
	sendingOf(t, l)
	backdate(t, dsn, "start_claim", "changed_at", time.Hour)
	if got := state(t, l, ourKey).Age; got < time.Hour || got > time.Hour+time.Minute {
		t.Errorf("age %s, want an hour", got)
	}
}

func TestExplained_knows_targets_former_ones_and_wrecks(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(2, nil))
	sendingOf(t, l)
	must(t, l.KeepWreck(t.Context(), ourKey, target("wreck")))
	must(t, l.Adopt(t.Context(), ourKey, "a", target("former")))
	wantCode(t, l.KeepWreck(t.Context(), ourKey, target("former")), migration.CodeConflict)
	wantCode(t, l.RestartClosed(t.Context(), ourKey, "other", "operator", ""), migration.CodeConflict)
	must(t, l.RestartClosed(t.Context(), ourKey, "former", "operator", "it was closed"))
	if e := entry(t, l, 1); e.TargetID != "" {
		t.Errorf("the entry still has target %s", e.TargetID)
	}
	claim(t, l, ourKey, "b")
	must(t, l.Adopt(t.Context(), ourKey, "b", target("ours")))
	_, _, err := l.Claim(t.Context(), keyOf(2), "record-2", "c", mig)
	must(t, err)
	must(t, l.Adopt(t.Context(), keyOf(2), "c", target("theirs")))

	var ids []migration.Linked
	for _, name := range []string{"wreck", "former", "ours", "theirs", "THEIRS", "stranger"} {
		ids = append(ids, migration.Linked{TargetIdentity: target(name)})
	}
	known, err := l.Explained(t.Context(), "t", ids)
	must(t, err)
	if diff := cmp.Diff(migration.Explained{"wreck": true, "former": true, "ours": true, "theirs": true}, known); diff != "" {
		t.Errorf("explained (-want +got):\n%s", diff)
	}
	known, err = l.ExplainedBesides(t.Context(), ourKey, ids)
	must(t, err)
	if diff := cmp.Diff(migration.Explained{"wreck": true, "former": true, "theirs": true}, known); diff != "" {
		t.Errorf("explained besides (-want +got):\n%s", diff)
	}
	identity, found, err := l.TargetOf(t.Context(), ourKey)
	if err != nil || !found {
		t.Fatalf("%v, %v", found, err)
	}
	if diff := cmp.Diff(target("ours"), identity); diff != "" {
		t.Errorf("target (-want +got):\n%s", diff)
	}
}

func TestOutcome_of_a_restored_target_that_gives_an_id_out_again(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(2, nil))
	sendingOf(t, l)
	must(t, l.Adopt(t.Context(), ourKey, "a", target("12")))
	now := target("12")
	now.Created, now.Origin = 6, "record-2"

	known, err := l.Explained(t.Context(), "t", []migration.Linked{{TargetIdentity: now}})
	must(t, err)
	if len(known) != 0 {
		t.Errorf("another instance with the ID of a known one is explained: %v", known)
	}
	_, _, err = l.Claim(t.Context(), keyOf(2), "record-2", "c", mig)
	must(t, err)
	must(t, l.Adopt(t.Context(), keyOf(2), "c", now))
	if e := entry(t, l, 1); e.TargetID != "" {
		t.Errorf("the entry still has target %s, which is gone", e.TargetID)
	}
	if e := entry(t, l, 2); e.TargetID != "12" {
		t.Errorf("the entry has target %q", e.TargetID)
	}
	// What was started once is not started again by itself.
	if c := state(t, l, ourKey); c.State != migration.ClaimStarted || c.Started != target("12") {
		t.Errorf("the claim is %+v", c)
	}
	wantCode(t, l.Adopt(t.Context(), keyOf(2), "c", target("12x")), migration.CodeConflict)
}

func TestAcceptStart_outlives_a_release(t *testing.T) {
	t.Parallel()
	l := opened(t)
	wantCode(t, l.AcceptStart(t.Context(), ourKey, "operator"), migration.CodeNotFound)
	claim(t, l, ourKey, "a")
	must(t, l.AcceptStart(t.Context(), ourKey, "operator"))
	must(t, l.Release(t.Context(), ourKey, "a", migration.ClaimClaimed, ""))
	claim(t, l, ourKey, "b")
	if !state(t, l, ourKey).Accepted {
		t.Error("the operator's word is forgotten")
	}
}

func TestAcceptStart_is_used_up_by_one_baseline(t *testing.T) {
	t.Parallel()
	l := opened(t)
	claim(t, l, ourKey, "a")
	must(t, l.SaveBaseline(t.Context(), ourKey, "a", nil))
	must(t, l.AcceptStart(t.Context(), ourKey, "operator"))
	must(t, l.SaveBaseline(t.Context(), ourKey, "a", []migration.InstanceID{"1_x"}))
	if c := state(t, l, ourKey); c.Accepted || !slices.Equal(c.Baseline, []migration.InstanceID{"1_x"}) {
		t.Errorf("accepted %v, baseline %v", c.Accepted, c.Baseline)
	}
	wantCode(t, l.SaveBaseline(t.Context(), ourKey, "a", []migration.InstanceID{"1_x", "2_x"}), migration.CodeConflict)
}
