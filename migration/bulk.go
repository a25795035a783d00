package migration

import (
	"fmt"
	"strings"
	"time"
)

// BulkOwner stands for the bulk copy where what was written belongs to an instance of the
// source.
const BulkOwner InstanceID = "(copy)"

// BulkScope says what a bulk copy covers: docs/adr/0015-all-data-of-an-app.md.
type BulkScope struct {
	// Apps are those whose form tables are copied; nil: those of the processes of the
	// migration with running instances.
	Apps []string `json:"apps,omitempty"`
	// Tables are form tables, without app_fd_, in place of those of apps; nil: theirs.
	Tables []string `json:"tables,omitempty"`
	// With are tables of Joget's besides, of the rows of Apps: docs/adr/0017-report-tables-and-trails.md.
	With []BulkWith `json:"with,omitempty"`
	// NoUploads leaves out the files below the folders of those tables.
	NoUploads bool `json:"no_uploads,omitempty"`
}

// BulkWith names tables of Joget's that are no form tables.
type BulkWith string

// What a copy may have with it.
const (
	WithReports BulkWith = "app_report" // the Process Data Collector's
	WithTrail   BulkWith = "form_audit" // the trail of form data
)

// BulkWiths are all of them.
func BulkWiths() []BulkWith { return []BulkWith{WithReports, WithTrail} }

// BulkPass says what is done with the chunks of a bulk copy, one after the other.
type BulkPass string

// The passes.
const (
	BulkPassCopy   BulkPass = "copy"   // what was not copied yet, or was parked
	BulkPassDelta  BulkPass = "delta"  // what differs is copied again
	BulkPassVerify BulkPass = "verify" // both sides are compared; nothing is written
	BulkPassUndo   BulkPass = "undo"   // what the copy brought is taken back
)

// Anew reports whether the pass takes every chunk, after what the latest one did; else it goes
// on with what is not done, or parked.
func (p BulkPass) Anew(last BulkCopy) bool {
	switch p {
	case BulkPassCopy:
		return last.Pass == BulkPassUndo
	case BulkPassUndo:
		return last.Pass != BulkPassUndo
	case BulkPassDelta, BulkPassVerify:
	}
	return last.Pass != p || last.Status == BulkDone
}

// BulkKind is what a chunk is made of.
type BulkKind string

// The kinds.
const (
	BulkRows  BulkKind = "rows"  // of a form table
	BulkFiles BulkKind = "files" // below the uploads folder of a form table
	BulkTrail BulkKind = "trail" // of an app in a table of Joget's: "app/table"
)

// BulkOrder is what a bulk copy is asked to do.
type BulkOrder struct {
	Scope BulkScope `json:"scope"`
	Pass  BulkPass  `json:"pass"`
	// Delete, of a delta, removes what the copy brought and the source does not have any
	// more.
	Delete bool `json:"delete,omitempty"`
	// RowsPerSecond bounds it as a whole; 0 for no limit.
	RowsPerSecond int `json:"rows_per_second,omitempty"`
}

// Removes reports whether the order takes away what the copy brought.
func (o BulkOrder) Removes() bool {
	return o.Pass == BulkPassUndo || o.Pass == BulkPassDelta && o.Delete
}

// Writes reports whether it may give the target rows.
func (o BulkOrder) Writes() bool { return o.Pass == BulkPassCopy || o.Pass == BulkPassDelta }

// BulkStatus is how a bulk copy stands.
type BulkStatus string

// The statuses.
const (
	BulkRunning BulkStatus = "running"
	BulkPaused  BulkStatus = "paused" // by its operator; another starter copy goes on with it
	BulkDone    BulkStatus = "done"   // every chunk is copied or parked
)

// BulkCopy is the one bulk copy of a migration.
type BulkCopy struct {
	BulkOrder

	Status  BulkStatus
	BegunAt time.Time // the pass
	EndedAt time.Time // zero: not yet
}

