package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// starter runs one verb in the operator's terminal. An exit status other than 0 is an error.
func (s *stage) starter(ctx context.Context, about string, args ...string) error {
	return s.starterTo(ctx, s.terminal, about, args...)
}

// starterTo is starter with the results on out.
func (s *stage) starterTo(ctx context.Context, out io.Writer, about string, args ...string) error {
	status, err := s.run(ctx, out, about, args...)
	if err == nil && status != 0 {
		err = fmt.Errorf("starter %s: exit status %d", strings.Join(args, " "), status)
	}
	return err
}

// starterPart is starter of whose results the terminal shows what part keeps.
func (s *stage) starterPart(ctx context.Context, part func(results string) string, about string, args ...string) error {
	var results bytes.Buffer
	err := s.starterTo(ctx, &results, about, args...)
	s.terminal.print(part(results.String()))
	return err
}

// run is starterTo that returns the exit status, which is for the caller to judge.
func (s *stage) run(ctx context.Context, out io.Writer, about string, args ...string) (status int, err error) {
	s.terminal.say("%s", about)
	s.terminal.typed("starter " + quoted(args))
	cmd := s.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = out, s.terminal
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// quoted is args as one would type them.
func quoted(args []string) string {
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

// ask runs one verb out of sight and reads its JSON result.
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

// find returns the first listed instance that fits.
func (s *stage) find(ctx context.Context, fits func(listed) bool) (listed, error) {
	instances, err := s.list(ctx)
	if err != nil {
		return listed{}, err
	}
	i := slices.IndexFunc(instances, fits)
	if i < 0 {
		return listed{}, errors.New("no instance is left for what comes next")
	}
	return instances[i], nil
}

// awaitDone waits for an instance that no verb follows.
func (s *stage) awaitDone(ctx context.Context, instance string) error {
	var is listed
	return await(ctx, 500*time.Millisecond, func(ctx context.Context) (bool, string, error) {
		err := s.ask(ctx, &is, "show", instance)
		return is.State == "done", instance + ", which is " + is.State, err
	})
}

// patience is how long anything may take that others do for the demo: far longer
// than it takes on a machine that is busy with other things.
const patience = 10 * time.Minute

// await looks every interval until it is true; look also tells what is waited for.
func await(ctx context.Context, interval time.Duration, look func(context.Context) (isTrue bool, what string, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		isTrue, what, err := look(ctx)
		if err != nil || isTrue {
			return err
		}
		select {
		case <-time.Tick(interval):
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		}
	}
}
