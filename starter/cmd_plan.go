package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/spf13/cobra"

	"jogetferry/contract"
	"jogetferry/internal/exitcode"
	"jogetferry/migration"
	"jogetferry/starter/report"
)

// Plans is what plan and check show.
type Plans interface {
	Findings(ctx context.Context, mig migration.Name, id migration.InstanceID) ([]migration.Finding, error)
	FindingCounts(ctx context.Context, mig migration.Name) ([]migration.FindingCount, error)
	Hindrances(ctx context.Context, mig migration.Name) ([]migration.Hindrance, error)
	PlanEach(ctx context.Context, mig migration.Name, f migration.Filter) iter.Seq2[migration.PlanEntry, error]
	PlanDiff(ctx context.Context, mig migration.Name) (migration.PlanDiff, error)
	PlanChanges(ctx context.Context, mig migration.Name, move migration.PlanMove) iter.Seq2[migration.PlanChange, error]
}

// planFlags are the flags of starter plan; check has notes only.
type planFlags struct {
	dry, notes, diff, ways bool
	explain                string
}

func (f *planFlags) addNotes(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.notes, "notes", false, "list notes too, not only their number")
}

func (a *App) planCommand() *cobra.Command {
	var f planFlags
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Check all running instances and keep the result in the ledger",
		Long: `Lists all running instances, checks both servers and every instance, and keeps
the result in the ledger: each instance is ready, warned or blocked. A later plan
does not change instances that a wave has begun with. --diff shows what changed
since the plan before.

--explain INSTANCE makes no plan. It shows what the last plan found for that
instance. -o json has every instance. --ways makes none either. It shows which
switches of ferry.yaml would free how many of the blocked instances.`,
	}
	f.addNotes(cmd)
	cmd.Flags().BoolVar(&f.diff, "diff", false, "make a plan and show what changed since the one before")
	cmd.Flags().StringVar(&f.explain, "explain", "", "show what the last plan found for this `INSTANCE`")
	cmd.Flags().BoolVar(&f.ways, "ways", false, "show which switches would free how many of the blocked instances")
	return a.verb(cmd, 0, 0, func(ctx context.Context, s *session, _ []string) error {
		explain := cmd.Flags().Changed("explain")
		switch {
		case f.ways && (explain || f.diff || f.notes):
			return mistake("--ways makes no plan; give it alone")
		case f.ways:
			return s.ways(ctx)
		case !explain:
			return s.plan(ctx, f)
		case f.diff || f.notes:
			return mistake("--explain makes no plan; give it alone")
		}
		return s.explain(ctx, f.explain)
	})
}

func (a *App) checkCommand() *cobra.Command {
	f := planFlags{dry: true}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Run all checks of plan without making one",
		Long: `Runs all checks of plan and keeps nothing in the ledger. Its logins leave their
traces on the target; nothing else is written anywhere.`,
	}
	f.addNotes(cmd)
	return a.verb(cmd, 0, 0, func(ctx context.Context, s *session, _ []string) error { return s.plan(ctx, f) })
}

func (s *session) plan(ctx context.Context, f planFlags) error {
	name := s.config.Migration
	id, summary := contract.PlanID(name), "plan migration "+string(name)
	if f.dry {
		id, summary = contract.CheckID(name), "check migration "+string(name)
	}
	run, err := s.startOrFollow(ctx, id, contract.PlanWorkflow, summary, contract.PlanInput{Migration: name, Queues: s.queues, Dry: f.dry})
	if err != nil {
		return err
	}
	var result contract.PlanResult
	if err := s.result(ctx, run, &result); err != nil {
		return err
	}
	v, err := s.planned(ctx, result, f)
	if err != nil {
		return err
	}
	v.Notes = f.notes
	return errors.Join(s.print(v), blockedBy(result))
}

