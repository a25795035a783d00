package main

import (
	"context"

	"github.com/spf13/cobra"

	"jogetferry/migration"
)

func (a *App) parkedCommand() *cobra.Command {
	return a.verb(&cobra.Command{
		Use:   "parked",
		Short: "List what waits for you, and what you can do",
		Long: `Lists the instances that wait for a decision, each with what happened and the
actions that fit; docs/what-if.md has a section for every reason. To decide alike
for all that wait for one reason: starter resolve --parked-for REASON.`,
	}, 0, 0, func(ctx context.Context, s *session, _ []string) error {
		v := parkedView{Parked: []parkedInstanceView{}}
		filter := migration.Filter{States: []migration.InstanceState{migration.InstanceParked}}
		for e, err := range s.ledger.EntriesEach(ctx, s.config.Migration, filter) {
			if err != nil {
				return err
			}
			v.Parked = append(v.Parked, parkedInstanceView{
				Instance: string(e.Instance), ParkID: e.ParkID, Step: string(e.Step), Reason: string(e.Reason), Meaning: e.Reason.Text(),
				Detail: e.Detail, Actions: actionNames(e.Reason.Actions()), Wave: e.Wave, Since: stamp(e.UpdatedAt), Doc: section(e.Reason),
			})
		}
		return s.print(v)
	})
}
