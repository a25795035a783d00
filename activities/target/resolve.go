package target

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"jogetferry/contract"
	"jogetferry/migration"
)

// ResolveInstance records the operator's decision, makes the ledger ready for
// it and takes the instance out of its parking. It is safe to repeat. An error
// leaves the instance parked.
func (act *Activities) ResolveInstance(ctx context.Context, in contract.ResolveInput) (contract.Outcome, error) {
	ok := contract.Outcome{Status: contract.StatusOK}
	// A decision that came through the CLI is in the ledger already, with its
	// words; one that came through the UI is recorded here.
	if err := act.Ledger.Resolve(ctx, in.Migration, in.Instance, migration.Decision{
		ParkID: in.ParkID, Action: in.Action, TargetID: in.Target, Discard: in.Discard,
	}); err != nil {
		return ok, err
	}
	entry, err := act.Ledger.Entry(ctx, in.Migration, in.Instance)
	if err != nil {
		return ok, err
	}
	if in.Action != migration.ActionSkip && (in.Action == migration.ActionRollback || entry.Step == migration.StepRollback) {
		return ok, nil // AbortTarget takes it out of its parking, or leaves it there
	}
	switch {
	case entry.State == migration.InstanceParked && entry.ParkID == in.ParkID:
	case entry.ParkID == in.ParkID && (entry.State == migration.InstanceRunning || entry.State == migration.InstanceSkipped):
		return ok, nil // an attempt took it out of its parking already
	default:
		// A rollback may have taken it since: neither claim nor marks are ours to change.
		return ok, &migration.Error{
			Code: migration.CodeConflict, Op: "resolve instance", Subject: string(in.Instance),
			Hint: fmt.Sprintf("parking %d has ended: the instance is %s, parking %d", in.ParkID, entry.State, entry.ParkID),
		}
	}
	if in.Action == migration.ActionSkip {
		key, _, err := act.Claim(ctx, in.StepInput)
		if err != nil {
			return ok, err
		}
		if err := act.Ledger.FreeRecord(ctx, key); err != nil {
			return ok, err
		}
		return ok, act.Ledger.Progress(ctx, in.Migration, in.Instance, migration.Change{
			From:  []migration.InstanceState{migration.InstanceParked},
			State: migration.InstanceSkipped, Reason: migration.ReasonOperator, Detail: "skipped after " + string(in.Reason),
		})
	}
	if err := act.prepare(ctx, in); err != nil {
		return ok, err
	}
	return ok, act.Ledger.Progress(ctx, in.Migration, in.Instance, migration.Change{
		From:  []migration.InstanceState{migration.InstanceParked},
		State: migration.InstanceRunning,
	})
}

// prepare does to claim and marks what an action means.
func (act *Activities) prepare(ctx context.Context, in contract.ResolveInput) error {
	const by = "operator"
	switch {
	case in.Action == migration.ActionAdopt:
		return act.adopt(ctx, in)
	case in.Action == migration.ActionAccept && in.Reason == migration.ReasonStartedEarlier:
		key, _, err := act.Claim(ctx, in.StepInput)
		if err != nil {
			return err
		}
		return act.Ledger.AcceptStart(ctx, key, by)
	case in.Action == migration.ActionRetry && in.Reason == migration.ReasonStartOutcomeUnknown:
		key, claim, err := act.Claim(ctx, in.StepInput)
		if err != nil || (claim.State != migration.ClaimSending && claim.State != migration.ClaimUnknown) {
			return err
		}
		return act.Ledger.Release(ctx, key, claim.Token, claim.State, "EXCEPTION to one live instance: the operator chose retry")
	case in.Reason == migration.ReasonRestoreUnsure && in.Action != migration.ActionRollback:
		i, err := act.Load(ctx, in.StepInput)
		if err != nil {
			return err
		}
		return act.judge(ctx, i, i.Entry.Step, in.Action == migration.ActionPutBack)
	case in.Action == migration.ActionRedo && in.Reason == migration.ReasonStartRanThrough:
		return act.startAnew(ctx, in)
	case in.Action == migration.ActionRekey:
		return act.rekey(ctx, in)
	case in.Action == migration.ActionRetry && in.Reason == migration.ReasonTargetRewound:
		return act.Ledger.ResetMarks(ctx, in.Migration, act.Target.Fingerprint, by, "retry of "+string(in.Instance))
	}
	return nil
}

// rekey gives the record of an instance a new ID on the target, unless it is there under
// its own by any instance of ours: both or none (docs/adr/0012-records-with-new-ids.md).
func (act *Activities) rekey(ctx context.Context, in contract.ResolveInput) error {
	refuse := func(format string, args ...any) error {
		return &migration.Error{Code: migration.CodeInvalid, Op: "give a new record ID", Subject: string(in.Instance), Hint: fmt.Sprintf(format, args...)}
	}
	key, claim, err := act.Claim(ctx, in.StepInput)
	if err != nil {
		return err
	}
	if claim.State != migration.ClaimNone && claim.State != migration.ClaimReleased {
		return refuse("it was started on the target with the record as it is; roll it back first")
	}
	entry, err := act.Ledger.Entry(ctx, in.Migration, in.Instance)
	if err != nil {
		return err
	}
	record := entry.Record
	rekeys, err := act.Ledger.SaveRekeys(ctx, key.Source, key.Target, migration.Rekeys{record: migration.RecordID(uuid.NewString())}, "operator")
	if err != nil || rekeys[record] != "" {
		return err
	}
	users, err := act.Ledger.RecordUsers(ctx, key.Source, key.Target, []migration.RecordID{record})
	if err != nil {
		return err
	}
	return refuse("the record is on the target under its own ID by %s; roll back what brought it there first", list(users[record]))
}

