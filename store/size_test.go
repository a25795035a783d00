package store_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"

	"jogetferry/migration"
	"jogetferry/store"
)

// rowsRead returns how many rows, of tables and of indexes, the server reads for
// do. The ledger has one connection from then on, which do must be content with.
func rowsRead(t *testing.T, l *store.Ledger, do func()) int {
	t.Helper()
	l.DB().SetMaxOpenConns(1)
	count := func() (sum int) {
		rows, err := l.DB().QueryContext(t.Context(), "SHOW SESSION STATUS LIKE 'Handler\\_read%'")
		must(t, err)
		defer rows.Close()
		for rows.Next() {
			var name string
			var n int
			must(t, rows.Scan(&name, &n))
			sum += n
		}
		must(t, rows.Err())
		return sum
	}
	before := count()
	do()
	return count() - before
}

func TestFileImages_of_many_files_of_one_record_read_only_those_asked_for(t *testing.T) {
	t.Parallel()
	l := opened(t)
	const batch, batches = 64, 40
	images := l.FileImages(mig, ourKey)
	row := migration.RowKey{Table: "crm", ID: "record-1"}
	part := func(number int) ([]migration.FileImage, []migration.FileKey) {
		page, keys := make([]migration.FileImage, batch), make([]migration.FileKey, batch)
		for i := range page {
			keys[i] = migration.FileKey{Row: row, Name: fmt.Sprintf("f%05d", number*batch+i)}
			page[i] = migration.FileImage{Key: keys[i], WrittenSum: sha256.Sum256([]byte(keys[i].Name))}
		}
		return page, keys
	}
	write := func(number int) {
		page, keys := part(number)
		_, err := images.Written(t.Context(), keys)
		must(t, err)
		must(t, images.Keep(t.Context(), page))
		must(t, images.Wrote(t.Context(), page))
	}
	first := rowsRead(t, l, func() { write(0) })
	for number := 1; number < batches; number++ {
		write(number)
	}
	analyze(t, l, "file_image", "file_written")
	last := rowsRead(t, l, func() { write(batches) })
	undo := l.FileUndo(mig, ourKey)
	_, err := undo.Begin(t.Context())
	must(t, err)
	undone := rowsRead(t, l, func() {
		_, keys := part(batches / 2)
		_, err := undo.Ways(t.Context(), keys)
		must(t, err)
		must(t, undo.Done(t.Context(), keys))
	})
	t.Logf("rows read: %d for the first %d files, %d after %d, %d for the way back", first, batch, last, batch*batches, undone)
	if most := 20 * batch; first > most || last > most || undone > most {
		t.Errorf("rows read: %d for the first %d files, %d after %d, %d for the way back; want at most %d", first, batch, last, batch*batches, undone, most)
	}
}

func analyze(t *testing.T, l *store.Ledger, tables ...string) {
	t.Helper()
	for _, table := range tables {
		_, err := l.DB().ExecContext(context.WithoutCancel(t.Context()), "ANALYZE TABLE "+table)
		must(t, err)
	}
}
