package target

import (
	"context"

	"jogetferry/activities/step"
	"jogetferry/migration"
	"jogetferry/store"
)

// startClaims is the ledger of the start of one instance, with what stands together in one
// transaction: the step and its claim, the baseline and that the request is being sent. An
// attempt that ends between those two sent nothing, and the next one looks as the first.
type startClaims struct {
	*store.Ledger

	of       *Instance
	baseline []migration.InstanceID // of a look that found nothing in the way, not kept yet
	looked   bool                   // there is one
}

// Claim implements claims; the instance is in the step of its start from then on.
func (c *startClaims) Claim(ctx context.Context, key migration.ClaimKey, record migration.RecordID, token migration.Token, mig migration.Name) (claim migration.Claim, got bool, err error) {
	err = c.Together(ctx, "claim start", string(key.Instance), func(l *store.Ledger) (err error) {
		if err := step.Run(ctx, l, &c.of.Opened, migration.StepStart); err != nil {
			return err
		}
		claim, got, err = l.Claim(ctx, key, record, token, mig)
		return err
	})
	return claim, got && err == nil, err
}

// SaveBaseline implements claims; Sending keeps it.
func (c *startClaims) SaveBaseline(_ context.Context, _ migration.ClaimKey, _ migration.Token, baseline []migration.InstanceID) error {
	c.baseline, c.looked = baseline, true
	return nil
}

// Sending implements claims.
func (c *startClaims) Sending(ctx context.Context, key migration.ClaimKey, token migration.Token, sent map[string]string, def migration.DefinitionID) error {
	if !c.looked {
		return c.Ledger.Sending(ctx, key, token, sent, def)
	}
	return c.Together(ctx, "send start", string(key.Instance), func(l *store.Ledger) error {
		if err := l.SaveBaseline(ctx, key, token, c.baseline); err != nil {
			return err
		}
		return l.Sending(ctx, key, token, sent, def)
	})
}
