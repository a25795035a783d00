package rehearsal

import "jogetferry/activities/target"

// Activities rehearse on the target.
type Activities struct{ *target.Activities }

// New returns the activities of a worker that calls the target.
func New(calls *target.Activities) *Activities { return &Activities{calls} }
