package diagram

import (
	"cmp"
	"slices"

	"jogetferry/joget/xpdl"
)

// Point is a place in a diagram, in pixels from its upper left corner.
type Point struct{ X, Y int }

// Box is a rectangle by its upper left corner.
type Box struct{ X, Y, Width, Height int }

// Diagram is a process with the places of its parts.
type Diagram struct {
	Process       string // its key
	Name          string
	Width, Height int
	Lanes         []Lane // from top to bottom, as wide as the diagram
	Nodes         []Node // activities in document order, then starts and ends
	Edges         []Edge
	// Laid is false where the definition says where each activity is drawn.
	Laid bool
}

// Lane is the stripe of a participant.
type Lane struct {
	ID, Name string
	Box
}

// Kind is what a node is: an activity of a kind, or one of two more.
type Kind string

// The kinds beside those of activities.
const (
	Start Kind = "start"
	End   Kind = "end"
)

// Node is an activity, a start or an end.
type Node struct {
	ID   string // of the activity; "" for a start or end
	Kind Kind
	Name string
	Text []string // the name in lines that fit; empty for starts and ends
	Box
}

// Edge is a transition, or the line between a start or end and its activity.
type Edge struct {
	ID        string // of the transition; "" for a start or end
	Name      string
	Exception bool    // followed only for an exception
	Points    []Point // from one node to the other, each straight above or beside the next
	Label     Point   // the middle of its text
}

// Sizes, in pixels, as Joget's builder draws.
const (
	Header     = 32 // width of a lane's head, left of where offsets are counted from
	laneBelow  = 50 // the lane under its lowest part
	laneHeight = 150
	margin     = 60 // right of the rightmost part
	boxWidth   = 120
	boxHeight  = 62
	routeSize  = 55
	markerSize = 30
)

func sizeOf(kind Kind) (width, height int) {
	switch kind {
	case Kind(xpdl.Route):
		return routeSize, routeSize
	case Start, End:
		return markerSize, markerSize
	}
	return boxWidth, boxHeight
}

// Of lays out a process. A definition of which one activity has no place is laid out in layers
// as a whole: what its others say would be of no use.
func Of(p *xpdl.Process) *Diagram {
	d := &Diagram{Process: p.Key, Name: p.Name}
	l := layout{Diagram: d, process: p, index: map[string]int{}}
	if d.Laid = slices.ContainsFunc(p.Activities, func(a *xpdl.Activity) bool { return a.Place == nil }); d.Laid {
		l.layers()
	} else {
		l.placed()
	}
	l.stack()
	l.connect()
	return d
}

// layout is a diagram in the making. Nodes have their places within their lanes until stack.
type layout struct {
	*Diagram

	process *xpdl.Process
	index   map[string]int // of the node of an activity
	lanes   []string       // of nodes, parallel to Nodes
	links   []link
}

// link is a line to be routed, between the nodes of two indexes.
type link struct {
	from, to int
	edge     Edge
}

// put adds a node at a place of a lane.
func (l *layout) put(lane string, n Node, x, y int) int {
	n.X, n.Y = x, y
	n.Width, n.Height = sizeOf(n.Kind)
	n.Text = wrap(n.Name, max(n.Width, leastText)-textPadding, maxLines)
	l.Nodes = append(l.Nodes, n)
	l.lanes = append(l.lanes, lane)
	return len(l.Nodes) - 1
}

func (l *layout) activity(a *xpdl.Activity, lane string, x, y int) {
	l.index[a.ID] = l.put(lane, Node{ID: a.ID, Kind: Kind(a.Kind), Name: cmp.Or(a.Name, a.ID)}, x, y)
}

// placed puts everything where the definition says.
func (l *layout) placed() {
	for _, a := range l.process.Activities {
		l.activity(a, cmp.Or(a.Place.Lane, a.Performer), a.Place.X, a.Place.Y)
	}
	for _, m := range l.process.Markers {
		kind := Start
		if m.End {
			kind = End
		}
		at := l.put(m.Place.Lane, Node{Kind: kind}, m.Place.X, m.Place.Y)
		if other, ok := l.index[m.Activity]; ok {
			l.mark(kind, at, other)
		}
	}
}

// mark links a start or end with its activity.
func (l *layout) mark(kind Kind, at, activity int) {
	if kind == End {
		at, activity = activity, at
	}
	l.links = append(l.links, link{from: at, to: activity})
}

// stack puts the lanes below each other, and gives nodes their places in the diagram.
func (l *layout) stack() {
	names := map[string]string{}
	for _, p := range l.process.Participants {
		names[p.ID] = cmp.Or(p.Name, p.ID)
	}
	order := slices.Clone(l.process.Lanes)
	for _, lane := range l.lanes {
		if !slices.Contains(order, lane) {
			order = append(order, lane)
		}
	}
	for i := range l.Nodes {
		l.Width = max(l.Width, Header+l.Nodes[i].X+l.Nodes[i].Width+margin)
	}
	for i, id := range order {
		if slices.Contains(order[:i], id) {
			continue
		}
		lane := Lane{ID: id, Name: cmp.Or(names[id], id), Box: Box{Y: l.Height, Width: l.Width, Height: laneHeight}}
		for k := range l.Nodes {
			if l.lanes[k] == id {
				lane.Height = max(lane.Height, l.Nodes[k].Y+l.Nodes[k].Height+laneBelow)
			}
		}
		for k := range l.Nodes {
			if l.lanes[k] == id {
				l.Nodes[k].X += Header
				l.Nodes[k].Y += lane.Y
			}
		}
		l.Lanes = append(l.Lanes, lane)
		l.Height += lane.Height
	}
}

// connect routes all lines, the shortest first: those have the fewest ways.
func (l *layout) connect() {
	for _, t := range l.process.Transitions {
		l.links = append(l.links, link{from: l.index[t.From], to: l.index[t.To], edge: Edge{ID: t.ID, Name: t.Name, Exception: t.Exceptional()}})
	}
	r := newRouter(l.Nodes)
	order := make([]int, len(l.links))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(l.far(l.links[a]), l.far(l.links[b])) })
	for _, i := range order {
		k := &l.links[i]
		k.edge.Points = r.route(k.from, k.to)
		k.edge.Label = middle(k.edge.Points)
	}
	for i := range l.links {
		l.Edges = append(l.Edges, l.links[i].edge)
	}
}

// far is how far the nodes of a link are from each other.
func (l *layout) far(k link) int {
	a, b := l.Nodes[k.from].center(), l.Nodes[k.to].center()
	return abs(a.X-b.X) + abs(a.Y-b.Y)
}

func (b Box) center() Point { return Point{b.X + b.Width/2, b.Y + b.Height/2} }

// middle is where the text of a line belongs: on the middle of its longest part.
func middle(points []Point) Point {
	var at Point
	longest := -1
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		if n := abs(a.X-b.X) + abs(a.Y-b.Y); n > longest {
			longest, at = n, Point{(a.X + b.X) / 2, (a.Y + b.Y) / 2}
		}
	}
	return at
}

func abs(n int) int { return max(n, -n) }
