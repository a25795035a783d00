package contract

import "jogetferry/migration"

// The activities of the bulk copy.
var (
	// CutTables cuts the form tables of the bulk copy into chunks.
	CutTables = Activity[BulkInput, CutOutput]{"CutTables", RoleCopy}
	// CopyChunks copies chunk after chunk until none is left.
	CopyChunks = Activity[LaneInput, LaneOutput]{"CopyChunks", RoleCopy}
	// SettleBulk says that the bulk copy is done, where it is.
	SettleBulk = Activity[BulkInput, BulkResult]{"SettleBulk", RoleCopy}
)

// BulkInput starts the bulk copy of a migration, or goes on with it.
type BulkInput struct {
	Migration migration.Name      `json:"migration"`
	Queues    Queues              `json:"queues"`
	Order     migration.BulkOrder `json:"order"`
	Lanes     int                 `json:"lanes"` // chunks at a time, over all workers
	// CreateTables makes form tables and columns that the target lacks, even where
	// records.create_tables is off.
	CreateTables bool `json:"create_tables,omitempty"`
}

// LaneInput is the input of one lane of the bulk copy.
type LaneInput struct {
	Migration migration.Name `json:"migration"`
	Lanes     int            `json:"lanes"`          // that share its rate
	Turn      int            `json:"turn,omitempty"` // the chunks of which it takes
}

// LaneOutput says how many chunks a lane copied, and how many of them are parked.
type LaneOutput struct {
	Chunks int `json:"chunks"`
	Parked int `json:"parked"`
}

// CutOutput says what there is to copy. Unknown are tables and apps of the scope that the
// source does not have; then nothing was cut.
type CutOutput struct {
	Tables  int      `json:"tables"`
	Turns   int      `json:"turns,omitempty"` // in which chunks are taken, where not all at once: one after the other
	Unknown []string `json:"unknown,omitempty"`
	Refused []string `json:"refused,omitempty"` // tables without rows that can be taken in order
}

// BulkResult is how the bulk copy stands when its workflow has ended.
type BulkResult struct {
	CutOutput

	Status migration.BulkStatus `json:"status"`
	Chunks int                  `json:"chunks"`
	Parked int                  `json:"parked"`
}

// Of returns the migration of the workflow.
func (in BulkInput) Of() migration.Name { return in.Migration }

// On returns the task queues of the workflow.
func (in BulkInput) On() Queues { return in.Queues }

// Of returns the migration of the lane.
func (in LaneInput) Of() migration.Name { return in.Migration }
