package suite

import (
	"slices"
	"strings"
)

const mine = "/workflow/assignment"

var assignmentChecks = []Check{
	verified("ASG-01", "accepting-and-completing", "the list shows the caller's assignments with these keys", func(t *T) {
		p := t.start(ann, "twostep")
		m := t.ok(t.get(as(ann), mine+"/list", "processId", p)).items()
		if len(m) != 1 {
			t.fail("items", 1, len(m))
		}
		a := t.act(p, "first")
		t.equal("keys", "[acceptedStatus activityId activityName dateCreated due id label processId processName processVersion serviceLevelMonitor]", keys(m[0]))
		for k, want := range map[string]any{
			"activityId": a, "id": a, "processId": p, "activityName": "First Step", "label": "First Step",
			"processName": "Conformance Two Step", "processVersion": "2", "acceptedStatus": false, "due": "-", "serviceLevelMonitor": "-",
		} {
			t.equal(k, want, m[0][k])
		}
	}),
	verified("ASG-02", "accepting-and-completing", "an administrator does not see the assignments of others", func(t *T) {
		p := t.start(ann, "twostep")
		t.equal("total", "0", t.ok(t.get(admin, mine+"/list", "processId", p)).text("total"))
	}),
	verified("ASG-03", "accepting-and-completing", "list takes an instance id as processId, pending and accepted a definition id", func(t *T) {
		p := t.start(ann, "twostep")
		t.equal("list by instance", "1", t.ok(t.get(as(ann), mine+"/list", "processId", p)).text("total"))
		got := t.ok(t.get(as(ann), mine+"/list/pending", "processId", defID("twostep"))).column("processId")
		t.that(slices.Contains(got, p), "pending by definition", p, got)
		t.equal("pending by instance", "0", t.ok(t.get(as(ann), mine+"/list/pending", "processId", p)).text("total"))
	}),
	verified("ASG-04", "accepting-and-completing", "the version of a definition id in a filter is ignored", func(t *T) {
		p := t.start(ann, "twostep")
		for _, v := range []string{"1", "2", "9"} {
			got := t.ok(t.get(as(ann), mine+"/list", "processDefId", "conf#"+v+"#twostep", "processId", p)).column("processId")
			t.equal("with version "+v, "["+p+"]", got)
		}
	}),
	verified("ASG-05", "accepting-and-completing", "pending items have no acceptedStatus", func(t *T) {
		t.start(ann, "twostep")
		for _, m := range t.ok(t.get(as(ann), mine+"/list/pending", "rows", "3")).items() {
			_, has := m["acceptedStatus"]
			t.that(!has, "acceptedStatus", "absent", m["acceptedStatus"])
		}
	}),
	verified("ASG-06", "accepting-and-completing", "list/count takes filters", func(t *T) {
		p := t.start(ann, "parallel")
		t.equal("total", "3", t.ok(t.get(as(ann), mine+"/list/count", "processId", p)).text("total"))
		t.equal("total of nobody", "0", t.ok(t.get(as(idle), mine+"/list/count")).text("total"))
	}),
	verified("ASG-07", "accepting-and-completing", "accept answers accepted and changes row and state", func(t *T) {
		p := t.start(cid, "follow")
		a := t.act(p, "lead")
		r := t.ok(t.post(as(bob), mine+"/accept/"+a))
		t.equal("answer", a+" accepted", r.text("assignment")+" "+r.text("status"))
		t.equal("state", running, t.states(p, "lead"))
		t.equal("own row", "1", t.one("SELECT IsAccepted FROM SHKAssignmentsTable WHERE ActivityId=? AND ResourceId=?", a, bob))
		t.equal("acceptor", bob, t.one("SELECT ResourceId FROM SHKActivities WHERE Id=?", a))
		t.equal("acceptedStatus", "[true]", t.ok(t.get(as(bob), mine+"/list", "processId", p)).column("acceptedStatus"))
	}),
	verified("ASG-08", "who-gets-an-activity", "accept removes the rows of the other assignees", func(t *T) {
		p := t.start(cid, "follow")
		a := t.act(p, "lead")
		t.post(as(bob), mine+"/accept/"+a)
		t.equal("assignees", bob, t.assignees(a))
		t.equal("list of the other", "0", t.ok(t.get(as(ann), mine+"/list", "processId", p)).text("total"))
	}),
	verified("ASG-09", "accepting-and-completing", "withdraw answers withdrawn and brings the activity back to not started", func(t *T) {
		p := t.start(cid, "follow")
		a := t.act(p, "lead")
		t.post(as(bob), mine+"/accept/"+a)
		r := t.ok(t.post(as(bob), mine+"/withdraw/"+a))
		t.equal("answer", a+" withdrawn", r.text("assignment")+" "+r.text("status"))
		t.equal("state", notStarted, t.states(p, "lead"))
	}),
	verified("ASG-10", "who-gets-an-activity", "after a withdrawal the mapping is evaluated again, for the caller", func(t *T) {
		p := t.start(cid, "follow")
		a := t.act(p, "lead")
		t.post(as(bob), mine+"/accept/"+a)
		t.post(as(bob), mine+"/withdraw/"+a)
		t.equal("assignees", ann+","+bob, t.assignees(a))
	}),
	verified("ASG-11", "accepting-and-completing", "complete answers status, processId and activityId, accepting first", func(t *T) {
		p := t.start(ann, "twostep")
		a := t.act(p, "first")
		r := t.ok(t.post(as(ann), mine+"/complete/"+a))
		t.equal("keys", "[activityId processId status]", keys(r.object()))
		t.equal("values", a+" "+p+" completed", r.text("activityId")+" "+r.text("processId")+" "+r.text("status"))
		t.equal("activities", "first="+completed+",second="+notStarted, t.history(p))
		t.equal("performer", ann, t.one("SELECT ResourceId FROM SHKActivities WHERE Id=?", a))
	}),
	verified("ASG-12", "accepting-and-completing", "complete of an accepted assignment works", func(t *T) {
		p := t.start(ann, "twostep")
		t.post(as(ann), mine+"/accept/"+t.act(p, "first"))
		t.complete(ann, p, "first")
		t.equal("open", "second", t.opened(p))
	}),
	verified("ASG-13", "accepting-and-completing", "completing twice: the second call is 404 and moves nothing", func(t *T) {
		p := t.start(ann, "twostep")
		t.complete(ann, p, "first")
		t.errorBody(t.post(as(ann), mine+"/complete/"+t.act(p, "first")), 404)
		t.equal("activities", "first="+completed+",second="+notStarted, t.history(p))
	}),
	verified("ASG-14", "accepting-and-completing", "completeWithVariable answers the assignee and sets the variables", func(t *T) {
		p := t.start(ann, "twostep")
		a := t.act(p, "first")
		r := t.ok(t.post(as(ann), mine+"/completeWithVariable/"+a, "var_status", "approved (ok)", "var_note", "n"))
		t.equal("keys", "[activityId assignment processId status]", keys(r.object()))
		t.equal("assignment", ann, r.text("assignment"))
		t.equal("variables", "approved (ok) n", t.variable(p, "status")+" "+t.variable(p, "note"))
		t.equal("open", "second", t.opened(p))
	}),
	verified("ASG-15", "accepting-and-completing", "completeWithVariable with an undeclared name completes all the same", func(t *T) {
		p := t.start(ann, "twostep")
		t.complete(ann, p, "first", "var_status", "x", "var_nothing", "y")
		t.equal("open", "second", t.opened(p))
	}),
	verified("ASG-16", "accepting-and-completing", "one undeclared name makes the engine refuse the whole set", func(t *T) {
		p := t.start(ann, "twostep", "var_status", "old")
		t.complete(ann, p, "first", "var_status", "new", "var_nothing", "y")
		t.equal("status", "old", t.variable(p, "status"))
	}),
	verified("ASG-17", "accepting-and-completing", "one typed variable makes the engine refuse the whole set", func(t *T) {
		p := t.start(ann, "typed", "var_s", "old", "var_i", "1")
		t.complete(ann, p, "fill", "var_s", "new", "var_i", "2")
		t.equal("s", "old", t.variable(p, "s"))
		t.equal("i", "1", t.variable(p, "i"))
		t.equal("open", "next", t.opened(p))
	}),
	verified("ASG-18", "accepting-and-completing", "nextActivityId tells the caller's next assignment when the mapping asks for it", func(t *T) {
		p := t.start(ann, "auto")
		r := t.complete(ann, p, "first")
		t.equal("nextActivityId", t.act(p, "second"), r.text("nextActivityId"))
		t.equal("next for somebody else", "absent", t.complete(ann, p, "second").shape("nextActivityId"))
	}),
	verified("ASG-19", "accepting-and-completing", "assignment view has the caller's assignment", func(t *T) {
		p := t.start(ann, "twostep", "var_status", "s1")
		a := t.act(p, "first")
		r := t.ok(t.get(as(ann), mine+"/view/"+a))
		for k, want := range map[string]string{
			"activityId": a, "activityDefId": "first", "processId": p, "processDefId": defID("twostep"),
			"processVersion": "2", "processName": "Conformance Two Step", "activityName": "First Step", "assigneeId": ann,
		} {
			t.equal(k, want, r.text(k))
		}
		t.equal("status", "s1", r.variables()["status"])
	}),
	verified("ASG-20", "accepting-and-completing", "assignment view by instance id finds the caller's first assignment", func(t *T) {
		p := t.start(ann, "twostep")
		t.equal("activityId", t.act(p, "first"), t.ok(t.get(as(ann), mine+"/process/view/"+p)).text("activityId"))
		t.errorBody(t.get(as(cid), mine+"/process/view/"+p), 404)
		t.errorBody(t.get(as(cid), mine+"/process/view/9999_conf_nothing"), 404)
	}),
	verified("ASG-21", "accepting-and-completing", "assignment/variable sets a text on an accepted assignment", func(t *T) {
		p := t.start(ann, "twostep")
		a := t.act(p, "first")
		t.post(as(ann), mine+"/accept/"+a)
		t.equal("answer", "variableSet", t.ok(t.post(as(ann), mine+"/variable/"+a+"/status", "value", "by assignee")).text("status"))
		t.equal("activity", "by assignee", t.ok(t.get(admin, "/monitoring/activity/view/"+a)).variables()["status"])
		t.equal("process before", "", t.variable(p, "status"))
		t.complete(ann, p, "first")
		t.equal("process after", "by assignee", t.variable(p, "status"))
	}),
	verified("ASG-22", "accepting-and-completing", "assignment/variable without acceptance answers variableSet and sets nothing", func(t *T) {
		p := t.start(ann, "twostep")
		a := t.act(p, "first")
		t.equal("answer", "variableSet", t.ok(t.post(as(ann), mine+"/variable/"+a+"/status", "value", "x")).text("status"))
		t.complete(ann, p, "first")
		t.equal("process", "", t.variable(p, "status"))
	}),
	verified("ASG-23", "accepting-and-completing", "assignment/variable parses by the class of the current value", func(t *T) {
		p := t.start(ann, "typed", "var_i", "1", "var_f", "1.5")
		a := t.act(p, "fill")
		t.post(as(ann), mine+"/accept/"+a)
		t.post(as(ann), mine+"/variable/"+a+"/i", "value", "9")
		t.post(as(ann), mine+"/variable/"+a+"/f", "value", "9.5")
		t.complete(ann, p, "fill")
		v := t.ok(t.get(admin, "/workflow/variable/list/"+p)).variables()
		t.equal("i", "number 9", shapeOf(v["i"])+" "+bounded(v["i"]))
		t.equal("f", "number 9.5", shapeOf(v["f"])+" "+bounded(v["f"]))
	}),
	verified("ASG-24", "accepting-and-completing", "a text that does not parse in assignment/variable still answers variableSet and sets nothing", func(t *T) {
		p := t.start(ann, "typed", "var_i", "1")
		a := t.act(p, "fill")
		t.post(as(ann), mine+"/accept/"+a)
		t.equal("answer", "variableSet", t.ok(t.post(as(ann), mine+"/variable/"+a+"/i", "value", "abc")).text("status"))
		t.complete(ann, p, "fill")
		t.equal("i", "1", t.variable(p, "i"))
	}),
	verified("ASG-25", "accepting-and-completing", "any sort of the list sorts by creation, desc is optional", func(t *T) {
		p := t.start(ann, "twostep")
		q := t.start(ann, "twostep")
		path := mine + "/list"
		pos := func(r *reply) (int, int) {
			ids := r.column("processId")
			return slices.Index(ids, p), slices.Index(ids, q)
		}
		a, b := pos(t.ok(t.get(as(ann), path, "processDefId", defID("twostep"), "sort", "whatever")))
		t.that(a >= 0 && a < b, "ascending", "the older one first", []int{a, b})
		a, b = pos(t.ok(t.get(as(ann), path, "processDefId", defID("twostep"), "sort", "whatever", "desc", "true")))
		t.that(b >= 0 && b < a, "descending", "the newer one first", []int{a, b})
	}),
	verified("ASG-26", "accepting-and-completing", "the list pages and total ignores the page", func(t *T) {
		p := t.start(ann, "parallel")
		r := t.ok(t.get(as(ann), mine+"/list", "processId", p, "sort", "x", "start", "1", "rows", "1"))
		t.equal("total", "3", r.text("total"))
		t.equal("items", 1, len(r.items()))
	}),
	verified("ASG-27", "accepting-and-completing", "total of pending and accepted ignores the accepted flag", func(t *T) {
		t.start(ann, "twostep")
		p := t.start(ann, "twostep")
		t.post(as(ann), mine+"/accept/"+t.act(p, "first"))
		all := t.ok(t.get(as(ann), mine+"/list/count")).text("total")
		t.equal("pending", all, t.ok(t.get(as(ann), mine+"/list/pending", "rows", "1")).text("total"))
		t.equal("accepted", all, t.ok(t.get(as(ann), mine+"/list/accepted", "rows", "1")).text("total"))
		t.equal("pending count", all, t.ok(t.get(as(ann), mine+"/list/pending/count")).text("total"))
		t.equal("accepted count", all, t.ok(t.get(as(ann), mine+"/list/accepted/count")).text("total"))
	}),
	verified("ASG-28", "accepting-and-completing", "anonymous callers have an empty list and get 404 on activities", func(t *T) {
		p := t.start(ann, "twostep")
		t.equal("total", "0", t.ok(t.get(anonymous, mine+"/list", "processId", p)).text("total"))
		t.errorBody(t.post(anonymous, mine+"/complete/"+t.act(p, "first")), 404)
	}),
	verified("ASG-29", "what-events-write", "a completed activity has no valid assignment left", func(t *T) {
		p := t.start(ann, "twostep")
		a := t.act(p, "first")
		t.complete(ann, p, "first")
		t.equal("valid rows", "", t.assignees(a))
	}),
	verified("ASG-30", "accepting-and-completing", "a completed activity is not in the list any more", func(t *T) {
		p := t.start(ann, "twostep")
		t.complete(ann, p, "first")
		got := strings.Join(t.ok(t.get(as(ann), mine+"/list", "processId", p)).column("activityId"), ",")
		t.equal("activities", "", got)
	}),
}
