package inventory

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/preflight"
	"jogetferry/records"
	"jogetferry/store"
	"jogetferry/test/activitytest"
	"jogetferry/test/mysqltest"
	simulated "jogetferry/test/simulator/schema"
	"jogetferry/uploads/local"
)

func inventoryOf(tb testing.TB, source, target *activitytest.Server, settings step.Settings) *inventory {
	tb.Helper()
	ledger, err := store.Open(tb.Context(), mysqltest.DSN(tb), store.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = ledger.Close() })
	c := &Activities{Servers: &step.Servers{Ledger: ledger, Source: source.As("source"), Target: target.As("target"), Settings: settings}}
	files, err := local.OpenReadOnly(source.Folder)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = files.Close() })
	c.Source.Uploads = files
	inv := newInventory(c, contract.InventoryInput{Migration: "m"})
	inv.definitions[crmProcess] = &definition{id: crmProcess}
	inv.definitions[crmProcess].facts.Source.Forms = []migration.ActivityForm{{Process: "p", Activity: "runProcess", Form: "order"}, {Activity: "a", Type: "EXTERNAL"}}
	return inv
}

var crmProcess = migration.DefinitionID{Package: "crm", Version: "3", Process: "p"}

func gatherFor(tb testing.TB, inv *inventory, records ...migration.RecordID) []preflight.InstanceFacts {
	tb.Helper()
	facts := make([]preflight.InstanceFacts, len(records))
	for i, record := range records {
		facts[i].Instance = &migration.Instance{
			ID: migration.InstanceID(fmt.Sprintf("%d_crm_p", i)), Definition: crmProcess, App: "crm", Record: record, State: migration.StateRunning,
		}
		if err := inv.app(tb.Context(), facts[i].Instance); err != nil {
			tb.Fatal(err)
		}
	}
	if err := inv.gatherData(tb.Context(), facts); err != nil {
		tb.Fatal(err)
	}
	return facts
}

const upload = `{"className":"org.joget.apps.form.lib.FileUpload","properties":{"id":"doc"}}`

