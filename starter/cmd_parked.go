package main

import (
	"context"

	"github.com/spf13/cobra"

	"jogetferry/migration"
	"jogetferry/starter/report"
)

func (a *App) parkedCommand() *cobra.Command {
	return a.verb(&cobra.Command{
		Use:   "parked",
		Short: "List parked instances, and what you can do",
		Long: `Lists the instances that wait for your decision: what happened to each, and which
actions fit. docs/what-if.md has a section for every reason. One decision for all
that are parked for the same reason: starter resolve --parked-for REASON.`,
	}, 0, 0, func(ctx context.Context, s *session, _ []string) error {
		v, err := report.NewParked(s.ledger.Entries.EntriesEach(ctx, s.config.Migration, migration.Filter{
			States: []migration.InstanceState{migration.InstanceParked},
		}))
		if err != nil {
			return err
		}
		return s.print(v)
	})
}
