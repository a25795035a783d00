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

// FileImages is the ledger's memory of uploaded files of one target server, for
// one instance. It satisfies uploads.FileImages.
type FileImages struct{ imaging }

// FileImages returns the memory of the files that are written for key. Log
// lines go to key's instance in the migration mig.
func (l *Ledger) FileImages(mig migration.Name, key migration.ClaimKey) *FileImages {
	return &FileImages{imaging{ledger: l, mig: mig, key: key, queries: fileImageQueries}}
}

// Written returns the sums of everything that we wrote or meant to write under
// keys on this target, for whatever instance, oldest first.
func (r *FileImages) Written(ctx context.Context, keys []migration.FileKey) (map[migration.FileKey][]migration.Digest, error) {
	written, err := r.written(ctx, r.ledger.db, keys)
	return written, failure("read file images", string(r.key.Instance), err)
}

// WrittenInBulk is Written for what bulk copies brought, by path below the folder of all
// uploads.
func (r *FileImages) WrittenInBulk(ctx context.Context, paths []string) (map[string][]migration.Digest, error) {
	return r.ledger.filesInBulk(ctx, r.key.Target, paths)
}

// Keep stores images with their content, and what is about to be written; all
// is committed when it returns. The first image of a file is the one to go
// back to; a later one is kept beside it if its content is neither known from
// an image nor written by us. Content that does not have the sum said is
// CodeDrifted: somebody wrote to the file meanwhile.
func (r *FileImages) Keep(ctx context.Context, images []migration.FileImage) error {
	const op = "keep file images"
	subject := string(r.key.Instance)
	// What is about to be written here is no reason to leave out an image.
	written, err := r.written(ctx, r.ledger.db, keysOf(images))
	if err != nil {
		return failure(op, subject, err)
	}
	contents, err := r.storeUnkept(ctx, op, images, written)
	if err != nil {
		return failure(op, subject, err)
	}
	var unused map[string]string
	err = r.ledger.txAgain(ctx, op, subject, func(tx *sql.Tx) error {
		unused = maps.Clone(contents)
		unkept, err := r.unkept(ctx, tx, images, written)
		if err != nil {
			return err
		}
		var rows []any
		for _, i := range unkept {
			imageKey := r.imageKey(images[i])
			delete(unused, imageKey)
			rows = append(rows, r.row(images[i], contents[imageKey])...)
		}
		if len(unkept) > 0 {
			if _, err := tx.ExecContext(ctx, insertFileImages+repeat(insertFileImagesRow, len(unkept)), rows...); err != nil {
				return err
			}
		}
		if err := r.note(ctx, tx, images, toBeWritten); err != nil {
			return err
		}
		return r.ledger.usesAgain(ctx, tx, r.key)
	})
	if err == nil {
		err = failure(op, subject, r.forget(ctx, slices.Collect(maps.Values(unused))...))
	}
	return err
}

// storeUnkept stores the content of those images that are to be kept, and returns
// where, by imageKey. It does so in statements of its own: a file may be larger
// than a transaction should be.
func (r *FileImages) storeUnkept(
	ctx context.Context, op string, images []migration.FileImage, written map[migration.FileKey][]migration.Digest,
) (map[string]string, error) {
	contents := map[string]string{}
	if !slices.ContainsFunc(images, func(i migration.FileImage) bool { return i.Content != nil }) {
		return contents, nil
	}
	unkept, err := r.unkept(ctx, r.ledger.db, images, written)
	if err != nil {
		return nil, err
	}
	for _, i := range unkept {
		if images[i].Content == nil {
			continue
		}
		content, err := r.store(ctx, op, images[i])
		if err != nil {
			return nil, errors.Join(err, r.forget(ctx, slices.Collect(maps.Values(contents))...))
		}
		contents[r.imageKey(images[i])] = content
	}
	return contents, nil
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

// store stores the content of an image under a name of its own. Content that
// does not have the sum said is CodeDrifted, and is not kept.
func (r *FileImages) store(ctx context.Context, op string, image migration.FileImage) (content string, err error) {
	content = rand.Text()
	sum, err := r.storeChunks(ctx, content, image)
	if err == nil && sum != image.Sum {
		err = &migration.Error{Code: migration.CodeDrifted, Op: op, Subject: string(r.key.Instance), Hint: "a file of the target changed while it was read"}
	}
	if err != nil {
		return "", errors.Join(err, r.forget(ctx, content))
	}
	return content, nil
}

func (r *FileImages) storeChunks(ctx context.Context, content string, image migration.FileImage) (sum migration.Digest, err error) {
	file, err := image.Content(ctx)
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	hash := sha256.New()
	out := &contentWriter{ctx: ctx, ledger: r.ledger, content: content}
	if _, err := io.Copy(io.MultiWriter(hash, out), file); err != nil {
		return sum, fmt.Errorf("keep a file of the target: %w", err)
	}
	return migration.Digest(hash.Sum(nil)), out.Close()
}

func (r *FileImages) forget(ctx context.Context, contents ...string) error {
	return r.ledger.Contents().Forget(ctx, contents...)
}

// Wrote notes that these files were written, with a line for each in the
// instance's log. It may be repeated.
func (r *FileImages) Wrote(ctx context.Context, images []migration.FileImage) error {
	return r.Settle(ctx, images)
}

// Settle is Wrote with more lines for the log, behind those of the files.
func (r *FileImages) Settle(ctx context.Context, images []migration.FileImage, lines ...migration.StepLine) error {
	return r.wrote(ctx, images, lines)
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
				return io.NopCloser(r.ledger.Contents().Open(ctx, content, 0)), nil
			}
		}
		image.Sum, err = parseDigest(text)
		all = append(all, image)
		return err
	})
	return all, failure("read file images", string(r.key.Instance), err)
}
