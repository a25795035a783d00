package store_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/store"
)

func TestRekeys(t *testing.T) {
	t.Parallel()
	l := opened(t)
	anyOn := func(want bool, target migration.Fingerprint) {
		t.Helper()
		if is, err := l.AnyRekeys(t.Context(), "s", target); err != nil || is != want {
			t.Errorf("any on %s: %t, %v; want %t", target, is, err, want)
		}
	}
	anyOn(false, "t")
	none, err := l.Rekeys(t.Context(), "s", "t", []migration.RecordID{"a", "b"})
	if err != nil || none != nil {
		t.Errorf("before anything was decided: %v, %v; want nil", none, err)
	}
	first, err := l.SaveRekeys(t.Context(), "s", "t", migration.Rekeys{"a": "1", "b": "2"}, "plan")
	if want := (migration.Rekeys{"a": "1", "b": "2"}); err != nil || !cmp.Equal(first, want) {
		t.Errorf("the first decision: %v, %v; want %v", first, err, want)
	}
	// Whoever decides later gets what was decided first.
	again, err := l.SaveRekeys(t.Context(), "s", "t", migration.Rekeys{"b": "3", "A": "4"}, "somebody")
	if want := (migration.Rekeys{"b": "2", "A": "4"}); err != nil || !cmp.Equal(again, want) {
		t.Errorf("a later decision: %v, %v; want %v", again, err, want)
	}
	known, err := l.Rekeys(t.Context(), "s", "t", []migration.RecordID{"a", "c"})
	if want := (migration.Rekeys{"a": "1"}); err != nil || !cmp.Equal(known, want) {
		t.Errorf("those of some: %v, %v; want %v", known, err, want)
	}
	anyOn(true, "t")
	anyOn(false, "other")
	if other, err := l.Rekeys(t.Context(), "s", "other", []migration.RecordID{"a"}); err != nil || other != nil {
		t.Errorf("of another target: %v, %v; want nil", other, err)
	}
}

// TestSaveRekeys_of_a_record_that_is_there has a record whose own ID is on the target by
// our hand, or is about to be.
func TestSaveRekeys_of_a_record_that_is_there(t *testing.T) {
	t.Parallel()
	const record = migration.RecordID("r-1")
	other := migration.ClaimKey{Source: ourKey.Source, Instance: "8_other", Target: ourKey.Target}
	wrote := func(t *testing.T, l *store.Ledger, key migration.ClaimKey) {
		t.Helper()
		must(t, l.RowImages(mig, key).Keep(t.Context(), []migration.RowImage{{Key: migration.RowKey{Table: "orders", ID: record}, WrittenDigest: migration.Digest{1}}}))
	}
	for _, tc := range []struct {
		name string
		do   func(*testing.T, *store.Ledger)
		want []migration.InstanceID
	}{
		{name: "nobody_has_it", do: func(*testing.T, *store.Ledger) {}},
		{"rows_of_two_instances", func(t *testing.T, l *store.Ledger) { wrote(t, l, other); wrote(t, l, ourKey) }, []migration.InstanceID{ourKey.Instance, other.Instance}},
		{"a_file", func(t *testing.T, l *store.Ledger) {
			file := migration.FileKey{Row: migration.RowKey{Table: "orders", ID: record}, Name: "a.pdf"}
			must(t, l.FileImages(mig, other).Keep(t.Context(), []migration.FileImage{{Key: file, WrittenSum: migration.Digest{1}}}))
		}, []migration.InstanceID{other.Instance}},
		{"a_start", func(t *testing.T, l *store.Ledger) {
			_, _, err := l.Claim(t.Context(), other, record, "a", mig)
			must(t, err)
			must(t, l.FreeRecord(t.Context(), other))
		}, []migration.InstanceID{other.Instance}},
		{name: "a_start_that_did_not_happen", do: func(t *testing.T, l *store.Ledger) {
			_, _, err := l.Claim(t.Context(), other, record, "a", mig)
			must(t, err)
			must(t, l.Release(t.Context(), other, "a", migration.ClaimClaimed, ""))
			must(t, l.FreeRecord(t.Context(), other))
		}},
		{"somebody_is_at_work_on_it", func(t *testing.T, l *store.Ledger) { must(t, l.HoldRecord(t.Context(), other, record, mig)) }, []migration.InstanceID{other.Instance}},
		{name: "rolled_back", do: func(t *testing.T, l *store.Ledger) {
			wrote(t, l, other)
			_, err := l.RowUndo(mig, other).Begin(t.Context())
			must(t, err)
		}},
		{name: "a_copy_of_all_data", do: func(t *testing.T, l *store.Ledger) {
			wrote(t, l, migration.ClaimKey{Source: ourKey.Source, Instance: migration.BulkOwner, Target: ourKey.Target})
		}},
		{name: "of_another_source", do: func(t *testing.T, l *store.Ledger) {
			wrote(t, l, migration.ClaimKey{Source: "elsewhere", Instance: other.Instance, Target: other.Target})
		}},
		{name: "of_another_record", do: func(t *testing.T, l *store.Ledger) { must(t, l.HoldRecord(t.Context(), other, "r-2", mig)) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := opened(t)
			tc.do(t, l)
			users, err := l.RecordUsers(t.Context(), ourKey.Source, ourKey.Target, []migration.RecordID{record})
			if err != nil || !cmp.Equal(users[record], tc.want) {
				t.Errorf("it is there by %q, %v; want %q", users[record], err, tc.want)
			}
			if of, err := l.RecordUsersOf(t.Context(), mig, record); err != nil || !cmp.Equal(of, tc.want) {
				t.Errorf("between the servers of the migration it is there by %q, %v; want %q", of, err, tc.want)
			}
			rekeys, err := l.SaveRekeys(t.Context(), ourKey.Source, ourKey.Target, migration.Rekeys{record: "new", "free": "too"}, "plan")
			want := migration.Rekeys{"free": "too"}
			if tc.want == nil {
				want[record] = "new"
			}
			if diff := cmp.Diff(want, rekeys); err != nil || diff != "" {
				t.Errorf("decided (-want +got), %v:\n%s", err, diff)
			}
		})
	}
}

