package e2e_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"jogetferry/contract"
	"jogetferry/test/e2e/rig"
	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/fault"
	"jogetferry/test/simulator/seed"
	"jogetferry/test/simulator/server"
)

// backup copies every table of a database and returns a function that puts
// them back as they were.
func (c *truth) backup(db *sql.DB) (restore func()) {
	c.t.Helper()
	here := c.rows(db, "SELECT DATABASE()")[0]
	cfg := strings.Split(mysqltest.DSN(c.t), "/")
	there, _, _ := strings.Cut(cfg[len(cfg)-1], "?")
	tables := c.rows(db, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()")
	clone := func(from, to string) {
		c.t.Helper()
		// One connection: the setting is the session's.
		conn, err := db.Conn(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		run := func(statement string) {
			if _, err := conn.ExecContext(c.t.Context(), statement); err != nil {
				c.t.Fatalf("%s: %v", statement, err)
			}
		}
		run("SET foreign_key_checks = 0")
		for _, table := range tables {
			run("CREATE TABLE IF NOT EXISTS `" + to + "`.`" + table + "` LIKE `" + from + "`.`" + table + "`")
			run("DELETE FROM `" + to + "`.`" + table + "`")
			run("INSERT INTO `" + to + "`.`" + table + "` SELECT * FROM `" + from + "`.`" + table + "`")
		}
		run("SET foreign_key_checks = 1")
	}
	clone(here, there)
	return func() { clone(there, here) }
}

// parkings returns the reasons of the parked instances.
func (s *storm) parkings() map[string]string {
	s.t.Helper()
	reasons := map[string]string{}
	for _, line := range s.rows(s.ledger, "SELECT instance, reason FROM instance WHERE state = 'parked'") {
		id, reason, _ := strings.Cut(line, "|")
		reasons[id] = reason
	}
	return reasons
}

// starts counts the starts that happened on the target.
func (s *storm) starts() int {
	n := 0
	for _, e := range s.Effects() {
		if e.What == effects.Start && !s.strangers[e.Instance] {
			n++
		}
	}
	return n
}

const minutes = 2 * time.Minute

func TestChaosLedgerRestored(t *testing.T) {
	t.Parallel()
	s := newStorm(t, rig.Options{Seed: seed.Options{Seed: 21, Instances: 6, Positions: mixed}})
	s.worker = s.StartWorker()
	s.plan()
	restore := s.backup(s.ledger)
	s.Starter(0, nil, "wave", "--without-pilot")
	before := s.starts()
	// The wave is settled a moment before its workflow ends, whose ID the next one gets.
	if err := s.Client().GetWorkflow(t.Context(), contract.WaveID("crm", "1"), "").Get(t.Context(), nil); err != nil {
		t.Fatal(err)
	}

	s.worker.Kill()
	restore()
	s.worker = s.StartWorker()
	s.Starter(4, nil, "wave", "--without-pilot")
	for id, reason := range s.parkings() {
		if reason != "started_earlier" {
			s.tell(id)
			t.Errorf("%s is parked for %s", id, reason)
		}
	}
	if now := s.starts(); now != before || len(s.parkings()) != before {
		t.Fatalf("%d starts after the ledger was restored, %d before; parked: %v", now, before, s.parkings())
	}
	for _, i := range s.Seeded.Instances {
		s.Starter(0, nil, "resolve", i.ID, "--action", "adopt", "--target", s.live(i.RecordID)[0])
	}
	// What was accepted in somebody's name the ledger does not know any more: it
	// may be his own work, and so the operator is asked.
	asked := map[string]bool{}
	rig.Eventually(t, minutes, "adopted instances are done", func() bool {
		for id, reason := range s.parkings() {
			if reason == "target_moved" && !asked[id] {
				asked[id] = true
				s.Starter(0, nil, "resolve", id, "--action", "accept")
			}
		}
		return len(s.parkings()) == 0 && s.unsettled() == 0
	})
	accepted := func(i seed.Instance) bool {
		return slices.ContainsFunc(i.Activities, func(a seed.Activity) bool { return a.Accepted })
	}
	for _, i := range s.Seeded.Instances {
		if asked[i.ID] != accepted(i) {
			t.Errorf("%s: asked about work on it: %t", i.ID, asked[i.ID])
		}
	}
	s.moved(slices.DeleteFunc(slices.Clone(s.Seeded.Instances), accepted))
}

func TestChaosTargetRestored(t *testing.T) {
	t.Parallel()
	s := newStorm(t, rig.Options{Seed: seed.Options{Seed: 22, Instances: 6, Positions: []string{"leave/process1/confirm"}}})
	s.worker = s.StartWorker()
	s.plan()
	restore := s.backup(s.Target)
	s.Starter(0, nil, "wave", "--without-pilot", "--size", "3")
	before := s.starts()
	s.RestartTarget(restore)

	s.Starter(4, nil, "wave", "--without-pilot")
	for id, reason := range s.parkings() {
		if reason != "target_rewound" {
			s.tell(id)
			t.Errorf("%s is parked for %s", id, reason)
		}
	}
	if now := s.starts(); now != before || len(s.parkings()) != 3 {
		t.Fatalf("%d starts after the target was restored, %d before; parked: %v", now, before, s.parkings())
	}
	// The operator knows that it was restored, and goes on. The restored target
	// gives the numbers of the instances it forgot to new ones.
	for id := range s.parkings() {
		s.Starter(0, nil, "resolve", id, "--action", "retry")
	}
	rig.Eventually(t, minutes, "instances go on after the restore", func() bool { return s.unsettled() == 0 })
	lost := 0
	for _, i := range s.Seeded.Instances {
		live := s.live(i.RecordID)
		known := s.rows(s.ledger, "SELECT target_id FROM instance WHERE instance = ? AND state = 'done' AND verdict = 'same' AND target_id IS NOT NULL", i.ID)
		if !slices.Equal(live, known) {
			s.tell(i.ID)
			t.Errorf("%s: the target has %v, the ledger knows %v", i.ID, live, known)
		}
		if len(live) == 0 {
			lost++
		}
	}
	// Those of the first wave are gone with the restore, and are not taken for done.
	out, _, _ := s.Run(t.Context(), "verify")
	var verdict struct{ Same, Different, Moved int }
	if err := json.Unmarshal(out, &verdict); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if lost != 3 || verdict.Same != 3 || verdict.Different+verdict.Moved != 3 {
		t.Errorf("%d are lost, and verify says %+v", lost, verdict)
	}
	s.SourceUnchanged()
}

// instanceOf is the process ID in the path of a call of monitoring/activity/start.
func instanceOf(c rig.Call) string {
	_, rest, _ := strings.Cut(c.Path, "activity/start/")
	id, _, _ := strings.Cut(rest, "/")
	return id
}

// complete does the first open activity of a target instance, as somebody it is
// assigned to, and returns its ID.
func (s *storm) complete(ctx context.Context, instance string) string {
	list, err := s.Sim.Engine().Activities(ctx, instance)
	if err != nil {
		s.t.Error(err)
		return ""
	}
	for _, a := range list {
		users, err := s.Sim.Engine().Assignees(ctx, a)
		if err != nil || len(users) == 0 || !strings.HasPrefix(a.State, "open") {
			continue
		}
		if _, err := s.Sim.Engine().Complete(ctx, engine.Caller{Name: users[0]}, a.ID, nil); err != nil {
			s.t.Error(err)
		}
		return a.ID
	}
	return ""
}

func TestChaosUserInTheMiddleOfAResume(t *testing.T) {
	t.Parallel()
	s := newStorm(t, rig.Options{Seed: seed.Options{Seed: 23, Instances: 3, Positions: []string{"procure/process1/parallel"}}})
	worked := map[string]string{} // instance -> activity
	s.gate.Set(func(m rig.Moment, c rig.Call) bool {
		// The first call of each instance is over, its answer on its way.
		if m == rig.Effected && strings.Contains(c.Path, "activity/start/") && c.Form.Get("abortCurrent") == "true" {
			if id := instanceOf(c); worked[id] == "" {
				worked[id] = s.complete(context.WithoutCancel(t.Context()), id)
			}
		}
		return false
	})
	s.Setenv("FERRY_WORKER_MAX_CALLS", "1")
	s.worker = s.StartWorker()
	s.plan()
	s.Starter(4, nil, "wave", "--without-pilot")
	s.gate.Set(nil)
	if parked := s.parkings(); len(parked) != 3 || len(worked) != 3 {
		t.Fatalf("parked %v, worked on %v", parked, worked)
	}
	for id, reason := range s.parkings() {
		if reason != "target_moved" {
			s.tell(id)
			t.Errorf("%s is parked for %s", id, reason)
		}
	}
	work := map[string]int64{} // instance -> when somebody worked on it
	for _, e := range s.Effects() {
		switch {
		case e.What == effects.Complete:
			work[e.Instance] = e.Seq
		case work[e.Instance] != 0 && (e.What == effects.Abort || e.What == effects.ActivityAbort || e.What == effects.ActivityStart && e.AbortCurrent):
			t.Errorf("after somebody worked on it: %+v", e)
		}
	}
	for id := range s.parkings() {
		s.Starter(0, nil, "resolve", id, "--action", "accept", "--reason", "let them work")
	}
	rig.Eventually(t, minutes, "accepted instances are done", func() bool { return len(s.parkings()) == 0 && s.unsettled() == 0 })
	for _, line := range s.rows(s.ledger, "SELECT instance, verdict, target_id FROM instance") {
		f := strings.Split(line, "|")
		if f[1] != "accepted" || worked[f[2]] == "" {
			t.Errorf("%s has verdict %q", f[0], f[1])
		}
		state := s.rows(s.Target, "SELECT st.KeyValue FROM SHKActivities a JOIN SHKActivityStates st ON st.oid = a.State WHERE a.Id = ?", worked[f[2]])
		if !slices.Equal(state, []string{"closed.completed"}) {
			t.Errorf("what somebody did in %s is %v", f[2], state)
		}
	}
	s.SourceUnchanged()
}

// stranger has somebody else start the process of i on its record.
func (s *storm) stranger(ctx context.Context, i seed.Instance, name string) {
	definition := strings.Replace(i.Definition, "#3#", "#latest#", 1)
	res, err := s.Sim.Engine().Start(ctx, engine.Caller{Name: name}, engine.StartRequest{Definition: definition, RecordID: i.RecordID})
	if err != nil {
		s.t.Error(err)
	}
	s.strangers[res.Instance] = true
}

func TestChaosSomebodyElseStartsOnTheSameRecord(t *testing.T) {
	t.Parallel()
	s := newStorm(t, rig.Options{Seed: seed.Options{Seed: 24, Instances: 4, Positions: []string{"leave/process1/confirm"}}})
	early, meanwhile, lost, never := s.Seeded.Instances[0], s.Seeded.Instances[1], s.Seeded.Instances[2], s.Seeded.Instances[3]
	// Somebody who is none of the requesters.
	users := slices.DeleteFunc(s.rows(s.Target, "SELECT username FROM dir_user WHERE username NOT IN ('admin', 'master') ORDER BY username"), func(user string) bool {
		return slices.ContainsFunc(s.Seeded.Instances, func(i seed.Instance) bool { return i.Requester == user })
	})
	name := users[0]
	ctx := context.WithoutCancel(t.Context())
	s.stranger(ctx, early, name)
	s.gate.Set(func(m rig.Moment, c rig.Call) bool {
		record := c.Form.Get("recordId")
		if !strings.Contains(c.Path, "process/start/") || record == "" {
			return false
		}
		if m == rig.Sent && record != early.RecordID {
			for _, i := range []seed.Instance{meanwhile, lost, never} {
				if i.RecordID == record {
					s.stranger(ctx, i, name)
				}
			}
			return record == never.RecordID
		}
		return m == rig.Effected && record == lost.RecordID
	})
	s.Setenv("FERRY_WORKER_MAX_CALLS", "1")
	s.worker = s.StartWorker()
	s.plan()
	s.Starter(4, nil, "wave", "--without-pilot")
	s.gate.Set(nil)

	if len(s.strangers) != 4 {
		t.Fatalf("strangers: %v", s.strangers)
	}
	parked := s.parkings()
	for i, want := range map[*seed.Instance]string{&early: "started_earlier", &lost: "start_ambiguous", &never: "start_ambiguous"} {
		if parked[i.ID] != want {
			s.tell(i.ID)
			t.Errorf("%s is parked for %q, want %q", i.ID, parked[i.ID], want)
		}
	}
	// What was answered is known whoever else started; the second one is told.
	if reason := parked[meanwhile.ID]; reason != "" && reason != "two_starts" {
		s.tell(meanwhile.ID)
		t.Errorf("%s is parked for %q", meanwhile.ID, reason)
	}
	s.Starter(0, nil, "resolve", early.ID, "--action", "accept", "--reason", "theirs stays")
	s.Starter(0, nil, "resolve", lost.ID, "--action", "adopt", "--target", s.live(lost.RecordID)[0])
	s.Starter(0, nil, "resolve", never.ID, "--action", "skip")
	rig.Eventually(t, minutes, "all are done or skipped", func() bool {
		parked := s.parkings()
		for id, reason := range parked {
			if reason == "two_starts" {
				s.Run(t.Context(), "resolve", id, "--action", "accept", "--reason", "theirs stays")
			}
		}
		return len(parked) == 0 && s.unsettled() == 0
	})
	for _, line := range s.rows(s.ledger, "SELECT instance, state, COALESCE(target_id, '') FROM instance") {
		f := strings.Split(line, "|")
		want := "done"
		if f[0] == never.ID {
			want = "skipped"
		}
		if f[1] != want || s.strangers[f[2]] {
			s.tell(f[0])
			t.Errorf("%s is %s, want %s, with target %s", f[0], f[1], want, f[2])
		}
	}
	for _, i := range s.Seeded.Instances {
		want := 1
		if i.ID == never.ID {
			want = 0
		}
		if live := s.live(i.RecordID); len(live) != want {
			t.Errorf("%s has %v besides the stranger's", i.ID, live)
		}
	}
	for _, e := range s.Effects() {
		if s.strangers[e.Instance] && e.Caller != name {
			t.Errorf("the stranger's instance was touched: %+v", e)
		}
	}
	s.SourceUnchanged()
}

func TestChaosResumeCallsWithoutEffect(t *testing.T) {
	t.Parallel()
	// What the start opened is what is wanted, but for the variables it copied:
	// calls that did nothing must not be taken for the one that makes it anew.
	s := newStorm(t, rig.Options{
		Seed: seed.Options{Seed: 25, Instances: 3, Positions: []string{"procure/process1/parallel"}},
		Simulator: server.Options{Faults: []fault.Rule{
			{Path: "activity/start/", Kind: fault.Error500Before, Count: 3},
			{Path: "activity/start/", Kind: fault.HTML502, Count: 3},
		}},
	})
	s.worker = s.StartWorker()
	s.plan()
	s.Starter(0, nil, "wave", "--without-pilot")
	s.moved(s.Seeded.Instances)
}
