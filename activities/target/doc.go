// Package target makes the instance of a source on the target: it starts it
// once (StartProcess, ReconcileStart), puts back what the start changed
// (RestoreState), opens the activities that are open on the source
// (ResumeActivity), takes it away again (AbortTarget) and carries out what the
// operator decided (ResolveInstance). Every call that changes the target goes
// through a fence in the ledger, and nothing that people did is undone unless
// the operator gives it up (Guard).
//
// Start reading at start.go, then reconcile.go and resume.go; the protocols are
// in docs/adr/0002-start-protocol.md and 0003-resume-by-convergence.md.
package target
