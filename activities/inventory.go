package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/sdk/activity"

	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
	"jogetferry/preflight"
)

// CheckSource checks what only a copy worker can see: that the servers are two,
// what the source account may do, and the uploads of both sides.
func (c *Copy) CheckSource(ctx context.Context, in contract.CheckInput) (contract.CheckOutput, error) {
	var out contract.CheckOutput
	add := func(check preflight.Check, subject, seen string) {
		out.Findings = append(out.Findings, check.Finding(subject, seen))
	}
	if c.SourceFingerprint == c.TargetFingerprint {
		add(preflight.SameServer, "source", "")
		return out, nil
	}
	if may, err := c.Source.Fresh().CanWrite(ctx); migration.CodeOf(err) == migration.CodeUnavailable {
		return out, err
	} else if err != nil {
		add(preflight.SourceWritable, "source", "its grants cannot be read")
	} else if may {
		add(preflight.SourceWritable, "source", "")
	}
	if err := c.SourceUploads.Probe(ctx); err != nil {
		add(preflight.SourceUploads, "source", probeFailure(err))
	}
	if err := c.TargetUploads.Probe(ctx); err != nil {
		add(preflight.TargetUploads, "target", probeFailure(err))
	}
	if in.Dry {
		return out, nil
	}
	err := c.Ledger.Bind(ctx, migration.Binding{Migration: in.Migration, Source: c.SourceFingerprint, Target: c.TargetFingerprint}, c.Settings.ConfigDigest)
	if migration.CodeOf(err) == migration.CodeConflict {
		add(preflight.OtherServers, in.Migration, "")
		return out, nil
	}
	return out, err
}

func probeFailure(err error) string {
	var coded *migration.Error
	if errors.As(err, &coded) {
		return coded.Safe()
	}
	return "not accessible"
}

// CheckServers proves that the target answers, that each identity is taken for
// who it is, and that URL and database belong together.
func (j *Joget) CheckServers(ctx context.Context, in contract.CheckInput) (contract.CheckOutput, error) {
	var out contract.CheckOutput
	add := func(check preflight.Check, seen string) {
		out.Findings = append(out.Findings, check.Finding("target", seen))
	}
	name, err := j.API.CurrentUsername(ctx, "")
	switch {
	case api.KindOf(err) == api.KindRefererRefused:
		add(preflight.RefererRefused, "")
		return out, nil
	case api.KindOf(err) == api.KindBadCredentials, err == nil && name != j.AdminUser:
		add(preflight.AdminRefused, "")
		return out, nil
	case err != nil:
		add(preflight.TargetUnreachable, string(api.KindOf(err)))
		return out, nil
	}
	if _, err := j.API.RunningProcesses(ctx); err != nil {
		add(preflight.AdminRights, string(api.KindOf(err)))
	}
	if ok, err := j.identity(ctx, j.AdminUser); err != nil || !ok {
		add(preflight.MasterRefused, string(api.KindOf(err)))
	}
	if err := j.paired(ctx); migration.CodeOf(err) == migration.CodeRefused {
		add(preflight.NotPaired, "")
	} else if err != nil {
		return out, err
	}
	if in.Dry {
		return out, nil // looking at the marks raises them
	}
	err = j.marks(ctx)
	if rewound(err) {
		add(preflight.TargetRewound, "")
		return out, nil
	}
	return out, err
}

// inventoryPage is how many instances are read and planned at a time.
const inventoryPage = 200

// TakeInventory reads all running root instances of the source, checks each,
// and freezes them in the ledger unless Dry. Instances are read page by page,
// each in a snapshot of its own, so that the source waits for nobody.
func (c *Copy) TakeInventory(ctx context.Context, in contract.InventoryInput) (contract.InventoryOutput, error) {
	t := &inventory{copy: c, in: in, definitions: map[migration.DefinitionID]bool{}, processes: map[string]bool{}}
	out, err := t.run(ctx)
	if err != nil || in.Dry {
		return out, err
	}
	if err := c.Ledger.SaveFindings(ctx, in.Migration, out.Findings); err != nil {
		return out, err
	}
	if len(c.Settings.Processes) == 0 {
		// What a plan of some processes did not see may well be running.
		if _, err := c.Ledger.FinishPlan(ctx, in.Migration, in.Plan); err != nil {
			return out, err
		}
	}
	out.Counts, err = c.Ledger.Counts(ctx, in.Migration, migration.Filter{})
	return out, err
}

