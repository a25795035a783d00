package e2e_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/fault"
	"jogetferry/test/simulator/seed"
	"jogetferry/test/temporaltest"
)

// envSeed names the variable that repeats a storm.
const envSeed = "FERRY_TEST_CHAOS_SEED"

// storm is a migration to which things happen.
type storm struct {
	*truth
	rng                    *rand.Rand
	gate                   *rig.Gate
	sourceDB, targetDB, db *rig.Proxy // db is the ledger's
	worker                 *rig.Worker
	began                  time.Time

	done   map[string]int // what happened, by its name
	parked map[string]int // by reason
	// resolved are parkings that were resolved, as instance|reason|number.
	resolved map[string]bool
	faults   map[string]int // fired, by kind
	struck   []time.Time    // when a worker was killed, or connections were cut
}

// settle is how long an unanswered call is waited for in these tests, timeout
// how long a call is.
const (
	settle  = 4 * time.Second
	timeout = 2 * time.Second
)

func newStorm(t *testing.T, o rig.Options) *storm {
	t.Helper()
	number := uint64(time.Now().UnixNano())
	if text := os.Getenv(envSeed); text != "" {
		var err error
		if number, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", envSeed, err)
		}
	}
	t.Logf("%s=%d repeats the order of what happens", envSeed, number)
	s := &storm{
		rng: rand.New(rand.NewPCG(number, number)), gate: &rig.Gate{},
		done: map[string]int{}, parked: map[string]int{}, resolved: map[string]bool{}, faults: map[string]int{},
		began: time.Now(),
	}
	o.Gate = s.gate
	o.Proxy = func(which, dsn string) string {
		p := rig.NewProxy(t, dsn)
		switch which {
		case "source":
			s.sourceDB = p
		case "target":
			s.targetDB = p
		default:
			s.db = p
		}
		return p.DSN(t, dsn)
	}
	if o.Temporal == nil {
		o.Temporal = temporaltest.New(t, temporaltest.Options{DBFile: filepath.Join(t.TempDir(), "temporal.db")})
	}
	settings := map[string]string{
		"FERRY_START_SETTLE": settle.String(), "FERRY_TARGET_TIMEOUT": timeout.String(),
		// Few at a time, so that a kill hits few and the rest is left for the next.
		"FERRY_WORKER_MAX_CALLS": "3", "FERRY_WORKER_MAX_COPIES": "2",
	}
	maps.Copy(settings, o.Settings)
	o.Settings = settings
	s.truth = newTruth(t, rig.New(t, o))
	s.revise()
	s.t.Cleanup(func() {
		s.gate.Set(nil)
		if t.Failed() {
			s.dump()
		}
	})
	return s
}

// revise gives instances with several open activities another value than the one
// that the start tools of their process set, so that resuming them takes as many
// calls as they have activities: one is not enough where the first start's
// activities cannot stay.
func (s *storm) revise() {
	s.t.Helper()
	for _, i := range s.Seeded.Of(seed.Ordinary) {
		if i.Position != "parallel" {
			continue
		}
		changed := int64(0)
		for _, statement := range []string{
			"UPDATE SHKProcessData d JOIN SHKProcesses p ON p.oid = d.Process SET d.VariableValueVCHAR = 'revised' WHERE p.Id = ? AND d.VariableDefinitionId = 'status'",
			"UPDATE SHKProcessDataWOB d JOIN SHKProcesses p ON p.oid = d.Process SET d.VariableValueVCHAR = 'revised' WHERE p.Id = ? AND d.VariableDefinitionId = 'status'",
			"UPDATE SHKActivityData d JOIN SHKActivities a ON a.oid = d.Activity SET d.VariableValueVCHAR = 'revised' WHERE a.ProcessId = ? AND d.VariableDefinitionId = 'status'",
			"UPDATE SHKActivityDataWOB d JOIN SHKActivities a ON a.oid = d.Activity SET d.VariableValueVCHAR = 'revised' WHERE a.ProcessId = ? AND d.VariableDefinitionId = 'status'",
		} {
			result, err := s.Source.ExecContext(s.t.Context(), statement, i.ID)
			if err != nil {
				s.t.Fatal(err)
			}
			n, err := result.RowsAffected()
			if err != nil {
				s.t.Fatal(err)
			}
			changed += n
		}
		if changed < 2 {
			s.t.Fatalf("%s has no status to revise", i.ID)
		}
	}
	s.SourceChanged()
}

