package target_test

import (
	"io"
	"strings"
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
)

// TestRestoreState_reverts_a_large_row has tools change a row that captures hold an
// outline of.
func TestRestoreState_reverts_a_large_row(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Intake(c)
	title := strings.Repeat("large ", 500_000)
	c.Source.Edit("claim_case", in.Record, "title", title)
	scene.Copied(t, c, in)
	j := scene.Worker(c)
	_, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "as tools left it", scene.But(scene.AsToolsLeftIt, "title", title), scene.Record(c, in))
	before, _, err := c.Ledger.Capture(t.Context(), in.Key(), "start/1")
	activitytest.Must(t, err)
	if len(before) > 10_000 {
		t.Errorf("%d bytes are held of the record before the start", len(before))
	}
	restored, err := activitytest.Retry(t, j.Register, contract.RestoreState, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, activitytest.Decided(restored.Outcome))
	activitytest.Same(t, "record", scene.But(scene.AsOnTheSource, "title", title), scene.Record(c, in))
	activitytest.Same(t, "told", []string{`rows_reverted {"restored":1,"removed":1}`}, in.Told(migration.EventRowsReverted))
	// What the second image took over is there, and the rest of the first one is not.
	first, err := records.DecodeCapture(before)
	activitytest.Must(t, err)
	outlines := 0
	for i := range first.Before.Rows {
		o := first.Before.Rows[i].Outline
		if o == nil {
			continue
		}
		outlines++
		if left, err := io.ReadAll(c.Ledger.Contents().Open(t.Context(), o.Content, o.At)); len(left) > 0 || err != nil {
			t.Errorf("%d bytes of the first image are left, %v", len(left), err)
		}
	}
	if outlines != 1 {
		t.Errorf("%d outlines, want that of the record", outlines)
	}
}
