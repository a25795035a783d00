package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"jogetferry/migration"
	"jogetferry/test/mysqltest"
)

// around is the network that the tests run in.
var around network

func TestMain(m *testing.M) {
	if os.Getenv(inNamespace) == becomeWorker {
		fmt.Fprintln(os.Stderr, become(os.Args[1:], os.Environ()))
		os.Exit(1)
	}
	around = enter(os.Environ())
	os.Exit(m.Run())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestWorkersHaveAddressesAndLinks has two processes connect to a server, cuts one off, and
// kills it. Without namespaces both are on the loopback device, and it is said why.
func TestWorkersHaveAddressesAndLinks(t *testing.T) {
	must(t, around.setUp(t.Context()))
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "0.0.0.0:0")
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	_, port, err := net.SplitHostPort(listener.Addr().String())
	must(t, err)
	for number := 1; number <= 2; number++ {
		cmd := exec.CommandContext(t.Context(), "/bin/bash", "-c", `exec 3<>/dev/tcp/$0/$1; cat <&3 >&3`, around.hub(), port)
		p, l, err := around.start(t.Context(), number, cmd)
		t.Cleanup(func() {
			if err := p.End(context.WithoutCancel(t.Context()), syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		})
		must(t, err)
		conn, err := listener.Accept()
		must(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		if host, _, err := net.SplitHostPort(conn.RemoteAddr().String()); err != nil || host != l.address {
			t.Errorf("worker %d comes from %s, want %s", number, host, l.address)
		}
		if !answers(t, conn, time.Minute) {
			t.Errorf("worker %d does not answer", number)
		}
		if !around.namespaces {
			if around.why == "" {
				t.Error("there are no namespaces, and nothing says why")
			}
			continue
		}
		must(t, l.cut(t.Context()))
		if answers(t, conn, 300*time.Millisecond) {
			t.Errorf("worker %d answers though it is cut off", number)
		}
		must(t, l.mend(t.Context()))
		if !answers(t, conn, time.Minute) {
			t.Errorf("worker %d does not answer after its link is mended", number)
		}
		must(t, conn.Close()) // a connection that only one side has closed keeps the namespace for a minute
		must(t, p.End(t.Context(), syscall.SIGKILL))
		look := time.NewTicker(10 * time.Millisecond)
		defer look.Stop()
		for begun := time.Now(); ; <-look.C {
			if _, err := net.InterfaceByName(l.name); err != nil {
				break // it went with the last process of its namespace
			}
			if time.Since(begun) > time.Minute {
				t.Fatalf("the link of worker %d is still there", number)
			}
		}
	}
}

// answers sends a word, and reports whether one comes back in time: it may be an earlier one.
func answers(t *testing.T, conn net.Conn, within time.Duration) bool {
	t.Helper()
	must(t, conn.SetDeadline(time.Now().Add(within)))
	if _, err := conn.Write([]byte("word")); err != nil {
		return false
	}
	n, err := conn.Read(make([]byte, 64))
	return err == nil && n > 0
}

// TestLedgerOfManyEntries is the part of the large ledger with few of them: the bounds that
// follow a window or a page hold for a million, those that follow the entries for these.
func TestLedgerOfManyEntries(t *testing.T) {
	server, err := mysqltest.Start(t.Context(), filepath.Join(t.TempDir(), "db"))
	must(t, err)
	t.Cleanup(func() {
		if err := server.Kill(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	dsn, _, err := mysqltest.NewDatabase(t.Context(), server.DSN(""))
	must(t, err)
	const entries = fewestEntries
	l, err := newLedgerSize(t.Context(), dsn, entries, t.Logf)
	t.Cleanup(func() {
		if err := l.close(); err != nil {
			t.Error(err)
		}
	})
	must(t, err)
	uses, err := l.measure(t.Context())
	must(t, err)
	r := result{uses: uses}
	if err := r.err(); err != nil {
		t.Error(err)
	}
	if page := r.text(); strings.Count(page, "\n| ") != len(uses)+1 {
		t.Errorf("%d uses of the ledger, and a page of\n%s", len(uses), page)
	}
}

func TestParse(t *testing.T) {
	for args, want := range map[string]string{
		"":                                     "",
		"-planned 80 -instances 20":            "",
		"-planned 79 -instances 20":            "4 waves of 20 instances need --planned 80",
		"-planned 0":                           "",
		"-workers 3,1":                         "--workers 3,1: give ascending numbers, such as 1,2,3",
		"-entries 100":                         "--entries 100: give 0 or at least 20000, for which the bounds are made",
		"-workers 0":                           "--workers 0: give ascending numbers, such as 1,2,3",
		"-planned 40 -instances 20 -workers 3": "",
	} {
		o, err := parse(strings.Fields(args))
		switch {
		case want == "" && err != nil, want != "" && (err == nil || err.Error() != want):
			t.Errorf("%s: %v, want %q", args, err, want)
		case want == "" && (len(o.workers) == 0 || !filepath.IsAbs(o.bin)):
			t.Errorf("%s: %+v", args, o)
		}
	}
}

func TestResult(t *testing.T) {
	good := truth{done: 3, same: 3, live: 3}
	for _, tc := range []struct {
		name string
		r    result
		want string
	}{
		{"all_as_it_has_to_be", result{truth: good, waves: []outcome{{}}}, ""},
		{"one_is_doubled", result{truth: truth{done: 3, same: 3, live: 4, doubled: 1}, waves: []outcome{{}}}, "1 doubled"},
		{"one_is_lost", result{truth: truth{done: 3, same: 3, lost: 1}, waves: []outcome{{}}}, "1 lost"},
		{"one_is_left", result{truth: truth{unsettled: 1}, waves: []outcome{{}}}, "1 unsettled"},
		{"one_differs", result{truth: truth{done: 3, same: 2}, waves: []outcome{{}}}, "2 of 3 the same"},
		{"too_much_is_read", result{uses: []measured{{what: "poll", rows: 11, most: 10}}}, "poll: 11 rows read, want at most 10"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.r.err()
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	r := result{truth: good, waves: []outcome{
		{workers: 1, taken: 4, took: 2 * time.Second, counts: migration.Counts{Done: 3, Parked: 1}, watch: watch{
			{name: "worker 1", mib: []int{1, 2, 3, 4, 5, 6, 7, 8}, used: 4 * time.Second},
		}},
		{workers: 2, cut: &cut{held: []migration.InstanceID{"1_a", "2_a"}, taken: []time.Duration{time.Second, time.Minute}}},
	}}
	page := r.text()
	for _, line := range []string{
		"| 1 | 4 of 4 | 2s | 2.0 | 1, 0, 0 | 1000 | 0 | 0 | 0 | 2.00 |", "| 1 | worker 1 | 1 | 3 | 5 | 7 | 8 |", "activity of 2 instances", "the last after 1m0s",
	} {
		if !strings.Contains(page, line) {
			t.Errorf("no %q in\n%s", line, page)
		}
	}
	var out bytes.Buffer
	r.out = &out
	must(t, r.write(""))
	file := filepath.Join(t.TempDir(), "page.md")
	must(t, r.write(file))
	if written, err := os.ReadFile(file); err != nil || !slices.Equal(written, []byte(strings.TrimSuffix(out.String(), "\n"))) {
		t.Errorf("the page is %q (%v)", written, err)
	}
}

// TestPage has the page begin as this program writes it.
func TestPage(t *testing.T) {
	if page, err := os.ReadFile("../../docs/scale.md"); err != nil || !strings.HasPrefix(string(page), intro) {
		t.Errorf("docs/scale.md does not begin with (%v)\n%s", err, intro)
	}
}

// TestProcesses looks at this one.
func TestProcesses(t *testing.T) {
	w := watch{{name: "self", pid: os.Getpid()}, {name: "nobody", pid: 0}}
	w.begin()
	for begun := cpu(os.Getpid()); cpu(os.Getpid())-begun < 3*time.Second/ticks; {
		_ = strings.Repeat("x", 1<<20)
	}
	w.look()
	w.end()
	if w[0].used < 2*time.Second/ticks || w[0].mib[0] < 1 || w[1].used != 0 || w[1].mib[0] != 0 {
		t.Errorf("%+v, %+v", *w[0], *w[1])
	}
}

func TestEstimate(t *testing.T) {
	for _, tc := range []struct {
		done, of int
		want     string
	}{
		{0, 10, "0 of 10, 0.0 a second, some time left"},
		{5, 10, "5 of 10, 0.5 a second, 10s left"},
	} {
		if got := estimate(tc.done, tc.of, 10*time.Second); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}
