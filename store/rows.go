package store

import (
	"context"
	"database/sql"
	"encoding/hex"

	"jogetferry/migration"
)

// imageBytes bounds one statement that carries rows.
const imageBytes = 4 << 20

// RowImages is the ledger's memory of form rows of one target server, for one
// instance. It satisfies records.Images.
type RowImages struct{ imaging }

// RowImages returns the memory of the rows that are written for key. Log lines
// go to key's instance in the migration mig.
func (l *Ledger) RowImages(mig migration.Name, key migration.ClaimKey) *RowImages {
	return &RowImages{imaging{ledger: l, mig: mig, key: key, queries: rowImageQueries}}
}

// Written returns the digests of everything that we wrote or meant to write
// into the rows of keys on this target, for whatever instance, oldest first.
func (r *RowImages) Written(ctx context.Context, keys []migration.RowKey) (map[migration.RowKey][]migration.Digest, error) {
	written, err := r.written(ctx, r.ledger.db, filesOf(keys))
	byRow := make(map[migration.RowKey][]migration.Digest, len(written))
	for key, digests := range written {
		byRow[key.Row] = digests
	}
	return byRow, failure("read row images", string(r.key.Instance), err)
}

// WrittenInBulk is Written for what bulk copies inserted.
func (r *RowImages) WrittenInBulk(ctx context.Context, keys []migration.RowKey) (map[migration.RowKey][]migration.Digest, error) {
	return r.ledger.WrittenInBulk(ctx, r.key.Target, keys)
}

// Keep stores images, and what is about to be written; both are committed when
// it returns. The first image of a row is the one to go back to. A later one
// is kept beside it if its content is neither known from an image nor written
// by us; so Keep may be repeated. An image that is larger than the server
// takes is CodeUnsupported.
func (r *RowImages) Keep(ctx context.Context, images []migration.RowImage) error {
	for part := range batches(images) {
		err := r.ledger.txAgain(ctx, "keep row images", string(r.key.Instance), func(tx *sql.Tx) error {
			plain := withoutData(part)
			written, err := r.written(ctx, tx, keysOf(plain))
			if err != nil {
				return err
			}
			unkept, err := r.unkept(ctx, tx, plain, written)
			if err != nil {
				return err
			}
			var rows []any
			for _, i := range unkept {
				image := &part[i]
				rows = append(rows, r.imageKey(plain[i]), r.key.Target, r.key.Source, string(r.key.Instance), image.Key.Table,
					string(image.Key.ID), image.Existed, hex.EncodeToString(image.Digest[:]), image.Data)
			}
			if len(unkept) > 0 {
				if _, err := tx.ExecContext(ctx, insertRowImages+repeat(insertRowImagesRow, len(unkept)), rows...); err != nil {
					return err
				}
			}
			if err := r.note(ctx, tx, plain, toBeWritten); err != nil {
				return err
			}
			return r.ledger.usesAgain(ctx, tx, r.key)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Wrote notes that the rows of these images were written, with a line for each
// in the instance's log. It may be repeated.
func (r *RowImages) Wrote(ctx context.Context, images []migration.RowImage) error {
	return r.Settle(ctx, images)
}

// Settle is Wrote with more lines for the log, behind those of the rows.
func (r *RowImages) Settle(ctx context.Context, images []migration.RowImage, lines ...migration.StepLine) error {
	return r.wrote(ctx, withoutData(images), lines)
}

// withoutData returns images of rows as imaging takes them.
func withoutData(images []migration.RowImage) []migration.FileImage {
	plain := make([]migration.FileImage, len(images))
	for i, image := range images {
		plain[i] = migration.FileImage{Key: migration.FileKey{Row: image.Key}, Existed: image.Existed, Sum: image.Digest, WrittenSum: image.WrittenDigest}
	}
	return plain
}

// Brought returns the rows that are known to have been written for the
// instance and were not put back.
func (r *RowImages) Brought(ctx context.Context) (map[migration.RowKey]bool, error) {
	all := map[migration.RowKey]bool{}
	err := each(ctx, r.ledger.db, queryRowsBrought, place(r.key), func(row scanner) error {
		var key migration.RowKey
		err := row.Scan(&key.Table, &key.ID)
		all[key] = true
		return err
	})
	return all, failure("read rows written", string(r.key.Instance), err)
}

// Images returns all images of the instance's rows, in the order in which they
// were kept: per row, the first is the one to go back to. WrittenDigest is zero.
func (r *RowImages) Images(ctx context.Context) ([]migration.RowImage, error) {
	var all []migration.RowImage
	args := []any{string(r.key.Instance), r.key.Source, r.key.Target}
	err := each(ctx, r.ledger.db, queryRowImages, args, func(row scanner) error {
		var image migration.RowImage
		var text string
		if err := row.Scan(&image.Key.Table, &image.Key.ID, &image.Existed, &text, &image.Data); err != nil {
			return err
		}
		var err error
		image.Digest, err = parseDigest(text)
		all = append(all, image)
		return err
	})
	return all, failure("read row images", string(r.key.Instance), err)
}

// batches yields parts that fit into one statement, as long as one image does.
func batches(images []migration.RowImage) func(yield func([]migration.RowImage) bool) {
	return func(yield func([]migration.RowImage) bool) {
		for len(images) > 0 {
			n, bytes := 0, 0
			for n < len(images) && n < imageRows && (n == 0 || bytes+len(images[n].Data) <= imageBytes) {
				bytes += len(images[n].Data)
				n++
			}
			if !yield(images[:n]) {
				return
			}
			images = images[n:]
		}
	}
}