// list names instances, up to a bound.
func list(ids []migration.InstanceID) string {
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		names = append(names, string(id))
	}
	if more := len(names) - mostNamed; more > 0 {
		names = append(names[:mostNamed], fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

// mostNamed bounds how many instances a refusal names.
const mostNamed = 20

// startAnew lets go of a target instance that ran to its end, once it is read
// back as closed: then another start makes no second live one. What its tools
// changed is put back first. One that people worked on is theirs, unless the
// operator gives that up.
func (act *Activities) startAnew(ctx context.Context, in contract.ResolveInput) error {
	key, claim, err := act.Claim(ctx, in.StepInput)
	if err != nil || claim.State != migration.ClaimStarted {
		return err
	}
	closed, err := act.Target.Fresh().Closed(ctx, claim.Started.ID)
	if err != nil {
		return err
	}
	if !closed {
		return &migration.Error{Code: migration.CodeInvalid, Op: "start again", Subject: string(in.Instance), Hint: "the target instance is open again; look at it"}
	}
	i, err := act.Load(ctx, in.StepInput)
	if err != nil {
		return err
	}
	if !in.Discard {
		busy, err := act.Worked(ctx, i.StepInput, claim.Started.ID)
		if err != nil {
			return err
		}
		if busy {
			return &migration.Error{
				Code: migration.CodeInvalid, Op: "start again", Subject: string(in.Instance),
				Hint: "somebody worked on the target instance; --discard-target-work discards that work",
			}
		}
	}
	if worked, err := act.endBelow(ctx, i, claim.Started.ID, migration.StepStart); worked || err != nil {
		return cmp.Or(err, movedOn())
	}
	if err := act.revertAll(ctx, i, in.Discard); err != nil {
		return err
	}
	return act.Ledger.RestartClosed(ctx, key, claim.Started.ID, "operator", "it ran to its end")
}

// Claim returns how the start of an instance stands, whatever servers this worker
// has. Nothing was claimed: a claim with migration.ClaimNone.
func (act *Activities) Claim(ctx context.Context, in contract.StepInput) (migration.ClaimKey, migration.Claim, error) {
	bound, err := act.Ledger.Bound(ctx, in.Migration)
	if err != nil {
		return migration.ClaimKey{}, migration.Claim{}, err
	}
	key := migration.ClaimKey{Source: bound.Source, Instance: in.Instance, Target: bound.Target}
	claim, err := act.Ledger.Claimed(ctx, key)
	return key, claim, err
}

// adopt makes the instance that the operator names ours, if it can be: open, of
// the mapped definition, and linked to the record.
func (act *Activities) adopt(ctx context.Context, in contract.ResolveInput) error {
	refuse := func(hint string) error {
		return &migration.Error{Code: migration.CodeInvalid, Op: "adopt " + string(in.Target), Subject: string(in.Instance), Hint: hint}
	}
	i, err := act.Load(ctx, in.StepInput)
	if err != nil {
		return err
	}
	linked, err := act.Target.Fresh().LinkedInstances(ctx, i.intent.Record)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(linked, func(l migration.Linked) bool { return l.ID == in.Target })
	if n < 0 {
		return refuse("the target has no instance of that ID that is linked to this record")
	}
	switch l := linked[n]; {
	case l.Definition.Key() != i.intent.Definition.Key():
		return refuse("it is of another definition: " + l.Definition.String())
	case !l.State.Open() || l.Archived:
		return refuse("it is closed")
	case l.Origin != i.intent.Record:
		return refuse("it belongs to another record")
	case l.Child:
		return refuse("it is the instance of a subflow")
	case l.State == migration.StateNotStarted:
		return refuse("it was never started")
	}
	claim, err := act.Ledger.Claimed(ctx, i.Key)
	if err != nil {
		return err
	}
	if err := act.atRest(ctx, i, linked[n]); err != nil {
		return err
	}
	return act.Ledger.Adopt(ctx, i.Key, claim.Token, linked[n].TargetIdentity)
}

// atRest waits until the start that made an instance is over, whoever sent it.
func (act *Activities) atRest(ctx context.Context, i *Instance, l migration.Linked) error {
	intent := i.intent
	intent.Definition, intent.Variables = l.Definition, map[string]string{}
	for _, v := range l.Begun {
		intent.Variables[v.Name] = v.Value
	}
	k := migration.CallKnowledge{
		Call: migration.Call{Verb: migration.VerbStartProcess},
		Age:  time.Since(time.UnixMilli(int64(l.Created))), Settle: act.Settings.Settle,
	}
	over := migration.DecideOver(k)
	if over.End == migration.EndNone {
		var err error
		if over, err = (&starting{act: act, of: i}).Rest(ctx, l.ID, k, intent); err != nil {
			return err
		}
	}
	if over.End == migration.EndNone {
		return stillRuns("the start of the target instance may still run", over, act.Settings.Rest)
	}
	return nil
}
