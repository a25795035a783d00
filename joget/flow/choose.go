package flow

import (
	"slices"

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

// Choose finds values for process/start under which the start waits, since an
// instance that ran through cannot be resumed. today are the values that the
// instance shall have in the end.
//
// They are what is sent when the start waits with them: so the start tools see what
// they would see in an instance like this one. Where it does not, the routes after
// the start may have been led past the first wait by what later activities set. A
// start without the texts (STRING, REFERENCE, PERFORMER) then goes the way of a new
// instance, and they can be set afterwards by API; numbers are sent all the same,
// since only the start can set them (docs/joget.md#variables-at-the-start,
// docs/joget.md#setting-variables). That is taken when it is known to wait, also
// when today's path is Unknown: what is known is better than what is not. Where
// neither waits, the choice is today's values with their path: Unknown may still be
// tried, Ends not.
func (w *Walker) Choose(today []migration.Variable) Choice {
	now := Choice{Send: today, Path: w.Walk(today)}
	if now.Path.Outcome == Waits {
		return now
	}
	numbers := slices.DeleteFunc(slices.Clone(today), func(v migration.Variable) bool {
		declared, ok := w.definition.Process.Variable(v.Name)
		return ok && declared.Type.Text()
	})
	if mixed := w.Walk(numbers); mixed.Outcome == Waits {
		return Choice{Send: numbers, Path: mixed, Initial: true}
	}
	return now
}
