package migration_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
)

var intent = migration.StartIntent{
	Definition: migration.DefinitionID{Package: "crm", Version: "5", Process: "approve"},
	Requester:  "cat",
	Record:     "rec-1",
	Variables:  map[string]string{"status": "pending"},
}

func candidate(change func(*migration.Linked)) migration.Linked {
	l := migration.Linked{
		TargetIdentity: migration.TargetIdentity{ID: "9_crm_approve", Definition: intent.Definition, Requester: "cat", Origin: "rec-1"},
		State:          migration.StateRunning,
		Begun:          []migration.Variable{{Name: "status", Kind: migration.VariableString, Value: "pending"}},
		Waiting:        1,
	}
	if change != nil {
		change(&l)
	}
	return l
}

func TestDecideReconcile(t *testing.T) {
	t.Parallel()
	park := func(r migration.Reason, id migration.InstanceID) migration.StartDecision {
		return migration.StartDecision{Action: migration.StartPark, Reason: r, Candidate: id}
	}
	for _, tc := range []struct {
		name       string
		knowledge  migration.StartKnowledge
		intent     func(*migration.StartIntent) // nil: what they all ask for
		candidates []migration.Linked
		want       migration.StartDecision
	}{
		{
			name:      "claimed_was_never_sent",
			knowledge: migration.StartKnowledge{Claim: migration.ClaimClaimed},
			want:      migration.StartDecision{Action: migration.StartRelease},
		},
		{
			name:      "started_is_done",
			knowledge: migration.StartKnowledge{Claim: migration.ClaimStarted},
			want:      migration.StartDecision{Action: migration.StartDone},
		},
		{
			name:      "crash_without_trace_is_waited_out",
			knowledge: migration.StartKnowledge{Claim: migration.ClaimSending},
			want:      migration.StartDecision{Action: migration.StartWait},
		},
		{
			name:       "the_requester_in_another_spelling_is_ours",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimUnknown, Fate: migration.FateAnswered, Over: migration.EndAnswered},
			candidates: []migration.Linked{candidate(func(l *migration.Linked) { l.Requester = "Cat" })},
			want:       migration.StartDecision{Action: migration.StartAdopt, Candidate: "9_crm_approve"},
		},
		{
			name:      "no_answer_is_waited_out",
			knowledge: migration.StartKnowledge{Claim: migration.ClaimUnknown, Fate: migration.FateUnanswered},
			want:      migration.StartDecision{Action: migration.StartWait},
		},
		{
			name:      "settled_without_trace_is_the_operators",
			knowledge: migration.StartKnowledge{Claim: migration.ClaimUnknown, Fate: migration.FateUnanswered, Over: migration.EndSettled},
			want:      park(migration.ReasonStartOutcomeUnknown, ""),
		},
		{
			name:      "never_sent_is_released_at_once",
			knowledge: migration.StartKnowledge{Claim: migration.ClaimSending, Fate: migration.FateNotSent, Over: migration.EndNotSent},
			want:      migration.StartDecision{Action: migration.StartRelease},
		},
		{
			name:      "answered_without_instance_is_released",
			knowledge: migration.StartKnowledge{Claim: migration.ClaimSending, Fate: migration.FateAnswered, Over: migration.EndAnswered},
			want:      migration.StartDecision{Action: migration.StartRelease},
		},
		{
			name:      "typed_refusal_is_parked_with_its_reason",
			knowledge: migration.StartKnowledge{Claim: migration.ClaimSending, Fate: migration.FateAnswered, Over: migration.EndAnswered, Refused: migration.ReasonStartNotAllowed},
			want:      park(migration.ReasonStartNotAllowed, ""),
		},
		{
			name:       "what_is_seen_of_a_start_that_may_still_run_is_left_alone",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimUnknown, Fate: migration.FateUnanswered},
			candidates: []migration.Linked{candidate(nil)},
			want:       migration.StartDecision{Action: migration.StartWait},
		},
		{
			name:       "a_wreck_of_a_start_that_may_still_run_is_left_alone",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimSending},
			candidates: []migration.Linked{candidate(func(l *migration.Linked) { l.State = migration.StateNotStarted })},
			want:       migration.StartDecision{Action: migration.StartWait},
		},
		{
			name:       "what_was_never_sent_made_nothing",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimSending, Fate: migration.FateNotSent, Over: migration.EndNotSent},
			candidates: []migration.Linked{candidate(nil)},
			want:       migration.StartDecision{Action: migration.StartRelease},
		},
		{
			name:       "what_was_not_allowed_made_nothing",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimSending, Fate: migration.FateAnswered, Over: migration.EndAnswered, Refused: migration.ReasonStartNotAllowed},
			candidates: []migration.Linked{candidate(func(l *migration.Linked) { l.State = migration.StateNotStarted })},
			want:       park(migration.ReasonStartNotAllowed, ""),
		},
		{
			name:       "one_that_began_with_other_values_is_ambiguous",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimUnknown, Fate: migration.FateUnanswered, Over: migration.EndAtRest},
			candidates: []migration.Linked{candidate(func(l *migration.Linked) { l.Begun[0].Value = "new" })},
			want:       park(migration.ReasonStartAmbiguous, "9_crm_approve"),
		},
		{
			name:       "one_in_which_nothing_is_open_is_broken",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimSending, Fate: migration.FateAnswered, Over: migration.EndAnswered, Refused: migration.ReasonStartFailed},
			candidates: []migration.Linked{candidate(func(l *migration.Linked) { l.Waiting = 0 })},
			want:       park(migration.ReasonStartBroken, "9_crm_approve"),
		},
		{
			name:       "one_whose_tool_never_ended_is_broken",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimUnknown, Fate: migration.FateUnanswered, Over: migration.EndSettled},
			candidates: []migration.Linked{candidate(func(l *migration.Linked) { l.Working = 1 })},
			want:       park(migration.ReasonStartBroken, "9_crm_approve"),
		},
		{
			name:       "at_rest_with_our_requester_and_values_is_adopted",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimUnknown, Fate: migration.FateUnanswered, Over: migration.EndAtRest},
			candidates: []migration.Linked{candidate(nil)},
			want:       migration.StartDecision{Action: migration.StartAdopt, Candidate: "9_crm_approve"},
		},
		{
			name:       "error_answer_after_the_effect_is_adopted",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimSending, Fate: migration.FateAnswered, Over: migration.EndAnswered, Refused: migration.ReasonStartFailed},
			candidates: []migration.Linked{candidate(nil)},
			want:       migration.StartDecision{Action: migration.StartAdopt, Candidate: "9_crm_approve"},
		},
		{
			name:       "not_started_wreck_is_aborted",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimSending, Fate: migration.FateAnswered, Over: migration.EndAnswered},
			candidates: []migration.Linked{candidate(func(l *migration.Linked) { l.State = migration.StateNotStarted })},
			want:       migration.StartDecision{Action: migration.StartAbort, Candidate: "9_crm_approve"},
		},
		{
			name:       "anonymous_start_is_aborted",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimSending, Over: migration.EndSettled},
			candidates: []migration.Linked{candidate(func(l *migration.Linked) { l.Requester = migration.AnonymousUser })},
			want:       migration.StartDecision{Action: migration.StartAbort, Candidate: "9_crm_approve"},
		},
		{
			name:       "anonymous_start_is_adopted_where_it_was_to_be_one",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimSending, Over: migration.EndSettled},
			intent:     func(i *migration.StartIntent) { i.Requester = migration.AnonymousUser },
			candidates: []migration.Linked{candidate(func(l *migration.Linked) { l.Requester = migration.AnonymousUser })},
			want:       migration.StartDecision{Action: migration.StartAdopt, Candidate: "9_crm_approve"},
		},
		{
			name:       "a_start_of_somebody_is_not_that_of_nobody",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimSending, Over: migration.EndSettled},
			intent:     func(i *migration.StartIntent) { i.Requester = migration.AnonymousUser },
			candidates: []migration.Linked{candidate(nil)},
			want:       park(migration.ReasonStartAmbiguous, "9_crm_approve"),
		},
		{
			name:       "wreck_of_another_requester_is_not_ours_to_abort",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimSending, Over: migration.EndSettled},
			candidates: []migration.Linked{candidate(func(l *migration.Linked) { l.State = migration.StateNotStarted; l.Requester = "tina" })},
			want:       park(migration.ReasonStartAmbiguous, "9_crm_approve"),
		},
		{
			name:       "closed_ran_through",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimSending, Over: migration.EndSettled},
			candidates: []migration.Linked{candidate(func(l *migration.Linked) { l.State = migration.StateCompleted; l.Archived = true })},
			want:       park(migration.ReasonStartRanThrough, "9_crm_approve"),
		},
		{
			name:       "closed_one_of_another_requester_is_ambiguous",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimSending, Over: migration.EndSettled},
			candidates: []migration.Linked{candidate(func(l *migration.Linked) { l.State = migration.StateCompleted; l.Requester = "tina" })},
			want:       park(migration.ReasonStartAmbiguous, "9_crm_approve"),
		},
		{
			name:       "foreign_requester_is_ambiguous",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimSending, Over: migration.EndSettled},
			candidates: []migration.Linked{candidate(func(l *migration.Linked) { l.Requester = "tina" })},
			want:       park(migration.ReasonStartAmbiguous, "9_crm_approve"),
		},
		{
			name:       "foreign_origin_is_ambiguous",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimSending, Over: migration.EndSettled},
			candidates: []migration.Linked{candidate(func(l *migration.Linked) { l.Origin = "rec-2" })},
			want:       park(migration.ReasonStartAmbiguous, "9_crm_approve"),
		},
		{
			name:       "missing_variable_is_ambiguous",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimSending, Over: migration.EndSettled},
			candidates: []migration.Linked{candidate(func(l *migration.Linked) { l.Begun = nil })},
			want:       park(migration.ReasonStartAmbiguous, "9_crm_approve"),
		},
		{
			name:       "a_stranger_is_waited_out_while_ours_may_still_come",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimSending},
			candidates: []migration.Linked{candidate(func(l *migration.Linked) { l.Requester = "tina" })},
			want:       migration.StartDecision{Action: migration.StartWait},
		},
		{
			name:       "several_are_ambiguous",
			knowledge:  migration.StartKnowledge{Claim: migration.ClaimSending, Over: migration.EndSettled},
			candidates: []migration.Linked{candidate(nil), candidate(func(l *migration.Linked) { l.ID = "10_crm_approve" })},
			want:       park(migration.ReasonStartAmbiguous, ""),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			intent := intent
			if tc.intent != nil {
				tc.intent(&intent)
			}
			if diff := cmp.Diff(tc.want, migration.DecideReconcile(tc.knowledge, intent, tc.candidates)); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecideClaimed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name      string
		linked    []migration.Linked
		explained migration.Explained
		baseline  []migration.InstanceID
		first     bool
		accepted  bool
		want      migration.StartAction
	}{
		{name: "nothing_linked_may_send", first: true, want: migration.StartSend},
		{name: "unexplained_in_the_baseline_parks", linked: []migration.Linked{candidate(nil)}, first: true, want: migration.StartPark},
		{name: "the_baseline_does_not_excuse_itself", linked: []migration.Linked{candidate(nil)}, baseline: []migration.InstanceID{"9_crm_approve"}, first: true, want: migration.StartPark},
		{name: "later_claims_allow_the_baseline", linked: []migration.Linked{candidate(nil)}, baseline: []migration.InstanceID{"9_crm_approve"}, want: migration.StartSend},
		{name: "later_claims_stop_at_news", linked: []migration.Linked{candidate(nil)}, want: migration.StartPark},
		{name: "another_instances_target_is_explained", linked: []migration.Linked{candidate(nil)}, explained: migration.Explained{"9_crm_approve": true}, first: true, want: migration.StartSend},
		{name: "a_child_is_explained", linked: []migration.Linked{candidate(func(l *migration.Linked) { l.Child = true })}, first: true, want: migration.StartSend},
		{name: "another_definition_is_explained", linked: []migration.Linked{candidate(func(l *migration.Linked) { l.Definition.Process = "other" })}, first: true, want: migration.StartSend},
		{name: "another_version_is_not", linked: []migration.Linked{candidate(func(l *migration.Linked) { l.Definition.Version = "4" })}, first: true, want: migration.StartPark},
		{name: "a_closed_one_counts_too", linked: []migration.Linked{candidate(func(l *migration.Linked) { l.State = migration.StateCompleted })}, first: true, want: migration.StartPark},
		{name: "the_operator_accepted_it", linked: []migration.Linked{candidate(nil)}, first: true, accepted: true, want: migration.StartSend},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := migration.DecideClaimed(tc.linked, intent, tc.explained, migration.Claim{Baseline: tc.baseline, BaselineTaken: !tc.first, Accepted: tc.accepted})
			if got.Action != tc.want {
				t.Errorf("got %+v, want %s", got, tc.want)
			}
		})
	}
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	linked := []migration.Linked{candidate(nil), candidate(func(l *migration.Linked) { l.ID = "10_crm_approve" }), candidate(func(l *migration.Linked) { l.ID = "3_crm_approve" })}
	for named, want := range map[migration.InstanceID][]migration.InstanceID{
		"":               {"9_crm_approve", "10_crm_approve"},
		"10_crm_approve": {"10_crm_approve"},
		"3_crm_approve":  nil, // it was there before
		"77_crm_other":   nil,
	} {
		claim := migration.Claim{Baseline: []migration.InstanceID{"3_crm_approve"}, Named: named}
		var got []migration.InstanceID
		for _, l := range claim.Candidates(linked, intent, nil) {
			got = append(got, l.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("named %q: %q", named, got)
		}
	}
}

