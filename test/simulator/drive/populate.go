package drive

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/schema"
)

// Options say whom Populate starts. Equal options on equal databases give
// equal instances; only what tools insert has IDs of its own each time.
type Options struct {
	Seed      uint64
	Instances int       // that are open at the end; those that end before are more
	Processes []string  // of Processes and Awkward, in turn, some perhaps more than once; nil = all of Processes
	Now       time.Time // of records; zero = a fixed day
	OddIDs    bool      // some records have IDs with characters that people number things with, all of which the API takes
	// Records are the IDs of the first records of each of Processes; one that is there twice
	// is the record of two instances.
	Records map[string][]string
}

// shape is how instances of a process are populated.
type shape struct {
	process    string
	kind       string // tells shapes of one process apart; "" for the ordinary one
	variables  func(rng *rand.Rand, users []string) map[string]string
	requesters []string                             // nil = everybody
	least      int                                  // fewest activities that are completed
	steps      int                                  // most of them
	last       []string                             // activities that would end it, and are left open
	hangs      bool                                 // a completion leads to a tool that never ends
	then       func(context.Context, *person) error // what happens to it at last; nil for nothing
	resume     []string                             // activities at which somebody has to say that it goes on
}

// name is what Options call a shape: "package/process", and ":kind" if it has one.
func (s shape) name() string {
	if s.kind == "" {
		return s.process
	}
	return s.process + ":" + s.kind
}

func handlers(rng *rand.Rand, users []string) map[string]string {
	n := 1 + rng.IntN(2)
	var names []string
	for _, i := range rng.Perm(len(users))[:n] {
		names = append(names, users[i])
	}
	return map[string]string{"handler": strings.Join(names, ";")}
}

func with(f func(*rand.Rand, []string) map[string]string, more map[string]string) func(*rand.Rand, []string) map[string]string {
	return func(rng *rand.Rand, users []string) map[string]string {
		out := f(rng, users)
		for k, v := range more {
			out[k] = v
		}
		return out
	}
}

func none(*rand.Rand, []string) map[string]string { return map[string]string{} }

// shapes are the root processes of the simulator's apps.
var shapes = []shape{
	{process: "leave/process1", variables: func(rng *rand.Rand, _ []string) map[string]string {
		return map[string]string{"days": "5", "balance": "12.5", "remarks": pick(rng, []string{"früh", strings.Repeat("früh, ", schema.MaxVarchar/5)})}
	}, steps: 4, last: []string{"confirm"}},
	{process: "procure/process1", variables: func(rng *rand.Rand, users []string) map[string]string {
		return map[string]string{"amount": "1200.5", "itemCount": "4", "budgetApprover": handlers(rng, users)["handler"]}
	}, steps: 3, last: []string{"order"}},
	// who prepares is the requester: the welcome goes to whom prepared, which no
	// other server can know
	{process: "onboard/onboarding", variables: with(none, map[string]string{"candidate": "Jack Sample"}), requesters: []string{"tana", "tina"}, steps: 3, last: []string{"welcome"}},
	{process: "onboard/probation", variables: with(none, map[string]string{"months": "6", "score": "3.5", "assessment": "gut"}), steps: 4, last: []string{"close"}},
	{process: "claims/intake", variables: with(handlers, map[string]string{"amount": "830", "parts": "2"}), steps: 4, last: []string{"appeal", "pay"}},
	{process: "claims/assess", variables: handlers, steps: 4, last: []string{"settle"}},
	{process: "claims/nested", variables: handlers, steps: 5, last: []string{"confirm"}},
	{process: "claims/choice", variables: handlers, steps: 4, last: []string{"agree"}},
	{process: "claims/rounds", variables: handlers, steps: 6, last: []string{"settle"}},
	{process: "claims/late", variables: handlers, steps: 2, last: []string{"decree"}},
	{process: "claims/dispute", variables: with(handlers, map[string]string{"claimant": "Jäck"}), steps: 9, last: []string{"accept"}},
	{process: "claims/escalate", variables: handlers, steps: 3, last: []string{"record"}},
	{process: "claims/relay", variables: handlers, steps: 2, last: []string{"thank"}},
	{process: "claims/toolJoin", variables: handlers, steps: 3, last: []string{"settle"}},
	{process: "claims/guardedJoin", variables: handlers, steps: 4, last: []string{"settle"}},
	{process: "claims/sharedJoin", variables: handlers, steps: 4, last: []string{"sue"}},
}

// Processes lists what Populate can start, as "package/process".
func Processes() []string {
	var out []string
	for _, s := range shapes {
		out = append(out, s.process)
	}
	return out
}

