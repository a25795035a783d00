package target_test

import (
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
	"jogetferry/test/simulator/effects"
	simulated "jogetferry/test/simulator/schema"
)

// TestReconcileStart finds what attempts leave behind that died or got no answer.
func TestReconcileStart(t *testing.T) {
	t.Parallel()
	type step func(*testing.T, *activitytest.Case, *activitytest.Instance)
	left := func(state migration.ClaimState, more ...step) step {
		return func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
			scene.Claimed(t, c, in, state)
			for _, f := range more {
				f(t, c, in)
			}
		}
	}
	startedAs := func(user migration.User) step {
		return func(_ *testing.T, _ *activitytest.Case, in *activitytest.Instance) {
			in.StartUnknown(user, map[string]string{"status": "new"})
		}
	}
	answered := func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
		activitytest.Must(t, c.Ledger.Outcome(t.Context(), in.Key(), "dead", migration.StartOutcome{Fate: migration.FateAnswered, Status: 500}))
	}
	notSent := func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
		activitytest.Must(t, c.Ledger.Outcome(t.Context(), in.Key(), "dead", migration.StartOutcome{Fate: migration.FateNotSent}))
	}
	other := func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) *activitytest.Instance {
		o := c.Begin(activitytest.Begin{Process: "leave/process1", Record: in.Record})
		o.Plan()
		activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, o.ID, migration.Change{State: migration.InstanceRunning, Step: migration.StepStart}))
		_, got, err := c.Ledger.Claim(t.Context(), o.Key(), in.Record, "other", c.Migration)
		if err != nil || !got {
			t.Fatal(got, err)
		}
		return o
	}
	ok, again := contract.Outcome{Status: contract.StatusOK}, contract.Outcome{Status: contract.StatusAgain}
	for _, tc := range []struct {
		name    string
		happens step
		change  func(*scene.Ports)
		want    contract.Outcome
		waits   bool
		claim   migration.ClaimState
		done    []string // on the target, besides the starts
	}{
		{name: "there_was_no_attempt", happens: func(*testing.T, *activitytest.Case, *activitytest.Instance) {}, want: again},
		{name: "it_was_claimed_and_not_sent", happens: left(migration.ClaimClaimed), want: again, claim: migration.ClaimReleased},
		{name: "no_byte_was_sent", happens: left(migration.ClaimSending, notSent), want: again, claim: migration.ClaimReleased},
		{
			name: "joget_answered_with_an_error", happens: left(migration.ClaimSending, answered),
			want: contract.Outcome{Status: contract.StatusAgain, Reason: migration.ReasonStartFailed}, claim: migration.ClaimReleased,
		},
		{name: "one_was_started_while_it_died", happens: left(migration.ClaimSending, startedAs("cat")), want: ok, claim: migration.ClaimStarted},
		{
			name: "the_target_would_start_another_definition_by_now", happens: left(migration.ClaimSending, startedAs("cat")),
			change: func(j *scene.Ports) {
				j.Settings.AnyVersion = map[string]migration.DefinitionID{"leave/process1": {Package: "leave", Version: "99", Process: "process1"}}
			},
			want: ok, claim: migration.ClaimStarted,
		},
		{name: "one_was_started_without_an_answer", happens: left(migration.ClaimUnknown, startedAs("cat")), want: ok, claim: migration.ClaimStarted},
		{name: "nothing_is_there_yet", happens: left(migration.ClaimUnknown), waits: true, claim: migration.ClaimUnknown},
		{
			name: "nothing_came", happens: left(migration.ClaimUnknown), change: scene.Settled,
			want: activitytest.Parked(migration.ReasonStartOutcomeUnknown), claim: migration.ClaimUnknown,
		},
		{
			name: "nothing_came_and_the_operator_wants_it_tried_again", happens: left(migration.ClaimUnknown),
			change: func(j *scene.Ports) { j.Settings.Settle, j.Settings.RetryUnknown = 0, true }, want: again, claim: migration.ClaimReleased,
		},
		{
			name: "one_began_as_nobody", happens: left(migration.ClaimSending, startedAs(migration.AnonymousUser)), change: scene.Settled, waits: true,
			claim: migration.ClaimSending, done: []string{"abort by admin"},
		},
		{
			name: "one_was_made_and_never_began", happens: left(migration.ClaimSending, func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				id := in.StartUnknown("cat", map[string]string{"status": "new"})
				c.Target.Exec("UPDATE SHKProcesses SET State = ? WHERE Id = ?", simulated.ProcessStateOID(string(migration.StateNotStarted)), string(id))
			}), change: scene.Settled, waits: true, claim: migration.ClaimSending, done: []string{"abort by admin"},
		},
		{name: "it_may_be_somebody_elses_or_still_come", happens: left(migration.ClaimSending, startedAs("terry")), waits: true, claim: migration.ClaimSending},
		{
			name: "it_may_be_somebody_elses", happens: left(migration.ClaimSending, startedAs("terry")), change: scene.Settled,
			want: activitytest.Parked(migration.ReasonStartAmbiguous), claim: migration.ClaimSending,
		},
		{
			name: "there_are_two", happens: left(migration.ClaimSending, startedAs("cat"), startedAs("cat")), change: scene.Settled,
			want: activitytest.Parked(migration.ReasonStartAmbiguous), claim: migration.ClaimSending,
		},
		{
			name: "the_requester_cannot_log_in", happens: func(*testing.T, *activitytest.Case, *activitytest.Instance) {},
			change: func(j *scene.Ports) { j.Settings.Users = map[migration.User]migration.User{"cat": "nobody"} },
			want:   activitytest.Parked(migration.ReasonIdentityRefused),
		},
		{
			name: "another_one_of_the_record_is_being_started", waits: true,
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) { other(t, c, in) },
		},
		{
			name: "another_one_of_the_record_is_parked_in_its_start", want: activitytest.Parked(migration.ReasonRecordBusy),
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				o := other(t, c, in)
				_, err := c.Ledger.Park(t.Context(), c.Migration, o.ID, migration.Parking{Step: migration.StepStart, Reason: migration.ReasonStartOutcomeUnknown, Token: "t"})
				activitytest.Must(t, err)
			},
		},
		{
			name: "another_one_of_the_record_was_made_ready_again", want: activitytest.Parked(migration.ReasonRecordBusy),
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) { readyAgain(t, c, other(t, c, in)) },
		},
		{
			name: "another_one_of_the_record_was_made_ready_again_and_a_wave_has_it", waits: true,
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				o := other(t, c, in)
				readyAgain(t, c, o)
				_, err := c.Ledger.CreateWave(t.Context(), c.Migration, migration.Wave{Window: 1, Filter: migration.Filter{Instances: []migration.InstanceID{o.ID}}})
				activitytest.Must(t, err)
			},
		},
		{
			name: "another_one_of_the_record_was_made_ready_again_and_its_wave_is_stopped", want: activitytest.Parked(migration.ReasonRecordBusy),
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				o := other(t, c, in)
				readyAgain(t, c, o)
				w, err := c.Ledger.CreateWave(t.Context(), c.Migration, migration.Wave{Window: 1, Filter: migration.Filter{Instances: []migration.InstanceID{o.ID}}})
				activitytest.Must(t, err)
				stopped := migration.WaveStopped
				activitytest.Must(t, c.Ledger.SetWave(t.Context(), c.Migration, w.Name, migration.WaveChange{Status: &stopped}))
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Ready(c)
			tc.happens(t, c, in)
			j := scene.Worker(c)
			if tc.change != nil {
				j = scene.Worker(c, tc.change)
			}
			out, err := activitytest.Run(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
			if tc.waits != (activitytest.TypeOf(err) == contract.WaitingType) || !tc.waits && err != nil {
				t.Errorf("error %v, want waiting %t", err, tc.waits)
			}
			activitytest.Same(t, "outcome", tc.want, activitytest.Decided(out.Outcome))
			activitytest.Same(t, "claim", tc.claim, in.Claim().State)
			activitytest.Same(t, "requests to start", 0, len(c.Door.Calls(startPath)))
			activitytest.Same(t, "aborts", append([]string{}, tc.done...), in.Done(effects.Abort))
			if tc.want.Status == contract.StatusOK {
				activitytest.Same(t, "target", in.Claim().Started.ID, out.Target)
				activitytest.Same(t, "in the ledger", out.Target, in.Entry().TargetID)
			}
		})
	}
}

