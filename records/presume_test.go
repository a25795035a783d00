package records_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/records"
)

func TestPresumeTakesOnlyNewChildrenOfTheRootForFresh(t *testing.T) {
	t.Parallel()
	d, selection := world(t)
	before, err := records.BeginCapture(t.Context(), d.Target, selection, records.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	before.Abandon(t.Context())
	d.row("line", "new", "c_opp_id", "r", "dateCreated", "2024-05-02 10:00:00.5")
	d.row("line", "old", "c_opp_id", "r", "dateCreated", "2024-04-30 10:00:00")
	d.row("line", "undated", "c_opp_id", "r")
	d.row("acc", "a3", "dateCreated", "2024-05-02 10:00:00")
	for _, statement := range []string{"UPDATE app_fd_opp SET c_account = 'a3' WHERE id = 'r'", "UPDATE app_fd_line SET c_opp_id = 'r' WHERE id = 'l9'"} {
		if _, err := d.DB.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	capture, err := records.FinishCapture(t.Context(), d.Target, selection, records.Limits{}, before.Before)
	if err != nil {
		t.Fatal(err)
	}
	capture.Presume(selection.Model, time.Date(2024, time.May, 1, 0, 0, 0, 0, time.UTC))
	if diff := cmp.Diff([]migration.RowKey{key("line", "new")}, capture.Fresh); diff != "" {
		t.Errorf("fresh (-want +got):\n%s", diff)
	}
}
