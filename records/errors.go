package records

import (
	"errors"

	"jogetferry/internal/database"
	"jogetferry/migration"
)

// failed gives a database error its code. A missing table or column is not a
// server that we do not know, as elsewhere: what is written here was read from
// the server's schema a minute ago, so the schema moved.
func failed(op, subject string, err error) error {
	if err == nil {
		return migration.E(migration.CodeInternal, op, subject, "no rows where one was expected")
	}
	var coded *migration.Error
	if errors.As(err, &coded) {
		return err
	}
	failure := database.Failure(op, subject, err)
	if database.ClassOf(err) == database.Missing && errors.As(failure, &coded) {
		coded.Code = migration.CodeDrifted
	}
	return failure
}

// lostToAnother reports whether the server ended a transaction in favour of another one.
func lostToAnother(err error) bool { return database.ClassOf(err) == database.Retry }

// duplicate reports whether a unique key had the value already.
func duplicate(err error) bool { return database.ClassOf(err) == database.Duplicate }
