package migration_test

import (
	"fmt"
	"testing"

	"jogetferry/migration"
)

// The model of docs/adr/0002-start-protocol.md: everything that can happen to
// the one start of one instance, explored exhaustively. Attempts (workers) may
// die or freeze between any two acts and go on later; the request may be
// effected late, its answer lost or an error although it had its effect; a
// reconciler looks and acts in two separate moments; once, the ledger is
// restored from a backup taken before the start. The decisions are the real
// ones; what is modelled is everything around them.
//
// Two configurations: "park" (the default), in which the settle time may be
// far too short and still nothing starts twice; and "retry"
// (start.when_unknown: retry), which is safe only as long as a request cannot
// outlive the settle time.

// rule is one safeguard of the protocol; a model can be run without it.
type rule string

const (
	ruleClaimUnique   rule = "one_claim_at_a_time"
	ruleSendingFirst  rule = "sending_is_recorded_before_the_bytes"
	ruleSenderOwns    rule = "sending_needs_the_own_claim"
	ruleReleaseSwaps  rule = "release_is_a_compare_and_set"
	ruleOutcomeOwns   rule = "an_outcome_needs_the_own_claim"
	ruleNoResend      rule = "the_client_never_sends_twice"
	ruleSettle        rule = "an_unanswered_request_is_waited_out"
	ruleLookBeforeDo  rule = "a_claim_looks_at_the_target"
	ruleParkUnknown   rule = "an_unknown_outcome_is_the_operators"
	ruleClearBaseline rule = "only_a_clear_look_takes_the_baseline"
)

type phase uint8

const (
	phaseNew      phase = iota // has not claimed
	phaseClaimed               // has the claim, has looked: may send
	phaseSending               // has recorded sending, bytes not out
	phaseSent                  // waits for the answer
	phaseNotSent               // knows that it sent nothing
	phaseAnswered              // has an answer that names the instance
	phaseFailed                // has an answer of Joget's without an instance
	phaseCut                   // knows only that there will be no answer
	phaseOver
)

type request uint8

const (
	requestNone request = iota
	requestOut          // on the wire or in the target, no effect yet
	requestDone         // had its effect, answer under way
	requestGone         // over
)

const attempts = 3

type looker struct {
	active  bool
	claim   migration.ClaimState
	token   uint8
	fate    migration.Fate
	settled bool
	live    uint8
}

type world struct {
	claim    migration.ClaimState
	token    uint8 // attempt that owns the row
	fate     migration.Fate
	settled  bool
	taken    bool  // the baseline
	baseline uint8 // instances in it: the first ones
	restored bool
	retried  bool
	phase    [attempts]phase
	request  [attempts]request
	resent   bool
	live     uint8 // instances that we made and that live
	look     looker
	stopped  bool // parked: nothing goes on without the operator
}

type model struct {
	retryUnknown bool // start.when_unknown: retry
	without      rule
	seen         map[world]bool
	queue        []world
}

func (m *model) has(r rule) bool { return m.without != r }

func (m *model) push(w world) {
	if !m.seen[w] {
		m.seen[w] = true
		m.queue = append(m.queue, w)
	}
}

// explore returns the most instances that were ever alive at once, and whether
// a good end (started, one alive) was reached.
func (m *model) explore() (most uint8, good bool) {
	m.seen = map[world]bool{}
	m.push(world{})
	for len(m.queue) > 0 {
		w := m.queue[0]
		m.queue = m.queue[1:]
		most = max(most, w.live)
		if most > 1 {
			return most, good
		}
		good = good || w.claim == migration.ClaimStarted && w.live == 1
		m.step(w)
	}
	return most, good
}

var modelIntent = migration.StartIntent{
	Definition: migration.DefinitionID{Package: "p", Version: "1", Process: "q"}, Requester: "cat", Record: "r",
}

func linked(n uint8) []migration.Linked {
	var ls []migration.Linked
	for i := range n {
		ls = append(ls, migration.Linked{
			TargetIdentity: migration.TargetIdentity{
				ID: migration.InstanceID(fmt.Sprintf("%d_p_q", i)), Definition: modelIntent.Definition, Requester: "cat", Origin: "r",
			},
			State: migration.StateRunning,
		})
	}
	return ls
}

