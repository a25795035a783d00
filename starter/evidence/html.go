package evidence

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"jogetferry/joget/diagram"
)

//go:embed page/page.html
var pageText string

//go:embed page/diagram.svg
var diagramText string

//go:embed page/page.css
var style string

//go:embed page/page.js
var script string

var page = template.Must(template.Must(template.New("page").Funcs(template.FuncMap{
	"join": func(list []string) string { return strings.Join(list, " ") }, "drawn": drawn, "curve": newCurve, "bars": newBars,
}).Parse(pageText)).New("diagram").Parse(diagramText))

// shown is what the page is made of.
type shown struct {
	*Report

	Data   template.JS // the report
	Sum    string      // SHA-256 of Data, in hexadecimal
	Policy string      // of what the page may do: nothing but its own script and style
	Style  template.CSS
	Script template.JS
}

// HTML writes the report as one page that asks for nothing: styles, script and data are in it.
func HTML(w io.Writer, r *Report) error {
	data, err := json.Marshal(r) // escapes what could end the element
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	sum := sha256.Sum256(data)
	var out bytes.Buffer
	err = page.ExecuteTemplate(&out, "page", shown{
		Report: r, Data: template.JS(data), Sum: hex.EncodeToString(sum[:]), //nolint:gosec // it is JSON of our own
		Policy: "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + source(style) + "; script-src " + source(script),
		Style:  template.CSS(style), Script: template.JS(script), //nolint:gosec // both are this program's own
	})
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	_, err = out.WriteTo(w)
	return err
}

// source names a style or script to a content security policy.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// drawing is a diagram with what is counted at its activities.
type drawing struct {
	*diagram.Diagram

	Definition int
	Top, Tall  int // of the whole picture: badges stand out above the uppermost lane
	Lines      []line
	Parts      []part
}

// line is an edge as SVG has it.
type line struct {
	diagram.Edge

	Path string
}

// part is a node as SVG has it.
type part struct {
	diagram.Node

	Rows  []row // of its text
	Badge *badge
}

type row struct {
	X, Y int
	Text string
}

// badge has the numbers of an activity, at the upper right corner of its box.
type badge struct {
	Activity

	X, Y, Width int
	Text        string
}

const (
	badgeDigit  = 8 // pixels
	badgeHeight = 20
)

// drawn prepares the diagram of a definition for its template; nil where there is none.
func drawn(at int, d Definition) *drawing {
	if d.Diagram == nil {
		return nil
	}
	v := &drawing{Diagram: d.Diagram, Definition: at, Top: -badgeHeight, Tall: d.Diagram.Height + 2*badgeHeight}
	for _, e := range d.Diagram.Edges {
		var path strings.Builder
		for i, p := range e.Points {
			fmt.Fprintf(&path, "%c%d %d", "ML"[min(i, 1)], p.X, p.Y)
		}
		v.Lines = append(v.Lines, line{e, path.String()})
	}
	for _, n := range d.Diagram.Nodes {
		p := part{Node: n}
		top := n.Y + n.Height/2 - (len(n.Text)-1)*diagram.LineHeight/2 + diagram.LineHeight/3
		for i, text := range n.Text {
			p.Rows = append(p.Rows, row{n.X + n.Width/2, top + i*diagram.LineHeight, text})
		}
		if i := slices.IndexFunc(d.Activities, func(a Activity) bool { return n.ID != "" && a.ID == n.ID }); i >= 0 {
			p.Badge = newBadge(d.Activities[i], n.Box)
		}
		v.Parts = append(v.Parts, p)
	}
	return v
}

func newBadge(a Activity, box diagram.Box) *badge {
	b := &badge{Activity: a, Text: fmt.Sprintf("%d → %d", a.Source, a.Target)}
	b.Width = badgeDigit*len([]rune(b.Text)) + badgeDigit
	b.X, b.Y = box.X+box.Width-b.Width/2, box.Y-badgeHeight/2
	return b
}

// Size of what is shown of a wave.
const (
	chartWidth  = 480
	chartHeight = 120
)

// curve is how many instances of a wave were done, over time.
type curve struct {
	Width, Height int
	Points        string
}

func newCurve(w Wave) *curve {
	if len(w.Curve) == 0 || w.Done == 0 {
		return nil
	}
	c := &curve{Width: chartWidth, Height: chartHeight}
	var points strings.Builder
	for i, n := range w.Curve {
		fmt.Fprintf(&points, "%d,%d ", i*chartWidth/(len(w.Curve)-1), chartHeight-n*(chartHeight-1)/max(1, w.Curve[len(w.Curve)-1]))
	}
	c.Points = points.String()
	return c
}

// bar is how many instances of a wave took so long.
type bar struct {
	N     int
	Label string
}

// newBars leaves out what none took.
func newBars(w Wave) []bar {
	var bars []bar
	for i, n := range w.Durations {
		if n == 0 {
			continue
		}
		label := "longer"
		if i < len(DurationBounds()) {
			label = fmt.Sprintf("up to %g s", DurationBounds()[i])
		}
		bars = append(bars, bar{n, label})
	}
	return bars
}
