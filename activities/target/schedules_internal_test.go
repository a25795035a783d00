package target

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"jogetferry/activities/step"
	"jogetferry/joget/api"
	"jogetferry/migration"
	"jogetferry/store"
	"jogetferry/test/mysqltest"
)

// The schedules of docs/adr/0002-start-protocol.md, in front of the code that
// runs in production: two attempts and reconciliations take turns at every act
// of the protocol; each may die before any of them; a request has its effect
// before its answer, after it, or never; an answer names the instance, is an
// error or is lost; the settle time passes too early; once, the ledger comes
// back from a backup taken before the start. Whatever happens, one instance of
// ours is alive at most, nothing is sent that the ledger does not know of, and
// what an answer said stands in the ledger when the attempt returns.
//
// A schedule is a list of choices. All with up to `deviations` choices other
// than the first are tried: the first is always that who is at it goes on, and
// that everything goes well.

// deviations of a schedule from the run in which nothing happens.
const deviations = 3

// schedule makes the choices of one run: those of a prefix, then the first each time.
type schedule struct {
	prefix  []int
	made    []int // what was chosen
	options []int // among how many
}

func (s *schedule) choose(n int) int {
	c := 0
	if len(s.made) < len(s.prefix) {
		c = s.prefix[len(s.made)]
	}
	s.made, s.options = append(s.made, c), append(s.options, n)
	return c
}

// explore runs all schedules, and returns how many there were and the first
// thing that went wrong, with the schedule in which it did.
func explore(run func(*schedule) []string) (runs int, wrong string) {
	next := [][]int{nil}
	for len(next) > 0 {
		prefix := next[len(next)-1]
		next = next[:len(next)-1]
		s := &schedule{prefix: prefix}
		runs++
		if failures := run(s); len(failures) > 0 {
			return runs, fmt.Sprintf("%s\nin the schedule %v", strings.Join(failures, "\n"), s.made)
		}
		spent := 0
		for _, c := range prefix {
			if c != 0 {
				spent++
			}
		}
		if spent == deviations {
			continue
		}
		for at := len(prefix); at < len(s.made); at++ {
			for c := 1; c < s.options[at]; c++ {
				next = append(next, append(slices.Clone(s.made[:at]), c))
			}
		}
	}
	return runs, ""
}

var (
	modelKey    = migration.ClaimKey{Source: "s", Instance: "1_p_q", Target: "t"}
	modelIntent = migration.StartIntent{Definition: migration.DefinitionID{Package: "p", Version: "1", Process: "q"}, Requester: "cat", Record: "r"}
	errDied     = errors.New("the worker died")
)

// start is a world with one start to make.
type start struct {
	s     *schedule
	retry bool // start.when_unknown: retry, and no request outlives the settle time
	claim migration.Claim
	alive []migration.Linked // of the record, not all ours
	ours  int
	// late are requests whose effect comes after their end.
	late     int
	settled  bool
	blind    bool     // a tool runs on the start's path
	working  progress // of the start whose answer was lost while it worked
	tooEarly bool     // the settle time passed while a request was under way
	restored bool
	posting  int // who stands between "sending" and its end
	log      []string
	failures []string
}

func (w *start) fail(format string, args ...any) {
	w.failures = append(w.failures, fmt.Sprintf(format, args...)+"\n"+strings.Join(w.log, "\n"))
}

// progress is how far a start has come that is seen while it works.
type progress int

const (
	notSeen     progress = iota
	created              // its instance is linked, and not started
	atCondition          // nothing is open; with a tool, the tool is
	atMapping            // an activity is open that nobody has been given; with a tool, a second one will follow
	assigning            // the first of those who are to hold it does
	assigningOn          // and the second
	workedOut            // it is over
)

// effect is what a request does in the target.
func (w *start) effect() migration.InstanceID {
	if w.ours++; w.ours > 1 {
		w.fail("%d instances of ours are alive", w.ours)
	}
	return w.appear()
}

