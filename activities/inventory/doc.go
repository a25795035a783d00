// Package inventory finds what there is to migrate: it reads the running
// instances of the source page by page, gathers what the checks of package
// preflight need to know of each, its data, its users and both servers, and
// freezes the plan in the ledger. It changes neither server. Start reading at
// TakeInventory.
package inventory
