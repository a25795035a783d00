package preflight

import (
	"jogetferry/migration"
)

// DataFacts is what a plan knows of the record of an instance. Rows are those
// whose id is the record ID, in any form table of the app; tables are named
// without app_fd_.
type DataFacts struct {
	// Found are the tables that have such a row on the source.
	Found []string
	// Mapped are the tables of the forms mapped to the process; nil: none is mapped, or none is known.
	Mapped []string
	// Differing are the tables whose row on the target is neither the source's nor
	// ours, and OnConflict is what happens to those: "park", "overwrite" or "keep".
	Differing  []string
	OnConflict string
	// Alike are record IDs, of rows on the target or of other running instances,
	// that differ from this one by case, accents or trailing spaces only.
	Alike []migration.RecordID
	// Sharing is how many running root instances have this record, this one included.
	Sharing int
	// MissingFiles are uploads that a field names and the source's disk lacks: "table: name".
	MissingFiles []string
	// Refused are the tables and columns of the source's rows that the copy would
	// refuse: "app_fd_x", "app_fd_x.c_y".
	Refused []string
	// Encrypted are the columns that hold an encrypted value: "app_fd_x.c_y".
	Encrypted []string
}
