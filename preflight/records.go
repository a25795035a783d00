package preflight

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jogetferry/migration"
)

var records = []Check{
	{
		ID:       "FERRY-301",
		Severity: migration.Blocking,
		Title:    "the record ID is the ID of a linked instance on the target",
		Remedy:   "Joget would hook the new instance to that instance's record; see docs/what-if.md#record_id_is_instance_id",
		About:    `Old record IDs are instance IDs. Joget looks a given record ID up among its instances and takes over the record of the one it finds.`,
		Personal: true,
		Instance: recordIsInstance,
	},
	{
		ID:       "FERRY-302",
		Severity: migration.Blocking,
		Title:    "the record ID is an instance ID that the target has yet to mint",
		Remedy:   "let the target's process counter pass that number first; see docs/what-if.md#record_id_is_instance_id",
		About:    `Once the target gives that ID to an instance of its own, records would get mixed up.`,
		Personal: true,
		Instance: recordMayCollide,
	},
	{
		ID:       "FERRY-303",
		Severity: migration.Blocking,
		Title:    "an ID holds characters that Joget's API refuses",
		Remedy:   "Joget answers 500 to spaces, parentheses and semicolons in IDs and user names; this instance has to be moved by hand",
		About:    `No call can carry such an ID, whatever is done about quoting.`,
		Instance: unaddressable,
	},
	{
		ID:       "FERRY-310",
		Severity: migration.Blocking,
		Title:    "the target has another row under the record ID",
		Remedy:   "look at both rows, then choose records.on_conflict overwrite or keep, or remove the target's row",
		About:    `Compared byte by byte, as the copy does: equal rows and those that the ledger knows as ours are left out. Only rows whose id is the record ID are compared by the plan; the copy compares child rows too. With records.on_conflict overwrite or keep it is a warning. An instance that the migration has begun with is not looked at.`,
		Personal: true,
		Instance: rowDiffers,
	},
	{
		ID:       "FERRY-311",
		Severity: migration.Note,
		Title:    "running instances share one record",
		Remedy:   "nothing; its rows and files are copied once, and rolled back with the last of them",
		About:    `The record is the origin of the process links. Counted over all running root instances of the source, also of processes that the plan leaves out.`,
		Instance: recordShared,
	},
	{
		ID:       "FERRY-313",
		Severity: migration.Note,
		Title:    "this much is copied",
		Remedy:   "see that the target's database and uploads have room for it",
		About:    `Rows whose id is a record ID, with the size of their values, and the files of records in which a file field names one. Child rows come on top, and files that no field names; a record that instances share is counted once per page of 500 instances, and what was migrated already is left out.`,
		Plan:     copyAmount,
	},
	{
		ID:       "FERRY-314",
		Severity: migration.Note,
		Title:    "no form of the process has a row for the record",
		Remedy:   "nothing if no form was submitted yet; else see whether the record is in another table, and name that in records.extra",
		About:    `The tables of the forms that are mapped to activities of the process are looked at, by record ID. A process without forms is not looked at.`,
		Instance: recordMissing,
	},
	{
		ID:       "FERRY-315",
		Severity: migration.Warning,
		Title:    "a file field names an upload that the source's disk lacks",
		Remedy:   "see whether source.uploads is the right folder; a file that is lost on the source is lost on the target as well",
		About:    `Names in file fields of the rows whose id is the record ID, compared as bytes with the files of the record: one whose accents are written another way (macOS) counts as missing. The copy takes all files of the record, whatever the fields say.`,
		Personal: true,
		Instance: uploadMissing,
	},
	{
		ID:       "FERRY-317",
		Severity: migration.Warning,
		Title:    "a field of the record is encrypted",
		Remedy:   "see that the target has the source's key, or enter the value again",
		About:    `Joget writes such values as %%%%...%%%%, with a key of the installation. They are copied as they are; without the key nobody can read them.`,
		Instance: encrypted,
	},
	{
		ID:       "FERRY-318",
		Severity: migration.Blocking,
		Title:    "the record ID differs from another one by case or accents only",
		Remedy:   "MySQL takes both for one row; move one of them by hand",
		About:    `Joget tells such IDs apart, its database does not: by the usual collation ABC and abc are one key, and so are those that differ by accents or trailing spaces. Looked for among the rows of the target and among all running root instances of the source. The copy would meet a duplicate key and park the instance.`,
		Personal: true,
		Instance: recordAlike,
	},
	{
		ID:       "FERRY-319",
		Severity: migration.Blocking,
		Title:    "a value of the record has no place on the target",
		Remedy:   "FERRY-304 to 309 of its app say what to mend on the target; if none names the table, raise max_allowed_packet of the target's server; or empty the value on the source",
		About:    `A row whose id is the record ID, in a table that the target lacks or cannot write safely, a row larger than max_allowed_packet of the target's server, or a value in a column that the target lacks, that is too short or whose charset lacks a character. Judged by what the copy goes by, before it writes anything; it would park the instance with record_unsupported. Tables and columns are named, never values. Child rows are not looked at.`,
		Instance: valueRefused,
	},
}

