package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"jogetferry/contract"
	"jogetferry/internal/exitcode"
	"jogetferry/migration"
	"jogetferry/starter/report"
)

func (a *App) verifyCommand() *cobra.Command {
	var f passFlags
	var data bool
	cmd := &cobra.Command{
		Use:   "verify [INSTANCE...]",
		Short: "Compare migrated instances, or all form data, on both sides again",
		Long: `Compares migrated instances on both sides again; without arguments, all of them. It
changes nothing on either side. The ledger keeps the result; starter show shows it.
For instances that you name, it lists what differs. "moved" means that somebody
worked on the instance since. Neither that nor differing assignees is an error.

With --data it compares every row of the form tables that starter copy covers, copied
or not, and of --app or --tables besides: by checksums that both databases compute,
and row by row where these differ. It writes to neither side.`,
	}
	cmd.Flags().BoolVar(&data, "data", false, "compare all form data in place of instances")
	f.add(cmd)
	f.addScope()
	return a.verb(cmd, 0, -1, func(ctx context.Context, s *session, args []string) error {
		switch given := f.given("app", "tables", "lanes", "rate", "detach"); {
		case data && len(args) > 0:
			return mistake("give either instances or --data")
		case data:
			return s.pass(ctx, migration.BulkOrder{Pass: migration.BulkPassVerify}, f)
		case given != "":
			return mistake("%s: only with --data", given)
		}
		return s.verify(ctx, args)
	})
}

// maxNamed bounds the instances named in one verification: they travel in its input.
const maxNamed = 1000

func (s *session) verify(ctx context.Context, args []string) error {
	if len(args) > maxNamed {
		return mistake("%d instances are too many, give %d at most, or none to compare all", len(args), maxNamed)
	}
	in := contract.VerifyRunInput{Migration: s.config.Migration, Queues: s.queues}
	for _, id := range args {
		e, err := s.entry(ctx, id)
		if err != nil {
			return err
		}
		if e.TargetID == "" {
			return mistake("%s is %s and has no target instance to compare with", id, e.State)
		}
		in.Instances = append(in.Instances, e.Instance)
	}
	id := contract.VerifyID(s.config.Migration)
	run, err := s.start(ctx, id, contract.VerifyWorkflow, "verify migration "+string(s.config.Migration), in)
	if err != nil {
		if migration.CodeOf(err) == migration.CodeConflict {
			return mistake("%s is running; wait until it has ended", id)
		}
		return err
	}
	var result contract.VerifyRunResult
	if err := s.result(ctx, run, &result); err != nil {
		return err
	}
	v := report.NewVerification(result)
	for _, id := range in.Instances {
		compared, err := s.ledger.Logs.Comparison(ctx, s.config.Migration, id)
		if migration.CodeOf(err) == migration.CodeNotFound {
			continue // it could not be compared: it is among the listed
		}
		if err != nil {
			return err
		}
		v.Add(id, compared)
	}
	err = s.print(v)
	if v.Different+v.Moved > 0 {
		err = errors.Join(err, &exitcode.Error{Status: exitcode.Unsettled, Text: fmt.Sprintf("%d are different and %d moved; see starter show INSTANCE", v.Different, v.Moved)})
	}
	return err
}
