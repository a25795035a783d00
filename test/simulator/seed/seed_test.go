package seed_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	gocmp "github.com/google/go-cmp/cmp"

	"jogetferry/joget/xpdl"
	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/digest"
	"jogetferry/test/simulator/schema"
	"jogetferry/test/simulator/seed"
)

func server(tb testing.TB, packageVersion int64) *sql.DB {
	tb.Helper()
	db, err := sql.Open("mysql", mysqltest.DSN(tb))
	must(tb, err)
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	must(tb, schema.Create(tb.Context(), db))
	must(tb, apps.Load(tb.Context(), db, apps.Options{AppVersion: 2, PackageVersion: packageVersion}))
	return db
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// lines runs a query and prints its rows, columns joined by "|".
func lines(tb testing.TB, db *sql.DB, query string, args ...any) []string {
	tb.Helper()
	var out []string
	rows, err := db.QueryContext(tb.Context(), query, args...)
	must(tb, err)
	defer func() { must(tb, rows.Close()) }()
	columns, err := rows.Columns()
	must(tb, err)
	for rows.Next() {
		cells := make([]sql.NullString, len(columns))
		targets := make([]any, len(columns))
		for i := range cells {
			targets[i] = &cells[i]
		}
		must(tb, rows.Scan(targets...))
		texts := make([]string, len(cells))
		for i, c := range cells {
			texts[i] = "NULL"
			if c.Valid {
				texts[i] = c.String
			}
		}
		out = append(out, strings.Join(texts, "|"))
	}
	must(tb, rows.Err())
	return out
}

func one(tb testing.TB, db *sql.DB, query string, args ...any) string {
	tb.Helper()
	return strings.Join(lines(tb, db, query, args...), "\n")
}

// everything asks for some of every kind.
var everything = seed.Options{
	Seed: 7, Instances: 90, WithTokens: 8, WithSubflows: 6, Suspended: 5, NotStarted: 4, NullVariables: 6, TypedVariables: 3,
	HugeVariables: 2, WithoutLink: 4, InstanceIDRecords: 3, Closed: 4, Completed: 12, RecordsOnly: 5, LargeFiles: 2, MissingFiles: 3, TextBytes: 300, MaxFileBytes: 2000,
}

func TestPositions_are_places_an_instance_can_reach(t *testing.T) {
	t.Parallel()
	definitions := map[string]*xpdl.Process{}
	for _, id := range apps.Names() {
		d, err := apps.Read(id)
		must(t, err)
		for _, p := range d.Package.Processes {
			definitions[id+"/"+p.Key] = p
		}
	}
	check := func(t *testing.T, p seed.Position) {
		t.Helper()
		process := definitions[p.Process]
		seen := []string{}
		for i, id := range slices.Concat(p.Done, p.Open) {
			activity := process.Activity(id)
			if activity == nil {
				t.Fatalf("%s: no activity %s", p.Key(), id)
			}
			if i >= len(p.Done) && !activity.Waits() {
				t.Errorf("%s: %s does not wait", p.Key(), id)
			}
			before := []string{}
			for _, in := range process.Incoming(id) {
				before = append(before, in.From)
			}
			reached := len(before) == 0 || slices.ContainsFunc(before, func(b string) bool { return slices.Contains(seen, b) })
			if activity.Join == xpdl.AND {
				reached = !slices.ContainsFunc(before, func(b string) bool { return !slices.Contains(seen, b) })
			}
			if !reached {
				t.Errorf("%s: nothing leads to %s after %v", p.Key(), id, seen)
			}
			if i < len(p.Done) {
				seen = append(seen, id)
			}
		}
		for _, id := range p.Tokens {
			if !slices.Contains(p.Done, id) || process.Outgoing(id)[0].To != p.Join {
				t.Errorf("%s: token of %s does not wait at %s", p.Key(), id, p.Join)
			}
		}
	}
	for _, p := range seed.Positions() {
		check(t, p)
		if p.Child != nil {
			check(t, *p.Child)
		}
	}
}

func TestRun_writes_what_it_reports(t *testing.T) {
	t.Parallel()
	db, dir := server(t, 3), t.TempDir()
	result, err := seed.Run(t.Context(), db, dir, everything)
	must(t, err)

	var want []string
	for _, i := range result.Instances {
		if i.Kind != seed.Completed {
			want = append(want, fmt.Sprintf("%s|%s|%s|%s|%s|%s", i.ID, i.Definition, i.State, i.Requester, i.RecordID, cmp.Or(i.Parent, "NULL")))
		}
	}
	slices.Sort(want)
	got := lines(t, db, `SELECT p.Id, p.PDefName, s.KeyValue, p.ResourceRequesterId, COALESCE(l.originProcessId, p.Id), p.ActivityRequesterProcessId
FROM SHKProcesses p JOIN SHKProcessStates s ON s.oid=p.State JOIN SHKProcessDefinitions d ON d.oid=p.ProcessDefinition AND d.Name=p.PDefName
LEFT JOIN wf_process_link l ON l.processId=p.Id`)
	slices.Sort(got)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("instances (-reported +written):\n%s", diff)
	}

	want = nil
	for _, i := range result.Instances {
		for _, a := range i.Activities {
			for _, u := range a.Assignees {
				want = append(want, fmt.Sprintf("%s|%s|%s|%s|%v|NULL", i.ID, a.Def, a.State, u, map[bool]int{true: 1}[a.Accepted]))
			}
			if a.ChildID != "" {
				want = append(want, fmt.Sprintf("%s|%s|%s|NULL|NULL|%s", i.ID, a.Def, a.State, a.ChildID))
			}
		}
	}
	slices.Sort(want)
	got = lines(t, db, `SELECT a.ProcessId, a.ActivityDefinitionId, s.KeyValue, g.ResourceId, g.IsAccepted, a.Performer
FROM SHKActivities a JOIN SHKActivityStates s ON s.oid=a.State LEFT JOIN SHKAssignmentsTable g ON g.Activity=a.oid
WHERE s.KeyValue LIKE 'open.%'`)
	slices.Sort(got)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("open activities (-reported +written):\n%s", diff)
	}

	want = nil
	for _, i := range result.Instances {
		for _, token := range i.Tokens {
			want = append(want, i.ID+"|merge|"+token)
		}
	}
	slices.Sort(want)
	got = lines(t, db, `SELECT p.Id, j.ActivityDefinitionId, a.ActivityDefinitionId FROM SHKAndJoinTable j JOIN SHKProcesses p ON p.oid=j.Process JOIN SHKActivities a ON a.oid=j.Activity`)
	slices.Sort(got)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("tokens (-reported +written):\n%s", diff)
	}

	counts := map[seed.Kind]int{}
	for _, i := range result.Instances {
		counts[i.Kind]++
	}
	if diff := gocmp.Diff(map[seed.Kind]int{
		seed.Ordinary: 90, seed.WithTokens: 8, seed.WithSubflow: 6, seed.Child: 6, seed.Suspended: 5, seed.NotStarted: 4, seed.NullVariables: 6,
		seed.TypedVariables: 3, seed.HugeVariable: 2, seed.WithoutLink: 4, seed.InstanceIDRecord: 3, seed.Closed: 4, seed.Completed: 12,
	}, counts); diff != "" {
		t.Errorf("kinds (-asked +written):\n%s", diff)
	}
	if n := len(result.Of(seed.WithSubflow)); n != 6 {
		t.Errorf("%d instances with subflows", n)
	}
}

