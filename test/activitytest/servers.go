package activitytest

import (
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"jogetferry/activities/step"
	"jogetferry/joget/catalog"
	"jogetferry/migration"
	"jogetferry/records"
	simulated "jogetferry/simulator/schema"
)

const (
	// settle is longer than any test: calls without an answer are never over by time.
	settle    = time.Hour
	maxRounds = 5
)

// Servers are the servers and the ledger of the case as a worker has them, with
// the settings of a migration that waits for an operator whenever it may.
func (c *Case) Servers() step.Servers {
	of := func(s *Server, print string) step.Server {
		return step.Server{DB: s.DB, Fingerprint: print, Tables: s.Tables, Catalog: catalog.New(s.DB), Uploads: s.Uploads}
	}
	return step.Servers{
		Ledger: c.Ledger, Source: of(c.Source, c.SourcePrint), Target: of(c.Target, c.TargetPrint), Log: zap.NewNop(),
		Settings: step.Settings{
			Migration: c.Migration, Settle: settle, MaxRounds: maxRounds, OnConflict: records.ConflictPark,
			RowLimiter: rate.NewLimiter(rate.Inf, 0), RebuildJoins: true, AdminUser: migration.User(simulated.AdminUser),
		},
	}
}
