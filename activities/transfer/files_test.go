package transfer_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
)

// TestVerifyInstance_reverts_what_tools_did_to_files has tools change files between
// the copy and the comparison.
func TestVerifyInstance_reverts_what_tools_did_to_files(t *testing.T) {
	t.Parallel()
	different := []string{`file onb_hire/RECORD/"a": differs`, `file onb_hire/RECORD/"below/b": missing`, `file onb_hire/RECORD/"made": extra`}
	asTheyMade, asCopied := []string{"a=theirs", "made=by a tool"}, []string{"a=ours", "below/b=ours too"}
	for _, tc := range []struct {
		name    string
		happens func(*testing.T, *activitytest.Case, *activitytest.Instance)
		change  func(*scene.Ports)
		compare bool // decide nothing
		people  bool // did it, and no call was made
		items   []string
		files   []string
		told    []string
	}{
		{name: "they_are_reverted", files: asCopied, told: []string{`files_reverted {"removed":1,"again":2}`}},
		{
			name: "a_thumbnail_is_left",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.File("onb_hire", in.Record, "a.thumb.jpg", "small")
			},
			files: []string{"a=ours", "a.thumb.jpg=small", "below/b=ours too"}, told: []string{`files_reverted {"removed":1,"again":2}`},
		},
		{name: "not_what_people_did", people: true, items: different, files: asTheyMade, told: []string{`files_reverted {"left":3}`}},
		{name: "not_in_a_comparison", compare: true, items: different, files: asTheyMade},
		{
			name: "not_where_somebody_works_already",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.Accept(in.TargetID(), "review", "clark")
			},
			items: slices.Concat([]string{"target untouched: differs, somebody worked on it", "accepted review: extra, by clark"}, different), files: asTheyMade,
		},
		{
			name:    "not_where_another_instance_has_the_record",
			happens: func(_ *testing.T, _ *activitytest.Case, in *activitytest.Instance) { in.StartUnknown("terry", nil) },
			items:   slices.Concat([]string{"instance OTHER: extra"}, different), files: asTheyMade,
		},
		{
			name: "not_twice",
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				activitytest.Must(t, c.Ledger.CloseFileCapture(t.Context(), c.Migration, in.Key()))
			},
			items: different, files: asTheyMade,
		},
		{
			name: "not_where_the_operator_wants_it_told_only", change: func(p *scene.Ports) { p.Settings.ReportOnly = true },
			items: different, files: asTheyMade, told: []string{`files_reported {"files":3}`},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Twins(c, map[string]string{"a": "ours", "below/b": "ours too"})
			change := func() {
				c.Target.File("onb_hire", in.Record, "made", "by a tool")
				c.Target.File("onb_hire", in.Record, "a", "theirs")
				activitytest.Must(t, scene.RemoveFile(c.Target, "onb_hire", in.Record, "below/b"))
			}
			if tc.people {
				change()
			} else {
				scene.ByTools(t, c, in, change)
			}
			if tc.happens != nil {
				tc.happens(t, c, in)
			}
			changes := []func(*scene.Ports){}
			if tc.change != nil {
				changes = append(changes, tc.change)
			}
			_, items := scene.Verify(t, c, in, contract.VerifyInput{Fix: !tc.compare}, changes...)
			for n, item := range items {
				if strings.HasPrefix(item, "instance ") {
					items[n] = "instance OTHER: extra"
				}
			}
			activitytest.Same(t, "items", append([]string{}, tc.items...), items)
			activitytest.Same(t, "files", tc.files, c.Target.Files("onb_hire", in.Record))
			activitytest.Same(t, "told", append([]string{}, tc.told...), in.Told(migration.EventFilesReverted, migration.EventFilesReported))
		})
	}
}

// TestVerifyInstance_asks_whose_doing_files_are has files change while a call was under
// way of which nobody saw the end.
func TestVerifyInstance_asks_whose_doing_files_are(t *testing.T) {
	t.Parallel()
	different := []string{`file onb_hire/RECORD/"a": differs`, `file onb_hire/RECORD/"below/b": missing`, `file onb_hire/RECORD/"made": extra`}
	for _, tc := range []struct {
		action migration.Action
		then   migration.Reason
		items  []string
		files  []string
		told   []string
	}{
		{migration.ActionPutBack, "", nil, []string{"a=ours", "below/b=ours too"}, []string{`files_reverted {"removed":1,"again":2}`}},
		{migration.ActionAccept, migration.ReasonVerifyDiffers, different, []string{"a=theirs", "made=by somebody"}, []string{`files_reverted {"left":3}`}},
	} {
		t.Run(string(tc.action), func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Twins(c, map[string]string{"a": "ours", "below/b": "ours too"})
			scene.ByAnybody(t, c, in, func() {
				c.Target.File("onb_hire", in.Record, "made", "by somebody")
				c.Target.File("onb_hire", in.Record, "a", "theirs")
				activitytest.Must(t, scene.RemoveFile(c.Target, "onb_hire", in.Record, "below/b"))
			})
			out, items := scene.Verify(t, c, in, contract.VerifyInput{Fix: true})
			activitytest.Same(t, "at first", activitytest.Parked(migration.ReasonRestoreUnsure), activitytest.Decided(out.Outcome))
			activitytest.Same(t, "items at first", different, items)
			_, err := activitytest.Run(t, scene.Worker(c).Register, contract.ResolveInstance, contract.ResolveInput{
				StepInput: in.Step(), ParkID: in.Entry().ParkID, Reason: migration.ReasonRestoreUnsure, Action: tc.action,
			})
			activitytest.Must(t, err)
			out, items = scene.Verify(t, c, in, contract.VerifyInput{Fix: true})
			activitytest.Same(t, "then", tc.then, out.Reason)
			activitytest.Same(t, "items", append([]string{}, tc.items...), items)
			activitytest.Same(t, "files", tc.files, c.Target.Files("onb_hire", in.Record))
			activitytest.Same(t, "told", tc.told, in.Told(migration.EventFilesReverted))
		})
	}
}

