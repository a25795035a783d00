package target_test

import (
	"strings"
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
	"jogetferry/test/simulator/effects"
)

// TestResolveInstance has the operator's word about instances that wait for it.
func TestResolveInstance(t *testing.T) {
	t.Parallel()
	type step func(*testing.T, *activitytest.Case, *activitytest.Instance)
	none := func(*testing.T, *activitytest.Case, *activitytest.Instance) {}
	unknown := func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
		scene.Claimed(t, c, in, migration.ClaimUnknown)
	}
	ranThrough := func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
		in.Start()
		c.Target.Abort(in.TargetID())
	}
	earlier := func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
		in.StartUnknown("terry", nil)
		_, err := activitytest.Run(t, scene.Worker(c).Register, contract.StartProcess, in.Step())
		activitytest.Must(t, err)
	}
	worked := func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
		in.Start()
		c.Target.Complete(in.TargetID(), "approve", "clark", nil)
		c.Target.Complete(in.TargetID(), "confirm", "tina", nil)
	}
	notRekeyed := func(t *testing.T, _ *activitytest.Case, in *activitytest.Instance) {
		activitytest.Same(t, "record on the target", "", in.Entry().TargetRecord)
	}
	for _, tc := range []struct {
		name    string
		happens step
		at      migration.Step
		reason  migration.Reason
		action  migration.Action
		target  func(*activitytest.Case, *activitytest.Instance) migration.InstanceID
		discard bool
		fails   string
		state   migration.InstanceState
		claim   migration.ClaimState
		then    step
	}{
		{
			name: "retry", happens: none, at: migration.StepVerify, reason: migration.ReasonVerifyDiffers, action: migration.ActionRetry,
			state: migration.InstanceRunning,
		},
		{
			name: "retry_of_a_start_without_an_outcome_is_an_exception", happens: unknown, at: migration.StepStart,
			reason: migration.ReasonStartOutcomeUnknown, action: migration.ActionRetry, state: migration.InstanceRunning, claim: migration.ClaimReleased,
		},
		{
			name:    "retry_of_a_start_that_came_to_an_end_meanwhile",
			happens: func(_ *testing.T, _ *activitytest.Case, in *activitytest.Instance) { in.Start() }, at: migration.StepStart,
			reason: migration.ReasonStartOutcomeUnknown, action: migration.ActionRetry, state: migration.InstanceRunning, claim: migration.ClaimStarted,
		},
		{
			name:    "retry_of_a_restored_target_forgets_its_counters",
			happens: func(t *testing.T, c *activitytest.Case, _ *activitytest.Instance) { scene.Raised(t, c) }, at: migration.StepStart,
			reason: migration.ReasonTargetRewound, action: migration.ActionRetry, state: migration.InstanceRunning,
			then: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				out, err := activitytest.Run(t, scene.Worker(c).Register, contract.StartProcess, in.Step())
				activitytest.Must(t, err)
				activitytest.Same(t, "start", contract.StatusOK, out.Status)
			},
		},
		{
			name: "skip_frees_the_record", happens: unknown, at: migration.StepStart, reason: migration.ReasonStartOutcomeUnknown, action: migration.ActionSkip,
			state: migration.InstanceSkipped, claim: migration.ClaimUnknown,
			then: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				holder, err := c.Ledger.RecordHolder(t.Context(), migration.ClaimKey{Source: c.SourcePrint, Instance: "another", Target: c.TargetPrint}, in.Record)
				if err != nil || holder != "" {
					t.Errorf("the record is held by %q: %v", holder, err)
				}
			},
		},
		{
			name: "adopt", happens: earlier, at: migration.StepStart,
			reason: migration.ReasonStartedEarlier, action: migration.ActionAdopt, target: scene.First, state: migration.InstanceRunning, claim: migration.ClaimStarted,
		},
		{
			name: "adopt_what_is_closed", fails: string(migration.CodeInvalid), state: migration.InstanceParked,
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Abort(in.StartUnknown("cat", nil))
			},
			at: migration.StepStart, reason: migration.ReasonStartedEarlier, action: migration.ActionAdopt, target: scene.First,
		},
		{
			name: "adopt_what_is_of_another_definition", fails: string(migration.CodeInvalid), state: migration.InstanceParked,
			happens: func(_ *testing.T, _ *activitytest.Case, in *activitytest.Instance) {
				was := in.Target
				in.Target = migration.DefinitionID{Package: "claims", Version: activitytest.TargetVersion, Process: "rounds"}
				in.StartUnknown("cat", nil)
				in.Target = was
			},
			at: migration.StepStart, reason: migration.ReasonStartedEarlier, action: migration.ActionAdopt, target: scene.First,
		},
		{
			name: "adopt_what_is_of_another_record", fails: string(migration.CodeInvalid), state: migration.InstanceParked, happens: none,
			at: migration.StepStart, reason: migration.ReasonStartedEarlier, action: migration.ActionAdopt,
			target: func(c *activitytest.Case, _ *activitytest.Instance) migration.InstanceID {
				return scene.Leave(c).StartUnknown("cat", nil)
			},
		},
		{
			name: "accept_what_was_started_earlier", state: migration.InstanceRunning, claim: migration.ClaimReleased,
			happens: earlier, at: migration.StepStart, reason: migration.ReasonStartedEarlier, action: migration.ActionAccept,
			then: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				out, err := activitytest.Run(t, scene.Worker(c).Register, contract.StartProcess, in.Step())
				activitytest.Must(t, err)
				activitytest.Same(t, "start", contract.StatusOK, out.Status)
				activitytest.Same(t, "linked", []string{"cat open.running", "terry open.running"}, in.Linked())
			},
		},
		{
			name: "redo_of_what_ran_through", happens: ranThrough, at: migration.StepStart, reason: migration.ReasonStartRanThrough, action: migration.ActionRedo,
			state: migration.InstanceRunning, claim: migration.ClaimReleased,
		},
		{
			name: "redo_of_what_is_open_again", fails: string(migration.CodeInvalid), state: migration.InstanceParked, claim: migration.ClaimStarted,
			happens: func(_ *testing.T, _ *activitytest.Case, in *activitytest.Instance) { in.Start() },
			at:      migration.StepStart, reason: migration.ReasonStartRanThrough, action: migration.ActionRedo,
		},
		{
			name: "redo_of_what_people_brought_to_its_end", fails: string(migration.CodeInvalid), state: migration.InstanceParked, claim: migration.ClaimStarted,
			happens: worked, at: migration.StepStart, reason: migration.ReasonStartRanThrough, action: migration.ActionRedo,
		},
		{
			name: "redo_that_gives_up_what_people_did", happens: worked, at: migration.StepStart, reason: migration.ReasonStartRanThrough, action: migration.ActionRedo,
			discard: true, state: migration.InstanceRunning, claim: migration.ClaimReleased,
		},
		{
			name: "rekey_of_what_was_copied_already", happens: none, at: migration.StepCopyFormData, reason: migration.ReasonRecordConflict,
			action: migration.ActionRekey, fails: string(migration.CodeInvalid), state: migration.InstanceParked, then: notRekeyed,
		},
		{
			name: "rekey_after_the_start", fails: string(migration.CodeInvalid), state: migration.InstanceParked, claim: migration.ClaimStarted, then: notRekeyed,
			happens: func(_ *testing.T, _ *activitytest.Case, in *activitytest.Instance) { in.Start() },
			at:      migration.StepCopyFormData, reason: migration.ReasonRecordConflict, action: migration.ActionRekey,
		},
		{
			name: "rekey_for_another_reason", happens: none, at: migration.StepCopyUploads, reason: migration.ReasonFileConflict, action: migration.ActionRekey,
			fails: string(migration.CodeInvalid), state: migration.InstanceParked, then: notRekeyed,
		},
		{
			name: "rollback_is_for_another_activity", happens: none, at: migration.StepStart, reason: migration.ReasonIdentityRefused, action: migration.ActionRollback,
			state: migration.InstanceParked,
		},
		{
			name: "what_does_not_fit", happens: none, at: migration.StepStart, reason: migration.ReasonIdentityRefused, action: migration.ActionAdopt,
			fails: string(migration.CodeInvalid), state: migration.InstanceParked,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Ready(c)
			tc.happens(t, c, in)
			in2 := contract.ResolveInput{StepInput: in.Step(), ParkID: in.Entry().ParkID, Reason: tc.reason, Action: tc.action, Discard: tc.discard}
			if in2.ParkID == 0 {
				in2.ParkID = scene.Park(t, c, in, tc.at, tc.reason)
			}
			if tc.target != nil {
				in2.Target = tc.target(c, in)
			}
			for range 2 { // what is repeated changes nothing more
				out, err := activitytest.Run(t, scene.Worker(c).Register, contract.ResolveInstance, in2)
				activitytest.Same(t, "error", tc.fails, activitytest.TypeOf(err))
				if tc.fails == "" {
					activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, out)
				}
				activitytest.Same(t, "state", tc.state, in.Entry().State)
				activitytest.Same(t, "claim", tc.claim, in.Claim().State)
			}
			if tc.action == migration.ActionAdopt && tc.fails == "" {
				activitytest.Same(t, "adopted", in2.Target, in.TargetID())
			}
			if tc.then != nil {
				tc.then(t, c, in)
			}
			activitytest.Same(t, "aborted", []string{}, scene.Without(in.Done(effects.Abort), "abort by admin in person"))
		})
	}
}

