package suite

import "jogetferry/test/conformance/fixture"

type rolePath struct{ method, path string }

// Paths by who may call them, as served by a community server.
var (
	openPaths = []rolePath{
		{"GET", "/workflow/currentUsername"},
		{"POST", "/workflow/process/start/conf:2:onevar"},
		{"GET", "/workflow/assignment/list"},
		{"GET", "/workflow/assignment/list/count"},
		{"GET", "/apps/published/processes"},
		{"GET", "/apps/published/userviews"},
		{"GET", "/directory/user/csrfToken"},
	}
	adminPaths = []rolePath{
		{"GET", "/monitoring/running/process/list"},
		{"GET", "/monitoring/completed/process/list"},
		{"GET", "/monitoring/process/view/x"},
		{"GET", "/monitoring/activity/list"},
		{"GET", "/monitoring/activity/view/x"},
		{"POST", "/monitoring/activity/start/x/y"},
		{"POST", "/monitoring/activity/abort/x/y"},
		{"POST", "/workflow/process/abort/x"},
		{"GET", "/workflow/process/list"},
		{"GET", "/workflow/process/view/conf:2:twostep"},
		{"GET", "/workflow/process/latest/conf:2:twostep"},
		{"GET", "/workflow/package/list"},
		{"GET", "/workflow/variable/list/x"},
		{"GET", "/workflow/process/variable/x/y"},
		{"GET", "/console/app/conf/2/package/xpdl"},
		{"GET", "/console/app/conf/version/list"},
		{"GET", "/directory/admin/user/list"},
		{"GET", "/directory/user/options"},
	}
)

func (t *T) call(who identity, p rolePath) *reply {
	if p.method == "POST" {
		return t.post(who, p.path)
	}
	return t.get(who, p.path)
}

var roleChecks = []Check{
	verified("ROLE-01", "who-may-call-what", "open endpoints answer anonymous callers", func(t *T) {
		for _, p := range openPaths {
			t.equal(p.path, 200, t.call(anonymous, p).status)
		}
	}),
	verified("ROLE-02", "who-may-call-what", "open endpoints answer ordinary users", func(t *T) {
		for _, p := range openPaths {
			t.equal(p.path, 200, t.call(login(ann, fixture.Password), p).status)
		}
	}),
	verified("ROLE-03", "who-may-call-what", "all other endpoints redirect anonymous callers to the login page", func(t *T) {
		for _, p := range adminPaths {
			t.equal(p.path, 302, t.call(anonymous, p).status)
		}
	}),
	verified("ROLE-04", "who-may-call-what", "all other endpoints are 403 for ordinary users", func(t *T) {
		for _, p := range adminPaths {
			t.equal(p.path, 403, t.call(login(ann, fixture.Password), p).status)
		}
	}),
	verified("ROLE-05", "who-may-call-what", "ROLE_ADMIN is enough for all of them", func(t *T) {
		for _, p := range adminPaths {
			t.equal(p.path, 200, t.call(admin, p).status)
		}
	}),
	verified("ROLE-07", "who-may-call-what", "an administrator through loginAs may call all of them too", func(t *T) {
		for _, p := range append([]rolePath{{"GET", "/console/monitor/running/list"}}, adminPaths...) {
			t.equal(p.path, 200, t.call(as(t.Admin[0]), p).status)
		}
	}),
	verified("ROLE-06", "who-may-call-what", "roles are checked before the method and before the path exists", func(t *T) {
		t.equal("GET of a POST endpoint", 403, t.get(as(ann), "/monitoring/activity/start/x/y").status)
		t.equal("unknown path", 403, t.get(as(ann), "/no/such/endpoint").status)
		t.equal("unknown path, anonymous", 302, t.get(anonymous, "/no/such/endpoint").status)
	}),
}