// dump tells what is needed to understand a failure.
func (s *storm) dump() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.t.Context()), 20*time.Second)
	defer cancel()
	out, _, _ := s.Run(ctx, "list", "--state", "claimed,in_flight,waiting,parked,failed,skipped")
	s.t.Logf("not done:\n%s", out[:min(len(out), 8000)])
	c, err := s.Temporal.Client(ctx)
	if err != nil {
		s.t.Logf("no Temporal: %v", err)
		return
	}
	defer c.Close()
	open, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: "default", Query: "ExecutionStatus='Running'"})
	if err != nil {
		s.t.Logf("list workflows: %v", err)
		return
	}
	for _, e := range open.GetExecutions() {
		line := "open: " + e.GetExecution().GetWorkflowId()
		if d, err := c.DescribeWorkflowExecution(ctx, e.GetExecution().GetWorkflowId(), ""); err == nil {
			for _, a := range d.GetPendingActivities() {
				line += fmt.Sprintf("; %s attempt %d %s %s", a.GetActivityType().GetName(), a.GetAttempt(), a.GetState(), a.GetLastFailure().GetMessage())
			}
		}
		s.t.Log(line)
	}
}

// pause lets the wave go on for up to most.
func (s *storm) pause(most time.Duration) {
	select {
	case <-time.After(time.Duration(s.rng.Int64N(int64(most)))):
	case <-s.t.Context().Done():
	}
}

// kill kills the worker with SIGKILL, calls then, if not nil, and starts another one.
func (s *storm) kill(then func()) {
	s.t.Helper()
	s.struck = append(s.struck, time.Now())
	s.worker.Kill()
	if then != nil {
		then()
	}
	s.worker = s.StartWorker()
}

// revive does what supervises a worker: it starts another one for one that
// ended by itself, as it does when Temporal goes away while it starts.
func (s *storm) revive() {
	s.t.Helper()
	select {
	case <-s.worker.Done():
		s.done["worker ended by itself"]++
		s.worker = s.StartWorker()
	default:
	}
}

// reach bounds how long an incident waits for its point: half a minute passes before
// Temporal gives what a dead worker had to another.
const reach = 90 * time.Second

// point is a moment of a call of the target.
type point struct {
	at     rig.Moment
	drop   bool // the call goes no further
	wanted func(rig.Call) bool
}

// killAt kills the worker at the first of points that comes, and returns which; -1:
// none came.
func (s *storm) killAt(points ...point) int {
	s.t.Helper()
	caught, free := make(chan int, 1), make(chan struct{})
	var once sync.Once
	s.gate.Set(func(at rig.Moment, c rig.Call) bool {
		n := slices.IndexFunc(points, func(p point) bool { return at == p.at && p.wanted(c) })
		if n < 0 {
			return false
		}
		hit := false
		once.Do(func() { hit = true })
		if !hit {
			return false
		}
		caught <- n
		<-free
		return points[n].drop
	})
	defer s.gate.Set(nil)
	release := sync.OnceFunc(func() { close(free) })
	defer release()
	for began := time.Now(); time.Since(began) < reach && s.unsettled() > 0; {
		select {
		case n := <-caught:
			s.kill(release)
			return n
		case <-time.After(time.Second):
		case <-s.t.Context().Done():
			return -1
		}
	}
	return -1
}

// claimed finds starts that are claimed and not sent.
const claimed = "SELECT instance FROM start_claim WHERE state = 'claimed'"

