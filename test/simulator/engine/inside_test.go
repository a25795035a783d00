package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/engine"
)

const running, notStarted = "open.running", "open.not_running.not_started"

// good fails the test unless a start answers like one that went well.
func (j *joget) good(o outcome) {
	j.t.Helper()
	if o.err != nil || o.Instance == "" || o.RecordID != "r1" {
		j.t.Errorf("the start answers %+v", o)
	}
}

// failed fails the test unless a start names no instance, in a 500 or in a 200.
func (j *joget) failed(o outcome, internal bool) {
	j.t.Helper()
	if o.err == nil || o.Instance != "" || errors.Is(o.err, engine.ErrInternal) != internal {
		j.t.Errorf("the start answers %+v, want an error that is a 500: %t", o, internal)
	}
}

func TestStart_is_seen_while_its_tool_runs(t *testing.T) {
	t.Parallel()
	j := newJoget(t, engine.Options{})
	h := j.hold(engine.AtTool, "register")
	done := j.started(h, procure)
	j.want("instance", running, instances)
	j.want("link", "r1", "SELECT originProcessId FROM wf_process_link")
	j.want("activities", "stamp=closed.completed register=open.running", activities)
	j.want("versions", "2 1", "SELECT version FROM SHKActivities ORDER BY oid")
	j.want("variables of each", "5 5", "SELECT COUNT(*) FROM SHKActivityData GROUP BY Activity")
	close(h.resume)
	j.good(<-done)
	j.want("open", "quote budget endorse", openOnes)
}

func TestVariable_set_during_a_start(t *testing.T) {
	t.Parallel()
	const outside = "outside"
	t.Run("of_the_same_name_makes_it_fail", func(t *testing.T) {
		t.Parallel()
		j := newJoget(t, engine.Options{})
		h := j.hold(engine.AtTool, "register")
		done := j.started(h, procure)
		j.SetVariable(t.Context(), admin, j.text(theInstance), "status", outside)
		close(h.resume)
		j.failed(<-done, false)
		j.want("status", outside, statusOf)
		j.want("activities", "stamp=closed.completed register=open.running", activities)
		j.want("version", "2", "SELECT version FROM SHKProcessData WHERE VariableDefinitionId = 'status'")
	})
	t.Run("of_another_name_does_not", func(t *testing.T) {
		t.Parallel()
		j := newJoget(t, engine.Options{})
		h := j.hold(engine.AtTool, "register")
		done := j.started(h, procure)
		j.SetVariable(t.Context(), admin, j.text(theInstance), "justification", outside)
		close(h.resume)
		j.good(<-done)
		j.want("kept", outside, "SELECT VariableValueVCHAR FROM SHKProcessData WHERE VariableDefinitionId = 'justification'")
		j.want("seen by the start", "", "SELECT DISTINCT VariableValueVCHAR FROM SHKActivityData WHERE VariableDefinitionId = 'justification'")
	})
}

func TestAbort_during_a_start_archives_at_once_and_makes_it_fail(t *testing.T) {
	t.Parallel()
	j := newJoget(t, engine.Options{})
	j.exec("INSERT INTO app_fd_proc_request (id, c_stage) VALUES ('r1', 'draft')")
	h := j.hold(engine.AtTool, "stamp")
	done := j.started(h, procure)
	j.Abort(t.Context(), admin, j.text(theInstance))
	j.want("history", "closed.aborted", "SELECT state FROM wf_history_process")
	close(h.resume)
	j.failed(<-done, true)
	j.want("instances", "", theInstance)
	j.want("what the tool wrote", "received", "SELECT c_stage FROM app_fd_proc_request")
}

func TestActivityStart_during_a_start(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		activity  string
		abort     bool
		open, end string // what is open, and how register ends
	}{
		"with_abort_stops_the_flow_and_not_the_tool": {activity: "order", abort: true, open: "order", end: "closed.aborted"},
		"without_abort_opens_the_next_one_twice":     {activity: "quote", open: "quote quote budget endorse", end: "closed.completed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJoget(t, engine.Options{})
			h := j.hold(engine.AtTool, "register")
			done := j.started(h, procure)
			if got := j.StartActivity(t.Context(), admin, j.text(theInstance), c.activity, c.abort); !got.Result || got.Err != nil {
				t.Errorf("activity/start answers %+v", got)
			}
			close(h.resume)
			j.good(<-done)
			j.want("open", c.open, openOnes)
			j.want("register", c.end, "SELECT s.Name FROM SHKActivities a JOIN SHKActivityStates s ON s.oid = a.State WHERE a.ActivityDefinitionId = 'register'")
			j.want("status", "registered", statusOf)
		})
	}
}

func TestActivityStart_at_the_same_moment_opens_twice(t *testing.T) {
	t.Parallel()
	j := newJoget(t, engine.Options{})
	id := j.start(procure)
	h := j.hold(engine.AtActivity, "order")
	done := make(chan engine.ActivityStart, 1)
	go func() { done <- j.StartActivity(t.Context(), admin, id, "order", false) }()
	<-h.reached
	if got := j.StartActivity(t.Context(), admin, id, "order", false); !got.Result {
		t.Errorf("the second answers %+v", got)
	}
	close(h.resume)
	if got := <-done; !got.Result {
		t.Errorf("the first answers %+v", got)
	}
	j.want("open", "quote budget endorse order order", openOnes)
	if got := j.StartActivity(t.Context(), admin, id, "order", false); !got.Result {
		t.Errorf("one that comes later answers %+v", got)
	}
	j.want("open after a third", "quote budget endorse order order", openOnes)
}

