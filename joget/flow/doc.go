// Package flow follows process definitions as the engine would, without a
// server: what a start or the start of one activity runs and where it waits
// (Walker), how branches that wait at AND-joins can be made to wait there again
// (PlanJoins), and which way an instance takes after an activity (Decisions).
// It is pure: definitions and values in, answers out. Start reading at
// NewWalker, then Walker.Walk.
//
// What cannot be known is Unknown, with the reason, and never a guess. The rules of
// the engine are those of docs/joget.md#what-calls-do,
// docs/joget.md#start-activities and docs/joget.md#subflows; what follows from them
// for a migration is in docs/adr/0005-faithful-continuation.md.
//
// Conditions are evaluated by an ECMAScript engine that is not Joget's: what
// only Joget's knows (Java classes, hash variables) is unknown. A condition is
// evaluated once per combination of the values it mentions, in an engine of its
// own, for at most a second; its memory is not bounded.
package flow
