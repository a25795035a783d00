package target_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/fault"
)

const startPath = "process/start"

// TestStartProcess_makes_one_start has the start answered in every way there is,
// and then reconciled where its outcome is unknown.
func TestStartProcess_makes_one_start(t *testing.T) {
	t.Parallel()
	ok, unknown := contract.Outcome{Status: contract.StatusOK}, contract.Outcome{Status: contract.StatusUnknown}
	fails := func(kind fault.Kind, after bool) func(*activitytest.Case) {
		return func(c *activitytest.Case) {
			c.Door.Faults(fault.Rule{Path: startPath, Kind: kind, Count: 1, After: after})
		}
	}
	for _, tc := range []struct {
		name    string
		happens func(*activitytest.Case)
		settled bool
		start   contract.Outcome
		// What a reconciliation says, waiting where it has an error; none if start is not unknown.
		reconciled contract.Outcome
		waits      bool
		// late: the effect comes after the first reconciliation, and later is what another one says.
		late  bool
		later contract.Outcome
		made  int
		claim migration.ClaimState
	}{
		{name: "answered", happens: func(*activitytest.Case) {}, start: ok, made: 1, claim: migration.ClaimStarted},
		{name: "cut_after_its_effect", happens: fails(fault.CutAfter, false), start: unknown, reconciled: ok, made: 1, claim: migration.ClaimStarted},
		{name: "an_error_after_its_effect", happens: fails(fault.Error500After, false), start: unknown, reconciled: ok, made: 1, claim: migration.ClaimStarted},
		{name: "a_proxys_page_after_its_effect", happens: fails(fault.HTML502, true), start: unknown, reconciled: ok, made: 1, claim: migration.ClaimStarted},
		{name: "nothing_in_the_answer_after_its_effect", happens: fails(fault.Empty200, true), start: unknown, reconciled: ok, made: 1, claim: migration.ClaimStarted},
		{name: "half_an_answer", happens: fails(fault.Truncated, false), start: unknown, reconciled: ok, made: 1, claim: migration.ClaimStarted},
		{
			// Joget sends away who is not logged in before it does anything; what is there then
			// stands in the way of another start.
			name: "a_redirect_after_its_effect", happens: fails(fault.Redirect302, true), start: unknown,
			reconciled: activitytest.Parked(migration.ReasonStartRefused), made: 1, claim: migration.ClaimReleased,
		},
		{name: "cut_before_its_effect_may_still_run", happens: fails(fault.CutBefore, false), start: unknown, waits: true, claim: migration.ClaimUnknown},
		{
			name: "cut_before_its_effect_and_the_time_is_over", happens: fails(fault.CutBefore, false), settled: true, start: unknown,
			reconciled: activitytest.Parked(migration.ReasonStartOutcomeUnknown), claim: migration.ClaimUnknown,
		},
		{
			name: "the_effect_comes_late", happens: fails(fault.DelayedCommit, false), start: unknown, waits: true, late: true, later: ok,
			made: 1, claim: migration.ClaimStarted,
		},
		{name: "a_proxys_page_before_its_effect_may_still_run", happens: fails(fault.HTML502, false), start: unknown, waits: true, claim: migration.ClaimUnknown},
		{
			name: "an_error_before_its_effect_frees_the_start", happens: fails(fault.Error500Before, false), start: unknown,
			reconciled: contract.Outcome{Status: contract.StatusAgain, Reason: migration.ReasonStartFailed}, claim: migration.ClaimReleased,
		},
		{
			name: "a_redirect_to_the_login", happens: fails(fault.Redirect302, false), start: unknown,
			reconciled: activitytest.Parked(migration.ReasonStartRefused), claim: migration.ClaimReleased,
		},
		{
			name: "refused_for_its_referer", happens: fails(fault.Bad400, false), start: unknown,
			reconciled: activitytest.Parked(migration.ReasonStartRefused), claim: migration.ClaimReleased,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Ready(c)
			j := scene.Worker(c)
			if tc.settled {
				j = scene.Worker(c, scene.Settled)
			}
			tc.happens(c)
			out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
			activitytest.Must(t, err)
			activitytest.Same(t, "start", tc.start, activitytest.Decided(out.Outcome))
			if tc.start.Status == contract.StatusUnknown {
				// Whoever comes again does not send.
				out, err = activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
				activitytest.Must(t, err)
				activitytest.Same(t, "start, once more", tc.start, activitytest.Decided(out.Outcome))
				out, err = activitytest.Run(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
				if tc.waits != (activitytest.TypeOf(err) == contract.WaitingType) || !tc.waits && err != nil {
					t.Errorf("the reconciliation has error %v, want waiting %t", err, tc.waits)
				}
				activitytest.Same(t, "reconciled", tc.reconciled, activitytest.Decided(out.Outcome))
			}
			if tc.late {
				c.Door.Late()
				out, err = activitytest.Retry(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
				activitytest.Must(t, err)
				activitytest.Same(t, "reconciled when the effect was there", tc.later, activitytest.Decided(out.Outcome))
			}
			activitytest.Same(t, "requests", 1, len(c.Door.Calls(startPath)))
			if made := in.Done(effects.Start); len(made) != tc.made || tc.made == 1 && made[0] != "start by cat" {
				t.Errorf("on the target: %q, want %d starts", made, tc.made)
			}
			claim := in.Claim()
			activitytest.Same(t, "claim", tc.claim, claim.State)
			if tc.claim == migration.ClaimStarted {
				activitytest.Same(t, "target in the ledger", in.Entry().TargetID, claim.Started.ID)
				activitytest.Same(t, "target told", claim.Started.ID, out.Target)
				activitytest.Same(t, "linked", []string{"cat open.running"}, in.Linked())
			}
		})
	}
}

// TestStartProcess_after_a_failed_one has an attempt that Joget answered with an error.
func TestStartProcess_after_a_failed_one(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in, j := scene.Ready(c), scene.Worker(c)
	c.Door.Faults(fault.Rule{Path: startPath, Kind: fault.Error500Before, Count: 1})
	for _, want := range []contract.Status{contract.StatusUnknown, contract.StatusOK} {
		out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
		activitytest.Must(t, err)
		activitytest.Same(t, "start", want, out.Status)
		if want == contract.StatusUnknown {
			again, err := activitytest.Run(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
			activitytest.Must(t, err)
			activitytest.Same(t, "reconciled", contract.StatusAgain, again.Status)
		}
	}
	activitytest.Same(t, "on the target", []string{"start by cat"}, in.Done(effects.Start))
	activitytest.Same(t, "attempts", 2, in.Claim().Attempt)
}

// TestStartProcess_does_not_send has what must not be started, and says why.
func TestStartProcess_does_not_send(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		happens func(*testing.T, *activitytest.Case, *activitytest.Instance, *scene.Ports)
		want    contract.Outcome
		fails   string
		claim   migration.ClaimState
		state   migration.InstanceState
	}{
		{
			name: "somebody_started_one_already",
			happens: func(_ *testing.T, _ *activitytest.Case, in *activitytest.Instance, _ *scene.Ports) {
				in.StartUnknown("terry", nil)
			},
			want: activitytest.Parked(migration.ReasonStartedEarlier), claim: migration.ClaimReleased, state: migration.InstanceParked,
		},
		{
			name: "another_instance_of_the_record_is_being_started",
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance, _ *scene.Ports) {
				other := c.Begin(activitytest.Begin{Process: "leave/process1", Record: in.Record})
				_, got, err := c.Ledger.Claim(t.Context(), other.Key(), in.Record, "other", c.Migration)
				if err != nil || !got {
					t.Fatal(got, err)
				}
			},
			want: contract.Outcome{Status: contract.StatusBusy}, state: migration.InstanceWaiting,
		},
		{
			name: "the_requester_cannot_log_in",
			happens: func(_ *testing.T, _ *activitytest.Case, _ *activitytest.Instance, j *scene.Ports) {
				j.Settings.Users = map[migration.User]migration.User{"cat": "nobody"}
			},
			want: activitytest.Parked(migration.ReasonIdentityRefused), state: migration.InstanceParked,
		},
		{
			name: "the_target_was_restored_from_a_backup",
			happens: func(t *testing.T, c *activitytest.Case, _ *activitytest.Instance, _ *scene.Ports) {
				scene.Raised(t, c)
			},
			want: activitytest.Parked(migration.ReasonTargetRewound), state: migration.InstanceParked,
		},
		{
			name: "the_url_is_another_servers",
			happens: func(_ *testing.T, c *activitytest.Case, _ *activitytest.Instance, j *scene.Ports) {
				j.Target.DB = c.Source.DB
			},
			fails: string(migration.CodeRefused), state: migration.InstanceReady,
		},
		{
			name: "the_administrators_login_is_somebody_elses",
			happens: func(_ *testing.T, _ *activitytest.Case, _ *activitytest.Instance, j *scene.Ports) {
				j.Settings.AdminUser = "julia"
			},
			fails: string(migration.CodeRefused), state: migration.InstanceReady,
		},
		{
			name: "another_version_is_published_than_planned",
			happens: func(_ *testing.T, _ *activitytest.Case, in *activitytest.Instance, _ *scene.Ports) {
				in.Target.Version = "4"
				in.Plan()
			},
			want: activitytest.Parked(migration.ReasonSourceBlocked), state: migration.InstanceParked,
		},
		{
			name: "its_variables_are_too_long_for_one_call",
			happens: func(_ *testing.T, c *activitytest.Case, _ *activitytest.Instance, j *scene.Ports) {
				j.API = c.Client(func(o *api.Options) { o.MaxPost = 100 })
			},
			want: activitytest.Parked(migration.ReasonSourceBlocked), state: migration.InstanceParked,
		},
		{
			name: "the_worker_is_another_servers",
			happens: func(_ *testing.T, _ *activitytest.Case, _ *activitytest.Instance, j *scene.Ports) {
				j.Target.Fingerprint = "elsewhere"
			},
			fails: contract.MisdirectedType, state: migration.InstanceReady,
		},
		{
			name: "it_is_done",
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance, _ *scene.Ports) {
				activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, in.ID, migration.Change{State: migration.InstanceDone, Verdict: migration.VerdictSame}))
			},
			want: contract.Outcome{Status: contract.StatusDone}, state: migration.InstanceDone,
		},
		{
			name: "it_was_skipped",
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance, _ *scene.Ports) {
				activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, in.ID, migration.Change{State: migration.InstanceSkipped, Reason: migration.ReasonSourceClosed}))
			},
			want: contract.Outcome{Status: contract.StatusSkipped, Reason: migration.ReasonSourceClosed}, state: migration.InstanceSkipped,
		},
		{
			name: "an_attempt_that_died_has_claimed_it",
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance, _ *scene.Ports) {
				scene.Claimed(t, c, in, migration.ClaimClaimed)
			},
			want: contract.Outcome{Status: contract.StatusUnknown}, claim: migration.ClaimClaimed, state: migration.InstanceReady,
		},
		{
			name: "an_attempt_that_died_was_sending",
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance, _ *scene.Ports) {
				scene.Claimed(t, c, in, migration.ClaimSending)
			},
			want: contract.Outcome{Status: contract.StatusUnknown}, claim: migration.ClaimSending, state: migration.InstanceReady,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Ready(c)
			j := scene.Worker(c)
			tc.happens(t, c, in, j)
			out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
			activitytest.Same(t, "error", tc.fails, activitytest.TypeOf(err))
			activitytest.Same(t, "outcome", tc.want, activitytest.Decided(out.Outcome))
			activitytest.Same(t, "requests", 0, len(c.Door.Calls(startPath)))
			activitytest.Same(t, "claim", tc.claim, in.Claim().State)
			activitytest.Same(t, "state", tc.state, in.Entry().State)
			if tc.want.Status == contract.StatusParked && out.ParkID != in.Entry().ParkID {
				t.Errorf("parking %d is told, the ledger has %d", out.ParkID, in.Entry().ParkID)
			}
		})
	}
}

