package form_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/joget/form"
	"jogetferry/migration"
)

const opportunity = `{"className":"org.joget.apps.form.model.Form","properties":{"id":"opp","name":"Opportunity","tableName":"crm_opportunity",
 "loadBinder":{"className":"org.joget.apps.form.lib.WorkflowFormBinder","properties":{}}},
 "elements":[{"className":"org.joget.apps.form.model.Section","properties":{"id":"section1"},"elements":[
  {"className":"org.joget.apps.form.model.Column","properties":{"width":"99%"},"elements":[
   {"className":"org.joget.apps.form.lib.FileUpload","properties":{"id":"attachment","multiple":""}},
   {"className":"org.joget.apps.form.lib.SubForm","properties":{"id":"account_sub","formDefId":"acc","parentSubFormId":"account","subFormParentId":"",
     "storeBinder":{"className":"","properties":{}}}},
   {"className":"org.joget.apps.form.lib.SelectBox","properties":{"id":"status","workflowVariable":"status",
     "optionsBinder":{"className":"org.joget.apps.form.lib.FormOptionsBinder","properties":{"formDefId":"statuses","idColumn":"code"}}}},
   {"className":"org.joget.apps.form.lib.IdGeneratorField","properties":{"id":"refNo","envVariable":"refNo"}},
   {"className":"org.joget.plugin.enterprise.FormGrid","properties":{"id":"lines","formDefId":"line_popup",
     "storeBinder":{"className":"org.joget.plugin.enterprise.MultirowFormBinder","properties":{"formDefId":"line","foreignKey":"opp_id"}}}},
   {"className":"com.vendor.Jdbc","properties":{"id":"q","loadBinder":{"className":"com.vendor.JdbcBinder","properties":{"sql":"SELECT x FROM app_fd_stock s JOIN app_fd_crm_opportunity o ON o.id = s.c_opp"}}}},
   {"className":"com.vendor.Wizard","properties":{"id":"w","pages":{"className":"2","properties":{"page1_FORMDEFID":"step1"}},"popups":[{"formDefId":"statuses"}]}},
   {"className":"org.joget.plugin.enterprise.MultiPagedForm","properties":{"id":"parts","numberOfPage":{"className":"10","properties":{
     "page10_formDefId":"last","page2_formDefId":"bank","page2_subFormParentId":"opp_id","page1_formDefId":"detail","page1_parentSubFormId":"detail_id","page1_subFormParentId":"opp_id","page3_formDefId":""}}}},
   {"className":"org.joget.apps.form.lib.CustomHTML","properties":{"id":"h","value":"<b>x</b><input type=\"text\" name=\"extra\"><select name='sel'></select>"}}
  ]}]}]}`

