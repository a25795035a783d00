package preflight

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"jogetferry/migration"
)

var servers = []Check{
	{
		ID:       "FERRY-101",
		Severity: migration.Blocking,
		Title:    "source and target are the same server",
		Remedy:   "point source.database and target.database at two different Joget databases",
		About:    `Both databases report the same host, port and schema, whatever address was configured.`,
		Copying:  sameServer,
	},
	{
		ID:       "FERRY-102",
		Severity: migration.Blocking,
		Title:    "the target's JSON API does not answer",
		Remedy:   "check target.url (http://host:port/jw) and that the server is up",
		About:    `The first call is currentUsername; without an answer nothing else is tried. The second is the list of running processes, which fails as a whole when the definition of one of them cannot be loaded.`,
		Calling:  targetUnreachable,
	},
	{
		ID:       "FERRY-103",
		Severity: migration.Blocking,
		Title:    "the target does not accept the login of target.admin",
		Remedy:   "check user name and password of target.admin; Joget treats a wrong login as anonymous",
		About:    `Asks currentUsername with exactly these credentials. A wrong login is no error for Joget: it goes on as anonymous.`,
		Calling:  adminRefused,
	},
	{
		ID:       "FERRY-104",
		Severity: migration.Blocking,
		Title:    "target.admin is not an administrator",
		Remedy:   "give the user ROLE_ADMIN on the target",
		About:    `Tried by listing the running processes, which only an administrator can.`,
		Calling:  adminRights,
	},
	{
		ID:       "FERRY-105",
		Severity: migration.Blocking,
		Title:    "the master login does not work on the target",
		Remedy:   "set the master login in the target's general settings, and target.master to the same values",
		About:    `Logs in as the administrator through the master login. A wrong master password is no error for Joget: starts would run as roleAnonymous.`,
		Calling:  masterRefused,
	},
	{
		ID:       "FERRY-106",
		Severity: migration.Blocking,
		Title:    "target.url and target.database belong to different servers",
		Remedy:   "point both at one server: a login at target.url has to show up in the audit trail of target.database, which may not be a replica",
		About:    `What the database says decides whether a start is repeated, so both have to be one server.`,
		Calling:  notPaired,
	},
	{
		ID:       "FERRY-107",
		Severity: migration.Blocking,
		Title:    "this migration's name is bound to other servers",
		Remedy:   "use the servers it was planned with, or another migration name",
		About:    `The first plan of a migration binds its name to both servers; the ledger maps instances between these two only.`,
		Copying:  otherServers,
	},
	{
		ID:       "FERRY-108",
		Severity: migration.Warning,
		Title:    "the source account may write",
		Remedy:   "give source.database an account with SELECT only; every connection is read-only all the same",
		About:    `Found by SHOW GRANTS. Every session is read-only and nothing is ever written; an account that cannot write proves it.`,
		Copying:  sourceWritable,
	},
	{
		ID:       "FERRY-109",
		Severity: migration.Blocking,
		Title:    "the source uploads cannot be read",
		Remedy:   "point source.uploads at the folder app_formuploads of the source, mounted on the copy worker or on an SFTP server",
		About:    `Tried on the copy worker that answered; every copy worker needs the mount, or the key and the host key of the SFTP server. A host key that changed is told with its fingerprint; docs/what-if.md#an-sftp-server-shows-another-host-key says what to do.`,
		Copying:  sourceUploads,
	},
	{
		ID:       "FERRY-110",
		Severity: migration.Blocking,
		Title:    "the target uploads cannot be written",
		Remedy:   "point target.uploads at the folder app_formuploads of the target, writable for the copy worker or for the account of the SFTP server",
		About:    `Tried on the copy worker that answered: the system is asked for the right to write, and on an SFTP server, which cannot be asked, a file is written and removed at once. A host key that changed is told with its fingerprint; docs/what-if.md#an-sftp-server-shows-another-host-key says what to do.`,
		Copying:  targetUploads,
	},
	{
		ID:       "FERRY-111",
		Severity: migration.Blocking,
		Title:    "the target refuses every JSON call (Referer and IP whitelist)",
		Remedy:   "reach the target by the host name of target.url without a proxy that changes Host or Referer",
		About:    `Every call carries a Referer of the host of target.url, which Joget accepts when the Host header agrees; see jsonpWhitelist and jsonpIPWhitelist in its general settings.`,
		Calling:  refererRefused,
	},
	{
		ID:       "FERRY-112",
		Severity: migration.Blocking,
		Title:    "the target's counters stand below what was seen before",
		Remedy:   "the target was restored from a backup: what was started since then is gone; see docs/what-if.md#target_rewound",
		About:    `ID counters only grow. Instances that were started after the backup do not exist any more, and their IDs will be given to others.`,
		Calling:  targetRewound,
	},
	{
		ID:       "FERRY-113",
		Severity: migration.Blocking,
		Title:    "this version of Joget is not supported",
		Remedy:   "upgrade the server: the source has to be v4 or later, the target v5 or later",
		About:    `The tables show the generation: each has some that the one before lacks. Before v5 a start takes no record ID, so a v4 server can only be a source.`,
		Copying:  versionUnsupported,
	},
	{
		ID:       "FERRY-114",
		Severity: migration.Warning,
		Title:    "the target runs an older Joget than the source",
		Remedy:   "migrate to the same or a newer version; else test every plugin, form and character on the target first",
		About:    `The tables show the generation. An older server may lack plugins, form columns and characters outside utf8mb3.`,
		Copying:  targetOlder,
	},
	{
		ID:       "FERRY-115",
		Severity: migration.Warning,
		Title:    "the servers' clocks differ by more than 30 seconds",
		Remedy:   "let all of them follow one time server (NTP): deadlines and the order of events depend on it",
		About: `The clocks of both databases are compared with that of the copy worker, and the time that the target's HTTP answers
carry (header Date) with that of the joget worker.`,
		Copying: databaseClocks,
		Calling: callClock,
	},
	{
		ID:       "FERRY-116",
		Severity: migration.Warning,
		Title:    "the target does not have enough space for the uploads",
		Remedy:   "make room on the file system of target.uploads, or migrate in parts",
		About:    `Found after the inventory: the bytes of the files to copy (FERRY-313) against what the copy worker may still write to target.uploads. An SFTP server without statvfs@openssh.com does not tell, and then there is no such finding. Files that were copied already count again, so less may be left to copy. A file that finds no room is tried again until there is some.`,
		Plan:     spaceShort,
	},
	{
		ID:       "FERRY-117",
		Severity: migration.Warning,
		Title:    "the Temporal namespace deletes closed workflows within 7 days",
		Remedy:   "temporal operator namespace update --retention 720h -n NAMESPACE",
		About:    `Nothing is migrated twice after that: the ledger remembers. But the web UI no longer shows what was done with an instance, call by call.`,
		Engine:   retentionShort,
	},
	{
		ID:       "FERRY-118",
		Severity: migration.Blocking,
		Title:    "the Temporal namespace lacks a search attribute, or has it with another type",
		Remedy:   "let an administrator add it with type Keyword, or use another namespace",
		About:    `A worker adds them when it starts. A workflow that sets a missing one cannot start.`,
		Engine:   searchAttributes,
	},
	{
		ID:       "FERRY-119",
		Severity: migration.Note,
		Title:    "people work on the source now",
		Remedy:   "migrate when nobody does, or lock them out: an instance that moves meanwhile is parked as docs/what-if.md#source_moved",
		About:    `Counts the activities of open instances that somebody accepted or completed in the last ten minutes.`,
		Copying:  sourceInUse,
	},
	{
		ID:       "FERRY-120",
		Severity: migration.Note,
		Title:    "people work on the target now, in apps that instances are migrated to",
		Remedy:   "nothing, if the target is in service already: instances of its own are not touched",
		About:    `Counts as FERRY-119 does, on the target. People can work on a migrated instance as soon as it is there.`,
		Copying:  targetInUse,
	},
	{
		ID:       "FERRY-121",
		Severity: migration.Blocking,
		Title:    "the target's database server is read-only",
		Remedy:   "make it writable, or let target.database lead to the primary: it may be a replica, or be waiting for somebody after a failover",
		About:    `Found by @@read_only and the variables like it. An account that can write in spite of them would write to a replica, so its rights make no difference. A wave waits while the server is read-only.`,
		Copying:  targetReadOnly,
	},
	{
		ID:       "FERRY-122",
		Severity: migration.Blocking,
		Title:    "variables cannot be written into the tables of the target's engine",
		Remedy:   "grant the account of target.database SELECT and UPDATE on SHKProcessData and SHKActivityData, or set engine_writes: none",
		About:    `Only where engine_writes is variables. Found by a change of no row, which is refused to who may not change any, and by the types of the columns: tables that are not as the engine makes them are not written.`,
		Calling:  variablesUnwritable,
	},
	{
		ID:       "FERRY-123",
		Severity: migration.Warning,
		Title:    "the SFTP server of the target's uploads cannot do all that is wanted",
		Remedy:   "use OpenSSH's sftp-server 6.5 or later, or mount the folder",
		About:    `Extensions of SFTP that OpenSSH has and others may not: fsync@openssh.com, by which a file is on the disk before it gets its name; posix-rename@openssh.com, by which it takes the place of another in one step; statvfs@openssh.com, which tells the free space.`,
		Copying:  uploadsLack,
	},
	{
		ID:       "FERRY-124",
		Severity: migration.Warning,
		Title:    "records.create_tables is on, and the target account may not make tables",
		Remedy:   "grant the account of target.database CREATE and ALTER on the target's database; or set records.create_tables: false",
		About:    `Found by SHOW GRANTS; what a role gives may not show there. Nothing is lost without the grant: an instance whose rows need a table or column is parked with record_unsupported, and starter copy --create-tables ends before it copies anything.`,
		Copying:  tablesUnmakeable,
	},
}

