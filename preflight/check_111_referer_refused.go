package preflight

import (
	"jogetferry/migration"
)

// RefererRefused is FERRY-111: the target refuses every JSON call (Referer and IP whitelist).
var RefererRefused = Check{
	ID:       "FERRY-111",
	Severity: migration.Blocking,
	Title:    "the target refuses every JSON call (Referer and IP whitelist)",
	Remedy:   "reach the target by the host name of target.url without a proxy that changes Host or Referer",
	About:    `Every call carries a Referer of the host of target.url, which Joget accepts when the Host header agrees; see jsonpWhitelist and jsonpIPWhitelist in its general settings.`,
	Calling: func(f *CallingFacts, r Report) {
		if f.RefererRefused {
			r.Found("target", f.Whitelists)
		}
	},
}
