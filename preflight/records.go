package preflight

import (
	"cmp"
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
		Remedy:   "set records.rekey: needed, so that the record gets a new ID on the target: Joget would hook the new instance to that instance's record; see docs/what-if.md#record_id_is_instance_id",
		About:    `Old record IDs are instance IDs. Joget looks a given record ID up among its instances and takes over the record of the one it finds.`,
		Personal: true,
		Instance: recordIsInstance,
	},
	{
		ID:       "FERRY-302",
		Severity: migration.Blocking,
		Title:    "the record ID is an instance ID that the target has not given out yet",
		Remedy:   "set records.rekey: needed, so that the record gets a new ID on the target; or stop the target and let its process counter pass that number: a target that never started an instance has no such counter yet, and docs/what-if.md#record_id_is_instance_id has the statement for both",
		About:    `Once the target gives that ID to an instance of its own, the records of both would mix. The number is compared with the beginning of the block of 200 that the target reserved last. In a cluster another node may have lower ones left, which nobody can see.`,
		Personal: true,
		Instance: recordMayCollide,
	},
	{
		ID:       "FERRY-303",
		Severity: migration.Blocking,
		Title:    "an ID holds characters that Joget's API refuses",
		Remedy:   "of a record: set records.rekey: needed, so that it gets a new ID on the target; of a requester: map the name under users to one without them. Joget answers 500 to spaces, parentheses and semicolons in IDs and user names",
		About:    `No call can carry such an ID, however it is quoted.`,
		Instance: unaddressable,
	},
	{
		ID:       "FERRY-310",
		Severity: migration.Blocking,
		Title:    "the target has another row under the record ID",
		Remedy:   "look at both rows; if they are two records, set records.rekey: needed, so that this one gets a new ID on the target; else choose records.on_conflict overwrite or keep, or remove the target's row",
		About:    `Compared byte by byte, as the copy does. Equal rows, and those that the migration wrote, are left out. The plan compares only rows whose id is the record ID; the copy compares child rows too. With records.on_conflict overwrite or keep it is a warning. An instance whose migration has begun is not examined.`,
		Personal: true,
		Instance: rowDiffers,
	},
	{
		ID:       "FERRY-311",
		Severity: migration.Note,
		Title:    "running instances share one record",
		Remedy:   "nothing; its rows and files are copied once, and rolled back with the last of them",
		About:    `The record is the origin of the process links. All running root instances of the source count, also those of processes that the plan leaves out.`,
		Instance: recordShared,
	},
	{
		ID:       "FERRY-313",
		Severity: migration.Note,
		Title:    "this much data will be copied",
		Remedy:   "make sure that the target's database and uploads have room for it",
		About:    `Rows whose id is a record ID, with the size of their values, and the files of records in which a file field names one. Child rows come on top, and so do files that no field names. A record that instances share is counted once per page of 500 instances. What was migrated already is left out.`,
		Plan:     copyAmount,
	},
	{
		ID:       "FERRY-314",
		Severity: migration.Note,
		Title:    "no form of the process has a row for the record",
		Remedy:   "nothing if no form was submitted yet; else look for the table that has the record, and name it in records.extra",
		About:    `The tables of the forms that are mapped to activities of the process are searched by record ID. A process without forms is left out.`,
		Instance: recordMissing,
	},
	{
		ID:       "FERRY-315",
		Severity: migration.Warning,
		Title:    "a file field names an upload that is not on the source's disk",
		Remedy:   "check that source.uploads is the right folder; a file that is lost on the source is lost on the target as well",
		About:    `The names in file fields of rows whose id is the record ID are compared, as bytes, with the files of the record. A file whose accents are encoded in another way (macOS) counts as missing. The copy takes all files of the record, whatever the fields say.`,
		Personal: true,
		Instance: uploadMissing,
	},
	{
		ID:       "FERRY-317",
		Severity: migration.Warning,
		Title:    "a field of the record is encrypted",
		Remedy:   "make sure that the target has the source's key, or enter the value again",
		About:    `Joget writes such values as %%%%...%%%%, with a key of the installation. They are copied as they are; without the key nobody can read them.`,
		Instance: encrypted,
	},
	{
		ID:       "FERRY-318",
		Severity: migration.Blocking,
		Title:    "the record ID differs from another one by case or accents only",
		Remedy:   "MySQL takes both for one row: set records.rekey: always, or migrate one of them and begin the other anew under another ID, see docs/what-if.md#a-case-begun-anew",
		About:    `Joget tells such IDs apart, its database does not: by the usual collation ABC and abc are one key, and so are IDs that differ by accents or trailing spaces. The rows of the target and all running root instances of the source are searched. The copy would meet a duplicate key and park the instance.`,
		Personal: true,
		Instance: recordAlike,
	},
	{
		ID:       "FERRY-319",
		Severity: migration.Blocking,
		Title:    "a value of the record has no place on the target",
		Remedy:   "set records.create_tables: true where the target lacks the table or the column; mend on the target what else FERRY-304 to 309 of the app name; if none names the table, raise max_allowed_packet of the target's server; or empty the value on the source",
		About:    `Looks at the rows whose id is the record ID. Found where the target lacks the table or cannot write it safely, where the row is larger than max_allowed_packet of the target's server, and where the column of a value is missing, is too short or lacks one of its characters. The rules are those of the copy, which would park the instance with record_unsupported before it writes anything. Tables and columns are named, never values. Child rows are not examined. With records.create_tables a table or column that will be made (FERRY-327, FERRY-328) counts as there.`,
		Instance: valueRefused,
	},
	{
		ID:       "FERRY-320",
		Severity: migration.Blocking,
		Title:    "an upload of the record cannot be copied",
		Remedy:   "replace a symlink by its file, remove what is no file, or give the worker's account the right to read the folder",
		About:    `Uploads lie in a folder that Joget names by the record ID, URL-decoded and normalised. Found where that folder may not be read, is a symlink, or would lie outside of its table's, and where a symlink, a device, or a file called as our own partial files are lies in it. The copy would park the instance with file_refused, after its rows were written. Looked at are the rows whose id is the record ID and of which a file field names an upload; whether each file may be read, the copy tells.`,
		Personal: true,
		Instance: uploadRefused,
	},
	{
		ID:       "FERRY-322",
		Severity: migration.Warning,
		Title:    "the uploads of the record lie in the folder of another one",
		Remedy:   "migrate both and, if one has to be rolled back, roll back both; or set records.rekey: always, with which each has a folder of its own",
		About:    `Joget names the folder of a record's uploads by its ID, URL-decoded and normalised: A+1 and A 1 have one folder, and that of PO/2024 lies within that of PO. Each has the files of the other for its own, here and in Joget, and a rollback of one may take away what the other brought. The running root instances of the source are searched.`,
		Personal: true,
		Instance: sameFolder,
	},
	{
		ID:       "FERRY-323",
		Severity: migration.Blocking,
		Title:    "a key that names the record cannot take its new ID",
		Remedy:   "make the target's column a text of at least 36 characters; where the value differs from the ID by case, accents or trailing spaces, write the ID itself there on the source; or keep the old ID, as docs/what-if.md#record_id_is_instance_id and docs/what-if.md#record_conflict say",
		About:    `Looks at the record set of each record that gets a new ID: rows by which form definitions tie others to it, and records.rekey_columns. Found where the target's column is no text, is missing or too narrow, and where only the collation of the database takes a value for the ID, so that nobody can tell whether it means the record. Columns are named, with the number of rows. The copy applies the same rules before it writes anything.`,
		Instance: keyRefused,
	},
	{
		ID:       "FERRY-324",
		Severity: migration.Note,
		Title:    "the record gets a new ID on the target",
		Remedy:   "nothing; starter list -o csv has both IDs, for those who know the record by the old one",
		About:    `By records.rekey, or by resolve --action rekey. The decision belongs to the record: its instances share it, and it stays in the ledger whatever the setting says later. Rows, files and keys that form definitions name get the new ID with it. An instance that was planned before the decision shows it from the next plan on.`,
		Personal: true,
		Instance: recordRekeyed,
	},
	{
		ID:       "FERRY-325",
		Severity: migration.Warning,
		Title:    "what has the old ID of a record with a new one is not rewritten",
		Remedy:   "look what the column or variable means: name it in records.rekey_columns if it holds record IDs, and plan again; else leave it",
		About:    `A value counts where all of it is the old ID. Of each record with a new ID these are searched: its record set, and the variables of the instance and its open subflows. In the form tables of each app with such records all columns of text are searched once a plan, for 500 of its records at the most and a minute a table: that reads each table whole, a million rows of twenty columns in about ten seconds. Keys that form definitions name and records.rekey_columns are rewritten, and left out here. Columns and variables are named, with the number of rows, never values.`,
		Instance: oldIDLeft,
		Plan:     oldIDsLeft,
	},
	{
		ID:       "FERRY-326",
		Severity: migration.Blocking,
		Title:    "the record is on the target under its own ID already, and cannot get a new one",
		Remedy:   "roll back the instances named, and plan again: all of them move with the new ID then; or set records.rekey: needed, which leaves a record alone that can keep its ID",
		About:    `Both or none: an instance of the same record was migrated with the old ID, or one brought a row of that ID with its own record. Found for records that records.rekey gives a new ID. The ledger knows what was written, which files, which start was made, and who is at work on it now; what was rolled back does not count.`,
		Instance: recordStands,
	},
	{
		ID:       "FERRY-330",
		Severity: migration.Warning,
		Title:    "a copy of all data brought the record under its own ID, before it got a new one",
		Remedy:   "starter copy --delta --delete: it removes that row, which is ours and nobody's since, and rewrites the rows that name it; the instance can be migrated before or after",
		About:    `Rows of records with new IDs come with their instance; a copy of all data leaves them out, as soon as the decision is made. One that was made before has brought them as they were, and the target would have the record twice. Looked at are the rows whose id is the record ID; what was changed on the target since is not ours any more, and stays.`,
		Instance: recordBrought,
	},
}