// appear makes an instance of the record.
func (w *start) appear() migration.InstanceID {
	id := migration.InstanceID(fmt.Sprintf("%d_p_q", 40+len(w.alive)))
	w.alive = append(w.alive, migration.Linked{
		TargetIdentity: migration.TargetIdentity{ID: id, Definition: modelIntent.Definition, Requester: "cat", Origin: "r"}, State: migration.StateRunning, Waiting: 1,
	})
	w.log = append(w.log, "the target makes "+string(id))
	return id
}

// atWork reports whether a start still works in the target.
func (w *start) atWork() bool { return w.working != notSeen && w.working != workedOut }

// work lets the start of the last instance have come so far.
func (w *start) work(to progress) {
	w.working = to
	last := &w.alive[len(w.alive)-1]
	last.Waiting, last.Working, last.State = 1, 0, migration.StateRunning
	if to == created {
		last.State = migration.StateNotStarted
	}
	if to <= atCondition {
		last.Waiting = 0
	}
	if to == atCondition && w.blind {
		last.Working = 1
	}
	w.log = append(w.log, fmt.Sprintf("the start has come to %d", to))
}

// goOn lets the start that works come one step further.
func (w *start) goOn() { w.work(w.working + 1) }

// look is what the target shows of the start that works, or has.
func (w *start) look() migration.Look {
	l := migration.Look{Effect: true, Print: fmt.Sprint(w.working)}
	spot := migration.Spot{Activity: "a", Manual: true, Held: true}
	switch w.working {
	case created, atCondition:
		if w.blind && w.working == atCondition {
			l.Open = []migration.Spot{{Activity: "t", Works: true}}
		}
		return l
	case atMapping:
		spot.Held = w.blind
	case notSeen, assigning, assigningOn, workedOut:
	}
	l.Open = []migration.Spot{spot}
	return l
}

// actor is an attempt or a reconciliation: a goroutine that waits before each act.
type actor struct {
	world *start
	name  string
	turn  chan bool // true: act; false: the worker dies here
	said  chan string
	at    string
	dead  bool
	// posts: it is about to send.
	posts bool
}

// before waits for the turn to do what.
func (a *actor) before(what string) error {
	if a.dead {
		return errDied
	}
	a.said <- what
	if !<-a.turn {
		a.dead = true
		return errDied
	}
	a.world.log = append(a.world.log, a.name+": "+what)
	return nil
}

// ledger has the rules of store's claims; TestClaims_are_those_of_the_store
// compares the two.
type ledger struct{ *actor }

func (l ledger) conflict() error {
	return migration.E(migration.CodeConflict, "start", "1_p_q", "the claim is %s of %q", l.world.claim.State, l.world.claim.Token)
}

func (l ledger) Claim(_ context.Context, key migration.ClaimKey, record migration.RecordID, token migration.Token, _ migration.Name) (migration.Claim, bool, error) {
	if err := l.before("claim"); err != nil {
		return migration.Claim{}, false, err
	}
	claim, got, err := claimed(l.world.claim, key, record, token)
	l.world.claim = claim
	if got {
		l.world.settled = false
	}
	return claim, got, err
}

func (l ledger) SaveBaseline(_ context.Context, _ migration.ClaimKey, token migration.Token, ids []migration.InstanceID) error {
	if err := l.before("save the baseline"); err != nil {
		return err
	}
	return l.swap(baselined(l.world.claim, token, ids))
}

func (l ledger) Sending(_ context.Context, _ migration.ClaimKey, token migration.Token, _ map[string]string, def migration.DefinitionID) error {
	if err := l.before("record sending"); err != nil {
		return err
	}
	l.world.settled = false // the age counts from here
	return l.swap(sending(l.world.claim, token, def))
}

func (l ledger) Outcome(_ context.Context, _ migration.ClaimKey, token migration.Token, o migration.StartOutcome) error {
	if err := l.before(fmt.Sprintf("record the outcome %s, started %t", o.Fate, o.Started != nil)); err != nil {
		return err
	}
	return l.swap(outcome(l.world.claim, token, o))
}

