package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"github.com/go-sql-driver/mysql"

	"jogetferry/migration"
)

// Class is what a database error means for those who come next.
type Class int

// The classes. An error that is not listed is Internal.
const (
	Internal    Class = iota // a mistake of ours, or one that nobody has thought of
	Retry                    // the server ended a transaction in favour of another one: again at once
	Wait                     // out of reach, busy, starting, read-only: again later, for as long as it takes
	Refuse                   // the account may not: no retry helps before somebody grants it
	Unsupported              // the server, a table or a column has no place for it
	Duplicate                // a unique key has the value already
	Missing                  // there is no such database, table, column or function
)

// code returns the domain's code of a class.
func (c Class) code() migration.Code {
	switch c {
	case Retry, Wait:
		return migration.CodeUnavailable
	case Refuse:
		return migration.CodeRefused
	case Unsupported, Missing:
		return migration.CodeUnsupported
	case Duplicate:
		return migration.CodeConflict
	case Internal:
	}
	return migration.CodeInternal
}

// What the operator can do, where the number alone tells it.
const (
	hintReadOnly = "the database server is read-only, as a replica or after a failover: make it writable, or let the DSN lead to the primary"
	hintPacket   = "a row is larger than max_allowed_packet of the database server: raise it there"
	hintLogin    = "check user and password of the DSN, and the hosts that the account may come from"
	hintRights   = "grant the account what it lacks (README, step 1)"
	hintFull     = "the database server's disk or table is full: make room"
	hintBinlog   = "the server's binlog_format STATEMENT cannot log this: set it to ROW or MIXED"
	hintTimeout  = "the server ended the statement by a time limit of its own"
	hintBusy     = "the database server has no connection left: raise max_connections, or lower the pools"
)

// meaning is what one number of a server's error means; hint may be empty.
type meaning struct {
	class Class
	hint  string
}

// Server error numbers that callers name.
const (
	LockTimeout     = 1205 // of a row, or of a table's definition
	UnknownDatabase = 1049
	ColumnExists    = 1060
	BrokenView      = 1356 // what it is made of was dropped
	TableChanged    = 1412 // between the start of a snapshot and its read
	StatementTime   = 1969 // max_statement_time (MariaDB)
	ExecutionTime   = 3024 // max_execution_time (MySQL)
	RowIsWanted     = 1451 // a foreign key of another row names this one
	RowIsMissing    = 1452 // a foreign key names a row that is not there
	// The same two where the account may not know of the other table.
	RowIsWantedUnnamed  = 1217
	RowIsMissingUnnamed = 1216
	unknownVariable     = 1193
)

