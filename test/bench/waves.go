package bench

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"google.golang.org/protobuf/proto"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/e2e/rig"
	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/fault"
	"jogetferry/test/simulator/seed"
)

// field is where the waves are measured: a stage with servers of its own for each database.
type field struct {
	*bench
	*rig.Stage

	worker              *rig.Worker
	accounts, databases map[string]string // by "source", "target" and "ledger"
}

// waves measures waves of instances, what each instance costs, and what people would use instead.
func (b *bench) waves() []Section {
	b.Helper()
	s := b.sizes
	f := b.stage(seed.Options{Seed: 7, Instances: s.Rounds*s.Wave + s.Slow + 2*s.TableWave})
	f.starter(f.Stage, nil, "plan")
	script := b.script(s.Rounds*(s.Sequential+s.Parallel) + s.SlowSequential + s.SlowParallel)
	f.slow(quickTarget)
	script.slow(quickTarget)

	for _, server := range f.servers() {
		f.execute(server.admin, forgetSlowest)
	}
	var spent []cost
	var nothing func()
	took := b.race(
		contender{name: "wave", run: func() { spent = append(spent, f.cost(func() { f.wave(s.Wave) })) }},
		contender{name: "nothing", prepare: func() {
			if nothing == nil {
				nothing = f.nothing(f.activities(f.histories()))
			}
		}, run: func() { nothing() }},
		contender{name: "sequential", run: func() { script.run(s.Sequential, 1) }, check: script.whole},
		contender{name: "parallel", run: func() { script.run(s.Parallel, s.Window) }, check: script.whole},
	)
	f.slowest(s.Rounds * s.Wave)
	histories := f.histories()
	sections := []Section{f.speed(took), f.costs(spent, histories)}
	sections[0].Rows = append(sections[0].Rows, f.slowTarget(script)...)
	peak := f.peak(f.worker.Pid())
	sections = append(sections, Section{
		Title: "Form tables that no app of the migration has",
		How:   "Two waves, each begun by a fresh worker that has read nothing of any table: on servers of this stage's tables, and of many more.",
		Rows:  []Row{f.tables()},
	})
	memory := Section{
		Title: "Memory of a worker",
		How:   "The most that the kernel has seen of it (VmHWM). A record of that size is one instance's: rows of 16 kB below it.",
		Rows: []Row{
			{What: fmt.Sprintf("after %s instances in waves", number(float64(s.Rounds*s.Wave+s.Slow))), Measured: peak, Budget: AtMost(200)},
		},
	}
	memory.Rows = append(memory.Rows, b.largeRecord()...)
	return append(sections, memory)
}

// stage sets up two servers with seeded instances, and a worker.
func (b *bench) stage(o seed.Options) *field {
	b.Helper()
	f := &field{bench: b, accounts: map[string]string{}, databases: map[string]string{}}
	f.Stage = rig.New(b.TB, rig.Options{
		Seed:         o,
		SourceServer: b.source.DSN(""), TargetServer: b.target.DSN(""), LedgerDSN: mysqltest.DatabaseOn(b.TB, b.ledger.DSN("")),
		Temporal: b.temporal, Namespace: b.namespace(),
		Proxy: func(which, dsn string) string {
			cfg, err := mysql.ParseDSN(dsn)
			b.must(err)
			f.accounts[which], f.databases[which] = cfg.User, cfg.DBName
			return dsn
		},
		Settings: map[string]string{
			"FERRY_WORKER_MAX_CALLS": fmt.Sprint(max(b.sizes.Window, 8)), "FERRY_WORKER_MAX_COPIES": "16", "FERRY_WORKER_LOG_LEVEL": "error",
		},
	})
	f.worker = f.StartWorker()
	return f
}

// namespace makes a namespace of Temporal for one stage.
func (b *bench) namespace() string {
	b.Helper()
	b.stages++
	return rig.NewNamespace(b.TB, b.temporal, fmt.Sprintf("bench-%d", b.stages))
}

// slow has the target take so long for each call from now on.
func (f *field) slow(latency time.Duration) {
	f.Helper()
	slow(f.bench, f.Stage, latency)
}

func slow(b *bench, s *rig.Stage, latency time.Duration) {
	b.Helper()
	s.Sim.ClearFaults()
	b.must(s.Sim.AddFaults(fault.Rule{Path: fault.Any, Kind: fault.Latency, Delay: latency}))
}

// wave migrates the next n instances.
func (f *field) wave(n int) {
	f.Helper()
	var status struct {
		Counts migration.Counts `json:"counts"`
	}
	f.starter(f.Stage, &status, "wave", "--without-pilot", "--window", fmt.Sprint(f.sizes.Window), "--size", fmt.Sprint(n))
	if status.Counts.Same != n {
		f.Fatalf("%d of %d instances verified", status.Counts.Same, n)
	}
}

