package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/seed"
)

// What people do in the very moment of a call that may run tools cannot be told from
// what these do: of rows between the images right before and right after it, of files
// by their times, which two clocks keep. Such acts may be lost; not many are.
const (
	momentOfRows  = 2 * time.Second
	momentOfFiles = 5 * time.Second
	momentOfWork  = 2 * time.Second // between the look at an instance and the call that aborts
)

// lossy is how many of a hundred acts may be lost so.
const lossy = 5

func runsTools(c rig.Call) bool {
	return strings.Contains(c.Path, "/process/start/") || strings.Contains(c.Path, "/activity/start/") || strings.Contains(c.Path, "/assignment/complete")
}

func aborts(c rig.Call) bool {
	return strings.Contains(c.Path, "/process/abort/") || strings.Contains(c.Path, "/activity/start/") && c.Form.Get("abortCurrent") == "true"
}

// callsAbout are the calls of the migration about a record.
func (p *people) callsAbout(record string) []rig.Passage {
	p.t.Helper()
	ids, err := p.linked(p.t.Context(), record)
	if err != nil {
		p.t.Fatal(err)
	}
	return slices.DeleteFunc(p.gate.Passages(), func(c rig.Passage) bool { return !about(c.Call, record, ids) })
}

// lostAnswer reports whether who made a call got no answer, or none that is the target's.
func lostAnswer(c rig.Passage) bool { return !c.Clean || c.Ended.Sub(c.Sent) > timeout }

// inTheMoment reports whether an act was done in the moment of a call about its record.
// Where its answer was lost nothing is taken for the call's doing, so that there is none.
func (p *people) inTheMoment(a act) bool {
	p.t.Helper()
	moment, may := momentOfRows, func(c rig.Passage) bool { return runsTools(c.Call) && !lostAnswer(c) }
	switch {
	case strings.HasPrefix(a.thing, "file "):
		moment = momentOfFiles
	case strings.HasPrefix(a.thing, "activity "):
		moment, may = momentOfWork, func(c rig.Passage) bool { return aborts(c.Call) }
	}
	return slices.ContainsFunc(p.callsAbout(a.record), func(c rig.Passage) bool {
		return may(c) && !a.ended.Before(c.Sent.Add(-moment)) && !a.began.After(c.Ended.Add(moment))
	})
}

// interrupted reports whether the answer of a call about a record was lost, or whoever
// waited for it was killed or cut off, so that nobody looked right after it.
func (p *people) interrupted(record string) bool {
	p.t.Helper()
	return slices.ContainsFunc(p.callsAbout(record), func(c rig.Passage) bool {
		return runsTools(c.Call) && (lostAnswer(c) ||
			slices.ContainsFunc(p.struck, func(at time.Time) bool {
				return at.After(c.Sent.Add(-5*time.Second)) && at.Before(c.Ended.Add(20*time.Second))
			}))
	})
}

// meanwhile reports whether somebody saved something of a record between the two looks around a call
// that runs tools: who it was says that it is not the tools', and not what it was before.
func (p *people) meanwhile(record string) bool {
	p.t.Helper()
	return slices.ContainsFunc(p.callsAbout(record), func(c rig.Passage) bool {
		return runsTools(c.Call) && slices.ContainsFunc(p.journal, func(a act) bool {
			return a.record == record && a.began.After(c.Sent.Add(-looksWithin)) && a.began.Before(c.Ended.Add(looksWithin))
		})
	})
}

// looksWithin is how long before a call, and after it, its two looks are taken at most on a busy machine.
const looksWithin = 2 * time.Second

// did reports whether somebody did one of kinds, or may have, about a record; of no kind: anything.
func (p *people) did(record string, kinds ...string) bool {
	return slices.ContainsFunc(p.journal, func(a act) bool {
		return a.record == record && (len(kinds) == 0 || slices.Contains(kinds, a.kind))
	})
}

