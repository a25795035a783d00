package migration

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// ItemKind says what of an instance is compared.
type ItemKind string

// The kinds, in the order in which they are shown.
const (
	ItemSource    ItemKind = "source"    // the source against the snapshot: an instance, or a row ("table/record")
	ItemTarget    ItemKind = "target"    // the target instance: TargetIsOpen, TargetIsOurs, TargetIsUntouched
	ItemInstance  ItemKind = "instance"  // an instance of the tree; at the root, the other instances of the record
	ItemRequester ItemKind = "requester" //
	ItemEngine    ItemKind = "engine"    // state of an instance
	ItemActivity  ItemKind = "activity"  // an open activity
	ItemVariable  ItemKind = "variable"  // of an instance ("name") or an open activity ("activity.name")
	ItemAssignee  ItemKind = "assignee"  // who is offered or holds an open activity
	ItemAccepted  ItemKind = "accepted"  // who accepted an open activity
	ItemInbox     ItemKind = "inbox"     // an open activity of the target that is in nobody's
	ItemJoin      ItemKind = "join"      // a branch that waits at an AND-join
	ItemRow       ItemKind = "row"       // of the record set
	ItemFile      ItemKind = "file"      // of the record set
	ItemLimit     ItemKind = "limit"     // what starts anew; decides nothing
)

// ItemKinds are all kinds, in their order.
var ItemKinds = []ItemKind{
	ItemSource, ItemTarget, ItemInstance, ItemRequester, ItemEngine, ItemActivity, ItemVariable,
	ItemAssignee, ItemAccepted, ItemInbox, ItemJoin, ItemRow, ItemFile, ItemLimit,
}

// The subjects of ItemTarget.
const (
	TargetIsOpen      = "open"      // it is there, and not closed
	TargetIsOurs      = "identity"  // it is the one that was started
	TargetIsUntouched = "untouched" // nobody worked on it
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

var itemResults = []ItemResult{ItemSame, ItemDiffers, ItemMissing, ItemExtra, ItemUnverifiable}

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

// Reason returns what an instance parks for because of i; "" where i is the
// same, or decides nothing.
func (i *Item) Reason() Reason {
	if i.Result == ItemSame {
		return ""
	}
	switch i.Kind {
	case ItemAssignee, ItemAccepted, ItemLimit:
		return ""
	case ItemSource:
		return ReasonSourceMoved
	case ItemTarget:
		switch i.Subject {
		case TargetIsOpen:
			return ReasonTargetClosed
		case TargetIsOurs:
			return ReasonTargetChanged
		}
		return ReasonTargetMoved
	case ItemInstance:
		if i.Path == "" {
			return ReasonTwoStarts
		}
	case ItemInbox:
		return ReasonUnassigned
	case ItemJoin:
		return ReasonJoinsDiffer
	case ItemRequester, ItemEngine, ItemActivity, ItemVariable, ItemRow, ItemFile:
	}
	return ReasonVerifyDiffers
}

// String tells of i in one line, with personal data.
func (i *Item) String() string {
	text := string(i.Kind)
	if i.Path != "" {
		text += " at " + string(i.Path)
	}
	if i.Subject != "" {
		text += " " + i.Subject
	}
	text += ": " + string(i.Result)
	if i.Seen != "" {
		text += ", " + i.Seen
	}
	return text
}

// Judge sums up what was compared: the verdict, and the reasons to park for, in
// the order found, each once; none for VerdictSame and VerdictAssignees.
func Judge(items []Item) (Verdict, []Reason) {
	verdict := VerdictSame
	var reasons []Reason
	for _, i := range items {
		reason := i.Reason()
		switch {
		case reason == "":
			if verdict == VerdictSame && i.Result != ItemSame && i.Kind != ItemLimit {
				verdict = VerdictAssignees
			}
			continue
		case i.Result != ItemUnverifiable:
			verdict = VerdictDiffers
		case verdict != VerdictDiffers:
			verdict = VerdictUnverifiable
		}
		if !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	return verdict, reasons
}

// ItemCounts are numbers of items by kind and result.
type ItemCounts map[ItemKind]map[ItemResult]int

// CountItems counts items.
func CountItems(items []Item) ItemCounts {
	counts := ItemCounts{}
	for _, i := range items {
		if counts[i.Kind] == nil {
			counts[i.Kind] = map[ItemResult]int{}
		}
		counts[i.Kind][i.Result]++
	}
	return counts
}

// String tells what is not the same, such as "activity missing 1, row differs
// 2"; "" for nothing.
func (c ItemCounts) String() string {
	var parts []string
	for _, kind := range ItemKinds {
		for _, result := range itemResults {
			if n := c[kind][result]; n > 0 && result != ItemSame {
				parts = append(parts, fmt.Sprintf("%s %s %d", kind, result, n))
			}
		}
	}
	return strings.Join(parts, ", ")
}

// Comparison is what one verification of an instance found.
type Comparison struct {
	At       time.Time // on the ledger's clock
	Verdict  Verdict
	Deciding bool // it decided the state of the instance; else it was a mere look
	Items    []Item
}
