package waves

import (
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"jogetferry/store"
)

// Activities need the ledger and Temporal only.
type Activities struct {
	Ledger   *store.Ledger
	Temporal client.Client
	Log      *zap.Logger
}
