package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

const version = "v1.2.3-4-gabcdef0"

var commitTime = time.Unix(1_796_000_000, 0).UTC()

func (r release) mustBuild(t *testing.T) (archive, sums string) {
	t.Helper()
	if err := r.build(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(r.out, sumsFile))
	if err != nil {
		t.Fatal(err)
	}
	_, name, ok := strings.Cut(strings.TrimSpace(string(text)), "  ")
	if !ok {
		t.Fatalf("%s: %q", sumsFile, text)
	}
	return filepath.Join(r.out, name), string(text)
}

// TestRelease_is_the_same_when_built_again_and_runs builds that of this machine twice.
func TestRelease_is_the_same_when_built_again_and_runs(t *testing.T) {
	t.Parallel()
	r := release{
		root: "../..", out: t.TempDir(), version: version, time: commitTime,
		platforms: []platform{{os: runtime.GOOS, arch: runtime.GOARCH, programs: []string{"starter", "worker"}}},
	}
	archive, sums := r.mustBuild(t)
	r.out = t.TempDir()
	if _, again := r.mustBuild(t); again != sums {
		t.Errorf("built again:\n%swas\n%s", again, sums)
	}
	unpacked := filepath.Join(unpack(t, archive), "jogetferry-"+version)
	for _, tc := range []struct{ program, flag, want string }{
		{"starter", "--version", "starter " + version + "\n"},
		{"worker", "--version", "worker " + version + "\n"},
		{"worker", "--help", "Usage of worker:"},
	} {
		said, err := exec.CommandContext(t.Context(), filepath.Join(unpacked, "bin", tc.program), tc.flag).CombinedOutput()
		if err != nil || !strings.Contains(string(said), tc.want) {
			t.Errorf("%s %s: %v, said %q", tc.program, tc.flag, err, said)
		}
	}
	linksLeadSomewhere(t, unpacked)
}

// unpack returns the folder with the content of a tar.gz, all of whose entries
// must have the time of the commit and belong to root.
func unpack(t *testing.T, archive string) string {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for in := tar.NewReader(zipped); ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Gid != 0 || header.Uname != "" || !header.ModTime.Equal(commitTime) {
			t.Errorf("%s: owner %d:%d %q, time %s", header.Name, header.Uid, header.Gid, header.Uname, header.ModTime)
		}
		file := filepath.Join(dir, filepath.FromSlash(header.Name))
		content, err := io.ReadAll(in)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(file), 0o700)
		}
		if err == nil {
			err = os.WriteFile(file, content, os.FileMode(header.Mode))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)`)

// linksLeadSomewhere looks into the documents of a release: what they lead to
// has to be in it.
func linksLeadSomewhere(t *testing.T, unpacked string) {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join(unpacked, "docs", "*.md"))
	if err != nil || len(pages) < 9 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for _, page := range append(pages, filepath.Join(unpacked, "README.md")) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s leads to %s, which is not in the release", filepath.Base(page), m[1])
			}
		}
	}
}

func TestZip_depends_on_nothing_but_content(t *testing.T) {
	t.Parallel()
	pack := func(t *testing.T, mode os.FileMode) []byte {
		t.Helper()
		file := filepath.Join(t.TempDir(), "starter.exe")
		if err := os.WriteFile(file, []byte("program"), mode); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		c := contents{folder: "jogetferry-" + version, time: commitTime, entries: []entry{{from: file, to: "bin/starter.exe", executable: true}}}
		if err := c.zip(&out); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	first := pack(t, 0o600)
	if !bytes.Equal(first, pack(t, 0o640)) {
		t.Error("the mode of a file changes the archive")
	}
	archive, err := zip.NewReader(bytes.NewReader(first), int64(len(first)))
	if err != nil {
		t.Fatal(err)
	}
	got := archive.File[0]
	if want := path.Join("jogetferry-"+version, "bin", "starter.exe"); got.Name != want || got.Mode() != programMode || !got.Modified.Equal(commitTime) {
		t.Errorf("%s, %s, %s", got.Name, got.Mode(), got.Modified)
	}
}

func TestParse_refuses_what_would_make_another_release(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, want string
		args       []string
	}{
		{"no_version", "--version", []string{"--time", "1"}},
		{"a_version_that_is_a_path", "--version", []string{"--version", "a/b", "--time", "1"}},
		{"no_time", "--time", []string{"--version", version}},
		{"an_argument", "flags only", []string{"--version", version, "--time", "1", "linux"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if _, err := parse(tc.args); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q in it", err, tc.want)
			}
		})
	}
}
