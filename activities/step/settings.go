package step

import (
	"time"

	"golang.org/x/time/rate"

	"jogetferry/joget/flow"
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
	// CreateTables makes form tables and columns that the target lacks, where rows need them.
	CreateTables bool
	// Rekey says which records get a new ID on the target, and RekeyColumns what is
	// rewritten with them besides the keys that forms name.
	Rekey        migration.Rekey
	RekeyColumns migration.RekeyColumns
	// WriteVariables writes variables into the engine's tables that no call can set.
	WriteVariables bool
	// EndAsynchronous moves open asynchronous subflows by themselves, and ends those
	// that a start of ours begins.
	EndAsynchronous bool
	// ResumeAt says of instances of the source at which activities of the target they go
	// on, in place of those that are open on the source.
	ResumeAt map[migration.InstanceID][]migration.ActivityDefID
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

// SetLater says which variables can still be set when an instance is started.
func (s *Settings) SetLater() flow.Later {
	if s.WriteVariables {
		return flow.AllLater
	}
	return flow.TextsLater
}
