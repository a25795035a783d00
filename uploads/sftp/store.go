package sftp

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	protocol "github.com/pkg/sftp"
	"golang.org/x/sync/errgroup"

	"jogetferry/migration"
	"jogetferry/uploads"
)

// Store is an uploads.Store on an SFTP server. It has no locks: two processes that write
// one file write the same bytes to one partial file, or different ones to two.
type Store struct {
	pool     pool
	readOnly bool
	writers  uploads.Writers // of partial files
	making   sync.Mutex      // of folders
}

var _ uploads.Store = (*Store)(nil)

// Open reads keys and known_hosts; what is wrong with them is CodeInvalid. It connects
// when the first file is asked for, and anew whenever a connection was lost. With
// ReadOnly, every method that writes is CodeRefused. A host key or a login that is turned
// down and a folder that is not there are CodeRefused and uploads.ErrStore.
func Open(o Options) (*Store, error) {
	o.Within = cmp.Or(o.Within, answerWithin)
	o.Connections = cmp.Or(o.Connections, connections)
	key, err := readKey(o)
	if err != nil {
		return nil, err
	}
	if _, err := readHostKeys(o); err != nil {
		return nil, err
	}
	s := &Store{pool: pool{options: o, key: key}, readOnly: o.ReadOnly}
	for range o.Connections {
		s.pool.slots = append(s.pool.slots, new(slot))
	}
	return s, nil
}

// Close ends the connections.
func (s *Store) Close() error { return s.pool.close() }

// on has do ask one connection.
func (s *Store) on(ctx context.Context, op string, do func(*session) error) error {
	if err := ctx.Err(); err != nil {
		return failed(op, err)
	}
	c, err := s.pool.take(ctx)
	if err != nil {
		return err
	}
	defer c.release()
	return failed(op, do(&session{conn: c, store: s}))
}

// session is one connection in use by one call. Paths are those below the root.
type session struct {
	*conn

	store *Store
}

// path returns a path as the server is to have it.
func (c *session) path(name string) string { return path.Join(c.root, name) }

// fileInfo is what the server says of a file.
type fileInfo = fs.FileInfo

func (c *session) lstat(name string) (info fileInfo, err error) {
	err = c.bounded(func() error {
		info, err = c.client.Lstat(c.path(name))
		return err
	})
	return info, err
}

// list returns what is in a folder. The library takes a connection that broke for the end
// of the list: only another answer tells that it was not.
func (c *session) list(ctx context.Context, dir string) (entries []fileInfo, err error) {
	err = c.bounded(func() error {
		if entries, err = c.client.ReadDirContext(ctx, c.path(dir)); err == nil {
			_, err = c.client.Lstat(c.path(dir))
		}
		return err
	})
	for _, e := range entries {
		if name := e.Name(); err == nil && (name == "." || name == ".." || strings.ContainsAny(name, "/\x00")) {
			err = &migration.Error{Code: migration.CodeInternal, Op: "list uploads", Cause: "the SFTP server lists what is no name"}
		}
	}
	return entries, err
}

// The type of a file within the mode that the server tells; 0: it tells none.
const (
	typeMask    = 0o170000
	typeFile    = 0o100000
	typeFolder  = 0o040000
	typeSymlink = 0o120000
)

func typeOf(info fileInfo) uint32 {
	if stat, ok := info.Sys().(*protocol.FileStat); ok {
		return stat.Mode & typeMask
	}
	return 0
}

func entryOf(name string, info fileInfo) uploads.Entry {
	e := uploads.Entry{Name: name, Kind: uploads.KindOther, Modified: info.ModTime()}
	switch typeOf(info) {
	case typeFile:
		e.Kind, e.Size = uploads.KindFile, info.Size()
	case typeSymlink:
		e.Kind = uploads.KindSymlink
	}
	return e
}

// place returns the path of key below the root.
func place(key uploads.Key) (string, error) {
	if err := uploads.CheckKey(key); err != nil {
		return "", err
	}
	record, err := uploads.Folder(key.Row)
	if err != nil {
		return "", err
	}
	return path.Join(record, key.Name), nil
}

