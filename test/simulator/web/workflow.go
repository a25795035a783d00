package web

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"jogetferry/test/simulator/engine"
)

func (c *call) currentUsername() error {
	c.write(newObject("username", c.caller.User()))
	return nil
}

// hashed is a definition ID with # for :.
func hashed(id string) string { return strings.ReplaceAll(id, ":", "#") }

// variables reads the var_ parameters; the prefix goes wherever it stands.
func (c *call) variables() map[string]string {
	out := map[string]string{}
	for name := range c.params {
		if strings.HasPrefix(name, "var_") {
			out[strings.ReplaceAll(name, "var_", "")] = c.params.Get(name)
		}
	}
	return out
}

func (c *call) processStart() error {
	ctx := c.r.Context()
	id := hashed(c.p("processDefId"))
	if err := guard(id); err != nil {
		return err
	}
	id, err := c.engine.Latest(ctx, id)
	if err != nil {
		return err
	}
	allowed, err := c.engine.MayStart(ctx, c.caller, id)
	if err != nil {
		return err
	}
	out := newObject("processId", "", "activityId", "")
	if !allowed {
		if c.has("recordId") {
			out.put("recordId", c.p("recordId"))
		}
		c.write(out)
		return nil
	}
	if len(strings.Split(id, "#")) != 3 {
		return errGuard
	}
	if err := guard(c.p("recordId"), c.p("processInstanceId")); err != nil {
		return err
	}
	res, err := c.engine.Start(ctx, c.caller, engine.StartRequest{
		Definition: id, Variables: c.variables(), RecordID: c.p("recordId"), Instance: c.p("processInstanceId"),
	})
	if errors.Is(err, engine.ErrInternal) {
		return err
	}
	if err == nil {
		out.put("processId", res.Instance)
		out.put("activityId", res.Activity)
		out.put("recordId", res.RecordID)
	}
	c.write(out)
	return nil
}

func (c *call) processAbort() error {
	id := c.p("processId")
	if err := guard(id); err != nil {
		return err
	}
	c.engine.Abort(c.r.Context(), c.caller, id)
	c.write(newObject("processId", id, "status", "aborted"))
	return nil
}

func definitionItem(d engine.Definition) *object {
	return newObject("packageId", d.Package, "packageName", d.PackageName, "name", d.Name, "version", d.Version)
}

func (c *call) definitionList() error {
	page, err := c.page(nil)
	if err != nil {
		return err
	}
	all, err := c.engine.Definitions(c.r.Context())
	if err != nil {
		return err
	}
	current := map[string]string{}
	for _, d := range all {
		if _, ok := current[d.Package]; !ok {
			v, published, err := c.engine.PublishedVersion(c.r.Context(), d.Package)
			if err != nil {
				return err
			}
			if published {
				current[d.Package] = v
				continue
			}
			for _, x := range all {
				if x.Package == d.Package {
					current[d.Package] = x.Version
				}
			}
		}
	}
	var list []any
	for _, d := range all {
		if p := c.p("packageId"); p != "" && p != d.Package || c.p("allVersion") != "yes" && current[d.Package] != d.Version {
			continue
		}
		if c.p("checkWhiteList") == "true" {
			ok, err := c.engine.MayStart(c.r.Context(), c.caller, d.ID)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
		}
		o := definitionItem(d)
		o.put("id", d.ID)
		o.put("label", d.Name+" ver "+d.Version)
		list = append(list, o)
	}
	c.writeList(page, cut(list, page), len(list))
	return nil
}

func (c *call) definitionView() error {
	id := hashed(c.p("processDefId"))
	if err := guard(id); err != nil {
		return err
	}
	id, err := c.engine.Latest(c.r.Context(), id)
	if err != nil {
		return err
	}
	d, ok, err := c.engine.Definition(c.r.Context(), id)
	if err != nil {
		return err
	}
	out := newObject()
	if ok {
		out = definitionItem(d)
		out.put("processId", d.ID)
	}
	c.write(out)
	return nil
}

