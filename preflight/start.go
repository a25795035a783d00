package preflight

import (
	"slices"
	"strings"

	"jogetferry/joget/flow"
	"jogetferry/migration"
)

var start = []Check{
	{
		ID:         "FERRY-224",
		Severity:   migration.Warning,
		Title:      "plugins run at each start, before the first wait",
		Remedy:     "make sure that their mails and calls may happen once more; what they change in the record set is put back",
		About:      `Their mails and calls do happen on the target. Shows the plugins that a start may reach, and the path of a start with the initial values of the definition.`,
		Definition: startTools,
	},
	{
		ID:         "FERRY-225",
		Severity:   migration.Warning,
		Title:      "a start may begin a subflow that nobody waits for",
		Remedy:     "look at the instances whose start does (FERRY-432): each would begin a second one; starts.asynchronous: end has those ended",
		About:      `The subflow of the source is an instance of its own, and the start on the target makes a second one.`,
		Definition: asynchronousStart,
	},
	{
		ID:       "FERRY-427",
		Severity: migration.Blocking,
		Title:    "the new instance would finish at once",
		Remedy:   "wait until the instance has moved on, or publish a version on the target whose start waits; else begin the case anew: see docs/what-if.md#a-case-begun-anew",
		About:    `With the variables of the instance, the conditions of the definition lead from the start to the end without a wait. A start with the initial values of the texts, which can be set afterwards (FERRY-436), is not known to wait either.`,
		Instance: startEnds,
	},
	{
		ID:       "FERRY-428",
		Severity: migration.Warning,
		Title:    "with the instance's values the start runs other plugins",
		Remedy:   "make sure that their mails and calls may happen; what they change in the record set is put back",
		About:    `A new instance begins with initial values, a migrated one with those that it has now: the routes after the start may lead to tools that an instance usually reaches late.`,
		Instance: startRunsOther,
	},
	{
		ID:       "FERRY-429",
		Severity: migration.Warning,
		Title:    "it cannot be known beforehand where the start waits",
		Remedy:   "try one instance with starter pilot; an instance that finishes at its start is parked, and nothing is started twice",
		About:    `The path meets a decision plugin, a variable that a start tool may set, or a condition that cannot be evaluated. It is a note where this holds for each instance of a definition with start tools (FERRY-224).`,
		Instance: startUnknown,
	},
	{
		ID:       "FERRY-432",
		Severity: migration.Blocking,
		Title:    "the start would begin a subflow that nobody waits for",
		Remedy:   "set starts.asynchronous: end, so that what the start begins is ended (FERRY-441), or let the instance end on the source",
		About:    `The one of the source is an instance of its own. The start on the target would make a second one, which belongs to no migrated instance.`,
		Instance: startBeginsAsynchronous,
	},
	{
		ID:       "FERRY-436",
		Severity: migration.Note,
		Title:    "the instance starts with initial values",
		Remedy:   "nothing; its own values are set before the first activity is started",
		About:    `With its own values the start would lead past the first wait, even to the end, or nobody knows where it leads. With the initial values of its texts, which can be set afterwards, it waits. Start tools see the initial values.`,
		Instance: startInitial,
	},
}

func startTools(f *DefinitionFacts, r Report) {
	if names := plugins(f.MayRun); len(names) > 0 {
		r.Found(f.ID.String(), strings.Join(names, ", ")+"; with initial values: "+f.Start.String())
	}
}

// plugins returns the tools and decision plugins among steps, "activity (class)",
// each once in their order. An activity without a plugin does nothing.
func plugins(steps []flow.Step) []string {
	var names []string
	for _, s := range steps {
		name := s.Activity + " (" + s.Plugin + ")"
		if s.Plugin != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func asynchronousStart(f *DefinitionFacts, r Report) {
	for _, s := range f.MayRun {
		if s.Asynchronous && !f.EndAsynchronous {
			r.By(migration.WayAsynchronous).Found(f.ID.String(), s.Activity)
		}
	}
}

func startEnds(f *InstanceFacts, r Report) {
	p := f.path()
	if p == nil || p.Outcome != flow.Ends {
		return
	}
	if !f.WriteVariables && f.InitialStart.Outcome == flow.Waits {
		r = r.By(migration.WayVariables) // numbers, too, can be set afterwards then
	}
	r.Found(f.subject(), p.String())
}

// path returns what process/start does; nil when nobody looked, and for an
// instance that never started.
func (f *InstanceFacts) path() *flow.Path {
	if !f.started() {
		return nil
	}
	return f.Start
}

func startRunsOther(f *InstanceFacts, r Report) {
	p := f.path()
	if p == nil {
		return
	}
	usual := plugins(f.InitialStart.All())
	for _, name := range plugins(p.All()) {
		if !slices.Contains(usual, name) {
			r.Found(f.subject(), p.String())
			return
		}
	}
}

func startUnknown(f *InstanceFacts, r Report) {
	p := f.path()
	if p == nil || p.Outcome != flow.Unknown {
		return
	}
	severity := migration.Warning
	if f.InitialStart.Outcome == flow.Unknown && len(plugins(f.InitialStart.All())) > 0 {
		severity = migration.Note
	}
	r.FoundAs(severity, f.subject(), p.Why)
}

func startBeginsAsynchronous(f *InstanceFacts, r Report) {
	if p := f.path(); p != nil && !f.EndAsynchronous {
		for _, activity := range p.Asynchronous() {
			r.By(migration.WayAsynchronous).Found(f.subject(), activity)
		}
	}
}

func startInitial(f *InstanceFacts, r Report) {
	if p := f.path(); p != nil && f.WithInitial {
		r.Found(f.subject(), p.String())
	}
}
