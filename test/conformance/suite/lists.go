package suite

import (
	"slices"
	"strings"

	"jogetferry/test/conformance/fixture"
)

const runningPath = "/monitoring/running/process/list"

var listChecks = []Check{
	verified("LIST-01", "lists-of-instances", "the items of the running list have exactly these keys", func(t *T) {
		m := t.ok(t.get(admin, runningPath, "processId", t.start(ann, "twostep"))).items()
		if len(m) != 1 {
			t.fail("items", 1, len(m))
		}
		t.equal("keys", "[due id name requesterId serviceLevelMonitor startedTime state version]", keys(m[0]))
		t.equal("name", "Conformance Two Step", m[0]["name"])
		t.equal("state", running, m[0]["state"])
		t.equal("version", "2", m[0]["version"])
		t.equal("type of version", "string", shapeOf(m[0]["version"]))
		t.equal("requesterId", ann, m[0]["requesterId"])
		t.equal("due", "-", m[0]["due"])
		t.equal("serviceLevelMonitor", "-", m[0]["serviceLevelMonitor"])
	}),
	verified("LIST-02", "dates-in-answers", "startedTime has the pattern dd-MM-yyyy hh:mm aa", func(t *T) {
		s := strings.Join(t.ok(t.get(admin, runningPath, "processId", t.start(ann, "onevar"))).column("startedTime"), "")
		ok := len(s) == 19 && s[2] == '-' && s[5] == '-' && s[13] == ':' && (strings.HasSuffix(s, "AM") || strings.HasSuffix(s, "PM"))
		t.that(ok, "startedTime", "like 10-11-2023 07:05 PM", s)
	}),
	verified("LIST-03", "lists-of-instances", "processId is a substring match", func(t *T) {
		p := t.start(ann, "onevar")
		got := t.ok(t.get(admin, runningPath, "processId", p[1:])).column("id")
		t.that(slices.Contains(got, p), "ids", p, got)
	}),
	verified("LIST-04", "lists-of-instances", "_ in a filter is a wildcard", func(t *T) {
		p := t.start(ann, "onevar")
		got := t.ok(t.get(admin, runningPath, "processId", strings.Replace(p, "conf_onevar", "c_nf_onev_r", 1))).column("id")
		t.equal("ids", p, strings.Join(got, ","))
		t.that(t.ok(t.get(admin, runningPath, "packageId", "c_nf")).text("total") != "0", "total for packageId c_nf", "more than 0", "0")
	}),
	verified("LIST-05", "lists-of-instances", "packageId matches the whole package id", func(t *T) {
		t.start(ann, "onevar")
		t.equal("total for a prefix", "0", t.ok(t.get(admin, runningPath, "packageId", "con")).text("total"))
		for _, id := range t.ok(t.get(admin, runningPath, "packageId", fixture.App)).column("id") {
			t.that(strings.Contains(id, "_conf_"), "id", "an instance of conf", id)
		}
	}),
	verified("LIST-06", "lists-of-instances", "version filters by package version", func(t *T) {
		p := t.start(ann, "onevar")
		t.equal("version 2", "1", t.ok(t.get(admin, runningPath, "processId", p, "version", "2")).text("total"))
		t.equal("version 1", "0", t.ok(t.get(admin, runningPath, "processId", p, "version", "1")).text("total"))
	}),
	verified("LIST-07", "lists-of-instances", "processName is a substring match on the name", func(t *T) {
		p := t.start(ann, "twostep")
		t.equal("part of the name", "1", t.ok(t.get(admin, runningPath, "processId", p, "processName", "Two St")).text("total"))
		t.equal("another name", "0", t.ok(t.get(admin, runningPath, "processId", p, "processName", "Three")).text("total"))
	}),
	verified("LIST-08", "lists-of-instances", "an empty filter is no filter", func(t *T) {
		p := t.start(ann, "onevar")
		t.equal("total", "1", t.ok(t.get(admin, runningPath, "processId", p, "packageId", "", "version", "", "processName", "")).text("total"))
	}),
	verified("LIST-09", "lists-of-instances", "instances that never started are in the running list", func(t *T) {
		t.ok(t.tryStart(as(cid), "typed", "var_i", "abc"))
		p := t.newest("typed", cid)
		t.equal("state", notStarted, t.state(p))
		r := t.ok(t.get(admin, runningPath, "processId", p))
		t.equal("state in the list", notStarted, strings.Join(r.column("state"), ","))
	}),
	verified("LIST-10", "lists-of-instances", "subflow instances are ordinary rows of the running list", func(t *T) {
		p := t.start(ann, "parent")
		c := t.child(p, "call")
		t.equal("id", c, strings.Join(t.ok(t.get(admin, runningPath, "processId", c)).column("id"), ","))
	}),
	verified("LIST-11", "lists-of-instances", "sort without desc is 500", func(t *T) {
		t.errorBody(t.get(admin, runningPath, "sort", "id"), 500)
		t.errorBody(t.get(admin, runningPath, "sort", "startedTime"), 500)
	}),
	verified("LIST-12", "lists-of-instances", "sort by requesterId is 500", func(t *T) {
		t.errorBody(t.get(admin, runningPath, "sort", "requesterId", "desc", "false"), 500)
	}),
	verified("LIST-13", "lists-of-instances", "sort by an unknown name is 500", func(t *T) {
		t.errorBody(t.get(admin, runningPath, "sort", "no_such_property", "desc", "false"), 500)
	}),
	verified("LIST-14", "lists-of-instances", "desc without sort does no harm", func(t *T) {
		t.status(t.get(admin, runningPath, "desc", "true", "rows", "1"), 200)
	}),
	verified("LIST-15", "lists-of-instances", "sort by id is by text, name, startedTime and createdTime work", func(t *T) {
		for range 3 {
			t.start(ann, "onevar")
		}
		got := t.ok(t.get(admin, runningPath, "packageId", fixture.App, "sort", "id", "desc", "false")).column("id")
		want := t.rows("SELECT p.Id FROM SHKProcesses p JOIN SHKProcessStates s ON s.oid=p.State WHERE p.PDefName LIKE 'conf#%' AND s.KeyValue LIKE 'open.%' ORDER BY p.Id")
		var ids []string
		for _, w := range want {
			ids = append(ids, w[0])
		}
		t.equal("ids", ids, got)
		slices.Reverse(ids)
		t.equal("ids, descending", ids, t.ok(t.get(admin, runningPath, "packageId", fixture.App, "sort", "id", "desc", "true")).column("id"))
		for _, s := range []string{"name", "startedTime", "createdTime"} {
			t.equal("sort by "+s, 200, t.get(admin, runningPath, "sort", s, "desc", "true", "rows", "1").status)
		}
	}),
	verified("LIST-16", "lists-of-instances", "start and rows page through a sorted list, total ignores them", func(t *T) {
		for range 3 {
			t.start(ann, "onevar")
		}
		all := t.ok(t.get(admin, runningPath, "packageId", fixture.App, "sort", "id", "desc", "false"))
		ids := all.column("id")
		r := t.ok(t.get(admin, runningPath, "packageId", fixture.App, "sort", "id", "desc", "false", "start", "1", "rows", "2"))
		t.equal("page", ids[1:3], r.column("id"))
		t.equal("total", all.text("total"), r.text("total"))
		t.equal("start", "1", r.text("start"))
	}),
	verified("LIST-17", "lists-of-instances", "rows absent, 0 or negative means all rows", func(t *T) {
		t.start(ann, "onevar")
		t.start(ann, "onevar")
		n := t.count("SHKProcesses p JOIN SHKProcessStates s ON s.oid=p.State", "p.PDefName LIKE 'conf#%' AND s.KeyValue LIKE 'open.%'")
		for _, rows := range []string{"0", "-1"} {
			t.equal("rows="+rows, n, len(t.ok(t.get(admin, runningPath, "packageId", fixture.App, "rows", rows)).items()))
		}
		t.equal("no rows", n, len(t.ok(t.get(admin, runningPath, "packageId", fixture.App)).items()))
	}),
	verified("LIST-18", "lists-of-instances", "total equals the number of open instances in the database", func(t *T) {
		n := t.count("SHKProcesses p JOIN SHKProcessStates s ON s.oid=p.State", "s.KeyValue LIKE 'open.%'")
		t.equal("total", n, t.ok(t.get(admin, runningPath, "rows", "1")).text("total"))
	}),
	verified("LIST-19", "lists-of-instances", "a completed instance leaves the running list and is found in the completed list", func(t *T) {
		p := t.start(ann, "onevar")
		t.complete(ann, p, "only")
		t.equal("running", "0", t.ok(t.get(admin, runningPath, "processId", p)).text("total"))
		m := t.ok(t.get(admin, "/monitoring/completed/process/list", "processId", p)).items()
		if len(m) != 1 {
			t.fail("completed", 1, len(m))
		}
		t.equal("state", completed, m[0]["state"])
		t.equal("requesterId", ann, m[0]["requesterId"])
		t.equal("version", "2", m[0]["version"])
		t.equal("keys", "[due id name requesterId serviceLevelMonitor startedTime state version]", keys(m[0]))
	}),
	verified("LIST-20", "lists-of-instances", "the completed list has the same sort traps", func(t *T) {
		t.errorBody(t.get(admin, "/monitoring/completed/process/list", "sort", "id"), 500)
		t.status(t.get(admin, "/monitoring/completed/process/list", "sort", "id", "desc", "true", "rows", "1"), 200)
	}),
	verified("LIST-21", "lists-of-instances", "a process limit shows as due date and indicator", func(t *T) {
		m := t.ok(t.get(admin, runningPath, "processId", t.start(ann, "limited"))).items()
		if len(m) != 1 {
			t.fail("items", 1, len(m))
		}
		t.that(m[0]["due"] != "-", "due", "a date", m[0]["due"])
		t.that(strings.Contains(bounded(m[0]["serviceLevelMonitor"]), "dot_green"), "serviceLevelMonitor", `<span class="dot_green">...`, m[0]["serviceLevelMonitor"])
	}),
	verified("LIST-22", "activities-of-an-instance", "the activity list has 10 rows unless asked otherwise", func(t *T) {
		p := t.start(ann, "loop")
		for range 5 {
			t.complete(ann, p, "draft")
			t.complete(ann, p, "check", "var_status", "back")
		}
		r := t.ok(t.get(admin, "/monitoring/activity/list", "processId", p))
		n := t.count("SHKActivities", "ProcessId=?", p)
		t.equal("total", n, r.text("total"))
		t.equal("items", 10, len(r.items()))
		t.equal("items with rows=100000", n, len(t.ok(t.get(admin, "/monitoring/activity/list", "processId", p, "rows", "100000")).items()))
	}),
	verified("LIST-23", "activities-of-an-instance", "the activity list holds closed activities and routes, with these keys", func(t *T) {
		p := t.start(ann, "parallel")
		r := t.ok(t.get(admin, "/monitoring/activity/list", "processId", p, "rows", "100"))
		states := map[string]any{}
		for _, m := range r.items() {
			t.equal("keys", "[dateCreated id name serviceLevelMonitor state]", keys(m))
			states[strings.SplitN(bounded(m["id"]), p+"_", 2)[1]] = m["state"]
		}
		t.equal("states", map[string]any{"fork": completed, "a": notStarted, "b": notStarted, "c": notStarted}, states)
	}),
	verified("LIST-24", "activities-of-an-instance", "the processId of the activity list is exact", func(t *T) {
		p := t.start(ann, "onevar")
		t.equal("total", "0", t.ok(t.get(admin, "/monitoring/activity/list", "processId", p[1:]+"x")).text("total"))
		t.equal("total of a part", "0", t.ok(t.get(admin, "/monitoring/activity/list", "processId", "conf_onevar")).text("total"))
	}),
	verified("LIST-25", "activities-of-an-instance", "the activity list sorts without desc and pages", func(t *T) {
		p := t.start(ann, "parallel")
		path := "/monitoring/activity/list"
		got := t.ok(t.get(admin, path, "processId", p, "sort", "name", "rows", "100")).column("name")
		t.equal("by name", "[A B C Fork]", got)
		got = t.ok(t.get(admin, path, "processId", p, "sort", "name", "desc", "true", "start", "1", "rows", "2")).column("name")
		t.equal("page, descending", "[C B]", got)
	}),
	verified("LIST-26", "lists-of-instances", "the monitor list of the console shows record ids", func(t *T) {
		id := unique("rec")
		p := t.start(ann, "onevar", "recordId", id)
		m := t.ok(t.get(admin, "/console/monitor/running/list", "processId", p)).items()
		if len(m) != 1 {
			t.fail("items", 1, len(m))
		}
		t.equal("recordId", id, m[0]["recordId"])
		t.equal("by recordId", p, strings.Join(t.ok(t.get(admin, "/console/monitor/running/list", "recordId", id)).column("id"), ","))
	}),
	verified("LIST-28", "lists-of-instances", "the archived list of the console holds completed instances with their record ids", func(t *T) {
		id := unique("rec")
		p := t.start(ann, "onevar", "recordId", id)
		t.complete(ann, p, "only")
		for _, mode := range []string{"archived", "completed"} {
			m := t.ok(t.get(admin, "/console/monitor/"+mode+"/list", "processId", p)).items()
			if len(m) != 1 {
				t.fail(mode+" items", 1, len(m))
			}
			t.equal(mode+" recordId and state", id+" "+completed, bounded(m[0]["recordId"])+" "+bounded(m[0]["state"]))
		}
		t.equal("by recordId", "["+p+"]", t.ok(t.get(admin, "/console/monitor/archived/list", "recordId", id)).column("id"))
	}),
	verified("LIST-29", "lists-of-instances", "the monitor list shows the instance id as record id where there is no link", func(t *T) {
		p := t.failedStart("var_i", "abc")
		t.equal("recordId", "["+p+"]", t.ok(t.get(admin, "/console/monitor/running/list", "processId", p)).column("recordId"))
	}),
	verified("LIST-27", "lists-of-instances", "the monitor list filters by appId and requester and is refused to ordinary users", func(t *T) {
		p := t.start(bob, "onevar")
		got := t.ok(t.get(admin, "/console/monitor/running/list", "appId", fixture.App, "requester", bob)).column("id")
		t.that(slices.Contains(got, p), "ids", p, got)
		t.equal("another requester", "0", t.ok(t.get(admin, "/console/monitor/running/list", "processId", p, "requester", ann)).text("total"))
		t.status(t.get(as(ann), "/console/monitor/running/list"), 403)
	}),
}
