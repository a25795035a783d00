package e2e_test

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/digest"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/seed"
)

// truth is what must hold whatever was done to a migration. It is read from the
// target's effect log and from both databases, not from what ferry says.
type truth struct {
	*rig.Stage
	t      *testing.T
	ledger *sql.DB
	// strangers are target instances that the test itself made.
	strangers map[string]bool
}

func newTruth(t *testing.T, s *rig.Stage) *truth {
	t.Helper()
	ledger, err := sql.Open("mysql", s.Ledger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ledger.Close() })
	return &truth{Stage: s, t: t, ledger: ledger, strangers: map[string]bool{}}
}

// rows returns the rows of a query, columns joined by "|".
func (c *truth) rows(db *sql.DB, query string, args ...any) []string {
	c.t.Helper()
	rows, err := db.QueryContext(c.t.Context(), query, args...)
	if err != nil {
		c.t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		c.t.Fatal(err)
	}
	cells := make([]sql.NullString, len(columns))
	into := make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	var out []string
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			c.t.Fatal(err)
		}
		values := make([]string, len(cells))
		for i, cell := range cells {
			values[i] = cell.String
		}
		out = append(out, strings.Join(values, "|"))
	}
	if err := rows.Err(); err != nil {
		c.t.Fatalf("%s: %v", query, err)
	}
	return out
}

const (
	// Subflows are linked to the record, too.
	openOfRecord = `SELECT p.Id FROM SHKProcesses p JOIN SHKProcessStates st ON st.oid = p.State JOIN wf_process_link l ON l.processId = p.Id
		WHERE (l.originProcessId = ? OR l.parentProcessId = ?) AND p.ActivityRequesterId IS NULL AND st.KeyValue LIKE 'open%' ORDER BY p.Id`
	openActivities = `SELECT a.ActivityDefinitionId FROM SHKActivities a JOIN SHKActivityStates st ON st.oid = a.State
		WHERE a.ProcessId = ? AND st.KeyValue LIKE 'open%' ORDER BY a.ActivityDefinitionId`
	processVariables = `SELECT d.VariableDefinitionId, COALESCE(d.VariableValueVCHAR, d.VariableValueDBL, d.VariableValueLONG, d.VariableValueDATE, d.VariableValueBOOL, '')
		FROM SHKProcessData d JOIN SHKProcesses p ON p.oid = d.Process WHERE p.Id = ?
		UNION ALL SELECT d.VariableDefinitionId, COALESCE(d.VariableValueVCHAR, d.VariableValueDBL, d.VariableValueLONG, d.VariableValueDATE, d.VariableValueBOOL, '')
		FROM SHKProcessDataWOB d JOIN SHKProcesses p ON p.oid = d.Process WHERE p.Id = ? ORDER BY 1`
	activityVariables = `SELECT a.ActivityDefinitionId, d.VariableDefinitionId, COALESCE(d.VariableValueVCHAR, d.VariableValueDBL, d.VariableValueLONG, d.VariableValueDATE, d.VariableValueBOOL, '')
		FROM SHKActivityData d JOIN SHKActivities a ON a.oid = d.Activity JOIN SHKActivityStates st ON st.oid = a.State
		WHERE a.ProcessId = ? AND st.KeyValue LIKE 'open%' ORDER BY 1, 2`
	requesterOf = "SELECT ResourceRequesterId FROM SHKProcesses WHERE Id = ?"
	formTables  = `SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE 'app\_fd\_%' ORDER BY table_name`

	ledgerInstances = "SELECT instance, state, reason, verdict, COALESCE(target_id, '') FROM instance ORDER BY ordinal"
	// Of the resuming calls: intents, and outcomes that the target itself gave.
	resumeLines = `SELECT COALESCE(SUM(kind = 'intent'), 0), COALESCE(SUM(kind = 'outcome' AND http_status = 200), 0) FROM step_log
		WHERE instance = ? AND step = 'resume' AND verb = 'start_activity'`
	disturbances = "SELECT COUNT(*) FROM step_log WHERE instance = ? AND event = 'resolved'"
	storyOf      = "SELECT at, step, kind, event, verb, fate, facts, http_status, detail FROM step_log WHERE instance = ? ORDER BY id"
	oursOnTarget = "SELECT target_id FROM target_instance"
)

