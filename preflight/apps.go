package preflight

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"jogetferry/migration"
)

var apps = []Check{
	{
		ID:         "FERRY-201",
		Severity:   migration.Blocking,
		Title:      "the app is not published on the target",
		Remedy:     "import the app on the target and publish it",
		About:      `Instances of a source definition go to the published version of the same process, unless an entry of definitions says otherwise.`,
		Definition: appUnpublished,
	},
	{
		ID:       "FERRY-204",
		Severity: migration.Blocking,
		Title:    "a form definition cannot be read, so child records could be missed",
		Remedy:   FormRemedy,
		About:    `Child records are found through form definitions: grids, subforms and their keys.`,
		App:      formBroken,
	},
	{
		ID:       "FERRY-218",
		Severity: migration.Warning,
		Title:    "the app uses a plugin that no app of the target uses",
		Remedy:   "look under Manage Plugins whether the target has it in the same version; install it if not",
		About:    `The database does not say which plugins are installed. The class names in the source's app are looked for in all apps of the target; those that come with Joget count as found. A class that only the app itself mentions there counts as installed.`,
		App:      pluginUnseen,
	},
	{
		ID:       "FERRY-219",
		Severity: migration.Warning,
		Title:    "the target's app points at the old host",
		Remedy:   "change the environment variable, form or plugin default on the target, and publish",
		About:    `Calls and links would go on reaching the source. The names in source.hosts and the host name of the source's database server are looked for in the environment variables, forms and plugin defaults of the target's published version; a name without a dot only where it is part of an address. Where the processes of an app go to several apps of the target, only the app of the first instance is searched. The text around a name is not shown, since it may hold passwords.`,
		App:      oldHost,
	},
	{
		ID:       "FERRY-228",
		Severity: migration.Warning,
		Title:    "an environment variable of the app is missing on the target",
		Remedy:   "create it on the target, with the value that the target needs",
		About:    `Environment variables belong to an app version, and an import brings those of the export only. The published versions are compared, by exact ID and without values. Where the processes of an app go to several apps of the target, only the app of the first instance is compared.`,
		App:      environmentMissing,
	},
	{
		ID:       "FERRY-229",
		Severity: migration.Warning,
		Title:    "a form or an activity names a form that the app does not have",
		Remedy:   "nothing, if its records are not needed any more; else name its table in records.extra",
		About:    `A subform, grid or other element of the source's app, or the mapping of an activity, names a form that no version has. Looked at are the published version, or else the highest, and those of running instances. Joget shows nothing in its place, and the instances run. Records that were once stored through it stay behind. Form IDs are looked up as Joget does, under the collation of the database, so that case does not matter where it does not to the server.`,
		App:      formGone,
	},
	{
		ID:       "FERRY-230",
		Severity: migration.Warning,
		Title:    "a form names another form, and it is not known whether it stores records there",
		Remedy:   "look at the element; if it ties records to this form's, name their table and key in records.extra",
		About:    `Subforms, their pages and grids are followed by their properties. Any other property that ends in formDefId, such as that of a plugin, may mean records that belong to the record or only a page to look at. Records on the table of such a form are not copied by it. Versions are those of FERRY-229. There is no finding where other elements of the form lead to that table, or where records.extra does. Options of select boxes are master data, and not meant.`,
		App:      formUnclear,
	},
	{
		ID:       "FERRY-231",
		Severity: migration.Note,
		Title:    "options of fields are rows of form tables, which are not copied",
		Remedy:   "compare these tables on both servers, and bring what the target lacks: a field shows its value only while the option is there",
		About:    `Select boxes and the like read their options from another form (FormOptionsBinder). That is master data, and no part of a record. Rows are not compared; where the source has some and the target has none, it is a warning. Versions are those of FERRY-229.`,
		App:      optionsLeft,
	},
	{
		ID:       "FERRY-232",
		Severity: migration.Warning,
		Title:    "a form or plugin names a form table, and it is not known which rows of it belong to a record",
		Remedy:   "look at the element or tool; if rows there belong to records, name the table and its key in records.extra",
		About:    `SQL of a JDBC binder, a script, or the properties of a tool, route or participant name app_fd_..., or a form, that no subform, grid or activity leads to. Of such a table only rows whose id is the record ID are copied, and only where a form of the app is on it. Tables that are not called app_fd_... cannot be recognised, nor can names that are put together when the script runs. Versions are those of FERRY-229.`,
		App:      tableUnclear,
	},
	{
		ID:       "FERRY-233",
		Severity: migration.Warning,
		Title:    "forms of another app lead from the app's records to further tables",
		Remedy:   "name these tables and keys in records.extra, if their rows belong to the records",
		About:    `Apps may have forms on the same table. Records are followed by the forms of the app of the process; what only another app's forms tie to them is not copied.`,
		App:      foreignRelations,
	},
	{
		ID:       "FERRY-316",
		Severity: migration.Warning,
		Title:    "an ID generator of the target is behind the source's",
		Remedy:   "raise the environment variable on the target, or the numbers of the source are given out again",
		About:    `ID generator fields count in an environment variable. It is not part of any record, and an import may or may not bring its value. The published versions are compared; where the processes of an app go to several apps of the target, only the app of the first instance is. The source goes on counting until it is frozen.`,
		App:      counterBehind,
	},
}