func TestRun_rows_are_consistent(t *testing.T) {
	t.Parallel()
	db, dir := server(t, 3), t.TempDir()
	_, err := seed.Run(t.Context(), db, dir, everything)
	must(t, err)
	for _, c := range []struct{ name, query, want string }{
		{"running_instances_have_an_open_activity", "SELECT COUNT(*) FROM SHKProcesses p WHERE p.State IN (1000000,1000004) AND NOT EXISTS (SELECT 1 FROM SHKActivities a WHERE a.Process=p.oid AND a.State IN (1000001,1000003,1000005))", "0"},
		{"others_have_none", "SELECT COUNT(*) FROM SHKProcesses p JOIN SHKActivities a ON a.Process=p.oid WHERE p.State NOT IN (1000000,1000004) AND a.State IN (1000001,1000003,1000005)", "0"},
		{"wrecks_were_never_started", "SELECT COUNT(*), SUM(Started<>4611686018427387903) FROM SHKProcesses WHERE State=1000002", "4|0"},
		{"suspended_instances_have_suspended_activities", "SELECT COUNT(*) FROM SHKProcesses p JOIN SHKActivities a ON a.Process=p.oid WHERE p.State=1000004 AND a.State IN (1000001,1000003)", "0"},
		{"every_instance_has_a_requester_row", "SELECT COUNT(*) FROM SHKProcesses p LEFT JOIN SHKProcessRequesters r ON r.Id=p.Id WHERE r.oid IS NULL OR (r.ActivityRequester IS NULL) <> (p.ActivityRequesterId IS NULL)", "0"},
		{"children_name_the_calling_activity", "SELECT COUNT(*) FROM SHKProcesses c JOIN SHKActivities a ON a.Id=c.ActivityRequesterId AND a.Performer=c.Id AND a.ProcessId=c.ActivityRequesterProcessId", "6"},
		{"activity_ids_are_composed", "SELECT COUNT(*) FROM SHKActivities WHERE Id NOT LIKE CONCAT('%\\_', ProcessId, '\\_', ActivityDefinitionId)", "0"},
		{"users_of_rows_are_resources", "SELECT COUNT(*) FROM SHKActivities a LEFT JOIN SHKResourcesTable r ON r.oid=a.TheResource WHERE NOT (a.ResourceId <=> r.Username)", "0"},
		{"accepted_activities_have_one_assignment", "SELECT COUNT(*) FROM SHKActivities a JOIN SHKAssignmentsTable g ON g.Activity=a.oid WHERE a.State=1000001 AND (g.IsAccepted<>1 OR g.ResourceId<>a.ResourceId)", "0"},
		{"accepted_activities_exist", "SELECT COUNT(*)>0 FROM SHKAssignmentsTable WHERE IsAccepted=1", "1"},
		{"some_activities_have_several_assignees", "SELECT COUNT(*)>0 FROM (SELECT Activity FROM SHKAssignmentsTable GROUP BY Activity HAVING COUNT(*)>1) x", "1"},
		{"variables_of_every_type", "SELECT GROUP_CONCAT(DISTINCT VariableType ORDER BY VariableType) FROM SHKProcessData", "0,1,2,3,5"},
		{"blobs_are_java_streams", "SELECT COUNT(*)>0, SUM(LEFT(HEX(VariableValue),8)='ACED0005')=COUNT(*) FROM SHKProcessData WHERE VariableType=5", "1|1"},
		{"long_strings_are_blobs", "SELECT COUNT(*) FROM SHKProcessData WHERE LENGTH(VariableValue)>4000 AND VariableType=5 AND VariableValueVCHAR IS NULL", one(t, db, "SELECT COUNT(*) FROM SHKProcessData WHERE LENGTH(VariableValue)>4000")},
		{"huge_strings_have_eight_bytes_of_length", "SELECT COUNT(*) FROM SHKProcessData WHERE LEFT(HEX(VariableValue),18)='ACED00057C00000000'", "2"},
		{"open_activities_have_their_own_variables", "SELECT COUNT(*) FROM SHKActivities a WHERE a.State IN (1000001,1000003,1000005) AND (SELECT COUNT(*) FROM SHKActivityData d WHERE d.Activity=a.oid) <> (SELECT COUNT(*) FROM SHKProcessData d WHERE d.Process=a.Process)", "0"},
		{"archived_instances_are_gone_from_the_engine", "SELECT COUNT(*) FROM wf_history_process h JOIN SHKProcesses p ON p.Id=h.processId", "0"},
		{"archived_instances_keep_link_and_activities", "SELECT COUNT(DISTINCT l.processId) FROM wf_process_link_history l JOIN wf_history_process h ON h.processId=l.processId JOIN wf_history_activity a ON a.processId=h.processId", "12"},
		{"records_named_like_instances", "SELECT COUNT(*) FROM wf_process_link l JOIN wf_history_process h ON h.processId=l.originProcessId", "3"},
		{"id_generator_is_ahead", "SELECT (SELECT value FROM app_env_variable WHERE id='leaveNo')+0 >= MAX(SUBSTRING(c_refNo,4)+0) FROM app_fd_leave_request", "1"},
		{"child_rows_have_parents", "SELECT COUNT(*)>0, SUM(h.id IS NULL) FROM app_fd_onb_task t LEFT JOIN app_fd_onb_hire h ON h.id=t.c_hireId", "1|0"},
		{"grandchild_rows_have_parents", "SELECT COUNT(*)>0, SUM(t.id IS NULL) FROM app_fd_onb_comment c LEFT JOIN app_fd_onb_task t ON t.id=c.c_taskId", "1|0"},
		{"subforms_have_rows", "SELECT COUNT(*)>0, SUM(a.id IS NULL) FROM app_fd_onb_hire h LEFT JOIN app_fd_onb_address a ON a.id=h.c_address", "1|0"},
		{"empty_and_null_fields", "SELECT COUNT(*)>0, SUM(c_vendor='')>0, SUM(c_vendor IS NULL)>0 FROM app_fd_proc_request", "1|1|1"},
		{"microseconds", "SELECT SUM(MICROSECOND(dateModified)<>0)>0 FROM app_fd_leave_request", "1"},
		{"text_survives_as_utf8mb4", "SELECT SUM(c_reason LIKE _utf8mb4'%🎉%')>0 FROM app_fd_leave_request", "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := one(t, db, c.query); got != c.want {
				t.Errorf("%s\n got %q\nwant %q", c.query, got, c.want)
			}
		})
	}
}