func TestDataOfRecords(t *testing.T) {
	t.Parallel()
	source, target := activitytest.NewServer(t), activitytest.NewServer(t)
	source.Publish("crm", 2, map[string][2]string{"order": {"order", upload}, "log": {"log", ""}, "unused": {"nowhere", ""}, "narrow": {"narrow", ""}, "plain": {"plain", ""}, "never": {"never", ""}})
	for _, s := range []*activitytest.Server{source, target} {
		s.Table("order", "doc", "secret", "note")
		s.Table("log", "note")
	}
	row := func(s *activitytest.Server, id string, pairs ...any) {
		t.Helper()
		s.Put("app_fd_order", append([]any{"id", id, "dateCreated", "2026-01-02 03:04:05"}, pairs...)...)
	}
	row(source, "plain", "c_note", "")
	row(source, "files", "c_doc", "here.pdf;gone.pdf")
	source.File("order", "files", "here.pdf", "12345")
	source.File("order", "plain", "unnamed.pdf", "123")
	row(source, "links", "c_doc", "away.pdf;.ferry-00112233445566778899aabbccddeeff.partial")
	source.File("order", "links", ".ferry-00112233445566778899aabbccddeeff.partial", "1")
	if err := os.Symlink("/etc/passwd", filepath.Join(source.Folder, "order", "links", "away.pdf")); err != nil {
		t.Fatal(err)
	}
	row(source, "a/../b")
	row(source, "B%41+1", "c_doc", "x")
	source.File("order", "B%41+1", "x", "1234567")
	row(source, "secret", "c_secret", "%%%%abc%%%%", "c_note", "%%%%")
	row(source, "equal", "c_note", "x")
	row(target, "equal", "c_note", "x")
	row(source, "differs", "c_note", "x")
	row(target, "differs", "c_note", "y")
	source.Put("app_fd_log", "id", "differs", "c_note", "x")
	target.Put("app_fd_log", "id", "differs", "c_note", "X")
	row(source, "ours", "c_note", "new")
	row(target, "ours", "c_note", "old")
	row(target, "ALIKE")
	source.Put("app_fd_log", "id", "logged")
	row(target, "only there")
	for _, s := range []*activitytest.Server{source, target} {
		s.Table("narrow", "kept", "gone")
		s.Table("plain", "x")
	}
	source.Table("never", "x")
	target.Exec("ALTER TABLE app_fd_narrow MODIFY c_kept varchar(3), DROP COLUMN c_gone")
	// Keys of MyISAM are too short for 255 characters of four bytes.
	target.Exec("ALTER TABLE app_fd_plain DROP KEY idx_createdby, DROP PRIMARY KEY, ADD PRIMARY KEY (id(191)), ENGINE=MyISAM")
	source.Put("app_fd_narrow", "id", "refused", "c_kept", "four", "c_gone", "x")
	source.Put("app_fd_narrow", "id", "fits", "c_kept", "two", "c_gone", "")
	source.Put("app_fd_plain", "id", "refused")
	source.Put("app_fd_never", "id", "refused")

	inv := inventoryOf(t, source, target, step.Settings{OnConflict: records.ConflictPark})
	there := inv.act.Target.Rows()
	err := there.Each(t.Context(), "order", []migration.RecordID{"ours"}, func(r records.Row) error {
		return inv.act.Ledger.RowImages("m", inv.act.Key("0_crm_p")).Keep(t.Context(), []migration.RowImage{{Key: r.Key, WrittenDigest: r.Digest()}})
	})
	if err != nil {
		t.Fatal(err)
	}
	ids := []migration.RecordID{"plain", "files", "secret", "equal", "differs", "ours", "alike", "logged", "only there", "plain", "refused", "fits", "links", "a/../b", "B%41+1"}
	got := gatherFor(t, inv, ids...)
	base := func(change func(*preflight.DataFacts), found ...string) *preflight.DataFacts {
		d := &preflight.DataFacts{Found: found, Mapped: []string{"order"}, OnConflict: "park", Sharing: 1}
		if change != nil {
			change(d)
		}
		return d
	}
	for i, want := range []*preflight.DataFacts{
		base(nil, "order"),
		base(func(d *preflight.DataFacts) { d.MissingFiles = []string{"order: gone.pdf"} }, "order"),
		base(func(d *preflight.DataFacts) { d.Encrypted = []string{"app_fd_order.c_secret"} }, "order"),
		base(nil, "order"),
		base(func(d *preflight.DataFacts) { d.Differing = []string{"log", "order"} }, "log", "order"),
		base(nil, "order"),
		base(func(d *preflight.DataFacts) { d.Alike = []migration.RecordID{"ALIKE"} }),
		base(nil, "log"),
		base(nil),
		base(nil, "order"),
		base(func(d *preflight.DataFacts) {
			d.Refused = []string{"app_fd_narrow.c_gone", "app_fd_narrow.c_kept", "app_fd_never", "app_fd_plain"}
			d.Stuck = []string{"app_fd_narrow.c_kept", "app_fd_plain"} // the others records.create_tables makes
		}, "narrow", "never", "plain"),
		base(nil, "narrow"),
		base(func(d *preflight.DataFacts) {
			d.RefusedFiles = []string{"order: .ferry-00112233445566778899aabbccddeeff.partial (other)", "order: away.pdf (symlink)"}
		}, "order"),
		base(func(d *preflight.DataFacts) { d.RefusedFiles = []string{"order: the folder"} }, "order"),
		base(nil, "order"),
	} {
		if diff := cmp.Diff(want, got[i].Data); diff != "" {
			t.Errorf("%s (-want +got):\n%s", ids[i], diff)
		}
	}
	if err := inv.amounts(t.Context()); err != nil {
		t.Fatal(err)
	}
	amount := inv.plan.Amounts[0]
	if amount.Bytes < 100 {
		t.Errorf("%d bytes of rows", amount.Bytes)
	}
	amount.Bytes = 0
	if diff := cmp.Diff(preflight.Amount{App: "crm", Rows: 15, Files: 2, FileBytes: 12}, amount); diff != "" {
		t.Errorf("amount (-want +got):\n%s", diff)
	}
}

