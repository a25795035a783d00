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

// Bulk is what a pass over all data is steered by and followed.
type Bulk interface {
	Bulk(ctx context.Context, mig migration.Name) (migration.BulkCopy, error)
	SetBulk(ctx context.Context, mig migration.Name, status migration.BulkStatus) error
	TuneBulk(ctx context.Context, mig migration.Name, rowsPerSecond int) error
	BulkTables(ctx context.Context, mig migration.Name) ([]migration.BulkTable, error)
	BulkHeld(ctx context.Context, mig migration.Name) (migration.BulkHeld, error)
}

// passFlags are the flags of every pass over all data.
type passFlags struct {
	apps, tables, with []string
	lanes, rate        int
	uploads, noUploads bool
	create, detach     bool
	cmd                *cobra.Command
}

func (f *passFlags) add(cmd *cobra.Command) {
	f.cmd = cmd
	cmd.Flags().IntVar(&f.lanes, "lanes", 4, "chunks at a time, over all workers")
	cmd.Flags().IntVar(&f.rate, "rate", 0, "rows a second, over all workers; 0 for no limit")
	cmd.Flags().BoolVar(&f.detach, "detach", false, "start and do not follow")
}

func (f *passFlags) addScope() {
	f.cmd.Flags().StringSliceVar(&f.apps, "app", nil, "cover the tables of these `APPS`; default those of the plan")
	f.cmd.Flags().StringSliceVar(&f.tables, "tables", nil, "cover these `TABLES`, without app_fd_, and no others")
}

// given returns those of names that are on the command line, as people write them.
func (f *passFlags) given(names ...string) string {
	var given []string
	for _, name := range names {
		if f.cmd.Flags().Changed(name) {
			given = append(given, "--"+name)
		}
	}
	return strings.Join(given, ", ")
}

func (f *passFlags) mistake() error {
	switch {
	case len(f.apps) > 0 && len(f.tables) > 0:
		return mistake("give either --app or --tables")
	case len(f.with) > 0 && len(f.tables) > 0:
		return mistake("--with is of whole apps; give it without --tables")
	case unknownWith(f.with) != "":
		return mistake("--with %s is not known; give %s", unknownWith(f.with), withs(" or "))
	case f.lanes < 1 || f.lanes > maxLanes:
		return mistake("--lanes is from 1 to %d", maxLanes)
	case f.rate < 0:
		return mistake("--rate is 0 or more rows a second")
	}
	return nil
}

