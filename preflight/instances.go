package preflight

import (
	"fmt"
	"strings"

	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

var instances = []Check{
	{
		ID:       "FERRY-401",
		Severity: migration.Blocking,
		Title:    "the instance was created and never started",
		Remedy:   "abort it on the source, let who needs the case start it anew, and run starter plan: see docs/what-if.md#blocked-never-started",
		About:    `An exception during a start leaves the created instance behind, and Joget lists it as running. Nothing was ever open in it, and often no record belongs to it: there is nothing to go on with.`,
		Part:     notStarted,
	},
	{
		ID:       "FERRY-402",
		Severity: migration.Blocking,
		Title:    "the instance is suspended",
		Remedy:   "let the plugin that suspended it resume it on the source, or say under instances where it goes on, running: see docs/what-if.md#blocked-suspended",
		About:    `No page and no call of Joget suspends or resumes; a plugin can, through the engine. So the new instance cannot be made suspended: it would run, and nothing would show that this one did not. Where instances.ID.resume says where it goes on, it is not found; FERRY-445 is.`,
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
		Remedy:   "let the plugin that suspended it resume it on the source, or say under instances where it goes on, running: see docs/what-if.md#blocked-suspended",
		About:    `No call makes a suspended activity, and none resumes one: abortCurrent and activity/abort leave it alone. Where instances.ID.resume says where the instance goes on, it is not found; FERRY-445 is.`,
		Part:     activitySuspended,
	},
	{
		ID:       "FERRY-408",
		Severity: migration.Blocking,
		Title:    "an open activity lies inside a block activity",
		Remedy:   "complete on the source what is open in the block, until it has ended, or say under instances at which activity outside of it the instance goes on: see docs/what-if.md#blocked-in-a-block",
		About:    `Joget's builders make no block activities. Its call starts no activity inside of one: it aborts what is open when told so, and then answers false. Starting the block begins it from its first activity. Where instances.ID.resume says that the instance goes on elsewhere, it is not found.`,
		Part:     blockOpen,
	},
	{
		ID:       "FERRY-409",
		Severity: migration.Blocking,
		Title:    "the same activity is open twice",
		Remedy:   "correct the configuration where it maps two to one; else complete one of them on the source, or abort both there and start it once, or name it once under instances: see docs/what-if.md#blocked-open-twice",
		About:    `The engine lets nobody open an activity a second time within one call, but calls that overlap, or one that comes while a start still works, do so. On the target one call follows another: the second start is answered with true and does nothing, so one activity would be lost. Two activities that the configuration maps to one count as well. Where instances.ID.resume says where the instance goes on, it is not found.`,
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
		Remedy:   "let the others approve on the source first, or name the activity under instances, and all approve anew: see docs/what-if.md#blocked-half-approved",
		About:    `Who has approved is in a variable of the activity that no definition declares, beside a mark in its priority. A new activity has neither, and is offered to all: no call sets either, nor takes away the assignments of those who are done. Writing the three by SQL was never seen to work. Found by priority 5 and that variable; priority 5 alone is one of the definition. Where instances.ID.resume says where the instance goes on, it is not found; FERRY-446 is.`,
		Part:     partialApproval,
	},
	{
		ID:       "FERRY-417",
		Severity: migration.Blocking,
		Title:    "open instances belong to no root: asynchronous subflows, or subflows whose caller is closed",
		Remedy:   "move asynchronous subflows with starts.asynchronous: end; let the others end on the source, or abort them there",
		About:    `Every open instance is a root, waits below one, or is named here: none is left out unseen. With starts.asynchronous: end, asynchronous subflows, and those whose caller is gone, are entries of their own (FERRY-440). One whose caller should wait for it, and is closed, is the rest of an activity that was aborted or started anew.`,
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
	{
		ID:       "FERRY-445",
		Severity: migration.Warning,
		Title:    "what is suspended on the source runs on the target",
		Remedy:   "make sure that whoever suspended it wants it to go on, and that a plugin that would resume it knows the new instance",
		About:    `Found where instances.ID.resume says where a suspended instance goes on, or that it goes on at a suspended activity.`,
		Part:     suspendedRuns,
	},
	{
		ID:       "FERRY-446",
		Severity: migration.Warning,
		Title:    "a multi-approval that is half done begins anew",
		Remedy:   "tell those who have approved that they are asked once more",
		About:    `Found where instances.ID.resume says that the instance goes on at such an activity. Names it and those who have approved on the source.`,
		Personal: true,
		Part:     approvalAnew,
	},
}

func notStarted(f *InstanceFacts, p *Part, r Report) {
	if p.Instance.State == migration.StateNotStarted {
		r.Found(f.subject(), "")
	}
}

func instanceSuspended(f *InstanceFacts, p *Part, r Report) {
	if p.Instance.State == migration.StateSuspended && !p.told() {
		r.By(migration.WayResume).Found(f.subject(), "")
	}
}

func suspendedRuns(f *InstanceFacts, p *Part, r Report) {
	if !p.told() {
		return
	}
	if p.Instance.State == migration.StateSuspended {
		r.Found(f.subject(), "")
	}
	for a := range p.activities() {
		if a.State == migration.StateSuspended && p.goesOn(a) {
			r.Found(f.subject(), string(a.DefID))
		}
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
	for a := range p.activities() {
		if a.State == migration.StateSuspended && !p.told() {
			r.By(migration.WayResume).Found(f.subject(), string(a.DefID))
		}
	}
}

func blockOpen(f *InstanceFacts, p *Part, r Report) {
	for a := range p.activities() {
		// Where it goes on within a block is no word that a call could follow.
		if (a.SetDefID != "" || kind(p.Source, a.DefID) == xpdl.Block) && (!p.told() || p.goesOn(a)) {
			r.By(migration.WayResume).Found(f.subject(), string(a.DefID))
		}
	}
}

func repeatedActivity(f *InstanceFacts, p *Part, r Report) {
	seen := map[migration.ActivityDefID]bool{}
	for _, a := range p.wantedActivities() {
		if seen[a.DefID] && !p.told() {
			r.By(migration.WayResume).Found(f.subject(), string(a.DefID))
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
		if len(a.Approvers()) > 0 && !p.told() {
			r.By(migration.WayResume).Found(f.subject(), string(a.DefID))
		}
	}
}

func approvalAnew(f *InstanceFacts, p *Part, r Report) {
	for a := range p.activities() {
		if by := a.Approvers(); len(by) > 0 && p.goesOn(a) {
			r.Found(f.subject(), fmt.Sprintf("%s: %s", a.DefID, strings.Join(texts(by, func(u migration.User) string { return string(u) }), ", ")))
		}
	}
}

func orphans(f *PlanFacts, r Report) {
	for _, id := range f.Asynchronous {
		r.By(migration.WayAsynchronous).Found(string(id), "nobody waits for it")
	}
	for _, id := range f.Orphans {
		r.Found(string(id), "its caller is closed")
	}
}

func appUnknown(f *InstanceFacts, r Report) {
	if f.Instance.App == "" && f.started() {
		r.Found(f.subject(), f.Instance.Definition.String())
	}
}
