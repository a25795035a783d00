package uploads_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/uploads"
	"jogetferry/uploads/local"
	"jogetferry/uploads/uploadstest"
)

var (
	order  = migration.RowKey{Table: "order", ID: "r-1"}
	moment = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	// Folders change when the test runs.
	always = []migration.Interval{{Sent: moment.Add(-time.Minute), Over: time.Now().Add(time.Hour)}}
)

// side is a store whose files a test can change as tools and people do.
type side struct {
	t      *testing.T
	folder string
	store  *local.Store
}

func newSide(t *testing.T, files map[string]string) *side {
	t.Helper()
	s := &side{t: t, folder: t.TempDir()}
	var err error
	if s.store, err = local.Open(s.folder); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.store.Close() })
	for name, content := range files {
		s.put(name, content, moment)
	}
	return s
}

func (s *side) path(name string) string {
	return filepath.Join(s.folder, order.Table, string(order.ID), name)
}

func (s *side) put(name, content string, modified time.Time) {
	s.t.Helper()
	must(s.t, os.MkdirAll(filepath.Dir(s.path(name)), 0o700))
	must(s.t, os.WriteFile(s.path(name), []byte(content), 0o600))
	must(s.t, os.Chtimes(s.path(name), modified, modified))
}

func (s *side) files() map[string]string {
	s.t.Helper()
	entries, err := s.store.List(s.t.Context(), order)
	must(s.t, err)
	files := map[string]string{}
	for _, e := range entries {
		files[e.Name] = uploadstest.Read(s.t, s.store, uploads.Key{Row: order, Name: e.Name})
	}
	return files
}

// kept is the ledger's memory of files of tools.
type kept map[string]string

func (k kept) Keep(ctx context.Context, images []uploads.FileImage) error {
	for _, i := range images {
		if i.Content == nil {
			continue
		}
		in, err := i.Content(ctx)
		if err != nil {
			return err
		}
		content, err := io.ReadAll(in)
		if sum := sha256.Sum256(content); err == nil && sum != i.Sum {
			err = errors.New("another sum")
		}
		if err = errors.Join(err, in.Close()); err != nil {
			return err
		}
		k[i.Key.Name] = string(content)
	}
	return nil
}

func keys(names ...string) []uploads.Key {
	var all []uploads.Key
	for _, name := range names {
		all = append(all, uploads.Key{Row: order, Name: name})
	}
	return all
}

