package recorded_test

import (
	"context"
	"sync"

	"jogetferry/test/simulator/engine"
)

// gate stops calls inside the engine. One call moves at a time, all others
// stand at the gate or have not been sent, so that what happens at the same
// moment happens in the same order in each run.
type gate struct {
	mu      sync.Mutex
	at      string             // what the moving call stops at; "" for nothing
	reached chan chan struct{} // what lets the stopped call go on
	opened  chan struct{}      // closed when nothing is stopped any more
}

func newGate() *gate { return &gate{reached: make(chan chan struct{}), opened: make(chan struct{})} }

func (g *gate) open() { close(g.opened) }

func (g *gate) set(at string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.at = at
}

// pause is called by the engine at each of its points.
func (g *gate) pause(_ context.Context, at engine.Point) error {
	g.mu.Lock()
	stop := g.at == at.What
	if stop {
		g.at = ""
	}
	g.mu.Unlock()
	if !stop {
		return nil
	}
	resume := make(chan struct{})
	select {
	case g.reached <- resume:
	case <-g.opened:
		return nil
	}
	select {
	case <-resume:
	case <-g.opened:
	}
	return nil
}
