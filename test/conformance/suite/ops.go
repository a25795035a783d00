package suite

import (
	"crypto/rand"
	"fmt"
	"strings"

	"jogetferry/test/conformance/fixture"
)

const (
	ann  = fixture.Ann
	bob  = fixture.Bob
	cid  = fixture.Cid
	idle = fixture.Idle
)

const (
	running    = "open.running"
	notStarted = "open.not_running.not_started"
	completed  = "closed.completed"
	aborted    = "closed.aborted"
)

// never is what a time that has not come looks like.
const never = "4611686018427387903"

// defID is the canonical definition id of a process of the published version.
func defID(process string) string {
	return fmt.Sprintf("%s#%d#%s", fixture.App, fixture.CurrentVersion, process)
}

// defURL is the form of a definition id used in URLs.
func defURL(process string) string { return strings.ReplaceAll(defID(process), "#", ":") }

func unique(prefix string) string { return prefix + "-" + strings.ToLower(rand.Text())[:12] }

// start starts a process as a user and returns the instance id.
func (t *T) start(user, process string, kv ...string) string {
	r := t.tryStart(as(user), process, kv...)
	id := r.text("processId")
	if r.status != 200 || id == "" || id == absent {
		t.fail("start of "+process, "an instance", fmt.Sprintf("%d, body %s", r.status, bounded(r.body)))
	}
	return id
}

func (t *T) tryStart(who identity, process string, kv ...string) *reply {
	return t.post(who, "/workflow/process/start/"+defURL(process), kv...)
}

// act is the newest activity instance of a definition.
func (t *T) act(pid, def string) string {
	r := t.rows("SELECT Id FROM SHKActivities WHERE ProcessId=? AND ActivityDefinitionId=? ORDER BY oid DESC LIMIT 1", pid, def)
	if len(r) == 0 {
		t.fail("activity "+def+" of "+pid, "an instance", "none; activities: "+t.history(pid))
	}
	return r[0][0]
}

// complete completes an activity as one of its assignees.
func (t *T) complete(user, pid, def string, kv ...string) *reply {
	path := "/workflow/assignment/complete/"
	if len(kv) > 0 {
		path = "/workflow/assignment/completeWithVariable/"
	}
	id := t.act(pid, def)
	r := t.post(as(user), path+id, kv...)
	if r.status != 200 || r.text("status") != "completed" {
		t.fail("completion of "+def, "completed", fmt.Sprintf("%d, body %s", r.status, bounded(r.body)))
	}
	return r
}

// startActivity calls activity/start as the administrator.
func (t *T) startActivity(pid, def string, abort bool) string {
	r := t.post(admin, "/monitoring/activity/start/"+pid+"/"+def, "abortCurrent", fmt.Sprint(abort))
	t.status(r, 200)
	return r.text("result")
}

// child is the instance a subflow activity started.
func (t *T) child(pid, def string) string {
	id := t.one("SELECT Performer FROM SHKActivities WHERE Id=?", t.act(pid, def))
	if id == null || id == "" {
		t.fail("child of "+def, "its instance id in SHKActivities.Performer", id)
	}
	return id
}

// variable reads one process variable through HTTP.
func (t *T) variable(pid, name string) string {
	v, ok := t.ok(t.get(admin, "/workflow/variable/list/"+pid)).variables()[name]
	if !ok {
		return absent
	}
	return fmt.Sprint(v)
}

// newest is the newest instance of a definition that a user started, for
// instances whose id no answer tells.
func (t *T) newest(process, requester string) string {
	r := t.rows("SELECT Id FROM SHKProcesses WHERE PDefName=? AND ResourceRequesterId=? ORDER BY oid DESC LIMIT 1", defID(process), requester)
	if len(r) == 0 {
		return "(no row)"
	}
	return r[0][0]
}

// instances counts the rows of a definition.
func (t *T) instances(process string) string {
	return t.count("SHKProcesses", "PDefName=?", defID(process))
}
