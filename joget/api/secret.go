package api

import "jogetferry/migration"

// Secret holds a password or login hash; see migration.Secret.
type Secret = migration.Secret

// NewSecret wraps value.
func NewSecret(value string) Secret { return migration.NewSecret(value) }
