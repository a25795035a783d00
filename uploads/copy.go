package uploads

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"

	"golang.org/x/sync/errgroup"

	"jogetferry/migration"
)

// OnConflict says what to do with a file of the target that is neither the
// source's nor ours from before.
type OnConflict string

// The policies; the zero value means ConflictPark.
const (
	ConflictPark      OnConflict = "park"      // write nothing, report
	ConflictOverwrite OnConflict = "overwrite" // take the source's file; the image keeps the former one
	ConflictKeep      OnConflict = "keep"      // leave the target's file
)

// FileImage is what a file of the target was before we wrote to it.
type FileImage = migration.FileImage

// FileImages is the ledger's memory of files, bound to one target server and
// one instance.
type FileImages interface {
	// Written returns the sums of everything that we wrote or meant to write
	// (FileImage.WrittenSum) under keys, for whatever instance.
	Written(ctx context.Context, keys []Key) (map[Key][]Sum, error)
	// Keep stores images; they and their content, checked against Sum, are
	// durable when it returns. The first image of a file per instance is the one
	// to go back to; a later, different one that we did not write is kept beside
	// it, and then Undo goes back to that.
	Keep(ctx context.Context, images []FileImage) error
	// Wrote notes that these files were written. It is repeated after a crash.
	Wrote(ctx context.Context, images []FileImage) error
}

// ErrLimit: the records have more files than Options.Limit allows, and none was touched.
var ErrLimit = errors.New("more files than one copy may have")

// Limit bounds the files of a copy; zero fields do not.
type Limit struct {
	Files int
	Bytes int64
}

// Options tune Copy.
type Options struct {
	OnConflict OnConflict
	// Limit is what the source may have; more is ErrLimit.
	Limit Limit
	// Parallel is how many files are worked on at once; 0 means 8.
	Parallel int
	// Pace, if set, is called before each batch with its numbers: to limit the
	// rate, to heartbeat, to stop.
	Pace func(ctx context.Context, files int, bytes int64) error
}

const (
	defaultParallel = 8
	batchFiles      = 64      // open partial files
	batchBytes      = 1 << 30 // before the ledger hears of them
)

// Refusal is something that Copy will not touch, or may not read. Key.Name is ""
// where the whole record is meant. It holds personal data.
type Refusal struct {
	Key    Key
	Target bool // seen on the target, else on the source
	Kind   Kind // "" where the name is the trouble
}

// String is the key, what stands there, and where.
func (r Refusal) String() string {
	text := r.Key.String()
	if r.Kind != "" {
		text += " (" + string(r.Kind) + ")"
	}
	if r.Target {
		text += " on the target"
	}
	return text
}

// refused returns the refusal that an error of a store means for key; false for
// an error that is to be tried again, one of the whole store, or none.
func refused(key Key, err error) (Refusal, bool) {
	if errors.Is(err, ErrStore) {
		return Refusal{}, false
	}
	code := migration.CodeOf(err)
	if code == migration.CodeRefused {
		return Refusal{Key: key, Kind: KindUnreadable}, true
	}
	return Refusal{Key: key}, code == migration.CodeUnsupported
}

// Result counts files by what happened to them. Conflicts, Refused and Sums hold
// personal data.
type Result struct {
	Copied      int
	Overwritten int
	Same        int
	Kept        int   // the target's own file was left, by ConflictKeep or because it is a thumbnail
	Resumed     int   // of Copied and Overwritten: went on where an earlier attempt ended
	Bytes       int64 // of Copied and Overwritten
	Conflicts   []Key
	Refused     []Refusal
	// Sums are those of all files that are the source's now: of Copied,
	// Overwritten and Same.
	Sums map[Key]Sum
}

// Copy makes dst's files of the given records those of src. A file that is
// absent is copied, one with the same content left, one that we wrote before
// replaced; any other is a conflict. With ConflictPark all files are looked at before any
// is written, and a conflict found then means that none is. Content goes to a partial
// file, is made durable, imaged by images, and only then gets its name.
//
// The thumbnail of an image is copied where the target has none: who makes it is
// not known of every Joget, and an upload of such a name may be somebody's. The
// target's own is never replaced, and no conflict.
//
// Conflicts give CodeConflict together with the result; what was refused is
// in the result alone, and it is for the caller to say whether that is an error.
// A source file that changes meanwhile is CodeDrifted. It is safe to repeat, and
// writes nothing into src.
func Copy(ctx context.Context, src, dst Store, records []migration.RowKey, images FileImages, options Options) (Result, error) {
	if options.Parallel <= 0 {
		options.Parallel = defaultParallel
	}
	c := copier{src: src, dst: dst, images: images, options: options, result: Result{Sums: map[Key]Sum{}}}
	if err := c.plan(ctx, records); err != nil {
		return c.result, err
	}
	if len(c.result.Conflicts) == 0 {
		for rest := c.jobs; len(rest) > 0; {
			n, size := 0, int64(0)
			for n < len(rest) && n < batchFiles && (n == 0 || size < batchBytes) {
				size += rest[n].entry.Size
				n++
			}
			if err := c.batch(ctx, rest[:n], size); err != nil {
				return c.result, err
			}
			rest = rest[n:]
		}
	}
	if n := len(c.result.Conflicts); n > 0 {
		return c.result, &migration.Error{
			Code: migration.CodeConflict, Op: "copy uploads", Subject: fmt.Sprintf("%d files", n),
			Hint: "the target has other files with these names; look at them, then choose overwrite or keep",
		}
	}
	return c.result, nil
}

