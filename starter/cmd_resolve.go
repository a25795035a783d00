package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jogetferry/contract"
	"jogetferry/internal/exitcode"
	"jogetferry/migration"
	"jogetferry/starter/report"
)

// Decisions is where resolve notes what was decided.
type Decisions interface {
	Resolve(ctx context.Context, mig migration.Name, id migration.InstanceID, d migration.Decision) error
	Progress(ctx context.Context, mig migration.Name, id migration.InstanceID, change migration.Change, lines ...migration.StepLine) error
	RecordUsersOf(ctx context.Context, mig migration.Name, record migration.RecordID) ([]migration.InstanceID, error)
}

// resolveFlags are the flags of starter resolve.
type resolveFlags struct {
	action, target, reason, parkedFor string
	resumeAt                          string
	discard                           bool
	park                              int64
}

func (a *App) resolveCommand() *cobra.Command {
	var f resolveFlags
	cmd := &cobra.Command{
		Use:   "resolve INSTANCE",
		Short: "Tell a parked instance what to do",
		Long: `Tells a parked instance what to do, or with --parked-for all that are parked for
one reason. The text of --reason is kept in the ledger only.

ACTIONS
  retry     repeat the step, after you have removed the cause
  skip      leave the instance as it is; it ends skipped
  redo      take a new snapshot of the source and make the target like it; an
            instance that is done is rolled back first, then migrated again
  adopt     the target instance of --target belongs to this instance; go on with it
  accept    the difference is fine; go on
  rekey     give the record a new ID on the target, where another one has its ID, and
            go on; for record_conflict
  rollback  undo everything on the target; the instance is ready again

With retry, --resume-at says at which activities of the target an instance goes on that
is parked for nothing_to_resume, source_blocked or resume_not_converging. A tool or
route among them is run again.`,
	}
	cmd.Flags().StringVar(&f.action, "action", "", "the action")
	cmd.Flags().StringVar(&f.target, "target", "", "target instance to adopt")
	cmd.Flags().StringVar(&f.reason, "reason", "", "why you decided so; kept in the ledger")
	cmd.Flags().BoolVar(&f.discard, "discard-target-work", false, "let redo and rollback discard what people did on the target")
	cmd.Flags().StringVar(&f.resumeAt, "resume-at", "", resumeAtHelp)
	cmd.Flags().StringVar(&f.parkedFor, "parked-for", "", "all instances that are parked for this `REASON`, instead of one")
	cmd.Flags().Int64Var(&f.park, "park", 0, "number of the parking, as starter parked shows it; default the present one")
	return a.verb(cmd, 0, 1, func(ctx context.Context, s *session, args []string) error {
		switch {
		case (len(args) == 0) == (f.parkedFor == ""):
			return mistake("give either an instance or --parked-for")
		case len(args) == 0:
			return s.resolveAll(ctx, f)
		}
		return s.resolve(ctx, args[0], f)
	})
}

