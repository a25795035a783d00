package main

import (
	"fmt"
	"strings"
	"testing"
)

// flawless is a migration in which all is as it has to be.
func flawless() verdict {
	v := verdict{moved: map[string]string{}, starts: map[string]int{}, same: wanted}
	v.kept = []kept{{what: "open subflows", source: 3, target: 3}}
	for i := range wanted {
		id := fmt.Sprintf("%d_leave_process1", i)
		v.running = append(v.running, id)
		v.moved[id] = fmt.Sprintf("%d_leave_process1", 1000+i)
		v.starts[fmt.Sprintf("record-%d", i)] = 1
	}
	return v
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		spoil func(*verdict)
		line  string
		want  string // part of the error, "" for none
	}{
		"all_is_well": {
			func(*verdict) {},
			"demo: 40 running instances, 40 migrated and verified, 0 started twice, source unchanged", "",
		},
		"one_started_twice": {
			func(v *verdict) { v.starts["record-3"] = 2 },
			"demo: 40 running instances, 40 migrated and verified, 1 started twice, source unchanged", "record-3 (2 times)",
		},
		"one_not_migrated": {
			func(v *verdict) { delete(v.moved, "7_leave_process1") },
			"demo: 40 running instances, 39 migrated and verified, 0 started twice, source unchanged", "39 of 40",
		},
		"two_on_one_target_instance": {
			func(v *verdict) { v.moved["7_leave_process1"] = v.moved["8_leave_process1"] },
			"demo: 40 running instances, 38 migrated and verified, 0 started twice, source unchanged", "38 of 40",
		},
		"another_instance_done_in_place_of_a_running_one": {
			func(v *verdict) {
				delete(v.moved, "7_leave_process1")
				v.moved["99_leave_process1"] = "1099_leave_process1"
			},
			"demo: 40 running instances, 39 migrated and verified, 0 started twice, source unchanged", "39 of 40",
		},
		"one_differs_in_the_last_comparison": {
			func(v *verdict) { v.same-- },
			"demo: 40 running instances, 40 migrated and verified, 0 started twice, source unchanged", "found 39 the same",
		},
		"one_never_started_on_the_target": {
			func(v *verdict) { delete(v.starts, "record-3") },
			"demo: 40 running instances, 40 migrated and verified, 0 started twice, source unchanged", "39 records, want 40",
		},
		"a_start_for_a_foreign_record": {
			func(v *verdict) { v.starts["stranger"] = 1 },
			"demo: 40 running instances, 40 migrated and verified, 0 started twice, source unchanged", "41 records, want 40",
		},
		"too_few_running": {
			func(v *verdict) {
				delete(v.moved, v.running[39])
				delete(v.starts, "record-39")
				v.running, v.same = v.running[:39], 39
			},
			"demo: 39 running instances, 39 migrated and verified, 0 started twice, source unchanged", "want 40",
		},
		"a_subflow_is_lost": {
			func(v *verdict) { v.kept[0].target-- },
			"demo: 40 running instances, 40 migrated and verified, 0 started twice, source unchanged", "open subflows: 3 on the source, 2 on the target",
		},
		"nothing_of_a_kind_to_bring_along": {
			func(v *verdict) { v.kept[0] = kept{what: "deadlines"} },
			"demo: 40 running instances, 40 migrated and verified, 0 started twice, source unchanged", "deadlines: 0 on the source",
		},
		"the_source_changed": {
			func(v *verdict) { v.sourceDiff = "SHKProcesses: 1 row" },
			"demo: 40 running instances, 40 migrated and verified, 0 started twice, source CHANGED", "SHKProcesses: 1 row",
		},
		"the_source_server_was_called": {
			func(v *verdict) { v.sourceCalls = 2 },
			"demo: 40 running instances, 40 migrated and verified, 0 started twice, source CHANGED", "called 2 times",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := flawless()
			tt.spoil(&v)
			if got := v.line(); got != tt.line {
				t.Errorf("line:\n got %s\nwant %s", got, tt.line)
			}
			err := v.err()
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("error %v, want none", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}