type inventory struct {
	copy        *Copy
	in          contract.InventoryInput
	out         contract.InventoryOutput
	definitions map[migration.DefinitionID]bool // looked at
	processes   map[string]bool                 // seen
	minted      int64
}

func (t *inventory) run(ctx context.Context) (contract.InventoryOutput, error) {
	var err error
	if t.minted, err = t.copy.Target.Fresh().NextProcessNumber(ctx); err != nil {
		return t.out, err
	}
	if err := t.balance(ctx); err != nil {
		return t.out, err
	}
	for after := ""; ; {
		activity.RecordHeartbeat(ctx, len(t.processes))
		page, last, err := t.page(ctx, after)
		if err != nil {
			return t.out, err
		}
		if last == "" {
			break
		}
		after = last
		if !t.in.Dry && len(page) > 0 {
			if err := t.copy.Ledger.SavePlan(ctx, t.in.Migration, t.in.Plan, page); err != nil {
				return t.out, err
			}
		}
	}
	for _, wanted := range t.copy.Settings.Processes {
		if !t.processes[wanted] {
			t.out.Findings = append(t.out.Findings, preflight.ProcessUnknown.Finding(wanted, ""))
		}
	}
	return t.out, nil
}

// balance makes sure that every open instance is a root, a synchronous
// descendant of one, or a finding.
func (t *inventory) balance(ctx context.Context) error {
	var counts schema.OpenCounts
	err := t.copy.Source.Snapshot(ctx, func(ctx context.Context, s *schema.Snap) error {
		var err error
		counts, err = s.OpenCounts(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if !counts.Balanced() {
		return migration.E(migration.CodeInternal, "balance the inventory", "source", "%d open instances, %d accounted for",
			counts.Open, counts.Roots+counts.Synchronous+len(counts.Asynchronous)+len(counts.Orphans))
	}
	loose := slices.Concat(counts.Asynchronous, counts.Orphans)
	t.out.Open = contract.OpenCounts{Open: counts.Open, Roots: counts.Roots, Descendants: counts.Synchronous, Orphans: len(loose)}
	for _, id := range loose[:min(len(loose), contract.MaxDifferent)] {
		t.out.Findings = append(t.out.Findings, preflight.Orphans.Finding(string(id), ""))
	}
	return nil
}

// page reads and judges one page; last is "" at the end.
func (t *inventory) page(ctx context.Context, after string) (page []migration.PlanEntry, last string, err error) {
	var instances []migration.Instance
	err = t.copy.Source.Snapshot(ctx, func(ctx context.Context, s *schema.Snap) error {
		heads, err := s.RootInstances(ctx, after, inventoryPage, t.copy.Settings.Processes)
		if err != nil || len(heads) == 0 {
			return err
		}
		last = heads[len(heads)-1].OID
		ids := make([]migration.InstanceID, 0, len(heads))
		for i := range heads {
			ids = append(ids, heads[i].ID)
		}
		instances, err = s.Instances(ctx, ids)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	for i := range instances {
		entry, err := t.judge(ctx, &instances[i])
		if err != nil {
			return nil, "", err
		}
		page = append(page, entry)
	}
	return page, last, nil
}

func (t *inventory) judge(ctx context.Context, i *migration.Instance) (migration.PlanEntry, error) {
	t.processes[i.Definition.Key()] = true
	if err := t.definition(ctx, i); err != nil {
		return migration.PlanEntry{}, err
	}
	facts, err := t.copy.factsWith(ctx, i, t.minted)
	if err != nil {
		return migration.PlanEntry{}, err
	}
	findings := preflight.Instance(facts)
	entry := migration.Entry{
		Instance: i.ID, Definition: i.Definition, Requester: i.Requester, Record: i.Record, Started: i.Started,
		State: migration.InstanceReady, Findings: len(findings),
	}
	target, err := t.copy.TargetCatalog.Resolve(ctx, t.copy.Settings.Target(i.Definition))
	switch {
	case err == nil:
		entry.Target = target
	case migration.CodeOf(err) == migration.CodeUnavailable:
		return migration.PlanEntry{}, err
	}
	switch {
	case facts.Source == nil || facts.Target == nil || migration.Worst(findings) == migration.Blocking:
		entry.State = migration.InstanceBlocked
	case migration.Worst(findings) == migration.Warning:
		entry.State = migration.InstanceWarned
	}
	if t.in.Dry {
		count(&t.out.Counts, entry.State)
	}
	return migration.PlanEntry{Entry: entry, Findings: findings}, nil
}

func count(c *migration.Counts, s migration.InstanceState) {
	if s == migration.InstanceBlocked {
		c.Blocked++
		return
	}
	if s == migration.InstanceWarned {
		c.Warned++
		return
	}
	c.Ready++
}

// definition judges a definition the first time that an instance of it is seen.
func (t *inventory) definition(ctx context.Context, i *migration.Instance) error {
	if t.definitions[i.Definition] {
		return nil
	}
	t.definitions[i.Definition] = true
	add := func(check preflight.Check, seen string) {
		t.out.Findings = append(t.out.Findings, check.Finding(i.Definition.String(), seen))
	}
	if _, err := t.copy.SourceCatalog.Process(ctx, i.Definition); err != nil {
		if migration.CodeOf(err) == migration.CodeUnavailable {
			return err
		}
		add(preflight.DefinitionBroken, "source")
	}
	target, err := t.copy.TargetCatalog.Resolve(ctx, t.copy.Settings.Target(i.Definition))
	switch {
	case migration.CodeOf(err) == migration.CodeUnavailable:
		return err
	case err != nil:
		var coded *migration.Error
		errors.As(err, &coded)
		add(preflight.AppUnpublished, coded.Hint)
		return nil
	}
	_, err = t.copy.TargetCatalog.Process(ctx, target)
	if code := migration.CodeOf(err); code == migration.CodeUnavailable {
		return err
	} else if code == migration.CodeNotFound {
		add(preflight.DefinitionMissing, target.String())
	} else if code != "" {
		add(preflight.DefinitionBroken, "target, "+target.String())
	}
	if i.App == "" {
		return nil
	}
	_, problems, err := t.copy.SourceCatalog.Forms(ctx, i.App)
	for _, p := range problems {
		add(preflight.FormBroken, fmt.Sprint(p))
	}
	return err
}

// facts gathers what the checks of one instance need.
func (c *Copy) facts(ctx context.Context, i *migration.Instance) (preflight.InstanceFacts, error) {
	minted, err := c.Target.Fresh().NextProcessNumber(ctx)
	if err != nil {
		return preflight.InstanceFacts{}, err
	}
	return c.factsWith(ctx, i, minted)
}

func (c *Copy) factsWith(ctx context.Context, i *migration.Instance, minted int64) (preflight.InstanceFacts, error) {
	f := preflight.InstanceFacts{Instance: i, Minted: minted}
	var err error
	if f.Source, err = known(c.SourceCatalog.Process(ctx, i.Definition)); err != nil {
		return f, err
	}
	target, err := c.TargetCatalog.Resolve(ctx, c.Settings.Target(i.Definition))
	if err == nil {
		f.Target, err = known(c.TargetCatalog.Process(ctx, target))
	}
	if migration.CodeOf(err) == migration.CodeUnavailable {
		return f, err
	}
	if preflight.LooksLikeInstance(i.Record) {
		if f.RecordIsInstance, err = c.Target.Fresh().IsLinkedInstanceID(ctx, i.Record); err != nil {
			return f, err
		}
	}
	if refused := api.CheckRecordID(i.Record); refused != nil {
		f.RecordRefused = "characters that Joget refuses"
	}
	if refused := api.CheckUser(c.Settings.Requester(i.Requester)); refused != nil {
		f.RequesterRefused = "characters that Joget refuses"
	}
	return f, nil
}

// known turns a definition that is missing or broken into nil: that is a
// finding of the definition.
func known(p *xpdl.Process, err error) (*xpdl.Process, error) {
	if err != nil && migration.CodeOf(err) != migration.CodeUnavailable {
		return nil, nil
	}
	return p, err
}
