package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"jogetferry/migration"
)

// The roles of a target instance that is ours.
const (
	roleCurrent = "current" // what the source instance became
	roleFormer  = "former"  // started by us, closed since, and given up
	roleWreck   = "wreck"   // came of a start that failed, and was aborted
)

// Claim takes the one start that key allows for the attempt token; see
// docs/adr/0002-start-protocol.md. It is got only where no claim stands or the
// last one was released; the same token again has what it has. Where it is not
// got, the claim returned says how things stand, and nothing may be sent.
//
// It takes the hold on the record, too (HoldRecord): another holder is CodeConflict with
// *migration.RecordBusyError. A token can be used for one claim: coming back with it
// after a release is CodeConflict, since it may be an attempt that was given up.
func (l *Ledger) Claim(ctx context.Context, key migration.ClaimKey, record migration.RecordID, token migration.Token, mig migration.Name) (claim migration.Claim, got bool, err error) {
	const op = "claim start"
	subject := string(key.Instance)
	if token == "" || record == "" || mig == "" || key.Source == "" || key.Instance == "" || key.Target == "" {
		return claim, false, migration.E(migration.CodeInvalid, op, subject, "key, record, token and migration are needed")
	}
	err = l.txAgain(ctx, op, subject, func(tx *sql.Tx) error {
		got = false
		row, found, err := findClaim(ctx, tx, key, forUpdate)
		if err != nil {
			return err
		}
		claim = row.Claim
		if found && claim.Token == token && claim.State == migration.ClaimReleased {
			return &migration.Error{Code: migration.CodeConflict, Op: op, Subject: subject, Hint: "this attempt has ended; use a new token"}
		}
		if found && claim.State != migration.ClaimReleased {
			got = claim.State == migration.ClaimClaimed && claim.Token == token
			return nil
		}
		if err := take(ctx, tx, op, key, record, mig); err != nil {
			return err
		}
		if found {
			_, err = tx.ExecContext(ctx, updateClaimAgain, append([]any{mig, token, string(record)}, place(key)...)...)
		} else {
			_, err = tx.ExecContext(ctx, insertClaim, append(place(key), mig, token, string(record))...)
		}
		if err != nil {
			return err
		}
		row = row.again(key, record, token, mig)
		claim, got = row.Claim, true
		return l.logClaim(ctx, tx, row, migration.StepLine{Event: migration.EventClaimed, Facts: migration.Facts{Number: int64(claim.Attempt)}})
	})
	return claim, got && err == nil, err
}

// Claimed returns how the start of key stands. No row: a claim with ClaimNone.
func (l *Ledger) Claimed(ctx context.Context, key migration.ClaimKey) (migration.Claim, error) {
	row, _, err := findClaim(ctx, l.db, key, unlocked)
	return row.Claim, failure("read start", string(key.Instance), err)
}

// TargetOf returns the target instance of key; false while it is not known.
func (l *Ledger) TargetOf(ctx context.Context, key migration.ClaimKey) (migration.TargetIdentity, bool, error) {
	claim, err := l.Claimed(ctx, key)
	return claim.Started, claim.State == migration.ClaimStarted, err
}

// SaveBaseline keeps the target instances that were linked to the record
// before the first start, all of them explained or accepted. It is taken once
// per key, by the attempt that has the claim, and once more for every
// AcceptStart, whose word it uses up; the same again is nil, another one
// CodeConflict.
func (l *Ledger) SaveBaseline(ctx context.Context, key migration.ClaimKey, token migration.Token, baseline []migration.InstanceID) error {
	if baseline == nil {
		baseline = []migration.InstanceID{}
	}
	blob, err := packJSON(baseline)
	if err != nil {
		return failure("save baseline", string(key.Instance), err)
	}
	return l.moveClaim(ctx, "save baseline", key, func(tx *sql.Tx, row claimRow) (string, error) {
		switch {
		case row.State != migration.ClaimClaimed || row.Token != token:
			return notOurs(row), nil
		case row.Accepted:
		case row.BaselineTaken && slices.Equal(row.Baseline, baseline):
			return "", nil
		case row.BaselineTaken:
			return "the start has a baseline already", nil
		}
		if _, err := tx.ExecContext(ctx, updateBaseline, append([]any{blob}, place(key)...)...); err != nil {
			return "", err
		}
		return "", l.logClaim(ctx, tx, row, migration.StepLine{Event: migration.EventBaseline, Facts: migration.Facts{Number: int64(len(baseline))}})
	})
}

