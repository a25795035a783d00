package diagram

import (
	"container/heap"
	"slices"
)

// What a way costs beside its length in pixels.
const (
	bendCost  = 60 // each bend
	crossCost = 30 // each line that is crossed
	gap       = 10 // between a box and the lines around it
	// maxCells bounds the grid: a larger diagram gets plain lines.
	maxCells = 200_000
)

// direction is one of four; the opposite one is two further.
type direction int

const (
	up direction = iota
	right
	down
	left
	directions
)

func (d direction) step() (dx, dy int) {
	switch d {
	case up:
		return 0, -1
	case right:
		return 1, 0
	case down:
		return 0, 1
	case left, directions:
	}
	return -1, 0
}

func (d direction) flat() bool { return d == left || d == right }

// router finds ways around boxes, over the lines that run beside each box and through its middle.
type router struct {
	nodes  []Node
	xs, ys []int        // the lines of the grid, in order
	closed []bool       // cells within a box or too near to it
	used   []int8       // ways over a cell, by axis: 1 across, 2 down
	lines  map[Box]bool // direct ones
}

func newRouter(nodes []Node) *router {
	r := &router{nodes: nodes, lines: map[Box]bool{}}
	for i := range nodes {
		b, c := nodes[i].Box, nodes[i].center()
		r.xs = append(r.xs, b.X-gap, c.X, b.X+b.Width+gap)
		r.ys = append(r.ys, b.Y-gap, c.Y, b.Y+b.Height+gap)
	}
	r.xs, r.ys = sorted(r.xs), sorted(r.ys)
	if len(r.xs)*len(r.ys) > maxCells {
		r.xs, r.ys = nil, nil
		return r
	}
	r.closed, r.used = make([]bool, len(r.xs)*len(r.ys)), make([]int8, len(r.xs)*len(r.ys))
	for i := range nodes {
		b := nodes[i].Box
		for x := first(r.xs, b.X-gap+1); x < len(r.xs) && r.xs[x] < b.X+b.Width+gap; x++ {
			for y := first(r.ys, b.Y-gap+1); y < len(r.ys) && r.ys[y] < b.Y+b.Height+gap; y++ {
				r.closed[r.cell(x, y)] = true
			}
		}
	}
	return r
}

func sorted(values []int) []int {
	slices.Sort(values)
	return slices.Compact(values)
}

// first is the index of the first value that is not below v.
func first(values []int, v int) int {
	i, _ := slices.BinarySearch(values, v)
	return i
}

func (r *router) cell(x, y int) int { return y*len(r.xs) + x }

// port is where a line meets a box: in the middle of a side.
type port struct {
	at   Point // on the box
	x, y int   // of the cell before it
	out  direction
}

func (r *router) ports(node int) []port {
	b, c := r.nodes[node].Box, r.nodes[node].center()
	all := []port{
		{at: Point{b.X + b.Width, c.Y}, x: first(r.xs, b.X+b.Width+gap), y: first(r.ys, c.Y), out: right},
		{at: Point{c.X, b.Y + b.Height}, x: first(r.xs, c.X), y: first(r.ys, b.Y+b.Height+gap), out: down},
		{at: Point{c.X, b.Y}, x: first(r.xs, c.X), y: first(r.ys, b.Y-gap), out: up},
		{at: Point{b.X, c.Y}, x: first(r.xs, b.X-gap), y: first(r.ys, c.Y), out: left},
	}
	return slices.DeleteFunc(all, func(p port) bool { return r.closed[r.cell(p.x, p.y)] })
}

// route returns a way between two nodes that goes through no box, straight lines where there is
// none.
func (r *router) route(from, to int) []Point {
	if from == to {
		return loop(r.nodes[from].Box)
	}
	if way := r.direct(from, to); way != nil {
		return way
	}
	if len(r.xs) > 0 {
		if way := r.search(r.ports(from), r.ports(to)); way != nil {
			return way
		}
	}
	a, b := r.nodes[from].center(), r.nodes[to].center()
	return straight([]Point{a, {b.X, a.Y}, b})
}

// direct is a single line between boxes that face each other with nothing between them; nil where
// they do not, or another one lies there.
func (r *router) direct(from, to int) []Point {
	a, b := r.nodes[from].Box, r.nodes[to].Box
	top, bottom := max(a.Y, b.Y), min(a.Y+a.Height, b.Y+b.Height)
	near, far := max(a.X, b.X), min(a.X+a.Width, b.X+b.Width)
	var line []Point
	switch y, x := (top+bottom)/2, (near+far)/2; {
	case bottom-top >= markerSize/2 && a.X+a.Width < b.X:
		line = []Point{{a.X + a.Width, y}, {b.X, y}}
	case bottom-top >= markerSize/2 && b.X+b.Width < a.X:
		line = []Point{{a.X, y}, {b.X + b.Width, y}}
	case far-near >= markerSize/2 && a.Y+a.Height < b.Y:
		line = []Point{{x, a.Y + a.Height}, {x, b.Y}}
	case far-near >= markerSize/2 && b.Y+b.Height < a.Y:
		line = []Point{{x, a.Y}, {x, b.Y + b.Height}}
	default:
		return nil
	}
	key := span(line)
	if r.lines[key] || slices.ContainsFunc(r.nodes, func(n Node) bool { return n.Box != a && n.Box != b && n.near(key) }) {
		return nil
	}
	r.lines[key] = true
	return line
}

// span is the box that a line fills.
func span(line []Point) Box {
	a, b := line[0], line[1]
	return Box{X: min(a.X, b.X), Y: min(a.Y, b.Y), Width: abs(a.X - b.X), Height: abs(a.Y - b.Y)}
}

