package migration

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// End says what shows that a request to the target is over, so that nothing
// more can come of it.
type End string

// The ends. EndNone is the zero value: the request may still run.
const (
	EndNone     End = ""
	EndNotSent  End = "not_sent" // it never left
	EndAnswered End = "answered" // Joget itself answered: its thread has ended, whatever it did
	EndSettled  End = "settled"  // its time has passed
	EndAtRest   End = "at_rest"  // two looks found the target where the request leads, and nothing at work
	EndUnlocked End = "unlocked" // of VerbWriteVariables: nobody holds the rows that it writes
)

// Course is what a call sets going, as far as the definitions tell: what runs, and
// where it stops. The zero value is a call that sets nothing going.
type Course struct {
	// Blind says why it cannot be followed: a tool, a plugin or a condition that
	// nobody can evaluate lies on it. "" where it can. It holds no personal data.
	Blind  string
	Runs   []ActivityDefID // routes and the like that it runs through, each as often as it does
	Waits  []Stop          // activities that it opens
	Tokens []JoinToken     // branches that it leaves at AND-joins
	Ends   bool            // it closes the instance
}

// Stop is an activity at which a course stops.
type Stop struct {
	Activity ActivityDefID
	Child    *Course // of the instance that a subflow waits for; nil for a manual activity
}

// Look is one look at an instance of the target that a call is about.
type Look struct {
	// Effect: what the call is made for is there. A start: its instance; an
	// activity/start: an activity that was not there before; a completion: the
	// activity is closed; else the value, the holder or the state that was asked for.
	Effect bool
	Closed bool // it has ended, or the engine does not have it any more
	// Completed: it is a root, and came to its end by itself. The engine says so after
	// all that ran in it, tools too.
	Completed bool
	Open      []Spot
	Ran       []ActivityDefID // activities that are closed, each as often as it was started
	Tokens    []JoinToken
	// Print is equal for two looks between which nothing changed, neither here
	// nor in an instance below.
	Print string
}

// Spot is an open activity of a look.
type Spot struct {
	Activity ActivityDefID
	// Works: it is a tool or a route, which no server leaves open for long.
	Works bool
	// Manual: it waits for somebody.
	Manual bool
	Held   bool  // somebody holds it, accepted or not
	Child  *Look // of the instance that a subflow waits for; nil where there is none
}

// CallKnowledge is what is known of one request that changes the target.
type CallKnowledge struct {
	Call   Call
	Fate   Fate
	Age    time.Duration // since it can last have begun, on the ledger's clock
	Settle time.Duration // no request lives longer
	Course Course
	// Looks are two looks at the instance that Call is about, start.rest apart; nil
	// where nobody looked.
	Looks []Look
	// Unlocked, of VerbWriteVariables: the rows that it writes are held by us, so that its
	// transaction has ended, or asks later whether it may be committed.
	Unlocked bool
}

// Over is whether a request is over.
type Over struct {
	End  End
	Why  string        // of EndNone: what speaks against it, without personal data
	Left time.Duration // of EndNone: until its time has passed
	// Blind, of EndNone: nothing but its time can show that it is over.
	Blind bool
}

// DecideOver says whether a request is over (docs/joget.md#when-a-call-is-over). The
// engine has no transaction: what a call does is visible while its tools, conditions
// and mappings still work, and whoever acts then is overwritten, opens an activity twice
// or makes the call fail. So an effect that is seen ends nothing.
func DecideOver(k CallKnowledge) Over {
	switch {
	case k.Fate == FateNotSent:
		return Over{End: EndNotSent}
	case k.Fate == FateAnswered:
		return Over{End: EndAnswered}
	case k.Call.Verb == VerbWriteVariables && k.Unlocked:
		return Over{End: EndUnlocked}
	case k.Call.Verb == VerbWriteVariables:
		// A session may keep its locks for longer than any request lives.
		return Over{Why: "the session that writes them still has the rows locked", Left: max(k.Settle-k.Age, 0)}
	case k.Age >= k.Settle:
		return Over{End: EndSettled}
	}
	why := k.unrest()
	if why == "" {
		return Over{End: EndAtRest}
	}
	return Over{Why: why, Left: k.Settle - k.Age, Blind: k.Course.Blind != ""}
}

// unrest says why the target is not proven to be at rest, "" when it is.
func (k CallKnowledge) unrest() string {
	switch {
	case len(k.Looks) < 2:
		return cmp.Or(k.Course.Blind, "nobody has looked whether it is at rest")
	case k.Looks[1].Completed:
		return ""
	case k.Course.Blind != "":
		return k.Course.Blind
	case k.Looks[0].Print != k.Looks[1].Print:
		return "the target instance still changes"
	}
	now := k.Looks[1]
	switch {
	case !now.Effect:
		return "its effect is not there yet"
	case k.Call.Verb == VerbAbortProcess:
		return ""
	case now.Closed != k.Course.Ends:
		return "whether the target instance ends with it is not clear yet"
	case now.Closed:
		return ""
	}
	why := cmp.Or(now.atWork(), now.misses(k.Course))
	switch {
	case why != "":
		return why
	case k.Call.Verb == VerbStartProcess:
		return now.besides(k.Course)
	case k.Call.Abort && len(now.Open) > len(k.Course.Waits):
		return "more is open than the call opens"
	}
	return ""
}

// atWork says what of an instance has not come to rest, "" for nothing.
func (l *Look) atWork() string {
	for _, s := range l.Open {
		switch {
		case s.Works:
			return fmt.Sprintf("%s is at work", s.Activity)
		case s.Manual && !s.Held:
			return fmt.Sprintf("nobody has been given %s yet", s.Activity)
		case !s.Manual && s.Child == nil:
			return fmt.Sprintf("the instance that %s waits for is not there yet", s.Activity)
		}
		if s.Child != nil {
			if why := s.Child.atWork(); why != "" {
				return why
			}
		}
	}
	return ""
}

// misses says what of a course is not there, "" for nothing.
func (l *Look) misses(c Course) string {
	for _, stop := range c.Waits {
		n := slices.IndexFunc(l.Open, func(s Spot) bool { return s.Activity == stop.Activity })
		if n < 0 {
			return fmt.Sprintf("%s is not open yet", stop.Activity)
		}
		if child := l.Open[n].Child; stop.Child != nil && child != nil {
			// It was made by the call, so that all of it is the call's.
			if why := cmp.Or(child.misses(*stop.Child), child.besides(*stop.Child)); why != "" {
				return why
			}
		}
	}
	if missing, _ := MissingTokens(c.Tokens, l.Tokens); len(missing) > 0 {
		return fmt.Sprintf("no branch from %s waits at %s yet", missing[0].From, missing[0].Join)
	}
	return ""
}

// besides says what an instance has that its course does not lead to, or not
// yet; "" for nothing.
func (l *Look) besides(c Course) string {
	_, extra := MissingTokens(c.Tokens, l.Tokens)
	switch {
	case len(l.Open) != len(c.Waits):
		return "more is open than the start opens"
	case len(extra) > 0:
		return fmt.Sprintf("a branch from %s waits at %s where the start leaves none", extra[0].From, extra[0].Join)
	case !slices.Equal(slices.Sorted(slices.Values(l.Ran)), slices.Sorted(slices.Values(c.Runs))):
		return "other activities ran than the start runs through"
	}
	return ""
}
