package migration_test

import (
	"fmt"
	"testing"

	"jogetferry/migration"
)

// The model of docs/adr/0002-start-protocol.md: everything that can happen to
// the one start of one instance, explored exhaustively. Attempts (workers) may
// die or freeze between any two acts and go on later; the request may be
// effected late, its answer lost or an error although it had its effect; what it
// makes is seen before it is over, while a condition or a mapping works, or a tool
// that writes afterwards; a reconciler looks twice, in moments in between too, and
// acts later; somebody else starts an instance of the record; once, the ledger is
// restored from a backup taken before the start, which may lose its last moments
// while a request is under way. The decisions are the real ones; what is modelled is
// everything around them.
//
// Nothing may start twice, nothing may be taken over before its start is over, and
// nothing that somebody else made.
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
	ruleOver          rule = "only_what_is_over_is_acted_on"
	ruleBlind         rule = "where_a_tool_runs_looking_proves_nothing"
	rulePrediction    rule = "at_rest_is_where_the_walker_says"
	ruleHeld          rule = "an_activity_nobody_holds_is_no_rest"
	ruleTwoLooks      rule = "two_looks_have_to_agree"
	ruleValues        rule = "candidates_are_told_by_what_they_began_with"
	ruleNotSent       rule = "what_was_not_sent_made_nothing"
	ruleAccountFor    rule = "an_attempt_that_nobody_knows_of_is_waited_out"
	ruleLater         rule = "a_claim_of_an_earlier_attempt_tells_nothing_of_a_later_one"
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
	requestNone        request = iota
	requestOut                 // on the wire or in the target, no effect yet
	requestSeen                // its instance is there, and a condition works; with a tool, the tool
	requestMapping             // an activity is open that nobody has been given; with a tool, another will follow
	requestAssigning           // the first of those who are to hold it does
	requestAssigningOn         // and the second
	requestDone                // had its effect, answer under way
	requestGone                // over
)

const attempts = 3

// working reports whether a request is seen in the target and is not over.
func (r request) working() bool { return r > requestOut && r < requestDone }

// others says what somebody else started of the record.
type others uint8

const (
	othersNone  others = iota
	othersOther        // an instance that began with other values
	othersSame         // one that cannot be told from ours
)

type looker struct {
	active  bool
	claim   migration.ClaimState
	token   uint8
	fate    migration.Fate
	settled bool
	live    uint8
	others  others
	seen    request // of the first look; requestNone before it
	again   request // of the second
}

// ledger is what the ledger knows.
type ledger struct {
	claim    migration.ClaimState
	token    uint8 // attempt that owns the row
	fate     migration.Fate
	settled  bool  // the settle time passed since
	taken    bool  // the baseline
	baseline uint8 // instances in it: the first ones
}

type world struct {
	ledger

	saved     ledger // in a backup, or on a replica
	early     bool   // the settle time passed while a request was under way
	restored  bool
	uncounted bool // an attempt ended without an answer, and the ledger knows nothing of it
	retried   bool
	phase     [attempts]phase
	request   [attempts]request
	resent    bool
	live      uint8  // instances that we made and that live
	maker     uint8  // attempt that made the first of them
	others    others // besides
	wrong     string // what must not happen
	look      looker
	stopped   bool // parked: nothing goes on without the operator
}