// AcceptStart records the operator's word that the instances in the way of a
// start stay. It holds for the next look, which makes them the baseline: what
// comes later is not accepted. No claim yet: CodeNotFound.
func (l *Ledger) AcceptStart(ctx context.Context, key migration.ClaimKey, by string) error {
	return l.moveClaim(ctx, "accept earlier instances of the record", key, func(tx *sql.Tx, row claimRow) (string, error) {
		if row.Accepted {
			return "", nil
		}
		if _, err := tx.ExecContext(ctx, updateAccepted, place(key)...); err != nil {
			return "", err
		}
		return "", l.logClaim(ctx, tx, row, migration.StepLine{Event: migration.EventEarlierAccepted, By: by})
	})
}

// Sending moves a claim from claimed to sending: the last act before the
// bytes. It succeeds once per claim; everything else is CodeConflict, and
// nothing may be sent. An error of another code means the same: nothing may be sent.
func (l *Ledger) Sending(ctx context.Context, key migration.ClaimKey, token migration.Token, sent map[string]string, def migration.DefinitionID) error {
	blob, err := packJSON(sent)
	if err != nil {
		return failure("send start", string(key.Instance), err)
	}
	return l.moveClaim(ctx, "send start", key, func(tx *sql.Tx, row claimRow) (string, error) {
		if row.State != migration.ClaimClaimed || row.Token != token {
			return notOurs(row), nil
		}
		if _, err := tx.ExecContext(ctx, updateSending, append([]any{blob, formatDefinition(def)}, place(key)...)...); err != nil {
			return "", err
		}
		return "", l.logClaim(ctx, tx, row, migration.StepLine{
			Kind: migration.KindIntent, Event: migration.EventCall, Call: &migration.Call{Verb: migration.VerbStartProcess}, Detail: fmt.Sprintf("attempt %d", row.Attempt),
		})
	})
}

// Outcome records what became of the request of an attempt. A target instance
// makes the claim started; FateUnanswered makes it
// unknown; anything else keeps the state, for the reconciliation to decide.
//
// A late outcome that names the target already known is nil. One that comes
// from an attempt that lost the claim, or that names another target instance
// than the known one or one of another source instance, is logged and CodeConflict.
func (l *Ledger) Outcome(ctx context.Context, key migration.ClaimKey, token migration.Token, o migration.StartOutcome) error {
	return l.moveClaim(ctx, "record start", key, func(tx *sql.Tx, row claimRow) (string, error) {
		line := migration.StepLine{
			Kind: migration.KindOutcome, Event: migration.EventStarted, Fate: o.Fate, Facts: migration.Facts{Reason: o.Refused}, Detail: o.Detail, Status: o.Status,
		}
		if o.Started != nil {
			line.Facts.Target = o.Started.ID
		}
		open := row.State == migration.ClaimSending || row.State == migration.ClaimUnknown
		switch {
		case row.State == migration.ClaimStarted && o.Started != nil && row.Started.Is(*o.Started):
			return "", nil
		case row.Token != token || !open:
			conflict := notOurs(row)
			line.Facts.Summary = "too late: " + conflict
			return conflict, l.logClaim(ctx, tx, row, line)
		case o.Started != nil:
			conflict, err := l.setStarted(ctx, tx, row, *o.Started, o.Fate, o.Status)
			if err != nil {
				return "", err
			}
			line.Facts.Summary = conflict
			return conflict, l.logClaim(ctx, tx, row, line)
		}
		state := row.State
		if o.Fate == migration.FateUnanswered {
			state = migration.ClaimUnknown
		}
		var named any
		if o.Named != "" {
			blob, err := packJSON(map[string]migration.InstanceID{"id": o.Named}) // an identity of which nothing else is known
			if err != nil {
				return "", err
			}
			named = blob
		}
		args := append([]any{string(state), string(o.Fate), string(o.Refused), o.Status, named}, place(key)...)
		if _, err := tx.ExecContext(ctx, updateFate, args...); err != nil {
			return "", err
		}
		return "", l.logClaim(ctx, tx, row, line)
	})
}