func TestStartProcess_of_a_record_that_is_an_instance(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	other := scene.Leave(c)
	in := c.Begin(activitytest.Begin{Process: "leave/process1", Record: migration.RecordID(other.StartUnknown("cat", nil))})
	in.Plan()
	in.Copy()
	out, err := activitytest.Run(t, scene.Worker(c).Register, contract.StartProcess, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "outcome", activitytest.Parked(migration.ReasonSourceBlocked), activitytest.Decided(out.Outcome))
	activitytest.Same(t, "requests", 0, len(c.Door.Calls(startPath)))
	activitytest.Same(t, "claim", migration.ClaimReleased, in.Claim().State)
}

// TestStartProcess_that_is_not_allowed has a white list that the requester is not in.
func TestStartProcess_that_is_not_allowed(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	c.Target.Put("app_package_participant", "processDefId", "relay", "participantId", "processStartWhiteList", "packageId", "claims",
		"packageVersion", activitytest.TargetVersion, "ouid", "relay::processStartWhiteList", "type", "user", "value", "julia")
	in := c.Begin(activitytest.Begin{Process: "claims/relay"})
	in.Plan()
	in.Copy()
	j := scene.Worker(c)
	out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "start", contract.StatusUnknown, out.Status)
	out, err = activitytest.Run(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	activitytest.Same(t, "reconciled", activitytest.Parked(migration.ReasonStartNotAllowed), activitytest.Decided(out.Outcome))
	activitytest.Same(t, "claim", migration.ClaimReleased, in.Claim().State)
	activitytest.Same(t, "linked", []string{}, in.Linked())
}

