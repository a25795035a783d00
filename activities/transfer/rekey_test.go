package transfer_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
)

// rekeyed is an instance whose record has another ID on the target, where somebody
// else's record has the old one.
type rekeyed struct {
	*activitytest.Instance
	c  *activitytest.Case
	to migration.RecordID
}

// hire has rows in two tables under the record's ID, an address that it names, tasks that
// name it and comments of these, each with a file, and a task whose folder lies in that of
// a record.
func hire(t *testing.T, c *activitytest.Case) rekeyed {
	t.Helper()
	id := migration.RecordID("h-" + strings.ToLower(rand.Text()))
	in := c.Begin(activitytest.Begin{
		Process: "onboard/probation", Record: id, Variables: map[string]string{"outcome": "new"},
		Row: map[string]string{"fullName": "Jack", "note": string(id), "address": "at-" + string(id)}, Files: map[string]string{"cv.pdf": "of the hire"},
	})
	for _, r := range []struct {
		table, id string
		fields    map[string]string
	}{
		{"onb_review", string(id), map[string]string{}},
		{"onb_address", "at-" + string(id), map[string]string{"city": "Riga"}},
		{"onb_task", "t-" + string(id), map[string]string{"hireId": string(id), "title": string(id)}},
		{"onb_task", string(id) + "/2", map[string]string{"hireId": string(id), "title": "second"}},
		{"onb_comment", "c-" + string(id), map[string]string{"taskId": "t-" + string(id), "text": "see " + string(id)}},
		{"onb_comment", "d-" + string(id), map[string]string{"taskId": string(id) + "/2"}},
	} {
		c.Source.Row(r.table, migration.RecordID(r.id), r.fields)
		c.Source.File(r.table, migration.RecordID(r.id), "a.pdf", r.table+" "+r.id)
	}
	return rekey(t, c, in)
}

// rekey decides on the record, and gives the old ID to somebody else on the target.
func rekey(t *testing.T, c *activitytest.Case, in *activitytest.Instance) rekeyed {
	t.Helper()
	to := migration.RecordID("new-" + strings.ToLower(rand.Text()))
	_, err := c.Ledger.SaveRekeys(t.Context(), c.SourcePrint, c.TargetPrint, migration.Rekeys{in.Record: to}, "plan")
	activitytest.Must(t, err)
	c.Target.Row(in.Table, in.Record, map[string]string{})
	c.Target.File(in.Table, in.Record, "theirs.pdf", "theirs")
	return rekeyed{Instance: in, c: c, to: to}
}

// onTarget is what the target has of a hire, with OLD and NEW for the IDs of the record.
func (r rekeyed) onTarget() map[string]string {
	old := string(r.Record)
	there := map[string]string{}
	for _, table := range []string{"onb_hire", "onb_review", "onb_address", "onb_task", "onb_comment"} {
		for _, id := range []string{old, string(r.to), "at-" + old, "t-" + old, old + "/2", "c-" + old, "d-" + old} {
			key := r.named(table + " " + id)
			columns := map[string]string{"onb_hire": "c_note, ' ', c_address", "onb_task": "c_hireId, ' ', c_title", "onb_comment": "c_taskId"}[table]
			if columns == "" {
				columns = "''"
			}
			if row := r.c.Target.Text("SELECT CONCAT('row ', COALESCE(CONCAT("+columns+"), '')) FROM app_fd_"+table+" WHERE id = ?", id); row != "" {
				there[key] = strings.TrimSpace(r.named(row))
			}
			if files := r.c.Target.Files(table, migration.RecordID(id)); len(files) > 0 {
				there[key+" files"] = r.named(fmt.Sprint(files))
			}
		}
	}
	return there
}

func (r rekeyed) named(text string) string {
	return strings.NewReplacer(string(r.to), "NEW", string(r.Record), "OLD").Replace(text)
}

// theirs is what the target has of the record that had the ID before.
func theirs() map[string]string {
	return map[string]string{"onb_hire OLD": "row", "onb_hire OLD files": "[theirs.pdf=theirs]"}
}

