package preflight

import (
	"maps"
	"slices"

	"jogetferry/migration"
)

// SearchAttributes is FERRY-118: the namespace lacks a search attribute, or has it with another type.
var SearchAttributes = Check{
	ID:       "FERRY-118",
	Severity: migration.Blocking,
	Title:    "the Temporal namespace lacks a search attribute, or has it with another type",
	Remedy:   "let an administrator add it with type Keyword, or use another namespace",
	About:    `A worker adds them when it starts. Without one of them no workflow that sets it can start.`,
	Engine: func(f *EngineFacts, r Report) {
		for _, name := range f.MissingAttributes {
			r.Found("namespace "+f.Namespace, name+" is missing")
		}
		for _, name := range slices.Sorted(maps.Keys(f.MistypedAttributes)) {
			r.Found("namespace "+f.Namespace, name+" is "+f.MistypedAttributes[name])
		}
	},
}