// FormRemedy is what to do about a form that cannot be read, here and where it
// is met outside of the checks.
const FormRemedy = "open the form in the Form Builder and save it again"

func appUnpublished(f *DefinitionFacts, r Report) {
	if f.Unpublished != "" {
		r.Found(f.ID.String(), f.Unpublished)
	}
}

func formBroken(f *AppFacts, r Report) {
	for _, p := range f.Problems {
		r.Found(f.ID, p)
	}
}

func formGone(f *AppFacts, r Report) {
	for _, place := range f.FormsGone {
		r.Found(f.ID, place)
	}
}

func formUnclear(f *AppFacts, r Report) {
	for _, place := range f.FormsUnclear {
		r.Found(f.ID, place)
	}
}

func optionsLeft(f *AppFacts, r Report) {
	var there []string
	for _, o := range f.Options {
		if o.Lacking {
			r.FoundAs(migration.Warning, f.ID, formTable(o.Table)+": the target has no row")
			continue
		}
		there = append(there, formTable(o.Table))
	}
	if len(there) > 0 {
		r.Found(f.ID, strings.Join(first(maxRelations, there), ", "))
	}
}

func tableUnclear(f *AppFacts, r Report) {
	for _, place := range f.TablesUnclear {
		r.Found(f.ID, place)
	}
}

func foreignRelations(f *AppFacts, r Report) {
	for _, foreign := range f.Foreign {
		r.Found(f.ID, "app "+foreign.App+": "+relationLine(foreign.Relation))
	}
}

func pluginUnseen(f *AppFacts, r Report) {
	for _, class := range slices.Sorted(maps.Keys(f.Plugins)) {
		if !f.Seen[class] && !shipped(class) {
			r.Found(f.ID, class+" in "+f.Plugins[class])
		}
	}
}

// shipped reports whether a class comes with every Joget server
// (docs/joget.md#form-definitions).
func shipped(class string) bool {
	for _, prefix := range []string{"org.joget.apps.", "org.joget.workflow.", "org.joget.directory.", "org.joget.commons."} {
		if strings.HasPrefix(class, prefix) {
			return true
		}
	}
	return false
}

func oldHost(f *AppFacts, r Report) {
	for _, place := range f.Mentions {
		r.Found(f.ID, place)
	}
}

func environmentMissing(f *AppFacts, r Report) {
	if f.Absent {
		return
	}
	for _, v := range f.Source {
		if !slices.ContainsFunc(f.Target, func(other migration.EnvironmentVariable) bool { return other.ID == v.ID }) {
			r.Found(f.ID, v.ID)
		}
	}
}

func counterBehind(f *AppFacts, r Report) {
	value := func(variables []migration.EnvironmentVariable, id string) (int64, bool) {
		i := slices.IndexFunc(variables, func(v migration.EnvironmentVariable) bool { return v.ID == id })
		if i < 0 {
			return 0, false
		}
		n, err := strconv.ParseInt(strings.TrimSpace(variables[i].Value), 10, 64)
		return n, err == nil
	}
	if f.Absent {
		return
	}
	for _, id := range f.Counters {
		source, counts := value(f.Source, id)
		// What is no number is 0 to Joget too.
		target, _ := value(f.Target, id)
		if counts && target < source {
			r.Found(f.ID, fmt.Sprintf("%s: %d, the source has %d", id, target, source))
		}
	}
}
