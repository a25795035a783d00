package e2e_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/digest"
	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/fault"
	"jogetferry/test/simulator/seed"
	"jogetferry/test/sshdtest"
)

// step is one thing done or wanted; exactly what is set happens, in the order
// of these fields.
type caseStep struct {
	Note string // for the reader

	// Setenv changes settings of the processes that are started from now on.
	Setenv map[string]string
	// Source, TargetSQL and LedgerSQL are statements.
	Source    []string
	TargetSQL []string `yaml:"target"`
	LedgerSQL []string `yaml:"ledger"`
	// Files are written below the uploads folders, "source:<path>" or "target:<path>".
	Files map[string]string
	// Links are made likewise, with what they point to.
	Links map[string]string
	// Remove takes files away.
	Remove []string
	// SFTP is "another host key", which the server shows from now on, "known", whereupon
	// that is taken, or "cut": all its connections end after the next 64 KiB.
	SFTP string
	// Faults are added to the target; ["clear"] removes all.
	Faults []string
	// Worker is start, term, term-only (without waiting), kill or gone (wait until it is).
	Worker string
	// Begin has a foreign instance of the record of the named instance started on the target.
	Begin string
	// Work has somebody accept or complete an activity, or abort an
	// instance: "accept approve of a", "abort instance of a".
	Work string
	// Terminate ends the workflow "instance/<name>" or "wave/<name>" from outside.
	Terminate string

	// Run is a command line of starter, with Exit, JSON (what it must have
	// printed at least), Stderr (texts that it must have told) and Silent (texts
	// that it must not).
	Run    string
	Exit   int
	JSON   map[string]any
	Stderr []string
	Silent []string
	// RunWorker is a worker that is expected to give up, with Exit and Stderr.
	RunWorker bool `yaml:"run_worker"`

	// Await waits until instances are in these states, "parked" or "parked record_conflict".
	Await map[string]string
	// AwaitTarget waits until the ledger knows the target of these instances.
	AwaitTarget []string `yaml:"await_target"`
	// AwaitLine waits until the log of an instance has a line about an event.
	AwaitLine map[string]string `yaml:"await_line"`
	// AwaitEffects waits until the target had at least so many effects.
	AwaitEffects map[string]int `yaml:"await_effects"`
	// Show is wanted of starter show of instances.
	Show map[string]map[string]any
	// Effects are exact numbers of effects on the target.
	Effects map[string]int
	// Contents are wanted of files, "" for none.
	Contents map[string]string
	// SameFiles are tables whose files have the same bytes and times on both sides.
	SameFiles []string `yaml:"same_files"`
	// Data is "remember" or "as remembered": what the target has but for the
	// engine's own, uploads included.
	Data string
	// Same are queries of the target and the one value that they must give.
	Same map[string]string
	// Equal are form tables, without app_fd_, that both servers have the same checksum of.
	Equal []string
	// Query is a visibility query with Finds, the instances it must find.
	Query string
	Finds []string
}

// runner carries out the steps of a case.
type runner struct {
	*rig.Stage
	t         *testing.T
	at        int
	worker    *rig.Worker
	remote    *sshdtest.Server         // with the uploads of both sides; nil: they are folders
	leaving   bool                     // it was told to go
	instances map[string]seed.Instance // by their names in the case
	resolved  map[string]float64       // the last park ID that a resolve named, by instance ID
	data      digest.Database          // of the target, remembered
	files     digest.Tree
}

// name finds the instances of a case, in the order of their names.
func (r *runner) name(wanted map[string]string) {
	r.t.Helper()
	used := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		i := slices.IndexFunc(r.Seeded.Instances, func(i seed.Instance) bool {
			if kind, ok := strings.CutPrefix(wanted[name], "kind:"); ok {
				return !used[i.ID] && string(i.Kind) == kind
			}
			parts := strings.Split(i.Definition, "#")
			return !used[i.ID] && i.Kind == seed.Ordinary && wanted[name] == parts[0]+"/"+parts[2]+"/"+i.Position
		})
		if i < 0 {
			r.t.Fatalf("no instance %s: %s", name, wanted[name])
		}
		r.instances[name] = r.Seeded.Instances[i]
		used[r.instances[name].ID] = true
	}
}

