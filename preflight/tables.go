package preflight

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"jogetferry/migration"
)

var tables = []Check{
	{
		ID:       "FERRY-304",
		Severity: migration.Warning,
		Title:    "the target lacks a form table of which the source has rows",
		Remedy:   "set records.create_tables: true, and the table is made before rows are written; or open one of its forms once on the target: Joget makes the table then",
		About:    `Joget makes a form table when a form is first used, and never drops it: the rows may belong to instances closed long ago. An instance whose record has a row there has FERRY-319; a child row there parks its instance with record_unsupported.`,
		App:      tableMissing,
	},
	{
		ID:       "FERRY-305",
		Severity: migration.Warning,
		Title:    "the target's form table lacks a column that the source's has",
		Remedy:   "set records.create_tables: true, and columns with values are added before rows are written; or deploy the form with that field and open it once on the target; leave a column that nobody needs any more",
		About:    `Joget never drops columns, so many tables keep some of fields that are long gone. An instance whose record has a value there has FERRY-319; a child row with one parks its instance with record_unsupported. With records.create_tables only columns remain that Joget would not make: of another name than c_ and a field's, or of another type than text.`,
		App:      columnMissing,
	},
	{
		ID:       "FERRY-306",
		Severity: migration.Warning,
		Title:    "a column of the target may not take what the source's holds",
		Remedy:   "compare the column types of both tables, and widen the target's",
		About:    `The column is narrower, of another or an unknown type, computed by the target, or NOT NULL. Types are compared by what they can hold: a display width, or another charset of the same length, is no finding. Values that fit are copied, and read back where a type may change them silently, as FLOAT and JSON do. An instance whose record has a value that does not fit has FERRY-319. Child rows, and what only the target can judge, such as a text in a column of numbers, park the instance with record_unsupported: the target's session is strict, and a warning counts as an error.`,
		App:      columnDiffers,
	},
	{
		ID:       "FERRY-307",
		Severity: migration.Warning,
		Title:    "a column of the target cannot hold all characters of the source's",
		Remedy:   "convert the target's table to utf8mb4",
		About:    `No character is replaced by a question mark. Where the target's charset is ascii, latin1 or utf8mb3, an instance whose record has a character that it lacks has FERRY-319. With other charsets, and for child rows, the instance is parked with record_unsupported.`,
		App:      charsetLoses,
	},
	{
		ID:       "FERRY-308",
		Severity: migration.Warning,
		Title:    "the target's form table has a unique key that the source's lacks",
		Remedy:   "drop the key, or make sure that no rows of both servers collide in it",
		About:    `Joget makes no unique key besides the primary key, so somebody added it by hand. A row that collides with another one in it is a conflict: it is not written, whatever records.on_conflict says. Its instance is parked; with keep the verification finds the row missing.`,
		App:      uniqueKey,
	},
	{
		ID:       "FERRY-309",
		Severity: migration.Warning,
		Title:    "rows of the target's form table cannot be written safely",
		Remedy:   "convert the target's table to InnoDB, with id as its primary key",
		About:    `A row is written only while it is what the ledger's image says, which needs transactions and a key on id. An instance whose record has a row in such a table has FERRY-319; a child row in one parks its instance with record_unsupported. A view cannot be written through. A table without a row on the source is not examined.`,
		App:      notTransactional,
	},
	{
		ID:       "FERRY-312",
		Severity: migration.Note,
		Title:    "rows of child tables are copied with the records",
		Remedy:   "compare with what you know of the app; name a table that is missing in records.extra",
		About:    `Grids, subforms and their keys, as the source's form definitions tell, and what records.extra adds. A table that only a plugin or a script knows is FERRY-232, where its name can be recognised.`,
		App:      childTables,
	},
	{
		ID:       "FERRY-321",
		Severity: migration.Warning,
		Title:    "a form table of the source is a view",
		Remedy:   "make the same view on the target; look whether the tables that it shows are form tables of the app, or name them in records.extra",
		About:    `A view has no rows of its own. What it shows is copied where it lies in other form tables of the app; nothing is copied, compared or followed through the view.`,
		App:      sourceView,
	},
	{
		ID:       "FERRY-327",
		Severity: migration.Note,
		Title:    "the target lacks a form table, which will be made",
		Remedy:   "nothing; the statement is run when the first row of the table is copied, and stays in the log of that instance or, with starter copy, of the migration",
		About:    `With records.create_tables, for tables of which the source has rows. Columns are those that Joget of the target's version makes of the target's forms of all apps that share the table, and those besides in which the source has values. Key, engine and indexes are Joget's; charset and collation are those of the target's database. A column that fills a table of the source alone until the copy is added then. A rollback leaves table and columns: Joget makes them as well, when a form is first used.`,
		App:      tableMade,
	},
	{
		ID:       "FERRY-328",
		Severity: migration.Note,
		Title:    "the target's form table lacks columns, which will be added",
		Remedy:   "nothing; the statement is run when the first row that needs it is copied, and stays in the log of that instance or, with starter copy, of the migration",
		About:    `With records.create_tables, for columns in which the source has values; one that cannot be searched within a minute counts as such. Nothing is dropped, and no column's type is changed. A rollback leaves the columns.`,
		App:      columnsMade,
	},
	{
		ID:       "FERRY-329",
		Severity: migration.Warning,
		Title:    "a form table or column that will be made is in no form of the target",
		Remedy:   "import the app with these forms and fields; or empty the values on the source, if nobody needs them",
		About:    `The rows are copied whole, and Joget keeps columns that it does not know. No form, list or export of the target shows them until a form has the field.`,
		App:      madeUnnamed,
	},
}