func TestUseOf(t *testing.T) {
	t.Parallel()
	of := func(id migration.InstanceID, change func(*migration.Linked)) migration.Linked {
		return candidate(func(l *migration.Linked) {
			l.ID = id
			if change != nil {
				change(l)
			}
		})
	}
	child := func(l *migration.Linked) { l.Child = true }
	closed := func(l *migration.Linked) { l.State = migration.StateCompleted }
	explained := migration.Explained{"ours": true, "former": true}
	started := migration.Claim{State: migration.ClaimStarted, Baseline: []migration.InstanceID{"before"}}
	for _, tc := range []struct {
		name   string
		claim  migration.Claim
		linked []migration.Linked
		want   migration.RecordUse
	}{
		{name: "nobody", claim: started},
		{name: "somebody", claim: started, linked: []migration.Linked{of("former", closed), of("theirs", nil)}, want: migration.RecordUse{By: "theirs", Since: true}},
		{name: "somebody_who_was_there_before", claim: started, linked: []migration.Linked{of("before", nil)}, want: migration.RecordUse{By: "before"}},
		{name: "both", claim: started, linked: []migration.Linked{of("before", nil), of("theirs", nil)}, want: migration.RecordUse{By: "theirs", Since: true}},
		{name: "somebody_and_nothing_was_started", linked: []migration.Linked{of("theirs", nil)}, want: migration.RecordUse{By: "theirs"}},
		{name: "ours", claim: started, linked: []migration.Linked{of("ours", nil), of("below", child)}},
		{name: "somebody_besides_ours", claim: started, linked: []migration.Linked{of("ours", nil), of("below", child), of("theirs", nil)}, want: migration.RecordUse{By: "theirs", Since: true}},
		{name: "a_subflow_that_outlived_its_root", claim: started, linked: []migration.Linked{of("former", closed), of("below", child)}, want: migration.RecordUse{By: "below", Since: true}},
		{name: "what_has_ended", claim: started, linked: []migration.Linked{of("theirs", closed), of("archived", func(l *migration.Linked) { l.Archived = true })}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := tc.claim.UseOf(tc.linked, explained); got != tc.want {
				t.Errorf("used %+v", got)
			}
		})
	}
}
