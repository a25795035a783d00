package diagram_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jogetferry/joget/diagram"
	"jogetferry/joget/xpdl"
)

func parsed(t *testing.T, text string) *xpdl.Package {
	t.Helper()
	p, err := xpdl.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// packages are those of the simulator's apps.
func packages(t *testing.T) map[string]*xpdl.Package {
	t.Helper()
	files, err := filepath.Glob("../../test/simulator/apps/data/*/package.xpdl")
	if err != nil || len(files) < 4 {
		t.Fatalf("found %d packages: %v", len(files), err)
	}
	all := map[string]*xpdl.Package{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(filepath.Dir(file))] = parsed(t, string(text))
	}
	return all
}

func TestOf_simulator_apps(t *testing.T) {
	t.Parallel()
	for app, p := range packages(t) {
		for _, process := range p.Processes {
			t.Run(app+"/"+process.Key, func(t *testing.T) {
				t.Parallel()
				d := diagram.Of(process)
				sound(t, process, d)
				apart(t, d)
				if d.Laid {
					t.Error("it does not say where its activities are drawn")
				}
				placed(t, process, d)
			})
		}
	}
}

// placed checks that each activity and marker is where the process says, counted from its lane.
func placed(t *testing.T, p *xpdl.Process, d *diagram.Diagram) {
	t.Helper()
	lanes := map[string]diagram.Lane{}
	below := 0
	for _, l := range d.Lanes {
		lanes[l.ID] = l
		if l.Y != below || l.Width != d.Width || l.Height < 150 {
			t.Errorf("lane %s is at %+v, below %d", l.ID, l.Box, below)
		}
		below += l.Height
	}
	if below != d.Height {
		t.Errorf("lanes end at %d, the diagram at %d", below, d.Height)
	}
	places := make([]xpdl.Place, 0, len(d.Nodes))
	for _, a := range p.Activities {
		places = append(places, *a.Place)
	}
	for _, m := range p.Markers {
		places = append(places, m.Place)
	}
	for i, n := range d.Nodes {
		lane := lanes[places[i].Lane]
		if n.X != diagram.Header+places[i].X || n.Y != lane.Y+places[i].Y {
			t.Errorf("%s is at %d,%d, want %+v in %+v", n.Name, n.X, n.Y, places[i], lane.Box)
		}
		if n.Y+n.Height+50 > lane.Y+lane.Height {
			t.Errorf("%s does not fit into its lane", n.Name)
		}
	}
}

// sound checks that lines run between the right boxes, straight, and that all is inside.
func sound(t *testing.T, p *xpdl.Process, d *diagram.Diagram) {
	t.Helper()
	at := map[string]diagram.Box{}
	for _, n := range d.Nodes {
		if n.X < 0 || n.Y < 0 || n.X+n.Width > d.Width || n.Y+n.Height > d.Height {
			t.Errorf("%s is outside: %+v of %dx%d", n.Name, n.Box, d.Width, d.Height)
		}
		at[n.ID] = n.Box
	}
	edges := map[string]diagram.Edge{}
	for _, e := range d.Edges {
		edges[e.ID] = e
		for i := 1; i < len(e.Points); i++ {
			if a, b := e.Points[i-1], e.Points[i]; a.X != b.X && a.Y != b.Y {
				t.Errorf("%s is not straight from %v to %v", e.ID, a, b)
			}
		}
	}
	for _, tr := range p.Transitions {
		e := edges[tr.ID]
		if len(e.Points) < 2 || !touches(at[tr.From], e.Points[0]) || !touches(at[tr.To], e.Points[len(e.Points)-1]) {
			t.Errorf("%s from %+v to %+v runs %v", tr.ID, at[tr.From], at[tr.To], e.Points)
		}
		if e.Exception != tr.Exceptional() || e.Name != tr.Name {
			t.Errorf("%s: %+v", tr.ID, e)
		}
	}
}

// touches reports whether a point is on the rim of a box.
func touches(b diagram.Box, p diagram.Point) bool {
	across, down := p.X >= b.X && p.X <= b.X+b.Width, p.Y >= b.Y && p.Y <= b.Y+b.Height
	return across && down && (p.X == b.X || p.X == b.X+b.Width || p.Y == b.Y || p.Y == b.Y+b.Height)
}