func (r *runner) fail(format string, args ...any) {
	r.t.Helper()
	r.t.Errorf("step %d: %s", r.at, fmt.Sprintf(format, args...))
	r.tell()
	r.t.FailNow()
}

// tell prints the stories of the named instances.
func (r *runner) tell() {
	r.t.Helper()
	for _, name := range slices.Sorted(maps.Keys(r.instances)) {
		out, errs, _ := r.Run(r.t.Context(), "show", r.instances[name].ID)
		r.t.Logf("%s:\n%s%s", name, out, errs)
	}
	for _, e := range r.Sim.Effects() {
		r.t.Logf("effect: %+v", e)
	}
}

func (r *runner) must(err error) {
	r.t.Helper()
	if err != nil {
		r.fail("%v", err)
	}
}

func (r *runner) expand(text string) string {
	r.t.Helper()
	if !strings.Contains(text, "{{") {
		return text
	}
	tmpl, err := template.New("step").Option("missingkey=error").Funcs(template.FuncMap{
		"target": r.target, "linked": r.linked, "parked": r.parked, "env": r.Getenv,
		"account": r.account,
	}).Parse(text)
	r.must(err)
	var b bytes.Buffer
	r.must(tmpl.Execute(&b, r.instances))
	return b.String()
}

// account is who the worker is in the target's database.
func (r *runner) account() string {
	user, _, _ := strings.Cut(r.Getenv("FERRY_TARGET_DATABASE"), ":")
	return "'" + user + "'@'%'"
}

