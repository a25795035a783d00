package records

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"slices"
	"sync"

	"jogetferry/migration"
)

// codecVersion is the first byte of everything encoded here; readers refuse others.
const codecVersion = 1

// maxDecoded bounds what Decode unpacks, well above DefaultMaxBytes.
const maxDecoded = 1 << 30

// Encode packs a set for storage: a version byte, then deflated lists of
// column names and rows, then a CRC-32 of the unpacked bytes. The same set
// gives the same bytes.
func Encode(set Set) []byte { return pack(appendSet(nil, set)) }

// Decode unpacks what Encode made. Anything else is CodeInvalid.
func Decode(data []byte) (Set, error) {
	d, err := unpack(data)
	if err != nil {
		return Set{}, err
	}
	set := d.set()
	return set, d.done()
}

// EncodeRow packs one row, as an image.
func EncodeRow(row Row) []byte { return Encode(Set{Rows: []Row{row}}) }

// DecodeRow unpacks what EncodeRow made.
func DecodeRow(data []byte) (Row, error) {
	set, err := Decode(data)
	if err != nil {
		return Row{}, err
	}
	if len(set.Rows) != 1 {
		return Row{}, migration.E(migration.CodeInvalid, "decode row", "", "%d rows, not one", len(set.Rows))
	}
	return set.Rows[0], nil
}

// Encode packs a capture for the ledger; see the function Encode.
func (w Capture) Encode() []byte {
	b := appendSet(nil, w.Before)
	b = appendSet(b, w.After)
	b = binary.AppendUvarint(b, uint64(len(w.Fresh)))
	for _, key := range w.Fresh {
		b = appendString(appendString(b, key.Table), string(key.ID))
	}
	return pack(b)
}

// DecodeCapture unpacks what Capture.Encode made.
func DecodeCapture(data []byte) (Capture, error) {
	d, err := unpack(data)
	if err != nil {
		return Capture{}, err
	}
	w := Capture{Before: d.set(), After: d.set()}
	for n := d.count(2); n > 0; n-- {
		w.Fresh = append(w.Fresh, migration.RowKey{Table: d.text(), ID: migration.RecordID(d.text())})
	}
	return w, d.done()
}

// A flate.Writer is most of a megabyte, an image often less than a kilobyte.
var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(io.Discard, flate.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}}

func pack(content []byte) []byte {
	var out bytes.Buffer
	out.WriteByte(codecVersion)
	w, ok := deflaters.Get().(*flate.Writer)
	if !ok {
		panic("records: pool of another type")
	}
	defer deflaters.Put(w)
	w.Reset(&out)
	content = binary.BigEndian.AppendUint32(content, crc32.ChecksumIEEE(content))
	if _, err := w.Write(content); err != nil {
		panic(err) // a bytes.Buffer takes everything
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func unpack(data []byte) (*decoder, error) {
	const op = "decode rows"
	if len(data) == 0 || data[0] != codecVersion {
		return nil, migration.E(migration.CodeInvalid, op, "", "written by another version of this program")
	}
	r := flate.NewReader(bytes.NewReader(data[1:]))
	content, err := io.ReadAll(io.LimitReader(r, maxDecoded+1))
	if err != nil {
		return nil, migration.E(migration.CodeInvalid, op, "", "%w", err)
	}
	if len(content) > maxDecoded || len(content) < crc32.Size {
		return nil, migration.E(migration.CodeInvalid, op, "", "%d bytes unpacked", len(content))
	}
	body := content[:len(content)-crc32.Size]
	if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(content[len(body):]) {
		return nil, migration.E(migration.CodeInvalid, op, "", "the checksum differs")
	}
	return &decoder{rest: body}, nil
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendStrings(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendString(b, s)
	}
	return b
}

// What is said of a row before its values.
const (
	flagShared  = 1
	flagOutline = 2
)

func appendFlags(b []byte, row *Row) []byte {
	flags := byte(0)
	if row.Shared {
		flags |= flagShared
	}
	o := row.Outline
	if o == nil {
		return append(b, flags)
	}
	b = append(append(b, flags|flagOutline), o.Digest[:]...)
	b = appendString(b, o.Content)
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(o.At)), uint64(o.Size)) //nolint:gosec // lengths
}

