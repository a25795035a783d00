package seed

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"jogetferry/joget/xpdl"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/schema"
)

// flushEvery is the number of instances between two writes.
const flushEvery = 250

// longestWay is more than the time any instance takes from its creation to its
// last activation; history is how far back the first one was created.
const (
	longestWay = 16 * 24 * time.Hour
	history    = 60 * 24 * time.Hour
)

// Run fills a database made by schema.Create that has the apps loaded, in one
// transaction, and writes uploads below uploadsDir, the app_formuploads folder
// ("<table>/<record id>/<file>"). It may run again with another seed. A server
// must not be running on the database: it keeps counters in memory.
func Run(ctx context.Context, db *sql.DB, uploadsDir string, opts Options) (Result, error) {
	opts = opts.withDefaults()
	if opts.NoUploads {
		uploadsDir = ""
	} else if uploadsDir == "" {
		return Result{}, errors.New("seeding: no uploads folder and NoUploads not set")
	}
	var result Result
	err := schema.InTransaction(ctx, db, nil, func(tx *sql.Tx) error {
		w, err := newWorld(ctx, tx, uploadsDir, opts)
		if err != nil {
			return err
		}
		if err := w.fill(ctx); err != nil {
			return err
		}
		result = w.result
		result.Rows, result.Files, result.FileBytes = w.rows.total, w.files.count, w.files.bytes
		return nil
	})
	if err != nil {
		return Result{}, fmt.Errorf("seeding: %w", err)
	}
	return result, nil
}

// definition is a deployed process as far as a seed needs it.
type definition struct {
	name         string // package#version#process
	oid          int64
	version      string
	pkg          string
	process      *xpdl.Process
	participants map[string]apps.ParticipantMapping
}

// world is the state of one run.
type world struct {
	tx          *sql.Tx
	o           Options
	rng         *rand.Rand
	rows        *batch
	numbers     *numbers
	definitions map[string]definition // by package/process
	forms       map[string]table      // by tableName
	resources   map[string]int64
	directory   directory
	text        textPool
	files       *uploads
	leaveBase   int64
	leaveNumber int64
	taken       map[string]bool
	result      Result
}

func newWorld(ctx context.Context, tx *sql.Tx, uploadsDir string, o Options) (*world, error) {
	w := &world{
		tx: tx, o: o,
		rng:         rand.New(rand.NewPCG(uint64(o.Seed), 0x6a6f676574)), //nolint:gosec // reproducible, not secret
		definitions: map[string]definition{}, forms: map[string]table{}, resources: map[string]int64{}, taken: map[string]bool{},
		directory: newDirectory(),
	}
	w.text = newTextPool(w.rng)
	w.files = newUploads(uploadsDir, w.rng)
	order := slices.Clone(engineTables)
	for _, id := range apps.Names() {
		d, err := apps.Read(id)
		if err != nil {
			return nil, err
		}
		for name, fields := range d.FormTables() {
			t := tableOf(schema.FormTablePrefix+name, formColumns)
			for _, f := range fields {
				t.columns = append(t.columns, schema.FormColumnPrefix+f)
			}
			w.forms[name] = t
			order = append(order, t)
		}
		if err := w.readDefinitions(ctx, d); err != nil {
			return nil, fmt.Errorf("reading the definitions of %s: %w", id, err)
		}
	}
	slices.SortStableFunc(order[len(engineTables):], func(a, b table) int { return cmp.Compare(a.name, b.name) })
	w.rows = newBatch(tx, order)
	var err error
	if w.numbers, err = openNumbers(ctx, tx); err != nil {
		return nil, err
	}
	if err := tx.QueryRowContext(ctx, selectEnvironment).Scan(&w.leaveBase); err != nil {
		return nil, fmt.Errorf("reading the id generator: %w", err)
	}
	return w, w.readNames(ctx)
}

// readDefinitions finds the deployed version of the processes of an app: the
// one asked for, else the published one.
func (w *world) readDefinitions(ctx context.Context, d apps.Definition) error {
	wanted := strconv.FormatInt(w.o.PackageVersion, 10)
	return schema.Each(ctx, w.tx, func(scan func(...any) error) error {
		var (
			x         definition
			key       string
			published bool
		)
		if err := scan(&x.name, &x.oid, &x.pkg, &key, &x.version, &published); err != nil {
			return err
		}
		if x.pkg != d.ID || w.o.PackageVersion == 0 && !published || w.o.PackageVersion != 0 && x.version != wanted {
			return nil
		}
		x.process = d.Package.Process(key)
		x.participants = map[string]apps.ParticipantMapping{}
		for _, m := range d.Participants {
			if m.Process == key {
				x.participants[m.Participant] = m
			}
		}
		w.definitions[x.pkg+"/"+key] = x
		return nil
	}, selectDefinitions)
}

// readNames reads the resources and instance ids the server already has.
func (w *world) readNames(ctx context.Context) error {
	err := schema.Each(ctx, w.tx, func(scan func(...any) error) error {
		var name string
		var oid int64
		err := scan(&name, &oid)
		w.resources[name] = oid
		return err
	}, selectResources)
	if err != nil {
		return fmt.Errorf("reading resources: %w", err)
	}
	if len(w.o.InstanceIDs) == 0 {
		return nil
	}
	err = schema.Each(ctx, w.tx, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		w.taken[id] = true
		return err
	}, selectTakenIDs)
	if err != nil {
		return fmt.Errorf("reading instance ids: %w", err)
	}
	return nil
}

// job is one instance to be written.
type job struct {
	kind     Kind
	position Position
	created  time.Time
	id       string // "" = the next number
}

