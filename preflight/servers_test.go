package preflight_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/preflight"
)

func TestCopying(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*preflight.CopyingFacts)
		want   []string
	}{
		{name: "two_equal_servers_have_no_findings", change: func(*preflight.CopyingFacts) {}},
		{name: "one_server", change: func(f *preflight.CopyingFacts) { f.Target = "a" }, want: []string{"FERRY-101 source: "}},
		{name: "a_name_that_means_other_servers", change: func(f *preflight.CopyingFacts) { f.BoundElsewhere = true }, want: []string{"FERRY-107 m: "}},
		{name: "an_account_that_may_write", change: func(f *preflight.CopyingFacts) { f.SourceGrants = preflight.GrantsWrite }, want: []string{"FERRY-108 source: "}},
		{name: "an_account_whose_grants_nobody_sees", change: func(f *preflight.CopyingFacts) { f.SourceGrants = preflight.GrantsUnknown }, want: []string{
			"FERRY-108 source: its grants cannot be read",
		}},
		{name: "uploads_that_are_not_mounted", change: func(f *preflight.CopyingFacts) { f.SourceUploads, f.TargetUploads = "not found", "read-only" }, want: []string{
			"FERRY-109 source: not found", "FERRY-110 target: read-only",
		}},
		{name: "an_sftp_server_that_lacks_something", change: func(f *preflight.CopyingFacts) { f.TargetUploadsLack = []string{"fsync: lost", "statvfs: not known"} }, want: []string{
			"FERRY-123 target: fsync: lost; statvfs: not known",
		}},
		{name: "no_joget", change: func(f *preflight.CopyingFacts) { f.SourceGeneration = 0 }, want: []string{"FERRY-113 source: its tables are not those of Joget v3 to v8"}},
		{name: "a_target_that_takes_no_record_id", change: func(f *preflight.CopyingFacts) { f.SourceGeneration, f.TargetGeneration = 4, 4 }, want: []string{"FERRY-113 target: v4"}},
		{name: "the_oldest_source_and_a_newer_target", change: func(f *preflight.CopyingFacts) { f.SourceGeneration = 4 }},
		{name: "too_old_a_source", change: func(f *preflight.CopyingFacts) { f.SourceGeneration = 3 }, want: []string{"FERRY-113 source: v3"}},
		{name: "an_older_target", change: func(f *preflight.CopyingFacts) { f.TargetGeneration = 7 }, want: []string{"FERRY-114 target: v8 -> v7"}},
		{name: "clocks_half_a_minute_apart", change: func(f *preflight.CopyingFacts) { f.SourceClock, f.TargetClock = -15*time.Second, 15*time.Second }},
		{
			name: "clocks_further_apart", change: func(f *preflight.CopyingFacts) { f.SourceClock, f.TargetClock = -15*time.Second, 16*time.Second },
			want: []string{"FERRY-115 source and target: source database 15s behind the worker, target database 16s ahead of the worker"},
		},
		{name: "a_worker_whose_clock_is_wrong", change: func(f *preflight.CopyingFacts) { f.SourceClock, f.TargetClock = time.Hour, time.Hour }, want: []string{
			"FERRY-115 source and target: source database 1h0m0s ahead of the worker, target database 1h0m0s ahead of the worker",
		}},
		{name: "people_at_work_on_the_source", change: func(f *preflight.CopyingFacts) { f.SourceWork = map[string]int{"hr": 1, "crm": 20} }, want: []string{
			"FERRY-119 source: activities in ten minutes: crm: 20, hr: 1",
		}},
		{name: "a_replica", change: func(f *preflight.CopyingFacts) { f.TargetReadOnly = "read_only" }, want: []string{"FERRY-121 target: read_only is on"}},
		{name: "no_right_to_make_tables", change: func(f *preflight.CopyingFacts) { f.NoTables = true }, want: []string{"FERRY-124 target: "}},
		{name: "people_at_work_on_the_target", change: func(f *preflight.CopyingFacts) { f.TargetWork = map[string]int{"crm": 2} }, want: []string{
			"FERRY-120 target: activities in ten minutes: crm: 2",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := preflight.CopyingFacts{
				Migration: "m", Source: "a", Target: "b", SourceGrants: preflight.GrantsRead, SourceGeneration: 8, TargetGeneration: 8,
				SourceWork: map[string]int{}, TargetWork: map[string]int{},
			}
			tc.change(&f)
			if diff := cmp.Diff(tc.want, said(preflight.Copying(&f))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCalling(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		facts preflight.CallingFacts
		want  []string
	}{
		{name: "a_server_that_works"},
		{name: "a_server_that_never_had_a_master_login_and_needs_none", facts: preflight.CallingFacts{MasterUnset: true}},
		{name: "no_answer", facts: preflight.CallingFacts{Unreachable: "unavailable"}, want: []string{"FERRY-102 target: unavailable"}},
		{name: "a_wrong_password", facts: preflight.CallingFacts{AdminRefused: true}, want: []string{"FERRY-103 target: "}},
		{name: "no_administrator", facts: preflight.CallingFacts{AdminRights: "denied"}, want: []string{"FERRY-104 target: denied"}},
		{name: "another_database", facts: preflight.CallingFacts{NotPaired: true}, want: []string{"FERRY-106 target: "}},
		{name: "variables_that_cannot_be_written", facts: preflight.CallingFacts{Unwritable: "no SELECT and UPDATE on SHKProcessData"}, want: []string{
			"FERRY-122 target: no SELECT and UPDATE on SHKProcessData",
		}},
		{name: "a_target_from_a_backup", facts: preflight.CallingFacts{Rewound: true}, want: []string{"FERRY-112 target: "}},
		{name: "a_wrong_master_login", facts: preflight.CallingFacts{MasterRefused: "not taken"}, want: []string{"FERRY-105 target: not taken"}},
		{
			name: "no_master_login", facts: preflight.CallingFacts{MasterRefused: "not taken", MasterUnset: true},
			want: []string{"FERRY-105 target: not taken; the target has none (masterLoginUsername, masterLoginPassword)"},
		},
		{name: "referer_refused", facts: preflight.CallingFacts{RefererRefused: true, Whitelists: "w"}, want: []string{"FERRY-111 target: w"}},
		{name: "a_clock_that_is_a_little_late", facts: preflight.CallingFacts{Clock: -30 * time.Second}},
		{name: "a_clock_that_is_late", facts: preflight.CallingFacts{Clock: -31 * time.Second}, want: []string{"FERRY-115 target: target.url 31s behind the worker"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, said(preflight.Calling(&tc.facts))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEngine(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, tc := range []struct {
		name  string
		facts preflight.EngineFacts
		want  []string
	}{
		{name: "a_week", facts: preflight.EngineFacts{Retention: 7 * day}},
		{name: "not_known", facts: preflight.EngineFacts{}},
		{name: "three_days", facts: preflight.EngineFacts{Retention: 3 * day}, want: []string{"FERRY-117 namespace n: 3 days"}},
		{name: "one_day", facts: preflight.EngineFacts{Retention: day}, want: []string{"FERRY-117 namespace n: 1 day"}},
		{name: "hours", facts: preflight.EngineFacts{Retention: 36 * time.Hour}, want: []string{"FERRY-117 namespace n: 36h0m0s"}},
		{
			name:  "attributes",
			facts: preflight.EngineFacts{MissingAttributes: []string{"FerryStage"}, MistypedAttributes: map[string]string{"FerryWave": "Text"}},
			want:  []string{"FERRY-118 namespace n: FerryStage is missing", "FERRY-118 namespace n: FerryWave is Text"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.facts.Namespace = "n"
			if diff := cmp.Diff(tc.want, said(preflight.Engine(&tc.facts))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSpaceForUploads(t *testing.T) {
	t.Parallel()
	free := int64(10)
	facts := preflight.PlanFacts{Amounts: []preflight.Amount{{App: "crm", FileBytes: 4}, {App: "hr", FileBytes: 6}}, FreeBytes: &free}
	if got := only(said(preflight.Plan(&facts)), "FERRY-116"); got != nil {
		t.Errorf("there is room, and yet %v", got)
	}
	facts.Amounts[0].FileBytes++
	if diff := cmp.Diff([]string{"FERRY-116 target: 11 bytes to copy, 10 bytes free"}, only(said(preflight.Plan(&facts)), "FERRY-116")); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	for _, f := range preflight.Plan(&facts) {
		if f.ID == "FERRY-116" && f.Severity != migration.Warning {
			t.Errorf("%s, though what was copied counts again", f.Severity)
		}
	}
	facts.FreeBytes = nil
	if got := only(said(preflight.Plan(&facts)), "FERRY-116"); got != nil {
		t.Errorf("nobody knows, and yet %v", got)
	}
}
