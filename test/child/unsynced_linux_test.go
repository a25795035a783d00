package child_test

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"jogetferry/test/child"
)

const envProbe = "FERRY_TEST_CHILD_SYNCS"

// TestMain doubles as the process that flushes what is no file: that fails, unless
// nothing is flushed.
func TestMain(m *testing.M) {
	if os.Getenv(envProbe) == "" {
		os.Exit(m.Run())
	}
	if err := errors.Join(unix.Fsync(-1), unix.Fdatasync(-1)); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

func TestStartUnsynced_flushes_nothing_and_Start_does(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		start func(*exec.Cmd) (*child.Process, error)
		want  int
	}{
		"unsynced": {start: child.StartUnsynced, want: 0},
		"synced":   {start: child.Start, want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), envProbe+"=1")
			p, err := tc.start(cmd)
			if err != nil {
				t.Fatal(err)
			}
			<-p.Exited()
			if got := cmd.ProcessState.ExitCode(); got != tc.want {
				t.Errorf("exit status %d, want %d", got, tc.want)
			}
		})
	}
	// This process goes on as before.
	if err := unix.Fsync(-1); !errors.Is(err, syscall.EBADF) {
		t.Errorf("fsync of nothing: %v", err)
	}
}
