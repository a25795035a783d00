package inventory_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"jogetferry/activities/target"
	"jogetferry/contract"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
	"jogetferry/test/sshdtest"
	"jogetferry/uploads/sftp"
)

// probing lets an inventory try users on the target.
func probing(c *activitytest.Case) func(*scene.Ports) {
	return func(a *scene.Ports) { a.Probe = target.Probe(c.API) }
}

// stateOf is what the ledger has of an instance.
func stateOf(t *testing.T, c *activitytest.Case, in *activitytest.Instance) migration.InstanceState {
	t.Helper()
	e, err := c.Ledger.Entry(t.Context(), c.Migration, in.ID)
	activitytest.Must(t, err)
	return e.State
}

func idsOf(findings []migration.Finding) []string {
	list := []string{}
	for _, f := range findings {
		if !slices.Contains(list, f.ID) {
			list = append(list, f.ID)
		}
	}
	return list
}

// TestTakeInventory plans all that is open on the source, once with what it finds
// written down and once without.
func TestTakeInventory(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	ill := map[string]string{"reason": "ill"}
	plain := c.Begin(activitytest.Begin{Process: "leave/process1", Row: ill})
	tree := c.Begin(activitytest.Begin{Process: "onboard/onboarding", Variables: map[string]string{"candidate": "Jack"}, Row: map[string]string{"fullName": "Jack"}})
	scene.ToCalled.Walk(c, tree)
	// On the target somebody has the row already.
	taken := c.Begin(activitytest.Begin{Process: "leave/process1", Row: ill})
	c.Target.Row("leave_request", taken.Record, map[string]string{"reason": "theirs"})
	second := c.Begin(activitytest.Begin{Process: "onboard/onboarding", Variables: map[string]string{"candidate": "Jill"}, Row: map[string]string{"fullName": "Jill"}})
	scene.ToCalled.Walk(c, second)
	closed := c.Begin(activitytest.Begin{Process: "leave/process1", Row: ill})
	closed.Plan()
	c.Source.Abort(closed.ID)

	in := contract.InventoryInput{Migration: c.Migration, Plan: "first"}
	dry := in
	dry.Dry = true
	checked, err := activitytest.Run(t, scene.Worker(c, probing(c)).Register, contract.TakeInventory, dry)
	activitytest.Must(t, err)
	activitytest.Same(t, "open", contract.OpenCounts{Open: 6, Roots: 4, Descendants: 2}, checked.Open)
	activitytest.Same(t, "instances with findings", true, len(checked.Instances) > 0)
	activitytest.Same(t, "definitions", 2, len(checked.Definitions))
	if _, err := c.Ledger.Entry(t.Context(), c.Migration, plain.ID); migration.CodeOf(err) != migration.CodeNotFound {
		t.Errorf("a check wrote to the ledger: %v", err)
	}

	taking, err := activitytest.Run(t, scene.Worker(c, probing(c)).Register, contract.TakeInventory, in)
	activitytest.Must(t, err)
	activitytest.Same(t, "open", checked.Open, taking.Open)
	activitytest.Same(t, "findings", idsOf(checked.Findings), idsOf(taking.Findings))
	if checked.Counts.Total() != 4 || taking.Counts.Total() != 5 || taking.Counts.Skipped != 1 {
		t.Errorf("counts of the check %+v and of the plan %+v", checked.Counts, taking.Counts)
	}
	activitytest.Same(t, "what is gone", migration.InstanceSkipped, stateOf(t, c, closed))
	findings, err := c.Ledger.Findings(t.Context(), c.Migration, taken.ID)
	activitytest.Must(t, err)
	if state := stateOf(t, c, taken); state != migration.InstanceBlocked || !slices.Contains(idsOf(findings), "FERRY-310") {
		t.Errorf("a row that is somebody else's: %s, %q", state, idsOf(findings))
	}
	entry, err := c.Ledger.Entry(t.Context(), c.Migration, tree.ID)
	activitytest.Must(t, err)
	activitytest.Same(t, "target", tree.Target, entry.Target)
	packages, err := c.Ledger.Packages(t.Context(), c.Migration)
	activitytest.Must(t, err)
	var kept []string
	for _, p := range packages {
		kept = append(kept, string(p.Role)+" "+p.Package+"#"+p.Version)
		if _, err := xpdl.Parse(bytes.NewReader(p.XPDL)); err != nil {
			t.Errorf("%s %s: %v", p.Role, p.Package, err)
		}
	}
	activitytest.Same(t, "package files", []string{
		"source leave#" + plain.Definition.Version, "source onboard#" + tree.Definition.Version, "target leave#" + plain.Target.Version, "target onboard#" + tree.Target.Version,
	}, kept)

	// Another plan keeps what has begun, and sees what is new.
	activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, plain.ID, migration.Change{State: migration.InstanceDone, Verdict: migration.VerdictSame}))
	later := c.Begin(activitytest.Begin{Process: "leave/process1", Row: ill})
	in.Plan = "second"
	again, err := activitytest.Run(t, scene.Worker(c).Register, contract.TakeInventory, in)
	activitytest.Must(t, err)
	activitytest.Same(t, "done", 1, again.Counts.Done)
	activitytest.Same(t, "all", 6, again.Counts.Total())
	activitytest.Same(t, "what has begun", migration.InstanceDone, stateOf(t, c, plain))
	if state := stateOf(t, c, later); state != migration.InstanceReady && state != migration.InstanceWarned {
		t.Errorf("what is new is %s", state)
	}
}

