package evidence

import (
	"fmt"
	"strings"

	"jogetferry/joget/diagram"
	"jogetferry/migration"
)

// Report is all that a report says. Times are RFC 3339 in UTC, "" for never. Users and records are
// pseudonyms unless Personal.
type Report struct {
	Migration    string       `json:"migration"`
	Source       string       `json:"source"` // fingerprints of the servers
	Target       string       `json:"target"`
	ConfigDigest string       `json:"config_digest"`
	PlannedAt    string       `json:"planned_at"`
	MadeAt       string       `json:"made_at"`
	Version      string       `json:"version"` // of the program that made it
	Personal     bool         `json:"personal"`
	Verdict      string       `json:"verdict"` // one sentence
	Whole        bool         `json:"whole"`   // every instance is done, and nothing differs
	Balance      Balance      `json:"balance"`
	Definitions  []Definition `json:"definitions"`
	Instances    []Instance   `json:"instances"`
	Exceptions   []Exception  `json:"exceptions"`
	Waves        []Wave       `json:"waves"`
	Findings     []Finding    `json:"findings"` // about servers, apps and definitions, when the plan was made
}

// Balance is where all instances that were open are.
type Balance struct {
	Open            int `json:"open"`
	Done            int `json:"done"`
	Same            int `json:"same"`             // of Done
	AssigneesDiffer int `json:"assignees_differ"` // of Done
	Accepted        int `json:"accepted"`         // of Done: differs, and somebody accepted it
	Parked          int `json:"parked"`
	Skipped         int `json:"skipped"`
	Blocked         int `json:"blocked"`
	Failed          int `json:"failed"`
	UnderWay        int `json:"under_way"` // a wave or rollback works on them
	Left            int `json:"left"`      // planned, and no wave took them
}

func newBalance(c migration.Counts) Balance {
	return Balance{
		Open: c.Total(), Done: c.Done, Same: c.Same, AssigneesDiffer: c.AssigneesDiffer, Accepted: c.Accepted,
		Parked: c.Parked, Skipped: c.Skipped, Blocked: c.Blocked, Failed: c.Failed,
		UnderWay: c.Claimed + c.InFlight + c.Waiting + c.RollingBack, Left: c.Ready + c.Warned,
	}
}

func (b *Balance) add(other Balance) {
	b.Open += other.Open
	b.Done += other.Done
	b.Same += other.Same
	b.AssigneesDiffer += other.AssigneesDiffer
	b.Accepted += other.Accepted
	b.Parked += other.Parked
	b.Skipped += other.Skipped
	b.Blocked += other.Blocked
	b.Failed += other.Failed
	b.UnderWay += other.UnderWay
	b.Left += other.Left
}

// String is the balance as a sum, without what is none.
func (b Balance) String() string {
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{
		{b.Done, "done"}, {b.Parked, "parked"}, {b.Skipped, "skipped"}, {b.Blocked, "blocked"}, {b.Failed, "failed"}, {b.UnderWay, "under way"}, {b.Left, "not begun"},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	if len(parts) == 0 {
		parts = []string{"0"}
	}
	return fmt.Sprintf("%d open = %s", b.Open, strings.Join(parts, " + "))
}

// whole reports whether nothing is left to do or to explain.
func (b Balance) whole() bool { return b.Open > 0 && b.Same+b.AssigneesDiffer == b.Open }

// verdict says in one sentence how the migration stands.
func (b Balance) verdict() string {
	switch {
	case b.Open == 0:
		return "Nothing was planned."
	case b.whole() && b.AssigneesDiffer == 0:
		return fmt.Sprintf("All %d instances that were open are on the target, as they were on the source.", b.Open)
	case b.whole():
		return fmt.Sprintf("All %d instances that were open are on the target as they were; activities of %d are offered to others.", b.Open, b.AssigneesDiffer)
	case b.Done == b.Open:
		return fmt.Sprintf("All %d instances that were open are on the target; %d differ, and somebody accepted it.", b.Open, b.Accepted)
	}
	return fmt.Sprintf("%d of %d instances that were open are on the target; %d are not.", b.Done, b.Open, b.Open-b.Done)
}

// Definition is a process definition of the source with its instances.
type Definition struct {
	ID         string           `json:"id"`
	Target     string           `json:"target"` // "" for none
	Balance    Balance          `json:"balance"`
	StartTools string           `json:"start_tools"` // of the target, that run when an instance is started; "" for none
	Activities []Activity       `json:"activities"`  // those that were open, or are
	Diagram    *diagram.Diagram `json:"-"`           // of the source; nil: the ledger has no package file that can be read
}

// Activity counts the instances that had it open on the source when they were planned, and have
// it on the target by their last comparison.
type Activity struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Source int    `json:"source"`
	Target int    `json:"target"`
}

// Equal reports whether as many have it on both sides.
func (a Activity) Equal() bool { return a.Source == a.Target }

// Instance is one of the source.
type Instance struct {
	Source     string   `json:"source"`
	Target     string   `json:"target"` // "" for none
	Record     string   `json:"record"`
	Requester  string   `json:"requester"`
	Definition int      `json:"definition"` // index in Report.Definitions
	State      string   `json:"state"`
	Verdict    string   `json:"verdict"`
	Reason     string   `json:"reason"`
	Wave       string   `json:"wave"`
	Activities []string `json:"activities"` // open when it was planned
	Findings   []string `json:"findings"`   // check IDs
}

// Exception is what somebody decided, or what went another way than planned.
type Exception struct {
	At       string `json:"at"`
	Instance string `json:"instance"` // "" for the migration
	What     string `json:"what"`
	By       string `json:"by"`
	Why      string `json:"why"`
}

// Wave is a wave with the times of its instances that are done.
type Wave struct {
	Name      string  `json:"name"`
	Status    string  `json:"status"`
	By        string  `json:"by"`
	CreatedAt string  `json:"created_at"`
	Window    int     `json:"window"`
	Rate      float64 `json:"rate"`
	Pilotless bool    `json:"without_pilot"`
	Taken     int     `json:"taken"`
	Done      int     `json:"done"`
	Seconds   float64 `json:"seconds"` // from the first one taken to the last one done
	// Curve is how many were done at each of as many equal steps of Seconds; nil for none.
	Curve []int `json:"curve"`
	// Durations counts instances by how long they took: below DurationBounds[i], the last above all.
	Durations []int `json:"durations"`
}

// Finding is what a check found when the plan was made.
type Finding struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	Subject  string `json:"subject"`
	Message  string `json:"message"`
	Seen     string `json:"seen,omitempty"` // with Personal
}

// DurationBounds are the bounds of Wave.Durations, in seconds.
func DurationBounds() []float64 { return []float64{0.5, 1, 2, 5, 10, 20, 60, 300, 1800} }
