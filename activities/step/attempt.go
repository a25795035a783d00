package step

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"
	"golang.org/x/time/rate"

	"jogetferry/contract"
	"jogetferry/migration"
)

// memory is what the attempts of one scheduling leave to the next one, as details
// of their heartbeats: Temporal hands them over, whichever worker makes the next
// attempt. Several workers, or one that its supervisor restarts, have no patience of
// their own each. Temporal itself counts attempts only, those that wait included, and
// the workflow does not see them. It holds no personal data.
type memory struct {
	Failed failures `json:"failed,omitzero"`
	// Ended is the last attempt that said how it ended, or was forgiven: those after it were cut.
	Ended int32 `json:"ended"`
	// Progress is what an activity keeps of its own; see Remember.
	Progress json.RawMessage `json:"progress,omitempty"`
	// Sent is the call to the target that is not known to be over; see Tell.
	Sent contract.SentCall `json:"sent,omitzero"`
}

// recall returns what the attempts before the one of ctx have left, or, of the call that
// is under way, what the input of all has.
func recall(ctx context.Context, input any) memory {
	before := activity.GetInfo(ctx).Attempt - 1
	var m memory
	if !activity.HasHeartbeatDetails(ctx) || activity.GetHeartbeatDetails(ctx, &m) != nil {
		// None was made, none came as far as a heartbeat, or older workers made them.
		m = memory{Ended: before}
		if in, follows := input.(contract.Following); follows {
			m.Sent = in.LastCall()
		}
		return m
	}
	return m.at(before)
}

// at returns m when so many attempts were made.
func (m memory) at(attempts int32) memory {
	switch cut := attempts - m.Ended; {
	case cut > 0:
		m.Failed = m.Failed.more(failedSilently, int(cut))
	case cut < 0:
		m.Failed = failures{} // somebody had them counted anew
	}
	m.Ended = attempts
	return m
}

// end leaves m to the next attempt, with how the one of ctx ended, and returns it.
func (m memory) end(ctx context.Context, err error) memory {
	m.Failed = m.Failed.after(ctx, err)
	m.Ended = activity.GetInfo(ctx).Attempt
	// An attempt that is interrupted says so, too.
	activity.RecordHeartbeat(context.WithoutCancel(ctx), m)
	return m
}

const (
	// beatsPerTimeout is how often an attempt says that its worker is alive within
	// the time in which it must; one shorter than the first beat costs nothing.
	beatsPerTimeout = 3
	// stuckAfter is how long an attempt may go without headway. It is longer than any
	// statement or file operation takes that ends at all.
	stuckAfter = 30 * time.Minute
)

// attempt is one attempt of an activity, as its context carries it.
type attempt struct {
	mu      sync.Mutex
	memory  memory
	headway atomic.Bool // since the last beat
	beating sync.Mutex  // no heartbeat says what was before the last one
}

type attemptKey struct{}

// attemptOf returns the attempt of ctx; nil where an activity is called as a function.
func attemptOf(ctx context.Context) *attempt {
	at, _ := ctx.Value(attemptKey{}).(*attempt)
	return at
}

// Headway says that the attempt of ctx gets on. One that does not for long is ended,
// and made again.
func Headway(ctx context.Context) {
	if at := attemptOf(ctx); at != nil {
		at.headway.Store(true)
	}
}

// Remember keeps how far an activity has come for its next attempt, and says that it
// gets on. The last heartbeat counts: an attempt that is cut loses what it did since.
// progress is read by Remembered, and shown to people: it must be small and free of
// personal data.
func Remember(ctx context.Context, progress any) error {
	at := attemptOf(ctx)
	if at == nil {
		return nil
	}
	blob, err := json.Marshal(progress)
	if err != nil {
		return migration.E(migration.CodeInternal, "remember", activity.GetInfo(ctx).ActivityType.Name, "%w", err)
	}
	at.headway.Store(true)
	at.mu.Lock()
	defer at.mu.Unlock()
	at.memory.Progress = blob
	if at.memory.Failed.Kind == failedSilently {
		// What gets on from attempt to attempt comes to an end.
		at.memory.Failed = failures{}
	}
	return nil
}

// Remembered reads what an earlier attempt of this scheduling kept. progress stays
// as it is where there is none, or none that fits.
func Remembered(ctx context.Context, progress any) {
	if at := attemptOf(ctx); at != nil {
		if kept := at.kept(); len(kept.Progress) > 0 {
			_ = json.Unmarshal(kept.Progress, progress) //nolint:errcheck // then the attempt begins at the beginning
		}
	}
}

func (at *attempt) kept() memory {
	at.mu.Lock()
	defer at.mu.Unlock()
	return at.memory
}

// say leaves what is known now to the next attempt.
func (at *attempt) say(ctx context.Context) {
	at.beating.Lock()
	defer at.beating.Unlock()
	activity.RecordHeartbeat(ctx, at.kept())
}

// begin makes an attempt of an activity of a role, in the context that it returns: that
// of an attempt without headway is cancelled because of errSilent. It beats until stop is called.
func begin(ctx context.Context, role contract.Role, input any, stuck time.Duration) (_ context.Context, at *attempt, stop func()) {
	at = &attempt{memory: recall(ctx, input)}
	info := activity.GetInfo(ctx)
	if role == contract.RoleWorkflows && at.memory.Failed.Kind == failedSilently {
		// What needs the ledger only kills no worker; it goes on as soon as one lives.
		at.memory.Failed = failures{}
	}
	if info.Attempt > 1 && !activity.HasHeartbeatDetails(ctx) {
		// From here on attempts that are cut are seen, however early.
		activity.RecordHeartbeat(ctx, at.memory)
	}
	ctx, end := context.WithCancelCause(context.WithValue(ctx, attemptKey{}, at))
	beats, quiet := context.WithCancel(ctx)
	var beating sync.WaitGroup
	if every := info.HeartbeatTimeout / beatsPerTimeout; every > 0 {
		beating.Go(func() {
			if at.beat(beats, every, int(stuck/every)) {
				end(errSilent)
			}
		})
	}
	return ctx, at, func() {
		quiet()
		beating.Wait()
		end(nil)
	}
}

// beat says that the worker is alive until ctx is over: what an activity does may be
// one long call, and a worker that was killed must not be waited for. It returns
// true, and the heartbeats end, when the attempt made no headway during so many of
// them: Temporal then makes another one, even if this one hears nothing any more.
func (at *attempt) beat(ctx context.Context, every time.Duration, idlest int) (stuck bool) {
	pace := rate.NewLimiter(rate.Every(every), 1)
	pace.Allow() // the first beat comes after the first interval
	for idle := 0; pace.Wait(ctx) == nil; {
		if idle = at.idle(idle); idle > idlest {
			return true
		}
		// Each beat replaces what the one before said, so all is said again.
		at.say(ctx)
	}
	return false
}

// idle counts the beats without headway.
func (at *attempt) idle(soFar int) int {
	if at.headway.Swap(false) {
		return 0
	}
	return soFar + 1
}
