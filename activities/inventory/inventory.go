package inventory

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/preflight"
)

const (
	// inventoryPage is how many instances are read and planned at a time.
	inventoryPage = 500
	// inventoryReaders is how many pages are read at a time: while one waits for
	// the database, another is decoded.
	inventoryReaders = 2
)

// TakeInventory reads all running instances of the source that move by themselves, checks each,
// and freezes them in the ledger unless Dry. Instances are read page by page,
// each in a snapshot of its own, so that the source waits for nobody.
func (act *Activities) TakeInventory(ctx context.Context, in contract.InventoryInput) (contract.InventoryOutput, error) {
	if err := act.Forget(ctx); err != nil {
		return contract.InventoryOutput{}, err
	}
	t := newInventory(act, in)
	out, err := t.run(ctx)
	if err != nil || in.Dry {
		return out, err
	}
	if err := act.Ledger.SaveFindings(ctx, in.Migration, t.findings); err != nil {
		return out, err
	}
	if err := t.freeze(ctx); err != nil {
		return out, err
	}
	if len(act.Settings.Processes) == 0 {
		// What a plan of some processes did not see may well be running.
		if _, err := act.Ledger.FinishPlan(ctx, in.Migration, in.Plan); err != nil {
			return out, err
		}
	}
	out.Counts, err = act.Ledger.Counts(ctx, in.Migration, migration.Filter{})
	return out, err
}

func newInventory(act *Activities, in contract.InventoryInput) *inventory {
	return &inventory{
		act: act, in: in, definitions: map[migration.DefinitionID]*definition{}, pairs: map[pair]*definition{}, apps: map[string]*app{},
		counts: map[migration.DefinitionID]*contract.DefinitionCounts{}, checked: migration.Rekeys{},
	}
}

func (t *inventory) run(ctx context.Context) (contract.InventoryOutput, error) {
	var err error
	if t.minted, err = t.act.Target.Fresh().NextProcessNumber(ctx); err != nil {
		return t.out, err
	}
	if t.words, err = t.act.words(ctx, t.in.Migration); err != nil {
		return t.out, err
	}
	if err := t.balance(ctx); err != nil {
		return t.out, err
	}
	if err := t.pages(ctx); err != nil {
		return t.out, err
	}
	for _, wanted := range t.act.Settings.Processes {
		if !slices.ContainsFunc(t.keys(), func(id migration.DefinitionID) bool { return id.Key() == wanted }) {
			t.plan.ProcessesWithoutInstances = append(t.plan.ProcessesWithoutInstances, wanted)
		}
	}
	for _, gather := range []func(context.Context) error{t.mappings, t.amounts, t.oldIDs, t.mappedUsers, t.freeSpace, t.absentWords} {
		if err := gather(ctx); err != nil {
			return t.out, err
		}
	}
	t.findings = append(t.findings, preflight.Plan(&t.plan)...)
	kept, left := bounded(preflight.WithoutPersonal(t.findings))
	t.out.Findings = kept
	t.out.LeftOut += left
	if t.in.Dry {
		for _, id := range t.keys() {
			t.out.Definitions = append(t.out.Definitions, *t.counts[id])
		}
	}
	return t.out, nil
}

// bounded keeps what fits through Temporal, the severest first, and says how
// many findings are left out.
func bounded(findings []migration.Finding) (kept []migration.Finding, left int) {
	if len(findings) <= contract.MaxFindings {
		return findings, 0
	}
	for _, severity := range []migration.Severity{migration.Blocking, migration.Warning, migration.Note} {
		for _, f := range findings {
			if f.Severity == severity && len(kept) < contract.MaxFindings {
				kept = append(kept, f)
			}
		}
	}
	return kept, len(findings) - len(kept)
}

// keys returns the definitions met, sorted.
func (t *inventory) keys() []migration.DefinitionID {
	keys := make([]migration.DefinitionID, 0, len(t.counts))
	for id := range t.counts {
		keys = append(keys, id)
	}
	slices.SortFunc(keys, func(a, b migration.DefinitionID) int { return strings.Compare(a.String(), b.String()) })
	return keys
}

