package uploads

import (
	"sync"

	"jogetferry/migration"
)

// Writers keeps those apart who write one partial file in one process, which locks on a
// network mount may not do, and SFTP has none. The zero value has nobody. It is safe for
// concurrent use.
type Writers struct {
	mu   sync.Mutex
	busy map[string]bool
}

// Take gives a partial file to its caller alone, until Release. False: somebody has it.
func (w *Writers) Take(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy[name] {
		return false
	}
	if w.busy == nil {
		w.busy = map[string]bool{}
	}
	w.busy[name] = true
	return true
}

// Release lets others have a partial file.
func (w *Writers) Release(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.busy, name)
}

// ErrBusy is for who cannot write a partial file, because another attempt has it.
func ErrBusy() error {
	return &migration.Error{Code: migration.CodeUnavailable, Op: "write an upload", Hint: "another attempt is writing the same file"}
}
