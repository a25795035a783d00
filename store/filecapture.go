package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"jogetferry/migration"
)

// storedFile is a migration.FileSeen as it is stored: names of files are bytes,
// which JSON would spoil.
type storedFile struct {
	Row      migration.RowKey   `json:"row"`
	Name     []byte             `json:"name"`
	Kind     migration.FileKind `json:"kind"`
	Size     int64              `json:"size"`
	Modified time.Time          `json:"modified"`
	Sum      []byte             `json:"sum,omitempty"`
}

// SaveFileCapture keeps what lay in the folders of an instance's records. Until
// its start is claimed the last one counts; from then on it stays, unless it is
// closed: then what tools did was looked at, and what follows is another story.
// Before another start, an open one hears of the files that are the source's now
// and of more records only: the rest may be what tools of the first start made.
func (l *Ledger) SaveFileCapture(ctx context.Context, key migration.ClaimKey, w migration.FileCapture) error {
	const op = "save file capture"
	var made, former []string // contents
	err := l.txAgain(ctx, op, string(key.Instance), func(tx *sql.Tx) error {
		claim, found, err := findClaim(ctx, tx, key, forUpdate)
		if err != nil {
			return err
		}
		if found && claim.State != migration.ClaimNone && claim.State != migration.ClaimReleased {
			capture, err := findFileCapture(ctx, tx, key)
			if errors.Is(err, sql.ErrNoRows) || err == nil && capture.open {
				// Taken now it would have what tools did in it.
				return nil
			}
			if err != nil {
				return err
			}
		}
		kept := w
		before, err := findFileCapture(ctx, tx, key)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if found && claim.State == migration.ClaimReleased && !claim.Definition.IsZero() {
			if before.open {
				was, err := l.filesOf(ctx, before)
				if err != nil {
					return err
				}
				kept = widened(was, w)
			}
		}
		former = append(slices.Clone(made), before.content)
		content, err := l.storeFiles(ctx, kept)
		if err != nil {
			return err
		}
		made = append(made, content)
		_, err = tx.ExecContext(ctx, upsertFileCapture, append(place(key), content)...)
		return err
	})
	if err != nil {
		return err
	}
	return failure(op, string(key.Instance), l.Contents().Forget(ctx, former...))
}

// FileCapture returns what SaveFileCapture kept, and whether it is still open.
// None: CodeNotFound.
func (l *Ledger) FileCapture(ctx context.Context, key migration.ClaimKey) (w migration.FileCapture, open bool, err error) {
	const op = "read file capture"
	found, err := findFileCapture(ctx, l.db, key)
	if errors.Is(err, sql.ErrNoRows) {
		return w, false, &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: string(key.Instance)}
	}
	if err == nil {
		w, err = l.filesOf(ctx, found)
	}
	return w, found.open, failure(op, string(key.Instance), err)
}

// filesOf reads a file capture. Its JSON is a line for all records, and one for each file.
func (l *Ledger) filesOf(ctx context.Context, found capture) (w migration.FileCapture, err error) {
	lines := json.NewDecoder(l.Contents().Open(ctx, found.content, 0))
	if err := lines.Decode(&w.Rows); err != nil {
		return w, fmt.Errorf("%w: %w", errUndecodable, err)
	}
	for {
		var s storedFile
		err := lines.Decode(&s)
		if errors.Is(err, io.EOF) {
			return w, nil
		}
		if err != nil {
			return w, fmt.Errorf("%w: %w", errUndecodable, err)
		}
		f := migration.FileSeen{Row: s.Row, Entry: migration.FileEntry{Name: string(s.Name), Kind: s.Kind, Size: s.Size, Modified: s.Modified}}
		copy(f.Sum[:], s.Sum)
		w.Files = append(w.Files, f)
	}
}

// storeFiles stores a file capture for filesOf.
func (l *Ledger) storeFiles(ctx context.Context, w migration.FileCapture) (name string, err error) {
	name, content := l.Contents().Create(ctx)
	lines := json.NewEncoder(content)
	if err := lines.Encode(w.Rows); err != nil {
		return "", fmt.Errorf("store files: %w", err)
	}
	for _, f := range w.Files {
		s := storedFile{Row: f.Row, Name: []byte(f.Entry.Name), Kind: f.Entry.Kind, Size: f.Entry.Size, Modified: f.Entry.Modified.UTC()}
		if f.Sum != (migration.Digest{}) {
			s.Sum = f.Sum[:]
		}
		if err := lines.Encode(s); err != nil {
			return "", fmt.Errorf("store files: %w", err)
		}
	}
	return name, content.Close()
}

