package recorded_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/engine"
)

// setup is what the calls of a scenario do not tell.
type setup struct {
	tool    apps.ToolMapping // of activity work in process tooled; zero for none
	nobody  string           // user name whom participant nobody is mapped to; "" for no mapping
	timeout time.Duration    // of a transaction; 0 for Joget's own
	moves   []move           // how the calls at once come forward; nil where there are none
}

// move lets one of several calls, counted from 0, go on to a point of the engine.
type move struct {
	call  int
	until string // a value of engine.Point.What, "" for its answer
}

var (
	sets = apps.ToolMapping{Class: apps.SetVariableTool, Properties: json.RawMessage(`{"variable":"status","value":"by tool"}`)}
	slow = apps.ToolMapping{Class: "org.joget.apps.app.lib.MultiTools", Properties: json.RawMessage(`{"tools":[
		{"className":"` + apps.SleepTool + `","properties":{"millis":17000}},
		{"className":"` + apps.SetVariableTool + `","properties":{"variable":"status","value":"by tool"}}]}`)}
	idle = apps.ToolMapping{Class: apps.SleepTool, Properties: json.RawMessage(`{"millis":0}`)}
)

// overlap: the first two calls have both looked before either opens the
// activity, the other two see it.
var overlap = slices.Concat(to(engine.AtActivity, 0, 1), to("", 0, 1, 2, 3))

// collision is the order of the recorded rows: requesters and instances, begin
// and first, and then both calls that miss the row of the user.
var collision = slices.Concat(
	to(engine.AtActivity, 1), to(engine.AtInstance, 2), to(engine.AtActivity, 4, 2, 6, 0, 3, 7, 5),
	to(engine.AtRoute, 2, 1, 6, 4, 7, 3, 5), to(engine.AtMapping, 2), to(engine.AtRoute, 0), to(engine.AtMapping, 1, 4, 6, 7, 3, 0, 5),
	to(engine.AtResource, 6, 4),
	to("", 6, 4, 1, 2, 3, 7, 5, 0),
)

// to moves calls to a point, one after the other.
func to(point string, calls ...int) []move {
	var out []move
	for _, c := range calls {
		out = append(out, move{call: c, until: point})
	}
	return out
}

// scenarios lists the recordings by name of their file.
var scenarios = map[string]setup{
	"accept_withdraw":               {},
	"activity_start":                {},
	"activity_start_parallel":       {moves: overlap},
	"and_join":                      {},
	"and_join_rebuilt":              {},
	"and_join_twice":                {},
	"archived":                      {},
	"complete_variables":            {},
	"created_not_started":           {},
	"deadlines":                     {},
	"inflight_activity_start_abort": {tool: sets},
	"inflight_activity_start_add":   {tool: sets},
	"inflight_process_abort":        {tool: sets},
	"inflight_seen":                 {tool: sets},
	"inflight_variable":             {tool: sets},
	"inflight_variable_other":       {tool: idle},
	"newcomers":                     {nobody: "fresh2", moves: collision},
	"process_abort":                 {},
	"reassign":                      {},
	"start_broken_script":           {},
	"start_plain":                   {},
	"start_refused_number":          {},
	"start_tool_error":              {tool: apps.ToolMapping{Class: apps.ErrorTool}},
	"start_tool_throws":             {tool: apps.ToolMapping{Class: apps.ThrowTool}},
	"start_with_tool":               {tool: sets},
	"subflow":                       {},
	"subflow_async":                 {},
	"subflow_child_aborted":         {},
	"subflow_restart":               {},
	"timeout":                       {tool: slow, timeout: 14 * time.Second},
	"unmapped":                      {},
	"variables":                     {},
}

func TestRecorded(t *testing.T) {
	t.Parallel()
	for name, s := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &replay{joget: serve(t, s), setup: s, want: tables{}}
			r.names = &normaliser{clock: r.clock}
			for _, q := range queries {
				r.want[q.table] = []map[string]any{}
			}
			r.run(t, read(t, name))
		})
	}
}

func TestRecorded_replays_every_recording(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".json")
	}
	if d := cmp.Diff(files, slices.Sorted(maps.Keys(scenarios))); d != "" {
		t.Errorf("scenarios (-recorded +replayed):\n%s", d)
	}
}

// replay is a scenario under way.
type replay struct {
	*joget
	setup
	names *normaliser
	want  tables  // the recorded rows, as of the last step
	sent  *flight // the start that is not answered yet, if any
	last  string  // the last call, for messages
}

// run makes the steps and compares answers and rows with the recorded ones.
func (r *replay) run(t *testing.T, steps []step) {
	t.Helper()
	for len(steps) > 0 {
		s := steps[0]
		n := 1 // how many of the next steps are made together
		if s.Call != "" {
			r.last = s.Call
		}
		switch {
		case s.Tables != nil:
			r.compare(t, s)
		case s.Manager == "deadlines":
			r.clock.pass(2 * time.Second)
			if err := r.server.Engine().CheckDeadlines(t.Context()); err != nil {
				t.Fatal(err)
			}
		case s.Arguments.Manual:
			r.create(t, s)
		case s.Result == nil:
			r.sent = newFlight(s)
			r.forward(t, r.sent, engine.AtTool)
		case strings.HasSuffix(s.Call, "(the answer)"):
			r.sent.step = s
			r.check(t, r.sent, r.forward(t, r.sent, ""))
		default:
			for atOnce(s) && n < len(steps) && atOnce(steps[n]) {
				n++
			}
			r.calls(t, steps[:n])
		}
		steps = steps[n:]
	}
}

func atOnce(s step) bool { return strings.HasSuffix(s.Call, " at once)") }

// create makes an instance without starting it, which no HTTP call does.
func (r *replay) create(t *testing.T, s step) {
	t.Helper()
	a := s.Arguments
	res, err := r.server.Engine().Start(t.Context(), engine.Caller{Name: s.As}, engine.StartRequest{Definition: a.Def, Variables: a.Vars, RecordID: a.Record, Manual: a.Manual})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(result{ProcessID: s.Result.ProcessID, Record: s.Result.Record}, result{ProcessID: r.names.text(res.Instance), Record: res.RecordID}); d != "" {
		t.Errorf("%s (-recorded +simulator):\n%s", s.Call, d)
	}
}

// compare looks at all rows, those too that did not change.
func (r *replay) compare(t *testing.T, s step) {
	t.Helper()
	for table := range s.Tables {
		if r.want[table] == nil {
			t.Fatalf("nothing reads %s", table)
		}
	}
	maps.Copy(r.want, s.Tables.expected())
	if d := diff(r.want, r.rows(t, r.names)); d != "" {
		t.Errorf("rows %s %s:\n%s", s.Rows, r.last, d)
	}
}
