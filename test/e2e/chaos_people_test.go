package e2e_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/drive"
	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/fault"
	"jogetferry/test/simulator/seed"
	"jogetferry/test/simulator/server"
)

// peopleProcesses have start tools and none, subflows with tools, and several activities at once.
var peopleProcesses = []string{
	"procure/process1", "leave/process1", "claims/intake", "claims/dispute", "onboard/probation", "claims/intake", "procure/process1", "claims/assess",
}

// peopleFaults lose answers of calls that run tools.
func peopleFaults() []fault.Rule {
	rules := []fault.Rule{{Path: fault.Any, Kind: fault.Latency, Delay: 30 * time.Millisecond}}
	for _, path := range []string{"process/start/", "activity/start/"} {
		rules = append(
			rules,
			fault.Rule{Path: path, Kind: fault.CutAfter, Count: stormTimes, Skip: 3},
			fault.Rule{Path: path, Kind: fault.AnswerLate, Delay: timeout + time.Second, Count: stormTimes, Skip: 5},
			fault.Rule{Path: path, Kind: fault.DelayedCommit, Delay: settle / 2, Count: stormTimes, Skip: 7},
			fault.Rule{Path: path, Kind: fault.HTML502, After: true, Count: stormTimes, Skip: 9},
		)
	}
	return rules
}

// TestChaosPeople migrates records on which people work all the while, in a storm, takes
// some back and does some anew: nothing that a person did is gone afterwards, and what
// is parked is so for a reason that is true.
func TestChaosPeople(t *testing.T) {
	t.Parallel()
	var started []drive.Started
	s := newStorm(t, rig.Options{
		Target: seed.TargetOptions{Instances: 5, Completed: 3, RecordsOnly: 5}, Apps: append(apps.Names(), apps.Claims),
		Populate: func(ctx context.Context, db *sql.DB, uploads string) error {
			e, err := engine.New(ctx, engine.Options{DB: db, UploadsDir: filepath.Dir(uploads)})
			if err != nil {
				return err
			}
			started, err = drive.Populate(ctx, e, db, uploads, drive.Options{Seed: 29, Instances: peopleInstances, Processes: peopleProcesses})
			return err
		},
		Simulator: server.Options{Faults: peopleFaults()},
		Settings:  map[string]string{"FERRY_JOINS": "rebuild", "FERRY_RESUME_MAX_ROUNDS": "60"},
	})
	p := newPeople(s, started)
	s.worker = s.StartWorker()
	s.plan()
	p.begin()
	for n := range stormTimes {
		p.wave(n)
		p.back()
		s.strike(peopleIncidents())
		p.again()
		p.round()
	}
	p.end()
	p.finish()
	p.judge()
}

// wave migrates what is ready, if anything is.
func (p *people) wave(n int) (taken bool) {
	p.t.Helper()
	if len(p.rows(p.ledger, "SELECT instance FROM instance WHERE state IN ('ready', 'warned')")) == 0 {
		return false
	}
	p.Starter(0, nil, "wave", "--without-pilot", "--detach", "--name", fmt.Sprintf("people%d", n), "--window", "12")
	return true
}

// settlePeople bounds how long everything takes to come to rest.
const settlePeople = 4 * time.Minute

// rest waits until nothing goes on by itself: what is parked stops no wave.
func (p *people) rest() {
	p.t.Helper()
	rig.Eventually(p.t, settlePeople, "everything at rest", func() bool {
		p.revive()
		return len(p.rows(p.ledger, "SELECT name FROM wave WHERE status <> 'finished'")) == 0 &&
			len(p.rows(p.ledger, "SELECT instance FROM instance WHERE state IN ('claimed', 'in_flight', 'waiting', 'rolling_back')")) == 0
	})
}

// round lets everything come to rest, and has the operator decide about what is parked.
func (p *people) round() {
	p.t.Helper()
	p.rest()
	p.decide()
	p.rest()
}

// mostDecisions is how often an operator decides about one instance.
const mostDecisions = 3

// decision is what an operator says of a parked instance.
type decision struct {
	id, action        string
	parking, refusals string // how it stood
}

// parkings judges every parking, and returns the answers that there are. Nobody works
// meanwhile: what is judged is as it was when the instance was parked, or later.
func (p *people) parkings() (open []decision) {
	p.t.Helper()
	p.quiet.Lock()
	defer p.quiet.Unlock()
	for _, id := range p.siblings() {
		p.strangers[id] = true
	}
	for _, parking := range p.rows(p.ledger, parkings) {
		f := strings.Split(parking, "|")
		w := p.at(f[0])
		if !p.resolved[parking] {
			p.resolved[parking] = true
			p.parked[f[1]]++
			if !p.parkedTruly(w, f[1]) {
				p.t.Errorf("UNTRUE %s (%s) is parked for %s", w.ID, w.Definition, f[1])
				p.witness(w)
			}
		}
		action := p.answer(w, f[1])
		if action == "" || p.decided[w.ID] >= mostDecisions {
			continue
		}
		p.decided[w.ID]++
		if action == "redo" || action == "rollback" {
			p.anew = append(p.anew, w.ID)
		}
		open = append(open, decision{w.ID, action, parking, p.refusals(w.ID)})
	}
	return open
}

