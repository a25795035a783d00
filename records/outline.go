package records

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"jogetferry/migration"
)

// outlineBytes is the largest value that a row of a capture holds in memory: more
// than an ID, a time or the name of a person takes.
const outlineBytes = 1 << 10

// Outline says that a row is not all there: it has no values of more than a kilobyte
// or, if it did not change in a capture, none at all; in a survey it has their digests.
// Docs: docs/adr/0011-captures-of-any-size.md.
type Outline struct {
	Digest  Digest // of the whole row
	Content string // where the whole row is, by its name among Contents; "": nowhere
	At      int64  // bytes before it
	Size    int64  // in bytes, as it is there
}

// Contents is the ledger's room for what is too large to be held in memory.
type Contents interface {
	// Create begins a content under a name that nothing else has. What is written
	// is durable when Close returns.
	Create(ctx context.Context) (name string, content io.WriteCloser)
	// Open reads a content from its byte at on.
	Open(ctx context.Context, name string, at int64) io.Reader
	// Forget removes contents. One that is absent is removed already.
	Forget(ctx context.Context, names ...string) error
}

// recorder makes outlines of rows, whose content goes to one content of the ledger.
type recorder struct {
	contents Contents // nil: rows stay whole
	room     int64    // bytes of rows that stay whole all the same
	name     string   // "" while there is nothing in it
	content  io.WriteCloser
	size     int64
}

// record returns a copy of a row that may be held for long.
func (r *recorder) record(ctx context.Context, row Row) (Row, error) {
	if r.contents == nil || !slices.ContainsFunc(row.Values, large) {
		return row.clone(), nil
	}
	if size := row.Bytes(); size <= r.room {
		r.room -= size
		return row.clone(), nil
	}
	if r.name == "" {
		r.name, r.content = r.contents.Create(ctx)
	}
	outline := Outline{Digest: row.Digest(), Content: r.name, At: r.size}
	n, err := writeRow(r.content, row)
	if err != nil {
		return Row{}, fmt.Errorf("keep a row of a record set: %w", err)
	}
	r.size += n
	outline.Size = n
	return row.outlined(outline), nil
}

// close makes what was recorded durable, or drops it after an error.
func (r *recorder) close(ctx context.Context, err error) error {
	if r.name == "" {
		return err
	}
	if err == nil {
		if err = r.content.Close(); err == nil {
			return nil
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
	defer cancel()
	// What cannot be removed stays, and belongs to nothing.
	return errors.Join(err, r.contents.Forget(ctx, r.name))
}

func large(value []byte) bool { return len(value) > outlineBytes }

// clone copies the values of a row into one allocation.
func (r *Row) clone() Row {
	size := 0
	for _, v := range r.Values {
		size += len(v)
	}
	copied := *r
	buffer := make([]byte, 0, size)
	copied.Values = make([][]byte, len(r.Values))
	for i, v := range r.Values {
		if v == nil {
			continue
		}
		start := len(buffer)
		buffer = append(buffer, v...)
		copied.Values[i] = buffer[start:len(buffer):len(buffer)]
	}
	return copied
}

// outlined returns a copy without large values.
func (r *Row) outlined(o Outline) Row {
	small := Row{Key: r.Key, Shared: r.Shared}
	for i, v := range r.Values {
		if !large(v) {
			small.Names = append(small.Names, r.Names[i])
			small.Values = append(small.Values, v)
		}
	}
	small = small.clone()
	small.Outline = &o
	return small
}

// unchanged is what a capture holds of a row that did not change: nothing but that.
func (r *Row) unchanged() Row {
	return Row{Key: r.Key, Shared: r.Shared, Outline: &Outline{Digest: r.Digest()}}
}

// writeRow writes names and values of a row with a checksum, and returns the bytes.
func writeRow(w io.Writer, row Row) (int64, error) {
	sum := crc32.NewIEEE()
	out := &counted{w: io.MultiWriter(w, sum)}
	out.write(binary.AppendUvarint(nil, uint64(len(row.Names))))
	for i, name := range row.Names {
		out.write(appendString(nil, name))
		out.write(appendLength(nil, row.Values[i]))
		out.write(row.Values[i])
	}
	out.write(sum.Sum(nil))
	return out.n, out.err
}

type counted struct {
	w   io.Writer
	n   int64
	err error
}

func (c *counted) write(p []byte) {
	if c.err != nil {
		return
	}
	n, err := c.w.Write(p)
	c.n += int64(n)
	c.err = err
}

// Gather is Collect for a copy, in the memory of a batch of rows: what is more goes to
// contents, whose rows Copy takes from there (CopyOptions.Contents). Target.Forget removes them.
func Gather(ctx context.Context, q Querier, schema *Schema, selection Selection, limits Limits, contents Contents) (Set, error) {
	r := recorder{contents: contents, room: batchHeld}
	hold := func(ctx context.Context, _ *layout, row Row) (Row, error) { return r.record(ctx, row) }
	set, err := (&collector{q: q, table: schema.Table, hold: hold, limits: limits}).collect(ctx, selection)
	return set, r.close(ctx, err)
}

// Survey is Collect in the memory of one row: a value of more than a kilobyte is its
// digest in the set. It can be compared with another survey, and cannot be written.
func Survey(ctx context.Context, q Querier, schema *Schema, selection Selection, limits Limits) (Set, error) {
	return (&collector{q: q, table: schema.Table, hold: holdDigests, limits: limits}).collect(ctx, selection)
}

func holdDigests(_ context.Context, _ *layout, row Row) (Row, error) {
	if !slices.ContainsFunc(row.Values, large) {
		return row.clone(), nil
	}
	outline := &Outline{Digest: row.Digest()}
	for i, value := range row.Values {
		if large(value) {
			// As text: a query may have it where an ID is meant.
			row.Values[i] = fmt.Appendf(nil, "%x", sha256.Sum256(value))
		}
	}
	row = row.clone()
	row.Outline = outline
	return row, nil
}

// whole returns the row that an outline stands for; of another row, nil included, that row.
func (t Target) whole(ctx context.Context, row *Row) (*Row, error) {
	if row == nil || row.Outline == nil {
		return row, nil
	}
	const op = "read a row of a record set"
	o := row.Outline
	if o.Content == "" || t.Contents == nil || o.Size < crc32.Size {
		return nil, migration.E(migration.CodeInternal, op, "", "its content was not kept")
	}
	data := make([]byte, o.Size)
	if _, err := io.ReadFull(t.Contents.Open(ctx, o.Content, o.At), data); err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	body := data[:len(data)-crc32.Size]
	if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(data[len(body):]) {
		return nil, migration.E(migration.CodeInternal, op, "", "the checksum differs")
	}
	d := &decoder{rest: body}
	read := Row{Key: row.Key, Shared: row.Shared}
	for n := d.count(2); n > 0; n-- {
		read.Names = append(read.Names, d.text())
		read.Values = append(read.Values, d.value())
	}
	if err := d.done(); err != nil {
		return nil, err
	}
	if read.Digest() != o.Digest {
		return nil, migration.E(migration.CodeInternal, op, "", "it is another row")
	}
	return &read, nil
}

// Forget removes what the ledger holds of a set's rows.
func (t Target) Forget(ctx context.Context, set Set) error {
	var names []string
	for i := range set.Rows {
		if o := set.Rows[i].Outline; o != nil && o.Content != "" && !slices.Contains(names, o.Content) {
			names = append(names, o.Content)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return t.Contents.Forget(ctx, names...)
}