// TestStartProcess_without_a_login starts as nobody what nobody started, and looks for
// a start without a login where somebody was to start: those are no starts of ours.
func TestStartProcess_without_a_login(t *testing.T) {
	t.Parallel()
	anonymous := activitytest.Begin{Process: "onboard/onboarding", Requester: migration.AnonymousUser, Variables: map[string]string{"candidate": "Jack"}}
	for _, tc := range []struct {
		name  string
		begin activitytest.Begin
		kind  fault.Kind
		want  contract.Outcome
		// reconciled is what follows where the start is unknown.
		reconciled contract.Outcome
		linked     []string
	}{
		{name: "answered", begin: anonymous, want: contract.Outcome{Status: contract.StatusOK}, linked: []string{"roleAnonymous open.running"}},
		{
			name: "found_where_no_answer_came", begin: anonymous, kind: fault.CutAfter, want: contract.Outcome{Status: contract.StatusUnknown},
			reconciled: contract.Outcome{Status: contract.StatusOK}, linked: []string{"roleAnonymous open.running"},
		},
		{
			name: "where_only_users_may", begin: activitytest.Begin{Process: "leave/process1", Requester: migration.AnonymousUser},
			want:       contract.Outcome{Status: contract.StatusUnknown},
			reconciled: activitytest.Parked(migration.ReasonStartNotAllowed), linked: []string{},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in, j := c.Begin(tc.begin), scene.Worker(c)
			in.Plan()
			in.Copy()
			if tc.kind != "" {
				c.Door.Faults(fault.Rule{Path: startPath, Kind: tc.kind, Count: 1})
			}
			out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
			activitytest.Must(t, err)
			activitytest.Same(t, "start", tc.want, activitytest.Decided(out.Outcome))
			if tc.want.Status == contract.StatusUnknown {
				out, err = activitytest.Retry(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
				activitytest.Must(t, err)
				activitytest.Same(t, "reconciled", tc.reconciled, activitytest.Decided(out.Outcome))
			}
			activitytest.Same(t, "linked", tc.linked, in.Linked())
			activitytest.Same(t, "requests", 1, len(c.Door.Calls(startPath)))
		})
	}
}