// killWhen kills the worker when query finds a row in the ledger.
func (s *storm) killWhen(query string) bool {
	s.t.Helper()
	return s.stopWhen(query, s.kill)
}

// stopWhen calls stop when query finds a row in the ledger, with the target's
// database held so that the worker cannot get past that point. stop calls
// release when it can go on no more.
func (s *storm) stopWhen(query string, stop func(release func())) bool {
	s.t.Helper()
	deadline := time.After(reach)
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for {
		if found := s.rows(s.ledger, query); len(found) > 0 {
			release := s.targetDB.Hold()
			// Still there after a while: the worker waits for the target.
			<-time.After(30 * time.Millisecond)
			if slices.ContainsFunc(s.rows(s.ledger, query), func(id string) bool { return slices.Contains(found, id) }) {
				stop(release)
				return true
			}
			release()
		}
		select {
		case <-deadline:
			return false
		case <-s.t.Context().Done():
			return false
		case <-poll.C:
		}
	}
}

// cut cuts the connections to databases as soon as there are some.
func (s *storm) cut(databases ...*rig.Proxy) bool {
	s.t.Helper()
	cut := 0
	rig.Eventually(s.t, reach, "connections to cut", func() bool {
		s.revive()
		for _, p := range databases {
			cut += p.Cut()
		}
		return cut > 0
	})
	s.struck = append(s.struck, time.Now())
	return cut > 0
}

func calls(path string) func(rig.Call) bool {
	return func(c rig.Call) bool { return strings.Contains(c.Path, path) }
}

func adds(c rig.Call) bool {
	return strings.Contains(c.Path, "activity/start") && c.Form.Get("abortCurrent") == "false"
}

// incident is something that can happen: the worker is killed at a point, or happen
// does something; false means that its time did not come.
type incident struct {
	name   string
	point  *point
	happen func(*storm) bool
}

func kills(name string, at rig.Moment, drop bool, wanted func(rig.Call) bool) incident {
	return incident{name: name, point: &point{at, drop, wanted}}
}

func does(name string, happen func(*storm) bool) incident {
	return incident{name: name, happen: happen}
}

func always(do func(*storm)) func(*storm) bool {
	return func(s *storm) bool { do(s); return true }
}

// incidents are all there are.
func incidents() []incident {
	return []incident{
		does("kill: claim written", func(s *storm) bool { return s.killWhen(claimed) }),
		kills("kill: POST sent", rig.Sent, false, calls("process/start")),
		kills("kill: POST sent, and lost", rig.Sent, true, calls("process/start")),
		kills("kill: POST effected", rig.Effected, false, calls("process/start")),
		kills("kill: POST answered", rig.Answered, false, calls("process/start")),
		does("kill: outcome written", func(s *storm) bool {
			return s.killWhen("SELECT c.instance FROM start_claim c JOIN instance i ON i.instance = c.instance WHERE c.state = 'started' AND i.step = 'start' AND i.state = 'in_flight'")
		}),
		kills("kill: between two resume calls", rig.Sent, true, adds),
		kills("kill: resume call effected", rig.Effected, false, calls("activity/start")),
		does("kill: at random", always(func(s *storm) { s.pause(time.Second); s.kill(nil) })),
		does("Temporal stopped and started", always(func(s *storm) {
			if err := s.Temporal.Kill(s.t.Context()); err != nil {
				s.t.Fatal(err)
			}
			s.pause(2 * time.Second)
			if err := s.Temporal.Restart(s.t.Context()); err != nil {
				s.t.Fatal(err)
			}
		})),
		does("cut: ledger", func(s *storm) bool { return s.cut(s.db) }),
		does("cut: target", func(s *storm) bool { return s.cut(s.targetDB) }),
		does("cut: source", func(s *storm) bool { return s.cut(s.sourceDB) }),
		does("cut: all", func(s *storm) bool { return s.cut(s.db, s.targetDB, s.sourceDB) }),
	}
}

