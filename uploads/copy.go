package uploads

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"

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
	// ConflictLeave is ConflictPark of each file by itself: all others are written.
	ConflictLeave OnConflict = "leave"
)

// FileImage is what a file of the target was before we wrote to it.
type FileImage = migration.FileImage

// FileImages is the ledger's memory of files, bound to one target server and
// one instance.
type FileImages interface {
	// Written returns the sums of everything that we wrote or meant to write
	// (FileImage.WrittenSum) under keys, for whatever instance.
	Written(ctx context.Context, keys []Key) (map[Key][]Sum, error)
	// WrittenInBulk is Written for what bulk copies brought, by path (PathOf).
	WrittenInBulk(ctx context.Context, paths []string) (map[string][]Sum, error)
	// Keep stores images; they and their content, checked against Sum, are
	// durable when it returns. The first image of a file per instance is the one
	// to go back to; a later, different one that we did not write is kept beside
	// it, and then Undo goes back to that.
	Keep(ctx context.Context, images []FileImage) error
	// Wrote notes that these files were written. It is repeated after a crash.
	Wrote(ctx context.Context, images []FileImage) error
}

// ErrLimit says that the records have more files than Options.Limit allows; none was touched.
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
	// Together is how many files are made durable at once, and open until then; 0 means 64.
	Together int
	// Pace, if set, is called before each batch with its numbers: to limit the
	// rate, to heartbeat, to stop.
	Pace func(ctx context.Context, files int, bytes int64) error
}

