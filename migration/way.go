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
	WayCreateTables Way = "records.create_tables: true"
)

// Hindrance is what stands against blocked instances of a definition that are alike in
// it: the findings of their own that block them, not those of their definition or app.
type Hindrance struct {
	Definition, Target DefinitionID // Target is zero where it maps to nothing
	Ways               []Way        // switches that remove some of them, sorted
	Checks             []string     // checks of those that no switch removes, sorted
	Instances          int
}