// live returns the open target instances of a record.
func (c *truth) live(record string) []string {
	c.t.Helper()
	return slices.DeleteFunc(c.rows(c.Target, openOfRecord, record, record), func(id string) bool { return c.strangers[id] })
}

// moved checks that every one of instances is on the target once, as it was.
func (c *truth) moved(instances []seed.Instance) {
	c.t.Helper()
	targets := map[string]string{}
	for _, line := range c.rows(c.ledger, ledgerInstances) {
		f := strings.Split(line, "|")
		targets[f[0]] = f[4]
		if slices.ContainsFunc(instances, func(i seed.Instance) bool { return i.ID == f[0] }) && (f[1] != "done" || f[3] != "same") {
			c.t.Errorf("the ledger says of %s: %s, reason %q, verdict %q", f[0], f[1], f[2], f[3])
		}
	}
	happened := c.byInstance()
	for _, i := range instances {
		c.once(i, targets[i.ID], happened)
		c.same(i, targets[i.ID])
	}
	c.onlyOurs(happened)
	c.records(instances)
	c.SourceUnchanged()
}

// byInstance returns what happened on the target, but to strangers.
func (c *truth) byInstance() map[string][]effects.Effect {
	happened := map[string][]effects.Effect{}
	for _, e := range c.Effects() {
		if !c.strangers[e.Instance] {
			happened[e.Instance] = append(happened[e.Instance], e)
		}
	}
	return happened
}

// tell prints the story of an instance.
func (c *truth) tell(instance string) {
	c.t.Helper()
	c.t.Logf("the story of %s:\n%s", instance, strings.Join(c.rows(c.ledger, storyOf, instance), "\n"))
	targets := c.rows(c.ledger, "SELECT target_id FROM instance WHERE instance = ?", instance)
	for _, e := range c.Effects() {
		if slices.Contains(targets, e.Instance) {
			c.t.Logf("%s %s %s %s", e.Time.Format("15:04:05.000"), e.What, e.ActivityDefID, e.Detail)
		}
	}
}

// once checks by the effect log and by the tables that one start of i is alive,
// and that it was resumed in the right order.
func (c *truth) once(i seed.Instance, target string, happened map[string][]effects.Effect) {
	c.t.Helper()
	if d := cmp.Diff([]string{target}, c.live(i.RecordID)); d != "" {
		c.t.Errorf("open target instances of %s (-ledger +target):\n%s", i.ID, d)
	}
	var alive []string
	for id, list := range happened {
		started := slices.ContainsFunc(list, func(e effects.Effect) bool { return e.What == effects.Start && e.RecordID == i.RecordID })
		aborted := slices.ContainsFunc(list, func(e effects.Effect) bool { return e.What == effects.Abort })
		if started && !aborted {
			alive = append(alive, id)
		}
	}
	if d := cmp.Diff([]string{target}, alive); d != "" {
		c.t.Errorf("starts of %s that were not aborted (-ledger +effects):\n%s", i.ID, d)
	}
	var order []bool
	for _, e := range happened[target] {
		if e.What == effects.ActivityStart {
			order = append(order, e.AbortCurrent)
		}
	}
	if len(order) == 0 {
		return
	}
	if !order[0] {
		c.t.Errorf("%s: the first resuming call does not abort what the start opened: %v", i.ID, order)
	}
	var intents, answered, disturbed int
	c.scan(resumeLines, []any{i.ID}, &intents, &answered)
	c.scan(disturbances, []any{i.ID}, &disturbed)
	rounds := 0
	for _, abort := range order {
		if abort {
			rounds++
		}
	}
	if most := 1 + intents - answered + disturbed; rounds > most {
		c.t.Errorf("%s: %d calls abort, where %d are explained: %v", i.ID, rounds, most, order)
	}
}

