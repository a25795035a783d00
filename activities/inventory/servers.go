package inventory

import (
	"context"
	"errors"
	"slices"
	"time"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/preflight"
)

// CheckSource checks what only a copy worker can see of both servers, and binds
// the migration to them unless Dry.
func (act *Activities) CheckSource(ctx context.Context, in contract.CheckInput) (contract.CheckOutput, error) {
	if err := act.Forget(ctx); err != nil {
		return contract.CheckOutput{}, err
	}
	f := preflight.CopyingFacts{Migration: in.Migration, Source: act.Source.Fingerprint, Target: act.Target.Fingerprint}
	if f.Source == f.Target {
		// Whatever is looked at further would be looked at on the wrong server.
		return contract.CheckOutput{Findings: preflight.Copying(&f)}, nil
	}
	for _, gather := range []func(context.Context, *preflight.CopyingFacts) error{
		act.gatherGrants, act.gatherReadOnly, act.gatherUploads, act.gatherGenerations, act.gatherClocks, act.gatherWork,
	} {
		if err := gather(ctx, &f); err != nil {
			return contract.CheckOutput{}, err
		}
	}
	if !in.Dry {
		err := act.Ledger.Bind(ctx, migration.Binding{Migration: in.Migration, Source: f.Source, Target: f.Target}, act.Settings.ConfigDigest)
		if f.BoundElsewhere = migration.CodeOf(err) == migration.CodeConflict; err != nil && !f.BoundElsewhere {
			return contract.CheckOutput{}, err
		}
	}
	return contract.CheckOutput{Findings: preflight.WithoutPersonal(preflight.Copying(&f))}, nil
}

func (act *Activities) gatherGrants(ctx context.Context, f *preflight.CopyingFacts) error {
	may, err := act.Source.Fresh().CanWrite(ctx)
	switch {
	case migration.CodeOf(err) == migration.CodeUnavailable:
		return err
	case err != nil:
		f.SourceGrants = preflight.GrantsUnknown
	case may:
		f.SourceGrants = preflight.GrantsWrite
	default:
		f.SourceGrants = preflight.GrantsRead
	}
	return act.gatherTableGrants(ctx, f)
}

// gatherTableGrants looks whether tables can be made on the target, where they shall be.
func (act *Activities) gatherTableGrants(ctx context.Context, f *preflight.CopyingFacts) error {
	if !act.Settings.CreateTables {
		return nil
	}
	may, err := act.Target.Fresh().CanMakeTables(ctx)
	if migration.CodeOf(err) == migration.CodeUnavailable {
		return err
	}
	f.NoTables = err == nil && !may
	return nil
}

func (act *Activities) gatherReadOnly(ctx context.Context, f *preflight.CopyingFacts) (err error) {
	f.TargetReadOnly, err = act.Target.Fresh().ReadOnly(ctx)
	return err
}

func (act *Activities) gatherUploads(ctx context.Context, f *preflight.CopyingFacts) error {
	f.SourceUploads = probeFailure(act.Source.Uploads.Probe(ctx))
	f.TargetUploads = probeFailure(act.Target.Uploads.Probe(ctx))
	if target, ok := act.Target.Uploads.(interface {
		Lacks(ctx context.Context) ([]string, error)
	}); ok && f.TargetUploads == "" {
		var err error
		if f.TargetUploadsLack, err = target.Lacks(ctx); err != nil {
			f.TargetUploads = probeFailure(err)
		}
	}
	return ctx.Err()
}

func (act *Activities) gatherGenerations(_ context.Context, f *preflight.CopyingFacts) error {
	f.SourceGeneration, f.TargetGeneration = act.Source.Generation(), act.Target.Generation()
	return nil
}

func (act *Activities) gatherClocks(ctx context.Context, f *preflight.CopyingFacts) (err error) {
	read := func(db *schema.DB) func(context.Context) (time.Time, error) {
		return func(ctx context.Context) (time.Time, error) {
			now, err := db.Fresh().Clock(ctx)
			return time.UnixMilli(int64(now)), err
		}
	}
	if f.SourceClock, err = step.Ahead(ctx, read(act.Source.DB)); err != nil {
		return err
	}
	f.TargetClock, err = step.Ahead(ctx, read(act.Target.DB))
	return err
}

// workWindow is how long ago people may have worked to be at work now.
const workWindow = 10 * time.Minute

// gatherWork looks at the apps of the instances to migrate, and at those that they go to.
func (act *Activities) gatherWork(ctx context.Context, f *preflight.CopyingFacts) error {
	definitions, err := act.Source.Fresh().OpenDefinitions(ctx)
	if err != nil {
		return err
	}
	sources, targets := map[string]bool{}, map[string]bool{}
	for _, d := range definitions {
		if len(act.Settings.Processes) == 0 || slices.Contains(act.Settings.Processes, d.Key()) {
			sources[d.Package], targets[act.Settings.Target(d).Package] = true, true
		}
	}
	if f.SourceWork, err = recentWork(ctx, act.Source.Fresh(), sources); err != nil {
		return err
	}
	f.TargetWork, err = recentWork(ctx, act.Target.Fresh(), targets)
	return err
}

func recentWork(ctx context.Context, r *schema.Reader, apps map[string]bool) (map[string]int, error) {
	now, err := r.Clock(ctx)
	if err != nil {
		return nil, err
	}
	all, err := r.RecentWork(ctx, now-migration.EpochMillis(workWindow.Milliseconds()))
	work := map[string]int{}
	for d, n := range all {
		if apps[d.Package] {
			work[d.Package] += n
		}
	}
	return work, err
}

func probeFailure(err error) string {
	var coded *migration.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &coded):
		return coded.Safe()
	}
	return "not accessible"
}
