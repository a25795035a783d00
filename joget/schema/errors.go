package schema

import "jogetferry/internal/database"

// wrap gives err, which may be nil, a code. Errors that have one keep it.
func wrap(op string, err error) error { return database.Failure(op, "", err) }
