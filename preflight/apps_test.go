package preflight_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/preflight"
)

func TestApp(t *testing.T) {
	t.Parallel()
	mismatch := func(kinds ...migration.MismatchKind) func(*preflight.AppFacts) {
		return func(f *preflight.AppFacts) {
			for _, kind := range kinds {
				f.Mismatches = append(f.Mismatches, migration.Mismatch{Table: "orders", Column: "c_x", Kind: kind, Source: "text", Target: "int"})
			}
		}
	}
	variables := func(source, target string) func(*preflight.AppFacts) {
		return func(f *preflight.AppFacts) {
			f.Source, f.Target = []migration.EnvironmentVariable{{ID: "refNo", Value: source}}, []migration.EnvironmentVariable{{ID: "refNo", Value: target}}
			f.Counters = []string{"refNo", "gone"}
		}
	}
	for _, tc := range []struct {
		name   string
		change func(*preflight.AppFacts)
		want   []string
	}{
		{name: "equal_ones_have_no_findings", change: func(f *preflight.AppFacts) {
			variables("7", "7")(f)
			f.Plugins, f.Seen = map[string]string{"org.joget.apps.form.lib.TextField": "form a", "com.x.Grid": "form a"}, map[string]bool{"com.x.Grid": true}
		}},
		{name: "form_broken", change: func(f *preflight.AppFacts) { f.Problems = []string{"form a"} }, want: []string{"FERRY-204 blocking crm: form a"}},
		{name: "form_gone", change: func(f *preflight.AppFacts) { f.FormsGone = []string{"form a, field b: the app has no form c"} }, want: []string{"FERRY-229 warning crm: form a, field b: the app has no form c"}},
		{name: "form_unclear", change: func(f *preflight.AppFacts) { f.FormsUnclear = []string{"form a, field b: popup names form c"} }, want: []string{"FERRY-230 warning crm: form a, field b: popup names form c"}},
		{name: "plugins_never_seen", change: func(f *preflight.AppFacts) {
			f.Plugins = map[string]string{"org.joget.plugin.enterprise.FormGrid": "form b", "com.x.Grid": "form a"}
		}, want: []string{"FERRY-218 warning crm: com.x.Grid in form a", "FERRY-218 warning crm: org.joget.plugin.enterprise.FormGrid in form b"}},
		{name: "options", change: func(f *preflight.AppFacts) {
			f.Options = []preflight.OptionTable{{Table: "status"}, {Table: "city", Lacking: true}, {Table: "unit"}}
		}, want: []string{"FERRY-231 warning crm: app_fd_city: the target has no row", "FERRY-231 note crm: app_fd_status, app_fd_unit"}},
		{name: "table_unclear", change: func(f *preflight.AppFacts) { f.TablesUnclear = []string{"form a: sql names table app_fd_x"} }, want: []string{"FERRY-232 warning crm: form a: sql names table app_fd_x"}},
		{name: "forms_of_another_app", change: func(f *preflight.AppFacts) {
			f.Foreign = []preflight.ForeignRelation{{App: "hr", Relation: migration.Relation{Parent: "o", Child: "i", Kind: migration.RelationChildHoldsParent, Column: "order"}}}
		}, want: []string{"FERRY-233 warning crm: app hr: app_fd_i.c_order of app_fd_o"}},
		{name: "old_host", change: func(f *preflight.AppFacts) { f.Mentions = []string{"form a"} }, want: []string{"FERRY-219 warning crm: form a"}},
		{name: "environment_variable_missing", change: func(f *preflight.AppFacts) {
			f.Source, f.Target = []migration.EnvironmentVariable{{ID: "refNo", Value: "secret"}}, []migration.EnvironmentVariable{{ID: "REFNO"}}
		}, want: []string{"FERRY-228 warning crm: refNo"}},
		{name: "of_an_absent_app_no_variable_is_missing", change: func(f *preflight.AppFacts) {
			f.Absent = true
			f.Source, f.Counters = []migration.EnvironmentVariable{{ID: "refNo", Value: "7"}}, []string{"refNo"}
		}},
		{name: "table_missing", change: mismatch(migration.MismatchTable), want: []string{"FERRY-304 warning crm: app_fd_orders: absent"}},
		{name: "column_missing", change: mismatch(migration.MismatchColumn), want: []string{"FERRY-305 warning crm: app_fd_orders: c_x text"}},
		{name: "growing", change: func(f *preflight.AppFacts) {
			f.Growths = []preflight.Growth{
				{Table: "a", Statement: "CREATE TABLE app_fd_a", New: true},
				{Table: "b", Statement: "ALTER TABLE app_fd_b", Unnamed: []string{"c_x", "c_y"}},
				{Table: "c", Statement: "CREATE TABLE app_fd_c", New: true, Unnamed: []string{"", "c_x"}},
			}
		}, want: []string{
			"FERRY-327 note crm: CREATE TABLE app_fd_a", "FERRY-327 note crm: CREATE TABLE app_fd_c", "FERRY-328 note crm: ALTER TABLE app_fd_b",
			"FERRY-329 warning crm: app_fd_b: c_x, c_y", "FERRY-329 warning crm: app_fd_c: no form",
		}},
		{name: "narrower", change: mismatch(migration.MismatchNarrower), want: []string{"FERRY-306 warning crm: app_fd_orders: c_x narrower (text to int)"}},
		{name: "another_type", change: mismatch(migration.MismatchType), want: []string{"FERRY-306 warning crm: app_fd_orders: c_x of another type (text to int)"}},
		{name: "unknown_type", change: mismatch(migration.MismatchUnknown), want: []string{"FERRY-306 warning crm: app_fd_orders: c_x of a type that cannot be carried for certain (text to int)"}},
		{name: "computed", change: mismatch(migration.MismatchGenerated), want: []string{"FERRY-306 warning crm: app_fd_orders: c_x computed by the target (text to int)"}},
		{name: "not_null", change: mismatch(migration.MismatchNotNull), want: []string{"FERRY-306 warning crm: app_fd_orders: c_x wants a value (text to int)"}},
		{name: "charset", change: mismatch(migration.MismatchCharset), want: []string{"FERRY-307 warning crm: app_fd_orders: c_x text to int"}},
		{name: "unique_key", change: mismatch(migration.MismatchUnique), want: []string{"FERRY-308 warning crm: app_fd_orders: int (c_x)"}},
		{name: "engine", change: mismatch(migration.MismatchEngine), want: []string{"FERRY-309 warning crm: app_fd_orders: engine int"}},
		{name: "view", change: mismatch(migration.MismatchView), want: []string{"FERRY-309 warning crm: app_fd_orders: a view"}},
		{name: "view_on_the_source", change: mismatch(migration.MismatchSourceView), want: []string{"FERRY-321 warning crm: app_fd_orders: a view"}},
		{name: "id_no_key", change: mismatch(migration.MismatchKey), want: []string{"FERRY-309 warning crm: app_fd_orders: id is no key"}},
		{
			name: "each_check_and_table_is_one_finding", change: func(f *preflight.AppFacts) {
				mismatch(migration.MismatchNarrower, migration.MismatchCharset, migration.MismatchNotNull)(f)
				for i := range 23 {
					f.Mismatches = append(f.Mismatches, migration.Mismatch{Table: "log", Column: fmt.Sprint("c_", i), Kind: migration.MismatchColumn, Source: "text"})
				}
				f.Mismatches = append(f.Mismatches, migration.Mismatch{Table: "abc", Column: "c_a", Kind: migration.MismatchColumn, Source: "text"})
			},
			want: []string{
				"FERRY-305 warning crm: app_fd_abc: c_a text",
				"FERRY-305 warning crm: app_fd_log: c_0 text, c_1 text, c_2 text, c_3 text, c_4 text, c_5 text, c_6 text, c_7 text, c_8 text, c_9 text, " +
					"c_10 text, c_11 text, c_12 text, c_13 text, c_14 text, c_15 text, c_16 text, c_17 text, c_18 text, c_19 text, and 3 more",
				"FERRY-306 warning crm: app_fd_orders: c_x narrower (text to int), c_x wants a value (text to int)",
				"FERRY-307 warning crm: app_fd_orders: c_x text to int",
			},
		},
		{name: "collation_is_told_by_the_records", change: mismatch(migration.MismatchCollation)},
		{name: "child_tables", change: func(f *preflight.AppFacts) {
			f.Relations = []migration.Relation{
				{Parent: "o", Child: "i", Kind: migration.RelationChildHoldsParent, Column: "order"},
				{Parent: "o", Child: "a", Kind: migration.RelationParentHoldsChild, Column: "account"},
				{Parent: "o", Child: "s", Kind: migration.RelationSameID},
			}
		}, want: []string{"FERRY-312 note crm: app_fd_i.c_order of app_fd_o; app_fd_a by app_fd_o.c_account; app_fd_s with the id of app_fd_o"}},
		{name: "counter_behind", change: variables(" 41", "7"), want: []string{"FERRY-316 warning crm: refNo: 7, the source has 41"}},
		{name: "counter_without_a_number", change: variables("41", "x"), want: []string{"FERRY-316 warning crm: refNo: 0, the source has 41"}},
		{name: "counter_ahead", change: variables("41", "42")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := preflight.AppFacts{ID: "crm"}
			tc.change(&f)
			if diff := cmp.Diff(tc.want, lines(preflight.App(&f))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestChildTablesAreBounded(t *testing.T) {
	t.Parallel()
	f := preflight.AppFacts{ID: "crm", Relations: make([]migration.Relation, 5000)}
	found := preflight.App(&f)
	if len(found) != 1 || len(found[0].Seen) > 4000 {
		t.Errorf("%d findings, want one short one", len(found))
	}
}