// TestHoldRecord_of_a_record_with_a_new_ID is of an instance that read its record before
// the decision.
func TestHoldRecord_of_a_record_with_a_new_ID(t *testing.T) {
	t.Parallel()
	l := opened(t)
	if _, err := l.SaveRekeys(t.Context(), ourKey.Source, ourKey.Target, migration.Rekeys{"r-1": "new"}, "plan"); err != nil {
		t.Fatal(err)
	}
	if err := l.HoldRecord(t.Context(), ourKey, "r-1", mig); migration.CodeOf(err) != migration.CodeDrifted {
		t.Errorf("it holds the record under its own ID: %v", err)
	}
	must(t, l.HoldRecord(t.Context(), ourKey, "new", mig))
	other := migration.ClaimKey{Source: ourKey.Source, Instance: "8_other", Target: ourKey.Target}
	var busy *migration.RecordBusyError
	if err := l.HoldRecord(t.Context(), other, "new", mig); !errors.As(err, &busy) || busy.By != ourKey.Instance {
		t.Errorf("two instances hold it: %v", err)
	}
	// Of another server it is another record.
	elsewhere := migration.ClaimKey{Source: "elsewhere", Instance: "8_other", Target: ourKey.Target}
	must(t, l.HoldRecord(t.Context(), elsewhere, "r-1", mig))
}

// TestEntriesHaveTheirRecordsOnTheTarget reads entries in each way.
func TestEntriesHaveTheirRecordsOnTheTarget(t *testing.T) {
	t.Parallel()
	l := opened(t)
	page := planned(2, nil)
	savePlan(t, l, "p", page)
	record := page[1].Record
	_, err := l.SaveRekeys(t.Context(), "s", "t", migration.Rekeys{record: "new"}, "plan")
	must(t, err)
	_, err = l.SaveRekeys(t.Context(), "s", "another", migration.Rekeys{page[0].Record: "elsewhere"}, "plan")
	must(t, err)
	for n, want := range []migration.RecordID{"", "new"} {
		if e := entry(t, l, n+1); e.TargetRecord != want || e.Record != page[n].Record {
			t.Errorf("the record %s of %s is %q on the target, want %q", e.Record, e.Instance, e.TargetRecord, want)
		}
	}
	var got []migration.RecordID
	for p, err := range l.PlanEach(t.Context(), mig, migration.Filter{}) {
		must(t, err)
		got = append(got, p.TargetRecord)
	}
	if want := []migration.RecordID{"", "new"}; !cmp.Equal(want, got) {
		t.Errorf("listed are %q, want %q", got, want)
	}
}

// TestSaveRekeys_while_somebody_takes_the_record has either the decision or the hold, never both.
func TestSaveRekeys_while_somebody_takes_the_record(t *testing.T) {
	t.Parallel()
	l := opened(t)
	for n := range 60 {
		record := migration.RecordID(id(n))
		var held error
		var took sync.WaitGroup
		took.Go(func() { held = l.HoldRecord(t.Context(), keyOf(n), record, mig) })
		rekeys, err := l.SaveRekeys(t.Context(), ourKey.Source, ourKey.Target, migration.Rekeys{record: "new"}, "plan")
		took.Wait()
		must(t, err)
		if decided := rekeys[record] != ""; decided == (held == nil) || held != nil && migration.CodeOf(held) != migration.CodeDrifted {
			t.Errorf("%s: decided %t, held %v", record, decided, held)
		}
	}
}
