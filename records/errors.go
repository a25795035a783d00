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

// heldUp reports whether a foreign key between form tables refused a row for another
// one, which may be written or removed later.
func heldUp(err error) bool {
	return database.IsNumber(err, database.RowIsMissing, database.RowIsWanted, database.RowIsMissingUnnamed, database.RowIsWantedUnnamed)
}

// duplicate reports whether a unique key had the value already.
func duplicate(err error) bool { return database.ClassOf(err) == database.Duplicate }
