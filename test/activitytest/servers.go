package activitytest

import (
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"jogetferry/activities/step"
	"jogetferry/joget/catalog"
	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/records"
	simulated "jogetferry/test/simulator/schema"
)

const (
	// settle is longer than any test: calls without an answer are never over by time.
	settle    = time.Hour
	maxRounds = 5
)

// Servers are the servers and the ledger of the case as a worker has them, with
// the settings of a migration that waits for an operator whenever it may.
func (c *Case) Servers() step.Servers {
	return step.Servers{
		Ledger: c.Ledger, Source: c.Source.As(c.SourcePrint), Target: c.Target.As(c.TargetPrint), Log: zap.NewNop(),
		Settings: step.Settings{
			Migration: c.Migration, Settle: settle, MaxRounds: maxRounds, OnConflict: records.ConflictPark,
			RowLimiter: rate.NewLimiter(rate.Inf, 0), RebuildJoins: true, AdminUser: migration.User(simulated.AdminUser),
		},
	}
}

// As is the server as a worker has it, with a fingerprint.
func (s *Server) As(fingerprint migration.Fingerprint) step.Server {
	return step.Server{DB: s.DB, Fingerprint: fingerprint, Tables: s.Tables, Catalog: catalog.New(s.DB), Uploads: s.Uploads}
}

// OpenDB opens the server's database once more, for a worker that loses it.
func (s *Server) OpenDB() *schema.DB {
	s.t.Helper()
	db, err := schema.Open(s.t.Context(), s.dsn, schema.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := db.Close(); err != nil {
			s.t.Error(err)
		}
	})
	return db
}
