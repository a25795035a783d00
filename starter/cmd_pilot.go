package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"jogetferry/contract"
	"jogetferry/internal/exitcode"
	"jogetferry/migration"
	"jogetferry/starter/report"
)

// Pilots is what pilot notes, and what waves rely on.
type Pilots interface {
	PilotGroups(ctx context.Context, mig migration.Name, f migration.Filter) ([]migration.PilotGroup, error)
	Pilots(ctx context.Context, mig migration.Name) ([]migration.Pilot, error)
	SavePilot(ctx context.Context, mig migration.Name, id migration.InstanceID, by string) error
	SayResumeAt(ctx context.Context, mig migration.Name, id migration.InstanceID, w migration.Word) error
	Progress(ctx context.Context, mig migration.Name, id migration.InstanceID, change migration.Change, lines ...migration.StepLine) error
}

func (a *App) pilotCommand() *cobra.Command {
	suggest, resumeAt := false, ""
	cmd := a.verb(&cobra.Command{
		Use:   "pilot INSTANCE",
		Short: "Migrate one instance and show every step",
		Long: `Migrates one instance that is ready or warned, and shows every side effect as it
happens. At the end it shows the answer to each call, what was written, open
activities and variables of both sides, and which other rows of the app's tables
the target has modified since the start, where rows have a date.

Before a wave may contain a process definition, the definition needs one verified
pilot. The pilot must have been started as the target definition that the mapping
names now. An instance that a wave has migrated is not a pilot. New mappings of
activities, variables or users need no new pilot.

A pilot that is under way is followed, one that has ended is shown again. Ctrl-C
stops following; the instance goes on.

An instance in which nothing is open, or a tool hangs, is blocked until you say where
it goes on. --resume-at names activities of the target's definition, which the plan
suggests (FERRY-403, FERRY-406). They take the place of those that are open on the
source. A tool or route among them is run again; no other is. What you say is kept in
the ledger, and wins over instances in the configuration.

--suggest names the fewest instances that together have every open activity of the
definitions without a verified pilot.`,
	}, 0, 1, func(ctx context.Context, s *session, args []string) error {
		if suggest {
			return s.suggest(ctx)
		}
		return s.pilot(ctx, args[0], resumeAt)
	})
	cmd.Flags().StringVar(&resumeAt, "resume-at", "", resumeAtHelp)
	cmd.Flags().BoolVar(&suggest, "suggest", false, "suggest instances for pilots")
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 && !suggest || suggest && (len(args) > 0 || resumeAt != "") {
			return mistake("usage: starter pilot INSTANCE, or starter pilot --suggest; see %s --help", cmd.CommandPath())
		}
		return nil
	}
	return cmd
}

// mapping is a definition and what it is mapped to.
type mapping struct{ definition, target migration.DefinitionID }

// verifiedPilots says which mappings waves may rely on.
func (s *session) verifiedPilots(ctx context.Context) (map[mapping]bool, error) {
	pilots, err := s.ledger.Pilots.Pilots(ctx, s.config.Migration)
	verified := map[mapping]bool{}
	for _, p := range pilots {
		if p.Verified() {
			verified[mapping{p.Definition, p.Target}] = true
		}
	}
	return verified, err
}

// missingPilots suggests pilots for what f selects and has no verified one.
func (s *session) missingPilots(ctx context.Context, f migration.Filter) ([]migration.PilotSuggestion, error) {
	groups, err := s.ledger.Pilots.PilotGroups(ctx, s.config.Migration, f)
	if err != nil {
		return nil, err
	}
	verified, err := s.verifiedPilots(ctx)
	return slices.DeleteFunc(migration.SuggestPilots(groups), func(p migration.PilotSuggestion) bool {
		return verified[mapping{p.Definition, p.Target}]
	}), err
}

func (s *session) suggest(ctx context.Context) error {
	if err := s.needPlan(ctx); err != nil {
		return err
	}
	missing, err := s.missingPilots(ctx, migration.Filter{
		States: []migration.InstanceState{migration.InstanceReady, migration.InstanceWarned, migration.InstanceBlocked},
	})
	if err != nil {
		return err
	}
	return s.print(report.NewSuggestions(missing))
}

