package migration

// PlanMove is how many instances a plan found in another state, or with other
// findings, than the plan before it.
type PlanMove struct {
	Was       InstanceState `json:"was,omitempty"` // "" for new ones
	State     InstanceState `json:"state"`         // InstanceSkipped for those no longer open on the source
	Instances int           `json:"instances"`
}

// PlanDiff is what the last plan changed. Compared is false when there was no
// plan before it; then all else is empty.
type PlanDiff struct {
	Compared bool
	Moves    []PlanMove // sorted by Was, then State
	// Gained and Lost are findings about servers, apps and definitions; they are
	// told apart by ID and Subject.
	Gained, Lost []Finding
}

// PlanChange is what the last plan changed of one instance. Gained and Lost are
// IDs of checks, sorted; none for an instance that is no longer open on the source.
type PlanChange struct {
	Instance     InstanceID
	Definition   DefinitionID
	Was, State   InstanceState // as in PlanMove
	Gained, Lost []string
}

// FindingCount is how many instances of a definition a check concerns.
type FindingCount struct {
	Definition DefinitionID
	ID         string
	Severity   Severity
	Instances  int
}
