package flow_test

import (
	"fmt"
	"strings"
	"testing"

	"jogetferry/joget/flow"
	"jogetferry/joget/xpdl"
)

// large is a definition with 60 variables whose start goes through most of its activities:
// a chain of routes with conditions, AND-splits and their joins, and tools.
func large(activities int) string {
	var b strings.Builder
	const variables = 60
	b.WriteString("process main\n")
	for i := range variables {
		fmt.Fprintf(&b, "data v%d STRING x\n", i)
	}
	blocks := activities / 5
	for i := range blocks {
		fmt.Fprintf(&b, "route split%d and-split\ntool a%d\ntool b%d\nroute join%d and-join\nmanual stop%d\n", i, i, i, i, i)
	}
	for i := range blocks {
		fmt.Fprintf(&b, "split%d -> a%d\nsplit%d -> b%d\na%d -> join%d\nb%d -> join%d\n", i, i, i, i, i, i, i, i)
		fmt.Fprintf(&b, "join%d -> stop%d: v%d === 'stop' && v%d.length > 3\n", i, i, i%variables, i%variables)
		if i+1 < blocks {
			fmt.Fprintf(&b, "join%d -> split%d: OTHERWISE\n", i, i+1)
		} else {
			fmt.Fprintf(&b, "join%d -> stop%d: OTHERWISE\n", i, i)
		}
	}
	return b.String()
}

func TestWalk_goes_through_a_large_definition(t *testing.T) {
	t.Parallel()
	w := walker(t, large(100))
	got := w.Walk(nil)
	if got.Outcome != flow.Waits || len(got.Steps) != 80 || got.Waits[0].Activity != "stop19" {
		t.Errorf("%d steps: %s", len(got.Steps), got)
	}
	if got := w.Walk(texts("v3", "stop")); len(got.Steps) != 16 || got.Waits[0].Activity != "stop3" {
		t.Errorf("%d steps: %s", len(got.Steps), got)
	}
}

// BenchmarkNew makes ready a definition of 100 activities and 60 variables.
func BenchmarkNew(b *testing.B) {
	d := define(b, large(100))["main"]
	for b.Loop() {
		flow.NewWalker(d, nil)
	}
}

// BenchmarkWalk walks instances whose variables have few values.
func BenchmarkWalk(b *testing.B) {
	for _, size := range []int{20, 100} {
		b.Run(fmt.Sprintf("activities_%d", size), func(b *testing.B) {
			w := walker(b, large(size))
			values := [][2]string{{"v0", "a"}, {"v1", "b"}, {"v2", "stop"}, {"v3", "c"}}
			i := 0
			for b.Loop() {
				v := values[i%len(values)]
				i++
				w.Walk(texts(v[0], v[1]))
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "instances/s")
		})
	}
}

// BenchmarkWalk_of_distinct_values evaluates a condition for each instance.
func BenchmarkWalk_of_distinct_values(b *testing.B) {
	w := walker(b, large(20))
	i := 0
	for b.Loop() {
		i++
		w.Walk(texts("v0", fmt.Sprint(i)))
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "instances/s")
}

func FuzzWalk(f *testing.F) {
	const file = `<Package Id="p"><WorkflowProcesses><WorkflowProcess Id="x"><DataFields><DataField Id="v"><DataType><BasicType Type="INTEGER"/></DataType></DataField></DataFields>
<Activities><Activity Id="a"><Route/></Activity><Activity Id="s"><Implementation><SubFlow Id="x"><ActualParameters><ActualParameter>v</ActualParameter></ActualParameters></SubFlow></Implementation></Activity></Activities>
<Transitions><Transition Id="t" From="a" To="s"><Condition Type="CONDITION">v &gt; 1</Condition></Transition></Transitions></WorkflowProcess></WorkflowProcesses></Package>`
	f.Add(file, "7")
	f.Add(strings.Replace(file, `To="s"`, `To="a"`, 1), "")
	f.Add(strings.Replace(file, `v &gt; 1`, `[v].map(eval)`, 1), "x")
	f.Fuzz(func(t *testing.T, text, value string) {
		p, err := xpdl.Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, x := range p.Processes {
			w := flow.NewWalker(flow.Definition{Process: x}, func(key string) (flow.Definition, bool) {
				return flow.Definition{Process: p.Process(key)}, true
			})
			got := w.Walk(texts("v", value))
			if again := w.Walk(texts("v", value)); again.String() != got.String() {
				t.Errorf("two walks differ: %s and %s", got, again)
			}
			paths := []flow.Path{got}
			for _, a := range x.Activities {
				paths = append(paths, w.Activate(a.ID, texts("v", value)))
			}
			for _, got := range paths {
				if (got.Outcome == flow.Unknown) != (got.Why != "") || got.Outcome == flow.Waits && len(got.Waits) == 0 {
					t.Errorf("outcome %q, why %q, waits %v", got.Outcome, got.Why, got.Waits)
				}
			}
			w.MayRun()
		}
	})
}

func FuzzWalk_conditions(f *testing.F) {
	definition := define(f, when("", "CONDITION"))["main"]
	for _, text := range []string{"status === 'x'", "eval(status)", "throw status", "java.lang.x", "new Date(status) < 1", "status.match(/(x+)+$/)", "[1].map(function(x){return x})", "`${status}`"} {
		f.Add(text, "x")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		changed := definition.Process.Outgoing("r")[0]
		changed.Condition.Text = text
		got := flow.NewWalker(definition, nil).Walk(texts("status", value))
		if known := got.Outcome == flow.Waits; known == (got.Why != "") {
			t.Errorf("outcome %q, why %q", got.Outcome, got.Why)
		}
	})
}
