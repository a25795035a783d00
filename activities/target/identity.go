package target

import (
	"context"
	"slices"
	"time"

	"jogetferry/joget/api"
	"jogetferry/migration"
)

const (
	// identityTTL is how long a proven identity is believed.
	identityTTL = time.Minute
	// pairingTTL is how long a proven pairing is believed; proving it reads the
	// whole audit trail.
	pairingTTL = 10 * time.Minute
)

// paired proves that the API and the database are the same server: a login over
// the one shows up in the audit trail of the other.
func (act *Activities) paired(ctx context.Context) error {
	if _, ok := act.pairing.Get(act.Target.Fingerprint); ok {
		return nil
	}
	before, err := act.Target.Fresh().AuditLogins(ctx, act.Settings.AdminUser)
	if err != nil {
		return err
	}
	name, err := act.API.CurrentUsername(ctx, "")
	if err != nil {
		return err
	}
	if !migration.SameUser(name, act.Settings.AdminUser) {
		return &migration.Error{Code: migration.CodeRefused, Op: "log in to the target", Hint: "the target logs target.admin in as another user: check its password"}
	}
	after, err := act.Target.Fresh().AuditLogins(ctx, act.Settings.AdminUser)
	if err != nil {
		return err
	}
	if after <= before {
		return &migration.Error{
			Code: migration.CodeRefused, Op: "check that target.url and target.database are one server",
			Hint: "a login at target.url does not show up in the audit trail of target.database: they are different servers, or the database is a replica",
		}
	}
	act.pairing.Add(act.Target.Fingerprint, true)
	return nil
}

// Identity proves that a call as user is taken for that user: Joget lets a bad
// master login pass as anonymous, and an anonymous start starts.
func (act *Activities) Identity(ctx context.Context, user migration.User) (ok bool, err error) {
	if _, known := act.identities.Get(user); known {
		return true, nil
	}
	if ok, err = Probe(act.API)(ctx, user); ok {
		act.identities.Add(user, true)
	}
	return ok, err
}

// Probe returns a function that reports whether a call in the name of a user is
// taken for that user.
func Probe(target *api.Client) func(context.Context, migration.User) (bool, error) {
	return func(ctx context.Context, user migration.User) (bool, error) {
		name, err := target.CurrentUsername(ctx, user)
		if slices.Contains([]api.Kind{api.KindBadCredentials, api.KindForbidden, api.KindNotLoggedIn, api.KindUnaddressable}, api.KindOf(err)) {
			return false, nil
		}
		return err == nil && migration.SameUser(name, user), err
	}
}