// BulkChunk is a part of a form table that is copied as one: rows whose id is above After
// and not above To, in the order of the source. "" is the beginning, or the end. Of files,
// After and To are names of the folders of records, in the order of their bytes.
type BulkChunk struct {
	ID    int64 // 0: not in the ledger yet
	Kind  BulkKind
	Table string
	After RecordID
	To    RecordID
	Rows  int // when the table was cut; or folders of records
}

// Owner stands for the chunk where images and digests belong to an instance.
func (c BulkChunk) Owner() InstanceID { return BulkOwner + InstanceID(fmt.Sprintf(" %d", c.ID)) }

// IsBulk reports whether id is BulkOwner or the owner of a chunk.
func (id InstanceID) IsBulk() bool { return strings.HasPrefix(string(id), string(BulkOwner)) }

// BulkOutcome is what became of a chunk. Reason is "" for one that is copied, and equal on
// both sides but for what the numbers tell.
type BulkOutcome struct {
	Reason Reason
	Detail string // may hold personal data
	BulkTally
}

// BulkTally counts rows of chunks, and the bytes of their values; or files.
type BulkTally struct {
	Rows        int64 `json:"rows"` // of the source, as they were read
	Bytes       int64 `json:"bytes"`
	Inserted    int64 `json:"inserted"`
	Overwritten int64 `json:"overwritten"`
	Same        int64 `json:"same"`
	Kept        int64 `json:"kept"`
	Conflicts   int64 `json:"conflicts"`
	// Missing, Differing and Extra are what the comparison found after the copy. Extra are
	// rows of the target alone that are its own.
	Missing   int64 `json:"missing"`
	Differing int64 `json:"differing"`
	Extra     int64 `json:"extra"`
	// Gone are rows of the target alone that the copy brought, as it brought them: the
	// source had them. They are not among Extra.
	Gone int64 `json:"gone"`
	// Removed and Restored are what was taken back, InUse what was not since an instance,
	// or a row that stays, uses it. Conflicts were changed by somebody.
	Removed  int64 `json:"removed"`
	Restored int64 `json:"restored"`
	InUse    int64 `json:"in_use"`
}

// BulkHeld is how much a bulk copy brought that was not taken back: rows and files of so many
// tables.
type BulkHeld struct {
	Tables int
	Rows   int64
	Files  int64
}

// BulkTable is how a form table of a bulk copy stands.
type BulkTable struct {
	Kind   BulkKind `json:"kind,omitempty"`
	Table  string   `json:"table"`
	Chunks int      `json:"chunks"`
	Done   int      `json:"done"`
	Parked int      `json:"parked"`
	// Planned are the rows that the table had when it was cut; or the folders of records.
	Planned int64  `json:"planned"`
	Reason  Reason `json:"reason,omitempty"` // of a parked chunk
	Detail  string `json:"detail,omitempty"` // of that chunk; may hold personal data
	BulkTally
}

// Add counts what another table has, its name and reason aside.
func (t *BulkTable) Add(other BulkTable) {
	t.Chunks += other.Chunks
	t.Done += other.Done
	t.Parked += other.Parked
	t.Planned += other.Planned
	t.Rows += other.Rows
	t.Bytes += other.Bytes
	t.Inserted += other.Inserted
	t.Overwritten += other.Overwritten
	t.Same += other.Same
	t.Kept += other.Kept
	t.Conflicts += other.Conflicts
	t.Missing += other.Missing
	t.Differing += other.Differing
	t.Extra += other.Extra
	t.Gone += other.Gone
	t.Removed += other.Removed
	t.Restored += other.Restored
	t.InUse += other.InUse
}

// BulkRow is a row that a bulk copy inserted, or meant to, with its digest on the target;
// or a file, whose ID is its path below the folder of all uploads.
type BulkRow struct {
	ID     RecordID
	Digest Digest
}