// migrated is what it has besides once a hire is there.
func migrated() map[string]string {
	all := theirs()
	for key, value := range map[string]string{
		"onb_hire NEW": "row OLD at-OLD", "onb_hire NEW files": "[cv.pdf=of the hire]",
		"onb_review NEW": "row", "onb_review NEW files": "[a.pdf=onb_review OLD]",
		"onb_address at-OLD": "row", "onb_address at-OLD files": "[a.pdf=onb_address at-OLD]",
		"onb_task t-OLD": "row NEW OLD", "onb_task t-OLD files": "[a.pdf=onb_task t-OLD]",
		"onb_task OLD/2": "row NEW second", "onb_task OLD/2 files": "[a.pdf=onb_task OLD/2]", "onb_task OLD files": "[2/a.pdf=onb_task OLD/2]",
		"onb_comment c-OLD": "row t-OLD", "onb_comment c-OLD files": "[a.pdf=onb_comment c-OLD]",
		"onb_comment d-OLD": "row OLD/2", "onb_comment d-OLD files": "[a.pdf=onb_comment d-OLD]",
	} {
		all[key] = value
	}
	return all
}

// items are what the last comparison found to differ, with OLD and NEW.
func (r rekeyed) items(t *testing.T) []string {
	t.Helper()
	_, items := scene.Verify(t, r.c, r.Instance, contract.VerifyInput{})
	for i := range items {
		items[i] = strings.ReplaceAll(r.named(items[i]), "RECORD", "OLD")
	}
	return items
}

func (r rekeyed) rollBack(t *testing.T) contract.UndoDataOutput {
	t.Helper()
	p := scene.Worker(r.c)
	activitytest.Must(t, r.c.Ledger.BeginRollback(t.Context(), r.c.Migration, r.ID))
	_, err := activitytest.Retry(t, p.Register, contract.AbortTarget, contract.AbortTargetInput{StepInput: r.Step()})
	activitytest.Must(t, err)
	out, err := activitytest.Run(t, p.Register, contract.UndoData, contract.UndoDataInput{StepInput: r.Step()})
	activitytest.Must(t, err)
	return out
}

// TestRekeyedRecord goes all the way: migrated, compared, brought up to date, rolled back,
// and migrated again.
func TestRekeyedRecord(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	r := hire(t, c)
	r.Plan()
	scene.Migrated(t, c, r.Instance)
	activitytest.Same(t, "target", migrated(), r.onTarget())
	activitytest.Same(t, "record of the new instance", string(r.to), c.Target.Text("SELECT originProcessId FROM wf_process_link WHERE processId = ?", string(r.TargetID())))
	activitytest.Same(t, "compared once more", []string{}, r.items(t))

	// What differs is found under the new ID, on the target and on the source.
	c.Target.Edit("onb_hire", r.to, "fullName", "Jill")
	c.Target.File("onb_review", r.to, "a.pdf", "other")
	c.Target.Exec("UPDATE app_fd_onb_task SET c_hireId = ? WHERE id = ?", string(r.Record), "t-"+string(r.Record))
	activitytest.Same(t, "after changes on the target", []string{
		"row onb_hire/NEW: differs, c_fullName, dateModified", "row onb_task/t-OLD: differs, c_hireId", `file onb_review/NEW/"a.pdf": differs`,
	}, r.items(t))
	c.Target.Edit("onb_hire", r.to, "fullName", "Jack")
	c.Target.Exec("UPDATE app_fd_onb_hire SET dateModified = '2024-06-03 08:00:00' WHERE id = ?", string(r.to))
	c.Target.File("onb_review", r.to, "a.pdf", r.inverse("onb_review OLD"))
	c.Target.Exec("UPDATE app_fd_onb_task SET c_hireId = ? WHERE id = ?", string(r.to), "t-"+string(r.Record))
	c.Source.Edit("onb_hire", r.Record, "fullName", "Jim")
	c.Source.File("onb_hire", r.Record, "more.pdf", "more")
	activitytest.Same(t, "after changes on the source", []string{
		"source onb_hire/OLD: differs, it was changed", "row onb_hire/NEW: differs, c_fullName, dateModified", `file onb_hire/NEW/"more.pdf": missing`,
	}, r.items(t))

	// A delta brings them.
	activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, r.ID, migration.Change{From: []migration.InstanceState{migration.InstanceDone}, State: migration.InstanceRunning}))
	delta, err := activitytest.Run(t, scene.Worker(c).Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: r.Step(), Redo: true, Delta: true})
	activitytest.Must(t, err)
	activitytest.Same(t, "delta", contract.CopyFormDataOutput{Outcome: contract.Outcome{Status: contract.StatusOK}, Rows: 7, Written: 1, Wanted: delta.Wanted}, delta)
	files, err := activitytest.Run(t, scene.Worker(c).Register, contract.CopyUploads, r.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "files of the delta", 1, files.Written)
	verified, err := activitytest.Run(t, scene.Worker(c).Register, contract.VerifyInstance, contract.VerifyInput{StepInput: r.Step(), Fix: true})
	activitytest.Must(t, err)
	activitytest.Same(t, "verdict", migration.VerdictSame, verified.Verdict)
	activitytest.Same(t, "name", "Jim", c.Target.Field("onb_hire", r.to, "fullName"))

	out := r.rollBack(t)
	activitytest.Same(t, "undone", contract.UndoDataOutput{Outcome: contract.Outcome{Status: contract.StatusOK}, Rows: 7, Files: 8}, out)
	activitytest.Same(t, "target after the rollback", theirs(), r.onTarget())
	scene.Migrated(t, c, r.Instance)
	want := migrated()
	want["onb_hire NEW files"] = "[cv.pdf=of the hire more.pdf=more]"
	activitytest.Same(t, "target after another migration", want, r.onTarget())
}

