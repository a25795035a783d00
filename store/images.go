package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"jogetferry/migration"
)

// The bounds of one statement that carries images.
const (
	imageRows  = 200
	imageBytes = 4 << 20
)

// RowImages is the ledger's memory of form rows of one target server, for one
// instance. It satisfies records.Images.
type RowImages struct {
	ledger *Ledger
	mig    string
	key    migration.ClaimKey
}

// RowImages returns the memory of the rows that are written for key. Log lines
// go to the story of key's instance in the migration mig.
func (l *Ledger) RowImages(mig string, key migration.ClaimKey) *RowImages {
	return &RowImages{ledger: l, mig: mig, key: key}
}

// Written returns the digests of everything that we wrote or meant to write
// into the rows of keys on this target, for whatever instance, oldest first.
func (r *RowImages) Written(ctx context.Context, keys []migration.RowKey) (map[migration.RowKey][]migration.Digest, error) {
	written, err := r.written(ctx, r.ledger.db, keys)
	return written, failure("read row images", string(r.key.Instance), err)
}

func (r *RowImages) written(ctx context.Context, q querier, keys []migration.RowKey) (map[migration.RowKey][]migration.Digest, error) {
	byTable := map[string][]migration.RecordID{}
	for _, k := range keys {
		byTable[k.Table] = append(byTable[k.Table], k.ID)
	}
	written := map[migration.RowKey][]migration.Digest{}
	for table, ids := range byTable {
		for part := range slices.Chunk(ids, chunkRows) {
			list, args := listed(part)
			args = append([]any{r.key.Target, table}, args...)
			err := each(ctx, q, queryWrittenDigests+list+" ORDER BY id", args, func(row scanner) error {
				key := migration.RowKey{Table: table}
				var text string
				if err := row.Scan(&key.ID, &text); err != nil {
					return err
				}
				d, err := parseDigest(text)
				if !slices.Contains(written[key], d) {
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

// Keep stores images, and what is about to be written; both are committed when
// it returns. The first image of a row is the one to go back to. A later one
// is kept beside it if its content is neither known from an image nor written
// by us; so Keep may be repeated. An image that is larger than the server
// takes is CodeUnsupported.
func (r *RowImages) Keep(ctx context.Context, images []migration.RowImage) error {
	for part := range batches(images) {
		err := r.ledger.txAgain(ctx, "keep row images", string(r.key.Instance), func(tx *sql.Tx) error {
			keys := make([]migration.RowKey, len(part))
			for i := range part {
				keys[i] = part[i].Key
			}
			written, err := r.written(ctx, tx, keys)
			if err != nil {
				return err
			}
			known, err := r.knownImages(ctx, tx, part)
			if err != nil {
				return err
			}
			var rows []any
			count := 0
			for _, image := range part {
				imageKey := r.imageKey(image)
				ours := image.Existed && slices.Contains(written[image.Key], image.Digest) && known.rows[image.Key]
				if known.images[imageKey] || ours {
					continue
				}
				known.images[imageKey], known.rows[image.Key] = true, true
				rows = append(rows, imageKey, r.key.Target, r.key.Source, string(r.key.Instance), image.Key.Table,
					string(image.Key.ID), image.Existed, hex.EncodeToString(image.Digest[:]), image.Data)
				count++
			}
			if count > 0 {
				if _, err := tx.ExecContext(ctx, insertRowImages+repeat(insertRowImagesRow, count), rows...); err != nil {
					return err
				}
			}
			return r.note(ctx, tx, part, false)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// knownImages says which images, and which rows at all, the ledger has for this instance.
type knownImages struct {
	images map[string]bool
	rows   map[migration.RowKey]bool
}

func (r *RowImages) knownImages(ctx context.Context, tx *sql.Tx, images []migration.RowImage) (knownImages, error) {
	known := knownImages{map[string]bool{}, map[migration.RowKey]bool{}}
	byTable := map[string][]migration.RecordID{}
	for _, image := range images {
		byTable[image.Key.Table] = append(byTable[image.Key.Table], image.Key.ID)
	}
	for table, ids := range byTable {
		list, args := listed(ids)
		args = append([]any{r.key.Target, table, r.key.Source, string(r.key.Instance)}, args...)
		err := each(ctx, tx, queryKnownImages+list, args, func(row scanner) error {
			key := migration.RowKey{Table: table}
			var imageKey string
			err := row.Scan(&key.ID, &imageKey)
			known.images[imageKey], known.rows[key] = true, true
			return err
		})
		if err != nil {
			return known, err
		}
	}
	return known, nil
}

// Wrote notes that the rows of these images were written, with a line for each
// in the instance's story. It may be repeated.
func (r *RowImages) Wrote(ctx context.Context, images []migration.RowImage) error {
	for part := range slices.Chunk(images, imageRows) {
		err := r.ledger.txAgain(ctx, "note rows written", string(r.key.Instance), func(tx *sql.Tx) error {
			keys := make([]string, len(part))
			for i, image := range part {
				keys[i] = r.writtenKey(image)
			}
			noted, err := keysIn(ctx, tx, queryNoted, keys)
			if err != nil {
				return err
			}
			var lines []migration.StepLine
			for i, image := range part {
				if !noted[keys[i]] {
					lines = append(lines, migration.StepLine{
						Instance: r.key.Instance, Step: migration.StepCopyFormData, Kind: migration.KindOutcome,
						Event: migration.EventRowWritten, Facts: migration.Facts{Name: image.Key.Table}, Detail: string(image.Key.ID),
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

// keysIn returns which of keys a query finds.
func keysIn(ctx context.Context, q querier, query string, keys []string) (map[string]bool, error) {
	found := map[string]bool{}
	list, args := listed(keys)
	err := each(ctx, q, query+list, args, func(row scanner) error {
		var key string
		err := row.Scan(&key)
		found[key] = true
		return err
	})
	return found, err
}

func (r *RowImages) note(ctx context.Context, tx *sql.Tx, images []migration.RowImage, written bool) error {
	if len(images) == 0 {
		return nil
	}
	var rows []any
	for _, image := range images {
		rows = append(rows, r.writtenKey(image), r.key.Target, r.key.Source, string(r.key.Instance), image.Key.Table,
			string(image.Key.ID), hex.EncodeToString(image.WrittenDigest[:]), written)
	}
	if _, err := tx.ExecContext(ctx, insertRowWritten+repeat(insertRowWrittenRow, len(images))+raiseRowWritten, rows...); err != nil {
		return err
	}
	return r.ledger.usesAgain(ctx, tx, r.key)
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

func (r *RowImages) imageKey(image migration.RowImage) string {
	return hashed(r.key.Target, image.Key.Table, string(image.Key.ID), r.key.Source, string(r.key.Instance),
		fmt.Sprint(image.Existed), string(image.Digest[:]))
}

func (r *RowImages) writtenKey(image migration.RowImage) string {
	return hashed(r.key.Target, image.Key.Table, string(image.Key.ID), r.key.Source, string(r.key.Instance),
		string(image.WrittenDigest[:]))
}

// hashed returns one name for several values that none of them can imitate.
func hashed(values ...string) string {
	var b strings.Builder
	for _, v := range values {
		fmt.Fprintf(&b, "%d:%s", len(v), v)
	}
	return digest([]byte(b.String()))
}

func parseDigest(text string) (d migration.Digest, err error) {
	if n, err := hex.Decode(d[:], []byte(text)); err != nil || n != len(d) {
		return d, fmt.Errorf("%w: digest", errUndecodable)
	}
	return d, nil
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
