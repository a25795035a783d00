// Package workflows is the durable orchestration: one file per workflow, each
// a struct with setup and run. A workflow decides the order of steps, waits,
// and listens to the operator; what a step does and whether it may is decided
// in activities from the ledger. Start reading at instance.go.
package workflows
