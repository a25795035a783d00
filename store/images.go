package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jogetferry/migration"
)

// imageRows bounds one statement that carries images.
const imageRows = 200

// imaging is what images of rows and of files have in common: which of them the
// ledger has, and what was written. A row is a key without a name, and its image
// is one without Entry and Content.
type imaging struct {
	ledger  *Ledger
	mig     migration.Name
	key     migration.ClaimKey
	queries imageQueries
}

// imageQueries are the statements for one kind of images.
type imageQueries struct {
	written, known string // by table and row
	noted          string // by writtenKey
	note, noteRow  string
	outcome        string
	step           migration.Step
	event          migration.Event // of a row or file that was written
}

// written returns the digests of everything that we wrote or meant to write
// under keys on this target, for whatever instance, oldest first.
func (r *imaging) written(ctx context.Context, q querier, keys []migration.FileKey) (map[migration.FileKey][]migration.Digest, error) {
	asked, written := setOf(keys), map[migration.FileKey][]migration.Digest{}
	err := eachOfRows(ctx, q, r.queries.written, []any{r.key.Target}, keys, func(row scanner) error {
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
	return written, err
}

// unkept returns the indexes of those images that are to be kept: the first of a
// row or file, and later ones whose content is neither known from an image nor
// written by us.
func (r *imaging) unkept(ctx context.Context, q querier, images []migration.FileImage, written map[migration.FileKey][]migration.Digest) ([]int, error) {
	known, imaged := map[string]bool{}, map[migration.FileKey]bool{}
	err := eachOfRows(ctx, q, r.queries.known, place(r.key), keysOf(images), func(row scanner) error {
		var key migration.FileKey
		var imageKey string
		err := row.Scan(&key.Row.Table, &key.Row.ID, &key.Name, &imageKey)
		known[imageKey], imaged[key] = true, true
		return err
	})
	if err != nil {
		return nil, err
	}
	var unkept []int
	for i, image := range images {
		imageKey := r.imageKey(image)
		ours := image.Existed && imaged[image.Key] && slices.Contains(written[image.Key], image.Sum)
		if !known[imageKey] && !ours {
			unkept = append(unkept, i)
		}
		known[imageKey], imaged[image.Key] = true, true
	}
	return unkept, nil
}

// wrote notes that what images belong to was written, with a line for each in the
// instance's log, and more behind them. It may be repeated.
func (r *imaging) wrote(ctx context.Context, images []migration.FileImage, more []migration.StepLine) error {
	if len(images) == 0 {
		return r.ledger.Log(ctx, r.mig, r.key.Instance, more...)
	}
	for part := range slices.Chunk(images, imageRows) {
		last := &part[len(part)-1] == &images[len(images)-1]
		err := r.ledger.txAgain(ctx, r.queries.outcome, string(r.key.Instance), func(tx *sql.Tx) error {
			keys := make([]string, len(part))
			for i, image := range part {
				keys[i] = r.writtenKey(image)
			}
			noted, err := keysIn(ctx, tx, r.queries.noted, keys)
			if err != nil {
				return err
			}
			var lines []migration.StepLine
			for i, image := range part {
				if !noted[keys[i]] {
					lines = append(lines, migration.StepLine{
						Step: r.queries.step, Kind: migration.KindOutcome, Event: r.queries.event,
						Facts: migration.Facts{Name: image.Key.Row.Table}, Detail: detailOf(image.Key),
					})
				}
			}
			if err := r.note(ctx, tx, part, alreadyWritten); err != nil {
				return err
			}
			if last {
				lines = append(lines, more...)
			}
			return r.ledger.log(ctx, tx, r.mig, r.key.Instance, lines...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// written says whether what is noted stands on the target already.
type written bool

const (
	toBeWritten    written = false
	alreadyWritten written = true
)

// note keeps what is about to be written, or was written.
func (r *imaging) note(ctx context.Context, tx *sql.Tx, images []migration.FileImage, w written) error {
	for part := range slices.Chunk(images, imageRows) {
		var rows []any
		for _, image := range part {
			rows = append(rows, r.writtenKey(image), r.key.Target, r.key.Source, string(r.key.Instance), image.Key.Row.Table, string(image.Key.Row.ID))
			if image.Key.Name != "" {
				rows = append(rows, []byte(image.Key.Name))
			}
			rows = append(rows, hex.EncodeToString(image.WrittenSum[:]), bool(w))
		}
		if _, err := tx.ExecContext(ctx, r.queries.note+repeat(r.queries.noteRow, len(part))+raiseWritten, rows...); err != nil {
			return err
		}
	}
	return nil
}

func (r *imaging) imageKey(image migration.FileImage) string {
	return r.hashed(image.Key, fmt.Sprint(image.Existed), string(image.Sum[:]))
}

func (r *imaging) writtenKey(image migration.FileImage) string {
	return r.hashed(image.Key, string(image.WrittenSum[:]))
}

// hashed returns one name for a row or file, an instance and values, that no
// others can imitate.
func (r *imaging) hashed(key migration.FileKey, values ...string) string {
	parts := []string{string(r.key.Target), key.Row.Table, string(key.Row.ID)}
	if key.Name != "" {
		parts = append(parts, key.Name)
	}
	parts = append(parts, string(r.key.Source), string(r.key.Instance))
	var b strings.Builder
	for _, v := range append(parts, values...) {
		fmt.Fprintf(&b, "%d:%s", len(v), v)
	}
	return digest([]byte(b.String()))
}

// detailOf names a row or file of a table in the log.
func detailOf(key migration.FileKey) string {
	if key.Name == "" {
		return string(key.Row.ID)
	}
	return string(key.Row.ID) + "/" + key.Name
}

func keysOf(images []migration.FileImage) []migration.FileKey {
	keys := make([]migration.FileKey, len(images))
	for i, image := range images {
		keys[i] = image.Key
	}
	return keys
}

func setOf(keys []migration.FileKey) map[migration.FileKey]bool {
	set := make(map[migration.FileKey]bool, len(keys))
	for _, key := range keys {
		set[key] = true
	}
	return set
}

// namedKeys is of how many files one statement asks: an index is looked into for each
// of their names below each of their rows.
const namedKeys = 64

// eachOfRows calls scan for what query finds of rows or files, oldest first; of files
// others of those rows and names come along. before are the arguments of query, which
// lacks its last condition: which rows.
func eachOfRows(ctx context.Context, q querier, query string, before []any, keys []migration.FileKey, scan func(scanner) error) error {
	size := chunkRows
	if slices.ContainsFunc(keys, func(key migration.FileKey) bool { return key.Name != "" }) {
		size = namedKeys
	}
	for part := range slices.Chunk(keys, size) {
		condition, args := whichRows(part)
		if err := each(ctx, q, query+condition+" ORDER BY id", slices.Concat(before, args), scan); err != nil {
			return err
		}
	}
	return nil
}

// whichRows is the condition that a row is one of keys, or that a file has a row and a name of theirs.
func whichRows(keys []migration.FileKey) (condition string, args []any) {
	ids, names := map[string]map[migration.RecordID]bool{}, map[string]map[string]bool{} // by table
	for _, key := range keys {
		table := key.Row.Table
		if ids[table] == nil {
			ids[table], names[table] = map[migration.RecordID]bool{}, map[string]bool{}
		}
		ids[table][key.Row.ID] = true
		if key.Name != "" {
			names[table][key.Name] = true
		}
	}
	var tables []string
	for _, table := range slices.Sorted(maps.Keys(ids)) {
		list, values := listed(slices.Sorted(maps.Keys(ids[table])))
		of := isOfTable + list
		args = append(append(args, table), values...)
		if len(names[table]) > 0 {
			of += isNamed + tuple(len(names[table]))
			for _, name := range slices.Sorted(maps.Keys(names[table])) {
				args = append(args, []byte(name))
			}
		}
		tables = append(tables, of)
	}
	return "(" + strings.Join(tables, " OR ") + ")", args
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

func parseDigest(text string) (d migration.Digest, err error) {
	if n, err := hex.Decode(d[:], []byte(text)); err != nil || n != len(d) {
		return d, fmt.Errorf("%w: digest", errUndecodable)
	}
	return d, nil
}