func TestRun_leaves_counters_ahead_of_every_id(t *testing.T) {
	t.Parallel()
	db := server(t, 3)
	for i := range int64(2) { // the second run goes on where the first ended
		_, err := seed.Run(t.Context(), db, "", seed.Options{Seed: i, Instances: 150, Completed: 20, NoUploads: true})
		must(t, err)
	}
	var used []string
	for _, name := range []string{"SHKProcesses", "SHKActivities", "SHKProcessRequesters", "SHKProcessData", "SHKActivityData", "SHKAssignmentsTable", "SHKResourcesTable", "SHKXPDLData"} {
		used = append(used, "SELECT MAX(oid) m, COUNT(*) n, COUNT(DISTINCT oid) d FROM "+name)
	}
	if got := one(t, db, "SELECT MAX(m) < (SELECT nextoid FROM objectid) FROM ("+strings.Join(used, " UNION ALL ")+") x"); got != "1" {
		t.Error("objectid is behind an oid in use")
	}
	for counter, query := range map[string]string{
		schema.CounterProcess:     "SELECT MAX(CAST(SUBSTRING_INDEX(processId,'_',1) AS UNSIGNED)) FROM (SELECT processId FROM wf_history_process UNION SELECT Id FROM SHKProcesses) x",
		schema.CounterActivity:    "SELECT MAX(CAST(SUBSTRING_INDEX(Id,'_',1) AS UNSIGNED)) FROM SHKActivities",
		schema.CounterProcessData: "SELECT MAX(CNT) FROM SHKProcessData",
		schema.CounterActData:     "SELECT MAX(CNT) FROM SHKActivityData",
		schema.CounterAssignment:  "SELECT MAX(CNT) FROM SHKAssignmentsTable",
	} {
		if got := one(t, db, "SELECT ("+query+") < the_number, the_number MOD 200 FROM SHKCounters WHERE name=?", counter); got != "1|1" {
			t.Errorf("counter %s: %s", counter, got)
		}
	}
}

