package inventory_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
)

// rekeying is a worker with a policy.
func rekeying(policy migration.Rekey) func(*scene.Ports) {
	return func(p *scene.Ports) { p.Settings.Rekey = policy }
}

// planned takes an inventory and returns it with the IDs that records have on the target since.
func planned(t *testing.T, c *activitytest.Case, policy migration.Rekey, in contract.InventoryInput, of ...*activitytest.Instance) (contract.InventoryOutput, migration.Rekeys) {
	t.Helper()
	in.Migration = c.Migration
	out, err := activitytest.Run(t, scene.Worker(c, rekeying(policy)).Register, contract.TakeInventory, in)
	activitytest.Must(t, err)
	ids := make([]migration.RecordID, 0, len(of))
	for _, i := range of {
		ids = append(ids, i.Record)
	}
	rekeys, err := c.Ledger.Rekeys(t.Context(), c.SourcePrint, c.TargetPrint, ids)
	activitytest.Must(t, err)
	return out, rekeys
}

// found are the findings about records of an instance.
func found(t *testing.T, c *activitytest.Case, in *activitytest.Instance) []string {
	t.Helper()
	findings, err := c.Ledger.Findings(t.Context(), c.Migration, in.ID)
	activitytest.Must(t, err)
	return slices.DeleteFunc(idsOf(findings), func(id string) bool { return id < "FERRY-301" || id > "FERRY-399" || id == "FERRY-311" })
}

// TestTakeInventory_gives_records_new_IDs plans the same instances with each policy, one
// after the other.
func TestTakeInventory_gives_records_new_IDs(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	begin := func(record migration.RecordID) *activitytest.Instance {
		return c.Begin(activitytest.Begin{Process: "leave/process1", Record: record, Row: map[string]string{"reason": "ill"}})
	}
	plain, odd, like := begin(""), begin("a (b)"), begin("999999_leave_process1")
	taken, twin := begin(""), c.Begin(activitytest.Begin{Process: "leave/process1"})
	c.Source.Exec("UPDATE wf_process_link SET originProcessId = ?, parentProcessId = ? WHERE processId = ?", string(taken.Record), string(taken.Record), string(twin.ID))
	twin.Record = taken.Record
	c.Target.Row("leave_request", taken.Record, map[string]string{"reason": "theirs"})
	all := []*activitytest.Instance{plain, odd, like, taken, twin}

	_, rekeys := planned(t, c, migration.RekeyNever, contract.InventoryInput{Plan: "never"}, all...)
	activitytest.Same(t, "decided without the switch", migration.Rekeys(nil), rekeys)
	for in, finding := range map[*activitytest.Instance]string{odd: "FERRY-303", like: "FERRY-302", taken: "FERRY-310", twin: "FERRY-310"} {
		activitytest.Same(t, "findings of "+string(in.ID), []string{finding}, found(t, c, in))
		activitytest.Same(t, "state", migration.InstanceBlocked, stateOf(t, c, in))
	}

	checked, rekeys := planned(t, c, migration.RekeyNeeded, contract.InventoryInput{Plan: "dry", Dry: true}, all...)
	activitytest.Same(t, "decided by a check", migration.Rekeys(nil), rekeys)
	if checked.Counts.Blocked != 0 {
		t.Errorf("a check finds %+v", checked.Counts)
	}
	_, rekeys = planned(t, c, migration.RekeyNeeded, contract.InventoryInput{Plan: "needed"}, all...)
	if len(rekeys) != 3 || rekeys[plain.Record] != "" {
		t.Errorf("decided: %v", rekeys)
	}
	for _, in := range []*activitytest.Instance{odd, like, taken, twin} {
		activitytest.Same(t, "findings of "+string(in.ID), []string{"FERRY-324"}, found(t, c, in))
		if state := stateOf(t, c, in); state == migration.InstanceBlocked {
			t.Errorf("%s is %s", in.ID, state)
		}
	}
	activitytest.Same(t, "findings of what needs none", []string{}, found(t, c, plain))

	// Whatever the switch says later, a decision stands, and the first one.
	_, later := planned(t, c, migration.RekeyNever, contract.InventoryInput{Plan: "never again"}, all...)
	activitytest.Same(t, "decided before", "", cmp.Diff(rekeys, later))
	activitytest.Same(t, "findings", []string{"FERRY-324"}, found(t, c, taken))
	_, always := planned(t, c, migration.RekeyAlways, contract.InventoryInput{Plan: "always"}, all...)
	if len(always) != 4 || always[plain.Record] == "" {
		t.Errorf("decided: %v", always)
	}
	delete(always, plain.Record)
	activitytest.Same(t, "decided before", "", cmp.Diff(rekeys, always))
	activitytest.Same(t, "findings", []string{"FERRY-324"}, found(t, c, plain))

	// Its own row under the new ID is no conflict, another one's is.
	c.Target.Row("leave_request", rekeys[odd.Record], map[string]string{"reason": "theirs"})
	planned(t, c, migration.RekeyNeeded, contract.InventoryInput{Plan: "again"})
	activitytest.Same(t, "findings", []string{"FERRY-310", "FERRY-324"}, found(t, c, odd))
}

