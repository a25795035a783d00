package main

import (
	"context"

	"github.com/spf13/cobra"

	"jogetferry/migration"
	"jogetferry/starter/report"
)

func (a *App) statusCommand() *cobra.Command {
	var follow bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the progress of the migration, its waves and workers",
		Long: `Shows how many instances are in each state, all waves, and how many workers poll
for each role. --follow follows the newest open wave until it is settled.`,
	}
	cmd.Flags().BoolVar(&follow, "follow", false, "follow the newest open wave")
	return a.verb(cmd, 0, 0, func(ctx context.Context, s *session, _ []string) error {
		waves, err := s.ledger.Waves.Waves(ctx, s.config.Migration)
		if err != nil {
			return err
		}
		if follow {
			for n := len(waves) - 1; n >= 0; n-- {
				if waves[n].Status.Open() {
					return s.followWave(ctx, waves[n])
				}
			}
			s.say("no wave is open")
		}
		return s.status(ctx, waves)
	})
}

func (s *session) status(ctx context.Context, waves []migration.Wave) error {
	counts, err := s.ledger.Entries.Counts(ctx, s.config.Migration, migration.Filter{})
	if err != nil {
		return err
	}
	v := report.Status{Migration: s.config.Migration, Counts: report.NewCounts(counts), Waves: []report.Wave{}}
	for _, w := range waves {
		c, err := s.ledger.Entries.Counts(ctx, s.config.Migration, migration.Filter{Wave: w.Name})
		if err != nil {
			return err
		}
		v.Waves = append(v.Waves, report.NewWave(w, c))
	}
	if v.Workers, err = s.workers(ctx); err != nil {
		return err
	}
	if missing := idle(v.Workers); missing != "" {
		s.say("%s", missing)
	}
	return s.print(v)
}
