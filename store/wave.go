package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"jogetferry/migration"
)

// CreateWave makes a wave and takes up to w.Size entries for it, in plan order:
// ready ones and, unless w.Filter.NoWarned, warned ones that match the filter
// and belong to no open wave. It returns the wave as recorded; Taken says how
// many. w.Name "" takes the next free number. A name that exists resumes that
// wave: it is running again with w's Window, Rate and MaxParked (zero: as
// before), without pilot if either is, and takes nothing more. The same name with another filter or size
// is CodeConflict. w.Filter's States, Wave and Reason are ignored. With w.Delta it
// takes done entries instead: they stay done until their turn comes, and count as
// ready among those of the wave.
func (l *Ledger) CreateWave(ctx context.Context, mig migration.Name, w migration.Wave) (migration.Wave, error) {
	const op = "create wave"
	w.Filter.States, w.Filter.Wave, w.Filter.Reason = nil, "", ""
	if w.Window < 1 && w.Name == "" {
		return w, migration.E(migration.CodeInvalid, op, string(w.Name), "the window is %d, want at least 1", w.Window)
	}
	filter, err := encodeFilter(w)
	if err != nil {
		return w, failure(op, string(w.Name), err)
	}
	made := w
	err = l.tx(ctx, op, string(w.Name), func(tx *sql.Tx) error {
		made = w
		if _, err := findMigration(ctx, tx, op, mig); err != nil {
			return err
		}
		ordinal, err := nameWave(ctx, tx, mig, &made)
		if err != nil {
			return err
		}
		known, err := findWave(ctx, tx, mig, made.Name)
		if err == nil {
			_, err = l.resumeWave(ctx, tx, mig, known, w)
			return err
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if made.Window < 1 {
			return migration.E(migration.CodeInvalid, op, string(made.Name), "the window is %d, want at least 1", made.Window)
		}
		if made.By == "" {
			made.By = l.actor
		}
		_, err = tx.ExecContext(ctx, insertWave, mig, made.Name, ordinal, filter, made.Size, made.Window, made.Rate,
			made.MaxParked, made.Pilotless, made.By)
		return err
	})
	for more := true; more && err == nil; {
		more, err = l.takeEntries(ctx, mig, made.Name)
	}
	if err == nil {
		made, err = l.Wave(ctx, mig, made.Name)
	}
	return made, err
}

// nameWave gives a wave without a name the next number that is free.
func nameWave(ctx context.Context, tx *sql.Tx, mig migration.Name, w *migration.Wave) (ordinal int64, err error) {
	if err := tx.QueryRowContext(ctx, queryLastWave, mig).Scan(&ordinal); err != nil {
		return 0, err
	}
	ordinal++
	for number := ordinal; w.Name == ""; number++ {
		name := migration.WaveName(strconv.FormatInt(number, 10))
		if _, err := findWave(ctx, tx, mig, name); errors.Is(err, sql.ErrNoRows) {
			w.Name = name
		} else if err != nil {
			return 0, err
		}
	}
	return ordinal, nil
}

func (l *Ledger) resumeWave(ctx context.Context, tx *sql.Tx, mig migration.Name, known, asked migration.Wave) (migration.Wave, error) {
	before, err := encodeFilter(known)
	if err != nil {
		return known, err
	}
	after, err := encodeFilter(asked)
	if err != nil {
		return known, err
	}
	if string(before) != string(after) || known.Size != asked.Size {
		return known, &migration.Error{
			Code: migration.CodeConflict, Op: "create wave", Subject: string(known.Name),
			Hint: "a wave of this name has another filter or size; choose another name",
		}
	}
	known.Status = migration.WaveRunning
	known.Pilotless = known.Pilotless || asked.Pilotless
	if asked.Window > 0 {
		known.Window = asked.Window
	}
	if asked.Rate > 0 {
		known.Rate = asked.Rate
	}
	if asked.MaxParked > 0 {
		known.MaxParked = asked.MaxParked
	}
	return known, l.changeWave(ctx, tx, mig, known, migration.EventWaveResumed)
}

func (l *Ledger) changeWave(ctx context.Context, tx *sql.Tx, mig migration.Name, w migration.Wave, event migration.Event) error {
	if _, err := tx.ExecContext(ctx, updateWave, string(w.Status), w.Window, w.Rate, w.MaxParked, w.Pilotless, mig, w.Name); err != nil {
		return err
	}
	detail := fmt.Sprintf("%s, window %d, rate %g, max parked %d", w.Status, w.Window, w.Rate, w.MaxParked)
	return l.log(ctx, tx, mig, "", migration.StepLine{Event: event, Facts: migration.Facts{Name: string(w.Name)}, Detail: detail})
}

// takeEntries takes the next entries for a wave, and reports whether there may be
// more: in transactions of a few rows, since whoever works on an entry of another
// wave would wait for a long one. After a crash it goes on where it was.
func (l *Ledger) takeEntries(ctx context.Context, mig migration.Name, name migration.WaveName) (more bool, err error) {
	const op = "take instances"
	err = l.tx(ctx, op, string(name), func(tx *sql.Tx) error {
		more = false
		if _, err := findMigration(ctx, tx, op, mig); err != nil {
			return err
		}
		w, err := findWave(ctx, tx, mig, name)
		if err != nil {
			return err
		}
		var looked sql.NullInt64
		if err := tx.QueryRowContext(ctx, queryLookedAt, mig, name).Scan(&looked); err != nil || !looked.Valid {
			return err
		}
		limit := chunkRows
		if w.Size > 0 {
			limit = min(limit, w.Size-w.Taken)
		}
		found, taken, err := takeNext(ctx, tx, mig, w, looked.Int64, limit)
		if err != nil {
			return err
		}
		w.Taken += taken
		if more = found.n == limit && w.Taken != w.Size; more {
			_, err := tx.ExecContext(ctx, updateWaveTaken, w.Taken, found.last, mig, name)
			return err
		}
		if _, err := tx.ExecContext(ctx, updateWaveTaken, w.Taken, nil, mig, name); err != nil {
			return err
		}
		line := migration.StepLine{Event: migration.EventWaveCreated, Facts: migration.Facts{Name: string(name)}, Detail: fmt.Sprintf("%d entries", w.Taken), By: w.By}
		return l.log(ctx, tx, mig, "", line)
	})
	return more, err
}

// takeable are entries that were found for a wave: how many, and the ordinal of the last.
type takeable struct {
	n    int
	last int64
}

// takeNext takes up to limit entries after an ordinal. Some may change between the
// look and the lock; then fewer are taken than were found.
func takeNext(ctx context.Context, tx *sql.Tx, mig migration.Name, w migration.Wave, after int64, limit int) (found takeable, taken int, err error) {
	var others []string
	err = each(ctx, tx, queryOpened, []any{mig}, func(row scanner) error {
		var name string
		err := row.Scan(&name)
		others = append(others, name)
		return err
	})
	if err != nil {
		return found, 0, err
	}
	f, token := w.Filter, ""
	f.States = []migration.InstanceState{migration.InstanceReady, migration.InstanceWarned}
	if w.Delta {
		f.States, token = []migration.InstanceState{migration.InstanceDone}, tokenDue
	}
	list, names := listed(others) // never empty: w itself is open
	wanted := selection{f, " AND wave NOT IN " + list, names}
	if w.Delta {
		wanted.and, wanted.args = wanted.and+isNotRehearsed, append(wanted.args, mig)
	}
	ids, last, err := placesAfter(ctx, tx, mig, wanted, after, limit)
	if err != nil || len(ids) == 0 {
		return found, 0, err
	}
	found = takeable{len(ids), last}
	condition, args := where(mig, f)
	list, values := listed(ids)
	args = append(append(args, wanted.args...), values...)
	if ids, _, err = instancesOf(ctx, tx, queryThesePlaces+condition+wanted.and+" AND instance IN "+list+forUpdate, args...); err != nil || len(ids) == 0 {
		return found, 0, err
	}
	list, values = listed(ids)
	for _, taking := range []struct {
		query string
		args  []any
	}{{deleteTaken, []any{mig}}, {insertTaken, []any{w.Name, mig}}} {
		if _, err := tx.ExecContext(ctx, taking.query+list, append(taking.args, values...)...); err != nil {
			return found, 0, err
		}
	}
	return found, len(ids), changeEntries(ctx, tx, mig, ids, updateTaken+list, append([]any{w.Name, token, mig}, values...)...)
}

// Waves returns all waves in the order of their creation.
func (l *Ledger) Waves(ctx context.Context, mig migration.Name) ([]migration.Wave, error) {
	var all []migration.Wave
	err := each(ctx, l.db, queryWaves+orderWaves, []any{mig}, func(row scanner) error {
		w, err := scanWave(row)
		all = append(all, w)
		return err
	})
	return all, failure("read waves", "", err)
}

// Wave returns one wave. Unknown name: CodeNotFound.
func (l *Ledger) Wave(ctx context.Context, mig migration.Name, name migration.WaveName) (migration.Wave, error) {
	const op = "read wave"
	w, err := scanWave(l.db.QueryRowContext(ctx, queryWave, mig, name))
	if errors.Is(err, sql.ErrNoRows) {
		return w, &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: string(name)}
	}
	return w, failure(op, string(name), err)
}

