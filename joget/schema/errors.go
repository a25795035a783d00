package schema

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/go-sql-driver/mysql"

	"jogetferry/migration"
)

// wrap gives err, which may be nil, a code. Errors that have one keep it.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	var known *migration.Error
	if errors.As(err, &known) {
		return err
	}
	return migration.E(codeOf(err), op, "", "%w", err)
}

// codeOf classifies what the driver returns.
func codeOf(err error) migration.Code {
	var server *mysql.MySQLError
	if errors.As(err, &server) {
		switch server.Number {
		case 1146, 1054, 1064, 1305: // no such table, column, syntax, function
			return migration.CodeUnsupported
		case 1044, 1045, 1142, 1143, 1227, 1698: // access denied
			return migration.CodeRefused
		case 1049: // no such database
			return migration.CodeNotFound
		case 1040, 1053, 1152, 1159, 1161, 1203, 1205, 1213, 1226, 1317, 1927, 2006, 2013, 3024: // busy, shutting down, lock waits, timeouts
			return migration.CodeUnavailable
		}
		return migration.CodeInternal
	}
	var network net.Error
	switch {
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, mysql.ErrInvalidConn), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return migration.CodeUnavailable
	}
	return migration.CodeInternal
}

// refusedByServer reports whether the server understood us and said no, so
// that something optional can be left out; a broken connection is not that.
func refusedByServer(err error) bool {
	var server *mysql.MySQLError
	return errors.As(err, &server)
}