// meanings has the numbers of both families. Sources: MySQL's Server Error
// Message Reference (1000 to 1999 and 3000 on), MariaDB's list of error codes
// (1900 to 1999 and 4000 on are its own).
var meanings = map[uint16]meaning{
	LockTimeout: {class: Retry},
	1213:        {class: Retry}, // deadlock
	1020:        {class: Retry}, // record has changed since last read (MariaDB's snapshot isolation)
	3572:        {class: Retry}, // NOWAIT
	1615:        {class: Retry}, // a prepared statement, while a table's definition changes

	1040:                {Wait, hintBusy}, // too many connections
	1203:                {Wait, hintBusy}, // of this user
	1226:                {Wait, hintBusy}, // user's resource
	1637:                {Wait, hintBusy}, // too many transactions
	1047:                {class: Wait},    // a Galera node that is not, or no longer, part of its cluster
	1053:                {class: Wait},    // shutdown in progress
	1077:                {class: Wait},    // normal shutdown
	1079:                {class: Wait},    // shutdown complete
	1080:                {class: Wait},    // forcing close
	1129:                {class: Wait, hint: "the server blocks this host after many connection errors: FLUSH HOSTS"},
	1152:                {class: Wait}, // aborted connection
	1158:                {class: Wait}, // network: read
	1159:                {class: Wait}, // network: read timed out
	1160:                {class: Wait}, // network: write
	1161:                {class: Wait}, // network: write timed out
	1184:                {class: Wait, hint: "the server aborts new connections: look at its init_connect and its error log"},
	1317:                {class: Wait}, // query interrupted
	1927:                {class: Wait}, // connection killed (MariaDB)
	StatementTime:       {Wait, hintTimeout},
	ExecutionTime:       {Wait, hintTimeout},
	3168:                {class: Wait},             // the server is not available yet
	3169:                {class: Wait},             // session killed
	4031:                {class: Wait},             // disconnected for inactivity (MySQL)
	1290:                {Wait, hintReadOnly},      // --read-only and other options
	1836:                {Wait, hintReadOnly},      // read-only mode
	1874:                {Wait, hintReadOnly},      // InnoDB in read-only mode
	1036:                {Wait, hintReadOnly},      // the table is read-only
	3100:                {Wait, hintReadOnly},      // a replication hook refused (group replication)
	3989:                {Wait, hintReadOnly},      // schema in read-only mode
	1021:                {Wait, hintFull},          // disk full
	1114:                {Wait, hintFull},          // the table is full
	1041:                {class: Wait},             // out of memory
	1037:                {class: Wait},             // out of memory
	1038:                {class: Wait},             // out of sort memory
	1135:                {class: Wait},             // no thread for the connection
	1206:                {class: Wait},             // lock table is full
	1044:                {Refuse, hintRights},      // access to the database
	1045:                {Refuse, hintLogin},       // wrong password
	1698:                {Refuse, hintLogin},       // access denied without a password (MariaDB)
	1130:                {Refuse, hintLogin},       // the host may not connect
	1142:                {Refuse, hintRights},      // on the table
	1143:                {Refuse, hintRights},      // on the column
	1227:                {Refuse, hintRights},      // a privilege
	1370:                {Refuse, hintRights},      // a routine
	1820:                {Refuse, hintLogin},       // the password must be changed first
	1862:                {Refuse, hintLogin},       // the password has expired
	3118:                {Refuse, hintLogin},       // the account is locked
	4151:                {Refuse, hintLogin},       // the account is locked (MariaDB)
	3159:                {Refuse, hintLogin},       // TLS is required
	1251:                {Refuse, hintLogin},       // authentication protocol
	2061:                {Refuse, hintLogin},       // authentication plugin
	1105:                {Unsupported, hintPacket}, // unknown error: what the driver sends in pieces is larger than the limit
	1153:                {Unsupported, hintPacket}, // packet too large
	1301:                {Unsupported, hintPacket}, // a function's result is larger
	1048:                {class: Unsupported},      // column cannot be null
	1118:                {class: Unsupported},      // row size too large
	1139:                {class: Unsupported},      // regular expression
	1264:                {class: Unsupported},      // out of range
	1265:                {class: Unsupported},      // data truncated
	1292:                {class: Unsupported},      // truncated incorrect value
	1364:                {class: Unsupported},      // no default
	1366:                {class: Unsupported},      // incorrect value
	1406:                {class: Unsupported},      // data too long
	1416:                {class: Unsupported},      // no geometry
	RowIsWanted:         {class: Unsupported, hint: "a foreign key of the table's own stands in the way; Joget makes none: remove it, or bring the rows it wants first"},
	RowIsWantedUnnamed:  {class: Unsupported, hint: "a foreign key of the table's own stands in the way; Joget makes none: remove it, or bring the rows it wants first"},
	RowIsMissingUnnamed: {class: Unsupported, hint: "a foreign key of the table's own wants a row that is not there; Joget makes none: remove it, or bring that row first"},
	RowIsMissing:        {class: Unsupported, hint: "a foreign key of the table's own wants a row that is not there; Joget makes none: remove it, or bring that row first"},
	1356:                {class: Unsupported, hint: "a view names tables or columns that are gone, or that its definer may not read"},
	1644:                {class: Unsupported, hint: "a trigger of the table refused the row"}, // SIGNAL
	1690:                {class: Unsupported},                                                 // out of range in an expression
	3140:                {class: Unsupported},                                                 // invalid JSON
	3988:                {class: Unsupported},                                                 // no place in the character set (MySQL)
	6136:                {class: Unsupported},                                                 // not a vector
	3144:                {class: Unsupported},                                                 // JSON of a binary string
	3819:                {class: Unsupported, hint: "a CHECK constraint of the table refused the row"},
	4025:                {class: Unsupported, hint: "a CHECK constraint of the table refused the row"}, // MariaDB
	1104:                {class: Unsupported},                                                          // MAX_JOIN_SIZE
	1235:                {class: Unsupported},                                                          // not supported yet
	1286:                {class: Unsupported},                                                          // unknown storage engine
	1665:                {Unsupported, hintBinlog},                                                     // statement binlog
	1064:                {class: Unsupported},                                                          // syntax: another family of servers
	3105:                {class: Unsupported},                                                          // value for a generated column
	1906:                {class: Unsupported},                                                          // value for a generated column (MariaDB)
	1059:                {class: Unsupported},                                                          // a name is too long
	1071:                {class: Unsupported},                                                          // a key is too long
	1117:                {class: Unsupported},                                                          // too many columns
	ColumnExists:        {class: Duplicate},
	1062:                {class: Duplicate},
	1022:                {class: Duplicate},
	1586:                {class: Duplicate},
	UnknownDatabase:     {class: Missing},
	1051:                {class: Missing}, // unknown table
	1054:                {class: Missing}, // unknown column
	1109:                {class: Missing}, // unknown table in a list
	1146:                {class: Missing}, // no such table
	unknownVariable:     {class: Missing},
	1305:                {class: Missing}, // no such function
	TableChanged:        {class: Missing},
}