// pages reads the next pages while the one before is judged and the one before
// that is saved.
func (t *inventory) pages(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	read, judged := make(chan (<-chan []migration.Tree), inventoryReaders), make(chan []migration.PlanEntry, 1)
	// A reader goes on where the one before it began: as soon as that is known,
	// not when its page is read.
	place := make(chan string, 1)
	place <- ""
	var readers sync.WaitGroup
	for range inventoryReaders {
		readers.Add(1)
		g.Go(step.Recovered(func() error {
			defer readers.Done()
			return t.reader(ctx, place, read)
		}))
	}
	g.Go(func() error {
		readers.Wait()
		close(read)
		return nil
	})
	g.Go(step.Recovered(func() error {
		defer close(judged)
		for page := range read {
			trees, err := receive(ctx, page)
			if err != nil {
				return err
			}
			entries, err := t.judge(ctx, trees)
			if err != nil {
				return err
			}
			if err := send(ctx, judged, entries); err != nil {
				return err
			}
		}
		return nil
	}))
	g.Go(step.Recovered(func() error {
		for page := range judged {
			step.Headway(ctx)
			if t.in.Dry {
				continue
			}
			if err := t.act.Ledger.SavePlan(ctx, t.in.Migration, t.in.Plan, page); err != nil {
				return err
			}
		}
		return nil
	}))
	return g.Wait()
}

// reader reads pages until the end. place has where the next one begins and is
// closed at the end; pages go to read in the order of the inventory, each as a
// channel that will have it, the last one empty.
func (t *inventory) reader(ctx context.Context, place chan string, read chan<- (<-chan []migration.Tree)) error {
	for {
		after, err := receive(ctx, place)
		if errors.Is(err, errEnd) {
			return nil
		}
		if err != nil {
			return err
		}
		page := make(chan []migration.Tree, 1)
		// Before the snapshot, which is to wait for nobody.
		if err := send(ctx, read, (<-chan []migration.Tree)(page)); err != nil {
			return err
		}
		var trees []migration.Tree
		err = t.act.Source.Snapshot(ctx, func(ctx context.Context, s *schema.Snap) error {
			roots, err := s.RootInstances(ctx, after, inventoryPage, t.act.roots(), t.act.Settings.Processes, func(next string) {
				if next == "" {
					close(place)
				} else {
					place <- next
				}
			})
			if err != nil {
				return err
			}
			trees, err = s.Below(ctx, roots)
			return err
		})
		if err != nil {
			return err
		}
		page <- trees
	}
}

// errEnd: there is nothing more to receive.
var errEnd = errors.New("the end")

func receive[T any](ctx context.Context, from <-chan T) (v T, err error) {
	select {
	case v, ok := <-from:
		if !ok {
			return v, errEnd
		}
		return v, nil
	case <-ctx.Done():
		return v, context.Cause(ctx)
	}
}