// deep expands the texts in what YAML made.
func (r *runner) deep(v any) any {
	switch v := v.(type) {
	case string:
		return r.expand(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = r.deep(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = r.deep(v[k])
		}
		return out
	}
	return v
}

func (r *runner) show(name string) map[string]any {
	r.t.Helper()
	i, ok := r.instances[name]
	if !ok {
		r.fail("no instance is named %q", name)
	}
	out, errs, status := r.Run(r.t.Context(), "show", i.ID)
	var got map[string]any
	if status != 0 || json.Unmarshal(out, &got) != nil {
		r.fail("starter show %s: %d\n%s%s", i.ID, status, out, errs)
	}
	return got
}

func (r *runner) target(name string) string {
	id, ok := r.show(name)["target_instance"].(string)
	if !ok {
		r.fail("%s has no target instance", name)
	}
	return id
}

// linked is the one live instance of the target on the record of an instance.
func (r *runner) linked(name string) string {
	var id string
	r.must(r.Target.QueryRowContext(r.t.Context(), "SELECT MIN(processId) FROM wf_process_link WHERE originProcessId = ?", r.instances[name].RecordID).Scan(&id))
	return id
}

// parked is the one parked instance.
func (r *runner) parked() string {
	var got struct{ Parked []struct{ Instance string } }
	r.Starter(0, &got, "parked")
	if len(got.Parked) != 1 {
		r.fail("%d instances are parked", len(got.Parked))
	}
	return got.Parked[0].Instance
}

func (r *runner) run(s caseStep) {
	r.t.Helper()
	for _, k := range slices.Sorted(maps.Keys(s.Setenv)) {
		r.Setenv(k, r.expand(s.Setenv[k]))
	}
	r.disturb(s)
	switch {
	case s.Run != "":
		r.command(s)
	case s.RunWorker:
		r.shortWorker(s)
	}
	r.want(s)
}

// decree runs statements on the ledger.
func (r *runner) decree(statements []string) {
	if len(statements) == 0 {
		return
	}
	db, err := sql.Open("mysql", r.Ledger)
	r.must(err)
	defer func() { r.must(db.Close()) }()
	for _, q := range statements {
		_, err := db.ExecContext(r.t.Context(), r.expand(q))
		r.must(err)
	}
}

// disturbSFTP changes the server of the uploads.
func (r *runner) disturbSFTP(how string) {
	r.t.Helper()
	switch how {
	case "":
	case "another host key":
		r.remote.NewHostKey()
		r.remote.Cut()
	case "known":
		r.remote.Trust()
	case "cut":
		r.remote.CutAfter(64 << 10)
	default:
		r.fail("nothing is called %q", how)
	}
}

// disturb changes the servers.
func (r *runner) disturb(s caseStep) {
	ctx := r.t.Context()
	for _, q := range s.Source {
		_, err := r.Source.ExecContext(ctx, r.expand(q))
		r.must(err)
	}
	for _, q := range s.TargetSQL {
		_, err := r.Target.ExecContext(ctx, r.expand(q))
		r.must(err)
	}
	r.decree(s.LedgerSQL)
	for path, text := range s.Files {
		path := r.path(path)
		r.must(os.MkdirAll(filepath.Dir(path), 0o755))
		r.must(os.WriteFile(path, []byte(r.expand(text)), 0o600))
		if r.remote != nil { // SFTP has whole seconds, to which a file is put back
			now := time.Now().Truncate(time.Second)
			r.must(os.Chtimes(path, now, now))
		}
	}
	for path, to := range s.Links {
		path := r.path(path)
		r.must(os.MkdirAll(filepath.Dir(path), 0o755))
		r.must(os.Symlink(r.expand(to), path))
	}
	for _, path := range s.Remove {
		r.must(os.Remove(r.path(path)))
	}
	if len(s.Source)+len(s.Files)+len(s.Links)+len(s.Remove) > 0 {
		r.SourceChanged()
	}
	r.disturbSFTP(s.SFTP)
	for _, f := range s.Faults {
		if f == "clear" {
			r.Sim.ClearFaults()
			continue
		}
		rule, err := fault.ParseRule(f)
		r.must(err)
		r.must(r.Sim.AddFaults(rule))
	}
	r.operate(s.Worker)
	if s.Begin != "" {
		i := r.instances[s.Begin]
		pkg, process, _ := strings.Cut(i.Definition, "#")
		_, process, _ = strings.Cut(process, "#")
		_, err := r.Sim.Engine().Start(ctx, engine.Caller{Name: i.Requester}, engine.StartRequest{
			Definition: pkg + "#latest#" + process, RecordID: i.RecordID,
		})
		r.must(err)
	}
	if s.Work != "" {
		r.work(s.Work)
	}
	if s.Terminate != "" {
		kind, name, _ := strings.Cut(s.Terminate, "/")
		if kind == "instance" {
			name = r.instances[name].ID
		}
		r.must(r.Client().TerminateWorkflow(ctx, "ferry/crm/"+kind+"/"+name, "", "by the test"))
	}
}

func (r *runner) operate(what string) {
	switch what {
	case "":
	case "start":
		r.worker, r.leaving = r.StartWorker(), false
	case "term", "term-only":
		r.leaving = true
		r.must(r.worker.Signal(syscall.SIGTERM))
		if what == "term" {
			<-r.worker.Done()
		}
	case "kill":
		r.leaving = true
		r.worker.Kill()
	case "gone":
		select {
		case <-r.worker.Done():
		case <-time.After(time.Minute):
			r.fail("the worker is still there after a minute")
		}
		if r.worker.Status() != 0 {
			r.fail("the worker ended with %d", r.worker.Status())
		}
	default:
		r.fail("worker: %q?", what)
	}
}

// path is where "source:<path>" is.
func (r *runner) path(text string) string {
	side, path, _ := strings.Cut(r.expand(text), ":")
	root := r.SourceUploads
	if side == "target" {
		root = r.TargetFiles
	}
	return filepath.Join(root, path)
}

// work has the first assignee accept or complete an activity of a target instance.
func (r *runner) work(text string) {
	var verb, def, of, name string
	if _, err := fmt.Sscanf(text, "%s %s %s %s", &verb, &def, &of, &name); err != nil {
		r.fail("work %q: %v", text, err)
	}
	ctx, e := r.t.Context(), r.Sim.Engine()
	if verb == "abort" {
		e.Abort(ctx, engine.Caller{Name: "admin", Admin: true}, r.target(name))
		return
	}
	views, err := e.Activities(ctx, r.target(name))
	r.must(err)
	for _, a := range views {
		if a.DefID != def || !strings.HasPrefix(a.State, "open.") {
			continue
		}
		users, err := e.Assignees(ctx, a)
		r.must(err)
		if verb == "accept" {
			r.must(e.Accept(ctx, engine.Caller{Name: users[0]}, a.ID))
			return
		}
		_, err = e.Complete(ctx, engine.Caller{Name: users[0]}, a.ID, nil)
		r.must(err)
		return
	}
	r.fail("work %q: no such open activity", text)
}

func (r *runner) command(s caseStep) {
	ctx, cancel := context.WithTimeout(r.t.Context(), 3*time.Minute)
	defer cancel()
	if r.worker != nil && !r.leaving {
		// Nobody waits for what a worker that gave up would do.
		go func(w *rig.Worker) {
			select {
			case <-w.Done():
				cancel()
			case <-ctx.Done():
			}
		}(r.worker)
	}
	out, errs, status := r.Run(ctx, strings.Fields(r.expand(s.Run))...)
	if status != s.Exit {
		r.fail("starter %s: exit status %d, want %d\n%s\n%s", s.Run, status, s.Exit, out, errs)
	}
	if s.JSON != nil {
		var got any
		if err := json.Unmarshal(out, &got); err != nil {
			r.fail("starter %s printed no JSON: %v\n%s", s.Run, err, out)
		}
		if at := lacks(r.deep(s.JSON), got, "$"); at != "" {
			r.fail("starter %s: %s\n%s\n%s", s.Run, at, out, errs)
		}
	}
	var resolved struct {
		Instance string  `json:"instance"`
		ParkID   float64 `json:"park_id"`
	}
	if strings.HasPrefix(s.Run, "resolve ") && status == 0 && json.Unmarshal(out, &resolved) == nil {
		r.resolved[resolved.Instance] = resolved.ParkID
	}
	r.says("starter "+s.Run, errs, s)
}

func (r *runner) says(who, text string, s caseStep) {
	for _, want := range s.Stderr {
		if want = r.expand(want); !strings.Contains(text, want) {
			r.fail("%s does not say %q:\n%s", who, want, text)
		}
	}
	for _, not := range s.Silent {
		if not = r.expand(not); strings.Contains(text, not) {
			r.fail("%s says %q:\n%s", who, not, text)
		}
	}
}

// watch counts how many instances are in flight, from now on, and returns what
// tells the most that it saw.
func (r *runner) watch() (most func() int) {
	db, err := sql.Open("mysql", r.Ledger)
	r.must(err)
	stop, seen := make(chan struct{}), make(chan int)
	go func() {
		top := 0
		poll := time.NewTicker(20 * time.Millisecond)
		defer poll.Stop()
		for {
			select {
			case <-stop:
				seen <- top
				return
			case <-poll.C:
			}
			var n int
			if err := db.QueryRowContext(context.WithoutCancel(r.t.Context()), inFlight).Scan(&n); err == nil {
				top = max(top, n)
			}
		}
	}()
	return func() int {
		close(stop)
		top := <-seen
		r.must(db.Close())
		return top
	}
}

const inFlight = "SELECT COUNT(*) FROM instance WHERE state IN ('claimed','in_flight','waiting')"

// shortWorker runs a worker that gives up by itself.
func (r *runner) shortWorker(s caseStep) {
	w := r.StartWorker()
	select {
	case <-w.Done():
	case <-time.After(90 * time.Second):
		r.fail("the worker did not give up")
	}
	if w.Status() != s.Exit {
		r.fail("worker: exit status %d, want %d\n%s", w.Status(), s.Exit, w.Log())
	}
	r.says("worker", w.Log(), s)
}

func (r *runner) want(s caseStep) {
	for _, name := range slices.Sorted(maps.Keys(s.Await)) {
		state, reason, _ := strings.Cut(s.Await[name], " ")
		r.eventually(fmt.Sprintf("%s is %s", name, s.Await[name]), func() bool {
			got := r.show(name)
			park, _ := got["park_id"].(float64)
			if state == "parked" && park <= r.resolved[r.instances[name].ID] {
				return false
			}
			return got["state"] == state && (reason == "" || got["reason"] == reason)
		})
	}
	for name, event := range s.AwaitLine {
		want := map[string]any{"lines": []any{map[string]any{"event": event}}}
		r.eventually(name+": "+event, func() bool { return lacks(want, r.show(name), "") == "" })
	}
	for _, name := range s.AwaitTarget {
		r.eventually("the target of "+name, func() bool { return r.show(name)["target_instance"] != nil })
	}
	for what, n := range s.AwaitEffects {
		r.eventually(fmt.Sprintf("%d effects %s", n, what), func() bool { return r.count(what) >= n })
	}
	for _, name := range slices.Sorted(maps.Keys(s.Show)) {
		got := r.show(name)
		if at := lacks(r.deep(s.Show[name]), got, name); at != "" {
			r.fail("%s", at)
		}
	}
	for what, n := range s.Effects {
		if got := r.count(what); got != n {
			r.fail("%d effects %s on the target, want %d", got, what, n)
		}
	}
	for path, want := range s.Contents {
		got, err := os.ReadFile(r.path(path))
		if string(got) != want || (err != nil) != (want == "") {
			r.fail("%s: %q, want %q (%v)", path, got, want, err)
		}
	}
	for _, table := range s.SameFiles {
		r.sameFiles(table)
	}
	for query, want := range s.Same {
		var got string
		if err := r.Target.QueryRowContext(r.t.Context(), r.expand(query)).Scan(&got); err != nil || got != r.expand(want) {
			r.fail("%s: %q, want %q (%v)", query, got, r.expand(want), err)
		}
	}
	for _, table := range s.Equal {
		if source, target := r.checksum(r.Source, table), r.checksum(r.Target, table); source != target {
			r.fail("table %s: checksum %s on the source, %s on the target", table, source, target)
		}
	}
	if s.Data != "" {
		r.compareData(s.Data)
	}
	if s.Query != "" {
		r.finds(s.Query, s.Finds)
	}
}

func (r *runner) checksum(db *sql.DB, table string) string {
	r.t.Helper()
	var sum string
	if err := db.QueryRowContext(r.t.Context(), "CHECKSUM TABLE app_fd_"+table).Scan(new(string), &sum); err != nil {
		r.fail("%v", err)
	}
	return sum
}

// sameFiles compares the files of a table on both sides.
func (r *runner) sameFiles(table string) {
	var sides [2]digest.Tree
	for i, dir := range []string{r.SourceUploads, r.TargetFiles} {
		tree, err := digest.OfTree(filepath.Join(dir, table), digest.TreeOptions{})
		if err != nil {
			r.t.Fatal(err)
		}
		maps.DeleteFunc(tree, func(_ string, e digest.Entry) bool { return e.Mode&fs.ModeDir != 0 })
		for path, e := range tree {
			e.Mode = 0
			tree[path] = e
		}
		sides[i] = tree
	}
	if diff := digest.DiffTrees(sides[0], sides[1]); diff != "" || len(sides[0]) == 0 {
		r.fail("%d files of %s are not the same on both sides:\n%s", len(sides[0]), table, diff)
	}
}

// compareData remembers what the target has, or compares it with that.
func (r *runner) compareData(what string) {
	db, files := (&population{Stage: r.Stage, t: r.t}).target()
	if what == "remember" {
		r.data, r.files = db, files
		return
	}
	if diff := digest.DiffDatabases(r.data, db); diff != "" {
		r.fail("the target's database is not as it was:\n%s", diff)
	}
	if diff := digest.DiffTrees(r.files, files); diff != "" {
		r.fail("the target's uploads are not as they were:\n%s", diff)
	}
}

func (r *runner) eventually(what string, done func() bool) {
	r.t.Helper()
	deadline := time.NewTimer(2 * time.Minute)
	defer deadline.Stop()
	poll := time.NewTicker(200 * time.Millisecond)
	defer poll.Stop()
	for !done() {
		select {
		case <-deadline.C:
			r.fail("%s: not in two minutes", what)
		case <-poll.C:
		}
	}
}

// count counts effects; "start failed" counts those of that result.
func (r *runner) count(what string) int {
	what, result, _ := strings.Cut(what, " ")
	n := 0
	for _, e := range r.Sim.Effects() {
		if e.What == what && (result == "" || e.Result == result) {
			n++
		}
	}
	return n
}

// finds asks Temporal's visibility, which follows a moment later.
func (r *runner) finds(query string, names []string) {
	want := make([]string, 0, len(names))
	for _, n := range names {
		want = append(want, "ferry/crm/instance/"+r.instances[n].ID)
	}
	slices.Sort(want)
	c := r.Client()
	r.eventually(query+" finds "+strings.Join(names, ", "), func() bool {
		answer, err := c.ListWorkflow(r.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: r.Namespace(), Query: query})
		r.must(err)
		got := []string{}
		for _, e := range answer.GetExecutions() {
			got = append(got, e.GetExecution().GetWorkflowId())
		}
		slices.Sort(got)
		return slices.Equal(got, want)
	})
}