func recordIsInstance(f *InstanceFacts, r Report) {
	if f.RecordIsInstance {
		r.Found(f.subject(), string(f.Instance.Record))
	}
}

func recordMayCollide(f *InstanceFacts, r Report) {
	n, ok := instanceNumber(f.Instance.Record)
	if !f.RecordIsInstance && ok && f.Minted > 0 && n >= f.Minted {
		r.Found(f.subject(), fmt.Sprintf("%s; the target hands out %d next", f.Instance.Record, f.Minted))
	}
}

// instanceNumber returns the counter of a record ID that looks like an
// instance ID, "<number>_<package>_<process>".
func instanceNumber(record migration.RecordID) (int64, bool) {
	head, rest, ok := strings.Cut(string(record), "_")
	if !ok || !strings.Contains(rest, "_") {
		return 0, false
	}
	n, err := strconv.ParseInt(head, 10, 64)
	return n, err == nil && n > 0
}

// LooksLikeInstance reports whether a record ID has the form of an instance ID,
// so that it may be one on some server.
func LooksLikeInstance(record migration.RecordID) bool {
	_, ok := instanceNumber(record)
	return ok
}

func unaddressable(f *InstanceFacts, r Report) {
	if f.RequesterRefused != "" {
		r.Found(f.subject(), "requester: "+f.RequesterRefused)
	}
	if f.RecordRefused != "" {
		r.Found(f.subject(), "record ID: "+f.RecordRefused)
	}
}

func rowDiffers(f *InstanceFacts, r Report) {
	if f.Data == nil {
		return
	}
	severity, what := migration.Blocking, ""
	if f.Data.OnConflict == "overwrite" || f.Data.OnConflict == "keep" {
		severity, what = migration.Warning, "; records.on_conflict is "+f.Data.OnConflict
	}
	for _, table := range f.Data.Differing {
		r.FoundAs(severity, f.subject(), fmt.Sprintf("%s %q%s", formTable(table), f.Instance.Record, what))
	}
}

func recordShared(f *InstanceFacts, r Report) {
	if f.Data != nil && f.Data.Sharing > 1 {
		r.Found(f.subject(), fmt.Sprintf("%d instances", f.Data.Sharing))
	}
}

func copyAmount(f *PlanFacts, r Report) {
	for _, a := range f.Amounts {
		r.Found(a.App, fmt.Sprintf("%d rows with %d bytes, %d files with %d bytes", a.Rows, a.Bytes, a.Files, a.FileBytes))
	}
}

func recordMissing(f *InstanceFacts, r Report) {
	if f.Data == nil || !f.started() || len(f.Data.Mapped) == 0 {
		return
	}
	if !slices.ContainsFunc(f.Data.Mapped, func(table string) bool { return slices.Contains(f.Data.Found, table) }) {
		r.Found(f.subject(), "")
	}
}

func uploadMissing(f *InstanceFacts, r Report) {
	if f.Data != nil && len(f.Data.MissingFiles) > 0 {
		r.Found(f.subject(), strings.Join(f.Data.MissingFiles, ", "))
	}
}

func encrypted(f *InstanceFacts, r Report) {
	if f.Data != nil && len(f.Data.Encrypted) > 0 {
		r.Found(f.subject(), strings.Join(f.Data.Encrypted, ", "))
	}
}

func recordAlike(f *InstanceFacts, r Report) {
	if f.Data == nil {
		return
	}
	for _, other := range f.Data.Alike {
		r.Found(f.subject(), fmt.Sprintf("%q and %q", f.Instance.Record, other))
	}
}

func valueRefused(f *InstanceFacts, r Report) {
	if f.Data != nil && len(f.Data.Refused) > 0 {
		r.Found(f.subject(), strings.Join(first(maxColumns, f.Data.Refused), ", "))
	}
}
