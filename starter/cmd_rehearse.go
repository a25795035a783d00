package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"jogetferry/contract"
	"jogetferry/internal/exitcode"
	"jogetferry/migration"
	"jogetferry/starter/report"
)

// Rehearsals is what rehearse begins and follows.
type Rehearsals interface {
	BeginRehearsal(ctx context.Context, mig migration.Name, id migration.InstanceID, answers migration.Answers, maxSteps int) (number int64, err error)
	Rehearsal(ctx context.Context, number int64) (migration.Rehearsal, error)
	LastRehearsal(ctx context.Context, mig migration.Name, id migration.InstanceID) (migration.Rehearsal, error)
	SettleRehearsal(ctx context.Context, mig migration.Name, id migration.InstanceID, number int64, r migration.RehearsalResult) error
}

// The bounds of --max-steps: a step is a few events of one workflow's history.
const (
	defaultSteps = 100
	mostSteps    = 1000
)

func (a *App) rehearseCommand() *cobra.Command {
	var file string
	steps := defaultSteps
	cmd := a.verb(&cobra.Command{
		Use:   "rehearse INSTANCE",
		Short: "Migrate one instance, complete it to its end, roll it back",
		Long: `Migrates one instance that is ready or warned. Then it completes the assignments
on the target, each as a user who holds it, until the instance ends. It shows the
path and rolls back: the instance can be migrated again. Some traces stay on the
target, and are listed: the closed instance in its history, higher counters, and
what tools did outside of the record.

--answers is a YAML file. For each process and activity of the target it lists the
visits, and for each visit the STRING variables that the form would set.

  crm/process1:
    approve: [{status: resubmit}, {status: approved}]
    resubmit: [{}]

An activity without answers is completed without values if the way ahead does not
depend on them. The rehearsal stops at a decision or a loop without an answer. A
worker compares the names in the file with the definitions before anything is
migrated.

Without --answers the last rehearsal of the instance is shown, or followed if it is
under way. Ctrl-C stops following; the rehearsal goes on. See docs/rehearsal.md.`,
	}, 1, 1, func(ctx context.Context, s *session, args []string) error {
		if file == "" {
			return s.lastRehearsal(ctx, args[0])
		}
		return s.rehearse(ctx, args[0], file, steps)
	})
	cmd.Flags().StringVar(&file, "answers", "", "file that says how activities are completed")
	cmd.Flags().IntVar(&steps, "max-steps", defaultSteps, fmt.Sprintf("stop after so many completed activities, %d at most", mostSteps))
	return cmd
}

// rehearsed is the last rehearsal of an instance.
type rehearsed struct {
	migration.Rehearsal
	open bool // its workflow is
}

// last returns the last rehearsal of an instance, nil for none. One without end
// that has lost its instance, and its workflow, is over: to go on would drive what
// was migrated since.
func (s *session) last(ctx context.Context, id migration.InstanceID) (*rehearsed, error) {
	var last rehearsed
	var err error
	last.Rehearsal, err = s.ledger.Rehearsals.LastRehearsal(ctx, s.config.Migration, id)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return nil, nil
	}
	if err != nil || last.Result != nil {
		return &last, err
	}
	if last.open, err = s.running(ctx, contract.RehearsalID(s.config.Migration, id)); err != nil || last.open {
		return &last, err
	}
	// The workflow may have ended since the first look.
	if last.Rehearsal, err = s.ledger.Rehearsals.Rehearsal(ctx, last.ID); err != nil || last.Result != nil || last.Held {
		return &last, err
	}
	last.Result = &migration.RehearsalResult{Stopped: "it was interrupted, and something else has the instance since"}
	for _, step := range last.Steps {
		if step.Done {
			last.Result.Steps++
		}
	}
	return &last, s.ledger.Rehearsals.SettleRehearsal(ctx, s.config.Migration, id, last.ID, *last.Result)
}

func (s *session) lastRehearsal(ctx context.Context, id string) error {
	e, err := s.entry(ctx, id)
	if err != nil {
		return err
	}
	r, err := s.last(ctx, e.Instance)
	switch {
	case err != nil:
		return err
	case r == nil:
		return mistake("%s has no rehearsal yet; starter rehearse %s --answers FILE starts one", id, id)
	case r.Result != nil:
		return s.endOfRehearsal(ctx, &r.Rehearsal)
	}
	return s.goOn(ctx, e, r)
}

// goOn follows a rehearsal that has no end yet, and begins its workflow again
// unless that is open. Its own answers hold.
func (s *session) goOn(ctx context.Context, e migration.Entry, r *rehearsed) error {
	if r.open {
		s.say("rehearsal %d of %s is under way: following it", r.ID, e.Instance)
		return s.followRehearsal(ctx, e, r.ID)
	}
	if e.State == migration.InstanceRollingBack {
		return mistake("rehearsal %d of %s was ended from outside during its rollback; starter rollback --discard-target-work %s goes on with it", r.ID, e.Instance, e.Instance)
	}
	s.say("rehearsal %d of %s goes on with the answers it began with", r.ID, e.Instance)
	return s.startRehearsal(ctx, e, r.ID, r.MaxSteps)
}