// SetWave changes the status or the limits of a wave. Unknown name: CodeNotFound.
func (l *Ledger) SetWave(ctx context.Context, mig migration.Name, name migration.WaveName, change migration.WaveChange) error {
	const op = "change wave"
	if change.Window != nil && *change.Window < 1 {
		return migration.E(migration.CodeInvalid, op, string(name), "the window is %d, want at least 1", *change.Window)
	}
	return l.tx(ctx, op, string(name), func(tx *sql.Tx) error {
		w, err := findWave(ctx, tx, mig, name)
		if errors.Is(err, sql.ErrNoRows) {
			return &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: string(name)}
		}
		if err != nil {
			return err
		}
		before := w
		set(&w.Status, change.Status)
		set(&w.Window, change.Window)
		set(&w.Rate, change.Rate)
		set(&w.MaxParked, change.MaxParked)
		if w.Status == before.Status && w.Window == before.Window && w.Rate == before.Rate && w.MaxParked == before.MaxParked {
			return nil
		}
		return l.changeWave(ctx, tx, mig, w, migration.EventWaveChanged)
	})
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// ClaimNext moves entries of a running wave from ready or warned to claimed,
// in plan order, so that claimed and in-flight ones together are at most
// window (0: the wave's own), and returns them with the wave's numbers. Parked
// and waiting entries do not count against the window. The same token again
// returns those of its entries that are still claimed, so that a repeated
// activity claims nothing twice. A wave that is not running claims nothing.
func (l *Ledger) ClaimNext(ctx context.Context, mig migration.Name, wave migration.WaveName, token migration.Token, window int) ([]migration.Entry, migration.Counts, error) {
	const op = "claim instances"
	if token == "" {
		return nil, migration.Counts{}, migration.E(migration.CodeInvalid, op, string(wave), "no token")
	}
	var batch []migration.Entry
	var counts migration.Counts
	changes := 0
	err := l.tx(ctx, op, string(wave), func(tx *sql.Tx) error {
		batch = nil
		// The wave's row is the lock under which its window is counted.
		w, err := findWave(ctx, tx, mig, wave)
		if errors.Is(err, sql.ErrNoRows) {
			return &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: string(wave)}
		}
		if err != nil {
			return err
		}
		if window <= 0 {
			window = w.Window
		}
		if batch, err = entriesOf(ctx, tx, queryBatch, mig, wave, token); err != nil {
			return err
		}
		if counts, changes, err = countsOfPoll(ctx, tx, mig, wave); err != nil {
			return err
		}
		free := window - counts.Claimed - counts.InFlight
		if len(batch) > 0 || free <= 0 || w.Status != migration.WaveRunning {
			return nil
		}
		if batch, err = claimable(ctx, tx, mig, w, free); err != nil || len(batch) == 0 {
			return err
		}
		ids := make([]migration.InstanceID, len(batch))
		for i := range batch {
			ids[i] = batch[i].Instance
			from := batch[i].State
			if w.Delta {
				from = migration.InstanceReady // as it was counted
			}
			counts.Add(from, "", -1)
			batch[i].State = migration.InstanceClaimed
			counts.Add(batch[i].State, "", 1)
		}
		list, args := listed(ids)
		if err := changeEntries(ctx, tx, mig, ids, updateClaimed+list, append([]any{token, mig}, args...)...); err != nil {
			return err
		}
		// What a wave migrates is no pilot, though one may have been meant to begin.
		if !w.Delta {
			if _, err := tx.ExecContext(ctx, deletePilots+list, append([]any{mig}, args...)...); err != nil {
				return err
			}
		}
		return l.logAll(ctx, tx, mig, sameLine(ids, migration.StepLine{Event: migration.EventTaken, Facts: migration.Facts{Name: string(wave)}}))
	})
	if err == nil && changes > foldAt {
		err = failure(op, string(wave), l.foldCounts(ctx, mig, wave))
	}
	return batch, counts, err
}

