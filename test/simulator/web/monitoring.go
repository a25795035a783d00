package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"jogetferry/test/simulator/engine"
)

// page is the part of a list that was asked for.
type page struct {
	start, rows *int
	sort        string
	desc        *bool
}

// page reads the list parameters; renames are sort names with Joget's own.
func (c *call) page(renames map[string]string) (page, error) {
	var p page
	var err error
	if p.start, err = c.integer("start"); err != nil {
		return p, err
	}
	if p.rows, err = c.integer("rows"); err != nil {
		return p, err
	}
	if p.desc, err = c.boolean("desc"); err != nil {
		return p, err
	}
	p.sort = c.p("sort")
	if own := renames[p.sort]; own != "" {
		p.sort = own
	}
	return p, nil
}

func value(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

// cut takes the page out of a whole list; no rows or less mean all.
func cut[T any](list []T, p page) []T {
	list = list[min(max(0, value(p.start)), len(list)):]
	if rows := value(p.rows); rows > 0 {
		list = list[:min(rows, len(list))]
	}
	return list
}

func (c *call) writeList(p page, items []any, total int) {
	out := newObject("total", total)
	for _, x := range items {
		out.accumulate("data", x)
	}
	if p.start != nil {
		out.put("start", *p.start)
	}
	if p.sort != "" {
		out.put("sort", p.sort)
	}
	if p.desc != nil {
		out.put("desc", *p.desc)
	}
	c.write(out)
}

// appDate is Joget's pattern dd-MM-yyyy hh:mm aa.
const appDate = "02-01-2006 03:04 PM"

func (c *call) date(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).UTC().Format(appDate)
}

func (c *call) due(limit int64, none string) string {
	if limit == engine.Undefined || limit <= 0 {
		return none
	}
	return c.date(limit)
}

func (c *call) monitor(limit int64) string {
	switch {
	case limit == engine.Undefined || limit <= 0:
		return "-"
	case c.now().UnixMilli() > limit:
		return `<span class="dot_red">&nbsp;</span>`
	}
	return `<span class="dot_green">&nbsp;</span>`
}

var instanceSort = map[string]string{"startedTime": "Started", "createdTime": "Created"}

func (c *call) instanceList(list func(engine.Filter) ([]engine.InstanceView, int, error), withRecord bool) error {
	p, err := c.page(instanceSort)
	if err != nil {
		return err
	}
	f := engine.Filter{
		Package: c.p("packageId"), Version: c.p("version"), Instance: c.p("processId"), Name: c.p("processName"),
		Sort: p.sort, Start: value(p.start), Rows: value(p.rows),
	}
	if withRecord {
		f.Package, f.RecordID, f.Requester = c.p("appId"), c.p("recordId"), c.p("requester")
	}
	if p.sort != "" {
		if p.desc == nil {
			return errGuard
		}
		f.Desc = *p.desc
	}
	rows, total, err := list(f)
	if err != nil {
		return err
	}
	var items []any
	for _, v := range rows {
		o := newObject("id", v.ID, "name", v.Name, "state", v.State, "version", v.Version, "startedTime", c.date(v.Started),
			"requesterId", v.Requester, "due", c.due(v.Limit, "-"), "serviceLevelMonitor", c.monitor(v.Limit))
		if withRecord {
			o.put("recordId", v.RecordID)
		}
		items = append(items, o)
	}
	c.writeList(p, items, total)
	return nil
}

func (c *call) runningList() error {
	return c.instanceList(func(f engine.Filter) ([]engine.InstanceView, int, error) { return c.engine.Open(c.r.Context(), f) }, false)
}

func (c *call) completedList() error {
	return c.instanceList(func(f engine.Filter) ([]engine.InstanceView, int, error) { return c.engine.Closed(c.r.Context(), f) }, false)
}

func (c *call) monitorList() error {
	mode := c.p("mode")
	return c.instanceList(func(f engine.Filter) ([]engine.InstanceView, int, error) {
		switch mode {
		case "running":
			return c.engine.Open(c.r.Context(), f)
		case "archived":
			return c.engine.Archived(c.r.Context(), f)
		}
		return c.engine.Closed(c.r.Context(), f)
	}, true)
}

