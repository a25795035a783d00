// Package step is what the steps of a migration have in common: the two servers
// and the ledger (Servers), an instance as the ledger has it when a step begins
// (Servers.Begin), how a step parks it (Park), asks for another attempt (WaitError)
// and fails (classify), and how an activity is made known to a Temporal worker
// (Register). Start reading at Servers.
package step