func (l ledger) Adopt(_ context.Context, _ migration.ClaimKey, token migration.Token, identity migration.TargetIdentity) error {
	if err := l.before("adopt " + string(identity.ID)); err != nil {
		return err
	}
	err := l.swap(adopted(l.world.claim, token, identity))
	if err == nil && l.world.atWork() && !l.world.tooEarly {
		l.world.fail("%s adopts an instance whose start still works", l.name)
	}
	return err
}

func (l ledger) Release(_ context.Context, _ migration.ClaimKey, token migration.Token, from migration.ClaimState, why string) error {
	if err := l.before("release: " + why); err != nil {
		return err
	}
	return l.swap(released(l.world.claim, token, from))
}

func (l ledger) swap(claim migration.Claim, ok bool) error {
	if !ok {
		return l.conflict()
	}
	l.world.claim = claim
	return nil
}

// The rules of the claim, as package store keeps them. ok is false where the
// store says CodeConflict and writes nothing.

func claimed(c migration.Claim, key migration.ClaimKey, record migration.RecordID, token migration.Token) (migration.Claim, bool, error) {
	switch {
	case c.State == migration.ClaimReleased && c.Token == token:
		return c, false, migration.E(migration.CodeConflict, "claim", string(key.Instance), "this attempt was given up")
	case c.State != migration.ClaimNone && c.State != migration.ClaimReleased:
		return c, c.State == migration.ClaimClaimed && c.Token == token, nil
	}
	c.ClaimKey, c.State, c.Token, c.Record, c.Attempt = key, migration.ClaimClaimed, token, record, c.Attempt+1
	c.Fate, c.Refused, c.Named, c.Definition, c.Sent = migration.FateNone, "", "", migration.DefinitionID{}, nil
	return c, true, nil
}

func baselined(c migration.Claim, token migration.Token, ids []migration.InstanceID) (migration.Claim, bool) {
	switch {
	case c.State != migration.ClaimClaimed || c.Token != token:
		return c, false
	case c.BaselineTaken && !c.Accepted:
		return c, slices.Equal(c.Baseline, ids)
	}
	c.Baseline, c.BaselineTaken, c.Accepted = ids, true, false
	return c, true
}

func sending(c migration.Claim, token migration.Token, def migration.DefinitionID) (migration.Claim, bool) {
	if c.State != migration.ClaimClaimed || c.Token != token {
		return c, false
	}
	c.State, c.Definition = migration.ClaimSending, def
	return c, true
}

func outcome(c migration.Claim, token migration.Token, o migration.StartOutcome) (migration.Claim, bool) {
	open := c.State == migration.ClaimSending || c.State == migration.ClaimUnknown
	switch {
	case c.State == migration.ClaimStarted && o.Started != nil && o.Started.ID == c.Started.ID:
		return c, true
	case c.Token != token || !open:
		return c, false
	case o.Started != nil:
		c.State, c.Started, c.Fate = migration.ClaimStarted, *o.Started, o.Fate
		return c, true
	case o.Fate == migration.FateUnanswered:
		c.State = migration.ClaimUnknown
	}
	c.Fate, c.Refused, c.Named = o.Fate, o.Refused, o.Named
	return c, true
}

func adopted(c migration.Claim, token migration.Token, identity migration.TargetIdentity) (migration.Claim, bool) {
	switch {
	case c.State == migration.ClaimStarted && c.Started.ID == identity.ID:
		return c, true
	case c.State == migration.ClaimStarted || c.State == migration.ClaimNone || c.Token != token:
		return c, false
	}
	c.State, c.Started = migration.ClaimStarted, identity
	return c, true
}

func released(c migration.Claim, token migration.Token, from migration.ClaimState) (migration.Claim, bool) {
	if c.State == migration.ClaimReleased && c.Token == token {
		return c, true
	}
	if c.State != from || c.Token != token {
		return c, false
	}
	c.State = migration.ClaimReleased
	return c, true
}

// joget is the target of the world.
type joget struct{ *actor }

func (j joget) Linked(context.Context) ([]migration.Linked, error) {
	if err := j.before("look"); err != nil {
		return nil, err
	}
	return slices.Clone(j.world.alive), nil
}

