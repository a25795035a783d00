package activities

import (
	"context"
	"errors"

	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/migration"
	"jogetferry/preflight"
)

// CheckSource checks what only a copy worker can see of both servers, and binds
// the migration to them unless Dry.
func (c *Copy) CheckSource(ctx context.Context, in contract.CheckInput) (contract.CheckOutput, error) {
	f := preflight.CopyingFacts{Migration: in.Migration, Source: c.SourceFingerprint, Target: c.TargetFingerprint}
	if f.Source == f.Target {
		// Whatever is looked at further would be looked at on the wrong server.
		return contract.CheckOutput{Findings: preflight.Copying(&f)}, nil
	}
	for _, gather := range []func(context.Context, *preflight.CopyingFacts) error{
		c.gatherGrants, c.gatherUploads,
	} {
		if err := gather(ctx, &f); err != nil {
			return contract.CheckOutput{}, err
		}
	}
	if !in.Dry {
		err := c.Ledger.Bind(ctx, migration.Binding{Migration: in.Migration, Source: f.Source, Target: f.Target}, c.Settings.ConfigDigest)
		if f.BoundElsewhere = migration.CodeOf(err) == migration.CodeConflict; err != nil && !f.BoundElsewhere {
			return contract.CheckOutput{}, err
		}
	}
	return contract.CheckOutput{Findings: preflight.WithoutPersonal(preflight.Copying(&f))}, nil
}

func (c *Copy) gatherGrants(ctx context.Context, f *preflight.CopyingFacts) error {
	may, err := c.Source.Fresh().CanWrite(ctx)
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
	return nil
}

func (c *Copy) gatherUploads(ctx context.Context, f *preflight.CopyingFacts) error {
	f.SourceUploads = probeFailure(c.SourceUploads.Probe(ctx))
	f.TargetUploads = probeFailure(c.TargetUploads.Probe(ctx))
	return ctx.Err()
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

// CheckServers proves that the target answers, that each identity is taken for
// who it is, and that URL and database belong together.
func (j *Joget) CheckServers(ctx context.Context, in contract.CheckInput) (contract.CheckOutput, error) {
	var f preflight.CallingFacts
	if err := j.gatherCalling(ctx, &f, in.Dry); err != nil {
		return contract.CheckOutput{}, err
	}
	return contract.CheckOutput{Findings: preflight.WithoutPersonal(preflight.Calling(&f))}, nil
}

// gatherCalling stops where nothing further can be learned.
func (j *Joget) gatherCalling(ctx context.Context, f *preflight.CallingFacts, dry bool) error {
	name, err := j.API.CurrentUsername(ctx, "")
	switch {
	case api.KindOf(err) == api.KindRefererRefused:
		f.RefererRefused = true
		return nil
	case api.KindOf(err) == api.KindBadCredentials, err == nil && name != j.AdminUser:
		f.AdminRefused = true
		return nil
	case err != nil:
		f.Unreachable = string(api.KindOf(err))
		return nil
	}
	if _, err := j.API.RunningProcesses(ctx); err != nil {
		f.AdminRights = string(api.KindOf(err))
	}
	if ok, err := j.identity(ctx, j.AdminUser); err != nil {
		f.MasterRefused = string(api.KindOf(err))
	} else if !ok {
		f.MasterRefused = "its login is taken for somebody else's"
	}
	if err := j.paired(ctx); migration.CodeOf(err) == migration.CodeRefused {
		f.NotPaired = true
	} else if err != nil {
		return err
	}
	if dry {
		return nil // looking at the marks raises them
	}
	err = j.marks(ctx)
	if f.Rewound = rewound(err); f.Rewound {
		return nil
	}
	return err
}