// Started is an open instance.
type Started struct {
	ID         string
	Shape      string // as Options.Processes have it
	Definition string // package#version#process
	Record     string // record ID
	Requester  string
	StartTools []string // definition IDs of the tools that its start ran, with the path of subflows
	Completed  []string // activities, "path/definition", by hand and in order
	Open       []string // open activities, "path/definition", sorted
	Depth      int      // of open subflows, 0 for none
	Tokens     []string // "path/join<predecessor" of each branch that waits at an AND-join
	Accepted   []string // open activities that somebody accepted
	Reassigned []string // open activities that were given to somebody else
	Shared     []string // open activities that several may take
	Edited     bool     // people changed the record after the start
	Files      bool     // or its uploads
	LongText   bool     // a variable was started with a text that the engine keeps as an object
	Boolean    bool     // a BOOLEAN variable is true, which no call can set again before its activity is accepted
	Late       bool     // a start with today's variables, of it or of an open subflow, would not stop where it did
	Loose      bool     // an asynchronous subflow: nobody waits for it
	Root       string   // of a loose one: the instance from which it came, perhaps over others
	Alone      bool     // a loose one whose root has ended
	Resume     []string // activities at which somebody has to say that it goes on; nil where that is to be seen
}

// Populate starts instances through the engine of db, with records there and
// uploads in uploadsDir, the folder app_formuploads, and takes each some steps
// on its way. Nothing else may use the engine meanwhile.
func Populate(ctx context.Context, e *engine.Engine, db *sql.DB, uploadsDir string, o Options) ([]Started, error) {
	if o.Processes == nil {
		o.Processes = Processes()
	}
	if o.Now.IsZero() {
		o.Now = time.Date(2024, time.June, 3, 8, 0, 0, 0, time.UTC)
	}
	var out []Started
	made, filled, visit := map[string]int{}, map[string]bool{}, ""
	for i := uint64(0); len(out) < o.Instances; i++ {
		name := o.Processes[int(i%uint64(len(o.Processes)))] //nolint:gosec // a small number
		all := slices.Concat(shapes, awkward)
		at := slices.IndexFunc(all, func(s shape) bool { return s.name() == name })
		if at < 0 {
			return nil, fmt.Errorf("populate: no process %s", name)
		}
		rng := rand.New(rand.NewPCG(o.Seed, i)) //nolint:gosec // reproducible, not secret
		p := person{
			engine: e, db: db, rng: rng, shape: all[at], answers: Choose(o.Seed), visits: map[string]int{},
			forms: forms{db: db, uploads: uploadsDir, rng: rng, now: o.Now.Add(time.Duration(i) * time.Minute), filled: filled},
		}
		p.started.Record = newID(rng)
		if named := o.Records[name]; made[name] < len(named) {
			p.started.Record = named[made[name]]
		} else if o.OddIDs && i%oddEvery == oddEvery-1 {
			p.started.Record = oddID(i)
		}
		made[name]++
		if p.visit = visit; p.shape.process == "permits/visit" {
			visit = p.started.Record
		}
		started, err := p.populate(ctx)
		if err != nil {
			return nil, fmt.Errorf("populate instance %d of %s: %w", i, name, err)
		}
		out = append(out, started...)
	}
	return out, nil
}

// person is whoever works on one instance.
type person struct {
	engine  *engine.Engine
	db      *sql.DB
	rng     *rand.Rand
	shape   shape
	forms   forms
	answers Answers
	visits  map[string]int
	started Started
	begun   []begun
	visit   string // record ID of the latest permits/visit, "" before the first
}

func (p *person) chance(n int) bool { return p.rng.IntN(n) == 0 }

func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

// populate makes one instance, and returns it and those that it began and does not wait
// for, of which some may have come to their ends.
func (p *person) populate(ctx context.Context) ([]Started, error) {
	if err := p.start(ctx); err != nil {
		return nil, err
	}
	// rather far on its way than at its beginning
	for range max(p.shape.least, p.rng.IntN(p.shape.steps+1), p.rng.IntN(p.shape.steps+1)) {
		open, err := p.waiting(ctx)
		if err != nil {
			return nil, err
		}
		next := p.next(open)
		if len(next) == 0 {
			break
		}
		if err := p.work(ctx, pick(p.rng, next)); err != nil {
			return nil, err
		}
	}
	alive, err := p.alive(ctx)
	if err != nil || len(alive) == 0 {
		return nil, err
	}
	if err := p.edit(ctx); err != nil {
		return nil, err
	}
	edited, files := p.started.Edited, p.started.Files
	for i := range alive {
		p.started = alive[i]
		p.started.Edited, p.started.Files = edited, files
		if err := p.hold(ctx); err != nil {
			return nil, err
		}
		if p.shape.then != nil {
			if err := p.shape.then(ctx, p); err != nil {
				return nil, err
			}
		}
		if err := p.describe(ctx); err != nil {
			return nil, err
		}
		alive[i] = p.started
	}
	return alive, nil
}

