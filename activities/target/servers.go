package target

import (
	"context"
	"fmt"
	"time"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/preflight"
)

// CheckServers proves that the target answers, that each identity is taken for
// who it is, and that URL and database belong together.
func (act *Activities) CheckServers(ctx context.Context, in contract.CheckInput) (contract.CheckOutput, error) {
	var f preflight.CallingFacts
	if err := act.gatherCalling(ctx, &f, in.Dry); err != nil {
		return contract.CheckOutput{}, err
	}
	return contract.CheckOutput{Findings: preflight.WithoutPersonal(preflight.Calling(&f))}, nil
}

// clock reads the target's clock, to the second; this machine's when the target does not tell.
func (act *Activities) clock(ctx context.Context) (time.Time, error) {
	now, err := act.API.Clock(ctx)
	if now.IsZero() {
		now = time.Now() //nolint:forbidigo // no difference
	}
	return now, err
}

// gatherCalling stops where nothing further can be learned.
func (act *Activities) gatherCalling(ctx context.Context, f *preflight.CallingFacts, dry bool) error {
	if act.Settings.WriteVariables {
		why, err := act.Target.VariablesUnwritable(ctx)
		if f.Unwritable = why; err != nil {
			return err
		}
	}
	name, err := act.API.CurrentUsername(ctx, "")
	switch {
	case api.KindOf(err) == api.KindRefererRefused:
		f.RefererRefused = true
		settings, err := act.Target.Fresh().Settings(ctx)
		f.Whitelists = fmt.Sprintf("%s is %q, %s is %q", schema.SettingRefererWhitelist, settings[schema.SettingRefererWhitelist],
			schema.SettingIPWhitelist, settings[schema.SettingIPWhitelist])
		return err
	case api.KindOf(err) == api.KindBadCredentials, err == nil && !migration.SameUser(name, act.Settings.AdminUser):
		f.AdminRefused = true
		return nil
	case err != nil:
		f.Unreachable = string(api.KindOf(err))
		return nil
	}
	if _, err := act.API.RunningProcesses(ctx); api.KindOf(err) == api.KindForbidden || api.KindOf(err) == api.KindNotLoggedIn {
		f.AdminRights = string(api.KindOf(err))
	} else if err != nil {
		f.Unreachable = "list of running processes: " + string(api.KindOf(err))
	}
	if ok, err := act.Identity(ctx, act.Settings.AdminUser); err != nil {
		f.MasterRefused = string(api.KindOf(err))
	} else if !ok {
		f.MasterRefused = "the target logs it in as another user"
	}
	settings, err := act.Target.Fresh().Settings(ctx)
	if err != nil {
		return err
	}
	f.MasterUnset = settings[schema.SettingMasterUsername] == "" || settings[schema.SettingMasterPassword] == ""
	if f.Clock, err = step.Ahead(ctx, act.clock); err != nil {
		return err
	}
	if err := act.paired(ctx); migration.CodeOf(err) == migration.CodeRefused {
		f.NotPaired = true
	} else if err != nil {
		return err
	}
	if dry {
		return nil // looking at the marks raises them
	}
	err = act.marks(ctx)
	if f.Rewound = rewound(err); f.Rewound {
		return nil
	}
	return err
}
