package migration

import "time"

// Role says which of the two servers is meant.
type Role string

// The two servers.
const (
	RoleSource Role = "source"
	RoleTarget Role = "target"
)

// FrozenPackage is a package file of a server as it was when the plan was made.
type FrozenPackage struct {
	Role    Role
	Package string
	Version string
	XPDL    []byte
}

// ActivityCount is how many instances that are done had an activity of their definition open
// when the source was planned, and how it compared.
type ActivityCount struct {
	Definition DefinitionID
	Activity   string // the definition ID on the source
	Result     ItemResult
	Instances  int
}

// Account is what a report tells of a migration besides its instances.
type Account struct {
	Binding
	ConfigDigest string
	PlannedAt    time.Time // zero: never
}

// Decided is a decision of an operator about a parked instance.
type Decided struct {
	Instance InstanceID
	Decision
}