// TestTakeInventory_of_some_processes leaves the others as they are.
func TestTakeInventory_of_some_processes(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	chosen, other := c.Begin(activitytest.Begin{Process: "leave/process1", Row: map[string]string{"reason": "ill"}}), c.Begin(activitytest.Begin{Process: "claims/rounds", Row: map[string]string{"title": "water"}})
	other.Plan()
	a := scene.Worker(c, func(a *scene.Ports) {
		a.Settings.Processes = []string{"leave/process1", "leave/none"}
		a.Settings.Users = map[migration.User]migration.User{"old": "nobody"}
	})
	out, err := activitytest.Run(t, a.Register, contract.TakeInventory, contract.InventoryInput{Migration: c.Migration, Plan: "p"})
	activitytest.Must(t, err)
	activitytest.Same(t, "of another process", migration.InstanceReady, stateOf(t, c, other))
	if state := stateOf(t, c, chosen); state == migration.InstanceBlocked {
		t.Errorf("it is %s: %+v", state, out.Findings)
	}
	// Neither a process without instances nor a user whom nobody knows goes unsaid.
	if len(out.Findings) < 2 {
		t.Errorf("findings: %+v", out.Findings)
	}
}

// TestTakeInventory_of_what_the_target_lacks blocks it.
func TestTakeInventory_of_what_the_target_lacks(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	in := c.Begin(activitytest.Begin{Process: "leave/process1", Row: map[string]string{"reason": "ill"}})
	c.Target.Exec("UPDATE app_app SET published = 0 WHERE appId = 'leave'")
	out, err := activitytest.Run(t, scene.Worker(c).Register, contract.TakeInventory, contract.InventoryInput{Migration: c.Migration, Plan: "p"})
	activitytest.Must(t, err)
	activitytest.Same(t, "counts", migration.Counts{Blocked: 1}, out.Counts)
	activitytest.Same(t, "state", migration.InstanceBlocked, stateOf(t, c, in))
	activitytest.Same(t, "worst", migration.Blocking, migration.Worst(out.Findings))
}