func send[T any](ctx context.Context, to chan<- T, v T) error {
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// roots are the instances that are entries of a plan.
func (act *Activities) roots() schema.Roots {
	if act.Settings.EndAsynchronous {
		return schema.Unawaited
	}
	return schema.Uncalled
}

// balance makes sure that every open instance is an entry, a synchronous
// descendant of one, or a finding.
func (t *inventory) balance(ctx context.Context) error {
	var counts schema.OpenCounts
	err := t.act.Source.Snapshot(ctx, func(ctx context.Context, s *schema.Snap) error {
		var err error
		counts, err = s.OpenCounts(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if !counts.Balanced() {
		return migration.E(migration.CodeInternal, "balance the inventory", "source", "%d open instances, %d accounted for",
			counts.Open, counts.Roots+counts.Synchronous+len(counts.Asynchronous)+len(counts.BelowAsynchronous)+len(counts.Orphans))
	}
	t.out.Open = contract.OpenCounts{Open: counts.Open, Roots: counts.Roots, Descendants: counts.Synchronous, Orphans: len(counts.Orphans)}
	loose := slices.Concat(counts.Asynchronous, counts.BelowAsynchronous)
	if t.act.Settings.EndAsynchronous {
		t.out.Open.Asynchronous = len(counts.Asynchronous)
		t.out.Open.Descendants += len(counts.BelowAsynchronous)
		loose = nil
	}
	t.out.Open.Orphans += len(loose)
	t.plan.Asynchronous = loose[:min(len(loose), contract.MaxDifferent)]
	t.plan.Orphans = counts.Orphans[:min(len(counts.Orphans), contract.MaxDifferent-len(t.plan.Asynchronous))]
	return nil
}

// judge checks a page of instances, and what they belong to when it is met first.
func (t *inventory) judge(ctx context.Context, trees []migration.Tree) ([]migration.PlanEntry, error) {
	facts, blocked, err := t.gather(ctx, trees)
	if err != nil {
		return nil, err
	}
	page := make([]migration.PlanEntry, 0, len(trees))
	for n := range trees {
		i := &trees[n].Instance
		findings := preflight.Instance(&facts[n])
		entry := migration.Entry{
			Instance: i.ID, Definition: i.Definition, Target: t.definitions[i.Definition].target, Requester: i.Requester, Record: i.Record,
			Started: i.Started, State: migration.InstanceReady, Findings: len(findings),
		}
		switch worst := migration.Worst(findings); {
		case worst == migration.Blocking, blocked[n], t.apps[i.App].worst == migration.Blocking:
			entry.State = migration.InstanceBlocked
		case worst == migration.Warning:
			entry.State = migration.InstanceWarned
		}
		t.count(entry, findings)
		t.see(i.ID)
		page = append(page, migration.PlanEntry{Entry: entry, Findings: findings, Activities: i.Wanted()})
	}
	return page, nil
}

// count adds an entry to the numbers of its definition and, of a dry run, to the output.
func (t *inventory) count(e migration.Entry, findings []migration.Finding) {
	c := t.counts[e.Definition]
	if c == nil {
		c = &contract.DefinitionCounts{Definition: e.Definition, Findings: map[string]int{}}
		t.counts[e.Definition] = c
	}
	of := map[string]bool{}
	for _, f := range findings {
		if !of[f.ID] {
			of[f.ID] = true
			c.Findings[f.ID]++
		}
	}
	if begun, ok := t.begun[e.Instance]; ok {
		e.State, e.Verdict = begun.State, begun.Verdict
	}
	c.Counts.Add(e.State, e.Verdict, 1)
	t.out.Counts.Add(e.State, e.Verdict, 1)
	switch {
	case !t.in.Dry || len(findings) == 0:
	case t.listed+len(findings) > contract.MaxFindings:
		t.out.LeftOut += len(findings)
	default:
		t.listed += len(findings)
		t.out.Instances = append(t.out.Instances, contract.InstanceFindings{
			Instance: e.Instance, Findings: preflight.WithoutPersonal(findings),
		})
	}
}

// gather collects what the checks of a page of instances need: as few queries
// as one page allows. blocked are those with a definition that may not be migrated.
func (t *inventory) gather(ctx context.Context, trees []migration.Tree) (facts []preflight.InstanceFacts, blocked []bool, err error) {
	facts, blocked = make([]preflight.InstanceFacts, len(trees)), make([]bool, len(trees))
	if err := t.rekeys(ctx, trees); err != nil {
		return nil, nil, err
	}
	for i := range trees {
		root := &trees[i].Instance
		d, err := t.definition(ctx, root)
		if err != nil {
			return nil, nil, err
		}
		blocked[i] = d.worst == migration.Blocking
		facts[i], err = t.act.treeFacts(ctx, &trees[i], d, t.words[root.ID], func(ctx context.Context, id, target migration.DefinitionID, unpublished string) (*definition, error) {
			d, err := t.judged(ctx, id, target, unpublished)
			blocked[i] = blocked[i] || err == nil && d.worst == migration.Blocking
			return d, err
		})
		if err != nil {
			return nil, nil, err
		}
		t.act.rekey(&facts[i], t.rekeyed)
		facts[i].Minted = t.minted
		if err := t.app(ctx, root); err != nil {
			return nil, nil, err
		}
	}
	for _, gather := range []func(context.Context, []preflight.InstanceFacts) error{
		t.act.gatherLinked, t.act.gatherCandidates, t.gatherData, t.rekeyNeeded, t.inspectRekeyed, t.gatherUsers, t.gatherDeadlines,
	} {
		if err := gather(ctx, facts); err != nil {
			return nil, nil, err
		}
	}
	return facts, blocked, nil
}

// Facts gathers what the checks of one instance need when its turn comes: what
// may have changed since the plan, but for its data and users, where the copy
// and the start find out themselves.
func (act *Activities) Facts(ctx context.Context, i *step.Opened, tree *migration.Tree) (preflight.InstanceFacts, error) {
	minted, err := act.Target.Fresh().NextProcessNumber(ctx)
	if err != nil {
		return preflight.InstanceFacts{}, err
	}
	target, unpublished, err := act.targetOf(ctx, tree.Instance.Definition)
	if err != nil {
		return preflight.InstanceFacts{}, err
	}
	d, err := act.definition(ctx, tree.Instance.Definition, target, unpublished)
	if err != nil {
		return preflight.InstanceFacts{}, err
	}
	f, err := act.treeFacts(ctx, tree, d, act.WordOf(i), act.definition)
	if err != nil {
		return f, err
	}
	rekeys, err := act.RekeysOf(ctx, i, []migration.RecordID{tree.Instance.Record})
	if err != nil {
		return f, err
	}
	act.rekey(&f, rekeys)
	f.Minted = minted
	facts := []preflight.InstanceFacts{f}
	if err := act.gatherLinked(ctx, facts); err != nil {
		return facts[0], err
	}
	err = act.gatherCandidates(ctx, facts)
	return facts[0], err
}

// treeFacts are those of an instance and the subflows below it for which only
// definitions are needed: d is that of the root, definition gives the others.
func (act *Activities) treeFacts(ctx context.Context, tree *migration.Tree, d *definition, word migration.Word, definition lookup) (preflight.InstanceFacts, error) {
	wanted := act.Settings.WantedTree(tree)
	f := act.baseFacts(&tree.Instance, &wanted.Instance)
	var err error
	if hasDates(wanted) {
		if f.TargetZones, err = act.Target.Fresh().Zones(ctx); err != nil {
			return f, err
		}
	}
	d.describe(&f.Part)
	goOn(&f, wanted, word, d)
	if f.Target != nil {
		choice := d.walker.Choose(f.Wanted.Variables, act.Settings.SetLater())
		f.Start, f.WithInitial, f.InitialStart = &choice.Path, choice.Initial, &d.facts.Start
		f.TooLong = act.startTooLong(&f, d.target, choice.Send)
	}
	err = act.below(ctx, &f.Part, tree, wanted, d, definition)
	f.TooLong = append(f.TooLong, act.variablesTooLong(&f)...)
	return f, err
}

// hasDates reports whether a tree has a variable that is a date.
func hasDates(tree *migration.Tree) bool {
	date := func(v migration.Variable) bool { return v.Kind == migration.VariableDate }
	for _, t := range tree.Walk() {
		own := func(a migration.OpenActivity) bool { return slices.ContainsFunc(a.Variables, date) }
		if slices.ContainsFunc(t.Instance.Variables, date) || slices.ContainsFunc(t.Instance.Activities, own) {
			return true
		}
	}
	return false
}

// below adds the subflows of a tree to p, whose definition is d.
func (act *Activities) below(ctx context.Context, p *preflight.Part, tree, wanted *migration.Tree, d *definition, definition lookup) error {
	p.Below = make([]preflight.Part, 0, len(tree.Subflows))
	for i := range tree.Subflows {
		s := &tree.Subflows[i]
		caller := act.Settings.Activity(tree.Instance.Definition.Key(), s.Caller)
		w := wanted.Subflow(caller)
		if w == nil {
			continue // the operator says that it does not go on
		}
		p.Below = append(p.Below, preflight.Part{})
		child := &p.Below[len(p.Below)-1]
		*child = preflight.Part{Path: p.Path.Below(s.Caller), Caller: s.Caller, Instance: &s.Instance, Wanted: &w.Instance}
		if !s.Instance.State.Open() || p.Target == nil {
			continue
		}
		// The engine starts the process of the package and version of the caller.
		called, err := definition(ctx, s.Instance.Definition, migration.DefinitionID{
			Package: d.target.Package, Version: d.target.Version, Process: w.Instance.Definition.Process,
		}, "")
		if err != nil {
			return err
		}
		called.describe(child)
		values := p.Wanted.VariablesFor(caller)
		start := d.walker.Activate(string(caller), values)
		child.Start, child.Handed = &start, preflight.Handed(p.Target, caller, values, child.Target)
		if err := act.below(ctx, child, s, w, called, definition); err != nil {
			return err
		}
	}
	return nil
}

// baseFacts are those that need no server.
func (act *Activities) baseFacts(i, wanted *migration.Instance) preflight.InstanceFacts {
	f := preflight.InstanceFacts{
		Part:         preflight.Part{Instance: i, Wanted: wanted},
		RebuildJoins: act.Settings.RebuildJoins, EndAsynchronous: act.Settings.EndAsynchronous, WriteVariables: act.Settings.WriteVariables,
		Rekey: preflight.RekeyFacts{Policy: act.Settings.Rekey, Columns: act.Settings.RekeyColumns},
	}
	if api.CheckRecordID(i.Record) != nil {
		f.RecordRefused = "characters that Joget refuses"
	}
	if api.CheckUser(wanted.Requester) != nil {
		f.RequesterRefused = "characters that Joget refuses"
	}
	return f
}

// gatherLinked looks for record IDs that are instances of the target.
func (act *Activities) gatherLinked(ctx context.Context, facts []preflight.InstanceFacts) error {
	var ids []migration.RecordID
	for i := range facts {
		if id := facts[i].TargetRecord(); preflight.LooksLikeInstance(id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	linked, err := act.Target.Fresh().LinkedInstanceIDs(ctx, ids)
	for i := range facts {
		facts[i].RecordIsInstance = linked[facts[i].TargetRecord()]
	}
	return err
}
