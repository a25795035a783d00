package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"jogetferry/contract"
	"jogetferry/internal/exitcode"
	"jogetferry/migration"
)

func (a *App) pilotCommand() *cobra.Command {
	return a.verb(&cobra.Command{
		Use:   "pilot INSTANCE",
		Short: "Migrate one instance and show every step",
		Long: `Migrates one instance and shows every side effect as it happens. A process
definition needs one verified pilot before a wave may contain it. One that is
under way already is followed. Ctrl-C stops following; the instance goes on.`,
	}, 1, 1, func(ctx context.Context, s *session, args []string) error { return s.pilot(ctx, args[0]) })
}

func (s *session) pilot(ctx context.Context, id string) error {
	e, err := s.entry(ctx, id)
	if err != nil {
		return err
	}
	switch e.State {
	case migration.InstanceDone:
		return mistake("%s is done already, as %s; starter verify %s compares it again", id, e.TargetID, id)
	case migration.InstanceSkipped:
		return mistake("%s was skipped (%s) and has ended; starter show %s tells why", id, e.Reason, id)
	case migration.InstanceParked:
		open, err := s.running(ctx, contract.InstanceWorkflowID(s.config.Migration, e.Instance))
		if err != nil {
			return err
		}
		if open {
			return mistake("%s is parked (%s); starter resolve %s --action ...", id, e.Reason, id)
		}
		// Its workflow is gone, and with it who would take a decision.
		if err := s.ledger.Progress(ctx, s.config.Migration, e.Instance, migration.Change{
			From: []migration.InstanceState{migration.InstanceParked}, State: migration.InstanceReady, Detail: "its workflow is gone; started again",
		}); err != nil {
			return err
		}
	case migration.InstanceBlocked:
		return &exitcode.Error{Status: exitcode.Blocked, Text: fmt.Sprintf("%s is blocked by its findings; see starter show %s, mend them, then starter plan", id, id)}
	case migration.InstanceReady, migration.InstanceWarned, migration.InstanceFailed,
		migration.InstanceClaimed, migration.InstanceRunning, migration.InstanceWaiting:
	}
	seen := int64(0)
	if lines, err := s.ledger.Lines(ctx, s.config.Migration, e.Instance); err != nil {
		return err
	} else if len(lines) > 0 {
		seen = lines[len(lines)-1].ID
	}
	workflowID := contract.InstanceWorkflowID(s.config.Migration, e.Instance)
	_, err = s.start(ctx, workflowID, contract.InstanceWorkflow, "migrate "+id, instanceStart{
		InstanceInput: contract.InstanceInput{Migration: s.config.Migration, Instance: e.Instance, Queues: s.queues},
		definition:    e.Definition.Key(),
	})
	switch {
	case migration.CodeOf(err) == migration.CodeConflict:
		s.say("%s is under way already: following it", id)
	case err != nil:
		return err
	}
	return s.followInstance(ctx, e, seen)
}

// followInstance tells the lines after seen until the instance is settled. One
// that was settled before (failed, or parked without a workflow) has to move first.
func (s *session) followInstance(ctx context.Context, e migration.Entry, seen int64) error {
	workflowID := contract.InstanceWorkflowID(s.config.Migration, e.Instance)
	var watch workerWatch
	moved := !e.State.Settled()
	for looks := 1; ; looks++ {
		lines, err := s.ledger.Lines(ctx, s.config.Migration, e.Instance)
		if err == nil {
			e, err = s.ledger.Entry(ctx, s.config.Migration, e.Instance)
		}
		if ctx.Err() != nil {
			return s.detached(workflowID)
		}
		if err != nil {
			return unreachable("ledger.database", err)
		}
		for _, l := range lines {
			if l.ID > seen {
				v := viewLine(l)
				s.say("%s  %-14s  %s", v.At, v.Step, lineText(v))
				seen, moved = l.ID, true
			}
		}
		open, settled := true, moved && e.State.Settled()
		if looks%looksPerCheck == firstCheck && !settled {
			if open, err = s.running(ctx, workflowID); err == nil {
				err = watch.look(ctx, s)
			}
			if err != nil && ctx.Err() == nil {
				return err
			}
		}
		if settled || !open {
			return s.endOfInstance(ctx, e, open)
		}
		if err := s.Wait(ctx, lookEvery); err != nil {
			return s.detached(workflowID)
		}
	}
}

func (s *session) endOfInstance(ctx context.Context, e migration.Entry, open bool) error {
	v, err := s.story(ctx, e)
	if err != nil {
		return err
	}
	err = s.print(v)
	switch {
	case e.State == migration.InstanceDone:
		return err
	case !open:
		return errors.Join(err, &exitcode.Error{Status: exitcode.Unsettled, Text: fmt.Sprintf("the workflow of %s was ended from outside while it was %s; starter pilot %s goes on", e.Instance, e.State, e.Instance)})
	}
	return errors.Join(err, &exitcode.Error{Status: exitcode.Unsettled, Text: fmt.Sprintf("%s is %s: %s", e.Instance, e.State, e.Reason)})
}
