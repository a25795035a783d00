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
//	permits  what takes more than the JSON API to continue:
//	         permit, visit   start tools; records that name one another
//	         typed           BOOLEAN and numbers that decide, and that an open activity has
//	                         from before
//	         dated > hearing, zoning > surveying
//	                         values of every type that go into subflows and come back
//	         cleared, wiped  nulls
//	         publish > notice > delivery
//	                         asynchronous subflows, two deep
//	         apply > registration
//	                         one on the start path, with start tools of its own
//	         waiting > delivery
//	                         the same as a subflow that is waited for
//	         sealing, crashing
//	                         tools that may hang, and one that always does
//
// Start reading at Load.
package apps
