//go:build chaos

package e2e_test

// The long storm of make chaos: every incident several times, and then some at
// random until the wave is through.
const (
	stormInstances = 220
	stormTimes     = 3
	stormRandom    = 20
)
