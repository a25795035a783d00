package bulk_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
)

// collected is what the Process Data Collector of a server has of one version of an app,
// under UIDs that begin so.
func collected(s *activitytest.Server, uid, app, version string) {
	s.Put("app_report_app", "uuid", uid+"-app", "appId", app, "appVersion", version, "appName", app)
	s.Put("app_report_package", "uuid", uid+"-package", "packageId", app, "packageVersion", version, "appUid", uid+"-app")
	s.Put("app_report_process", "uuid", uid+"-process", "processDefId", "process1", "packageUid", uid+"-package")
	s.Put("app_report_activity", "uuid", uid+"-activity", "activityDefId", "approve", "processUid", uid+"-process")
}

// reported are two rows of an instance that Joget numbered so.
func reported(s *activitytest.Server, uid, id, requester string) {
	s.Put("app_report_process_instance", "instanceId", id, "requester", requester, "state", "closed.completed", "startedTime", "2024-05-06 07:08:09", "processUid", uid+"-process")
	s.Put("app_report_activity_instance", "instanceId", "9_"+id+"_approve", "performer", "cat", "activityUid", uid+"-activity", "processInstanceId", id)
}

func (c *copying) everything(with ...migration.BulkWith) map[string]migration.BulkTable {
	c.t.Helper()
	out, err := activitytest.Run(c.t, c.activities().Register, contract.CutTables, contract.BulkInput{Migration: c.Migration, Lanes: 2, Order: migration.BulkOrder{
		Pass: migration.BulkPassCopy, Scope: migration.BulkScope{Apps: []string{"leave"}, With: with},
	}})
	activitytest.Must(c.t, err)
	for turn := range max(1, out.Turns) {
		var lanes sync.WaitGroup
		for range 2 {
			lanes.Go(func() {
				if _, err := activitytest.Run(c.t, c.activities().Register, contract.CopyChunks, contract.LaneInput{Migration: c.Migration, Lanes: 2, Turn: turn}); err != nil {
					c.t.Error(err)
				}
			})
		}
		lanes.Wait()
	}
	tables, err := c.Ledger.BulkTables(c.t.Context(), c.Migration)
	activitytest.Must(c.t, err)
	trails := map[string]migration.BulkTable{}
	for _, table := range tables {
		if app, name, is := strings.Cut(table.Table, "/"); is && app == "leave" && table.Kind == migration.BulkTrail {
			table.Bytes = 0
			trails[name] = table
		}
	}
	return trails
}

func trail(name string, n int, of migration.BulkTally) migration.BulkTable {
	of.Rows = int64(n)
	return migration.BulkTable{Kind: migration.BulkTrail, Table: "leave/" + name, Chunks: 1, Done: 1, Planned: int64(n), BulkTally: of}
}

// TestCopyWithReports has a version of the app that both collectors know, one that only the
// source's knows, instances of which the target has others under their IDs, or will have, and
// another app.
func TestCopyWithReports(t *testing.T) {
	t.Parallel()
	c := newCopying(t)
	c.Target.Exec("UPDATE SHKCounters SET the_number = 5000 WHERE name = '_process_'")
	next, err := c.servers.Target.Fresh().NextProcessNumber(t.Context())
	activitytest.Must(t, err)
	for uid, version := range map[string]string{"s1": "1", "s2": "2"} {
		collected(c.Source, uid, "leave", version)
	}
	collected(c.Source, "other", "hr", "1")
	collected(c.Target, "t1", "leave", "1")
	for n := 11; n < 21; n++ {
		reported(c.Source, fmt.Sprint("s", n%2+1), fmt.Sprintf("%d_leave_process1", n), "cat")
	}
	reported(c.Source, "other", "31_hr_process1", "cat")
	reported(c.Source, "s1", fmt.Sprintf("%d_leave_process1", next), "cat") // may be handed out
	reported(c.Source, "s1", fmt.Sprintf("%d_leave_process1", next-1), "cat")
	reported(c.Target, "t1", "12_leave_process1", "roy")   // is another one
	reported(c.Target, "t1", "4000_leave_process1", "roy") // the target's own
	got := c.everything(migration.WithReports)
	want := map[string]migration.BulkTable{
		"report_instances":  trail("report_instances", 12, migration.BulkTally{Inserted: 10, Kept: 2, Extra: 2}),
		"report_activities": trail("report_activities", 12, migration.BulkTally{Inserted: 10, Kept: 2, Extra: 2}),
	}
	activitytest.Same(t, "copied", want, got)
	for query, want := range map[string]string{
		"SELECT GROUP_CONCAT(uuid ORDER BY uuid) FROM app_report_process":                                              "s2-process,t1-process",
		"SELECT processUid FROM app_report_process_instance WHERE instanceId = '14_leave_process1'":                    "t1-process",
		"SELECT processUid FROM app_report_process_instance WHERE instanceId = '13_leave_process1'":                    "s2-process",
		"SELECT requester FROM app_report_process_instance WHERE instanceId = '12_leave_process1'":                     "roy",
		"SELECT activityUid FROM app_report_activity_instance WHERE processInstanceId = '14_leave_process1'":           "t1-activity",
		"SELECT COUNT(*) FROM app_report_activity_instance WHERE processInstanceId = '12_leave_process1'":              "1",
		"SELECT COUNT(*) FROM app_report_process_instance WHERE instanceId LIKE '%hr%'":                                "0",
		fmt.Sprintf("SELECT COUNT(*) FROM app_report_process_instance WHERE instanceId = '%d_leave_process1'", next-1): "1",
		"SELECT CONCAT(appUid, ' ', packageVersion) FROM app_report_package WHERE uuid = 's2-package'":                 "s2-app 2",
		"SELECT COUNT(*) FROM app_form_data_audit_trail":                                                               "0",
	} {
		activitytest.Same(t, query, want, c.Target.Text(query))
	}
}

// TestCopyWithTheTrailOfFormData copies that of the app, and leaves what is there.
func TestCopyWithTheTrailOfFormData(t *testing.T) {
	t.Parallel()
	c := newCopying(t)
	put := func(s *activitytest.Server, id, app, user string) {
		s.Put("app_form_data_audit_trail", "id", id, "appId", app, "appVersion", "1", "formId", "request", "tableName", "leave_request", "username", user, "action", "update", "data", `{"a":"`+id+`"}`, "datetime", "2024-05-06 07:08:09")
	}
	for _, id := range []string{"a", "b", "c"} {
		put(c.Source, id, "leave", "cat")
	}
	put(c.Source, "d", "hr", "cat")
	put(c.Target, "b", "leave", "roy")
	put(c.Target, "c", "leave", "cat")
	got := c.everything(migration.WithTrail)
	want := map[string]migration.BulkTable{"form_audit": trail("form_audit", 3, migration.BulkTally{Inserted: 1, Same: 1, Kept: 1, Differing: 1})}
	activitytest.Same(t, "copied", want, got)
	activitytest.Same(t, "trail", "a cat,b roy,c cat", c.Target.Text("SELECT GROUP_CONCAT(CONCAT(id, ' ', username) ORDER BY id) FROM app_form_data_audit_trail"))
}
