package step

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/migration"
)

// What an activity returns to Temporal never has the cause of an error in it,
// and says by its type whether a repetition can help.
func TestErrorsAsTemporalSeesThem(t *testing.T) {
	t.Parallel()
	const personal = "Duplicate entry 'cat@example.org'"
	coded := func(code migration.Code) error {
		return fmt.Errorf("of %s: %w", personal, migration.E(code, "copy form data", "7_crm_approve", "%s", personal))
	}
	for _, tc := range []struct {
		name      string
		err       error
		soFar     failures
		typ       string
		permanent bool
		says      string
	}{
		{name: "out_of_reach_is_tried_for_ever", err: coded(migration.CodeUnavailable), soFar: failures{failedAnswered, 100}, typ: "unavailable"},
		{name: "drifted_is_tried_again", err: coded(migration.CodeDrifted), typ: "drifted"},
		{name: "invalid_is_final", err: coded(migration.CodeInvalid), typ: "invalid", permanent: true},
		{name: "conflict_is_final", err: coded(migration.CodeConflict), typ: "conflict", permanent: true},
		{name: "unsupported_is_final", err: coded(migration.CodeUnsupported), typ: "unsupported", permanent: true},
		{name: "refused_is_final", err: coded(migration.CodeRefused), typ: "refused", permanent: true},
		{name: "no_code_is_tried_a_few_times", err: errors.New(personal), soFar: failures{failedInternally, patience[failedInternally] - 2}, typ: "internal"},
		{name: "no_code_is_final_in_the_end", err: errors.New(personal), soFar: failures{failedInternally, patience[failedInternally] - 1}, typ: "internal", permanent: true},
		{name: "a_table_that_is_not_there_may_be_news", err: gone, soFar: failures{failedSchema, patience[failedSchema] - 2}, typ: "drifted"},
		{name: "and_is_final_in_the_end_with_its_number", err: gone, soFar: failures{failedSchema, patience[failedSchema] - 1}, typ: "drifted", permanent: true, says: "1146"},
		{name: "an_attempt_that_got_stuck_is_made_again", err: errSilent, soFar: failures{failedSilently, patience[failedSilently] - 2}, typ: "internal"},
		{name: "the_last_of_many_that_got_stuck_is_final", err: errSilent, soFar: failures{failedSilently, patience[failedSilently] - 1}, typ: "internal", permanent: true},
		{name: "nothing_is_done_after_too_many_time-outs", soFar: failures{failedSilently, patience[failedSilently]}, typ: "internal", permanent: true, says: "8 attempts in a row"},
		{name: "waiting_is_no_failure", err: &WaitError{Why: "an earlier call may still run", Delay: time.Minute}, soFar: failures{failedAnswered, 100}, typ: contract.WaitingType},
		{name: "what_is_another_worker's_is_offered_again", err: fmt.Errorf("of %s: %w", personal, &MisdirectedError{Why: "other servers"}), soFar: failures{failedAnswered, 100}, typ: contract.MisdirectedType},
		{
			name: "an_error_that_joget_answers_is_tried_often", typ: "unavailable", soFar: failures{failedAnswered, patience[failedAnswered] - 2},
			err: &api.CallError{Op: "process/variable", Fate: api.Answered, Kind: api.KindServerError, Status: 500, Message: personal},
		},
		{
			name: "and_is_final_in_the_end", typ: "unavailable", soFar: failures{failedAnswered, patience[failedAnswered] - 1}, permanent: true,
			err: &api.CallError{Op: "process/variable", Fate: api.Answered, Kind: api.KindServerError, Status: 500, Message: personal},
		},
		{
			name: "no_answer_is_tried_for_ever", typ: "unavailable", soFar: failures{failedAnswered, 100},
			err: &api.CallError{Op: "process/variable", Fate: api.Unanswered, Kind: api.KindCut, Err: errors.New(personal)},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := attempted(t, tc.soFar, func(context.Context, contract.StepInput) (contract.Outcome, error) { return contract.Outcome{}, tc.err })
			var app *temporal.ApplicationError
			if !errors.As(got, &app) {
				t.Fatalf("%v is no application error", got)
			}
			if app.Type() != tc.typ || app.NonRetryable() != tc.permanent {
				t.Errorf("type %q, final %t; want %q, %t", app.Type(), app.NonRetryable(), tc.typ, tc.permanent)
			}
			if !strings.Contains(app.Message(), tc.says) {
				t.Errorf("%q does not say %q", app.Message(), tc.says)
			}
			if strings.Contains(got.Error(), "cat@") {
				t.Errorf("the cause reached Temporal: %v", got)
			}
		})
	}
}