// worked reports whether somebody accepted or completed something in an instance of a
// record that is not one which people started.
func (p *people) worked(record string, kinds ...string) bool {
	others := p.siblings()
	return slices.ContainsFunc(p.journal, func(a act) bool {
		return a.record == record && slices.Contains(kinds, a.kind) && !slices.Contains(others, a.value)
	})
}

// causes are the reasons to park that people cause, with what must be true then.
// What is not here is a fault's: see truthful.
var causes = map[string]func(p *people, record string) bool{
	"record_conflict": (*people).explained,
	"file_conflict":   (*people).explained,
	"restore_moved":   (*people).explained,
	// While people use the record through an instance of their own, nobody can tell whose
	// a change around a call is (docs/adr/0010-whose-change.md).
	"restore_unsure": func(p *people, record string) bool {
		return p.interrupted(record) || p.did(record, actSibling) || p.meanwhile(record)
	},
	"target_moved":          func(p *people, record string) bool { return p.worked(record, actAccept, actComplete) },
	"target_closed":         func(p *people, record string) bool { return p.worked(record, actComplete) },
	"joins_differ":          func(p *people, record string) bool { return p.worked(record, actComplete) },
	"resume_not_converging": func(p *people, record string) bool { return p.worked(record, actComplete) },
	"two_starts":            func(p *people, record string) bool { return p.did(record, actSibling) },
	"started_earlier":       func(p *people, record string) bool { return p.did(record, actSibling) },
	// Values with which an instance began change when its first activity is completed.
	"start_ambiguous": func(p *people, record string) bool {
		return p.interrupted(record) && (p.did(record, actSibling) || p.worked(record, actComplete))
	},
}

// keys finds rows ("table/id") and files ("table/id/" and the quoted name) in what is told
// of a parking.
var keys = regexp.MustCompile(`([a-z_]+)/([\w-]+)(?:/("(?:[^"\\]|\\.)*"))?`)

// explained reports whether somebody did something to each row and file that a parking
// names.
func (p *people) explained(record string) bool {
	p.t.Helper()
	detail := p.rows(p.ledger, "SELECT detail FROM instance WHERE instance = ?", p.place(record).ID)[0]
	if _, list, conflicts := strings.Cut(detail, "); "); conflicts {
		detail = list
	}
	found := keys.FindAllStringSubmatch(detail, -1)
	return len(found) > 0 && !slices.ContainsFunc(found, func(key []string) bool { return !p.touched(record, key[1]+"/"+key[2], key[3]) })
}

// touched reports whether somebody did something to a row, or to a file of it: with a form,
// with tools that ran when a task was completed or an instance started; or whether it may be
// what tools of a call did that was interrupted.
func (p *people) touched(record, row, quoted string) bool {
	p.t.Helper()
	return p.did(record, actComplete, actSibling) || p.interrupted(record) || slices.ContainsFunc(p.journal, func(a act) bool {
		kind, thing, _ := strings.Cut(a.thing, " ")
		if quoted == "" {
			f := strings.Fields(thing)
			return kind == "row" && f[0]+"/"+f[1] == row
		}
		return kind == "file" && path.Dir(thing) == row && strconv.Quote(path.Base(thing)) == quoted
	})
}

// differing returns the differences of a comparison that nobody made.
func (p *people) differing(w workplace) []string {
	p.t.Helper()
	return slices.DeleteFunc(p.rows(p.ledger, differences, w.ID), func(item string) bool {
		f := strings.SplitN(item, "|", 3)
		if f[0] == "instance" && slices.Contains(p.siblings(), f[2]) {
			return true
		}
		if f[0] != "row" && f[0] != "file" {
			return p.worked(w.Record, actAccept, actComplete)
		}
		key := keys.FindStringSubmatch(f[2])
		return key != nil && p.touched(w.Record, key[1]+"/"+key[2], key[3])
	})
}

