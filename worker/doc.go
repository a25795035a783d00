// Command worker runs workflows and activities of jogetferry: it reads
// ferry.yaml, FERRY_* and flags, connects to Temporal by its standard variables
// and file, and works until SIGTERM or SIGINT, after which it finishes the calls
// that are under way. What it does is in package internal/daemon.
package main
