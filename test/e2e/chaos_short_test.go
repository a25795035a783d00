//go:build !chaos

package e2e_test

// The short storm: every incident once, for the tests of every day.
const (
	stormInstances = 70
	treeInstances  = 60
	stormTimes     = 1
	stormRandom    = 0

	peopleInstances = 36
	peopleRollbacks = 4 // in each round, and as many are done anew

	flightInstances = 24
)

// flightNames are the flights of every day: all in one.
var flightNames = []string{"everything"}
