package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/digest"
	"jogetferry/test/simulator/plant"
	"jogetferry/test/simulator/seed"
)

// checked is what starter check prints, as far as these tests look.
type checked struct {
	Open struct {
		Roots int `json:"roots"`
	} `json:"open"`
	Counts      map[string]int `json:"counts"`
	Definitions []struct {
		Definition string         `json:"definition"`
		Counts     map[string]int `json:"counts"`
	} `json:"definitions"`
	Findings  []found `json:"findings"`
	Instances []struct {
		Findings []found `json:"findings_list"`
	} `json:"instances"`
}

type found struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	Subject  string `json:"subject"`
	Seen     string `json:"seen"`
}

// all are the findings, those of instances too, "FERRY-101 source", each once.
func (c checked) all() []string {
	var lines []string
	c.each(func(f found) { lines = append(lines, f.ID+" "+f.Subject) })
	slices.Sort(lines)
	return slices.Compact(lines)
}

func (c checked) each(fn func(f found)) {
	for _, f := range c.Findings {
		fn(f)
	}
	for _, i := range c.Instances {
		for _, f := range i.Findings {
			fn(f)
		}
	}
}

// check runs starter check and wants an exit status, and both servers as they were.
func check(t *testing.T, s *rig.Stage, status int) checked {
	t.Helper()
	before := everything(t, s)
	var c checked
	s.Starter(status, &c, "check")
	after := everything(t, s)
	for i, side := range []string{"source", "target"} {
		if diff := digest.DiffDatabases(before.databases[i], after.databases[i]); diff != "" {
			t.Errorf("check changed the %s database:\n%s", side, diff)
		}
		if diff := digest.DiffTrees(before.trees[i], after.trees[i]); diff != "" {
			t.Errorf("check changed the %s uploads:\n%s", side, diff)
		}
	}
	return c
}

type everythingOf struct {
	databases []digest.Database
	trees     []digest.Tree
}

// everything is both servers, but for the traces of logins on the target.
func everything(t *testing.T, s *rig.Stage) (out everythingOf) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	source, err := digest.OfDatabase(t.Context(), s.Source, digest.DatabaseOptions{})
	must(err)
	target, err := digest.OfDatabase(t.Context(), s.Target, digest.DatabaseOptions{Exclude: []string{"wf_audit_trail", "SHKResourcesTable"}})
	must(err)
	out.databases = []digest.Database{source, target}
	for _, folder := range []string{s.SourceUploads, s.TargetFiles} {
		tree, err := digest.OfTree(folder, digest.TreeOptions{})
		must(err)
		out.trees = append(out.trees, tree)
	}
	return out
}

// equal is a stage of two servers with the same apps, where nothing stands
// against migrating, and a worker.
func equal(t *testing.T) (*rig.Stage, *plant.Pair) {
	t.Helper()
	s := rig.New(t, rig.Options{
		Seed: seed.Options{
			Seed: 1, Instances: 160, WithTokens: 4, WithSubflows: 14, TextBytes: 200, MaxFileBytes: 200, Now: time.Now(),
			Positions: []string{
				"leave/process1/approve", "leave/process1/approve_again", "procure/process1/parallel",
				"onboard/probation/review", "onboard/onboarding/prepare", "onboard/onboarding/welcome",
			},
		},
		Target:   seed.TargetOptions{Instances: 6, Completed: 10},
		Settings: map[string]string{"FERRY_SOURCE_HOSTS": plant.OldHost, "FERRY_JOINS": "rebuild"},
	})
	// moved on by hand, as the runbook says
	if _, err := s.Target.ExecContext(t.Context(), "UPDATE app_env_variable SET value = '100000' WHERE appId = 'leave' AND id = 'leaveNo'"); err != nil {
		t.Fatal(err)
	}
	// What a subflow counts cannot be set; see a_number_of_a_subflow_changed.
	for _, table := range []string{"SHKProcessData", "SHKActivityData"} {
		if _, err := s.Source.ExecContext(t.Context(), "UPDATE "+table+" SET VariableValueLONG = 0 WHERE VariableDefinitionId = 'assetCount'"); err != nil {
			t.Fatal(err)
		}
	}
	s.StartWorker()
	return s, &plant.Pair{
		Source: plant.Server{DB: s.Source, Uploads: s.SourceUploads},
		Target: plant.Server{DB: s.Target, Uploads: s.TargetFiles},
	}
}