// harm returns a rule for every kind of fault on path, one kind after the other.
func harm(path string, skip int) []fault.Rule {
	var rules []fault.Rule
	for _, r := range []fault.Rule{
		{Kind: fault.Error500Before},
		{Kind: fault.Error500After},
		{Kind: fault.CutAfter},
		{Kind: fault.CutBefore},
		{Kind: fault.AnswerLate, Delay: timeout + time.Second},
		{Kind: fault.DelayedCommit, Delay: settle / 2},
		{Kind: fault.Redirect302},
		{Kind: fault.Bad400},
		{Kind: fault.HTML502},
		{Kind: fault.HTML502, After: true},
		{Kind: fault.Empty200},
		{Kind: fault.Empty200, After: true},
		{Kind: fault.Truncated},
		{Kind: fault.DuplicateJSON},
	} {
		r.Path, r.Count, r.Skip = path, stormTimes, skip
		rules = append(rules, r)
	}
	return rules
}

// happen lets an incident happen and counts it.
func (s *storm) happen(i incident) bool {
	s.t.Helper()
	if i.point != nil {
		return len(s.happenFirst([]incident{i})) == 0
	}
	s.revive()
	s.t.Logf("%5.1f s: %s", time.Since(s.began).Seconds(), i.name)
	if !i.happen(s) {
		return false
	}
	s.done[i.name]++
	return true
}

// happenFirst lets the one of incidents happen whose point comes first, and returns the
// others: all, where none came.
func (s *storm) happenFirst(all []incident) []incident {
	s.t.Helper()
	s.revive()
	points := make([]point, len(all))
	for i := range all {
		points[i] = *all[i].point
	}
	n := s.killAt(points...)
	if n < 0 {
		return all
	}
	s.t.Logf("%5.1f s: %s", time.Since(s.began).Seconds(), all[n].name)
	s.done[all[n].name]++
	return slices.Delete(all, n, n+1)
}

// strike lets each of incidents happen, in some order. The points of all of them are
// waited for at once: a rare one must not go by while another is waited for. What can
// come at another time has two chances, on a machine that is slow.
func (s *storm) strike(all []incident) {
	s.t.Helper()
	s.rng.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	var atCalls, others []incident
	for _, i := range all {
		if i.point != nil {
			atCalls = append(atCalls, i)
		} else {
			others = append(others, i)
		}
	}
	for len(atCalls)+len(others) > 0 {
		if s.rng.IntN(len(atCalls)+len(others)) < len(atCalls) {
			left := s.happenFirst(atCalls)
			if len(left) == len(atCalls) {
				left = nil // nor will they
			}
			atCalls = left
		} else {
			if !s.happen(others[0]) {
				s.happen(others[0])
			}
			others = others[1:]
		}
		s.pause(300 * time.Millisecond)
	}
	for _, i := range all {
		if s.done[i.name] == 0 {
			s.t.Logf("%s: its point never came", i.name)
		}
	}
}

// unsettled counts the instances that are neither done nor with the operator.
func (s *storm) unsettled() int {
	return len(s.rows(s.ledger, "SELECT instance FROM instance WHERE state IN ('ready', 'warned', 'claimed', 'in_flight', 'waiting')"))
}

// settled waits until the wave has nothing left to do by itself, and what was
// resolved has gone on.
func (s *storm) settled(limit time.Duration) {
	s.t.Helper()
	rig.Eventually(s.t, limit, "every instance done or parked", func() bool {
		s.revive()
		for _, parking := range s.rows(s.ledger, parkings) {
			if s.resolved[parking] {
				return false
			}
		}
		return s.unsettled() == 0
	})
}

const parkings = "SELECT instance, reason, park_id FROM instance WHERE state = 'parked' ORDER BY ordinal"

