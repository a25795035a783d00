package migration

// Rekeys are records that get another ID on the target: by ID of the source, the
// target's. Nil: every record keeps its own. What decides on them, and what is
// rewritten along: docs/adr/0012-records-with-new-ids.md.
type Rekeys map[RecordID]RecordID

// Record returns the target's ID of a record or row of the source.
func (r Rekeys) Record(id RecordID) RecordID {
	if to, ok := r[id]; ok {
		return to
	}
	return id
}

// Row returns the target's key of a form row of the source.
func (r Rekeys) Row(k RowKey) RowKey { return RowKey{Table: k.Table, ID: r.Record(k.ID)} }

// RekeyColumns are columns and variables besides the keys that form definitions name
// which hold record IDs, and are rewritten with them (records.rekey_columns). A value is
// rewritten where all of it is the ID, to the byte.
type RekeyColumns struct {
	// Columns are fields of form tables, without c_, by table without app_fd_.
	Columns map[string][]string
	// Variables are workflow variables by process of the source, "package/process".
	Variables map[string][]string
}

// Rekey says which records get a new ID on the target (records.rekey).
type Rekey string

// The policies; the zero value means RekeyNever.
const (
	RekeyNever  Rekey = "never"
	RekeyNeeded Rekey = "needed" // those that could not be moved otherwise
	RekeyAlways Rekey = "always"
)
