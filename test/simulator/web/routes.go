package web

import (
	"net/http"
	"net/url"
	"strings"
)

// route is one endpoint. In patterns "*name" is a parameter, "~name" one that
// may be left out together with its slash.
type route struct {
	method  string // "" for any
	pattern string
	audit   string // manager method for the audit trail; "" for reading calls
	run     func(*call) error
}

func (h *Handler) table() []route {
	const post = http.MethodPost
	return []route{
		{"", "/json/workflow/currentUsername", "", (*call).currentUsername},
		{"", "/json/directory/user/sso", "", (*call).sso},
		{"", "/json/directory/user/csrfToken", "", (*call).csrfToken},
		{"", "/json/directory/admin/user/list", "", (*call).userList},
		{"", "/json/directory/user/options", "", (*call).userOptions},

		{post, "/json/workflow/process/start/*processDefId", "processStart", (*call).processStart},
		{post, "/json/workflow/process/abort/*processId", "processAbort", (*call).processAbort},
		{"", "/json/workflow/process/list", "", (*call).definitionList},
		{"", "/json/workflow/process/view/*processDefId", "", (*call).definitionView},
		{"", "/json/workflow/process/latest/*processDefId", "", (*call).definitionLatest},
		{"", "/json/workflow/process/variable/*processId/*variable", "", (*call).processVariable},
		{"", "/json/workflow/package/list", "", (*call).packageList},
		{"", "/json/workflow/variable/list/*processId", "", (*call).variableList},

		{"", "/json/monitoring/running/process/list", "", (*call).runningList},
		{"", "/json/monitoring/completed/process/list", "", (*call).completedList},
		{"", "/json/console/monitor/*mode/list", "", (*call).monitorList},
		{"", "/json/monitoring/process/view/*processId", "", (*call).processView},
		{post, "/json/monitoring/process/variable/*processId/*variable", "processVariable", (*call).setProcessVariable},
		{post, "/json/monitoring/process/copy/*processId/*processDefId", "processCopyFromInstanceId", (*call).processCopy},
		{"", "/json/monitoring/activity/list", "", (*call).activityList},
		{"", "/json/monitoring/activity/view/*activityId", "", (*call).activityView},
		{"", "/json/monitoring/activity/previous/*activityId", "", (*call).activityPrevious},
		{"", "/json/monitoring/activity/next/*activityId", "", (*call).activityNext},
		{post, "/json/monitoring/activity/start/*processId/*activityDefId", "activityStart", (*call).activityStart},
		{post, "/json/monitoring/activity/abort/*processId/*activityDefId", "activityAbort", (*call).activityAbort},
		{post, "/json/monitoring/activity/variable/*activityId/*variable", "activityVariable", (*call).setActivityVariable},
		{post, "/json/monitoring/activity/reevaluate", "reevaluateAssignmentsForActivity", (*call).reevaluate},
		{post, "/json/monitoring/user/reevaluate", "reevaluateAssignmentsForUser", (*call).reevaluateUser},
		{post, "/json/monitoring/activity/reassign", "assignmentReassign", (*call).reassign},
		{post, "/json/monitoring/running/activity/reassign", "assignmentReassign", (*call).runningReassign},
		{post, "/json/monitoring/running/activity/complete", "assignmentForceComplete", (*call).forceComplete},

		{"", "/json/workflow/assignment/list", "", (*call).assignmentList},
		{"", "/json/workflow/assignment/list/count", "", (*call).assignmentCount},
		{"", "/json/workflow/assignment/list/pending", "", (*call).assignmentPending},
		{"", "/json/workflow/assignment/list/accepted", "", (*call).assignmentAccepted},
		{"", "/json/workflow/assignment/list/pending/count", "", (*call).assignmentTotal},
		{"", "/json/workflow/assignment/list/accepted/count", "", (*call).assignmentTotal},
		{"", "/json/workflow/assignment/view/*activityId", "", (*call).assignmentView},
		{"", "/json/workflow/assignment/process/view/*processId", "", (*call).assignmentOfProcess},
		{post, "/json/workflow/assignment/accept/*activityId", "assignmentAccept", (*call).accept},
		{post, "/json/workflow/assignment/withdraw/*activityId", "assignmentWithdraw", (*call).withdraw},
		{post, "/json/workflow/assignment/complete/*activityId", "assignmentComplete", (*call).complete},
		{post, "/json/workflow/assignment/completeWithVariable/*activityId", "assignmentComplete", (*call).completeWithVariable},
		{post, "/json/workflow/assignment/variable/*activityId/*variable", "assignmentVariable", (*call).assignmentVariable},

		{"", "/json/apps/published/processes", "", (*call).publishedProcesses},
		{"", "/json/apps/published/userviews", "", (*call).publishedUserviews},
		{"", "/json/console/app/list", "", (*call).appList},
		{"", "/json/console/app/*appId/version/list", "", (*call).versionList},
		{"", "/json/console/app/*appId/~version/package/xpdl", "", (*call).packageXPDL},
		{"", "/json/console/app/*appId/~version/forms", "", (*call).formList},
		{"", "/json/console/app/*appId/~version/form/*formId/json", "", (*call).formJSON},
		{"", "/json/console/app/*appId/~version/envVariable/list", "", (*call).envVariables},
		{post, "/json/console/app/*appId/~version/publish", "publish", (*call).publish},
		{post, "/json/console/app/*appId/unpublish", "unpublish", (*call).unpublish},
		{"", "/json/data/form/load/*appId/*formId/*primaryKey", "", (*call).formLoad},
	}
}

const workflowManager = "org.joget.workflow.model.service.WorkflowManagerImpl"

// dispatch runs the endpoint of a path.
func (c *call) dispatch(path string) {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	known := false
	for _, r := range c.routes {
		params := map[string]string{}
		if !match(strings.Split(strings.TrimPrefix(r.pattern, "/"), "/"), segments, params) {
			continue
		}
		known = true
		if r.method != "" && r.method != c.r.Method {
			continue
		}
		c.path = params
		if r.audit != "" {
			c.auditAs(c.caller.User(), workflowManager, r.audit, "")
		}
		if err := r.run(c); err != nil {
			c.fail(err)
		}
		return
	}
	if known {
		c.sendError(http.StatusMethodNotAllowed, "Request method '"+c.r.Method+"' not supported")
		return
	}
	c.sendError(http.StatusNotFound, "Not Found")
}

func match(pattern, segments []string, params map[string]string) bool {
	if len(pattern) == 0 {
		return len(segments) == 0
	}
	name, optional := strings.CutPrefix(pattern[0], "~")
	if optional && match(pattern[1:], segments, params) {
		params[name] = ""
		return true
	}
	if len(segments) == 0 {
		return false
	}
	if !optional {
		var param bool
		if name, param = strings.CutPrefix(pattern[0], "*"); !param {
			return pattern[0] == segments[0] && match(pattern[1:], segments[1:], params)
		}
	}
	v, err := url.PathUnescape(segments[0])
	if err != nil || v == "" || !match(pattern[1:], segments[1:], params) {
		return false
	}
	if len(pattern) == 1 {
		v = strings.TrimSuffix(v, ".")
	}
	params[name] = v
	return true
}
