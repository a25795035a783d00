package api

import (
	"context"
	"net/http"
	"time"

	"jogetferry/migration"
)

// CurrentUsername returns the user that Joget takes the client's login for: as
// the user as, or the administrator for "". migration.AnonymousUser means that
// the login does not work, or, asked as that user, that none was sent. It writes an "authenticate" line to the audit trail.
func (c *Client) CurrentUsername(ctx context.Context, as migration.User) (migration.User, error) {
	const op = "currentUsername"
	a, err := c.do(ctx, call{op: op, as: as, path: []string{"workflow", "currentUsername"}})
	if err != nil {
		return "", err
	}
	var body struct {
		Username looseString `json:"username"`
	}
	if err := decode(op, a, &body, "username"); err != nil {
		return "", err
	}
	return migration.User(body.Username), nil
}

// Clock returns the target's time, to the second: the header Date of an answer
// to the administrator. Zero: the target, or a proxy before it, does not tell.
func (c *Client) Clock(ctx context.Context) (time.Time, error) {
	a, err := c.do(ctx, call{op: "currentUsername", path: []string{"workflow", "currentUsername"}})
	if err != nil {
		return time.Time{}, err
	}
	now, err := http.ParseTime(a.date)
	if err != nil {
		return time.Time{}, nil //nolint:nilerr // a header that is not there tells nothing
	}
	return now, nil
}

// AbortProcess aborts an instance. Joget always claims success, also for an
// unknown id: read the state back.
func (c *Client) AbortProcess(ctx context.Context, instance migration.InstanceID) error {
	k := call{op: "process/abort", path: []string{"workflow", "process", "abort"}, mutate: true}
	k.arg("instance id", string(instance))
	return c.claimed(ctx, k, "status")
}

// SetProcessVariable stores value as text in a variable of the instance. Joget
// always claims success, and stores nothing in a variable that is not declared
// STRING: read it back. Open activities keep their own copy.
func (c *Client) SetProcessVariable(ctx context.Context, instance migration.InstanceID, name, value string) error {
	return c.claimed(ctx, variableCall(instance, name, value), "status")
}

func variableCall(instance migration.InstanceID, name, value string) call {
	k := call{op: "process/variable", path: []string{"monitoring", "process", "variable"}, mutate: true}
	k.arg("instance id", string(instance))
	k.arg("variable name", name)
	k.set("value", value)
	return k
}

// Variables returns what Joget shows of the variables of an instance: texts as they are,
// numbers and booleans as they are printed, dates in the words of java.util.Date, and ""
// for null. Empty: it has none, or there is no such instance.
func (c *Client) Variables(ctx context.Context, instance migration.InstanceID) (map[string]string, error) {
	k := call{op: "variable/list", path: []string{"workflow", "variable", "list"}}
	k.arg("instance id", string(instance))
	return c.shown(ctx, k)
}

// shown sends k, and returns the variables in its answer.
func (c *Client) shown(ctx context.Context, k call) (map[string]string, error) {
	a, err := c.do(ctx, k)
	if err != nil {
		return nil, err
	}
	var body struct {
		Variables loosePairs `json:"variable"`
	}
	return body.Variables, decode(k.op, a, &body, "processId")
}

// claimed sends k, and wants an object with key; its value proves nothing.
func (c *Client) claimed(ctx context.Context, k call, key string) error {
	a, err := c.do(ctx, k)
	if err != nil {
		return err
	}
	var body struct{}
	return decode(k.op, a, &body, key)
}

// RunningProcesses returns how many open instances the server's own list
// counts, subflow children included. v4 to v6 count only open.running.
func (c *Client) RunningProcesses(ctx context.Context) (int, error) {
	const op = "running/process/list"
	k := call{op: op, path: []string{"monitoring", "running", "process", "list"}}
	// One row is enough: total ignores paging. A sort without desc is a 500.
	for name, value := range map[string]string{"start": "0", "rows": "1", "sort": "id", "desc": "false"} {
		k.set(name, value)
	}
	a, err := c.do(ctx, k)
	if err != nil {
		return 0, err
	}
	var body struct {
		Total int `json:"total"`
	}
	if err := decode(op, a, &body, "total"); err != nil {
		return 0, err
	}
	return body.Total, nil
}
