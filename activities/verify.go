package activities

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
)

// VerifyInstance reads both sides back and compares them with the snapshot and
// with each other. With Fix the verdict decides the state of the instance: done
// when everything is the same, parked otherwise.
func (c *Copy) VerifyInstance(ctx context.Context, in contract.VerifyInput) (contract.VerifyOutput, error) {
	out := contract.VerifyOutput{Outcome: contract.Outcome{Status: contract.StatusOK}}
	if err := c.bound(ctx, in.StepInput); err != nil {
		return out, err
	}
	snapshot, err := c.Ledger.Snapshot(ctx, in.Migration, in.Instance)
	if err != nil {
		return out, err
	}
	identity, started, err := c.Ledger.TargetOf(ctx, c.key(in.Instance))
	if err != nil {
		return out, err
	}
	if !started {
		return out, migration.E(migration.CodeInvalid, "verify", string(in.Instance), "it was not started")
	}
	if in.Fix {
		entry, err := c.Ledger.Entry(ctx, in.Migration, in.Instance)
		if err != nil {
			return out, err
		}
		if final, is := finalOutcome(entry); is {
			out.Outcome, out.Verdict = final, entry.Verdict
			return out, nil
		}
		if err := c.Ledger.Progress(ctx, in.Migration, in.Instance, migration.Change{From: working, State: migration.InstanceRunning, Step: migration.StepVerify}); err != nil {
			return out, err
		}
	}
	v := &verification{
		copy: c, in: in, snapshot: &snapshot, wanted: c.Settings.Wanted(&snapshot.Instance), identity: identity, items: map[string]int{},
	}
	if err := v.run(ctx); err != nil {
		return out, err
	}
	out.Items, out.Verdict = v.items, migration.VerdictSame
	if len(v.reasons) > 0 {
		out.Verdict, out.Reason = migration.VerdictDiffers, v.reasons[0]
	}
	if !in.Fix {
		return out, nil
	}
	for _, found := range v.reasons {
		if !slices.ContainsFunc(in.Accepted, func(r migration.Reason) bool { return r.Covers(found) }) {
			out.Outcome, err = park(ctx, c.Ledger, in.StepInput, migration.StepVerify, found, v.message(), strings.Join(v.details, "; "))
			return out, err
		}
	}
	if len(v.reasons) > 0 {
		out.Verdict, out.Reason = migration.VerdictAccepted, ""
	}
	return out, c.Ledger.Progress(ctx, in.Migration, in.Instance, migration.Change{
		State: migration.InstanceDone, Step: migration.StepVerify, Verdict: out.Verdict,
	}, migration.StepLine{
		Step: migration.StepVerify, Kind: "outcome", What: migration.LineVerdict + string(out.Verdict) + v.counted(), Detail: strings.Join(v.details, "; "),
	})
}

// The items that a verification compares.
const (
	itemSource     = "source_moved"
	itemTarget     = "target_moved"
	itemInstances  = "second_instance"
	itemRequester  = "requester"
	itemEngine     = "engine"
	itemActivities = "activities"
	itemVariables  = "variables"
	itemRows       = "rows"
	itemFiles      = "files"
	// itemAssignees is told, and decides nothing: the API resolves assignees anew.
	itemAssignees = "assignees_differ"
)

type verification struct {
	copy     *Copy
	in       contract.VerifyInput
	snapshot *migration.Snapshot // what the source is compared with
	wanted   *migration.Instance // what the target is compared with
	identity migration.TargetIdentity
	items    map[string]int
	details  []string
	reasons  []migration.Reason // in the order found, each once
}

// differ notes one difference, and the reason to park for.
func (v *verification) differ(item string, reason migration.Reason, detail string) {
	v.items[item]++
	v.details = append(v.details, item+": "+detail)
	if !slices.Contains(v.reasons, reason) {
		v.reasons = append(v.reasons, reason)
	}
}

func (v *verification) message() string {
	return strings.TrimPrefix(v.counted(), "; ")
}

func (v *verification) counted() string {
	names := make([]string, 0, len(v.items))
	for item, n := range v.items {
		names = append(names, fmt.Sprintf("%s %d", item, n))
	}
	slices.Sort(names)
	if len(names) == 0 {
		return ""
	}
	return "; " + strings.Join(names, ", ")
}

func (v *verification) run(ctx context.Context) error {
	source, err := v.copy.read(ctx, v.in.Instance)
	if err != nil && migration.CodeOf(err) != migration.CodeNotFound {
		return err
	}
	v.source(source)
	target, err := v.target(ctx)
	if err != nil || target == nil {
		return err
	}
	if err := v.alone(ctx); err != nil {
		return err
	}
	v.activities(target)
	for _, d := range migration.DiffVariables(v.wanted.Variables, target.Variables) {
		v.differ(itemVariables, migration.ReasonVerifyDiffers, d.Name)
	}
	if source == nil || !source.tree.Instance.State.Open() {
		return nil
	}
	if err := v.rows(ctx, source); err != nil {
		return err
	}
	return v.files(ctx)
}

// source compares the source with the snapshot: it must not have moved.
func (v *verification) source(now *sourceRead) {
	if now == nil || !now.tree.Instance.State.Open() {
		v.differ(itemSource, migration.ReasonSourceMoved, "it is closed")
		return
	}
	if !sameMoment(&v.snapshot.Tree, &now.tree) {
		v.differ(itemSource, migration.ReasonSourceMoved, "instance")
		return
	}
	rows := map[migration.RowKey]string{}
	for _, r := range v.snapshot.Rows {
		rows[r.RowKey] = r.Digest
	}
	for i := range now.set.Rows {
		digest := now.set.Rows[i].Digest()
		if rows[now.set.Rows[i].Key] != hex.EncodeToString(digest[:]) {
			v.differ(itemSource, migration.ReasonSourceMoved, "row "+now.set.Rows[i].Key.Table)
		}
		delete(rows, now.set.Rows[i].Key)
	}
	for key := range rows {
		v.differ(itemSource, migration.ReasonSourceMoved, "row deleted from "+key.Table)
	}
}

