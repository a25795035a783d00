package main

import (
	"context"

	"github.com/spf13/cobra"

	"jogetferry/contract"
	"jogetferry/migration"
)

func (a *App) showCommand() *cobra.Command {
	return a.verb(&cobra.Command{
		Use:   "show INSTANCE",
		Short: "Tell the whole story of one instance",
		Long: `Tells the whole story of one instance of the source from the ledger: where it
stands and why, what can be done next, its findings, what the last comparison of
both sides found, and every side effect.`,
	}, 1, 1, func(ctx context.Context, s *session, args []string) error {
		e, err := s.entry(ctx, args[0])
		if err != nil {
			return err
		}
		v, err := s.story(ctx, e)
		if err != nil {
			return err
		}
		return s.print(v)
	})
}

// story gathers what the ledger has about one instance.
func (s *session) story(ctx context.Context, e migration.Entry) (showView, error) {
	v := showView{
		instanceView: viewInstance(e), ParkID: e.ParkID, Detail: e.Detail, Lines: []lineView{},
		WorkflowID: contract.InstanceWorkflowID(s.config.Migration, e.Instance),
	}
	if e.Reason != "" {
		v.Meaning, v.Doc = e.Reason.Text(), section(e.Reason)
	}
	if e.State == migration.InstanceParked {
		v.Actions = actionNames(e.Reason.Actions())
	}
	findings, err := s.ledger.Findings(ctx, s.config.Migration, e.Instance)
	if err != nil {
		return v, err
	}
	v.FindingsOf = viewFindings(findings)
	compared, err := s.ledger.Comparison(ctx, s.config.Migration, e.Instance)
	if err == nil {
		v.Comparison = viewComparison(compared)
	} else if migration.CodeOf(err) != migration.CodeNotFound {
		return v, err
	}
	lines, err := s.ledger.Lines(ctx, s.config.Migration, e.Instance)
	for _, l := range lines {
		v.Lines = append(v.Lines, viewLine(l))
	}
	return v, err
}