// copyFlags are the flags of starter copy.
type copyFlags struct {
	passFlags

	delta, remove, pause, status bool
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
--rate. Ctrl-C stops following; the copy goes on.

With --delta it compares every chunk that was copied, and copies what differs. Rows
that the copy brought and the source does not have any more are counted; --delete
removes them, unless somebody changed them, or an instance or another row uses them.
starter verify --data compares alone, starter rollback --copy takes the copy back.`,
	}
	f.add(cmd)
	f.addScope()
	cmd.Flags().BoolVar(&f.uploads, "uploads", false, "copy the files of those tables, too, which is the default")
	cmd.Flags().BoolVar(&f.noUploads, "no-uploads", false, "leave the files out")
	cmd.MarkFlagsMutuallyExclusive("uploads", "no-uploads")
	cmd.Flags().StringSliceVar(&f.with, "with", nil, "copy with them what Joget has `OF` these apps besides: "+withs(", "))
	cmd.Flags().BoolVar(&f.create, "create-tables", false, "make tables and columns that the target lacks, as records.create_tables does")
	cmd.Flags().BoolVar(&f.delta, "delta", false, "compare what was copied, and copy what differs")
	cmd.Flags().BoolVar(&f.remove, "delete", false, "with --delta: remove what the copy brought and the source does not have any more")
	cmd.Flags().BoolVar(&f.pause, "pause", false, "pause the pass that is under way")
	cmd.Flags().BoolVar(&f.status, "status", false, "show how the latest pass stands")
	return a.verb(cmd, 0, 0, func(ctx context.Context, s *session, _ []string) error {
		switch {
		case f.pause && f.status, (f.pause || f.status) && f.given("app", "tables", "with", "create-tables", "uploads", "no-uploads", "rate", "lanes", "delta", "delete") != "":
			return mistake("--pause and --status begin no copy; give each alone")
		case f.remove && !f.delta:
			return mistake("--delete belongs to --delta")
		case f.pause:
			return s.pauseCopy(ctx)
		case f.status:
			return s.printCopy(ctx)
		}
		order := migration.BulkOrder{Pass: migration.BulkPassCopy, Delete: f.remove}
		if f.delta {
			order.Pass = migration.BulkPassDelta
		}
		return s.pass(ctx, order, f.passFlags)
	})
}

// passNames are what people call the passes.
var passNames = map[migration.BulkPass]string{
	migration.BulkPassCopy:   "copy",
	migration.BulkPassDelta:  "delta",
	migration.BulkPassVerify: "comparison",
	migration.BulkPassUndo:   "rollback of the copy",
}

// maxLanes is far more than two databases take.
const maxLanes = 64

func (s *session) pauseCopy(ctx context.Context) error {
	bulk, err := s.ledger.Bulk.Bulk(ctx, s.config.Migration)
	if err != nil {
		return err
	}
	if bulk.Status != migration.BulkRunning {
		return mistake("the %s is %s", passNames[bulk.Pass], bulk.Status)
	}
	if err := s.ledger.Bulk.SetBulk(ctx, s.config.Migration, migration.BulkPaused); err != nil {
		return err
	}
	s.say("the %s is paused, and stops within seconds; the same order goes on with it", passNames[bulk.Pass])
	return s.printCopy(ctx)
}

// pass begins a pass, or follows the one that is under way.
func (s *session) pass(ctx context.Context, order migration.BulkOrder, f passFlags) error {
	if err := f.mistake(); err != nil {
		return err
	}
	id := contract.BulkCopyID(s.config.Migration)
	open, err := s.running(ctx, id)
	if err != nil {
		return err
	}
	if open {
		return s.joinPass(ctx, order, f)
	}
	if order.Scope, err = s.copyScope(ctx, f); err != nil {
		return err
	}
	order.RowsPerSecond = f.rate
	covers := strings.Join(append(order.Scope.Apps, order.Scope.Tables...), ", ")
	run, err := s.start(ctx, id, contract.BulkCopyWorkflow, passNames[order.Pass]+", all data of "+covers, contract.BulkInput{
		Migration: s.config.Migration, Queues: s.queues, Lanes: f.lanes, Order: order, CreateTables: f.create,
	})
	if err != nil {
		return err
	}
	s.say("%s of %s; workflow %s", passNames[order.Pass], covers, id)
	if f.detach {
		s.say("starter copy --status shows how it stands")
		return nil
	}
	return s.followCopy(ctx, run)
}

// joinPass follows the pass that is under way, at another rate where one is given.
func (s *session) joinPass(ctx context.Context, order migration.BulkOrder, f passFlags) error {
	now, err := s.ledger.Bulk.Bulk(ctx, s.config.Migration)
	switch {
	case migration.CodeOf(err) == migration.CodeNotFound:
		return mistake("a pass over all data begins just now; see starter copy --status")
	case err != nil:
		return err
	case now.Pass != order.Pass || now.Delete != order.Delete:
		return mistake("a %s is under way%s; wait until it has ended, or pause it with starter copy --pause", passNames[now.Pass], withDelete(now.BulkOrder))
	case f.create || f.uploads || f.noUploads || len(f.apps)+len(f.tables)+len(f.with) > 0:
		return mistake("a %s is under way; give --app, --tables, --with, --uploads or --create-tables when it has ended, or pause it with starter copy --pause", passNames[now.Pass])
	}
	if f.given("rate") != "" {
		if err := s.ledger.Bulk.TuneBulk(ctx, s.config.Migration, f.rate); err != nil {
			return err
		}
	}
	if f.detach {
		return s.printCopy(ctx)
	}
	s.say("the %s is under way: following it", passNames[now.Pass])
	return s.followCopy(ctx, s.temporal.Workflows.GetWorkflow(ctx, contract.BulkCopyID(s.config.Migration), ""))
}

func withDelete(o migration.BulkOrder) string {
	if o.Delete {
		return " with --delete"
	}
	return ""
}

// copyScope is what is asked for: what the last copy covered where nothing is, and the
// apps of the plan where there was none.
func (s *session) copyScope(ctx context.Context, f passFlags) (migration.BulkScope, error) {
	asked := migration.BulkScope{Apps: sortedOnce(f.apps), Tables: sortedOnce(f.tables), NoUploads: f.noUploads}
	for _, with := range sortedOnce(f.with) {
		asked.With = append(asked.With, migration.BulkWith(with))
	}
	if len(asked.Apps)+len(asked.Tables) > 0 {
		return asked, nil
	}
	last, err := s.ledger.Bulk.Bulk(ctx, s.config.Migration)
	if err == nil && (len(f.with) == 0 || len(last.Scope.Apps) > 0) {
		if f.uploads || f.noUploads {
			last.Scope.NoUploads = f.noUploads
		}
		if len(asked.With) > 0 {
			last.Scope.With = asked.With
		}
		return last.Scope, nil
	}
	if err != nil && migration.CodeOf(err) != migration.CodeNotFound {
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

// withs lists what --with takes.
func withs(between string) string {
	var names []string
	for _, w := range migration.BulkWiths() {
		names = append(names, string(w))
	}
	return strings.Join(names, between)
}

// unknownWith returns the first of some that is nothing to copy with; "" for none.
func unknownWith(with []string) string {
	for _, name := range with {
		if !slices.Contains(migration.BulkWiths(), migration.BulkWith(name)) {
			return name
		}
	}
	return ""
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
		return mistake("the source has no %s; nothing was done", strings.Join(result.Unknown, ", "))
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

// endOfCopy is the exit status of a pass that ended so.
func endOfCopy(c report.Copy) error {
	t := c.Total
	t.Add(c.Files)
	var text string
	switch {
	case c.Pass == migration.BulkPassVerify && t.Missing+t.Differing+t.Gone > 0:
		text = fmt.Sprintf("%d rows and files are missing on the target, %d differ, and %d are there that the source does not have any more; starter copy --delta brings what differs", t.Missing, t.Differing, t.Gone)
	case c.Parked == 0:
		return nil
	case c.Pass == migration.BulkPassUndo:
		text = fmt.Sprintf("%d rows and files are in use and %d were changed, or are named by rows that stay: they were left; see docs/what-if.md#a-rollback-of-the-copy-left-rows, and give starter rollback --copy again", t.InUse, t.Conflicts)
	default:
		text = fmt.Sprintf("%d chunks are parked; see the reasons, docs/what-if.md#a-copy-has-parked-chunks, and give the same again", c.Parked)
	}
	return &exitcode.Error{Status: exitcode.Unsettled, Text: text}
}
