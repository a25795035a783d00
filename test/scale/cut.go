package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"jogetferry/contract"
	"jogetferry/migration"
)

// cut is a worker that was cut off, and what became of the instances that it had.
type cut struct {
	worker *worker
	held   []migration.InstanceID // whose activities it was working at

	mu    sync.Mutex
	taken []time.Duration // from the cut until others had each of them, ascending when watching is done
	over  func() error    // ends watching
}

// zombieTime is how long a worker that was cut off has to do what it still wants to do when
// its link is up again.
const zombieTime = 30 * time.Second

// cutOff takes the link of a worker down, and watches the instances that it was working at
// until others have them.
func (s *stage) cutOff(ctx context.Context, w *worker) (*cut, error) {
	temporal, err := s.temporal.Client(ctx)
	if err != nil {
		return nil, err
	}
	c := &cut{worker: w}
	if err := w.cut(ctx); err != nil {
		temporal.Close()
		return nil, err
	}
	at := time.Now()
	inFlight := migration.Filter{States: []migration.InstanceState{migration.InstanceRunning}}
	for e, err := range s.ledger.EntriesEach(ctx, name, inFlight) {
		if err != nil {
			temporal.Close()
			return nil, err
		}
		has, err := has(ctx, temporal, e.Instance, w.Pid())
		if err != nil {
			temporal.Close()
			return nil, err
		}
		if has {
			c.held = append(c.held, e.Instance)
		}
	}
	s.say("worker %d is cut off, with %d instances", w.number, len(c.held))
	watching, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	var failed error
	for _, id := range c.held {
		group.Go(func() {
			took, err := gone(watching, temporal, id, w.Pid(), at)
			c.mu.Lock()
			defer c.mu.Unlock()
			if err != nil {
				failed = errors.Join(failed, err)
				return
			}
			c.taken = append(c.taken, took)
		})
	}
	c.over = func() error {
		cancel()
		group.Wait()
		temporal.Close()
		slices.Sort(c.taken)
		return failed
	}
	return c, nil
}

// has reports whether a worker process is at an activity of an instance.
func has(ctx context.Context, temporal client.Client, id migration.InstanceID, pid int) (bool, error) {
	described, err := temporal.DescribeWorkflowExecution(ctx, contract.InstanceWorkflowID(name, id), "")
	if err != nil {
		return false, fmt.Errorf("ask who works at %s: %w", id, err)
	}
	for _, a := range described.GetPendingActivities() {
		if a.GetState() == enumspb.PENDING_ACTIVITY_STATE_STARTED && strings.HasPrefix(a.GetLastWorkerIdentity(), fmt.Sprintf("%d@", pid)) {
			return true, nil
		}
	}
	return false, nil
}

// gone waits until a worker process is not at an activity of an instance any more.
func gone(ctx context.Context, temporal client.Client, id migration.InstanceID, pid int, since time.Time) (time.Duration, error) {
	for tick := time.NewTicker(time.Second); ; {
		has, err := has(ctx, temporal, id, pid)
		if err == nil && !has {
			return time.Since(since), nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, fmt.Errorf("instance %s stayed with the worker that was cut off: %w", id, errors.Join(err, ctx.Err()))
		}
	}
}

// mend lets the worker back, which may still want to do something, and ends the watching.
func (s *stage) mend(ctx context.Context, c *cut) error {
	if err := errors.Join(c.over(), c.worker.mend(ctx)); err != nil {
		return err
	}
	select {
	case <-time.After(zombieTime):
	case <-ctx.Done():
		return ctx.Err()
	}
	if n := len(c.taken); n > 0 {
		s.say("others had its instances after %s, the last after %s", c.taken[n/2].Round(time.Second), c.taken[n-1].Round(time.Second))
	}
	return nil
}