// filePlace is place for keys that must name a file.
func filePlace(key uploads.Key) (string, error) {
	if key.Name == "" || uploads.IsPartial(path.Base(key.Name)) {
		return "", &migration.Error{Code: migration.CodeUnsupported, Op: "name an upload", Hint: "the name is empty or is that of a partial file"}
	}
	return place(key)
}

// look returns what is at name; fs.ErrNotExist where there is nothing. All components are
// asked for at once: one that is no folder is CodeUnsupported.
func (c *session) look(name string) (fileInfo, error) {
	parts := strings.Split(name, "/")
	infos, errs := make([]fileInfo, len(parts)), make([]error, len(parts))
	var group errgroup.Group
	for i := range parts {
		group.Go(func() error {
			infos[i], errs[i] = c.lstat(strings.Join(parts[:i+1], "/"))
			return nil
		})
	}
	_ = group.Wait() //nolint:errcheck // each has its own
	last := len(parts) - 1
	for i := range last {
		if errs[i] != nil {
			return nil, errs[i]
		}
		if err := folder(infos[i]); err != nil {
			return nil, err
		}
	}
	return infos[last], errs[last]
}

// folder refuses what is none.
func folder(info fileInfo) error {
	if typeOf(info) == typeFolder {
		return nil
	}
	return &migration.Error{Code: migration.CodeUnsupported, Op: "look at uploads", Hint: "a symlink or file stands where a table's or record's folder should be"}
}

// same reports whether two looks may have been at one file. The protocol tells no more.
func same(a, b fileInfo) bool {
	x, okX := a.Sys().(*protocol.FileStat)
	y, okY := b.Sys().(*protocol.FileStat)
	return okX && okY && x.Size == y.Size && x.Mode == y.Mode && x.Mtime == y.Mtime && x.UID == y.UID && x.GID == y.GID
}