// Adopt records that the target instance is the one of key, although no answer
// said so: from claimed, sending, unknown or released, for the token that the
// claim has. The same again is nil. Another target, another token, or an
// instance that belongs to another source instance is CodeConflict.
func (l *Ledger) Adopt(ctx context.Context, key migration.ClaimKey, token migration.Token, identity migration.TargetIdentity) error {
	return l.moveClaim(ctx, "adopt target instance", key, func(tx *sql.Tx, row claimRow) (string, error) {
		switch {
		case row.State == migration.ClaimStarted && row.Started.Is(identity):
			return "", nil
		case row.State == migration.ClaimStarted || row.Token != token:
			return notOurs(row), nil
		}
		conflict, err := l.setStarted(ctx, tx, row, identity, row.Fate, 0)
		if conflict != "" || err != nil {
			return conflict, err
		}
		return "", l.logClaim(ctx, tx, row, migration.StepLine{
			Kind: migration.KindOutcome, Event: migration.EventAdopted, Facts: migration.Facts{Target: identity.ID},
		})
	})
}

// setStarted makes identity the target of a claim, unless it is another's.
func (l *Ledger) setStarted(ctx context.Context, tx *sql.Tx, row claimRow, identity migration.TargetIdentity, fate migration.Fate, status int) (conflict string, err error) {
	blob, err := packJSON(identity)
	if err != nil {
		return "", err
	}
	if conflict, err := l.keepTarget(ctx, tx, row.ClaimKey, identity, roleCurrent); conflict != "" || err != nil {
		return conflict, err
	}
	args := append([]any{string(fate), status, string(identity.ID), blob}, place(row.ClaimKey)...)
	if _, err := tx.ExecContext(ctx, updateStarted, args...); err != nil {
		return "", err
	}
	if _, err = tx.ExecContext(ctx, updateTargetID, string(identity.ID), row.migration, string(row.Instance)); err != nil {
		return "", err
	}
	return "", freeIdle(ctx, tx, row.ClaimKey)
}

// keepTarget remembers that a target instance is ours.
func (l *Ledger) keepTarget(ctx context.Context, tx *sql.Tx, key migration.ClaimKey, identity migration.TargetIdentity, role string) (conflict string, err error) {
	if identity.ID == "" {
		return "the target instance has no ID", nil
	}
	blob, err := packJSON(identity)
	if err != nil {
		return "", err
	}
	if fresh, err := inserted(tx.ExecContext(ctx, insertTargetInstance, key.Target, string(identity.ID), key.Source, string(key.Instance), role, blob)); fresh || err != nil {
		return "", err
	}
	known := key
	var stored []byte
	err = tx.QueryRowContext(ctx, queryTargetInstance+forUpdate, key.Target, string(identity.ID)).Scan(&known.Source, &known.Instance, &stored)
	if err != nil {
		return "", err
	}
	if known != key {
		var before migration.TargetIdentity
		if err := optionalJSON(stored, &before); err != nil {
			return "", err
		}
		if !before.Replaced(identity) {
			return fmt.Sprintf("target instance %s belongs to source instance %s", identity.ID, known.Instance), nil
		}
		if err := l.loseTarget(ctx, tx, known, identity.ID); err != nil {
			return "", err
		}
	}
	_, err = tx.ExecContext(ctx, updateTargetInstance, key.Source, string(key.Instance), role, blob, key.Target, string(identity.ID))
	return "", err
}

