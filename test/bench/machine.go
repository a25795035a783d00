package bench

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"jogetferry/test/child"
)

// machine tells what the run is on.
func (b *bench) machine() []Fact {
	b.Helper()
	var database string
	b.must(b.target.admin.QueryRowContext(b.Context(), selectVersion).Scan(&database))
	facts := []Fact{
		{"cores", fmt.Sprint(runtime.NumCPU())},
		{"processor", firstOf("/proc/cpuinfo", "model name")},
		{"memory", memory()},
		{"kernel", kernel()},
		{"database server", database + ", three of them; commits wait for the disk"},
		{"Go", runtime.Version()},
	}
	for _, t := range []struct{ name, flag string }{{"mydumper", "--version"}, {"rsync", "--version"}, {"rclone", "version"}} {
		facts = append(facts, Fact{t.name, b.version(t.name, t.flag)})
	}
	return facts
}

// firstOf is the value of the first line of a file that begins with a key and a colon.
func firstOf(file, key string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	for l := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// memory is how much the machine has.
func memory() string {
	total := firstOf("/proc/meminfo", "MemTotal")
	kib, err := strconv.ParseFloat(strings.TrimSuffix(total, " kB"), 64)
	if err != nil {
		return total
	}
	return Quantity{kib / (1 << 20), "GiB"}.String()
}

// kernel is what runs the machine.
func kernel() string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return err.Error()
	}
	return runtime.GOOS + " " + strings.TrimSpace(string(release))
}

// version is the first line that a tool prints about itself.
func (b *bench) version(name, flag string) string {
	t := findTool(name)
	if t.missing != "" {
		return "not available here: " + t.missing
	}
	out, err := t.command(b.Context(), flag).Output()
	if err != nil {
		return err.Error()
	}
	first, _, _ := bytes.Cut(out, []byte("\n"))
	return string(first)
}

// open connects to a server until the run ends.
func (b *bench) open(dsn string) *sql.DB {
	b.Helper()
	db, err := sql.Open("mysql", dsn)
	b.must(err)
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Errorf("close database: %v", err)
		}
	})
	return db
}

// execute runs a statement of ours.
func (b *bench) execute(db *sql.DB, statement string, args ...any) {
	b.Helper()
	if _, err := db.ExecContext(b.Context(), statement, args...); err != nil {
		b.Fatalf("%s: %v", statement[:min(len(statement), 200)], err)
	}
}

// tool is a program that people would use instead.
type tool struct {
	path, libraries string // the entry of the environment that it runs with, or ""
	missing         string // why it cannot run here
}

// findTool looks for a program on the system, then where `make bench` unpacks those that
// the system lacks, under the name of one of the packages.
func findTool(names ...string) tool {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return tool{path: path}
		}
	}
	rivals, err := child.Built("rivals")
	if err != nil {
		return tool{missing: err.Error()}
	}
	for _, name := range names {
		//nolint:errcheck // the pattern is a good one
		found, _ := filepath.Glob(filepath.Join(rivals, "*", "usr/bin", name))
		if len(found) == 0 {
			continue
		}
		libraries, err := child.LibraryPath(strings.TrimSuffix(found[0], filepath.Join("/usr/bin", name)))
		if err != nil {
			return tool{missing: err.Error()}
		}
		return tool{path: found[0], libraries: libraries}
	}
	return tool{missing: fmt.Sprintf("%s is neither installed nor in bin/rivals", strings.Join(names, " or "))}
}

// command runs the tool.
func (t tool) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, t.path, args...) //nolint:gosec // found by findTool
	if t.libraries != "" {
		cmd.Env = append(os.Environ(), t.libraries)
	}
	return cmd
}

// runs has a command run to its good end.
func (b *bench) runs(cmd *exec.Cmd) {
	b.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out[max(0, len(out)-3000):])
	}
}