func (j joget) RecordIsInstance(context.Context) (bool, error) { return false, nil }

func (j joget) Prepare(context.Context, int) (request, error) { return j, j.before("prepare") }

func (j joget) Aborted(context.Context, migration.InstanceID) (bool, error) { return false, nil }

func (j joget) Answered(context.Context) error { return j.before("capture") }
func (j joget) Abandon(context.Context)        {}

func (j joget) Leftovers(context.Context) ([]migration.InstanceID, error) { return nil, nil }

// Rest is the real one, with the looks of this world.
func (j joget) Rest(ctx context.Context, _ migration.InstanceID, k migration.CallKnowledge, _ migration.StartIntent) (migration.Over, error) {
	w := j.world
	k.Course = migration.Course{Waits: []migration.Stop{{Activity: "a"}}}
	if w.blind {
		k.Course.Blind = "a tool runs"
	}
	seen := notSeen
	return Guard{&step.Servers{}}.rest(ctx, k, func(context.Context) (migration.Look, error) {
		if err := j.before("look whether it rests"); err != nil {
			return migration.Look{}, err
		}
		// Between two statements passes less time than between two looks.
		if w.working == seen && (seen == assigning || seen == assigningOn) {
			w.goOn()
		}
		seen = w.working
		return w.look(), nil
	})
}

func (j joget) AbortWreck(_ context.Context, wreck migration.TargetIdentity) error {
	if err := j.before("abort " + string(wreck.ID)); err != nil {
		return err
	}
	w := j.world
	if !w.tooEarly {
		w.fail("%s aborts an instance that is no wreck", j.name)
	}
	// What was waited for too short is ended, and does not go on.
	w.working, w.ours = workedOut, 0
	w.alive = slices.DeleteFunc(w.alive, func(l migration.Linked) bool { return l.ID == wreck.ID })
	return nil
}

// Post sends, and chooses what comes of it.
func (j joget) Post(context.Context, migration.StartIntent) (api.StartAnswer, error) {
	w := j.world
	w.posting++
	j.posts = true
	err := j.before("send")
	w.posting--
	j.posts = false
	if err != nil {
		return api.StartAnswer{}, err
	}
	if w.claim.State != migration.ClaimSending && w.claim.State != migration.ClaimUnknown && w.claim.State != migration.ClaimStarted && !w.restored {
		w.fail("%s sends, and the ledger says %q", j.name, w.claim.State)
	}
	cut := &api.CallError{Op: "process/start", Fate: api.Unanswered, Kind: api.KindCut}
	failed := &api.CallError{Op: "process/start", Fate: api.Answered, Kind: api.KindServerError, Status: 500}
	switch c := w.s.choose(9); c {
	case 0:
		return api.StartAnswer{Instance: w.effect(), RecordEchoed: true}, nil
	case 1:
		w.effect()
		return api.StartAnswer{}, cut
	case 2:
		w.late++
		return api.StartAnswer{}, cut
	case 3:
		return api.StartAnswer{}, cut
	case 4:
		w.effect()
		return api.StartAnswer{}, failed
	case 5, 6, 7, 8:
		w.effect()
		w.work(progress(c - 4))
		w.tooEarly = w.settled
		return api.StartAnswer{}, cut
	}
	return api.StartAnswer{}, failed
}

// protocol returns the start protocol of production for an actor.
func (a *actor) protocol() *protocol {
	return &protocol{
		ledger: ledger{a}, target: joget{a}, key: modelKey, intent: modelIntent, settle: time.Hour, retryUnknown: a.world.retry,
		explain: func(context.Context, []migration.Linked) (migration.Explained, error) { return nil, nil },
	}
}

