package transfer_test

import (
	"fmt"
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
)

// TestCopyFormData_copies_few_files_along leaves to CopyUploads what takes long, and what
// stands against it.
func TestCopyFormData_copies_few_files_along(t *testing.T) {
	t.Parallel()
	many := map[string]string{}
	for n := range 33 {
		many[fmt.Sprintf("%02d.txt", n)] = "ours"
	}
	two := map[string]string{"a.txt": "ours", "b.txt": "ours too"}
	for _, tc := range []struct {
		name    string
		files   map[string]string
		theirs  string // the content of a.txt on the target
		started bool
		want    *contract.CopyUploadsOutput
		there   int // files on the target
	}{
		{name: "few", files: two, want: &contract.CopyUploadsOutput{Outcome: contract.Outcome{Status: contract.StatusOK}, Files: 2, Written: 2, Bytes: 12}, there: 2},
		{name: "too_many", files: many},
		{name: "one_is_somebody_elses", files: two, theirs: "theirs", there: 1},
		{name: "there_is_a_target_instance", files: two, started: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := c.Begin(activitytest.Begin{Process: "leave/process1", Row: map[string]string{"reason": "ill"}, Files: tc.files})
			in.Plan()
			if tc.started {
				in.Snapshot()
				in.Start()
			}
			if tc.theirs != "" {
				c.Target.File("leave_request", in.Record, "a.txt", tc.theirs)
			}
			out, err := activitytest.Run(t, scene.Worker(c).Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: in.Step(), Redo: tc.started})
			activitytest.Must(t, err)
			activitytest.Same(t, "uploads", tc.want, out.Uploads)
			activitytest.Same(t, "files", tc.there, len(c.Target.Files("leave_request", in.Record)))
			activitytest.Same(t, "state", migration.InstanceRunning, in.Entry().State)
			if _, _, err := c.Ledger.FileCapture(t.Context(), in.Key()); (tc.want != nil) != (err == nil) {
				t.Errorf("what lies beside the files: %v", err)
			}
		})
	}
}
