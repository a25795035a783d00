package preflight

import (
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// ToolInFlight is FERRY-406: a tool or route is in flight or stuck.
var ToolInFlight = Check{
	ID:       "FERRY-406",
	Severity: migration.Blocking,
	Title:    "a tool or route is in flight or stuck",
	Remedy:   "let it end, or complete it on the source",
	About:    `Tools and routes run through at once; one that is open runs right now, or was cut off.`,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		for a := range p.open(xpdl.Tool, xpdl.Route) {
			r.Found(f.subject(), string(a.DefID))
		}
	},
}