// List implements uploads.Store.
func (s *Store) List(ctx context.Context, row migration.RowKey) ([]uploads.Entry, error) {
	dir, err := place(uploads.Key{Row: row})
	if err != nil {
		return nil, err
	}
	var list []uploads.Entry
	err = s.on(ctx, "list uploads", func(c *session) error {
		info, err := c.look(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			err = folder(info)
		}
		if err != nil {
			return err
		}
		return c.walk(ctx, dir, "", 0, &list)
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b uploads.Entry) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

func (c *session) walk(ctx context.Context, dir, prefix string, depth int, list *[]uploads.Entry) error {
	infos, err := c.list(ctx, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, info := range infos {
		name := info.Name()
		if typeOf(info) == typeFolder && depth < uploads.MaxDepth {
			if err := c.walk(ctx, path.Join(dir, name), prefix+name+"/", depth+1, list); err != nil {
				return err
			}
			continue
		}
		if uploads.IsPartial(name) && !c.store.readOnly {
			continue
		}
		if len(*list) == uploads.MaxFiles {
			return &migration.Error{Code: migration.CodeUnsupported, Op: "list uploads", Hint: "a record has more files than can be listed"}
		}
		entry := entryOf(prefix+name, info)
		if uploads.IsPartial(name) {
			entry.Kind = uploads.KindOther // no file of the target can have its name
		}
		*list = append(*list, entry)
	}
	return nil
}

// Stat implements uploads.Store.
func (s *Store) Stat(ctx context.Context, key uploads.Key) (uploads.Entry, error) {
	named := filePlace
	if key.Name == "" {
		named = place
	}
	name, err := named(key)
	if err != nil {
		return uploads.Entry{}, err
	}
	var entry uploads.Entry
	err = s.on(ctx, "look at an upload", func(c *session) error {
		info, err := c.look(name)
		if err == nil && key.Name == "" {
			err = folder(info)
		}
		if err == nil {
			entry = entryOf(key.Name, info)
		}
		return err
	})
	return entry, err
}

// Open implements uploads.Store.
func (s *Store) Open(ctx context.Context, key uploads.Key) (uploads.File, error) {
	name, err := filePlace(key)
	if err != nil {
		return nil, err
	}
	var opened *file
	err = s.on(ctx, opOpen, func(c *session) error {
		info, err := c.look(name)
		if err == nil && typeOf(info) != typeFile {
			err = &migration.Error{Code: migration.CodeUnsupported, Op: opOpen, Hint: "it is a symlink, folder or device"}
		}
		if err != nil {
			return err
		}
		h, err := c.open(name, readOnly)
		if err == nil {
			opened = &file{handle: h, name: key.Name, size: info.Size()}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return opened, nil
}

const opOpen = "open an upload"

// file is an open file to read.
type file struct {
	*handle

	name   string
	size   int64 // as the server said last
	offset int64
}

// Read asks for what the file has, and the server for its size at the end of that. The
// library takes a connection that broke for an end, and asks for a whole buffer at once.
func (f *file) Read(b []byte) (int, error) {
	if f.offset >= f.size {
		info, err := f.stat()
		if err != nil {
			return 0, failed("read an upload", err)
		}
		if f.size = info.Size(); f.offset >= f.size {
			return 0, io.EOF
		}
	}
	n, err := f.handle.Read(b[:min(int64(len(b)), f.size-f.offset)])
	f.offset += int64(n)
	switch {
	case errors.Is(err, io.EOF) && n == 0:
		// It got shorter, or the connection is gone: not the whole file either way.
		return 0, &migration.Error{Code: migration.CodeDrifted, Op: "read an upload", Err: io.ErrUnexpectedEOF}
	case n > 0 && errors.Is(err, io.EOF):
		return n, nil
	}
	return n, failed("read an upload", err)
}

// Seek implements io.Seeker.
func (f *file) Seek(offset int64, whence int) (n int64, err error) {
	f.offset, err = f.handle.Seek(offset, whence)
	return f.offset, err
}

func (f *file) Entry() (uploads.Entry, error) {
	info, err := f.stat()
	if err != nil {
		return uploads.Entry{}, failed("look at an upload", err)
	}
	return entryOf(f.name, info), nil
}

func (f *file) Mode() (fs.FileMode, error) {
	info, err := f.stat()
	if err != nil {
		return 0, failed("look at an upload", err)
	}
	return info.Mode().Perm(), nil
}

// Remove implements uploads.Store.
func (s *Store) Remove(ctx context.Context, key uploads.Key) error {
	const op = "remove an upload"
	if err := s.writable(op); err != nil {
		return err
	}
	name, err := filePlace(key)
	if err != nil {
		return err
	}
	err = s.on(ctx, op, func(c *session) error {
		info, err := c.look(name)
		if err == nil && typeOf(info) != typeFile {
			err = &migration.Error{Code: migration.CodeUnsupported, Op: op, Hint: "it is a symlink, folder or device"}
		}
		if err == nil {
			err = c.remove(name)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return err
}

func (c *session) remove(name string) error {
	return c.bounded(func() error { return c.client.Remove(c.path(name)) })
}

func (s *Store) writable(op string) error {
	if s.readOnly {
		return &migration.Error{Code: migration.CodeRefused, Op: op, Hint: "these uploads are opened for reading only"}
	}
	return nil
}

// Sync implements uploads.Store: it flushes each folder on the way to keys once, the
// deepest first. OpenSSH opens folders as files to read; a server that does not, or
// cannot flush, keeps what it keeps (Lacks).
func (s *Store) Sync(ctx context.Context, keys []uploads.Key) error {
	const op = "flush uploads"
	if err := s.writable(op); err != nil {
		return err
	}
	folders := map[string]int{} // with their depth
	for _, key := range keys {
		name, err := filePlace(key)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		for depth := strings.Count(dir, "/") + 1; depth > 0 && folders[dir] == 0; depth-- {
			folders[dir] = depth
			dir = path.Dir(dir)
		}
		folders["."] = 0
	}
	return s.on(ctx, op, func(c *session) error {
		if !c.has(extensionFlush) {
			return nil
		}
		for _, dir := range slices.SortedFunc(maps.Keys(folders), func(a, b string) int { return cmp.Compare(folders[b], folders[a]) }) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := c.flush(dir); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *session) flush(dir string) error {
	err := c.bounded(func() error {
		f, err := c.client.Open(c.path(dir))
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return ignoreStatus(err)
}

// timeOf is a time as the protocol has it: whole seconds from 1970 to 2106.
func timeOf(t time.Time) time.Time {
	const last = 1<<32 - 1
	return time.Unix(min(max(t.Unix(), 0), last), 0)
}