func TestAPanicIsAnErrorWithoutItsStack(t *testing.T) {
	t.Parallel()
	got := attempted(t, failures{}, func(context.Context, contract.StepInput) (contract.Outcome, error) { panic("cat@example.org") })
	var app *temporal.ApplicationError
	if !errors.As(got, &app) || app.Type() != string(migration.CodeInternal) || strings.Contains(got.Error(), "cat@") {
		t.Errorf("got %v", got)
	}
}

// registry takes activities only.
type registry struct {
	worker.Registry
	env *testsuite.TestActivityEnvironment
}

func (r registry) RegisterActivityWithOptions(a any, o activity.RegisterOptions) {
	r.env.RegisterActivityWithOptions(a, o)
}

// attempted registers do as production does, makes an attempt after some failures of
// earlier ones, and returns its error.
func attempted(t *testing.T, soFar failures, do func(context.Context, contract.StepInput) (contract.Outcome, error)) error {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.SetHeartbeatDetails(memory{Failed: soFar})
	Register(registry{env: env}, zap.NewNop(), contract.Activity[contract.StepInput, contract.Outcome]{Name: "step", Role: contract.RoleCopy}, do)
	_, err := env.ExecuteActivity("step", contract.StepInput{})
	return err
}

func TestRecovered_turns_a_panic_into_an_error(t *testing.T) {
	t.Parallel()
	var g errgroup.Group
	g.Go(Recovered(func() error {
		panic("a nil map")
	}))
	err := g.Wait()
	if migration.CodeOf(err) != migration.CodeInternal || !strings.Contains(err.Error(), "nil map") {
		t.Errorf("got %v", err)
	}
	own := errors.New("its own")
	if err := Recovered(func() error { return own })(); !errors.Is(err, own) {
		t.Errorf("got %v", err)
	}
}

var (
	down     = &api.CallError{Op: "currentUsername", Fate: api.NotSent, Kind: api.KindNotSent}
	starting = &api.CallError{Op: "currentUsername", Fate: api.Answered, Kind: api.KindServerError, Status: 500}
	gone     = &migration.Error{Code: migration.CodeDrifted, Op: "copy form data", Cause: "database error 1146 (42S02)"}
)

