package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kind is what goes wrong.
type Kind string

// Kinds of faults. "Effect" is what the call changes on the server.
const (
	Latency        Kind = "latency"         // effect and answer come Delay later
	AnswerLate     Kind = "answer_late"     // effect at once, answer Delay later
	Error500Before Kind = "error500_before" // 500 with Joget's error body, no effect
	Error500After  Kind = "error500_after"  // the same, but the effect is there
	CutBefore      Kind = "cut_before"      // connection closed, no effect
	CutAfter       Kind = "cut_after"       // connection closed, the effect is there
	DelayedCommit  Kind = "delayed_commit"  // connection closed, the effect comes Delay later
	Redirect302    Kind = "redirect302"     // redirect to the login page, no effect
	Bad400         Kind = "bad400"          // 400 as without a Referer, no effect
	HTML502        Kind = "html502"         // a proxy's page; no effect unless After
	Empty200       Kind = "empty200"        // 200 with an empty body; no effect unless After
	Truncated      Kind = "truncated"       // the first half of the right answer
	DuplicateJSON  Kind = "duplicate_json"  // the right answer, twice in one body

	Throw Kind = "throw" // an Exception, inside a call
	Error Kind = "error" // an Error, inside a call
)

// Kinds lists all kinds.
func Kinds() []Kind {
	return []Kind{
		Latency, AnswerLate, Error500Before, Error500After, CutBefore, CutAfter, DelayedCommit,
		Redirect302, Bad400, HTML502, Empty200, Truncated, DuplicateJSON, Throw, Error,
	}
}

// Any is the path that matches every call, and no place inside one.
const Any = "*"

// Inside begins the paths of places inside calls, such as engine/tool.
const Inside = "engine/"

// Rule says when a fault happens. Rules are looked at in order; delays of all
// that fire add up, of the other kinds the first decides.
type Rule struct {
	Path        string        // part of the path after /jw/web/json/, such as "process/start", or Any; or Inside and the name of a place
	Kind        Kind          // what happens
	Probability float64       // of each call that matches, 0 means always
	Count       int           // how often at most, 0 means without end
	Skip        int           // how many matching calls go unharmed first
	Delay       time.Duration // of Latency, AnswerLate and DelayedCommit
	After       bool          // HTML502, Empty200, Redirect302 and Bad400 come after the effect
}

// wire is Rule in JSON, with the delay in milliseconds.
type wire struct {
	Path        string  `json:"path"`
	Kind        Kind    `json:"kind"`
	Probability float64 `json:"probability,omitempty"`
	Count       int     `json:"count,omitempty"`
	Skip        int     `json:"skip,omitempty"`
	DelayMillis int64   `json:"delayMillis,omitempty"`
	After       bool    `json:"after,omitempty"`
}

// MarshalJSON writes {"path","kind","probability","count","skip","delayMillis","after"}.
func (r Rule) MarshalJSON() ([]byte, error) {
	return json.Marshal(wire{r.Path, r.Kind, r.Probability, r.Count, r.Skip, r.Delay.Milliseconds(), r.After})
}

// UnmarshalJSON reads what MarshalJSON writes. It does not validate.
func (r *Rule) UnmarshalJSON(raw []byte) error {
	var w wire
	if err := json.Unmarshal(raw, &w); err != nil {
		return err
	}
	*r = Rule{w.Path, w.Kind, w.Probability, w.Count, w.Skip, time.Duration(w.DelayMillis) * time.Millisecond, w.After}
	return nil
}

// Validate reports everything that is wrong with a rule.
func (r Rule) Validate() error {
	var errs []error
	if r.Path == "" {
		errs = append(errs, errors.New("path is missing (use * for every call)"))
	}
	if !slices.Contains(Kinds(), r.Kind) {
		errs = append(errs, fmt.Errorf("kind %q is none of %v", r.Kind, Kinds()))
	}
	if r.Probability < 0 || r.Probability > 1 {
		errs = append(errs, fmt.Errorf("probability %v is not between 0 and 1", r.Probability))
	}
	if inside := r.Kind == Throw || r.Kind == Error; inside != r.inside() && r.Kind != Latency {
		errs = append(errs, fmt.Errorf("kind %q does not go with path %q", r.Kind, r.Path))
	}
	if r.Count < 0 || r.Skip < 0 || r.Delay < 0 {
		errs = append(errs, errors.New("count, skip and delay must not be negative"))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("fault rule: %w", err)
	}
	return nil
}

