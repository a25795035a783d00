package xpdl

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Aspect is one side of a process definition that can differ.
type Aspect string

// The aspects, in the order in which Compare goes through them.
const (
	AspectActivities   Aspect = "activities"   // there or not, kind, performer, block set
	AspectTransitions  Aspect = "transitions"  // from, to, condition
	AspectJoinsSplits  Aspect = "joins_splits" // type, and of XOR splits the order
	AspectVariables    Aspect = "variables"    // there or not, type, mode, initial value, order of the parameters
	AspectParticipants Aspect = "participants" // there or not
	AspectDeadlines    Aspect = "deadlines"    // deadlines, limits, duration unit
	AspectSubflows     Aspect = "subflows"     // called process, execution, actual parameters
)

// Names maps what the source calls something to what the target calls it. A nil
// function means the same name; the answer "" means that it is left out on
// purpose and not compared.
type Names struct {
	Activity func(id string) string
	Variable func(name string) string
}

// Difference is one thing that two definitions do not have in common. Subject
// is an ID of the source, or of the target when only that one has it; Source
// and Target say what it is there, "" where the side does not have it.
type Difference struct {
	Aspect         Aspect
	Subject        string
	Source, Target string
}

// String is the difference in one line.
func (d Difference) String() string {
	source, target := excerpts(d.Source, d.Target)
	switch {
	case d.Target == "":
		return fmt.Sprintf("only on the source: %s (%s)", d.Subject, source)
	case d.Source == "":
		return fmt.Sprintf("only on the target: %s (%s)", d.Subject, target)
	default:
		return fmt.Sprintf("%s: %s -> %s", d.Subject, source, target)
	}
}

// maxDiffLines bounds what Diff returns, its last line apart.
const maxDiffLines = 12

// Diff renders the differences of one aspect, in their order: a line with "-"
// for what the source has, one with "+" for what the target has; at most twelve
// lines and then how many differences are left out. "" when there are none.
func Diff(differences []Difference, aspect Aspect) string {
	var lines []string
	left := 0
	for _, d := range differences {
		if d.Aspect != aspect {
			continue
		}
		source, target := excerpts(d.Source, d.Target)
		var own []string
		if d.Source != "" {
			own = append(own, "- "+d.Subject+": "+source)
		}
		if d.Target != "" {
			own = append(own, "+ "+d.Subject+": "+target)
		}
		if left > 0 || len(lines)+len(own) > maxDiffLines {
			left++
			continue
		}
		lines = append(lines, own...)
	}
	if left > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", left))
	}
	return strings.Join(lines, "\n")
}

// maxText is how many runes of a text an excerpt keeps.
const maxText = 120

// excerpts makes one line of each text. Long ones begin shortly before the
// place where the two part, so that what differs is seen.
func excerpts(a, b string) (string, string) {
	line := strings.NewReplacer("\n", `\n`, "\r", `\r`, "\t", `\t`)
	x, y := []rune(line.Replace(a)), []rune(line.Replace(b))
	same := 0
	for same < len(x) && same < len(y) && x[same] == y[same] {
		same++
	}
	cut := func(r []rune) string {
		var before, after string
		if from := same - maxText/2; len(r) > maxText && from > 0 && len(x) > 0 && len(y) > 0 {
			before, r = "...", r[min(from, len(r)-maxText/2):]
		}
		if len(r) > maxText {
			after, r = "...", r[:maxText]
		}
		return before + string(r) + after
	}
	return cut(x), cut(y)
}

// Compare lists what a definition of the source and the one it maps to do not
// have in common, as far as it decides how instances run: names, layout,
// descriptions and the spelling of transition IDs do not. A nil process has
// nothing. The order is that of the aspects, then of the source's document,
// then of the target's.
func Compare(source, target *Process, names Names) []Difference {
	if source == nil {
		source = &Process{}
	}
	if target == nil {
		target = &Process{}
	}
	c := comparison{source: source, target: target, names: names}
	c.activities()
	c.transitions()
	c.joinsSplits()
	c.variables()
	c.participants()
	c.deadlines()
	c.subflows()
	return c.found
}