// near reports whether a box comes nearer to another than lines do.
func (b Box) near(o Box) bool {
	return o.X < b.X+b.Width+gap && b.X-gap < o.X+o.Width && o.Y < b.Y+b.Height+gap && b.Y-gap < o.Y+o.Height
}

// loop leads from a box to itself.
func loop(b Box) []Point {
	c := b.center()
	out, above := b.X+b.Width+gap, b.Y-gap
	return []Point{{b.X + b.Width, c.Y}, {out, c.Y}, {out, above}, {c.X, above}, {c.X, b.Y}}
}

// state is a cell that is entered in a direction.
type state int

func (s state) cell() int      { return int(s) / int(directions) }
func (s state) dir() direction { return direction(int(s) % int(directions)) }

func stateOf(cell int, d direction) state { return state(cell*int(directions) + int(d)) }

// visit is a state that was reached; total is its cost and what is left at least.
type visit struct {
	state

	cost, total int
}

type visits []visit

func (v visits) Len() int           { return len(v) }
func (v visits) Less(i, k int) bool { return v[i].total < v[k].total }
func (v visits) Swap(i, k int)      { v[i], v[k] = v[k], v[i] }
func (v *visits) Push(x any)        { *v = append(*v, x.(visit)) } //nolint:forcetypeassert // heap gives what it was given
func (v *visits) Pop() any {
	last := (*v)[len(*v)-1]
	*v = (*v)[:len(*v)-1]
	return last
}

// search finds the cheapest way from one of some ports to one of others (A*).
func (r *router) search(from, to []port) []Point {
	// A cost is one more than it is, so that 0 is not known.
	costs, before := make([]int, len(r.closed)*int(directions)), map[state]state{}
	var open visits
	reach := func(s state, cost int) {
		costs[s] = cost + 1
		heap.Push(&open, visit{s, cost, cost + r.atLeast(s.cell(), to)})
	}
	into := map[state]port{}
	for _, p := range to {
		into[stateOf(r.cell(p.x, p.y), (p.out+2)%directions)] = p
	}
	for _, p := range from {
		reach(stateOf(r.cell(p.x, p.y), p.out), 0)
	}
	for len(open) > 0 && len(to) > 0 {
		v := heap.Pop(&open).(visit) //nolint:forcetypeassert // there is nothing else in it
		if v.cost+1 > costs[v.state] {
			continue
		}
		if end, ok := into[v.state]; ok {
			return r.way(v.state, before, from, end)
		}
		for d := range directions {
			if d == (v.dir()+2)%directions {
				continue
			}
			next, cost, ok := r.step(v.state, d)
			if cost += v.cost; ok && (costs[next] == 0 || cost+1 < costs[next]) {
				before[next] = v.state
				reach(next, cost)
			}
		}
	}
	return nil
}

// atLeast is the length of the shortest way there could be.
func (r *router) atLeast(cell int, to []port) int {
	x, y, least := r.xs[cell%len(r.xs)], r.ys[cell/len(r.xs)], -1
	for _, p := range to {
		if n := abs(x-r.xs[p.x]) + abs(y-r.ys[p.y]); least < 0 || n < least {
			least = n
		}
	}
	return least
}

// step goes on in a direction: by a cell, or by turning where it is. No box fits between two
// lines of the grid, since each has one through its middle.
func (r *router) step(s state, d direction) (next state, cost int, ok bool) {
	if d != s.dir() {
		return stateOf(s.cell(), d), bendCost, true
	}
	dx, dy := d.step()
	x, y := s.cell()%len(r.xs)+dx, s.cell()/len(r.xs)+dy
	if x < 0 || y < 0 || x >= len(r.xs) || y >= len(r.ys) || r.closed[r.cell(x, y)] {
		return s, 0, false
	}
	cost = abs(r.xs[x]-r.xs[x-dx]) + abs(r.ys[y]-r.ys[y-dy])
	along, across := int8(1), int8(2)
	if !d.flat() {
		along, across = across, along
	}
	switch used := r.used[r.cell(x, y)]; {
	case used&along != 0:
		cost *= 2 // lines that lie on each other cannot be told apart
	case used&across != 0:
		cost += crossCost
	}
	return stateOf(r.cell(x, y), d), cost, true
}

// way follows the states back, and remembers the cells.
func (r *router) way(s state, before map[state]state, from []port, end port) []Point {
	points := []Point{end.at}
	for {
		points = append(points, Point{r.xs[s.cell()%len(r.xs)], r.ys[s.cell()/len(r.xs)]})
		axis := int8(1)
		if !s.dir().flat() {
			axis = 2
		}
		r.used[s.cell()] |= axis
		prior, ok := before[s]
		if !ok {
			break
		}
		s = prior
	}
	i := slices.IndexFunc(from, func(p port) bool { return stateOf(r.cell(p.x, p.y), p.out) == s })
	points = append(points, from[i].at)
	slices.Reverse(points)
	return straight(points)
}

// straight leaves out points on the way from one to the next.
func straight(points []Point) []Point {
	var out []Point
	for i, p := range points {
		if len(out) > 0 && out[len(out)-1] == p {
			continue
		}
		if n := len(out); n > 1 && i > 1 && (out[n-2].X == out[n-1].X && out[n-1].X == p.X || out[n-2].Y == out[n-1].Y && out[n-1].Y == p.Y) {
			out[n-1] = p
			continue
		}
		out = append(out, p)
	}
	return out
}
