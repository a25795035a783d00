package preflight

import (
	"maps"
	"slices"
	"strings"

	"jogetferry/migration"
)

// PluginUnseen is FERRY-218: a plugin that the app uses is not used anywhere on the target.
var PluginUnseen = Check{
	ID:       "FERRY-218",
	Severity: migration.Warning,
	Title:    "a plugin that the app uses is not used anywhere on the target",
	Remedy:   "look under Manage Plugins whether the target has it, in the same version; install it if not",
	About:    `Which plugins are installed is not in the database. Class names in the definitions of the source's app are looked for in all definitions of all apps of the target; those that come with Joget count as seen. A class that only the app itself mentions there is taken for installed.`,
	App: func(f *AppFacts, r Report) {
		for _, class := range slices.Sorted(maps.Keys(f.Plugins)) {
			if !f.Seen[class] && !shipped(class) {
				r.Found(f.ID, class+" in "+f.Plugins[class])
			}
		}
	},
}

// shipped reports whether a class comes with every Joget server (CONTRACT 6.6).
func shipped(class string) bool {
	for _, prefix := range []string{"org.joget.apps.", "org.joget.workflow.", "org.joget.directory.", "org.joget.commons."} {
		if strings.HasPrefix(class, prefix) {
			return true
		}
	}
	return false
}
