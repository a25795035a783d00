// Package e2e has the end-to-end tests: worker and starter as the processes that
// an operator runs, on two databases, uploads, a simulated Joget and a Temporal
// server. A case that a few steps describe is a folder of cases; what those
// cannot say is Go on a stage of rig. Start reading at cases_test.go.
package e2e
