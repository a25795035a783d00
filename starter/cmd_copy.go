package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"jogetferry/contract"
	"jogetferry/internal/exitcode"
	"jogetferry/migration"
	"jogetferry/starter/report"
)

// Bulk is what copy steers and follows.
type Bulk interface {
	Bulk(ctx context.Context, mig migration.Name) (migration.BulkCopy, error)
	SetBulk(ctx context.Context, mig migration.Name, status migration.BulkStatus) error
	TuneBulk(ctx context.Context, mig migration.Name, rowsPerSecond int) error
	BulkTables(ctx context.Context, mig migration.Name) ([]migration.BulkTable, error)
}

// copyFlags are the flags of starter copy.
type copyFlags struct {
	apps, tables          []string
	lanes, rate           int
	pause, status, detach bool
	uploads, noUploads    bool
}

func (a *App) copyCommand() *cobra.Command {
	var f copyFlags
	cmd := &cobra.Command{
		Use:   "copy",
		Short: "Copy all form data of the apps, whatever their instances do",
		Long: `Copies every row of the form tables of the apps: of those that the plan has
instances of, or of --app. Then it copies every file below the upload folders of these
tables, unless --no-uploads. Tables and folders are cut into chunks, which are copied in
parallel; rows are compared on both sides, and of files the sums are kept. Rows and files
that the target has already are left to records.on_conflict, as with instances. What cannot
be copied is parked with its chunk, and everything else goes on.

The same again goes on with what is paused, parked or was interrupted; a table that
was not there before is added. A copy that is under way is followed, and takes a
--rate. Ctrl-C stops following; the copy goes on.`,
	}
	cmd.Flags().StringSliceVar(&f.apps, "app", nil, "copy the tables of these `APPS`; default those of the plan")
	cmd.Flags().StringSliceVar(&f.tables, "tables", nil, "copy these `TABLES`, without app_fd_, and no others")
	cmd.Flags().BoolVar(&f.uploads, "uploads", false, "copy the files of those tables, too, which is the default")
	cmd.Flags().BoolVar(&f.noUploads, "no-uploads", false, "leave the files out")
	cmd.MarkFlagsMutuallyExclusive("uploads", "no-uploads")
	cmd.Flags().IntVar(&f.lanes, "lanes", 4, "chunks at a time, over all workers")
	cmd.Flags().IntVar(&f.rate, "rate", 0, "rows a second, over all workers; 0 for no limit")
	cmd.Flags().BoolVar(&f.pause, "pause", false, "pause the copy that is under way")
	cmd.Flags().BoolVar(&f.status, "status", false, "show how the copy stands")
	cmd.Flags().BoolVar(&f.detach, "detach", false, "start and do not follow")
	return a.verb(cmd, 0, 0, func(ctx context.Context, s *session, _ []string) error {
		switch {
		case f.pause && f.status, (f.pause || f.status) && (len(f.apps)+len(f.tables) > 0 || f.uploads || f.noUploads || cmd.Flags().Changed("rate") || cmd.Flags().Changed("lanes")):
			return mistake("--pause and --status begin no copy; give each alone")
		case len(f.apps) > 0 && len(f.tables) > 0:
			return mistake("give either --app or --tables")
		case f.lanes < 1 || f.lanes > maxLanes:
			return mistake("--lanes is from 1 to %d", maxLanes)
		case f.rate < 0:
			return mistake("--rate is 0 or more rows a second")
		case f.pause:
			return s.pauseCopy(ctx)
		case f.status:
			return s.printCopy(ctx)
		}
		return s.copy(ctx, f, cmd.Flags().Changed("rate"))
	})
}

// maxLanes is far more than two databases take.
const maxLanes = 64

func (s *session) pauseCopy(ctx context.Context) error {
	bulk, err := s.ledger.Bulk.Bulk(ctx, s.config.Migration)
	if err != nil {
		return err
	}
	if bulk.Status != migration.BulkRunning {
		return mistake("the copy is %s", bulk.Status)
	}
	if err := s.ledger.Bulk.SetBulk(ctx, s.config.Migration, migration.BulkPaused); err != nil {
		return err
	}
	s.say("the copy is paused, and stops within seconds; starter copy goes on with it")
	return s.printCopy(ctx)
}

// copy begins the copy, or follows the one that is under way.
func (s *session) copy(ctx context.Context, f copyFlags, tune bool) error {
	id := contract.BulkCopyID(s.config.Migration)
	open, err := s.running(ctx, id)
	if err != nil {
		return err
	}
	if open {
		return s.joinCopy(ctx, f, tune)
	}
	scope, err := s.copyScope(ctx, f)
	if err != nil {
		return err
	}
	run, err := s.start(ctx, id, contract.BulkCopyWorkflow, "copy all data of "+strings.Join(append(scope.Apps, scope.Tables...), ", "), contract.BulkInput{
		Migration: s.config.Migration, Queues: s.queues, Lanes: f.lanes,
		Order: migration.BulkOrder{Pass: migration.BulkPassCopy, Scope: scope, RowsPerSecond: f.rate},
	})
	if err != nil {
		return err
	}
	s.say("copy of %s; workflow %s", strings.Join(append(scope.Apps, scope.Tables...), ", "), id)
	if f.detach {
		s.say("starter copy --status shows how it stands")
		return nil
	}
	return s.followCopy(ctx, run)
}

