package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"jogetferry/simulator/effects"
	"jogetferry/simulator/fault"
)

// say explains what comes next.
func say(format string, args ...any) { fmt.Printf("\n# "+format+"\n", args...) }

// window is how many instances are in the middle of their start when the
// worker is killed. They are of a process whose start tools insert no child
// rows: a row that a dead worker did not see come cannot be proven new.
const (
	window     = 6
	killedIn   = "leave/process1"
	killedWave = "leave"
)

// tell runs the migration as an administrator would, and finds out how it went.
func tell(ctx context.Context, s *stage) (verdict, error) {
	v := verdict{}
	var err error
	if v.running, err = s.source.running(ctx); err != nil {
		return v, err
	}
	say("A worker does the work. It sees the source through an account that may only read.")
	fmt.Println("$ worker &")
	first, err := s.startWorker()
	if err != nil {
		return v, err
	}
	for _, step := range []struct {
		about string
		args  []string
	}{
		{"All checks, nothing written yet.", []string{"check"}},
		{"The plan: what runs on the source goes into the ledger, each instance with its findings.", []string{"plan"}},
	} {
		if err := s.starter(ctx, step.about, step.args...); err != nil {
			return v, err
		}
	}
	if err := s.pilots(ctx); err != nil {
		return v, err
	}
	if err := s.killInTheMiddle(ctx, first.End); err != nil {
		return v, err
	}
	if err := s.parkOne(ctx); err != nil {
		return v, err
	}
	for _, step := range []struct {
		about string
		args  []string
	}{
		{"The first wave, too, comes to its end: what the dead worker had started was found on the target and adopted.", []string{"status", "--follow"}},
		{"Where everything stands.", []string{"status"}},
		{"Compare both sides once more.", []string{"verify"}},
	} {
		if err := s.starter(ctx, step.about, step.args...); err != nil {
			return v, err
		}
	}
	if err := s.takeBack(ctx); err != nil {
		return v, err
	}
	return v, s.judge(ctx, &v)
}

// takeBack undoes one instance and migrates it again.
func (s *stage) takeBack(ctx context.Context) error {
	instances, err := s.list(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(instances, func(i listed) bool { return strings.HasPrefix(i.Definition, "procure#") })
	if i < 0 {
		return errors.New("no instance could be taken back")
	}
	id := instances[i].Instance
	if err := s.starter(ctx, "What was a mistake is taken back: the target instance is closed, rows and files are what they were.", "rollback", id); err != nil {
		return err
	}
	return s.starter(ctx, "And it may be migrated again.", "pilot", id)
}

// starter runs one verb in the operator's terminal. An exit status other than 0 is an error.
func (s *stage) starter(ctx context.Context, about string, args ...string) error {
	status, err := s.run(ctx, os.Stdout, about, args...)
	if err == nil && status != 0 {
		err = fmt.Errorf("starter %s: exit status %d", strings.Join(args, " "), status)
	}
	return err
}

// run is starter with results on out; any exit status will do.
func (s *stage) run(ctx context.Context, out io.Writer, about string, args ...string) (status int, err error) {
	say("%s", about)
	fmt.Println("$ starter " + typed(args))
	cmd := s.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// typed is args as one would type them.
func typed(args []string) string {
	words := slices.Clone(args)
	for i, w := range words {
		if strings.Contains(w, " ") {
			words[i] = strconv.Quote(w)
		}
	}
	return strings.Join(words, " ")
}

func (s *stage) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.folder, "bin", "starter"), args...) //nolint:gosec // our own binary
	cmd.Dir, cmd.Env = s.folder, s.environ
	return cmd
}

