package evidence

import (
	"bytes"
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"jogetferry/internal/version"
	"jogetferry/joget/diagram"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// Ledger is what a report reads: the plan, and what came of it.
type Ledger interface {
	Plan
	History
}

// Plan is what was found on both servers.
type Plan interface {
	Account(ctx context.Context, mig migration.Name) (migration.Account, error)
	PlanEach(ctx context.Context, mig migration.Name, f migration.Filter) iter.Seq2[migration.PlanEntry, error]
	CountsByDefinition(ctx context.Context, mig migration.Name, f migration.Filter) ([]migration.DefinitionCounts, error)
	Findings(ctx context.Context, mig migration.Name, id migration.InstanceID) ([]migration.Finding, error)
	Packages(ctx context.Context, mig migration.Name) ([]migration.FrozenPackage, error)
}

// History is what was done since.
type History interface {
	ActivityCounts(ctx context.Context, mig migration.Name) ([]migration.ActivityCount, error)
	Waves(ctx context.Context, mig migration.Name) ([]migration.Wave, error)
	Decisions(ctx context.Context, mig migration.Name) ([]migration.Decided, error)
	LinesOf(ctx context.Context, mig migration.Name, events ...migration.Event) iter.Seq2[migration.StepLine, error]
}

// Options say what is in a report.
type Options struct {
	Personal bool      // users and records by their names, and what findings saw
	Now      time.Time // when it is made
}

// Read makes the report of a migration. One that the ledger does not know is CodeNotFound. It is
// read-only.
func Read(ctx context.Context, ledger Ledger, mig migration.Name, o Options) (*Report, error) {
	account, err := ledger.Account(ctx, mig)
	if err != nil {
		return nil, err
	}
	r := &reader{ledger: ledger, mig: mig, people: newPseudonyms(o.Personal), definitions: map[migration.DefinitionID]int{}, waves: map[migration.InstanceID]string{}}
	r.report = Report{
		Migration: string(mig), Source: string(account.Source), Target: string(account.Target), ConfigDigest: account.ConfigDigest,
		PlannedAt: stamp(account.PlannedAt), MadeAt: stamp(o.Now), Version: version.String(), Personal: o.Personal,
	}
	for _, part := range []func(context.Context) error{r.readDefinitions, r.readInstances, r.readActivities, r.readFindings, r.readExceptions, r.readWaves} {
		if err := part(ctx); err != nil {
			return nil, err
		}
	}
	return &r.report, nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

type reader struct {
	ledger      Ledger
	mig         migration.Name
	people      *pseudonyms
	report      Report
	definitions map[migration.DefinitionID]int
	waves       map[migration.InstanceID]string // of those that are done
}

func (r *reader) readDefinitions(ctx context.Context) error {
	counted, err := r.ledger.CountsByDefinition(ctx, r.mig, migration.Filter{})
	if err != nil {
		return err
	}
	packages, err := r.ledger.Packages(ctx, r.mig)
	if err != nil {
		return err
	}
	read := map[string]*xpdl.Package{}
	for _, p := range packages {
		if p.Role != migration.RoleSource {
			continue
		}
		if parsed, err := xpdl.Parse(bytes.NewReader(p.XPDL)); err == nil { // what cannot be read cannot be drawn
			read[p.Package+"#"+p.Version] = parsed
		}
	}
	r.report.Definitions = make([]Definition, len(counted))
	for i, c := range counted {
		d := Definition{ID: c.Definition.String(), Balance: newBalance(c.Counts), Activities: []Activity{}}
		if p := read[c.Definition.Package+"#"+c.Definition.Version]; p != nil {
			if process := p.Process(c.Definition.Process); process != nil {
				d.Diagram = diagram.Of(process)
			}
		}
		r.report.Definitions[i], r.definitions[c.Definition] = d, i
		r.report.Balance.add(d.Balance)
	}
	r.report.Verdict, r.report.Whole = r.report.Balance.verdict(), r.report.Balance.whole()
	return nil
}

func (r *reader) readInstances(ctx context.Context) error {
	r.report.Instances = []Instance{}
	for p, err := range r.ledger.PlanEach(ctx, r.mig, migration.Filter{}) {
		if err != nil {
			return err
		}
		at, known := r.definitions[p.Definition]
		if !known {
			continue // planned a moment ago
		}
		d := &r.report.Definitions[at]
		if d.Target == "" && !p.Target.IsZero() {
			d.Target = p.Target.String()
		}
		i := Instance{
			Source: string(p.Instance), Target: string(p.TargetID), Record: r.people.record(p.Record), Requester: r.people.user(p.Requester), Definition: at,
			State: string(p.State), Verdict: string(p.Verdict), Reason: string(p.Reason), Wave: string(p.Wave), Activities: []string{}, Findings: []string{},
		}
		for _, a := range p.Activities {
			i.Activities = append(i.Activities, string(a))
			d.count(string(a)).Source++
		}
		for _, f := range p.Findings {
			i.Findings = append(i.Findings, f.ID)
		}
		if p.State == migration.InstanceDone {
			r.waves[p.Instance] = string(p.Wave)
		}
		r.report.Instances = append(r.report.Instances, i)
	}
	return nil
}

// count returns the counts of an activity, which begin with none.
func (d *Definition) count(activity string) *Activity {
	for i := range d.Activities {
		if d.Activities[i].ID == activity {
			return &d.Activities[i]
		}
	}
	a := Activity{ID: activity, Name: activity}
	if d.Diagram != nil {
		for _, n := range d.Diagram.Nodes {
			if n.ID == activity {
				a.Name = n.Name
			}
		}
	}
	d.Activities = append(d.Activities, a)
	return &d.Activities[len(d.Activities)-1]
}

func (r *reader) readActivities(ctx context.Context) error {
	counts, err := r.ledger.ActivityCounts(ctx, r.mig)
	if err != nil {
		return err
	}
	for _, c := range counts {
		at, known := r.definitions[c.Definition]
		if known && (c.Result == migration.ItemSame || c.Result == migration.ItemExtra) {
			r.report.Definitions[at].count(c.Activity).Target += c.Instances
		}
	}
	for i := range r.report.Definitions {
		slices.SortFunc(r.report.Definitions[i].Activities, func(a, b Activity) int { return cmp.Compare(a.ID, b.ID) })
	}
	return nil
}

// startTools is the check that tells of tools which run when an instance is started.
const startTools = "FERRY-224"

func (r *reader) readFindings(ctx context.Context) error {
	found, err := r.ledger.Findings(ctx, r.mig, "")
	if err != nil {
		return err
	}
	r.report.Findings = []Finding{}
	for _, f := range found {
		for i := range r.report.Definitions {
			if d := &r.report.Definitions[i]; f.ID == startTools && f.Subject == d.ID {
				d.StartTools, _, _ = strings.Cut(f.Seen, "; ")
			}
		}
		v := Finding{ID: f.ID, Severity: string(f.Severity), Subject: r.people.scrub(f.Subject), Message: f.Message}
		if r.people.shown {
			v.Seen = f.Seen
		}
		r.report.Findings = append(r.report.Findings, v)
	}
	return nil
}

// exceptional are the events that a report tells of.
func exceptional() []migration.Event {
	return []migration.Event{
		migration.EventWorkDiscarded, migration.EventEarlierAccepted, migration.EventRedo, migration.EventToolRun, migration.EventUndone,
		migration.EventRollbackRefused, migration.EventMarksForgotten, migration.EventLost, migration.EventWreckAborted, migration.EventResumeAt,
	}
}

func (r *reader) readExceptions(ctx context.Context) error {
	r.report.Exceptions = []Exception{}
	reasons := map[migration.InstanceID]map[int64]migration.Reason{}
	for l, err := range r.ledger.LinesOf(ctx, r.mig, append(exceptional(), migration.EventParked)...) {
		if err != nil {
			return err
		}
		if l.Event == migration.EventParked {
			if reasons[l.Instance] == nil {
				reasons[l.Instance] = map[int64]migration.Reason{}
			}
			reasons[l.Instance][l.Facts.ParkID] = l.Facts.Reason
			continue
		}
		r.report.Exceptions = append(r.report.Exceptions, Exception{At: stamp(l.At), Instance: string(l.Instance), What: l.Text(), By: l.By})
	}
	decisions, err := r.ledger.Decisions(ctx, r.mig)
	if err != nil {
		return err
	}
	for _, d := range decisions {
		what := string(d.Action)
		if reason := reasons[d.Instance][d.ParkID]; reason != "" {
			what += ", parked for " + string(reason)
		}
		if d.Discard {
			what += "; work done on the target may be thrown away"
		}
		r.report.Exceptions = append(r.report.Exceptions, Exception{At: stamp(d.At), Instance: string(d.Instance), What: what, By: d.By, Why: r.people.scrub(d.Text)})
	}
	slices.SortStableFunc(r.report.Exceptions, func(a, b Exception) int { return strings.Compare(a.At, b.At) })
	return nil
}

func (r *reader) readWaves(ctx context.Context) error {
	waves, err := r.ledger.Waves(ctx, r.mig)
	if err != nil {
		return err
	}
	began, ended := map[migration.InstanceID]time.Time{}, map[migration.InstanceID]time.Time{}
	for l, err := range r.ledger.LinesOf(ctx, r.mig, migration.EventTaken, migration.EventVerdict) {
		if err != nil {
			return err
		}
		if l.Event == migration.EventTaken {
			began[l.Instance] = l.At
			delete(ended, l.Instance)
		} else if _, is := ended[l.Instance]; !is {
			ended[l.Instance] = l.At // later comparisons are only looks
		}
	}
	r.report.Waves = []Wave{}
	for _, w := range waves {
		v := Wave{
			Name: string(w.Name), Status: string(w.Status), By: w.By, CreatedAt: stamp(w.CreatedAt), Window: w.Window, Rate: w.Rate, Pilotless: w.Pilotless, Taken: w.Taken,
		}
		var spans []span
		for id, wave := range r.waves {
			if wave == v.Name {
				if v.Done++; !began[id].IsZero() && ended[id].After(began[id]) {
					spans = append(spans, span{began[id], ended[id]})
				}
			}
		}
		v.measure(spans)
		r.report.Waves = append(r.report.Waves, v)
	}
	return nil
}

// span is when an instance was taken, and when it was done.
type span struct{ began, ended time.Time }

// curveSteps is how exact the curve of a wave is.
const curveSteps = 60

func (w *Wave) measure(spans []span) {
	if len(spans) == 0 {
		return
	}
	first := slices.MinFunc(spans, func(a, b span) int { return a.began.Compare(b.began) }).began
	last := slices.MaxFunc(spans, func(a, b span) int { return a.ended.Compare(b.ended) }).ended
	total := last.Sub(first)
	w.Seconds = total.Seconds()
	w.Curve, w.Durations = make([]int, curveSteps+1), make([]int, len(DurationBounds())+1)
	for _, s := range spans {
		for i := range w.Curve {
			if s.ended.Sub(first) <= total*time.Duration(i)/curveSteps {
				w.Curve[i]++
			}
		}
		took := s.ended.Sub(s.began).Seconds()
		i, _ := slices.BinarySearch(DurationBounds(), took)
		w.Durations[i]++
	}
}
