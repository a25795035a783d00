package step_test

import (
	"context"
	"testing"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
)

// TestOwn_refuses_what_is_another_workers has the input of an activity say whose
// it is, and the ledger on which servers.
func TestOwn_refuses_what_is_another_workers(t *testing.T) {
	t.Parallel()
	source := func(s *step.Servers) { s.Source.Fingerprint = "elsewhere" }
	target := func(s *step.Servers) { s.Target.Fingerprint = "elsewhere" }
	swapped := func(s *step.Servers) { s.Source, s.Target = s.Target, s.Source }
	for _, tc := range []struct {
		name       string
		change     func(*step.Servers)
		of         migration.Name // "": the case's
		dry        bool           // the input is that of a check
		ledgerOnly bool
		unplanned  bool
		refused    bool
	}{
		{name: "its_own"},
		{name: "another_migration", of: "other", refused: true},
		{name: "another_migration_where_only_the_ledger_is_needed", of: "other", ledgerOnly: true, refused: true},
		{name: "a_check_of_another_migration", of: "other", dry: true, refused: true},
		{name: "its_own_where_only_the_ledger_is_needed", ledgerOnly: true},
		{name: "another_source", change: source, refused: true},
		{name: "another_target", change: target, refused: true},
		{name: "the_pair_swapped", change: swapped, refused: true},
		{name: "a_check_of_another_pair_which_tells_so", change: source, dry: true},
		{name: "what_is_not_planned_yet", unplanned: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			servers := c.Servers()
			if tc.change != nil {
				tc.change(&servers)
			}
			own := &step.Own{Migration: c.Migration, Servers: &servers, Log: zap.NewNop()}
			if tc.ledgerOnly {
				own.Servers = nil
			}
			named := c.Migration
			if tc.unplanned {
				named, own.Migration = "unplanned", "unplanned"
			}
			if tc.of != "" {
				named = tc.of
			}
			var input contract.Owned = contract.ListInput{Migration: named}
			if tc.dry {
				input = contract.CheckInput{Migration: named}
			}
			want := ""
			if tc.refused {
				want = contract.MisdirectedType
			}
			err := refusal(t, own, input)
			activitytest.Same(t, "error", want, activitytest.TypeOf(err))
			if tc.refused && activitytest.Final(err) {
				t.Errorf("nobody else can take it: %v", err)
			}
		})
	}
}

// refusal asks own in an activity, as an interceptor does.
func refusal(t *testing.T, own *step.Own, input any) error {
	t.Helper()
	asks := func(r worker.Registry) {
		r.RegisterActivityWithOptions(func(ctx context.Context, _ contract.StepInput) (contract.Outcome, error) {
			return contract.Outcome{}, own.Refuse(ctx, input)
		}, activity.RegisterOptions{Name: does.Name})
	}
	_, err := activitytest.Run(t, asks, does, contract.StepInput{})
	return err
}

// TestOwn_refuses_what_names_no_migration has an input that was typed by hand.
func TestOwn_refuses_what_names_no_migration(t *testing.T) {
	t.Parallel()
	err := refusal(t, &step.Own{Migration: "m", Log: zap.NewNop()}, "crm")
	activitytest.Same(t, "error", contract.MisdirectedType, activitytest.TypeOf(err))
}
