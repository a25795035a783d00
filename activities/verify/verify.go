package verify

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"jogetferry/activities/step"
	"jogetferry/activities/transfer"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/store"
	"jogetferry/uploads"
)

// VerifyInstance reads both sides back and compares them with the snapshot and
// with each other, item by item. With Fix the verdict decides the state of the
// instance: done when everything is the same, or all but who is offered an
// activity; parked otherwise. Files that tools changed are put back before.
func (act *Activities) VerifyInstance(ctx context.Context, in contract.VerifyInput) (contract.VerifyOutput, error) {
	out := contract.VerifyOutput{Outcome: step.OK()}
	i, err := act.Open(ctx, in.StepInput)
	if err != nil {
		return out, err
	}
	snapshot, err := i.Snapshot()
	if err != nil {
		return out, err
	}
	identity, started := i.Started()
	if !started {
		return out, migration.E(migration.CodeInvalid, "verify", string(in.Instance), "it was not started")
	}
	if in.Fix {
		if final, is := step.Final(&i.Entry); is {
			out.Outcome, out.Verdict = final, i.Entry.Verdict
			return out, nil
		}
		if err := act.Running(ctx, i, migration.StepVerify); err != nil {
			return out, err
		}
		// What a call still changes after the comparison would be nobody's to see.
		if err := act.guard.Drain(ctx, i); err != nil {
			return out, err
		}
	}
	v, err := act.compare(ctx, &verification{act: act, in: in, snapshot: &snapshot, identity: identity, opened: i})
	if err != nil {
		return out, err
	}
	var reasons []migration.Reason
	out.Items = migration.CountItems(v.items)
	out.Verdict, reasons = migration.Judge(v.items)
	unaccepted := slices.IndexFunc(reasons, func(found migration.Reason) bool {
		return !slices.ContainsFunc(in.Accepted, func(r migration.Reason) bool { return r.Covers(found) })
	})
	switch {
	case len(reasons) == 0:
	case in.Fix && unaccepted < 0:
		out.Verdict = migration.VerdictAccepted
	default:
		out.Reason = reasons[0]
	}
	found := migration.Comparison{Verdict: out.Verdict, Deciding: in.Fix, Items: v.items}
	if in.Fix && unaccepted < 0 {
		return out, v.done(ctx, found, out.Items.String())
	}
	if err := act.Ledger.SaveVerdict(ctx, in.Migration, in.Instance, found); err != nil || !in.Fix {
		return out, err
	}
	out.Outcome, err = act.Park(ctx, in.StepInput, v.parking(reasons[unaccepted], out.Items.String()))
	return out, err
}

// done keeps a verdict and settles the instance with it.
func (v *verification) done(ctx context.Context, found migration.Comparison, summary string) error {
	in := v.in.StepInput
	return v.act.Ledger.Together(ctx, "settle instance", string(in.Instance), func(l *store.Ledger) error {
		if err := l.SaveVerdict(ctx, in.Migration, in.Instance, found); err != nil {
			return err
		}
		return l.Progress(ctx, in.Migration, in.Instance, migration.Change{
			// The step set it so: anything else is not for this attempt to end.
			From:  []migration.InstanceState{migration.InstanceRunning},
			State: migration.InstanceDone, Step: migration.StepVerify, Verdict: found.Verdict,
		}, migration.StepLine{
			Step: migration.StepVerify, Kind: migration.KindOutcome, Event: migration.EventVerdict,
			Facts: migration.Facts{Verdict: found.Verdict, Summary: summary}, Detail: v.details(),
		})
	})
}

// compare runs a comparison. Another instance of the record that is being migrated changes
// rows and files for a moment, until what its tools did is put back: what differs counts
// when none was at it.
func (act *Activities) compare(ctx context.Context, fresh *verification) (*verification, error) {
	for again := false; ; again = true {
		v := *fresh
		if err := v.run(ctx); err != nil || !v.differs(migration.ItemRow, migration.ItemFile) {
			return &v, err
		}
		// A table or column may have been made for these rows since this worker looked.
		v.act.Target.Tables.Forget()
		if !v.in.Fix {
			if again || !v.differs(migration.ItemRow) {
				return &v, nil
			}
			continue
		}
		holder, err := act.Ledger.RecordHolder(ctx, v.opened.Key, v.wanted.Instance.Record)
		switch {
		case err != nil:
			return nil, err
		case holder == "" && again:
			return &v, nil
		case holder != "":
			if stuck, err := act.Stuck(ctx, v.in.Migration, holder); err != nil || stuck {
				return &v, err
			}
		}
		// What was read of files is of then.
		if err := step.Remember(ctx, uploads.Compared{}); err != nil {
			return nil, err
		}
		if holder != "" {
			return nil, step.WaitForRecord(holder)
		}
	}
}

