// Package config reads what an operator configures: defaults, below
// ferry.yaml, below FERRY_* variables, below flags, into one typed Config. It
// is strict: a key that it does not know is a mistake, and Validate tells all
// mistakes at once, each with what to do, none with the value of a secret. It
// knows nothing of Temporal's connection, which has its own standard variables
// and file. Start reading at keys.go, the one table of keys.
package config