func uploadsLack(f *CopyingFacts, r Report) {
	if len(f.TargetUploadsLack) > 0 {
		r.Found("target", strings.Join(f.TargetUploadsLack, "; "))
	}
}

func sameServer(f *CopyingFacts, r Report) {
	if f.Source == f.Target {
		r.Found("source", "")
	}
}

func targetUnreachable(f *CallingFacts, r Report) {
	if f.Unreachable != "" {
		r.Found("target", f.Unreachable)
	}
}

func adminRefused(f *CallingFacts, r Report) {
	if f.AdminRefused {
		r.Found("target", "")
	}
}

func adminRights(f *CallingFacts, r Report) {
	if f.AdminRights != "" {
		r.Found("target", f.AdminRights)
	}
}

func masterRefused(f *CallingFacts, r Report) {
	seen := f.MasterRefused
	if seen == "" {
		return
	}
	if f.MasterUnset {
		seen += "; the target has none (masterLoginUsername, masterLoginPassword)"
	}
	r.Found("target", seen)
}

func notPaired(f *CallingFacts, r Report) {
	if f.NotPaired {
		r.Found("target", "")
	}
}

func otherServers(f *CopyingFacts, r Report) {
	if f.BoundElsewhere {
		r.Found(string(f.Migration), "")
	}
}

