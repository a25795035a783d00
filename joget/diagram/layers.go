package diagram

import (
	"cmp"
	"slices"

	"jogetferry/joget/xpdl"
)

// Distances of what is laid out in layers.
const (
	layerWidth = 180
	rowHeight  = 100
	firstX     = 80 // right of a start
	firstY     = 40
)

// layers puts activities one layer right of what leads to them, in the lanes of their performers.
func (l *layout) layers() {
	layer := l.depths()
	rows := map[cell]int{}
	for _, a := range l.process.Activities {
		lane := l.laneOf(a)
		c := cell{lane, layer[a.ID]}
		l.activity(a, lane, firstX+c.layer*layerWidth, firstY+rows[c]*rowHeight)
		rows[c]++
	}
	for _, a := range l.process.StartActivities() {
		l.beside(a, Start, -firstX+markerSize/2)
	}
	for _, a := range l.process.Activities {
		if a.Set == "" && len(l.process.Outgoing(a.ID)) == 0 {
			l.beside(a, End, boxWidth+(layerWidth-boxWidth-markerSize)/2)
		}
	}
}

// cell is where activities of one layer are below each other.
type cell struct {
	lane  string
	layer int
}

// beside puts a start or end so far right of an activity.
func (l *layout) beside(a *xpdl.Activity, kind Kind, right int) {
	n := l.Nodes[l.index[a.ID]]
	at := l.put(l.lanes[l.index[a.ID]], Node{Kind: kind}, n.X+right, n.Y+(n.Height-markerSize)/2)
	l.mark(kind, at, l.index[a.ID])
}

// laneOf is the lane of an activity: of who performs it, where that is one.
func (l *layout) laneOf(a *xpdl.Activity) string {
	if a.Place != nil && a.Place.Lane != "" {
		return a.Place.Lane
	}
	known := func(p xpdl.Participant) bool { return p.ID == a.Performer }
	if slices.ContainsFunc(l.process.Participants, known) || slices.Contains(l.process.Lanes, a.Performer) {
		return a.Performer
	}
	if len(l.process.Lanes) > 0 {
		return l.process.Lanes[0]
	}
	return cmp.Or(a.Performer, l.process.Key)
}

// depths is the layer of each activity: as many steps right as the shortest way from a start
// takes; what no start leads to begins anew at the left.
func (l *layout) depths() map[string]int {
	depth := map[string]int{}
	var turn []string
	begin := func(id string) {
		if _, known := depth[id]; !known {
			depth[id] = 0
			turn = append(turn, id)
		}
	}
	walk := func() {
		for ; len(turn) > 0; turn = turn[1:] {
			for _, t := range slices.Concat(l.process.Outgoing(turn[0]), l.process.Exceptions(turn[0])) {
				if _, known := depth[t.To]; !known {
					depth[t.To] = depth[turn[0]] + 1
					turn = append(turn, t.To)
				}
			}
		}
	}
	for _, a := range l.process.StartActivities() {
		begin(a.ID)
	}
	walk()
	for _, a := range l.process.Activities {
		begin(a.ID)
		walk()
	}
	return depth
}
