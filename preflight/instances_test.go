package preflight_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/joget/flow"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
	"jogetferry/preflight"
)

const definition = `<Package xmlns="http://www.wfmc.org/2002/XPDL1.0" Id="crm"><WorkflowProcesses><WorkflowProcess Id="approve">
<DataFields>
 <DataField Id="status"><DataType><BasicType Type="STRING"/></DataType></DataField>
 <DataField Id="amount"><DataType><BasicType Type="INTEGER"/></DataType></DataField>
 <DataField Id="rate"><DataType><BasicType Type="FLOAT"/></DataType></DataField>
 <DataField Id="urgent"><DataType><BasicType Type="BOOLEAN"/></DataType></DataField>
 <DataField Id="due"><DataType><BasicType Type="DATETIME"/></DataType></DataField>
</DataFields>
<Activities>
 <Activity Id="begin"><Route/></Activity>
 <Activity Id="approve"><Implementation><No/></Implementation><Performer>boss</Performer></Activity>
 <Activity Id="check"><Implementation><No/></Implementation></Activity>
 <Activity Id="mail"><Implementation><Tool Id="default_application"/></Implementation></Activity>
 <Activity Id="child"><Implementation><SubFlow Id="approve" Execution="SYNCHR"/></Implementation></Activity>
</Activities>
<Transitions><Transition Id="t1" From="begin" To="approve"/></Transitions>
</WorkflowProcess></WorkflowProcesses></Package>`

// process returns the process approve of a definition.
func process(t *testing.T, text string) *xpdl.Process {
	t.Helper()
	return parsed(t, text).Process("approve")
}