func sourceWritable(f *CopyingFacts, r Report) {
	switch f.SourceGrants {
	case GrantsWrite:
		r.Found("source", "")
	case GrantsUnknown:
		r.Found("source", "its grants cannot be read")
	case GrantsRead:
	}
}

func sourceUploads(f *CopyingFacts, r Report) {
	if f.SourceUploads != "" {
		r.Found("source", f.SourceUploads)
	}
}

func targetUploads(f *CopyingFacts, r Report) {
	if f.TargetUploads != "" {
		r.Found("target", f.TargetUploads)
	}
}

func refererRefused(f *CallingFacts, r Report) {
	if f.RefererRefused {
		r.Found("target", f.Whitelists)
	}
}

func targetRewound(f *CallingFacts, r Report) {
	if f.Rewound {
		r.Found("target", "")
	}
}

// The oldest generations that can be migrated from and to.
const (
	oldestSource = 4
	oldestTarget = 5
)

func versionUnsupported(f *CopyingFacts, r Report) {
	for _, s := range []struct {
		subject            string
		generation, oldest int
	}{{"source", f.SourceGeneration, oldestSource}, {"target", f.TargetGeneration, oldestTarget}} {
		switch {
		case s.generation == 0:
			r.Found(s.subject, "its tables are not those of Joget v3 to v8")
		case s.generation < s.oldest:
			r.Found(s.subject, fmt.Sprintf("v%d", s.generation))
		}
	}
}

