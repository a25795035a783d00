package records

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"

	"github.com/go-sql-driver/mysql"

	"jogetferry/migration"
)

// Server error numbers that mean something to us (MySQL reference, server error messages).
const (
	erTooManyConns     = 1040
	erAccessDenied     = 1044
	erAccessDeniedUser = 1045
	erBadNull          = 1048
	erServerShutdown   = 1053
	erBadField         = 1054
	erDupEntry         = 1062
	erRowTooBig        = 1118
	erTableAccess      = 1142
	erColumnAccess     = 1143
	erNoSuchTable      = 1146
	erPacketTooLarge   = 1153
	erLockWaitTimeout  = 1205
	erDeadlock         = 1213
	erOutOfRange       = 1264
	erReadOnlyOption   = 1290
	erTruncatedValue   = 1292
	erNoDefault        = 1364
	erWrongValue       = 1366
	erDataTooLong      = 1406
	erTableDefChanged  = 1412
)

// failed turns a database error into a typed one. The text of a server error
// quotes values ("Duplicate entry 'jane@...'"), so only its number is kept.
func failed(op, subject string, err error) error {
	e := &migration.Error{Code: migration.CodeInternal, Op: op, Subject: subject, Err: err}
	var already *migration.Error
	if errors.As(err, &already) {
		return err
	}
	var server *mysql.MySQLError
	var network net.Error
	switch {
	case err == nil:
		e.Err = errors.New("no rows where one was expected")
	case errors.As(err, &server):
		e.Code = codeOfNumber(server.Number)
		e.Err = serverError{number: server.Number}
	case errors.Is(err, mysql.ErrPktTooLarge):
		e.Code, e.Hint = migration.CodeUnsupported, packetHint
	case errors.Is(err, context.Canceled):
		e.Code = migration.CodeUnavailable
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, mysql.ErrInvalidConn), errors.Is(err, context.DeadlineExceeded), errors.As(err, &network):
		e.Code = migration.CodeUnavailable
	}
	if server != nil && server.Number == erPacketTooLarge {
		e.Hint = packetHint
	}
	return e
}

const packetHint = "a row is larger than max_allowed_packet of the server or the DSN; raise it"

func codeOfNumber(number uint16) migration.Code {
	switch number {
	case erDupEntry:
		return migration.CodeConflict
	case erLockWaitTimeout, erDeadlock, erTooManyConns, erServerShutdown:
		return migration.CodeUnavailable
	case erPacketTooLarge, erDataTooLong, erWrongValue, erRowTooBig, erBadNull, erNoDefault, erOutOfRange, erTruncatedValue:
		return migration.CodeUnsupported
	case erNoSuchTable, erBadField, erTableDefChanged:
		return migration.CodeDrifted
	case erReadOnlyOption, erAccessDenied, erAccessDeniedUser, erTableAccess, erColumnAccess:
		return migration.CodeRefused
	}
	return migration.CodeInternal
}

// serverError keeps the number of a server's error and drops its text.
type serverError struct{ number uint16 }

func (e serverError) Error() string { return fmt.Sprintf("database error %d", e.number) }

func isNumber(err error, number uint16) bool {
	var e serverError
	return errors.As(err, &e) && e.number == number
}

func retryable(err error) bool { return isNumber(err, erDeadlock) || isNumber(err, erLockWaitTimeout) }
