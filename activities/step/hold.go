package step

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/store"
)

// holdTurn is how often an instance asks for a record that another one has.
const holdTurn = 5 * time.Second

// Hold takes the record of an instance for itself before the step at writes to it or
// captures it. Where another instance has it, this one waits outside the window
// (WaitError), or parks record_busy when that one waits for the operator itself.
func (s *Servers) Hold(ctx context.Context, i *Opened, at migration.Step) (contract.Outcome, error) {
	return s.held(ctx, i, at, s.Ledger.HoldRecord(ctx, i.Key, i.TargetRecord(), i.Migration))
}

// Enter is Hold and Running at once: the step at works on the instance from now on.
func (s *Servers) Enter(ctx context.Context, i *Opened, at migration.Step) (contract.Outcome, error) {
	return s.held(ctx, i, at, s.Ledger.Together(ctx, "begin a step", string(i.Instance), func(l *store.Ledger) error {
		if err := l.HoldRecord(ctx, i.Key, i.TargetRecord(), i.Migration); err != nil {
			return err
		}
		return Run(ctx, l, i, at)
	}))
}

// held waits, or parks, where err says that another instance has the record.
func (s *Servers) held(ctx context.Context, i *Opened, at migration.Step, err error) (contract.Outcome, error) {
	var busy *migration.RecordBusyError
	if !errors.As(err, &busy) {
		return OK(), err
	}
	stuck, err := s.Stuck(ctx, i.Migration, busy.By)
	if err != nil {
		return OK(), err
	}
	if stuck {
		return s.Park(ctx, i.StepInput, Parking{Step: at, Reason: migration.ReasonRecordBusy, Message: HeldBy(busy.By)})
	}
	if err := s.Progress(ctx, i.StepInput, migration.Change{State: migration.InstanceWaiting, Step: at, Reason: migration.ReasonRecordBusy}); err != nil {
		return OK(), err
	}
	return OK(), WaitForRecord(busy.By)
}

// TakeRecord is Hold for what has no state of its own to wait in: it is tried again.
// record is the target's.
func (s *Servers) TakeRecord(ctx context.Context, key migration.ClaimKey, record migration.RecordID, mig migration.Name) error {
	err := s.Ledger.HoldRecord(ctx, key, record, mig)
	var busy *migration.RecordBusyError
	if errors.As(err, &busy) {
		return WaitForRecord(busy.By)
	}
	return err
}

// Stuck reports whether nobody comes to the holder of a record by itself: it waits for
// the operator, is settled, or was made ready again and no open wave has it.
func (s *Servers) Stuck(ctx context.Context, mig migration.Name, holder migration.InstanceID) (bool, error) {
	if holder == migration.BulkOwner {
		return false, nil // until starter rollback --copy has ended or is paused
	}
	entry, err := s.Ledger.Entry(ctx, mig, holder)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return true, nil // of another migration
	}
	if err != nil || entry.State == migration.InstanceRollingBack {
		return false, err
	}
	if entry.Wave == "" {
		return !entry.Comes(""), nil
	}
	wave, err := s.Ledger.Wave(ctx, mig, entry.Wave)
	if migration.CodeOf(err) == migration.CodeNotFound {
		err = nil
	}
	return err == nil && !entry.Comes(wave.Status), err
}

// HeldBy says who has a record.
func HeldBy(holder migration.InstanceID) string {
	return fmt.Sprintf("It is source instance %s.", holder)
}

// WaitForRecord is the error of an attempt that comes back for a record.
func WaitForRecord(holder migration.InstanceID) error {
	why := fmt.Sprintf("instance %s of the same record is being migrated", holder)
	if holder == migration.BulkOwner {
		why = "the copy of all data is being rolled back"
	}
	return &WaitError{Why: why, Delay: holdTurn}
}
