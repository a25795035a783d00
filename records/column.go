package records

// Column is one column of a form table. Numbers are 0 and texts "" where
// information_schema has NULL.
type Column struct {
	Name       string
	Type       string // DATA_TYPE in lower case: "longtext"
	FullType   string // COLUMN_TYPE: "varchar(255)"
	Chars      int64  // CHARACTER_MAXIMUM_LENGTH
	Octets     int64  // CHARACTER_OCTET_LENGTH
	Precision  int64  // DATETIME_PRECISION, digits
	Digits     int64  // NUMERIC_PRECISION: decimal digits, bits of a bit
	Scale      int64  // NUMERIC_SCALE, digits after the point
	Charset    string
	Collation  string
	Nullable   bool
	HasDefault bool
	Generated  bool // computed by the server: neither read nor written by us
	Unique     bool // alone in a primary or unique key
}
