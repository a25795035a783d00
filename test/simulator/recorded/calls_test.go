package recorded_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/test/simulator/schema"
)

var (
	remark    = regexp.MustCompile(`   \((.*)\)$`)
	parameter = regexp.MustCompile(` (\w+)=`)
)

// flight is a call on its way.
type flight struct {
	step   step
	answer chan answer
	resume chan struct{} // closed to let it go on; nil before it was sent
}

type answer struct {
	status int
	body   string
	err    error
}

func newFlight(s step) *flight { return &flight{step: s, answer: make(chan answer, 1)} }

// send makes the call as it is written down and does not wait for the answer.
func (r *replay) send(t *testing.T, f *flight) {
	t.Helper()
	line := remark.ReplaceAllString(f.step.Call, "")
	line, posted := strings.CutPrefix(line, "POST ")
	form := url.Values{"j_username": {schema.MasterUser}, "j_password": {schema.MasterPassword}, "loginAs": {f.step.As}}
	found := parameter.FindAllStringSubmatchIndex(line, -1)
	path := line
	for i := len(found) - 1; i >= 0; i-- { // from the last, so that values may hold spaces
		form.Set(path[found[i][2]:found[i][3]], r.names.real(path[found[i][1]:]))
		path = path[:found[i][0]]
	}
	target, method, body := r.url+"/web"+r.names.real(path), http.MethodPost, form.Encode()
	if !posted {
		target, method, body = target+"?"+body, http.MethodGet, ""
	}
	request, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Referer": {r.url}, "Content-Type": {"application/x-www-form-urlencoded"}}
	go func() { f.answer <- do(request) }()
}

func do(request *http.Request) answer {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer{err: err}
	}
	raw, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	return answer{response.StatusCode, string(raw), err}
}

// calls makes one call, or those at once as the moves say.
func (r *replay) calls(t *testing.T, steps []step) {
	t.Helper()
	moves := r.moves
	if len(steps) == 1 {
		moves = to("", 0)
	}
	flights, answers := make([]*flight, len(steps)), make([]answer, len(steps))
	for i, s := range steps {
		flights[i] = newFlight(s)
	}
	for _, m := range moves {
		answers[m.call] = r.forward(t, flights[m.call], m.until)
	}
	r.rows(t, r.names) // names what has appeared, in the order of the rows
	for i, f := range flights {
		r.check(t, f, answers[i])
	}
}

// forward lets a call go on to a point of the engine, or to its answer.
func (r *replay) forward(t *testing.T, f *flight, until string) answer {
	t.Helper()
	r.gate.set(until)
	if f.resume == nil {
		r.send(t, f)
	} else {
		close(f.resume)
	}
	select {
	case f.resume = <-r.gate.reached:
		return answer{}
	case a := <-f.answer:
		if until != "" {
			t.Fatalf("%s: answered %d %s without coming to %q", f.step.Call, a.status, a.body, until)
		}
		return a
	}
}

// check compares an answer with what Joget's controller makes of the recorded result.
func (r *replay) check(t *testing.T, f *flight, got answer) {
	t.Helper()
	if got.err != nil {
		t.Fatalf("%s: %v", f.step.Call, got.err)
	}
	status, want, err := f.step.expected()
	if err != nil {
		t.Fatal(err)
	}
	body, err := object(r.names.text(got.body))
	if err != nil {
		t.Errorf("%s: %v", f.step.Call, err)
	}
	if d := cmp.Diff(want, body); d != "" || status != got.status {
		t.Errorf("%s: status %d, recorded %d; body (-recorded +simulator):\n%s", f.step.Call, got.status, status, d)
	}
}

func failure(status int, message string) map[string]any {
	return map[string]any{"error": map[string]any{"date": "NOW", "code": fmt.Sprint(status), "message": message}}
}

// expected is Joget's answer to the recorded result of its manager.
func (s step) expected() (status int, body map[string]any, err error) {
	a, r := s.Arguments, s.Result
	switch {
	case r.Exception != "":
		return http.StatusInternalServerError, failure(http.StatusInternalServerError, "System error, please refer to log files"), nil
	case r.None:
		return http.StatusNotFound, failure(http.StatusNotFound, "Assignment does not exist."), nil
	case r.Body != nil:
		body, err = object(string(r.Body))
		return http.StatusOK, body, err
	}
	switch s.Manager {
	case "start":
		body = map[string]any{"processId": r.ProcessID, "activityId": ""}
		if r.Record != "" {
			body["recordId"] = r.Record
		}
	case "complete":
		body = map[string]any{"status": "completed", "processId": r.ProcessID, "activityId": a.ID}
		if a.Vars != nil {
			body["assignment"] = r.Assignee
		}
	case "activityStart":
		body = map[string]any{"processId": a.ID, "activityDefId": a.Def, "result": *r.Result}
	case "activityAbort":
		body = map[string]any{"processId": a.ID, "activityDefId": a.Def, "status": "aborted"}
	case "processAbort": // the result goes to Joget's log only
		body = map[string]any{"processId": a.ID, "status": "aborted"}
	case "processVariable", "activityVariable":
		body = map[string]any{"status": "variableSet"}
	case "accept", "withdraw":
		body = map[string]any{"assignment": a.ID, "status": map[string]string{"accept": "accepted", "withdraw": "withdrawn"}[s.Manager]}
	case "reassign":
		body = map[string]any{"activityId": a.ID, "username": a.To, "replaceUser": a.From}
	}
	return http.StatusOK, body, nil
}