// TestCopyUploads_notes_what_lies_there_until_the_start has a tool's file there
// when the copy is repeated after the start.
func TestCopyUploads_notes_what_lies_there_until_the_start(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := c.Begin(activitytest.Begin{Process: "onboard/probation", Row: map[string]string{"fullName": "Jack"}, Files: map[string]string{"a": "ours"}})
	in.Plan()
	c.Target.File("onb_hire", in.Record, "early", "somebody's")
	in.Copy()
	in.Start()
	scene.ByTools(t, c, in, func() { c.Target.File("onb_hire", in.Record, "made", "by a tool") })
	_, err := activitytest.Run(t, scene.Worker(c).Register, contract.CopyUploads, in.Step())
	activitytest.Must(t, err)
	_, items := scene.Verify(t, c, in, contract.VerifyInput{Fix: true})
	activitytest.Same(t, "items", []string{`file onb_hire/RECORD/"early": extra`}, items)
	activitytest.Same(t, "files", []string{"a=ours", "early=somebody's"}, c.Target.Files("onb_hire", in.Record))
}

// TestCopyUploads_knows_the_folders_that_Joget_uses has IDs of which Joget makes
// another text, or several folders.
func TestCopyUploads_knows_the_folders_that_Joget_uses(t *testing.T) {
	t.Parallel()
	servers := activitytest.New(t)
	for _, record := range []migration.RecordID{"A+001", "B%41", "Nº-7", "ＡＢ７", "PO/2024/1", "100%", "a%2Fb"} {
		t.Run(string(record), func(t *testing.T) {
			t.Parallel()
			c := servers.Case(t)
			in := c.Begin(activitytest.Begin{
				Process: "onboard/probation", Record: record, Variables: map[string]string{"outcome": "new"},
				Row: map[string]string{"fullName": "Jack"}, Files: map[string]string{"a": "ours", "100%+.pdf": "too"},
			})
			in.Plan()
			scene.Migrated(t, c, in)
			activitytest.Same(t, "files", []string{"100%+.pdf=too", "a=ours"}, c.Target.Files("onb_hire", record))
			compared, err := c.Ledger.Comparison(t.Context(), c.Migration, in.ID)
			activitytest.Must(t, err)
			activitytest.Same(t, "files compared", 2, migration.CountItems(compared.Items)[migration.ItemFile][migration.ItemSame])
		})
	}
}

// TestVerifyInstance_reverts_files_of_lost_rows has tools insert two rows with a
// file each, of which one was taken back.
func TestVerifyInstance_reverts_files_of_lost_rows(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Twins(c, nil)
	kept, lost := migration.RowKey{Table: "onb_hire", ID: in.Record + "-kept"}, migration.RowKey{Table: "onb_hire", ID: in.Record + "-lost"}
	capture := records.Capture{Fresh: []migration.RowKey{kept, lost}}
	activitytest.Must(t, c.Ledger.SaveCapture(t.Context(), in.Key(), "start/1/after", capture.Encode()))
	c.Target.Row("onb_hire", kept.ID, nil)
	scene.ByTools(t, c, in, func() {
		for _, row := range []migration.RowKey{kept, lost} {
			c.Target.File(row.Table, row.ID, "made", "by a tool")
		}
	})
	c.Target.File("onb_hire", in.Record+"-other", "made", "somebody's")
	if out, items := scene.Verify(t, c, in, contract.VerifyInput{Fix: true}); out.Verdict != migration.VerdictSame {
		t.Errorf("verdict %q: %q", out.Verdict, items)
	}
	activitytest.Same(t, "files of the row that is there", 1, len(c.Target.Files("onb_hire", kept.ID)))
	activitytest.Same(t, "files of another row", 1, len(c.Target.Files("onb_hire", in.Record+"-other")))
	if _, err := os.Stat(filepath.Join(c.Target.Folder, "onb_hire", string(lost.ID))); !os.IsNotExist(err) {
		t.Errorf("the folder of a row that was taken back: %v", err)
	}
	activitytest.Same(t, "told", []string{`files_reverted {"removed":1}`}, in.Told(migration.EventFilesReverted))
}
