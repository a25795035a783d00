package sftp

import (
	"errors"
	"io/fs"
	"os"

	protocol "github.com/pkg/sftp"

	"jogetferry/migration"
)

// handle is an open file of one connection, with which it ends.
type handle struct {
	*conn

	file *protocol.File
}

const (
	readOnly  = os.O_RDONLY
	readWrite = os.O_RDWR
	makeNew   = os.O_RDWR | os.O_CREATE | os.O_EXCL
)

// open opens what look says is a plain file, and nothing that was put in its place since.
func (c *session) open(name string, flags int) (_ *handle, err error) {
	h := &handle{conn: c.conn}
	if err = c.bounded(func() error {
		h.file, err = c.client.OpenFile(c.path(name), flags)
		return err
	}); err != nil {
		return nil, err
	}
	h.load.Add(1)
	opened, err := h.stat()
	var now fileInfo
	if err == nil {
		now, err = c.look(name)
	}
	if err == nil && !same(opened, now) || errors.Is(err, fs.ErrNotExist) {
		err = &migration.Error{Code: migration.CodeDrifted, Op: opOpen, Err: errSwapped}
	}
	if err != nil {
		return nil, errors.Join(failed(opOpen, err), h.Close())
	}
	return h, nil
}

var errSwapped = errors.New("another file took its place, or it is being written")

func (h *handle) stat() (info fileInfo, err error) {
	err = h.bounded(func() error {
		info, err = h.file.Stat()
		return err
	})
	return info, err
}

func (h *handle) Read(b []byte) (n int, err error) {
	err = h.bounded(func() error {
		n, err = h.file.Read(b)
		return err
	})
	return n, err
}

// Seek implements io.Seeker.
func (h *handle) Seek(offset int64, whence int) (n int64, err error) {
	err = h.bounded(func() error {
		n, err = h.file.Seek(offset, whence)
		return err
	})
	return n, failed("read an upload", err)
}

// Close may be repeated. Of a connection that is gone nothing is left to close.
func (h *handle) Close() error {
	if h.file == nil {
		return nil
	}
	err := h.bounded(h.file.Close)
	h.file = nil
	h.release()
	var answered *protocol.StatusError
	if !errors.As(err, &answered) {
		return nil
	}
	return failed("close an upload", err)
}
