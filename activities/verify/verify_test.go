package verify_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
	"jogetferry/uploads"
)

// TestVerifyInstance_compares_item_by_item has one thing change on either side.
func TestVerifyInstance_compares_item_by_item(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		happens func(*testing.T, *activitytest.Case, *activitytest.Instance)
		items   []string
		verdict migration.Verdict
		reason  migration.Reason
	}{
		{name: "nothing", happens: func(*testing.T, *activitytest.Case, *activitytest.Instance) {}, verdict: migration.VerdictSame},
		{
			name: "offered_to_the_administrator",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Reassign(in.TargetID(), "review", "clark", "admin")
			},
			items:   []string{"assignee review: differs, not to clark, but to admin (admin, who migrates, has it)"},
			verdict: migration.VerdictAssignees,
		},
		{
			name: "a_variable",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Set(in.TargetID(), "outcome", "old")
			},
			items: []string{`variable outcome: differs, "old", not "new"`}, verdict: migration.VerdictDiffers, reason: migration.ReasonVerifyDiffers,
		},
		{
			name: "a_row",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Edit("onb_hire", in.Record, "fullName", "Jill")
			},
			items: []string{"row onb_hire/RECORD: differs, c_fullName, dateModified"}, verdict: migration.VerdictDiffers, reason: migration.ReasonVerifyDiffers,
		},
		{
			name: "a_file",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.File("onb_hire", in.Record, "a", "theirs")
			},
			items: []string{`file onb_hire/RECORD/"a": differs`}, verdict: migration.VerdictDiffers, reason: migration.ReasonVerifyDiffers,
		},
		{
			name: "somebody_looked_at_a_picture",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.File("onb_hire", in.Record, "a.thumb.jpg", "small")
			},
			verdict: migration.VerdictSame,
		},
		{
			name: "a_file_of_which_nobody_can_tell",
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				activitytest.Must(t, os.Symlink("elsewhere", filepath.Join(c.Target.Folder, "onb_hire", string(in.Record), "link")))
			},
			items: []string{`file onb_hire/RECORD/"link": unverifiable`}, verdict: migration.VerdictUnverifiable, reason: migration.ReasonVerifyDiffers,
		},
		{
			name: "the_source_moved_on",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Source.Accept(in.ID, "review", "clark")
			},
			items: []string{"source: differs, it moved on"}, verdict: migration.VerdictDiffers, reason: migration.ReasonSourceMoved,
		},
		{
			name:    "the_source_is_closed",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) { c.Source.Abort(in.ID) },
			items:   []string{"source: differs, it is closed"}, verdict: migration.VerdictDiffers, reason: migration.ReasonSourceMoved,
		},
		{
			name: "a_row_of_the_source_was_changed",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Source.Edit("onb_hire", in.Record, "fullName", "Jill")
			},
			items:   []string{"source onb_hire/RECORD: differs, it was changed", "row onb_hire/RECORD: differs, c_fullName, dateModified"},
			verdict: migration.VerdictDiffers, reason: migration.ReasonSourceMoved,
		},
		{
			name: "a_row_of_the_source_is_new",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Source.Row("onb_task", "task-of-"+in.Record, map[string]string{"hireId": string(in.Record)})
			},
			items:   []string{"source onb_task/task-of-RECORD: differs, it is new", "row onb_task/task-of-RECORD: missing"},
			verdict: migration.VerdictDiffers, reason: migration.ReasonSourceMoved,
		},
		{
			name: "a_row_of_the_source_was_deleted",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Source.Exec("DELETE FROM app_fd_onb_hire WHERE id = ?", string(in.Record))
			},
			items:   []string{"source onb_hire/RECORD: differs, it was deleted", "row onb_hire/RECORD: extra"},
			verdict: migration.VerdictDiffers, reason: migration.ReasonSourceMoved,
		},
		{
			name: "somebody_accepted_an_activity",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Accept(in.TargetID(), "review", "clark")
			},
			items:   []string{"target untouched: differs, somebody worked on it", "accepted review: extra, by clark"},
			verdict: migration.VerdictDiffers, reason: migration.ReasonTargetMoved,
		},
		{
			name:    "the_target_is_closed",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) { c.Target.Abort(in.TargetID()) },
			items:   []string{"target open: missing, it is closed and gone"}, verdict: migration.VerdictDiffers, reason: migration.ReasonTargetClosed,
		},
		{
			name: "another_instance_has_its_ID",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Exec("UPDATE SHKProcesses SET Created = 2 WHERE Id = ?", string(in.TargetID()))
			},
			items: []string{"target identity: differs, another instance has its ID"}, verdict: migration.VerdictDiffers, reason: migration.ReasonTargetChanged,
		},
		{
			name: "a_deploy_moved_it_to_another_version",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				deployed(c, in.TargetID())
			},
			verdict: migration.VerdictSame,
		},
		{
			name:    "a_second_instance",
			happens: func(_ *testing.T, _ *activitytest.Case, in *activitytest.Instance) { in.StartUnknown("terry", nil) },
			items:   []string{"instance OTHER: extra"}, verdict: migration.VerdictDiffers, reason: migration.ReasonTwoStarts,
		},
		{
			name:    "the_target_is_gone",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) { c.Target.Erase(in.TargetID()) },
			items:   []string{"target open: missing, it is closed and gone"}, verdict: migration.VerdictDiffers, reason: migration.ReasonTargetClosed,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Twins(c, map[string]string{"a": "ours"})
			tc.happens(t, c, in)
			out, items := scene.Verify(t, c, in, contract.VerifyInput{Accepted: []migration.Reason{tc.reason}})
			for n, item := range items {
				if strings.HasPrefix(item, "instance ") {
					items[n] = "instance OTHER: extra"
				}
			}
			activitytest.Same(t, "items", append([]string{}, tc.items...), items)
			if out.Verdict != tc.verdict || out.Reason != tc.reason {
				t.Errorf("verdict %q for %q, want %q for %q", out.Verdict, out.Reason, tc.verdict, tc.reason)
			}
			if e := in.Entry(); e.State != migration.InstanceRunning || e.Verdict != "" {
				t.Errorf("a comparison made it %s, %q", e.State, e.Verdict)
			}
		})
	}
}