// loseTarget takes from key the target instance that was lost with a restored
// target, whose ID another one has by now. What key was started as stays in its
// claim, so that it is not started again by itself.
func (l *Ledger) loseTarget(ctx context.Context, tx *sql.Tx, key migration.ClaimKey, id migration.InstanceID) error {
	var mig migration.Name
	if err := tx.QueryRowContext(ctx, queryMigrationOfClaim, place(key)...).Scan(&mig); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, updateTargetLost, place(key)...); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, updateTargetID, nil, mig, string(key.Instance)); err != nil {
		return err
	}
	return l.log(ctx, tx, mig, key.Instance, migration.StepLine{
		Step: migration.StepStart, Event: migration.EventLost, Facts: migration.Facts{Target: id},
	})
}

// KeepWreck records that a target instance came of a failed start of ours and
// was aborted, so that it stands in no later attempt's way. It changes no
// claim. An instance that belongs to another source instance is CodeConflict.
func (l *Ledger) KeepWreck(ctx context.Context, key migration.ClaimKey, identity migration.TargetIdentity) error {
	return l.moveClaim(ctx, "record aborted instance", key, func(tx *sql.Tx, row claimRow) (string, error) {
		if row.State == migration.ClaimStarted && row.Started.ID == identity.ID {
			return "it is the target instance", nil
		}
		conflict, err := l.keepTarget(ctx, tx, key, identity, roleWreck)
		if conflict != "" || err != nil {
			return conflict, err
		}
		return "", l.logClaim(ctx, tx, row, migration.StepLine{Event: migration.EventWreckAborted, Facts: migration.Facts{Target: identity.ID}})
	})
}

// Release gives the start of key back, because it is proven that nothing was
// started: from is the state the proof was found in, claimed, sending or
// unknown. A claim that has moved on since is CodeConflict; one already
// released by this token's reconciliation is nil.
func (l *Ledger) Release(ctx context.Context, key migration.ClaimKey, token migration.Token, from migration.ClaimState, why string) error {
	return l.moveClaim(ctx, "release start", key, func(tx *sql.Tx, row claimRow) (string, error) {
		switch {
		case row.State == migration.ClaimReleased && row.Token == token:
			return "", nil
		case row.Token != token || row.State != from || from == migration.ClaimStarted:
			return notOurs(row), nil
		}
		if _, err := tx.ExecContext(ctx, updateReleased, place(key)...); err != nil {
			return "", err
		}
		if err := freeIdle(ctx, tx, key); err != nil {
			return "", err
		}
		return "", l.logClaim(ctx, tx, row, migration.StepLine{Event: migration.EventReleased, Detail: why})
	})
}

// RestartClosed gives up a target instance that was read back as closed, so
// that the operator's redo may start another. The old one stays known as ours.
func (l *Ledger) RestartClosed(ctx context.Context, key migration.ClaimKey, closed migration.InstanceID, by, why string) error {
	return l.moveClaim(ctx, "start again", key, func(tx *sql.Tx, row claimRow) (string, error) {
		if row.State != migration.ClaimStarted || row.Started.ID != closed {
			return notOurs(row), nil
		}
		if conflict, err := l.keepTarget(ctx, tx, key, row.Started, roleFormer); conflict != "" || err != nil {
			return conflict, err
		}
		if _, err := tx.ExecContext(ctx, updateReleased, place(key)...); err != nil {
			return "", err
		}
		if err := freeIdle(ctx, tx, key); err != nil {
			return "", err
		}
		if _, err := tx.ExecContext(ctx, updateTargetID, nil, row.migration, string(key.Instance)); err != nil {
			return "", err
		}
		return "", l.logClaim(ctx, tx, row, migration.StepLine{Event: migration.EventGivenUp, Facts: migration.Facts{Target: closed}, Detail: why, By: by})
	})
}

