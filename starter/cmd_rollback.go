package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"jogetferry/contract"
	"jogetferry/internal/exitcode"
	"jogetferry/migration"
	"jogetferry/starter/report"
)

// Rollbacks is what rollback begins and follows.
type Rollbacks interface {
	CreateRollback(ctx context.Context, mig migration.Name, ids []migration.InstanceID, discard bool, by string) (migration.Rollback, error)
	RollbackOf(ctx context.Context, mig migration.Name, id migration.InstanceID) (migration.RolledBack, error)
	RollbackCounts(ctx context.Context, mig migration.Name, name string) (map[migration.RollbackOutcome]int, error)
	Progress(ctx context.Context, mig migration.Name, id migration.InstanceID, change migration.Change, lines ...migration.StepLine) error
}

// rollbackFlags are the flags of starter rollback.
type rollbackFlags struct {
	passFlags

	wave          string
	discard, copy bool
}

func (a *App) rollbackCommand() *cobra.Command {
	var f rollbackFlags
	cmd := &cobra.Command{
		Use:   "rollback INSTANCE...",
		Short: "Undo migrated instances, a whole wave, or the copy of all data",
		Long: `Undoes instances, half-migrated ones too. It aborts their target instances, puts
rows and files back as they were, and makes the instances ready again. An instance
that people have worked on since is refused. Rows and files that somebody changed
since stay as they are and count as conflicts. Ctrl-C stops following; the rollback
goes on. To go on with an interrupted rollback, give the same command again.
With --wave, instances that a later wave brought up to date are undone, too: as a
whole, what that wave did included.

The aborted instances stay in the target's history, and so does what tools did
outside of the record.

With --copy, it takes back what starter copy brought: rows that it inserted are
deleted, rows that it overwrote get their former content. Those that somebody changed
since, that an instance of the target uses, or that rows name which stay, are left and
counted. Until it has ended or is paused, no instance begins.`,
	}
	cmd.Flags().StringVar(&f.wave, "wave", "", "undo all instances of this wave")
	cmd.Flags().BoolVar(&f.discard, "discard-target-work", false, "discard what people did on the target")
	cmd.Flags().BoolVar(&f.copy, "copy", false, "take back what starter copy brought")
	f.add(cmd)
	return a.verb(cmd, 0, -1, func(ctx context.Context, s *session, args []string) error {
		switch given := f.given("lanes", "rate"); {
		case f.copy && (len(args) > 0 || f.given("wave", "discard-target-work") != ""):
			return mistake("--copy takes back the copy of all data alone; roll instances back before")
		case f.copy:
			return s.rollbackCopy(ctx, f.passFlags)
		case given != "":
			return mistake("%s: only with --copy", given)
		}
		return s.rollback(ctx, args, f)
	})
}

// rollbackCopy takes back what the copy of all data brought.
func (s *session) rollbackCopy(ctx context.Context, f passFlags) error {
	if _, err := s.ledger.Bulk.Bulk(ctx, s.config.Migration); err != nil {
		return err
	}
	held, err := s.ledger.Bulk.BulkHeld(ctx, s.config.Migration)
	if err != nil {
		return err
	}
	s.say("the copy brought about %d rows and %d files of %d tables that were not taken back", held.Rows, held.Files, held.Tables)
	return s.pass(ctx, migration.BulkOrder{Pass: migration.BulkPassUndo}, f)
}