// deployed does with a target instance what Joget does in the background of a deploy:
// it is of another version from then on (docs/joget.md#deploying).
func deployed(c *activitytest.Case, id migration.InstanceID) {
	const from, to = "FROM SHKXPDLS x WHERE x.XPDLId = 'onboard' AND x.XPDLVersion <> '99'", 900000000
	c.Target.Exec("INSERT IGNORE INTO SHKXPDLS (XPDLId, XPDLVersion, XPDLClassVersion, XPDLUploadTime, oid, version) SELECT XPDLId, '99', XPDLClassVersion, XPDLUploadTime, ?, version "+from, to)
	c.Target.Exec("INSERT IGNORE INTO SHKXPDLData (XPDLContent, XPDLClassContent, XPDL, CNT, oid, version) SELECT d.XPDLContent, d.XPDLClassContent, ?, ?, ?, d.version FROM SHKXPDLData d WHERE d.XPDL = (SELECT x.oid "+from+")", to, to, to+1)
	c.Target.Exec("UPDATE SHKProcesses SET PDefName = REGEXP_REPLACE(PDefName, '#[0-9]+#', '#99#') WHERE Id = ?", string(id))
	c.Target.Exec("UPDATE SHKActivities SET PDefName = REGEXP_REPLACE(PDefName, '#[0-9]+#', '#99#') WHERE ProcessId = ?", string(id))
}