func ids(n uint8) []migration.InstanceID {
	var list []migration.InstanceID
	for _, l := range linked(n) {
		list = append(list, l.ID)
	}
	return list
}

func (m *model) step(w world) {
	for i := range attempts {
		m.attempt(w, i)
		m.target(w, i)
	}
	m.reconcile(w)
	if !w.restored && w.claim != migration.ClaimNone && quiet(w) && !w.look.active {
		// The ledger comes back from a backup taken before the claim. Two
		// ledgers racing are outside the promise: nothing is on its way.
		n := w
		n.restored, n.stopped = true, false
		n.claim, n.token, n.fate, n.settled = migration.ClaimNone, 0, migration.FateNone, false
		n.taken, n.baseline = false, 0
		m.push(n)
	}
	if w.stopped && w.claim == migration.ClaimReleased && !w.retried {
		// The operator has an instance that was in the way of a start tried again.
		n := w
		n.stopped, n.retried = false, true
		m.push(n)
	}
	if !w.settled && (quiet(w) || !m.retryUnknown) {
		n := w
		n.settled = true
		m.push(n)
	}
}

// quiet: no request runs and nobody stands between "sending" and the bytes.
func quiet(w world) bool {
	for i := range attempts {
		if w.request[i] == requestOut || w.phase[i] == phaseSending {
			return false
		}
	}
	return true
}

func (m *model) attempt(w world, i int) {
	me := uint8(i + 1)
	switch w.phase[i] {
	case phaseNew:
		free := w.claim == migration.ClaimNone || w.claim == migration.ClaimReleased || !m.has(ruleClaimUnique) && w.claim != migration.ClaimStarted
		if !free || w.stopped {
			return
		}
		n := w
		n.claim, n.token, n.fate, n.settled = migration.ClaimClaimed, me, migration.FateNone, false
		seen := w.live
		if !m.has(ruleLookBeforeDo) {
			seen = 0
		}
		d := migration.DecideClaimed(linked(seen), modelIntent, nil, migration.Claim{Baseline: ids(w.baseline), BaselineTaken: w.taken})
		unhindered := d.Action == migration.StartSend
		if !w.taken && (unhindered || !m.has(ruleClearBaseline)) {
			n.taken, n.baseline = true, seen
		}
		if unhindered {
			n.phase[i] = phaseClaimed
		} else {
			n.stopped, n.claim, n.phase[i] = true, migration.ClaimReleased, phaseOver
		}
		m.push(n)
	case phaseClaimed:
		n := w
		switch {
		case !m.has(ruleSendingFirst):
			n.phase[i], n.request[i] = phaseSent, requestOut
		case w.claim == migration.ClaimClaimed && w.token == me, !m.has(ruleSenderOwns):
			if w.claim == migration.ClaimClaimed && w.token == me {
				// The age that settle is compared with counts from here.
				n.claim, n.settled = migration.ClaimSending, false
			}
			n.phase[i] = phaseSending
		default:
			n.phase[i] = phaseNotSent
		}
		m.push(n)
	case phaseSending:
		n := w
		n.phase[i], n.request[i] = phaseSent, requestOut
		m.push(n)
		n = w
		n.phase[i] = phaseNotSent
		m.push(n)
	case phaseSent:
		n := w // cut, timed out, died
		n.phase[i] = phaseCut
		m.push(n)
		if w.request[i] == requestDone {
			n.phase[i], n.request[i] = phaseAnswered, requestGone
			m.push(n)
			n.phase[i] = phaseFailed // 500 after the effect
			m.push(n)
		}
		if w.request[i] == requestGone {
			n.phase[i] = phaseFailed
			m.push(n)
		}
		if w.request[i] == requestOut && !m.has(ruleNoResend) && !w.resent {
			n = w
			n.resent = true
			n.live++
			m.push(n)
		}
	case phaseNotSent, phaseAnswered, phaseFailed, phaseCut:
		m.outcome(w, i, me)
	case phaseOver:
	}
}