type copier struct {
	src, dst Store
	images   FileImages
	options  Options
	result   Result
	jobs     []*job
}

// job is one file of the source.
type job struct {
	key      Key
	also     []Key // of other records, see once
	entry    Entry
	thumb    bool   // the preview of an image of the source
	there    *Entry // on the target; nil: absent
	thereSum Sum
	sum      Sum
	decided  decision
	refusal  Refusal // of decideRefuse
	mode     fs.FileMode
	partial  Partial
	resumed  bool
}

type decision int

const (
	decideWrite decision = iota
	decideSame
	decideConflict
	decideRefuse
)

// each runs do for all jobs, some at a time.
func (c *copier) each(ctx context.Context, jobs []*job, do func(context.Context, *job) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.options.Parallel)
	for _, j := range jobs {
		group.Go(func() error { return do(ctx, j) })
	}
	return group.Wait()
}

func (c *copier) plan(ctx context.Context, records []migration.RowKey) error {
	var jobs []*job
	listed := map[migration.RowKey]bool{}
	for _, row := range records {
		if listed[row] {
			continue
		}
		listed[row] = true
		entries, err := c.src.List(ctx, row)
		if refusal, ok := refused(Key{Row: row}, err); ok {
			c.result.Refused = append(c.result.Refused, refusal)
			continue
		}
		if err != nil {
			return err
		}
		for _, entry := range entries {
			key := Key{Row: row, Name: entry.Name}
			if entry.Kind != KindFile {
				c.result.Refused = append(c.result.Refused, Refusal{Key: key, Kind: entry.Kind})
				continue
			}
			jobs = append(jobs, &job{key: key, entry: entry, thumb: isThumbnail(key, entries)})
		}
	}
	jobs = once(jobs)
	if c.options.Limit.exceeded(jobs) {
		return ErrLimit
	}
	for chunk := range slices.Chunk(jobs, batchFiles) {
		if err := c.decide(ctx, chunk); err != nil {
			return err
		}
	}
	return nil
}

func (l Limit) exceeded(jobs []*job) bool {
	var bytes int64
	for _, j := range jobs {
		bytes += j.entry.Size
	}
	return l.Files > 0 && len(jobs) > l.Files || l.Bytes > 0 && bytes > l.Bytes
}

// once returns jobs without those of files that another one is of, too: the folder of a
// record may lie in that of another (Folder). A file is the record's whose folder it lies
// in at the least depth.
func once(jobs []*job) []*job {
	places := make(map[string]*job, len(jobs))
	at := func(key Key) string {
		folder, err := Folder(key.Row)
		if err != nil {
			return key.String() // it has no place, as is found when it is looked for
		}
		return folder + "/" + key.Name
	}
	for _, j := range jobs {
		if other := places[at(j.key)]; other == nil || len(j.key.Name) < len(other.key.Name) {
			places[at(j.key)] = j
		}
	}
	return slices.DeleteFunc(jobs, func(j *job) bool {
		owner := places[at(j.key)]
		if owner != j {
			owner.also = append(owner.also, j.key)
		}
		return owner != j
	})
}