func TestRun_equal_options_give_equal_bytes(t *testing.T) {
	t.Parallel()
	run := func(options seed.Options) (digest.Database, digest.Tree) {
		db, dir := server(t, 3), t.TempDir()
		_, err := seed.Run(t.Context(), db, dir, options)
		must(t, err)
		rows, err := digest.OfDatabase(t.Context(), db, digest.DatabaseOptions{})
		must(t, err)
		files, err := digest.OfTree(dir, digest.TreeOptions{})
		must(t, err)
		for path, e := range files { // folders are dated by the clock
			if e.Mode.IsDir() {
				delete(files, path)
			}
		}
		return rows, files
	}
	rows, files := run(everything)
	again, filesAgain := run(everything)
	if diff := digest.DiffDatabases(rows, again); diff != "" {
		t.Error(diff)
	}
	if diff := digest.DiffTrees(files, filesAgain); diff != "" {
		t.Error(diff)
	}
	other := everything
	other.Seed++
	otherRows, _ := run(other)
	if digest.DiffDatabases(rows, otherRows) == "" {
		t.Error("another seed gave the same rows")
	}
}

func TestRun_uploads_are_the_files_that_records_name(t *testing.T) {
	t.Parallel()
	db, dir := server(t, 3), t.TempDir()
	result, err := seed.Run(t.Context(), db, dir, everything)
	must(t, err)
	named, missing := 0, 0
	for _, column := range []string{"leave_request.attachment", "proc_request.specification", "proc_request.quotation", "proc_order.signed", "onb_hire.photo", "onb_hire.contract", "onb_address.proof", "onb_comment.file", "onb_review.evidence", "onb_equipment.receipt"} {
		table, field, _ := strings.Cut(column, ".")
		for _, line := range lines(t, db, "SELECT id, c_"+field+" FROM app_fd_"+table+" WHERE c_"+field+"<>''") {
			id, names, _ := strings.Cut(line, "|")
			for name := range strings.SplitSeq(names, ";") {
				named++
				if _, err := os.Lstat(filepath.Join(dir, table, id, name)); err != nil {
					missing++
				}
			}
		}
	}
	tree, err := digest.OfTree(dir, digest.TreeOptions{})
	must(t, err)
	files, empty, large := 0, 0, 0
	for _, e := range tree {
		if e.Mode.IsRegular() {
			files++
			if e.Size == 0 {
				empty++
			}
			if e.Size >= 2<<20 {
				large++
			}
			if e.Modified.After(time.Date(2024, 6, 15, 0, 0, 0, 0, time.UTC)) {
				t.Errorf("a file is dated %v", e.Modified)
			}
		}
	}
	if files != result.Files || named < files/2 || missing != 3 || empty == 0 || large != 2 {
		t.Errorf("%d files (%d reported), %d named, %d of them missing, %d empty, %d large", files, result.Files, named, missing, empty, large)
	}
}