// TestWhatIsBegunIsCountedAsWhatItIs has people work on the row of an instance that was migrated.
func TestWhatIsBegunIsCountedAsWhatItIs(t *testing.T) {
	t.Parallel()
	source, target := activitytest.NewServer(t), activitytest.NewServer(t)
	source.Publish("crm", 1, map[string][2]string{"order": {"order", ""}})
	for _, s := range []*activitytest.Server{source, target} {
		s.Table("order", "note")
		s.Put("app_fd_order", "id", "r", "c_note", s.Folder)
	}
	inv := inventoryOf(t, source, target, step.Settings{OnConflict: records.ConflictPark})
	ledger := inv.act.Ledger
	if got := gatherFor(t, inv, "r")[0].Data; len(got.Differing) != 1 {
		t.Errorf("a ledger that knows nothing: %+v", got)
	}
	if err := ledger.Bind(t.Context(), migration.Binding{Migration: "m", Source: "source", Target: "target"}, ""); err != nil {
		t.Fatal(err)
	}
	states := []migration.InstanceState{migration.InstanceDone, migration.InstanceParked, migration.InstanceFailed, migration.InstanceReady}
	ids := make([]migration.RecordID, len(states))
	page := make([]migration.PlanEntry, len(states))
	for i := range states {
		ids[i] = "r"
		page[i].Entry = migration.Entry{Instance: migration.InstanceID(fmt.Sprintf("%d_crm_p", i)), Definition: crmProcess, State: migration.InstanceReady}
	}
	if err := ledger.SavePlan(t.Context(), "m", "p", page); err != nil {
		t.Fatal(err)
	}
	for i, state := range states[:3] {
		if err := ledger.Progress(t.Context(), "m", page[i].Instance, migration.Change{State: state, Reason: migration.ReasonOperator, Verdict: migration.VerdictSame}); err != nil {
			t.Fatal(err)
		}
	}
	facts := gatherFor(t, inv, ids...)
	for i := range facts {
		if begun := i < 2; begun != (facts[i].Data == nil) {
			t.Errorf("%s: %+v", states[i], facts[i].Data)
		}
		inv.count(page[i].Entry, nil)
	}
	if diff := cmp.Diff(migration.Counts{Done: 1, Same: 1, Parked: 1, Ready: 2}, inv.out.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestRunningInstancesThatShareARecord(t *testing.T) {
	t.Parallel()
	source, target := activitytest.NewServer(t), activitytest.NewServer(t)
	source.Put("SHKProcessDefinitions", "Name", crmProcess.String(), "PackageId", "crm", "ProcessDefinitionVersion", "3", "ProcessDefinitionId", "p",
		"ProcessDefinitionCreated", 1, "State", 0, "oid", 1, "version", 1)
	for i, record := range []string{"two", "two", "Alone", "ALONE", "A+1", "A 1", "PO", "PO/2024", "PO/2024/1", "PO-2024"} {
		id := fmt.Sprintf("%d_crm_p", i)
		source.Put("SHKProcesses", "SyncVersion", 0, "Id", id, "ProcessDefinition", 1, "PDefName", crmProcess.String(), "ResourceRequesterId", "cat",
			"State", simulated.ProcessStateOID(string(migration.StateRunning)), "Created", 1, "CreatedTZO", 0, "LastStateTime", 1, "LastStateTimeTZO", 0,
			"LimitTime", 0, "LimitTimeTZO", 0, "oid", 10+i, "version", 1)
		source.Put("wf_process_link", "processId", id, "parentProcessId", record, "originProcessId", record)
	}
	got := gatherFor(t, inventoryOf(t, source, target, step.Settings{}), "two", "Alone", "A+1", "A 1", "PO", "PO/2024", "PO-2024")
	for n, want := range map[int][]migration.RecordID{0: nil, 2: {"A 1"}, 3: {"A+1"}, 4: {"PO/2024", "PO/2024/1"}, 5: {"PO", "PO/2024/1"}, 6: nil} {
		same := slices.Sorted(slices.Values(got[n].Data.SameFolder))
		if diff := cmp.Diff(want, same); diff != "" {
			t.Errorf("records with the folder of %q (-want +got):\n%s", got[n].Instance.Record, diff)
		}
	}
	if got[0].Data.Sharing != 2 || len(got[0].Data.Alike) > 0 {
		t.Errorf("shared record: %+v", got[0].Data)
	}
	if diff := cmp.Diff([]migration.RecordID{"ALONE"}, got[1].Data.Alike); diff != "" || got[1].Data.Sharing != 1 {
		t.Errorf("record that is another one's but for case (-want +got):\n%s", diff)
	}
}

func TestAppFacts(t *testing.T) {
	t.Parallel()
	source, target := activitytest.NewServer(t), activitytest.NewServer(t)
	source.Publish("crm", 1, nil)
	source.Exec("UPDATE app_app SET published = NULL")
	source.Put("app_form", "appId", "crm", "appVersion", 1, "formId", "old", "tableName", "order", "json", `{"className":"com.x.Old","properties":{"popup":{"formDefId":"part"},"next":{"formDefId":"never"}},"elements":[{"className":"com.x.SubForm","properties":{"id":"s","formDefId":"lost"}}]}`)
	source.Publish("crm", 2, map[string][2]string{
		"order": {"order", upload + `,{"className":"com.x.Grid","properties":{"id":"items","storeBinder":{"className":"com.x.Store","properties":{"formDefId":"ITEM","foreignKey":"order_id"}}}}` + // its case does not matter
			`,{"className":"com.x.Grid","properties":{"id":"old","storeBinder":{"className":"com.x.Store","properties":{"formDefId":"items","foreignKey":"order_id"}}}}` +
			`,{"className":"org.joget.apps.form.lib.IdGeneratorField","properties":{"id":"ref","envVariable":"refNo"}}`},
		"item":  {"item", `{"className":"com.x.Grid","properties":{"id":"see","popup":{"formDefId":"order"},"extra":{"formDefId":"Part"}}}`},
		"part":  {"part", ""},
		"pick":  {"pick", `{"className":"com.x.Grid","properties":{"id":"a","optionsBinder":{"properties":{"formDefId":"State"}},"sql":"app_fd_state, app_fd_part"}},{"className":"com.x.Grid","properties":{"id":"b","optionsBinder":{"properties":{"formDefId":"empty"}},"sql":"app_fd_stock"}},{"className":"com.x.Grid","properties":{"id":"c","optionsBinder":{"properties":{"formDefId":"city"}}}}`},
		"state": {"state", ""}, "empty": {"empty", ""}, "city": {"city", ""},
	})
	for _, s := range []*activitytest.Server{source, target} {
		s.Table("state", "name")
		s.Table("city", "name")
		s.Put("app_fd_state", "id", "1")
	}
	source.Put("app_fd_city", "id", "1")
	source.Publish("hr", 1, map[string][2]string{
		"staff": {"order", `{"className":"com.x.Grid","properties":{"id":"items","storeBinder":{"className":"com.x.Store","properties":{"formDefId":"note","foreignKey":"of"}}}}` +
			`,{"className":"com.x.Grid","properties":{"id":"same","storeBinder":{"className":"com.x.Store","properties":{"formDefId":"item","foreignKey":"order_id"}}}}`},
		"note": {"note", `{"className":"com.x.Grid","properties":{"id":"items","storeBinder":{"className":"com.x.Store","properties":{"formDefId":"item","foreignKey":"note"}}}}`}, "item": {"item", ""},
	})
	source.Put("app_env_variable", "appId", "crm", "appVersion", 2, "id", "refNo", "value", "41")
	source.Put("app_env_variable", "appId", "crm", "appVersion", 1, "id", "older", "value", "1")
	source.Put("app_package", "packageId", "crm", "packageVersion", 2, "appId", "crm", "appVersion", 1)
	source.Put("app_package", "packageId", "crm", "packageVersion", 3, "appId", "crm", "appVersion", 2)
	source.Put("app_package_activity_plugin", "processDefId", "p", "activityDefId", "mail", "packageId", "crm", "packageVersion", 3,
		"pluginName", "org.joget.apps.app.lib.MultiTools", "pluginProperties", `{"tools":[{"className":"com.x.Sms","properties":{"formDefId":"ITEM","sql":"UPDATE app_fd_order, app_fd_audit"}}]}`)
	source.Put("app_package_participant", "processDefId", "p", "participantId", "boss", "packageId", "crm", "packageVersion", 3, "type", "plugin", "value", "com.x.Boss", "pluginProperties", `{"formDefId":"state"}`)
	source.Put("app_package_activity_form", "processDefId", "p", "activityDefId", "a", "packageId", "crm", "packageVersion", 3, "type", "SINGLE", "formId", "Order")
	source.Put("app_package_activity_form", "processDefId", "p", "activityDefId", "b", "packageId", "crm", "packageVersion", 3, "type", "SINGLE", "formId", "deleted")
	source.Put("app_package_activity_form", "processDefId", "p", "activityDefId", "c", "packageId", "crm", "packageVersion", 3, "type", "EXTERNAL")
	source.Put("app_package_activity_form", "processDefId", "p", "activityDefId", "b", "packageId", "crm", "packageVersion", 2, "type", "SINGLE", "formId", "earlier")
	source.Table("order", "doc", "note")
	source.Put("app_fd_order", "id", "1", "c_note", "x")
	source.Table("item", "order_id")
	target.Table("order", "doc")
	target.Publish("crm", 7, map[string][2]string{"order": {"order", `{"className":"com.x.Store","properties":{"url":"https:\/\/old.example.org\/jw"}}`}, "item": {"item", ""}})
	target.Put("app_app", "appId", "crm", "appVersion", 8)
	target.Put("app_form", "appId", "crm", "appVersion", 8, "formId", "next", "json", `{"url":"https://old.example.org"}`)
	target.Put("app_env_variable", "appId", "crm", "appVersion", 7, "id", "mail", "value", "cat@old.example.org")
	target.Put("app_env_variable", "appId", "crm", "appVersion", 7, "id", "fine", "value", "threshold.example.org")
	target.Put("app_plugin_default", "appId", "crm", "appVersion", 7, "id", "com.x.Mail", "pluginProperties", `{"host":"OLD.example.org"}`)

	inv := inventoryOf(t, source, target, step.Settings{
		SourceHosts: []string{"old.example.org"},
		Extra:       migration.FormModel{Relations: []migration.Relation{{Parent: "item", Child: "part", Kind: migration.RelationChildHoldsParent, Column: "item"}}},
	})
	if err := inv.app(t.Context(), &migration.Instance{App: "crm", Definition: crmProcess}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range inv.findings {
		got = append(got, fmt.Sprintf("%s %s: %s", f.ID, f.Subject, f.Seen))
	}
	want := []string{
		"FERRY-218 crm: com.x.Boss in process p, participant boss",
		"FERRY-218 crm: com.x.Grid in form pick",
		"FERRY-218 crm: com.x.Sms in process p, activity mail",
		"FERRY-219 crm: environment variable mail", "FERRY-219 crm: form order", "FERRY-219 crm: plugin default com.x.Mail",
		"FERRY-228 crm: refNo",
		"FERRY-229 crm: form order, field old: the app has no form items", "FERRY-229 crm: process p, activity b: the app has no form deleted",
		"FERRY-230 crm: form item, field see: popup.formDefId names form order",
		"FERRY-231 crm: app_fd_city: the target has no row", "FERRY-231 crm: app_fd_state",
		"FERRY-232 crm: form pick, field b: sql names table app_fd_stock",
		"FERRY-232 crm: process p, activity mail: tools.properties.sql names table app_fd_audit",
		"FERRY-232 crm: process p, participant boss: formDefId names form state",
		"FERRY-233 crm: app hr: app_fd_note.c_of of app_fd_order",
		"FERRY-305 crm: app_fd_order: c_note longtext",
		"FERRY-312 crm: app_fd_part.c_item of app_fd_item; app_fd_item.c_order_id of app_fd_order",
		"FERRY-316 crm: refNo: 0, the source has 41",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if tables := inv.apps["crm"].forms.Tables["Order"]; !slices.Equal(tables, []string{"order"}) {
		t.Errorf("the form of an activity is on %q", tables)
	}
	if worst := inv.apps["crm"].worst; worst != migration.Warning {
		t.Errorf("worst is %q", worst)
	}
}

func TestHalfImportedAppIsNoError(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		first  []string
		source func(*activitytest.Server)
		want   []string
	}{
		{name: "no_app_at_all", source: func(*activitytest.Server) {}},
		{name: "no_forms", source: func(s *activitytest.Server) { s.Publish("crm", 1, nil) }},
		{name: "a_form_that_cannot_be_read", source: func(s *activitytest.Server) {
			s.Publish("crm", 1, nil)
			s.Put("app_form", "appId", "crm", "appVersion", 1, "formId", "f", "tableName", "f", "json", "{")
		}, want: []string{"FERRY-204"}},
		{name: "a_form_without_json_or_table", source: func(s *activitytest.Server) {
			s.Publish("crm", 1, nil)
			s.Put("app_form", "appId", "crm", "appVersion", 1, "formId", "f")
		}, want: []string{"FERRY-204"}},
		{name: "a_form_that_is_gone", source: func(s *activitytest.Server) {
			s.Publish("crm", 1, map[string][2]string{"f": {"f", `{"className":"org.joget.apps.form.lib.SubForm","properties":{"id":"s","formDefId":"gone"}}`}})
		}, want: []string{"FERRY-229"}},
		{
			name: "tables_of_apps_that_only_newer_servers_have", first: []string{"DROP TABLE app_env_variable", "DROP TABLE app_plugin_default", "DROP TABLE app_builder"},
			source: func(s *activitytest.Server) { s.Publish("crm", 1, nil) },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			source, target := activitytest.NewServer(t, tc.first...), activitytest.NewServer(t, tc.first...)
			tc.source(source)
			inv := inventoryOf(t, source, target, step.Settings{})
			gatherFor(t, inv, "1")
			var got []string
			for _, f := range inv.findings {
				got = append(got, f.ID)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMentions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		host, text string
		want       bool
	}{
		{"joget", "org.joget.apps", false},
		{"joget", "the joget server", false},
		{"joget", "http://joget:8080/jw", true},
		{"joget", `"http:\/\/JOGET\/jw"`, true},
		{"joget", "http://joget.example.org/", false},
		{"joget", "ftp://cat@joget/", true},
		{"crm.example.org", "crm.example.org", true},
		{"crm.example.org", "my-crm.example.org", false},
		{"crm.example.org", "crm.example.org:8080", true},
		{"10.0.0.1", "10.0.0.12", false},
		{"10.0.0.1", "to 10.0.0.1;", true},
	} {
		if got := mentions(tc.text, []string{"other.example.org", tc.host}); got != tc.want {
			t.Errorf("%q mentions %s: %v", tc.text, tc.host, got)
		}
	}
}

// BenchmarkGatherData looks at the records of pages of an app with ten tables,
// of which three have a row per record.
func BenchmarkGatherData(b *testing.B) {
	const instances = 20_000
	source, target := activitytest.NewServer(b), activitytest.NewServer(b)
	forms := map[string][2]string{}
	for i := range 10 {
		name := fmt.Sprintf("t%d", i)
		forms[name] = [2]string{name, upload}
		source.Table(name, "doc", "a", "b", "c", "d")
		target.Table(name, "doc", "a", "b", "c", "d")
		if i < 3 {
			source.Exec(fmt.Sprintf("INSERT INTO app_fd_%s (id, dateCreated, c_a, c_b, c_c) SELECT CONCAT('record-', seq), NOW(), MD5(seq), MD5(seq + 1), REPEAT('x', 500) FROM %s", name, mysqltest.Sequence(instances)))
		}
	}
	source.Publish("crm", 1, forms)
	inv := inventoryOf(b, source, target, step.Settings{})
	ids := make([]migration.RecordID, inventoryPage)
	page := 0
	for b.Loop() {
		for i := range ids {
			ids[i] = migration.RecordID(fmt.Sprintf("record-%d", (page*len(ids)+i)%instances+1))
		}
		page++
		gatherFor(b, inv, ids...)
	}
}
