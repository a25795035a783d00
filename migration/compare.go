package migration

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// CompareTrees compares the tree of the target with what it shall be like
// (Mapping.WantedTree): instances, requesters, states, open activities and who
// has them, variables, and branches that wait at joins. The two roots are taken
// for the same instance. An asynchronous subflow that is open on the target is one too
// many: those of the source move by themselves, and those that calls of ours begin are ended. admin is the administrator who migrates: an activity
// that is his on the target only is told of.
func CompareTrees(wanted, target *Tree, admin User) []Item {
	c := comparer{admin: admin}
	there := map[Path]*Tree{}
	for path, t := range target.Walk() {
		there[path] = t
	}
	for path, w := range wanted.Walk() {
		t := there[path]
		delete(there, path)
		if c.path, c.said = path, w.Said; path == "" || c.instance(w, t) {
			c.same(&w.Instance, &t.Instance)
		}
	}
	for path, t := range target.Walk() {
		if there[path] == nil {
			continue
		}
		c.path = path
		if said := wanted.Said; said.HasRun() || said.named(path.first()) {
			c.add(ItemInstance, "", ItemSame, "begun anew, as the operator said")
		} else {
			c.add(ItemInstance, "", ItemExtra, "target instance "+string(t.Instance.ID))
		}
	}
	c.path = ""
	for _, child := range target.Instance.Children {
		if !target.has(child.ID) && !wanted.Said.HasRun() {
			c.add(ItemInstance, string(child.ID), ItemExtra, "target instance "+string(child.ID)+", for which nobody waits")
		}
	}
	return c.items
}

type comparer struct {
	admin User
	path  Path
	said  *Said // of the instance that is compared
	items []Item
}

func (c *comparer) add(kind ItemKind, subject string, result ItemResult, seen string) {
	c.items = append(c.items, Item{Kind: kind, Path: c.path, Subject: subject, Result: result, Seen: seen})
}

// equal adds an item that is the same, or differs as seen says.
func (c *comparer) equal(kind ItemKind, subject string, equal bool, seen string) {
	if equal {
		c.add(kind, subject, ItemSame, "")
		return
	}
	c.add(kind, subject, ItemDiffers, seen)
}

// instance compares an instance below the root as such, and reports whether
// there are two to look into.
func (c *comparer) instance(wanted, target *Tree) bool {
	switch {
	case !wanted.Instance.State.Open():
		c.add(ItemInstance, "", ItemUnverifiable, "the one of the source is closed, but its caller still waits")
	case target == nil:
		c.add(ItemInstance, "", ItemMissing, "")
	case !target.Instance.State.Open():
		c.add(ItemInstance, "", ItemDiffers, "target instance "+string(target.Instance.ID)+" is closed, but its caller still waits")
	case target.Instance.Definition.Key() != wanted.Instance.Definition.Key():
		c.add(ItemInstance, "", ItemDiffers, "it is of "+target.Instance.Definition.Key())
	default:
		c.add(ItemInstance, "", ItemSame, "")
		return true
	}
	return false
}

// same compares two instances that stand for each other. The link and record of
// a subflow are derived, and written when the engine likes.
func (c *comparer) same(wanted, target *Instance) {
	c.equal(ItemRequester, "", SameUser(target.Requester, wanted.Requester), fmt.Sprintf("%s, not %s", target.Requester, wanted.Requester))
	c.equal(ItemEngine, "state", target.State == wanted.State, fmt.Sprintf("%s, not %s", target.State, wanted.State))
	c.variables("", wanted.Variables, target.Variables)
	for _, a := range target.Activities {
		if a.Unheld() {
			c.add(ItemInbox, string(a.DefID), ItemMissing, "it is open, and nobody has it")
		}
	}
	c.activities(wanted.Activities, target.Activities)
	c.joins(wanted.Tokens, target.Tokens)
}

// variables compares the variables of the source with those of the same names;
// see DiffVariables.
func (c *comparer) variables(prefix string, wanted, target []Variable) {
	for _, w := range wanted {
		i := slices.IndexFunc(target, func(t Variable) bool { return t.Name == w.Name })
		var t Variable
		if i >= 0 {
			t = target[i]
		}
		subject := prefix + w.Name
		switch {
		case w.Kind == VariableUnreadable || t.Kind == VariableUnreadable:
			c.add(ItemVariable, subject, ItemUnverifiable, "its value is an object, not text")
		case SameValue(w, t):
			c.add(ItemVariable, subject, ItemSame, "")
		case prefix == "" && c.said.explains(w.Name):
			c.add(ItemVariable, subject, ItemSame, AsTools)
		case i < 0:
			c.add(ItemVariable, subject, ItemMissing, w.quoted()+" on the source")
		default:
			c.add(ItemVariable, subject, ItemDiffers, t.quoted()+", not "+w.quoted())
		}
	}
}

// AsTools says of an item why something that differs is as it has to be.
const AsTools = "as tools left it that the operator had run"

