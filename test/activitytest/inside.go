package activitytest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"jogetferry/test/simulator/engine"
)

// inside is what happens to calls at places within the target's engine.
type inside struct {
	mu    sync.Mutex
	hooks []*insideHook
}

type insideHook struct {
	place string
	times int // left
	do    func(context.Context) error
}

func (i *inside) pause(ctx context.Context, at engine.Point) error {
	i.mu.Lock()
	var do func(context.Context) error
	for _, h := range i.hooks {
		if h.place == at.What && h.times > 0 {
			h.times--
			do = h.do
			break
		}
	}
	i.mu.Unlock()
	if do == nil {
		return nil
	}
	return do(ctx)
}

func (i *inside) add(place string, times int, do func(context.Context) error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.hooks = append(i.hooks, &insideHook{place, times, do})
}

// Hold keeps the next call of the target that comes to a place of the engine (one of
// engine.Places) there until release is called, or tb ends. It is for a stage of the
// test's own: any call may come there first.
func (s *Stage) Hold(tb testing.TB, place string) (held <-chan struct{}, release func()) {
	tb.Helper()
	at, free := make(chan struct{}), make(chan struct{})
	release = sync.OnceFunc(func() { close(free) })
	s.inside.add(place, 1, func(context.Context) error {
		close(at)
		<-free
		return nil
	})
	tb.Cleanup(release)
	return at, release
}

// Fail makes the next calls that come to a place of the engine fail there, as a Java
// Error does. See Hold.
func (s *Stage) Fail(place string, times int) {
	s.inside.add(place, times, func(context.Context) error { return errors.New("missing class") })
}

// Throw makes the next calls that come to a place of the engine fail there, as a Java
// Exception does. See Hold.
func (s *Stage) Throw(place string, times int) {
	s.inside.add(place, times, func(context.Context) error { return engine.ErrException })
}