func (r rekeyed) inverse(text string) string {
	return strings.NewReplacer("NEW", string(r.to), "OLD", string(r.Record)).Replace(text)
}

// TestRekeyedRecord_of_another_instance has one hire whose address is a row of the
// record, and one whose row names it as that of a task; both are migrated first.
func TestRekeyedRecord_of_another_instance(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	r := hire(t, c)
	c.Source.Row("onb_address", r.Record, map[string]string{"city": "Oslo"})
	other := c.Begin(activitytest.Begin{Process: "onboard/probation", Row: map[string]string{"fullName": "Jill", "address": string(r.Record)}})
	third := c.Begin(activitytest.Begin{Process: "onboard/probation", Row: map[string]string{"fullName": "Jane"}})
	c.Source.Row("onb_task", third.Record, map[string]string{"hireId": string(r.Record)})
	c.Plan(r.Instance, other, third)
	for _, in := range []*activitytest.Instance{third, other, r.Instance} {
		scene.Migrated(t, c, in)
	}
	activitytest.Same(t, "whose task it is", string(r.to), c.Target.Field("onb_task", third.Record, "hireId"))
	activitytest.Same(t, "the address that it names", string(r.to), c.Target.Field("onb_hire", other.Record, "address"))
	activitytest.Same(t, "the address", "Oslo", c.Target.Field("onb_address", r.to, "city"))
	for _, in := range []*activitytest.Instance{third, other, r.Instance} {
		_, items := scene.Verify(t, c, in, contract.VerifyInput{})
		activitytest.Same(t, "differences", []string{}, items)
	}
}

// TestRekeyedRecord_that_two_instances_have is one record on the target, too.
func TestRekeyedRecord_that_two_instances_have(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	r := hire(t, c)
	second := c.Begin(activitytest.Begin{Process: "onboard/probation", Record: r.Record, Variables: map[string]string{"outcome": "new"}})
	c.Plan(r.Instance, second)
	scene.Migrated(t, c, r.Instance)
	scene.Migrated(t, c, second)
	activitytest.Same(t, "target", migrated(), r.onTarget())
	out := r.rollBack(t)
	activitytest.Same(t, "undone while the other one has it", [3]int{0, 0, 0}, [3]int{out.Rows, out.Files, out.Conflicts})
	activitytest.Same(t, "target after one rollback", migrated(), r.onTarget())
	rekeyed{Instance: second, c: c, to: r.to}.rollBack(t)
	activitytest.Same(t, "target after both", theirs(), r.onTarget())
}

