package main

import (
	"context"
	"iter"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"

	"jogetferry/config"
	"jogetferry/migration"
	"jogetferry/store"
)

// Temporal is what the starter needs of client.Client.
type Temporal interface {
	ExecuteWorkflow(ctx context.Context, o client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
	GetWorkflow(ctx context.Context, id, runID string) client.WorkflowRun
	QueryWorkflow(ctx context.Context, id, runID, query string, args ...any) (converter.EncodedValue, error)
	UpdateWorkflow(ctx context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error)
	DescribeWorkflowExecution(ctx context.Context, id, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
	DescribeTaskQueue(ctx context.Context, queue string, t enumspb.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error)
	WorkflowService() workflowservice.WorkflowServiceClient
	Close()
}

// Ledger is what the starter needs of *store.Ledger. All errors are *migration.Error.
type Ledger interface {
	Entry(ctx context.Context, mig string, id migration.InstanceID) (migration.Entry, error)
	EntriesEach(ctx context.Context, mig string, f migration.Filter) iter.Seq2[migration.Entry, error]
	Counts(ctx context.Context, mig string, f migration.Filter) (migration.Counts, error)
	CountsByDefinition(ctx context.Context, mig string, f migration.Filter) ([]migration.DefinitionCounts, error)
	Findings(ctx context.Context, mig string, id migration.InstanceID) ([]migration.Finding, error)
	FindingCounts(ctx context.Context, mig string) ([]migration.FindingCount, error)
	PlanEach(ctx context.Context, mig string, f migration.Filter) iter.Seq2[migration.PlanEntry, error]
	PlanDiff(ctx context.Context, mig string) (migration.PlanDiff, error)
	PlanChanges(ctx context.Context, mig string, move migration.PlanMove) iter.Seq2[migration.PlanChange, error]
	PilotGroups(ctx context.Context, mig string, f migration.Filter) ([]migration.PilotGroup, error)
	Pilots(ctx context.Context, mig string) ([]migration.Pilot, error)
	SavePilot(ctx context.Context, mig string, id migration.InstanceID, by string) error
	Bound(ctx context.Context, mig string) (migration.Binding, error)
	Claimed(ctx context.Context, key migration.ClaimKey) (migration.Claim, error)
	Snapshot(ctx context.Context, mig string, id migration.InstanceID) (migration.Snapshot, error)
	Evidence(ctx context.Context, mig string, id migration.InstanceID) (migration.Evidence, error)
	Comparison(ctx context.Context, mig string, id migration.InstanceID) (migration.Comparison, error)
	Written(ctx context.Context, key migration.ClaimKey) (migration.Written, error)
	Progress(ctx context.Context, mig string, id migration.InstanceID, change migration.Change, lines ...migration.StepLine) error
	Lines(ctx context.Context, mig string, id migration.InstanceID) ([]migration.StepLine, error)
	CreateWave(ctx context.Context, mig string, w migration.Wave) (migration.Wave, error)
	SetWave(ctx context.Context, mig, name string, c migration.WaveChange) error
	Wave(ctx context.Context, mig, name string) (migration.Wave, error)
	Waves(ctx context.Context, mig string) ([]migration.Wave, error)
	Resolve(ctx context.Context, mig string, id migration.InstanceID, d migration.Decision) error
	CreateRollback(ctx context.Context, mig string, ids []migration.InstanceID, discard bool, by string) (migration.Rollback, error)
	RollbackOf(ctx context.Context, mig string, id migration.InstanceID) (migration.RolledBack, error)
	RollbackCounts(ctx context.Context, mig, name string) (map[migration.RollbackOutcome]int, error)
	Rehearsals
	Close() error
}

// connect dials Temporal as TEMPORAL_* and temporal.toml say.
func connect(ctx context.Context) (t Temporal, namespace string, err error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, "", migration.E(migration.CodeInvalid, "read TEMPORAL_* or temporal.toml", "", "%w", err)
	}
	options.Logger = silent{}
	if options.Namespace == "" {
		options.Namespace = client.DefaultNamespace
	}
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, "", temporalError("connect to Temporal", options.HostPort, err)
	}
	return c, options.Namespace, nil
}

func openLedger(ctx context.Context, c *config.Config, actor string) (Ledger, error) {
	ledger, err := store.Open(ctx, c.LedgerDSN().Reveal(), store.Options{Actor: actor})
	if err != nil {
		return nil, err
	}
	return ledger, nil
}

// silent keeps the SDK quiet: what goes wrong comes back as an error.
type silent struct{}

var _ log.Logger = silent{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}
