package report

import (
	"jogetferry/contract"
	"jogetferry/migration"
)

// Counts is numbers of instances by state. Same, accepted and those of
// which only assignees differ are of done.
type Counts struct {
	Total    int `json:"total"`
	Ready    int `json:"ready"`
	Warned   int `json:"warned"`
	Blocked  int `json:"blocked"`
	Claimed  int `json:"claimed"`
	InFlight int `json:"in_flight"`
	Waiting  int `json:"waiting"`
	Parked   int `json:"parked"`
	Done     int `json:"done"`
	Skipped  int `json:"skipped"`
	Failed   int `json:"failed"`
	// RollingBack are taken by a rollback.
	RollingBack int `json:"rolling_back"`
	Same        int `json:"same"`
	Accepted    int `json:"accepted"`
	// AssigneesDiffer are those of which nothing but assignees differs.
	AssigneesDiffer int `json:"assignees_differ"`
}

// NewCounts shows c with its total.
func NewCounts(c migration.Counts) Counts {
	return Counts{
		Total: c.Total(), Ready: c.Ready, Warned: c.Warned, Blocked: c.Blocked, Claimed: c.Claimed, InFlight: c.InFlight,
		Waiting: c.Waiting, Parked: c.Parked, Done: c.Done, Skipped: c.Skipped, Failed: c.Failed, RollingBack: c.RollingBack, Same: c.Same, Accepted: c.Accepted,
		AssigneesDiffer: c.AssigneesDiffer,
	}
}

// Wave is one wave: the result of wave, pause, resume, stop and tune.
type Wave struct {
	Wave      migration.WaveName `json:"wave"`
	Status    string             `json:"status"`
	Window    int                `json:"window"`
	MaxParked int                `json:"max_parked,omitempty"`
	Taken     int                `json:"taken"`
	Delta     bool               `json:"delta,omitempty"`
	Closed    int                `json:"closed_on_source,omitempty"` // of a delta: left as they were
	Settled   bool               `json:"settled"`
	By        string             `json:"by,omitempty"`
	CreatedAt string             `json:"created_at"`
	Counts    Counts             `json:"counts"`
}

// NewWave shows a wave with the numbers of its instances.
func NewWave(w migration.Wave, c migration.Counts) Wave {
	return Wave{
		Wave: w.Name, Status: string(w.Status), Window: w.Window, MaxParked: w.MaxParked, Taken: w.Taken, Delta: w.Delta,
		Settled: !w.Status.Open(), By: w.By, CreatedAt: stamp(w.CreatedAt), Counts: NewCounts(c),
	}
}

func (v Wave) sheets() []sheet { return []sheet{waveSheet([]Wave{v})} }

func waveSheet(waves []Wave) sheet {
	s := sheet{title: "Waves", header: []string{"wave", "status", "window", "taken", "done", "in flight", "waiting", "parked", "skipped", "failed", "to come"}}
	for _, w := range waves {
		c := w.Counts
		s.add(w.Wave, w.Status, w.Window, w.Taken, c.Done, c.InFlight+c.Claimed, c.Waiting, c.Parked, c.Skipped, c.Failed, c.Ready+c.Warned)
	}
	return s
}

// Status is a migration as a whole: the result of status.
type Status struct {
	Migration migration.Name `json:"migration"`
	Counts    Counts         `json:"counts"`
	Waves     []Wave         `json:"waves"`
	Workers   []Worker       `json:"workers"`
}

// Worker is how many workers poll for a role.
type Worker struct {
	Role    contract.Role `json:"role"`
	Queue   string        `json:"queue"`
	Pollers int           `json:"pollers"`
}

func (v Status) sheets() []sheet {
	c := v.Counts
	all := sheet{header: []string{"migration", "instances", "ready", "warned", "blocked", "in flight", "waiting", "parked", "done", "skipped", "failed"}}
	all.add(v.Migration, c.Total, c.Ready, c.Warned, c.Blocked, c.InFlight+c.Claimed, c.Waiting, c.Parked, c.Done, c.Skipped, c.Failed)
	workers := sheet{title: "Workers", header: []string{"role", "queue", "pollers"}}
	for _, w := range v.Workers {
		workers.add(w.Role, w.Queue, w.Pollers)
	}
	return []sheet{all, waveSheet(v.Waves), workers}
}
