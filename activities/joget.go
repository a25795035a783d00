package activities

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/migration"
	"jogetferry/records"
)

// Joget has the activities that call the target server.
type Joget struct {
	step.Servers
	API *api.Client

	identities *expirable.LRU[migration.User, bool]
	pairing    *expirable.LRU[string, bool]
}

const (
	// identityTTL is how long a proven identity is believed.
	identityTTL = time.Minute
	// pairingTTL is how long a proven pairing is believed; proving it reads the
	// whole audit trail.
	pairingTTL = 10 * time.Minute
)

// NewJoget returns the activities of the joget role; of servers they need the
// ledger and the target.
func NewJoget(servers step.Servers, client *api.Client) *Joget {
	return &Joget{
		Servers: servers, API: client,
		identities: expirable.NewLRU[migration.User, bool](1024, nil, identityTTL),
		pairing:    expirable.NewLRU[string, bool](1, nil, pairingTTL),
	}
}

// subject is the instance an activity works on, as the ledger knows it.
type subject struct {
	step.Opened
	tree   *migration.Tree       // of the snapshot, as the target shall have it
	wanted *migration.Instance   // the root of tree
	rows   []migration.RowDigest // of the snapshot
	// snapshot is its number.
	snapshot int
	intent   migration.StartIntent
}

// open reads what the ledger knows of the instance. The intent's variables are not filled in.
func (j *Joget) open(ctx context.Context, in contract.StepInput) (*subject, error) {
	i, err := j.Open(ctx, in)
	if err != nil {
		return nil, err
	}
	snapshot, err := j.Ledger.Snapshot(ctx, in.Migration, in.Instance)
	if err != nil {
		return nil, err
	}
	tree := j.Settings.WantedTree(&snapshot.Tree)
	definition, err := j.Target.Catalog.Resolve(ctx, tree.Instance.Definition)
	return &subject{
		Opened: *i, tree: tree, wanted: &tree.Instance, rows: snapshot.Rows, snapshot: snapshot.Seq,
		intent: migration.StartIntent{Definition: definition, Requester: tree.Instance.Requester, Record: tree.Instance.Record},
	}, err
}

// selection says which rows of the target belong to the record of s: by the
// target's own forms, and those that were copied.
func (j *Joget) selection(ctx context.Context, s *subject) (records.Selection, error) {
	forms, err := j.Target.Catalog.Forms(ctx, s.intent.Definition.Package)
	if err != nil {
		return records.Selection{}, err
	}
	known := make([]migration.RowKey, 0, len(s.rows))
	for _, r := range s.rows {
		known = append(known, r.RowKey)
	}
	return records.Selection{Model: forms.Model.Union(j.Settings.Extra), Root: s.wanted.Record, Known: known}, nil
}

// marks stops everything when the target was restored from a backup.
func (j *Joget) marks(ctx context.Context) error {
	return j.Ledger.CheckMarks(ctx, j.Target.Fingerprint, func(ctx context.Context) (map[string]int64, error) {
		c, err := j.Target.Fresh().Counters(ctx)
		return map[string]int64{"process": c.Process, "activity": c.Activity, "oid": c.NextOID}, err
	})
}

// rewound reports whether err says that the target was restored from a backup.
func rewound(err error) bool { return migration.CodeOf(err) == migration.CodeDrifted }

// paired proves that the API and the database are the same server: a login over
// the one shows up in the audit trail of the other.
func (j *Joget) paired(ctx context.Context) error {
	if _, ok := j.pairing.Get(j.Target.Fingerprint); ok {
		return nil
	}
	before, err := j.Target.Fresh().AuditLogins(ctx, j.Settings.AdminUser)
	if err != nil {
		return err
	}
	name, err := j.API.CurrentUsername(ctx, "")
	if err != nil {
		return err
	}
	if name != j.Settings.AdminUser {
		return &migration.Error{Code: migration.CodeRefused, Op: "log in to the target", Hint: "the target takes target.admin for another user: check its password"}
	}
	after, err := j.Target.Fresh().AuditLogins(ctx, j.Settings.AdminUser)
	if err != nil {
		return err
	}
	if after <= before {
		return &migration.Error{
			Code: migration.CodeRefused, Op: "pair URL and database of the target",
			Hint: "a login at target.url does not show up in the audit trail of target.database: they are different servers, or the database is a replica",
		}
	}
	j.pairing.Add(j.Target.Fingerprint, true)
	return nil
}