// TestTakeInventory_of_a_process_that_is_gone names the version that lacks it, where
// the app is published there.
func TestTakeInventory_of_a_process_that_is_gone(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	in := c.Begin(activitytest.Begin{Process: "leave/process1", Row: map[string]string{"reason": "ill"}})
	c.Target.Exec("DELETE FROM SHKProcessDefinitions WHERE Name = ?", in.Target.String())
	c.Target.Exec("UPDATE SHKXPDLData d JOIN SHKXPDLS x ON x.oid = d.XPDL SET d.XPDLContent = REPLACE(d.XPDLContent, '<WorkflowProcess Id=\"process1\"', '<WorkflowProcess Id=\"another\"') WHERE x.XPDLId = 'leave'")
	out, err := activitytest.Run(t, scene.Worker(c).Register, contract.TakeInventory, contract.InventoryInput{Migration: c.Migration, Plan: "p"})
	activitytest.Must(t, err)
	activitytest.Same(t, "counts", migration.Counts{Blocked: 1}, out.Counts)
	var missing []string
	for _, f := range out.Findings {
		if f.Severity == migration.Blocking {
			missing = append(missing, f.ID+" "+f.Seen)
		}
	}
	activitytest.Same(t, "what blocks", []string{"FERRY-202 " + in.Target.String()}, missing)
}

// TestCheckSource tells what a worker that copies can see of both servers.
func TestCheckSource(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		happens func(*testing.T, *activitytest.Case)
		change  func(*scene.Ports)
		dry     bool
		has     []string // findings, of all that there are
	}{
		{name: "the_account_of_the_source_may_write", has: []string{"FERRY-108"}},
		{
			name: "source_and_target_are_one_server", has: []string{"FERRY-101"},
			change: func(a *scene.Ports) { a.Target.Fingerprint = a.Source.Fingerprint },
		},
		{
			name: "the_migration_is_of_other_servers", has: []string{"FERRY-107"},
			change: func(a *scene.Ports) { a.Source.Fingerprint = "elsewhere" },
		},
		{name: "a_check_binds_nothing", dry: true, has: []string{"FERRY-108"}, change: func(a *scene.Ports) { a.Source.Fingerprint = "elsewhere" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			a := scene.Worker(c)
			if tc.change != nil {
				a = scene.Worker(c, tc.change)
			}
			out, err := activitytest.Run(t, a.Register, contract.CheckSource, contract.CheckInput{Migration: c.Migration, Dry: tc.dry})
			activitytest.Must(t, err)
			for _, id := range tc.has {
				if !slices.Contains(idsOf(out.Findings), id) {
					t.Errorf("findings are %q, without %s", idsOf(out.Findings), id)
				}
			}
			bound, err := c.Ledger.Bound(t.Context(), c.Migration)
			activitytest.Must(t, err)
			activitytest.Same(t, "bound to", migration.Binding{Migration: c.Migration, Source: c.SourcePrint, Target: c.TargetPrint}, bound)
		})
	}
}

// TestCheckSource_of_uploads_out_of_reach has folders that are gone.
func TestCheckSource_of_uploads_out_of_reach(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	activitytest.Must(t, os.RemoveAll(c.Source.Folder))
	activitytest.Must(t, os.RemoveAll(c.Target.Folder))
	out, err := activitytest.Run(t, scene.Worker(c).Register, contract.CheckSource, contract.CheckInput{Migration: c.Migration, Dry: true})
	activitytest.Must(t, err)
	for _, id := range []string{"FERRY-109", "FERRY-110"} {
		if !slices.Contains(idsOf(out.Findings), id) {
			t.Errorf("findings are %q, without %s", idsOf(out.Findings), id)
		}
	}
}

