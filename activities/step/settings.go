package step

import (
	"time"

	"golang.org/x/time/rate"

	"jogetferry/migration"
	"jogetferry/records"
)

// Settings are what an operator may decide about a migration; see config.
type Settings struct {
	Migration migration.Name
	// ConfigDigest tells whether the settings changed since the plan.
	ConfigDigest string
	// Processes limits the inventory ("package/process"); nil means all.
	Processes []string
	// Mapping says what is called otherwise on the target.
	migration.Mapping
	// SourceHosts are names and addresses of the source server, without port: an
	// app that mentions one points at it. Nil: none is known.
	SourceHosts []string
	// Settle is how long a request without an answer may still run.
	Settle time.Duration
	// Rest lies between the two looks that show a target instance at rest.
	Rest time.Duration
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
	// RebuildJoins makes branches that wait at AND-joins anew.
	RebuildJoins bool
	// ReportOnly leaves rows and files as tools made them, and says so.
	ReportOnly bool
	// MaxPost is the size in bytes that no body of a call may reach; 0 means api.DefaultMaxPost.
	MaxPost int
	// AdminUser is who migrates on the target (target.admin).
	AdminUser migration.User
}
