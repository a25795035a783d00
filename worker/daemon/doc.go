// Package daemon is the worker as one function: Run connects to Temporal and the
// ledger, polls one task queue for each role, serves metrics and health, and
// finishes the calls under way when its context ends. It has no rule of the
// migration. register.go says which activities a role has, and what they work with.
package daemon