func recordIsInstance(f *InstanceFacts, r Report) {
	if f.RecordIsInstance {
		r.By(f.byRekey()).Found(f.subject(), string(f.TargetRecord()))
	}
}

func recordMayCollide(f *InstanceFacts, r Report) {
	if f.mayCollide() {
		r.By(f.byRekey()).Found(f.subject(), fmt.Sprintf("%s; the target may hand out %d and above", f.TargetRecord(), f.Minted))
	}
}

func (f *InstanceFacts) mayCollide() bool {
	n, ok := instanceNumber(f.TargetRecord())
	return !f.RecordIsInstance && ok && f.Minted > 0 && n >= f.Minted
}

// TargetRecord returns the ID that the record of the instance has on the target.
func (f *InstanceFacts) TargetRecord() migration.RecordID {
	return cmp.Or(f.Rekey.Record, f.Instance.Record)
}

// NeedsNewID reports whether the record cannot be migrated under the ID that the facts
// say (FERRY-301, 302, 303, 310), and could be under one that nothing has.
func (f *InstanceFacts) NeedsNewID() bool {
	return f.RecordIsInstance || f.mayCollide() || f.RecordRefused != "" || f.Data != nil && len(f.Data.Differing) > 0 && f.Data.parks()
}

// byRekey is the switch that gives the record a new ID, while it is off.
func (f *InstanceFacts) byRekey() migration.Way {
	if f.Rekey.Record == "" && (f.Rekey.Policy == migration.RekeyNever || f.Rekey.Policy == "") {
		return migration.WayRekey
	}
	return ""
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
		r.By(f.byRekey()).Found(f.subject(), "record ID: "+f.RecordRefused)
	}
}

