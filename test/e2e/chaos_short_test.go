//go:build !chaos

package e2e_test

import "jogetferry/test/e2e/rig"

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

// peopleIncidents happen while people work, a wave runs and some are rolled back: one of
// each kind, since all that a dead worker held waits for half a minute.
func peopleIncidents() []incident {
	return []incident{
		kills("kill: POST effected", rig.Effected, false, calls("process/start")),
		kills("kill: activity started", rig.Effected, false, calls("activity/start")),
		kills("kill: aborted", rig.Effected, false, calls("process/abort")),
		does("cut: all", func(s *storm) bool { return s.cut(s.db, s.targetDB, s.sourceDB) }),
	}
}