// TestVerifyInstance_decides what becomes of an instance.
func TestVerifyInstance_decides(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		user     migration.User // who has it, "" for who shall
		variable string
		accepted []migration.Reason
		status   contract.Status
		state    migration.InstanceState
		reason   migration.Reason
		verdict  migration.Verdict
		told     []string
	}{
		{
			name: "same", status: contract.StatusOK, state: migration.InstanceDone, verdict: migration.VerdictSame,
			told: []string{`verdict {"verdict":"same"}`},
		},
		{
			name: "assignees", user: "terry", status: contract.StatusOK, state: migration.InstanceDone, verdict: migration.VerdictAssignees,
			told: []string{`verdict {"verdict":"assignees_differ","summary":"assignee differs 1"}`},
		},
		{name: "differs", variable: "old", status: contract.StatusParked, state: migration.InstanceParked, reason: migration.ReasonVerifyDiffers},
		{
			name: "differs_otherwise_than_accepted", variable: "old", accepted: []migration.Reason{migration.ReasonSourceMoved},
			status: contract.StatusParked, state: migration.InstanceParked, reason: migration.ReasonVerifyDiffers,
		},
		{
			name: "differs_and_was_accepted", user: "terry", variable: "old", accepted: []migration.Reason{migration.ReasonVerifyDiffers},
			status: contract.StatusOK, state: migration.InstanceDone, verdict: migration.VerdictAccepted,
			told: []string{`verdict {"verdict":"accepted","summary":"variable differs 1, assignee differs 1"}`},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Twins(c, nil)
			if tc.user != "" {
				c.Target.Reassign(in.TargetID(), "review", "clark", tc.user)
			}
			if tc.variable != "" {
				c.Target.Set(in.TargetID(), "outcome", tc.variable)
			}
			out, _ := scene.Verify(t, c, in, contract.VerifyInput{Fix: true, Accepted: tc.accepted})
			got := in.Entry()
			if out.Status != tc.status || got.State != tc.state || got.Reason != tc.reason || got.Verdict != tc.verdict {
				t.Errorf("%s, the ledger has it %s for %q with %q", out.Status, got.State, got.Reason, got.Verdict)
			}
			activitytest.Same(t, "told", append([]string{}, tc.told...), in.Told(migration.EventVerdict))
			if tc.state == migration.InstanceDone {
				again, err := activitytest.Run(t, scene.Worker(c).Register, contract.VerifyInstance, contract.VerifyInput{StepInput: in.Step(), Fix: true})
				activitytest.Must(t, err)
				activitytest.Same(t, "once more", contract.VerifyOutput{Outcome: contract.Outcome{Status: contract.StatusDone}, Verdict: tc.verdict}, again)
				activitytest.Same(t, "told, once more", tc.told, in.Told(migration.EventVerdict))
			}
		})
	}
}

// TestVerifyInstance_after_work_that_was_given_up has people's work in the history
// of the target.
func TestVerifyInstance_after_work_that_was_given_up(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Begun(c, scene.One, scene.ToConfirm)
	c.Target.Complete(in.TargetID(), "approve", "clark", nil)
	activitytest.Same(t, "resumed", contract.Outcome{Status: contract.StatusOK}, outcomeOfWork(t, c, in))
	out, items := scene.Verify(t, c, in, contract.VerifyInput{Fix: true})
	if out.Verdict != migration.VerdictSame {
		t.Errorf("verdict %q: %q", out.Verdict, items)
	}
}

// outcomeOfWork has the operator give up what people did, and the target resumed.
func outcomeOfWork(t *testing.T, c *activitytest.Case, in *activitytest.Instance) contract.Outcome {
	t.Helper()
	scene.Park(t, c, in, migration.StepResume, migration.ReasonTargetMoved)
	in.Decide(migration.ActionRedo, true)
	return scene.Resume(t, scene.Worker(c), in)
}

// breaking is a store that cannot be read from a file on.
type breaking struct {
	step.UploadStore

	at   string
	read *[]string
}

func (s breaking) Open(ctx context.Context, key uploads.Key) (uploads.File, error) {
	if key.Name == s.at {
		return nil, migration.E(migration.CodeUnavailable, "read an upload", "", "the connection is lost")
	}
	*s.read = append(*s.read, key.Name)
	return s.UploadStore.Open(ctx, key)
}