// differs reports whether something of these kinds is not the same.
func (v *verification) differs(kinds ...migration.ItemKind) bool {
	return slices.ContainsFunc(v.items, func(i migration.Item) bool {
		return i.Result != migration.ItemSame && slices.Contains(kinds, i.Kind)
	})
}

// parking is for reason, unless the operator has to say first whose doing files are.
func (v *verification) parking(reason migration.Reason, message string) step.Parking {
	p := step.Parking{Step: migration.StepVerify, Reason: reason, Message: message, Detail: v.details()}
	if n := len(v.unsure); n > 0 {
		p.Reason, p.Message, p.Detail = migration.ReasonRestoreUnsure, fmt.Sprintf("%d files.", n), step.List(v.unsure)
	}
	return p
}

type verification struct {
	act      *Activities
	in       contract.VerifyInput
	snapshot *migration.Snapshot // what the source is compared with
	wanted   *migration.Tree     // what the target is compared with
	identity migration.TargetIdentity
	opened   *step.Opened
	items    []migration.Item
	// workedOn: people worked on the target since the start, or use the record
	// through other instances: its files are theirs.
	workedOn bool
	unsure   []uploads.Key // files that may be a tool's doing or somebody's
}

func (v *verification) add(kind migration.ItemKind, subject string, result migration.ItemResult, seen string) {
	v.items = append(v.items, migration.Item{Kind: kind, Subject: subject, Result: result, Seen: seen})
}

// details tells of all that is not the same.
func (v *verification) details() string {
	var all []string
	for _, i := range v.items {
		if i.Result != migration.ItemSame {
			all = append(all, i.String())
		}
	}
	return strings.Join(all, "; ")
}

func (v *verification) run(ctx context.Context) (err error) {
	if v.wanted, err = v.act.WantedTree(ctx, v.opened, &v.snapshot.Tree); err != nil {
		return err
	}
	if err := v.act.GoOn(ctx, v.opened, v.wanted, v.identity.Definition); err != nil {
		return err
	}
	source, err := v.act.copy.Survey(ctx, v.opened)
	if err != nil && migration.CodeOf(err) != migration.CodeNotFound {
		return err
	}
	v.source(source)
	target, err := v.target(ctx)
	if err != nil || target == nil {
		return err
	}
	if err := v.alone(ctx, target); err != nil {
		return err
	}
	v.items = append(v.items, migration.CompareTrees(v.wanted, target, v.act.Settings.AdminUser)...)
	if err := v.outliving(ctx, target); err != nil {
		return err
	}
	if err := v.limits(ctx, target); err != nil {
		return err
	}
	if source == nil || !source.Tree.Instance.State.Open() {
		return nil
	}
	if err := v.rows(ctx, source); err != nil {
		return err
	}
	return v.files(ctx, source)
}

// source compares the source with the snapshot: it must not have moved.
func (v *verification) source(now *transfer.Source) {
	if now == nil || !now.Tree.Instance.State.Open() {
		v.add(migration.ItemSource, "", migration.ItemDiffers, "it is closed")
		return
	}
	there := map[migration.Path]*migration.Tree{}
	for path, t := range now.Tree.Walk() {
		there[path] = t
	}
	moved := false
	instance := func(path migration.Path, result migration.ItemResult, seen string) {
		v.items = append(v.items, migration.Item{Kind: migration.ItemSource, Path: path, Result: result, Seen: seen})
		moved = moved || result != migration.ItemSame
	}
	for path, was := range v.snapshot.Walk() {
		is := there[path]
		delete(there, path)
		switch {
		case is == nil:
			instance(path, migration.ItemDiffers, "nobody waits for it any more")
		case !was.Instance.Unchanged(&is.Instance):
			instance(path, migration.ItemDiffers, "it moved on")
		default:
			instance(path, migration.ItemSame, "")
		}
	}
	for path := range now.Tree.Walk() {
		if there[path] != nil {
			instance(path, migration.ItemDiffers, "it was not there")
		}
	}
	if !moved {
		v.sourceRows(&now.Set)
	}
}

