package preflight

import (
	"time"

	"jogetferry/migration"
)

// DeadlineFacts say which deadlines may fire while an instance is migrated.
type DeadlineFacts struct {
	Now migration.EpochMillis // by the source database's clock
	// SourceFires and TargetFires: the server looks for deadlines that are due
	// (setting deadlineCheckerInterval).
	SourceFires, TargetFires bool
}

// clock returns an engine time for people.
func clock(at migration.EpochMillis) string {
	return time.UnixMilli(int64(at)).UTC().Format("2006-01-02 15:04 UTC")
}
