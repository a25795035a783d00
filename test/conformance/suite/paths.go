package suite

import (
	"net/http"
	"net/url"
	"strings"

	"jogetferry/test/conformance/fixture"
)

var pathChecks = []Check{
	verified("PATH-01", "addresses", "JSON endpoints live below /jw/web/json", func(t *T) {
		r := t.get(anonymous, "/workflow/currentUsername")
		t.status(r, 200)
		t.equal("documents", 1, len(r.docs))
		t.equal("shape of username", "string", r.shape("username"))
		r = t.do(call{method: "GET", path: "/json/workflow/currentUsername"})
		t.that(r.status != 200 || r.text("username") == absent, "the same without /web", "no JSON answer", r.body)
	}),
	verified("PATH-02", "errors", "successful answers are JSON in UTF-8", func(t *T) {
		r := t.get(anonymous, "/workflow/currentUsername")
		ct := strings.ToLower(strings.ReplaceAll(r.header.Get("Content-Type"), " ", ""))
		t.equal("Content-Type", "application/json;charset=utf-8", ct)
	}),
	verified("PATH-03", "errors", "an unknown path is 404 with the error body", func(t *T) {
		t.errorBody(t.get(admin, "/no/such/endpoint"), 404)
	}),
	verified("PATH-04", "path-parameters", "GET of process/start is 405 with the error body and starts nothing", func(t *T) {
		before := t.instances("onevar")
		t.errorBody(t.get(admin, "/workflow/process/start/"+defURL("onevar")), 405)
		t.equal("instances", before, t.instances("onevar"))
	}),
	verified("PATH-05", "path-parameters", "GET of activity/start is 405", func(t *T) {
		t.errorBody(t.get(admin, "/monitoring/activity/start/x/y"), 405)
	}),
	verified("PATH-06", "path-parameters", "GET of process/abort is 405 and aborts nothing", func(t *T) {
		p := t.start(ann, "onevar")
		t.errorBody(t.get(admin, "/workflow/process/abort/"+p), 405)
		t.equal("state", running, t.state(p))
	}),
	verified("PATH-07", "path-parameters", "GET of the other changing calls is 405", func(t *T) {
		for _, p := range []string{
			"/monitoring/activity/abort/x/y", "/monitoring/process/variable/x/y", "/monitoring/activity/variable/x/y",
			"/monitoring/activity/reassign", "/monitoring/running/activity/reassign", "/monitoring/running/activity/complete",
			"/monitoring/process/copy/x/y", "/monitoring/activity/reevaluate", "/monitoring/user/reevaluate",
			"/workflow/assignment/accept/x", "/workflow/assignment/withdraw/x", "/workflow/assignment/complete/x",
			"/workflow/assignment/completeWithVariable/x", "/workflow/assignment/variable/x/y",
		} {
			t.equal(p, 405, t.get(admin, p).status)
		}
	}),
	verified("PATH-08", "path-parameters", "lists and views may be called by POST with the credentials in the body", func(t *T) {
		p := t.start(ann, "onevar")
		t.equal("running list", p, strings.Join(t.ok(t.post(admin, "/monitoring/running/process/list", "processId", p)).column("id"), ","))
		t.equal("process view", p, t.ok(t.post(admin, "/monitoring/process/view/"+p)).text("processId"))
		t.equal("variable list", p, t.ok(t.post(admin, "/workflow/variable/list/"+p)).text("processId"))
	}),
	verified("PATH-09", "addresses", "query and body parameters are merged", func(t *T) {
		p := t.start(ann, "onevar")
		r := t.do(call{method: "POST", path: "/web/json/monitoring/running/process/list", who: admin, query: url.Values{"processId": {p}}})
		t.equal("processId from the query of a POST", p, strings.Join(t.ok(r).column("id"), ","))
	}),
	verified("PATH-10", "definition-ids", "process definition ids are written with : in URLs and come back with #", func(t *T) {
		t.equal("processId", defID("twostep"), t.ok(t.get(admin, "/workflow/process/view/"+defURL("twostep"))).text("processId"))
	}),
	verified("PATH-11", "definition-ids", "%23 works like :, the path is decoded first", func(t *T) {
		id := strings.ReplaceAll(defID("twostep"), "#", "%23")
		t.equal("processId", defID("twostep"), t.ok(t.get(admin, "/workflow/process/view/"+id)).text("processId"))
	}),
	verified("PATH-12", "path-parameters", "path parameters are URL-decoded", func(t *T) {
		p := t.start(ann, "onevar")
		t.equal("processId", p, t.ok(t.get(admin, "/monitoring/process/view/"+strings.ReplaceAll(p, "_", "%5F"))).text("processId"))
	}),
	verified("PATH-13", "path-parameters", "a path parameter overrides a body parameter of the same name", func(t *T) {
		p, other := t.start(ann, "onevar"), t.start(ann, "onevar")
		r := t.post(admin, "/workflow/process/abort/"+p, "processId", other)
		t.equal("processId", p, r.text("processId"))
		t.equal("state of the one in the body", running, t.state(other))
		t.equal("the one in the path", aborted, t.archived(p))
	}),
	verified("PATH-14", "path-parameters", "a (~:name) segment may be left out together with its slash", func(t *T) {
		r := t.get(admin, "/console/app/"+fixture.App+"/package/xpdl")
		t.status(r, 200)
		t.that(strings.Contains(r.body, `Id="conf"`), "body", "an XPDL package", r.body)
	}),
	verified("PATH-15", "path-parameters", "a trailing dot of the last path parameter is dropped", func(t *T) {
		t.equal("processId", defID("twostep"), t.ok(t.get(admin, "/workflow/process/view/"+defURL("twostep")+".")).text("processId"))
	}),
	verified("PATH-16", "definition-ids", "process/latest replaces any version by the published one", func(t *T) {
		for _, v := range []string{"1", "2", "3", "77"} {
			r := t.ok(t.get(admin, "/workflow/process/latest/conf:"+v+":twostep"))
			t.equal("id for version "+v, "conf#2#twostep", r.text("id"))
			t.equal("encodedId for version "+v, "conf:2:twostep", r.text("encodedId"))
		}
	}),
	verified("PATH-17", "definition-ids", "latest means the published version, not the highest deployed one", func(t *T) {
		r := t.ok(t.post(as(ann), "/workflow/process/start/conf:latest:twostep"))
		t.equal("definition", "conf#2#twostep", t.one("SELECT PDefName FROM SHKProcesses WHERE Id=?", r.text("processId")))
	}),
	verified("PATH-18", "definition-ids", "latest is a substring replace: a key that contains the word cannot be started through latest", func(t *T) {
		before := t.count("SHKProcesses", "PDefName LIKE 'conf#%news'")
		r := t.ok(t.post(admin, "/workflow/process/start/conf:latest:latest_news"))
		t.equal("processId", "", r.text("processId"))
		t.equal("instances", before, t.count("SHKProcesses", "PDefName LIKE 'conf#%news'"))
	}),
	verified("PATH-19", "definition-ids", "the word latest inside a key is replaced also when the version is a number", func(t *T) {
		t.equal("processId", "", t.ok(t.tryStart(admin, "latest_news")).text("processId"))
		t.equal("id", "conf#2#2_news", t.ok(t.get(admin, "/workflow/process/latest/conf:2:latest_news")).text("id"))
	}),
	verified("PATH-20", "definition-ids", "without a published version latest stays as text and the start answers an empty processId", func(t *T) {
		r := t.ok(t.post(admin, "/workflow/process/start/"+fixture.Draft+":latest:twostep"))
		t.equal("processId", "", r.text("processId"))
		t.equal("id", fixture.Draft+"#latest#twostep", t.ok(t.get(admin, "/workflow/process/latest/"+fixture.Draft+":1:twostep")).text("id"))
	}),
	verified("PATH-21", "errors", "OPTIONS is answered 200 without running anything", func(t *T) {
		before := t.instances("onevar")
		r := t.do(call{method: http.MethodOptions, path: "/web/json/workflow/process/start/" + defURL("onevar"), who: as(ann)})
		t.status(r, 200)
		t.equal("body", "", r.body)
		t.equal("instances", before, t.instances("onevar"))
	}),
	verified("PATH-22", "errors", "an Origin is echoed with credentials allowed", func(t *T) {
		r := t.do(call{method: "GET", path: "/web/json/workflow/currentUsername", header: http.Header{"Referer": {t.referer}, "Origin": {"http://other.example"}}})
		t.equal("Access-Control-Allow-Origin", "http://other.example", r.header.Get("Access-Control-Allow-Origin"))
		t.equal("Access-Control-Allow-Credentials", "true", r.header.Get("Access-Control-Allow-Credentials"))
	}),
	verified("PATH-23", "errors", "callback wraps the answer as JSONP", func(t *T) {
		r := t.get(anonymous, "/workflow/currentUsername", "callback", "fn")
		t.that(strings.HasPrefix(r.body, "fn(") && strings.HasSuffix(r.body, ")"), "body", "fn({...})", r.body)
		t.that(strings.HasPrefix(r.header.Get("Content-Type"), "application/javascript"), "Content-Type", "application/javascript", r.header.Get("Content-Type"))
	}),
	assumed("PATH-24", "path-parameters", "paths that are not in normal form are refused: double slash, encoded percent, slash or backslash", func(t *T) {
		for _, p := range []string{"/console/app/" + fixture.App + "//package/xpdl", "/monitoring/process/view/a%25b", "/monitoring/process/view/a%2Fb", "/monitoring/process/view/a%5Cb"} {
			code := t.get(admin, p).status
			t.that(code == 400 || code == 500, p, "400 or 500", code)
		}
	}),
	verified("PATH-25", "path-parameters", "a missing slash in front of a parameter does not match", func(t *T) {
		t.errorBody(t.get(admin, "/workflow/process/view"), 404)
	}),
}
