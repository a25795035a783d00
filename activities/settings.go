package activities

import (
	"time"

	"golang.org/x/time/rate"

	"jogetferry/migration"
	"jogetferry/records"
)

// Settings are what an operator may decide about a migration; see config.
type Settings struct {
	Migration string
	// ConfigDigest tells whether the settings changed since the plan.
	ConfigDigest string
	// Processes limits the inventory ("package/process"); nil means all.
	Processes []string
	// Definitions maps definitions of the source to ones of the target. What is
	// not in it goes to the published version of the same process.
	Definitions map[migration.DefinitionID]migration.DefinitionID
	// Users maps requesters of the source to users of the target.
	Users map[migration.User]migration.User
	// Settle is how long a request without an answer may still run.
	Settle time.Duration
	// RetryUnknown starts again after Settle instead of parking: an exception to
	// the promise of one live instance.
	RetryUnknown bool
	// MaxRounds bounds the calls that resume one instance.
	MaxRounds int
	// Extra is added to what the form definitions say about tables and relations.
	Extra      migration.FormModel
	OnConflict records.OnConflict
	// RowLimiter paces the rows written by this worker.
	RowLimiter *rate.Limiter
	// ReportOnly leaves rows as start tools made them, and says so.
	ReportOnly bool
}

// Target returns what a definition of the source maps to; its version may be migration.Latest.
func (s Settings) Target(d migration.DefinitionID) migration.DefinitionID {
	if mapped, ok := s.Definitions[d]; ok {
		return mapped
	}
	return migration.DefinitionID{Package: d.Package, Version: migration.Latest, Process: d.Process}
}

// Requester returns the target's user for a requester of the source.
func (s Settings) Requester(u migration.User) migration.User {
	if mapped, ok := s.Users[u]; ok {
		return mapped
	}
	return u
}
