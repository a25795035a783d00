package server_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/fault"
	"jogetferry/test/simulator/server"
)

func TestFaults_inside_a_call(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule   fault.Rule
		status int
		named  bool   // the answer names an instance
		stands string // how the activities stand
	}{
		"exception_of_a_tool": {fault.Rule{Path: "engine/tool", Kind: fault.Throw, Count: 1}, http.StatusOK, true, "budget endorse quote"},
		"error_of_a_tool":     {fault.Rule{Path: "engine/tool", Kind: fault.Error, Skip: 1}, http.StatusInternalServerError, false, "register"},
		"exception_of_a_route": {
			fault.Rule{Path: "engine/route", Kind: fault.Throw}, http.StatusOK, false, "fork",
		},
		"error_before_assignments_are_written": {
			fault.Rule{Path: "engine/assignments", Kind: fault.Error}, http.StatusInternalServerError, false, "budget endorse quote",
		},
		"every_call_is_no_place":         {fault.Rule{Path: fault.Any, Kind: fault.Latency, Delay: time.Nanosecond}, http.StatusOK, true, "budget endorse quote"},
		"part_of_a_place_is_not_another": {fault.Rule{Path: "engine/tool_done", Kind: fault.Error, Skip: 3}, http.StatusOK, true, "budget endorse quote"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := serve(t, prepared(t), server.Options{Faults: []fault.Rule{c.rule}})
			status, out := j.post(t, "cat", "/workflow/process/start/"+procure, "recordId", "r1")
			if id, _ := out["processId"].(string); status != c.status || (id != "") != c.named {
				t.Errorf("the start answers %d %v", status, out)
			}
			id := j.lines(t, "SELECT Id FROM SHKProcesses")[0]
			if got := strings.Join(j.open(t, id), " "); got != c.stands {
				t.Errorf("open: %s, want %s", got, c.stands)
			}
			if got := j.Effects(); got[len(got)-1].What != effects.Start || got[len(got)-1].Instance != id || (got[len(got)-1].Result == effects.OK) != c.named {
				t.Errorf("last effect %+v", got[len(got)-1])
			}
		})
	}
}

func TestFaults_make_a_place_slow_and_other_calls_go_on(t *testing.T) {
	t.Parallel()
	asleep, wake := make(chan time.Duration), make(chan struct{})
	j := serve(t, prepared(t), server.Options{
		Faults: []fault.Rule{{Path: "engine/mapping", Kind: fault.Latency, Delay: time.Hour, Count: 1}},
		Sleep: func(ctx context.Context, d time.Duration) error {
			asleep <- d
			<-wake
			return ctx.Err()
		},
	})
	slow := make(chan int, 1)
	go func() {
		status, _ := j.post(t, "cat", "/workflow/process/start/"+leave, "recordId", "slow")
		slow <- status
	}()
	if d := <-asleep; d != time.Hour {
		t.Errorf("sleeps %v", d)
	}
	j.start(t, "cat", leave, "recordId", "quick")
	if got := j.lines(t, "SELECT COUNT(*) FROM SHKAssignmentsTable t JOIN wf_process_link l ON l.processId = t.ActivityProcessId WHERE l.originProcessId = 'slow'"); got[0] != "0" {
		t.Errorf("%s assignments before the mapping is evaluated", got[0])
	}
	close(wake)
	if status := <-slow; status != http.StatusOK {
		t.Errorf("the slow start answers %d", status)
	}
}

func TestFaults_refuse_places_that_there_are_not(t *testing.T) {
	t.Parallel()
	j := serve(t, prepared(t), server.Options{})
	for _, rule := range []fault.Rule{
		{Path: "engine/nowhere", Kind: fault.Latency}, {Path: "engine/tool", Kind: fault.CutAfter}, {Path: "process/start", Kind: fault.Throw}, {Path: fault.Any, Kind: fault.Error},
	} {
		if err := j.AddFaults(rule); err == nil {
			t.Errorf("%+v is taken", rule)
		}
	}
}

func TestForm_that_is_too_long_loses_its_login(t *testing.T) {
	t.Parallel()
	for _, limit := range []int64{0, 4000} {
		j := serve(t, prepared(t), server.Options{MaxPost: limit})
		j.exec(t, "DELETE FROM app_package_participant WHERE participantId = 'processStartWhiteList'") // anybody may start
		if limit == 0 {
			limit = 2 << 20
		}
		login := "j_username=master&j_password=master&loginAs=cat&recordId=r1&pad="
		for size, want := range map[int64]string{limit: "cat", limit + 1: "roleAnonymous"} {
			body := login + strings.Repeat("x", int(size)-len(login))
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, j.url+"/web/json/workflow/process/start/"+leave, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header = http.Header{"Referer": {j.url}, "Content-Type": {"application/x-www-form-urlencoded"}}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			records := "r1"
			if want != "cat" {
				records = "36 characters"
			}
			got := j.lines(t, "SELECT p.ResourceRequesterId, IF(l.originProcessId = 'r1', 'r1', CONCAT(LENGTH(l.originProcessId), ' characters')) FROM SHKProcesses p JOIN wf_process_link l ON l.processId = p.Id ORDER BY p.oid DESC LIMIT 1")
			if !slices.Equal(got, []string{want + "|" + records}) {
				t.Errorf("a form of %d bytes starts %v, want it by %s", size, got, want)
			}
		}
	}
}

func TestServer_runs_interrupted_tools_again_when_told_to(t *testing.T) {
	t.Parallel()
	db := prepared(t)
	first := serve(t, db, server.Options{})
	first.mapTool(t, "register", apps.ErrorTool, `{}`)
	first.post(t, "cat", "/workflow/process/start/"+procure, "recordId", "r1")
	first.mapTool(t, "register", apps.SetVariableTool, `{"variable":"status","value":"again"}`)
	over := make(chan struct{})
	again := serve(t, db, server.Options{Recover: true, Pause: func(_ context.Context, at engine.Point) error {
		if at.What == engine.AtAssignments {
			close(over)
		}
		return nil
	}})
	<-over
	if got := again.lines(t, "SELECT VariableValueVCHAR FROM SHKProcessData WHERE VariableDefinitionId = 'status'"); got[0] != "again" {
		t.Errorf("status %v", got)
	}
	if got := again.open(t, again.lines(t, "SELECT Id FROM SHKProcesses")[0]); !slices.Equal(got, []string{"budget", "endorse", "quote"}) {
		t.Errorf("open %v", got)
	}
}