const (
	defaultParallel = 8
	batchFiles      = 64
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
	Read        int64 // bytes of all files of the source that may be copied
	Conflicts   []Key
	Refused     []Refusal
	Unsteady    []Key // with ConflictLeave: changed while they were read
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
// A source file that changes meanwhile is CodeDrifted; with ConflictLeave it is told, and
// the others go on. A target without space is ErrFull, and nothing of what was being written
// is left. It is safe to repeat, and writes nothing into src.
func Copy(ctx context.Context, src, dst Store, records []migration.RowKey, images FileImages, options Options) (Result, error) {
	options.Parallel = cmp.Or(options.Parallel, defaultParallel)
	options.Together = cmp.Or(options.Together, batchFiles)
	c := copier{src: src, dst: dst, images: images, options: options, result: Result{Sums: map[Key]Sum{}}}
	if err := c.plan(ctx, records); err != nil {
		return c.result, err
	}
	if len(c.result.Conflicts) == 0 || options.OnConflict == ConflictLeave {
		for rest := c.jobs; len(rest) > 0; {
			n, size := 0, int64(0)
			for n < len(rest) && n < options.Together && (n == 0 || size < batchBytes) {
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
	thumb    bool     // the preview of an image of the source
	there    *Entry   // on the target; nil: absent
	refused  *Refusal // what stands in its way there
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
	decideUnsteady
	decideGone // from the source, meanwhile
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
		there, err := c.standing(ctx, row, len(entries))
		if err != nil {
			return err
		}
		for _, entry := range entries {
			key := Key{Row: row, Name: entry.Name}
			if entry.Kind != KindFile {
				c.result.Refused = append(c.result.Refused, Refusal{Key: key, Kind: entry.Kind})
				continue
			}
			j := &job{key: key, entry: entry, thumb: isThumbnail(key, entries)}
			j.there, j.refused = there.at(entry.Name)
			jobs = append(jobs, j)
		}
	}
	jobs = once(jobs)
	for _, j := range jobs {
		c.result.Read += j.entry.Size
	}
	if c.options.Limit.exceeded(jobs) {
		return ErrLimit
	}
	for chunk := range slices.Chunk(jobs, c.options.Together) {
		if err := c.decide(ctx, chunk); err != nil {
			return err
		}
	}
	return nil
}

// standing returns what stands in the folder of a row on the target, of whose files the
// source has so many.
func (c *copier) standing(ctx context.Context, row migration.RowKey, files int) (targetFolder, error) {
	if files == 0 {
		return targetFolder{}, nil
	}
	entries, err := c.dst.List(ctx, row)
	if migration.CodeOf(err) == migration.CodeUnsupported && !errors.Is(err, ErrStore) {
		return targetFolder{closed: true}, nil
	}
	return targetFolder{entries: entries}, err
}

// targetFolder is what stands in the folder of a row on the target.
type targetFolder struct {
	entries []Entry
	closed  bool // nothing may be written there
}

// at returns what stands at a name, nil for nothing; refused, what stands in the way.
func (f targetFolder) at(name string) (there *Entry, refused *Refusal) {
	if f.closed {
		return nil, &Refusal{Target: true}
	}
	n, found := slices.BinarySearchFunc(f.entries, name, func(e Entry, name string) int { return cmp.Compare(e.Name, name) })
	if found {
		if there = &f.entries[n]; there.Kind != KindFile {
			return nil, &Refusal{Target: true, Kind: there.Kind}
		}
		return there, nil
	}
	n, _ = slices.BinarySearchFunc(f.entries, name+"/", func(e Entry, name string) int { return cmp.Compare(e.Name, name) })
	if n < len(f.entries) && strings.HasPrefix(f.entries[n].Name, name+"/") {
		return nil, &Refusal{Target: true, Kind: KindOther} // a folder
	}
	return nil, nil
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
		path, err := PathOf(key)
		if err != nil {
			return key.String() // it has no place, as is found when it is looked for
		}
		return path
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
	written, brought, err := c.written(ctx, keys)
	if err != nil {
		return err
	}
	var again []FileImage
	for _, j := range jobs {
		ours := isOurs(j.thereSum, written[j.key])
		switch {
		case j.decided == decideRefuse:
			c.result.Refused = append(c.result.Refused, j.refusal)
		case j.decided == decideUnsteady:
			c.result.Unsteady = append(c.result.Unsteady, j.key)
		case j.decided == decideGone:
		case j.decided == decideSame:
			c.result.Same++
			c.sum(j)
			if ours {
				again = append(again, FileImage{Key: j.key, WrittenSum: j.sum})
			}
		case j.there == nil || !j.thumb && (ours || isOurs(j.thereSum, brought[j.key]) || c.options.OnConflict == ConflictOverwrite):
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

// written returns what we wrote under keys, by instances and by bulk copies.
func (c *copier) written(ctx context.Context, keys []Key) (written, brought map[Key][]Sum, err error) {
	if len(keys) == 0 {
		return nil, nil, nil
	}
	if written, err = c.images.Written(ctx, keys); err != nil {
		return nil, nil, fmt.Errorf("look up files written before: %w", err)
	}
	paths := make([]string, 0, len(keys))
	at := make(map[Key]string, len(keys))
	for _, key := range keys {
		if at[key], err = PathOf(key); err != nil {
			return nil, nil, err
		}
		paths = append(paths, at[key])
	}
	inBulk, err := c.images.WrittenInBulk(ctx, paths)
	if err != nil {
		return nil, nil, fmt.Errorf("look up files of the bulk copy: %w", err)
	}
	brought = make(map[Key][]Sum, len(keys))
	for key, path := range at {
		brought[key] = inBulk[path]
	}
	return written, brought, nil
}

func isOurs(sum Sum, wrote []Sum) bool {
	return migration.Attribute(migration.Trace{Digest: sum, Wrote: wrote}) == migration.OwnerOurs
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
	if j.refused != nil {
		j.refuse(Refusal{Key: j.key, Target: true, Kind: j.refused.Kind})
		return nil
	}
	if j.there == nil {
		return nil
	}
	var err error
	if j.thereSum, err = sumOf(ctx, c.dst, j.key); migration.CodeOf(err) == migration.CodeNotFound {
		j.there = nil // it went meanwhile
		return nil
	}
	if err != nil {
		return err
	}
	if j.there.Size != j.entry.Size {
		return nil
	}
	j.sum, err = sumOf(ctx, c.src, j.key)
	if refusal, ok := refused(j.key, err); ok {
		j.refuse(refusal)
		return nil
	}
	if err != nil {
		return c.unsteady(j, err)
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
	defer func() { err = errors.Join(err, c.close(jobs, err)) }()
	if err := c.each(ctx, jobs, c.fill); err != nil {
		return err
	}
	if jobs = c.filled(jobs); len(jobs) == 0 {
		return nil
	}
	if err := flush(ctx, jobs); err != nil {
		return err
	}
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

// close lets go of partial files after a batch that ended with err. Where no space is left
// they are removed.
func (c *copier) close(jobs []*job, err error) error {
	var closed error
	for _, j := range jobs {
		if j.partial == nil {
			continue
		}
		letGo := j.partial.Close
		if errors.Is(err, ErrFull) {
			letGo = j.partial.Discard
		}
		if closing := letGo(); closed == nil {
			closed = closing
		}
	}
	return closed
}

// filled returns the jobs whose partial files are whole, and tells of the others.
func (c *copier) filled(jobs []*job) []*job {
	return slices.DeleteFunc(slices.Clone(jobs), func(j *job) bool {
		switch j.decided {
		case decideRefuse:
			c.result.Refused = append(c.result.Refused, j.refusal)
		case decideUnsteady:
			c.result.Unsteady = append(c.result.Unsteady, j.key)
		case decideGone:
		case decideWrite, decideSame, decideConflict:
			return false
		}
		return true
	})
}

// flush makes partial files durable together where their store can; Commit does it for
// each where it was not done.
func flush(ctx context.Context, jobs []*job) error {
	all, ok := jobs[0].partial.(interface {
		FlushAll(ctx context.Context, partials []Partial) error
	})
	if !ok || len(jobs) == 1 {
		return nil
	}
	partials := make([]Partial, len(jobs))
	for i, j := range jobs {
		partials[i] = j.partial
	}
	return all.FlushAll(ctx, partials)
}

// unsteady passes over a file of the source that changed, or is gone, while others go on.
func (c *copier) unsteady(j *job, err error) error {
	code := migration.CodeOf(err)
	if c.options.OnConflict != ConflictLeave || code != migration.CodeDrifted && code != migration.CodeNotFound {
		return err
	}
	j.decided = decideUnsteady
	if code == migration.CodeNotFound {
		j.decided = decideGone
	}
	if j.partial == nil {
		return nil
	}
	return j.partial.Discard()
}

// fill writes the partial file and leaves it open. Of a source file that may not
// be read there is none.
func (c *copier) fill(ctx context.Context, j *job) error { return c.unsteady(j, c.fillOne(ctx, j)) }

func (c *copier) fillOne(ctx context.Context, j *job) (err error) {
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
	copied := copyHashed
	if before.Size < largeFile {
		copied = func(out io.Writer, digest hash.Hash, in io.Reader) error {
			return copyAll(io.MultiWriter(out, digest), in)
		}
	}
	if err := copied(j.partial, digest, in); err != nil {
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

var buffers = sync.Pool{New: func() any { return new([copyBuffer]byte) }}

// copyHashed copies to out and digest. Of a large file the one writes while the other reckons.
func copyHashed(out io.Writer, digest hash.Hash, in io.Reader) error {
	free, filled, hashed := make(chan *[copyBuffer]byte, hashAhead), make(chan block, hashAhead), make(chan struct{})
	for range hashAhead {
		buffer, _ := buffers.Get().(*[copyBuffer]byte)
		free <- buffer
	}
	go func() {
		defer close(hashed)
		for b := range filled {
			digest.Write(b.buffer[:b.n])
			free <- b.buffer
		}
	}()
	var err error
	for err == nil {
		buffer := <-free
		var n int
		n, err = in.Read(buffer[:])
		filled <- block{buffer, n}
		if n == 0 {
			continue
		}
		if _, writing := out.Write(buffer[:n]); writing != nil {
			err = writing
		}
	}
	close(filled)
	<-hashed
	for range hashAhead {
		buffers.Put(<-free)
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// block is a buffer with n bytes.
type block struct {
	buffer *[copyBuffer]byte
	n      int
}

// largeFile is from how many bytes on that is worth it.
const largeFile = 1 << 20

// hashAhead is how many buffers are between the reader and the hash.
const hashAhead = 4

func copyAll(out io.Writer, in io.Reader) error {
	buffer, _ := buffers.Get().(*[copyBuffer]byte)
	defer buffers.Put(buffer)
	_, err := io.CopyBuffer(struct{ io.Writer }{out}, in, buffer[:])
	return err
}

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
		case decideConflict, decideRefuse, decideUnsteady, decideGone:
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
	if err := copyAll(digest, &reader{ctx: ctx, in: file}); err != nil {
		return Sum{}, fmt.Errorf("read an upload: %w", err)
	}
	return Sum(digest.Sum(nil)), nil
}
