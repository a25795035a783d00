package migration_test

import (
	"testing"

	"jogetferry/migration"
)

func TestUnshown(t *testing.T) {
	t.Parallel()
	write := func(id migration.InstanceID, kind migration.Kind) migration.StepLine {
		return migration.StepLine{Event: migration.EventCall, Kind: kind, Call: &migration.Call{Verb: migration.VerbWriteVariables, Target: id}}
	}
	shown := migration.StepLine{Event: migration.EventVariablesShown, Facts: migration.Facts{Target: "a"}}
	lines := []migration.StepLine{
		write("a", migration.KindIntent), write("a", migration.KindOutcome), shown, write("b", migration.KindIntent), write("a", migration.KindIntent), write("a", migration.KindIntent),
	}
	for n, want := range map[int]int{0: 0, 1: 1, 2: 1, 3: 0, 4: 1, 5: 2, 6: 2} {
		if got := migration.Unshown(lines[:n]); len(got) != want {
			t.Errorf("after %d lines: %q", n, got)
		}
	}
}