var versionPart = regexp.MustCompile(`#\d+#`)

func (c *call) definitionLatest() error {
	id := hashed(c.p("processDefId"))
	if err := guard(id); err != nil {
		return err
	}
	id, err := c.engine.Latest(c.r.Context(), versionPart.ReplaceAllString(id, "#latest#"))
	if err != nil {
		return err
	}
	c.write(newObject("id", id, "encodedId", strings.ReplaceAll(id, "#", ":")))
	return nil
}

func (c *call) packageList() error {
	all, err := c.engine.Definitions(c.r.Context())
	if err != nil {
		return err
	}
	out := newObject()
	var seen []string
	for _, d := range all {
		if !slices.Contains(seen, d.Package) {
			seen = append(seen, d.Package)
			out.accumulate("data", newObject("packageId", d.Package, "packageName", d.PackageName))
		}
	}
	c.write(out)
	return nil
}

func (c *call) variableList() error {
	id := c.p("processId")
	if err := guard(id); err != nil {
		return err
	}
	vars, _, err := c.engine.Variables(c.r.Context(), id)
	if err != nil {
		return err
	}
	out := newObject("processId", id)
	accumulateVariables(out, vars)
	c.write(out)
	return nil
}

func accumulateVariables(out *object, vars []engine.Variable) {
	for _, v := range vars {
		out.accumulate("variable", newObject(v.Name, v.Value))
	}
}

func (c *call) processVariable() error {
	id, name := c.p("processId"), c.p("variable")
	if err := guard(id, name); err != nil {
		return err
	}
	vars, known, err := c.engine.Variables(c.r.Context(), id)
	if err != nil {
		return err
	}
	content := ""
	if known {
		content = "null"
	}
	for _, v := range vars {
		if v.Name == name {
			content = v.Text
		}
	}
	c.write(newObject("variableValue", content))
	return nil
}

// Assignments of the caller.

func (c *call) workFilter() engine.WorkFilter {
	return engine.WorkFilter{Package: c.p("packageId"), Definition: c.p("processDefId"), Instance: c.p("processId")}
}

func (c *call) assignments(f engine.WorkFilter, status, accepted bool) error {
	if err := guard(f.Package, f.Definition, f.Instance, c.p("sort")); err != nil {
		return err
	}
	page, err := c.page(nil)
	if err != nil {
		return err
	}
	work, err := c.engine.Work(c.r.Context(), c.caller, f)
	if err != nil {
		return err
	}
	total := len(work)
	if page.sort != "" && page.desc != nil && *page.desc {
		slices.Reverse(work)
	}
	var list []any
	for _, w := range work {
		if !status && w.Accepted != accepted {
			continue
		}
		_, version, _ := strings.Cut(w.Definition, "#")
		version, _, _ = strings.Cut(version, "#")
		o := newObject(
			"processId", w.Instance, "activityId", w.Activity, "processName", w.Process, "activityName", w.ActivityName, "processVersion", version,
			"dateCreated", c.date(w.Activated), "due", c.due(w.Limit, "-"), "serviceLevelMonitor", c.monitor(w.Limit), "id", w.Activity, "label", w.ActivityName)
		if status {
			o.put("acceptedStatus", w.Accepted)
		}
		list = append(list, o)
	}
	c.writeList(page, cut(list, page), total)
	return nil
}

func (c *call) assignmentList() error { return c.assignments(c.workFilter(), true, false) }

// The processId of the pending and accepted lists is a definition ID.
func (c *call) byDefinition() engine.WorkFilter {
	f := engine.WorkFilter{Package: c.p("packageId"), Definition: c.p("processId")}
	return f
}

func (c *call) assignmentPending() error { return c.assignments(c.byDefinition(), false, false) }

func (c *call) assignmentAccepted() error { return c.assignments(c.byDefinition(), false, true) }

