package compose_test

import (
	"debug/elf"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDockerfile_builds runs the build stage in a copy of what .dockerignore lets
// in, as the shell of its image would.
func TestDockerfile_builds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	copied := filepath.Join(dir, "src")
	copyContext(t, copied)
	const version = "v1.2.3"
	script := strings.NewReplacer("/out/", dir+"/out/", "/mounts/", dir+"/mounts/").Replace(buildStage(t))
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", script)
	cmd.Dir = copied
	cmd.Env = append(os.Environ(), "VERSION="+version)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, script, said)
	}
	for program, flag := range map[string]string{"ferry-worker": "--version", "ferry-starter": "--version", "ferry-simulator": "--help", "ferry-probe": ""} {
		file := filepath.Join(dir, "out", program)
		if !static(t, file) {
			t.Errorf("%s needs a dynamic linker, and the image has none", program)
		}
		if flag == "" {
			continue
		}
		said, err := exec.CommandContext(t.Context(), file, flag).CombinedOutput()
		if err != nil || flag == "--version" && !strings.Contains(string(said), version) {
			t.Errorf("%s %s: %v, said %q", program, flag, err, said)
		}
	}
}

// buildStage is the Dockerfile's first stage from its settings on, as shell.
func buildStage(t *testing.T) string {
	t.Helper()
	stage, _, _ := strings.Cut(read(t, "Dockerfile"), "\nFROM gcr.io")
	var script strings.Builder
	for _, m := range regexp.MustCompile(`(?m)^(ENV|RUN) ((?:.*\\\n)*.*)$`).FindAllStringSubmatch(stage, -1) {
		switch {
		case m[1] == "ENV":
			_, _ = script.WriteString("export " + m[2] + "\n")
		case m[2] != "go mod download": // the modules are there
			_, _ = script.WriteString(m[2] + "\n")
		}
	}
	if !strings.Contains(script.String(), "go build") {
		t.Fatalf("the Dockerfile builds nothing:\n%s", stage)
	}
	return script.String()
}

// copyContext copies the repository to dir, but for what .dockerignore names.
func copyContext(t *testing.T, dir string) {
	t.Helper()
	ignored := strings.Fields(read(t, ".dockerignore"))
	tree := os.DirFS(root)
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		for _, pattern := range ignored {
			subject := name
			if below, anywhere := strings.CutPrefix(pattern, "**/"); anywhere {
				pattern, subject = below, path.Base(name)
			}
			hit, err := path.Match(pattern, subject)
			if err != nil {
				return err
			}
			if hit && d.IsDir() {
				return fs.SkipDir
			}
			if hit {
				return nil
			}
		}
		to := filepath.Join(dir, filepath.FromSlash(name))
		if d.IsDir() {
			return os.MkdirAll(to, 0o700)
		}
		content, err := fs.ReadFile(tree, name)
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return os.WriteFile(to, content, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// static reports whether a program names no dynamic linker; only Linux has such.
func static(t *testing.T, file string) bool {
	t.Helper()
	program, err := elf.Open(file)
	if err != nil {
		return true
	}
	defer program.Close()
	for _, part := range program.Progs {
		if part.Type == elf.PT_INTERP {
			return false
		}
	}
	return true
}
