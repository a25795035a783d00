package seed

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Sizes of large files.
const (
	largeMin  = 2 << 20
	largeSpan = 3 << 20
)

// Names of particular files, one a record each.
const (
	largeName   = "large.bin"
	missingName = "lost.pdf"
	unnamedName = "removed from the record.txt"
)

// awkward are file names as people upload them and tools trip over; ";" never
// occurs, since it separates names in a record.
var awkward = []string{
	"report.pdf", "Quarterly report (final) v2.docx", "scan 001.jpg", "übersicht.xlsx", "Caf\u00e9 NFC.txt", "Cafe\u0301 NFD.txt",
	"100% sure.txt", "a+b=c.txt", ".hidden", "名刺.png", "счёт №7.pdf", "party 🎉.gif", "it's.txt", "quote\"d.txt", "tilde~1.txt",
	"no_extension", "two..dots.txt", "trailing dot.", " leading space.txt", "trailing space ", "-dash.txt", "#hash&amp.txt", "back\\slash.txt", "new\nline.txt",
	strings.Repeat("long ", 48) + ".txt", "photo.jpg.thumb.jpg", "UPPER.TXT",
}

// uploads writes files below root; nothing if root is "".
type uploads struct {
	root  string
	rng   *rand.Rand
	noise []byte
	count int
	bytes int64
}

const noiseBytes = 8 << 20

func newUploads(root string, rng *rand.Rand) *uploads {
	u := &uploads{root: root, rng: rng}
	if root != "" {
		u.noise = make([]byte, noiseBytes)
		for i := 0; i < len(u.noise); i += 8 {
			for k, n := 0, rng.Uint64(); k < 8; k++ {
				u.noise[i+k] = byte(n >> (8 * k)) //nolint:gosec // one byte of eight
			}
		}
	}
	return u
}

func (u *uploads) write(table, record, name string, size int64, at time.Time) error {
	dir := filepath.Join(u.root, table, record)
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // as a server leaves it
		return fmt.Errorf("writing an upload: %w", err)
	}
	path := filepath.Join(dir, name)
	from := u.rng.Int64N(noiseBytes - size)
	if err := os.WriteFile(path, u.noise[from:from+size], 0o644); err != nil { //nolint:gosec // as a server leaves it
		return fmt.Errorf("writing an upload: %w", err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		return fmt.Errorf("dating an upload: %w", err)
	}
	u.count++
	u.bytes += size
	return nil
}

// attach gives a record files for one field and returns the field's value:
// names joined by ";", "" or nil. seen are the names in the record's folder.
func (w *world) attach(table, record string, at time.Time, most int, seen map[string]bool) (any, error) {
	if w.files.root == "" {
		return nil, nil
	}
	var names []string
	for range w.rng.IntN(most + 1) {
		name := pick(w, awkward)
		if seen[name] {
			continue
		}
		seen[name] = true
		if err := w.files.write(table, record, name, w.size(), at); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	if w.o.LargeFiles > 0 && !seen[largeName] {
		seen[largeName] = true
		w.o.LargeFiles--
		if err := w.files.write(table, record, largeName, largeMin+w.rng.Int64N(largeSpan), at); err != nil {
			return nil, err
		}
		names = append(names, largeName)
	}
	if w.o.MissingFiles > 0 && !seen[missingName] {
		seen[missingName] = true
		w.o.MissingFiles--
		names = append(names, missingName)
	}
	if len(names) > 0 && !seen[unnamedName] && w.chance(20) { // a file no field names any more
		seen[unnamedName] = true
		if err := w.files.write(table, record, unnamedName, w.size(), at); err != nil {
			return nil, err
		}
	}
	if len(names) == 0 && w.chance(2) {
		return nil, nil
	}
	return strings.Join(names, ";"), nil
}

// size is 0 once in 16, mostly small, sometimes up to the allowed size.
func (w *world) size() int64 {
	switch {
	case w.chance(16):
		return 0
	case w.chance(3):
		return 1 + w.rng.Int64N(w.o.MaxFileBytes)
	}
	return 1 + w.rng.Int64N(max(1, w.o.MaxFileBytes/8))
}
