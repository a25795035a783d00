package suite

import (
	"fmt"
	"strings"

	"jogetferry/test/conformance/fixture"
)

var startChecks = []Check{
	verified("START-01", "the-answer-to-a-start", "a normal start answers recordId, processId and an empty activityId", func(t *T) {
		r := t.ok(t.tryStart(as(ann), "onevar"))
		t.equal("keys", "[activityId processId recordId]", keys(r.object()))
		t.equal("activityId", "", r.text("activityId"))
		t.equal("length of recordId", 36, len(r.text("recordId")))
		t.equal("state", running, t.state(r.text("processId")))
	}),
	verified("START-02", "starting-a-process", "the caller becomes the requester", func(t *T) {
		p := t.start(cid, "onevar")
		t.equal("ResourceRequesterId", cid, t.one("SELECT ResourceRequesterId FROM SHKProcesses WHERE Id=?", p))
		t.equal("requester in the view", cid, t.ok(t.get(admin, "/monitoring/process/view/"+p)).text("requester"))
	}),
	verified("START-03", "the-answer-to-a-start", "activityId is filled when the start mapping shows the next assignment and it is the caller's", func(t *T) {
		r := t.ok(t.tryStart(as(ann), "auto"))
		t.equal("activityId", t.act(r.text("processId"), "first"), r.text("activityId"))
	}),
	verified("START-04", "the-answer-to-a-start", "a start through latest also fills activityId", func(t *T) {
		r := t.ok(t.post(as(ann), "/workflow/process/start/conf:latest:auto"))
		t.equal("activityId", t.act(r.text("processId"), "first"), r.text("activityId"))
	}),
	verified("START-05", "the-answer-to-a-start", "a refused start answers an empty processId and echoes a sent recordId", func(t *T) {
		before := t.instances("guarded")
		r := t.ok(t.tryStart(as(ann), "guarded", "recordId", "sent-id"))
		t.equal("keys", "[activityId processId recordId]", keys(r.object()))
		t.equal("recordId", "sent-id", r.text("recordId"))
		t.equal("processId", "", r.text("processId"))
		t.equal("activityId", "", r.text("activityId"))
		t.equal("instances", before, t.instances("guarded"))
	}),
	verified("START-06", "the-answer-to-a-start", "a refused start without a recordId has no such key", func(t *T) {
		r := t.ok(t.tryStart(as(ann), "guarded"))
		t.equal("keys", "[activityId processId]", keys(r.object()))
		t.equal("processId", "", r.text("processId"))
	}),
	verified("START-07", "the-answer-to-a-start", "a start that fails drops the recordId", func(t *T) {
		r := t.ok(t.tryStart(as(ann), "typed", "var_i", "abc", "recordId", unique("rec")))
		t.equal("keys", "[activityId processId]", keys(r.object()))
		t.equal("processId", "", r.text("processId"))
	}),
	verified("START-08", "the-answer-to-a-start", "an unknown process key of a deployed version is answered like a refusal or a failure, with 200", func(t *T) {
		r := t.ok(t.tryStart(admin, "no_such_process"))
		t.equal("processId", "", r.text("processId"))
	}),
	verified("START-09", "variables-at-the-start", "start variables replace the initial values, others keep them", func(t *T) {
		p := t.start(ann, "typed", "var_s", "sent")
		t.equal("s", "sent", t.variable(p, "s"))
		t.equal("init", "preset", t.variable(p, "init"))
		p = t.start(ann, "typed", "var_init", "changed")
		t.equal("init", "changed", t.variable(p, "init"))
	}),
	verified("START-10", "starting-a-process", "the text var_ is removed everywhere in a parameter name", func(t *T) {
		p := t.start(ann, "twostep", "var_stavar_tus", "mangled")
		t.equal("status", "mangled", t.variable(p, "status"))
	}),
	verified("START-11", "starting-a-process", "parameters that do not begin with var_ are no variables", func(t *T) {
		p := t.start(ann, "onevar", "status", "x", "xvar_status", "y")
		t.equal("status", "", t.variable(p, "status"))
	}),
	verified("START-12", "variables-at-the-start", "an undeclared variable does not stop the start", func(t *T) {
		p := t.start(ann, "onevar", "var_nothing", "x", "var_status", "y")
		t.equal("status", "y", t.variable(p, "status"))
		t.equal("state", running, t.state(p))
	}),
	verified("START-13", "variables-at-the-start", "an undeclared variable vanishes", func(t *T) {
		t.equal("nothing", absent, t.variable(t.start(ann, "onevar", "var_nothing", "x"), "nothing"))
	}),
	verified("START-14", "the-order-of-a-start", "start variables are seen by conditions and tools of the start", func(t *T) {
		p := t.start(ann, "routeonly", "var_mode", "wait")
		t.equal("open", "wait", t.opened(p))
		t.equal("gate", completed, t.states(p, "gate"))
	}),
	verified("START-15", "the-order-of-a-start", "a start can run through to the end", func(t *T) {
		id := unique("rec")
		r := t.ok(t.tryStart(as(ann), "routeonly", "recordId", id))
		p := r.text("processId")
		t.equal("recordId", id, r.text("recordId"))
		t.that(p != "" && p != absent, "processId", "an instance", p)
		t.equal("archived", completed, t.archived(p))
		t.equal("live row", "(no row)", t.state(p))
		t.equal("link in the history", id+"|"+id, t.one("SELECT parentProcessId, originProcessId FROM wf_process_link_history WHERE processId=?", p))
		t.equal("live link", "(no row)", t.link(p))
	}),
	verified("START-16", "starting-a-process", "a start tool has run when the answer comes", func(t *T) {
		p := t.start(ann, "withtool")
		t.equal("activities", "stamp="+completed+",work="+notStarted, t.history(p))
	}),
	verified("START-17", "kinds-of-activities", "an unmapped tool simply completes", func(t *T) {
		p := t.start(ann, "withtool")
		t.complete(ann, p, "work")
		t.equal("activities", "stamp="+completed+",work="+completed+",notify="+completed+",after="+notStarted, t.history(p))
	}),
	verified("START-18", "starting-a-process", "repeating a start makes a second instance", func(t *T) {
		id := unique("rec")
		a, b := t.start(ann, "onevar", "recordId", id), t.start(ann, "onevar", "recordId", id)
		t.that(a != b, "ids", "different", a)
		t.equal("links", "2", t.count("wf_process_link", "originProcessId=?", id))
	}),
	verified("START-19", "starting-a-process", "credentials in the query string of the POST work", func(t *T) {
		q := values([]string{"j_username", t.Master[0], "j_password", t.Master[1], "loginAs", ann})
		r := t.ok(t.do(call{method: "POST", path: "/web/json/workflow/process/start/" + defURL("onevar"), query: q}))
		t.equal("requester", ann, t.one("SELECT ResourceRequesterId FROM SHKProcesses WHERE Id=?", r.text("processId")))
	}),
	verified("START-20", "ids", "instance ids are counter_package_key and activity ids counter_instance_definition", func(t *T) {
		p := t.start(ann, "twostep")
		t.that(strings.HasSuffix(p, "_conf_twostep") && digits(strings.TrimSuffix(p, "_conf_twostep")), "instance id", "N_conf_twostep", p)
		a := t.act(p, "first")
		t.that(strings.HasSuffix(a, "_"+p+"_first") && digits(strings.TrimSuffix(a, "_"+p+"_first")), "activity id", "N_"+p+"_first", a)
	}),
	verified("START-21", "counters", "the counters hold the next free block of 200", func(t *T) {
		p := t.start(ann, "onevar")
		n := t.number(strings.SplitN(p, "_", 2)[0])
		next := t.number(t.one("SELECT the_number FROM SHKCounters WHERE name='_process_'"))
		t.that(next > n && next-n <= 200, "the_number", fmt.Sprintf("%d to %d", n+1, n+200), next)
		t.equal("blocks of 200", 1, next%200)
	}),
	verified("START-22", "the-order-of-a-start", "processInstanceId starts an instance that was already created", func(t *T) {
		t.ok(t.tryStart(as(cid), "typed", "var_i", "abc"))
		p := t.newest("typed", cid)
		r := t.ok(t.tryStart(as(cid), "typed", "processInstanceId", p, "var_i", "5"))
		t.equal("processId", p, r.text("processId"))
		t.equal("state", running, t.state(p))
		t.equal("open", "fill", t.opened(p))
		t.equal("i", "5", t.variable(p, "i"))
	}),
	verified("START-23", "the-order-of-a-start", "processInstanceId of an unknown instance fails with 200", func(t *T) {
		before := t.instances("onevar")
		t.equal("processId", "", t.ok(t.tryStart(as(ann), "onevar", "processInstanceId", "9999_conf_nothing")).text("processId"))
		t.equal("instances", before, t.instances("onevar"))
	}),
	assumed("START-24", "start-activities", "start markers are not looked at: without an activity that has no way in, the start fails", func(t *T) {
		t.equal("processId", "", t.ok(t.post(admin, "/workflow/process/start/conf:3:marked")).text("processId"))
	}),
	verified("START-25", "a-start-that-fails", "a condition that fails: the start answers like one that failed, and leaves a running, linked instance with nothing open", func(t *T) {
		id := unique("rec")
		p := t.brokenStart("recordId", id)
		t.equal("state", running, t.state(p))
		t.equal("activities", "gate="+completed, t.history(p))
		t.equal("link", id+"|"+id, t.link(p))
		t.equal("running list", "["+p+"]", t.ok(t.get(admin, runningPath, "processId", p)).column("id"))
	}),
	verified("START-26", "a-start-that-fails", "activity/start works on what such a start leaves", func(t *T) {
		p := t.brokenStart()
		t.equal("result", "true", t.startActivity(p, "q", true))
		t.equal("activities", "gate="+completed+",q="+notStarted, t.history(p))
		t.complete(cid, p, "q")
		t.equal("archived", completed, t.archived(p))
	}),
	verified("START-27", "a-start-that-fails", "what a refused number leaves is in the list of running instances", func(t *T) {
		p := t.failedStart("var_i", "abc")
		t.equal("state", "["+notStarted+"]", t.ok(t.get(admin, runningPath, "processId", p)).column("state"))
	}),
	verified("START-28", "start-activities", "all activities without a way in are started, also without start markers", func(t *T) {
		p := t.start(ann, "manystarts")
		t.equal("open", "a,again,b", t.opened(p))
	}),
	verified("START-29", "start-activities", "a transition of an activity to itself is no way in", func(t *T) {
		p := t.start(ann, "manystarts")
		t.complete(ann, p, "again", "var_status", "again")
		t.equal("again", completed+","+notStarted, t.states(p, "again"))
	}),
	verified("START-30", "ids", "an ID of more than 100 characters is cut at 100, the definition is in a column of its own", func(t *T) {
		const process, activity = "process_key_of_more_than_forty_characters_in_all", "activity_key_of_more_than_forty_characters_in_all"
		p := t.start(ann, process)
		a := t.act(p, activity)
		number, rest, _ := strings.Cut(a, "_")
		t.that(digits(number), "counter", "digits", number)
		t.equal("rest", (p + "_" + activity)[:100-len(number)-1], rest)
		t.equal("assignees", ann, t.assignees(a))
	}),
	verified("START-31", "counters", "each counter is a row of its own name, in blocks of 200, its oid the hash code of the name", func(t *T) {
		t.complete(ann, t.start(ann, "parallel"), "a") // a token
		t.start(ann, "deadline")
		for _, name := range []string{"_process_", "_activity_", "_activitydata_", "_assignment_", "_processdata_", "_xpdldata_", "deadline", "andjoinentry"} {
			t.equal(name, "1|"+javaHash(name), t.one("SELECT MOD(the_number, 200), oid FROM SHKCounters WHERE name=?", name))
		}
	}),
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// brokenStart starts badstart, whose first condition fails, and returns the
// instance left behind.
func (t *T) brokenStart(kv ...string) string {
	before := t.newest("badstart", cid)
	r := t.ok(t.tryStart(as(cid), "badstart", kv...))
	t.equal("keys of the answer", "[activityId processId]", keys(r.object()))
	t.equal("processId in the answer", "", r.text("processId"))
	p := t.newest("badstart", cid)
	t.that(p != before, "instance left behind", "a new one", p)
	return p
}

// javaHash is the absolute value of String.hashCode.
func javaHash(s string) string {
	var h int32
	for _, c := range s {
		h = 31*h + c
	}
	return fmt.Sprint(max(h, -h))
}

// failedStart starts typed with bad text and returns the instance left behind.
func (t *T) failedStart(kv ...string) string {
	before := t.newest("typed", cid)
	r := t.ok(t.tryStart(as(cid), "typed", kv...))
	t.equal("processId in the answer", "", r.text("processId"))
	p := t.newest("typed", cid)
	t.that(p != before, "instance left behind", "a new one", p)
	return p
}

// nearNow tells whether a date is of this day: its zone is the server's.
func (t *T) nearNow(pid, name string) string {
	return t.one("SELECT VariableType=4 AND ABS(TIMESTAMPDIFF(HOUR, VariableValueDATE, UTC_TIMESTAMP())) <= 15 FROM SHKProcessData d JOIN SHKProcesses p ON p.oid=d.Process WHERE p.Id=? AND VariableDefinitionId=?", pid, name)
}

var typingChecks = []Check{
	verified("TYPE-01", "variables-at-the-start", "INTEGER is parsed as Long", func(t *T) {
		p := t.start(ann, "typed", "var_i", "-42")
		t.equal("i", "-42", t.variable(p, "i"))
	}),
	verified("TYPE-02", "variables-at-the-start", "FLOAT is parsed as Double", func(t *T) {
		t.equal("f", "1.25", t.variable(t.start(ann, "typed", "var_f", "1.25"), "f"))
		whole := t.variable(t.start(ann, "typed", "var_f", "3"), "f")
		t.that(whole == "3" || whole == "3.0", "f", "3", whole)
	}),
	verified("TYPE-03", "variables-at-the-start", "a bad INTEGER fails the start and leaves a not started instance", func(t *T) {
		for _, v := range []string{"", "1.5", "abc", "1,000"} {
			p := t.failedStart("var_i", v)
			t.equal("state after "+v, notStarted, t.state(p))
			t.equal("activities after "+v, "", t.history(p))
		}
	}),
	verified("TYPE-04", "variables-at-the-start", "an empty FLOAT fails the start", func(t *T) {
		t.equal("state", notStarted, t.state(t.failedStart("var_f", "")))
		t.equal("state", notStarted, t.state(t.failedStart("var_f", "abc")))
	}),
	verified("TYPE-05", "variables-at-the-start", "true or false for a BOOLEAN fails the start", func(t *T) {
		t.equal("state after true", notStarted, t.state(t.failedStart("var_b", "true")))
		t.equal("state after false", notStarted, t.state(t.failedStart("var_b", "false")))
	}),
	verified("TYPE-06", "variables-at-the-start", "1 for a BOOLEAN does not fail the start", func(t *T) {
		t.equal("open", "fill", t.opened(t.start(ann, "typed", "var_b", "1")))
	}),
	verified("TYPE-07", "variables-at-the-start", "1 for a BOOLEAN is refused by the engine: the value stays", func(t *T) {
		a, b := t.start(ann, "typed"), t.start(ann, "typed", "var_b", "1")
		t.equal("b", t.variable(a, "b"), t.variable(b, "b"))
	}),
	verified("TYPE-08", "variables-at-the-start", "a text for a DATETIME does not fail the start", func(t *T) {
		t.equal("open", "fill", t.opened(t.start(ann, "typed", "var_d", "2026-01-02")))
	}),
	verified("TYPE-09", "variables-at-the-start", "a text for a DATETIME is refused by the engine: the value stays", func(t *T) {
		a, b := t.start(ann, "typed"), t.start(ann, "typed", "var_d", "2026-01-02")
		t.equal("d", t.variable(a, "d"), t.variable(b, "d"))
	}),
	verified("TYPE-10", "a-start-that-fails", "a failed start has no link yet and keeps its creation", func(t *T) {
		id := unique("rec")
		p := t.failedStart("var_i", "abc", "recordId", id)
		t.equal("link", "(no row)", t.link(p))
		t.equal("links of the record", "0", t.count("wf_process_link", "originProcessId=?", id))
		t.equal("requester", cid, t.one("SELECT ResourceRequesterId FROM SHKProcesses WHERE Id=?", p))
	}),
	verified("TYPE-11", "variables-at-the-start", "a text of digits stays a text in a STRING variable", func(t *T) {
		p := t.start(ann, "typed", "var_s", "0042")
		v := t.ok(t.get(admin, "/workflow/variable/list/"+p)).variables()
		t.equal("s", "string 0042", shapeOf(v["s"])+" "+bounded(v["s"]))
	}),
	verified("TYPE-12", "engine-tables", "the rows of typed variables", func(t *T) {
		p := t.start(ann, "typed", "var_s", "x", "var_i", "42", "var_f", "2.5")
		const q = "SELECT CONCAT(VariableDefinitionId,'=',VariableType,':',CASE VariableType WHEN 0 THEN VariableValueBOOL WHEN 1 THEN VariableValueLONG WHEN 2 THEN VariableValueDBL WHEN 4 THEN VariableValueDATE IS NULL ELSE VariableValueVCHAR END) FROM SHKProcessData d JOIN SHKProcesses p ON p.oid=d.Process WHERE p.Id=? AND VariableDefinitionId<>'init'"
		t.equal("rows", "b=0:0,d=4:0,f=2:2.5,i=1:42,s=3:x", t.sorted(q, p))
	}),
	verified("TYPE-13", "variables-at-the-start", "a refused number leaves what the creation wrote: requester, variables, Started not come", func(t *T) {
		p := t.failedStart("var_i", "abc")
		t.equal("Started", never, t.one("SELECT Started FROM SHKProcesses WHERE Id=?", p))
		t.equal("requester", cid, t.one("SELECT r.Username FROM SHKProcessRequesters pr JOIN SHKResourcesTable r ON r.oid=pr.ResourceRequester WHERE pr.Id=?", p))
		t.equal("variables", "b,d,f,i,init,s", t.sorted("SELECT VariableDefinitionId FROM SHKProcessData d JOIN SHKProcesses p ON p.oid=d.Process WHERE p.Id=?", p))
		t.equal("i", "0", t.variable(p, "i"))
	}),
	verified("TYPE-14", "variables-at-the-start", "without an initial value: INTEGER and FLOAT 0, BOOLEAN false, STRING empty, DATETIME now", func(t *T) {
		p := t.start(ann, "typed")
		v := t.ok(t.get(admin, "/workflow/variable/list/"+p)).variables()
		for name, want := range map[string]string{"i": "number 0", "f": "number 0", "b": "boolean false", "s": "string "} {
			t.equal(name, want, shapeOf(v[name])+" "+bounded(v[name]))
		}
		t.equal("rows", "i=0,s=", t.sorted("SELECT CONCAT(VariableDefinitionId,'=',IF(VariableType=1, VariableValueLONG, VariableValueVCHAR)) FROM SHKProcessData d JOIN SHKProcesses p ON p.oid=d.Process WHERE p.Id=? AND VariableDefinitionId IN ('i','s')", p))
		t.equal("d is now, in some zone", "1", t.nearNow(p, "d"))
	}),
	verified("TYPE-15", "variables-at-the-start", "an initial value stays, but a DATETIME whose initial value is no date is now", func(t *T) {
		p := t.start(ann, "initials")
		t.equal("i", "7", t.variable(p, "i"))
		t.equal("d is now, in some zone", "1", t.nearNow(p, "d"))
	}),
}

var recordChecks = []Check{
	verified("REC-01", "the-record-of-an-instance", "a recordId that is no known instance becomes parent and origin", func(t *T) {
		id := unique("rec")
		r := t.ok(t.tryStart(as(ann), "onevar", "recordId", id))
		t.equal("recordId", id, r.text("recordId"))
		t.equal("link", id+"|"+id, t.link(r.text("processId")))
	}),
	verified("REC-02", "the-record-of-an-instance", "without a recordId a UUID is made and linked", func(t *T) {
		r := t.ok(t.tryStart(as(ann), "onevar"))
		id := r.text("recordId")
		t.equal("link", id+"|"+id, t.link(r.text("processId")))
		t.that(len(id) == 36 && strings.Count(id, "-") == 4 && id == strings.ToLower(id), "recordId", "a lower-case UUID", id)
	}),
	verified("REC-03", "the-record-of-an-instance", "an empty or blank recordId counts as none", func(t *T) {
		r := t.ok(t.tryStart(as(ann), "onevar", "recordId", ""))
		t.equal("length of recordId", 36, len(r.text("recordId")))
		t.equal("link", r.text("recordId")+"|"+r.text("recordId"), t.link(r.text("processId")))
	}),
	verified("REC-04", "the-record-of-an-instance", "a recordId that is a linked instance: parent is that instance, origin is its origin", func(t *T) {
		id := unique("rec")
		first := t.start(ann, "onevar", "recordId", id)
		r := t.ok(t.tryStart(as(ann), "onevar", "recordId", first))
		t.equal("recordId in the answer", first, r.text("recordId"))
		t.equal("link", first+"|"+id, t.link(r.text("processId")))
	}),
	verified("REC-05", "the-record-of-an-instance", "the same with an archived instance: its link is found in the history", func(t *T) {
		id := unique("rec")
		first := t.start(ann, "onevar", "recordId", id)
		t.complete(ann, first, "only")
		t.equal("live link", "(no row)", t.link(first))
		p := t.start(ann, "onevar", "recordId", first)
		t.equal("link", first+"|"+id, t.link(p))
	}),
	verified("REC-06", "the-record-of-an-instance", "a recordId that is an instance without a link becomes parent and origin", func(t *T) {
		first := t.failedStart("var_i", "abc")
		t.equal("link of the first", "(no row)", t.link(first))
		p := t.start(ann, "onevar", "recordId", first)
		t.equal("link", first+"|"+first, t.link(p))
	}),
	verified("REC-07", "the-record-of-an-instance", "a subflow child is linked to its caller with the caller's origin", func(t *T) {
		id := unique("rec")
		p := t.start(ann, "parent", "recordId", id)
		t.equal("link", p+"|"+id, t.link(t.child(p, "call")))
	}),
	verified("REC-08", "the-record-of-an-instance", "a process copy hangs on the old instance and keeps its record", func(t *T) {
		id := unique("rec")
		p := t.start(ann, "onevar", "recordId", id)
		r := t.ok(t.post(admin, "/monitoring/process/copy/"+p+"/"+defURL("onevar")))
		t.equal("link", p+"|"+id, t.link(r.text("processId")))
		t.equal("requester", ann, t.one("SELECT ResourceRequesterId FROM SHKProcesses WHERE Id=?", r.text("processId")))
	}),
	verified("REC-09", "the-record-of-an-instance", "an instance that already has a link keeps it when started by processInstanceId", func(t *T) {
		p := t.failedStart("var_i", "abc")
		id := unique("rec")
		t.ok(t.tryStart(as(cid), "typed", "processInstanceId", p, "recordId", id))
		t.equal("link", id+"|"+id, t.link(p))
	}),
	verified("REC-10", "the-record-of-an-instance", "a record id is stored byte for byte", func(t *T) {
		id := unique("ÄÖü-ใบสั่ง-😀-'\"&%#+,")
		r := t.ok(t.tryStart(as(ann), "onevar", "recordId", id))
		t.equal("recordId", id, r.text("recordId"))
		t.equal("link", id+"|"+id, t.link(r.text("processId")))
	}),
}

var whitelistChecks = []Check{
	verified("WHITE-01", "the-start-whitelist", "without a start mapping everybody may start, anonymous callers too", func(t *T) {
		r := t.ok(t.tryStart(anonymous, "onevar"))
		t.equal("requester", nobody, t.one("SELECT ResourceRequesterId FROM SHKProcesses WHERE Id=?", r.text("processId")))
	}),
	verified("WHITE-02", "the-start-whitelist", "role adminUser: only administrators", func(t *T) {
		t.equal("ordinary user", "", t.ok(t.tryStart(as(ann), "guarded")).text("processId"))
		t.that(t.ok(t.tryStart(admin, "guarded")).text("processId") != "", "administrator", "an instance", "")
	}),
	verified("WHITE-03", "the-start-whitelist", "role loggedInUser: everybody but anonymous callers", func(t *T) {
		t.equal("anonymous", "", t.ok(t.tryStart(anonymous, "loggedin")).text("processId"))
		t.that(t.ok(t.tryStart(as(cid), "loggedin")).text("processId") != "", "user", "an instance", "")
	}),
	verified("WHITE-04", "the-start-whitelist", "a group: its members only, administrators are no exception", func(t *T) {
		t.that(t.ok(t.tryStart(as(bob), "closedclub")).text("processId") != "", "member", "an instance", "")
		t.equal("other user", "", t.ok(t.tryStart(as(cid), "closedclub")).text("processId"))
		t.equal("administrator", "", t.ok(t.tryStart(admin, "closedclub")).text("processId"))
	}),
	verified("WHITE-05", "the-start-whitelist", "a requester mapping yields nobody", func(t *T) {
		t.equal("user", "", t.ok(t.tryStart(as(ann), "reqonly")).text("processId"))
		t.equal("administrator", "", t.ok(t.tryStart(admin, "reqonly")).text("processId"))
	}),
	verified("WHITE-06", "the-start-whitelist", "an old version of a published app: ordinary users are refused", func(t *T) {
		r := t.ok(t.post(as(ann), "/workflow/process/start/conf:1:old", "recordId", "r1"))
		t.equal("processId", "", r.text("processId"))
		t.equal("recordId", "r1", r.text("recordId"))
	}),
	verified("WHITE-07", "the-start-whitelist", "an old version of a published app: administrators may start it", func(t *T) {
		p := t.ok(t.post(admin, "/workflow/process/start/conf:1:old")).text("processId")
		t.equal("definition", "conf#1#old", t.one("SELECT PDefName FROM SHKProcesses WHERE Id=?", p))
		t.equal("version in the list", "[1]", t.ok(t.get(admin, runningPath, "processId", p)).column("version"))
	}),
	verified("WHITE-08", "the-start-whitelist", "a version newer than the published one is not published either", func(t *T) {
		t.equal("user", "", t.ok(t.post(as(ann), "/workflow/process/start/conf:3:newest")).text("processId"))
		t.that(t.ok(t.post(admin, "/workflow/process/start/conf:3:newest")).text("processId") != "", "administrator", "an instance", "")
	}),
	verified("WHITE-09", "the-start-whitelist", "an app without a published version: administrators only", func(t *T) {
		path := "/workflow/process/start/" + fixture.Draft + ":1:twostep"
		t.equal("user", "", t.ok(t.post(as(ann), path)).text("processId"))
		t.that(t.ok(t.post(admin, path)).text("processId") != "", "administrator", "an instance", "")
	}),
	verified("WHITE-10", "the-start-whitelist", "a package version that app_package does not know is refused, also to administrators", func(t *T) {
		r := t.ok(t.post(admin, "/workflow/process/start/conf:77:twostep", "recordId", "r1"))
		t.equal("processId", "", r.text("processId"))
		t.equal("recordId", "r1", r.text("recordId"))
	}),
	verified("WHITE-11", "definitions-and-apps", "published processes lists what the caller may start", func(t *T) {
		keysOf := func(who identity) map[string]bool {
			out := map[string]bool{}
			for _, a := range list(t.ok(t.get(who, "/apps/published/processes", "appId", fixture.App)).field("apps")) {
				m, _ := a.(map[string]any)
				for _, p := range list(m["processes"]) {
					x, _ := p.(map[string]any)
					out[bounded(x["idWithoutVersion"])] = true
				}
			}
			return out
		}
		show := func(m map[string]bool) string {
			var on []string
			for _, k := range []string{"onevar", "guarded", "loggedin", "closedclub", "reqonly", "old", "newest"} {
				if m[k] {
					on = append(on, k)
				}
			}
			return strings.Join(on, ",")
		}
		t.equal("anonymous", "onevar", show(keysOf(anonymous)))
		t.equal("user", "onevar,loggedin", show(keysOf(as(cid))))
		t.equal("member", "onevar,loggedin,closedclub", show(keysOf(as(ann))))
		t.equal("administrator", "onevar,guarded,loggedin", show(keysOf(admin)))
	}),
	verified("WHITE-12", "definitions-and-apps", "published processes: keys and url", func(t *T) {
		for _, a := range list(t.ok(t.get(as(ann), "/apps/published/processes", "appId", fixture.App)).field("apps")) {
			m, _ := a.(map[string]any)
			t.equal("app", "conf Conformance 2", fmt.Sprint(m["id"], " ", m["name"], " ", m["version"]))
			for _, p := range list(m["processes"]) {
				x, _ := p.(map[string]any)
				if x["idWithoutVersion"] != "twostep" {
					continue
				}
				t.equal("keys", "[appVersion id idWithoutVersion name processVersion url]", keys(x))
				t.equal("id", defID("twostep"), x["id"])
				t.equal("processVersion", "string 2", shapeOf(x["processVersion"])+" "+bounded(x["processVersion"]))
				t.equal("url", t.context+"/web/client/app/conf/2/process/twostep?start=true", x["url"])
			}
		}
	}),
	verified("WHITE-13", "definitions-and-apps", "an app without published version is left out", func(t *T) {
		r := t.ok(t.get(admin, "/apps/published/processes", "appId", fixture.Draft))
		t.equal("apps", "[]", r.text("apps"))
	}),
}