// decide resolves what is parked where there is an answer, and counts.
func (p *people) decide() (resolved int) {
	p.t.Helper()
	open := p.parkings()
	statuses := make([]int, len(open))
	var deciding sync.WaitGroup
	for i, d := range open {
		deciding.Go(func() {
			var errs string
			_, errs, statuses[i] = p.Run(p.t.Context(), "resolve", d.id, "--action", d.action, "--reason", "decided in a storm")
			if statuses[i] != 0 {
				p.t.Logf("resolve %s --action %s: %d: %s", d.id, d.action, statuses[i], lastLine(errs))
			}
		})
	}
	deciding.Wait()
	for i, d := range open {
		if statuses[i] != 0 {
			continue
		}
		p.done["resolved: "+d.action]++
		resolved++
		rig.Eventually(p.t, settlePeople, d.id+" goes on after "+d.action, func() bool {
			p.revive()
			return p.refusals(d.id) != d.refusals || !slices.Contains(p.rows(p.ledger, parkings), d.parking)
		})
	}
	return resolved
}

func (p *people) refusals(id string) string {
	return p.rows(p.ledger, "SELECT COUNT(*) FROM step_log WHERE instance = ? AND event = 'rollback_refused'", id)[0]
}

// answer is what an operator does about a parking who does not want anybody's work to be
// lost; "" is nothing.
func (p *people) answer(w workplace, reason string) string {
	pick := func(actions ...string) string { return actions[p.rng.IntN(len(actions))] }
	touched := p.did(w.Record)
	switch reason {
	case "verify_differs":
		if touched {
			return pick("accept", "accept", "accept", "redo", "rollback", "retry")
		}
		return "retry"
	case "restore_unsure":
		// Whoever asks around knows whose it was.
		if touched {
			return "accept"
		}
		return "put_back"
	case "restore_moved", "variables_differ":
		return pick("accept", "retry")
	case "target_moved":
		return pick("accept", "accept", "redo", "rollback", "retry")
	case "target_closed", "two_starts", "started_earlier":
		return "accept"
	case "record_conflict", "file_conflict", "joins_differ":
		return pick("rollback", "retry")
	case "start_ambiguous", "resume_not_converging":
		return "" // it takes more than a word
	}
	return "retry"
}

// some picks instances that are done, for the operator to think again about.
func (p *people) some() (ids []string) {
	p.t.Helper()
	rig.Eventually(p.t, settlePeople, "instances that are done", func() bool {
		p.revive()
		ids = p.rows(p.ledger, "SELECT instance FROM instance WHERE state = 'done' ORDER BY ordinal")
		return len(ids) >= peopleRollbacks
	})
	p.rng.Shuffle(len(ids), func(i, k int) { ids[i], ids[k] = ids[k], ids[i] })
	ids = ids[:peopleRollbacks]
	p.anew = append(p.anew, ids...)
	return ids
}

// back takes some back; it does not wait for that.
func (p *people) back() {
	p.t.Helper()
	p.Starter(0, nil, append([]string{"rollback", "--detach"}, p.some()...)...)
	p.done["rolled back"] += peopleRollbacks
}

// again has some done anew: undone, and migrated afresh at once.
func (p *people) again() {
	p.t.Helper()
	var redoing sync.WaitGroup
	for _, id := range p.some() {
		redoing.Go(func() {
			_, errs, status := p.Run(p.t.Context(), "resolve", id, "--action", "redo", "--reason", "done anew in a storm")
			p.t.Logf("redo %s: %d %s", id, status, lastLine(errs))
		})
	}
	redoing.Wait()
	p.done["done anew"] += peopleRollbacks
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// finish ends the faults, has what was rolled back migrated again, and decides until
// there is nothing left to decide.
func (p *people) finish() {
	p.t.Helper()
	p.endFaults()
	for n := range 8 {
		p.rest()
		taken := p.wave(stormTimes + n)
		p.rest()
		if p.decide() == 0 && !taken {
			return
		}
	}
	p.rest()
}

// judge is the oracle: it knows what people did, and what stands on both servers.
func (p *people) judge() {
	p.t.Helper()
	for _, id := range p.siblings() {
		p.strangers[id] = true
	}
	p.kept()
	p.alone()
	p.compared()
	p.SourceUnchanged()
	all := &population{Stage: p.Stage, t: p.t, truth: p.truth}
	for _, w := range p.untouched() {
		all.started = append(all.started, w.Started)
	}
	moved := all.moved()
	source, err := engine.New(p.t.Context(), engine.Options{DB: p.Source, UploadsDir: filepath.Dir(p.SourceUploads)})
	if err != nil {
		p.t.Fatal(err)
	}
	all.compare(moved, func(at side, m migrated) (any, error) { return at.left(p.t.Context(), m.Record, true) }, source)
	counts := p.rows(p.ledger, "SELECT state, verdict, reason, COUNT(*) FROM instance GROUP BY state, verdict, reason ORDER BY 1, 2, 3")
	did := map[string]int{}
	for _, a := range p.journal {
		did[a.kind]++
	}
	p.t.Logf("PEOPLE did %v; untouched %d; in the end %v", did, len(moved), counts)
	p.sum(peopleInstances)
}