func (c *call) processView() error {
	id := c.p("processId")
	if err := guard(id); err != nil {
		return err
	}
	v, ok, err := c.engine.Instance(c.r.Context(), id)
	if err != nil || !ok {
		return err
	}
	out := newObject("processDefId", v.Definition, "processId", v.ID, "packageId", v.Package, "name", v.Name, "version", v.Version,
		"requester", v.Requester, "serviceLevelMonitor", c.monitor(v.Limit), "startedTime", "", "dueDate", c.due(v.Limit, ""), "finishTime", "",
		"timeConsumingFromDateStarted", "0 second(s)")
	out.accumulate("states", v.State)
	out.accumulate("states", v.State)
	if v.LimitText != "" {
		out.put("limit", v.LimitText)
	}
	if v.Archived {
		out.put("startedTime", c.date(v.Started))
		out.put("finishTime", c.date(v.LastState))
	}
	c.write(out)
	return nil
}

func (c *call) setProcessVariable() error {
	v, err := c.required("value")
	if err != nil {
		return err
	}
	id, name := c.p("processId"), c.p("variable")
	if err := guard(id, name); err != nil {
		return err
	}
	c.engine.SetVariable(c.r.Context(), c.caller, id, name, v[0])
	c.write(newObject("status", "variableSet"))
	return nil
}

func (c *call) setActivityVariable() error {
	v, err := c.required("value")
	if err != nil {
		return err
	}
	id, name := c.p("activityId"), c.p("variable")
	if err := guard(id, name); err != nil {
		return err
	}
	c.engine.SetActivityVariable(c.r.Context(), c.caller, id, name, v[0])
	c.write(newObject("status", "variableSet"))
	return nil
}

func (c *call) abortCurrent() (bool, error) {
	b, err := c.boolean("abortCurrent")
	return b != nil && *b, err
}

func (c *call) processCopy() error {
	abort, err := c.abortCurrent()
	if err != nil {
		return err
	}
	id, def := c.p("processId"), hashed(c.p("processDefId"))
	if err := guard(id, def); err != nil {
		return err
	}
	res := c.engine.Copy(c.r.Context(), c.caller, id, def, abort)
	out := newObject("processDefId", def, "processId", res.Instance)
	activities := array{}
	for _, a := range res.Activities {
		activities = append(activities, a)
	}
	out.put("activities", activities)
	c.write(out)
	return nil
}

// defaultActivityRows is the page size of the activity list unless asked otherwise.
const defaultActivityRows = 10

func (c *call) activityList() error {
	p, err := c.page(nil)
	if err != nil {
		return err
	}
	id := c.p("processId")
	if err := guard(id, p.sort); err != nil {
		return err
	}
	list, err := c.engine.Activities(c.r.Context(), id)
	if err != nil {
		return err
	}
	total := len(list)
	slices.SortStableFunc(list, func(a, b engine.ActivityView) int {
		n := 0
		switch p.sort {
		case "":
		case "id":
			n = strings.Compare(a.ID, b.ID)
		case "name":
			n = strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
		default:
			n = int(min(1, max(-1, a.Activated-b.Activated)))
		}
		if p.desc != nil && *p.desc {
			return -n
		}
		return n
	})
	shown := p
	if p.rows == nil {
		n := defaultActivityRows
		shown.rows = &n
	}
	var items []any
	for _, a := range cut(list, shown) {
		items = append(items, newObject("id", a.ID, "name", a.Name, "state", a.State, "dateCreated", c.date(a.Activated), "serviceLevelMonitor", c.monitor(a.Limit)))
	}
	c.writeList(p, items, total)
	return nil
}

// javaDate is the pattern of Java's Date.toString.
const javaDate = "Mon Jan 02 15:04:05 MST 2006"

func (c *call) activityView() error {
	id := c.p("activityId")
	if err := guard(id); err != nil {
		return err
	}
	a, ok, err := c.engine.Activity(c.r.Context(), id)
	if err != nil || !ok {
		return err
	}
	users, err := c.engine.Assignees(c.r.Context(), a)
	if err != nil {
		return err
	}
	vars, err := c.engine.ActivityVariables(c.r.Context(), a)
	if err != nil {
		return err
	}
	out := newObject("activityId", a.ID, "activityDefId", a.DefID, "processId", a.Instance, "processDefId", a.Definition,
		"processVersion", strings.Split(a.Definition, "#")[1], "processName", a.Process, "activityName", a.Name, "participant", a.Performer,
		"serviceLevelMonitor", c.monitor(a.Limit), "createdTime", time.UnixMilli(a.Activated).UTC().Format(javaDate),
		"dueDate", c.due(a.Limit, ""), "finishTime", "")
	for _, u := range users {
		out.accumulate("assignee", u)
	}
	switch {
	case a.User != "":
		out.put("acceptedUser", a.User)
	case a.Child != "":
		out.put("acceptedUser", a.Child)
	}
	if a.LimitText != "" {
		out.put("dateLimit", a.LimitText)
	}
	if a.Archived {
		out.put("state", a.State)
		out.put("finishTime", c.date(a.LastState))
	}
	accumulateVariables(out, vars)
	c.write(out)
	return nil
}

