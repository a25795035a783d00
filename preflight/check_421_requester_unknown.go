package preflight

import (
	"jogetferry/migration"
)

// RequesterUnknown is FERRY-421: the target does not know the requester.
var RequesterUnknown = Check{
	ID:       "FERRY-421",
	Severity: migration.Blocking,
	Title:    "the target does not know the requester",
	Remedy:   "make the user on the target, or map it in users",
	About: `Looked up in the target's directory (dir_user) by the name that users leads to. Where another directory is in use
(setting directoryManagerImpl) those who are not in dir_user are tried by a login, if this worker has the role joget too; else it is a warning: it cannot be known.`,
	Personal: true,
	Instance: func(f *InstanceFacts, r Report) {
		a, u, ok := f.requester()
		switch {
		case !ok:
		case a.Standing == StandingMissing:
			r.Found(f.subject(), string(u))
		case a.Standing == StandingUnknown:
			r.FoundAs(migration.Warning, f.subject(), string(u)+": cannot be known")
		}
	},
}