func TestPutBackUndoesWhatToolsDidToFiles(t *testing.T) {
	t.Parallel()
	type files = map[string]string
	for _, tc := range []struct {
		name           string
		source, target files // before
		since          func(source, target *side)
		want           uploads.RevertResult
		after          files
		kept           kept
	}{
		{name: "nothing_happened", source: files{"a": "ours"}, after: files{"a": "ours"}},
		{
			name: "a_new_file", source: files{"a": "ours"},
			since: func(_, target *side) { target.put("made/b", "by a tool", moment) },
			want:  uploads.RevertResult{Removed: keys("made/b")}, after: files{"a": "ours"}, kept: kept{"made/b": "by a tool"},
		},
		{
			name: "the_only_file_and_the_folder_are_new", after: files{},
			since: func(_, target *side) { target.put("b", "by a tool", moment) },
			want:  uploads.RevertResult{Removed: keys("b")}, kept: kept{"b": "by a tool"},
		},
		{
			name: "a_thumbnail_beside_ours", source: files{"a": "ours"},
			since: func(_, target *side) { target.put("a.thumb.jpg", "small", moment) },
			after: files{"a": "ours", "a.thumb.jpg": "small"},
		},
		{
			name: "a_thumbnail_beside_a_new_file", source: files{"a": "ours"},
			since: func(_, target *side) {
				target.put("b", "by a tool", moment)
				target.put("b.thumb.jpg", "small", moment)
			},
			want: uploads.RevertResult{Removed: keys("b")}, after: files{"a": "ours"}, kept: kept{"b": "by a tool", "b.thumb.jpg": "small"},
		},
		{
			name: "ours_was_changed", source: files{"a": "ours"},
			since: func(_, target *side) { target.put("a", "theirs", moment.Add(time.Hour)) },
			want:  uploads.RevertResult{Again: keys("a")}, after: files{"a": "ours"}, kept: kept{"a": "theirs"},
		},
		{
			name: "ours_was_changed_with_its_size_and_time", source: files{"a": "ours"},
			since: func(_, target *side) { target.put("a", "sour", moment) },
			want:  uploads.RevertResult{Again: keys("a")}, after: files{"a": "ours"}, kept: kept{"a": "sour"},
		},
		{
			name: "ours_was_removed", source: files{"a": "ours"},
			since: func(_, target *side) { must(target.t, os.Remove(target.path("a"))) },
			want:  uploads.RevertResult{Again: keys("a")}, after: files{"a": "ours"},
		},
		{
			name: "ours_was_removed_and_the_source_changed_too", source: files{"a": "ours"},
			since: func(source, target *side) {
				must(target.t, os.Remove(target.path("a")))
				source.put("a", "newer", moment)
			},
			want: uploads.RevertResult{Left: keys("a")}, after: files{},
		},
		{
			name: "only_the_source_changed", source: files{"a": "ours"}, after: files{"a": "ours"},
			since: func(source, _ *side) { source.put("a", "newer", moment); source.put("b", "new", moment) },
		},
		{
			name: "a_new_file_that_the_source_has_got_too", source: files{"a": "ours"}, after: files{"a": "ours", "b": "theirs"},
			since: func(source, target *side) { source.put("b", "new", moment); target.put("b", "theirs", moment) },
		},
		{name: "the_target_had_another_file", source: files{"a": "ours"}, target: files{"x": "theirs"}, after: files{"a": "ours", "x": "theirs"}},
		{
			name: "the_targets_own_file_was_changed", target: files{"x": "theirs"},
			since: func(_, target *side) { target.put("x", "changed", moment) },
			want:  uploads.RevertResult{Left: keys("x")}, after: files{"x": "changed"},
		},
		{
			name: "the_targets_own_file_was_changed_and_keeps_its_size", target: files{"x": "theirs"},
			since: func(_, target *side) { target.put("x", "changd", moment.Add(time.Second)) },
			want:  uploads.RevertResult{Left: keys("x")}, after: files{"x": "changd"},
		},
		{
			name: "a_kept_one_was_changed", source: files{"a": "ours"}, target: files{"a": "theirs"},
			since: func(_, target *side) { target.put("a", "changed", moment) },
			want:  uploads.RevertResult{Left: keys("a")}, after: files{"a": "changed"},
		},
		{
			name: "a_kept_one_was_not", source: files{"a": "ours"}, target: files{"a": "theirs"}, after: files{"a": "theirs"},
		},
		{
			name: "the_same_on_the_target_before_us", source: files{"a": "ours"}, target: files{"a": "ours"},
			since: func(_, target *side) { target.put("a", "changed", moment) },
			want:  uploads.RevertResult{Again: keys("a")}, after: files{"a": "ours"}, kept: kept{"a": "changed"},
		},
		{
			name: "a_symlink_in_place_of_ours", source: files{"a": "ours"}, after: files{},
			since: func(_, target *side) {
				must(target.t, os.Remove(target.path("a")))
				must(target.t, os.Symlink("elsewhere", target.path("a")))
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			source, target := newSide(t, tc.source), newSide(t, tc.target)
			copied, err := uploads.Copy(t.Context(), source.store, target.store, []migration.RowKey{order}, &uploadstest.Images{}, uploads.Options{OnConflict: uploads.ConflictKeep})
			must(t, err)
			capture, err := uploads.Seen(t.Context(), target.store, []migration.RowKey{order}, copied.Sums)
			must(t, err)
			if tc.since != nil {
				tc.since(source, target)
			}
			compared, err := uploads.Compare(t.Context(), source.store, target.store, []migration.RowKey{order})
			must(t, err)
			before := snapshotOf(target)
			tools := kept{}
			looked, err := uploads.Revert(t.Context(), source.store, target.store, capture, compared.Differences, uploads.RevertOptions{Tools: tools, Calls: always, Look: true})
			must(t, err)
			if diff := cmp.Diff(tc.want, looked); diff != "" {
				t.Errorf("a mere look (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, snapshotOf(target)); diff != "" || len(tools) > 0 {
				t.Errorf("a look kept %v and changed the target:\n%s", tools, diff)
			}
			got, err := uploads.Revert(t.Context(), source.store, target.store, capture, compared.Differences, uploads.RevertOptions{Tools: tools, Calls: always})
			must(t, err)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if tc.name != "a_symlink_in_place_of_ours" {
				if diff := cmp.Diff(tc.after, target.files()); diff != "" {
					t.Errorf("target (-want +got):\n%s", diff)
				}
			}
			if _, err := os.Stat(target.path("")); len(tc.after) == 0 && tc.kept != nil && !os.IsNotExist(err) {
				t.Errorf("an empty folder is left behind: %v", err)
			}
			if tc.kept == nil {
				tc.kept = kept{}
			}
			if diff := cmp.Diff(tc.kept, tools); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
			again, err := uploads.Revert(t.Context(), source.store, target.store, capture, compared.Differences, uploads.RevertOptions{Tools: kept{}, Calls: always})
			must(t, err)
			if diff := cmp.Diff(uploads.RevertResult{Left: tc.want.Left}, again); diff != "" {
				t.Errorf("done again (-want +got):\n%s", diff)
			}
		})
	}
}

// snapshotOf is what the whole folder of a side shows, empty folders too.
func snapshotOf(s *side) []string {
	s.t.Helper()
	var all []string
	must(s.t, filepath.WalkDir(s.folder, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			all = append(all, path+" "+info.ModTime().String())
		}
		return err
	}))
	return all
}

