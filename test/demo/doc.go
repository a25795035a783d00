// Demo migrates 40 running instances between two simulated Joget servers and
// says whether all went as promised. The databases are on a real MariaDB, its
// own or that of FERRY_TEST_MYSQL, with the grants that README asks for;
// Temporal is the dev server of bin/temporal; worker and starter are the real
// binaries, run as an administrator runs them. In the middle it kills the worker
// while the target is starting instances.
//
// It judges by what it finds on both servers itself, and measures time and room.
// With --write-docs it writes what it printed and measured into the documents.
// Start reading at main.go, then story.go.
package main
