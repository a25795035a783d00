package drive

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"jogetferry/test/simulator/engine"
)

// member is an instance of a tree; its path is that of the activities that
// called it and its callers, "" for the root.
type member struct {
	path, id   string
	activities []engine.ActivityView // all it ever had, in the order of creation
}

// node is an activity and where it is.
type node struct {
	engine.ActivityView
	path string
}

// name is "path/definition" of an activity.
func (n node) name() string { return path.Join(n.path, n.DefID) }

func (n node) open() bool { return strings.HasPrefix(n.State, "open.") }

// process is "package/process", as definitions are called whatever their version.
func (n node) process() string { return Process(n.Definition) }

// Process is "package/process" of a definition ID.
func Process(definition string) string {
	parts := strings.SplitN(definition, "#", 3)
	return parts[0] + "/" + parts[len(parts)-1]
}

// tree reads a root instance with all that its synchronous subflows started, a
// caller before its children.
func tree(ctx context.Context, e *engine.Engine, root string) ([]member, error) {
	var out []member
	var visit func(at, id string) error
	visit = func(at, id string) error {
		list, err := e.Activities(ctx, id)
		if err != nil {
			return fmt.Errorf("read activities of %s: %w", id, err)
		}
		slices.SortFunc(list, func(a, b engine.ActivityView) int { return counter(a.ID) - counter(b.ID) })
		out = append(out, member{path: at, id: id, activities: list})
		for _, a := range list {
			if child := childOf(a); child != "" {
				if err := visit(path.Join(at, a.DefID), child); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return out, visit("", root)
}

// childOf is the instance that a subflow activity called to wait for it; the
// history keeps it as the performer.
func childOf(a engine.ActivityView) string {
	if a.Asynchronous {
		return ""
	}
	if a.Archived && a.Type == "subflow" {
		return a.User
	}
	return a.Child
}

// counter is the number that an ID begins with; later ones are higher.
func counter(id string) int {
	number, _, _ := strings.Cut(id, "_")
	n, err := strconv.Atoi(number)
	if err != nil {
		return 0
	}
	return n
}

// waiting lists the open manual activities of a tree by path and definition.
func waiting(members []member) []node {
	var out []node
	for _, m := range members {
		for _, a := range m.activities {
			if n := (node{a, m.path}); n.open() && a.Type == "normal" {
				out = append(out, n)
			}
		}
	}
	slices.SortFunc(out, func(a, b node) int { return strings.Compare(a.name(), b.name()) })
	return out
}

// holders lists who may complete an activity: who accepted it, or all to whom
// it is offered, sorted.
func holders(ctx context.Context, e *engine.Engine, n node) ([]string, error) {
	users, err := e.Assignees(ctx, n.ActivityView)
	if err != nil {
		return nil, fmt.Errorf("read assignees of %s: %w", n.name(), err)
	}
	if len(users) == 0 {
		return nil, fmt.Errorf("%s of %s: %w", n.name(), n.Instance, errNobody)
	}
	return users, nil
}

// complete finishes an activity as one of its holders.
func complete(ctx context.Context, e *engine.Engine, n node, user string, variables map[string]string) error {
	if _, err := e.Complete(ctx, engine.Caller{Name: user}, n.ID, variables); err != nil {
		return fmt.Errorf("complete %s of %s: %w", n.name(), n.Instance, err)
	}
	return nil
}