func TestPutBackLeavesFoldersThatWereNotLookedInto(t *testing.T) {
	t.Parallel()
	source, target := newSide(t, nil), newSide(t, map[string]string{"b": "theirs"})
	compared, err := uploads.Compare(t.Context(), source.store, target.store, []migration.RowKey{order})
	must(t, err)
	got, err := uploads.Revert(t.Context(), source.store, target.store, migration.FileCapture{}, compared.Differences, uploads.RevertOptions{Tools: kept{}, Calls: always})
	must(t, err)
	if diff := cmp.Diff(uploads.RevertResult{}, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

func TestPutBackTellsToolsFromPeopleByTimes(t *testing.T) {
	t.Parallel()
	call := migration.Interval{Sent: moment.Add(-10 * time.Second), Over: moment}
	type done struct {
		file string
		at   time.Time // of a deletion that of its folder
	}
	const later = 6 * time.Second // more than clocks may differ by
	for _, tc := range []struct {
		name    string
		calls   []migration.Interval
		worked  bool
		used    []migration.RowKey
		changed done
		made    done
		deleted done
		want    uploads.RevertResult
	}{
		{
			name: "while_a_call_ran", calls: []migration.Interval{call},
			changed: done{"a", moment}, made: done{"n", moment}, deleted: done{"below/b", moment.Add(-time.Second)},
			want: uploads.RevertResult{Removed: keys("n"), Again: keys("a", "below/b")},
		},
		{
			name: "after_it", calls: []migration.Interval{call},
			changed: done{"a", moment.Add(later)}, made: done{"n", moment.Add(later)}, deleted: done{"below/b", moment.Add(later)},
			want: uploads.RevertResult{Left: keys("a", "below/b", "n")},
		},
		{
			name: "before_it", calls: []migration.Interval{call},
			changed: done{"a", call.Sent.Add(-later)}, made: done{"n", call.Sent.Add(-later)}, deleted: done{"below/b", call.Sent.Add(-later)},
			want: uploads.RevertResult{Left: keys("a", "below/b", "n")},
		},
		{
			name: "after_one_and_while_another_ran", calls: []migration.Interval{call, {Sent: moment.Add(time.Minute), Over: moment.Add(2 * time.Minute)}},
			changed: done{"a", moment.Add(30 * time.Second)}, made: done{"n", moment.Add(90 * time.Second)}, deleted: done{"below/b", moment},
			want: uploads.RevertResult{Removed: keys("n"), Again: keys("below/b"), Left: keys("a")},
		},
		{
			name: "a_file_came_where_another_went", calls: []migration.Interval{call},
			changed: done{"a", call.Sent.Add(-later)}, made: done{"below/n", moment}, deleted: done{"below/b", moment},
			want: uploads.RevertResult{Removed: keys("below/n"), Left: keys("a"), Unsure: keys("below/b")},
		},
		{
			name: "nobody_saw_the_call_end", calls: []migration.Interval{{Sent: call.Sent}},
			changed: done{"a", moment}, made: done{"n", moment}, deleted: done{"below/b", moment},
			want: uploads.RevertResult{Unsure: keys("a", "below/b", "n")},
		},
		{
			name:    "no_call_runs_tools",
			changed: done{"a", moment}, made: done{"n", moment}, deleted: done{"below/b", moment},
			want: uploads.RevertResult{Left: keys("a", "below/b", "n")},
		},
		{
			name: "people_worked_on_the_instance", calls: []migration.Interval{call}, worked: true,
			changed: done{"a", moment}, made: done{"n", moment}, deleted: done{"below/b", moment},
			want: uploads.RevertResult{Unsure: keys("a", "below/b", "n")},
		},
		{
			name: "others_use_the_record", calls: []migration.Interval{call}, used: []migration.RowKey{order},
			changed: done{"a", moment}, made: done{"n", moment}, deleted: done{"below/b", moment},
			want: uploads.RevertResult{Shared: keys("a", "below/b", "n")},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			source, target := newSide(t, map[string]string{"a": "ours", "below/b": "ours"}), newSide(t, nil)
			copied, err := uploads.Copy(t.Context(), source.store, target.store, []migration.RowKey{order}, &uploadstest.Images{}, uploads.Options{})
			must(t, err)
			capture, err := uploads.Seen(t.Context(), target.store, []migration.RowKey{order}, copied.Sums)
			must(t, err)
			target.put(tc.changed.file, "changed", tc.changed.at)
			target.put(tc.made.file, "made", tc.made.at)
			gone := target.path(tc.deleted.file)
			must(t, os.Remove(gone))
			must(t, os.Chtimes(filepath.Dir(gone), tc.deleted.at, tc.deleted.at))
			compared, err := uploads.Compare(t.Context(), source.store, target.store, []migration.RowKey{order})
			must(t, err)
			got, err := uploads.Revert(t.Context(), source.store, target.store, capture, compared.Differences, uploads.RevertOptions{
				Tools: kept{}, Calls: tc.calls, Worked: tc.worked, Used: tc.used,
			})
			must(t, err)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPutBackRemovesAFileOnlyAsItWasKept(t *testing.T) {
	t.Parallel()
	source, target := newSide(t, nil), newSide(t, nil)
	capture, err := uploads.Seen(t.Context(), target.store, []migration.RowKey{order}, nil)
	must(t, err)
	target.put("b", "by a tool", moment)
	compared, err := uploads.Compare(t.Context(), source.store, target.store, []migration.RowKey{order})
	must(t, err)
	late := during(func() { target.put("b", "by a person", moment) })
	_, err = uploads.Revert(t.Context(), source.store, target.store, capture, compared.Differences, uploads.RevertOptions{Tools: late, Calls: always})
	if migration.CodeOf(err) != migration.CodeDrifted {
		t.Errorf("got %v, want drifted", err)
	}
	if diff := cmp.Diff(map[string]string{"b": "by a person"}, target.files()); diff != "" {
		t.Errorf("target (-want +got):\n%s", diff)
	}
}

// during does something while files are kept.
type during func()

func (d during) Keep(context.Context, []uploads.FileImage) error {
	d()
	return nil
}
