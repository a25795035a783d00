// Command simulator is a believable Joget server: the JSON API over a workflow
// engine that keeps its whole state in Joget's own MySQL tables, with faults on
// demand. Tests and the demo migrate from one simulator to another.
//
//	simulator schema create --dsn DSN    make an empty database a fresh server
//	simulator apps load --dsn DSN        import the simulator's apps
//	simulator serve --dsn DSN            serve http://HOST:PORT/jw
package main
