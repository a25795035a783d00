package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
)

func TestEvidence_is_the_last_one_saved(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p1", planned(1, nil))
	_, err := l.Evidence(t.Context(), mig, id(1))
	wantCode(t, err, migration.CodeNotFound)

	first := migration.Evidence{Undated: []string{"notes"}}
	last := migration.Evidence{
		Source:   migration.EvidenceSide{Variables: []migration.Variable{{Name: "status", Kind: migration.VariableString, Value: "new"}}},
		Target:   migration.EvidenceSide{Activities: []migration.OpenActivity{{DefID: "approve", AcceptedBy: "cat"}}},
		Modified: []migration.ModifiedRows{{Table: "history", Rows: 21, More: true, IDs: []migration.RecordID{"h1"}}},
	}
	for _, e := range []migration.Evidence{first, last} {
		must(t, l.SaveEvidence(t.Context(), mig, id(1), e, migration.StepLine{Step: migration.StepVerify, Event: migration.EventEvidence}))
	}
	got, err := l.Evidence(t.Context(), mig, id(1))
	must(t, err)
	if diff := cmp.Diff(last, got, cmpopts.IgnoreFields(migration.Evidence{}, "TakenAt")); diff != "" || got.TakenAt.IsZero() {
		t.Errorf("taken at %s, evidence (-want +got):\n%s", got.TakenAt, diff)
	}
	lines, err := l.Lines(t.Context(), mig, id(1))
	must(t, err)
	if n := len(lines); n < 2 || lines[n-1].Event != migration.EventEvidence || lines[n-2].Event != migration.EventEvidence {
		t.Errorf("the story does not tell of it: %+v", lines)
	}
	wantCode(t, l.SaveEvidence(t.Context(), mig, "nobody", last, migration.StepLine{}), migration.CodeNotFound)
}