// truthful are the reasons that a fault can cause, with what must be true then.
// All are for the operator to have tried again, but for those with an answer of their own.
var truthful = map[string]func(s *storm, i seed.Instance){
	"start_outcome_unknown": (*storm).nothingStarted,
	"start_refused":         (*storm).nothingStarted,
	"start_failed":          (*storm).nothingStarted,
	"identity_refused":      (*storm).nothingStarted,
	"step_failed":           (*storm).refused,
	"verify_differs":        (*storm).leftover,
	"variables_differ":      (*storm).unset,
	"restore_unsure":        (*storm).unseen,
}

// answers are what the operator of a storm says, in which nobody but tools changes rows.
var answers = map[string]string{"restore_unsure": "put_back"}

// unseen checks that nobody saw the end of a call which may have changed rows.
func (s *storm) unseen(i seed.Instance) {
	s.t.Helper()
	if len(s.rows(s.ledger, "SELECT id FROM row_capture WHERE instance = ? AND id LIKE '%/late'", i.ID)) == 0 {
		s.t.Errorf("%s is unsure of rows or files, and every call was looked at right after its answer", i.ID)
		s.tell(i.ID)
	}
}

// unset checks that variables differ since a call that set one was lost in a
// way that looks like an answer.
func (s *storm) unset(i seed.Instance) {
	s.t.Helper()
	found := s.rows(s.ledger, "SELECT COALESCE(target_id, '') FROM instance WHERE instance = ?", i.ID)
	if live := s.live(i.RecordID); !slices.Equal(live, found) {
		s.t.Errorf("%s: the ledger knows %v, the target has %v", i.ID, found, live)
	}
	args := []any{i.ID, i.ID}
	if slices.Equal(s.rows(s.Source, processVariables, args...), s.rows(s.Target, processVariables, found[0], found[0])) {
		s.t.Errorf("%s is parked for variables that do not differ", i.ID)
	}
}

// differences are the items of an instance's last comparison that decide and are not the same.
const differences = `SELECT kind, result, subject FROM verdict_item
	WHERE instance = ? AND result <> 'same' AND kind NOT IN ('assignee', 'accepted', 'limit') ORDER BY kind, subject`

// leftover does what an operator does who finds rows that a start tool inserted
// on the target. Ferry leaves them where it could not look right after the
// start, since its answer was lost or the worker was killed: anybody may have
// inserted them until it did.
func (s *storm) leftover(i seed.Instance) {
	s.t.Helper()
	if len(s.rows(s.ledger, "SELECT id FROM step_log WHERE instance = ? AND (event = 'adopted' OR event = 'rows_reverted' AND facts LIKE '%\"appeared\"%')", i.ID)) == 0 {
		s.t.Errorf("%s differs, and nobody was interrupted between its start and a look at what that changed", i.ID)
		s.tell(i.ID)
	}
	for _, item := range s.rows(s.ledger, differences, i.ID) {
		row, extra := strings.CutPrefix(item, "row|extra|")
		table, id, _ := strings.Cut(row, "/")
		if !extra {
			s.t.Errorf("%s differs, which an adoption does not explain: %s", i.ID, item)
			continue
		}
		if _, err := s.Target.ExecContext(s.t.Context(), "DELETE FROM `app_fd_"+table+"` WHERE id = ?", id); err != nil {
			s.t.Fatal(err)
		}
	}
}

// refusal is what the ledger says of a call that Joget itself refused, and of an
// attempt that found its instance parked by one that died before it could say so.
var refusal = regexp.MustCompile("^(activity/start|process/variable|activity/reassign|assignment/[a-zA-Z]+) (not_logged_in|referer_refused): refused|conflict .the instance is parked")

// refused checks that a step failed for one of these, and that the target has
// what the ledger says.
func (s *storm) refused(i seed.Instance) {
	s.t.Helper()
	found := s.rows(s.ledger, "SELECT detail, COALESCE(target_id, '') FROM instance WHERE instance = ?", i.ID)
	detail, target, _ := strings.Cut(found[0], "|")
	var want []string
	if target != "" {
		want = []string{target}
	}
	if !refusal.MatchString(detail) || !slices.Equal(s.live(i.RecordID), want) {
		s.t.Errorf("%s: a step failed for %q, and the target has %v", i.ID, detail, s.live(i.RecordID))
	}
}