func (s *session) rollback(ctx context.Context, args []string, f rollbackFlags) error {
	entries, err := s.toRollBack(ctx, args, migration.WaveName(f.wave))
	if err != nil {
		return err
	}
	running, err := s.runningRollback(ctx, entries)
	if err != nil {
		return err
	}
	if running != "" {
		if err := s.mayFollow(ctx, running, entries, f); err != nil {
			return err
		}
		s.say("rollback %s is under way: following it", running)
		return s.followRollback(ctx, running, s.temporal.Workflows.GetWorkflow(ctx, contract.RollbackID(s.config.Migration, running), ""))
	}
	ids := make([]migration.InstanceID, len(entries))
	for i := range entries {
		ids[i] = entries[i].Instance
	}
	made, err := s.ledger.Rollbacks.CreateRollback(ctx, s.config.Migration, ids, f.discard, s.Operator)
	if err != nil {
		return err
	}
	id := contract.RollbackID(s.config.Migration, made.Name)
	run, err := s.start(ctx, id, contract.RollbackWorkflow, fmt.Sprintf("rollback %s: %d instances", made.Name, made.Taken), contract.RollbackInput{
		Migration: s.config.Migration, Rollback: made.Name, Queues: s.queues, Discard: made.Discard,
	})
	if err != nil {
		s.say("rollback %s is in the ledger but did not start; give the same command again", made.Name)
		return err
	}
	s.say("rollback %s has %d instances; workflow %s", made.Name, made.Taken, id)
	if f.detach {
		s.say("starter list --state rolling_back lists those that are left")
		return s.print(report.NewRollback(made.Name, contract.RollbackResult{}, made.Taken))
	}
	return s.followRollback(ctx, made.Name, run)
}

// toRollBack returns what is to be rolled back, and finds every mistake before anything
// is touched. What was undone before is left out.
func (s *session) toRollBack(ctx context.Context, args []string, wave migration.WaveName) ([]migration.Entry, error) {
	filter := migration.Filter{TakenBy: wave}
	switch {
	case (len(args) == 0) == (wave == ""):
		return nil, mistake("give either instances or --wave")
	case wave != "":
		w, err := s.wave(ctx, wave)
		if err != nil {
			return nil, err
		}
		if w.Status.Open() {
			return nil, mistake("wave %s is %s; end it with starter stop %s, then roll it back", wave, w.Status, wave)
		}
	default:
		for _, id := range args {
			filter.Instances = append(filter.Instances, migration.InstanceID(id))
		}
		slices.Sort(filter.Instances)
		filter.Instances = slices.Compact(filter.Instances)
		if err := s.needInstances(ctx, filter.Instances); err != nil {
			return nil, err
		}
	}
	var entries, ended []migration.Entry
	var wrong []string
	for e, err := range s.ledger.Entries.EntriesEach(ctx, s.config.Migration, filter) {
		if err != nil {
			return nil, err
		}
		why, err := s.whyNotRollBack(ctx, &e, wave)
		switch {
		case err != nil:
			return nil, err
		case why != "":
			wrong = append(wrong, "  "+string(e.Instance)+" "+why)
		case slices.Contains(inFlight, e.State):
			ended = append(ended, e)
		case e.Undoable():
			entries = append(entries, e)
		}
	}
	if len(wrong) > 0 {
		return nil, mistake("nothing was undone:\n%s", strings.Join(wrong, "\n"))
	}
	for _, e := range ended {
		if err := s.ledger.Rollbacks.Progress(ctx, s.config.Migration, e.Instance, migration.Change{
			From: []migration.InstanceState{e.State}, State: migration.InstanceFailed, Reason: migration.ReasonOperator,
			Detail: "its workflow ended without an outcome",
		}); err != nil {
			return nil, err
		}
		if e.State = migration.InstanceFailed; e.Undoable() {
			entries = append(entries, e)
		}
	}
	if len(entries) == 0 {
		return nil, mistake("there is nothing to undo; starter list shows the state of each instance")
	}
	return entries, nil
}

// inFlight are the states in which a workflow works on an instance that it has
// begun; one whose workflow was ended from outside stays in them.
var inFlight = []migration.InstanceState{migration.InstanceRunning, migration.InstanceWaiting}

