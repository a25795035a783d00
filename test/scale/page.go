package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// result is what a run found.
type result struct {
	options
	network

	machine string
	plan    time.Duration
	planMiB int // the worker, after the plan
	waves   []outcome
	truth   truth
	uses    []measured
}

// err says what is not as it has to be.
func (r *result) err() error {
	var errs []error
	if len(r.waves) > 0 {
		errs = append(errs, r.truth.err())
	}
	for _, m := range r.uses {
		if !m.holds() {
			errs = append(errs, fmt.Errorf("%s: %d rows read, want at most %d", m.what, m.rows, m.most))
		}
	}
	return errors.Join(errs...)
}

// machine says what all ran on.
func (s *stage) machine(ctx context.Context) (string, error) {
	var database string
	db, err := openDatabase(s.server.DSN(""))
	if err != nil {
		return "", err
	}
	defer db.Close()
	if err := db.QueryRowContext(ctx, selectVersion).Scan(&database); err != nil {
		return "", fmt.Errorf("ask the server for its version: %w", err)
	}
	temporal, err := exec.CommandContext(ctx, s.binary("temporal"), "--version").Output() //nolint:gosec // our own binary
	if err != nil {
		temporal = []byte("no Temporal")
	}
	return fmt.Sprintf("%d cores (%s), %d GiB, Linux %s; %s; %s; %s", runtime.NumCPU(), procField("/proc/cpuinfo", "model name"), memoryOf(), kernel(),
		database, strings.TrimSpace(string(temporal)), runtime.Version()), nil
}

func kernel() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "?"
	}
	return strings.TrimSpace(string(text))
}

// procField is the first value of that name in a file of /proc.
func procField(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "?"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "?"
}

// memoryOf is the machine's, in GiB.
func memoryOf() int {
	var kib int
	if _, err := fmt.Sscan(procField("/proc/meminfo", "MemTotal"), &kib); err != nil {
		return 0
	}
	return (kib + 1<<19) >> 20
}

// write writes the page, unless there is none to write.
func (r *result) write(file string) error {
	text := r.text()
	if file == "" {
		fmt.Fprintln(r.out, text) //nolint:errcheck // there is nowhere else to say it
		return nil
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil { //nolint:gosec // a document for everybody
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

const intro = `# Scale

` + "`make scale`" + ` wrote this page. Workers are in network namespaces with addresses of their own;
Temporal is its development server with a file, since the CLI knows no other persistence; one MariaDB
has the databases of the source, the target and the ledger. The target is the simulator, a process of its own.
All share the machine, so that more workers make nothing quicker once its cores are busy: what grows with a
worker is what waits, for the target or for others.

`

func (r *result) text() string {
	var b strings.Builder
	b.WriteString(intro)
	fmt.Fprintf(&b, "%s.\n", r.machine)
	if len(r.waves) > 0 {
		r.writeWaves(&b)
		r.writeMemory(&b)
		r.writeCut(&b)
	}
	if len(r.uses) > 0 {
		r.writeUses(&b)
	}
	return b.String()
}

func (r *result) writeWaves(b *strings.Builder) {
	fmt.Fprintf(b, "\n## Waves\n\n%d instances planned in %s, with %d MiB in the worker. Then waves of %d, %d at a time, on a target that lets each call wait %s. ",
		r.planned, r.plan.Round(time.Second), r.planMiB, r.instances, r.window, r.latency)
	b.WriteString("CPU is milliseconds of an instance; *cores* is how many of them were busy with these processes.\n\n")
	b.WriteString("| workers | settled | took | a second | parked, failed, skipped | CPU workers | MariaDB | Temporal | target | cores |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, o := range r.waves {
		used := map[string]time.Duration{}
		var all time.Duration
		for _, p := range o.watch {
			kind, _, _ := strings.Cut(p.name, " ")
			used[kind] += p.used
			all += p.used
		}
		each := func(kind string) float64 {
			return float64(used[kind].Milliseconds()) / float64(max(1, o.settled()))
		}
		workers := fmt.Sprint(o.workers)
		if o.cut != nil {
			workers += ", one cut off"
		}
		fmt.Fprintf(b, "| %s | %d of %d | %s | %.1f | %d, %d, %d | %.0f | %.0f | %.0f | %.0f | %.2f |\n", workers, o.settled(), o.taken, o.took.Round(time.Second), o.rate(),
			o.counts.Parked, o.counts.Failed, o.counts.Skipped, each("worker"), each("MariaDB"), each("Temporal"), each("target"), all.Seconds()/max(1, o.took.Seconds()))
	}
	fmt.Fprintf(b, "\nIn the end, read from both servers: %d done, all but %d of them found the same on both sides; %d live on the target, %d doubled; %d lost; %d unsettled.\n",
		r.truth.done, r.truth.done-r.truth.same, r.truth.live, r.truth.doubled, r.truth.lost, r.truth.unsettled)
	for _, reason := range slices.Sorted(maps.Keys(r.truth.reasons)) {
		fmt.Fprintf(b, "%s: %d.\n", reason, r.truth.reasons[reason])
	}
}

func (r *result) writeMemory(b *strings.Builder) {
	b.WriteString("\n## Memory\n\nMiB resident, the mean of each quarter of a wave.\n\n| workers | process | first | second | third | last | most |\n|---|---|---|---|---|---|---|\n")
	for _, o := range r.waves {
		for _, p := range o.watch {
			if len(p.mib) > 0 {
				fmt.Fprintf(b, "| %d | %s | %d | %d | %d | %d | %d |\n", o.workers, p.name, p.quarter(1), p.quarter(2), p.quarter(3), p.quarter(4), slices.Max(p.mib))
			}
		}
	}
}

func (r *result) writeCut(b *strings.Builder) {
	b.WriteString("\n## A worker that is cut off\n\n")
	last := r.waves[len(r.waves)-1]
	if last.cut == nil {
		fmt.Fprintf(b, "None was: %s.\n", r.why)
		return
	}
	c := last.cut
	fmt.Fprintf(b, "A third into a wave the link of one of %d workers was taken down: nothing comes through, and no connection is told. It was at an activity of %d instances. ", last.workers, len(c.held))
	if n := len(c.taken); n > 0 {
		fmt.Fprintf(b, "Others had them after %s at the median, the last after %s. ", c.taken[n/2].Round(time.Second), c.taken[n-1].Round(time.Second))
	}
	fmt.Fprintf(b, "Its link came up when the wave was settled, so that it could do what it still wanted to. `target.timeout` and `start.settle` were %s.\n", r.settle)
}

func (r *result) writeUses(b *strings.Builder) {
	fmt.Fprintf(b, "\n## A ledger of %d entries\n\nRows are those that the server examined. *Grows with*: what the bound follows; all else may grow and it stays.\n\n", r.entries)
	b.WriteString("| what | ms | statements | rows | at most | grows with |\n|---|---|---|---|---|---|\n")
	for _, m := range r.uses {
		fmt.Fprintf(b, "| %s | %.1f | %d | %d | %d | %s |\n", m.what, float64(m.took.Microseconds())/1000, m.statements, m.rows, m.most, m.bound)
	}
	b.WriteString("\nWhat examines more than the bound of a page, with the server's plan for it:\n\n")
	for _, m := range r.uses {
		for _, s := range m.slowest {
			fmt.Fprintf(b, "- %s: `%s`\n", m.what, s)
		}
	}
}
