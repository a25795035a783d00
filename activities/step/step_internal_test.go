package step

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
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
	}{
		{name: "out_of_reach_is_tried_for_ever", err: coded(migration.CodeUnavailable), soFar: failures{100, 100}, typ: "unavailable"},
		{name: "drifted_is_tried_again", err: coded(migration.CodeDrifted), typ: "drifted"},
		{name: "invalid_is_final", err: coded(migration.CodeInvalid), typ: "invalid", permanent: true},
		{name: "conflict_is_final", err: coded(migration.CodeConflict), typ: "conflict", permanent: true},
		{name: "unsupported_is_final", err: coded(migration.CodeUnsupported), typ: "unsupported", permanent: true},
		{name: "refused_is_final", err: coded(migration.CodeRefused), typ: "refused", permanent: true},
		{name: "no_code_is_tried_a_few_times", err: errors.New(personal), soFar: failures{internal: attemptsBeforeParking - 1, answered: 100}, typ: "internal"},
		{name: "no_code_is_final_in_the_end", err: errors.New(personal), soFar: failures{internal: attemptsBeforeParking}, typ: "internal", permanent: true},
		{name: "waiting_is_no_failure", err: &WaitError{Why: "an earlier call may still run", Delay: time.Minute}, soFar: failures{100, 100}, typ: contract.WaitingType},
		{name: "what_is_another_worker's_is_offered_again", err: fmt.Errorf("of %s: %w", personal, &MisdirectedError{Why: "other servers"}), soFar: failures{100, 100}, typ: contract.MisdirectedType},
		{
			name: "an_error_that_joget_answers_is_tried_often", typ: "unavailable", soFar: failures{internal: 100, answered: answersBeforeParking - 1},
			err: &api.CallError{Op: "process/variable", Fate: api.Answered, Kind: api.KindServerError, Status: 500, Message: personal},
		},
		{
			name: "and_is_final_in_the_end", typ: "unavailable", soFar: failures{answered: answersBeforeParking}, permanent: true,
			err: &api.CallError{Op: "process/variable", Fate: api.Answered, Kind: api.KindServerError, Status: 500, Message: personal},
		},
		{
			name: "no_answer_is_tried_for_ever", typ: "unavailable", soFar: failures{100, 100},
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

// attempted registers do as production does and returns its error after some failures.
func attempted(t *testing.T, soFar failures, do func(context.Context, contract.StepInput) (contract.Outcome, error)) error {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	at := func(ctx context.Context, in contract.StepInput) (contract.Outcome, error) {
		out, err := recovered(ctx, zap.NewNop(), in, do)
		return out, classify(ctx, err, soFar)
	}
	env.RegisterActivityWithOptions(at, activity.RegisterOptions{Name: "step"})
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

func TestPatience_counts_what_fails_and_not_what_waits(t *testing.T) {
	t.Parallel()
	down := &api.CallError{Fate: api.NotSent, Kind: api.KindNotSent}
	starting := &api.CallError{Fate: api.Answered, Kind: api.KindServerError, Status: 500}
	f := failures{}
	for _, err := range []error{&WaitError{}, down, nil, starting, errors.New("hiccup"), starting, migration.E(migration.CodeDrifted, "op", "", "moved")} {
		f = f.after(err)
	}
	if f != (failures{internal: 1, answered: 2}) {
		t.Errorf("%+v", f)
	}
}