// TestResolveInstance_of_a_parking_that_is_over has a decision that comes too late.
func TestResolveInstance_of_a_parking_that_is_over(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Ready(c)
	id := scene.Park(t, c, in, migration.StepVerify, migration.ReasonVerifyDiffers)
	in.Decide(migration.ActionRetry, false)
	again, err := c.Ledger.Park(t.Context(), c.Migration, in.ID, migration.Parking{Step: migration.StepVerify, Reason: migration.ReasonVerifyDiffers, Token: "later"})
	activitytest.Must(t, err)
	_, err = activitytest.Run(t, scene.Worker(c).Register, contract.ResolveInstance, contract.ResolveInput{
		StepInput: in.Step(), ParkID: id, Reason: migration.ReasonVerifyDiffers, Action: migration.ActionRetry,
	})
	activitytest.Same(t, "error", string(migration.CodeConflict), activitytest.TypeOf(err))
	if e := in.Entry(); e.State != migration.InstanceParked || e.ParkID != again {
		t.Errorf("it is %s with parking %d", e.State, e.ParkID)
	}
}

// TestResolveInstance_of_what_a_rollback_took has the decision recorded while no
// worker could take it up.
func TestResolveInstance_of_what_a_rollback_took(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Ready(c)
	scene.Claimed(t, c, in, migration.ClaimSending)
	id := scene.Park(t, c, in, migration.StepStart, migration.ReasonStartOutcomeUnknown)
	activitytest.Must(t, c.Ledger.Resolve(t.Context(), c.Migration, in.ID, migration.Decision{ParkID: id, Action: migration.ActionRetry}))
	_, err := c.Ledger.CreateRollback(t.Context(), c.Migration, []migration.InstanceID{in.ID}, false, "")
	activitytest.Must(t, err)
	_, err = activitytest.Run(t, scene.Worker(c).Register, contract.ResolveInstance, contract.ResolveInput{
		StepInput: in.Step(), ParkID: id, Reason: migration.ReasonStartOutcomeUnknown, Action: migration.ActionRetry,
	})
	activitytest.Same(t, "error", string(migration.CodeConflict), activitytest.TypeOf(err))
	activitytest.Same(t, "claim", migration.ClaimSending, in.Claim().State)
}

