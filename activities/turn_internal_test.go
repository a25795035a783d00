package activities

import (
	"context"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"
	"go.uber.org/zap"
	"google.golang.org/protobuf/types/known/timestamppb"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/internal/mysqltest"
	"jogetferry/migration"
	"jogetferry/store"
)

// turnLedger has one instance of a migration.
func turnLedger(t *testing.T) *store.Ledger {
	t.Helper()
	ledger, err := store.Open(t.Context(), mysqltest.DSN(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ledger.Close() })
	if err := ledger.Bind(t.Context(), migration.Binding{Migration: "m", Source: "source", Target: "target"}, ""); err != nil {
		t.Fatal(err)
	}
	page := []migration.PlanEntry{{Entry: migration.Entry{Instance: "7_crm_p", Definition: crmProcess, Record: "r", State: migration.InstanceReady}}}
	if err := ledger.SavePlan(t.Context(), "m", "p", page); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.FinishPlan(t.Context(), "m", "p"); err != nil {
		t.Fatal(err)
	}
	return ledger
}

// ended is a Temporal whose workflow began at a time and is over.
type ended struct {
	client.Client
	began time.Time
}

func (e ended) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflow.WorkflowExecutionInfo{
		Status: enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, StartTime: timestamppb.New(e.began), CloseTime: timestamppb.New(e.began),
	}}, nil
}

func TestSweep_knows_the_run_of_an_earlier_turn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		began time.Duration
		want  migration.InstanceState
	}{
		{"its_own_run_did_nothing", time.Hour, migration.InstanceFailed},
		{"its_run_was_never_started", -time.Hour, migration.InstanceReady},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			ledger := turnLedger(t)
			if _, err := ledger.CreateWave(t.Context(), "m", migration.Wave{Name: "1", Window: 1, Pilotless: true}); err != nil {
				t.Fatal(err)
			}
			claimed, _, err := ledger.ClaimNext(t.Context(), "m", "1", "token", 1)
			if err != nil || len(claimed) != 1 {
				t.Fatalf("claimed %v, %v", claimed, err)
			}
			b := &Book{Ledger: ledger, Temporal: ended{began: time.Now().Add(tc.began)}, Log: zap.NewNop()}
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestActivityEnvironment()
			sweep := func(ctx context.Context) error { return b.sweep(ctx, "m", "1", 0) }
			env.RegisterActivity(sweep)
			if _, err := env.ExecuteActivity(sweep); err != nil {
				t.Fatal(err)
			}
			if e, err := ledger.Entry(t.Context(), "m", "7_crm_p"); err != nil || e.State != tc.want {
				t.Errorf("it is %s (%s), want %s: %v", e.State, e.Detail, tc.want, err)
			}
		})
	}
}

// TestResolve_of_what_a_rollback_took has the decision recorded while no worker
// could take it up.
func TestResolve_of_what_a_rollback_took(t *testing.T) {
	t.Parallel()
	ledger := turnLedger(t)
	const id = "7_crm_p"
	key := migration.ClaimKey{Source: "source", Instance: id, Target: "target"}
	_, got, err := ledger.Claim(t.Context(), key, "r", "token", "m")
	if err != nil || !got {
		t.Fatalf("claimed %t, %v", got, err)
	}
	if err := ledger.SaveBaseline(t.Context(), key, "token", nil); err != nil {
		t.Fatal(err)
	}
	if err := ledger.Sending(t.Context(), key, "token", nil, crmProcess); err != nil {
		t.Fatal(err)
	}
	parkID, err := ledger.Park(t.Context(), "m", id, migration.Parking{Step: migration.StepStart, Reason: migration.ReasonStartOutcomeUnknown, Token: "t"})
	if err != nil {
		t.Fatal(err)
	}
	if err := ledger.Resolve(t.Context(), "m", id, migration.Decision{ParkID: parkID, Action: migration.ActionRetry}); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.CreateRollback(t.Context(), "m", []migration.InstanceID{id}, false, ""); err != nil {
		t.Fatal(err)
	}
	j := NewJoget(step.Servers{Ledger: ledger, Target: step.Server{Fingerprint: "target"}}, nil)
	_, err = j.ResolveInstance(t.Context(), contract.ResolveInput{
		StepInput: contract.StepInput{Migration: "m", Instance: id}, ParkID: parkID, Reason: migration.ReasonStartOutcomeUnknown, Action: migration.ActionRetry,
	})
	claim, claimErr := ledger.Claimed(t.Context(), key)
	if migration.CodeOf(err) != migration.CodeConflict || claimErr != nil || claim.State != migration.ClaimSending {
		t.Errorf("the start is %s after %v, %v", claim.State, err, claimErr)
	}
}
