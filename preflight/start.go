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
		Remedy:     "make sure that what they send or call may happen once more; what they change in the record set is put back",
		About:      `Their mails and calls do happen on the target. Shown are the plugins that some start may reach, and the way of a start with the initial values of the definition.`,
		Definition: startTools,
	},
	{
		ID:         "FERRY-225",
		Severity:   migration.Warning,
		Title:      "a start may begin a subflow that nobody waits for",
		Remedy:     "look at the instances that do (FERRY-432): each would begin another such subflow",
		About:      `The subflow of the source goes on there, and the start on the target makes a second one.`,
		Definition: asynchronousStart,
	},
	{
		ID:       "FERRY-427",
		Severity: migration.Blocking,
		Title:    "the start would run to its end",
		Remedy:   "let the instance move on by hand, or move it by hand: a closed instance cannot be resumed",
		About:    `The conditions of the definition are evaluated under the variables of the instance: they lead from the start to the end without a wait. A start with the initial values of the texts, which can be set afterwards (FERRY-436), is not known to wait either.`,
		Instance: startEnds,
	},
	{
		ID:       "FERRY-428",
		Severity: migration.Warning,
		Title:    "with today's values the start runs other plugins",
		Remedy:   "make sure that what they send or call may happen; what they change in the record set is put back",
		About:    `A new instance begins with initial values, a migrated one with those of today: the routes after the start may lead to tools that an instance reaches late.`,
		Instance: startRunsOther,
	},
	{
		ID:       "FERRY-429",
		Severity: migration.Warning,
		Title:    "where the start would wait cannot be known beforehand",
		Remedy:   "try one instance with starter pilot; a start that ran through is parked, and nothing is started twice",
		About:    `A decision plugin, a variable that a start tool may set, or a condition that cannot be evaluated lies on the way. A note where it is so for each instance of a definition with start tools (FERRY-224).`,
		Instance: startUnknown,
	},
	{
		ID:       "FERRY-432",
		Severity: migration.Blocking,
		Title:    "the start would begin a subflow that nobody waits for",
		Remedy:   "move this instance by hand, or let it end on the source",
		About:    `The one of the source goes on there: the start on the target would make a second one, which no migrated instance belongs to.`,
		Instance: startBeginsAsynchronous,
	},
	{
		ID:       "FERRY-436",
		Severity: migration.Note,
		Title:    "the start is made with initial values",
		Remedy:   "nothing; the values of today are set before the first activity is started",
		About: `With the values of today the start would lead past the first wait, even to the end, or nobody knows where it leads. Without its texts, which can be set afterwards,
it waits. Start tools see the initial values.`,
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
		if s.Asynchronous {
			r.Found(f.ID.String(), s.Activity)
		}
	}
}

func startEnds(f *InstanceFacts, r Report) {
	if f.Start != nil && f.started() && f.Start.Outcome == flow.Ends {
		r.Found(f.subject(), f.Start.String())
	}
}

func startRunsOther(f *InstanceFacts, r Report) {
	if f.Start == nil || !f.started() {
		return
	}
	usual := plugins(f.InitialStart.All())
	for _, name := range plugins(f.Start.All()) {
		if !slices.Contains(usual, name) {
			r.Found(f.subject(), f.Start.String())
			return
		}
	}
}

func startUnknown(f *InstanceFacts, r Report) {
	if f.Start == nil || !f.started() || f.Start.Outcome != flow.Unknown {
		return
	}
	severity := migration.Warning
	if f.InitialStart.Outcome == flow.Unknown && len(plugins(f.InitialStart.All())) > 0 {
		severity = migration.Note
	}
	r.FoundAs(severity, f.subject(), f.Start.Why)
}

func startBeginsAsynchronous(f *InstanceFacts, r Report) {
	if f.Start == nil || !f.started() {
		return
	}
	for _, activity := range f.Start.Asynchronous() {
		r.Found(f.subject(), activity)
	}
}

func startInitial(f *InstanceFacts, r Report) {
	if f.Start != nil && f.WithInitial && f.started() {
		r.Found(f.subject(), f.Start.String())
	}
}
