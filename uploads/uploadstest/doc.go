// Package uploadstest is the conformance suite of uploads.Store: every backend
// runs it from its own test. It knows no backend. Start reading at Run.
package uploadstest
