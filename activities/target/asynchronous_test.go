package target_test

import (
	"net/http"
	"strings"
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/fault"
)

const abortPath = "process/abort"

// ending is a worker that ends asynchronous subflows.
func ending(p *scene.Ports) { p.Settings.EndAsynchronous = true }

// circular is an instance whose start begins an asynchronous subflow, with tools that set
// the stage of the row of its record and write a file. People changed both since. mode
// "deep" has the subflow begin another one.
func circular(c *activitytest.Case, mode string) *activitytest.Instance {
	in := c.Begin(activitytest.Begin{
		Process: "claims/circular", Variables: map[string]string{"mode": mode},
		Row: map[string]string{"title": "water", "stage": "new"}, Files: map[string]string{"letter.pdf": "hello"},
	})
	c.Source.Edit("claim_case", in.Record, "stage", "ours")
	c.Source.File("claim_case", in.Record, "copy.txt", "corrected")
	return in
}

// open lists the instances of the record that are open on the target, each with whether
// another called it. Joget writes links of subflows late: those up to two deep have their callers'.
func open(c *activitytest.Case, in *activitytest.Instance) string {
	return c.Target.Text(`SELECT GROUP_CONCAT(SUBSTRING_INDEX(p.PDefName, '#', -1), IF(p.ActivityRequesterId IS NULL, '', ' below') ORDER BY p.oid SEPARATOR ', ')
FROM SHKProcesses p JOIN SHKProcessStates s ON s.oid = p.State LEFT JOIN SHKProcesses c ON c.Id = p.ActivityRequesterProcessId
WHERE s.KeyValue LIKE 'open%' AND EXISTS (SELECT 1 FROM (SELECT * FROM wf_process_link UNION ALL SELECT * FROM wf_process_link_history) l
 WHERE l.originProcessId = ? AND l.processId IN (p.Id, p.ActivityRequesterProcessId, c.ActivityRequesterProcessId))`, string(in.Record))
}

// begunBy is the asynchronous subflow that the start of a target instance of circular began.
func begunBy(c *activitytest.Case, id migration.InstanceID) migration.InstanceID {
	return migration.InstanceID(c.Target.Text("SELECT Performer FROM SHKActivities WHERE ProcessId = ? AND ActivityDefinitionId = 'inform'", string(id)))
}

// finish takes an instance whose start has its end to its verdict.
func finish(t *testing.T, c *activitytest.Case, j *scene.Ports, in *activitytest.Instance, started contract.StartOutput) {
	t.Helper()
	activitytest.Same(t, "start", contract.StatusOK, started.Status)
	if started.Restore {
		restored, err := activitytest.Retry(t, j.Register, contract.RestoreState, in.Step())
		activitytest.Must(t, err)
		activitytest.Same(t, "restored", contract.StatusOK, restored.Status)
	}
	activitytest.Same(t, "resumed", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, j, in))
	verified, items := scene.Verify(t, c, in, contract.VerifyInput{Fix: true}, ending)
	if verified.Verdict != migration.VerdictSame {
		t.Errorf("verified as %s: %q", verified.Verdict, items)
	}
}

