package drive_test

import (
	"database/sql"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/drive"
	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/schema"
)

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// place is a server with all apps.
type place struct {
	db      *sql.DB
	engine  *engine.Engine
	uploads string
}

func newPlace(t *testing.T) place {
	t.Helper()
	ctx := t.Context()
	db, err := sql.Open("mysql", mysqltest.DSN(t))
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	must(t, schema.Create(ctx, db))
	must(t, apps.Load(ctx, db, apps.Options{Apps: append(apps.Names(), apps.Claims, apps.Permits)}))
	dir := t.TempDir()
	noon := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) // dates that nobody sets are the time of the start
	e, err := engine.New(ctx, engine.Options{DB: db, UploadsDir: dir, Now: func() time.Time { return noon }, Pause: drive.Hang()})
	must(t, err)
	p := place{db, e, filepath.Join(dir, engine.UploadsRoot)}
	must(t, os.Mkdir(p.uploads, 0o750))
	return p
}

func (p place) populate(t *testing.T, o drive.Options) []drive.Started {
	t.Helper()
	started, err := drive.Populate(t.Context(), p.engine, p.db, p.uploads, o)
	must(t, err)
	return started
}

func TestPopulation_is_the_same_again_and_comes_to_its_end(t *testing.T) {
	t.Parallel()
	o := drive.Options{Seed: 7, Instances: 3 * len(drive.Processes())}
	one, two := newPlace(t), newPlace(t)
	first, second := one.populate(t, o), two.populate(t, o)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Fatalf("the second population differs:\n%s", diff)
	}
	for _, s := range first {
		if len(s.Open) == 0 {
			t.Errorf("%s: nothing is open", s.ID)
		}
	}
	for _, s := range first {
		a, err := drive.Finish(t.Context(), one.engine, s.ID, drive.Choose(1))
		if err != nil {
			t.Errorf("%+v\n%v\n%+v", s, err, a)
			continue
		}
		for _, m := range a.Members {
			if m.State != engine.Completed {
				t.Errorf("%s: %s of %s ended as %s", s.ID, m.Path, m.Process, m.State)
			}
		}
		b, err := drive.Finish(t.Context(), two.engine, s.ID, drive.Choose(1))
		must(t, err)
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("%s went another way:\n%s", s.ID, diff)
		}
	}
}

func TestPopulation_has_every_shape(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for _, s := range newPlace(t).populate(t, drive.Options{
		Seed: 1, Instances: 200, Processes: append(drive.Processes(), "claims/rounds", "claims/rounds", "claims/dispute", "claims/nested"),
	}) {
		for _, token := range s.Tokens {
			seen[drive.Process(s.Definition)+" "+token]++
			if _, from, _ := strings.Cut(token, "<"); slices.Contains(s.Open, from) {
				seen["open with a token"]++
			}
		}
		seen[fmt.Sprintf("depth %d", s.Depth)]++
		for name, yes := range map[string]bool{
			"accepted": s.Accepted != nil, "reassigned": s.Reassigned != nil, "edited": s.Edited, "files": s.Files, "boolean": s.Boolean,
			"late " + drive.Process(s.Definition): s.Late, "start tools": s.StartTools != nil,
		} {
			if yes {
				seen[name]++
			}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(seen)) {
		t.Logf("%-60s %d", k, seen[k])
	}
	for _, want := range []string{
		"claims/assess settle<doctor", "claims/assess settle<filed", "claims/nested appraise<survey", "claims/nested merge<appraise", "claims/choice agree<inspect",
		"claims/rounds merge<reply", "claims/toolJoin settle<stamp", "claims/guardedJoin settle<sell", "claims/sharedJoin recover<witness",
		"claims/dispute mediate/sit/gather/weigh<collect", "procure/process1 merge<quote",
		"depth 0", "depth 1", "depth 2", "depth 3", "accepted", "reassigned", "edited", "files", "late claims/late", "late claims/escalate", "start tools", "boolean", "open with a token",
	} {
		if seen[want] == 0 {
			t.Errorf("no instance: %s", want)
		}
	}
}

func TestAwkwardPopulation_is_the_same_again_and_comes_to_its_end(t *testing.T) {
	t.Parallel()
	o := drive.Options{
		Seed: 7, Instances: 3 * len(drive.Awkward()), Processes: drive.Awkward(), OddIDs: true,
		Records: map[string][]string{"permits/permit:record": {"a b", "a b"}, "permits/visit": {"(1); ๑"}},
	}
	one, two := newPlace(t), newPlace(t)
	first, second := one.populate(t, o), two.populate(t, o)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Fatalf("the second population differs:\n%s", diff)
	}
	for _, s := range first {
		traces := make([]drive.Trace, 2)
		for i, p := range []place{one, two} {
			must(t, drive.GoOn(t.Context(), again(t, p), p.db, s.ID, s.Resume))
			var err error
			if traces[i], err = drive.Finish(t.Context(), again(t, p), s.ID, drive.Choose(1)); err != nil {
				t.Errorf("%+v\n%v\n%+v", s, err, traces[i])
			}
		}
		if diff := cmp.Diff(traces[0], traces[1]); diff != "" {
			t.Errorf("%s went another way:\n%s", s.ID, diff)
		}
	}
}

// again is an engine on p whose tools do not hang.
func again(t *testing.T, p place) *engine.Engine {
	t.Helper()
	e, err := engine.New(t.Context(), engine.Options{DB: p.db, UploadsDir: filepath.Dir(p.uploads), Now: func() time.Time { return time.Date(2026, 3, 4, 13, 0, 0, 0, time.UTC) }})
	must(t, err)
	return e
}

func TestAwkwardPopulation_has_every_shape(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	seen := map[string]int{}
	processes := append(drive.Awkward(), "permits/publish", "permits/zoning", "permits/dated", "permits/typed") // of which it takes several to show all
	for _, s := range p.populate(t, drive.Options{Seed: 1, Instances: 6 * len(processes), Processes: processes}) {
		seen[s.Shape]++
		for name, yes := range map[string]bool{
			"nothing open": len(s.Open) == 0, "a tool open": slices.Contains(s.Open, "seal") && slices.Contains(s.Resume, "seal"), "crash open": slices.Contains(s.Open, "crash"),
			"nobody waits for " + drive.Process(s.Definition): s.Loose, "alone": s.Alone, "anonymous": s.Requester == engine.Anonymous, "long text": s.LongText,
			"waits for " + strings.Join(s.Open, " ") + " in " + s.Shape: true,
		} {
			if yes {
				seen[name]++
			}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(seen)) {
		t.Logf("%-60s %d", k, seen[k])
	}
	for _, want := range append(drive.Awkward(),
		"alone", "nothing open", "a tool open", "crash open", "anonymous", "long text", "nobody waits for permits/notice", "nobody waits for permits/delivery", "nobody waits for permits/registration",
		"waits for hear hear/listen in permits/dated", "waits for hear hear/sign in permits/dated", "waits for survey survey/report in permits/zoning", "waits for fast in permits/zoning",
		"waits for inspect receipt in permits/typed", "waits for inspect pay in permits/typed", "waits for blank in permits/cleared", "waits for look in permits/wiped", "waits for call in permits/waiting",
	) {
		if seen[want] == 0 {
			t.Errorf("no instance: %s", want)
		}
	}
}