func TestParseGivesTheFactsOfAForm(t *testing.T) {
	t.Parallel()
	got, err := form.Parse([]byte(opportunity))
	if err != nil {
		t.Fatal(err)
	}
	const lib = "org.joget.apps.form.lib."
	want := form.Form{
		ID: "opp", Name: "Opportunity", Table: "crm_opportunity",
		Fields: []form.Field{
			{ID: "attachment", Class: lib + "FileUpload", File: true},
			{ID: "status", Class: lib + "SelectBox", WorkflowVariable: "status"},
			{ID: "refNo", Class: lib + "IdGeneratorField", EnvVariable: "refNo"},
			{ID: "lines", Class: "org.joget.plugin.enterprise.FormGrid", StoreBinder: "org.joget.plugin.enterprise.MultirowFormBinder"},
			{ID: "q", Class: "com.vendor.Jdbc"},
			{ID: "w", Class: "com.vendor.Wizard"},
			{ID: "extra"},
			{ID: "sel"},
		},
		Links: []form.Link{
			{Field: "account_sub", Class: lib + "SubForm", Form: "acc", ParentField: "account"},
			{Field: "lines", Class: "org.joget.plugin.enterprise.FormGrid", Form: "line", ChildField: "opp_id", Grid: true},
			{Field: "parts", Class: "org.joget.plugin.enterprise.MultiPagedForm", Form: "detail", ParentField: "detail_id", ChildField: "opp_id"},
			{Field: "parts", Class: "org.joget.plugin.enterprise.MultiPagedForm", Form: "bank", ChildField: "opp_id"},
			{Field: "parts", Class: "org.joget.plugin.enterprise.MultiPagedForm", Form: "last"},
		},
		Options: []string{"statuses"},
		Mentions: []form.Mention{
			{Field: "lines", Property: "formDefId", Form: "line_popup"},
			{Field: "q", Property: "loadBinder.properties.sql", Table: "crm_opportunity"},
			{Field: "q", Property: "loadBinder.properties.sql", Table: "stock"},
			{Field: "w", Property: "pages.properties.page1_FORMDEFID", Form: "step1"},
			{Field: "w", Property: "popups.formDefId", Form: "statuses"},
		},
		Classes: []string{
			"com.vendor.Jdbc", "com.vendor.JdbcBinder", "com.vendor.Wizard", lib + "CustomHTML", lib + "FileUpload", lib + "FormOptionsBinder", lib + "IdGeneratorField",
			lib + "SelectBox", lib + "SubForm", lib + "WorkflowFormBinder", "org.joget.apps.form.model.Column", "org.joget.apps.form.model.Form",
			"org.joget.apps.form.model.Section", "org.joget.plugin.enterprise.FormGrid", "org.joget.plugin.enterprise.MultiPagedForm", "org.joget.plugin.enterprise.MultirowFormBinder",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

func TestParseRefusesWhatIsNoForm(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, in string }{
		{"empty", ""},
		{"cut_short", opportunity[:200]},
		{"a_list", "[]"},
		{"null", "null"},
		{"too_deep", strings.Repeat(`{"elements":[`, 20000)},
		{"too_long", `{"x":"` + strings.Repeat("x", form.MaxBytes) + `"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if _, err := form.Parse([]byte(tc.in)); migration.CodeOf(err) != migration.CodeInvalid {
				t.Errorf("error %v, want code invalid", err)
			}
		})
	}
}

func element(class, properties string) []byte {
	return []byte(`{"properties":{},"elements":[{"className":"` + class + `","properties":` + properties + `}]}`)
}

func TestModelFindsRelations(t *testing.T) {
	t.Parallel()
	const sub = "org.joget.apps.form.lib.SubForm"
	for _, tc := range []struct {
		name       string
		class      string
		properties string
		want       []migration.Relation
	}{
		{"subform_without_keys_has_the_same_id", sub, `{"formDefId":"child"}`, []migration.Relation{{Parent: "p", Child: "c", Kind: migration.RelationSameID}}},
		{"subform_tied_to_id_has_the_same_id", sub, `{"formDefId":"child","parentSubFormId":"id"}`, []migration.Relation{{Parent: "p", Child: "c", Kind: migration.RelationSameID}}},
		{
			"parent_field_holds_the_child", sub, `{"formDefId":"child","parentSubFormId":"f"}`,
			[]migration.Relation{{Parent: "p", Child: "c", Kind: migration.RelationParentHoldsChild, Column: "f"}},
		},
		{
			"child_field_holds_the_parent", sub, `{"formDefId":"child","subFormParentId":"g"}`,
			[]migration.Relation{{Parent: "p", Child: "c", Kind: migration.RelationChildHoldsParent, Column: "g"}},
		},
		{
			"both_keys_are_two_relations", sub, `{"formDefId":"child","parentSubFormId":"f","subFormParentId":"g"}`,
			[]migration.Relation{
				{Parent: "p", Child: "c", Kind: migration.RelationChildHoldsParent, Column: "g"},
				{Parent: "p", Child: "c", Kind: migration.RelationParentHoldsChild, Column: "f"},
			},
		},
		{"subform_on_the_own_table_is_the_same_row", sub, `{"formDefId":"parent"}`, nil},
		{"grid_without_store_binder_lives_in_its_column", "org.joget.apps.form.lib.Grid", `{"id":"g"}`, nil},
		{
			"grid_with_store_binder", "org.joget.apps.form.lib.Grid", `{"storeBinder":{"className":"x","properties":{"formDefId":"child","foreignKey":"fk"}}}`,
			[]migration.Relation{{Parent: "p", Child: "c", Kind: migration.RelationChildHoldsParent, Column: "fk"}},
		},
		{
			"spreadsheet_with_a_key_of_its_own", "org.joget.plugin.enterprise.SpreadSheet", `{"formDefId":"child","foreignKey":"fk"}`,
			[]migration.Relation{{Parent: "p", Child: "c", Kind: migration.RelationChildHoldsParent, Column: "fk"}},
		},
		{
			"ajax_subform", "org.joget.plugin.enterprise.AjaxSubForm", `{"formDefId":"child","parentSubFormId":"f"}`,
			[]migration.Relation{{Parent: "p", Child: "c", Kind: migration.RelationParentHoldsChild, Column: "f"}},
		},
		{
			"pages_are_subforms", "org.joget.plugin.enterprise.MultiPagedForm",
			`{"numberOfPage":{"className":"3","properties":{"page1_formDefId":"child","page1_parentSubFormId":"f","page2_formDefId":"child","page2_subFormParentId":"g","page3_formDefId":"child"}}}`,
			[]migration.Relation{
				{Parent: "p", Child: "c", Kind: migration.RelationChildHoldsParent, Column: "g"},
				{Parent: "p", Child: "c", Kind: migration.RelationParentHoldsChild, Column: "f"},
				{Parent: "p", Child: "c", Kind: migration.RelationSameID},
			},
		},
		{
			"a_popup_of_the_rows_of_a_grid_is_no_news", "org.joget.plugin.enterprise.FormGrid",
			`{"formDefId":"child","storeBinder":{"className":"x","properties":{"formDefId":"child","foreignKey":"fk"}}}`,
			[]migration.Relation{{Parent: "p", Child: "c", Kind: migration.RelationChildHoldsParent, Column: "fk"}},
		},
		{"a_form_on_the_own_table_is_no_news", "com.x.Button", `{"popup":{"formDefId":"parent"}}`, nil},
		{
			"options_are_no_relation", "org.joget.apps.form.lib.SelectBox",
			`{"optionsBinder":{"className":"org.joget.apps.form.lib.FormOptionsBinder","properties":{"formDefId":"child"}}}`, nil,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, problems := form.Model([]form.Definition{
				form.Define("parent", "p", element(tc.class, tc.properties)),
				form.Define("child", "c", []byte(`{}`)),
			}, nil)
			if diff := cmp.Diff(migration.FormModel{Tables: []string{"c", "p"}, Relations: tc.want}, got); diff != "" {
				t.Errorf("model (-want +got):\n%s", diff)
			}
			if len(problems) > 0 {
				t.Errorf("problems %v, want none", problems)
			}
		})
	}
}

func TestModelReportsProblemsAndGoesOn(t *testing.T) {
	t.Parallel()
	model, problems := form.Model([]form.Definition{
		form.Define("broken", "b", []byte(`{"className":`)),
		form.Define("grid", "g", element("Grid", `{"id":"rows","storeBinder":{"className":"x","properties":{"formDefId":"broken"}}}`)),
		form.Define("lost", "l", element("SubForm", `{"id":"s","formDefId":"nowhere"}`)),
		form.Define("nothing", "", []byte(`{}`)),
		form.Define("popup", "p", element("com.x.Button", `{"id":"b","popup":{"formDefId":"grid"},"next":{"formDefId":"nowhere"}}`)),
		form.Define("options", "o", element("SelectBox", `{"id":"s","optionsBinder":{"properties":{"formDefId":"nowhere"}}}`)),
		form.Define("script", "s", element("com.x.Script", `{"id":"b","script":"app_fd_s, APP_FD_x and myapp_fd_y; app_fd_L, app_fd_p","child":{"formDefId":"s"},"storeBinder":{"properties":{"formDefId":"lost","foreignKey":"k"}}}`)),
		form.Define("process", "p", []byte(`{"properties":{"postProcessor":{"className":"com.x.Update","properties":{"formDefId":"lost"}}}}`)),
		form.Define("two", "t1", []byte(`{"properties":{"tableName":"t2"}}`)),
	}, nil)
	if diff := cmp.Diff([]string{"b", "g", "l", "o", "p", "s", "t1", "t2"}, model.Tables); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
	want := []form.Problem{
		{Form: "broken", Kind: form.ProblemBroken},
		{Form: "grid", Kind: form.ProblemNoForeignKey, Field: "rows", Other: "broken"},
		{Form: "lost", Kind: form.ProblemUnknownForm, Field: "s", Other: "nowhere"},
		{Form: "nothing", Kind: form.ProblemNoTable},
		{Form: "options", Kind: form.ProblemUnknownForm, Other: "nowhere"},
		{Form: "popup", Kind: form.ProblemMention, Field: "b", Other: "grid", Property: "popup.formDefId"},
		{Form: "popup", Kind: form.ProblemUnknownForm, Field: "b", Other: "nowhere", Property: "next.formDefId"},
		{Form: "process", Kind: form.ProblemMention, Other: "lost", Property: "postProcessor.properties.formDefId"},
		{Form: "script", Kind: form.ProblemTable, Field: "b", Other: "p", Property: "script"},
		{Form: "script", Kind: form.ProblemUnknownForm, Field: "b", Other: "s", Property: "child.formDefId"},
		{Form: "two", Kind: form.ProblemTwoTables, Other: "t1"},
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	var said, blocking []string
	for _, p := range problems {
		said = append(said, p.String())
		if p.Blocking() {
			blocking = append(blocking, p.Form)
		}
	}
	words := []string{
		"form broken: its definition is no JSON object",
		"form grid, field rows: it stores rows of form broken, and no key tells which",
		"form lost, field s: the app has no form nowhere",
		"form nothing: it names no table",
		"form options: the app has no form nowhere",
		"form popup, field b: popup.formDefId names form grid",
		"form popup, field b: the app has no form nowhere",
		"form process: postProcessor.properties.formDefId names form lost",
		"form script, field b: script names table app_fd_p",
		"form script, field b: the app has no form s",
		"form two: its definition names another table than t1, where it is stored",
	}
	if diff := cmp.Diff(words, said); diff != "" {
		t.Errorf("in words (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"broken", "grid", "nothing", "two"}, blocking); diff != "" {
		t.Errorf("blocking (-want +got):\n%s", diff)
	}
}

func TestMentionsInPropertiesOfPlugins(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, properties string
		want             []form.Mention
	}{
		{name: "nothing"},
		{name: "a_tool_of_several", properties: `{"tools":[{"className":"x","properties":{"formDefId":"log","note":"app_fd_a"}},{"properties":{"script":"{\"sql\":\"UPDATE app_fd_b SET\"}"}}]}`, want: []form.Mention{
			{Property: "tools.properties.formDefId", Form: "log"}, {Property: "tools.properties.note", Table: "a"}, {Property: "tools.properties.script", Table: "b"},
		}},
		{name: "what_is_no_json", properties: "SELECT app_fd_c, app_fd_c", want: []form.Mention{{Table: "c"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, form.MentionsIn(tc.properties)); diff != "" {
				t.Errorf("mentions (-want +got):\n%s", diff)
			}
		})
	}
}

// TestModelTakesTheDatabasesWordForNames has a form named in another case, one that
// two versions of the app spell differently, and one that is gone.
func TestModelTakesTheDatabasesWordForNames(t *testing.T) {
	t.Parallel()
	const sub = "org.joget.apps.form.lib.SubForm"
	forms := []form.Definition{
		form.Define("a", "a", element(sub, `{"id":"s","formDefId":"zonalreview"}`)),
		form.Define("b", "b", element(sub, `{"id":"s","formDefId":"Site"}`)),
		form.Define("c", "c", element(sub, `{"id":"s","formDefId":"gone"}`)),
		form.Define("d", "d", element(sub, `{"id":"s","formDefId":"a"}`)),
		form.Define("e", "zonal", element("com.x.Button", `{"popupFormDefId":"ZonalReview"}`)),
		form.Define("f", "f", element("SelectBox", `{"id":"s","optionsBinder":{"properties":{"formDefId":"Options"}}}`)),
		form.Define("options", "options", []byte(`{}`)),
		form.Define("zonalReview", "zonal", []byte(`{}`)),
		form.Define("Site", "site", []byte(`{}`)),
		form.Define("site", "site_old", []byte(`{}`)),
	}
	if diff := cmp.Diff([]string{"MAIN", "Options", "Site", "ZonalReview", "gone", "zonalreview"}, form.Doubtful(forms, []string{"a", "MAIN"})); diff != "" {
		t.Errorf("doubtful (-want +got):\n%s", diff)
	}
	model, problems := form.Model(forms, map[string][]string{"zonalreview": {"zonalReview"}, "ZonalReview": {"zonalReview"}, "Site": {"Site", "site"}, "Options": {"options"}})
	relations := []migration.Relation{
		{Parent: "a", Child: "zonal", Kind: migration.RelationSameID},
		{Parent: "b", Child: "site", Kind: migration.RelationSameID},
		{Parent: "b", Child: "site_old", Kind: migration.RelationSameID},
		{Parent: "d", Child: "a", Kind: migration.RelationSameID},
	}
	if diff := cmp.Diff(relations, model.Relations); diff != "" {
		t.Errorf("relations (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]form.Problem{{Form: "c", Kind: form.ProblemUnknownForm, Field: "s", Other: "gone"}}, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(opportunity))
	f.Add([]byte(`{"elements":{"a":1},"properties":[null]}`))
	f.Add([]byte(`{"elements":[null,[],{"properties":{"id":7,"storeBinder":"x"}}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		a, err := form.Parse(in)
		if err != nil {
			return
		}
		b, err := form.Parse(bytes.Clone(in))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("two reads differ:\n%s", diff)
		}
		form.Model([]form.Definition{form.Define(a.ID, "", in)}, nil)
	})
}
