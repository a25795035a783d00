package schema_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
)

// A time that has not come: half of Java's Long.MAX_VALUE, as the engine writes it.
const notYet = 4611686018427387903

func TestTimesThatHaveNotComeAreNone(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		stored any
		want   migration.EpochMillis
	}{
		{"half_of_the_largest_long", notYet, 0},
		{"the_largest_long", 9223372036854775807, 0},
		{"null", nil, 0},
		{"a_moment", 1700000000456, 1700000000456},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			j := newJoget(t)
			p := j.process("1_crm_process1", crm, notStarted, "cat")
			j.exec("UPDATE SHKProcesses SET Started = ?", tc.stored)
			a := j.activity("2_1_crm_process1_approve", p, "approve", notStarted, 20, "Accepted", tc.stored)
			j.deadline(p, a, tc.stored, 0)
			j.put("wf_process_link_history", "processId", "9_crm_process1", "parentProcessId", "9", "originProcessId", "9")
			j.put("wf_history_process", "processId", "9_crm_process1", "processDefId", crm, "resourceRequesterId", "cat",
				"state", "closed.completed", "created", tc.stored, "started", tc.stored)

			i, err := j.Fresh().Instance(t.Context(), "1_crm_process1")
			if err != nil {
				t.Fatal(err)
			}
			if i.Started != tc.want || i.Created != 1700000000123 {
				t.Errorf("created %d, started %d, want %d", i.Created, i.Started, tc.want)
			}
			if got := i.Activities[0]; got.Deadlines != 1 || got.Activated != 20 || got.NextDeadline != tc.want {
				t.Errorf("%d deadlines, next at %d, want 1 at %d", got.Deadlines, got.NextDeadline, tc.want)
			}
			all, err := j.Fresh().Activities(t.Context(), i.ID)
			if err != nil || all[0].Accepted != tc.want {
				t.Errorf("accepted at %d, want %d; %v", all[0].Accepted, tc.want, err)
			}
			linked, err := j.Fresh().LinkedInstances(t.Context(), "9")
			if err != nil || len(linked) != 1 || linked[0].Created != tc.want {
				t.Errorf("linked %+v, want one created at %d; %v", linked, tc.want, err)
			}
		})
	}
}

// deadline adds a deadline; limit is when it is due.
func (j *joget) deadline(process, activity int64, limit any, executed int) {
	j.t.Helper()
	if limit == nil {
		limit = notYet // the column takes no NULL
	}
	j.engine("SHKDeadlines", "Process", process, "Activity", activity, "CNT", j.oid, "TimeLimit", limit, "TimeLimitTZO", 0,
		"ExceptionName", "late", "IsSynchronous", 1, "IsExecuted", executed)
}

func TestDeadlinesOfClosedActivitiesAreOver(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	p := j.process("1_crm_process1", crm, running, "cat")
	first := j.activity("2_1_crm_process1_approve", p, "approve", string(migration.StateAborted), 10)
	done := j.activity("3_1_crm_process1_check", p, "check", completed, 11)
	again := j.activity("4_1_crm_process1_approve", p, "approve", notStarted, 20)
	j.deadline(p, first, 7000, 0) // aborted before it fired
	j.deadline(p, done, 7001, 1)
	j.deadline(p, again, 9000, 0)
	i, err := j.Fresh().Instance(t.Context(), "1_crm_process1")
	if err != nil {
		t.Fatal(err)
	}
	if got := i.Activities; len(got) != 1 || got[0].Deadlines != 1 || got[0].NextDeadline != 9000 {
		t.Errorf("open activities %+v, want one with one deadline at 9000", got)
	}
}

// Of every activity that calls no asynchronous subflow the flag is 0, not NULL:
// alone it tells no caller from others.
func TestOnlyCallersHaveChildren(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	p := j.process("1", crm, running, "cat")
	for n := range 3 {
		j.activity(fmt.Sprintf("done%d", n), p, "done", completed, n, "IsPerformerAsynchronous", 0)
	}
	j.calls(p, "1", "sub", "2")
	j.activity("a_1_async", p, "async", completed, 4, "Performer", "3", "IsPerformerAsynchronous", 1)
	j.process("2", crm, running, "cat", "a_1_sub", "1")
	j.process("3", crm, running, "cat", "a_1_async", "1")
	// No engine makes this: a child of an activity that calls nothing.
	j.process("4", crm, running, "cat", "done0", "1")
	i, err := j.Fresh().Instance(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	type child struct {
		ID    migration.InstanceID
		Async bool
	}
	var got []child
	for _, c := range i.Children {
		got = append(got, child{c.ID, c.Asynchronous})
	}
	if diff := cmp.Diff([]child{{"2", false}, {"3", true}}, got); diff != "" {
		t.Errorf("children (-want +got):\n%s", diff)
	}
}
