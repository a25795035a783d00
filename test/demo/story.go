package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/fault"
)

// The wave whose worker is killed while window instances are in the middle of
// their start. They are of a process whose start tools insert no child rows: a
// row that a dead worker did not see come cannot be proven new.
const (
	killedWave = "leave"
	killedIn   = "leave/process1"
	window     = 6
)

// restWave is the wave of all others.
const restWave = "rest"

// tell runs the migration as an administrator would, and finds out how it went.
func tell(ctx context.Context, s *stage) (verdict, error) {
	v := verdict{}
	var err error
	if v.running, err = s.source.list(ctx, selectRunning); err != nil {
		return v, err
	}
	s.terminal.say("A worker does the work. It sees the source through an account that may only read.")
	s.terminal.typed("worker &")
	first, err := s.startWorker()
	if err != nil {
		return v, err
	}
	for _, chapter := range []func(context.Context) error{
		s.plan,
		s.copyAll,
		s.pilots,
		func(ctx context.Context) error { return s.killInTheMiddle(ctx, first.End) },
		s.parkOne,
		s.lookBack,
		s.takeBack,
	} {
		if err := chapter(ctx); err != nil {
			return v, err
		}
	}
	return v, s.judge(ctx, &v)
}

// plan runs all checks and takes the inventory. The ledger is empty in between.
func (s *stage) plan(ctx context.Context) error {
	if err := s.starter(ctx, "All checks, nothing written yet.", "check"); err != nil {
		return err
	}
	var err error
	if s.measured.empty, err = s.ledger.weigh(ctx); err != nil {
		return err
	}
	return s.starter(ctx, "The plan: what runs on the source goes into the ledger, each instance with its findings.", "plan")
}

// copyAll brings all data over, of closed instances and of none, too.
func (s *stage) copyAll(ctx context.Context) error {
	return s.starter(ctx, "All data of the apps first, days before anything else if you like: every row and every file, compared on both sides.", "copy")
}

// pilots migrates one instance of each definition: one with a branch at a join
// or with a deadline where there is such an instance.
func (s *stage) pilots(ctx context.Context) error {
	instances, err := s.list(ctx)
	if err != nil {
		return err
	}
	special, err := s.source.list(ctx, selectSpecial)
	if err != nil {
		return err
	}
	var order []string
	chosen := map[string]string{}
	for _, i := range instances {
		if chosen[i.Definition] == "" {
			order = append(order, i.Definition)
			chosen[i.Definition] = i.Instance
		}
		if slices.Contains(special, i.Instance) && !slices.Contains(special, chosen[i.Definition]) {
			chosen[i.Definition] = i.Instance
		}
	}
	for _, definition := range order {
		if err := s.starterPart(ctx, firstParagraph, "One instance of "+definition+" first, step by step.", "pilot", chosen[definition]); err != nil {
			return err
		}
	}
	return nil
}

// firstParagraph leaves out the story that a pilot tells once more at its end,
// with record IDs.
func firstParagraph(results string) string {
	about, _, _ := strings.Cut(results, "\n\n")
	return about
}

// comparison is what `starter show` prints of the last comparison.
func comparison(results string) string {
	_, rest, _ := strings.Cut(results, "\n\nCompared ")
	about, _, _ := strings.Cut(rest, "\n\nLog\n")
	return "...\nCompared " + about + "\n..."
}

// killInTheMiddle starts a wave on a target that answers no start, kills the
// worker while a whole window of them has taken effect unanswered, and starts
// another worker.
func (s *stage) killInTheMiddle(ctx context.Context, end func(context.Context, os.Signal) error) error {
	if err := s.target.sim.AddFaults(fault.Rule{Path: "process/start", Kind: fault.AnswerLate, Delay: time.Hour}); err != nil {
		return err
	}
	before := len(s.starts())
	err := s.starter(ctx, fmt.Sprintf("A wave, %d at a time. From here on the target starts processes but does not answer.", window),
		"wave", "--process", killedIn, "--name", killedWave, "--window", fmt.Sprint(window), "--detach")
	if err != nil {
		return err
	}
	err = await(ctx, 50*time.Millisecond, func(context.Context) (bool, string, error) {
		n := len(s.starts()) - before
		return n >= window, fmt.Sprintf("%d starts on the target, %d so far", window, n), nil
	})
	if err != nil {
		return err
	}
	s.terminal.say("%d starts have happened and nobody knows: the worker dies, another one takes over, the target answers again.", window)
	s.terminal.typed("kill -9 %worker; worker &")
	if err := end(ctx, syscall.SIGKILL); err != nil {
		return err
	}
	s.target.sim.ClearFaults()
	_, err = s.startWorker()
	return err
}