// readyAgain is what becomes of an instance whose workflow was ended, and of which a
// plan says that it may begin: its claim stands.
func readyAgain(t *testing.T, c *activitytest.Case, o *activitytest.Instance) {
	t.Helper()
	activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, o.ID, migration.Change{State: migration.InstanceFailed, Reason: migration.ReasonOperator}))
	o.Plan()
	activitytest.Same(t, "the other one", migration.InstanceReady, o.Entry().State)
}

// TestReconcileStart_looks_again_after_a_wreck has a wreck aborted and then one start more.
func TestReconcileStart_looks_again_after_a_wreck(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in, j := scene.Ready(c), scene.Worker(c)
	scene.Claimed(t, c, in, migration.ClaimSending)
	in.StartUnknown(migration.AnonymousUser, map[string]string{"status": "new"})
	activitytest.Must(t, c.Ledger.Outcome(t.Context(), in.Key(), "dead", migration.StartOutcome{Fate: migration.FateAnswered, Status: 500}))
	out, err := activitytest.Retry(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	activitytest.Same(t, "reconciled", contract.StatusAgain, out.Status)
	out, err = activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
	activitytest.Must(t, err)
	// The wreck stands in nobody's way.
	activitytest.Same(t, "start", contract.StatusOK, out.Status)
	activitytest.Same(t, "linked", []string{"cat open.running", "roleAnonymous closed.aborted"}, in.Linked())
	activitytest.Same(t, "told", 1, len(in.Told(migration.EventWreckAborted)))
}

// TestReconcileStart_of_a_known_target has the target instance in the ledger, and
// looks at it.
func TestReconcileStart_of_a_known_target(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		happens func(*testing.T, *activitytest.Case, *activitytest.Instance)
		want    contract.Outcome
	}{
		{name: "it_is_open", happens: func(*testing.T, *activitytest.Case, *activitytest.Instance) {}, want: contract.Outcome{Status: contract.StatusOK}},
		{
			name:    "it_was_closed_and_nobody_worked_on_it",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) { c.Target.Abort(in.TargetID()) },
			want:    activitytest.Parked(migration.ReasonStartRanThrough),
		},
		{
			name: "people_brought_it_to_its_end",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Complete(in.TargetID(), "approve", "clark", nil)
				c.Target.Complete(in.TargetID(), "confirm", "tina", nil)
			},
			want: activitytest.Parked(migration.ReasonTargetClosed),
		},
		{
			name: "another_one_has_its_ID",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Exec("UPDATE SHKProcesses SET Created = 2 WHERE Id = ?", string(in.TargetID()))
			},
			want: activitytest.Parked(migration.ReasonTargetChanged),
		},
		{
			name:    "it_is_gone",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) { c.Target.Erase(in.TargetID()) },
			want:    activitytest.Parked(migration.ReasonTargetChanged),
		},
		{
			name:    "the_target_was_restored_from_a_backup",
			happens: func(t *testing.T, c *activitytest.Case, _ *activitytest.Instance) { scene.Raised(t, c) },
			want:    activitytest.Parked(migration.ReasonTargetRewound),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Ready(c)
			in.Start()
			tc.happens(t, c, in)
			for name, look := range map[string]func() (contract.StartOutput, error){
				"reconciled": func() (contract.StartOutput, error) {
					return activitytest.Run(t, scene.Worker(c).Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
				},
				"started": func() (contract.StartOutput, error) {
					return activitytest.Run(t, scene.Worker(c).Register, contract.StartProcess, in.Step())
				},
			} {
				out, err := look()
				activitytest.Must(t, err)
				activitytest.Same(t, name, tc.want, activitytest.Decided(out.Outcome))
				if tc.want.Status == contract.StatusParked {
					// Repeated, it was given back by its workflow.
					activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, in.ID, migration.Change{State: migration.InstanceRunning}))
				}
			}
			activitytest.Same(t, "requests", 0, len(c.Door.Calls(startPath)))
		})
	}
}