func rowDiffers(f *InstanceFacts, r Report) {
	if f.Data == nil {
		return
	}
	severity, what := migration.Warning, "; records.on_conflict is "+f.Data.OnConflict
	if f.Data.parks() {
		r, severity, what = r.By(f.byRekey()), migration.Blocking, ""
	}
	for _, table := range f.Data.Differing {
		r.FoundAs(severity, f.subject(), fmt.Sprintf("%s %q%s", formTable(table), f.TargetRecord(), what))
	}
}

// parks reports whether a row of the target that differs keeps the record from being copied.
func (d *DataFacts) parks() bool { return d.OnConflict != "overwrite" && d.OnConflict != "keep" }

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

func sameFolder(f *InstanceFacts, r Report) {
	if f.Data == nil {
		return
	}
	for _, other := range f.Data.SameFolder {
		r.Found(f.subject(), fmt.Sprintf("%q and %q", f.Instance.Record, other))
	}
}

func uploadRefused(f *InstanceFacts, r Report) {
	if f.Data != nil && len(f.Data.RefusedFiles) > 0 {
		r.Found(f.subject(), strings.Join(first(maxColumns, f.Data.RefusedFiles), ", "))
	}
}

func valueRefused(f *InstanceFacts, r Report) {
	if f.Data != nil && len(f.Data.Refused) > 0 {
		way := migration.WayCreateTables
		if len(f.Data.Stuck) > 0 {
			way = ""
		}
		r.By(way).Found(f.subject(), strings.Join(first(maxColumns, f.Data.Refused), ", "))
	}
}