// joinCopy follows the copy that is under way, at another rate where one is given.
func (s *session) joinCopy(ctx context.Context, f copyFlags, tune bool) error {
	if len(f.apps)+len(f.tables) > 0 || f.uploads || f.noUploads {
		return mistake("a copy is under way; give --app, --tables or --uploads when it has ended, or pause it with starter copy --pause")
	}
	if tune {
		if err := s.ledger.Bulk.TuneBulk(ctx, s.config.Migration, f.rate); err != nil {
			return err
		}
	}
	if f.detach {
		return s.printCopy(ctx)
	}
	s.say("the copy is under way: following it")
	return s.followCopy(ctx, s.temporal.Workflows.GetWorkflow(ctx, contract.BulkCopyID(s.config.Migration), ""))
}

// copyScope is what is asked for: what the last copy covered where nothing is, and the
// apps of the plan where there was none.
func (s *session) copyScope(ctx context.Context, f copyFlags) (migration.BulkScope, error) {
	asked := migration.BulkScope{Apps: sortedOnce(f.apps), Tables: sortedOnce(f.tables), NoUploads: f.noUploads}
	if len(asked.Apps)+len(asked.Tables) > 0 {
		return asked, nil
	}
	last, err := s.ledger.Bulk.Bulk(ctx, s.config.Migration)
	if err == nil {
		if f.uploads || f.noUploads {
			last.Scope.NoUploads = f.noUploads
		}
		return last.Scope, nil
	}
	if migration.CodeOf(err) != migration.CodeNotFound {
		return asked, err
	}
	groups, err := s.ledger.Pilots.PilotGroups(ctx, s.config.Migration, migration.Filter{})
	if err != nil {
		return asked, err
	}
	for _, g := range groups {
		asked.Apps = append(asked.Apps, g.Definition.Package)
	}
	if asked.Apps = sortedOnce(asked.Apps); len(asked.Apps) == 0 {
		return asked, mistake("there is no plan that says which apps; make one with starter plan, or give --app")
	}
	return asked, nil
}

func sortedOnce(list []string) []string {
	sorted := slices.Sorted(slices.Values(list))
	return slices.Compact(sorted)
}

func (s *session) copyNow(ctx context.Context) (report.Copy, error) {
	bulk, err := s.ledger.Bulk.Bulk(ctx, s.config.Migration)
	if err != nil {
		return report.Copy{}, err
	}
	tables, err := s.ledger.Bulk.BulkTables(ctx, s.config.Migration)
	return report.NewCopy(bulk, tables), err
}

func (s *session) printCopy(ctx context.Context) error {
	now, err := s.copyNow(ctx)
	if err != nil {
		return err
	}
	return s.print(now)
}

// followCopy tells the progress of the copy until it has ended.
func (s *session) followCopy(ctx context.Context, run client.WorkflowRun) error {
	var result contract.BulkResult
	var told migration.BulkTally
	looks, began := 0, s.Now()
	err := s.resultTelling(ctx, run, &result, func() error {
		looks++
		if looks%looksPerLine != 1 {
			return nil
		}
		now, err := s.copyNow(ctx)
		if migration.CodeOf(err) == migration.CodeNotFound {
			return nil // the workers have not begun it
		}
		if err != nil || now.Total.BulkTally == told {
			return err
		}
		told = now.Total.BulkTally
		s.say("%s", now.Progress(s.Now().Sub(began)))
		return nil
	})
	if err != nil {
		return err
	}
	if len(result.Unknown) > 0 {
		return mistake("the source has no %s; nothing was copied", strings.Join(result.Unknown, ", "))
	}
	if len(result.Refused) > 0 {
		s.say("left out, since their rows have no key that they can be taken by: %s", strings.Join(result.Refused, ", "))
	}
	now, err := s.copyNow(ctx)
	if err != nil {
		return err
	}
	return errors.Join(s.print(now), endOfCopy(now))
}

// endOfCopy is the exit status of a copy that ended so.
func endOfCopy(c report.Copy) error {
	if c.Parked == 0 {
		return nil
	}
	return &exitcode.Error{Status: exitcode.Unsettled, Text: fmt.Sprintf(
		"%d chunks are parked; see the reasons, docs/what-if.md#a-copy-has-parked-chunks, and give starter copy again", c.Parked)}
}
