package preflight

import (
	"fmt"
	"slices"
	"strings"

	"jogetferry/joget/flow"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

var resume = []Check{
	{
		ID:       "FERRY-442",
		Severity: migration.Blocking,
		Title:    "the operator named an activity at which the instance cannot go on, or an instance that is not in the plan",
		Remedy:   "correct the entry of instances, or type another one: starter pilot INSTANCE --resume-at ACTIVITY; the nearest names are shown",
		About:    `The names under instances, and those of --resume-at, are activities of the target's definition, each once. Those in an activity set cannot be started by any call. A subflow has to wait for its instance, and that one for somebody: one that ends at once would lead past it. An instance has to be running, in a process that is migrated, or to be in the ledger already.`,
		Instance: wordWrong,
		Plan:     wordOfNobody,
	},
	{
		ID:       "FERRY-443",
		Severity: migration.Note,
		Title:    "the instance goes on where the operator says",
		Remedy:   "nothing; make sure that this is where it shall go on: people find these activities in their inboxes, and tools and routes among them run",
		About:    `The activities named take the place of those that are open on the source, and what follows each of them is shown. One that is open on the source too stays as it is there. Another one goes to whom the target's mapping gives it, which the verification does not compare. A tool or route runs once, its effects stay until a rollback, and what is open afterwards is as it has to be. Branches at joins and variables are the source's.`,
		Instance: wordSaid,
	},
}

// ResumeFacts is the operator's word where an instance goes on.
type ResumeFacts struct {
	// Activities are of the target's definition; never empty.
	Activities []migration.ActivityDefID
	Typed      bool // and not written into the configuration
	// Starts is what the start of each subflow among them does.
	Starts map[migration.ActivityDefID]flow.Path
}

func wordWrong(f *InstanceFacts, r Report) {
	if f.Resume == nil || !f.started() {
		return
	}
	for i, id := range f.Resume.Activities {
		if why := f.unable(id); why != "" {
			r.Found(f.subject(), why)
		} else if slices.Contains(f.Resume.Activities[:i], id) {
			r.Found(f.subject(), string(id)+" is named twice")
		}
	}
}

// unable says why an instance cannot go on at an activity; "" where it can, or where
// nobody knows the target's definition.
func (f *InstanceFacts) unable(id migration.ActivityDefID) string {
	if f.Target == nil {
		return ""
	}
	a := f.Target.Activity(string(id))
	switch {
	case a == nil:
		return missing("target", string(id), activityIDs(f.Target))
	case a.Set != "":
		return a.ID + " is in an activity set, whose activities no call can start"
	case a.Kind == xpdl.Block || a.Kind == xpdl.Unknown:
		return fmt.Sprintf("%s is of kind %s, which cannot be followed", a.ID, a.Kind)
	case a.Kind != xpdl.Subflow:
		return ""
	case !a.Waits():
		return "nobody waits for the subflow " + a.ID
	}
	start, known := f.Resume.Starts[id]
	switch {
	case !known || start.Outcome == flow.Unknown:
		return ""
	case len(start.Asynchronous()) > 0:
		return "the subflow " + a.ID + " would begin subflows that nobody waits for: " + strings.Join(start.Asynchronous(), ", ")
	case !slices.ContainsFunc(start.Waits, func(w flow.Wait) bool { return w.Activity == a.ID }):
		return "the subflow " + a.ID + " would run through: " + start.String()
	}
	return ""
}

func wordSaid(f *InstanceFacts, r Report) {
	if f.Resume == nil || f.Target == nil || !f.started() {
		return
	}
	var at []string
	for _, id := range f.Resume.Activities {
		if a := f.Target.Activity(string(id)); a != nil {
			at = append(at, flow.CandidateOf(f.Target, a).String())
		}
	}
	if len(at) < len(f.Resume.Activities) {
		return // FERRY-442
	}
	where := "of the configuration"
	if f.Resume.Typed {
		where = "typed"
	}
	r.Found(f.subject(), strings.Join(at, ", ")+"; "+where)
}

func wordOfNobody(f *PlanFacts, r Report) {
	for _, id := range f.Words.Absent {
		r.Found(string(id), "the plan has no "+string(id)+nearby(string(id), f.Words.Planned))
	}
}

// WordFacts are what the configuration says of instances, beside those that there are.
type WordFacts struct {
	// Absent are instances of the configuration that are neither planned nor in the ledger.
	Absent []migration.InstanceID
	// Planned are those of the plan, up to a bound; nil when none is absent.
	Planned []string
}

// couldGoOn tells the candidates of an instance in which nothing can go on: "" where
// nobody looked.
func (f *InstanceFacts) couldGoOn() string {
	if len(f.Candidates) == 0 {
		return ""
	}
	texts := make([]string, 0, len(f.Candidates))
	for _, c := range f.Candidates {
		texts = append(texts, c.String())
	}
	return "it could go on at " + strings.Join(texts, ", ")
}

// joined joins the texts that are not empty.
func joined(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(t string) bool { return t == "" }), "; ")
}