func (c *copier) decide(ctx context.Context, jobs []*job) error {
	if err := c.each(ctx, jobs, c.look); err != nil {
		return err
	}
	keys := make([]Key, 0, len(jobs))
	for _, j := range jobs {
		if j.there != nil {
			keys = append(keys, j.key)
		}
	}
	var written map[Key][]Sum
	if len(keys) > 0 {
		var err error
		if written, err = c.images.Written(ctx, keys); err != nil {
			return fmt.Errorf("look up files written before: %w", err)
		}
	}
	var again []FileImage
	for _, j := range jobs {
		ours := migration.Attribute(migration.Trace{Digest: j.thereSum, Wrote: written[j.key]}) == migration.OwnerOurs
		switch {
		case j.decided == decideRefuse:
			c.result.Refused = append(c.result.Refused, j.refusal)
		case j.decided == decideSame:
			c.result.Same++
			c.sum(j)
			if ours {
				again = append(again, FileImage{Key: j.key, WrittenSum: j.sum})
			}
		case j.there == nil || !j.thumb && (ours || c.options.OnConflict == ConflictOverwrite):
			c.jobs = append(c.jobs, j)
		default:
			c.conflict(j)
		}
	}
	if len(again) > 0 {
		// A crash came between the write and this note.
		if err := c.sync(ctx, again); err != nil {
			return err
		}
		if err := c.images.Wrote(ctx, again); err != nil {
			return fmt.Errorf("note files written: %w", err)
		}
	}
	return nil
}

// sum notes the sum of a file that is the source's now.
func (c *copier) sum(j *job) {
	c.result.Sums[j.key] = j.sum
	for _, key := range j.also {
		c.result.Sums[key] = j.sum
	}
}

func (c *copier) conflict(j *job) {
	if j.thumb || c.options.OnConflict == ConflictKeep {
		c.result.Kept++
		return
	}
	c.result.Conflicts = append(c.result.Conflicts, j.key)
}

// look compares a file with the target's.
func (c *copier) look(ctx context.Context, j *job) error {
	there, err := c.dst.Stat(ctx, j.key)
	if code := migration.CodeOf(err); code == migration.CodeNotFound {
		return nil
	} else if code == migration.CodeUnsupported {
		j.refuse(Refusal{Key: j.key, Target: true})
		return nil
	}
	if err != nil {
		return err
	}
	j.there = &there
	if there.Kind != KindFile {
		j.refuse(Refusal{Key: j.key, Target: true, Kind: there.Kind})
		return nil
	}
	if j.thereSum, err = sumOf(ctx, c.dst, j.key); err != nil {
		return err
	}
	if there.Size != j.entry.Size {
		return nil
	}
	j.sum, err = sumOf(ctx, c.src, j.key)
	if refusal, ok := refused(j.key, err); ok {
		j.refuse(refusal)
		return nil
	}
	if err != nil {
		return err
	}
	if j.sum == j.thereSum {
		j.decided = decideSame
	}
	return nil
}

func (j *job) refuse(r Refusal) { j.decided, j.refusal = decideRefuse, r }

func (c *copier) batch(ctx context.Context, jobs []*job, size int64) (err error) {
	if c.options.Pace != nil {
		if err := c.options.Pace(ctx, len(jobs), size); err != nil {
			return err
		}
	}
	defer func() {
		for _, j := range jobs {
			if j.partial == nil {
				continue
			}
			if closing := j.partial.Close(); err == nil {
				err = closing
			}
		}
	}()
	if err := c.each(ctx, jobs, c.fill); err != nil {
		return err
	}
	jobs = slices.DeleteFunc(slices.Clone(jobs), func(j *job) bool {
		if j.decided == decideRefuse {
			c.result.Refused = append(c.result.Refused, j.refusal)
		}
		return j.decided == decideRefuse
	})
	images := make([]FileImage, len(jobs))
	for i, j := range jobs {
		images[i] = FileImage{Key: j.key, WrittenSum: j.sum}
		if j.there != nil {
			images[i].Existed, images[i].Entry, images[i].Sum = true, *j.there, j.thereSum
			images[i].Content = func(ctx context.Context) (io.ReadCloser, error) { return c.dst.Open(ctx, j.key) }
		}
	}
	if err := c.images.Keep(ctx, images); err != nil {
		return fmt.Errorf("keep images of files: %w", err)
	}
	if err := c.each(ctx, jobs, c.commit); err != nil {
		return err
	}
	return c.settle(ctx, jobs, images)
}

// fill writes the partial file and leaves it open. Of a source file that may not
// be read there is none.
func (c *copier) fill(ctx context.Context, j *job) (err error) {
	file, err := c.src.Open(ctx, j.key)
	if refusal, ok := refused(j.key, err); ok {
		j.refuse(refusal)
		return nil
	}
	if err != nil {
		return err
	}
	defer func() {
		if closing := file.Close(); err == nil {
			err = closing
		}
	}()
	before, err := file.Entry()
	if err != nil {
		return err
	}
	if j.mode, err = file.Mode(); err != nil {
		return err
	}
	if j.partial, err = c.dst.Create(ctx, j.key); err != nil {
		return err
	}
	in := &reader{ctx: ctx, in: file}
	digest := sha256.New()
	if err := j.resume(ctx, in, digest, before.Size); err != nil {
		return err
	}
	if !j.resumed && in.count > 0 {
		// The prefix was another one.
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("read an upload again: %w", err)
		}
		in.count = 0
		digest.Reset()
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(j.partial, digest)}, in, make([]byte, copyBuffer)); err != nil {
		return fmt.Errorf("copy an upload: %w", err)
	}
	after, err := file.Entry()
	if err != nil {
		return err
	}
	if in.count != after.Size || before.Size != after.Size || !before.Modified.Equal(after.Modified) {
		return &migration.Error{Code: migration.CodeDrifted, Op: "copy uploads", Hint: "a file of the source changed while it was read"}
	}
	j.entry = after
	j.sum = Sum(digest.Sum(nil))
	return nil
}

