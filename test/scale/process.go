package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ticks is how many of /proc's units of CPU time a second has, on every Linux.
const ticks = 100

// cpu is the CPU time that a process has used, 0 for one that is gone.
func cpu(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name, in parentheses, may hold spaces; utime and stime are fields 14 and 15.
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	sum := 0
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0
		}
		sum += n
	}
	return time.Duration(sum) * time.Second / ticks
}

// memory is what a process holds of memory in MiB, 0 for one that is gone.
func memory(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			if err != nil {
				return 0
			}
			return kib >> 10
		}
	}
	return 0
}

// process is one that is watched.
type process struct {
	name string
	pid  int
	mib  []int // over time
	used time.Duration
}

// watch is processes over the time of a wave.
type watch []*process

func (w watch) begin() {
	for _, p := range w {
		p.used = cpu(p.pid)
	}
}

// look notes what each holds now.
func (w watch) look() {
	for _, p := range w {
		p.mib = append(p.mib, memory(p.pid))
	}
}

func (w watch) end() {
	for _, p := range w {
		p.used = cpu(p.pid) - p.used
	}
}

// String is the last memory of each.
func (w watch) String() string {
	var parts []string
	for _, p := range w {
		if len(p.mib) > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", p.name, p.mib[len(p.mib)-1]))
		}
	}
	return strings.Join(parts, ", ") + " MiB"
}

// quarter is the mean of the n-th quarter of what a process held, from 1.
func (p *process) quarter(n int) int {
	part := p.mib[len(p.mib)*(n-1)/4 : len(p.mib)*n/4]
	sum := 0
	for _, mib := range part {
		sum += mib
	}
	return sum / max(1, len(part))
}
