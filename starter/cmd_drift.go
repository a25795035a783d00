package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"jogetferry/contract"
	"jogetferry/internal/exitcode"
	"jogetferry/starter/report"
)

func (a *App) driftCommand() *cobra.Command {
	return a.verb(&cobra.Command{
		Use:   "drift",
		Short: "List migrated instances that changed on the source since",
		Long: `Compares every instance that is done with the source as it is now. It lists those
that moved on there since their migration, and those that closed. It changes
nothing.`,
	}, 0, 0, func(ctx context.Context, s *session, _ []string) error { return s.drift(ctx) })
}

func (s *session) drift(ctx context.Context) error {
	if err := s.needPlan(ctx); err != nil {
		return err
	}
	id := contract.DriftID(s.config.Migration)
	run, err := s.startOrFollow(ctx, id, contract.DriftWorkflow, "drift of migration "+string(s.config.Migration), contract.DriftInput{
		Migration: s.config.Migration, Queues: s.queues,
	})
	if err != nil {
		return err
	}
	var result contract.DriftResult
	if err := s.result(ctx, run, &result); err != nil {
		return err
	}
	err = s.print(report.NewDrift(result))
	if result.Moved+result.Closed > 0 {
		err = errors.Join(err, &exitcode.Error{Status: exitcode.Unsettled, Text: fmt.Sprintf(
			"%d moved and %d closed on the source since; see docs/what-if.md#drift", result.Moved, result.Closed)})
	}
	return err
}