const copyBuffer = 256 << 10

// resume goes past the bytes that an earlier attempt left, if they are those
// of the source; otherwise it drops them.
func (j *job) resume(ctx context.Context, in io.Reader, digest hash.Hash, size int64) error {
	left, n := j.partial.Resume()
	if n == 0 {
		return nil
	}
	if n > size {
		return j.partial.Restart()
	}
	theirs := &reader{ctx: ctx, in: io.LimitReader(left, n)}
	a, b := make([]byte, copyBuffer), make([]byte, copyBuffer)
	for rest := n; rest > 0; {
		chunk := min(rest, copyBuffer)
		if _, err := io.ReadFull(in, a[:chunk]); err != nil {
			return fmt.Errorf("read an upload again: %w", err)
		}
		if _, err := io.ReadFull(theirs, b[:chunk]); err != nil {
			return fmt.Errorf("read a partial upload: %w", err)
		}
		if !bytes.Equal(a[:chunk], b[:chunk]) {
			return j.partial.Restart()
		}
		digest.Write(a[:chunk])
		rest -= chunk
	}
	j.resumed = true
	return nil
}

func (c *copier) commit(ctx context.Context, j *job) error {
	err := j.partial.Commit(ctx, Commit{Size: j.entry.Size, Modified: j.entry.Modified, Mode: j.mode, Replace: j.there})
	if migration.CodeOf(err) != migration.CodeConflict {
		return err
	}
	// Another attempt of ours may have put the very same there.
	j.decided = decideConflict
	if err := j.partial.Discard(); err != nil {
		return err
	}
	now, err := c.dst.Stat(ctx, j.key)
	if migration.CodeOf(err) == migration.CodeNotFound || err == nil && now.Kind != KindFile {
		return nil
	}
	if err != nil {
		return err
	}
	sum, err := sumOf(ctx, c.dst, j.key)
	if err != nil {
		return err
	}
	if sum == j.sum {
		j.decided = decideSame
	}
	return nil
}

func (c *copier) settle(ctx context.Context, jobs []*job, images []FileImage) error {
	var wrote []FileImage
	for i, j := range jobs {
		switch j.decided {
		case decideSame:
			c.result.Same++
			c.sum(j)
			continue
		case decideConflict, decideRefuse:
			c.conflict(j)
			continue
		case decideWrite:
		}
		c.sum(j)
		if j.there == nil {
			c.result.Copied++
		} else {
			c.result.Overwritten++
		}
		if j.resumed {
			c.result.Resumed++
		}
		c.result.Bytes += j.entry.Size
		wrote = append(wrote, images[i])
	}
	if len(wrote) == 0 {
		return nil
	}
	if err := c.sync(ctx, wrote); err != nil {
		return err
	}
	if err := c.images.Wrote(ctx, wrote); err != nil {
		return fmt.Errorf("note files written: %w", err)
	}
	return nil
}

func (c *copier) sync(ctx context.Context, images []FileImage) error {
	keys := make([]Key, len(images))
	for i, image := range images {
		keys[i] = image.Key
	}
	return c.dst.Sync(ctx, keys)
}

// reader stops when its context ends, and counts.
type reader struct {
	ctx   context.Context //nolint:containedctx // io.Reader has no room for one
	in    io.Reader
	count int64
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.in.Read(p)
	r.count += int64(n)
	return n, err
}

func sumOf(ctx context.Context, s Store, key Key) (sum Sum, err error) {
	file, err := s.Open(ctx, key)
	if err != nil {
		return Sum{}, err
	}
	defer func() {
		if closing := file.Close(); err == nil {
			err = closing
		}
	}()
	digest := sha256.New()
	if _, err := io.CopyBuffer(struct{ io.Writer }{digest}, &reader{ctx: ctx, in: file}, make([]byte, copyBuffer)); err != nil {
		return Sum{}, fmt.Errorf("read an upload: %w", err)
	}
	return Sum(digest.Sum(nil)), nil
}
