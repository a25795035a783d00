package evidence_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"jogetferry/migration"
	"jogetferry/starter/evidence"
)

var update = flag.Bool("update", false, "rewrite golden files")

var (
	leave = migration.DefinitionID{Package: "leave", Version: "3", Process: "process1"}
	other = migration.DefinitionID{Package: "gone", Version: "1", Process: "p"}
	made  = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
)

// ledger is one in memory.
type ledger struct {
	entries []migration.PlanEntry
	xpdl    []byte
}

func (l *ledger) Account(_ context.Context, mig migration.Name) (migration.Account, error) {
	if mig != "crm" {
		return migration.Account{}, migration.E(migration.CodeNotFound, "read the migration", string(mig), "")
	}
	return migration.Account{Binding: migration.Binding{Migration: mig, Source: "old:3306/jwdb", Target: "new:3306/jwdb"}, ConfigDigest: "c0ffee", PlannedAt: made.Add(-24 * time.Hour)}, nil
}

func (l *ledger) PlanEach(context.Context, migration.Name, migration.Filter) iter.Seq2[migration.PlanEntry, error] {
	return func(yield func(migration.PlanEntry, error) bool) {
		for _, e := range l.entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (l *ledger) CountsByDefinition(context.Context, migration.Name, migration.Filter) ([]migration.DefinitionCounts, error) {
	var all []migration.DefinitionCounts
	for _, e := range l.entries {
		i := slices.IndexFunc(all, func(c migration.DefinitionCounts) bool { return c.Definition == e.Definition })
		if i < 0 {
			i, all = len(all), append(all, migration.DefinitionCounts{Definition: e.Definition})
		}
		all[i].Counts.Add(e.State, e.Verdict, 1)
	}
	return all, nil
}

func (l *ledger) Findings(context.Context, migration.Name, migration.InstanceID) ([]migration.Finding, error) {
	return []migration.Finding{
		{ID: "FERRY-224", Severity: migration.Note, Subject: leave.String(), Message: "Tools run when an instance is started.", Seen: "mail, audit; then approve"},
		{ID: "FERRY-210", Severity: migration.Warning, Subject: "user ann.planted", Message: "Somebody is missing.", Seen: "ann.planted"},
	}, nil
}

func (l *ledger) Packages(context.Context, migration.Name) ([]migration.FrozenPackage, error) {
	return []migration.FrozenPackage{{Role: migration.RoleSource, Package: "leave", Version: "3", XPDL: l.xpdl}, {Role: migration.RoleTarget, Package: "leave", Version: "5", XPDL: []byte("<")}}, nil
}

func (l *ledger) ActivityCounts(context.Context, migration.Name) ([]migration.ActivityCount, error) {
	counts := map[string]int{}
	for _, e := range l.entries {
		if e.State == migration.InstanceDone && e.Definition == leave {
			for _, a := range e.Activities {
				counts[string(a)]++
			}
		}
	}
	var all []migration.ActivityCount
	for a, n := range counts {
		all = append(all, migration.ActivityCount{Definition: leave, Activity: a, Result: migration.ItemSame, Instances: n}, migration.ActivityCount{Definition: leave, Activity: a, Result: migration.ItemMissing, Instances: 1})
	}
	return all, nil
}

func (l *ledger) Waves(context.Context, migration.Name) ([]migration.Wave, error) {
	return []migration.Wave{{Name: "friday", Status: migration.WaveFinished, By: "carl", Window: 20, Rate: 7.5, Pilotless: true, Taken: 3, CreatedAt: made.Add(-time.Hour)}}, nil
}

func (l *ledger) Decisions(context.Context, migration.Name) ([]migration.Decided, error) {
	return []migration.Decided{{Instance: "2_leave_process1", Decision: migration.Decision{
		ParkID: 1, Action: migration.ActionAccept, By: "carl", Text: "ann.planted said that R-2 and a <b>note</b> are right", At: made.Add(-30 * time.Minute),
	}}}, nil
}

func (l *ledger) LinesOf(_ context.Context, _ migration.Name, events ...migration.Event) iter.Seq2[migration.StepLine, error] {
	var lines []migration.StepLine
	for i, e := range l.entries {
		at := made.Add(-time.Hour + time.Duration(i)*time.Second)
		lines = append(lines, migration.StepLine{Instance: e.Instance, Event: migration.EventTaken, At: at}, migration.StepLine{Instance: e.Instance, Event: migration.EventVerdict, At: at.Add(3 * time.Second)})
	}
	lines = append(lines, migration.StepLine{Instance: "2_leave_process1", Event: migration.EventParked, Facts: migration.Facts{ParkID: 1, Reason: migration.ReasonVerifyDiffers}},
		migration.StepLine{Instance: "2_leave_process1", Event: migration.EventWorkDiscarded, At: made.Add(-20 * time.Minute), By: "carl", Facts: migration.Facts{Target: "102_leave_process1"}})
	return func(yield func(migration.StepLine, error) bool) {
		for _, s := range lines {
			if slices.Contains(events, s.Event) && !yield(s, nil) {
				return
			}
		}
	}
}

// sample is a migration of n instances of which one is parked and one is of a process that is
// drawn nowhere.
func sample(t *testing.T, n int) *ledger {
	t.Helper()
	xpdl, err := os.ReadFile("../../test/simulator/apps/data/leave/package.xpdl")
	if err != nil {
		t.Fatal(err)
	}
	l := &ledger{xpdl: xpdl}
	for i := 1; i <= n; i++ {
		e := migration.PlanEntry{Entry: migration.Entry{
			Instance: migration.InstanceID(fmt.Sprintf("%d_leave_process1", i)), Definition: leave, Target: migration.DefinitionID{Package: "leave", Version: "5", Process: "process1"},
			TargetID: migration.InstanceID(fmt.Sprintf("10%d_leave_process1", i)), Record: migration.RecordID(fmt.Sprintf("R-%d", i)), Requester: "ann.planted",
			State: migration.InstanceDone, Verdict: migration.VerdictSame, Wave: "friday",
		}, Activities: []migration.ActivityDefID{"approve"}, Findings: []migration.Finding{{ID: "FERRY-420"}}}
		switch i {
		case 2:
			e.Verdict = migration.VerdictAccepted
		case 3:
			e.State, e.Verdict, e.Reason, e.TargetID = migration.InstanceParked, "", migration.ReasonRecordConflict, ""
			e.Activities = []migration.ActivityDefID{"approve", "confirm"}
		case 4:
			e.State, e.Verdict, e.Definition, e.Target, e.TargetID, e.Wave, e.Activities = migration.InstanceBlocked, "", other, migration.DefinitionID{}, "", "", nil
		}
		l.entries = append(l.entries, e)
	}
	return l
}

func read(t *testing.T, l *ledger, personal bool) *evidence.Report {
	t.Helper()
	r, err := evidence.Read(t.Context(), l, "crm", evidence.Options{Personal: personal, Now: made})
	if err != nil {
		t.Fatal(err)
	}
	r.Version = "v1"
	return r
}

func written(t *testing.T, f evidence.Format, r *evidence.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := evidence.Write(&out, f, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestWrite(t *testing.T) {
	t.Parallel()
	for _, f := range evidence.Formats() {
		t.Run(f, func(t *testing.T) {
			t.Parallel()
			got := written(t, evidence.Format(f), read(t, sample(t, 4), false))
			file := filepath.Join("testdata", "report."+f)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		})
	}
}

func TestRead_names_nobody_unless_asked(t *testing.T) {
	t.Parallel()
	for _, f := range evidence.Formats() {
		hidden := written(t, evidence.Format(f), read(t, sample(t, 4), false))
		for _, name := range []string{"ann.planted", "R-2"} {
			if strings.Contains(hidden, name) {
				t.Errorf("%s names %s", f, name)
			}
		}
		if shown := written(t, evidence.Format(f), read(t, sample(t, 4), true)); !strings.Contains(shown, "ann.planted") || !strings.Contains(shown, "R-2") {
			t.Errorf("%s with personal data does not name ann.planted and R-2", f)
		}
	}
}

func TestRead_unknown_migration(t *testing.T) {
	t.Parallel()
	_, err := evidence.Read(t.Context(), sample(t, 1), "nobody", evidence.Options{})
	if migration.CodeOf(err) != migration.CodeNotFound {
		t.Errorf("got %v", err)
	}
}

// nodes calls f for each element of a page.
func nodes(n *html.Node, f func(*html.Node)) {
	if n.Type == html.ElementNode {
		f(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		nodes(c, f)
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

func TestHTML_asks_for_nothing_and_is_sealed(t *testing.T) {
	t.Parallel()
	text := written(t, evidence.FormatHTML, read(t, sample(t, 4), false))
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var badges, rows int
	nodes(doc, func(n *html.Node) {
		for _, key := range []string{"src", "href", "action", "xlink:href", "data", "srcset"} {
			if v := attr(n, key); v != "" && !strings.HasPrefix(v, "#") {
				t.Errorf("<%s %s=%q> is a request", n.Data, key, v)
			}
		}
		switch {
		case n.Data == "a" && strings.HasPrefix(attr(n, "class"), "badge"):
			badges++
			want := map[string]string{"approve": "3 → 2", "confirm": "1 → 0"}[attr(n, "data-activity")]
			if got := strings.TrimSpace(textOf(n)); got != want || attr(n, "class") != "badge unequal" {
				t.Errorf("badge of %s: %q, %s", attr(n, "data-activity"), got, attr(n, "class"))
			}
		case n.Data == "script" && attr(n, "id") == "data":
			sum := sha256.Sum256([]byte(textOf(n)))
			if attr(n, "data-sum") != hex.EncodeToString(sum[:]) || !strings.Contains(text, attr(n, "data-sum")) {
				t.Error("the sum is not that of the data")
			}
			var r evidence.Report
			if err := json.Unmarshal([]byte(textOf(n)), &r); err != nil || len(r.Instances) != 4 {
				t.Errorf("%d instances, %v", len(r.Instances), err)
			}
		case n.Data == "table" && attr(n, "id") == "list":
			nodes(n, func(c *html.Node) {
				if c.Data == "tr" {
					rows++
				}
			})
		case n.Data == "b":
			t.Error("what somebody wrote is taken for HTML")
		}
	})
	if badges != 2 || rows != 5 {
		t.Errorf("%d badges and %d rows, want 2 and 5", badges, rows)
	}
}

func TestHTML_size(t *testing.T) {
	t.Parallel()
	const most = 5 << 20
	if n := len(written(t, evidence.FormatHTML, read(t, sample(t, 1200), false))); n > most {
		t.Errorf("1,200 instances take %d bytes, want at most %d", n, most)
	}
}

func TestBalance(t *testing.T) {
	t.Parallel()
	for want, n := range map[string]int{
		"All 1 instances that were open are on the target, as they were on the source.":         1,
		"All 2 instances that were open are on the target; 1 differ, and somebody accepted it.": 2,
		"2 of 4 instances that were open are on the target; 2 are not.":                         4,
		"Nothing was planned.": 0,
	} {
		r := read(t, sample(t, n), false)
		if r.Verdict != want || r.Whole != (n == 1) {
			t.Errorf("%d instances: %s (%t), want %s", n, r.Verdict, r.Whole, want)
		}
		b := r.Balance
		if b.Open != n || b.Open != b.Done+b.Parked+b.Skipped+b.Blocked+b.Failed+b.UnderWay+b.Left {
			t.Errorf("the balance does not add up: %+v", b)
		}
	}
	if got := read(t, sample(t, 4), false).Balance.String(); got != "4 open = 2 done + 1 parked + 1 blocked" {
		t.Error(got)
	}
}