// end checks what every case promises: the source is as it was, no record has
// two live instances, and neither Temporal nor the worker's log has seen a record ID.
func (r *runner) end(twins []string) {
	r.at = 0
	r.SourceUnchanged()
	allowed := map[string]bool{}
	for _, name := range twins {
		allowed[r.instances[name].RecordID] = true
	}
	rows, err := r.Target.QueryContext(r.t.Context(), liveTwins)
	r.must(err)
	defer func() { r.must(rows.Close()) }()
	for rows.Next() {
		var record, definition string
		var n int
		r.must(rows.Scan(&record, &definition, &n))
		if !allowed[record] && !r.shared(record) {
			r.t.Errorf("record %s has %d live instances of %s on the target", record, n, definition)
		}
	}
	r.must(rows.Err())
	r.discreet()
	if r.t.Failed() {
		r.tell()
	}
}

// shared reports whether the source has several instances on the record too.
func (r *runner) shared(record string) bool {
	n := 0
	r.must(r.Source.QueryRowContext(r.t.Context(), "SELECT COUNT(*) FROM wf_process_link WHERE originProcessId = ?", record).Scan(&n))
	return n > 1
}

const liveTwins = `SELECT l.originProcessId, SUBSTRING_INDEX(p.PDefName, '#', 1), COUNT(*)
FROM wf_process_link l JOIN SHKProcesses p ON p.Id = l.processId JOIN SHKProcessStates s ON s.oid = p.State
WHERE s.KeyValue LIKE 'open.%' GROUP BY l.originProcessId, p.PDefName HAVING COUNT(*) > 1`