func (v *verification) sourceRows(now *records.Set) {
	rows := map[migration.RowKey]string{}
	for _, r := range v.snapshot.Rows {
		rows[r.RowKey] = r.Digest
	}
	for i := range now.Rows {
		key, digest := now.Rows[i].Key, now.Rows[i].Digest()
		result, seen := migration.ItemSame, ""
		switch was, known := rows[key]; {
		case !known:
			result, seen = migration.ItemDiffers, "it is new"
		case was != hex.EncodeToString(digest[:]):
			result, seen = migration.ItemDiffers, "it was changed"
		}
		v.add(migration.ItemSource, key.String(), result, seen)
		delete(rows, key)
	}
	for _, r := range v.snapshot.Rows {
		if _, left := rows[r.RowKey]; left {
			v.add(migration.ItemSource, r.String(), migration.ItemDiffers, "it was deleted")
		}
	}
}

// target reads the target instance with its subflows and proves that it is ours
// and unmoved. Nil: there is nothing further to compare.
func (v *verification) target(ctx context.Context) (*migration.Tree, error) {
	reader := v.act.Target.Fresh()
	target, err := reader.Tree(ctx, v.identity.ID)
	switch {
	case migration.CodeOf(err) == migration.CodeNotFound:
		v.add(migration.ItemTarget, migration.TargetIsOpen, migration.ItemMissing, "it is closed and gone")
		return nil, nil
	case err != nil:
		return nil, err
	case !v.identity.Is(target.Instance.Identity()):
		v.add(migration.ItemTarget, migration.TargetIsOurs, migration.ItemDiffers, "another instance has its ID")
		return nil, nil
	case !target.Instance.State.Open():
		v.add(migration.ItemTarget, migration.TargetIsOpen, migration.ItemDiffers, "it is "+string(target.Instance.State))
		return nil, nil
	}
	v.add(migration.ItemTarget, migration.TargetIsOurs, migration.ItemSame, "")
	v.add(migration.ItemTarget, migration.TargetIsOpen, migration.ItemSame, "")
	if v.workedOn, err = v.act.guard.Worked(ctx, v.in.StepInput, target.Instance.ID); err != nil {
		return nil, err
	}
	if v.workedOn && v.in.Fix {
		// What was discarded is still in the history of the instance.
		entry, err := v.act.Ledger.Entry(ctx, v.in.Migration, v.in.Instance)
		if err != nil {
			return nil, err
		}
		gone, err := v.act.guard.DiscardAllowed(ctx, v.in.StepInput, &entry)
		if err != nil {
			return nil, err
		}
		v.workedOn = !gone
	}
	if v.workedOn {
		v.add(migration.ItemTarget, migration.TargetIsUntouched, migration.ItemDiffers, "somebody worked on it")
	} else {
		v.add(migration.ItemTarget, migration.TargetIsUntouched, migration.ItemSame, "")
	}
	return &target, err
}

// alone looks for a second instance of the record on the target: of a start
// whose answer came after another instance was adopted, or of somebody else's.
func (v *verification) alone(ctx context.Context, target *migration.Tree) error {
	key := v.act.Key(v.in.Instance)
	linked, err := v.act.Target.Fresh().LinkedInstances(ctx, v.wanted.Instance.Record)
	if err != nil {
		return err
	}
	ours := map[migration.InstanceID]bool{}
	for _, t := range target.Walk() {
		ours[t.Instance.ID] = true
	}
	explained, err := v.act.Ledger.Explained(ctx, key.Target, linked)
	if err != nil {
		return err
	}
	intent := migration.StartIntent{Definition: v.identity.Definition}
	second := false
	for _, l := range migration.Unexplained(linked, intent, explained, v.opened.Claim.Baseline) {
		if l.State.Open() && !l.Archived {
			second = true
			v.add(migration.ItemInstance, string(l.ID), migration.ItemExtra, "")
		}
	}
	if !second {
		v.add(migration.ItemInstance, "", migration.ItemSame, "")
	}
	v.workedOn = v.workedOn || slices.ContainsFunc(linked, func(l migration.Linked) bool { return l.State.Open() && !l.Archived && !ours[l.ID] })
	return nil
}

