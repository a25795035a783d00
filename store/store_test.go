package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
	"jogetferry/store"
	"jogetferry/test/mysqltest"
)

const mig = "crm"

var def = migration.DefinitionID{Package: "crm_community", Version: "3", Process: "process1"}

// opened returns a ledger in a fresh database with the migration bound.
func opened(t *testing.T) *store.Ledger {
	t.Helper()
	l, _ := openedAt(t)
	return l
}

func openedAt(t *testing.T) (*store.Ledger, string) {
	t.Helper()
	dsn := mysqltest.DSN(t)
	l := open(t, dsn)
	must(t, l.Bind(t.Context(), migration.Binding{Migration: mig, Source: "s", Target: "t"}, "digest"))
	return l, dsn
}

func open(t *testing.T, dsn string) *store.Ledger {
	t.Helper()
	l, err := store.Open(t.Context(), dsn, store.Options{Actor: "worker-1"})
	must(t, err)
	t.Cleanup(func() {
		countsAreKept(t, l)
		must(t, l.Close())
	})
	return l
}

// countsAreKept compares the numbers that the ledger keeps of each wave with its entries.
func countsAreKept(t *testing.T, l *store.Ledger) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	waves, err := l.Waves(ctx, mig)
	if migration.CodeOf(err) == migration.CodeUnavailable {
		return // the test has closed it
	}
	must(t, err)
	for _, w := range waves {
		kept, err := l.Counts(ctx, mig, migration.Filter{Wave: w.Name})
		must(t, err)
		counted, err := l.Counts(ctx, mig, migration.Filter{Wave: w.Name, StartedBefore: migration.EpochMillis(math.MaxInt64)})
		must(t, err)
		if diff := cmp.Diff(counted, kept); diff != "" {
			t.Errorf("wave %s (-counted +kept):\n%s", w.Name, diff)
		}
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code migration.Code) {
	t.Helper()
	if got := migration.CodeOf(err); got != code {
		t.Fatalf("got %v with code %q, want %q", err, got, code)
	}
}

// planned makes entries 1..n, all ready unless states says otherwise by number.
func planned(n int, states map[int]migration.InstanceState) []migration.PlanEntry {
	page := make([]migration.PlanEntry, n)
	for i := range page {
		number := i + 1
		page[i].Entry = migration.Entry{
			Instance: id(number), Definition: def, Requester: "cat", Started: migration.EpochMillis(number),
			Record: migration.RecordID(fmt.Sprintf("record-%d", number)), State: migration.InstanceReady,
		}
		if state, ok := states[number]; ok {
			page[i].State = state
		}
	}
	return page
}

func id(number int) migration.InstanceID {
	return migration.InstanceID(fmt.Sprintf("%d_crm_community_process1", number))
}

func savePlan(t *testing.T, l *store.Ledger, planID string, page []migration.PlanEntry) {
	t.Helper()
	must(t, l.SavePlan(t.Context(), mig, planID, page))
	_, err := l.FinishPlan(t.Context(), mig, planID)
	must(t, err)
}

func entry(t *testing.T, l *store.Ledger, number int) migration.Entry {
	t.Helper()
	e, err := l.Entry(t.Context(), mig, id(number))
	must(t, err)
	return e
}

// lines returns the log of an instance as "kind: event", with the verb and
// what became of it where the event is a call.
func lines(t *testing.T, l *store.Ledger, of migration.InstanceID) []string {
	t.Helper()
	log, err := l.Lines(t.Context(), mig, of)
	must(t, err)
	var told []string
	for _, s := range log {
		text := fmt.Sprintf("%s: %s", s.Kind, s.Event)
		if s.Call != nil {
			text += " " + string(s.Call.Verb)
		}
		told = append(told, strings.TrimSpace(text+" "+string(s.Fate)))
	}
	return told
}

// backdate moves a time of the ledger's clock into the past: tests wait for nothing.
func backdate(t *testing.T, dsn, table, column string, by time.Duration) {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	must(t, err)
	defer db.Close()
	_, err = db.ExecContext(context.WithoutCancel(t.Context()),
		fmt.Sprintf("UPDATE `%s` SET `%s` = `%s` - INTERVAL %d SECOND", table, column, column, int(by.Seconds())))
	must(t, err)
}

func TestLog_keeps_every_field_of_a_line(t *testing.T) {
	t.Parallel()
	l := opened(t)
	var want []migration.StepLine
	for _, call := range []migration.Call{earlier, later, {Verb: migration.VerbStartProcess}} {
		want = append(want, migration.StepLine{
			Instance: id(1), Step: migration.StepResume, Kind: migration.KindOutcome, Event: migration.EventCall, Call: &call, Fate: migration.FateNotSent,
			Detail: "to 花子", Status: 200, By: "w",
		})
	}
	want = append(want, migration.StepLine{
		Instance: id(1), Kind: migration.KindNote, Event: migration.EventUndone, By: "w",
		Facts: migration.Facts{
			State: migration.InstanceDone, Reason: migration.ReasonOperator, Verdict: migration.VerdictSame, Action: migration.ActionRedo, ParkID: 1,
			Target: "9_t", Instances: []migration.InstanceID{"10_t", "11_t"}, Name: "n", Summary: "s", Number: 2, Steps: 3,
			Tally: migration.Tally{
				Rows: 1, Files: 2, Bytes: 3, Inserted: 4, Copied: 5, Resumed: 6, Overwritten: 7, Same: 8, Kept: 9, Restored: 10, Removed: 11, Again: 12,
				AsBefore: 13, Moved: 14, Shared: 15, Appeared: 16, Left: 17, Conflicts: 18,
			},
		},
	})
	must(t, l.Log(t.Context(), mig, id(1), want...))
	got, err := l.Lines(t.Context(), mig, id(1))
	must(t, err)
	if diff := cmp.Diff(want, got[len(got)-len(want):], cmpopts.IgnoreFields(migration.StepLine{}, "ID", "At")); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}
