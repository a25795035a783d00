package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jogetferry/migration"
)

// Entries are the instances of the plan, and their numbers.
type Entries interface {
	Entry(ctx context.Context, mig migration.Name, id migration.InstanceID) (migration.Entry, error)
	EntriesEach(ctx context.Context, mig migration.Name, f migration.Filter) iter.Seq2[migration.Entry, error]
	Counts(ctx context.Context, mig migration.Name, f migration.Filter) (migration.Counts, error)
	CountsByDefinition(ctx context.Context, mig migration.Name, f migration.Filter) ([]migration.DefinitionCounts, error)
}

// filterFlags select instances.
type filterFlags struct {
	processes                                    []string
	requester, startedBefore, file, wave, reason string
}

func (f *filterFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&f.processes, "process", nil, "only these processes, as package/process")
	cmd.Flags().StringVar(&f.requester, "requester", "", "only instances of this requester")
	cmd.Flags().StringVar(&f.startedBefore, "started-before", "", "only instances started before this date or time, 2026-10-31 or RFC 3339, in UTC")
	cmd.Flags().StringVar(&f.file, "instances", "", "only the instances listed in this `FILE`, one ID a line")
}

// filter checks the flags against the ledger: what it does not know is a
// mistake, not an empty wave.
func (f *filterFlags) filter(ctx context.Context, s *session) (migration.Filter, error) {
	out := migration.Filter{Requester: migration.User(f.requester), Wave: migration.WaveName(f.wave), Reason: migration.Reason(f.reason)}
	if len(f.processes) > 0 {
		known, err := s.processes(ctx)
		if err != nil {
			return out, err
		}
		for _, p := range f.processes {
			if !slices.Contains(known, p) {
				return out, unknownWord("process", p, known)
			}
		}
		out.Processes = f.processes
	}
	if f.startedBefore != "" {
		t, err := parseTime(f.startedBefore)
		if err != nil {
			return out, err
		}
		out.StartedBefore = migration.EpochMillis(t.UnixMilli())
	}
	if out.Wave != "" {
		if _, err := s.wave(ctx, out.Wave); err != nil {
			return out, err
		}
	}
	if f.reason != "" {
		var known []string
		for _, r := range migration.Reasons() {
			known = append(known, string(r))
		}
		if !slices.Contains(known, f.reason) {
			return out, unknownWord("reason", f.reason, known)
		}
	}
	if f.file != "" {
		ids, err := readInstances(f.file)
		if err != nil {
			return out, err
		}
		out.Instances = ids
		return out, s.needInstances(ctx, ids)
	}
	return out, nil
}

// processes returns package/process of everything in the ledger, sorted.
func (s *session) processes(ctx context.Context) ([]string, error) {
	definitions, err := s.ledger.Entries.CountsByDefinition(ctx, s.config.Migration, migration.Filter{})
	if err != nil {
		return nil, err
	}
	var known []string
	for _, d := range definitions {
		known = append(known, d.Definition.Key())
	}
	slices.Sort(known)
	return slices.Compact(known), nil
}

func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, mistake("--started-before %q is not a time; write 2026-10-31 or 2026-10-31T18:00:00Z", text)
}

// readInstances reads one ID a line; empty lines and those with # are left out.
func readInstances(path string) ([]migration.InstanceID, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, mistake("--instances %s cannot be read; name a file with one instance ID a line", path)
	}
	var ids []migration.InstanceID
	for line := range strings.Lines(string(content)) {
		if id := strings.TrimSpace(line); id != "" && !strings.HasPrefix(id, "#") {
			ids = append(ids, migration.InstanceID(id))
		}
	}
	if len(ids) == 0 {
		return nil, mistake("--instances %s lists no instance; write one ID a line", path)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// needInstances is a mistake naming the ids that the ledger does not know.
func (s *session) needInstances(ctx context.Context, ids []migration.InstanceID) error {
	known := make(map[migration.InstanceID]bool, len(ids))
	for chunk := range slices.Chunk(ids, 500) {
		for e, err := range s.ledger.Entries.EntriesEach(ctx, s.config.Migration, migration.Filter{Instances: chunk}) {
			if err != nil {
				return err
			}
			known[e.Instance] = true
		}
	}
	var unknown []string
	for _, id := range ids {
		if !known[id] {
			unknown = append(unknown, string(id))
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	more := ""
	if len(unknown) > 5 {
		more = fmt.Sprintf(" and %d more", len(unknown)-5)
	}
	return mistake("the plan does not have %s%s; starter list shows those it has, starter plan checks again", strings.Join(unknown[:min(5, len(unknown))], ", "), more)
}

// entry returns one instance of the plan.
func (s *session) entry(ctx context.Context, id string) (migration.Entry, error) {
	e, err := s.ledger.Entries.Entry(ctx, s.config.Migration, migration.InstanceID(id))
	if migration.CodeOf(err) == migration.CodeNotFound {
		return e, mistake("the plan does not have %s; starter list shows those it has, starter plan checks again", id)
	}
	return e, err
}

// wave returns one wave.
func (s *session) wave(ctx context.Context, name migration.WaveName) (migration.Wave, error) {
	w, err := s.ledger.Waves.Wave(ctx, s.config.Migration, name)
	if migration.CodeOf(err) != migration.CodeNotFound {
		return w, err
	}
	waves, err := s.ledger.Waves.Waves(ctx, s.config.Migration)
	if err != nil {
		return w, err
	}
	var known []string
	for _, other := range waves {
		known = append(known, string(other.Name))
	}
	return w, unknownWord("wave", string(name), known)
}
