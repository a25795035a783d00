package main

import (
	"context"

	"github.com/spf13/cobra"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/starter/report"
)

// Logs is what show tells of an instance.
type Logs interface {
	Findings(ctx context.Context, mig migration.Name, id migration.InstanceID) ([]migration.Finding, error)
	Comparison(ctx context.Context, mig migration.Name, id migration.InstanceID) (migration.Comparison, error)
	Lines(ctx context.Context, mig migration.Name, id migration.InstanceID) ([]migration.StepLine, error)
	ResumeAt(ctx context.Context, mig migration.Name, id migration.InstanceID) (migration.Word, error)
}

func (a *App) showCommand() *cobra.Command {
	return a.verb(&cobra.Command{
		Use:   "show INSTANCE",
		Short: "Show everything about one instance",
		Long: `Shows everything that the ledger has about one instance of the source: its state
and why, where it goes on if you said so, which actions fit, its findings, what the last
comparison of both sides found, and its log, with every side effect. While it waits for a
call to the target to be over, it says why, and for how much longer at the most.`,
	}, 1, 1, func(ctx context.Context, s *session, args []string) error {
		e, err := s.entry(ctx, args[0])
		if err != nil {
			return err
		}
		f, err := s.facts(ctx, e)
		if err != nil {
			return err
		}
		if !e.State.Settled() {
			f.Waits = s.waits(ctx, f.WorkflowID)
		}
		return s.print(report.NewShow(f))
	})
}

// waits says what the workflow of an instance waits for, and how long at the most; ""
// where it waits for nothing, or Temporal does not say.
func (s *session) waits(ctx context.Context, workflowID string) string {
	described, err := s.temporal.Workflows.DescribeWorkflowExecution(ctx, workflowID, "")
	if err != nil {
		return ""
	}
	for _, a := range described.GetPendingActivities() {
		if why := a.GetLastFailure(); why.GetApplicationFailureInfo().GetType() == contract.WaitingType {
			return why.GetMessage()
		}
	}
	return ""
}

// facts gathers what the ledger has about one instance.
func (s *session) facts(ctx context.Context, e migration.Entry) (report.InstanceFacts, error) {
	f := report.InstanceFacts{Entry: e, WorkflowID: contract.InstanceWorkflowID(s.config.Migration, e.Instance)}
	var err error
	if f.Findings, err = s.ledger.Logs.Findings(ctx, s.config.Migration, e.Instance); err != nil {
		return f, err
	}
	compared, err := s.ledger.Logs.Comparison(ctx, s.config.Migration, e.Instance)
	if err == nil {
		f.Comparison = &compared
	} else if migration.CodeOf(err) != migration.CodeNotFound {
		return f, err
	}
	if f.Word, err = s.word(ctx, e.Instance); err != nil {
		return f, err
	}
	f.Log, err = s.ledger.Logs.Lines(ctx, s.config.Migration, e.Instance)
	return f, err
}