// TestRekeyedRecord_is_held_by_its_new_ID has another instance work on the record of the
// new ID, and one on that of the old.
func TestRekeyedRecord_is_held_by_its_new_ID(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	r := hire(t, c)
	other := scene.Leave(c)
	c.Plan(r.Instance, other)
	run := func() error {
		_, err := activitytest.Run(t, scene.Worker(c).Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: r.Step()})
		return err
	}
	activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, other.ID, migration.Change{State: migration.InstanceRunning}))
	activitytest.Must(t, c.Ledger.HoldRecord(t.Context(), other.Key(), r.to, c.Migration))
	activitytest.Same(t, "error", contract.WaitingType, activitytest.TypeOf(run()))
	activitytest.Same(t, "while another instance has the new ID", migration.InstanceWaiting, r.Entry().State)
	activitytest.Must(t, c.Ledger.FreeRecord(t.Context(), other.Key()))
	// Of another source it is another record; of this one nobody gets the old ID any more.
	elsewhere := other.Key()
	elsewhere.Source = "elsewhere"
	activitytest.Must(t, c.Ledger.HoldRecord(t.Context(), elsewhere, r.Record, c.Migration))
	activitytest.Must(t, run())
	activitytest.Same(t, "while one has the old ID", migration.InstanceRunning, r.Entry().State)
}

// TestRekeyedRecord_that_tools_change has a start whose tools change the row, insert one,
// and write a file, all under the new ID.
func TestRekeyedRecord_that_tools_change(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	r := rekey(t, c, scene.Intake(c))
	r.Plan()
	record := func() map[string]string { return scene.Record(c, &activitytest.Instance{Record: r.to}) }
	p := scene.Worker(c)
	_, err := activitytest.Run(t, p.Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: r.Step()})
	activitytest.Must(t, err)
	_, err = activitytest.Run(t, p.Register, contract.CopyUploads, r.Step())
	activitytest.Must(t, err)
	c.Door.At(activitytest.Effected, "process/start", func() { c.Target.Edit("claim_case", r.Record, "title", "theirs") })
	started, err := activitytest.Run(t, p.Register, contract.StartProcess, r.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "restore", true, started.Restore)
	activitytest.Same(t, "after the start", scene.AsToolsLeftIt, record())
	if files := c.Target.Files("claim_case", r.to); !slices.ContainsFunc(files, func(f string) bool { return strings.HasPrefix(f, "letter.txt=") }) {
		t.Fatalf("the tool has written %q, no letter", files)
	}
	_, err = activitytest.Retry(t, p.Register, contract.RestoreState, r.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "restored", scene.AsOnTheSource, record())
	activitytest.Same(t, "what people did meanwhile to the record that has the old ID", "theirs", c.Target.Field("claim_case", r.Record, "title"))
	activitytest.Same(t, "resumed", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, p, r.Instance))
	verified, err := activitytest.Run(t, p.Register, contract.VerifyInstance, contract.VerifyInput{StepInput: r.Step(), Fix: true})
	activitytest.Must(t, err)
	activitytest.Same(t, "verdict", migration.VerdictSame, verified.Verdict)
	activitytest.Same(t, "files", c.Source.Files("claim_case", r.Record), c.Target.Files("claim_case", r.to))
	left := filepath.Join(c.Target.Folder, "claim_case", string(r.to)) // by an attempt that died
	activitytest.Must(t, os.MkdirAll(left, 0o750))
	r.rollBack(t)
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("the folder of the new ID is still there: %v", err)
	}
	activitytest.Same(t, "rows after the rollback", "0 0", c.Target.Text("SELECT CONCAT((SELECT COUNT(*) FROM app_fd_claim_case WHERE id = ?), ' ', (SELECT COUNT(*) FROM app_fd_claim_event WHERE c_claimId = ?))", string(r.to), string(r.to)))
	activitytest.Same(t, "files after the rollback", []string{}, c.Target.Files("claim_case", r.to))
	activitytest.Same(t, "theirs", []string{"theirs.pdf=theirs"}, c.Target.Files("claim_case", r.Record))
}