// TestStartProcess_whose_login_is_lost has a master login that stops to work between
// the proof of who calls and the start, which Joget then makes as of nobody.
func TestStartProcess_whose_login_is_lost(t *testing.T) {
	t.Parallel()
	s := activitytest.New(t)
	c := s.Case(t)
	in := c.Begin(activitytest.Begin{Process: "onboard/onboarding", Variables: map[string]string{"candidate": "Jack"}})
	in.Plan()
	in.Copy()
	j := scene.Worker(c)
	c.Door.At(activitytest.Sent, startPath, func() {
		c.Target.Exec("UPDATE wf_setup SET value = 'changed' WHERE property = 'masterLoginPassword'")
		if err := c.Target.Engine.ReloadSettings(t.Context()); err != nil {
			t.Error(err)
		}
	})
	out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "start", contract.StatusUnknown, out.Status)
	again, err := activitytest.Retry(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	activitytest.Same(t, "reconciled", activitytest.Parked(migration.ReasonStartAmbiguous), activitytest.Decided(again.Outcome))
	activitytest.Same(t, "linked", []string{"roleAnonymous closed.aborted"}, in.Linked())
}

// TestMigration_without_a_login takes an instance that nobody requested to its end: whom
// the mapping of its requester means is nobody, too.
func TestMigration_without_a_login(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := c.Begin(activitytest.Begin{Process: "onboard/onboarding", Requester: migration.AnonymousUser, Variables: map[string]string{"candidate": "Jack"}})
	in.Plan()
	scene.Migrated(t, c, in)
	activitytest.Same(t, "the target", in.OnSource(), in.OnTarget())
	activitytest.Same(t, "starts", []string{"start by roleAnonymous"}, in.Done(effects.Start))
}

