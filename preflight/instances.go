package preflight

import (
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

var instances = []Check{
	{
		ID:       "FERRY-401",
		Severity: migration.Blocking,
		Title:    "the instance was created and never started",
		Remedy:   "abort it on the source, or leave it: it is usually the wreck of a failed start",
		About:    `An exception during a start leaves the created instance behind, and Joget lists it as running.`,
		Part:     notStarted,
	},
	{
		ID:       "FERRY-402",
		Severity: migration.Blocking,
		Title:    "the instance is suspended",
		Remedy:   "resume it on the source",
		About:    `The new instance on the target would run, and nothing would show that this one was suspended.`,
		Part:     instanceSuspended,
	},
	{
		ID:       "FERRY-403",
		Severity: migration.Blocking,
		Title:    "the instance has no open activity",
		Remedy:   "say where it goes on: starter pilot INSTANCE --resume-at ACTIVITY,..., or instances: {INSTANCE: {resume: [ACTIVITY, ...]}} in the configuration and plan again",
		About:    `It waits for something that never comes: usually a join waits for a branch that was never taken, or a resume failed. Named are the activities that were over last, and those that they lead to, each with what follows it. A subflow in which nothing is open goes on by the word about its root: name the subflow activity, which begins anew, or what follows it.`,
		Part:     nothingOpen,
	},
	{
		ID:       "FERRY-406",
		Severity: migration.Blocking,
		Title:    "a tool or route is running or stuck",
		Remedy:   "let it finish and plan again; if it is stuck, say where the instance goes on: starter pilot INSTANCE --resume-at ACTIVITY,..., or instances: {INSTANCE: {resume: [ACTIVITY, ...]}} in the configuration and plan again. To name the tool runs it again, with all its effects; to name what follows does not",
		About:    `Tools and routes end within the call that reaches them. One that is open is at work right now, or its call ended without it: a plugin threw an Error, such as a missing class, a variable was changed meanwhile, or the server went down. It then stays open for good. Joget's "complete" does nothing to a tool, whatever it answers. Aborting follows no transition and leaves nothing open (FERRY-403) until the next activity is started.`,
		Part:     toolInFlight,
	},
	{
		ID:       "FERRY-407",
		Severity: migration.Blocking,
		Title:    "an open activity is suspended",
		Remedy:   "resume it on the source: Joget's abortCurrent leaves suspended ones alone",
		About:    `The JSON API cannot make a suspended activity.`,
		Part:     activitySuspended,
	},
	{
		ID:       "FERRY-408",
		Severity: migration.Blocking,
		Title:    "an open activity lies inside a block activity",
		Remedy:   "let the block end on the source first",
		About:    `Joget's builders make no block activities, and its API starts what is inside one as if it were outside.`,
		Part:     blockOpen,
	},
	{
		ID:       "FERRY-409",
		Severity: migration.Blocking,
		Title:    "the same activity is open twice",
		Remedy:   "if both are meant, complete one of them on the source; if not, abort the activity there, which aborts both, and start it once; correct the configuration where it maps two to one",
		About:    `The engine lets nobody open an activity a second time within one call, but calls that overlap, or one that comes while a start still works, do so. On the target one call follows another: the second start is answered with true and does nothing, so one activity would be lost. Two activities that the configuration maps to one count as well.`,
		Part:     repeatedActivity,
	},
	{
		ID:       "FERRY-410",
		Severity: migration.Blocking,
		Title:    "an open activity does not exist in the target's definition",
		Remedy:   "publish a version that has it, or map it under activities",
		About:    `The target has no activity of that ID, or one of another kind.`,
		Part:     activityMissing,
	},
	{
		ID:       "FERRY-415",
		Severity: migration.Blocking,
		Title:    "a multi-approval is half done",
		Remedy:   "let the others approve on the source first",
		About:    `Starting the activity again does not restore who has approved already.`,
		Part:     partialApproval,
	},
	{
		ID:       "FERRY-417",
		Severity: migration.Blocking,
		Title:    "open instances belong to no root: asynchronous subflows, or subflows whose caller is gone",
		Remedy:   "let them end on the source; they are not migrated",
		About:    `Every open instance is a root, waits below one, or is named here: none is left out unseen.`,
		Plan:     orphans,
	},
	{
		ID:       "FERRY-418",
		Severity: migration.Blocking,
		Title:    "the app of this instance's package version is gone on the source",
		Remedy:   "deploy the app again on the source: without it the forms cannot be found",
		About:    `app_package has no row for the package version of the instance.`,
		Instance: appUnknown,
	},
}

func notStarted(f *InstanceFacts, p *Part, r Report) {
	if p.Instance.State == migration.StateNotStarted {
		r.Found(f.subject(), "")
	}
}

func instanceSuspended(f *InstanceFacts, p *Part, r Report) {
	if p.Instance.State == migration.StateSuspended {
		r.Found(f.subject(), "")
	}
}

func nothingOpen(f *InstanceFacts, p *Part, r Report) {
	if len(p.Instance.Activities) == 0 && p.started() && p.Resume == nil {
		r.By(migration.WayResume).Found(f.subject(), f.couldGoOn())
	}
}

func toolInFlight(f *InstanceFacts, p *Part, r Report) {
	for a := range p.open(xpdl.Tool, xpdl.Route) {
		r.By(migration.WayResume).Found(f.subject(), joined(string(a.DefID), f.couldGoOn()))
	}
}

func activitySuspended(f *InstanceFacts, p *Part, r Report) {
	if !p.started() {
		return
	}
	for _, a := range p.Instance.Activities {
		if a.State == migration.StateSuspended {
			r.Found(f.subject(), string(a.DefID))
		}
	}
}

func blockOpen(f *InstanceFacts, p *Part, r Report) {
	for a := range p.activities() {
		if a.SetDefID != "" || kind(p.Source, a.DefID) == xpdl.Block {
			r.Found(f.subject(), string(a.DefID))
		}
	}
}

func repeatedActivity(f *InstanceFacts, p *Part, r Report) {
	seen := map[migration.ActivityDefID]bool{}
	for _, a := range p.wantedActivities() {
		if p.Resume != nil {
			return // FERRY-442
		}
		if seen[a.DefID] {
			r.Found(f.subject(), string(a.DefID))
		}
		seen[a.DefID] = true
	}
}

func activityMissing(f *InstanceFacts, p *Part, r Report) {
	if p.Source == nil || p.Target == nil || !p.started() || p.Resume != nil {
		return
	}
	for i, wanted := range p.wanted().Activities {
		here, there := p.Instance.Activities[i].DefID, kind(p.Target, wanted.DefID)
		if there == xpdl.Unknown || there != kind(p.Source, here) {
			r.Found(f.subject(), string(here))
		}
	}
}

func partialApproval(f *InstanceFacts, p *Part, r Report) {
	for a := range p.activities() {
		if a.Priority == multiApproval {
			r.Found(f.subject(), string(a.DefID))
		}
	}
}

// multiApproval is the priority by which Joget marks a multi-approval
// (docs/joget.md#who-gets-an-activity).
const multiApproval = 5

func orphans(f *PlanFacts, r Report) {
	for _, id := range f.Orphans {
		r.Found(string(id), "")
	}
}

func appUnknown(f *InstanceFacts, r Report) {
	if f.Instance.App == "" && f.started() {
		r.Found(f.subject(), f.Instance.Definition.String())
	}
}
