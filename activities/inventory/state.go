package inventory

import (
	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/catalog"
	"jogetferry/joget/flow"
	"jogetferry/migration"
	"jogetferry/preflight"
)

// inventory is one run of TakeInventory. Its pages are read, judged and saved
// side by side, each by one goroutine.
type inventory struct {
	act         *Activities
	in          contract.InventoryInput
	out         contract.InventoryOutput
	findings    []migration.Finding                    // of servers, apps and definitions
	definitions map[migration.DefinitionID]*definition // of roots
	pairs       map[pair]*definition                   // of roots and subflows
	apps        map[string]*app
	shared      map[migration.RecordID]migration.SharedRecord // nil: not read yet
	sameFolder  map[migration.RecordID][]migration.RecordID   // others with the same folder of uploads, or one within the other's
	begun       map[migration.InstanceID]migration.Entry      // of the page that is judged
	rekeyed     migration.Rekeys                              // records of that page with new IDs, before its data was looked at
	checked     migration.Rekeys                              // new IDs that are kept nowhere, of a check
	words       map[migration.InstanceID]migration.Word       // where instances go on, as the operator says
	planned     []string                                      // instances seen, up to maxPlanned; nil without words
	plan        preflight.PlanFacts
	people      people
	minted      int64
	counts      map[migration.DefinitionID]*contract.DefinitionCounts
	listed      int // findings in out.Instances
}

// definition is what is known of a definition of the source and what it becomes.
type definition struct {
	id      migration.DefinitionID
	target  migration.DefinitionID // zero: none
	facts   preflight.DefinitionFacts
	worst   migration.Severity // of its own findings
	walker  *flow.Walker       // of the target's process
	members map[string]preflight.Span
}

// pair is a definition of the source and the one of the target that it becomes:
// of a subflow that depends on the instance above.
type pair struct{ source, target migration.DefinitionID }

// app is what an inventory knows of an app of the source.
type app struct {
	worst  migration.Severity // of its own findings
	forms  catalog.Forms
	tables []rootTable           // that may have a row whose id is a record ID
	lacks  map[string]*step.Lack // by table, what the target lacks and can get
	amount preflight.Amount
	old    migration.Rekeys // some of the records with new IDs
	oldIDs int              // all of them, once per page
}

// rootTable is a form table that has rows on one side or both when the plan begins.
type rootTable struct {
	name           string
	source, target bool
	lack           *step.Lack // nil: the target lacks nothing that it can get
}

// people are what a plan has learned of users and settings: each once.
type people struct {
	accounts map[migration.User]preflight.Account
	judged   map[migration.User]bool // those whose memberships are known
	rules    map[migration.DefinitionID]*preflight.StartRule
	// Of the target and, for deadlines, of the source; nil: not read yet.
	target, source map[string]string
}