// OwnerOf returns the source instance that became an instance of the target, and its
// migration. CodeNotFound: the instance is none of ours, or only bears the ID of one.
func (l *Ledger) OwnerOf(ctx context.Context, target migration.Fingerprint, instance migration.TargetIdentity) (migration.InstanceID, migration.Name, error) {
	const op = "find the owner of a target instance"
	var owner migration.InstanceID
	var mig migration.Name
	var blob []byte
	var known migration.TargetIdentity
	err := l.db.QueryRowContext(ctx, queryOwner, target, string(instance.ID)).Scan(&owner, &mig, &blob)
	if err == nil {
		err = optionalJSON(blob, &known)
	}
	if errors.Is(err, sql.ErrNoRows) || err == nil && known.Replaced(instance) {
		return "", "", &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: string(instance.ID)}
	}
	return owner, mig, failure(op, string(instance.ID), err)
}

// Explained returns which of the target's instances the ledger knows as ours:
// those that source instances became, those given up since, and wrecks. One that
// only bears the ID of such an instance is not known.
func (l *Ledger) Explained(ctx context.Context, target migration.Fingerprint, linked []migration.Linked) (migration.Explained, error) {
	return l.explained(ctx, target, linked, func(migration.Fingerprint, migration.InstanceID, string) bool { return true })
}

// ExplainedBesides is Explained for the start of key: what key itself became is
// left out, what it gave up or aborted is not.
func (l *Ledger) ExplainedBesides(ctx context.Context, key migration.ClaimKey, linked []migration.Linked) (migration.Explained, error) {
	return l.explained(ctx, key.Target, linked, func(source migration.Fingerprint, instance migration.InstanceID, role string) bool {
		return source != key.Source || instance != key.Instance || role != roleCurrent
	})
}

func (l *Ledger) explained(ctx context.Context, target migration.Fingerprint, linked []migration.Linked, counts func(source migration.Fingerprint, instance migration.InstanceID, role string) bool) (migration.Explained, error) {
	known := migration.Explained{}
	there := map[migration.InstanceID]migration.TargetIdentity{}
	ids := make([]migration.InstanceID, 0, len(linked))
	for i := range linked {
		identity := linked[i].TargetIdentity
		if linked[i].Archived {
			identity.Created = 0 // the history has it less exactly
		}
		ids = append(ids, identity.ID)
		there[identity.ID] = identity
	}
	for part := range slices.Chunk(ids, chunkRows) {
		list, args := listed(part)
		err := each(ctx, l.db, queryExplained+list, append([]any{target}, args...), func(row scanner) error {
			var id, instance migration.InstanceID
			var source migration.Fingerprint
			var role string
			var blob []byte
			var stored migration.TargetIdentity
			if err := row.Scan(&id, &source, &instance, &role, &blob); err != nil {
				return err
			}
			if err := optionalJSON(blob, &stored); err != nil {
				return err
			}
			if counts(source, instance, role) && !stored.Replaced(there[id]) {
				known[id] = true
			}
			return nil
		})
		if err != nil {
			return nil, failure("read target instances", "", err)
		}
	}
	return known, nil
}

// claimRow is a row of the start_claim table.
type claimRow struct {
	migration.Claim
	migration migration.Name // the one that claimed last
}

// again is a row as it is once its start is claimed anew.
func (row claimRow) again(key migration.ClaimKey, record migration.RecordID, token migration.Token, mig migration.Name) claimRow {
	return claimRow{migration: mig, Claim: migration.Claim{
		ClaimKey: key, State: migration.ClaimClaimed, Attempt: row.Attempt + 1, Token: token, Record: record,
		Baseline: row.Baseline, BaselineTaken: row.BaselineTaken, Accepted: row.Accepted, Named: row.Named,
	}}
}