// TestCheckSource_of_uploads_on_an_sftp_server has one that lacks something, and then
// shows another host key.
func TestCheckSource_of_uploads_on_an_sftp_server(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	server := sshdtest.New(t, sshdtest.Options{Arguments: "-P posix-rename"})
	remote, err := sftp.Open(sftp.Options{
		User: server.User, Host: server.Host, Port: server.Port, Path: c.Target.Folder,
		KnownHosts: server.KnownHosts, Key: server.Key, Passphrase: server.Passphrase,
	})
	activitytest.Must(t, err)
	t.Cleanup(func() { activitytest.Must(t, remote.Close()) })
	worker := scene.Worker(c, func(p *scene.Ports) { p.Target.Uploads = remote })
	check := func() map[string]string {
		out, err := activitytest.Run(t, worker.Register, contract.CheckSource, contract.CheckInput{Migration: c.Migration, Dry: true})
		activitytest.Must(t, err)
		found := map[string]string{}
		for _, f := range out.Findings {
			found[f.ID] = f.Seen
		}
		return found
	}
	found := check()
	if _, refused := found["FERRY-110"]; refused || !strings.Contains(found["FERRY-123"], "posix-rename@openssh.com") {
		t.Errorf("findings %v, want FERRY-123 alone", found)
	}
	server.NewHostKey()
	server.Cut()
	activitytest.Must(t, remote.Close())
	found = check()
	if detail := found["FERRY-110"]; !strings.Contains(detail, "another host key") || !strings.Contains(detail, "SHA256:") || found["FERRY-123"] != "" {
		t.Errorf("findings %v, want FERRY-110 with the fingerprint", found)
	}
}

// TestCheckServers proves who is who on the target.
func TestCheckServers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*testing.T, *activitytest.Case, *scene.Ports)
		dry    bool
		worst  migration.Severity
		want   []string
	}{
		{name: "all_is_well", want: []string{}},
		{
			name:   "the_administrator_is_somebody_else",
			change: func(_ *testing.T, _ *activitytest.Case, j *scene.Ports) { j.Settings.AdminUser = "julia" }, worst: migration.Blocking,
		},
		{
			name:   "url_and_database_are_two_servers",
			change: func(_ *testing.T, c *activitytest.Case, j *scene.Ports) { j.Target.DB = c.Source.DB }, worst: migration.Blocking,
		},
		{
			name:   "the_target_was_restored_from_a_backup",
			change: func(t *testing.T, c *activitytest.Case, _ *scene.Ports) { scene.Raised(t, c) }, worst: migration.Blocking,
		},
		{
			name: "a_check_does_not_look_at_counters", dry: true,
			change: func(t *testing.T, c *activitytest.Case, _ *scene.Ports) { scene.Raised(t, c) }, want: []string{},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			j := scene.Worker(c)
			if tc.change != nil {
				tc.change(t, c, j)
			}
			out, err := activitytest.Run(t, j.Register, contract.CheckServers, contract.CheckInput{Migration: c.Migration, Dry: tc.dry})
			activitytest.Must(t, err)
			activitytest.Same(t, "worst", tc.worst, migration.Worst(out.Findings))
			if tc.want != nil {
				activitytest.Same(t, "findings", tc.want, idsOf(out.Findings))
			}
		})
	}
}

