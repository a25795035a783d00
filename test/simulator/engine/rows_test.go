package engine_test

import (
	"strings"
	"testing"
	"time"

	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/engine"
)

func TestRows_hold_the_values_of_the_engine(t *testing.T) {
	t.Parallel()
	j := newJoget(t, engine.Options{Zone: time.FixedZone("MYT", 8*3600)})
	j.rewrite(apps.Onboard, `<DataField Id="assessment"`, `<DataField Id="reviewedOn" IsArray="FALSE"><DataType><BasicType Type="DATETIME"/></DataType></DataField><DataField Id="assessment"`)
	j.start("onboard:latest:probation")
	const undefined = "4611686018427387903"
	for what, c := range map[string]struct{ query, want string }{
		"not accepted, no limit":           {"SELECT DISTINCT CONCAT(Accepted, '|', LimitTime) FROM SHKActivities", undefined + "|" + undefined},
		"of an instance":                   {"SELECT CONCAT(Started <> LimitTime, '|', LimitTime) FROM SHKProcesses", "1|" + undefined},
		"offsets of times":                 {"SELECT DISTINCT CONCAT_WS('|', ActivatedTZO, AcceptedTZO, LastStateTimeTZO, LimitTimeTZO) FROM SHKActivities", "28800000|28800000|28800000|28800000"},
		"offsets of times of an instance":  {"SELECT CONCAT_WS('|', CreatedTZO, StartedTZO, LastStateTimeTZO, LimitTimeTZO) FROM SHKProcesses", "28800000|28800000|28800000|28800000"},
		"asynchronous for no activity":     {"SELECT DISTINCT IsPerformerAsynchronous FROM SHKActivities", "0"},
		"order of whole values":            {"SELECT DISTINCT OrdNo FROM SHKProcessData UNION SELECT OrdNo FROM SHKActivityData", "-1"},
		"variables of a route too":         {"SELECT COUNT(*) FROM SHKActivityData d JOIN SHKActivities a ON a.oid = d.Activity GROUP BY a.oid", "6 6"},
		"integer that nobody sets":         {"SELECT CONCAT_WS('|', VariableType, VariableValueLONG, VariableValueDBL, VariableValueBOOL, HEX(VariableValue)) FROM SHKProcessData WHERE VariableDefinitionId = 'months'", "1|3|0|0|00"},
		"float that nobody sets":           {"SELECT CONCAT_WS('|', VariableType, VariableValueDBL) FROM SHKProcessData WHERE VariableDefinitionId = 'score'", "2|0"},
		"boolean that nobody sets":         {"SELECT CONCAT_WS('|', VariableType, VariableValueBOOL) FROM SHKProcessData WHERE VariableDefinitionId = 'confirmed'", "0|0"},
		"date that nobody sets":            {"SELECT CONCAT_WS('|', VariableType, VariableValueDATE) FROM SHKProcessData WHERE VariableDefinitionId = 'reviewedOn'", "4|2026-03-04 20:00:00"},
		"counters after their first use":   {"SELECT name FROM SHKCounters WHERE the_number = 201 ORDER BY name", "_activity_ _activitydata_ _assignment_ _process_ _processdata_"},
		"counters that nobody has used":    {"SELECT COUNT(*) FROM SHKCounters", "6"},
		"version of a route and of a task": {"SELECT version FROM SHKActivities ORDER BY oid", "2 0"},
	} {
		j.want(what, c.want, c.query)
	}
}

func TestPriority_is_clipped(t *testing.T) {
	t.Parallel()
	j := newJoget(t, engine.Options{})
	j.rewrite(apps.Leave, `<Activity Id="confirm"`, `<Activity Id="urgent" Name="Urgent"><Implementation><No/></Implementation><Performer>hr</Performer><Priority>9</Priority></Activity><Activity Id="confirm"`)
	j.start("leave:latest:process1")
	j.want("priorities", "5 3 3", "SELECT Priority FROM SHKActivities ORDER BY Priority DESC")
}

func TestUsers_keep_the_spelling_that_was_seen_first(t *testing.T) {
	t.Parallel()
	j := newJoget(t, engine.Options{})
	j.seen("Cat")
	id := j.start("leave:latest:process1")
	j.want("requester", "cat", "SELECT ResourceRequesterId FROM SHKProcesses")
	j.Reassign(t.Context(), admin, j.text(activityByDef, "approve"), "CLARK", "CAT")
	j.want("assignees", "approve:Cat approve:julia approve:terry", assigned)
	must(t, j.Accept(t.Context(), cat, j.text(activityByDef, "approve")))
	j.want("who accepted", "Cat", "SELECT ResourceId FROM SHKActivities WHERE ResourceId IS NOT NULL AND ProcessId = ?", id)
	j.want("resources", "Cat clark julia terry", "SELECT Username FROM SHKResourcesTable ORDER BY Username")
}

