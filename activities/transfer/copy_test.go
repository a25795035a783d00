package transfer_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
)

// TestCopyFormData takes the snapshot of an instance and copies its rows.
func TestCopyFormData(t *testing.T) {
	t.Parallel()
	type step func(*testing.T, *activitytest.Case, *activitytest.Instance)
	ok := contract.Outcome{Status: contract.StatusOK}
	along := &contract.CopyUploadsOutput{Outcome: ok}
	wanted := []migration.ActivityDefID{"approve"}
	for _, tc := range []struct {
		name    string
		happens step
		change  func(*scene.Ports)
		input   contract.CopyFormDataInput
		want    contract.CopyFormDataOutput
		fails   string
		state   migration.InstanceState
		row     string // the reason on the target, "" for no row
		// snapshots is how many there are in the end.
		snapshots int
	}{
		{name: "a_new_row", want: contract.CopyFormDataOutput{Outcome: ok, Rows: 1, Written: 1, Wanted: wanted, Uploads: along}, state: migration.InstanceRunning, row: "ill", snapshots: 1},
		{
			name: "a_row_that_is_there_already",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Row("leave_request", in.Record, map[string]string{"reason": "ill"})
			},
			want: contract.CopyFormDataOutput{Outcome: ok, Rows: 1, Wanted: wanted, Uploads: along}, state: migration.InstanceRunning, row: "ill", snapshots: 1,
		},
		{
			name: "a_row_that_is_somebody_elses",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Row("leave_request", in.Record, map[string]string{"reason": "theirs"})
			},
			want: contract.CopyFormDataOutput{Outcome: activitytest.Parked(migration.ReasonRecordConflict), Rows: 1, Wanted: wanted}, state: migration.InstanceParked, row: "theirs", snapshots: 1,
		},
		{
			name: "a_row_that_may_be_overwritten",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Row("leave_request", in.Record, map[string]string{"reason": "theirs"})
			},
			change: func(a *scene.Ports) { a.Settings.OnConflict = records.ConflictOverwrite },
			want:   contract.CopyFormDataOutput{Outcome: ok, Rows: 1, Written: 1, Wanted: wanted, Uploads: along}, state: migration.InstanceRunning, row: "ill", snapshots: 1,
		},
		{
			name:    "it_closed_before_its_turn",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) { c.Source.Abort(in.ID) },
			want:    contract.CopyFormDataOutput{Outcome: contract.Outcome{Status: contract.StatusSkipped, Reason: migration.ReasonSourceClosed}}, state: migration.InstanceSkipped,
		},
		{
			name: "it_closed_when_it_was_started",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				in.Copy()
				in.Start()
				c.Source.Abort(in.ID)
			},
			want: contract.CopyFormDataOutput{Outcome: activitytest.Parked(migration.ReasonSourceClosed)}, state: migration.InstanceParked, row: "ill", snapshots: 1,
		},
		{
			name: "it_was_done_and_is_closed_on_the_source", input: contract.CopyFormDataInput{Delta: true},
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				in.Copy()
				in.Start()
				c.Source.Abort(in.ID)
			},
			want: contract.CopyFormDataOutput{Outcome: contract.Outcome{Status: contract.StatusDone}}, state: migration.InstanceDone, row: "ill", snapshots: 1,
		},
		{
			name: "it_was_started_from_an_earlier_snapshot",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				in.Copy()
				in.Start()
				c.Source.Edit("leave_request", in.Record, "reason", "changed")
			},
			want: contract.CopyFormDataOutput{Outcome: ok, Rows: 1, Wanted: wanted}, state: migration.InstanceRunning, row: "ill", snapshots: 1,
		},
		{
			name: "it_is_to_be_done_again", input: contract.CopyFormDataInput{Redo: true},
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				in.Copy()
				in.Start()
				c.Source.Edit("leave_request", in.Record, "reason", "changed")
			},
			want: contract.CopyFormDataOutput{Outcome: ok, Rows: 1, Written: 1, Wanted: wanted}, state: migration.InstanceRunning, row: "changed", snapshots: 2,
		},
		{
			name: "it_is_to_be_done_again_and_somebody_works_on_the_target", input: contract.CopyFormDataInput{Redo: true},
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				in.Copy()
				in.Start()
				c.Source.Edit("leave_request", in.Record, "reason", "changed")
				c.Target.Accept(in.TargetID(), "approve", "clark")
			},
			want: contract.CopyFormDataOutput{Outcome: activitytest.Parked(migration.ReasonTargetMoved)}, state: migration.InstanceParked, row: "ill", snapshots: 1,
		},
		{
			name: "it_is_to_be_done_again_and_the_target_is_closed", input: contract.CopyFormDataInput{Redo: true},
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				in.Copy()
				in.Start()
				c.Target.Abort(in.TargetID())
			},
			want: contract.CopyFormDataOutput{Outcome: activitytest.Parked(migration.ReasonTargetClosed)}, state: migration.InstanceParked, row: "ill", snapshots: 1,
		},
		{
			name: "another_version_is_published_than_planned",
			happens: func(_ *testing.T, _ *activitytest.Case, in *activitytest.Instance) {
				in.Target.Version = "4"
				in.Plan()
			},
			want: contract.CopyFormDataOutput{Outcome: activitytest.Parked(migration.ReasonSourceBlocked)}, state: migration.InstanceParked,
		},
		{
			name: "a_check_blocks_it_now",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Source.Exec("UPDATE SHKActivities SET ActivityDefinitionId = 'gone' WHERE ProcessId = ?", string(in.ID))
			},
			want: contract.CopyFormDataOutput{Outcome: activitytest.Parked(migration.ReasonSourceBlocked)}, state: migration.InstanceParked,
		},
		{
			name:    "the_ledger_has_it_done",
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) { scene.Finished(t, c, in) },
			want:    contract.CopyFormDataOutput{Outcome: contract.Outcome{Status: contract.StatusDone}}, state: migration.InstanceDone,
		},
		{
			name: "the_worker_is_another_servers", change: func(a *scene.Ports) { a.Source.Fingerprint = "elsewhere" },
			fails: contract.MisdirectedType, state: migration.InstanceReady,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Leave(c)
			in.Plan()
			if tc.happens != nil {
				tc.happens(t, c, in)
			}
			a := scene.Worker(c)
			if tc.change != nil {
				a = scene.Worker(c, tc.change)
			}
			input := tc.input
			input.StepInput = in.Step()
			out, err := activitytest.Run(t, a.Register, contract.CopyFormData, input)
			activitytest.Same(t, "error", tc.fails, activitytest.TypeOf(err))
			out.Outcome = activitytest.Decided(out.Outcome)
			activitytest.Same(t, "output", tc.want, out)
			activitytest.Same(t, "state", tc.state, in.Entry().State)
			activitytest.Same(t, "reason", tc.row, c.Target.Field("leave_request", in.Record, "reason"))
			snapshot, err := c.Ledger.Snapshot(t.Context(), c.Migration, in.ID)
			if err != nil && migration.CodeOf(err) != migration.CodeNotFound {
				t.Error(err)
			}
			activitytest.Same(t, "snapshots", tc.snapshots, snapshot.Seq)
		})
	}
}