// TestTakeInventory_both_or_none has a record that went to the target under its own ID.
func TestTakeInventory_both_or_none(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	moved := c.Begin(activitytest.Begin{Process: "leave/process1", Row: map[string]string{"reason": "ill"}})
	twin := c.Begin(activitytest.Begin{Process: "leave/process1"})
	c.Source.Exec("UPDATE wf_process_link SET originProcessId = ?, parentProcessId = ? WHERE processId = ?", string(moved.Record), string(moved.Record), string(twin.ID))
	twin.Record = moved.Record
	moved.Plan()
	scene.Migrated(t, c, moved)
	for _, dry := range []bool{true, false} {
		out, rekeys := planned(t, c, migration.RekeyAlways, contract.InventoryInput{Plan: "p", Dry: dry}, twin)
		activitytest.Same(t, "decided", migration.Rekeys(nil), rekeys)
		activitytest.Same(t, "blocked", 1, out.Counts.Blocked)
	}
	findings, err := c.Ledger.Findings(t.Context(), c.Migration, twin.ID)
	activitytest.Must(t, err)
	n := slices.IndexFunc(findings, func(f migration.Finding) bool { return f.ID == "FERRY-326" })
	if n < 0 || findings[n].Seen != string(moved.ID) || stateOf(t, c, twin) != migration.InstanceBlocked {
		t.Errorf("findings %+v, want one that names %s", findings, moved.ID)
	}
	activitytest.Same(t, "of what was migrated", []string{}, found(t, c, moved))

	// It can keep its ID, and then it does.
	planned(t, c, migration.RekeyNeeded, contract.InventoryInput{Plan: "q"})
	activitytest.Same(t, "findings", []string{}, found(t, c, twin))
}

// TestTakeInventory_after_a_copy_of_all_data: what the copy brought is ours, and where the
// record gets a new ID now, it is told.
func TestTakeInventory_after_a_copy_of_all_data(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	changed := c.Begin(activitytest.Begin{Process: "leave/process1", Row: map[string]string{"reason": "ill"}})
	odd := c.Begin(activitytest.Begin{Process: "leave/process1", Record: "a (b)", Row: map[string]string{"reason": "ill"}})
	touched := c.Begin(activitytest.Begin{Process: "leave/process1", Record: "c (d)", Row: map[string]string{"reason": "ill"}})
	copyAll(t, c, "leave_request")
	c.Source.Exec("UPDATE app_fd_leave_request SET c_reason = 'well' WHERE id = ?", string(changed.Record))
	c.Target.Exec("UPDATE app_fd_leave_request SET c_reason = 'seen' WHERE id = ?", string(touched.Record))
	_, rekeys := planned(t, c, migration.RekeyNeeded, contract.InventoryInput{Plan: "p"}, changed, odd, touched)
	if len(rekeys) != 2 || rekeys[changed.Record] != "" {
		t.Errorf("decided: %v", rekeys)
	}
	activitytest.Same(t, "findings of what changed on the source", []string{}, found(t, c, changed))
	activitytest.Same(t, "findings of what gets a new ID", []string{"FERRY-324", "FERRY-330"}, found(t, c, odd))
	activitytest.Same(t, "findings of what was changed on the target", []string{"FERRY-324"}, found(t, c, touched))
}

func copyAll(t *testing.T, c *activitytest.Case, tables ...string) {
	t.Helper()
	worker := scene.Worker(c).Register
	order := migration.BulkOrder{Pass: migration.BulkPassCopy, Scope: migration.BulkScope{Tables: tables}}
	_, err := activitytest.Run(t, worker, contract.CutTables, contract.BulkInput{Migration: c.Migration, Order: order, Lanes: 1})
	activitytest.Must(t, err)
	out, err := activitytest.Run(t, worker, contract.CopyChunks, contract.LaneInput{Migration: c.Migration, Lanes: 1})
	activitytest.Must(t, err)
	if out.Parked > 0 {
		t.Fatal(out)
	}
}