func (s *session) resolve(ctx context.Context, id string, f resolveFlags) error {
	e, err := s.entry(ctx, id)
	if err != nil {
		return err
	}
	if (e.State == migration.InstanceDone || e.State == migration.InstanceRollingBack) && f.action == string(migration.ActionRedo) {
		return s.redo(ctx, e, f)
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
	v, err := s.decide(ctx, e, f)
	if err != nil {
		return err
	}
	return s.print(v)
}

// decide records a decision, and tells the workflow of it.
func (s *session) decide(ctx context.Context, e migration.Entry, f resolveFlags) (report.Resolved, error) {
	action, target := migration.Action(f.action), migration.InstanceID(f.target)
	if action == migration.ActionRekey {
		if err := s.mayRekey(ctx, e); err != nil {
			return report.Resolved{}, err
		}
	}
	at, err := activitiesAt(f.resumeAt)
	if err != nil {
		return report.Resolved{}, err
	}
	err = s.ledger.Decisions.Resolve(ctx, s.config.Migration, e.Instance, migration.Decision{
		ParkID: e.ParkID, Action: action, TargetID: target, Discard: f.discard, ResumeAt: at, By: s.Operator, Text: f.reason,
	})
	if err != nil {
		return report.Resolved{}, err
	}
	var resolved contract.Resolved
	// No update ID of ours: a decision that was refused may be sent again, and the
	// parking's number already keeps one from counting twice.
	err = s.update(ctx, contract.InstanceWorkflowID(s.config.Migration, e.Instance), "", contract.ResolveUpdate,
		contract.Resolution{Action: action, ParkID: e.ParkID, Target: target, Discard: f.discard}, &resolved)
	return report.Resolved{Instance: string(e.Instance), ParkID: resolved.ParkID, Reason: string(resolved.Reason), Action: f.action}, err
}

// mayRekey is a mistake where the record of an instance is on the target under its own ID.
// The worker looks again: it may get there meanwhile.
func (s *session) mayRekey(ctx context.Context, e migration.Entry) error {
	if e.TargetRecord != "" {
		return nil
	}
	users, err := s.ledger.Decisions.RecordUsersOf(ctx, s.config.Migration, e.Record)
	if err != nil || len(users) == 0 {
		return err
	}
	names := make([]string, 0, len(users))
	for _, id := range users {
		names = append(names, string(id))
	}
	return mistake("the record of %s is on the target under its own ID by %s; roll back what brought it there first", e.Instance, strings.Join(names, ", "))
}

// resolveAll decides alike for all that are parked for one reason. One that
// cannot take the decision keeps nobody else from it.
func (s *session) resolveAll(ctx context.Context, f resolveFlags) error {
	entries, err := s.parkedFor(ctx, f)
	if err != nil {
		return err
	}
	v := report.ResolvedAll{Reason: f.parkedFor, Action: f.action, Resolved: []report.Resolved{}, Refused: []report.Refused{}}
	for _, e := range entries {
		one, err := s.decide(ctx, e, f)
		switch {
		case err == nil:
			v.Resolved = append(v.Resolved, one)
		case ctx.Err() != nil, migration.CodeOf(err) == migration.CodeUnavailable:
			return errors.Join(s.print(v), err)
		default:
			v.Refused = append(v.Refused, report.Refused{Instance: string(e.Instance), Message: message(err)})
		}
	}
	err = s.print(v)
	if len(v.Refused) > 0 {
		err = errors.Join(err, &exitcode.Error{Status: exitcode.Unsettled, Text: fmt.Sprintf("%d of %d did not take the decision", len(v.Refused), len(entries))})
	}
	return err
}

// parkedFor returns what is parked for a reason, and finds every mistake before
// anything is written.
func (s *session) parkedFor(ctx context.Context, f resolveFlags) ([]migration.Entry, error) {
	filter := filterFlags{reason: f.parkedFor}
	selected, err := filter.filter(ctx, s)
	if err != nil {
		return nil, err
	}
	sample := migration.Entry{State: migration.InstanceParked, Reason: selected.Reason, ParkID: f.park}
	switch {
	case f.action == string(migration.ActionAdopt):
		return nil, mistake("adopt needs a target instance for each; resolve them one by one")
	case f.resumeAt != "":
		return nil, mistake("--resume-at belongs to one instance; leave it out")
	case f.park != 0:
		return nil, mistake("--park belongs to one instance; leave it out")
	}
	if err := f.check(sample); err != nil {
		return nil, err
	}
	if err := s.needWorkflows(ctx); err != nil {
		return nil, err
	}
	selected.States = []migration.InstanceState{migration.InstanceParked}
	var entries []migration.Entry
	for e, err := range s.ledger.Entries.EntriesEach(ctx, s.config.Migration, selected) {
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	if len(entries) == 0 {
		return nil, mistake("nothing is parked for %s; starter parked lists all that is parked", f.parkedFor)
	}
	return entries, nil
}

// redo undoes an instance that is done and migrates it afresh. One that was
// interrupted meanwhile goes on.
func (s *session) redo(ctx context.Context, e migration.Entry, f resolveFlags) error {
	if f.park != 0 || f.target != "" || f.resumeAt != "" {
		return mistake("%s is %s, not parked; leave out --park, --target and --resume-at", e.Instance, e.State)
	}
	if err := s.needWorkflows(ctx); err != nil {
		return err
	}
	if name, err := s.runningRollback(ctx, []migration.Entry{e}); err != nil {
		return err
	} else if name != "" {
		return mistake("%s is part of rollback %s, which is under way", e.Instance, name)
	}
	line := migration.StepLine{Step: migration.StepRollback, Event: migration.EventRedo, Detail: f.reason, By: s.Operator}
	if err := s.ledger.Decisions.Progress(ctx, s.config.Migration, e.Instance, migration.Change{From: []migration.InstanceState{e.State}}, line); err != nil {
		return err
	}
	seen, err := s.lastLine(ctx, e.Instance)
	if err != nil {
		return err
	}
	_, err = s.start(ctx, contract.InstanceWorkflowID(s.config.Migration, e.Instance), contract.InstanceWorkflow, "redo "+string(e.Instance), instanceStart{
		InstanceInput: contract.InstanceInput{
			Migration: s.config.Migration, Instance: e.Instance, Wave: e.Wave, Queues: s.queues, Mode: contract.ModeRedo, Discard: f.discard,
		},
		definition: e.Definition.Key(),
	})
	if err != nil {
		return err
	}
	end, err := s.followInstance(ctx, e, seen)
	if err != nil {
		return err
	}
	return s.endOfRedo(ctx, end)
}

func (s *session) endOfRedo(ctx context.Context, end followed) error {
	e := end.Entry
	f, err := s.facts(ctx, e)
	if err != nil {
		return err
	}
	was, err := s.ledger.Rollbacks.RollbackOf(ctx, s.config.Migration, e.Instance)
	if err != nil && migration.CodeOf(err) != migration.CodeNotFound {
		return err
	}
	err = s.print(report.NewShow(f))
	unsettled := func(format string, args ...any) error {
		return errors.Join(err, &exitcode.Error{Status: exitcode.Unsettled, Text: fmt.Sprintf(format, args...)})
	}
	switch {
	case was.Outcome == migration.RollbackRefused:
		return unsettled("%s was not undone, and stays as it was; its log says why", e.Instance)
	case e.State == migration.InstanceDone:
		return err
	case !end.open:
		return unsettled("the workflow of %s ended while it was %s; starter rollback %s undoes what is left", e.Instance, e.State, e.Instance)
	}
	return unsettled("%s is %s: %s", e.Instance, e.State, e.Reason)
}

// check finds every mistake before anything is written.
func (f resolveFlags) check(e migration.Entry) error {
	fitting := report.ActionNames(e.Reason.Actions())
	switch {
	case e.State != migration.InstanceParked:
		return mistake("%s is %s, not parked: there is nothing to resolve", e.Instance, e.State)
	case f.park != 0 && f.park != e.ParkID:
		return mistake("%s was parked again since (%d, not %d); look at it with starter show %s", e.Instance, e.ParkID, f.park, e.Instance)
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
	case f.discard && f.action != string(migration.ActionRedo) && f.action != string(migration.ActionRollback):
		return mistake("--discard-target-work belongs to action redo or rollback")
	case f.resumeAt != "" && f.action != string(migration.ActionRetry):
		return mistake("--resume-at belongs to action retry")
	case f.resumeAt != "" && !e.Reason.TakesWord():
		return mistake("--resume-at does not help against %s", e.Reason)
	}
	_, err := activitiesAt(f.resumeAt)
	return err
}

func allActions() []string {
	return report.ActionNames([]migration.Action{
		migration.ActionRetry, migration.ActionSkip, migration.ActionRedo, migration.ActionAdopt, migration.ActionAccept,
		migration.ActionPutBack, migration.ActionRekey, migration.ActionRollback,
	})
}
