package xpdl

import (
	"math"
	"strconv"
	"strings"
)

// Attributes by which Joget's builder, as JaWE before it, says where things are drawn.
const (
	laneOrder   = "JaWE_GRAPH_WORKFLOW_PARTICIPANT_ORDER" // a;b;c
	startMarker = "JaWE_GRAPH_START_OF_WORKFLOW"          // KEY=value,...
	endMarker   = "JaWE_GRAPH_END_OF_WORKFLOW"            // the same
	offset      = "JaWE_GRAPH_OFFSET"                     // x,y
	inLane      = "JaWE_GRAPH_PARTICIPANT_ID"
)

// layout reads how the process is drawn. What cannot be read is as if it were not there.
func (p *Process) layout(attributes []attribute) {
	for _, a := range attributes {
		switch a.Name {
		case laneOrder:
			for lane := range strings.SplitSeq(a.Value, ";") {
				if lane = strings.TrimSpace(lane); lane != "" {
					p.Lanes = append(p.Lanes, lane)
				}
			}
		case startMarker, endMarker:
			if m, ok := marker(a); ok {
				p.Markers = append(p.Markers, m)
			}
		}
	}
}

func marker(a attribute) (Marker, bool) {
	values := map[string]string{}
	for pair := range strings.SplitSeq(a.Value, ",") {
		key, value, _ := strings.Cut(pair, "=")
		values[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	x, okX := pixels(values["X_OFFSET"])
	y, okY := pixels(values["Y_OFFSET"])
	return Marker{
		End: a.Name == endMarker, Activity: values["CONNECTING_ACTIVITY_ID"],
		Place: Place{Lane: values[inLane], X: x, Y: y},
	}, okX && okY
}

// place is nil unless the attributes of an activity say where it is drawn.
func place(attributes []attribute) *Place {
	var p *Place
	lane := ""
	for _, a := range attributes {
		switch a.Name {
		case inLane:
			lane = strings.TrimSpace(a.Value)
		case offset:
			left, top, _ := strings.Cut(a.Value, ",")
			x, okX := pixels(left)
			y, okY := pixels(top)
			if okX && okY {
				p = &Place{X: x, Y: y}
			}
		}
	}
	if p != nil {
		p.Lane = lane
	}
	return p
}

// maxPixels bounds what is believed of a coordinate.
const maxPixels = 100_000

// pixels reads a coordinate; designers write whole numbers, and some a fraction.
func pixels(text string) (int, bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(f) || f < -maxPixels || f > maxPixels {
		return 0, false
	}
	return int(math.Round(f)), true
}