// TestTakeInventory_of_asynchronous_subflows has them keep their instances from being
// migrated, or move by themselves.
func TestTakeInventory_of_asynchronous_subflows(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	water := map[string]string{"title": "water"}
	root := c.Begin(activitytest.Begin{Process: "claims/circular", Variables: map[string]string{"mode": "deep"}, Row: water})
	child := root.Asynchronous("inform")
	grandchild := child.Asynchronous("pass")
	ended := c.Begin(activitytest.Begin{Process: "claims/circular", Row: water})
	left := ended.Asynchronous("inform")
	c.Source.Complete(left.ID, "read", "", nil)
	c.Source.Complete(ended.ID, "answer", "", nil)
	second := ended.Asynchronous("remind")
	c.Source.Complete(ended.ID, "sign", "", nil)
	below := c.Begin(activitytest.Begin{Process: "claims/briefing", Row: water})
	c.Source.Complete(below.ID, "open", "", nil)
	ofSubflow := migration.InstanceID(c.Source.Text("SELECT c.Id FROM SHKProcesses c JOIN SHKProcesses p ON p.Id = c.ActivityRequesterProcessId WHERE p.ActivityRequesterProcessId = ?", string(below.ID)))

	input := contract.InventoryInput{Migration: c.Migration, Plan: "first"}
	blocked, err := activitytest.Run(t, scene.Worker(c, probing(c)).Register, contract.TakeInventory, input)
	activitytest.Must(t, err)
	activitytest.Same(t, "open", contract.OpenCounts{Open: 8, Roots: 2, Descendants: 1, Orphans: 5}, blocked.Open)
	found := map[string]int{}
	for _, f := range blocked.Findings {
		if f.ID == "FERRY-417" {
			found[string(f.Way)]++
		}
	}
	activitytest.Same(t, "named by the plan", map[string]int{string(migration.WayAsynchronous): 5}, found)
	for _, in := range []*activitytest.Instance{root, below} {
		activitytest.Same(t, "state", migration.InstanceBlocked, stateOf(t, c, in))
	}

	input.Plan = "second"
	moving, err := activitytest.Run(t, scene.Worker(c, probing(c), func(p *scene.Ports) { p.Settings.EndAsynchronous = true }).Register, contract.TakeInventory, input)
	activitytest.Must(t, err)
	activitytest.Same(t, "open", contract.OpenCounts{Open: 8, Roots: 2, Descendants: 1, Asynchronous: 5}, moving.Open)
	activitytest.Same(t, "entries", 7, moving.Counts.Total())
	activitytest.Same(t, "FERRY-417", false, slices.Contains(idsOf(moving.Findings), "FERRY-417"))
	for id, want := range map[migration.InstanceID][]string{
		root.ID: {"FERRY-441"}, child.ID: {"FERRY-440"}, grandchild.ID: {"FERRY-440"}, left.ID: {"FERRY-440"}, second.ID: {"FERRY-440"},
		below.ID: {"FERRY-441"}, ofSubflow: {"FERRY-440"},
	} {
		entry, err := c.Ledger.Entry(t.Context(), c.Migration, id)
		activitytest.Must(t, err)
		if entry.State != migration.InstanceReady && entry.State != migration.InstanceWarned {
			t.Errorf("%s is %s", id, entry.State)
		}
		findings, err := c.Ledger.Findings(t.Context(), c.Migration, id)
		activitytest.Must(t, err)
		got := slices.DeleteFunc(idsOf(findings), func(f string) bool {
			return f != "FERRY-440" && f != "FERRY-441" && f != "FERRY-404" && f != "FERRY-432"
		})
		activitytest.Same(t, "findings of "+string(id), want, got)
		activitytest.Same(t, "requester of "+string(id), migration.User("cat"), entry.Requester)
	}
	// Joget gave this one its link before its caller had one (docs/joget.md#the-record-of-an-instance).
	entry, err := c.Ledger.Entry(t.Context(), c.Migration, ofSubflow)
	activitytest.Must(t, err)
	activitytest.Same(t, "record of a subflow's subflow", c.Source.Text("SELECT originProcessId FROM wf_process_link WHERE processId = ?", string(ofSubflow)), string(entry.Record))
	for of, record := range map[migration.InstanceID]migration.RecordID{child.ID: root.Record, grandchild.ID: root.Record, left.ID: ended.Record} {
		entry, err := c.Ledger.Entry(t.Context(), c.Migration, of)
		activitytest.Must(t, err)
		activitytest.Same(t, "record of "+string(of), record, entry.Record)
		// They share it with whom it is from.
		findings, err := c.Ledger.Findings(t.Context(), c.Migration, of)
		activitytest.Must(t, err)
		activitytest.Same(t, "sharing of "+string(of), true, slices.ContainsFunc(findings, func(f migration.Finding) bool { return strings.HasSuffix(f.Seen, " instances") }))
	}
}
