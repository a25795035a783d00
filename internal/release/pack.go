package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"time"
)

// contents are what an archive holds, all below one folder. Order, time, owner
// and modes are those given here, never those of the files.
type contents struct {
	folder  string
	time    time.Time
	entries []entry
}

const (
	programMode  = 0o755
	documentMode = 0o644
)

func (e entry) mode() os.FileMode {
	if e.executable {
		return programMode
	}
	return documentMode
}

func (p platform) extension() string {
	if p.os == "windows" {
		return ".zip"
	}
	return ".tar.gz"
}

// pack writes an archive in the form that p unpacks without further tools.
func (p platform) pack(file string, c contents) (err error) {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if p.os == "windows" {
		return c.zip(f)
	}
	return c.tarGz(f)
}

func (c contents) tarGz(out io.Writer) error {
	zipped := gzip.NewWriter(out)
	archive := tar.NewWriter(zipped)
	for _, e := range c.entries {
		info, err := os.Stat(e.from)
		if err != nil {
			return err
		}
		header := &tar.Header{Name: c.folder + "/" + e.to, Mode: int64(e.mode()), Size: info.Size(), ModTime: c.time, Format: tar.FormatUSTAR}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if err := e.copyTo(archive); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), zipped.Close())
}

func (c contents) zip(out io.Writer) error {
	archive := zip.NewWriter(out)
	for _, e := range c.entries {
		header := &zip.FileHeader{Name: c.folder + "/" + e.to, Method: zip.Deflate, Modified: c.time}
		header.SetMode(e.mode())
		to, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if err := e.copyTo(to); err != nil {
			return err
		}
	}
	return archive.Close()
}

func (e entry) copyTo(out io.Writer) (err error) {
	f, err := os.Open(e.from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = io.Copy(out, f)
	return err
}