func TestActivityStart_leaves_suspended_activities_and_does_not_count_them(t *testing.T) {
	t.Parallel()
	j := newJoget(t, engine.Options{})
	id := j.start(procure)
	j.exec("UPDATE SHKActivities SET State = 1000005 WHERE ActivityDefinitionId = 'quote'")
	j.StartActivity(t.Context(), admin, id, "quote", true)
	j.want("suspended", "quote", "SELECT ActivityDefinitionId FROM SHKActivities WHERE State = 1000005")
	j.want("open", "quote", openOnes)
}

func TestTool_that_throws_an_Error_stays_open_until_the_server_starts_again(t *testing.T) {
	t.Parallel()
	j := newJoget(t, engine.Options{})
	j.tool("register", apps.ErrorTool, "{}")
	res, err := j.Start(t.Context(), cat, engine.StartRequest{Definition: procure, RecordID: "r1"})
	j.failed(outcome{res, err}, true)
	const stuck = "stamp=closed.completed register=open.running"
	j.want("activities", stuck, activities)
	must(t, j.ForceComplete(t.Context(), admin, j.text(activityByDef, "register")))
	j.want("after it was completed by force", stuck, activities)
	j.tool("register", apps.SetVariableTool, `{"variable":"status","value":"again"}`)
	must(t, j.Recover(t.Context()))
	j.want("status", "again", statusOf)
	j.want("open", "quote budget endorse", openOnes)
}

func TestAssignments_that_are_not_written_yet_are_lost_with_an_Error_only(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err      error
		internal bool
		want     string
	}{
		"error":     {err: errors.New("missing class"), internal: true, want: ""},
		"exception": {err: engine.ErrException, want: "quote:etta quote:jack budget:cat endorse:cat"}, // the mapping yields nobody
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJoget(t, engine.Options{})
			j.spoil(engine.AtMapping, "endorse", c.err)
			res, err := j.Start(t.Context(), cat, engine.StartRequest{Definition: procure, RecordID: "r1"})
			if o := (outcome{res, err}); c.internal {
				j.failed(o, true)
			} else {
				j.good(o)
			}
			j.want("open", "quote budget endorse", openOnes)
			j.want("assignments", c.want, assigned)
		})
	}
}

func TestStart_that_takes_longer_than_its_transaction_is_done_and_answers_500(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		timeout, takes time.Duration
		fails          bool
	}{
		"Joget's_own":   {takes: 301 * time.Second, fails: true},
		"just_in_time":  {takes: 299 * time.Second},
		"one_of_a_test": {timeout: time.Second, takes: 2 * time.Second, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJoget(t, engine.Options{Timeout: c.timeout})
			h := j.hold(engine.AtTool, "log")
			done := j.started(h, procure)
			j.pass(c.takes)
			close(h.resume)
			if c.fails {
				j.failed(<-done, true)
			} else {
				j.good(<-done)
			}
			j.want("assignments", "quote:etta quote:jack budget:cat endorse:clark", assigned)
		})
	}
}

func TestNewcomers_collide(t *testing.T) {
	t.Parallel()
	t.Run("requesters_and_nothing_is_created", func(t *testing.T) {
		t.Parallel()
		j := newJoget(t, engine.Options{})
		h := j.hold(engine.AtResource, "")
		done := j.started(h, procure)
		id := j.start(procure)
		close(h.resume)
		j.failed(<-done, true)
		j.want("instances", id, theInstance)
	})
	t.Run("assignees_and_reevaluate_mends_it", func(t *testing.T) {
		t.Parallel()
		j := newJoget(t, engine.Options{})
		j.seen("cat")
		h := j.hold(engine.AtResource, "approve")
		done := j.started(h, "leave:latest:process1")
		j.start("leave:latest:process1")
		close(h.resume)
		j.failed(<-done, true)
		j.want("instances", running+" "+running, instances)
		j.want("activities", "route1=closed.completed approve="+notStarted+" route1=closed.completed approve="+notStarted, activities)
		const mine = "approve:clark approve:julia approve:terry"
		j.want("assignments", mine, assigned)
		must(t, j.Reevaluate(t.Context(), admin, j.text("SELECT Id FROM SHKActivities WHERE ActivityDefinitionId = 'approve' AND oid NOT IN (SELECT Activity FROM SHKAssignmentsTable)")))
		j.want("assignments once mended", mine+" "+mine, assigned)
	})
}

func TestCall_goes_on_when_its_client_is_gone(t *testing.T) {
	t.Parallel()
	j := newJoget(t, engine.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	h := j.hold(engine.AtTool, "stamp")
	done := make(chan error, 1)
	go func() {
		_, err := j.Start(ctx, cat, engine.StartRequest{Definition: procure, RecordID: "r1"})
		done <- err
	}()
	<-h.reached
	cancel()
	close(h.resume)
	must(t, <-done)
	j.want("open", "quote budget endorse", openOnes)
}

func TestCall_can_be_held_at_every_place(t *testing.T) {
	t.Parallel()
	for place, c := range map[string]struct{ definition, activity, open string }{
		engine.AtInstance:    {procure, "", ""},
		engine.AtActivity:    {procure, "stamp", ""},
		engine.AtTool:        {procure, "stamp", "stamp"},
		engine.AtToolDone:    {procure, "stamp", "stamp"},
		engine.AtRoute:       {procure, "fork", "fork"},
		engine.AtMapping:     {procure, "quote", "quote"},
		engine.AtAssignments: {procure, "quote", "quote budget endorse"},
		engine.AtResource:    {procure, "quote", "quote"},
	} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			j := newJoget(t, engine.Options{})
			h := j.hold(place, c.activity)
			done := j.started(h, c.definition)
			j.want("open", c.open, openOnes)
			j.want("assignments", "", assigned)
			close(h.resume)
			j.good(<-done)
		})
	}
}
