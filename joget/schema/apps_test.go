package schema_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/joget/schema"
	"jogetferry/migration"
)

func (j *joget) app(id string, versions ...int) {
	for _, v := range versions {
		j.put("app_app", "appId", id, "appVersion", v)
	}
}

func TestAppVersionsHaveVariablesAndDefaultsOfTheirOwn(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	j.app("crm", 1, 2)
	j.app("CRM", 3)
	j.put("app_env_variable", "appId", "crm", "appVersion", 1, "id", "old", "value", "1")
	j.put("app_env_variable", "appId", "crm", "appVersion", 2, "id", "refNo", "value", "41")
	j.put("app_env_variable", "appId", "crm", "appVersion", 2, "id", "none")
	j.put("app_env_variable", "appId", "CRM", "appVersion", 3, "id", "other", "value", "x")
	j.put("app_plugin_default", "appId", "crm", "appVersion", 2, "id", "org.x.Mail", "pluginName", "Mail", "pluginProperties", `{"host":"h"}`)
	variables, err := j.Fresh().EnvironmentVariables(t.Context(), "crm", 2)
	if diff := cmp.Diff([]migration.EnvironmentVariable{{ID: "none"}, {ID: "refNo", Value: "41"}}, variables); diff != "" || err != nil {
		t.Errorf("variables (-want +got), %v:\n%s", err, diff)
	}
	defaults, err := j.Fresh().PluginDefaults(t.Context(), "crm", 2)
	if diff := cmp.Diff([]migration.PluginDefault{{ID: "org.x.Mail", Properties: `{"host":"h"}`}}, defaults); diff != "" || err != nil {
		t.Errorf("defaults (-want +got), %v:\n%s", err, diff)
	}
	if got, err := j.Fresh().EnvironmentVariables(t.Context(), "crm", 3); got != nil || err != nil {
		t.Errorf("another app's version gives %v, %v", got, err)
	}
}

func TestClassesAreFoundWhereverTheyAreNamed(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	j.app("crm", 1)
	j.put("app_package", "packageId", "crm", "packageVersion", 3, "appId", "crm", "appVersion", 1)
	j.put("app_form", "appId", "crm", "appVersion", 1, "formId", "f", "json", `{"className":"a.Form","properties":{"json":"{\"className\": \"a.Nested$Inner\"}"},"elements":[{"className" : "a.Field"}]}`)
	j.put("app_form", "appId", "crm", "appVersion", 1, "formId", "broken", "json", `{"className":"a.Broken"`)
	j.put("app_datalist", "appId", "crm", "appVersion", 1, "id", "l", "json", `{"binder":{"className":"a.List"}}`)
	j.put("app_plugin_default", "appId", "crm", "appVersion", 1, "id", "a.Default", "pluginProperties", `{"tool":{"className":"a.Tool"}}`)
	j.put("app_package_activity_plugin", "processDefId", "p", "activityDefId", "t", "packageId", "crm", "packageVersion", 3, "pluginName", "a.Multi", "pluginProperties", `{"tools":[{"className":"a.One"}]}`)
	j.put("app_package_participant", "processDefId", "p", "participantId", "x", "packageId", "crm", "packageVersion", 3, "type", "plugin", "value", "a.People")
	j.put("app_package_participant", "processDefId", "p", "participantId", "y", "packageId", "crm", "packageVersion", 3, "type", "user", "value", "cat.no.class")
	j.exec("DROP TABLE app_builder")
	want := map[string]bool{}
	for _, name := range []string{"Form", "Nested$Inner", "Field", "Broken", "List", "Default", "Tool", "Multi", "One", "People"} {
		want["a."+name] = true
	}
	got, err := openDB(t, j.dsn, schema.Options{}).Fresh().Classes(t.Context())
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("classes (-want +got), %v:\n%s", err, diff)
	}
}

func TestSharedRecords(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	for id, record := range map[string]string{
		"1_crm_process1": "both", "2_crm_process1": "both", "3_crm_process1": "alone", "4_crm_process1": "", "10_crm_process1": "4_CRM_process1", "7_crm_process1": "Zoé", "8_crm_process1": "ZOE ", "9_crm_process1": "Zoé",
	} {
		j.process(id, crm, running, "cat")
		j.link("wf_process_link", id, record, record)
	}
	j.process("5_crm_process1", crm, completed, "cat")
	j.link("wf_process_link", "5_crm_process1", "alone", "alone")
	j.process("6_crm_process1", crm, running, "cat", "41_3_crm_process1_call", "3_crm_process1") // a subflow has its caller's
	j.link("wf_process_link", "6_crm_process1", "alone", "alone")
	j.process("11_crm_process1", crm, running, "cat") // no link: the instance's own ID
	j.process("12_crm_process1", crm, running, "cat")
	j.link("wf_process_link", "12_crm_process1", "11_crm_process1", "11_crm_process1")
	j.exec("ALTER TABLE wf_process_link CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci") // tables of older servers differ among themselves
	got, err := j.Fresh().SharedRecords(t.Context(), schema.Uncalled)
	want := []migration.SharedRecord{
		{Record: "11_crm_process1", Instances: 2},
		{Record: "4_CRM_process1", Instances: 1, Alike: []migration.RecordID{"4_crm_process1"}},
		{Record: "4_crm_process1", Instances: 1, Alike: []migration.RecordID{"4_CRM_process1"}},
		{Record: "ZOE ", Instances: 1, Alike: []migration.RecordID{"Zoé"}},
		{Record: "Zoé", Instances: 2, Alike: []migration.RecordID{"ZOE "}},
		{Record: "both", Instances: 2},
	}
	var all []migration.RecordID
	err = errors.Join(err, j.Fresh().RootRecords(t.Context(), schema.Uncalled, func(record migration.RecordID) { all = append(all, record) }))
	slices.Sort(all)
	if diff := cmp.Diff([]migration.RecordID{"11_crm_process1", "11_crm_process1", "4_CRM_process1", "4_crm_process1", "ZOE ", "Zoé", "Zoé", "alone", "both", "both"}, all); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	byRecord := cmpopts.SortSlices(func(a, b migration.SharedRecord) bool { return a.Record < b.Record })
	if diff := cmp.Diff(want, got, byRecord); diff != "" || err != nil {
		t.Errorf("shared records (-want +got), %v:\n%s", err, diff)
	}
}