// target reads the target instance and proves that it is ours and unmoved. Nil:
// there is nothing further to compare.
func (v *verification) target(ctx context.Context) (*migration.Instance, error) {
	reader := v.copy.Target.Fresh()
	target, err := reader.Instance(ctx, v.identity.ID)
	if migration.CodeOf(err) == migration.CodeNotFound {
		v.differ(itemTarget, migration.ReasonTargetClosed, "it is closed or gone")
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	switch {
	case identityOf(&target) != v.identity:
		v.differ(itemTarget, migration.ReasonTargetChanged, "identity")
		return nil, nil
	case !target.State.Open():
		v.differ(itemTarget, migration.ReasonTargetClosed, "it is closed")
		return nil, nil
	}
	process, err := v.copy.TargetCatalog.Process(ctx, target.Definition)
	if err != nil {
		return nil, err
	}
	v.engine(&target)
	all, err := reader.Activities(ctx, target.ID)
	if workedOn(process, all, nil) {
		v.differ(itemTarget, migration.ReasonTargetMoved, "somebody worked on it")
	}
	return &target, err
}

// engine compares what the engine holds beside activities and variables. An
// adopted instance may have another requester, and a start path may have left
// tokens or children behind.
func (v *verification) engine(target *migration.Instance) {
	if target.Requester != v.wanted.Requester {
		v.differ(itemRequester, migration.ReasonVerifyDiffers, "it is another user")
	}
	if target.State != v.wanted.State {
		v.differ(itemEngine, migration.ReasonVerifyDiffers, "state "+string(target.State))
	}
	if !slices.Equal(target.Tokens, v.wanted.Tokens) {
		v.differ(itemEngine, migration.ReasonVerifyDiffers, fmt.Sprintf("%d tokens wait at joins", len(target.Tokens)))
	}
	if len(target.Children) != len(v.wanted.Children) {
		v.differ(itemEngine, migration.ReasonVerifyDiffers, fmt.Sprintf("%d subflows are open", len(target.Children)))
	}
}

// alone looks for a second instance of the record on the target: of a start
// whose answer came after another instance was adopted, or of somebody else's.
func (v *verification) alone(ctx context.Context) error {
	key := v.copy.key(v.in.Instance)
	claim, err := v.copy.Ledger.Claimed(ctx, key)
	if err != nil {
		return err
	}
	linked, err := v.copy.Target.Fresh().LinkedInstances(ctx, v.wanted.Record)
	if err != nil {
		return err
	}
	explained, err := v.copy.Ledger.Explained(ctx, key.Target, linked)
	if err != nil {
		return err
	}
	intent := migration.StartIntent{Definition: v.identity.Definition}
	for _, l := range migration.Unexplained(linked, intent, explained, claim.Baseline) {
		if l.State.Open() && !l.Archived {
			v.differ(itemInstances, migration.ReasonTwoStarts, string(l.ID))
		}
	}
	return nil
}

func (v *verification) activities(target *migration.Instance) {
	byDef := map[migration.ActivityDefID]migration.OpenActivity{}
	for _, a := range target.Activities {
		if _, twice := byDef[a.DefID]; twice {
			v.differ(itemActivities, migration.ReasonVerifyDiffers, "twice: "+string(a.DefID))
		}
		byDef[a.DefID] = a
	}
	for _, a := range v.wanted.Activities {
		there, ok := byDef[a.DefID]
		if !ok {
			v.differ(itemActivities, migration.ReasonVerifyDiffers, "missing: "+string(a.DefID))
			continue
		}
		delete(byDef, a.DefID)
		for _, d := range migration.DiffVariables(a.Variables, there.Variables) {
			v.differ(itemVariables, migration.ReasonVerifyDiffers, string(a.DefID)+"."+d.Name)
		}
		if !slices.Equal(assigneesOf(a), assigneesOf(there)) {
			v.items[itemAssignees]++
			v.details = append(v.details, itemAssignees+": "+string(a.DefID))
		}
	}
	for def := range byDef {
		v.differ(itemActivities, migration.ReasonVerifyDiffers, "extra: "+string(def))
	}
}

func assigneesOf(a migration.OpenActivity) []migration.User {
	users := make([]migration.User, 0, len(a.Assignments))
	for _, as := range a.Assignments {
		users = append(users, as.User)
	}
	slices.Sort(users)
	return users
}

// rows compares the record sets of both sides.
func (v *verification) rows(ctx context.Context, source *sourceRead) error {
	selection, err := v.copy.selection(ctx, &source.tree.Instance)
	if err != nil {
		return err
	}
	selection.Known = source.set.Keys()
	there, err := records.Collect(ctx, v.copy.Target.Pool(), v.copy.TargetTables, selection, records.Limits{})
	if err != nil {
		return err
	}
	compared := records.Compare(source.set, there)
	for _, d := range compared.Differences {
		v.differ(itemRows, migration.ReasonVerifyDiffers, fmt.Sprintf("%s %s/%s %v", d.Kind, d.Key.Table, d.Key.ID, d.Columns))
	}
	return nil
}
