package migration

// Way is a switch of the configuration with which what a finding is about can be
// migrated all the same, as it is written there. A finding that no switch removes
// has none.
type Way string

// The ways.
const (
	WayRekey        Way = "records.rekey: needed"
	WayVariables    Way = "engine_writes: variables"
	WayAsynchronous Way = "starts.asynchronous: end"
	WayResume       Way = "instances: {ID: {resume: [ACTIVITY]}}"
	WayJoins        Way = "joins: rebuild"
)
