package inventory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"jogetferry/activities/step"
	"jogetferry/joget/flow"
	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
	"jogetferry/preflight"
)

// maxPlanned bounds the instances among which a wrong one is looked for.
const maxPlanned = 20_000

// words returns what the operator said where instances go on: what was typed wins over
// the configuration.
func (act *Activities) words(ctx context.Context, mig migration.Name) (map[migration.InstanceID]migration.Word, error) {
	words := map[migration.InstanceID]migration.Word{}
	for id, activities := range act.Settings.ResumeAt {
		words[id] = migration.Word{Activities: activities}
	}
	typed, err := act.Ledger.ResumeAts(ctx, mig)
	maps.Copy(words, typed)
	return words, err
}

// see notes an instance of the plan, where the configuration may name others.
func (t *inventory) see(id migration.InstanceID) {
	delete(t.words, id) // it was read of the page already
	if len(t.act.Settings.ResumeAt) > 0 && len(t.planned) < maxPlanned {
		t.planned = append(t.planned, string(id))
	}
}

// absentWords looks for instances of the configuration that are not there: neither in
// the plan nor in the ledger, which has those that were migrated and have ended since.
func (t *inventory) absentWords(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(t.words)) {
		if t.words[id].Typed() {
			continue
		}
		_, err := t.act.Ledger.Entry(ctx, t.in.Migration, id)
		if migration.CodeOf(err) == migration.CodeNotFound {
			t.plan.Words.Absent, t.plan.Words.Planned = append(t.plan.Words.Absent, id), t.planned
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// goOn makes the facts of an instance those of one that goes on where the operator says.
// wanted is the tree that f is of, d its definition.
func goOn(f *preflight.InstanceFacts, wanted *migration.Tree, word migration.Word, d *definition) {
	if len(word.Activities) == 0 {
		return
	}
	wanted.GoOnAt(word.Activities, func(id migration.ActivityDefID) bool {
		return f.Target != nil && step.RunsThrough(f.Target, id)
	})
	f.Resume = &preflight.ResumeFacts{Activities: word.Activities, Typed: word.Typed(), Starts: map[migration.ActivityDefID]flow.Path{}}
	if f.Target == nil {
		return
	}
	for _, id := range word.Activities {
		if a := f.Target.Activity(string(id)); a != nil && a.Kind == xpdl.Subflow {
			f.Resume.Starts[id] = d.walker.Activate(string(id), f.Wanted.VariablesFor(id))
		}
	}
}

// maxLast is of how many activities that are over it is told what could follow.
const maxLast = 2

// gatherCandidates looks where instances could go on in which something does not.
func (act *Activities) gatherCandidates(ctx context.Context, facts []preflight.InstanceFacts) error {
	stuck := map[migration.InstanceID][]migration.ActivityDefID{}
	for i := range facts {
		if f := &facts[i]; f.Resume == nil && f.Target != nil {
			if at, is := stuckAt(f); is {
				stuck[f.Instance.ID] = at
			}
		}
	}
	if len(stuck) == 0 {
		return nil
	}
	all, err := act.Source.Fresh().TreeActivities(ctx, slices.Sorted(maps.Keys(stuck)))
	if err != nil {
		return err
	}
	for i := range facts {
		f := &facts[i]
		last, is := stuck[f.Instance.ID]
		if !is {
			continue
		}
		if len(last) == 0 {
			last = lastOver(all[f.Instance.ID])
		}
		names := make([]string, 0, len(last))
		for _, id := range last {
			names = append(names, string(act.Settings.Activity(f.Instance.Definition.Key(), id)))
		}
		f.Candidates = flow.Candidates(f.Target, names)
	}
	return nil
}

// stuckAt returns the activities of the root at which an instance does not go on: tools and
// routes that are open, and subflows in which nothing is, or a tool is. None: nothing is open.
func stuckAt(f *preflight.InstanceFacts) (at []migration.ActivityDefID, is bool) {
	for p := range f.Parts() {
		var in []migration.ActivityDefID
		for _, a := range p.Instance.Activities {
			if p.Source != nil && step.RunsThrough(p.Source, a.DefID) {
				in = append(in, a.DefID)
			}
		}
		if !p.Instance.State.Open() || len(p.Instance.Activities) > 0 && len(in) == 0 {
			continue
		}
		is = true
		if caller, _, _ := strings.Cut(string(p.Path), "/"); caller != "" {
			in = []migration.ActivityDefID{migration.ActivityDefID(caller)}
		}
		for _, id := range in {
			if !slices.Contains(at, id) {
				at = append(at, id)
			}
		}
	}
	return at, is
}

// lastOver returns the definitions of the activities that were over last, the latest first.
func lastOver(all []schema.Activity) []migration.ActivityDefID {
	all = slices.DeleteFunc(slices.Clone(all), func(a schema.Activity) bool { return a.State.Open() })
	slices.Reverse(all) // of those that were over at one moment, what began last comes first
	slices.SortStableFunc(all, func(a, b schema.Activity) int { return cmp.Compare(b.StateTime, a.StateTime) })
	var last []migration.ActivityDefID
	for _, a := range all {
		if len(last) < maxLast && !slices.Contains(last, a.DefID) {
			last = append(last, a.DefID)
		}
	}
	return last
}
