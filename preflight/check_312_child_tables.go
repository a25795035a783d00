package preflight

import (
	"strings"

	"jogetferry/migration"
)

// ChildTables is FERRY-312: rows of child tables are copied with a record.
var ChildTables = Check{
	ID:       "FERRY-312",
	Severity: migration.Note,
	Title:    "rows of child tables are copied with a record",
	Remedy:   "compare with what you know of the app; what is missing belongs into records.extra",
	About:    `Grids, subforms and their keys, as the source's form definitions tell, and what records.extra adds. What only a plugin or a script knows cannot be seen.`,
	App: func(f *AppFacts, r Report) {
		lines := make([]string, 0, len(f.Relations))
		for _, relation := range f.Relations {
			lines = append(lines, relationLine(relation))
		}
		if len(lines) > 0 {
			r.Found(f.ID, strings.Join(first(maxRelations, lines), "; "))
		}
	},
}

// maxRelations bounds what is listed of one app.
const maxRelations = 50

func relationLine(r migration.Relation) string {
	parent, child := formTable(r.Parent), formTable(r.Child)
	switch r.Kind {
	case migration.RelationParentHoldsChild:
		return child + " by " + parent + ".c_" + r.Column
	case migration.RelationChildHoldsParent:
		return child + ".c_" + r.Column + " of " + parent
	case migration.RelationSameID:
	}
	return child + " with the id of " + parent
}