// TestVerifyInstance_reads_no_file_twice has an attempt break off within the files.
func TestVerifyInstance_reads_no_file_twice(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Twins(c, map[string]string{"a": "one", "b": "two", "c": "three", "d": "four"})
	var read []string
	breaks := func(at string) func(*scene.Ports) {
		return func(p *scene.Ports) { p.Source.Uploads = breaking{p.Source.Uploads, at, &read} }
	}
	at := activitytest.NewAttempt()
	at.Heartbeat = new(map[string]any)
	input := contract.VerifyInput{StepInput: in.Step(), Fix: true}
	_, err := activitytest.RunAs(t, scene.Worker(c, breaks("c")).Register, contract.VerifyInstance, input, at)
	activitytest.Same(t, "error", string(migration.CodeUnavailable), activitytest.TypeOf(err))
	activitytest.Same(t, "read", []string{"a", "b"}, read)
	read = nil
	out, err := activitytest.RunAs(t, scene.Worker(c, breaks("")).Register, contract.VerifyInstance, input, at.Next())
	activitytest.Must(t, err)
	activitytest.Same(t, "read by the next attempt", []string{"c", "d"}, read)
	activitytest.Same(t, "verdict", migration.VerdictSame, out.Verdict)
	activitytest.Same(t, "files compared", 4, out.Items[migration.ItemFile][migration.ItemSame])
}

// TestVerifyInstance_while_another_instance_has_the_record: tools of its start change rows
// and files, and these are put back a moment later.
func TestVerifyInstance_while_another_instance_has_the_record(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Twins(c, map[string]string{"a": "one", "b": "two"})
	other := scene.Leave(c)
	other.Plan()
	activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, other.ID, migration.Change{State: migration.InstanceRunning}))
	activitytest.Must(t, c.Ledger.FreeRecord(t.Context(), in.Key()))
	activitytest.Must(t, c.Ledger.HoldRecord(t.Context(), other.Key(), in.Record, c.Migration))
	name := func(to string) {
		c.Target.Exec("UPDATE app_fd_onb_hire SET c_fullName = ? WHERE id = ?", to, string(in.Record))
	}
	name("by a tool")
	at := activitytest.NewAttempt()
	at.Heartbeat = new(map[string]any)
	verify := func(at activitytest.Attempt) (contract.VerifyOutput, error) {
		return activitytest.RunAs(t, scene.Worker(c).Register, contract.VerifyInstance, contract.VerifyInput{StepInput: in.Step(), Fix: true}, at)
	}
	_, err := verify(at)
	activitytest.Same(t, "while it is at work", contract.WaitingType, activitytest.TypeOf(err))
	name("Jack")
	out, err := verify(at.Next())
	activitytest.Must(t, err)
	activitytest.Same(t, "verdict when it was put back", migration.VerdictSame, out.Verdict)
}

func TestVerifyInstance_before_the_start(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Ready(c)
	_, err := activitytest.Run(t, scene.Worker(c).Register, contract.VerifyInstance, contract.VerifyInput{StepInput: in.Step()})
	activitytest.Same(t, "error", string(migration.CodeInvalid), activitytest.TypeOf(err))
}

// TestVerifyInstance_tells_what_starts_anew has a definition with a limit.
func TestVerifyInstance_tells_what_starts_anew(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	c.Source.Exec(`UPDATE SHKXPDLData SET XPDLContent = REPLACE(CONVERT(XPDLContent USING utf8mb4), '<ProcessHeader DurationUnit="h"/>', '<ProcessHeader DurationUnit="h"><Limit>2</Limit></ProcessHeader>')`)
	in := scene.Twins(c, nil)
	c.Source.Exec("UPDATE SHKProcesses SET Started = 3600000 WHERE Id = ?", string(in.ID))
	in.Snapshot()
	out, items := scene.Verify(t, c, in, contract.VerifyInput{Fix: true})
	activitytest.Same(t, "verdict", migration.VerdictSame, out.Verdict)
	activitytest.Same(t, "items", []string{"limit the instance: differs, the limit was due 1970-01-01 03:00 UTC"}, items)
}
