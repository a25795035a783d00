package target

import (
	"github.com/hashicorp/golang-lru/v2/expirable"

	"jogetferry/activities/step"
	"jogetferry/joget/api"
	"jogetferry/migration"
)

// Activities are those that call the target server. Of the servers they need
// the ledger and the target.
type Activities struct {
	Guard

	API *api.Client

	identities *expirable.LRU[migration.User, bool]
	pairing    *expirable.LRU[migration.Fingerprint, bool]
}

// New returns the activities of a worker that calls the target by client.
func New(servers *step.Servers, client *api.Client) *Activities {
	return &Activities{
		Guard: Guard{servers}, API: client,
		identities: expirable.NewLRU[migration.User, bool](1024, nil, identityTTL),
		pairing:    expirable.NewLRU[migration.Fingerprint, bool](1, nil, pairingTTL),
	}
}
