package suite

import "jogetferry/test/conformance/fixture"

// shapeChecks are about the accumulate rules: no item, no key; one item, an
// object; more items, an array.
var shapeChecks = []Check{
	verified("SHAPE-01", "none-one-or-many", "running list: 0 items no data, 1 item an object, 2 items an array", func(t *T) {
		const path = "/monitoring/running/process/list"
		r := t.ok(t.get(admin, path, "processId", "no_such_process"))
		t.equal("data of 0", "absent", r.shape("data"))
		t.equal("total of 0", "0", r.text("total"))
		a := t.start(ann, "onevar")
		t.start(ann, "onevar")
		r = t.ok(t.get(admin, path, "processId", a))
		t.equal("data of 1", "object", r.shape("data"))
		t.equal("total of 1", "1", r.text("total"))
		r = t.ok(t.get(admin, path, "packageId", fixture.App, "rows", "2"))
		t.equal("data of 2", "array", r.shape("data"))
		t.equal("rows", 2, len(r.items()))
	}),
	verified("SHAPE-02", "none-one-or-many", "total is a number", func(t *T) {
		t.equal("total", "number", t.ok(t.get(admin, "/monitoring/running/process/list", "rows", "1")).shape("total"))
	}),
	verified("SHAPE-03", "lists-of-instances", "completed list: 0 items no data, 1 item an object, 2 items an array", func(t *T) {
		const path = "/monitoring/completed/process/list"
		t.equal("data of 0", "absent", t.ok(t.get(admin, path, "processId", "no_such_process")).shape("data"))
		a, b := t.start(ann, "onevar"), t.start(ann, "onevar")
		t.complete(ann, a, "only")
		t.complete(ann, b, "only")
		r := t.ok(t.get(admin, path, "processId", a))
		t.equal("data of 1", "object", r.shape("data"))
		r = t.ok(t.get(admin, path, "packageId", fixture.App, "rows", "2"))
		t.equal("data of 2", "array", r.shape("data"))
	}),
	verified("SHAPE-04", "activities-of-an-instance", "activity list: 0, 1 and 2 items", func(t *T) {
		const path = "/monitoring/activity/list"
		r := t.ok(t.get(admin, path, "processId", "9999_conf_nothing"))
		t.equal("keys of 0", "[total]", keys(r.object()))
		p := t.start(ann, "twostep")
		t.equal("data of 1", "object", t.ok(t.get(admin, path, "processId", p)).shape("data"))
		t.complete(ann, p, "first")
		t.equal("data of 2", "array", t.ok(t.get(admin, path, "processId", p)).shape("data"))
	}),
	verified("SHAPE-05", "variables-of-an-instance", "variable list: 0, 1 and 2 variables", func(t *T) {
		const path = "/workflow/variable/list/"
		t.equal("variable of 0", "absent", t.ok(t.get(admin, path+t.start(ann, "bare"))).shape("variable"))
		r := t.ok(t.get(admin, path+t.start(ann, "onevar")))
		t.equal("variable of 1", "object", r.shape("variable"))
		t.equal("keys", "[processId variable]", keys(r.object()))
		t.equal("variable of 2", "array", t.ok(t.get(admin, path+t.start(ann, "twostep"))).shape("variable"))
	}),
	verified("SHAPE-06", "variables-of-an-instance", "each variable is an object of its own with one key", func(t *T) {
		for _, v := range list(t.ok(t.get(admin, "/workflow/variable/list/"+t.start(ann, "twostep"))).field("variable")) {
			m, _ := v.(map[string]any)
			t.equal("keys", 1, len(m))
		}
	}),
	verified("SHAPE-07", "activities-of-an-instance", "activity view: assignee is absent, a string or an array", func(t *T) {
		p := t.start(ann, "people")
		view := func(def string) *reply { return t.ok(t.get(admin, "/monitoring/activity/view/"+t.act(p, def))) }
		t.equal("route", "absent", view("fork").shape("assignee"))
		t.equal("one assignee", "string", view("byuser").shape("assignee"))
		t.equal("two assignees", "array", view("bygroup").shape("assignee"))
	}),
	verified("SHAPE-08", "activities-of-an-instance", "activity view: variable is absent, an object or an array", func(t *T) {
		view := func(process, def string) *reply {
			return t.ok(t.get(admin, "/monitoring/activity/view/"+t.act(t.start(ann, process), def)))
		}
		t.equal("0 variables", "absent", view("bare", "only").shape("variable"))
		t.equal("1 variable", "object", view("onevar", "only").shape("variable"))
		t.equal("2 variables", "array", view("twostep", "first").shape("variable"))
	}),
	verified("SHAPE-09", "accepting-and-completing", "assignment list: 0, 1 and 2 items", func(t *T) {
		const path = "/workflow/assignment/list"
		r := t.ok(t.get(as(idle), path))
		t.equal("data of 0", "absent", r.shape("data"))
		t.equal("total of 0", "0", r.text("total"))
		p := t.start(ann, "parallel")
		t.equal("data of 3", "array", t.ok(t.get(as(ann), path, "processId", p)).shape("data"))
		t.equal("data of 1", "object", t.ok(t.get(as(ann), path, "processId", t.start(ann, "onevar"))).shape("data"))
	}),
	verified("SHAPE-10", "definitions-and-apps", "published processes are true arrays also with one item", func(t *T) {
		r := t.ok(t.get(admin, "/apps/published/processes", "appId", fixture.App))
		t.equal("apps", "array", r.shape("apps"))
		for _, a := range list(r.field("apps")) {
			m, _ := a.(map[string]any)
			t.equal("processes", "array", shapeOf(m["processes"]))
		}
		t.equal("apps of none", "array", t.ok(t.get(admin, "/apps/published/processes", "appId", "no_such_app")).shape("apps"))
	}),
	verified("SHAPE-11", "definitions-and-apps", "definition list: one definition an object, more an array", func(t *T) {
		r := t.ok(t.get(admin, "/workflow/process/list", "packageId", fixture.App))
		t.equal("many", "array", r.shape("data"))
		r = t.ok(t.get(admin, "/workflow/process/list", "packageId", fixture.App, "rows", "1"))
		t.equal("one", "object", r.shape("data"))
		t.equal("none", "absent", t.ok(t.get(admin, "/workflow/process/list", "packageId", "no_such_app")).shape("data"))
	}),
	verified("SHAPE-12", "none-one-or-many", "start, sort and desc are echoed only if sent, rows never", func(t *T) {
		const path = "/monitoring/running/process/list"
		p := t.start(ann, "onevar")
		t.equal("nothing sent", "[data total]", keys(t.ok(t.get(admin, path, "processId", p)).object()))
		r := t.ok(t.get(admin, path, "processId", p, "start", "0", "rows", "5", "sort", "id", "desc", "true"))
		t.equal("all sent", "[data desc sort start total]", keys(r.object()))
		t.equal("types", "number string boolean", r.shape("start")+" "+r.shape("sort")+" "+r.shape("desc"))
	}),
	verified("SHAPE-13", "none-one-or-many", "startedTime and createdTime come back under Joget's own names", func(t *T) {
		const path = "/monitoring/running/process/list"
		t.equal("startedTime", "Started", t.ok(t.get(admin, path, "rows", "1", "sort", "startedTime", "desc", "false")).text("sort"))
		t.equal("createdTime", "Created", t.ok(t.get(admin, path, "rows", "1", "sort", "createdTime", "desc", "false")).text("sort"))
	}),
	verified("SHAPE-14", "copying-an-instance", "activities of a process copy is an array also with one activity", func(t *T) {
		p := t.start(ann, "onevar")
		r := t.ok(t.post(admin, "/monitoring/process/copy/"+p+"/"+defURL("onevar"), "abortCurrent", "true"))
		t.equal("activities", "array", r.shape("activities"))
		t.equal("processDefId", defID("onevar"), r.text("processDefId"))
		t.equal("state of the copy", running, t.state(r.text("processId")))
		t.equal("the old one", aborted, t.archived(p))
	}),
	verified("SHAPE-15", "copying-an-instance", "a process copy that fails answers an empty processId and an empty array", func(t *T) {
		r := t.ok(t.post(admin, "/monitoring/process/copy/9999_conf_nothing/"+defURL("onevar")))
		t.equal("processId", "", r.text("processId"))
		t.equal("activities", "[]", r.text("activities"))
	}),
	verified("SHAPE-17", "copying-an-instance", "a process copy of an instance with a BOOLEAN variable fails in the parser and leaves a not started instance", func(t *T) {
		p := t.start(cid, "typed")
		before := t.count("SHKProcesses", "PDefName=? AND State=1000002", defID("typed"))
		r := t.ok(t.post(admin, "/monitoring/process/copy/"+p+"/"+defURL("typed"), "abortCurrent", "true"))
		t.equal("processId", "", r.text("processId"))
		t.equal("state of the old one", running, t.state(p))
		t.that(before != t.count("SHKProcesses", "PDefName=? AND State=1000002", defID("typed")), "not started instances", "one more than "+before, before)
	}),
	verified("SHAPE-18", "copying-an-instance", "an instance without open activities is not copied", func(t *T) {
		p := t.start(ann, "onevar")
		t.post(admin, "/monitoring/activity/abort/"+p+"/only")
		before := t.instances("onevar")
		t.equal("processId", "", t.ok(t.post(admin, "/monitoring/process/copy/"+p+"/"+defURL("onevar"))).text("processId"))
		t.equal("instances", before, t.instances("onevar"))
	}),
	verified("SHAPE-19", "copying-an-instance", "a process copy keeps assignees, variables and open activities", func(t *T) {
		p := t.start(ann, "twostep", "var_status", "s1")
		t.post(admin, reassignPath, "activityId", t.act(p, "first"), "username", cid, "replaceUser", ann)
		n := t.ok(t.post(admin, "/monitoring/process/copy/"+p+"/"+defURL("twostep"))).text("processId")
		t.equal("open", "first", t.opened(n))
		t.equal("assignees", cid, t.assignees(t.act(n, "first")))
		t.equal("status", "s1", t.variable(n, "status"))
		t.equal("old instance without abortCurrent", running, t.state(p))
	}),
	verified("SHAPE-20", "definitions-and-apps", "version list: one version an object, more an array", func(t *T) {
		t.equal("one", "object", t.ok(t.get(admin, "/console/app/"+fixture.Draft+"/version/list")).shape("data"))
		t.equal("three", "array", t.ok(t.get(admin, "/console/app/"+fixture.App+"/version/list")).shape("data"))
		t.equal("none", "absent", t.ok(t.get(admin, "/console/app/no_such_app/version/list")).shape("data"))
	}),
	verified("SHAPE-21", "definitions-and-apps", "form list and environment variables: no item no data", func(t *T) {
		t.equal("forms", "absent", t.ok(t.get(admin, "/console/app/"+fixture.Draft+"/1/forms")).shape("data"))
		t.equal("environment variables", "absent", t.ok(t.get(admin, "/console/app/"+fixture.Draft+"/1/envVariable/list")).shape("data"))
	}),
	verified("SHAPE-22", "accepting-and-completing", "pending and accepted lists follow the same rules", func(t *T) {
		t.equal("pending of nobody", "absent", t.ok(t.get(as(idle), "/workflow/assignment/list/pending")).shape("data"))
		t.equal("accepted of nobody", "absent", t.ok(t.get(as(idle), "/workflow/assignment/list/accepted")).shape("data"))
		t.start(ann, "onevar")
		t.equal("one pending", "object", t.ok(t.get(as(ann), "/workflow/assignment/list/pending", "rows", "1")).shape("data"))
	}),
	verified("SHAPE-23", "copying-an-instance", "a process copy to latest echoes latest", func(t *T) {
		p := t.start(ann, "onevar")
		r := t.ok(t.post(admin, "/monitoring/process/copy/"+p+"/conf:latest:onevar", "abortCurrent", "true"))
		t.equal("processDefId", "conf#latest#onevar", r.text("processDefId"))
		t.equal("definition of the copy", defID("onevar"), t.one("SELECT PDefName FROM SHKProcesses WHERE Id=?", r.text("processId")))
	}),
	verified("SHAPE-24", "copying-an-instance", "a process copy restarts the subflow and its open activities", func(t *T) {
		p := t.start(ann, "parent", "var_status", "s1")
		c := t.child(p, "call")
		t.complete(bob, c, "ask")
		n := t.ok(t.post(admin, "/monitoring/process/copy/"+p+"/"+defURL("parent"))).text("processId")
		t.equal("open in the copy", "call", t.opened(n))
		t.equal("open in the child of the copy", "confirm", t.opened(t.child(n, "call")))
	}),
	verified("SHAPE-16", "definitions-and-apps", "package list has data and no total", func(t *T) {
		r := t.ok(t.get(admin, "/workflow/package/list"))
		t.equal("total", "absent", r.shape("total"))
		found := false
		for _, m := range r.items() {
			if m["packageId"] == fixture.App {
				found = true
				t.equal("keys", "[packageId packageName]", keys(m))
				t.equal("packageName", "Conformance", m["packageName"])
			}
		}
		t.that(found, "package conf", "in the list", r.body)
	}),
}
