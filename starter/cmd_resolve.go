package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jogetferry/contract"
	"jogetferry/migration"
)

// resolveFlags are the flags of starter resolve.
type resolveFlags struct {
	action, target, reason string
	discard                bool
	park                   int64
}

func (a *App) resolveCommand() *cobra.Command {
	var f resolveFlags
	cmd := &cobra.Command{
		Use:   "resolve INSTANCE",
		Short: "Tell a parked instance what to do",
		Long: `Tells a parked instance what to do. The reason is kept in the ledger only.

ACTIONS
  retry   do the step again, after its cause was mended
  skip    leave the instance as it is; it ends skipped
  redo    take a new snapshot of the source and converge on it
  adopt   the target instance of --target is ours
  accept  what was found is all right; go on`,
	}
	cmd.Flags().StringVar(&f.action, "action", "", "what to do")
	cmd.Flags().StringVar(&f.target, "target", "", "target instance, for adopt")
	cmd.Flags().StringVar(&f.reason, "reason", "", "why, for whoever reads the ledger")
	cmd.Flags().BoolVar(&f.discard, "discard-target-work", false, "redo may throw away work of people on the target")
	cmd.Flags().Int64Var(&f.park, "park", 0, "number of the parking that is meant; default the present one")
	return a.verb(cmd, 1, 1, func(ctx context.Context, s *session, args []string) error { return s.resolve(ctx, args[0], f) })
}

func (s *session) resolve(ctx context.Context, id string, f resolveFlags) error {
	e, err := s.entry(ctx, id)
	if err != nil {
		return err
	}
	if err := f.check(e); err != nil {
		return err
	}
	workflowID := contract.InstanceWorkflowID(s.config.Migration, e.Instance)
	// Nothing may be recorded that nobody can carry out.
	if err := s.needWorkflows(ctx); err != nil {
		return err
	}
	if open, err := s.running(ctx, workflowID); err != nil {
		return err
	} else if !open {
		return mistake("the workflow of %s was ended from outside; starter pilot %s starts it again", id, id)
	}
	action, target := migration.Action(f.action), migration.InstanceID(f.target)
	err = s.ledger.Resolve(ctx, s.config.Migration, e.Instance, migration.Decision{
		ParkID: e.ParkID, Action: action, TargetID: target, Discard: f.discard, By: s.Operator, Text: f.reason,
	})
	if err != nil {
		return err
	}
	var resolved contract.Resolved
	// No update ID of ours: a decision that was refused may be sent again, and the
	// parking's number already keeps one from counting twice.
	err = s.update(ctx, workflowID, "", contract.ResolveUpdate,
		contract.Resolution{Action: action, ParkID: e.ParkID, Target: target, Discard: f.discard}, &resolved)
	if err != nil {
		return err
	}
	return s.print(resolveView{Instance: id, ParkID: resolved.ParkID, Reason: string(resolved.Reason), Action: f.action})
}

// check finds every mistake before anything is written.
func (f resolveFlags) check(e migration.Entry) error {
	fitting := actionNames(e.Reason.Actions())
	switch {
	case e.State != migration.InstanceParked:
		return mistake("%s is %s, not parked: there is nothing to resolve", e.Instance, e.State)
	case f.park != 0 && f.park != e.ParkID:
		return mistake("%s is parked anew (%d, not %d): look at it again with starter show %s", e.Instance, e.ParkID, f.park, e.Instance)
	case f.action == "":
		return mistake("--action is missing; for %s give %s", e.Reason, strings.Join(fitting, ", "))
	case !slices.Contains(allActions(), f.action):
		return unknownWord("action", f.action, allActions())
	case !slices.Contains(fitting, f.action):
		return mistake("action %s does not fit %s; these do: %s", f.action, e.Reason, strings.Join(fitting, ", "))
	case f.action == string(migration.ActionAdopt) && f.target == "":
		return mistake("action adopt needs --target, the target instance to adopt")
	case f.action != string(migration.ActionAdopt) && f.target != "":
		return mistake("action %s takes no --target", f.action)
	case f.discard && f.action != string(migration.ActionRedo):
		return mistake("--discard-target-work belongs to action redo")
	}
	return nil
}

func allActions() []string {
	return actionNames([]migration.Action{
		migration.ActionRetry, migration.ActionSkip, migration.ActionRedo, migration.ActionAdopt, migration.ActionAccept,
	})
}