// attempt is StartProcess: what stands in the ledger decides whether one is made.
func (a *actor) attempt() {
	if err := a.before("read the claim"); err != nil {
		return
	}
	if c := a.world.claim; c.State != migration.ClaimNone && c.State != migration.ClaimReleased {
		return
	}
	r, err := a.protocol().attempt(context.Background(), migration.Token(a.name), "m")
	c := a.world.claim
	switch {
	case err != nil || a.dead || a.world.restored:
	case r.status == startStarted && slices.Contains(c.Baseline, r.started.ID):
		a.world.fail("%s takes an instance for its own that was there before", a.name)
	case r.status == startStarted && (c.State != migration.ClaimStarted || c.Started != r.started):
		a.world.fail("%s says started, and the ledger %q", a.name, c.State)
	case r.status == startUnknown && c.Token == migration.Token(a.name) && c.Fate == migration.FateNone && c.State == migration.ClaimSending:
		a.world.fail("%s ends without its outcome in the ledger", a.name)
	}
}

// reconcile is ReconcileStart.
func (a *actor) reconcile() {
	if err := a.before("read the claim"); err != nil {
		return
	}
	claim := a.world.claim
	if claim.State == migration.ClaimStarted || claim.State == migration.ClaimNone || claim.State == migration.ClaimReleased {
		return
	}
	if a.world.settled {
		claim.Age = 2 * time.Hour
	}
	p := a.protocol()
	p.intent = asSent(p.intent, claim)
	r, err := p.reconcile(context.Background(), claim)
	if r.status == startStarted && slices.Contains(claim.Baseline, r.started.ID) {
		a.world.fail("%s adopts an instance that was there before", a.name)
	}
	var wait *step.WaitError
	if err != nil && !errors.As(err, &wait) && !errors.Is(err, errDied) && migration.CodeOf(err) != migration.CodeConflict {
		a.world.fail("%s: %v", a.name, err)
	}
}

// run lets two attempts and two reconciliations take turns.
func run(s *schedule, before func(*start)) []string {
	w := &start{s: s}
	if before != nil {
		before(w)
	}
	begin := func(name string, do func(*actor)) *actor {
		a := &actor{world: w, name: name, turn: make(chan bool), said: make(chan string)}
		go func() {
			do(a)
			close(a.said)
		}()
		a.at = <-a.said
		return a
	}
	actors := []*actor{
		begin("first", (*actor).attempt), begin("look one", (*actor).reconcile),
		begin("second", (*actor).attempt), begin("look two", (*actor).reconcile),
	}
	for {
		type option struct {
			a     *actor
			act   bool
			world func()
		}
		var options []option
		for _, a := range actors {
			if a.at != "" {
				options = append(options, option{a: a, act: true})
			}
		}
		if len(options) == 0 {
			return w.failures
		}
		// Who is at it may die, instead of going on.
		if a := options[0].a; a.at != "read the claim" {
			options = append(options, option{a: a})
		}
		if w.late > 0 {
			options = append(options, option{world: func() {
				w.late--
				w.effect()
			}})
		}
		if w.atWork() {
			options = append(options, option{world: w.goOn}, option{world: func() { w.work(workedOut) }})
		}
		if !w.settled && (!w.retry || w.late == 0 && w.posting == 0 && !w.atWork()) {
			options = append(options, option{world: func() { w.settled, w.tooEarly = true, w.tooEarly || w.atWork() || w.posting > 0 }})
		}
		if !w.restored && w.claim.State != migration.ClaimNone && w.late == 0 && w.posting == 0 && !w.atWork() {
			options = append(options, option{world: func() {
				w.log = append(w.log, "the ledger is restored")
				w.restored, w.claim, w.settled = true, migration.Claim{}, false
			}})
		}
		o := options[s.choose(len(options))]
		if o.world != nil {
			o.world()
			continue
		}
		o.a.turn <- o.act
		o.a.at = <-o.a.said
	}
}

func TestStart_makes_one_whatever_the_schedule(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		before func(*start)
	}{
		{"nothing_is_there", func(*start) {}},
		// Its ledger is lost.
		{"one_of_ours_is_there_already", func(w *start) { w.effect() }},
		{"the_operator_accepted_what_is_there", func(w *start) {
			w.claim = migration.Claim{ClaimKey: modelKey, State: migration.ClaimReleased, Token: "before", Baseline: []migration.InstanceID{w.appear()}, BaselineTaken: true}
			w.restored = true // what the operator said would be lost
		}},
		{"an_unknown_start_is_tried_again", func(w *start) { w.retry = true }},
		{"a_tool_runs_on_its_path", func(w *start) { w.blind = true }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			runs, wrong := explore(func(s *schedule) []string { return run(s, tc.before) })
			t.Logf("%d schedules", runs)
			if wrong != "" {
				t.Error(wrong)
			}
		})
	}
}