// appendLength appends the length of a value: 0 is NULL, so that ” is 1.
func appendLength(b, value []byte) []byte {
	if value == nil {
		return append(b, 0)
	}
	return binary.AppendUvarint(b, uint64(len(value))+1)
}

func appendSet(b []byte, set Set) []byte {
	b = appendString(b, string(set.Root))
	// Rows of a table share their names: they are written when they change.
	var heads [][]string
	index := make([]int, len(set.Rows))
	for i, row := range set.Rows {
		at := slices.IndexFunc(heads, func(names []string) bool { return slices.Equal(names, row.Names) })
		if at < 0 {
			at = len(heads)
			heads = append(heads, row.Names)
		}
		index[i] = at
	}
	b = binary.AppendUvarint(b, uint64(len(heads)))
	for _, names := range heads {
		b = appendStrings(b, names)
	}
	b = binary.AppendUvarint(b, uint64(len(set.Rows)))
	for i, row := range set.Rows {
		b = binary.AppendUvarint(b, uint64(index[i])) //nolint:gosec // an index
		b = appendString(appendString(b, row.Key.Table), string(row.Key.ID))
		b = appendFlags(b, &row)
		for _, v := range row.Values {
			b = append(appendLength(b, v), v...)
		}
	}
	b = appendStrings(b, set.Missing)
	b = binary.AppendUvarint(b, uint64(len(set.Cut)))
	for _, r := range set.Cut {
		b = appendString(appendString(appendString(appendString(b, r.Parent), r.Child), string(r.Kind)), r.Column)
	}
	return b
}

// decoder reads content whose checksum is right; it is still checked at each
// step, because a stored image may come from a mistake of ours.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) done() error {
	if d.bad || len(d.rest) > 0 {
		return migration.E(migration.CodeInvalid, "decode rows", "", "the content is too short or too long")
	}
	return nil
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.bad, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// count reads the number of items of at least size bytes each, so that a
// wrong number cannot make us allocate more than there is.
func (d *decoder) count(size int) int {
	n := d.uvarint()
	if n > uint64(len(d.rest)/size) { //nolint:gosec // a length
		d.bad, d.rest = true, nil
		return 0
	}
	return int(n) //nolint:gosec // bounded by a slice's length
}

func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.bad, d.rest = true, nil
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) text() string { return string(d.bytes(d.uvarint())) }

func (d *decoder) texts() []string {
	var list []string
	for n := d.count(1); n > 0; n-- {
		list = append(list, d.text())
	}
	return list
}

func (d *decoder) value() []byte {
	n := d.uvarint()
	if n == 0 {
		return nil
	}
	return d.bytes(n - 1)
}

func (d *decoder) flags() (shared bool, outline *Outline) {
	flags := d.uvarint()
	if flags&flagOutline != 0 {
		outline = &Outline{}
		copy(outline.Digest[:], d.bytes(uint64(len(outline.Digest))))
		outline.Content = d.text()
		outline.At, outline.Size = d.length(), d.length()
	}
	return flags&flagShared != 0, outline
}

// length reads a number of bytes that are elsewhere.
func (d *decoder) length() int64 {
	n := d.uvarint()
	if n > math.MaxInt64 {
		d.bad, d.rest = true, nil
		return 0
	}
	return int64(n)
}

func (d *decoder) set() Set {
	set := Set{Root: migration.RecordID(d.text())}
	var heads [][]string
	for n := d.count(1); n > 0; n-- {
		heads = append(heads, d.texts())
	}
	for n := d.count(4); n > 0 && !d.bad; n-- {
		at := d.uvarint()
		if at >= uint64(len(heads)) {
			d.bad, d.rest = true, nil
			return set
		}
		row := Row{Names: heads[at]}
		row.Key = migration.RowKey{Table: d.text(), ID: migration.RecordID(d.text())}
		row.Shared, row.Outline = d.flags()
		if len(row.Names) > len(d.rest) {
			d.bad, d.rest = true, nil
			return set
		}
		row.Values = make([][]byte, len(row.Names))
		for i := range row.Values {
			row.Values[i] = d.value()
		}
		set.Rows = append(set.Rows, row)
	}
	set.Missing = d.texts()
	for n := d.count(4); n > 0; n-- {
		set.Cut = append(set.Cut, migration.Relation{Parent: d.text(), Child: d.text(), Kind: migration.RelationKind(d.text()), Column: d.text()})
	}
	return set
}