// identity proves that a call as user is taken for that user: Joget lets a bad
// master login pass as anonymous, and an anonymous start starts.
func (j *Joget) identity(ctx context.Context, user migration.User) (ok bool, err error) {
	if _, known := j.identities.Get(user); known {
		return true, nil
	}
	if ok, err = Probe(j.API)(ctx, user); ok {
		j.identities.Add(user, true)
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
		return err == nil && name == user, err
	}
}

// live reads the target instance of s and compares its identity. A reason says
// why it must not be touched; target is nil then.
func (j *Joget) live(ctx context.Context, s *subject, known migration.TargetIdentity) (target *migration.Instance, reason migration.Reason, err error) {
	if err := j.marks(ctx); err != nil {
		if rewound(err) {
			return nil, migration.ReasonTargetRewound, nil
		}
		return nil, "", err
	}
	found, err := j.Target.Fresh().Instance(ctx, known.ID)
	if migration.CodeOf(err) == migration.CodeNotFound {
		linked, err := j.Target.Fresh().LinkedInstances(ctx, s.intent.Record)
		if err != nil {
			return nil, "", err
		}
		for _, l := range linked {
			if l.ID == known.ID {
				return nil, migration.ReasonTargetClosed, nil
			}
		}
		return nil, migration.ReasonTargetChanged, nil
	}
	if err != nil {
		return nil, "", err
	}
	switch {
	case found.Identity() != known:
		return nil, migration.ReasonTargetChanged, nil
	case !found.State.Open():
		return nil, migration.ReasonTargetClosed, nil
	}
	return &found, "", nil
}

// again reads the target instance anew after a call.
func (j *Joget) again(ctx context.Context, id migration.InstanceID) (*migration.Instance, error) {
	found, err := j.Target.Fresh().Instance(ctx, id)
	return &found, err
}

// fenced makes one call that changes the target instance, with its intent in
// the ledger before and its outcome after. An earlier call whose end nobody saw
// blocks it until its effect is seen on the target, or its time is over.
func (j *Joget) fenced(ctx context.Context, s *subject, at migration.Step, call migration.Call, do func(context.Context) error) error {
	id, err := j.Ledger.OpenFence(ctx, s.Key, at, call)
	var fence *migration.FencedError
	if errors.As(err, &fence) {
		age := j.Settings.Settle
		if over, err := j.over(ctx, s, call.Target, fence.Call); err != nil {
			return err
		} else if over {
			age = 0
		}
		if fence.Age < age {
			return &step.WaitError{Why: "an earlier call may still be running on the target", Delay: min(age-fence.Age, 30*time.Second)}
		}
		// What was decided was decided before that call's effect was known.
		if err := j.Ledger.CloseFence(ctx, s.Key, fence.ID, migration.FateAnswered, 0, "its effect was seen, or its time is over"); err != nil {
			return err
		}
		return &step.WaitError{Why: "an earlier call is over; deciding anew", Delay: 100 * time.Millisecond}
	}
	if err != nil {
		return err
	}
	err = do(ctx)
	// The outcome is written even when the worker is being stopped.
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerTime)
	defer cancel()
	fate := api.FateOf(err)
	var undecided *step.WaitError
	if errors.As(err, &undecided) || fate == migration.FateNone {
		fate = migration.FateNotSent // do returned before its call
	}
	if closed := j.Ledger.CloseFence(closing, s.Key, id, fate, statusOf(err), ""); closed != nil {
		return errors.Join(closed, err)
	}
	if api.KindOf(err) == api.KindUnexpected {
		// The call is over, and its answer says nothing. What every such call
		// changed is read back anyway.
		return nil
	}
	return err
}

// over tells whether a call that the fence holds has had its effect by now, or
// can have none any more. target is the instance of the call that waits for it.
func (j *Joget) over(ctx context.Context, s *subject, target migration.InstanceID, call migration.Call) (bool, error) {
	id := call.Target
	now, err := j.again(ctx, id)
	if migration.CodeOf(err) == migration.CodeNotFound {
		// A subflow that is gone cannot be changed any more; a root may be late.
		return id != target, nil
	}
	if err != nil || !now.State.Open() {
		return err == nil, err
	}
	root := now
	if s.Entry.TargetID != "" && s.Entry.TargetID != id {
		if root, err = j.again(ctx, s.Entry.TargetID); err != nil {
			return false, err
		}
	}
	places, err := j.places(ctx, s, root)
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(places, func(p *place) bool { return p.target != nil && p.target.ID == id })
	return i >= 0 && places[i].seen(call), nil
}

// ledgerTime bounds the writing of an outcome that shutdown does not interrupt.
const ledgerTime = 20 * time.Second

func statusOf(err error) int {
	var call *api.CallError
	if errors.As(err, &call) {
		return call.Status
	}
	if err == nil {
		return 200
	}
	return 0
}