func TestRun_only_at_the_positions_asked_for(t *testing.T) {
	t.Parallel()
	db := server(t, 3)
	_, err := seed.Run(t.Context(), db, "", seed.Options{Instances: 5, Positions: []string{"leave/process1/confirm"}, NoUploads: true})
	must(t, err)
	if got := one(t, db, "SELECT DISTINCT ActivityDefinitionId FROM SHKActivities WHERE State IN (1000001,1000003)"); got != "confirm" {
		t.Errorf("open: %q", got)
	}
}

func TestRun_refuses_what_it_cannot_place(t *testing.T) {
	t.Parallel()
	db := server(t, 3)
	for name, o := range map[string]seed.Options{
		"unknown_position":        {Instances: 1, Positions: []string{"leave/process1/nowhere"}, NoUploads: true},
		"version_not_deployed":    {Instances: 1, PackageVersion: 9, NoUploads: true},
		"no_folder":               {Instances: 1},
		"more_files_than_records": {Instances: 1, LargeFiles: 1, NoUploads: true},
	} {
		if _, err := seed.Run(t.Context(), db, "", o); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if got := one(t, db, "SELECT COUNT(*) FROM SHKProcesses"); got != "0" {
		t.Errorf("refused seeds left %s instances", got)
	}
}

func TestTarget_shares_instance_ids_and_nothing_else(t *testing.T) {
	t.Parallel()
	source, err := seed.Run(t.Context(), server(t, 3), "", seed.Options{Seed: 1, Instances: 30, NoUploads: true})
	must(t, err)
	same := []string{source.Instances[4].ID, source.Instances[29].ID}
	db := server(t, 5)
	target, err := seed.Target(t.Context(), db, "", seed.TargetOptions{Seed: 2, Instances: 6, Completed: 230, SameIDs: same, NoUploads: true})
	must(t, err)
	records := map[string]bool{}
	for _, i := range source.Instances {
		records[i.RecordID] = true
	}
	var shared []string
	for _, i := range target.Instances {
		if records[i.RecordID] {
			t.Errorf("record %s is on both servers", i.RecordID)
		}
		if slices.Contains(same, i.ID) && i.Kind == seed.Ordinary {
			shared = append(shared, i.ID)
		}
		if !strings.Contains(i.Definition, "#5#") {
			t.Errorf("definition %s", i.Definition)
		}
	}
	slices.Sort(same)
	slices.Sort(shared)
	if diff := gocmp.Diff(same, shared); diff != "" {
		t.Error(diff)
	}
	if got := one(t, db, "SELECT the_number FROM SHKCounters WHERE name='_process_'"); got == "201" {
		t.Error("the target's counter stands where the source's does")
	}
}

func BenchmarkRun_ten_thousand_instances(b *testing.B) {
	for i := 0; b.Loop(); i++ {
		db := server(b, 3)
		result, err := seed.Run(b.Context(), db, b.TempDir(), seed.Options{Instances: 10_000})
		must(b, err)
		b.ReportMetric(float64(result.Rows), "rows")
		b.ReportMetric(float64(result.Files), "files")
	}
}
