package seed

import (
	"context"
	"database/sql"
)

// TargetOptions say what life a target server has had of its own.
type TargetOptions struct {
	Seed        int64    // another than the source's, or record ids coincide
	Instances   int      // running instances of its own, those of SameIDs included
	Completed   int      // archived ones; they move the counters ahead
	RecordsOnly int      // records that no instance has
	SameIDs     []string // instance ids of the source that here are other instances; at most Instances
	NoUploads   bool
}

// Target fills a target database the way Run fills a source: the same apps
// must be loaded, as a rule with another package version.
func Target(ctx context.Context, db *sql.DB, uploadsDir string, opts TargetOptions) (Result, error) {
	return Run(ctx, db, uploadsDir, Options{
		Seed: opts.Seed, Instances: opts.Instances, Completed: opts.Completed, RecordsOnly: opts.RecordsOnly,
		InstanceIDs: opts.SameIDs, NoUploads: opts.NoUploads,
	})
}