// outcome writes what the attempt knows into the ledger, or dies before.
func (m *model) outcome(w world, i int, me uint8) {
	n := w
	n.phase[i] = phaseOver
	m.push(n)
	owns := w.token == me && (w.claim == migration.ClaimSending || w.claim == migration.ClaimUnknown || !m.has(ruleSendingFirst))
	if !owns && m.has(ruleOutcomeOwns) || w.claim == migration.ClaimStarted {
		return
	}
	switch w.phase[i] {
	case phaseAnswered:
		n.claim = migration.ClaimStarted
	case phaseNotSent:
		n.fate = migration.FateNotSent
	case phaseFailed:
		n.fate = migration.FateAnswered
	case phaseCut:
		n.claim, n.fate = migration.ClaimUnknown, migration.FateUnanswered
	case phaseNew, phaseClaimed, phaseSending, phaseSent, phaseOver:
	}
	m.push(n)
}

func (m *model) target(w world, i int) {
	if w.request[i] != requestOut {
		return
	}
	n := w
	n.request[i] = requestDone
	n.live++
	m.push(n)
	n = w
	n.request[i] = requestGone // refused, or rolled back
	m.push(n)
}

func (m *model) reconcile(w world) {
	if w.stopped {
		return
	}
	if !w.look.active {
		if w.claim == migration.ClaimNone || w.claim == migration.ClaimReleased || w.claim == migration.ClaimStarted {
			return
		}
		n := w
		n.look = looker{active: true, claim: w.claim, token: w.token, fate: w.fate, settled: w.settled, live: w.live}
		m.push(n)
		return
	}
	n := w
	n.look = looker{}
	d := migration.DecideReconcile(migration.StartKnowledge{Claim: w.look.claim, Fate: w.look.fate, Settled: w.look.settled}, modelIntent, migration.Unexplained(linked(w.look.live), modelIntent, nil, ids(w.baseline)))
	if d.Action == migration.StartWait && !m.has(ruleSettle) {
		d.Action = migration.StartRelease
	}
	if d.Reason == migration.ReasonStartOutcomeUnknown && (m.retryUnknown || !m.has(ruleParkUnknown)) {
		d.Action = migration.StartRelease
	}
	same := w.claim == w.look.claim && w.token == w.look.token
	switch d.Action {
	case migration.StartAdopt:
		if same {
			n.claim = migration.ClaimStarted
		}
	case migration.StartRelease:
		if same || !m.has(ruleReleaseSwaps) {
			n.claim, n.fate, n.settled = migration.ClaimReleased, migration.FateNone, false
		}
	case migration.StartPark:
		n.stopped = true
	case migration.StartSend, migration.StartWait, migration.StartAbort, migration.StartDone:
	}
	m.push(n)
}

func TestStartModelNeverHasTwoLiveInstances(t *testing.T) {
	t.Parallel()
	for _, retry := range []bool{false, true} {
		m := &model{retryUnknown: retry}
		most, good := m.explore()
		t.Logf("retryUnknown=%t: %d states", retry, len(m.seen))
		if most != 1 {
			t.Errorf("retryUnknown=%t: the protocol lets %d instances live at once", retry, most)
		}
		if !good {
			t.Errorf("retryUnknown=%t: no run of the protocol ends with one started instance", retry)
		}
	}
}

func TestStartModelNeedsEveryRule(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		without rule
		retry   bool
	}{
		{without: ruleClaimUnique},
		{without: ruleSendingFirst},
		{without: ruleSenderOwns},
		{without: ruleReleaseSwaps},
		{without: ruleOutcomeOwns},
		{without: ruleNoResend},
		{without: ruleLookBeforeDo},
		{without: ruleParkUnknown},
		{without: ruleClearBaseline},
		{without: ruleSettle, retry: true},
	} {
		t.Run(string(tc.without), func(t *testing.T) {
			t.Parallel()
			m := &model{without: tc.without, retryUnknown: tc.retry}
			if most, _ := m.explore(); most < 2 {
				t.Errorf("without the rule %q nothing starts twice: the model does not test it", tc.without)
			}
		})
	}
}
