package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"io"
	"sync"
)

// chunkBytes is how much of a content one row holds, before compression; the last
// one of a content has less. A statement with a chunk is smaller than leastPacket,
// even where each byte of it is escaped.
const (
	chunkBytes  = 1 << 20
	leastPacket = 4 << 20
)

// Contents is the ledger's room for what is too large for a row or for memory, in
// chunks under a name. It satisfies records.Contents.
type Contents struct {
	ledger *Ledger
	last   *lastChunk
}

// lastChunk is the chunk that was read last: of a content that has many rows they are read one
// after the other, and each by itself.
type lastChunk struct {
	mu      sync.Mutex
	content string
	seq     int64
	plain   []byte // never changed
}

// Contents returns the room for contents. It remembers the chunk that was read last.
func (l *Ledger) Contents() Contents { return Contents{l, &lastChunk{}} }

// Create begins a content under a name that nothing else has. It is durable when
// it is closed without an error; otherwise it may be there in part.
func (c Contents) Create(ctx context.Context) (name string, content io.WriteCloser) {
	name = rand.Text()
	return name, &contentWriter{ctx: ctx, ledger: c.ledger, content: name}
}

// Open reads a content from its byte at on; one that is absent has none.
func (c Contents) Open(ctx context.Context, name string, at int64) io.Reader {
	return &contentReader{ctx: ctx, Contents: c, content: name, seq: at / chunkBytes, skip: int(at % chunkBytes)}
}

// Forget removes contents. One that is absent is removed already.
func (c Contents) Forget(ctx context.Context, names ...string) error {
	var errs []error
	for _, name := range names {
		if name == "" {
			continue
		}
		_, err := c.ledger.db.ExecContext(ctx, deleteChunks, name)
		errs = append(errs, err)
	}
	return failure("remove a content", "", errors.Join(errs...))
}

// contentWriter writes a content, a chunk at a time.
type contentWriter struct {
	ctx     context.Context //nolint:containedctx // an io.Writer has nowhere else to take it from
	ledger  *Ledger
	content string
	seq     int64
	buffer  []byte
}

// Write implements io.Writer.
func (w *contentWriter) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		n := min(len(p)-written, chunkBytes-len(w.buffer))
		w.buffer = append(w.buffer, p[written:written+n]...)
		written += n
		if len(w.buffer) == chunkBytes {
			if err := w.flush(); err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

// Close writes the last chunk.
func (w *contentWriter) Close() error {
	if len(w.buffer) == 0 {
		return nil
	}
	return w.flush()
}

func (w *contentWriter) flush() error {
	blob, err := pack(w.buffer)
	if err == nil {
		_, err = w.ledger.db.ExecContext(w.ctx, insertChunk, w.content, w.seq, blob)
	}
	w.seq++
	w.buffer = w.buffer[:0]
	return failure("write a content", "", err)
}

// contentReader reads a content, a chunk at a time.
type contentReader struct {
	Contents

	ctx     context.Context //nolint:containedctx // an io.Reader has nowhere else to take it from
	content string
	seq     int64
	skip    int // bytes of the next chunk
	rest    []byte
	over    bool // the last chunk was read
}

// Read implements io.Reader.
func (r *contentReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.over {
			return 0, io.EOF
		}
		var err error
		r.rest, err = r.chunk(r.ctx, r.content, r.seq)
		if errors.Is(err, sql.ErrNoRows) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, failure("read a content", "", err)
		}
		r.over = len(r.rest) < chunkBytes
		r.rest = r.rest[min(r.skip, len(r.rest)):]
		r.skip = 0
		r.seq++
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// chunk reads a chunk, unless it was read last.
func (c Contents) chunk(ctx context.Context, content string, seq int64) ([]byte, error) {
	c.last.mu.Lock()
	defer c.last.mu.Unlock()
	if c.last.plain != nil && c.last.content == content && c.last.seq == seq {
		return c.last.plain, nil
	}
	var blob []byte
	if err := c.ledger.db.QueryRowContext(ctx, queryChunk, content, seq).Scan(&blob); err != nil {
		return nil, err
	}
	plain, err := unpack(blob)
	if err != nil {
		return nil, err
	}
	c.last.content, c.last.seq, c.last.plain = content, seq, plain
	return plain, nil
}