func TestUnmapped_activity_goes_to_the_caller(t *testing.T) {
	t.Parallel()
	j := newJoget(t, engine.Options{})
	j.exec("DELETE FROM app_package_participant WHERE participantId = 'approver'")
	id := j.start("leave:latest:process1")
	j.want("of a start", "approve:cat", assigned)
	j.StartActivity(t.Context(), admin, id, "approve", true)
	j.want("of activity/start", "approve:admin", assigned)
}

func TestActivityStart_keeps_its_aborts_when_it_fails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, activity, want string }{
		"member_of_an_activity_set": {
			`<Activities>`, `<ActivitySets><ActivitySet Id="set1"><Activities><Activity Id="inner" Name="Inner"><Implementation><No/></Implementation><Performer>hr</Performer></Activity></Activities></ActivitySet></ActivitySets><Activities>`,
			"inner", "route1=closed.completed approve=closed.aborted",
		},
		"deadline_that_yields_no_date": {
			`<Activity Id="confirm"`, `<Activity Id="late" Name="Late"><Implementation><No/></Implementation><Performer>hr</Performer><Deadline Execution="SYNCHR"><DeadlineCondition>missing</DeadlineCondition><ExceptionName>x</ExceptionName></Deadline>` +
				`<TransitionRestrictions><TransitionRestriction><Join Type="XOR"/></TransitionRestriction></TransitionRestrictions></Activity><Activity Id="confirm"`,
			"late", "route1=closed.completed approve=closed.aborted",
		},
		"unknown": {`Name="Approve`, `Name="Approve`, "nosuch", "route1=closed.completed approve=" + notStarted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJoget(t, engine.Options{})
			if c.activity == "late" { // reached by a transition, or it would be a start activity
				c.from = `</Activities>`
				c.to = strings.TrimSuffix(c.to, `<Activity Id="confirm"`) + `</Activities>`
				d, err := apps.Read(apps.Leave)
				must(t, err)
				x := strings.Replace(string(d.XPDL), c.from, c.to, 1)
				x = strings.Replace(x, `</Transitions>`, `<Transition Id="tl" From="confirm" To="late"/></Transitions>`, 1)
				j.exec("UPDATE SHKXPDLData d JOIN SHKXPDLS s ON s.oid = d.XPDL SET d.XPDLContent = ? WHERE s.XPDLId = 'leave'", x)
			} else if c.from != c.to {
				j.rewrite(apps.Leave, c.from, c.to)
			}
			id := j.start("leave:latest:process1")
			if got := j.StartActivity(t.Context(), admin, id, c.activity, true); got.Result || got.Err != nil {
				t.Errorf("answers %+v", got)
			}
			j.want("activities", c.want, activities)
			j.want("instance", running, instances)
		})
	}
}

func TestActivityStart_of_an_instance_that_was_only_created_lets_it_run(t *testing.T) {
	t.Parallel()
	j := newJoget(t, engine.Options{})
	res, err := j.Start(t.Context(), cat, engine.StartRequest{Definition: "leave:latest:process1", RecordID: "r1", Manual: true})
	must(t, err)
	j.want("instance", notStarted, instances)
	if got := j.StartActivity(t.Context(), admin, res.Instance, "approve", false); !got.Result {
		t.Errorf("answers %+v", got)
	}
	j.want("instance", running, instances)
	j.want("activities", "approve="+notStarted, activities)
}

func TestStart_with_a_bad_number_leaves_an_instance_without_a_link(t *testing.T) {
	t.Parallel()
	j := newJoget(t, engine.Options{})
	res, err := j.Start(t.Context(), cat, engine.StartRequest{Definition: "leave:latest:process1", RecordID: "r1", Variables: map[string]string{"days": "many"}})
	j.failed(outcome{res, err}, false)
	j.want("instance", notStarted, instances)
	j.want("link", "", "SELECT processId FROM wf_process_link")
	j.want("started", "4611686018427387903", "SELECT Started FROM SHKProcesses")
}