func (r *runner) discreet() {
	c := r.Client()
	list, err := c.ListWorkflow(r.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: r.Namespace()})
	r.must(err)
	for _, e := range list.GetExecutions() {
		events := c.GetWorkflowHistory(r.t.Context(), e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId(), false, 0)
		for events.HasNext() {
			event, err := events.Next()
			r.must(err)
			raw, err := proto.Marshal(event)
			r.must(err)
			for _, i := range r.Seeded.Instances {
				if i.RecordID != i.ID && len(i.RecordID) > 20 && bytes.Contains(raw, []byte(i.RecordID)) {
					r.t.Errorf("%s: event %d %s holds a record ID", e.GetExecution().GetWorkflowId(), event.GetEventId(), event.GetEventType())
				}
			}
		}
	}
	if r.worker == nil {
		return
	}
	r.worker.Kill()
	for _, i := range r.Seeded.Instances {
		if len(i.RecordID) > 20 && strings.Contains(r.worker.Log(), i.RecordID) && i.RecordID != i.ID {
			r.t.Errorf("the worker's log holds a record ID")
		}
	}
}

// lacks says where got lacks what want has, "" if nowhere. Maps may have more
// keys, and lists more elements, in any order; "!" in a list's first place wants
// it exactly.
func lacks(want, got any, at string) string {
	switch want := want.(type) {
	case map[string]any:
		have, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s is %v, want %v", at, got, want)
		}
		for _, k := range slices.Sorted(maps.Keys(want)) {
			if why := lacks(want[k], have[k], at+"."+k); why != "" {
				return why
			}
		}
		return ""
	case []any:
		have, ok := got.([]any)
		if !ok && len(want) > 0 {
			return fmt.Sprintf("%s is %v, want %v", at, got, want)
		}
		if len(want) > 0 && want[0] == "!" {
			if want = want[1:]; len(want) != len(have) {
				return fmt.Sprintf("%s has %d elements, want %d: %v", at, len(have), len(want), have)
			}
		}
		for n, w := range want {
			if !slices.ContainsFunc(have, func(h any) bool { return lacks(w, h, "") == "" }) {
				return fmt.Sprintf("%s has no element %d: %v, but %v", at, n, w, have)
			}
		}
		return ""
	case string:
		if text, ok := got.(string); ok {
			if part, ok := strings.CutPrefix(want, "~"); ok && strings.Contains(text, part) {
				return ""
			}
		}
	case nil:
		if got == nil {
			return ""
		}
	}
	if fmt.Sprint(want) != fmt.Sprint(got) {
		return fmt.Sprintf("%s is %v, want %v", at, got, want)
	}
	return ""
}