// TestCopyFormData_that_the_target_cannot_hold has a column that is too short.
func TestCopyFormData_that_the_target_cannot_hold(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	in := scene.Leave(c)
	in.Plan()
	c.Target.Exec("ALTER TABLE app_fd_leave_request MODIFY c_reason varchar(2)")
	out, err := activitytest.Run(t, scene.Worker(c).Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	activitytest.Same(t, "outcome", activitytest.Parked(migration.ReasonRecordUnsupported), activitytest.Decided(out.Outcome))
	activitytest.Same(t, "row", "0", c.Target.Text("SELECT COUNT(*) FROM app_fd_leave_request"))
}

// TestCopyUploads copies the files of the record, and leaves what is not ours.
func TestCopyUploads(t *testing.T) {
	t.Parallel()
	ok := contract.Outcome{Status: contract.StatusOK}
	for _, tc := range []struct {
		name    string
		happens func(*testing.T, *activitytest.Case, *activitytest.Instance)
		change  func(*scene.Ports)
		want    contract.CopyUploadsOutput
		files   []string
		state   migration.InstanceState
	}{
		{name: "new_files", want: contract.CopyUploadsOutput{Outcome: ok, Files: 2, Written: 2, Bytes: 12}, files: []string{"a.txt=ours", "b.txt=ours too"}, state: migration.InstanceRunning},
		{
			name: "one_that_is_there_already",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.File("leave_request", in.Record, "a.txt", "ours")
			},
			want: contract.CopyUploadsOutput{Outcome: ok, Files: 2, Written: 1, Bytes: 8}, files: []string{"a.txt=ours", "b.txt=ours too"}, state: migration.InstanceRunning,
		},
		{
			name: "one_that_is_somebody_elses",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.File("leave_request", in.Record, "a.txt", "theirs")
			},
			want: contract.CopyUploadsOutput{Outcome: activitytest.Parked(migration.ReasonFileConflict)}, files: []string{"a.txt=theirs"}, state: migration.InstanceParked,
		},
		{
			name: "one_that_may_be_overwritten",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.File("leave_request", in.Record, "a.txt", "theirs")
			},
			change: func(a *scene.Ports) { a.Settings.OnConflict = records.ConflictOverwrite },
			want:   contract.CopyUploadsOutput{Outcome: ok, Files: 2, Written: 2, Bytes: 12}, files: []string{"a.txt=ours", "b.txt=ours too"}, state: migration.InstanceRunning,
		},
		{
			name: "one_that_is_no_file",
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				activitytest.Must(t, os.Symlink("elsewhere", filepath.Join(c.Source.Folder, "leave_request", string(in.Record), "link")))
			},
			want: contract.CopyUploadsOutput{Outcome: activitytest.Parked(migration.ReasonFileRefused), Files: 2, Written: 2, Bytes: 12}, files: []string{"a.txt=ours", "b.txt=ours too"}, state: migration.InstanceParked,
		},
		{
			name: "somebody_works_on_the_target",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				in.Start()
				c.Target.Accept(in.TargetID(), "approve", "clark")
			},
			want: contract.CopyUploadsOutput{Outcome: activitytest.Parked(migration.ReasonTargetMoved)}, files: []string{}, state: migration.InstanceParked,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := c.Begin(activitytest.Begin{Process: "leave/process1", Row: map[string]string{"reason": "ill"}, Files: map[string]string{"a.txt": "ours", "b.txt": "ours too"}})
			in.Plan()
			in.Snapshot()
			if tc.happens != nil {
				tc.happens(t, c, in)
			}
			a := scene.Worker(c)
			if tc.change != nil {
				a = scene.Worker(c, tc.change)
			}
			out, err := activitytest.Run(t, a.Register, contract.CopyUploads, in.Step())
			activitytest.Must(t, err)
			out.Outcome = activitytest.Decided(out.Outcome)
			activitytest.Same(t, "output", tc.want, out)
			activitytest.Same(t, "files", tc.files, c.Target.Files("leave_request", in.Record))
			activitytest.Same(t, "state", tc.state, in.Entry().State)
		})
	}
}