type comparison struct {
	source, target *Process
	names          Names
	found          []Difference
}

func mapped(f func(string) string, name string) string {
	if f == nil {
		return name
	}
	return f(name)
}

// none is how a value is shown that something does not have.
const none = "none"

// differ notes a difference unless both sides say the same; "" is shown as none.
func (c *comparison) differ(aspect Aspect, subject, source, target string) {
	shown := func(s string) string {
		if s == "" {
			return none
		}
		return s
	}
	if source != target {
		c.found = append(c.found, Difference{Aspect: aspect, Subject: subject, Source: shown(source), Target: shown(target)})
	}
}

// entry is one of several things of a kind: what it is called and, comparably, what it is.
type entry struct{ key, subject, text string }

// lists compares things by key. Of several with one key the equal ones are
// taken off first, the rest is compared in its order.
func (c *comparison) lists(aspect Aspect, source, target []entry) {
	left := map[string][]entry{}
	for _, t := range target {
		left[t.key] = append(left[t.key], t)
	}
	var rest []entry
	for _, s := range source {
		i := slices.IndexFunc(left[s.key], func(t entry) bool { return t.text == s.text })
		if i < 0 {
			rest = append(rest, s)
			continue
		}
		left[s.key] = slices.Delete(left[s.key], i, i+1)
	}
	for _, s := range rest {
		d := Difference{Aspect: aspect, Subject: s.subject, Source: s.text}
		if ts := left[s.key]; len(ts) > 0 {
			d.Target, left[s.key] = ts[0].text, ts[1:]
		}
		c.found = append(c.found, d)
	}
	for _, t := range target {
		if ts := left[t.key]; len(ts) > 0 && ts[0] == t {
			left[t.key] = ts[1:]
			c.found = append(c.found, Difference{Aspect: aspect, Subject: t.subject, Target: t.text})
		}
	}
}

// both calls f for every activity of the source that the target has too.
func (c *comparison) both(f func(s, t *Activity)) {
	for _, s := range c.source.Activities {
		if t := c.target.Activity(mapped(c.names.Activity, s.ID)); t != nil {
			f(s, t)
		}
	}
}

func (c *comparison) activities() {
	entries := func(p *Process, name func(string) string) []entry {
		var out []entry
		for _, a := range p.Activities {
			if key := mapped(name, a.ID); key != "" {
				out = append(out, entry{key, a.ID, string(a.Kind)})
			}
		}
		return out
	}
	source := entries(c.source, c.names.Activity)
	target := entries(c.target, nil)
	// Several activities of the source may map to one of the target.
	for i, s := range source {
		if slices.ContainsFunc(source[:i], func(x entry) bool { return x.key == s.key }) {
			if t := c.target.Activity(s.key); t != nil {
				target = append(target, entry{s.key, t.ID, string(t.Kind)})
			}
		}
	}
	c.lists(AspectActivities, source, target)
	c.both(func(s, t *Activity) {
		if s.Kind == Manual && t.Kind == Manual {
			c.differ(AspectActivities, s.ID+" performer", s.Performer, t.Performer)
		}
		c.differ(AspectActivities, s.ID+" runs block", s.BlockSet, t.BlockSet)
		c.differ(AspectActivities, s.ID+" is in block", s.Set, t.Set)
	})
}

// text is the condition as it is compared and shown.
func (t *Transition) text() string {
	switch {
	case t.Always():
		return "no condition"
	case t.Condition.Type == Otherwise:
		return string(Otherwise)
	default:
		return strings.TrimSpace(string(t.Condition.Type) + " " + strings.TrimSpace(t.Condition.Text))
	}
}

func (c *comparison) transitions() {
	entries := func(p *Process, name func(string) string) []entry {
		var out []entry
		for _, t := range p.Transitions {
			if from, to := mapped(name, t.From), mapped(name, t.To); from != "" && to != "" {
				out = append(out, entry{from + " -> " + to, t.From + " -> " + t.To, t.text()})
			}
		}
		return out
	}
	c.lists(AspectTransitions, entries(c.source, c.names.Activity), entries(c.target, nil))
}