func keyRefused(f *InstanceFacts, r Report) {
	if len(f.Rekey.Refused) > 0 {
		r.Found(f.subject(), strings.Join(first(maxColumns, f.Rekey.Refused), ", "))
	}
}

func recordRekeyed(f *InstanceFacts, r Report) {
	if f.Rekey.Record != "" {
		r.Found(f.subject(), fmt.Sprintf("%q becomes %q", f.Instance.Record, f.Rekey.Record))
	}
}

func oldIDLeft(f *InstanceFacts, r Report) {
	if f.Rekey.Record == "" {
		return
	}
	places := slices.Clone(f.Rekey.Mentions)
	for p := range f.Parts() {
		if !p.Instance.State.Open() {
			continue
		}
		for _, v := range p.Instance.Variables {
			if v.Value == string(f.Instance.Record) && !slices.Contains(f.Rekey.Columns.Variables[p.Instance.Definition.Key()], v.Name) {
				places = append(places, string(p.Path.Below(migration.ActivityDefID("variable "+v.Name))))
			}
		}
	}
	if len(places) > 0 {
		r.Found(f.subject(), strings.Join(first(maxColumns, places), ", "))
	}
}

func oldIDsLeft(f *PlanFacts, r Report) {
	for _, o := range f.OldIDs {
		if len(o.Places) > 0 {
			r.Found(o.App, fmt.Sprintf("%s; searched for %d of %d records", strings.Join(first(maxColumns, o.Places), ", "), o.Searched, o.Records))
		}
	}
}

func recordStands(f *InstanceFacts, r Report) {
	if len(f.Rekey.Users) == 0 {
		return
	}
	names := make([]string, len(f.Rekey.Users))
	for i, id := range f.Rekey.Users {
		names[i] = string(id)
	}
	r.Found(f.subject(), strings.Join(first(maxColumns, names), ", "))
}

func recordBrought(f *InstanceFacts, r Report) {
	if len(f.Rekey.Brought) > 0 {
		r.Found(f.subject(), "app_fd_"+strings.Join(first(maxColumns, f.Rekey.Brought), ", app_fd_"))
	}
}