// speed is how fast the waves and the others were, at the quick target.
func (f *field) speed(took map[string]time.Duration) Section {
	s := f.sizes
	rate := perSecond(float64(s.Wave), "instances", took["wave"])
	what := fmt.Sprintf("a wave of %d, %d at a time, the target takes %s for each call", s.Wave, s.Window, quickTarget)
	return Section{
		Title: "Waves",
		How: "`starter wave` of instances of three processes with records, uploads and start tools, from the command to its end. The same by a shell script: " +
			"`mariadb-dump --where` of the rows of each record into the target, `cp -a` of its folders, `curl` of the start and of each open activity; it checks nothing. " +
			"And Temporal workflows of as many activities, which do nothing, on the same server with the same options of the worker: the limit of what Temporal does on this machine.",
		Rows: []Row{
			{What: what, Measured: rate, Budget: AtLeast(20)},
			{What: "its time", Measured: seconds(took["wave"]), Against: Rival{Name: "workflows that do nothing", Quantity: seconds(took["nothing"])}, Budget: RatioAtMost(1.5)},
			{What: "its rate", Measured: rate, Against: Rival{Name: "the shell script, one after the other", Quantity: perSecond(float64(s.Sequential), "instances", took["sequential"])}},
			{What: "its rate", Measured: rate, Against: Rival{Name: fmt.Sprintf("the shell script, `xargs -P %d`", s.Window), Quantity: perSecond(float64(s.Parallel), "instances", took["parallel"])}},
		},
	}
}

// slowTarget is a wave to a target that takes its time.
func (f *field) slowTarget(script *script) []Row {
	f.Helper()
	s := f.sizes
	f.slow(slowTarget)
	script.slow(slowTarget)
	ours := perSecond(float64(s.Slow), "instances", f.timed("wave", func() { f.wave(s.Slow) }))
	sequential := perSecond(float64(s.SlowSequential), "instances", f.timed("sequential", func() { script.run(s.SlowSequential, 1) }))
	script.whole()
	parallel := perSecond(float64(s.SlowParallel), "instances", f.timed("parallel", func() { script.run(s.SlowParallel, s.Window) }))
	script.whole()
	what := fmt.Sprintf("a wave of %d, %d at a time, the target takes %s for each call", s.Slow, s.Window, slowTarget)
	return []Row{
		{What: what, Measured: ours, Against: Rival{Name: "the shell script, one after the other", Quantity: sequential}, Budget: RatioAtLeast(10)},
		{What: "its rate", Measured: ours, Against: Rival{Name: fmt.Sprintf("the shell script, `xargs -P %d`", s.Window), Quantity: parallel}},
	}
}

// timed is the function timed, which says what it took.
func (b *bench) timed(name string, do func()) time.Duration {
	t := timed(do)
	b.say("  %s: %s", name, t.Round(time.Millisecond))
	return t
}

// tables compares a start on a server of many form tables with one on a server of few.
func (f *field) tables() Row {
	f.Helper()
	f.slow(quickTarget)
	fresh := func() time.Duration {
		f.worker.Kill()
		f.worker = f.StartWorker()
		return f.timed("wave of a fresh worker", func() { f.wave(f.sizes.TableWave) })
	}
	few := fresh()
	for n := range f.sizes.Tables {
		create := createTable(fmt.Sprintf("app_fd_other_%d", n))
		f.execute(f.Source, create)
		f.execute(f.Target, create)
	}
	many := fresh()
	return Row{
		What:     fmt.Sprintf("a wave of %d with %s more form tables on both servers", f.sizes.TableWave, number(float64(f.sizes.Tables))),
		Measured: seconds(many), Against: Rival{Name: "without them", Quantity: seconds(few)}, Budget: RatioAtMost(1.2),
	}
}

// largeRecord is what a worker needs that moves one instance with a large record.
func (b *bench) largeRecord() []Row {
	b.Helper()
	f := b.stage(seed.Options{Seed: 8, Instances: 1, Processes: []string{seed.PurchaseRequest}})
	f.execute(f.Source, fillRecord(int(b.sizes.RecordBytes/itemBytes)), f.Seeded.Instances[0].RecordID)
	f.starter(f.Stage, nil, "plan")
	took := b.timed("large record", func() { f.wave(1) })
	return []Row{
		{What: "after one instance whose record has " + sizeName(b.sizes.RecordBytes), Measured: f.peak(f.worker.Pid()), Budget: AtMost(200)},
		{What: "the time of that instance", Measured: seconds(took)},
	}
}