// TestAsynchronousSubflows_that_a_start_begins are ended, and what their tools changed is
// put back with the rest, whatever becomes of the calls and of who makes them.
func TestAsynchronousSubflows_that_a_start_begins(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, mode string
		// happens to the start, which is then reconciled where it has no outcome.
		happens func(*activitytest.Case)
		aborts  int
		// late: nobody looked right after the start, so that the operator says whose changes are.
		late bool
	}{
		{name: "one", mode: "plain", aborts: 1},
		{name: "two_deep", mode: "deep", aborts: 2},
		{name: "the_answer_of_the_start_is_lost", mode: "plain", aborts: 1, late: true, happens: func(c *activitytest.Case) {
			c.Door.Faults(fault.Rule{Path: startPath, Kind: fault.Error500After, Count: 1})
		}},
		{name: "the_answer_of_an_abort_is_lost", mode: "deep", aborts: 2, happens: func(c *activitytest.Case) {
			c.Door.Faults(fault.Rule{Path: abortPath, Kind: fault.CutAfter, Count: 1})
		}},
		{name: "an_abort_has_no_effect", mode: "plain", aborts: 2, happens: func(c *activitytest.Case) {
			c.Door.Faults(fault.Rule{Path: abortPath, Kind: fault.Empty200, Count: 1})
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := circular(c, tc.mode)
			scene.Copied(t, c, in, ending)
			j := scene.Worker(c, ending, scene.SettlesSoon)
			if tc.happens != nil {
				tc.happens(c)
			}
			out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
			if err != nil || out.Status == contract.StatusUnknown {
				out, err = activitytest.Retry(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
			}
			activitytest.Must(t, err)
			activitytest.Same(t, "open", "circular", open(c, in))
			activitytest.Same(t, "aborts", tc.aborts, len(c.Door.Calls(abortPath)))
			activitytest.Same(t, "starts", 1, len(in.Done(effects.Start)))
			activitytest.Same(t, "stage as tools left it", "copied", c.Target.Field("claim_case", in.Record, "stage"))
			if tc.late {
				restored, err := activitytest.Retry(t, j.Register, contract.RestoreState, in.Step())
				activitytest.Must(t, err)
				activitytest.Same(t, "restored", activitytest.Parked(migration.ReasonRestoreUnsure), activitytest.Decided(restored.Outcome))
				_, err = activitytest.Retry(t, j.Register, contract.ResolveInstance, contract.ResolveInput{
					StepInput: in.Step(), ParkID: restored.ParkID, Reason: restored.Reason, Action: migration.ActionPutBack,
				})
				activitytest.Must(t, err)
			}
			finish(t, c, j, in, out)
			activitytest.Same(t, "stage", "ours", c.Target.Field("claim_case", in.Record, "stage"))
			activitytest.Same(t, "files", c.Source.Files("claim_case", in.Record), c.Target.Files("claim_case", in.Record))
			activitytest.Same(t, "on the target", in.OnSource(), in.OnTarget())
			activitytest.Same(t, "open in the end", "circular", open(c, in))
			activitytest.Same(t, "aborts in the end", tc.aborts, len(c.Door.Calls(abortPath)))
		})
	}
}