// TestStartProcess_that_ran_through has the new instance closed before anybody looks.
func TestStartProcess_that_ran_through(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		kind fault.Kind
	}{{name: "answered"}, {"cut", fault.CutAfter}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in, j := scene.Ready(c), scene.Worker(c)
			c.Door.At(activitytest.Effected, startPath, func() {
				linked, err := c.Target.DB.Fresh().LinkedInstances(t.Context(), in.Record)
				if err != nil || len(linked) != 1 {
					t.Error(linked, err)
					return
				}
				c.Target.Abort(linked[0].ID)
			})
			if tc.kind != "" {
				c.Door.Faults(fault.Rule{Path: startPath, Kind: tc.kind, Count: 1})
			}
			out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
			activitytest.Must(t, err)
			if tc.kind != "" {
				activitytest.Same(t, "start", contract.StatusUnknown, out.Status)
				// It was aborted: whether it still worked then, only time tells.
				_, err = activitytest.Run(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
				activitytest.Same(t, "at first", contract.WaitingType, activitytest.TypeOf(err))
				out, err = activitytest.Run(t, scene.Worker(c, scene.Settled).Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
				activitytest.Must(t, err)
			}
			activitytest.Same(t, "outcome", activitytest.Parked(migration.ReasonStartRanThrough), activitytest.Decided(out.Outcome))
			activitytest.Same(t, "claim", migration.ClaimStarted, in.Claim().State)
			activitytest.Same(t, "on the target", []string{"start by cat"}, in.Done(effects.Start))
		})
	}
}

// TestStartProcess_whose_answer_names_a_stranger has an answer with the ID of an
// instance that is not of the record. What else there is of the record was not made by
// that start, however much it looks so.
func TestStartProcess_whose_answer_names_a_stranger(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		other bool // an instance of the record comes meanwhile, with the same values
	}{{"alone", false}, {"and_another_one_is_like_ours", true}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Ready(c)
			stranger := scene.Leave(c).StartUnknown("cat", nil)
			door, err := url.Parse(c.Door.URL)
			activitytest.Must(t, err)
			proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
				r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = door.Scheme, door.Host, r.In.Host
			}}
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.Contains(r.URL.Path, startPath) {
					proxy.ServeHTTP(w, r)
					return
				}
				if tc.other {
					proxy.ServeHTTP(httptest.NewRecorder(), r)
				}
				w.Header().Set("Content-Type", "application/json; charset=utf-8")
				answer := map[string]string{"processId": string(stranger), "recordId": string(in.Record), "activityId": ""}
				if err := json.NewEncoder(w).Encode(answer); err != nil {
					t.Error(err)
				}
			}))
			t.Cleanup(front.Close)
			j := scene.Worker(c, scene.Settled, func(j *scene.Ports) {
				j.API = c.Client(func(o *api.Options) { o.BaseURL = front.URL + "/jw" })
			})
			out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
			activitytest.Must(t, err)
			activitytest.Same(t, "start", contract.StatusUnknown, out.Status)
			linked := []string{}
			if tc.other {
				linked = []string{"cat open.running"}
			}
			activitytest.Same(t, "linked", linked, in.Linked())
			for range 2 {
				out, err = activitytest.Run(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
				activitytest.Must(t, err)
				activitytest.Same(t, "reconciled", activitytest.Parked(migration.ReasonStartAmbiguous), activitytest.Decided(out.Outcome))
				if !strings.Contains(out.Message, string(stranger)) {
					t.Errorf("the message does not name it: %q", out.Message)
				}
			}
			activitytest.Same(t, "claim", migration.ClaimSending, in.Claim().State)
			// What the operator names is ours all the same.
			if tc.other {
				park := in.Entry().ParkID
				_, err = activitytest.Run(t, j.Register, contract.ResolveInstance, contract.ResolveInput{
					StepInput: in.Step(), ParkID: park, Reason: migration.ReasonStartAmbiguous, Action: migration.ActionAdopt, Target: scene.First(c, in),
				})
				activitytest.Must(t, err)
				activitytest.Same(t, "adopted", migration.ClaimStarted, in.Claim().State)
			}
		})
	}
}