// Only what fails again and again in one way parks: not what comes after an outage
// that used up as many attempts, nor what waited for a busy record.
func TestFailures_count_what_comes_one_after_the_other(t *testing.T) {
	t.Parallel()
	waits, hiccup, moved := &WaitError{Why: "an earlier call may still run"}, errors.New("hiccup"), migration.E(migration.CodeDrifted, "op", "", "moved")
	of := func(times int, err error) []error { return slices.Repeat([]error{err}, times) }
	for _, tc := range []struct {
		name string
		errs []error
		want failures
	}{
		{"an_outage_is_nobody's_failure", of(1000, down), failures{}},
		{"the_first_500_after_an_outage", slices.Concat(of(30, down), of(1, starting)), failures{failedAnswered, 1}},
		{"an_outage_begins_the_count_anew", slices.Concat(of(19, starting), of(1, down), of(2, starting)), failures{failedAnswered, 2}},
		{"a_side_that_moves_does_too", slices.Concat(of(7, hiccup), of(1, moved)), failures{}},
		{"another_kind_begins_its_own", slices.Concat(of(19, starting), of(3, hiccup)), failures{failedInternally, 3}},
		{"waiting_says_nothing", slices.Concat(of(3, starting), of(40, waits), of(2, starting)), failures{failedAnswered, 5}},
		{"nor_does_another_worker", slices.Concat(of(3, starting), of(40, &MisdirectedError{}), of(2, starting)), failures{failedAnswered, 5}},
		{"a_table_that_is_not_there", of(4, gone), failures{failedSchema, 4}},
		{"what_was_cut_and_waits_now_gets_on", slices.Concat(of(4, errSilent), of(1, waits)), failures{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var f failures
			for _, err := range tc.errs {
				f = f.after(t.Context(), err)
			}
			if f != tc.want {
				t.Errorf("%+v, want %+v", f, tc.want)
			}
		})
	}
}

func TestMemory_counts_attempts_that_said_nothing(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		kept   memory
		before int32 // attempts
		want   failures
	}{
		{"all_said_how_they_ended", memory{Ended: 12, Failed: failures{failedAnswered, 3}}, 12, failures{failedAnswered, 3}},
		{"one_did_not", memory{Ended: 12, Failed: failures{failedAnswered, 3}}, 13, failures{failedSilently, 1}},
		{"some_did_not", memory{Ended: 3, Failed: failures{failedSilently, 2}}, 7, failures{failedSilently, 6}},
		{"somebody_had_them_counted_anew", memory{Ended: 12, Failed: failures{failedAnswered, 3}}, 0, failures{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := tc.kept.at(tc.before)
			if got.Failed != tc.want || got.Ended != tc.before {
				t.Errorf("%+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestBeat_ends_when_an_attempt_does_not_get_on(t *testing.T) {
	t.Parallel()
	at := &attempt{}
	ctx := context.WithValue(t.Context(), attemptKey{}, at)
	idle := at.idle(at.idle(0))
	Headway(ctx)
	if again := at.idle(idle); idle != 2 || again != 0 {
		t.Errorf("%d beats without headway, and %d after some", idle, again)
	}
	err := attempted(t, failures{}, func(ctx context.Context, _ contract.StepInput) (contract.Outcome, error) {
		if !at.beat(ctx, time.Millisecond, 3) {
			return contract.Outcome{}, errors.New("it beats on")
		}
		return contract.Outcome{}, nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestRegister_passes_on_a_call_that_is_left has an attempt fail for good before it
// learned what became of a call.
func TestRegister_passes_on_a_call_that_is_left(t *testing.T) {
	t.Parallel()
	given := contract.SentCall{Fence: "given", At: time.Unix(1, 0).UTC()}
	for _, over := range []bool{false, true} {
		var suite testsuite.WorkflowTestSuite
		suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
		env := suite.NewTestActivityEnvironment()
		a := contract.Activity[contract.StepInput, contract.Outcome]{Name: "step", Role: contract.RoleJoget}
		Register(registry{env: env}, zap.NewNop(), a, func(ctx context.Context, _ contract.StepInput) (contract.Outcome, error) {
			if over {
				Over(ctx)
			}
			return contract.Outcome{}, &migration.Error{Code: migration.CodeRefused, Op: "test"}
		})
		_, err := env.ExecuteActivity(a.Name, contract.StepInput{Sent: given})
		var app *temporal.ApplicationError
		if !errors.As(err, &app) {
			t.Fatalf("%v is no application error", err)
		}
		var left contract.SentCall
		if app.HasDetails() {
			if err := app.Details(&left); err != nil {
				t.Fatal(err)
			}
		}
		if over != (left == contract.SentCall{}) || !over && left != given {
			t.Errorf("over: %t, and %+v is passed on", over, left)
		}
	}
}
