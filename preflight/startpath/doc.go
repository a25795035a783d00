// Package startpath finds out what a start of a process definition runs before
// anybody is asked: it walks the definition from its start activities to the
// first activities that wait, under the values that process/start is given.
// What cannot be known is Unknown, with the reason, and never a guess. Start
// reading at New, then Walker.Walk; Walker.Choose finds values under which a
// start waits, and Walker.Activate follows a single activity of an instance. The
// rules are those of CONTRACT 3.2, 3.5, 3.6, 3.9, 7.3 and 7.4.
//
// Conditions are evaluated by an ECMAScript engine that is not Joget's: what
// only Joget's knows (Java classes, hash variables) is unknown. A condition is
// evaluated once per combination of the values it mentions, in an engine of its
// own, for at most a second; its memory is not bounded.
package startpath
