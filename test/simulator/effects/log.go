package effects

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"
)

// Kinds of effects, the values of Effect.What.
const (
	Start         = "start"
	ActivityStart = "activity_start"
	ActivityAbort = "activity_abort"
	Abort         = "abort"
	Copy          = "copy"
	Variable      = "variable"
	Reassign      = "reassign"
	Reevaluate    = "reevaluate"
	Accept        = "accept"
	Withdraw      = "withdraw"
	Complete      = "complete"
	Tool          = "tool"
	Publish       = "publish"
)

// Results of effects, the values of Effect.Result.
const (
	OK        = "ok"
	Failed    = "failed"    // the call failed half-way; what it had done stays
	Unchanged = "unchanged" // the call claimed success and changed nothing
)

// Cut is the value of Effect.HTTP when the caller got no answer.
const Cut = "cut"

// Effect is one thing that happened. Fields that do not apply are empty.
type Effect struct {
	Seq           int64     `json:"seq"` // from 1, without gaps, in order of commit
	Time          time.Time `json:"time"`
	What          string    `json:"what"`
	Caller        string    `json:"caller"`
	ProcessDefID  string    `json:"processDefId,omitempty"` // package#version#process
	Instance      string    `json:"instance,omitempty"`
	RecordID      string    `json:"recordId,omitempty"`
	ActivityDefID string    `json:"activityDefId,omitempty"`
	Activity      string    `json:"activity,omitempty"` // activity instance ID
	AbortCurrent  bool      `json:"abortCurrent,omitempty"`
	Detail        string    `json:"detail,omitempty"` // variable name, tool class, new assignee
	Result        string    `json:"result"`
	HTTP          string    `json:"http,omitempty"` // status the caller got, or Cut; empty for in-process calls
}

// Log keeps effects in memory and, when it has a writer, one JSON line each.
// The zero value is not usable; see New and Open.
type Log struct {
	mu      sync.Mutex
	effects []Effect
	out     io.Writer
	file    *os.File
	now     func() time.Time
	err     error
}

// New returns a log in memory that also writes to out unless it is nil. now
// must not be nil.
func New(out io.Writer, now func() time.Time) *Log { return &Log{out: out, now: now} }

// Open is New with a file that is created or appended to; an empty path means
// memory only. Sequence numbers start at 1 again.
func Open(path string, now func() time.Time) (*Log, error) {
	if path == "" {
		return New(nil, now), nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open effect log: %w", err)
	}
	l := New(f, now)
	l.file = f
	return l, nil
}

// Append numbers, times and keeps the effects. A write error is returned by
// Close; the effects stay in memory all the same.
func (l *Log) Append(list ...Effect) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range list {
		e.Seq, e.Time = int64(len(l.effects))+1, l.now().UTC()
		l.effects = append(l.effects, e)
		if l.out == nil || l.err != nil {
			continue
		}
		line, err := json.Marshal(e)
		if err == nil {
			_, err = l.out.Write(append(line, '\n'))
		}
		l.err = err
	}
}

// Effects returns a copy of all effects in order.
func (l *Log) Effects() []Effect {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.effects)
}

// Close closes the file and returns the first error of writing or closing it.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		if err := l.file.Close(); l.err == nil {
			l.err = err
		}
		l.file, l.out = nil, nil
	}
	if l.err != nil {
		return fmt.Errorf("write effect log: %w", l.err)
	}
	return nil
}
