package plant

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"jogetferry/test/simulator/schema"
)

// States of instances and activities that plants use.
const (
	running    = "open.running"
	notStarted = "open.not_running.not_started"
	suspended  = "open.not_running.suspended"
	completed  = "closed.completed"
)

// Processes that plants use, as "package/process".
const (
	leave      = "leave/process1"
	procure    = "procure/process1"
	probation  = "onboard/probation"
	onboarding = "onboard/onboarding"
	equipment  = "onboard/equipment"
)

// records are the tables of the records of a package.
var records = map[string]string{"leave": "leave_request", "procure": "proc_request", "onboard": "onb_hire"}

// instance is a running instance of the source that has a discrepancy.
type instance struct {
	ID          string
	oid         int64
	definition  string
	requester   string
	record      string
	activity    string // the open one it was chosen by
	activityOID int64
	table       string // of its record
	callerOID   int64  // of a subflow, the activity that waits for it
}

func (i instance) is() row         { return row{"Id": i.ID} }
func (i instance) activityIs() row { return row{"Id": i.activity} }
func (i instance) recordIs() row   { return row{"id": i.record} }

// instance takes the oldest instance of a process that waits at an activity.
func (p *planting) instance(process, activity string) instance {
	pkg, key, _ := strings.Cut(process, "/")
	i := instance{table: schema.FormTablePrefix + records[pkg]}
	args := []any{
		pkg, key, activity, schema.ProcessStateOID(running), schema.ActivityStateOID(notStarted), schema.ActivityStateOID(running),
	}
	for _, id := range slices.Sorted(maps.Keys(p.pair.used)) {
		args = append(args, id)
	}
	p.source.read([]any{&i.ID, &i.oid, &i.definition, &i.requester, &i.record, &i.activity, &i.activityOID},
		selectInstance(i.table, len(p.pair.used)), args...)
	p.pair.used[i.ID] = true
	return i
}

// subflow takes an open subflow of an onboarding, and says that the plant's
// finding is about its root.
func (p *planting) subflow() (child instance) {
	var root string
	args := []any{schema.ProcessStateOID(running), "pick", schema.ActivityStateOID(notStarted)}
	for _, id := range slices.Sorted(maps.Keys(p.pair.used)) {
		args = append(args, id)
	}
	p.source.read([]any{&root, &child.ID, &child.oid, &child.callerOID, &child.activity, &child.activityOID}, selectSubflow(len(p.pair.used)), args...)
	p.pair.used[root] = true
	p.concerns(root)
	return child
}

// callers lists the roots that wait for a subflow.
func (p *planting) callers() []string {
	return p.source.texts(selectCallers, schema.ActivityStateOID(running))
}

// withTokens lists the roots of which branches wait at joins, maybe none.
func (p *planting) withTokens() []string {
	var all []string
	if p.err == nil {
		p.err = p.source.each(func(scan func(...any) error) error {
			var one string
			err := scan(&one)
			all = append(all, one)
			return err
		}, selectWithTokens)
	}
	return all
}

// roots lists the open roots of a process.
func (p *planting) roots(process string) []string {
	_, oid := p.source.definition(process)
	return p.source.texts(selectRoots, oid)
}

// subject takes an instance that the plant's finding is about.
func (p *planting) subject(process, activity string) instance {
	i := p.instance(process, activity)
	p.concerns(i.ID)
	return i
}

// rekey gives a leave request another record ID.
func (p *planting) rekey(i instance, id string) {
	p.source.change("wf_process_link", row{"parentProcessId": id, "originProcessId": id}, row{"processId": i.ID})
	p.source.change(i.table, row{"id": id}, i.recordIs())
	folder := strings.TrimPrefix(i.table, schema.FormTablePrefix) + "/"
	p.source.move(folder+i.record, folder+id)
}

// child adds an open subflow instance of i that an activity of it called.
func (p *planting) child(i instance, caller string) (id string) {
	definition, oid := p.source.definition(equipment)
	id = fmt.Sprintf("%d_onboard_equipment", p.source.count(schema.CounterProcess))
	p.source.copy(&p.source, "SHKProcesses", row{
		"Id": id, "oid": p.source.oid(), "PDefName": definition, "ProcessDefinition": oid,
		"ActivityRequesterId": caller, "ActivityRequesterProcessId": i.ID, "Name": "Equipment",
	}, i.is())
	return id
}

// again adds an activity to i, as a copy of the one it was chosen by.
func (p *planting) again(i instance, def string, changes row) {
	id := fmt.Sprintf("%d_%s_%s", p.source.count(schema.CounterActivity), i.ID, def)
	changes["Id"], changes["oid"], changes["ActivityDefinitionId"] = id, p.source.oid(), def
	p.source.copy(&p.source, "SHKActivities", changes, i.activityIs())
}

// end completes the activity that i was chosen by.
func (p *planting) end(i instance) {
	p.source.change("SHKActivities", row{"State": schema.ActivityStateOID(completed)}, i.activityIs())
	p.source.remove("SHKAssignmentsTable", row{"ActivityId": i.activity})
}

// variable sets what the source has as a value of a variable of i, also in the
// activity that i was chosen by.
func (p *planting) variable(i instance, name string, value row) {
	p.source.change("SHKProcessData", value, row{"Process": i.oid, "VariableDefinitionId": name})
	p.source.change("SHKActivityData", value, row{"Activity": i.activityOID, "VariableDefinitionId": name})
}

// newVariable adds a variable to i.
func (p *planting) newVariable(i instance, name string, value row) {
	r := row{
		"Process": i.oid, "VariableDefinitionId": name, "OrdNo": -1, "CNT": p.source.count(schema.CounterProcessData),
		"oid": p.source.oid(), "version": 0,
	}
	maps.Copy(r, value)
	p.source.add("SHKProcessData", r)
}

// deadline adds a deadline to the activity that i was chosen by, so many milliseconds from now.
func (p *planting) deadline(i instance, in int64) {
	p.source.add("SHKDeadlines", row{
		"Process": i.oid, "Activity": i.activityOID, "CNT": p.source.count(schema.CounterDeadline),
		"TimeLimit": p.source.number(selectNow) + in, "TimeLimitTZO": 0, "ExceptionName": "overdue", "IsSynchronous": 0, "IsExecuted": 0,
		"oid": p.source.oid(), "version": 0,
	})
}

// Users that servers do not have by themselves, one for each plant that needs one.
const (
	trainee    = "trainee"
	contractor = "contractor"
	deputy     = "deputy"
	assistant  = "assistant"
)

// hire makes a user on a server, active or not.
func (s *side) hire(user string, active int) {
	s.copy(s, "dir_user", row{"id": user, "username": user, "active": active}, row{"username": "cat"})
	s.copy(s, "dir_user_role", row{"userId": user}, row{"userId": "cat"})
}

// resource makes a hired user's row in the engine of the source.
func (p *planting) resource(user string) (oid int64) {
	oid = p.source.oid()
	p.source.add("SHKResourcesTable", row{"Username": user, "oid": oid, "version": 0})
	return oid
}