// widened is was with what now has of more records, and of files that are the source's.
func widened(was, now migration.FileCapture) migration.FileCapture {
	w := migration.FileCapture{Rows: slices.Clone(was.Rows), Files: slices.Clone(was.Files)}
	looked := map[migration.RowKey]bool{}
	for _, row := range was.Rows {
		looked[row] = true
	}
	for _, row := range now.Rows {
		if !looked[row] {
			w.Rows = append(w.Rows, row)
		}
	}
	at := map[migration.FileKey]int{}
	for i, f := range w.Files {
		at[migration.FileKey{Row: f.Row, Name: f.Entry.Name}] = i
	}
	for _, f := range now.Files {
		i, known := at[migration.FileKey{Row: f.Row, Name: f.Entry.Name}]
		switch {
		case looked[f.Row] && f.Sum == (migration.Digest{}):
		case known:
			w.Files[i] = f
		default:
			w.Files = append(w.Files, f)
		}
	}
	return w
}

// CloseFileCapture records that what tools did to files was put back, or is to
// stay, and tells of it. One that is closed already is left, and told of no more.
func (l *Ledger) CloseFileCapture(ctx context.Context, mig migration.Name, key migration.ClaimKey, lines ...migration.StepLine) error {
	return l.tx(ctx, "close file capture", string(key.Instance), func(tx *sql.Tx) error {
		closed, err := tx.ExecContext(ctx, updateFileCaptureClosed, place(key)...)
		if err != nil {
			return err
		}
		if n, err := closed.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return l.log(ctx, tx, mig, key.Instance, lines...)
	})
}

// Captures returns what SaveCapture kept for key, closed captures too, by ID.
func (l *Ledger) Captures(ctx context.Context, key migration.ClaimKey) ([][]byte, error) {
	var all [][]byte
	var contents []string
	err := each(ctx, l.db, queryCaptures, place(key), func(row scanner) error {
		var content string
		err := row.Scan(&content)
		contents = append(contents, content)
		return err
	})
	for _, content := range contents {
		var data []byte
		if err == nil {
			data, err = io.ReadAll(l.Contents().Open(ctx, content, 0))
		}
		all = append(all, data)
	}
	return all, failure("read captures", string(key.Instance), err)
}

func findFileCapture(ctx context.Context, q querier, key migration.ClaimKey) (capture, error) {
	var w capture
	err := q.QueryRowContext(ctx, queryFileCapture, place(key)...).Scan(&w.content, &w.open)
	return w, err
}

// ToolFiles is the ledger's memory of files of one target server as tools made
// them, for one instance. It satisfies uploads.ToolFiles. A rollback does not go
// back to them.
type ToolFiles struct{ images *FileImages }

// ToolFiles returns the memory of what tools made in the folders of key's records.
func (l *Ledger) ToolFiles(key migration.ClaimKey) *ToolFiles {
	return &ToolFiles{images: l.FileImages("", key)}
}

// Keep stores the content of files that exist; it is durable when Keep returns.
// What is stored already is not stored again. Content that does not have the sum said is CodeDrifted.
func (t *ToolFiles) Keep(ctx context.Context, images []migration.FileImage) error {
	const op = "keep files of tools"
	for _, image := range images {
		if image.Content == nil {
			continue
		}
		if err := t.keep(ctx, op, image); err != nil {
			return failure(op, string(t.images.key.Instance), err)
		}
	}
	return nil
}

func (t *ToolFiles) keep(ctx context.Context, op string, image migration.FileImage) error {
	r := t.images
	imageKey := r.imageKey(image)
	known, err := keysIn(ctx, r.ledger.db, queryKnownToolFiles, []string{imageKey})
	if err != nil || known[imageKey] {
		return err
	}
	content, err := r.store(ctx, op, image)
	if err != nil {
		return err
	}
	var kept int64
	inserted, err := r.ledger.db.ExecContext(ctx, insertToolFile, imageKey, r.key.Target, r.key.Source, string(r.key.Instance),
		image.Key.Row.Table, string(image.Key.Row.ID), []byte(image.Key.Name), image.Entry.Size, image.Entry.Modified.UnixNano(),
		hex.EncodeToString(image.Sum[:]), content)
	if err == nil {
		kept, err = inserted.RowsAffected()
	}
	if err != nil || kept == 0 {
		return errors.Join(err, r.forget(ctx, content))
	}
	return nil
}
