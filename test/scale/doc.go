// Scale measures large migrations: a plan of many instances, waves with one worker and with
// more, each in a network namespace of its own, one of which is cut off in the middle; and
// a ledger of a million entries. It says whether all went as promised, and writes what it
// measured as a page of the documents. Databases, Temporal, worker and starter are real; the
// target is the simulator. Start reading at main.go, then wave.go and ledger.go.
package main