func (s *session) pilot(ctx context.Context, id, resumeAt string) error {
	at, err := activitiesAt(resumeAt)
	if err != nil {
		return err
	}
	e, err := s.entry(ctx, id)
	if err != nil {
		return err
	}
	if at != nil {
		if err := s.sayResumeAt(ctx, &e, at); err != nil {
			return err
		}
	}
	if e.State == migration.InstanceDone {
		return s.pilotAgain(ctx, e)
	}
	if err := s.mayBePilot(ctx, e); err != nil {
		return err
	}
	seen, err := s.lastLine(ctx, e.Instance)
	if err != nil {
		return err
	}
	workflowID := contract.InstanceWorkflowID(s.config.Migration, e.Instance)
	_, err = s.start(ctx, workflowID, contract.InstanceWorkflow, "migrate "+id, instanceStart{
		InstanceInput: contract.InstanceInput{Migration: s.config.Migration, Instance: e.Instance, Queues: s.queues, Pilot: true},
		definition:    e.Definition.Key(),
	})
	switch {
	case migration.CodeOf(err) == migration.CodeConflict:
		s.say("%s is under way already: following it", id)
	case err != nil:
		return err
	}
	end, err := s.followInstance(ctx, e, seen)
	if err != nil {
		return err
	}
	return s.endOfInstance(ctx, end)
}

// pilotAgain shows an instance that is done, if it was migrated as a pilot.
func (s *session) pilotAgain(ctx context.Context, e migration.Entry) error {
	pilots, err := s.ledger.Pilots.Pilots(ctx, s.config.Migration)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(pilots, func(p migration.Pilot) bool { return p.Instance == e.Instance }) {
		return mistake("%s is done as %s, but was not migrated as a pilot; starter verify %s compares it again", e.Instance, e.TargetID, e.Instance)
	}
	return s.endOfInstance(ctx, followed{Entry: e})
}

// mayBePilot says what keeps an instance from being migrated, and notes one that
// has not begun as a pilot: however it ends, and whoever follows, the ledger knows.
func (s *session) mayBePilot(ctx context.Context, e migration.Entry) error {
	id := e.Instance
	switch e.State {
	case migration.InstanceSkipped:
		return mistake("%s was skipped (%s) and has ended; starter show %s tells why", id, e.Reason, id)
	case migration.InstanceParked:
		open, err := s.running(ctx, contract.InstanceWorkflowID(s.config.Migration, id))
		if err != nil {
			return err
		}
		if open {
			return mistake("%s is parked (%s); starter resolve %s --action ...", id, e.Reason, id)
		}
		// Its workflow is gone, and with it who would take a decision.
		return s.ledger.Pilots.Progress(ctx, s.config.Migration, id, migration.Change{
			From: []migration.InstanceState{migration.InstanceParked}, State: migration.InstanceReady, Detail: "its workflow is gone; started again",
		})
	case migration.InstanceRollingBack:
		return mistake("%s is being rolled back; starter rollback %s goes on with it", id, id)
	case migration.InstanceBlocked:
		return &exitcode.Error{Status: exitcode.Blocked, Text: fmt.Sprintf("%s is blocked by its findings; see starter plan --explain %s, solve them, then run starter plan", id, id)}
	case migration.InstanceReady, migration.InstanceWarned:
		err := s.ledger.Pilots.SavePilot(ctx, s.config.Migration, id, s.Operator)
		if migration.CodeOf(err) == migration.CodeConflict {
			s.say("a wave has taken %s meanwhile: it does not count as a pilot", id)
			return nil
		}
		return err
	case migration.InstanceFailed, migration.InstanceClaimed, migration.InstanceRunning, migration.InstanceWaiting, migration.InstanceDone:
	}
	return nil
}

// lastLine returns the number of the last line of an instance's log, 0 for none.
func (s *session) lastLine(ctx context.Context, id migration.InstanceID) (int64, error) {
	lines, err := s.ledger.Logs.Lines(ctx, s.config.Migration, id)
	if err != nil || len(lines) == 0 {
		return 0, err
	}
	return lines[len(lines)-1].ID, nil
}

// followed is an instance as it stands when it is no longer followed.
type followed struct {
	migration.Entry
	open bool // its workflow is
}