func tableMade(f *AppFacts, r Report) {
	for _, g := range f.Growths {
		if g.New {
			r.Found(f.ID, g.Statement)
		}
	}
}

func columnsMade(f *AppFacts, r Report) {
	for _, g := range f.Growths {
		if !g.New {
			r.Found(f.ID, g.Statement)
		}
	}
}

func madeUnnamed(f *AppFacts, r Report) {
	for _, g := range f.Growths {
		switch {
		case slices.Contains(g.Unnamed, ""):
			r.Found(f.ID, formTable(g.Table)+": no form")
		case len(g.Unnamed) > 0:
			r.Found(f.ID, formTable(g.Table)+": "+strings.Join(first(maxColumns, g.Unnamed), ", "))
		}
	}
}

func tableMissing(f *AppFacts, r Report) {
	f.mismatched(r, func(migration.Mismatch) string { return "absent" }, migration.MismatchTable)
}

// mismatched reports mismatches of some kinds: one finding per form table, in
// which each is what line says of it.
func (f *AppFacts) mismatched(r Report, line func(migration.Mismatch) string, kinds ...migration.MismatchKind) {
	lines := map[string][]string{}
	for _, m := range f.Mismatches {
		if slices.Contains(kinds, m.Kind) {
			lines[m.Table] = append(lines[m.Table], line(m))
		}
	}
	for _, table := range slices.Sorted(maps.Keys(lines)) {
		r.Found(f.ID, formTable(table)+": "+strings.Join(first(maxColumns, lines[table]), ", "))
	}
}

// maxColumns bounds what is listed of one table or record.
const maxColumns = 20

// formTable returns the database's name of a form table.
func formTable(name string) string { return "app_fd_" + name }

func columnMissing(f *AppFacts, r Report) {
	f.mismatched(r, func(m migration.Mismatch) string { return m.Column + " " + m.Source }, migration.MismatchColumn)
}

func columnDiffers(f *AppFacts, r Report) {
	f.mismatched(r, func(m migration.Mismatch) string {
		return m.Column + " " + unfit[m.Kind] + " (" + cmp.Or(m.Source, "absent") + " to " + m.Target + ")"
	}, migration.MismatchNarrower, migration.MismatchType, migration.MismatchUnknown, migration.MismatchGenerated, migration.MismatchNotNull)
}

// unfit says what is wrong with a column of the target.
var unfit = map[migration.MismatchKind]string{
	migration.MismatchNarrower:  "narrower",
	migration.MismatchType:      "of another type",
	migration.MismatchUnknown:   "of a type that cannot be carried for certain",
	migration.MismatchGenerated: "computed by the target",
	migration.MismatchNotNull:   "wants a value",
}

func charsetLoses(f *AppFacts, r Report) {
	f.mismatched(r, func(m migration.Mismatch) string { return m.Column + " " + m.Source + " to " + m.Target }, migration.MismatchCharset)
}

func uniqueKey(f *AppFacts, r Report) {
	f.mismatched(r, func(m migration.Mismatch) string { return m.Target + " (" + m.Column + ")" }, migration.MismatchUnique)
}

func notTransactional(f *AppFacts, r Report) {
	f.mismatched(r, func(m migration.Mismatch) string {
		if m.Kind == migration.MismatchKey {
			return "id is no key"
		}
		if m.Kind == migration.MismatchView {
			return "a view"
		}
		return "engine " + m.Target
	}, migration.MismatchEngine, migration.MismatchKey, migration.MismatchView)
}

func sourceView(f *AppFacts, r Report) {
	f.mismatched(r, func(migration.Mismatch) string { return "a view" }, migration.MismatchSourceView)
}

func childTables(f *AppFacts, r Report) {
	lines := make([]string, 0, len(f.Relations))
	for _, relation := range f.Relations {
		lines = append(lines, relationLine(relation))
	}
	if len(lines) > 0 {
		r.Found(f.ID, strings.Join(first(maxRelations, lines), "; "))
	}
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