// started takes it past its start, with a file that a tool changes and one that it makes.
func (r rekeyed) started(t *testing.T) {
	t.Helper()
	p := scene.Worker(r.c)
	_, err := activitytest.Run(t, p.Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: r.Step()})
	activitytest.Must(t, err)
	_, err = activitytest.Run(t, p.Register, contract.CopyUploads, r.Step())
	activitytest.Must(t, err)
	_, err = activitytest.Run(t, p.Register, contract.StartProcess, r.Step())
	activitytest.Must(t, err)
	scene.ByTools(t, r.c, r.Instance, func() {
		r.c.Target.File("onb_hire", r.to, "cv.pdf", "of a tool")
		r.c.Target.File("onb_hire", r.to, "made.pdf", "of a tool")
	})
}

// TestRekeyedRecord_with_files_of_tools has the verification put them back.
func TestRekeyedRecord_with_files_of_tools(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	r := hire(t, c)
	r.Plan()
	r.started(t)
	verified, err := activitytest.Run(t, scene.Worker(c).Register, contract.VerifyInstance, contract.VerifyInput{StepInput: r.Step(), Fix: true})
	activitytest.Must(t, err)
	activitytest.Same(t, "verdict", migration.VerdictSame, verified.Verdict)
	activitytest.Same(t, "target", migrated(), r.onTarget())
}

// TestRekeyedRecord_rolled_back_beside_others has people use one of the records on the
// target through an instance of their own: that of the old ID is none of ours.
func TestRekeyedRecord_rolled_back_beside_others(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"OLD", "NEW"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			r := hire(t, c)
			r.Plan()
			r.started(t)
			others := *r.Instance
			others.Record = migration.RecordID(r.inverse(id))
			others.StartUnknown("terry", nil)
			scene.Park(t, c, r.Instance, migration.StepResume, migration.ReasonStepFailed)
			r.rollBack(t)
			want := theirs()
			if id == "NEW" { // all stays that came with the record
				want = migrated()
				want["onb_hire NEW files"] = "[cv.pdf=of a tool made.pdf=of a tool]"
			}
			activitytest.Same(t, "target", want, r.onTarget())
		})
	}
}

// TestRekeyedRecord_is_rolled_back_under_its_hold has another instance hold one of the
// records: a rollback waits for that of the new ID.
func TestRekeyedRecord_is_rolled_back_under_its_hold(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	r, p := hire(t, c), scene.Worker(c)
	other := scene.Leave(c)
	c.Plan(r.Instance, other)
	scene.Migrated(t, c, r.Instance)
	activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, other.ID, migration.Change{State: migration.InstanceRunning}))
	activitytest.Must(t, c.Ledger.BeginRollback(t.Context(), c.Migration, r.ID))
	held := func(key migration.ClaimKey, record migration.RecordID) {
		activitytest.Must(t, c.Ledger.FreeRecord(t.Context(), other.Key()))
		activitytest.Must(t, c.Ledger.HoldRecord(t.Context(), key, record, c.Migration))
	}
	abort := func() error {
		_, err := activitytest.Run(t, p.Register, contract.AbortTarget, contract.AbortTargetInput{StepInput: r.Step()})
		return err
	}
	undo := func() error {
		_, err := activitytest.Run(t, p.Register, contract.UndoData, contract.UndoDataInput{StepInput: r.Step()})
		return err
	}
	held(other.Key(), r.to)
	activitytest.Same(t, "abort while another one has the new ID", contract.WaitingType, activitytest.TypeOf(abort()))
	// Of this source nobody can hold the old one any more; another source may have that ID.
	elsewhere := other.Key()
	elsewhere.Source = "another source"
	held(elsewhere, r.Record)
	activitytest.Must(t, abort())
	activitytest.Must(t, c.Ledger.FreeRecord(t.Context(), r.Key()))
	held(other.Key(), r.to)
	activitytest.Same(t, "undo while another one has the new ID", contract.WaitingType, activitytest.TypeOf(undo()))
	activitytest.Must(t, c.Ledger.FreeRecord(t.Context(), elsewhere))
	held(elsewhere, r.Record)
	activitytest.Must(t, undo())
	activitytest.Same(t, "target", theirs(), r.onTarget())
}