// claimable locks the next entries of a wave. The plan may change some between
// the look and the lock; then the batch is smaller.
func claimable(ctx context.Context, tx *sql.Tx, mig migration.Name, w migration.Wave, limit int) ([]migration.Entry, error) {
	states, query, due := []migration.InstanceState{migration.InstanceReady, migration.InstanceWarned}, queryClaimable, ""
	if w.Delta {
		states, query, due = []migration.InstanceState{migration.InstanceDone}, queryClaimableDue, isDue
	}
	var next []entry
	for _, state := range states {
		err := each(ctx, tx, query+inOrder, []any{mig, w.Name, string(state), limit}, func(row scanner) error {
			var e entry
			err := row.Scan(&e.Instance, &e.ordinal)
			next = append(next, e)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(next) == 0 {
		return nil, nil
	}
	slices.SortFunc(next, func(a, b entry) int { return cmp.Compare(a.ordinal, b.ordinal) })
	ids := make([]migration.InstanceID, 0, limit)
	for _, e := range next[:min(limit, len(next))] {
		ids = append(ids, e.Instance)
	}
	allowed, args := listed(states)
	list, values := listed(ids)
	args = append(append([]any{mig}, values...), args...)
	return entriesOf(ctx, tx, queryTheseEntries+list+" AND state IN "+allowed+due+" ORDER BY ordinal"+forUpdate, args...)
}

// Unclaim gives back an entry that was claimed and not begun, so that its wave,
// or another one, claims it again. An entry that is not claimed is left as it is.
func (l *Ledger) Unclaim(ctx context.Context, mig migration.Name, id migration.InstanceID, why string) error {
	return l.tx(ctx, "give back instance", string(id), func(tx *sql.Tx) error {
		e, err := findEntry(ctx, tx, mig, id, forUpdate)
		if err != nil || e.State != migration.InstanceClaimed {
			return err
		}
		w, err := scanWave(tx.QueryRowContext(ctx, queryWave, mig, e.Wave))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		state, token := migration.InstanceDone, tokenDue
		if !w.Delta {
			token = ""
			if state, err = plannedState(ctx, tx, mig, id); err != nil {
				return err
			}
		}
		err = changeEntries(ctx, tx, mig, []migration.InstanceID{id}, updateEntry, string(state), string(e.Step), "", why, nullable(e.TargetID), string(e.Verdict), token, mig, string(id))
		if err != nil {
			return err
		}
		return l.log(ctx, tx, mig, id, migration.StepLine{Step: e.Step, Event: migration.EventState, Facts: migration.Facts{State: state}, Detail: why})
	})
}

// plannedState is what the findings of an entry make of it.
func plannedState(ctx context.Context, tx *sql.Tx, mig migration.Name, id migration.InstanceID) (migration.InstanceState, error) {
	found, err := findingsOf(ctx, tx, mig, []migration.InstanceID{id})
	switch migration.Worst(found[id]) {
	case migration.Blocking:
		return migration.InstanceBlocked, err
	case migration.Warning:
		return migration.InstanceWarned, err
	case migration.Note:
	}
	return migration.InstanceReady, err
}

// InFlightOlderThan returns the entries that are claimed, in flight or waiting and
// have not changed for age, in plan order: their workflows may be gone. wave "" means
// those of all waves and of none.
func (l *Ledger) InFlightOlderThan(ctx context.Context, mig migration.Name, wave migration.WaveName, age time.Duration) ([]migration.Entry, error) {
	const op = "read entries"
	at, err := now(ctx, l.db)
	if err != nil {
		return nil, failure(op, string(wave), err)
	}
	condition, args := where(mig, migration.Filter{Wave: wave, States: []migration.InstanceState{
		migration.InstanceClaimed, migration.InstanceRunning, migration.InstanceWaiting,
	}})
	entries, err := entriesOf(ctx, l.db, queryEntries+condition+isOlder, append(args, at.Add(-age))...)
	return entries, failure(op, string(wave), err)
}

func entriesOf(ctx context.Context, q querier, query string, args ...any) ([]migration.Entry, error) {
	var all []migration.Entry
	err := each(ctx, q, query, args, func(row scanner) error {
		e, err := scanEntry(row)
		all = append(all, e.Entry)
		return err
	})
	return all, err
}

func findWave(ctx context.Context, q querier, mig migration.Name, name migration.WaveName) (migration.Wave, error) {
	return scanWave(q.QueryRowContext(ctx, queryWave+forUpdate, mig, name))
}

func scanWave(row scanner) (migration.Wave, error) {
	var w migration.Wave
	var filter []byte
	err := row.Scan(&w.Name, &filter, &w.Size, &w.Window, &w.Rate, &w.MaxParked, &w.Pilotless, &w.Status, &w.Taken,
		&w.By, &w.CreatedAt)
	if err != nil {
		return w, err
	}
	w.Filter, w.Delta, err = decodeFilter(filter)
	return w, err
}

// storedFilter adds what the filter's own JSON leaves out for the sake of
// Temporal, and what else decides which entries a wave takes.
type storedFilter struct {
	migration.Filter
	Requester migration.User `json:"requester,omitempty"`
	Delta     bool           `json:"delta,omitempty"`
}

func encodeFilter(w migration.Wave) ([]byte, error) {
	data, err := json.Marshal(storedFilter{w.Filter, w.Filter.Requester, w.Delta})
	if err != nil {
		return nil, fmt.Errorf("encode filter: %w", err)
	}
	return pack(data)
}

func decodeFilter(blob []byte) (f migration.Filter, delta bool, err error) {
	var stored storedFilter
	if err := unpackJSON(blob, &stored); err != nil {
		return f, false, err
	}
	stored.Filter.Requester = stored.Requester
	return stored.Filter, stored.Delta, nil
}

// tokenDue marks a done entry whose turn in a delta wave has not come.
const tokenDue = "due"
