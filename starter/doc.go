// Command starter is what operators steer a migration with: one verb per file,
// cmd_<verb>.go. It starts workflows, sends them updates and reads the ledger;
// it knows no credentials of a Joget server and links no workflow. What it
// prints on stdout is documented in docs/output.md and made by package report.
// Start reading at app.go.
package main