// whyNotRollBack returns what keeps an instance from being rolled back, "" for nothing.
// Of a wave, "" for instances that were named, what was never begun is no mistake;
// nor is what was undone before, or what is in flight while nobody works on it.
func (s *session) whyNotRollBack(ctx context.Context, e *migration.Entry, wave migration.WaveName) (string, error) {
	works := e.State == migration.InstanceClaimed
	if slices.Contains(inFlight, e.State) {
		var err error
		if works, err = s.running(ctx, contract.InstanceWorkflowID(s.config.Migration, e.Instance)); err != nil {
			return "", err
		}
	}
	switch {
	case works:
		return fmt.Sprintf("is %s; wait until it is done or parked", e.State), nil
	case e.Undoable() || wave != "" || slices.Contains(inFlight, e.State):
		return "", nil
	}
	was, err := s.ledger.Rollbacks.RollbackOf(ctx, s.config.Migration, e.Instance)
	if err == nil && was.Outcome == migration.RollbackUndone {
		s.say("%s is undone already", e.Instance)
		return "", nil
	}
	if err != nil && migration.CodeOf(err) != migration.CodeNotFound {
		return "", err
	}
	return fmt.Sprintf("is %s and was never migrated", e.State), nil
}

// runningRollback returns the rollback that works on some of entries, "" for
// none. One that is being undone by itself is a mistake.
func (s *session) runningRollback(ctx context.Context, entries []migration.Entry) (string, error) {
	known := map[string]bool{}
	for i := range entries {
		if entries[i].State != migration.InstanceRollingBack {
			continue
		}
		id := entries[i].Instance
		was, err := s.ledger.Rollbacks.RollbackOf(ctx, s.config.Migration, id)
		if err != nil {
			return "", err
		}
		if known[was.Rollback] {
			continue
		}
		workflowID := contract.RollbackID(s.config.Migration, was.Rollback)
		if was.Rollback == "" {
			workflowID = contract.InstanceWorkflowID(s.config.Migration, id)
		} else {
			known[was.Rollback] = true
		}
		open, err := s.running(ctx, workflowID)
		switch {
		case err != nil:
			return "", err
		case open && was.Rollback == "":
			return "", mistake("%s is being undone already; starter show %s shows its progress", id, id)
		case open:
			return was.Rollback, nil
		}
	}
	return "", nil
}

// mayFollow says what keeps a rollback that runs from being the one that was
// asked for: it has not all of entries, or gives up what this one does not.
func (s *session) mayFollow(ctx context.Context, running string, entries []migration.Entry, f rollbackFlags) error {
	for i := range entries {
		id := entries[i].Instance
		was, err := s.ledger.Rollbacks.RollbackOf(ctx, s.config.Migration, id)
		switch {
		case err != nil && migration.CodeOf(err) != migration.CodeNotFound:
			return err
		case err != nil || was.Rollback != running:
			return mistake("rollback %s is under way, and %s is not part of it; give the same command again when it has ended", running, id)
		case was.Discard != f.discard:
			return mistake("rollback %s is under way with --discard-target-work=%t; give the same command again when it has ended", running, was.Discard)
		}
	}
	return nil
}

// followRollback tells the progress of a rollback until it has ended.
func (s *session) followRollback(ctx context.Context, name string, run client.WorkflowRun) error {
	var result contract.RollbackResult
	var told map[migration.RollbackOutcome]int
	looks := 0
	err := s.resultTelling(ctx, run, &result, func() error {
		looks++
		counts, err := s.ledger.Rollbacks.RollbackCounts(ctx, s.config.Migration, name)
		if err != nil || looks%looksPerLine != 1 || maps.Equal(counts, told) {
			return err
		}
		told = counts
		s.say("rollback %s: %d undone, %d refused, %d to come", name,
			counts[migration.RollbackUndone], counts[migration.RollbackRefused], counts[migration.RollbackPending])
		return nil
	})
	if err != nil {
		return err
	}
	err = s.print(report.NewRollback(name, result, 0))
	if result.Refused+result.Conflicts+result.Failed > 0 {
		err = errors.Join(err, &exitcode.Error{Status: exitcode.Unsettled, Text: fmt.Sprintf(
			"rollback %s ended with %d refused, %d in conflict and %d failed; see starter show INSTANCE and docs/what-if.md#rollback",
			name, result.Refused, result.Conflicts, result.Failed)})
	}
	return err
}
