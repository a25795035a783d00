package main

import (
	"context"
	"errors"
	"io"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"

	"jogetferry/config"
	"jogetferry/migration"
	"jogetferry/starter/evidence"
	"jogetferry/store"
)

// Temporal is the connection to Temporal, by what needs it of client.Client.
type Temporal struct {
	Namespace string
	Workflows Workflows
	Queues    Queues
	Close     func()
}

// Ledger is the ledger, by what each verb needs of *store.Ledger: it says so in its
// own file. All errors are *migration.Error.
type Ledger struct {
	ID         migration.LedgerID
	Entries    Entries
	Plans      Plans
	Logs       Logs
	Pilots     Pilots
	Effects    Effects
	Waves      Waves
	Decisions  Decisions
	Rollbacks  Rollbacks
	Rehearsals Rehearsals
	Bulk       Bulk
	Evidence   evidence.Ledger
	io.Closer
}

// connect dials Temporal as TEMPORAL_* and temporal.toml say.
func connect(ctx context.Context) (Temporal, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return Temporal{}, migration.E(migration.CodeInvalid, "read TEMPORAL_* or temporal.toml", "", "%w", err)
	}
	options.Logger = silent{}
	if options.Namespace == "" {
		options.Namespace = client.DefaultNamespace
	}
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return Temporal{}, temporalError("connect to Temporal", options.HostPort, err)
	}
	return Temporal{Namespace: options.Namespace, Workflows: c, Queues: c, Close: c.Close}, nil
}

func openLedger(ctx context.Context, c *config.Config, actor string) (Ledger, error) {
	l, err := store.Open(ctx, c.LedgerDSN().Reveal(), store.Options{Actor: actor})
	if err != nil {
		return Ledger{}, err
	}
	id, err := l.Identity(ctx)
	if err != nil {
		return Ledger{}, errors.Join(err, l.Close())
	}
	return Ledger{ID: id, Entries: l, Plans: l, Logs: l, Pilots: l, Effects: l, Waves: l, Decisions: l, Rollbacks: l, Rehearsals: l, Bulk: l, Evidence: l, Closer: l}, nil
}

// silent keeps the SDK quiet: what goes wrong comes back as an error.
type silent struct{}

var _ log.Logger = silent{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}