// ask runs one verb and reads its JSON result.
func (s *stage) ask(ctx context.Context, result any, args ...string) error {
	cmd := s.command(ctx, append([]string{"-o", "json"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, result)
	}
	if err != nil {
		return fmt.Errorf("starter %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return nil
}

// listed is what `starter list` tells of an instance.
type listed struct {
	Instance   string `json:"instance"`
	Target     string `json:"target_instance"`
	State      string `json:"state"`
	Verdict    string `json:"verdict"`
	Definition string `json:"definition"`
	Record     string `json:"record"`
}

func (s *stage) list(ctx context.Context) ([]listed, error) {
	var result struct {
		Instances []listed `json:"instances"`
	}
	err := s.ask(ctx, &result, "list")
	return result.Instances, err
}

// pilots migrates the first instance of each definition.
func (s *stage) pilots(ctx context.Context) error {
	instances, err := s.list(ctx)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, i := range instances {
		if seen[i.Definition] {
			continue
		}
		seen[i.Definition] = true
		var story bytes.Buffer
		status, err := s.run(ctx, &story, "One instance of "+i.Definition+" first, step by step.", "pilot", i.Instance)
		// What follows is the story once more, with record IDs.
		about, _, _ := strings.Cut(story.String(), "\n\n")
		fmt.Println(about)
		if err == nil && status != 0 {
			err = fmt.Errorf("starter pilot %s: exit status %d", i.Instance, status)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// parkOne migrates all that is left while a foreign row is in the way of one
// instance, then removes the row and lets that one go on.
func (s *stage) parkOne(ctx context.Context) error {
	const process, unsettled = "onboard#", 4
	instances, err := s.list(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(instances, func(i listed) bool {
		return strings.HasPrefix(i.Definition, process) && (i.State == "ready" || i.State == "warned")
	})
	if i < 0 {
		return errors.New("no instance is left that could park")
	}
	stuck := instances[i]
	if _, err := s.target.db.ExecContext(ctx, insertForeign, stuck.Record); err != nil {
		return fmt.Errorf("put a row in the way: %w", err)
	}
	status, err := s.run(ctx, os.Stdout, "Meanwhile all others, with the new worker. On the target somebody made a record that one of them needs.", "wave", "--name", "rest")
	if err != nil {
		return err
	}
	if status != unsettled {
		return fmt.Errorf("a wave with a row in its way: exit status %d, want %d", status, unsettled)
	}
	if err := s.starter(ctx, "The wave did not stop for it: it waits for a decision.", "parked"); err != nil {
		return err
	}
	if _, err := s.target.db.ExecContext(ctx, deleteForeign, stuck.Record); err != nil {
		return fmt.Errorf("take the row away: %w", err)
	}
	err = s.starter(ctx, "The foreign record is taken away by hand, so it may go on.", "resolve", stuck.Instance, "--action", "retry", "--reason", "foreign record removed")
	if err != nil {
		return err
	}
	return s.awaitDone(ctx, stuck.Instance)
}

// awaitDone waits for an instance that no verb follows.
func (s *stage) awaitDone(ctx context.Context, instance string) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for {
		var is listed
		err := s.ask(ctx, &is, "show", instance)
		if err != nil || is.State == "done" {
			return err
		}
		select {
		case <-time.Tick(500 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("wait for %s, which is %s: %w", instance, is.State, ctx.Err())
		}
	}
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
	if err := s.awaitStarts(ctx, before+window); err != nil {
		return err
	}
	say("%d starts have happened and nobody knows: the worker dies, another one takes over, the target answers again.", window)
	fmt.Println("$ kill -9 %worker; worker &")
	if err := end(ctx, syscall.SIGKILL); err != nil {
		return err
	}
	s.target.sim.ClearFaults()
	_, err = s.startWorker()
	return err
}

// Bounds of how long a window of starts may take, and one instance.
const (
	startTime  = time.Minute
	settleTime = time.Minute
)

func (s *stage) awaitStarts(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for len(s.starts()) < n {
		select {
		case <-time.Tick(50 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("wait for %d starts on the target, %d so far: %w", n, len(s.starts()), ctx.Err())
		}
	}
	return nil
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
	after, err := s.source.state(ctx)
	if err != nil {
		return err
	}
	v.sourceDiff = s.before.diff(after)
	if n := len(s.source.sim.Effects()); n > 0 {
		v.sourceDiff += fmt.Sprintf("the source server did %d things\n", n)
	}
	v.sourceCalls = int(s.source.calls.Load())
	return nil
}
