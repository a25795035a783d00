package api

import (
	"net/url"
	"strconv"
	"strings"

	"jogetferry/migration"
)

// UnaddressableError says that a value cannot be sent to Joget in its place, since
// its firewall or character guard would refuse or change it
// (docs/joget.md#path-parameters, docs/joget.md#refused-characters). Nothing was
// sent. It comes inside a *CallError of KindUnaddressable.
type UnaddressableError struct {
	Part   string // what the value is: "activity id"; never the value
	Reason string
}

// Error returns a text without the value.
func (u *UnaddressableError) Error() string { return u.Part + " " + u.Reason }

// CheckRecordID reports why process/start cannot carry record, nil if it can.
func CheckRecordID(record migration.RecordID) error {
	if u := guarded("record id", string(record)); u != nil {
		return u
	}
	return nil
}

// CheckUser reports why user cannot be given to a reassignment or be a
// requester, nil if it can.
func CheckUser(user migration.User) error {
	if u := guarded("user name", string(user)); u != nil {
		return u
	}
	return nil
}

// CheckVariableName reports why name cannot be sent as var_<name>, nil if it
// can: Joget removes "var_" everywhere in the parameter's name.
func CheckVariableName(name string) error {
	if name == "" {
		return &UnaddressableError{"variable name", "is empty"}
	}
	if strings.Contains(name, "var_") {
		return &UnaddressableError{"variable name", `contains "var_", which Joget removes`}
	}
	return nil
}

// guarded checks a value that reaches a method of Joget's WorkflowManager.
// Source: SqlFilterAspect.
func guarded(part, value string) *UnaddressableError {
	switch {
	case value == "":
		return &UnaddressableError{part, "is empty"}
	case strings.ContainsAny(value, " ();"):
		return &UnaddressableError{part, "contains a space, parenthesis or semicolon"}
	case strings.Contains(value, "/*"):
		return &UnaddressableError{part, "contains the start of a comment"}
	}
	return nil
}

// segment escapes a value for use as one path segment. Besides the guard,
// Spring's StrictHttpFirewall refuses what it takes for an attack even when
// escaped, and Joget decodes the segment a second time, so that "+" would
// arrive as a space.
func segment(part, value string) (string, *UnaddressableError) {
	if u := guarded(part, value); u != nil {
		return "", u
	}
	switch {
	case strings.ContainsAny(value, `/\%+`):
		return "", &UnaddressableError{part, "contains a slash, backslash, percent or plus sign"}
	case strings.ContainsFunc(value, func(r rune) bool { return r < 0x20 || r == 0x7f }):
		return "", &UnaddressableError{part, "contains a control character"}
	case strings.HasSuffix(value, "."):
		return "", &UnaddressableError{part, "ends in a dot, which Joget drops"}
	}
	return url.PathEscape(value), nil
}

// definitionSegment returns the URL form of def, "package:version:process".
func definitionSegment(def migration.DefinitionID) (string, *UnaddressableError) {
	const part = "process definition id"
	_, err := strconv.ParseUint(def.Version, 10, 63)
	switch {
	case strings.ContainsAny(def.Package+def.Process, "#:"):
		return "", &UnaddressableError{part, "has more than three parts"}
	case strings.Contains(def.Package, migration.Latest), strings.Contains(def.Process, migration.Latest):
		// Joget replaces the text wherever it stands in the whole id.
		return "", &UnaddressableError{part, `contains "latest" in the package or process`}
	case def.Version != migration.Latest && err != nil:
		return "", &UnaddressableError{part, "has a version that is not a number"}
	}
	for _, value := range []string{def.Package, def.Process} {
		if _, u := segment(part, value); u != nil {
			return "", u
		}
	}
	return url.PathEscape(def.Package) + ":" + def.Version + ":" + url.PathEscape(def.Process), nil
}
