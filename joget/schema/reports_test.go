package schema_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/joget/schema"
)

func TestReported(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	for _, app := range []string{"crm", "hr"} {
		j.put("app_report_app", "uuid", app+"-1", "appId", app, "appVersion", "3", "appName", "People's name")
		j.put("app_report_package", "uuid", app+"-2", "packageId", app, "packageVersion", "7", "appUid", app+"-1")
		j.put("app_report_process", "uuid", app+"-3", "processDefId", "process1", "packageUid", app+"-2")
		j.put("app_report_activity", "uuid", app+"-4", "activityDefId", "approve", "processUid", app+"-3")
	}
	j.put("app_report_app", "uuid", "another version", "appId", "crm")
	got, err := j.Fresh().Reported(t.Context(), []string{"crm", "none"})
	want := []schema.Reported{
		{Table: "app_report_app", UID: "another version", Name: "crm\x00\x00\x00\x00"},
		{Table: "app_report_app", UID: "crm-1", Name: "crm\x003\x00\x00\x00"},
		{Table: "app_report_package", UID: "crm-2", Name: "crm\x003\x00crm\x007\x00"},
		{Table: "app_report_process", UID: "crm-3", Name: "crm\x003\x00process1\x00\x00"},
		{Table: "app_report_activity", UID: "crm-4", Name: "crm\x003\x00process1\x00approve\x00"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, table := range []string{"app_report_activity_instance", "app_report_process_instance", "app_report_activity", "app_report_process", "app_report_package", "app_report_app"} {
		j.exec("DROP TABLE " + table)
	}
	if err := j.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := j.Fresh().Reported(t.Context(), []string{"crm"}); got != nil || err != nil {
		t.Errorf("of an old Joget: %v, %v", got, err)
	}
}
