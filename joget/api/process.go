package api

import (
	"context"
	"net/http"
	"time"

	"jogetferry/migration"
)

// CurrentUsername returns the user that Joget takes the client's login for: as
// the user as, or the administrator for "". migration.AnonymousUser means that
// the login does not work. It writes an "authenticate" line to the audit trail.
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
	k := call{op: "process/variable", path: []string{"monitoring", "process", "variable"}, mutate: true}
	k.arg("instance id", string(instance))
	k.arg("variable name", name)
	k.set("value", value)
	return c.claimed(ctx, k, "status")
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

// VariableList returns the variables of the instance as text. Null and empty
// text are both "". An unknown instance has none.
func (c *Client) VariableList(ctx context.Context, instance migration.InstanceID) (map[string]string, error) {
	const op = "variable/list"
	k := call{op: op, path: []string{"workflow", "variable", "list"}}
	k.arg("instance id", string(instance))
	a, err := c.do(ctx, k)
	if err != nil {
		return nil, err
	}
	var body struct {
		Variables oneOrMany[map[string]looseString] `json:"variable"`
	}
	if err := decode(op, a, &body, "processId"); err != nil {
		return nil, err
	}
	return flatten(body.Variables), nil
}

func flatten(list []map[string]looseString) map[string]string {
	values := map[string]string{}
	for _, item := range list {
		for name, value := range item {
			values[name] = string(value)
		}
	}
	return values
}

// ProcessView is what process/view tells of an instance, archived ones included.
type ProcessView struct {
	Instance   migration.InstanceID
	Definition migration.DefinitionID
	State      migration.State
	Requester  migration.User
}

// ProcessView reads one instance; the boolean is false when Joget does not
// know it (an empty body with status 200).
func (c *Client) ProcessView(ctx context.Context, instance migration.InstanceID) (ProcessView, bool, error) {
	const op = "process/view"
	k := call{op: op, path: []string{"monitoring", "process", "view"}}
	k.arg("instance id", string(instance))
	a, err := c.do(ctx, k)
	if err != nil || a.doc == nil {
		return ProcessView{}, false, err
	}
	var body struct {
		Process    looseString            `json:"processId"`
		Definition looseString            `json:"processDefId"`
		States     oneOrMany[looseString] `json:"states"`
		Requester  looseString            `json:"requester"`
	}
	if err := decode(op, a, &body, "processId", "processDefId"); err != nil {
		return ProcessView{}, false, err
	}
	definition, err := parseDefinition(op, a, body.Definition)
	if err != nil {
		return ProcessView{}, false, err
	}
	view := ProcessView{Instance: migration.InstanceID(body.Process), Definition: definition, Requester: migration.User(body.Requester)}
	if len(body.States) > 0 {
		view.State = migration.State(body.States[0])
	}
	return view, true, nil
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

// Published is a process that a user may start.
type Published struct {
	Definition migration.DefinitionID // of the published package version
	AppVersion int64
}

// PublishedProcesses returns the processes of app that the user as ("" = the
// administrator) may start: those of its published version whose start
// whitelist holds the user. Nil means none, or no such app.
func (c *Client) PublishedProcesses(ctx context.Context, as migration.User, app string) ([]Published, error) {
	const op = "published/processes"
	k := call{op: op, as: as, path: []string{"apps", "published", "processes"}}
	k.param("app id", "appId", app)
	a, err := c.do(ctx, k)
	if err != nil {
		return nil, err
	}
	var body struct {
		Apps oneOrMany[struct {
			ID        looseString `json:"id"`
			Processes oneOrMany[struct {
				ID         looseString `json:"id"`
				AppVersion int64       `json:"appVersion"`
			}] `json:"processes"`
		}] `json:"apps"`
	}
	if err := decode(op, a, &body); err != nil {
		return nil, err
	}
	var published []Published
	for _, found := range body.Apps {
		if string(found.ID) != app {
			continue
		}
		for _, p := range found.Processes {
			definition, err := parseDefinition(op, a, p.ID)
			if err != nil {
				return nil, err
			}
			published = append(published, Published{Definition: definition, AppVersion: p.AppVersion})
		}
	}
	return published, nil
}

func parseDefinition(op string, a answer, text looseString) (migration.DefinitionID, error) {
	definition, err := migration.ParseDefinitionID(string(text))
	if err != nil {
		return migration.DefinitionID{}, &CallError{Op: op, Fate: Answered, Status: a.status, Kind: KindUnexpected, Err: err}
	}
	return definition, nil
}