// parkedTruly reports whether an instance is parked for what is so.
func (p *people) parkedTruly(w workplace, reason string) bool {
	p.t.Helper()
	if cause := causes[reason]; cause != nil {
		return cause(p, w.Record)
	}
	switch {
	case reason == "verify_differs" && p.did(w.Record):
		left := p.differing(w)
		if len(left) > 0 {
			p.t.Logf("nobody made these differences of %s: %v", w.ID, left)
		}
		return len(left) == 0
	case (reason == "variables_differ" || reason == "step_failed") && p.worked(w.Record, actAccept, actComplete):
		return true
	}
	check, known := truthful[reason]
	if known {
		check(p.storm, seed.Instance{ID: w.ID, Definition: w.Definition, RecordID: w.Record, Requester: w.Requester})
	}
	return known
}

// last returns the acts that nobody's later act replaced. A completed activity was
// accepted before.
func (p *people) last() []act {
	at := map[string]int{}
	for i, a := range p.journal {
		at[a.thing] = i
	}
	var out []act
	for i, a := range p.journal {
		if at[a.thing] == i && !a.unsure {
			out = append(out, a)
		}
	}
	return out
}

// renewed reports whether a file that somebody deleted was copied again later, when the
// operator had the instance migrated afresh.
func (p *people) renewed(a act) bool {
	p.t.Helper()
	w, name := p.place(a.record), path.Base(a.thing)
	if a.kind != actRemove || !slices.Contains(p.anew, w.ID) {
		return false
	}
	return len(p.rows(p.ledger, "SELECT id FROM step_log WHERE instance = ? AND event = 'file_written' AND detail = ? AND at > ?",
		w.ID, a.record+"/"+name, a.began.UTC().Format(time.DateTime+".000000"))) > 0
}

// lost says what is there instead of what an act left; "" where that is as it was left.
func (p *people) lost(ctx context.Context, a act) (string, error) {
	kind, thing, _ := strings.Cut(a.thing, " ")
	switch kind {
	case "row":
		f := strings.Fields(thing)
		found, err := texts(ctx, p.Target, "SELECT `"+f[2]+"` FROM `app_fd_"+f[0]+"` WHERE id = ?", f[1])
		switch {
		case err != nil:
			return "", err
		case len(found) == 0 && !a.gone:
			return "no row", nil
		case len(found) > 0 && (a.gone || found[0][0] != a.value):
			return found[0][0], nil
		}
	case "file":
		content, err := os.ReadFile(filepath.Join(p.TargetFiles, thing))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if !a.gone {
				return "no file", nil
			}
		case err != nil:
			return "", err
		case a.gone || string(content) != a.value:
			return fmt.Sprintf("a file of %d bytes, %.40q", len(content), content), nil
		}
	case "activity":
		return p.lostWork(ctx, a, thing)
	case "instance":
		state, err := p.state(ctx, thing)
		if state == engine.Running || state == engine.Completed {
			state = ""
		}
		return state, err
	}
	return "", nil
}

// state is that of a target instance, "gone" if there is none.
func (p *people) state(ctx context.Context, id string) (string, error) {
	i, found, err := p.Sim.Engine().Instance(ctx, id)
	if err == nil && !found {
		return "gone", nil
	}
	return i.State, err
}

// lostWork is lost of an activity that somebody accepted or completed.
func (p *people) lostWork(ctx context.Context, a act, id string) (string, error) {
	now := p.standing(ctx, a.value, id)
	if now != engine.Completed && (a.kind == actComplete || now != engine.Running) {
		return "the activity is " + now, nil
	}
	// Accepted by somebody, and that it is by him only people can change.
	state, err := p.state(ctx, a.value)
	if err != nil || state == engine.Running || state == engine.Completed {
		return "", err
	}
	return "its instance is " + state, nil
}

// loss is an act with what was found instead of what it left.
type loss struct {
	act

	now string
}

// losses are all that was found, by people while they worked and now.
func (p *people) losses(acts []act) []loss {
	p.t.Helper()
	all := slices.Clone(p.missing)
	for _, a := range acts {
		now, err := p.lost(p.t.Context(), a)
		if err != nil {
			p.t.Fatal(err)
		}
		if now != "" {
			all = append(all, loss{a, now})
		}
	}
	return all
}

