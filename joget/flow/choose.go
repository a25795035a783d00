package flow

import (
	"slices"

	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// Choice says which values a start is to be given.
type Choice struct {
	// Send are those of today's values that process/start is given, in their
	// order; what it does not take is among them.
	Send []migration.Variable
	Path Path // what the start does with them
	// Initial: the variables that are not in Send have the initial values of the
	// definition when the start waits. They have to be set before the resume.
	Initial bool
}

// Later says which variables can be set when the start waits.
type Later int

// What can be set later.
const (
	TextsLater Later = iota // STRING, REFERENCE, PERFORMER: by API (docs/joget.md#setting-variables)
	AllLater                // any: by SQL (docs/joget.md#variables-written-by-sql)
)

func (l Later) sets(t xpdl.Type) bool { return l == AllLater || t.Text() }

// Choose finds values for process/start under which the start waits, since an
// instance that ran through cannot be resumed. today are the values that the
// instance shall have in the end. What the start does not take (BOOLEAN, DATETIME, null)
// it begins with as the definition says, whatever is chosen.
//
// They are what is sent when the start waits with them: so the start tools see what
// they would see in an instance like this one. Where it does not, the routes after
// the start may have been led past the first wait by what later activities set. A
// start without the texts then goes the way of a new instance, and they can be set
// afterwards; numbers are sent all the same, since only the start can set them
// (docs/joget.md#variables-at-the-start), unless later says otherwise: then one without
// any value is the last that is tried. The first is taken that is known to wait, also
// when today's path is Unknown: what is known is better than what is not. Where none
// waits, the choice is today's values with their path: Unknown may still be tried, Ends not.
func (w *Walker) Choose(today []migration.Variable, later Later) Choice {
	now := Choice{Send: today, Path: w.Walk(today)}
	if now.Path.Outcome == Waits {
		return now
	}
	for _, l := range []Later{TextsLater, AllLater}[:later+1] {
		sent := slices.DeleteFunc(slices.Clone(today), func(v migration.Variable) bool {
			declared, ok := w.definition.Process.Variable(v.Name)
			return ok && l.sets(declared.Type)
		})
		if path := w.Walk(sent); path.Outcome == Waits {
			return Choice{Send: sent, Path: path, Initial: true}
		}
	}
	return now
}
