// Package temporaltest runs the Temporal development server for tests and the
// demo: the CLI binary that `make bin/temporal` builds, nothing is downloaded.
// New is for tests; Start is for those who stop, kill and restart it. With a
// DBFile the data and the port survive a restart.
//
// It registers no search attributes and no namespace but its own. Start reading
// at temporaltest.go.
package temporaltest