// waiting are the open manual activities of the instance and of those that it began and
// does not wait for.
func (p *person) waiting(ctx context.Context) ([]node, error) {
	loose, err := p.loose(ctx)
	if err != nil {
		return nil, err
	}
	var members []member
	for _, id := range append([]string{p.started.ID}, loose...) {
		below, err := tree(ctx, p.engine, id)
		if err != nil {
			return nil, err
		}
		members = append(members, below...)
	}
	return waiting(members), nil
}

// alive are the instances that came of the start and run by themselves.
func (p *person) alive(ctx context.Context) ([]Started, error) {
	loose, err := p.loose(ctx)
	if err != nil {
		return nil, err
	}
	var out []Started
	ended := false
	for _, id := range append([]string{p.started.ID}, loose...) {
		in, _, err := p.engine.Instance(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("read instance %s: %w", id, err)
		}
		if in.State != engine.Running {
			ended = ended || id == p.started.ID
			continue
		}
		s := p.started
		if id != s.ID {
			s.ID, s.Root, s.Definition, s.StartTools, s.Loose, s.Alone = id, s.ID, in.Definition, nil, true, ended
		}
		out = append(out, s)
	}
	return out, nil
}

// everybody is who has work to do; the administrator has not.
func everybody() []string {
	var out []string
	for _, u := range schema.Users() {
		if !u.Admin {
			out = append(out, u.Name)
		}
	}
	return out
}

func (p *person) start(ctx context.Context) error {
	users := everybody()
	requesters := p.shape.requesters
	if requesters == nil {
		requesters = users
	}
	pkg, process, _ := strings.Cut(p.shape.process, "/")
	s := &p.started
	s.Shape, s.Resume = p.shape.name(), p.shape.resume
	s.Requester = pick(p.rng, requesters)
	r := p.record()
	if p.shape.kind == Holder {
		r.fields = withField(r.fields, "visit", p.visit)
	}
	if err := p.forms.fill(ctx, r, s.Record, s.Requester); err != nil {
		return err
	}
	variables := p.shape.variables(p.rng, users)
	for _, v := range variables {
		s.LongText = s.LongText || len(utf16.Encode([]rune(v))) > schema.MaxVarchar
	}
	res, err := p.engine.Start(ctx, engine.Caller{Name: s.Requester}, engine.StartRequest{
		Definition: pkg + "#latest#" + process, RecordID: s.Record, Variables: variables,
	})
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	s.ID = res.Instance
	members, err := tree(ctx, p.engine, s.ID)
	if err != nil {
		return err
	}
	for _, m := range members {
		for _, a := range m.activities {
			s.Definition = members[0].activities[0].Definition
			if a.Type == "tool" {
				s.StartTools = append(s.StartTools, node{a, m.path}.name())
			}
		}
	}
	return nil
}

// next are the activities that may be completed.
func (p *person) next(open []node) []node {
	return slices.DeleteFunc(slices.Clone(open), func(n node) bool { return slices.Contains(p.shape.last, n.name()) })
}

// work completes an activity as one of its holders, the requester if he is.
func (p *person) work(ctx context.Context, n node) error {
	users, err := holders(ctx, p.engine, n)
	if err != nil {
		return err
	}
	user := pick(p.rng, users)
	if slices.Contains(users, p.started.Requester) {
		user = p.started.Requester
	}
	if n.process() == "onboard/probation" && p.chance(6) {
		if err := p.confirm(ctx, n, user); err != nil {
			return err
		}
	}
	answer := p.answers(Question{Record: p.started.Record, Process: n.process(), Activity: n.DefID, Visit: p.visits[n.name()]})
	p.visits[n.name()]++
	p.started.Completed = append(p.started.Completed, n.name())
	err = complete(ctx, p.engine, n, user, answer)
	if p.shape.hangs && errors.Is(err, engine.ErrInternal) {
		return nil
	}
	return err
}

