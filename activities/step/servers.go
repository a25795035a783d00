package step

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"jogetferry/joget/catalog"
	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/store"
	"jogetferry/uploads"
)

// Servers are what the activities of a worker work with: the two Joget servers
// and the ledger.
type Servers struct {
	Ledger *store.Ledger
	// Source is never written. It is zero in a worker that only calls the target.
	Source   Server
	Target   Server
	Settings Settings
	Log      *zap.Logger
}

// Server is one Joget server: its database, and what is remembered of it.
type Server struct {
	*schema.DB
	Fingerprint migration.Fingerprint // of migration.Server
	Tables      *records.Schema       // of its form tables
	Catalog     *catalog.Catalog
	Uploads     UploadStore // nil in a worker that copies nothing
}

// UploadStore is a store that can say beforehand whether it will work.
type UploadStore interface {
	uploads.Store
	uploads.Folders
	// Together is how many files a copy may have open to make them durable at once.
	Together() int
	// Probe reports why files cannot be read or, in a target, written. It changes nothing.
	Probe(ctx context.Context) error
	// Free returns how many bytes can still be written.
	Free(ctx context.Context) (int64, error)
}

// Rows are the form tables of s to read.
func (s *Server) Rows() records.Side { return records.Side{Q: s.Pool(), Schema: s.Tables} }

// Form are the form tables of s to write.
func (s *Server) Form() records.Target { return records.Target{DB: s.Pool(), Schema: s.Tables} }

// Files are the uploads of s to read and write. Each list and each read is headway of an attempt.
func (s *Server) Files() uploads.Store { return watched{s.Uploads} }

type watched struct{ uploads.Store }

func (w watched) List(ctx context.Context, row migration.RowKey) ([]uploads.Entry, error) {
	Headway(ctx)
	return w.Store.List(ctx, row)
}

func (w watched) Open(ctx context.Context, key uploads.Key) (uploads.File, error) {
	file, err := w.Store.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	return watchedFile{File: file, headway: func() { Headway(ctx) }}, nil
}

type watchedFile struct {
	uploads.File

	headway func()
}

func (f watchedFile) Read(b []byte) (int, error) {
	f.headway()
	return f.File.Read(b)
}

// Forget lets go of what is remembered of s: what was mended since is to be seen.
func (s *Server) Forget(ctx context.Context) error {
	s.Catalog.Forget()
	s.Tables.Forget()
	return s.Refresh(ctx)
}

// Forget lets go of what is remembered of both servers.
func (s *Servers) Forget(ctx context.Context) error {
	return errors.Join(s.Source.Forget(ctx), s.Target.Forget(ctx))
}

// Key names the one start of an instance between the two servers. This worker
// must know both; one that does not has it from Open.
func (s *Servers) Key(id migration.InstanceID) migration.ClaimKey {
	return migration.ClaimKey{Source: s.Source.Fingerprint, Instance: id, Target: s.Target.Fingerprint}
}
