package e2e_test

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/fault"
	"jogetferry/test/simulator/seed"
	"jogetferry/test/simulator/server"
)

// BenchmarkWave moves a wave of 200 instances to a target that takes 50 ms for
// each call, with a window of 50, and compares the wall time with the ideal:
// all that the target takes, shared by the window. ratio is wall over ideal;
// target_busy is how much of the window's capacity the target was kept busy.
func BenchmarkWave(b *testing.B) {
	const (
		instances = 200
		window    = 50
		latency   = 50 * time.Millisecond
	)
	for b.Loop() {
		b.StopTimer()
		gate := &rig.Gate{}
		var calls atomic.Int64
		gate.Set(func(m rig.Moment, _ rig.Call) bool {
			if m == rig.Sent {
				calls.Add(1)
			}
			return false
		})
		s := rig.New(b, rig.Options{
			Seed:      seed.Options{Seed: 7, Instances: instances},
			Gate:      gate,
			Simulator: server.Options{Faults: []fault.Rule{{Path: fault.Any, Kind: fault.Latency, Delay: latency}}},
			Settings: map[string]string{
				"FERRY_WORKER_MAX_CALLS": fmt.Sprint(window), "FERRY_WORKER_MAX_COPIES": "16", "FERRY_WORKER_LOG_LEVEL": "error",
			},
		})
		w := s.StartWorker()
		s.Starter(0, nil, "plan")
		var status struct {
			Counts struct{ Total, Done, Same int } `json:"counts"`
		}
		before := calls.Load()
		b.StartTimer()
		begun := time.Now()
		s.Starter(0, &status, "wave", "--without-pilot", "--window", fmt.Sprint(window))
		wall := time.Since(begun)
		b.StopTimer()
		if status.Counts.Same != instances {
			b.Fatalf("%d of %d verified", status.Counts.Same, instances)
		}
		made := calls.Load() - before
		ideal := time.Duration(made) * latency / window
		b.ReportMetric(wall.Seconds(), "wall_s")
		b.ReportMetric(float64(instances)/wall.Seconds(), "instances/s")
		b.ReportMetric(float64(made)/instances, "calls/instance")
		b.ReportMetric(wall.Seconds()/ideal.Seconds(), "ratio")
		b.ReportMetric(peakMiB(b, w.Pid()), "worker_MiB")
		b.StartTimer()
	}
}

// peakMiB is the most memory that a process had, as the kernel counts it.
func peakMiB(b *testing.B, pid int) float64 {
	b.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Logf("no peak memory: %v", err)
		return 0
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kib float64
		if rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			if _, err := fmt.Sscan(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), &kib); err != nil {
				b.Fatal(err)
			}
			return kib / 1024
		}
	}
	return 0
}