// TestCopyFormData_of_a_record_that_is_not_held has more in a row than a worker holds of a
// record.
func TestCopyFormData_of_a_record_that_is_not_held(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Intake(c)
	title := strings.Repeat("large ", 2<<20)
	c.Source.Edit("claim_case", in.Record, "title", title)
	scene.Copied(t, c, in)
	activitytest.Same(t, "the row", true, c.Target.Field("claim_case", in.Record, "title") == title)
	activitytest.Same(t, "the other fields", "ours", c.Target.Field("claim_case", in.Record, "stage"))
}

// TestCopyFormData_makes_what_the_target_lacks on several workers at once.
func TestCopyFormData_makes_what_the_target_lacks(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	instances := []*activitytest.Instance{scene.Leave(c), scene.Leave(c), scene.Leave(c)}
	c.Plan(instances...)
	c.Source.Table("leave_request", "reason", "gone", "never")
	for i, in := range instances {
		c.Source.Edit("leave_request", in.Record, "gone", strings.Repeat("x", i))
	}
	c.Target.Exec("DROP TABLE app_fd_leave_request")
	create := func(a *scene.Ports) {
		a.Settings.CreateTables = true
		a.Source.Tables, a.Target.Tables = records.NewSchema(), records.NewSchema()
	}
	copied := func(in *activitytest.Instance, a *scene.Ports) contract.Outcome {
		out, err := activitytest.Run(t, a.Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: in.Step()})
		if err != nil {
			t.Error(err)
		}
		return activitytest.Decided(out.Outcome)
	}
	activitytest.Same(t, "off", activitytest.Parked(migration.ReasonRecordUnsupported), copied(instances[0], scene.Worker(c)))
	instances[0].Decide(migration.ActionRetry, false)
	var workers sync.WaitGroup
	for _, in := range instances {
		a := scene.Worker(c, create)
		_, _, err := a.Target.Tables.Table(t.Context(), a.Target.Pool(), "leave_request")
		activitytest.Must(t, err)
		workers.Go(func() {
			activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, copied(in, a))
		})
	}
	workers.Wait()
	for i, in := range instances {
		activitytest.Same(t, "value", strings.Repeat("x", i), c.Target.Field("leave_request", in.Record, "gone"))
	}
	const columns = "SELECT GROUP_CONCAT(COLUMN_NAME ORDER BY COLUMN_NAME) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'app_fd_leave_request' AND COLUMN_NAME LIKE 'c\\_%'"
	if got := c.Target.Text(columns); !strings.Contains(got, "c_gone") || strings.Contains(got, "c_never") {
		t.Errorf("columns %s", got)
	}
	// A worker that knows the table without the column.
	c.Source.Table("leave_request", "later")
	c.Source.Edit("leave_request", instances[1].Record, "later", "on")
	out, err := activitytest.Run(t, scene.Worker(c, create).Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: instances[1].Step()})
	activitytest.Must(t, err)
	activitytest.Same(t, "outcome", contract.StatusOK, out.Status)
	activitytest.Same(t, "value", "on", c.Target.Field("leave_request", instances[1].Record, "later"))
	lines, err := c.Ledger.Lines(t.Context(), c.Migration, instances[1].ID)
	activitytest.Must(t, err)
	last := ""
	for _, l := range lines {
		if l.Event == migration.EventTableMade {
			last = string(l.Kind) + ": " + l.Facts.Summary
		}
	}
	activitytest.Same(t, "the ledger", "outcome: ALTER TABLE `app_fd_leave_request` ADD COLUMN `c_later` longtext", last)
}
