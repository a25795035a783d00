package api

import (
	"context"
	"strconv"
	"strings"

	"jogetferry/migration"
)

// StartActivity starts an activity definition of an instance, and first aborts its
// open activities if abortCurrent. The boolean is Joget's "result": false may
// follow after the aborts were done, and true may mean that nothing happened, since
// the definition was active already (docs/joget.md#starting-an-activity). Read
// back.
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

// ActivityVariables returns what Joget shows of an activity's own variables, as Variables
// does. An activity that is not there is an error (KindUnexpected).
func (c *Client) ActivityVariables(ctx context.Context, activity migration.ActivityID) (map[string]string, error) {
	k := call{op: "activity/view", path: []string{"monitoring", "activity", "view"}}
	k.arg("activity id", string(activity))
	return c.shown(ctx, k)
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

// Reevaluate evaluates anew who is offered an activity, with the administrator as the
// current user. An accepted one is left alone. Joget answers nothing, whatever it did:
// read back.
func (c *Client) Reevaluate(ctx context.Context, activity migration.ActivityID) error {
	k := call{op: "activity/reevaluate", path: []string{"monitoring", "activity", "reevaluate"}, mutate: true}
	k.param("activity id", "activityId", string(activity))
	_, err := c.do(ctx, k)
	return err
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
