package suite

import (
	"strconv"
	"strings"

	"jogetferry/test/conformance/fixture"
)

// sameXPDL compares the downloaded file with the loaded one.
func (t *T) sameXPDL(app, path string, version int) {
	raw, err := fixture.XPDL(app, version)
	if err != nil {
		t.fail("embedded file", "readable", err)
	}
	r := t.get(admin, path)
	t.status(r, 200)
	t.that(r.body == string(raw), "body of "+path, "the XPDL file of package version "+strconv.Itoa(version), r.body)
}

var definitionChecks = []Check{
	verified("DEF-01", "definitions-and-apps", "the XPDL download gives the file of that app version, byte for byte", func(t *T) {
		t.sameXPDL(fixture.App, "/console/app/conf/2/package/xpdl", 2)
		t.sameXPDL(fixture.App, "/console/app/conf/1/package/xpdl", 1)
	}),
	verified("DEF-02", "definitions-and-apps", "the XPDL download is XML in UTF-8", func(t *T) {
		ct := strings.ToLower(strings.ReplaceAll(t.get(admin, "/console/app/conf/2/package/xpdl").header.Get("Content-Type"), " ", ""))
		t.equal("Content-Type", "application/xml;charset=utf-8", ct)
	}),
	verified("DEF-03", "definitions-and-apps", "XPDL download: empty or latest means the highest app version", func(t *T) {
		t.sameXPDL(fixture.App, "/console/app/conf/package/xpdl", 3)
		t.sameXPDL(fixture.App, "/console/app/conf/latest/package/xpdl", 3)
	}),
	verified("DEF-04", "definitions-and-apps", "XPDL download: any other text means the published app version", func(t *T) {
		t.sameXPDL(fixture.App, "/console/app/conf/published/package/xpdl", 2)
	}),
	verified("DEF-05", "definitions-and-apps", "XPDL download of an unknown app is 404", func(t *T) {
		t.errorBody(t.get(admin, "/console/app/no_such_app/1/package/xpdl"), 404)
	}),
	verified("DEF-06", "definitions-and-apps", "process view: definition id, package, name and version", func(t *T) {
		r := t.ok(t.get(admin, "/workflow/process/view/"+defURL("twostep")))
		t.equal("keys", "[name packageId packageName processId version]", keys(r.object()))
		t.equal("values", "conf Conformance Conformance Two Step 2", r.text("packageId")+" "+r.text("packageName")+" "+r.text("name")+" "+r.text("version"))
	}),
	verified("DEF-07", "definitions-and-apps", "process view of old versions works", func(t *T) {
		t.equal("name", "Only In The Old Version", t.ok(t.get(admin, "/workflow/process/view/conf:1:old")).text("name"))
	}),
	verified("DEF-08", "definitions-and-apps", "definition list: keys and label", func(t *T) {
		r := t.ok(t.get(admin, "/workflow/process/list", "packageId", "conf", "allVersion", "yes"))
		found := false
		for _, m := range r.items() {
			if m["id"] == defID("twostep") {
				found = true
				t.equal("keys", "[id label name packageId packageName version]", keys(m))
				t.equal("label", "Conformance Two Step ver 2", m["label"])
			}
		}
		t.that(found, "conf#2#twostep", "in the list", r.body)
	}),
	verified("DEF-09", "definitions-and-apps", "definition list with allVersion=yes holds all deployed versions, total counts them", func(t *T) {
		r := t.ok(t.get(admin, "/workflow/process/list", "packageId", "conf", "allVersion", "yes"))
		n := t.count("SHKProcessDefinitions", "PackageId='conf'")
		t.equal("total", n, r.text("total"))
		t.equal("items", n, len(r.items()))
	}),
	verified("DEF-17", "definitions-and-apps", "definition list without allVersion holds one version of a package only", func(t *T) {
		versions := map[string]bool{}
		for _, v := range t.ok(t.get(admin, "/workflow/process/list", "packageId", "conf")).column("version") {
			versions[v] = true
		}
		t.equal("versions", 1, len(versions))
	}),
	verified("DEF-18", "definitions-and-apps", "the version in that list is the published one", func(t *T) {
		for _, v := range t.ok(t.get(admin, "/workflow/process/list", "packageId", "conf")).column("version") {
			t.equal("version", "2", v)
		}
	}),
	verified("DEF-10", "users-over-http", "user list: items with a label for active", func(t *T) {
		r := t.ok(t.get(admin, "/directory/admin/user/list", "name", fixture.Bob))
		m := r.items()
		if len(m) != 1 {
			t.fail("items", 1, r.body)
		}
		t.equal("id and name", fixture.BobID+" "+bob+" Bob Conf", bounded(m[0]["id"])+" "+bounded(m[0]["username"])+" "+bounded(m[0]["firstName"])+" "+bounded(m[0]["lastName"]))
		t.equal("type of active", "string", shapeOf(m[0]["active"]))
		off := t.ok(t.get(admin, "/directory/admin/user/list", "name", fixture.Inactive)).items()
		t.that(len(off) == 1 && off[0]["active"] != m[0]["active"], "active of the inactive user", "another label", off)
	}),
	verified("DEF-11", "users-over-http", "user list: shapes and paging", func(t *T) {
		t.equal("none", "absent", t.ok(t.get(admin, "/directory/admin/user/list", "name", "no_such_user")).shape("data"))
		r := t.ok(t.get(admin, "/directory/admin/user/list", "name", "conf_", "sort", "username", "desc", "false", "rows", "2"))
		t.equal("names", "["+ann+" "+bob+"]", r.column("username"))
		t.equal("total", "6", r.text("total"))
	}),
	verified("DEF-12", "users-over-http", "user options is a true array whose first entry is blank", func(t *T) {
		r := t.get(admin, "/directory/user/options")
		t.status(r, 200)
		if len(r.docs) != 1 || shapeOf(r.docs[0]) != "array" {
			t.fail("body", "one array", r.body)
		}
		first, _ := list(r.docs[0])[0].(map[string]any)
		t.equal("first", "[label value]", keys(first))
		t.equal("value of the first", "", first["value"])
	}),
	verified("DEF-13", "definitions-and-apps", "version list of an app: published is HTML or empty", func(t *T) {
		got := map[string]string{}
		for _, m := range t.ok(t.get(admin, "/console/app/conf/version/list")).items() {
			got[bounded(m["version"])] = bounded(m["published"])
		}
		t.equal("versions", 3, len(got))
		t.equal("version 1", "", got["1"])
		t.equal("version 2", `<span class="tick"></span>`, got["2"])
		t.equal("version 3", "", got["3"])
	}),
	verified("DEF-14", "definitions-and-apps", "app list: the latest version of each app", func(t *T) {
		found := ""
		for _, m := range t.ok(t.get(admin, "/console/app/list")).items() {
			if m["id"] == "conf" {
				found = bounded(m["name"]) + " " + bounded(m["version"])
			}
		}
		t.equal("conf", "Conformance 3", found)
	}),
	verified("DEF-15", "definitions-and-apps", "form list and form definition", func(t *T) {
		r := t.ok(t.get(admin, "/console/app/conf/2/forms"))
		got := map[string]string{}
		for _, m := range r.items() {
			got[bounded(m["id"])] = bounded(m["tableName"])
		}
		t.equal("tables", map[string]string{"confRequest": "conf_request", "confItem": "conf_item"}, got)
		t.equal("className", "org.joget.apps.form.model.Form", t.ok(t.get(admin, "/console/app/conf/2/form/confRequest/json")).text("className"))
		t.errorBody(t.get(admin, "/console/app/conf/2/form/no_such_form/json"), 404)
	}),
	verified("DEF-16", "definitions-and-apps", "environment variables: one item is an object", func(t *T) {
		r := t.ok(t.get(admin, "/console/app/conf/2/envVariable/list"))
		t.equal("data", "object", r.shape("data"))
		for _, m := range r.items() {
			t.equal("value", "confCounter=1", bounded(m["id"])+"="+bounded(m["value"]))
		}
	}),
	verified("DEF-19", "definitions-and-apps", "when no version is published the list has the one that was uploaded last", func(t *T) {
		t.equal("ids", "["+fixture.Spare+"#2#twostep]", t.ok(t.get(admin, "/workflow/process/list", "packageId", fixture.Spare)).column("id"))
	}),
}