// parkOne migrates all that is left while a foreign row has taken the place of one that
// was copied, then removes the row and lets that instance go on.
func (s *stage) parkOne(ctx context.Context) error {
	const process, unsettled = "onboard#", 4
	stuck, err := s.find(ctx, func(i listed) bool {
		return strings.HasPrefix(i.Definition, process) && (i.State == "ready" || i.State == "warned")
	})
	if err != nil {
		return err
	}
	if _, err := s.target.db.ExecContext(ctx, replaceByForeign, stuck.Record); err != nil {
		return fmt.Errorf("put a row in the way: %w", err)
	}
	status, err := s.run(ctx, s.terminal, "Meanwhile all others, with the new worker. On the target somebody has replaced a record that one of them needs.",
		"wave", "--name", restWave)
	if err != nil {
		return err
	}
	if status != unsettled {
		return fmt.Errorf("a wave with a row in its way: exit status %d, want %d", status, unsettled)
	}
	if s.measured.wave, err = s.ledger.rate(ctx, restWave); err != nil {
		return err
	}
	if err := s.starter(ctx, "The wave did not stop for it: it waits for a decision.", "parked"); err != nil {
		return err
	}
	if _, err := s.target.db.ExecContext(ctx, deleteForeign, stuck.Record); err != nil {
		return fmt.Errorf("take the row away: %w", err)
	}
	err = s.starter(ctx, "The foreign record is taken away by hand, so it is copied again and may go on.",
		"resolve", stuck.Instance, "--action", "retry", "--reason", "foreign record removed")
	if err != nil {
		return err
	}
	return s.awaitDone(ctx, stuck.Instance)
}

// lookBack follows what the dead worker began to its end, and compares.
func (s *stage) lookBack(ctx context.Context) error {
	for _, step := range []struct {
		about string
		args  []string
	}{
		{"The first wave, too, comes to its end: what the dead worker had started was found on the target and adopted.", []string{"status", "--follow"}},
		{"Where everything stands.", []string{"status"}},
		{"Compare both sides once more.", []string{"verify"}},
	} {
		if err := s.starter(ctx, step.about, step.args...); err != nil {
			return err
		}
	}
	deadlines, err := s.source.list(ctx, selectDeadline)
	if err != nil {
		return err
	}
	if len(deadlines) == 0 {
		return errors.New("no instance of the source has a deadline")
	}
	return s.starterPart(ctx, comparison, "Limits and deadlines count from the migration on. A comparison shows it and decides nothing by it.", "show", deadlines[0])
}

// takeBack undoes one instance and migrates it again.
func (s *stage) takeBack(ctx context.Context) error {
	mistake, err := s.find(ctx, func(i listed) bool { return strings.HasPrefix(i.Definition, "procure#") })
	if err != nil {
		return err
	}
	if err := s.starter(ctx, "What was a mistake is taken back: the target instance is closed, rows and files are what they were.", "rollback", mistake.Instance); err != nil {
		return err
	}
	return s.starterPart(ctx, firstParagraph, "And it may be migrated again.", "pilot", mistake.Instance)
}

// starts are the instances that the target has made so far and that nobody has
// taken back since.
func (s *stage) starts() []effects.Effect {
	var list []effects.Effect
	for _, e := range s.target.sim.Effects() {
		switch {
		case e.What == effects.Start && e.Instance != "":
			list = append(list, e)
		case e.What == effects.Abort:
			list = slices.DeleteFunc(list, func(s effects.Effect) bool { return s.Instance == e.Instance })
		}
	}
	return list
}

// judge fills in what the ends of all sides say.
func (s *stage) judge(ctx context.Context, v *verdict) error {
	instances, err := s.list(ctx)
	if err != nil {
		return err
	}
	v.moved = map[string]string{}
	for _, i := range instances {
		if i.State == "done" && i.Verdict == "same" {
			v.moved[i.Instance] = i.Target
		}
	}
	var compared struct {
		Same int `json:"same"`
	}
	if err := s.ask(ctx, &compared, "verify"); err != nil {
		return err
	}
	v.same = compared.Same
	v.starts = map[string]int{}
	for _, e := range s.starts() {
		v.starts[e.RecordID]++
	}
	if v.kept, err = s.kept(ctx); err != nil {
		return err
	}
	after, err := s.source.state(ctx)
	if err != nil {
		return err
	}
	v.sourceDiff = s.before.diff(after)
	there, err := s.target.state(ctx)
	if err != nil {
		return err
	}
	v.kept = append(v.kept, after.rowsIn(there), after.filesIn(there))
	if n := len(s.source.sim.Effects()); n > 0 {
		v.sourceDiff += fmt.Sprintf("the source server did %d things\n", n)
	}
	v.sourceCalls = int(s.source.calls.Load())
	s.measured.instances, s.measured.cores = len(instances), runtime.NumCPU()
	s.measured.full, err = s.ledger.weigh(ctx)
	return err
}

// kept counts on both servers what is easily lost.
func (s *stage) kept(ctx context.Context) ([]kept, error) {
	list := []kept{{what: "branches that wait at a join"}, {what: "open subflows"}, {what: "deadlines, which begin anew"}}
	for i, query := range []string{countBranches, countSubflows, countDeadlines} {
		for _, side := range []struct {
			db *joget
			n  *int
		}{{s.source, &list[i].source}, {s.target, &list[i].target}} {
			if err := side.db.db.QueryRowContext(ctx, query).Scan(side.n); err != nil {
				return nil, fmt.Errorf("count %s: %w", list[i].what, err)
			}
		}
	}
	return list, nil
}