// followInstance tells the lines after seen until the instance is settled, or its
// workflow has ended. One that was settled before (done, failed, or parked without
// a workflow) has to move first.
func (s *session) followInstance(ctx context.Context, e migration.Entry, seen int64) (followed, error) {
	workflowID := contract.InstanceWorkflowID(s.config.Migration, e.Instance)
	now := followed{Entry: e, open: true}
	var watch workerWatch
	moved := !e.State.Settled()
	for looks := 1; ; looks++ {
		lines, err := s.ledger.Logs.Lines(ctx, s.config.Migration, e.Instance)
		if err == nil {
			now.Entry, err = s.ledger.Entries.Entry(ctx, s.config.Migration, e.Instance)
		}
		if ctx.Err() != nil {
			return now, s.detached(workflowID)
		}
		if err != nil {
			return now, unreachable("ledger.database", err)
		}
		for _, l := range lines {
			if l.ID > seen {
				s.say("%s", report.NewLine(l).Progress())
				seen, moved = l.ID, true
			}
		}
		settled := moved && now.State.Settled() && now.State != migration.InstanceRollingBack
		if looks%looksPerCheck == firstCheck && !settled {
			if now.open, err = s.running(ctx, workflowID); err == nil {
				err = watch.look(ctx, s)
			}
			if ctx.Err() != nil {
				return now, s.detached(workflowID)
			}
			if err != nil {
				return now, err
			}
		}
		if settled || !now.open {
			return now, nil
		}
		if err := s.Wait(ctx, lookEvery); err != nil {
			return now, s.detached(workflowID)
		}
	}
}

// endOfInstance shows how a pilot ended. One that is not done is unsettled.
func (s *session) endOfInstance(ctx context.Context, end followed) error {
	e := end.Entry
	f, err := s.facts(ctx, e)
	if err != nil {
		return err
	}
	effects, err := s.effects(ctx, e)
	if err != nil {
		return err
	}
	err = s.print(report.NewPilot(f, effects))
	switch {
	case e.State == migration.InstanceDone:
		return err
	case !end.open:
		return errors.Join(err, &exitcode.Error{Status: exitcode.Unsettled, Text: fmt.Sprintf("the workflow of %s was ended from outside while it was %s; starter pilot %s goes on", e.Instance, e.State, e.Instance)})
	}
	return errors.Join(err, &exitcode.Error{Status: exitcode.Unsettled, Text: fmt.Sprintf("%s is %s: %s", e.Instance, e.State, e.Reason)})
}

// Effects is what pilot shows of the side effects of one migration.
type Effects interface {
	Bound(ctx context.Context, mig migration.Name) (migration.Binding, error)
	Claimed(ctx context.Context, key migration.ClaimKey) (migration.Claim, error)
	Snapshot(ctx context.Context, mig migration.Name, id migration.InstanceID) (migration.Snapshot, error)
	Evidence(ctx context.Context, mig migration.Name, id migration.InstanceID) (migration.Evidence, error)
	Written(ctx context.Context, key migration.ClaimKey) (migration.Written, error)
}

// effects gathers what the ledger has of the side effects of one migration.
func (s *session) effects(ctx context.Context, e migration.Entry) (report.Effects, error) {
	var f report.Effects
	bound, err := s.ledger.Effects.Bound(ctx, s.config.Migration)
	if err != nil {
		return f, err
	}
	key := migration.ClaimKey{Source: bound.Source, Instance: e.Instance, Target: bound.Target}
	claim, err := s.ledger.Effects.Claimed(ctx, key)
	if err != nil {
		return f, err
	}
	f.Variables = len(claim.Sent)
	snapshot, err := s.ledger.Effects.Snapshot(ctx, s.config.Migration, e.Instance)
	if err != nil && migration.CodeOf(err) != migration.CodeNotFound {
		return f, err
	}
	f.Before = snapshot.Instance.Activities
	if f.Written, err = s.ledger.Effects.Written(ctx, key); err != nil {
		return f, err
	}
	seen, err := s.ledger.Effects.Evidence(ctx, s.config.Migration, e.Instance)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return f, nil
	}
	f.Seen = &seen
	return f, err
}
