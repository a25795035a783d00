// Package child runs servers that die with the process that started them, for
// the test packages and the demo beside it. It knows nothing of what it runs.
package child
