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
//
// Start reading at Load.
package apps
