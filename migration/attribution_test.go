package migration_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
)

func TestAttribute(t *testing.T) {
	t.Parallel()
	at := func(minute, second int) time.Time { return time.Date(2024, 2, 29, 12, minute, second, 0, time.UTC) }
	call := migration.Interval{Sent: at(10, 0), Over: at(11, 0)}
	unseen := migration.Interval{Sent: at(20, 0)}
	calls := []migration.Interval{call}
	callers := []migration.User{"admin", "cat"}
	for _, tc := range []struct {
		name  string
		trace migration.Trace
		want  migration.Owner
	}{
		{"as_we_wrote_it", migration.Trace{Digest: migration.Digest{1}, Wrote: []migration.Digest{{2}, {1}}}, migration.OwnerOurs},
		{"not_as_we_wrote_it", migration.Trace{Digest: migration.Digest{1}, Wrote: []migration.Digest{{2}}}, migration.OwnerSomebody},
		{"gone", migration.Trace{Wrote: []migration.Digest{{}, {1}}}, migration.OwnerSomebody},

		{"imaged_right_before_and_after", migration.Trace{Imaged: true}, migration.OwnerTool},
		{"imaged_late", migration.Trace{Imaged: true, Late: true}, migration.OwnerUnknown},
		{"imaged_whatever_its_time_says", migration.Trace{Imaged: true, Written: at(0, 0), Calls: calls}, migration.OwnerTool},
		{"saved_as_the_caller", migration.Trace{Imaged: true, SavedBy: "Cat", Callers: callers}, migration.OwnerTool},
		{"saved_by_another", migration.Trace{Imaged: true, SavedBy: "clark", Callers: callers}, migration.OwnerUnknown},
		{"saved_as_the_caller_and_late", migration.Trace{Imaged: true, Late: true, SavedBy: "cat", Callers: callers}, migration.OwnerUnknown},

		{"imaged_and_others_use_it", migration.Trace{Imaged: true, Used: true}, migration.OwnerUnknown},
		{"imaged_and_people_worked_since", migration.Trace{Imaged: true, Worked: true}, migration.OwnerTool},

		{"no_call_runs_tools", migration.Trace{Written: at(10, 30)}, migration.OwnerSomebody},
		{"no_call_runs_tools_and_no_time", migration.Trace{}, migration.OwnerSomebody},
		{"no_call_runs_tools_and_people_worked", migration.Trace{Written: at(10, 30), Worked: true, Used: true}, migration.OwnerSomebody},
		{"no_time", migration.Trace{Calls: calls}, migration.OwnerUnknown},
		{"within_a_call", migration.Trace{Written: at(10, 30), Calls: calls}, migration.OwnerTool},
		{"within_a_call_and_people_worked", migration.Trace{Written: at(10, 30), Calls: calls, Worked: true}, migration.OwnerUnknown},
		{"within_a_call_and_others_use_it", migration.Trace{Written: at(10, 30), Calls: calls, Used: true}, migration.OwnerUnknown},
		{"as_clocks_differ", migration.Trace{Written: at(9, 56), Calls: calls}, migration.OwnerTool},
		{"as_clocks_differ_at_its_end", migration.Trace{Written: at(11, 4), Calls: calls}, migration.OwnerTool},
		{"before_it", migration.Trace{Written: at(9, 54), Calls: calls}, migration.OwnerSomebody},
		{"after_it", migration.Trace{Written: at(11, 6), Calls: calls}, migration.OwnerSomebody},
		{"while_a_call_may_still_run", migration.Trace{Written: at(40, 0), Calls: []migration.Interval{call, unseen}}, migration.OwnerUnknown},
		{"within_one_before_that", migration.Trace{Written: at(10, 30), Calls: []migration.Interval{call, unseen}}, migration.OwnerTool},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := migration.Attribute(tc.trace); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestIntervals(t *testing.T) {
	t.Parallel()
	at := func(second int) time.Time { return time.Date(2024, 2, 29, 12, 0, second, 0, time.UTC) }
	got := migration.Intervals([]migration.CaptureStory{
		{ID: "start/1", At: at(1)}, // was not sent
		{ID: "start/2", At: at(2)},
		{ID: "start/2/after", At: at(3)},
		{ID: "resume/a", At: at(4)},
		{ID: "resume/a/late", At: at(5)},
		{ID: "resume/b", Open: true, At: at(7)},
		{ID: "resume/b/after", Open: true, At: at(8)},
		{ID: "resume/c", Open: true, At: at(9)},
		{ID: "resume/d", At: at(10)},
		{ID: "resume/d/late", At: at(11)},
		{ID: "resume/d/put_back", At: at(30)},
		{ID: "resume/e", At: at(12)}, // people's, said the operator
		{ID: "resume/e/late", At: at(13)},
		{ID: "resume/e/left", At: at(31)},
		{ID: "resume/f", At: at(14)}, // somebody saved a row while it ran
		{ID: "resume/f/after", At: at(15)},
		{ID: "resume/f/left", At: at(32)},
	})
	want := []migration.Interval{
		{Sent: at(2), Over: at(3)},
		{Sent: at(4)},
		{Sent: at(7), Over: at(8)},
		{Sent: at(9)},
		{Sent: at(10), Over: at(11)},
		{Sent: at(14), Over: at(15)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("intervals (-want +got):\n%s", diff)
	}
}