// model is explored with three attempts whose requests are over when they are seen,
// and with two of which more is told.
type model struct {
	inFlight     bool // requests are seen before they are over, and others start too
	retryUnknown bool // start.when_unknown: retry
	blind        bool // a tool runs on the start's path
	tail         bool // the ledger is as it was at any moment before, and not only before the start
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

// explore returns what went wrong first, "" for nothing, and whether a good end
// (started, one alive) was reached.
func (m *model) explore() (wrong string, good bool) {
	m.seen = map[world]bool{}
	m.push(world{})
	for len(m.queue) > 0 {
		w := m.queue[0]
		m.queue = m.queue[1:]
		if w.live > 1 {
			w.wrong = "two instances live at once"
		}
		if w.wrong != "" {
			return w.wrong, good
		}
		good = good || w.claim == migration.ClaimStarted && w.live == 1
		m.step(w)
	}
	return "", good
}

var modelIntent = migration.StartIntent{
	Definition: migration.DefinitionID{Package: "p", Version: "1", Process: "q"}, Requester: "cat", Record: "r",
	Variables: map[string]string{"amount": "17"},
}

// strange is the ID of the instance that somebody else started.
const strange migration.InstanceID = "9_p_q"

// linked are n instances of ours, and what others started.
func linked(n uint8, o others) []migration.Linked {
	var ls []migration.Linked
	add := func(id migration.InstanceID, amount string) {
		ls = append(ls, migration.Linked{
			TargetIdentity: migration.TargetIdentity{ID: id, Definition: modelIntent.Definition, Requester: "cat", Origin: "r"},
			State:          migration.StateRunning, Waiting: 1, Begun: []migration.Variable{{Name: "amount", Value: amount}},
		})
	}
	for i := range n {
		add(migration.InstanceID(fmt.Sprintf("%d_p_q", i)), "17")
	}
	switch o {
	case othersOther:
		add(strange, "99")
	case othersSame:
		add(strange, "17")
	case othersNone:
	}
	return ls
}

func ids(n uint8) []migration.InstanceID {
	var list []migration.InstanceID
	for _, l := range linked(n, othersNone) {
		list = append(list, l.ID)
	}
	return list
}

func (m *model) step(w world) {
	n := attempts
	if m.inFlight {
		n--
	}
	for i := range n {
		m.attempt(w, i)
		m.target(w, i)
	}
	m.reconcile(w)
	m.loseTail(w)
	if w.stopped && w.claim == migration.ClaimReleased && !w.retried {
		// The operator has an instance that was in the way of a start tried again.
		n := w
		n.stopped, n.retried = false, true
		m.push(n)
	}
	if m.inFlight && w.others == othersNone && !w.restored {
		for _, o := range []others{othersOther, othersSame} {
			n := w
			n.others = o
			m.push(n)
		}
	}
	if !w.settled && (quiet(w) || !m.retryUnknown) {
		n := w
		n.settled, n.early = true, w.early || !quiet(w)
		m.push(n)
	}
	if w.uncounted && quiet(w) {
		n := w
		n.uncounted = false // it was waited out
		m.push(n)
	}
}

// loseTail lets the ledger lose its last moments, once: it is as it was at any moment
// before, while a request may be under way. Two ledgers racing are outside the promise:
// no worker is about to send.
func (m *model) loseTail(w world) {
	if w.restored || w.claim == migration.ClaimNone || w.look.active {
		return
	}
	if m.tail && w.saved == (ledger{}) {
		n := w
		n.saved = w.ledger
		m.push(n)
	}
	if underway := m.inFlight || m.tail; !quiet(w) && (!underway || !cutOff(w)) {
		return
	}
	before := []ledger{{}}
	if m.inFlight {
		before = append(before, ledger{claim: migration.ClaimClaimed, token: w.token, taken: w.taken, baseline: w.baseline})
	}
	if w.saved != (ledger{}) && w.saved != w.ledger {
		before = append(before, w.saved)
	}
	for _, l := range before {
		if l.claim == migration.ClaimClaimed && w.phase[l.token-1] == phaseClaimed {
			continue // who froze there would be about to send
		}
		n := w
		n.ledger, n.saved, n.restored, n.stopped = l, ledger{}, true, false
		n.uncounted = unknownTo(w, l)
		m.push(n)
		if n.uncounted {
			// What stands in it is of an earlier attempt, and may be of long ago.
			n.settled = true
			m.push(n)
		}
	}
}

// unknownTo reports whether a request is under way of which a ledger knows nothing.
func unknownTo(w world, l ledger) bool {
	for i := range attempts {
		known := l.token == uint8(i+1) && (l.claim == migration.ClaimSending || l.claim == migration.ClaimUnknown)
		if (w.request[i] == requestOut || w.request[i].working()) && !known {
			return true
		}
	}
	return false
}

// quiet: no request runs and nobody stands between "sending" and the bytes.
func quiet(w world) bool {
	for i := range attempts {
		if w.request[i] == requestOut || w.request[i].working() || w.phase[i] == phaseSending {
			return false
		}
	}
	return true
}

// cutOff: requests run, and nobody waits for their answers any more.
func cutOff(w world) bool {
	for i := range attempts {
		if w.phase[i] == phaseSending || w.phase[i] == phaseSent {
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
		if !free || w.stopped || w.uncounted && m.has(ruleAccountFor) {
			return
		}
		n := w
		n.claim, n.token, n.fate, n.settled = migration.ClaimClaimed, me, migration.FateNone, false
		seen := w.live
		if !m.has(ruleLookBeforeDo) {
			seen = 0
		}
		d := migration.DecideClaimed(linked(seen, othersNone), modelIntent, nil, migration.Claim{Baseline: ids(w.baseline), BaselineTaken: w.taken})
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
		if w.request[i].working() {
			n = w
			n.phase[i] = phaseCut // the client's time is over, and the tool goes on
			m.push(n)
		}
		if w.request[i] == requestOut && !m.has(ruleNoResend) && !w.resent {
			n = w
			n.resent = true
			n.made(i)
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
	n := w
	switch r := w.request[i]; {
	case r == requestOut:
		n.request[i] = requestGone // refused before it made anything
		m.push(n)
		n = w
		n.request[i] = requestDone
		n.made(i)
		m.push(n)
		if m.inFlight {
			n.request[i] = requestSeen
			m.push(n)
		}
	case r.working():
		n.request[i]++
		m.push(n)
	}
}

// made counts the instance of a request.
func (w *world) made(i int) {
	if w.live++; w.live == 1 {
		w.maker = uint8(i)
	}
}

// shown is how far the start of the first live instance has come.
func shown(w world) request {
	if w.live == 0 {
		return requestNone
	}
	return w.request[w.maker]
}

// lookAt is what the target shows of a start that has come so far.
func (m *model) lookAt(r request) migration.Look {
	l := migration.Look{Effect: true, Print: fmt.Sprint(r)}
	spot := migration.Spot{Activity: "a", Manual: true, Held: true}
	switch r {
	case requestSeen:
		if m.blind {
			l.Open = []migration.Spot{{Activity: "t", Works: true}}
		}
		return l
	case requestMapping:
		spot.Held = m.blind
	case requestNone, requestOut, requestAssigning, requestAssigningOn, requestDone, requestGone:
	}
	if !m.has(ruleHeld) {
		spot.Held = true
	}
	l.Open = []migration.Spot{spot}
	return l
}

// over says whether the request that was looked for is over.
func (m *model) over(look looker, candidates []migration.Linked) migration.End {
	k := migration.CallKnowledge{Call: migration.Call{Verb: migration.VerbStartProcess}, Fate: look.fate, Settle: 1}
	if look.settled || !m.has(ruleSettle) {
		k.Age = 1
	}
	if !m.has(ruleOver) {
		return migration.EndSettled
	}
	k.Course.Waits = []migration.Stop{{Activity: "a"}}
	if m.blind && m.has(ruleBlind) {
		k.Course.Blind = "a tool runs"
	}
	if len(candidates) == 1 && candidates[0].MadeBy(modelIntent) {
		first, second := m.lookAt(look.seen), m.lookAt(look.again)
		if !m.has(ruleTwoLooks) {
			first = second
		}
		if !m.has(rulePrediction) {
			k.Course.Waits = nil
			for _, s := range second.Open {
				k.Course.Waits = append(k.Course.Waits, migration.Stop{Activity: s.Activity})
			}
		}
		k.Looks = []migration.Look{first, second}
	}
	return migration.DecideOver(k).End
}

func (m *model) reconcile(w world) {
	if w.stopped {
		return
	}
	switch {
	case !w.look.active:
		if w.claim == migration.ClaimNone || w.claim == migration.ClaimReleased || w.claim == migration.ClaimStarted {
			return
		}
		sent := w.claim == migration.ClaimSending || w.claim == migration.ClaimUnknown
		if w.uncounted && m.has(ruleAccountFor) && (!sent || m.has(ruleLater)) {
			return
		}
		n := w
		n.look = looker{active: true, claim: w.claim, token: w.token, fate: w.fate, settled: w.settled, live: w.live, others: w.others, seen: shown(w)}
		m.push(n)
		return
	case w.look.again == requestNone:
		n := w
		n.look.again = shown(w)
		// Between two statements passes less time than between two looks.
		if between := shown(w) == requestAssigning || shown(w) == requestAssigningOn; between && w.look.seen == shown(w) {
			return
		}
		if w.live == 0 {
			n.look.again = requestGone
		}
		m.push(n)
		return
	}
	m.act(w)
}

// act does what was decided on what was seen.
func (m *model) act(w world) {
	n := w
	n.look = looker{}
	k := migration.StartKnowledge{Claim: w.look.claim, Fate: w.look.fate}
	intent := modelIntent
	if !m.has(ruleValues) {
		intent.Variables = nil
	}
	candidates := migration.Unexplained(linked(w.look.live, w.look.others), intent, nil, ids(w.baseline))
	k.Over = m.over(w.look, candidates)
	if k.Fate == migration.FateNotSent && !m.has(ruleNotSent) {
		k.Fate, k.Over = migration.FateUnanswered, migration.EndSettled
	}
	d := migration.DecideReconcile(k, intent, candidates)
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
			n.wrong = m.mistaken(w, d.Candidate)
		}
	case migration.StartRelease:
		if same || !m.has(ruleReleaseSwaps) {
			n.claim, n.fate, n.settled = migration.ClaimReleased, migration.FateNone, false
			// Without the rule another attempt follows at once.
			n.uncounted = n.uncounted && m.has(ruleLater)
		}
	case migration.StartPark:
		n.stopped = true
	case migration.StartSend, migration.StartWait, migration.StartAbort, migration.StartDone:
	}
	m.push(n)
}

// mistaken says what is wrong with taking an instance over.
func (m *model) mistaken(w world, id migration.InstanceID) string {
	switch {
	case id == strange && w.others == othersOther:
		return "an instance that began with other values is taken over"
	case id == strange && w.look.fate == migration.FateNotSent:
		return "an instance is taken over, and nothing was sent"
	case id == strange:
		return "" // it cannot be told from ours, and nobody could
	case shown(w).working() && !w.early:
		return "an instance is taken over whose start is not over"
	}
	return ""
}

func TestStartModel_keeps_its_promises(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]*model{
		"three_attempts":                    {},
		"three_attempts_and_retry":          {retryUnknown: true},
		"a_ledger_loses_its_tail":           {tail: true},
		"a_ledger_loses_its_tail_and_retry": {tail: true, retryUnknown: true},
		"requests_in_flight":                {inFlight: true},
		"requests_in_flight_and_retry":      {inFlight: true, retryUnknown: true},
		"requests_in_flight_with_a_tool":    {inFlight: true, blind: true},
		"the_same_with_a_tool_and_a_retry":  {inFlight: true, blind: true, retryUnknown: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrong, good := m.explore()
			t.Logf("%d states", len(m.seen))
			if wrong != "" {
				t.Error(wrong)
			}
			if !good {
				t.Error("no run of the protocol ends with one started instance")
			}
		})
	}
}

func TestStartModel_needs_every_rule(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		without  rule
		retry    bool
		inFlight bool
		blind    bool
		tail     bool
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
		{without: ruleOver, inFlight: true},
		{without: ruleOver, inFlight: true, blind: true},
		{without: ruleBlind, inFlight: true, blind: true},
		{without: rulePrediction, inFlight: true},
		{without: ruleHeld, inFlight: true},
		{without: ruleTwoLooks, inFlight: true},
		{without: ruleValues, inFlight: true},
		{without: ruleNotSent, inFlight: true},
		{without: ruleAccountFor, inFlight: true},
		{without: ruleAccountFor, tail: true},
		{without: ruleLater, tail: true},
	} {
		t.Run(fmt.Sprintf("%s_%t_%t", tc.without, tc.blind, tc.tail), func(t *testing.T) {
			t.Parallel()
			m := &model{without: tc.without, retryUnknown: tc.retry, inFlight: tc.inFlight, blind: tc.blind, tail: tc.tail}
			wrong, _ := m.explore()
			t.Log(wrong)
			if wrong == "" {
				t.Errorf("without the rule %q nothing goes wrong: the model does not test it", tc.without)
			}
		})
	}
}