// confirm sets a BOOLEAN on an activity, for which there is one call only.
func (p *person) confirm(ctx context.Context, n node, user string) error {
	caller := engine.Caller{Name: user}
	err := p.engine.Accept(ctx, caller, n.ID)
	if err == nil {
		err = p.engine.SetAssignmentVariable(ctx, caller, n.ID, "confirmed", "true")
	}
	if err != nil {
		return fmt.Errorf("confirm %s: %w", n.name(), err)
	}
	p.started.Boolean = true
	return nil
}

// edit is what people do to the record and its files after the start.
func (p *person) edit(ctx context.Context) error {
	r, id := p.record(), p.started.Record
	if p.chance(2) {
		field := slices.Sorted(maps.Keys(r.fields))[p.rng.IntN(len(r.fields))]
		if _, staged := r.fields["stage"]; staged {
			field = "stage"
		}
		if err := p.forms.edit(ctx, r.table, id, pick(p.rng, everybody()), field, "geprüft"); err != nil {
			return err
		}
		p.started.Edited = true
	}
	if !p.chance(3) {
		return nil
	}
	p.started.Files = true
	letter := filepath.Join(p.forms.uploads, schema.UploadFolder(r.table, id), "letter.txt")
	if _, err := os.Stat(letter); err == nil && p.chance(2) {
		return os.Remove(letter)
	}
	return p.forms.write(r.table, id, "letter.txt", "Nachtrag: "+strings.Repeat("é", 1+p.rng.IntN(300)))
}

// hold gives some of the open activities to somebody else, and has some accepted.
func (p *person) hold(ctx context.Context) error {
	members, err := tree(ctx, p.engine, p.started.ID)
	if err != nil {
		return err
	}
	for _, n := range waiting(members) {
		users, err := holders(ctx, p.engine, n)
		if err != nil {
			return err
		}
		if p.chance(5) {
			others := slices.DeleteFunc(everybody(), func(u string) bool { return slices.Contains(users, u) })
			i := p.rng.IntN(len(users))
			to := pick(p.rng, others)
			p.engine.Reassign(ctx, engine.Caller{Name: schema.AdminUser, Admin: true}, n.ID, users[i], to)
			users[i] = to
			p.started.Reassigned = append(p.started.Reassigned, n.name())
		}
		if p.chance(3) {
			if err := p.engine.Accept(ctx, engine.Caller{Name: pick(p.rng, users)}, n.ID); err != nil {
				return fmt.Errorf("accept %s: %w", n.name(), err)
			}
			p.started.Accepted = append(p.started.Accepted, n.name())
		} else if len(users) > 1 {
			p.started.Shared = append(p.started.Shared, n.name())
		}
	}
	return nil
}

// late are the subflow or root activities at whose start a variable decides
// whether it waits, with the value at which it does not.
var late = map[string]struct{ variable, value string }{
	"claims/late": {"verdict", "decided"}, "claims/escalate": {"mode", "skip"},
}

// describe tells what the instance is now.
func (p *person) describe(ctx context.Context) error {
	s := &p.started
	members, err := tree(ctx, p.engine, s.ID)
	if err != nil {
		return err
	}
	for _, m := range members {
		tokens, err := p.tokens(ctx, m.id)
		if err != nil {
			return err
		}
		for _, t := range tokens {
			s.Tokens = append(s.Tokens, path.Join(m.path, t))
		}
		for _, a := range m.activities {
			n := node{a, m.path}
			if !n.open() {
				continue
			}
			s.Open = append(s.Open, n.name())
			if a.Child != "" {
				s.Depth = max(s.Depth, 1+strings.Count(n.name(), "/"))
			}
		}
	}
	slices.Sort(s.Open)
	if l, known := late[p.shape.process]; known {
		list, _, err := p.engine.Variables(ctx, s.ID)
		if err != nil {
			return fmt.Errorf("read variables: %w", err)
		}
		subflow := p.shape.process != "claims/escalate" || slices.Contains(s.Open, "call")
		s.Late = subflow && slices.ContainsFunc(list, func(v engine.Variable) bool { return v.Name == l.variable && v.Text == l.value })
	}
	return nil
}

// tokens lists the branches that wait at the AND-joins of an instance.
func (p *person) tokens(ctx context.Context, instance string) ([]string, error) {
	var out []string
	err := schema.Each(ctx, p.db, func(scan func(...any) error) error {
		var join, predecessor string
		err := scan(&join, &predecessor)
		out = append(out, join+"<"+predecessor)
		return err
	}, selectTokens, instance)
	if err != nil {
		return nil, fmt.Errorf("read tokens of %s: %w", instance, err)
	}
	return out, nil
}
