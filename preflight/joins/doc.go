// Package joins decides how the branches that wait at AND-joins can be made to
// wait there again on the target: by starting the activity that a branch came
// from, and completing it, where that does nothing else. It is pure: it reads
// definitions, and talks to no server. Start reading at Plan; the rules are
// those of docs/adr/0005-faithful-continuation.md and CONTRACT 3.5, 3.6 and 3.9.
package joins