// TestAsynchronousSubflows_after_a_crash has the worker die right after the start.
func TestAsynchronousSubflows_after_a_crash(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := circular(c, "deep")
	scene.Copied(t, c, in, ending)
	in.Start()
	activitytest.Same(t, "open", "circular, circularCopy below, circularFile below", open(c, in))
	for range 2 {
		out, err := activitytest.Retry(t, scene.Worker(c, ending).Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
		activitytest.Must(t, err)
		activitytest.Same(t, "reconciled", contract.StatusOK, out.Status)
		activitytest.Same(t, "open", "circular", open(c, in))
	}
	activitytest.Same(t, "aborts", 2, len(c.Door.Calls(abortPath)))
	activitytest.Same(t, "starts", 0, len(c.Door.Calls(startPath)))
	// Whose they were the log tells.
	lines, err := c.Ledger.Lines(t.Context(), c.Migration, in.ID)
	activitytest.Must(t, err)
	ended := 0
	for _, l := range lines {
		if l.Kind == migration.KindOutcome && l.Event == migration.EventCall && l.Call.Verb == migration.VerbAbortProcess && strings.Contains(string(l.Call.Target), "circular") {
			ended++
		}
	}
	activitytest.Same(t, "aborts in the log", 2, ended)
}

// TestAsynchronousSubflows_that_people_work_on park, and end once the operator gives
// that up.
func TestAsynchronousSubflows_that_people_work_on(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		works func(c *activitytest.Case, child migration.InstanceID)
		open  string
	}{
		{
			name: "completed", open: "circular, circularCopy below",
			works: func(c *activitytest.Case, child migration.InstanceID) { c.Target.Complete(child, "read", "", nil) },
		},
		{
			name: "accepted", open: "circular, circularCopy below",
			works: func(c *activitytest.Case, child migration.InstanceID) {
				c.Target.Accept(child, "read", c.Target.Tree(child).Instance.Activities[0].Assignments[0].User)
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in, j := circular(c, "plain"), scene.Worker(c, ending)
			scene.Copied(t, c, in, ending)
			id := in.Start()
			tc.works(c, begunBy(c, id))
			out, err := activitytest.Run(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
			activitytest.Must(t, err)
			activitytest.Same(t, "reconciled", activitytest.Parked(migration.ReasonTargetMoved), activitytest.Decided(out.Outcome))
			activitytest.Same(t, "open", tc.open, open(c, in))
			in.Decide(migration.ActionRedo, true)
			out, err = activitytest.Run(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
			activitytest.Must(t, err)
			activitytest.Same(t, "reconciled, work given up", contract.StatusOK, out.Status)
			activitytest.Same(t, "open, work given up", "circular", open(c, in))
		})
	}
}

// TestAsynchronousSubflows_that_people_begin_to_work_on_at_the_last_moment stay.
func TestAsynchronousSubflows_that_people_begin_to_work_on_at_the_last_moment(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in, j := circular(c, "deep"), scene.Worker(c, ending)
	scene.Copied(t, c, in, ending)
	child := begunBy(c, in.Start())
	// The one below it is ended first.
	c.Door.At(activitytest.Effected, abortPath, func() { c.Target.Complete(child, "read", "", nil) })
	out, err := activitytest.Retry(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	activitytest.Same(t, "reconciled", activitytest.Parked(migration.ReasonTargetMoved), activitytest.Decided(out.Outcome))
	activitytest.Same(t, "open", "circular, circularCopy below", open(c, in))
	activitytest.Same(t, "aborts", 1, len(c.Door.Calls(abortPath)))
}

// TestAsynchronousSubflows_of_a_subflow_that_is_started are ended before the subflow goes on.
func TestAsynchronousSubflows_of_a_subflow_that_is_started(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := c.Begin(activitytest.Begin{Process: "claims/briefing", Row: map[string]string{"title": "water"}})
	scene.Way{{Activity: "open"}, {Activity: "hand/desk"}}.Walk(c, in)
	scene.Copied(t, c, in, ending)
	j := scene.Worker(c, ending, scene.SettlesSoon)
	out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "aborts at the start", 0, len(c.Door.Calls(abortPath)))
	// The worker dies when the subflow was started, and has ended nothing.
	c.Door.At(activitytest.Sent, abortPath, func() { panic(http.ErrAbortHandler) })
	finish(t, c, j, in, out)
	activitytest.Same(t, "open", "briefing, briefingDesk below", open(c, in))
	activitytest.Same(t, "on the target", in.OnSource(), in.OnTarget())
	calls := []string{}
	for _, call := range c.Door.Calls("") {
		for _, kind := range []string{startPath, "activity/start", abortPath} {
			if strings.Contains(call, kind) {
				calls = append(calls, kind)
			}
		}
	}
	activitytest.Same(t, "calls", []string{startPath, "activity/start", abortPath, abortPath, "activity/start"}, calls)
}

// TestAsynchronousSubflows_where_they_keep_it_from_being_migrated are left alone, and seen.
func TestAsynchronousSubflows_where_they_keep_it_from_being_migrated(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := circular(c, "plain")
	scene.Copied(t, c, in, ending)
	id := in.Start()
	out, err := activitytest.Run(t, scene.Worker(c).Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	activitytest.Same(t, "reconciled", contract.StatusOK, out.Status)
	activitytest.Same(t, "open", "circular, circularCopy below", open(c, in))
	activitytest.Same(t, "aborts", 0, len(c.Door.Calls(abortPath)))
	_, items := scene.Verify(t, c, in, contract.VerifyInput{})
	child := string(begunBy(c, id))
	found := false
	for _, item := range items {
		found = found || item == "instance "+child+": extra, target instance "+child+", for which nobody waits"
	}
	if !found {
		t.Errorf("the verification does not see the subflow %s: %q", child, items)
	}
}

// TestStart_that_begins_an_asynchronous_subflow_is_seen_at_rest, since its start runs in
// the same call: where no tool lies on its way, looks show the end of a call without an answer.
func TestStart_that_begins_an_asynchronous_subflow_is_seen_at_rest(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := c.Begin(activitytest.Begin{Process: "claims/briefingDesk", Row: map[string]string{"title": "water"}})
	scene.Copied(t, c, in, ending)
	j := scene.Worker(c, ending)
	c.Door.Faults(fault.Rule{Path: startPath, Kind: fault.CutAfter, Count: 1})
	out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "start", contract.StatusUnknown, out.Status)
	// start.settle is longer than the test.
	out, err = activitytest.Run(t, j.Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	activitytest.Same(t, "open", "briefingDesk", open(c, in))
	finish(t, c, j, in, out)
}

// TestAbortTarget_ends_asynchronous_subflows that calls of ours began, whatever
// starts.asynchronous says, and whatever becomes of the calls.
func TestAbortTarget_ends_asynchronous_subflows(t *testing.T) {
	t.Parallel()
	cut := func(c *activitytest.Case, _ migration.InstanceID) {
		c.Door.Faults(fault.Rule{Path: abortPath, Kind: fault.CutAfter, Count: 2})
	}
	for _, tc := range []struct {
		name    string
		happens func(c *activitytest.Case, id migration.InstanceID)
		discard bool
		want    contract.Outcome
		open    any
	}{
		{name: "with_their_instance", want: contract.Outcome{Status: contract.StatusOK}, open: ""},
		{name: "when_answers_are_lost", happens: cut, want: contract.Outcome{Status: contract.StatusOK}, open: ""},
		{
			name: "of_an_instance_that_is_archived", want: contract.Outcome{Status: contract.StatusOK}, open: "",
			happens: func(c *activitytest.Case, id migration.InstanceID) { c.Target.Abort(id) },
		},
		{
			name: "unless_people_work_on_one", open: "circular, circularCopy below, circularFile below",
			want: contract.Outcome{Status: contract.StatusSkipped, Reason: migration.ReasonTargetMoved},
			happens: func(c *activitytest.Case, id migration.InstanceID) {
				c.Target.Complete(begunBy(c, id), "read", "", nil)
			},
		},
		{
			name: "that_people_work_on_and_the_operator_gives_up", discard: true, want: contract.Outcome{Status: contract.StatusOK}, open: "",
			happens: func(c *activitytest.Case, id migration.InstanceID) {
				c.Target.Complete(begunBy(c, id), "read", "", nil)
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := circular(c, "deep")
			scene.Copied(t, c, in, ending)
			id := in.Start()
			if tc.happens != nil {
				tc.happens(c, id)
			}
			scene.Finished(t, c, in)
			out, err := activitytest.Retry(t, scene.Worker(c).Register, contract.AbortTarget, contract.AbortTargetInput{StepInput: in.Step(), Discard: tc.discard})
			activitytest.Must(t, err)
			activitytest.Same(t, "outcome", tc.want, activitytest.Decided(out))
			activitytest.Same[any](t, "open", tc.open, open(c, in))
		})
	}
}

// TestAsynchronousSubflow_moves_by_itself, beside the instance that called it, which may
// have ended since.
func TestAsynchronousSubflow_moves_by_itself(t *testing.T) {
	t.Parallel()
	for _, ended := range []bool{false, true} {
		t.Run(map[bool]string{false: "with_its_caller", true: "whose_caller_has_ended"}[ended], func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			root := circular(c, "plain")
			child := root.Asynchronous("inform")
			c.Source.Complete(child.ID, "read", "", nil)
			c.Source.Set(child.ID, "note", "read by us")
			c.Source.Complete(root.ID, "answer", "", nil)
			moving := []*activitytest.Instance{root, child, root.Asynchronous("remind")}
			if ended {
				c.Source.Complete(root.ID, "sign", "", nil)
				moving = moving[1:]
			}
			j := scene.Worker(c, ending)
			for _, in := range moving {
				scene.Copied(t, c, in, ending)
				out, err := activitytest.Retry(t, j.Register, contract.StartProcess, in.Step())
				activitytest.Must(t, err)
				finish(t, c, j, in, out)
				activitytest.Same(t, "requester", in.Requester, c.Target.Tree(in.TargetID()).Instance.Requester)
			}
			for _, in := range moving {
				activitytest.Same(t, "record", root.Record, in.Record)
				activitytest.Same(t, "on the target", in.OnSource(), in.OnTarget())
			}
			link := c.Target.Tree(child.TargetID()).Instance.Link
			activitytest.Same(t, "link", &migration.Link{Process: child.TargetID(), Parent: string(root.Record), Origin: root.Record}, link)
			want := "circular, circularCopy, circularCopy"
			if ended {
				want = "circularCopy, circularCopy"
			}
			activitytest.Same(t, "open", want, open(c, root))
			// Both come to their ends.
			for _, in := range moving {
				for len(c.Target.Tree(in.TargetID()).Instance.Activities) > 0 {
					activity := string(c.Target.Tree(in.TargetID()).Instance.Activities[0].DefID)
					c.Target.Complete(in.TargetID(), activity, "", nil)
					if activity == "sign" || activity == "reply" {
						break
					}
				}
			}
			activitytest.Same(t, "open in the end", "", open(c, root))
		})
	}
}
