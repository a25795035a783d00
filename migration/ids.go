package migration

import (
	"fmt"
	"strconv"
	"strings"
)

// Identifiers are distinct types, so that a record ID cannot be passed where
// an instance ID is meant. They are compared as bytes, never by a database
// collation: Joget (Java) tells "ABC" from "abc", MySQL's default does not. Users
// are the exception, see SameUser.
type (
	// InstanceID names a process instance on one server: SHKProcesses.Id,
	// "<counter>_<packageId>_<processKey>". Source and target count
	// independently, so the same ID means different instances on each.
	InstanceID string
	// ActivityID names an activity instance: SHKActivities.Id.
	ActivityID string
	// ActivityDefID names a step of the model: SHKActivities.ActivityDefinitionId.
	ActivityDefID string
	// RecordID is the primary key of form rows: wf_process_link.originProcessId
	// of an instance, or the instance ID where there is no link.
	RecordID string
	// User is a Joget user name (dir_user.username), not dir_user.id.
	User string
)

// Fold returns the one spelling that stands for all spellings of a user.
func (u User) Fold() User { return User(fold(string(u))) }

// SameUser reports whether two names mean one user: Joget keeps a requester as
// typed at the login and an assignee in the spelling that was seen first, and lets
// the database find either (docs/joget.md#names-and-collations). Case and spaces at
// the end do not count. The usual collation ignores accents as well; here they count,
// since "jose" and "josé" may be two people on a server with another collation.
func SameUser(a, b User) bool { return a == b || a.Fold() == b.Fold() }

// SameText compares names and IDs of Joget's directory, as SameUser does users.
func SameText(a, b string) bool { return a == b || fold(a) == fold(b) }

// fold drops what the usual collation does not tell apart, but for accents. Upper
// before lower case: some letters have two small ones.
func fold(s string) string { return strings.ToLower(strings.ToUpper(strings.TrimRight(s, " "))) }

// Names that the ledger keeps its rows under, each a type of its own for the
// same reason.
type (
	// Name names a migration, such as "crm-2026": a-z, 0-9 and "-", at most 63,
	// beginning with a letter or digit. It is part of every workflow ID. "" is none.
	Name string
	// WaveName names a wave within its migration: a-z, A-Z, 0-9, ".", "_" and "-",
	// at most 63, beginning with a letter or digit, or the wave's number, from 1,
	// where the operator gave no name. It is part of the wave's workflow ID. "" is no
	// wave: an entry that none has taken, a filter for entries of any wave. A new wave
	// with "" gets its number from the ledger.
	WaveName string
	// Fingerprint tells one server from all others: 24 hexadecimal digits, made by
	// Server.Fingerprint. "" is a server that this worker does not reach.
	Fingerprint string
	// LedgerID tells one ledger from all others: 12 hexadecimal digits, made with
	// its tables.
	LedgerID string
	// Token makes a request to the ledger repeatable: the same token again gets what
	// it got before. It names one scheduling of an activity,
	// "<run ID>/<activity ID>", or one attempt, "<run ID>/<activity ID>/<attempt>".
	// The ledger compares tokens and reads nothing in them. "" is none.
	Token string
)

// DefinitionID names one version of a process definition.
type DefinitionID struct {
	Package string // app ID
	Version string // package (XPDL) version, decimal, or Latest
	Process string // process definition key
}

// Latest stands for the package version of the published app version.
const Latest = "latest"

// ParseDefinitionID parses "package#version#process" (database form) or
// "package:version:process" (URL form). The version is a decimal number or Latest.
func ParseDefinitionID(s string) (DefinitionID, error) {
	parts := strings.Split(strings.ReplaceAll(s, ":", "#"), "#")
	if len(parts) != 3 || parts[0] == "" || parts[2] == "" {
		return DefinitionID{}, fmt.Errorf("process definition %q: want package#version#process", s)
	}
	if parts[1] != Latest {
		if _, err := strconv.ParseUint(parts[1], 10, 63); err != nil {
			return DefinitionID{}, fmt.Errorf("process definition %q: version %q is neither a number nor %q", s, parts[1], Latest)
		}
	}
	return DefinitionID{Package: parts[0], Version: parts[1], Process: parts[2]}, nil
}

// String returns the database form, "package#version#process".
func (d DefinitionID) String() string { return d.Package + "#" + d.Version + "#" + d.Process }

// URL returns the form used in JSON API paths, "package:version:process".
func (d DefinitionID) URL() string { return d.Package + ":" + d.Version + ":" + d.Process }

// Key returns "package/process", the name of the definition whatever its version.
func (d DefinitionID) Key() string { return d.Package + "/" + d.Process }

// IsZero reports whether d names nothing.
func (d DefinitionID) IsZero() bool { return d == DefinitionID{} }

// MarshalText returns the database form.
func (d DefinitionID) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText parses either form; see ParseDefinitionID.
func (d *DefinitionID) UnmarshalText(text []byte) error {
	parsed, err := ParseDefinitionID(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