func (c *truth) scan(query string, args []any, into ...any) {
	c.t.Helper()
	if err := c.ledger.QueryRowContext(c.t.Context(), query, args...).Scan(into...); err != nil {
		c.t.Fatalf("%s: %v", query, err)
	}
}

// same checks that the target instance is as the source's.
func (c *truth) same(i seed.Instance, target string) {
	c.t.Helper()
	for _, q := range []struct{ what, query string }{
		{"requester", requesterOf}, {"open activities", openActivities}, {"variables", processVariables}, {"activity variables", activityVariables},
	} {
		args := func(id string) []any { return slices.Repeat([]any{id}, strings.Count(q.query, "?")) }
		if d := cmp.Diff(c.rows(c.Source, q.query, args(i.ID)...), c.rows(c.Target, q.query, args(target)...)); d != "" {
			c.t.Errorf("%s of %s (-source +target %s):\n%s", q.what, i.ID, target, d)
		}
	}
}

// onlyOurs checks that nothing was done to instances that we did not start.
func (c *truth) onlyOurs(happened map[string][]effects.Effect) {
	c.t.Helper()
	ours := c.rows(c.ledger, oursOnTarget)
	for id, list := range happened {
		if !slices.Contains(ours, id) {
			c.t.Errorf("the ledger knows nothing of target instance %s, to which this happened: %v", id, list)
		}
	}
}

// records checks that rows and files of the instances' records are the same on
// both sides.
func (c *truth) records(instances []seed.Instance) {
	c.t.Helper()
	ids := map[string]bool{}
	for _, i := range instances {
		ids[i.RecordID] = true
	}
	source, target := c.forms(c.Source), c.forms(c.Target)
	// Children name their parent in a column.
	for key, row := range source {
		_, id, _ := strings.Cut(key, "/")
		if slices.ContainsFunc(strings.Split(row, "|"), func(cell string) bool { return ids[cell] }) {
			ids[id] = true
		}
	}
	of := func(all map[string]string) map[string]string {
		mine := maps.Clone(all)
		maps.DeleteFunc(mine, func(key, row string) bool {
			_, id, _ := strings.Cut(key, "/")
			return !ids[id] && !slices.ContainsFunc(strings.Split(row, "|"), func(cell string) bool { return ids[cell] })
		})
		return mine
	}
	if d := cmp.Diff(of(source), of(target)); d != "" {
		c.t.Errorf("rows (-source +target):\n%s", d)
		for _, i := range instances {
			if strings.Contains(d, i.RecordID) {
				c.tell(i.ID)
			}
		}
	}
	files := func(root string) map[string]string {
		tree, err := digest.OfTree(root, digest.TreeOptions{})
		if err != nil {
			c.t.Fatal(err)
		}
		mine := map[string]string{}
		for path, e := range tree {
			parts := strings.Split(path, "/")
			if len(parts) > 2 && ids[parts[1]] && e.Mode.IsRegular() {
				mine[path] = fmt.Sprintf("%d bytes, %x", e.Size, e.Sum)
			}
		}
		return mine
	}
	if d := cmp.Diff(files(c.SourceUploads), files(c.TargetFiles)); d != "" {
		c.t.Errorf("files (-source +target):\n%s", d)
	}
}

// forms returns every row of every form table as "table/id".
func (c *truth) forms(db *sql.DB) map[string]string {
	c.t.Helper()
	all := map[string]string{}
	for _, table := range c.rows(db, formTables) {
		for _, row := range c.rows(db, "SELECT id, t.* FROM `"+table+"` t") {
			id, rest, _ := strings.Cut(row, "|")
			all[table+"/"+id] = rest
		}
	}
	return all
}
