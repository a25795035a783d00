package migration_test

import (
	"testing"

	"jogetferry/migration"
)

func TestContinue(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		step   migration.Step
		reason migration.Reason
		action migration.Action
		want   migration.Step
	}{
		{migration.StepVerify, migration.ReasonVerifyDiffers, migration.ActionRetry, migration.StepVerify},
		{migration.StepVerify, migration.ReasonUnassigned, migration.ActionRetry, migration.StepResume},
		{migration.StepStart, migration.ReasonStartBroken, migration.ActionAccept, migration.StepRestore},
		{migration.StepStart, migration.ReasonStartedEarlier, migration.ActionAccept, migration.StepStart},
		{migration.StepRestore, migration.ReasonVariablesDiffer, migration.ActionAccept, migration.StepResume},
		{migration.StepResume, migration.ReasonTargetMoved, migration.ActionAccept, migration.StepVerify},
		{migration.StepStart, migration.ReasonStartAmbiguous, migration.ActionAdopt, migration.StepStart},
		{migration.StepVerify, migration.ReasonSourceMoved, migration.ActionRedo, migration.StepCopyFormData},
		{migration.StepCopyFormData, migration.ReasonRecordConflict, migration.ActionRekey, migration.StepCopyFormData},
	} {
		got, ok := migration.Continue(tc.step, tc.reason, tc.action)
		if !ok || got.Step != tc.want {
			t.Errorf("%s of %s at %s goes on at %q, %t, want %q", tc.action, tc.reason, tc.step, got.Step, ok, tc.want)
		}
	}
	if c, ok := migration.Continue(migration.StepStart, migration.ReasonStartBroken, migration.ActionRetry); ok {
		t.Errorf("a broken start can be tried again: %+v", c)
	}
}