// inside reports whether the rule is about a place inside calls.
func (r Rule) inside() bool { return strings.HasPrefix(r.Path, Inside) }

// ParseRule reads a rule as flags write it: key=value pairs separated by
// commas, keys path, kind, p (probability), count, skip, delay (a Go
// duration) and after (true or false).
func ParseRule(s string) (Rule, error) {
	var r Rule
	for pair := range strings.SplitSeq(s, ",") {
		key, v, _ := strings.Cut(pair, "=")
		var err error
		switch strings.TrimSpace(key) {
		case "path":
			r.Path = v
		case "kind":
			r.Kind = Kind(v)
		case "p", "probability":
			r.Probability, err = strconv.ParseFloat(v, 64)
		case "count":
			r.Count, err = strconv.Atoi(v)
		case "skip":
			r.Skip, err = strconv.Atoi(v)
		case "delay":
			r.Delay, err = time.ParseDuration(v)
		case "after":
			r.After, err = strconv.ParseBool(v)
		default:
			err = errors.New("unknown key")
		}
		if err != nil {
			return Rule{}, fmt.Errorf("fault rule %q: %s: %w", s, key, err)
		}
	}
	return r, r.Validate()
}

type armed struct {
	Rule
	seen, fired int
}

// Injector decides which calls go wrong. With one seed and one order of calls
// it always decides alike. It is safe for use by several goroutines.
type Injector struct {
	mu    sync.Mutex
	rand  *rand.Rand
	rules []*armed
}

// NewInjector returns an injector whose dice are thrown from seed.
func NewInjector(seed uint64) *Injector {
	return &Injector{rand: rand.New(rand.NewPCG(seed, seed))} //nolint:gosec // repeatable on purpose
}

// Add appends rules; none is added when one is invalid.
func (i *Injector) Add(rules ...Rule) error {
	for _, r := range rules {
		if err := r.Validate(); err != nil {
			return err
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, r := range rules {
		i.rules = append(i.rules, &armed{Rule: r})
	}
	return nil
}

// Clear removes all rules.
func (i *Injector) Clear() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.rules = nil
}

// State is a rule with how often it matched and fired.
type State struct {
	Rule  Rule `json:"rule"`
	Seen  int  `json:"seen"`
	Fired int  `json:"fired"`
}

// States lists the rules in order.
func (i *Injector) States() []State {
	i.mu.Lock()
	defer i.mu.Unlock()
	out := []State{}
	for _, r := range i.rules {
		out = append(out, State{r.Rule, r.seen, r.fired})
	}
	return out
}

// plan is what happens to one call.
type plan struct {
	before, late time.Duration
	rule         *Rule // the one that decides, nil for none
}

func (i *Injector) plan(path string) plan {
	return i.decide(func(r Rule) bool { return r.Path == Any || !r.inside() && strings.Contains(path, r.Path) })
}

// At decides about a call that comes to a place inside: how long it stays, and
// then whether it fails, with Throw or Error; "" for neither.
func (i *Injector) At(place string) (time.Duration, Kind) {
	p := i.decide(func(r Rule) bool { return r.Path == Inside+place })
	if p.rule == nil {
		return p.before, ""
	}
	return p.before, p.rule.Kind
}

func (i *Injector) decide(concerns func(Rule) bool) plan {
	i.mu.Lock()
	defer i.mu.Unlock()
	var p plan
	for _, r := range i.rules {
		if !concerns(r.Rule) {
			continue
		}
		delay := r.Kind == Latency || r.Kind == AnswerLate
		if !delay && p.rule != nil {
			continue
		}
		r.seen++
		if r.seen <= r.Skip || r.Count > 0 && r.fired >= r.Count || r.Probability > 0 && i.rand.Float64() >= r.Probability {
			continue
		}
		r.fired++
		if r.Kind == Latency {
			p.before += r.Delay
		}
		if r.Kind == AnswerLate {
			p.late += r.Delay
		}
		if !delay {
			rule := r.Rule
			p.rule = &rule
		}
	}
	return p
}
