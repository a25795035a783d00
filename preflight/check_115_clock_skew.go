package preflight

import (
	"fmt"
	"time"

	"jogetferry/migration"
)

// maxSkew is how far clocks may be apart.
const maxSkew = 30 * time.Second

// ClockSkew is FERRY-115: the servers' clocks differ.
var ClockSkew = Check{
	ID:       "FERRY-115",
	Severity: migration.Warning,
	Title:    "the servers' clocks differ by more than 30 seconds",
	Remedy:   "let all of them follow one time server (NTP): deadlines and the order of events depend on it",
	About: `The clocks of both databases are compared with that of the copy worker, and the time that the target's HTTP answers
carry (header Date) with that of the joget worker.`,
	Copying: func(f *CopyingFacts, r Report) {
		earliest, latest := min(f.SourceClock, f.TargetClock, 0), max(f.SourceClock, f.TargetClock, 0)
		if latest-earliest > maxSkew {
			r.Found("source and target", fmt.Sprintf("source database %s, target database %s", ahead(f.SourceClock), ahead(f.TargetClock)))
		}
	},
	Calling: func(f *CallingFacts, r Report) {
		if f.Clock.Abs() > maxSkew {
			r.Found("target", "target.url "+ahead(f.Clock))
		}
	},
}

func ahead(d time.Duration) string {
	if d < 0 {
		return fmt.Sprintf("%s behind the worker", -d.Round(time.Second))
	}
	return fmt.Sprintf("%s ahead of the worker", d.Round(time.Second))
}