func parsed(t *testing.T, text string) *xpdl.Package {
	t.Helper()
	p, err := xpdl.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestInstance(t *testing.T) {
	t.Parallel()
	open := func(id migration.ActivityDefID) migration.OpenActivity {
		return migration.OpenActivity{ID: "40_7_crm_approve_" + migration.ActivityID(id), DefID: id, State: migration.StateNotStarted, Priority: 3}
	}
	variable := func(name string, kind migration.VariableKind, value string) func(*preflight.InstanceFacts) {
		return func(f *preflight.InstanceFacts) {
			f.Instance.Variables = []migration.Variable{{Name: name, Kind: kind, Value: value}}
		}
	}
	activity := func(change func(*migration.OpenActivity)) func(*preflight.InstanceFacts) {
		return func(f *preflight.InstanceFacts) { change(&f.Instance.Activities[0]) }
	}
	start := func(today, initial flow.Path) func(*preflight.InstanceFacts) {
		return func(f *preflight.InstanceFacts) { f.Start, f.InitialStart = &today, &initial }
	}
	mail := []flow.Step{{Activity: "mail", Plugin: "a.Mail"}}
	waits, ends := flow.Path{Outcome: flow.Waits}, flow.Path{Outcome: flow.Ends}
	mails := flow.Path{Steps: mail, Outcome: flow.Waits}
	unknown := flow.Path{Outcome: flow.Unknown, Why: "a decision plugin"}
	unknownMails := flow.Path{Steps: mail, Outcome: flow.Unknown}
	asynchronous := flow.Path{Steps: []flow.Step{{Activity: "child", Asynchronous: true}}, Outcome: flow.Waits}
	for _, tc := range []struct {
		name   string
		change func(*preflight.InstanceFacts)
		want   []string
	}{
		{name: "a_plain_one_has_no_findings", change: func(*preflight.InstanceFacts) {}},
		{name: "never_started_says_nothing_else", change: func(f *preflight.InstanceFacts) {
			f.Instance.State, f.Instance.Activities = migration.StateNotStarted, nil
		}, want: []string{"FERRY-401"}},
		{name: "suspended", change: func(f *preflight.InstanceFacts) { f.Instance.State = migration.StateSuspended }, want: []string{"FERRY-402"}},
		{name: "nothing_open", change: func(f *preflight.InstanceFacts) { f.Instance.Activities = nil }, want: []string{"FERRY-403"}},
		{name: "tool_in_flight", change: func(f *preflight.InstanceFacts) {
			f.Instance.Activities = append(f.Instance.Activities, open("mail"))
		}, want: []string{"FERRY-406"}},
		{name: "activity_suspended", change: activity(func(a *migration.OpenActivity) { a.State = migration.StateSuspended }), want: []string{"FERRY-407"}},
		{name: "inside_a_block", change: activity(func(a *migration.OpenActivity) { a.SetDefID = "set" }), want: []string{"FERRY-408"}},
		{name: "open_twice", change: func(f *preflight.InstanceFacts) {
			f.Instance.Activities = append(f.Instance.Activities, open("approve"))
		}, want: []string{"FERRY-409"}},
		{name: "unknown_on_the_target", change: func(f *preflight.InstanceFacts) {
			f.Target = process(t, strings.NewReplacer(`Activity Id="approve"`, `Activity Id="approve2"`, `To="approve"`, `To="approve2"`).Replace(definition))
		}, want: []string{"FERRY-410"}},
		{name: "another_kind_on_the_target", change: func(f *preflight.InstanceFacts) {
			f.Target = process(t, strings.Replace(definition, "<Implementation><No/></Implementation>", "<Route/>", 1))
		}, want: []string{"FERRY-410"}},
		{name: "unknown_on_both_sides", change: func(f *preflight.InstanceFacts) {
			f.Instance.Activities = []migration.OpenActivity{open("gone")}
		}, want: []string{"FERRY-410"}},
		{name: "a_requester_of_background_threads", change: func(f *preflight.InstanceFacts) { f.Instance.Requester = "roleSystem" }, want: []string{"FERRY-411"}},
		{name: "without_a_login_and_nobody_looked_who_may_start", change: func(f *preflight.InstanceFacts) { f.Instance.Requester = migration.AnonymousUser }},
		{name: "unreadable_variable", change: variable("status", migration.VariableUnreadable, ""), want: []string{"FERRY-412"}},
		{name: "date_variable", change: variable("due", migration.VariableDate, "2026-01-02"), want: []string{"FERRY-413"}},
		{name: "true_boolean", change: variable("urgent", migration.VariableBoolean, "true"), want: []string{"FERRY-413"}},
		{name: "false_boolean_is_left_to_the_default", change: variable("urgent", migration.VariableBoolean, "false"), want: []string{"FERRY-420"}},
		{name: "null_date", change: variable("due", migration.VariableNull, ""), want: []string{"FERRY-413"}},
		{name: "null_text", change: variable("status", migration.VariableNull, ""), want: []string{"FERRY-413"}},
		{name: "empty_text", change: variable("status", migration.VariableString, "")},
		{name: "text_in_a_number", change: variable("amount", migration.VariableString, "many"), want: []string{"FERRY-439"}},
		{name: "numbers_and_texts_can_be_set", change: func(f *preflight.InstanceFacts) {
			f.Instance.Variables = []migration.Variable{{Name: "amount", Value: "-3"}, {Name: "rate", Value: "1.5"}, {Name: "status", Value: "x"}}
		}},
		{name: "undeclared_variable", change: variable("other", migration.VariableString, "x"), want: []string{"FERRY-414"}},
		{name: "undeclared_empty_variable_is_nothing", change: variable("other", migration.VariableString, "")},
		{name: "partial_approval", change: activity(approved), want: []string{"FERRY-415"}},
		{name: "priority_of_the_definition", change: activity(func(a *migration.OpenActivity) { a.Priority = 5 })},
		{name: "approvers_of_an_activity_that_is_none", change: activity(func(a *migration.OpenActivity) {
			approved(a)
			a.Priority = 3
		})},
		{name: "nobody_has_approved_yet", change: activity(func(a *migration.OpenActivity) {
			approved(a)
			a.Variables[0].Value = ""
		})},
		{name: "deadline", change: activity(func(a *migration.OpenActivity) { a.Deadlines = 1 }), want: []string{"FERRY-416"}},
		{name: "accepted", change: activity(func(a *migration.OpenActivity) { a.State, a.AcceptedBy = migration.StateRunning, "cat" }), want: []string{"FERRY-419"}},
		{name: "app_gone", change: func(f *preflight.InstanceFacts) { f.Instance.App = "" }, want: []string{"FERRY-418"}},
		{name: "record_is_a_linked_instance", change: func(f *preflight.InstanceFacts) {
			f.RecordIsInstance, f.Instance.Record = true, "900_crm_approve"
		}, want: []string{"FERRY-301"}},
		{name: "record_is_an_instance_yet_to_come", change: func(f *preflight.InstanceFacts) { f.Instance.Record = "201_crm_approve" }, want: []string{"FERRY-302"}},
		{name: "record_is_an_instance_of_the_past", change: func(f *preflight.InstanceFacts) { f.Instance.Record = "200_crm_approve" }},
		{name: "record_with_a_number_in_front_is_no_instance", change: func(f *preflight.InstanceFacts) { f.Instance.Record = "900-7" }},
		{name: "unaddressable_record", change: func(f *preflight.InstanceFacts) { f.RecordRefused = "a space" }, want: []string{"FERRY-303"}},
		{name: "unaddressable_requester", change: func(f *preflight.InstanceFacts) { f.RequesterRefused = "a space" }, want: []string{"FERRY-303"}},
		{name: "start_that_ends", change: start(ends, waits), want: []string{"FERRY-427"}},
		{name: "start_that_waits", change: start(waits, ends)},
		{name: "start_that_runs_another_tool", change: start(mails, waits), want: []string{"FERRY-428"}},
		{name: "start_that_runs_the_usual_tools", change: start(mails, mails)},
		{name: "start_that_cannot_be_known", change: start(unknown, mails), want: []string{"FERRY-429"}},
		{name: "start_that_can_never_be_known_is_a_note", change: start(unknown, unknownMails), want: []string{"FERRY-429 note"}},
		{name: "start_that_begins_an_asynchronous_subflow", change: start(asynchronous, asynchronous), want: []string{"FERRY-432"}},
		{name: "start_with_initial_values", change: func(f *preflight.InstanceFacts) {
			start(waits, waits)(f)
			f.WithInitial = true
		}, want: []string{"FERRY-436"}},
		{name: "an_activity_with_a_number_of_its_own", change: func(f *preflight.InstanceFacts) {
			variable("amount", migration.VariableInteger, "7")(f)
			f.Instance.Activities[0].Variables = []migration.Variable{{Name: "amount", Value: "5"}}
		}, want: []string{"FERRY-413"}},
		{name: "an_activity_with_the_number_of_its_instance", change: func(f *preflight.InstanceFacts) {
			variable("amount", migration.VariableInteger, "7")(f)
			f.Instance.Activities[0].Variables = []migration.Variable{{Name: "amount", Value: "7"}, {Name: "status", Value: "old"}}
		}},
		{name: "more_assignees_than_the_target_would_give", change: func(f *preflight.InstanceFacts) {
			activity(func(a *migration.OpenActivity) {
				a.Assignments = []migration.Assignment{{User: "cat"}, {User: "clark"}}
			})(f)
			f.Members = map[string]preflight.Span{"boss": {Least: 1, Most: 1}}
		}, want: []string{"FERRY-435"}},
		{name: "as_many_assignees_as_the_target_may_give", change: func(f *preflight.InstanceFacts) {
			activity(func(a *migration.OpenActivity) {
				a.Assignments = []migration.Assignment{{User: "cat"}, {User: "clark"}}
			})(f)
			f.Members = map[string]preflight.Span{"boss": {Least: 1, Most: 2}}
		}},
		{name: "an_accepted_activity_has_one_assignee_whatever_the_target_gives", change: func(f *preflight.InstanceFacts) {
			activity(func(a *migration.OpenActivity) {
				a.State, a.AcceptedBy, a.Assignments = migration.StateRunning, "cat", []migration.Assignment{{User: "cat", Accepted: true}}
			})(f)
			f.Members = map[string]preflight.Span{"boss": {Least: 3, Most: 3}}
		}, want: []string{"FERRY-419"}},
		{name: "variables_too_long_for_one_call", change: func(f *preflight.InstanceFacts) { f.TooLong = []string{"the start: 3 bytes"} }, want: []string{"FERRY-437"}},
		{name: "a_missing_target_definition_is_no_finding_of_the_instance", change: func(f *preflight.InstanceFacts) { f.Target = nil }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			facts := preflight.InstanceFacts{Minted: 201, Part: preflight.Part{
				Instance: &migration.Instance{
					ID: "7_crm_approve", App: "crm", State: migration.StateRunning, Requester: "cat", Record: "rec-1",
					Activities: []migration.OpenActivity{open("approve")},
				},
				Source: process(t, definition), Target: process(t, definition),
			}}
			tc.change(&facts)
			var got []string
			for _, f := range preflight.Instance(&facts) {
				if got = append(got, f.ID); f.ID == "FERRY-429" && f.Severity == migration.Note {
					got[len(got)-1] += " note"
				}
				if f.Subject != "7_crm_approve" {
					t.Errorf("%s has subject %q", f.ID, f.Subject)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// approved is a multi-approval that cat and clark have done their part of.
func approved(a *migration.OpenActivity) {
	a.Priority = 5
	a.Variables = append(a.Variables, migration.Variable{Name: "MULTI_APPROVAL_PERFORMERS", Kind: migration.VariableString, Value: "cat;clark"})
}

// TestWhereItGoesOnReplacesWhatCannotBeOpened says so for instances that no call can
// make as they are: blocked with a way that leads out, and moved when it is taken.
func TestWhereItGoesOnReplacesWhatCannotBeOpened(t *testing.T) {
	t.Parallel()
	first := func(f *preflight.InstanceFacts) *migration.OpenActivity { return &f.Instance.Activities[0] }
	for _, tc := range []struct {
		name                      string
		change                    func(*preflight.InstanceFacts)
		nowhere, elsewhere, there []string // what is found, by where the operator says that it goes on
	}{
		{"suspended", func(f *preflight.InstanceFacts) { f.Instance.State = migration.StateSuspended }, []string{"FERRY-402"}, []string{"FERRY-445"}, []string{"FERRY-445"}},
		{"an_activity_suspended", func(f *preflight.InstanceFacts) { first(f).State = migration.StateSuspended }, []string{"FERRY-407 approve"}, nil, []string{"FERRY-445 approve"}},
		{"inside_a_block", func(f *preflight.InstanceFacts) { first(f).SetDefID = "set" }, []string{"FERRY-408 approve"}, nil, []string{"FERRY-408 approve"}},
		{"open_twice", func(f *preflight.InstanceFacts) { f.Instance.Activities = append(f.Instance.Activities, *first(f)) }, []string{"FERRY-409 approve"}, nil, nil},
		{"half_approved", func(f *preflight.InstanceFacts) { approved(first(f)) }, []string{"FERRY-415 approve"}, nil, []string{"FERRY-446 approve: cat, clark"}},
		{"a_subflow_without_an_instance", func(f *preflight.InstanceFacts) { first(f).DefID = "child" }, []string{"FERRY-404 child: it has no instance"}, nil, nil},
		{"a_subflow_that_is_closed", func(f *preflight.InstanceFacts) {
			first(f).DefID = "child"
			f.Below = []preflight.Part{{Caller: "child", Instance: &migration.Instance{ID: "8_crm_approve", State: migration.StateCompleted}}}
		}, []string{"FERRY-404 child: its instance 8_crm_approve is closed"}, nil, nil},
	} {
		for at, want := range map[string][]string{"nowhere": tc.nowhere, "elsewhere": tc.elsewhere, "there": tc.there} {
			t.Run(tc.name+"/"+at, func(t *testing.T) {
				t.Parallel()
				facts := preflight.InstanceFacts{Part: preflight.Part{
					Instance: &migration.Instance{
						ID: "7_crm_approve", App: "crm", State: migration.StateRunning, Requester: "cat", Record: "rec-1",
						Activities: []migration.OpenActivity{{ID: "40", DefID: "approve", State: migration.StateNotStarted, Priority: 3}},
					},
					Source: process(t, definition), Target: process(t, definition),
				}}
				tc.change(&facts)
				switch at {
				case "elsewhere":
					goesOnAt(&facts, "check")
				case "there":
					goesOnAt(&facts, first(&facts).DefID)
				}
				var got []string
				for _, f := range preflight.Instance(&facts) {
					if f.Severity == migration.Note {
						continue // what the word is
					}
					got = append(got, strings.TrimSpace(f.ID+" "+f.Seen))
					blocking := f.Severity == migration.Blocking
					if blocking != (f.Way == migration.WayResume) || !blocking && f.Severity != migration.Warning {
						t.Errorf("%s is %s, with the way %q", f.ID, f.Severity, f.Way)
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("findings (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// goesOnAt is the operator's word where an instance goes on.
func goesOnAt(f *preflight.InstanceFacts, activities ...migration.ActivityDefID) {
	wanted := migration.Mapping{}.WantedTree(&migration.Tree{Instance: *f.Instance})
	wanted.GoOnAt(activities, func(migration.ActivityDefID) bool { return false })
	f.Wanted, f.Resume = &wanted.Instance, &preflight.ResumeFacts{Activities: activities}
}

// TestBranchesThatASwitchMakesSaySo and those that it cannot make do not.
func TestBranchesThatASwitchMakesSaySo(t *testing.T) {
	t.Parallel()
	equip := func(tokens ...migration.JoinToken) *preflight.InstanceFacts {
		waits := &flow.Path{Outcome: flow.Waits}
		return &preflight.InstanceFacts{InitialStart: waits, Part: preflight.Part{
			Source: hiring(t, "equip"), Target: hiring(t, "equip"), Start: waits, Instance: &migration.Instance{
				ID: "7_crm_equip", App: "crm", State: migration.StateRunning, Requester: "cat", Record: "rec-1", Tokens: tokens,
				Activities: []migration.OpenActivity{{ID: "1_7", DefID: "laptop", State: migration.StateNotStarted}},
			},
		}}
	}
	desk, mail := migration.JoinToken{Join: "both", From: "desk", Performer: "terry"}, migration.JoinToken{Join: "both", From: "mail"}
	for _, tc := range []struct {
		name   string
		facts  *preflight.InstanceFacts
		absent migration.User
		want   []migration.Way
	}{
		{name: "one_that_is_made", facts: equip(desk), want: []migration.Way{migration.WayJoins}},
		{name: "beside_one_that_cannot_be", facts: equip(desk, mail), want: []migration.Way{"", migration.WayJoins}},
		{name: "whose_performer_is_not_there", facts: equip(desk), absent: "terry", want: []migration.Way{""}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if tc.absent != "" {
				tc.facts.Users = &preflight.UserFacts{Accounts: map[migration.User]preflight.Account{tc.absent: {Standing: preflight.StandingMissing}}}
			}
			var got []migration.Way
			for _, f := range preflight.Instance(tc.facts) {
				if f.ID == "FERRY-405" {
					got = append(got, f.Way)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("ways (-want +got):\n%s", diff)
			}
		})
	}
}

// TestACallerThatTheTargetCannotCallHasNoWay is of subflows that are open: they go on below their caller.
func TestACallerThatTheTargetCannotCallHasNoWay(t *testing.T) {
	t.Parallel()
	f := preflight.InstanceFacts{Part: preflight.Part{
		Instance: &migration.Instance{
			ID: "7_crm_approve", App: "crm", State: migration.StateRunning, Requester: "cat", Record: "rec-1",
			Activities: []migration.OpenActivity{{ID: "40", DefID: "child", State: migration.StateRunning}},
		},
		Source: process(t, definition), Target: process(t, strings.Replace(definition, `SubFlow Id="approve"`, `SubFlow Id="other"`, 1)),
	}}
	f.Below = []preflight.Part{{Path: "child", Caller: "child", Source: f.Source, Target: f.Source, Instance: &migration.Instance{
		ID: "8_crm_approve", State: migration.StateRunning, Requester: "cat", Definition: migration.DefinitionID{Process: "approve"},
		Activities: []migration.OpenActivity{{ID: "41", DefID: "check", State: migration.StateNotStarted}},
	}}}
	found := preflight.Instance(&f)
	if len(found) != 1 || found[0].ID != "FERRY-404" || found[0].Way != "" {
		t.Errorf("found %+v", found)
	}
	for _, tc := range []struct {
		at   migration.ActivityDefID
		want int
	}{{"check", 0}, {"child", 1}} {
		goesOnAt(&f, tc.at)
		again := slices.DeleteFunc(preflight.Instance(&f), func(f migration.Finding) bool { return f.Severity == migration.Note })
		if len(again) != tc.want {
			t.Errorf("where it goes on at %s: %+v", tc.at, again)
		}
	}
}

func TestOrphans(t *testing.T) {
	t.Parallel()
	got := lines(preflight.Plan(&preflight.PlanFacts{Orphans: []migration.InstanceID{"7_crm_approve", "8_crm_approve"}}))
	if diff := cmp.Diff([]string{"FERRY-417 blocking 7_crm_approve: its caller is closed", "FERRY-417 blocking 8_crm_approve: its caller is closed"}, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}
