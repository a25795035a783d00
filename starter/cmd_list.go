package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"jogetferry/migration"
	"jogetferry/starter/report"
)

func (a *App) listCommand() *cobra.Command {
	var states []string
	var f filterFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List instances with their target instances",
		Long: `Lists the instances of the ledger, each with its target instance. -o csv gives a
table from old to new instance IDs. Requesters and records are personal data.`,
	}
	cmd.Flags().StringSliceVar(&states, "state", nil, "only these states")
	f.add(cmd)
	cmd.Flags().StringVar(&f.wave, "wave", "", "only this wave")
	cmd.Flags().StringVar(&f.reason, "reason", "", "only this reason")
	return a.verb(cmd, 0, 0, func(ctx context.Context, s *session, _ []string) error {
		filter, err := f.filter(ctx, s)
		if err != nil {
			return err
		}
		for _, state := range states {
			if !slices.Contains(stateNames(), state) {
				return unknownWord("state", state, stateNames())
			}
			filter.States = append(filter.States, migration.InstanceState(state))
		}
		v, err := report.NewList(s.ledger.Entries.EntriesEach(ctx, s.config.Migration, filter))
		if err != nil {
			return err
		}
		return s.print(v)
	})
}

func stateNames() []string {
	var names []string
	for _, s := range migration.InstanceStates() {
		names = append(names, string(s))
	}
	return names
}
