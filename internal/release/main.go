package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	r, err := parse(os.Args[1:])
	if err == nil {
		err = r.build(ctx)
	}
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release is what is built.
type release struct {
	root      string // of the repository
	out       string // folder for the archives
	version   string // as the programs tell it
	time      time.Time
	platforms []platform
}

func parse(args []string) (release, error) {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	root := flags.String("root", ".", "root of the repository")
	out := flags.String("out", "out/release", "folder for the archives")
	version := flags.String("version", "", "version, as git describe tells it")
	seconds := flags.Int64("time", 0, "time of everything in the archives, in seconds since 1970: that of the commit")
	if err := flags.Parse(args); err != nil {
		return release{}, err
	}
	switch {
	case flags.NArg() > 0:
		return release{}, fmt.Errorf("%q: release takes flags only", flags.Arg(0))
	case *version == "" || strings.ContainsAny(*version, "/ "):
		return release{}, fmt.Errorf("--version %q is none", *version)
	case *seconds <= 0:
		return release{}, errors.New("--time is missing")
	}
	return release{root: *root, out: *out, version: *version, time: time.Unix(*seconds, 0).UTC(), platforms: platforms}, nil
}

const sumsFile = "SHA256SUMS"

// build makes the archives one after the other, and their sums at last.
func (r release) build(ctx context.Context) error {
	documents, err := r.documents()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(r.out, 0o750); err != nil {
		return err
	}
	var sums strings.Builder
	for _, p := range r.platforms {
		file, err := r.archive(ctx, p, documents)
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		sum, err := sumOf(file)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(&sums, "%x  %s\n", sum, filepath.Base(file))
	}
	return os.WriteFile(filepath.Join(r.out, sumsFile), []byte(sums.String()), 0o644) //nolint:gosec // for everybody
}

// archive builds the programs of one platform and packs them; it returns the file.
func (r release) archive(ctx context.Context, p platform, documents []entry) (string, error) {
	dir, err := os.MkdirTemp("", "jogetferry-release-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	programs, err := r.programs(ctx, p, dir)
	if err != nil {
		return "", err
	}
	name := "jogetferry-" + r.version
	file := filepath.Join(r.out, name+"-"+p.os+"-"+p.arch+p.extension())
	return file, p.pack(file, contents{folder: name, time: r.time, entries: append(programs, documents...)})
}

func sumOf(file string) (_ []byte, err error) {
	f, err := os.Open(file) //nolint:gosec // an archive that was just written
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return nil, err
	}
	return sum.Sum(nil), nil
}
