// Package workflows holds the Temporal workflows. A workflow decides the order of
// steps, waits, and takes the operator's updates. What a step does, and whether it
// may, its activity decides from the ledger. Start reading at instance.go.
package workflows
