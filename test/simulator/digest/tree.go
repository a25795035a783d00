package digest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Tree is the digest of a folder: slash-separated path relative to the root
// ("." is the root itself), bytes as on disk -> entry.
type Tree map[string]Entry

// Entry is one file, folder or symbolic link of a tree.
type Entry struct {
	Mode     fs.FileMode // type and permission bits
	Size     int64       // bytes; 0 for anything but regular files
	Modified time.Time   // UTC, as exact as the file system; zero with IgnoreTimes
	Sum      Sum         // of the content, or of a link's target; zero for folders
}

// TreeOptions narrow a tree digest. The zero value takes everything.
type TreeOptions struct {
	IgnoreTimes bool // leave modification times out, to compare a copy with its original
}

// OfTree digests the folder root. Links are not followed. Access times are no
// part of it (reading them changes them).
func OfTree(root string, opts TreeOptions) (Tree, error) {
	out := Tree{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		entry, err := ofFile(path, d)
		if err != nil {
			return err
		}
		if opts.IgnoreTimes {
			entry.Modified = time.Time{}
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		out[filepath.ToSlash(relative)] = entry
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("digesting the tree %s: %w", root, err)
	}
	return out, nil
}

func ofFile(path string, d fs.DirEntry) (Entry, error) {
	info, err := d.Info()
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Mode: info.Mode(), Modified: info.ModTime().UTC()}
	switch {
	case info.Mode().IsRegular():
		e.Size = info.Size()
		e.Sum, err = sumOf(path)
	case info.Mode()&fs.ModeSymlink != 0:
		var target string
		target, err = os.Readlink(path)
		e.Sum = sha256.Sum256([]byte(target))
	}
	return e, err
}

func sumOf(path string) (sum Sum, err error) {
	file, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	return sum, nil
}