// planted makes discrepancies and returns what was found without them, less
// what they hide, and what they cause.
func planted(ctx context.Context, t *testing.T, pair *plant.Pair, clean []string, names ...string) []string {
	t.Helper()
	want := slices.Clone(clean)
	var causes []string
	for _, name := range names {
		p, ok := plant.Named(name)
		if !ok {
			t.Fatalf("no plant %s", name)
		}
		done, err := pair.Plant(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range done.Causes {
			causes = append(causes, f.ID+" "+f.Subject)
		}
		for _, f := range done.Hides {
			want = slices.DeleteFunc(want, func(line string) bool {
				id, subject, _ := strings.Cut(line, " ")
				return subject == f.Subject && (f.ID == id || f.ID == plant.Any)
			})
		}
	}
	want = slices.Concat(want, causes)
	slices.Sort(want)
	return slices.Compact(want)
}

func TestCheckFindsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	s, pair := equal(t)
	clean := check(t, s, 0)
	clean.each(func(f found) {
		t.Logf("without plants: %s %s %s: %s", f.ID, f.Severity, f.Subject, f.Seen)
		if f.Severity == "blocking" {
			t.Errorf("%s of %s blocks equal servers", f.ID, f.Subject)
		}
	})
	want := planted(t.Context(), t, pair, clean.all(),
		"somebody_works_on_the_source", "somebody_works_on_the_target",

		"an_activity_has_another_performer", "a_condition_is_another", "a_split_is_parallel", "a_variable_begins_with_another_value",
		"a_participant_was_added", "a_limit_is_shorter", "a_subflow_is_another", "a_participant_is_another_group", "a_tool_is_another_plugin",
		"an_activity_shows_another_form", "a_field_needs_a_plugin_that_is_not_installed", "an_environment_variable_is_gone", "a_subform_was_deleted",
		"a_field_names_a_form_for_no_known_reason",
		"a_participant_depends_on_who_calls",

		"the_record_is_called_like_an_instance_there", "the_record_is_called_like_an_instance_to_come", "the_record_id_has_spaces",
		"a_form_table_was_never_made", "a_column_is_narrower", "a_column_must_be_unique",
		"a_table_has_no_transactions", "the_record_is_there_and_another", "two_instances_have_one_record", "the_record_was_deleted",
		"an_upload_was_lost", "the_id_generator_was_never_moved_on", "a_value_is_encrypted", "the_record_id_is_there_in_capitals",

		"the_instance_was_never_started", "the_instance_is_suspended", "nothing_is_open", "a_branch_waits_at_a_join",
		"a_tool_is_in_flight", "an_activity_is_suspended", "an_activity_is_inside_a_block", "an_activity_is_open_twice",
		"an_activity_is_of_no_definition", "nobody_requested_it", "a_variable_is_a_java_object", "a_boolean_variable_is_true",
		"a_variable_is_not_declared", "half_of_the_approvers_approved", "a_deadline_runs", "a_subflow_runs_on_its_own",
		"an_activity_is_accepted", "the_requester_is_not_there", "the_requester_may_not_log_in", "an_assignee_is_not_there",
		"who_accepted_is_not_there", "the_requester_may_not_start", "a_plugin_says_who_may_start", "the_start_would_run_to_the_end",
		"the_start_would_run_another_tool", "nobody_knows_where_the_start_leads", "a_limit_runs", "a_deadline_is_near",
		"the_start_would_begin_a_subflow_on_its_own", "the_start_may_lead_past_the_first_wait",

		// They concern all instances with a value in the column, so they go by what the others left.
		"a_column_was_never_made", "a_column_is_latin1",
	)
	got := check(t, s, 3)
	if diff := cmp.Diff(want, got.all()); diff != "" {
		t.Errorf("findings (-planted +found):\n%s", diff)
	}
}

// TestCheckFindsWhatKeepsTheRestFromBeingPlanted has what cannot stand beside
// the others.
func TestCheckFindsWhatKeepsTheRestFromBeingPlanted(t *testing.T) {
	t.Parallel()
	s, pair := equal(t)
	clean := check(t, s, 0)
	want := planted(t.Context(), t, pair, clean.all(),
		"a_tool_became_a_route", "a_participant_is_who_did_an_earlier_activity", "a_tool_runs_at_the_start", "a_start_may_begin_a_subflow_on_its_own",
		"a_subflow_is_suspended", "a_subflow_ended_and_its_caller_waits", "the_tool_of_a_subflow_is_in_flight", "nobody_knows_where_a_subflow_leads",
		"a_number_of_a_subflow_changed", "an_activity_has_an_older_number",
		"an_assignee_was_taken_off", "an_address_of_the_old_host_is_left", "a_boolean_variable_is_false", "the_target_is_older", "the_app_is_not_published",
	)
	got := check(t, s, 3)
	if diff := cmp.Diff(want, got.all()); diff != "" {
		t.Errorf("findings (-planted +found):\n%s", diff)
	}
}