// loginRefused are the driver's own words for a login that can never succeed.
var loginRefused = []error{
	mysql.ErrNoTLS, mysql.ErrCleartextPassword, mysql.ErrNativePassword, mysql.ErrOldPassword, mysql.ErrUnknownPlugin, mysql.ErrOldProtocol,
}

// incomparable are the numbers that a look-up by a text ends in when the column's
// character set has no place for it: MySQL and MariaDB refuse in several words.
var incomparable = map[uint16]bool{
	1267: true, // illegal mix of collations, of two
	1270: true, // of three
	1271: true, // of more
	3854: true, // cannot convert string (MySQL)
	1977: true, // cannot convert string (MariaDB)
}

// ServerError is a server's error without its text, which quotes values
// ("Duplicate entry 'jane@...'"). Number and SQLState are safe to show.
type ServerError struct {
	Number   uint16
	SQLState string // five characters, or empty
}

// Error returns "database error 1290 (HY000)".
func (e ServerError) Error() string {
	if e.SQLState == "" {
		return fmt.Sprintf("database error %d", e.Number)
	}
	return fmt.Sprintf("database error %d (%s)", e.Number, e.SQLState)
}

// asServer finds a server's error in err's chain, the driver's or one of ours.
func asServer(err error) (ServerError, bool) {
	var known ServerError
	if errors.As(err, &known) {
		return known, true
	}
	var raw *mysql.MySQLError
	if !errors.As(err, &raw) {
		return ServerError{}, false
	}
	e := ServerError{Number: raw.Number}
	if raw.SQLState != [5]byte{} {
		e.SQLState = string(raw.SQLState[:])
	}
	return e, true
}

// IsNumber reports whether a server answered err with one of numbers.
func IsNumber(err error, numbers ...uint16) bool {
	e, ok := asServer(err)
	for _, n := range numbers {
		if ok && e.Number == n {
			return true
		}
	}
	return false
}

// Answered reports whether err is a server's answer: it understood us and said
// no. A broken connection is none.
func Answered(err error) bool {
	e, ok := asServer(err)
	return ok && e.Number > 0
}

// Incomparable reports whether a look-up failed since no value of the column can
// be equal to what was looked for: it is not there.
func Incomparable(err error) bool {
	e, ok := asServer(err)
	return ok && incomparable[e.Number]
}

// ClassOf classifies what the driver or a server returned; Internal for nil.
func ClassOf(err error) Class {
	if e, ok := asServer(err); ok {
		return meanings[e.Number].class
	}
	var network net.Error
	switch {
	case errors.Is(err, mysql.ErrPktTooLarge):
		return Unsupported
	case slices.ContainsFunc(loginRefused, func(refused error) bool { return errors.Is(err, refused) }):
		return Refuse
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, mysql.ErrInvalidConn), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Wait
	}
	return Internal
}

// Failure gives err the code of its class; nil stays nil, and an error with a
// code stays as it is. A server's error loses its text and keeps its number,
// which Safe shows.
func Failure(op, subject string, err error) error {
	var coded *migration.Error
	if err == nil || errors.As(err, &coded) {
		return err
	}
	e := &migration.Error{Code: ClassOf(err).code(), Op: op, Subject: subject, Err: err}
	if server, ok := asServer(err); ok {
		e.Err, e.Cause, e.Hint = server, server.Error(), meanings[server.Number].hint
		if server.Number == UnknownDatabase {
			e.Code = migration.CodeNotFound
		}
	}
	switch {
	case errors.Is(err, mysql.ErrPktTooLarge):
		e.Hint = hintPacket
	case e.Hint == "" && e.Code == migration.CodeRefused:
		e.Hint = hintLogin
	}
	return e
}
