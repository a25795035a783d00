package api

import (
	"context"
	"strconv"
	"strings"

	"jogetferry/migration"
)

// StartActivity starts an activity definition of an instance, and first aborts
// its open activities if abortCurrent. The boolean is Joget's "result": false
// may follow after the aborts were done, and true may mean that nothing
// happened, since the definition was active already (CONTRACT 3.5). Read back.
func (c *Client) StartActivity(ctx context.Context, instance migration.InstanceID, activity migration.ActivityDefID, abortCurrent bool) (bool, error) {
	const op = "activity/start"
	k := call{op: op, path: []string{"monitoring", "activity", "start"}, mutate: true}
	k.arg("instance id", string(instance))
	k.arg("activity definition id", string(activity))
	k.set("abortCurrent", strconv.FormatBool(abortCurrent))
	a, err := c.do(ctx, k)
	if err != nil {
		return false, err
	}
	var body struct {
		Result looseString `json:"result"`
	}
	if err := decode(op, a, &body, "result"); err != nil {
		return false, err
	}
	return body.Result == "true", nil
}

// Reassign moves the assignment of from on an activity to another user, and
// un-accepts it. Joget always claims success, also when from has none: read back.
func (c *Client) Reassign(ctx context.Context, activity migration.ActivityID, from, to migration.User) error {
	k := call{op: "activity/reassign", path: []string{"monitoring", "activity", "reassign"}, mutate: true}
	k.param("activity id", "activityId", string(activity))
	k.param("user name", "username", string(to))
	k.param("user name", "replaceUser", string(from))
	return c.claimed(ctx, k, "activityId")
}

// ActivityView is what activity/view tells of an activity instance.
type ActivityView struct {
	ID         migration.ActivityID
	DefID      migration.ActivityDefID
	Instance   migration.InstanceID
	Definition migration.DefinitionID
	// AcceptedBy is empty until somebody accepted; of a subflow activity it can
	// hold the child's instance ID, of a multi-approval "a;b".
	AcceptedBy string
	Assignees  []migration.User // nil for tools, routes, subflows and closed activities
	State      migration.State  // "" for a live activity: Joget does not fill it
	Variables  map[string]string
}

// ActivityView reads one activity instance; the boolean is false when Joget
// does not know it (an empty body with status 200).
func (c *Client) ActivityView(ctx context.Context, activity migration.ActivityID) (ActivityView, bool, error) {
	const op = "activity/view"
	k := call{op: op, path: []string{"monitoring", "activity", "view"}}
	k.arg("activity id", string(activity))
	a, err := c.do(ctx, k)
	if err != nil || a.doc == nil {
		return ActivityView{}, false, err
	}
	var body struct {
		ID         looseString                       `json:"activityId"`
		DefID      looseString                       `json:"activityDefId"`
		Process    looseString                       `json:"processId"`
		Definition looseString                       `json:"processDefId"`
		Accepted   looseString                       `json:"acceptedUser"`
		Assignees  oneOrMany[looseString]            `json:"assignee"`
		State      looseString                       `json:"state"`
		Variables  oneOrMany[map[string]looseString] `json:"variable"`
	}
	if err := decode(op, a, &body, "activityId", "activityDefId", "processId"); err != nil {
		return ActivityView{}, false, err
	}
	definition, err := parseDefinition(op, a, body.Definition)
	if err != nil {
		return ActivityView{}, false, err
	}
	view := ActivityView{
		ID: migration.ActivityID(body.ID), DefID: migration.ActivityDefID(body.DefID),
		Instance: migration.InstanceID(body.Process), Definition: definition,
		AcceptedBy: string(body.Accepted), State: migration.State(body.State), Variables: flatten(body.Variables),
	}
	for _, name := range body.Assignees {
		view.Assignees = append(view.Assignees, migration.User(name))
	}
	return view, true, nil
}

// AcceptAssignment accepts an activity as the user as. KindNotFound: it is not
// assigned to that user.
func (c *Client) AcceptAssignment(ctx context.Context, as migration.User, activity migration.ActivityID) error {
	k := assignment("assignment/accept", "accept", as, activity)
	return c.claimed(ctx, k, "status")
}

// CompleteAssignmentWithVariables sets variables on the activity and completes
// it as the user as. Only declared STRING variables may be named: one other
// makes the engine refuse all of them, and complete all the same. Joget claims
// success also when completing failed: read the state back. KindNotFound: it is
// not assigned to that user.
func (c *Client) CompleteAssignmentWithVariables(ctx context.Context, as migration.User, activity migration.ActivityID, variables map[string]string) error {
	k := assignment("assignment/completeWithVariable", "completeWithVariable", as, activity)
	k.variables(variables)
	return c.claimed(ctx, k, "status")
}

// SetAssignmentVariable sets a variable of an accepted activity as the user
// as, parsed by the class of its current value: the only call that can set a
// BOOLEAN. Joget claims success also when it could not: read back.
// KindNotFound: it is not assigned to that user.
func (c *Client) SetAssignmentVariable(ctx context.Context, as migration.User, activity migration.ActivityID, name, value string) error {
	k := assignment("assignment/variable", "variable", as, activity)
	k.arg("variable name", name)
	k.set("value", value)
	return c.claimed(ctx, k, "status")
}

// assignment prepares a call about an assignment of as, who must be named:
// the administrator's own assignments are nobody's concern here.
func assignment(op, verb string, as migration.User, activity migration.ActivityID) call {
	k := call{op: op, as: as, path: []string{"workflow", "assignment", verb}, mutate: true}
	if strings.TrimSpace(string(as)) == "" {
		k.err = &UnaddressableError{"user name", "is empty"}
	}
	k.arg("activity id", string(activity))
	return k
}
