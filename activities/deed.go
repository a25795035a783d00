package activities

import (
	"fmt"
	"slices"
	"strings"

	"jogetferry/contract"
	"jogetferry/migration"
)

// How calls that change the target stand in fence and log: the verb, what it
// was about, and the target instance. From that text alone an attempt after a
// crash tells whether a call had its effect, and whose work something is.
const (
	verbStart    = "activity/start"
	verbComplete = "assignment/complete"
	verbAccept   = "assignment/accept"
	verbReassign = "activity/reassign"
)

var verbs = []string{verbStart, verbComplete, verbAccept, verbReassign}

// maxWhat is how long the text of a call may be, in bytes: the ledger cuts there.
const maxWhat = 255

// at ends the text of a call with the instance it is made to.
func at(what string, instance migration.InstanceID) string {
	return what + atWord + string(instance)
}

// atWord stands before the instance, whose ID has no spaces (CONTRACT 1.6).
const atWord = " in "

// within returns the instance that the text of a call ends with.
func within(what string) migration.InstanceID {
	i := strings.LastIndex(what, atWord)
	if i < 0 {
		return ""
	}
	return migration.InstanceID(what[i+len(atWord):])
}

// startWhat is how the start of an activity stands in fence and log: its effect
// is an activity of that definition that is younger than any before.
func startWhat(c contract.ResumeCall, p *place) string {
	return at(fmt.Sprintf("%s %s abortCurrent=%t after %d", verbStart, c.Activity, c.AbortCurrent, p.youngest()), p.target.ID)
}

// madeBy tells whether an activity may be what the start of one opened.
func madeBy(what string, id migration.ActivityID, definition migration.ActivityDefID) bool {
	var def string
	var abort bool
	var youngest int64
	if _, err := fmt.Sscanf(what, verbStart+" %s abortCurrent=%t after %d", &def, &abort, &youngest); err != nil {
		return false
	}
	return string(definition) == def && activityNumber(id) > youngest
}

// doneTo returns the activity instance that a call other than a start is about, and to whom.
func doneTo(what string) (verb string, activity migration.ActivityID, user migration.User) {
	fields := strings.Fields(what)
	if len(fields) < 2 || fields[0] == verbStart || !slices.Contains(verbs, fields[0]) {
		return "", "", ""
	}
	if len(fields) > 3 && fields[2] == "to" {
		user = migration.User(fields[3])
	}
	return fields[0], migration.ActivityID(fields[1]), user
}

// seen tells whether a call, as it stands in fence and log, has had its effect on p.
func (p *place) seen(what string) bool {
	for _, a := range p.all {
		if madeBy(what, a.ID, a.DefID) {
			return true
		}
	}
	verb, id, user := doneTo(what)
	open := slices.IndexFunc(p.target.Activities, func(a migration.OpenActivity) bool { return a.ID == id })
	switch {
	case verb == "":
		return p.variableSet(what)
	case open < 0:
		return true // closed: nothing can happen to it any more
	case verb == verbAccept:
		return p.target.Activities[open].AcceptedBy != ""
	case verb == verbReassign:
		return holds(p.target.Activities[open], user)
	}
	return false
}

// own is what we did to an activity in somebody's name: nobody worked on it so
// far. What happens to it later is people's work again.
type own struct {
	completed bool
	accepted  migration.User // for whom, "" when we did not
}

// ours returns the activities that we accepted or completed ourselves.
func (d deeds) ours() map[migration.ActivityID]own {
	ours := map[migration.ActivityID]own{}
	for _, what := range d.made {
		verb, id, user := doneTo(what)
		mine := ours[id]
		switch verb {
		case verbComplete:
			mine.completed = true
		case verbAccept:
			mine.accepted = user
		default:
			continue
		}
		ours[id] = mine
	}
	return ours
}

func holds(a migration.OpenActivity, u migration.User) bool {
	return slices.ContainsFunc(a.Assignments, func(as migration.Assignment) bool { return as.User == u })
}
