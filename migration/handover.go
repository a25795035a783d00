package migration

import "slices"

// Handover is one call about who holds an open activity of the target: its offer
// is moved from one user to another or, where From is "", accepted by To.
type Handover struct {
	Activity ActivityID
	From, To User
}

// HeldBy reports whether an activity is offered to a user, accepted or not.
func (a *OpenActivity) HeldBy(u User) bool {
	return slices.ContainsFunc(a.Assignments, func(as Assignment) bool { return SameUser(as.User, u) })
}

// Unheld reports whether an open activity waits for somebody and is in nobody's inbox:
// its mapping is still evaluated, or the call that opened it failed before it
// wrote who has it (docs/joget.md#a-start-that-fails).
func (a *OpenActivity) Unheld() bool {
	return a.State == StateNotStarted && a.Performer == "" && len(a.Assignments) == 0
}

// DecideHandover returns the calls that would bring the holders of an activity
// of the target closer to those of the source's; nil when none can. Joget moves an
// offer from one user to another, and neither adds nor removes one. Whoever
// accepted it on the source holds it alone, so that an offer to him and his
// acceptance are enough. What somebody accepted on the target is his, and nobody of the
// source holds what the operator chose.
func DecideHandover(wanted, present OpenActivity) []Handover {
	if present.AcceptedBy != "" || wanted.Chosen {
		return nil
	}
	move := func(from, to User) Handover { return Handover{Activity: present.ID, From: from, To: to} }
	missing, extra := notHeld(wanted, present), notHeld(present, wanted)
	if acceptor := wanted.AcceptedBy; acceptor != "" && wanted.State == StateRunning {
		switch {
		case present.HeldBy(acceptor):
			return []Handover{{Activity: present.ID, To: acceptor}}
		case len(extra) > 0:
			return []Handover{move(extra[0], acceptor)}
		case len(present.Assignments) > 0:
			return []Handover{move(present.Assignments[0].User, acceptor)}
		}
		return nil
	}
	var list []Handover
	for i := range min(len(missing), len(extra)) {
		list = append(list, move(extra[i], missing[i]))
	}
	return list
}

// notHeld returns those who hold a and do not hold b.
func notHeld(a, b OpenActivity) []User {
	var users []User
	for _, as := range a.Assignments {
		if !b.HeldBy(as.User) {
			users = append(users, as.User)
		}
	}
	return users
}
