package preflight

import (
	"fmt"
	"time"

	"jogetferry/migration"
)

const minRetention = 7 * 24 * time.Hour

// RetentionShort is FERRY-117: the namespace forgets closed workflows within 7 days.
var RetentionShort = Check{
	ID:       "FERRY-117",
	Severity: migration.Warning,
	Title:    "the Temporal namespace forgets closed workflows within 7 days",
	Remedy:   "temporal operator namespace update --retention 720h -n NAMESPACE",
	About: `Nothing is migrated twice after that: the ledger remembers. But the story of an instance, call by call, is gone from the
web UI when somebody asks for it.`,
	Engine: func(f *EngineFacts, r Report) {
		if f.Retention != 0 && f.Retention < minRetention {
			r.Found("namespace "+f.Namespace, days(f.Retention))
		}
	},
}

func days(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d%day != 0:
		return d.String()
	case d == day:
		return "1 day"
	}
	return fmt.Sprintf("%d days", d/day)
}