func TestStart_is_made_where_nothing_happens(t *testing.T) {
	t.Parallel()
	var w *start
	run(&schedule{}, func(made *start) { w = made })
	if w.claim.State != migration.ClaimStarted || w.ours != 1 || len(w.failures) != 0 {
		t.Errorf("the claim is %q, %d are alive: %v", w.claim.State, w.ours, w.failures)
	}
}

// The claims of the schedules have the rules of the store's.
func TestClaims_are_those_of_the_store(t *testing.T) {
	t.Parallel()
	ledger, err := store.Open(t.Context(), mysqltest.DSN(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ledger.Close() })
	const mig = "m"
	if err := ledger.Bind(t.Context(), migration.Binding{Migration: mig, Source: modelKey.Source, Target: modelKey.Target}, ""); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 40 {
		key := modelKey
		key.Instance = migration.InstanceID(fmt.Sprintf("%d_p_q", n))
		record := migration.RecordID(fmt.Sprintf("r-%d", n))
		if err := ledger.SavePlan(t.Context(), mig, "p", []migration.PlanEntry{{Entry: migration.Entry{Instance: key.Instance, Definition: modelIntent.Definition, Record: record, State: migration.InstanceReady}}}); err != nil {
			t.Fatal(err)
		}
		var model migration.Claim
		var did []string
		for range 14 {
			token := []migration.Token{"a", "b"}[random.IntN(2)]
			id := migration.InstanceID(fmt.Sprintf("%d_t_%d", 50+random.IntN(2), n))
			identity := migration.TargetIdentity{ID: id, OID: string(id), Created: 1, Definition: modelIntent.Definition}
			var stored error
			ok, act := true, random.IntN(7)
			did = append(did, fmt.Sprint(act, token, id))
			switch act {
			case 0, 1:
				var got, want bool
				var refused error
				_, got, stored = ledger.Claim(t.Context(), key, record, token, mig)
				if model, want, refused = claimed(model, key, record, token); refused == nil && got != want {
					t.Fatalf("%v: the store gives the claim: %t, the model: %t", did, got, want)
				}
				ok = refused == nil
			case 2:
				ids := []migration.InstanceID{}
				stored = ledger.SaveBaseline(t.Context(), key, token, ids)
				model, ok = baselined(model, token, ids)
			case 3:
				stored = ledger.Sending(t.Context(), key, token, nil, modelIntent.Definition)
				model, ok = sending(model, token, modelIntent.Definition)
			case 4:
				o := migration.StartOutcome{Fate: []migration.Fate{migration.FateAnswered, migration.FateUnanswered, migration.FateNotSent}[random.IntN(3)]}
				if o.Fate == migration.FateAnswered && random.IntN(2) == 0 {
					o.Started = &identity
				}
				stored = ledger.Outcome(t.Context(), key, token, o)
				model, ok = outcome(model, token, o)
			case 5:
				from := []migration.ClaimState{migration.ClaimClaimed, migration.ClaimSending, migration.ClaimUnknown}[random.IntN(3)]
				stored = ledger.Release(t.Context(), key, token, from, "why")
				model, ok = released(model, token, from)
			case 6:
				stored = ledger.Adopt(t.Context(), key, token, identity)
				model, ok = adopted(model, token, identity)
			}
			if ok != (stored == nil) {
				t.Fatalf("%v: the store says %v, the model %t", did, stored, ok)
			}
			now, err := ledger.Claimed(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			if now.State != model.State || now.State != migration.ClaimNone && now.Token != model.Token || now.Started.ID != model.Started.ID || now.Fate != model.Fate || now.BaselineTaken != model.BaselineTaken {
				t.Fatalf("%v: the store has %+v, the model %+v", did, now, model)
			}
		}
	}
}
