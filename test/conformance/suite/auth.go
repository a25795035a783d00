package suite

import (
	"strings"

	"jogetferry/test/conformance/fixture"
)

// whoami asks for the current user name.
func (t *T) whoami(who identity) *reply { return t.get(who, "/workflow/currentUsername") }

func (t *T) isUser(name string, who identity) {
	t.equal("username", name, t.ok(t.whoami(who)).text("username"))
}

const nobody = "roleAnonymous"

var authChecks = []Check{
	verified("AUTH-01", "logging-in", "a caller without credentials is roleAnonymous", func(t *T) { t.isUser(nobody, anonymous) }),
	verified("AUTH-02", "logging-in", "j_username and j_password in the query", func(t *T) { t.isUser(ann, login(ann, fixture.Password)) }),
	verified("AUTH-03", "logging-in", "j_username and j_password in the body", func(t *T) {
		t.equal("username", ann, t.ok(t.post(login(ann, fixture.Password), "/workflow/currentUsername")).text("username"))
	}),
	verified("AUTH-04", "logging-in", "the login hash in upper case", func(t *T) {
		t.isUser(ann, loginHash(ann, hash(ann, fixture.Password)))
	}),
	verified("AUTH-05", "logging-in", "the login hash ignores case", func(t *T) {
		t.isUser(ann, loginHash(ann, strings.ToLower(hash(ann, fixture.Password))))
	}),
	verified("AUTH-06", "logging-in", "the hashes of two users", func(t *T) {
		t.equal("master/master", "E505CF727D214A68CB03DA25DA978500", hash("master", "master"))
		t.equal("admin/admin", "14ACD782DCFEB2BCDE2B271CCD559477", hash("admin", "admin"))
		t.isUser(t.Admin[0], loginHash(t.Admin[0], hash(t.Admin[0], t.Admin[1])))
	}),
	verified("AUTH-07", "logging-in", "the hash is also accepted as password", func(t *T) {
		t.isUser(ann, login(ann, hash(ann, fixture.Password)))
	}),
	verified("AUTH-08", "logging-in", "a wrong password is 401 with an empty message", func(t *T) {
		r := t.whoami(login(ann, "wrong"))
		t.errorBody(r, 401)
		t.equal("message", "", r.message())
	}),
	verified("AUTH-09", "logging-in", "a wrong hash is 401", func(t *T) {
		t.errorBody(t.whoami(loginHash(ann, hash(ann, "wrong"))), 401)
	}),
	verified("AUTH-10", "logging-in", "an unknown user is 401", func(t *T) { t.errorBody(t.whoami(login("conf_unknown", "password")), 401) }),
	verified("AUTH-11", "logging-in", "an inactive user is 401", func(t *T) {
		t.errorBody(t.whoami(login(fixture.Inactive, fixture.Password)), 401)
	}),
	verified("AUTH-12", "logging-in", "j_username with neither password nor hash continues anonymously", func(t *T) {
		t.isUser(nobody, func(_ *Env, c *call) { c.params.Set("j_username", ann) })
	}),
	verified("AUTH-13", "logging-in", "master login with password acts for the loginAs user", func(t *T) { t.isUser(ann, as(ann)) }),
	verified("AUTH-14", "logging-in", "master login with hash acts for the loginAs user", func(t *T) {
		t.isUser(ann, func(e *Env, c *call) {
			loginHash(e.Master[0], hash(e.Master[0], e.Master[1]))(e, c)
			c.params.Set("loginAs", ann)
		})
	}),
	verified("AUTH-15", "logging-in", "loginAs with a wrong master password is no error: the call goes on anonymously", func(t *T) {
		t.isUser(nobody, func(e *Env, c *call) {
			login(e.Master[0], "wrong")(e, c)
			c.params.Set("loginAs", ann)
		})
	}),
	verified("AUTH-16", "logging-in", "loginAs with a wrong master hash goes on anonymously", func(t *T) {
		t.isUser(nobody, func(e *Env, c *call) {
			loginHash(e.Master[0], hash(e.Master[0], "wrong"))(e, c)
			c.params.Set("loginAs", ann)
		})
	}),
	verified("AUTH-17", "logging-in", "loginAs with an administrator instead of the master goes on anonymously", func(t *T) {
		t.isUser(nobody, func(e *Env, c *call) {
			admin(e, c)
			c.params.Set("loginAs", ann)
		})
	}),
	verified("AUTH-18", "logging-in", "loginAs of an unknown user is 401 with an empty message", func(t *T) {
		r := t.whoami(as("conf_unknown"))
		t.errorBody(r, 401)
		t.equal("message", "", r.message())
	}),
	verified("AUTH-19", "logging-in", "loginAs works for an inactive user", func(t *T) { t.isUser(fixture.Inactive, as(fixture.Inactive)) }),
	verified("AUTH-20", "logging-in", "the master user is no directory user: without loginAs it is 401", func(t *T) {
		t.errorBody(t.whoami(login(t.Master[0], t.Master[1])), 401)
	}),
	verified("AUTH-21", "logging-in", "a plain login without any role gets ROLE_USER", func(t *T) {
		t.isUser(fixture.NoRoles, login(fixture.NoRoles, fixture.Password))
	}),
	verified("AUTH-22", "logging-in", "a loginAs user without any role is 403 even on open endpoints", func(t *T) {
		t.errorBody(t.whoami(as(fixture.NoRoles)), 403)
	}),
	verified("AUTH-23", "logging-in", "HTTP Basic", func(t *T) { t.isUser(ann, basic(ann, fixture.Password)) }),
	verified("AUTH-24", "logging-in", "wrong Basic credentials are 401 with WWW-Authenticate", func(t *T) {
		r := t.whoami(basic(ann, "wrong"))
		t.errorBody(r, 401)
		t.that(strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Basic"), "WWW-Authenticate", "Basic ...", r.header.Get("WWW-Authenticate"))
	}),
	assumed("AUTH-25", "logging-in", "realm and message of a failed Basic login", func(t *T) {
		r := t.whoami(basic(ann, "wrong"))
		t.equal("WWW-Authenticate", `Basic realm="Realm"`, r.header.Get("WWW-Authenticate"))
		t.equal("message", "Unauthorized", r.message())
	}),
	verified("AUTH-26", "logging-in", "the session cookie alone works after a plain login", func(t *T) {
		s := t.whoami(login(ann, fixture.Password)).session()
		t.that(s != "", "JSESSIONID", "a cookie", "none")
		t.isUser(ann, cookie(s))
	}),
	verified("AUTH-27", "logging-in", "a Basic login is kept in the session", func(t *T) {
		t.isUser(ann, cookie(t.whoami(basic(ann, fixture.Password)).session()))
	}),
	verified("AUTH-28", "logging-in", "a loginAs login is not kept: with its cookie alone the caller is anonymous", func(t *T) {
		s := t.whoami(as(ann)).session()
		t.isUser(nobody, cookie(s))
		r := t.get(cookie(t.whoami(as(t.Admin[0])).session()), "/monitoring/running/process/list")
		t.status(r, 302)
	}),
	verified("AUTH-29", "logging-in", "a request with j_username invalidates the session it came with", func(t *T) {
		old := t.whoami(login(ann, fixture.Password)).session()
		r := t.whoami(both(cookie(old), login(bob, fixture.Password)))
		t.equal("username", bob, r.text("username"))
		t.that(r.session() != "" && r.session() != old, "JSESSIONID", "a new one", r.session())
		t.isUser(nobody, cookie(old))
		t.isUser(bob, cookie(r.session()))
	}),
	verified("AUTH-30", "logging-in", "a new JSESSIONID is set on every response to j_username, failed logins included", func(t *T) {
		for name, who := range map[string]identity{
			"login": login(ann, fixture.Password), "wrong password": login(ann, "wrong"), "loginAs": as(ann),
			"wrong master": func(e *Env, c *call) { login(e.Master[0], "wrong")(e, c); c.params.Set("loginAs", ann) },
		} {
			t.that(t.whoami(who).session() != "", name, "Set-Cookie: JSESSIONID", "none")
		}
	}),
	verified("AUTH-31", "logging-in", "a password longer than 512 characters is 401", func(t *T) {
		t.errorBody(t.whoami(login(ann, strings.Repeat("x", 513))), 401)
	}),
	verified("AUTH-32", "logging-in", "anonymous on a protected endpoint is a redirect to the login page", func(t *T) {
		r := t.get(anonymous, "/monitoring/running/process/list")
		t.status(r, 302)
		t.that(strings.HasSuffix(r.header.Get("Location"), t.context+"/web/login"), "Location", "..."+t.context+"/web/login", r.header.Get("Location"))
	}),
	verified("AUTH-33", "logging-in", "a failed master login on a protected endpoint is the same redirect, not 401", func(t *T) {
		r := t.post(func(e *Env, c *call) { login(e.Master[0], "wrong")(e, c); c.params.Set("loginAs", t.Admin[0]) }, "/monitoring/activity/start/x/y")
		t.status(r, 302)
	}),
	verified("AUTH-34", "logging-in", "logged in without the role is 403 with the error body", func(t *T) {
		t.errorBody(t.get(login(ann, fixture.Password), "/monitoring/running/process/list"), 403)
		t.errorBody(t.get(as(ann), "/monitoring/running/process/list"), 403)
	}),
	verified("AUTH-35", "logging-in", "the roles of the loginAs user apply", func(t *T) {
		t.status(t.get(as(t.Admin[0]), "/monitoring/running/process/list", "rows", "1"), 200)
	}),
	verified("AUTH-36", "logging-in", "with a bad master password a process may really start, as roleAnonymous", func(t *T) {
		r := t.ok(t.tryStart(func(e *Env, c *call) { login(e.Master[0], "wrong")(e, c); c.params.Set("loginAs", ann) }, "onevar"))
		t.equal("requester", nobody, t.one("SELECT ResourceRequesterId FROM SHKProcesses WHERE Id=?", r.text("processId")))
		t.equal("resource row", "1", t.count("SHKResourcesTable", "Username=?", nobody))
	}),
	verified("AUTH-37", "logging-in", "a session cookie of a plain login opens protected endpoints", func(t *T) {
		s := t.whoami(admin).session()
		t.status(t.get(cookie(s), "/monitoring/running/process/list", "rows", "1"), 200)
	}),
	verified("AUTH-38", "logging-in", "an unknown session cookie is anonymous", func(t *T) { t.isUser(nobody, cookie("0123456789ABCDEF0123456789ABCDEF")) }),
	verified("AUTH-39", "definitions-and-apps", "sso tells user and administrator, and is 401 for anonymous callers", func(t *T) {
		r := t.ok(t.get(admin, "/directory/user/sso"))
		t.equal("username", t.Admin[0], r.text("username"))
		t.equal("isAdmin", "true", r.text("isAdmin"))
		t.errorBody(t.get(anonymous, "/directory/user/sso"), 401)
	}),
	assumed("AUTH-40", "addresses", "a form body of more than 2 MiB loses all its parameters, the login too", func(t *T) {
		who := func(bytes int) string {
			return t.ok(t.post(as(ann), "/workflow/currentUsername", "filler", strings.Repeat("x", bytes))).text("username")
		}
		t.equal("smaller", ann, who(2<<20-1<<10))
		t.equal("larger", nobody, who(2<<20))
	}),
	assumed("AUTH-41", "addresses", "a start with such a body starts as an anonymous caller, with a new record", func(t *T) {
		id := unique("rec")
		r := t.ok(t.tryStart(as(ann), "onevar", "recordId", id, "var_status", strings.Repeat("x", 2<<20)))
		t.that(r.text("recordId") != id, "recordId", "a new one", r.text("recordId"))
		t.equal("requester", nobody, t.one("SELECT ResourceRequesterId FROM SHKProcesses WHERE Id=?", r.text("processId")))
		t.equal("status", "", t.variable(r.text("processId"), "status"))
	}),
}