func (s *session) rehearse(ctx context.Context, id, file string, steps int) error {
	if steps < 1 || steps > mostSteps {
		return mistake("--max-steps %d does not fit; give 1 to %d", steps, mostSteps)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return mistake("--answers %s cannot be read: %v", file, err)
	}
	answers, mistakes := readAnswers(text)
	if len(mistakes) > 0 {
		return mistake("%s:\n  %s", file, strings.Join(mistakes, "\n  "))
	}
	e, err := s.entry(ctx, id)
	if err != nil {
		return err
	}
	before, err := s.last(ctx, e.Instance)
	if err != nil {
		return err
	}
	if before != nil && before.Result == nil {
		return s.goOn(ctx, e, before)
	}
	switch e.State {
	case migration.InstanceReady, migration.InstanceWarned:
	case migration.InstanceBlocked:
		return &exitcode.Error{Status: exitcode.Blocked, Text: fmt.Sprintf("%s is blocked by its findings; see starter plan --explain %s, solve them, then run starter plan", id, id)}
	case migration.InstanceDone, migration.InstanceFailed:
		return mistake("%s is %s already; starter rollback %s makes it ready again", id, e.State, id)
	case migration.InstanceParked:
		return mistake("%s is parked (%s); starter resolve %s --action ...", id, e.Reason, id)
	case migration.InstanceSkipped, migration.InstanceClaimed, migration.InstanceRunning, migration.InstanceWaiting, migration.InstanceRollingBack:
		return mistake("%s is %s; only what is ready or warned can be rehearsed", id, e.State)
	}
	number, err := s.ledger.Rehearsals.BeginRehearsal(ctx, s.config.Migration, e.Instance, answers, steps)
	if migration.CodeOf(err) == migration.CodeConflict {
		return mistake("another command has taken %s meanwhile; see starter show %s", id, id)
	}
	var refused *migration.Error
	if errors.As(err, &refused) && refused.Code == migration.CodeInvalid {
		return mistake("%s cannot be rehearsed: %s", id, refused.Hint)
	}
	if err != nil {
		return err
	}
	return s.startRehearsal(ctx, e, number, steps)
}

func (s *session) startRehearsal(ctx context.Context, e migration.Entry, number int64, steps int) error {
	_, err := s.start(ctx, contract.RehearsalID(s.config.Migration, e.Instance), contract.RehearsalWorkflow, "rehearse "+string(e.Instance), contract.RehearsalInput{
		Migration: s.config.Migration, Instance: e.Instance, Rehearsal: number, Queues: s.queues, MaxSteps: steps,
	})
	if err != nil && migration.CodeOf(err) != migration.CodeConflict {
		return err
	}
	return s.followRehearsal(ctx, e, number)
}

// followRehearsal tells the steps until there is an end.
func (s *session) followRehearsal(ctx context.Context, e migration.Entry, number int64) error {
	workflowID := contract.RehearsalID(s.config.Migration, e.Instance)
	var watch workerWatch
	told := 0
	for looks := 1; ; looks++ {
		r, err := s.ledger.Rehearsals.Rehearsal(ctx, number)
		if ctx.Err() != nil {
			return s.detached(workflowID)
		}
		if err != nil {
			return err
		}
		for _, step := range r.Steps {
			if step.Done && step.Number > told {
				s.say("%s", report.NewRehearsalStep(step).Progress())
				told = step.Number
			}
		}
		if r.Result != nil {
			return s.endOfRehearsal(ctx, &r)
		}
		if looks%looksPerCheck == firstCheck {
			open, err := s.running(ctx, workflowID)
			if err == nil {
				err = watch.look(ctx, s)
			}
			if err != nil && ctx.Err() == nil {
				return err
			}
			if !open && err == nil {
				if r, err = s.ledger.Rehearsals.Rehearsal(ctx, number); err == nil && r.Result == nil {
					return &exitcode.Error{Status: exitcode.Unsettled, Text: fmt.Sprintf("the workflow of the rehearsal of %s was ended from outside; starter rehearse %s goes on", e.Instance, e.Instance)}
				}
			}
		}
		if err := s.Wait(ctx, lookEvery); err != nil {
			return s.detached(workflowID)
		}
	}
}

// endOfRehearsal shows how a rehearsal ended. One that failed to compare is a mistake.
func (s *session) endOfRehearsal(ctx context.Context, r *migration.Rehearsal) error {
	if r.Result.Mistakes > 0 {
		return mistake("%s, and nothing was migrated:\n  %s", r.Result.Stopped, strings.Join(r.Mistakes, "\n  "))
	}
	e, err := s.entry(ctx, string(r.Instance))
	if err != nil {
		return err
	}
	v := report.NewRehearsal(e, r)
	err = s.print(v)
	if v.Ended && v.Undone && v.Conflicts == 0 {
		return err
	}
	return errors.Join(err, &exitcode.Error{Status: exitcode.Unsettled, Text: v.Trouble()})
}
