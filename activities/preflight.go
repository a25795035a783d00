package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/preflight"
)

// CheckSource checks what only a copy worker can see of both servers, and binds
// the migration to them unless Dry.
func (c *Copy) CheckSource(ctx context.Context, in contract.CheckInput) (contract.CheckOutput, error) {
	if err := c.Forget(ctx); err != nil {
		return contract.CheckOutput{}, err
	}
	f := preflight.CopyingFacts{Migration: in.Migration, Source: c.Source.Fingerprint, Target: c.Target.Fingerprint}
	if f.Source == f.Target {
		// Whatever is looked at further would be looked at on the wrong server.
		return contract.CheckOutput{Findings: preflight.Copying(&f)}, nil
	}
	for _, gather := range []func(context.Context, *preflight.CopyingFacts) error{
		c.gatherGrants, c.gatherReadOnly, c.gatherUploads, c.gatherGenerations, c.gatherClocks, c.gatherWork,
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

func (c *Copy) gatherReadOnly(ctx context.Context, f *preflight.CopyingFacts) (err error) {
	f.TargetReadOnly, err = c.Target.Fresh().ReadOnly(ctx)
	return err
}

func (c *Copy) gatherUploads(ctx context.Context, f *preflight.CopyingFacts) error {
	f.SourceUploads = probeFailure(c.Source.Uploads.Probe(ctx))
	f.TargetUploads = probeFailure(c.Target.Uploads.Probe(ctx))
	return ctx.Err()
}

func (c *Copy) gatherGenerations(_ context.Context, f *preflight.CopyingFacts) error {
	f.SourceGeneration, f.TargetGeneration = c.Source.Generation(), c.Target.Generation()
	return nil
}

func (c *Copy) gatherClocks(ctx context.Context, f *preflight.CopyingFacts) (err error) {
	read := func(db *schema.DB) func(context.Context) (time.Time, error) {
		return func(ctx context.Context) (time.Time, error) {
			now, err := db.Fresh().Clock(ctx)
			return time.UnixMilli(int64(now)), err
		}
	}
	if f.SourceClock, err = ahead(ctx, read(c.Source.DB)); err != nil {
		return err
	}
	f.TargetClock, err = ahead(ctx, read(c.Target.DB))
	return err
}

// ahead returns how far a server's clock is ahead of this machine's, to half
// the time it took to read it.
func ahead(ctx context.Context, read func(context.Context) (time.Time, error)) (time.Duration, error) {
	asked := time.Now() //nolint:forbidigo // this clock is what is compared
	there, err := read(ctx)
	return there.Sub(asked.Add(time.Since(asked) / 2)), err
}

// workWindow is how long ago people may have worked to be at work now.
const workWindow = 10 * time.Minute

// gatherWork looks at the apps of the instances to migrate, and at those that they go to.
func (c *Copy) gatherWork(ctx context.Context, f *preflight.CopyingFacts) error {
	definitions, err := c.Source.Fresh().OpenDefinitions(ctx)
	if err != nil {
		return err
	}
	sources, targets := map[string]bool{}, map[string]bool{}
	for _, d := range definitions {
		if len(c.Settings.Processes) == 0 || slices.Contains(c.Settings.Processes, d.Key()) {
			sources[d.Package], targets[c.Settings.Target(d).Package] = true, true
		}
	}
	if f.SourceWork, err = recentWork(ctx, c.Source.Fresh(), sources); err != nil {
		return err
	}
	f.TargetWork, err = recentWork(ctx, c.Target.Fresh(), targets)
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

// CheckServers proves that the target answers, that each identity is taken for
// who it is, and that URL and database belong together.
func (j *Joget) CheckServers(ctx context.Context, in contract.CheckInput) (contract.CheckOutput, error) {
	var f preflight.CallingFacts
	if err := j.gatherCalling(ctx, &f, in.Dry); err != nil {
		return contract.CheckOutput{}, err
	}
	return contract.CheckOutput{Findings: preflight.WithoutPersonal(preflight.Calling(&f))}, nil
}

// clock reads the target's clock, to the second; this machine's when the target does not tell.
func (j *Joget) clock(ctx context.Context) (time.Time, error) {
	now, err := j.API.Clock(ctx)
	if now.IsZero() {
		now = time.Now() //nolint:forbidigo // no difference
	}
	return now, err
}

// gatherCalling stops where nothing further can be learned.
func (j *Joget) gatherCalling(ctx context.Context, f *preflight.CallingFacts, dry bool) error {
	name, err := j.API.CurrentUsername(ctx, "")
	switch {
	case api.KindOf(err) == api.KindRefererRefused:
		f.RefererRefused = true
		settings, err := j.Target.Fresh().Settings(ctx)
		f.Whitelists = fmt.Sprintf("%s is %q, %s is %q", schema.SettingRefererWhitelist, settings[schema.SettingRefererWhitelist],
			schema.SettingIPWhitelist, settings[schema.SettingIPWhitelist])
		return err
	case api.KindOf(err) == api.KindBadCredentials, err == nil && name != j.Settings.AdminUser:
		f.AdminRefused = true
		return nil
	case err != nil:
		f.Unreachable = string(api.KindOf(err))
		return nil
	}
	if _, err := j.API.RunningProcesses(ctx); api.KindOf(err) == api.KindForbidden || api.KindOf(err) == api.KindNotLoggedIn {
		f.AdminRights = string(api.KindOf(err))
	} else if err != nil {
		f.Unreachable = "list of running processes: " + string(api.KindOf(err))
	}
	if ok, err := j.identity(ctx, j.Settings.AdminUser); err != nil {
		f.MasterRefused = string(api.KindOf(err))
	} else if !ok {
		f.MasterRefused = "its login is taken for somebody else's"
	}
	settings, err := j.Target.Fresh().Settings(ctx)
	if err != nil {
		return err
	}
	f.MasterUnset = settings[schema.SettingMasterUsername] == "" || settings[schema.SettingMasterPassword] == ""
	if f.Clock, err = ahead(ctx, j.clock); err != nil {
		return err
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
