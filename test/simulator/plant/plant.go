package plant

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Plant is one discrepancy.
type Plant struct {
	Name    string // a_sentence, unique
	Finding string // "FERRY-201", what it must cause
	make    func(p *planting)
}

// Server is one side of a pair.
type Server struct {
	DB      *sql.DB
	Uploads string // folder app_formuploads; "" = none, then nothing can be planted in it
}

// Pair is two servers that were seeded, the source with running instances of
// all processes. A server running on a database reads some of its settings only
// at its start.
type Pair struct {
	Source, Target Server

	used map[string]bool // instances that have a discrepancy
}

// Finding is what a plant must cause, or hide.
type Finding struct {
	ID      string // "FERRY-201"
	Subject string // "source", "target", an app ID, a definition or an instance ID of the source
}

// Any stands for every number in Planted.Hides.
const Any = "*"

// Planted is what a plant did.
type Planted struct {
	Causes []Finding // the plant's own finding first, then what cannot be had without
	Hides  []Finding // findings of an ordinary instance or definition that are not said besides; ID may be Any
}

// All lists the plants in order of their findings.
func All() []Plant {
	all := slices.Concat(serverPlants(), definitionPlants(), dataPlants(), instancePlants())
	slices.SortStableFunc(all, func(a, b Plant) int { return strings.Compare(a.Finding, b.Finding) })
	return all
}

// Named is the plant of a name; false when there is none.
func Named(name string) (Plant, bool) {
	all := All()
	i := slices.IndexFunc(all, func(p Plant) bool { return p.Name == name })
	if i < 0 {
		return Plant{}, false
	}
	return all[i], true
}

// Plant makes a discrepancy. Several in one pair, by the same Pair, go to
// different instances, where they concern one: each takes the oldest that fits.
// An error leaves what was done so far.
func (pair *Pair) Plant(ctx context.Context, plant Plant) (done Planted, err error) {
	if pair.used == nil {
		pair.used = map[string]bool{}
	}
	p := &planting{pair: pair}
	for _, s := range []struct {
		name   string
		side   *side
		server Server
	}{{"source", &p.source, pair.Source}, {"target", &p.target, pair.Target}} {
		conn, err := s.server.DB.Conn(ctx)
		if err != nil {
			return Planted{}, fmt.Errorf("planting %s: connecting to the %s: %w", plant.Name, s.name, err)
		}
		defer func() { err = errors.Join(err, conn.Close()) }()
		*s.side = newSide(ctx, p, s.name, conn, s.server)
	}
	plant.make(p)
	if p.err != nil {
		return Planted{}, fmt.Errorf("planting %s: %w", plant.Name, p.err)
	}
	p.done.Causes[0].ID = plant.Finding
	return p.done, nil
}

// planting is one run of a plant. It keeps the first error, so that what is
// done reads as a list; after it nothing is done any more.
type planting struct {
	pair           *Pair
	source, target side
	done           Planted
	err            error
}

func (p *planting) both(fn func(s *side)) {
	fn(&p.source)
	fn(&p.target)
}

// concerns says of what the plant's own finding is.
func (p *planting) concerns(subject string) {
	p.done.Causes = slices.Insert(p.done.Causes, 0, Finding{Subject: subject})
}

func (p *planting) also(finding, subject string) {
	p.done.Causes = append(p.done.Causes, Finding{finding, subject})
}

func (p *planting) hides(finding, subject string) {
	p.done.Hides = append(p.done.Hides, Finding{finding, subject})
}

// fail keeps the first error.
func (p *planting) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

// row is column -> value: of a condition, a change or a new row.
type row map[string]any

func (r row) columns() []string { return slices.Sorted(maps.Keys(r)) }

func (r row) values() []any {
	values := make([]any, 0, len(r))
	for _, c := range r.columns() {
		values = append(values, r[c])
	}
	return values
}
