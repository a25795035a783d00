package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jogetferry/internal/shown"
	"jogetferry/internal/version"
)

var update = flag.Bool("update", false, "write golden files")

func TestHelpNamesEveryKey(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	if status := run(t.Context(), []string{"--help"}, nil, io.Discard, &said); status != 0 {
		t.Errorf("status %d", status)
	}
	path := filepath.Join("testdata", "help.txt")
	if *update {
		if err := os.WriteFile(path, said.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != said.String() {
		t.Errorf("help differs; go test ./worker -update writes it\n%s", said.String())
	}
}

func TestVersionIsAllThatIsSaid(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	if status := run(t.Context(), []string{"--version"}, nil, &said, io.Discard); status != 0 || said.String() != "worker "+version.String()+"\n" {
		t.Errorf("status %d, said %q", status, said.String())
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		args []string
		want []string
	}{
		{"all_at_once", []string{"--roles=joget", "--migration=A"}, []string{`migration: "A" is not a name`, "target.url: is missing", "target.admin.username: is missing", "target.database: is missing"}},
		{"short_flags_of_the_worker", []string{"--roles=cook"}, []string{`worker.roles: "cook" is not a role`}},
		{"unknown_flag", []string{"--rolls=copy"}, []string{"unknown flag: --rolls"}},
		{"an_argument", []string{"copy"}, []string{`"copy": worker takes flags only`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var said bytes.Buffer
			if status := run(t.Context(), tc.args, nil, io.Discard, &said); status != 2 {
				t.Errorf("status %d, want 2", status)
			}
			for _, want := range tc.want {
				if !strings.Contains(said.String(), want) {
					t.Errorf("said %q, want %q in it", said.String(), want)
				}
			}
		})
	}
}

// TestEveryShownCommandIsUnderstood parses the worker commands of the documents.
func TestEveryShownCommandIsUnderstood(t *testing.T) {
	t.Parallel()
	commands, err := shown.Commands("..", []string{"worker"})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, c := range commands {
		if c.Program() != "worker" {
			continue
		}
		seen++
		if err := parse(newFlags(io.Discard), c.Words[1:]); err != nil {
			t.Errorf("%s: %v", c, err)
		}
	}
	if seen < 4 {
		t.Errorf("only %d commands were found", seen)
	}
}
