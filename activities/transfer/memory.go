package transfer

import (
	"context"
	"time"

	"jogetferry/activities/step"
	"jogetferry/migration"
	"jogetferry/store"
)

// dueMost is how many rows or files are written before the ledger hears that they were:
// what it heard before, that they were to be, is enough for whoever goes on after a crash.
const dueMost = 500

// settleTime bounds how long it is noted what was written when a copy ends early.
const settleTime = 20 * time.Second

// rowMemory is the ledger's memory of the rows of one copy. It satisfies records.Images.
// The snapshot is kept with the first images, and what was written is noted at the end, so
// that an instance of a few rows takes two transactions.
type rowMemory struct {
	*store.RowImages

	of       *step.Opened
	ledger   *store.Ledger
	snapshot *migration.Snapshot // nil once it is kept
	due      []migration.RowImage
}

// Keep implements records.Images.
func (m *rowMemory) Keep(ctx context.Context, images []migration.RowImage) error {
	if m.snapshot == nil {
		return m.RowImages.Keep(ctx, images)
	}
	err := m.ledger.Together(ctx, "keep snapshot and row images", string(m.of.Instance), func(l *store.Ledger) error {
		if _, err := l.SaveSnapshot(ctx, m.of.Migration, m.of.Instance, *m.snapshot); err != nil {
			return err
		}
		return l.RowImages(m.of.Migration, m.of.Key).Keep(ctx, images)
	})
	if err == nil {
		m.snapshot = nil
	}
	return err
}

// keepSnapshot keeps the snapshot if there was no image to keep it with.
func (m *rowMemory) keepSnapshot(ctx context.Context) error {
	if m.snapshot == nil {
		return nil
	}
	_, err := m.ledger.SaveSnapshot(ctx, m.of.Migration, m.of.Instance, *m.snapshot)
	if err == nil {
		m.snapshot = nil
	}
	return err
}

// Wrote implements records.Images.
func (m *rowMemory) Wrote(ctx context.Context, images []migration.RowImage) error {
	for _, image := range images {
		image.Data = nil // it is kept
		m.due = append(m.due, image)
	}
	if len(m.due) < dueMost {
		return nil
	}
	return m.settle(ctx)
}

// settle notes what was written, with more lines for the log.
func (m *rowMemory) settle(ctx context.Context, lines ...migration.StepLine) error {
	err := m.Settle(ctx, m.due, lines...)
	if err == nil {
		m.due = nil
	}
	return err
}

// fileMemory is rowMemory for files; it satisfies uploads.FileImages.
type fileMemory struct {
	*store.FileImages

	of     *step.Opened
	ledger *store.Ledger
	due    []migration.FileImage
}

// Wrote implements uploads.FileImages.
func (m *fileMemory) Wrote(ctx context.Context, images []migration.FileImage) error {
	for _, image := range images {
		image.Content = nil // it is kept
		m.due = append(m.due, image)
	}
	if len(m.due) < dueMost {
		return nil
	}
	return m.settle(ctx, nil)
}

// settle notes what was written, with what lies there from now on, nil for what is not
// known, and more lines for the log.
func (m *fileMemory) settle(ctx context.Context, seen *migration.FileCapture, lines ...migration.StepLine) error {
	err := m.ledger.Together(ctx, "note files written", string(m.of.Instance), func(l *store.Ledger) error {
		if seen != nil {
			if err := l.SaveFileCapture(ctx, m.of.Key, *seen); err != nil {
				return err
			}
		}
		return l.FileImages(m.of.Migration, m.of.Key).Settle(ctx, m.due, lines...)
	})
	if err == nil {
		m.due = nil
	}
	return err
}

// ending is for what is noted at the end of a copy, whatever ended it.
func ending(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleTime)
}