// histories are those of instances with one open activity that have been migrated: what a
// clean instance costs in Temporal.
func (f *field) histories() []*historypb.History {
	f.Helper()
	const enough = 6
	c := f.Client()
	var all []*historypb.History
	for _, i := range f.Seeded.Instances {
		if len(i.Activities) != 1 || len(all) == enough {
			continue
		}
		h := &historypb.History{}
		iter := c.GetWorkflowHistory(f.Context(), contract.InstanceWorkflowID("crm", migration.InstanceID(i.ID)), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for iter.HasNext() {
			event, err := iter.Next()
			var missing *serviceerror.NotFound
			if errors.As(err, &missing) {
				break // no wave has taken it
			}
			f.must(err)
			h.Events = append(h.Events, event)
		}
		if len(h.Events) > 0 {
			all = append(all, h)
		}
	}
	if len(all) == 0 {
		f.Fatal("no instance with one open activity was migrated")
	}
	return all
}

// activities is how many activities most of the instances take.
func (f *field) activities(histories []*historypb.History) int {
	var n []float64
	for _, h := range histories {
		n = append(n, float64(scheduled(h)))
	}
	return int(median(n))
}

func scheduled(h *historypb.History) (n int) {
	for _, event := range h.Events {
		if event.GetEventType() == enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED {
			n++
		}
	}
	return n
}

// billable are the events that Temporal counts as actions, in workflows like these.
var billable = []enumspb.EventType{
	enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, enumspb.EVENT_TYPE_TIMER_STARTED,
	enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
	enumspb.EVENT_TYPE_MARKER_RECORDED, enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
}

// inTemporal are the medians of what instances take in Temporal.
func inTemporal(histories []*historypb.History) (events, actions, bytes float64) {
	var e, a, s []float64
	for _, h := range histories {
		n := 0
		for _, event := range h.Events {
			if slices.Contains(billable, event.GetEventType()) {
				n++
			}
			n += max(0, int(event.GetActivityTaskStartedEventAttributes().GetAttempt())-1) // a retry is one more
		}
		e, a, s = append(e, float64(len(h.Events))), append(a, float64(n)), append(s, float64(proto.Size(h)))
	}
	return median(e), median(a), median(s)
}

// costs is what one instance of the waves cost.
func (f *field) costs(spent []cost, histories []*historypb.History) Section {
	n := float64(f.sizes.Wave)
	each := func(of func(cost) float64) float64 {
		values := make([]float64, len(spent))
		for i, c := range spent {
			values[i] = of(c) / n
		}
		return median(values)
	}
	cpu := func(of func(cost) time.Duration) Quantity {
		return Quantity{each(func(c cost) float64 { return float64(of(c)) / float64(time.Millisecond) }), "ms"}
	}
	events, actions, bytes := inTemporal(histories)
	rows := []Row{
		{What: "CPU of the worker", Measured: cpu(func(c cost) time.Duration { return c.worker }), Budget: AtMost(15)},
		{What: "CPU of the databases for what worker and starter asked", Measured: cpu(func(c cost) time.Duration { return c.databases() }), Budget: AtMost(20)},
	}
	for _, side := range sides {
		rows = append(rows, Row{What: "of it that of the " + side, Measured: cpu(func(c cost) time.Duration { return c.sides[side].cpu })})
	}
	rows = append(rows,
		Row{What: "CPU of the target's database for the target itself", Measured: cpu(func(c cost) time.Duration { return c.others })},
		Row{What: "CPU of Temporal", Measured: cpu(func(c cost) time.Duration { return c.temporal })},
		Row{What: "statements in the ledger: " + f.kinds(spent, "ledger"), Measured: count(each(func(c cost) float64 { return c.sides["ledger"].statements() })), Budget: AtMost(40)},
		Row{What: "statements on the source: " + f.kinds(spent, "source"), Measured: count(each(func(c cost) float64 { return c.sides["source"].statements() })), Budget: AtMost(20)},
		Row{What: "statements on the target, without its own: " + f.kinds(spent, "target"), Measured: count(each(func(c cost) float64 { return c.sides["target"].statements() }))},
		Row{What: "commits in the ledger that wrote something", Measured: count(each(func(c cost) float64 { return c.commits })), Budget: AtMost(8)},
		Row{What: "events in Temporal, with one open activity", Measured: count(events), Budget: AtMost(30)},
		Row{What: "actions in Temporal", Measured: count(actions), Budget: AtMost(6)},
		Row{What: "its history", Measured: Quantity{bytes, "bytes"}, Budget: AtMost(8000)},
	)
	return Section{
		Title: "What an instance costs",
		How: fmt.Sprintf("The same waves of %d, divided by the number of instances: all that worker and starter did meanwhile, polls and the end of the wave included. "+
			"Statements are counted by account in `performance_schema`, processor time in `/proc`; that of the target's server is divided by the time that its statements took.", f.sizes.Wave),
		Rows: rows,
	}
}

// kinds lists the commonest statements of a side for each instance, in the last round.
func (f *field) kinds(spent []cost, side string) string {
	most := spent[len(spent)-1].sides[side].counts
	names := slices.SortedFunc(maps.Keys(most), func(a, b string) int { return int(most[b].n - most[a].n) })
	var list []string
	for _, name := range names[:min(len(names), 6)] {
		list = append(list, strings.ReplaceAll(name, "_", " ")+" "+number(float64(most[name].n)/float64(f.sizes.Wave)))
	}
	return strings.Join(list, ", ")
}
