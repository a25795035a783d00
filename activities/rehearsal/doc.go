// Package rehearsal takes an instance that was migrated to its end on the target,
// assignment by assignment (RehearseStep), and takes it away again
// (AbortRehearsed). Start reading at RehearseStep.
package rehearsal