func TestChild_that_fails_at_its_start_stays_and_so_does_its_caller(t *testing.T) {
	t.Parallel()
	j := newJoget(t, engine.Options{})
	id := j.start(hiring)
	j.spoil(engine.AtRoute, "route1", engine.ErrException)
	if got := j.StartActivity(t.Context(), admin, id, "equip", true); got.Result || got.Err != nil {
		t.Errorf("answers %+v", got)
	}
	j.want("instances", running+" "+running, instances)
	j.want("activities", "route1=closed.completed prepare=closed.aborted equip=open.running route1=open.running", activities)
	j.want("links", "r1", "SELECT originProcessId FROM wf_process_link")
}

func TestSubflow(t *testing.T) {
	t.Parallel()
	const links = "SELECT CONCAT(processId, '<', originProcessId) FROM %s ORDER BY processId"
	called := func(t *testing.T) (j *joget, root, child string) {
		t.Helper()
		j = newJoget(t, engine.Options{})
		root = j.start(hiring)
		j.StartActivity(t.Context(), admin, root, "equip", true)
		return j, root, j.text("SELECT Id FROM SHKProcesses WHERE ActivityRequesterId IS NOT NULL")
	}
	live, past := strings.Replace(links, "%s", "wf_process_link", 1), strings.Replace(links, "%s", "wf_process_link_history", 1)
	t.Run("that_is_finished_is_archived_and_keeps_its_rows_until_its_root_goes", func(t *testing.T) {
		t.Parallel()
		j, root, child := called(t)
		j.want("name", "Equipment", "SELECT SUBSTRING_INDEX(Name, '-', -1) FROM SHKProcesses WHERE Id = ?", child)
		for _, def := range []string{"pick", "handover"} {
			must(t, j.ForceComplete(t.Context(), admin, j.text(activityByDef, def)))
		}
		j.want("instances", running+" closed.completed", instances)
		j.want("link of the root", root+"<r1", live)
		j.want("link of the child", child+"<r1", past)
		must(t, j.ForceComplete(t.Context(), admin, j.text(activityByDef, "welcome")))
		j.want("instances at the end", "", instances)
		j.want("history", root+" "+child, "SELECT processId FROM wf_history_process ORDER BY created, processId")
	})
	t.Run("that_is_aborted_with_its_root_loses_its_rows_and_gets_no_history", func(t *testing.T) {
		t.Parallel()
		j, root, child := called(t)
		j.Abort(t.Context(), admin, root)
		j.want("instances", "", instances)
		j.want("history", root, "SELECT processId FROM wf_history_process")
		j.want("link of the child", child+"<r1", live)
	})
	t.Run("that_is_aborted_itself_aborts_its_caller_and_nothing_follows", func(t *testing.T) {
		t.Parallel()
		j, _, child := called(t)
		j.Abort(t.Context(), admin, child)
		j.want("instances", running, instances)
		j.want("activities", "route1=closed.completed prepare=closed.aborted equip=closed.aborted", activities)
		j.want("history", child, "SELECT processId FROM wf_history_process")
	})
}

func TestDeadline_fires_once_and_its_row_stays(t *testing.T) {
	t.Parallel()
	j := newJoget(t, engine.Options{})
	id := j.start(hiring)
	const rows = "SELECT CONCAT(IsExecuted, d.version) FROM SHKDeadlines d ORDER BY d.oid"
	const ran = "SELECT COUNT(*) FROM SHKActivities WHERE ActivityDefinitionId = 'remind'"
	must(t, j.CheckDeadlines(t.Context()))
	j.want("rows before", "00", rows)
	j.pass(91 * 24 * time.Hour)
	for range 2 {
		must(t, j.CheckDeadlines(t.Context()))
		j.want("rows", "11", rows)
		j.want("times", "1", ran)
	}
	j.StartActivity(t.Context(), admin, id, "prepare", true)
	j.want("rows of a restart", "11 00", rows)
}

func TestAccepted_assignment_that_is_reassigned_is_open_to_the_others_again(t *testing.T) {
	t.Parallel()
	j := newJoget(t, engine.Options{})
	j.start("leave:latest:process1")
	approve := j.text(activityByDef, "approve")
	must(t, j.Accept(t.Context(), clerk, approve))
	j.want("accepted", "approve:terry", assigned)
	j.Reassign(t.Context(), admin, approve, "terry", "cat")
	j.want("reassigned", "approve:cat approve:clark approve:julia", assigned)
	j.want("activity", "route1=closed.completed approve="+notStarted, activities)
	j.want("accepted at", "4611686018427387903", "SELECT Accepted FROM SHKActivities WHERE Id = ?", approve)
	j.Reassign(t.Context(), admin, approve, "cat", "clark")
	j.want("reassigned to a holder", "approve:cat approve:clark approve:julia", assigned)
}