func (c *call) activityPrevious() error { return c.neighbours(false) }

func (c *call) activityNext() error { return c.neighbours(true) }

func (c *call) neighbours(next bool) error {
	withTools, err := c.boolean("includeTools")
	if err != nil {
		return err
	}
	if err := guard(c.p("activityId")); err != nil {
		return err
	}
	a, ok, err := c.engine.Activity(c.r.Context(), c.p("activityId"))
	if err != nil {
		return err
	}
	if !ok {
		return &answer{http.StatusNotFound, "Activity not found."}
	}
	list, err := c.engine.Neighbours(c.r.Context(), a, next, withTools != nil && *withTools)
	if err != nil {
		return err
	}
	out := array{}
	for _, x := range list {
		out = append(out, newObject("activityDefId", x.DefID, "activityName", x.Name, "processId", x.Instance, "processDefId", x.Definition, "type", x.Type))
	}
	c.write(out)
	return nil
}

func (c *call) activityStart() error {
	abort, err := c.abortCurrent()
	if err != nil {
		return err
	}
	id, def := c.p("processId"), c.p("activityDefId")
	if err := guard(id, def); err != nil {
		return err
	}
	started := c.engine.StartActivity(c.r.Context(), c.caller, id, def, abort)
	if started.Err != nil {
		return started.Err
	}
	c.write(newObject("processId", id, "activityDefId", def, "result", started.Result))
	return nil
}

func (c *call) activityAbort() error {
	id, def := c.p("processId"), c.p("activityDefId")
	if err := guard(id, def); err != nil {
		return err
	}
	c.engine.AbortActivity(c.r.Context(), c.caller, id, def)
	c.write(newObject("processId", id, "activityDefId", def, "status", "aborted"))
	return nil
}

func (c *call) reevaluate() error {
	v, err := c.required("activityId")
	if err != nil {
		return err
	}
	if err := guard(v...); err != nil {
		return err
	}
	return c.engine.Reevaluate(c.r.Context(), c.caller, v[0])
}

func (c *call) reevaluateUser() error {
	v, err := c.required("username")
	if err != nil {
		return err
	}
	if err := guard(v...); err != nil {
		return err
	}
	if err := c.engine.ReevaluateUser(c.r.Context(), c.caller, v[0]); err != nil {
		return err
	}
	c.status = http.StatusNoContent
	return nil
}

func (c *call) reassign() error {
	v, err := c.required("activityId", "username", "replaceUser")
	if err != nil {
		return err
	}
	if err := c.moveAssignment(v[0], v[1], v[2]); err != nil {
		return err
	}
	c.write(newObject("activityId", v[0], "username", v[1], "replaceUser", v[2]))
	return nil
}

func (c *call) moveAssignment(activity, to, from string) error {
	if err := guard(activity, to, from); err != nil {
		return err
	}
	if activity == "" {
		return errAssignment
	}
	c.engine.Reassign(c.r.Context(), c.caller, activity, from, to)
	return nil
}

func (c *call) runningReassign() error {
	v, err := c.required("processDefId", "processId", "activityId", "username", "replaceUser")
	if err != nil {
		return err
	}
	if err := c.moveAssignment(v[2], v[3], v[4]); err != nil {
		return err
	}
	c.status = http.StatusNoContent
	return nil
}

func (c *call) forceComplete() error {
	v, err := c.required("processDefId", "processId", "activityId")
	if err != nil {
		return err
	}
	if err := guard(v[2]); err != nil {
		return err
	}
	if v[2] == "" {
		return errAssignment
	}
	if err := c.engine.ForceComplete(c.r.Context(), c.caller, v[2]); err != nil {
		return err
	}
	c.status = http.StatusNoContent
	return nil
}