func targetOlder(f *CopyingFacts, r Report) {
	if f.TargetGeneration != 0 && f.TargetGeneration < f.SourceGeneration {
		r.Found("target", fmt.Sprintf("v%d -> v%d", f.SourceGeneration, f.TargetGeneration))
	}
}

// maxSkew is how far clocks may be apart.
const maxSkew = 30 * time.Second

func databaseClocks(f *CopyingFacts, r Report) {
	earliest, latest := min(f.SourceClock, f.TargetClock, 0), max(f.SourceClock, f.TargetClock, 0)
	if latest-earliest > maxSkew {
		r.Found("source and target", fmt.Sprintf("source database %s, target database %s", ahead(f.SourceClock), ahead(f.TargetClock)))
	}
}

func callClock(f *CallingFacts, r Report) {
	if f.Clock.Abs() > maxSkew {
		r.Found("target", "target.url "+ahead(f.Clock))
	}
}

// ahead says how far a clock is ahead of the worker's.
func ahead(d time.Duration) string {
	if d < 0 {
		return fmt.Sprintf("%s behind the worker", -d.Round(time.Second))
	}
	return fmt.Sprintf("%s ahead of the worker", d.Round(time.Second))
}

func spaceShort(f *PlanFacts, r Report) {
	if f.FreeBytes == nil {
		return
	}
	var needed int64
	for _, a := range f.Amounts {
		needed += a.FileBytes
	}
	if needed > *f.FreeBytes {
		r.Found("target", fmt.Sprintf("%d bytes to copy, %d bytes free", needed, *f.FreeBytes))
	}
}

const minRetention = 7 * 24 * time.Hour

func retentionShort(f *EngineFacts, r Report) {
	if f.Retention != 0 && f.Retention < minRetention {
		r.Found("namespace "+f.Namespace, days(f.Retention))
	}
}

func days(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d%day != 0:
		return d.String()
	case d == day:
		return "1 day"
	}
	return fmt.Sprintf("%d days", d/day)
}

func searchAttributes(f *EngineFacts, r Report) {
	for _, name := range f.MissingAttributes {
		r.Found("namespace "+f.Namespace, name+" is missing")
	}
	for _, name := range slices.Sorted(maps.Keys(f.MistypedAttributes)) {
		r.Found("namespace "+f.Namespace, name+" is "+f.MistypedAttributes[name])
	}
}

func sourceInUse(f *CopyingFacts, r Report) {
	if len(f.SourceWork) > 0 {
		r.Found("source", doneByApp(f.SourceWork))
	}
}

// doneByApp says how much people did.
func doneByApp(byApp map[string]int) string {
	var parts []string
	for _, app := range slices.Sorted(maps.Keys(byApp)) {
		parts = append(parts, fmt.Sprintf("%s: %d", app, byApp[app]))
	}
	return "activities in ten minutes: " + strings.Join(parts, ", ")
}

func targetInUse(f *CopyingFacts, r Report) {
	if len(f.TargetWork) > 0 {
		r.Found("target", doneByApp(f.TargetWork))
	}
}

func targetReadOnly(f *CopyingFacts, r Report) {
	if f.TargetReadOnly != "" {
		r.Found("target", f.TargetReadOnly+" is on")
	}
}

func tablesUnmakeable(f *CopyingFacts, r Report) {
	if f.NoTables {
		r.Found("target", "")
	}
}

func variablesUnwritable(f *CallingFacts, r Report) {
	if f.Unwritable != "" {
		r.Found("target", f.Unwritable)
	}
}
