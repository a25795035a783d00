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

func (a *App) planCommand() *cobra.Command {
	return a.verb(&cobra.Command{
		Use:   "plan",
		Short: "Take the inventory of running instances and freeze it in the ledger",
		Long: `Takes the inventory of running instances, checks both servers and every
instance, and freezes the result in the ledger: each instance is ready, warned
or blocked by its findings. A later plan keeps what waves have begun with.`,
	}, 0, 0, func(ctx context.Context, s *session, _ []string) error { return s.plan(ctx, false) })
}

func (a *App) checkCommand() *cobra.Command {
	return a.verb(&cobra.Command{
		Use:   "check",
		Short: "Do all checks of plan and write nothing",
		Long: `Does all checks of plan and freezes nothing. On the target its probes leave
the traces of their logins; nothing else is written anywhere.`,
	}, 0, 0, func(ctx context.Context, s *session, _ []string) error { return s.plan(ctx, true) })
}

func (s *session) plan(ctx context.Context, dry bool) error {
	name := s.config.Migration
	id, summary := contract.PlanID(name), "plan migration "+name
	if dry {
		id, summary = contract.CheckID(name), "check migration "+name
	}
	run, err := s.start(ctx, id, contract.PlanWorkflow, summary, contract.PlanInput{Migration: name, Queues: s.queues, Dry: dry})
	switch {
	case migration.CodeOf(err) == migration.CodeConflict:
		s.say("%s runs already: following it", id)
		run = s.temporal.GetWorkflow(ctx, id, "")
	case err != nil:
		return err
	}
	var result contract.PlanResult
	if err := s.result(ctx, run, &result); err != nil {
		return err
	}
	v := planView{
		Migration: name, Frozen: !dry, Blocking: migration.Worst(result.Findings) == migration.Blocking,
		Counts: viewCounts(result.Counts), Findings: viewFindings(result.Findings), Definitions: []definitionPlanView{},
	}
	v.Open.Open, v.Open.Roots = result.Open.Open, result.Open.Roots
	v.Open.Descendants, v.Open.Orphans = result.Open.Descendants, result.Open.Orphans
	if !dry && !v.Blocking {
		definitions, err := s.ledger.CountsByDefinition(ctx, name, migration.Filter{})
		if err != nil {
			return err
		}
		for _, d := range definitions {
			v.Definitions = append(v.Definitions, definitionPlanView{d.Definition.String(), viewCounts(d.Counts)})
		}
	}
	return errors.Join(s.print(v), blockedBy(result))
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
	return &exitcode.Error{Status: exitcode.Blocked, Text: fmt.Sprintf("blocked by %d findings; %d instances are blocked by theirs, see starter list --state blocked", blocking, c.Blocked)}
}
