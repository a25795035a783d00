// Demo migrates 40 running instances between two simulated Joget servers and
// says whether all went as promised. It needs nothing but Go: databases are
// in-process (package mysqld), Temporal is the dev server of bin/temporal, and
// worker and starter are the real binaries, run as an administrator runs them.
// In the middle it kills the worker while the target is starting instances.
// Start reading at main.go, then story.go.
package main
