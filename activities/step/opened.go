package step

import (
	"context"
	"fmt"
	"strings"

	"go.temporal.io/sdk/activity"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/store"
)

// Opened is a source instance as the ledger has it when a step begins.
type Opened struct {
	contract.StepInput
	*store.Standing
	Key migration.ClaimKey
}

// Bound refuses to work on a migration that was planned with other servers than
// this worker's. A MisdirectedError: it was; CodeNotFound: nothing was planned.
func (s *Servers) Bound(ctx context.Context, mig migration.Name) (migration.Binding, error) {
	bound, err := s.Ledger.Bound(ctx, mig)
	if err != nil {
		return bound, err
	}
	return bound, s.serves(bound)
}

// serves refuses what is bound to other servers than this worker's.
func (s *Servers) serves(bound migration.Binding) error {
	if bound.Serves(s.Source.Fingerprint, s.Target.Fingerprint) {
		return nil
	}
	return &MisdirectedError{Why: bound.Misses(s.Source.Fingerprint, s.Target.Fingerprint)}
}

// Open reads what the ledger has of an instance, whatever its state.
func (s *Servers) Open(ctx context.Context, in contract.StepInput) (*Opened, error) {
	standing, err := s.Ledger.Standing(ctx, in.Migration, in.Instance)
	if err != nil {
		return nil, err
	}
	return &Opened{StepInput: in, Standing: standing, Key: standing.Claim.ClaimKey}, s.serves(standing.Binding)
}

// Begin is Open for a step that changes something. Unless the status of out is
// contract.StatusOK the step ends with out and touches nothing: the ledger has
// the instance done or skipped already.
func (s *Servers) Begin(ctx context.Context, in contract.StepInput) (i *Opened, out contract.Outcome, err error) {
	if i, err = s.Open(ctx, in); err != nil {
		return nil, contract.Outcome{}, err
	}
	if out, final := Final(&i.Entry); final {
		return i, out, nil
	}
	return i, OK(), nil
}

// OK is the outcome of a step that did what it is for.
func OK() contract.Outcome { return contract.Outcome{Status: contract.StatusOK} }

// Final is how a step ends without touching anything when the ledger has the
// instance done or skipped: a reset, or an attempt whose commit went unseen.
func Final(e *migration.Entry) (out contract.Outcome, final bool) {
	if e.State == migration.InstanceDone {
		return contract.Outcome{Status: contract.StatusDone}, true
	}
	return contract.Outcome{Status: contract.StatusSkipped, Reason: e.Reason}, e.State == migration.InstanceSkipped
}

// Progress records that an instance is in a step now. CodeConflict: its state
// does not let it go on; see migration.Working.
func (s *Servers) Progress(ctx context.Context, in contract.StepInput, change migration.Change) error {
	change.From = migration.Working()
	return s.Ledger.Progress(ctx, in.Migration, in.Instance, change)
}

// Running is Progress of an instance that a step works on.
func (s *Servers) Running(ctx context.Context, i *Opened, step migration.Step) error {
	return Run(ctx, s.Ledger, i, step)
}

// Run is Running in a transaction of the ledger.
func Run(ctx context.Context, l *store.Ledger, i *Opened, step migration.Step) error {
	if i.Entry.State == migration.InstanceRunning {
		if done, err := l.StepOn(ctx, i.Migration, i.Instance, step); done || err != nil {
			return err
		}
	}
	return l.Progress(ctx, i.Migration, i.Instance, migration.Change{From: migration.Working(), State: migration.InstanceRunning, Step: step})
}

// Parking is why a step gives an instance to the operator.
type Parking struct {
	Step    migration.Step
	Reason  migration.Reason
	Message string // for Temporal: free of personal data
	Detail  string // for the ledger: may hold personal data
}

// Park records a parking and returns it as the outcome of the step. It is safe
// to repeat by other attempts of the same activity.
func (s *Servers) Park(ctx context.Context, in contract.StepInput, p Parking) (contract.Outcome, error) {
	return Park(ctx, s.Ledger, in, p)
}

// Park is Servers.Park for what needs the ledger only.
func Park(ctx context.Context, ledger *store.Ledger, in contract.StepInput, p Parking) (contract.Outcome, error) {
	id, err := ledger.Park(ctx, in.Migration, in.Instance, migration.Parking{Step: p.Step, Reason: p.Reason, Detail: p.Detail, Token: Token(ctx)})
	if err != nil {
		return contract.Outcome{}, err
	}
	return contract.Outcome{Status: contract.StatusParked, Reason: p.Reason, ParkID: id, Message: p.Message}, nil
}

// Token names this scheduling of this activity: the same in all its attempts,
// another one after a reset or in another run.
func Token(ctx context.Context) migration.Token {
	info := activity.GetInfo(ctx)
	return migration.Token(info.WorkflowExecution.RunID + "/" + info.ActivityID)
}

// AttemptToken names one attempt: what a claim of a start belongs to.
func AttemptToken(ctx context.Context) migration.Token {
	return migration.Token(fmt.Sprintf("%s/%d", Token(ctx), activity.GetInfo(ctx).Attempt))
}

// List writes keys of rows or files for the ledger; they hold personal data.
func List[K fmt.Stringer](keys []K) string {
	names := make([]string, 0, len(keys))
	for _, k := range keys {
		names = append(names, k.String())
	}
	return strings.Join(names, ", ")
}
