package migration

// EnvironmentVariable is a variable of an app version (app_env_variable). Its
// value may be a secret.
type EnvironmentVariable struct {
	ID    string
	Value string
}

// PluginDefault is what an app version sets for a plugin wherever it is used
// (app_plugin_default).
type PluginDefault struct {
	ID         string // class name
	Properties string // JSON; may hold secrets
}

// SharedRecord is a record ID that running instances share, or that MySQL
// takes for that of another.
type SharedRecord struct {
	Record    RecordID
	Instances int // running root instances with exactly this ID, 1 or more
	// Alike are the IDs of other running root instances that differ from it by case,
	// accents or trailing spaces only; nil for none.
	Alike []RecordID
}

// MismatchKind says why rows of one form table may not fit into another. The values are stable.
type MismatchKind string

// The kinds of mismatches.
const (
	MismatchTable     MismatchKind = "table_missing"     // docs/joget.md#how-form-tables-come-and-grow
	MismatchColumn    MismatchKind = "column_missing"    // on the target
	MismatchNarrower  MismatchKind = "narrower"          // less room, or fewer digits of a second
	MismatchType      MismatchKind = "type"              // another kind of value altogether
	MismatchUnknown   MismatchKind = "unknown_type"      // not known how to carry it exactly
	MismatchCharset   MismatchKind = "charset"           // characters may get lost
	MismatchCollation MismatchKind = "collation"         // ids that differ here are the same there
	MismatchNotNull   MismatchKind = "not_null"          // the target wants a value that the source may not have
	MismatchGenerated MismatchKind = "generated"         // the target computes what the source stores
	MismatchEngine    MismatchKind = "not_transactional" // on the target, so a write cannot be a compare-and-set
	MismatchKey       MismatchKind = "id_not_unique"     // on the target
	MismatchView      MismatchKind = "view"              // the target has a view in its place
	// MismatchSourceView: the source has a view in its place, so nothing is copied of it.
	MismatchSourceView MismatchKind = "source_view"
	MismatchUnique     MismatchKind = "unique" // the target has a unique key that the source lacks
)

// Mismatch is one fact about a pair of form tables. Source and Target are
// types, charsets, engines or names of keys; Column is "" where the table as a whole is
// meant, and a list with commas for a key.
type Mismatch struct {
	Table  string // without app_fd_
	Column string
	Kind   MismatchKind
	Source string
	Target string
}
