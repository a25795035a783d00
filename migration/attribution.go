package migration

import (
	"slices"
	"strings"
	"time"
)

// Owner says whose doing it is that a row or a file of the target is what it is.
type Owner string

// The owners. Only what is ours or a tool's is ever undone.
const (
	OwnerOurs     Owner = "ours"     // we wrote it, and nobody changed it since
	OwnerTool     Owner = "tool"     // a tool of a call of ours did it, while that ran
	OwnerSomebody Owner = "somebody" // certainly neither
	OwnerUnknown  Owner = "unknown"  // a tool's or somebody's
)

// Interval is the time of a call that may have run tools, by the ledger's clock.
type Interval struct {
	Sent time.Time // nothing of it was done before
	Over time.Time // right after its answer; zero: nobody saw it end, so that no end is known
}

// What is kept of a call that may run tools: the record set right before it by the ID
// of its capture, and the complete capture by that and AfterCapture. One that was not
// completed right after the answer is late, and by LateCapture: what it shows may be
// anybody's doing. What the operator said of it then is of the tools, PutBackCapture, or
// of somebody, LeftCapture, with what is left of it to put back.
const (
	AfterCapture   = "/after"
	LateCapture    = "/late"
	PutBackCapture = "/put_back"
	LeftCapture    = "/left"
	// UndoneCapture marks a capture of RunCapture that a rollback put back.
	UndoneCapture = "/undone"
)

// RunCapture begins the names of captures around what the operator had run: what it
// changed stays until a rollback.
const RunCapture = "run/"

// IsRun reports whether id is that of an image from before a call that the operator had
// made for what it changes.
func IsRun(id string) bool { return strings.HasPrefix(id, RunCapture) && IsCaptureOfCall(id) }

// IsCaptureOfCall reports whether id is that of an image from before a call, and not of
// what was made of it since.
func IsCaptureOfCall(id string) bool {
	return !slices.ContainsFunc(append(CaptureEnds(), UndoneCapture), func(end string) bool { return strings.HasSuffix(id, end) })
}

// CaptureEnds returns what the IDs of completed captures end in, by what counts first.
func CaptureEnds() []string { return []string{PutBackCapture, LeftCapture, AfterCapture, LateCapture} }

// Runs returns those of the stories that are of calls which the operator had made for what
// they change, and that no rollback put back; others are the others.
func Runs(stories []CaptureStory) (runs, others []CaptureStory) {
	undone := map[string]bool{}
	for _, s := range stories {
		if strings.HasSuffix(s.ID, UndoneCapture) {
			undone[strings.TrimSuffix(s.ID, UndoneCapture)] = true
		}
	}
	for _, s := range stories {
		if id, _, _ := strings.Cut(strings.TrimPrefix(s.ID, RunCapture), "/"); strings.HasPrefix(s.ID, RunCapture) && !undone[RunCapture+id] {
			runs = append(runs, s)
		} else {
			others = append(others, s)
		}
	}
	return runs, others
}

// CaptureStory is what the ledger tells of an image of a record set.
type CaptureStory struct {
	ID   string
	Open bool      // what it shows was neither put back nor left yet
	At   time.Time // when it was kept
}

// Intervals returns the times of the calls that were captured, by the stories of all
// images of an instance. A capture that was closed without a second image is of a call
// that was not sent. A late one has no end until the operator said whose doing it shows.
func Intervals(stories []CaptureStory) []Interval {
	kept := make(map[string]CaptureStory, len(stories))
	for _, s := range stories {
		kept[s.ID] = s
	}
	has := func(id string) bool { _, ok := kept[id]; return ok }
	var calls []Interval
	for _, s := range stories {
		switch {
		case !IsCaptureOfCall(s.ID):
		case has(s.ID + AfterCapture):
			calls = append(calls, Interval{Sent: s.At, Over: kept[s.ID+AfterCapture].At})
		case has(s.ID + PutBackCapture):
			calls = append(calls, Interval{Sent: s.At, Over: kept[s.ID+LateCapture].At})
		case has(s.ID + LeftCapture):
		case has(s.ID + LateCapture), s.Open:
			calls = append(calls, Interval{Sent: s.At})
		}
	}
	return calls
}

// Trace is what is known of one row or file; what is not known is zero.
type Trace struct {
	Digest Digest   // of what is there
	Wrote  []Digest // of everything that we wrote there, or meant to

	// Imaged, Late: images from before and after a call of ours show a change, and the
	// later one was not taken right after the answer.
	Imaged, Late bool
	// SavedBy is whom Joget names as the one who saved it between those images; "":
	// nobody is named, as by a tool that writes by SQL, or where a form keeps no names.
	SavedBy User
	Callers []User // as whom we called: tools save as the caller

	// Written is when it was done, by the clock of who keeps it: of a file that is
	// gone, when its folder changed last. Not looked at where it is Imaged.
	Written time.Time
	Calls   []Interval // those that may have run tools

	Used   bool // people use what it belongs to through another instance or record
	Worked bool // people worked on the instance: a change without images may be theirs
}

// clockSkew is what the ledger's clock and that of the uploads may differ by.
const clockSkew = 5 * time.Second

// Attribute says whose doing a change is: the one answer that copy, restore,
// verification, redo and rollback ask for, of rows and files alike
// (docs/adr/0010-whose-change.md).
func Attribute(t Trace) Owner {
	switch {
	case t.Digest != Digest{} && slices.Contains(t.Wrote, t.Digest):
		return OwnerOurs
	case t.Imaged && (t.Late || t.Used || t.savedByAnother()):
		return OwnerUnknown
	case t.Imaged:
		return OwnerTool
	case len(t.Calls) == 0:
		return OwnerSomebody
	case t.Written.IsZero(), t.Worked, t.Used:
		return OwnerUnknown
	}
	within := func(c Interval) bool {
		return !t.Written.Before(c.Sent.Add(-clockSkew)) && (c.Over.IsZero() || !t.Written.After(c.Over.Add(clockSkew)))
	}
	n := slices.IndexFunc(t.Calls, within)
	switch {
	case n < 0:
		return OwnerSomebody
	case t.Calls[n].Over.IsZero():
		return OwnerUnknown
	}
	return OwnerTool
}

// savedByAnother: MySQL compares user names without their case, and so does Joget.
func (t *Trace) savedByAnother() bool {
	return t.SavedBy != "" && !slices.ContainsFunc(t.Callers, func(u User) bool { return strings.EqualFold(string(u), string(t.SavedBy)) })
}