func cuts(b diagram.Box, p, q diagram.Point) bool {
	return max(p.X, q.X) > b.X && min(p.X, q.X) < b.X+b.Width && max(p.Y, q.Y) > b.Y && min(p.Y, q.Y) < b.Y+b.Height
}

// apart checks that no box lies on another, and no line runs through one.
func apart(t *testing.T, d *diagram.Diagram) {
	t.Helper()
	for i, a := range d.Nodes {
		for _, b := range d.Nodes[i+1:] {
			if a.X < b.X+b.Width && b.X < a.X+a.Width && a.Y < b.Y+b.Height && b.Y < a.Y+a.Height {
				t.Errorf("%q at %+v lies on %q at %+v", a.Name, a.Box, b.Name, b.Box)
			}
		}
		for _, e := range d.Edges {
			for k := 1; k < len(e.Points); k++ {
				if cuts(a.Box, e.Points[k-1], e.Points[k]) {
					t.Errorf("%s runs through %q", e.ID, a.Name)
				}
			}
		}
	}
}

// random is a process of n activities without coordinates.
func random(t *testing.T, rng *rand.Rand, n int) *xpdl.Process {
	t.Helper()
	var activities, transitions strings.Builder
	for i := range n {
		fmt.Fprintf(&activities, `<Activity Id="a%d" Name="Activity number %d"><Implementation><No/></Implementation><Performer>p%d</Performer></Activity>`, i, i, rng.IntN(3))
		if i > 0 {
			fmt.Fprintf(&transitions, `<Transition Id="t%d" From="a%d" To="a%d"/>`, i, rng.IntN(i), i)
		}
	}
	for i := range n / 3 {
		fmt.Fprintf(&transitions, `<Transition Id="u%d" From="a%d" To="a%d"/>`, i, rng.IntN(n), rng.IntN(n))
	}
	return parsed(t, `<Package Id="p"><Participants><Participant Id="p0" Name="ผู้จัดการฝ่ายบุคคล"/><Participant Id="p1"/><Participant Id="p2"/></Participants>
<WorkflowProcesses><WorkflowProcess Id="x"><Activities>`+activities.String()+`</Activities><Transitions>`+transitions.String()+`</Transitions></WorkflowProcess></WorkflowProcesses></Package>`).Processes[0]
}

func TestOf_without_coordinates(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, seed))
		p := random(t, rng, 1+rng.IntN(40))
		d := diagram.Of(p)
		if !d.Laid {
			t.Error("the definition is said to tell where things are drawn")
		}
		sound(t, p, d)
		apart(t, d)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// TestOf_large: what is too large for ways around boxes is drawn all the same, and soon.
func TestOf_large(t *testing.T) {
	t.Parallel()
	p := random(t, rand.New(rand.NewPCG(1, 1)), 3000)
	d := diagram.Of(p)
	if len(d.Edges) < 4000 || len(d.Nodes) < 3000 {
		t.Errorf("%d nodes, %d edges", len(d.Nodes), len(d.Edges))
	}
}

func TestOf_text(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Approve":                   "Approve",
		"Approve the leave request": "Approve the|leave request",
		"ผู้จัดการฝ่ายบุคคลอนุมัติใบลา":                                  "",
		"承認する人が休暇申請を確認する":                                                "",
		"Donaudampfschifffahrtsgesellschaft":                             "Donaudampfschif|ffahrtsgesellsc|haft",
		"one two three four five six seven eight nine ten eleven twelve": "one two three|four five six|seven eight…",
	} {
		p := parsed(t, `<Package Id="p"><WorkflowProcesses><WorkflowProcess Id="x"><Activities><Activity Id="a" Name="`+name+`"><Implementation><No/></Implementation></Activity></Activities></WorkflowProcess></WorkflowProcesses></Package>`)
		lines := diagram.Of(p.Processes[0]).Nodes[0].Text
		if got := strings.Join(lines, "|"); want != "" && got != want {
			t.Errorf("%s is written as %s, want %s", name, got, want)
		}
		if want == "" && (len(lines) < 2 || !strings.HasPrefix(name, lines[0])) {
			t.Errorf("%s is written as %q", name, lines)
		}
	}
}
