// Package activitytest runs activities as a worker does, against real servers in
// this process, and proves what they did. Of activities it knows the ports only,
// so that the tests of each package of them can use it.
//
// A Stage is what a migration runs between: a source and a target with Joget's
// tables, the simulator's apps and uploads folders, a simulated Joget on the
// target, and a ledger. Making one takes seconds, so all tests of a package share
// Shared, which needs
//
//	func TestMain(m *testing.M) { os.Exit(activitytest.Main(m)) }
//
// A Case is one test on a stage. It has a migration, server fingerprints and a
// door to the target of its own, so that cases run in parallel: claims, marks,
// logs and faults of one are none of another. What concerns a whole server, such
// as its counters, its settings or all that is open on it, is for a stage of
// one's own: New. Server is one server without apps, to be filled by hand.
//
// An Instance is a process instance of a case. Its life, for a test of resuming:
//
//	c := activitytest.Shared(t).Case(t)
//	in := c.Begin(activitytest.Begin{Process: "claims/assess", Requester: "cat"})
//	c.Source.Complete(in.ID, "triage", "tina", nil) // a person on the source
//	in.Plan()                                       // an entry of the ledger, ready
//	in.Copy()                                       // snapshot, rows and files
//	in.Start()                                      // a target instance, ours in the ledger
//	out, err := activitytest.Run(t, register, contract.ResumeActivity, contract.ResumeInput{StepInput: in.Step()})
//	cmp.Diff(in.OnSource(), in.OnTarget())          // who has what open, variables, joins
//
// where register makes the activities known that were made of c.Servers and c.API.
//
// Run runs an activity once, in the SDK's test environment, by its contract and
// as the product registers it, with a heartbeat timeout and with a run, an
// activity ID and an attempt as production has them. RunAs runs a certain
// attempt, and Retry makes attempt after attempt while the activity asks for another.
//
// Door is where calls of a case reach the target: Faults makes them go wrong, At
// does something at a moment of a call, and Late lets delayed effects come. Done
// lists what calls and people changed on the target for an instance: with it a test
// proves that something was started once.
//
// A worker that dies is one whose ledger is gone: build the activities on
// OpenLedger, close that at a moment of Door, and go on with the case's own.
package activitytest