// TestResolveInstance_rekey gives the record of an instance a new ID where nothing of ours
// has the own one on the target.
func TestResolveInstance_rekey(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		happens func(*testing.T, *activitytest.Case, *activitytest.Instance)
		refused string // names this instance; "": it is not
	}{
		{name: "nothing_of_it_is_there", happens: func(*testing.T, *activitytest.Case, *activitytest.Instance) {}},
		{name: "a_start_was_proven_not_to_have_happened", happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
			scene.Claimed(t, c, in, migration.ClaimClaimed)
			activitytest.Must(t, c.Ledger.Release(t.Context(), in.Key(), "dead", migration.ClaimClaimed, ""))
		}},
		{name: "a_start_may_have_happened", refused: "roll it back first", happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
			scene.Claimed(t, c, in, migration.ClaimSending)
		}},
		{name: "another_instance_brought_it", refused: "8_other_process", happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
			other := migration.ClaimKey{Source: c.SourcePrint, Instance: "8_other_process", Target: c.TargetPrint}
			row := migration.RowKey{Table: in.Table, ID: in.Record}
			activitytest.Must(t, c.Ledger.RowImages(c.Migration, other).Keep(t.Context(), []migration.RowImage{{Key: row, WrittenDigest: migration.Digest{1}}}))
		}},
		{name: "another_instance_is_at_work_on_it", refused: "8_other_process", happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
			other := migration.ClaimKey{Source: c.SourcePrint, Instance: "8_other_process", Target: c.TargetPrint}
			activitytest.Must(t, c.Ledger.HoldRecord(t.Context(), other, in.Record, c.Migration))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Leave(c)
			in.Plan()
			tc.happens(t, c, in)
			park := scene.Park(t, c, in, migration.StepCopyFormData, migration.ReasonRecordConflict)
			var first migration.RecordID
			for range 2 { // what is repeated changes nothing more
				_, err := activitytest.Run(t, scene.Worker(c).Register, contract.ResolveInstance, contract.ResolveInput{
					StepInput: in.Step(), ParkID: park, Reason: migration.ReasonRecordConflict, Action: migration.ActionRekey,
				})
				e := in.Entry()
				if tc.refused != "" {
					if err == nil || !strings.Contains(err.Error(), tc.refused) || strings.Contains(err.Error(), string(in.Record)) {
						t.Errorf("refused with %v, want %q named, and not the record", err, tc.refused)
					}
					if e.State != migration.InstanceParked || e.ParkID != park || e.TargetRecord != "" {
						t.Errorf("it is %s, its record %q on the target", e.State, e.TargetRecord)
					}
					continue
				}
				activitytest.Must(t, err)
				if e.State != migration.InstanceRunning || e.TargetRecord == "" || first != "" && e.TargetRecord != first {
					t.Errorf("it is %s, its record %q, and %q before", e.State, e.TargetRecord, first)
				}
				first = e.TargetRecord
			}
		})
	}
}
