package engine

import (
	"context"
	"fmt"
	"sync"

	"go.uber.org/zap"

	"jogetferry/test/simulator/effects"
)

// session is one manager call. What it writes is visible at once, statement by
// statement; what it has read of an instance it does not read again.
type session struct {
	*Engine
	caller    Caller
	effects   []effects.Effect
	instances map[string]*instance
	preset    map[string][]string // "<instance>_<activity definition>" -> assignees to use instead of the mapping
	offers    []offer             // assignments that are not written yet
	depth     int
}

// maxDepth bounds how far one call may run through tools, routes and
// subflows: definitions that loop without a wait would never answer.
const maxDepth = 2000

// do runs one call. Nothing of what it wrote is ever taken back; a call that
// fails loses only the assignments that it still buffers. It does not end
// because its client went away (docs/joget.md#no-transaction).
func (e *Engine) do(ctx context.Context, caller Caller, fn func(context.Context, *session) error) error {
	ctx = context.WithoutCancel(ctx)
	s := &session{Engine: e, caller: caller, instances: map[string]*instance{}, preset: map[string][]string{}}
	begun := e.now()
	err := fn(ctx, s)
	if !rolledBack(err) {
		if failed := s.flush(ctx); failed != nil {
			err = failed
		}
	}
	if len(s.effects) > 0 {
		e.report(ctx, s.effects)
	}
	if err != nil {
		e.log.Debug("call failed, its effects so far are kept", zap.Error(err))
	}
	if e.now().Sub(begun) > e.timeout {
		return fmt.Errorf("%w: the transaction timed out", ErrInternal)
	}
	return internal(err)
}

func (s *session) note(e effects.Effect) {
	e.Caller = s.caller.User()
	if e.Result == "" {
		e.Result = effects.OK
	}
	s.effects = append(s.effects, e)
}

// keyedLocks serialises calls by a name.
type keyedLocks struct {
	mu   sync.Mutex
	held map[string]*keyedLock
}

type keyedLock struct {
	sync.Mutex
	users int
}

func (t *keyedLocks) lock(name string) func() {
	t.mu.Lock()
	if t.held == nil {
		t.held = map[string]*keyedLock{}
	}
	l := t.held[name]
	if l == nil {
		l = &keyedLock{}
		t.held[name] = l
	}
	l.users++
	t.mu.Unlock()
	l.Lock()
	return func() {
		l.Unlock()
		t.mu.Lock()
		defer t.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(t.held, name)
		}
	}
}