// TestRekeyedRecord_in_variables rewrites those that are configured.
func TestRekeyedRecord_in_variables(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"candidate": "NEW", "other": "OLD"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			id := migration.RecordID("h-" + strings.ToLower(rand.Text()))
			r := rekey(t, c, c.Begin(activitytest.Begin{
				Process: "onboard/onboarding", Record: id, Variables: map[string]string{"candidate": string(id)}, Row: map[string]string{"fullName": "Jack"},
			}))
			r.Plan()
			p := scene.Worker(c, func(p *scene.Ports) {
				p.Settings.RekeyColumns.Variables = map[string][]string{"onboard/onboarding": {name}}
			})
			_, err := activitytest.Run(t, p.Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: r.Step()})
			activitytest.Must(t, err)
			started, err := activitytest.Run(t, p.Register, contract.StartProcess, r.Step())
			activitytest.Must(t, err)
			activitytest.Same(t, "start", contract.StatusOK, started.Status)
			activitytest.Same(t, "resumed", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, p, r.Instance))
			verified, err := activitytest.Run(t, p.Register, contract.VerifyInstance, contract.VerifyInput{StepInput: r.Step()})
			activitytest.Must(t, err)
			activitytest.Same(t, "verdict", migration.VerdictSame, verified.Verdict)
			activitytest.Same(t, "variable", want, r.named(scene.Variable(c.Target, r.TargetID(), "candidate")))
		})
	}
}

// TestRekeyedRecord_that_cannot_be_rewritten parks before anything is written.
func TestRekeyedRecord_that_cannot_be_rewritten(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	r := hire(t, c)
	c.Source.Exec("UPDATE app_fd_onb_task SET c_hireId = UPPER(c_hireId) WHERE id = ?", "t-"+string(r.Record))
	r.Plan()
	out, err := activitytest.Run(t, scene.Worker(c).Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: r.Step()})
	activitytest.Must(t, err)
	activitytest.Same(t, "outcome", activitytest.Parked(migration.ReasonRecordUnsupported), activitytest.Decided(out.Outcome))
	if !strings.Contains(out.Message, "app_fd_onb_task.c_hireId") {
		t.Errorf("message %q does not name the column", out.Message)
	}
	activitytest.Same(t, "target", theirs(), r.onTarget())
}

// TestRekeyedRecord_with_a_file_that_is_refused names it as the source has it.
func TestRekeyedRecord_with_a_file_that_is_refused(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	r := hire(t, c)
	activitytest.Must(t, os.Symlink("elsewhere", filepath.Join(c.Source.Folder, "onb_hire", string(r.Record), "link")))
	r.Plan()
	_, err := activitytest.Run(t, scene.Worker(c).Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: r.Step()})
	activitytest.Must(t, err)
	out, err := activitytest.Run(t, scene.Worker(c).Register, contract.CopyUploads, r.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "outcome", activitytest.Parked(migration.ReasonFileRefused), activitytest.Decided(out.Outcome))
	if detail := r.named(r.Entry().Detail); !strings.Contains(detail, "onb_hire/OLD") {
		t.Errorf("detail %q, want the file of the source", detail)
	}
}

// TestRekeyedRecord_is_none_of_what_a_pilot_changed_besides: the record that has the old ID is.
func TestRekeyedRecord_is_none_of_what_a_pilot_changed_besides(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	r := hire(t, c)
	r.Plan()
	scene.Migrated(t, c, r.Instance)
	c.Target.Exec("UPDATE app_fd_onb_hire SET dateModified = NOW() WHERE id IN (?, ?)", string(r.Record), string(r.to))
	out, err := activitytest.Run(t, scene.Worker(c).Register, contract.GatherEvidence, r.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, out)
	got, err := c.Ledger.Evidence(t.Context(), c.Migration, r.ID)
	activitytest.Must(t, err)
	ids := []migration.RecordID{}
	for _, m := range got.Modified {
		ids = append(ids, m.IDs...)
	}
	if !slices.Contains(ids, r.Record) || slices.Contains(ids, r.to) {
		t.Errorf("modified besides: %q; want %q among them, and not %q", ids, r.Record, r.to)
	}
}
