// Package apps holds the simulator's own Joget apps (XPDL, forms, mappings
// under data/) and writes them into Joget's tables the way an app import and a
// publish leave them.
//
//	leave    process1    approve, resubmit loop, XOR route; one record, uploads
//	procure  process1    start tools, AND split and join over three manual steps
//	onboard  onboarding  synchronous subflow "equipment", child rows in two levels;
//	                     a limit, a deadline, the performer of an earlier activity
//	         equipment   the subflow
//	         probation   no subflow; variables of every type
//	claims   every shape that a running instance can have, for those who ask for it:
//	         intake      start tools of every kind, resubmit loop
//	         assess      AND-join behind manual activities and behind a route
//	         nested      an AND split and join inside a branch of another
//	         choice      AND split with conditions
//	         rounds      loop back into the split while a branch waits at the join
//	         toolJoin, guardedJoin, sharedJoin
//	                     AND-joins behind a tool, behind a condition, and two behind one activity
//	         late        a start that would run through with the values of later
//	         dispute     mediation > sitting > evidence: subflows three deep, start
//	                     tools in the first, an AND-join in the last, no mapping there
//	         escalate    panel: a subflow that would run through with the values of later
//	         relay       relayDesk > relayEnd: subflows whose links are written late
//	         circular    circularCopy > circularFile: asynchronous subflows, of its start and
//	                     behind a wait, start tools in the first
//	         briefing    briefingDesk: a subflow that begins an asynchronous one
//
// Start reading at Load.
package apps