func (s *storm) nothingStarted(i seed.Instance) {
	s.t.Helper()
	if live := s.live(i.RecordID); len(live) != 0 {
		s.t.Errorf("%s is parked as not started, and the target has %v", i.ID, live)
	}
}

// unstick checks that every parked instance says the truth, and has it tried again.
func (s *storm) unstick() (resolved int) {
	s.t.Helper()
	for _, parking := range s.rows(s.ledger, parkings) {
		f := strings.Split(parking, "|")
		id, reason := f[0], f[1]
		s.parked[reason]++
		check, known := truthful[reason]
		n := slices.IndexFunc(s.Seeded.Instances, func(i seed.Instance) bool { return i.ID == id })
		if !known || n < 0 {
			story, _, _ := s.Run(s.t.Context(), "show", id)
			s.t.Fatalf("%s is parked for %s, which nothing here explains:\n%s", id, reason, story)
		}
		check(s, s.Seeded.Instances[n])
		resolved++
		s.resolved[parking] = true
		action, special := answers[reason]
		if !special {
			action = "retry"
		}
		_, errs, status := s.Run(s.t.Context(), "resolve", id, "--action", action, "--reason", "the fault is over")
		// An attempt that parked and died before it could say so is made again.
		if status != 0 && !strings.Contains(errs, "not parked") {
			s.t.Fatalf("resolve %s: %d: %s", id, status, errs)
		}
	}
	return resolved
}

// calm ends the faults, lets the wave settle and resolves what it left, until
// all is done.
func (s *storm) calm(limit time.Duration) {
	s.t.Helper()
	s.settled(limit)
	s.endFaults()
	for range 6 {
		if s.unstick() == 0 {
			return
		}
		s.settled(limit)
	}
	s.t.Errorf("instances are still parked after every one was tried again")
}

// endFaults lets no more calls go wrong, and counts those that did.
func (s *storm) endFaults() {
	for _, r := range s.Sim.FaultStates() {
		if r.Rule.Kind != fault.Latency && r.Fired > 0 {
			name := string(r.Rule.Kind)
			if r.Rule.After {
				name += " after the effect"
			}
			s.faults[name] += r.Fired
		}
	}
	s.Sim.ClearFaults()
}

// sum prints the numbers.
func (s *storm) sum(instances int) {
	list := func(counts map[string]int) string {
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			parts = append(parts, fmt.Sprintf("%s %d", name, counts[name]))
		}
		return strings.Join(parts, ", ")
	}
	calls := map[string]int{}
	for _, e := range s.Effects() {
		switch {
		case e.What == effects.ActivityStart && e.AbortCurrent:
			calls["activity/start true"]++
		case e.What == effects.ActivityStart:
			calls["activity/start false"]++
		case e.What == effects.Start, e.What == effects.Variable:
			calls[e.What]++
		}
	}
	s.t.Logf("CHAOS %d instances in %.0f s\n  incidents: %s\n  faults: %s\n  parked: %s\n  effects: %s", instances,
		time.Since(s.began).Seconds(), list(s.done), list(s.faults), list(s.parked), list(calls))
}

// plan plans the migration. Its probes meet the faults of the target as every call does, and
// then it stops before the inventory: nothing further could be believed.
func (s *storm) plan() {
	s.t.Helper()
	for tries := 1; ; tries++ {
		out, errs, status := s.Run(s.t.Context(), "plan")
		if status == 0 {
			return
		}
		if tries == planTries || !strings.Contains(string(out), `"stopped": true`) {
			s.t.Fatalf("plan: exit status %d\n%s\n%s", status, out, errs)
		}
	}
}

// planTries is how often a plan is made that meets faults.
const planTries = 5