func (c *call) assignmentCount() error { return c.count(c.workFilter()) }

func (c *call) assignmentTotal() error { return c.count(engine.WorkFilter{}) }

func (c *call) count(f engine.WorkFilter) error {
	work, err := c.engine.Work(c.r.Context(), c.caller, f)
	if err != nil {
		return err
	}
	c.write(newObject("total", len(work)))
	return nil
}

var errAssignment = &answer{http.StatusNotFound, "Assignment does not exist."}

// mine turns the engine's error into the answer.
func mine(err error) error {
	if errors.Is(err, engine.ErrNoAssignment) {
		return errAssignment
	}
	return err
}

func (c *call) assignmentView() error { return c.viewAssignment(c.p("activityId")) }

func (c *call) viewAssignment(id string) error {
	if err := guard(id); err != nil {
		return err
	}
	a, err := c.engine.Assignment(c.r.Context(), c.caller, id)
	if err != nil {
		return mine(err)
	}
	vars, err := c.engine.ActivityVariables(c.r.Context(), a)
	if err != nil {
		return err
	}
	out := newObject("activityId", a.ID, "activityDefId", a.DefID, "processId", a.Instance, "processDefId", a.Definition,
		"processVersion", strings.Split(a.Definition, "#")[1], "processName", a.Process, "activityName", a.Name, "participant", a.Performer,
		"assigneeId", c.caller.Name, "dateCreated", c.date(a.Activated))
	if due := c.due(a.Limit, ""); due != "" {
		out.put("dueDate", due)
	}
	accumulateVariables(out, vars)
	c.write(out)
	return nil
}

func (c *call) assignmentOfProcess() error {
	if err := guard(c.p("processId")); err != nil {
		return err
	}
	work, err := c.engine.Work(c.r.Context(), c.caller, engine.WorkFilter{Instance: c.p("processId")})
	if err != nil {
		return err
	}
	if len(work) == 0 {
		return errAssignment
	}
	return c.viewAssignment(work[0].Activity)
}

func (c *call) accept() error {
	id := c.p("activityId")
	if err := guard(id); err != nil {
		return err
	}
	if err := c.engine.Accept(c.r.Context(), c.caller, id); err != nil {
		return mine(err)
	}
	c.write(newObject("assignment", id, "status", "accepted"))
	return nil
}

func (c *call) withdraw() error {
	id := c.p("activityId")
	if err := guard(id); err != nil {
		return err
	}
	if err := c.engine.Withdraw(c.r.Context(), c.caller, id); err != nil {
		return mine(err)
	}
	c.write(newObject("assignment", id, "status", "withdrawn"))
	return nil
}

func (c *call) finish(variables map[string]string) (*object, error) {
	id := c.p("activityId")
	if err := guard(id); err != nil {
		return nil, err
	}
	done, err := c.engine.Complete(c.r.Context(), c.caller, id, variables)
	if err != nil {
		return nil, mine(err)
	}
	out := newObject("status", "completed", "processId", done.Instance, "activityId", id)
	if done.Next != "" {
		out.put("nextActivityId", done.Next)
	}
	return out, nil
}

func (c *call) complete() error {
	out, err := c.finish(nil)
	if err == nil {
		c.write(out)
	}
	return err
}

func (c *call) completeWithVariable() error {
	out, err := c.finish(c.variables())
	if err == nil {
		out.put("assignment", c.caller.Name)
		c.write(out)
	}
	return err
}

// assignmentVariable forgets to return after its 404.
func (c *call) assignmentVariable() error {
	id, name := c.p("activityId"), c.p("variable")
	v, err := c.required("value")
	if err != nil {
		return err
	}
	if err := guard(id, name); err != nil {
		return err
	}
	if err := mine(c.engine.SetAssignmentVariable(c.r.Context(), c.caller, id, name, v[0])); err != nil {
		c.fail(err)
	}
	c.write(newObject("status", "variableSet"))
	return nil
}
