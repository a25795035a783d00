package local

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"

	"jogetferry/migration"
	"jogetferry/uploads"
)

const areaMode = 0o600 // former content is nobody else's business

// Area keeps former content of files by its checksum, for FileImages. The same
// content is kept once. Content is copied, never linked: Joget writes into
// files in place, and a link would change along.
type Area struct{ root *os.Root }

// OpenArea opens dir, and makes it where it is missing. It must not lie within
// the folder of a store.
func OpenArea(dir string) (*Area, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, failed("open image area", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, failed("open image area", err)
	}
	return &Area{root: root}, nil
}

// Close lets go of the folder.
func (a *Area) Close() error {
	if err := a.root.Close(); err != nil {
		return failed("close image area", err)
	}
	return nil
}

func (a *Area) place(sum uploads.Sum) string {
	name := hex.EncodeToString(sum[:])
	return path.Join(name[:2], name)
}

// Put keeps content, which must have the given sum: else CodeDrifted, and
// nothing is kept. It is durable when Put returns. It may be repeated.
func (a *Area) Put(ctx context.Context, sum uploads.Sum, content io.Reader) (err error) {
	name := a.place(sum)
	if _, err := a.root.Lstat(name); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return failed("keep former content", err)
	}
	if err := a.root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return failed("keep former content", err)
	}
	temporary := name + "." + rand.Text()
	f, err := a.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, areaMode)
	if err != nil {
		return failed("keep former content", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.root.Remove(temporary))
		}
	}()
	digest := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, digest), contextReader{ctx, content})
	if err == nil && uploads.Sum(digest.Sum(nil)) != sum {
		err = &migration.Error{Code: migration.CodeDrifted, Op: "keep former content", Hint: "the file changed meanwhile"}
	}
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = a.root.Rename(temporary, name)
	}
	if err != nil {
		return failed("keep former content", err)
	}
	s := &Store{root: a.root}
	return errors.Join(s.syncDir(path.Dir(name)), s.syncDir("."))
}

// Open returns kept content; CodeNotFound when there is none of that sum.
func (a *Area) Open(_ context.Context, sum uploads.Sum) (io.ReadCloser, error) {
	f, err := a.root.Open(a.place(sum))
	if err != nil {
		return nil, failed("read former content", err)
	}
	return f, nil
}

type contextReader struct {
	ctx context.Context //nolint:containedctx // io.Reader has no room for one
	in  io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.in.Read(p)
}
