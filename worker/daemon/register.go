package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/go-sql-driver/mysql"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"jogetferry/activities"
	"jogetferry/activities/step"
	"jogetferry/activities/target"
	"jogetferry/config"
	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/joget/catalog"
	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/store"
	"jogetferry/workflows"
)

// shared is what all roles of one process work with.
type shared struct {
	config   *config.Config
	logger   *zap.Logger
	temporal client.Client // for the sweep of instances whose workflow is closed
	ledger   *store.Ledger
	calls    *rate.Limiter // of the target, over all roles
}

// register opens what the activities of role work with, tells own, and makes them
// known to r. Servers other than those that the migration is bound to are
// CodeInvalid. The function it returns closes what was opened, after the last activity
// has ended; it is never nil unless there is an error.
func register(ctx context.Context, s shared, role contract.Role, own *ownOnly, r worker.Registry) (closePorts func() error, err error) {
	p := ports{shared: s, ctx: ctx, own: own}
	switch role {
	case contract.RoleWorkflows:
		workflows.Register(r)
		activities.RegisterWorkflows(r, s.ledger, s.temporal, s.logger)
		return p.close, nil
	case contract.RoleCopy:
		err = p.copy(r)
	case contract.RoleJoget:
		err = p.joget(r)
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p.close, nil
}

// ports are what one role has open.
type ports struct {
	shared
	ctx     context.Context //nolint:containedctx // lives as long as the registration
	own     *ownOnly
	closers []func() error
}

func (p *ports) close() error {
	var err error
	for _, c := range p.closers {
		err = errors.Join(err, c())
	}
	return err
}

// server opens the database of one server and reads which one it is.
func (p *ports) server(name string, dsn migration.Secret, o schema.Options) (step.Server, error) {
	db, err := withRetry(p.ctx, p.logger, name, func(ctx context.Context) (*schema.DB, error) {
		return schema.Open(ctx, dsn.Reveal(), o)
	})
	if err != nil {
		return step.Server{}, fmt.Errorf("open %s: %w", name, err)
	}
	p.closers = append(p.closers, db.Close)
	server, err := withRetry(p.ctx, p.logger, name, func(ctx context.Context) (migration.Server, error) {
		return db.Fresh().Server(ctx)
	})
	if err != nil {
		return step.Server{}, fmt.Errorf("ask %s which server it is: %w", name, err)
	}
	return step.Server{DB: db, Fingerprint: server.Fingerprint(), Tables: records.NewSchema(), Catalog: catalog.New(db)}, nil
}

// serve makes servers those that this worker works with. The ledger has the
// migration bound to others: CodeInvalid, which names both pairs.
func (p *ports) serve(servers *step.Servers) error {
	p.own.Servers = servers
	_, err := withRetry(p.ctx, p.logger, "ledger", func(ctx context.Context) (struct{}, error) {
		_, err := servers.Bound(ctx, p.config.Migration)
		var misdirected *step.MisdirectedError
		switch {
		case migration.CodeOf(err) == migration.CodeNotFound:
			return struct{}{}, nil
		case errors.As(err, &misdirected):
			return struct{}{}, &migration.Error{
				Code: migration.CodeInvalid, Op: "serve migration", Subject: string(p.config.Migration), Err: err,
				Hint: "give the databases that it was planned with, or another name for another pair of servers",
			}
		}
		return struct{}{}, err
	})
	return err
}

func (p *ports) copy(r worker.Registry) error {
	settings, err := settings(p.config)
	if err != nil {
		return err
	}
	servers := &step.Servers{Ledger: p.ledger, Settings: settings, Log: p.logger}
	// A copy holds a snapshot and looks up table names beside it.
	connections := 2*p.config.Worker.MaxCopies + 2
	if servers.Source, err = p.server("source.database", p.config.Source.Database, schema.Options{ReadOnly: true, MaxOpen: connections}); err != nil {
		return err
	}
	if servers.Target, err = p.server("target.database", p.config.Target.Database, schema.Options{MaxOpen: connections}); err != nil {
		return err
	}
	if err := p.serve(servers); err != nil {
		return err
	}
	if servers.Source.Uploads, err = p.uploads("source.uploads", p.config.Source.Uploads, p.config.Source.SFTP, uploadsRead); err != nil {
		return err
	}
	if servers.Target.Uploads, err = p.uploads("target.uploads", p.config.Target.Uploads, p.config.Target.SFTP, uploadsWrite); err != nil {
		return err
	}
	probe, err := p.probe()
	if err != nil {
		return err
	}
	activities.RegisterCopy(r, servers, probe)
	return nil
}

// probe returns how to try by a login whether the target has a user; nil when
// this process does not call the target.
func (p *ports) probe() (func(context.Context, migration.User) (bool, error), error) {
	if !slices.Contains(p.config.Worker.Roles, contract.RoleJoget) {
		return nil, nil
	}
	client, err := p.client()
	if err != nil {
		return nil, err
	}
	return target.Probe(client), nil
}

// client opens nothing: each call has a connection of its own.
func (p *ports) client() (*api.Client, error) {
	target := p.config.Target
	return api.New(api.Options{
		BaseURL: target.URL, Admin: identity(target.Admin), Master: identity(target.Master), Timeout: target.Timeout, MaxPost: target.MaxPostSize,
		Limiter: p.calls,
	})
}

func (p *ports) joget(r worker.Registry) error {
	settings, err := settings(p.config)
	if err != nil {
		return err
	}
	target := p.config.Target
	client, err := p.client()
	if err != nil {
		return err
	}
	servers := &step.Servers{Ledger: p.ledger, Settings: settings, Log: p.logger}
	// A start holds a snapshot of the record set, and reads beside it.
	connections := 2*p.config.Worker.MaxCalls + 2
	if servers.Target, err = p.server("target.database", target.Database, schema.Options{MaxOpen: connections}); err != nil {
		return err
	}
	if err := p.serve(servers); err != nil {
		return err
	}
	activities.RegisterJoget(r, servers, client)
	return nil
}

func identity(a config.Account) api.Identity {
	return api.Identity{Username: a.Username, Password: a.Password, Hash: a.Hash}
}

// settings are the activities' part of a configuration that was validated.
func settings(c *config.Config) (step.Settings, error) {
	s := step.Settings{
		Migration: c.Migration, ConfigDigest: c.Digest(), Processes: c.Processes,
		SourceHosts: sourceHosts(c),
		Settle:      c.Start.Settle, Rest: c.Start.Rest, RetryUnknown: c.Start.WhenUnknown == config.UnknownRetry,
		MaxRounds: c.Resume.MaxRounds, OnConflict: records.OnConflict(c.Records.OnConflict),
		CreateTables:    c.Records.CreateTables,
		RebuildJoins:    c.Joins == config.JoinsRebuild,
		Rekey:           migration.Rekey(c.Records.Rekey),
		WriteVariables:  c.EngineWrites == config.EngineWritesVariables,
		EndAsynchronous: c.Starts.Asynchronous == config.AsynchronousEnd,
		ResumeAt:        map[migration.InstanceID][]migration.ActivityDefID{},
		ReportOnly:      c.Records.Restore == config.RestoreReport,
		RowLimiter:      rate.NewLimiter(rate.Inf, 0),
		MaxPost:         c.Target.MaxPostSize,
		AdminUser:       migration.User(c.Target.Admin.Username),
	}
	if perSecond := c.Limits.CopyRowsPerSecond; perSecond > 0 {
		s.RowLimiter = rate.NewLimiter(rate.Limit(perSecond), perSecond)
	}
	var err error
	if s.Mapping, err = c.Mapping(); err != nil {
		return s, err
	}
	for id, said := range c.Instances {
		s.ResumeAt[id] = said.Resume
	}
	if s.RekeyColumns, err = config.ParseRekeyColumns(c.Records.RekeyColumns); err != nil {
		return s, err
	}
	s.Extra, err = config.ParseExtra(c.Records.Extra)
	return s, err
}

// sourceHosts are the configured names of the source, and the host of its
// database unless that says nothing: a loopback, or the target's as well.
func sourceHosts(c *config.Config) []string {
	host := func(dsn migration.Secret) string {
		parsed, err := mysql.ParseDSN(dsn.Reveal())
		if err != nil || parsed.Net != "tcp" {
			return ""
		}
		name, _, err := net.SplitHostPort(parsed.Addr)
		if err != nil {
			return ""
		}
		return name
	}
	database := host(c.Source.Database)
	if database == "" || database == "localhost" || net.ParseIP(database).IsLoopback() || database == host(c.Target.Database) {
		return c.Source.Hosts
	}
	return append(slices.Clone(c.Source.Hosts), database)
}
