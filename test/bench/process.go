package bench

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ticks are the units of /proc/PID/stat on every architecture of Linux that Go runs on.
const ticks = 100

// cpu is the processor time that a process has used, in all its threads.
func (b *bench) cpu(pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	b.must(err)
	used, err := parseCPU(string(text))
	b.must(err)
	return used
}

// parseCPU adds user and system time of a line of /proc/PID/stat.
func parseCPU(line string) (time.Duration, error) {
	// The name, in parentheses, may have spaces and parentheses.
	fields := strings.Fields(line[strings.LastIndex(line, ")")+1:])
	const user, system = 11, 12 // after the name
	if len(fields) <= system {
		return 0, fmt.Errorf("%d fields in a process's line, want more than %d", len(fields), system)
	}
	var sum int64
	for _, at := range []int{user, system} {
		n, err := strconv.ParseInt(fields[at], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("processor time of a process: %w", err)
		}
		sum += n
	}
	return time.Duration(sum) * time.Second / ticks, nil
}

// peak is the most memory that a process has had, as the kernel counts it.
func (b *bench) peak(pid int) Quantity {
	b.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	b.must(err)
	defer func() { b.must(f.Close()) }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:")
		if !ok {
			continue
		}
		kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
		b.must(err)
		return Quantity{kib / 1024, "MiB"}
	}
	b.Fatalf("/proc/%d/status tells no VmHWM", pid)
	return Quantity{}
}