// kept checks that nothing a person did is gone.
func (p *people) kept() {
	p.t.Helper()
	acts := p.last()
	moments, renewed, total, wrong := map[string]int{}, 0, 0, map[string]bool{}
	for _, l := range p.losses(acts) {
		switch {
		case p.inTheMoment(l.act):
			moments[l.kind]++
			total++
		case p.renewed(l.act):
			renewed++
		default:
			p.t.Errorf("LOST %s; now: %s", l.act, l.now)
			wrong[l.record] = true
		}
	}
	for record := range wrong {
		p.witness(p.place(record))
	}
	p.t.Logf("PEOPLE seed %d: %d acts, %d of them the last of what they were done to; lost in the moment of a call: %v; files that the operator had copied again: %d", p.seed, len(p.journal), len(acts), moments, renewed)
	if total*100 > len(p.journal)*lossy {
		p.t.Errorf("%d of %d acts were lost in the moment of a call", total, len(p.journal))
	}
}

// witness tells what happened to a record.
func (p *people) witness(w workplace) {
	p.t.Helper()
	p.t.Logf("%s of %s, requester %s, record %s:", w.ID, w.Definition, w.Requester, w.Record)
	for _, c := range p.callsAbout(w.Record) {
		p.t.Logf("  call %s to %s %s, clean %t", c.Sent.Format("15:04:05.000"), c.Ended.Format("15:04:05.000"), c.Path, c.Clean)
	}
	for _, other := range p.journal {
		if other.record == w.Record {
			p.t.Logf("  %s", other)
		}
	}
	p.tell(w.ID)
}

// alone checks that siblings are alive and nobody else's, and that no source instance
// has two live target instances.
func (p *people) alone() {
	p.t.Helper()
	ours := p.rows(p.ledger, oursOnTarget)
	for _, id := range p.siblings() {
		if slices.Contains(ours, id) {
			p.t.Errorf("%s, which somebody started, is in the ledger", id)
		}
		for _, c := range p.gate.Passages() {
			if about(c.Call, "", []string{id}) {
				p.t.Errorf("%s, which somebody started, was called: %s", id, c.Path)
			}
		}
	}
	for _, w := range p.places {
		if live := p.live(w.Record); len(live) > 1 {
			p.t.Errorf("%s has %d live target instances: %v", w.ID, len(live), live)
			p.tell(w.ID)
		}
	}
}

// verdicts are when the instances that are done were last found to be the same.
const verdicts = `SELECT i.instance, MAX(l.at) FROM instance i JOIN step_log l ON l.instance = i.instance AND l.event = 'verdict'
	WHERE i.state = 'done' AND i.verdict = 'same' GROUP BY i.instance`

// compared checks that nothing is called the same whose record was, before that was said,
// made other than the source's by somebody, and still is.
func (p *people) compared() {
	p.t.Helper()
	said := map[string]time.Time{}
	for _, line := range p.rows(p.ledger, verdicts) {
		id, text, _ := strings.Cut(line, "|")
		at, err := time.Parse(time.DateTime+".999999", text)
		if err != nil {
			p.t.Fatal(err)
		}
		said[p.at(id).Record] = at
	}
	for _, a := range p.last() {
		at, same := said[a.record]
		kind, thing, _ := strings.Cut(a.thing, " ")
		switch now, err := p.lost(p.t.Context(), a); {
		case err != nil:
			p.t.Fatal(err)
		case !same || now != "" || a.ended.After(at.Add(-time.Second)) || kind != "row" && kind != "file" || kind == "row" && a.gone:
			continue
		}
		if kind == "file" && a.gone {
			if _, err := os.Stat(filepath.Join(p.SourceUploads, thing)); errors.Is(err, fs.ErrNotExist) {
				continue
			}
		}
		p.t.Errorf("UNSEEN %s; called the same at %s", a, at.Format("15:04:05.000"))
		p.witness(p.place(a.record))
	}
}

// untouched are the instances whose records nobody touched.
func (p *people) untouched() []workplace {
	return slices.DeleteFunc(slices.Clone(p.places), func(w workplace) bool { return p.did(w.Record) || honest(w.Started) != nil })
}