func (c *comparison) joinsSplits() {
	c.both(func(s, t *Activity) {
		c.differ(AspectJoinsSplits, s.ID+" join", string(s.Join), string(t.Join))
		c.differ(AspectJoinsSplits, s.ID+" split", string(s.Split), string(t.Split))
		if s.Split == XOR && t.Split == XOR {
			source, target := c.order(s, t)
			c.differ(AspectJoinsSplits, s.ID+" split order", source, target)
		}
	})
}

// order returns in which order two splits try the ways that both of them have, in
// names of the target. OTHERWISE comes last wherever it stands
// (docs/joget.md#transitions-and-joins).
func (c *comparison) order(s, t *Activity) (string, string) {
	ways := func(p *Process, a *Activity, name func(string) string) []string {
		var out []string
		for _, t := range p.Outgoing(a.ID) {
			if t.Condition.Type != Otherwise {
				out = append(out, mapped(name, t.To))
			}
		}
		return out
	}
	source, target := ways(c.source, s, c.names.Activity), ways(c.target, t, nil)
	return shared(source, target), shared(target, source)
}

// shared is what of a list is in the other one too, in the order of the list.
func shared(list, other []string) string {
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !slices.Contains(other, s) })
	return strings.Join(slices.Compact(list), ", ")
}

func (v Variable) text() string {
	s := string(v.Type)
	if v.Mode != ModeNone {
		s += " " + string(v.Mode)
	}
	if v.Initial != "" {
		s += " = " + v.Initial
	}
	return s
}

func (c *comparison) variables() {
	entries := func(vs []Variable, name func(string) string) (out []entry, keys []string) {
		for _, v := range vs {
			if key := mapped(name, v.Name); key != "" {
				out, keys = append(out, entry{key, v.Name, v.text()}), append(keys, key)
			}
		}
		return out, keys
	}
	source, _ := entries(c.source.Variables, c.names.Variable)
	target, _ := entries(c.target.Variables, nil)
	c.lists(AspectVariables, source, target)
	_, before := entries(c.source.Parameters(), c.names.Variable)
	_, after := entries(c.target.Parameters(), nil)
	c.differ(AspectVariables, "order of parameters", shared(before, after), shared(after, before))
}

func (c *comparison) participants() {
	entries := func(p *Process) []entry {
		var out []entry
		for _, x := range p.Participants {
			if e := (entry{x.ID, x.ID, "participant"}); !slices.Contains(out, e) {
				out = append(out, e)
			}
		}
		return out
	}
	c.lists(AspectParticipants, entries(c.source), entries(c.target))
}

func limit(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func (c *comparison) deadlines() {
	if c.source.Key != "" && c.target.Key != "" {
		c.differ(AspectDeadlines, "duration unit", limit(c.source.DurationUnit), limit(c.target.DurationUnit))
	}
	c.differ(AspectDeadlines, "limit of the process", limit(c.source.Limit), limit(c.target.Limit))
	c.both(func(s, t *Activity) {
		c.differ(AspectDeadlines, s.ID+" limit", limit(s.Limit), limit(t.Limit))
		entries := func(a *Activity) []entry {
			var out []entry
			for _, d := range a.Deadlines {
				out = append(out, entry{d.Exception, strings.TrimSpace(s.ID + " deadline " + d.Exception), strings.TrimSpace(string(d.Execution) + " " + d.Condition)})
			}
			return out
		}
		c.lists(AspectDeadlines, entries(s), entries(t))
	})
}

func (c *comparison) subflows() {
	c.both(func(s, t *Activity) {
		if s.Kind != Subflow || t.Kind != Subflow {
			return
		}
		c.differ(AspectSubflows, s.ID+" calls", s.SubflowRef, t.SubflowRef)
		c.differ(AspectSubflows, s.ID+" execution", string(s.Execution), string(t.Execution))
		parameters := slices.Clone(s.Parameters)
		for i, name := range parameters {
			if _, ok := c.source.Variable(name); ok {
				parameters[i] = mapped(c.names.Variable, name)
			}
		}
		c.differ(AspectSubflows, s.ID+" parameters", strings.Join(parameters, ", "), strings.Join(t.Parameters, ", "))
	})
}
