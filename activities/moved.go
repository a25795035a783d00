package activities

import (
	"slices"

	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// workedOn reports whether somebody accepted or completed a manual activity
// among all of a target instance, closed ones included, or a deadline fired: work that must not be aborted. We do
// none of these ourselves.
func workedOn(process *xpdl.Process, all []schema.Activity) bool {
	return slices.ContainsFunc(all, func(a schema.Activity) bool {
		if a.State == migration.StateTerminated {
			return true
		}
		definition := process.Activity(string(a.DefID))
		return definition != nil && definition.Kind == xpdl.Manual && a.State != migration.StateAborted &&
			(a.State == migration.StateCompleted || a.State == migration.StateRunning || a.AcceptedBy != "")
	})
}

// sameMoment reports whether two reads of a source instance show it unmoved:
// same activity instances, row versions, state times and variables. A loop
// comes back to the same definitions, so those alone say nothing.
func sameMoment(a, b *migration.Instance) bool {
	if a.State != b.State || a.Version != b.Version || a.StateTime != b.StateTime || a.Record != b.Record ||
		a.Definition != b.Definition || a.Requester != b.Requester ||
		len(a.Children) != len(b.Children) || !slices.Equal(a.Tokens, b.Tokens) || !slices.Equal(a.Variables, b.Variables) {
		return false
	}
	return slices.EqualFunc(a.Activities, b.Activities, func(x, y migration.OpenActivity) bool {
		return x.ID == y.ID && x.State == y.State && x.Version == y.Version && x.StateTime == y.StateTime &&
			x.AcceptedBy == y.AcceptedBy && slices.Equal(x.Variables, y.Variables)
	})
}