func place(key migration.ClaimKey) []any {
	return []any{key.Source, string(key.Instance), key.Target}
}

func findClaim(ctx context.Context, q querier, key migration.ClaimKey, lock string) (row claimRow, found bool, err error) {
	var f claimFields
	row.ClaimKey = key
	err = q.QueryRowContext(ctx, queryClaim+lock, place(key)...).Scan(f.into()...)
	if errors.Is(err, sql.ErrNoRows) {
		return row, false, nil
	}
	if err != nil {
		return row, false, err
	}
	row, err = f.claim(key)
	return row, true, err
}

// claimFields takes claimColumns, all NULL where there is no claim.
type claimFields struct {
	migration, state, token, record, fate, refused, definition sql.NullString
	attempt                                                    sql.NullInt64
	accepted                                                   sql.NullBool
	baseline, sent, identity                                   []byte
	changed, now                                               sql.NullTime
}

func (f *claimFields) into() []any {
	return []any{
		&f.migration, &f.state, &f.attempt, &f.token, &f.record, &f.baseline, &f.accepted, &f.fate, &f.refused, &f.definition,
		&f.sent, &f.identity, &f.changed, &f.now,
	}
}

func (f *claimFields) claim(key migration.ClaimKey) (row claimRow, err error) {
	row.migration = migration.Name(f.migration.String)
	row.Claim = migration.Claim{
		ClaimKey: key, State: migration.ClaimState(f.state.String), Attempt: int(f.attempt.Int64), Token: migration.Token(f.token.String),
		Record: migration.RecordID(f.record.String), BaselineTaken: f.baseline != nil, Accepted: f.accepted.Bool,
		Fate: migration.Fate(f.fate.String), Refused: migration.Reason(f.refused.String), ChangedAt: f.changed.Time, Age: f.now.Time.Sub(f.changed.Time),
	}
	if !f.state.Valid {
		row.Age = 0
		return row, nil
	}
	if row.Definition, err = parseDefinition(f.definition.String); err != nil {
		return row, err
	}
	err = errors.Join(optionalJSON(f.baseline, &row.Baseline), optionalJSON(f.sent, &row.Sent), optionalJSON(f.identity, &row.Started))
	if row.State != migration.ClaimStarted { // an answer named it, and it is not known to be ours
		row.Named, row.Started = row.Started.ID, migration.TargetIdentity{}
	}
	return row, err
}

// moveClaim runs do on the locked row of key. do returns "" or why the claim is
// not as the caller thinks; what it wrote until then is kept.
func (l *Ledger) moveClaim(ctx context.Context, op string, key migration.ClaimKey, do func(*sql.Tx, claimRow) (conflict string, err error)) error {
	var conflict string
	err := l.txAgain(ctx, op, string(key.Instance), func(tx *sql.Tx) error {
		conflict = ""
		row, found, err := findClaim(ctx, tx, key, forUpdate)
		if err != nil {
			return err
		}
		if !found {
			return &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: string(key.Instance), Hint: "the start was not claimed"}
		}
		conflict, err = do(tx, row)
		return err
	})
	if err == nil && conflict != "" {
		return &migration.Error{Code: migration.CodeConflict, Op: op, Subject: string(key.Instance), Hint: conflict}
	}
	return err
}

func notOurs(row claimRow) string {
	if row.State == migration.ClaimStarted {
		return fmt.Sprintf("the start is %s already", row.Started.ID)
	}
	return fmt.Sprintf("the start is %s, attempt %d", row.State, row.Attempt)
}

func (l *Ledger) logClaim(ctx context.Context, tx *sql.Tx, row claimRow, line migration.StepLine) error {
	line.Step = migration.StepStart
	return l.log(ctx, tx, row.migration, row.Instance, line)
}