// outliving adds open asynchronous subflows whose callers are closed, so that the tree does
// not show them.
func (v *verification) outliving(ctx context.Context, target *migration.Tree) error {
	below, err := v.act.Target.Fresh().AsynchronousBelow(ctx, target.Instance.ID)
	for _, id := range below {
		if !slices.ContainsFunc(target.Instance.Children, func(c migration.Child) bool { return c.ID == id }) {
			v.add(migration.ItemInstance, string(id), migration.ItemExtra, "target instance "+string(id)+", for which nobody waits")
		}
	}
	return err
}

// limits tells which deadlines and limits began anew on the target.
func (v *verification) limits(ctx context.Context, target *migration.Tree) error {
	sources := map[migration.InstanceID]*migration.Instance{}
	for _, t := range v.snapshot.Walk() {
		sources[t.Instance.ID] = &t.Instance
	}
	targets := map[migration.Path]*migration.Instance{}
	for path, t := range target.Walk() {
		targets[path] = &t.Instance
	}
	for path, t := range v.wanted.Walk() {
		source := sources[t.Instance.ID]
		add := func(subject, seen string) {
			v.items = append(v.items, migration.Item{Kind: migration.ItemLimit, Path: path, Subject: subject, Result: migration.ItemDiffers, Seen: seen})
		}
		process, err := v.act.Source.Catalog.Process(ctx, source.Definition)
		if migration.CodeOf(err) == migration.CodeUnavailable {
			return err
		}
		if err == nil && process.Limit > 0 && source.Started > 0 {
			add("the instance", "the limit was due "+due(source.Started, process.Limit))
		}
		for _, a := range source.Activities {
			subject := v.act.Settings.Activity(source.Definition.Key(), a.DefID)
			if t.Instance.Open(subject) == nil {
				continue // the operator named others
			}
			if err == nil {
				if d := process.Activity(string(a.DefID)); d != nil && d.Limit > 0 {
					add(string(subject), "the limit was due "+due(a.Activated, d.Limit))
				}
			}
			if a.NextDeadline == 0 {
				continue
			}
			seen := "a deadline was due " + due(a.NextDeadline, 0)
			if there := targets[path]; there != nil {
				if b := there.Open(subject); b != nil && b.NextDeadline != 0 {
					seen += ", and is due " + due(b.NextDeadline, 0)
				}
			}
			add(string(subject), seen)
		}
	}
	return nil
}

func due(since migration.EpochMillis, limit time.Duration) string {
	return time.UnixMilli(int64(since)).Add(limit).UTC().Format("2006-01-02 15:04 UTC")
}

// rows compares the record sets of both sides, by their keys on the target.
func (v *verification) rows(ctx context.Context, source *transfer.Source) error {
	wanted := source.Rekeying.Set(source.Set)
	there, err := v.act.copy.OnTarget(ctx, &source.Tree.Instance, wanted.Root, wanted.Keys())
	if err != nil {
		return err
	}
	var left map[migration.RowKey]records.Digest
	if v.opened.Captured {
		if left, err = v.act.guard.Ran(ctx, v.opened.Key); err != nil {
			return err
		}
	}
	now := map[migration.RowKey]records.Digest{}
	for i := range there.Rows {
		now[there.Rows[i].Key] = there.Rows[i].Digest()
	}
	differs := map[migration.RowKey]bool{}
	for _, d := range records.Compare(wanted, there).Differences {
		differs[d.Key] = true
		if digest, ran := left[d.Key]; ran && now[d.Key] == digest {
			v.add(migration.ItemRow, d.Key.String(), migration.ItemSame, migration.AsTools)
			continue
		}
		// The kinds of rows are results.
		v.add(migration.ItemRow, d.Key.String(), migration.ItemResult(d.Kind), strings.Join(d.Columns, ", "))
	}
	for _, key := range wanted.Keys() {
		if !differs[key] {
			v.add(migration.ItemRow, key.String(), migration.ItemSame, "")
		}
	}
	return nil
}
