package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// platform is a system that programs are built for.
type platform struct {
	os, arch string
	programs []string
}

// The worker needs Linux or another Unix: it locks files and asks for free space.
var platforms = []platform{
	{os: "linux", arch: "amd64", programs: []string{"starter", "worker"}},
	{os: "linux", arch: "arm64", programs: []string{"starter", "worker"}},
	{os: "darwin", arch: "arm64", programs: []string{"starter", "worker"}},
	{os: "windows", arch: "amd64", programs: []string{"starter"}},
}

// String returns the platform as Go writes it.
func (p platform) String() string { return p.os + "/" + p.arch }

// patterns name what goes along with the programs, as it lies in the repository:
// the links of the documents hold in the archive too.
var patterns = []string{
	"CHANGELOG.md", "LICENSE", "README.md", "docker-compose.yml", "ferry.example.yaml",
	"compose/systemd/*.service", "compose/temporal/*", "docs/*.md", "docs/adr/*.md", "docs/images/*",
}

// entry is a file to pack: where it is, and its path in the archive.
type entry struct {
	from, to   string
	executable bool
}

func (r release) documents() ([]entry, error) {
	var all []entry
	for _, pattern := range patterns {
		found, err := filepath.Glob(filepath.Join(r.root, pattern))
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: there is no such file", pattern)
		}
		slices.Sort(found)
		for _, file := range found {
			to, err := filepath.Rel(r.root, file)
			if err != nil {
				return nil, err
			}
			all = append(all, entry{from: file, to: filepath.ToSlash(to)})
		}
	}
	return all, nil
}

// programs builds those of p into dir. They link no C library, and tell nothing of
// the machine that built them.
func (r release) programs(ctx context.Context, p platform, dir string) ([]entry, error) {
	var all []entry
	for _, program := range p.programs {
		file := program
		if p.os == "windows" {
			file += ".exe"
		}
		built := filepath.Join(dir, file)
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", //nolint:gosec // our own packages
			"-ldflags", "-s -w -X jogetferry/internal/version.described="+r.version, "-o", built, "./"+program)
		cmd.Dir = r.root
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch, "GOFLAGS=")
		if said, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w\n%s", program, err, said)
		}
		all = append(all, entry{from: built, to: "bin/" + file, executable: true})
	}
	return all, nil
}
