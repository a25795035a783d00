package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"jogetferry/migration"
)

// chunkBytes is the most of a file that one row holds, before compression.
const chunkBytes = 1 << 20

// FileImages is the ledger's memory of uploaded files of one target server, for
// one instance. It satisfies uploads.FileImages.
type FileImages struct {
	ledger *Ledger
	mig    string
	key    migration.ClaimKey
}

// FileImages returns the memory of the files that are written for key. Log
// lines go to the story of key's instance in the migration mig.
func (l *Ledger) FileImages(mig string, key migration.ClaimKey) *FileImages {
	return &FileImages{ledger: l, mig: mig, key: key}
}

// Written returns the sums of everything that we wrote or meant to write under
// keys on this target, for whatever instance, oldest first.
func (r *FileImages) Written(ctx context.Context, keys []migration.FileKey) (map[migration.FileKey][]migration.Digest, error) {
	written, err := r.written(ctx, keys)
	return written, failure("read file images", string(r.key.Instance), err)
}

func (r *FileImages) written(ctx context.Context, keys []migration.FileKey) (map[migration.FileKey][]migration.Digest, error) {
	asked := map[migration.FileKey]bool{}
	rows := map[string][]migration.RecordID{}
	for _, k := range keys {
		asked[k] = true
		if !slices.Contains(rows[k.Row.Table], k.Row.ID) {
			rows[k.Row.Table] = append(rows[k.Row.Table], k.Row.ID)
		}
	}
	written := map[migration.FileKey][]migration.Digest{}
	for table, ids := range rows {
		for part := range slices.Chunk(ids, chunkRows) {
			list, args := listed(part)
			args = append([]any{r.key.Target, table}, args...)
			err := each(ctx, r.ledger.db, queryWrittenSums+list+" ORDER BY id", args, func(row scanner) error {
				var key migration.FileKey
				var text string
				if err := row.Scan(&key.Row.Table, &key.Row.ID, &key.Name, &text); err != nil {
					return err
				}
				d, err := parseDigest(text)
				if asked[key] && !slices.Contains(written[key], d) {
					written[key] = append(written[key], d)
				}
				return err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return written, nil
}

// Keep stores images with their content, and what is about to be written; all
// is committed when it returns. The first image of a file is the one to go
// back to; a later one is kept beside it if its content is neither known from
// an image nor written by us. Content that does not have the sum said is
// CodeDrifted: somebody wrote to the file meanwhile.
func (r *FileImages) Keep(ctx context.Context, images []migration.FileImage) error {
	const op = "keep file images"
	subject := string(r.key.Instance)
	keys := make([]migration.FileKey, len(images))
	for i := range images {
		keys[i] = images[i].Key
	}
	// What is about to be written here is no reason to leave out an image.
	written, err := r.written(ctx, keys)
	if err != nil {
		return failure(op, subject, err)
	}
	known, err := r.known(ctx, r.ledger.db, images)
	if err != nil {
		return failure(op, subject, err)
	}
	// Content first, in statements of its own: a file may be larger than a
	// transaction should be.
	contents := map[string]string{}
	for _, image := range images {
		if image.Content == nil || !r.wanted(image, known, written) {
			continue
		}
		content := rand.Text()
		contents[r.imageKey(image)] = content
		sum, err := r.store(ctx, content, image)
		if err == nil && sum != image.Sum {
			err = &migration.Error{Code: migration.CodeDrifted, Op: op, Subject: subject, Hint: "a file of the target changed while it was copied"}
		}
		if err != nil {
			return failure(op, subject, errors.Join(err, r.forget(ctx, contents)))
		}
	}
	var unused map[string]string
	err = r.ledger.txAgain(ctx, op, subject, func(tx *sql.Tx) error {
		unused = maps.Clone(contents)
		known, err := r.known(ctx, tx, images)
		if err != nil {
			return err
		}
		var rows []any
		count := 0
		for _, image := range images {
			if !r.wanted(image, known, written) {
				continue
			}
			imageKey := r.imageKey(image)
			known.images[imageKey] = true
			delete(unused, imageKey)
			rows = append(rows, r.row(image, contents[imageKey])...)
			count++
		}
		if count > 0 {
			if _, err := tx.ExecContext(ctx, insertFileImages+repeat(insertFileImagesRow, count), rows...); err != nil {
				return err
			}
		}
		return r.note(ctx, tx, images, false)
	})
	if err == nil && len(unused) > 0 {
		err = failure(op, subject, r.forget(ctx, unused))
	}
	return err
}

// wanted reports whether an image has to be kept.
func (r *FileImages) wanted(image migration.FileImage, known knownFiles, written map[migration.FileKey][]migration.Digest) bool {
	ours := image.Existed && known.files[image.Key] && slices.Contains(written[image.Key], image.Sum)
	return !known.images[r.imageKey(image)] && !ours
}

func (r *FileImages) row(image migration.FileImage, content string) []any {
	var modified int64
	if image.Existed {
		modified = image.Entry.Modified.UnixNano()
	}
	return []any{
		r.imageKey(image), r.key.Target, r.key.Source, string(r.key.Instance), image.Key.Row.Table, string(image.Key.Row.ID),
		[]byte(image.Key.Name), image.Existed, string(image.Entry.Kind), image.Entry.Size, modified,
		hex.EncodeToString(image.Sum[:]), content,
	}
}

func (r *FileImages) store(ctx context.Context, content string, image migration.FileImage) (sum migration.Digest, err error) {
	file, err := image.Content(ctx)
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	hash := sha256.New()
	buffer := make([]byte, chunkBytes)
	for seq := 0; ; seq++ {
		n, err := io.ReadFull(file, buffer)
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended {
			return sum, fmt.Errorf("read a file of the target: %w", err)
		}
		if n > 0 {
			hash.Write(buffer[:n])
			blob, err := pack(buffer[:n])
			if err != nil {
				return sum, err
			}
			if _, err := r.ledger.db.ExecContext(ctx, insertFileChunk, content, seq, blob); err != nil {
				return sum, err
			}
		}
		if ended {
			return migration.Digest(hash.Sum(nil)), nil
		}
	}
}

func (r *FileImages) forget(ctx context.Context, contents map[string]string) error {
	var errs []error
	for _, content := range contents {
		_, err := r.ledger.db.ExecContext(ctx, deleteFileChunk, content)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// knownFiles says which images, and which files at all, the ledger has for this instance.
type knownFiles struct {
	images map[string]bool
	files  map[migration.FileKey]bool
}

func (r *FileImages) known(ctx context.Context, q querier, images []migration.FileImage) (knownFiles, error) {
	known := knownFiles{map[string]bool{}, map[migration.FileKey]bool{}}
	keys := make([]string, len(images))
	for i, image := range images {
		keys[i] = string(image.Key.Row.ID)
	}
	slices.Sort(keys)
	for part := range slices.Chunk(slices.Compact(keys), chunkRows) {
		list, args := listed(part)
		args = append([]any{r.key.Target, r.key.Source, string(r.key.Instance)}, args...)
		err := each(ctx, q, queryKnownFileImages+list, args, func(row scanner) error {
			var key migration.FileKey
			var imageKey string
			err := row.Scan(&key.Row.Table, &key.Row.ID, &key.Name, &imageKey)
			known.files[key], known.images[imageKey] = true, true
			return err
		})
		if err != nil {
			return known, err
		}
	}
	return known, nil
}

// Wrote notes that these files were written, with a line for each in the
// instance's story. It may be repeated.
func (r *FileImages) Wrote(ctx context.Context, images []migration.FileImage) error {
	for part := range slices.Chunk(images, imageRows) {
		err := r.ledger.txAgain(ctx, "note files written", string(r.key.Instance), func(tx *sql.Tx) error {
			keys := make([]string, len(part))
			for i, image := range part {
				keys[i] = r.writtenKey(image)
			}
			noted, err := keysIn(ctx, tx, queryNotedFiles, keys)
			if err != nil {
				return err
			}
			var lines []migration.StepLine
			for i, image := range part {
				if !noted[keys[i]] {
					lines = append(lines, migration.StepLine{
						Instance: r.key.Instance, Step: migration.StepCopyUploads, Kind: migration.KindOutcome,
						Event: migration.EventFileWritten, Facts: migration.Facts{Name: image.Key.Row.Table},
						Detail: string(image.Key.Row.ID) + "/" + image.Key.Name,
					})
				}
			}
			if err := r.note(ctx, tx, part, true); err != nil {
				return err
			}
			return r.ledger.logAll(ctx, tx, r.mig, lines)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *FileImages) note(ctx context.Context, tx *sql.Tx, images []migration.FileImage, written bool) error {
	for part := range slices.Chunk(images, imageRows) {
		var rows []any
		for _, image := range part {
			rows = append(rows, r.writtenKey(image), r.key.Target, r.key.Source, string(r.key.Instance), image.Key.Row.Table,
				string(image.Key.Row.ID), []byte(image.Key.Name), hex.EncodeToString(image.WrittenSum[:]), written)
		}
		if _, err := tx.ExecContext(ctx, insertFileWritten+repeat(insertFileWrittenRow, len(part))+raiseRowWritten, rows...); err != nil {
			return err
		}
	}
	return r.ledger.usesAgain(ctx, tx, r.key)
}

// Images returns all images of the instance's files, in the order in which
// they were kept: per file, the first is the one to go back to. WrittenSum is zero.
func (r *FileImages) Images(ctx context.Context) ([]migration.FileImage, error) {
	var all []migration.FileImage
	args := []any{string(r.key.Instance), r.key.Source, r.key.Target}
	err := each(ctx, r.ledger.db, queryFileImages, args, func(row scanner) error {
		var image migration.FileImage
		var text, content string
		var modified int64
		err := row.Scan(&image.Key.Row.Table, &image.Key.Row.ID, &image.Key.Name, &image.Existed, &image.Entry.Kind,
			&image.Entry.Size, &modified, &text, &content)
		if err != nil {
			return err
		}
		if image.Existed {
			image.Entry.Name, image.Entry.Modified = image.Key.Name, time.Unix(0, modified).UTC()
		}
		if content != "" {
			image.Content = func(ctx context.Context) (io.ReadCloser, error) {
				return io.NopCloser(&chunks{ctx: ctx, ledger: r.ledger, content: content}), nil
			}
		}
		image.Sum, err = parseDigest(text)
		all = append(all, image)
		return err
	})
	return all, failure("read file images", string(r.key.Instance), err)
}

// chunks reads a stored content, one chunk at a time.
type chunks struct {
	ctx     context.Context //nolint:containedctx // an io.Reader has nowhere else to take it from
	ledger  *Ledger
	content string
	seq     int
	rest    []byte
}

// Read implements io.Reader.
func (c *chunks) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		var blob []byte
		err := c.ledger.db.QueryRowContext(c.ctx, queryFileChunk, c.content, c.seq).Scan(&blob)
		if errors.Is(err, sql.ErrNoRows) {
			return 0, io.EOF
		}
		if err == nil {
			c.rest, err = unpack(blob)
		}
		if err != nil {
			return 0, failure("read file image", "", err)
		}
		c.seq++
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (r *FileImages) imageKey(image migration.FileImage) string {
	return hashed(r.key.Target, image.Key.Row.Table, string(image.Key.Row.ID), image.Key.Name, r.key.Source,
		string(r.key.Instance), fmt.Sprint(image.Existed), string(image.Sum[:]))
}

func (r *FileImages) writtenKey(image migration.FileImage) string {
	return hashed(r.key.Target, image.Key.Row.Table, string(image.Key.Row.ID), image.Key.Name, r.key.Source,
		string(r.key.Instance), string(image.WrittenSum[:]))
}