// mostQuoted bounds what is shown of a value, in characters.
const mostQuoted = 40

func (v Variable) quoted() string {
	if v.Kind == VariableNull {
		return "null"
	}
	return quoted(v.Value)
}

func quoted(value string) string {
	if runes := []rune(value); len(runes) > mostQuoted {
		value = string(runes[:mostQuoted]) + "..."
	}
	return strconv.Quote(value)
}

func (c *comparer) activities(wanted, target []OpenActivity) {
	left := slices.Clone(target)
	for _, w := range wanted {
		subject := string(w.DefID)
		i := slices.IndexFunc(left, func(t OpenActivity) bool { return t.DefID == w.DefID })
		if i < 0 && c.said.HasRun() {
			c.add(ItemActivity, subject, ItemSame, AsTools)
			continue
		}
		if i < 0 {
			c.add(ItemActivity, subject, ItemMissing, "")
			continue
		}
		t := left[i]
		left = slices.Delete(left, i, i+1)
		c.add(ItemActivity, subject, ItemSame, "")
		c.variables(subject+".", w.Variables, t.Variables)
		c.holders(&w, &t)
	}
	for _, t := range left {
		if c.said.HasRun() {
			c.add(ItemActivity, string(t.DefID), ItemSame, AsTools)
			continue
		}
		c.add(ItemActivity, string(t.DefID), ItemExtra, "")
	}
}

// holders compares who is offered an activity, and who accepted it.
func (c *comparer) holders(wanted, target *OpenActivity) {
	subject, admin := string(wanted.DefID), ""
	if c.admin != "" && target.has(c.admin) && !wanted.has(c.admin) {
		admin = " (" + string(c.admin) + ", who migrates, has it)"
	}
	if wanted.Chosen {
		c.add(ItemAssignee, subject, ItemSame, "as the target's mapping has it: the operator chose the activity"+admin)
		return
	}
	missing, extra := texts(notHeld(*wanted, *target)), texts(notHeld(*target, *wanted))
	switch {
	case len(missing)+len(extra) > 0:
		result, seen := ItemDiffers, "not to "+strings.Join(missing, ", ")+", but to "+strings.Join(extra, ", ")
		if len(extra) == 0 {
			result, seen = ItemMissing, "not to "+strings.Join(missing, ", ")
		} else if len(missing) == 0 {
			result, seen = ItemExtra, "also to "+strings.Join(extra, ", ")
		}
		c.add(ItemAssignee, subject, result, seen+admin)
	case len(wanted.Assignments) > 0:
		c.add(ItemAssignee, subject, ItemSame, "")
	}
	switch w, t := wanted.AcceptedBy, target.AcceptedBy; {
	case w == "" && t == "":
	case SameUser(w, t):
		c.add(ItemAccepted, subject, ItemSame, "")
	case t == "":
		c.add(ItemAccepted, subject, ItemMissing, "not by "+string(w)+admin)
	case w == "":
		c.add(ItemAccepted, subject, ItemExtra, "by "+string(t)+admin)
	default:
		c.add(ItemAccepted, subject, ItemDiffers, fmt.Sprintf("by %s, not %s", t, w)+admin)
	}
}

// has reports whether a is offered to a user or was accepted by him.
func (a *OpenActivity) has(u User) bool { return SameUser(a.AcceptedBy, u) || a.HeldBy(u) }

func texts(users []User) []string {
	list := make([]string, 0, len(users))
	for _, u := range users {
		list = append(list, string(u))
	}
	return list
}

// joins compares the branches that wait, each as often as it does.
func (c *comparer) joins(wanted, target []JoinToken) {
	if c.said.HasRun() {
		return
	}
	left := slices.Clone(target)
	take := func(is func(JoinToken) bool) (t JoinToken, ok bool) {
		i := slices.IndexFunc(left, is)
		if i < 0 {
			return t, false
		}
		t = left[i]
		left = slices.Delete(left, i, i+1)
		return t, true
	}
	subject := func(t JoinToken) string { return fmt.Sprintf("%s from %s", t.Join, t.From) }
	var rest []JoinToken
	for _, w := range wanted {
		if _, ok := take(w.Is); ok {
			c.add(ItemJoin, subject(w), ItemSame, "")
			continue
		}
		rest = append(rest, w)
	}
	for _, w := range rest {
		if t, ok := take(func(t JoinToken) bool { return t.Join == w.Join && t.From == w.From }); ok {
			c.add(ItemJoin, subject(w), ItemDiffers, fmt.Sprintf("completed by %s, not %s", nobody(t.Performer), nobody(w.Performer)))
			continue
		}
		c.add(ItemJoin, subject(w), ItemMissing, "")
	}
	for _, t := range left {
		c.add(ItemJoin, subject(t), ItemExtra, "")
	}
}

func nobody(u User) User { return cmp.Or(u, "nobody") }
