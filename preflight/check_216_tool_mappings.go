package preflight

import (
	"jogetferry/migration"
)

// ToolMappings is FERRY-216: tools, routes or form modifiers are mapped otherwise.
var ToolMappings = Check{
	ID:       "FERRY-216",
	Severity: migration.Warning,
	Title:    "tools, routes or form modifiers are mapped otherwise",
	Remedy:   "map them alike in the Process Builder of the target, or make sure that the difference is meant",
	About:    `The plugin behind each tool activity, decision route and form modifier. Of its properties only the names that differ are shown, since they may hold secrets.`,
	Definition: func(f *DefinitionFacts, r Report) {
		if diff := pluginsDiff(f.Source.Plugins, f.Target.Plugins, f.renamed); diff != "" && f.both() {
			r.Found(f.ID.String(), diff)
		}
	},
}
