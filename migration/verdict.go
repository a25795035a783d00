package migration

// ItemKind says what of an instance is compared.
type ItemKind string

// The kinds, in the order in which they are shown.
const (
	ItemSource    ItemKind = "source"    // the source instance against its snapshot
	ItemTarget    ItemKind = "target"    // the target instance: is it ours, open, unmoved
	ItemInstance  ItemKind = "instance"  // an instance of the tree, or a second one of the record
	ItemRequester ItemKind = "requester" //
	ItemEngine    ItemKind = "engine"    // state of an instance
	ItemActivity  ItemKind = "activity"  // an open activity
	ItemVariable  ItemKind = "variable"  // of an instance ("name") or an open activity ("activity.name")
	ItemAssignee  ItemKind = "assignee"  // who is offered or holds an open activity
	ItemAccepted  ItemKind = "accepted"  // who accepted an open activity
	ItemJoin      ItemKind = "join"      // a branch that waits at an AND-join
	ItemRow       ItemKind = "row"       // of the record set
	ItemFile      ItemKind = "file"      // of the record set
	ItemLimit     ItemKind = "limit"     // what starts anew; decides nothing
)

// ItemResult is the outcome of one comparison.
type ItemResult string

// The results.
const (
	ItemSame         ItemResult = "same"
	ItemDiffers      ItemResult = "differs"
	ItemMissing      ItemResult = "missing"      // on the target
	ItemExtra        ItemResult = "extra"        // on the target
	ItemUnverifiable ItemResult = "unverifiable" // Seen says why
)

// Item is one thing that was compared on both sides. Subject names it within
// the instance at Path (an activity, a variable, table/record, a file); Seen is
// what differs. Both may hold personal data.
type Item struct {
	Kind    ItemKind   `json:"kind"`
	Path    Path       `json:"path,omitempty"`
	Subject string     `json:"subject,omitempty"`
	Result  ItemResult `json:"result"`
	Seen    string     `json:"seen,omitempty"`
}

// ItemCounts are numbers of items by kind and result.
type ItemCounts map[ItemKind]map[ItemResult]int