// TestStartProcess_whose_worker_dies takes the ledger from it, stops it or has it
// panic, and then another worker goes on.
func TestStartProcess_whose_worker_dies(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		dies func(*testing.T, *activitytest.Case, *scene.Ports, *activitytest.Attempt)
		// first is how the attempt ends ("" when it says that it does not know), and next
		// what its successor says.
		first string
		next  contract.Status
		made  int
	}{
		{
			name: "before_it_claims",
			dies: func(_ *testing.T, c *activitytest.Case, j *scene.Ports, _ *activitytest.Attempt) {
				j.Ledger = c.OpenLedger()
				c.Door.At(activitytest.Sent, "currentUsername", func() { _ = j.Ledger.Close() })
			},
			first: string(migration.CodeUnavailable), next: contract.StatusAgain, made: 1,
		},
		{
			name: "while_it_sends",
			dies: func(_ *testing.T, c *activitytest.Case, j *scene.Ports, _ *activitytest.Attempt) {
				j.Ledger = c.OpenLedger()
				c.Door.At(activitytest.Sent, startPath, func() { _ = j.Ledger.Close() })
			},
			next: contract.StatusOK, made: 1,
		},
		{
			name: "before_it_writes_the_outcome",
			dies: func(_ *testing.T, c *activitytest.Case, j *scene.Ports, _ *activitytest.Attempt) {
				j.Ledger = c.OpenLedger()
				c.Door.At(activitytest.Effected, startPath, func() { _ = j.Ledger.Close() })
			},
			next: contract.StatusOK, made: 1,
		},
		{
			name: "in_a_panic_before_it_writes_the_outcome",
			dies: func(_ *testing.T, c *activitytest.Case, j *scene.Ports, _ *activitytest.Attempt) {
				j.API = c.Client(func(o *api.Options) {
					o.Observe = func(seen api.Observation) {
						if strings.Contains(seen.Op, startPath) {
							panic("no such instance")
						}
					}
				})
			},
			first: string(migration.CodeInternal), next: contract.StatusOK, made: 1,
		},
		{
			name: "of_a_stop_that_does_not_cut_the_call",
			dies: func(_ *testing.T, c *activitytest.Case, _ *scene.Ports, at *activitytest.Attempt) {
				cancel := make(chan struct{})
				at.Cancel = cancel
				c.Door.At(activitytest.Sent, startPath, func() { close(cancel) })
			},
			next: contract.StatusOK, made: 1,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in, j, at := scene.Ready(c), scene.Worker(c), activitytest.NewAttempt()
			tc.dies(t, c, j, &at)
			_, err := activitytest.RunAs(t, j.Register, contract.StartProcess, in.Step(), at)
			activitytest.Same(t, "error", tc.first, activitytest.TypeOf(err))
			healthy := scene.Worker(c)
			out, err := activitytest.Run(t, healthy.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
			activitytest.Must(t, err)
			activitytest.Same(t, "the next worker's word", tc.next, out.Status)
			if tc.next == contract.StatusAgain {
				out, err = activitytest.RunAs(t, healthy.Register, contract.StartProcess, in.Step(), at.Next())
				activitytest.Must(t, err)
				activitytest.Same(t, "start", contract.StatusOK, out.Status)
			}
			if made := in.Done(effects.Start); len(made) != tc.made {
				t.Errorf("on the target: %q", made)
			}
			activitytest.Same(t, "claim", migration.ClaimStarted, in.Claim().State)
			activitytest.Same(t, "target", in.Claim().Started.ID, out.Target)
		})
	}
}

// TestStartProcess_says_what_is_next has instances at different places of the source.
func TestStartProcess_says_what_is_next(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		begin   activitytest.Begin
		works   func(*activitytest.Case, *activitytest.Instance)
		restore bool
		next    *contract.ResumeCall
	}{
		{name: "it_stands_where_it_has_to", begin: activitytest.Begin{Process: "leave/process1"}},
		{
			name: "it_has_to_be_resumed", begin: activitytest.Begin{Process: "leave/process1"},
			works: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Source.Complete(in.ID, "approve", "clark", nil)
			},
			next: &contract.ResumeCall{Activity: "confirm", AbortCurrent: true},
		},
		{
			name: "tools_of_the_start_changed_the_record", restore: true,
			begin: activitytest.Begin{Process: "claims/intake", Row: map[string]string{"title": "water", "stage": "ours"}},
			works: func(c *activitytest.Case, in *activitytest.Instance) {
				c.Source.Edit("claim_case", in.Record, "stage", "ours")
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := c.Begin(tc.begin)
			if tc.works != nil {
				tc.works(c, in)
			}
			in.Plan()
			in.Copy()
			out, err := activitytest.Run(t, scene.Worker(c).Register, contract.StartProcess, in.Step())
			activitytest.Must(t, err)
			want := contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusOK}, Target: in.TargetID(), Restore: tc.restore, Next: tc.next}
			activitytest.Same(t, "start", want, out)
		})
	}
}
