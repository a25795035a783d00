// Package ferryd is the worker as a function: Run connects to Temporal and the
// ledger, polls one task queue per role and serves metrics and health until its
// context ends, then drains. The worker's main, end-to-end tests and the demo
// run the same code. It knows no rule of the migration; register.go is the one
// place that says which activities a role has, and what they work with.
package ferryd