// TestCheckFindsWhatStandsAgainstServers plants one after the other: a login
// that fails hides what would be found with it.
func TestCheckFindsWhatStandsAgainstServers(t *testing.T) {
	t.Parallel()
	s := rig.New(t, rig.Options{Seed: seed.Options{Seed: 1, Instances: 3}, Target: seed.TargetOptions{Instances: 3}})
	pair := &plant.Pair{
		Source: plant.Server{DB: s.Source, Uploads: s.SourceUploads},
		Target: plant.Server{DB: s.Target, Uploads: s.TargetFiles},
	}
	for _, name := range []string{
		"the_master_login_changed", "the_administrator_is_none", "the_password_of_the_administrator_changed",
		"a_server_is_too_old",
	} {
		want := planted(t.Context(), t, pair, nil, name)
		s.RestartTarget(nil) // it reads its settings when it starts
		worker := s.StartWorker()
		var got checked
		s.Starter(3, &got, "check")
		worker.Kill()
		if !slices.Contains(got.all(), want[0]) {
			t.Errorf("%s: not found: %s, but %v", name, want[0], got.Findings)
		}
	}
}

func TestCheckSurvivesRubbish(t *testing.T) {
	t.Parallel()
	t.Run("what_cannot_be_read_is_found_and_the_rest_planned", func(t *testing.T) {
		t.Parallel()
		s, pair := equal(t)
		clean := check(t, s, 0)
		want := planted(t.Context(), t, pair, nil, "the_xpdl_of_the_source_is_cut_off", "an_app_is_half_imported", "a_form_is_cut_off")
		got := check(t, s, 3)
		for _, line := range want {
			if !slices.Contains(got.all(), line) {
				t.Errorf("not found: %s", line)
			}
		}
		if diff := cmp.Diff(standing(clean, "onboard#"), standing(got, "onboard#")); diff != "" {
			t.Errorf("instances that the rubbish does not concern (-before +after):\n%s", diff)
		}
		if got.Open.Roots != clean.Open.Roots || got.Counts["total"] != clean.Counts["total"] {
			t.Errorf("%d of %d instances are in the plan", got.Counts["total"], clean.Counts["total"])
		}
	})
	t.Run("a_target_without_form_tables", func(t *testing.T) {
		t.Parallel()
		s, _ := equal(t)
		var tables []string
		rows, err := s.Target.QueryContext(t.Context(), `SELECT TABLE_NAME FROM information_schema.tables WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'app\_fd\_%' ORDER BY 1`)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var table string
			if err := rows.Scan(&table); err != nil {
				t.Fatal(err)
			}
			tables = append(tables, table)
		}
		if err := rows.Close(); err != nil || rows.Err() != nil {
			t.Fatal(err, rows.Err())
		}
		for _, table := range tables {
			if _, err := s.Target.ExecContext(t.Context(), "DROP TABLE "+table); err != nil {
				t.Fatal(err)
			}
		}
		got := check(t, s, 0) // who has no record yet can go
		for app, table := range map[string]string{"leave": "app_fd_leave_request", "procure": "app_fd_proc_request", "onboard": "app_fd_onb_hire"} {
			if !slices.ContainsFunc(got.Findings, func(f found) bool {
				return f.ID == "FERRY-304" && f.Subject == app && strings.HasPrefix(f.Seen, table+":")
			}) {
				t.Errorf("not found: %s of %s, but %v", table, app, got.Findings)
			}
		}
		if blocked := got.Counts["blocked"]; blocked != 173 {
			t.Errorf("%d of 178 instances are blocked, want all that have a record", blocked)
		}
		if got.Counts["total"] != 178 {
			t.Errorf("%d of 178 instances are in the plan", got.Counts["total"])
		}
	})
	t.Run("an_empty_source", func(t *testing.T) {
		t.Parallel()
		s := rig.New(t, rig.Options{Seed: seed.Options{Seed: 1, NoUploads: true}})
		s.StartWorker()
		if got := check(t, s, 0); got.Counts["total"] != 0 || len(got.Instances) != 0 {
			t.Errorf("%d instances are in the plan of nothing", got.Counts["total"])
		}
	})
}

// standing says how many instances of definitions that begin so are not blocked.
func standing(c checked, prefix string) []string {
	var lines []string
	for _, d := range c.Definitions {
		if strings.HasPrefix(d.Definition, prefix) {
			lines = append(lines, fmt.Sprintf("%s: %d", d.Definition, d.Counts["total"]-d.Counts["blocked"]))
		}
	}
	return lines
}

// TestPlanReadsManyPages has more instances than are read at a time.
func TestPlanReadsManyPages(t *testing.T) {
	t.Parallel()
	s := rig.New(t, rig.Options{Seed: seed.Options{Seed: 3, Instances: 1100, TextBytes: 32, NoUploads: true}})
	s.StartWorker()
	var plan struct {
		Instances []struct {
			Instance string `json:"instance"`
		} `json:"instances"`
	}
	s.Starter(0, &plan, "plan")
	var want, got []string
	for _, i := range s.Seeded.Instances {
		want = append(want, i.ID)
	}
	for _, i := range plan.Instances {
		got = append(got, i.Instance)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("instances of the plan, in the order in which they were created (-want +got):\n%s", diff)
	}
}