// planned adds what the ledger has of a plan; all of a check is in its result.
func (s *session) planned(ctx context.Context, result contract.PlanResult, f planFlags) (report.Plan, error) {
	name := s.config.Migration
	switch {
	case f.dry:
		return report.NewCheck(name, result), nil
	case result.Stopped:
		return report.NewPlan(name, result, report.Frozen{})
	}
	frozen := report.Frozen{Instances: s.ledger.Plans.PlanEach(ctx, name, migration.Filter{})}
	var err error
	if frozen.Definitions, err = s.ledger.Entries.CountsByDefinition(ctx, name, migration.Filter{}); err != nil {
		return report.Plan{}, err
	}
	if frozen.Reasons, err = s.ledger.Plans.FindingCounts(ctx, name); err != nil {
		return report.Plan{}, err
	}
	if frozen.Findings, err = s.ledger.Plans.Findings(ctx, name, ""); err != nil {
		return report.Plan{}, err
	}
	if frozen.Hindrances, err = s.ledger.Plans.Hindrances(ctx, name); err != nil {
		return report.Plan{}, err
	}
	if f.diff {
		if frozen.Changes, err = s.changes(ctx); err != nil {
			return report.Plan{}, err
		}
	}
	return report.NewPlan(name, result, frozen)
}

// changes is what the last plan changed.
func (s *session) changes(ctx context.Context) (*report.Changes, error) {
	diff, err := s.ledger.Plans.PlanDiff(ctx, s.config.Migration)
	return &report.Changes{PlanDiff: diff, Of: func(m migration.PlanMove) iter.Seq2[migration.PlanChange, error] {
		return s.ledger.Plans.PlanChanges(ctx, s.config.Migration, m)
	}}, err
}

// blockedBy says whether a plan stands: blocking findings about servers and
// definitions speak against it, and so does an inventory of which nothing may
// move. Some blocked instances do not: they are set aside.
func blockedBy(result contract.PlanResult) error {
	blocking := 0
	for _, f := range result.Findings {
		if f.Severity == migration.Blocking {
			blocking++
		}
	}
	c := result.Counts
	if blocking == 0 && (c.Blocked == 0 || c.Blocked < c.Total()) {
		return nil
	}
	return &exitcode.Error{Status: exitcode.Blocked, Text: fmt.Sprintf("%d findings block the migration; %d instances are blocked by findings of their own, see starter list --state blocked", blocking, c.Blocked)}
}

// needPlan is a mistake while the ledger has no plan.
func (s *session) needPlan(ctx context.Context) error {
	counts, err := s.ledger.Entries.Counts(ctx, s.config.Migration, migration.Filter{})
	if err == nil && counts.Total() == 0 {
		err = mistake("%s has no plan yet; starter plan makes one", s.config.Migration)
	}
	return err
}

// ways tells what it would take to move what the last plan blocks.
func (s *session) ways(ctx context.Context) error {
	if err := s.needPlan(ctx); err != nil {
		return err
	}
	name := s.config.Migration
	hindrances, err := s.ledger.Plans.Hindrances(ctx, name)
	if err != nil {
		return err
	}
	general, err := s.ledger.Plans.Findings(ctx, name, "")
	if err != nil {
		return err
	}
	return s.print(report.NewWays(name, hindrances, general))
}

// explain tells all that the last plan says of one instance.
func (s *session) explain(ctx context.Context, id string) error {
	if err := s.needPlan(ctx); err != nil {
		return err
	}
	if _, err := s.entry(ctx, id); err != nil {
		return err
	}
	for p, err := range s.ledger.Plans.PlanEach(ctx, s.config.Migration, migration.Filter{Instances: []migration.InstanceID{migration.InstanceID(id)}}) {
		if err != nil {
			return err
		}
		general, err := s.ledger.Plans.Findings(ctx, s.config.Migration, "")
		if err != nil {
			return err
		}
		pilots, err := s.verifiedPilots(ctx)
		if err != nil {
			return err
		}
		return s.print(report.NewExplanation(report.PlanFacts{Instance: p, General: general, Piloted: pilots[mapping{p.Definition, p.Target}]}))
	}
	return nil
}