func (w *world) fill(ctx context.Context) error {
	jobs, err := w.jobs()
	if err != nil {
		return err
	}
	w.resource("roleSystem")
	for i, j := range jobs {
		if err := w.instance(j); err != nil {
			return err
		}
		if i%flushEvery == flushEvery-1 {
			if err := w.rows.flush(ctx); err != nil {
				return err
			}
		}
	}
	for range w.o.RecordsOnly {
		if err := w.lonelyRecord(); err != nil {
			return err
		}
	}
	if err := w.rows.flush(ctx); err != nil {
		return err
	}
	if err := w.masterData(ctx); err != nil {
		return err
	}
	if err := w.numbers.close(ctx, w.tx); err != nil {
		return err
	}
	if w.o.LargeFiles > 0 || w.o.MissingFiles > 0 {
		return fmt.Errorf("too few records with file fields: %d large and %d missing files are left over", w.o.LargeFiles, w.o.MissingFiles)
	}
	return nil
}

// jobs lists what to write in order of creation; kinds are mixed.
func (w *world) jobs() ([]job, error) {
	var jobs []job
	counts := []struct {
		kind Kind
		n    int
		from Kind // whose positions
	}{
		{Ordinary, w.o.Instances, Ordinary},
		{WithTokens, w.o.WithTokens, WithTokens},
		{WithSubflow, w.o.WithSubflows, WithSubflow},
		{Suspended, w.o.Suspended, Ordinary},
		{NotStarted, w.o.NotStarted, Ordinary},
		{NullVariables, w.o.NullVariables, Ordinary},
		{TypedVariables, w.o.TypedVariables, Ordinary},
		{HugeVariable, w.o.HugeVariables, Ordinary},
		{WithoutLink, w.o.WithoutLink, Ordinary},
		{InstanceIDRecord, w.o.InstanceIDRecords, Ordinary},
		{Closed, w.o.Closed, Ordinary},
		{Completed, w.o.Completed, Ordinary},
	}
	for _, c := range counts {
		positions := w.o.positions(c.from)
		if c.kind == TypedVariables {
			positions = slices.DeleteFunc(Positions(), func(p Position) bool { return p.Process != ProbationReview })
		}
		if c.n > 0 && len(positions) == 0 {
			return nil, fmt.Errorf("no position for %s instances among processes %v and positions %v", c.kind, w.o.Processes, w.o.Positions)
		}
		for i := range c.n {
			jobs = append(jobs, job{kind: c.kind, position: positions[i%len(positions)]})
		}
	}
	w.rng.Shuffle(len(jobs), func(i, k int) { jobs[i], jobs[k] = jobs[k], jobs[i] })
	if err := w.giveIDs(jobs); err != nil {
		return nil, err
	}
	times := make([]time.Duration, len(jobs))
	for i := range times {
		times[i] = time.Duration(w.rng.Int64N(int64(history-longestWay)/1e6)).Abs() * 1e6
	}
	slices.Sort(times)
	for i := range jobs {
		jobs[i].created = w.o.Now.Add(times[i] - history)
		if _, known := w.definitions[jobs[i].position.Process]; !known {
			return nil, fmt.Errorf("process %s is not deployed (published, or as version %d)", jobs[i].position.Process, w.o.PackageVersion)
		}
	}
	return jobs, nil
}

// giveIDs hands the wanted instance ids to ordinary jobs of their processes and
// lets the counter go on above them.
func (w *world) giveIDs(jobs []job) error {
	counter := w.numbers.counters[schema.CounterProcess]
	for _, id := range w.o.InstanceIDs {
		digits, rest, _ := strings.Cut(id, "_")
		number, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || w.taken[id] {
			return fmt.Errorf("instance id %q is taken or has no number", id)
		}
		w.taken[id] = true
		i := slices.IndexFunc(jobs, func(j job) bool { return j.kind == Ordinary && j.id == "" })
		k := slices.IndexFunc(w.o.positions(Ordinary), func(p Position) bool {
			pkg, key := split(p.Process)
			return rest == pkg+"_"+key
		})
		if i < 0 || k < 0 {
			return fmt.Errorf("no ordinary instance left, or no position, for instance id %q", id)
		}
		jobs[i].id, jobs[i].position = id, w.o.positions(Ordinary)[k]
		counter.next = max(counter.next, number+1)
	}
	return nil
}

// resource is the object id of a user name, whose row is written when first seen.
func (w *world) resource(name string) int64 {
	oid, known := w.resources[name]
	if !known {
		oid = w.numbers.oid.take()
		w.resources[name] = oid
		w.rows.add(resources, name, nil, oid, 0)
	}
	return oid
}

func (w *world) masterData(ctx context.Context) error {
	for i, d := range schema.Departments() {
		if _, err := w.tx.ExecContext(ctx, ignoreDepartments, d.ID, stamp(w.o.Now.Add(-history)), d.Name, fmt.Sprintf("CC-%03d", 10*(i+1))); err != nil {
			return fmt.Errorf("writing master data: %w", err)
		}
	}
	if _, err := w.tx.ExecContext(ctx, updateEnvironment, strconv.FormatInt(w.leaveBase+w.leaveNumber, 10)); err != nil {
		return fmt.Errorf("raising the id generator: %w", err)
	}
	return nil
}

// chance is true once in n.
func (w *world) chance(n int) bool { return w.rng.IntN(n) == 0 }

func pick[T any](w *world, from []T) T { return from[w.rng.IntN(len(from))] }

// uuid is a random UUID from the run's own source.
func (w *world) uuid() string {
	a, b := w.rng.Uint64(), w.rng.Uint64()
	a = a&^0xF000 | 0x4000
	b = b&^(0xC<<60) | 0x8<<60
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xFFFF, a&0xFFFF, b>>48, b&0xFFFFFFFFFFFF)
}

// stamp is a datetime(6) as text.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000000") }
