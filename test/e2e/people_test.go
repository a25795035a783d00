package e2e_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/drive"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/schema"
)

// people work on the target of a storm: they edit rows, add and delete children, upload,
// overwrite and delete files, accept and complete activities, and start more instances of
// the records that are migrated. On the source nobody works, as the runbook says. What
// each of them left is in the journal.
type people struct {
	*storm
	seed   uint64 // of what is done; each act draws from its own numbers
	desk   string // URL
	places []workplace

	// quiet is held by who acts, and by the operator who judges meanwhile.
	quiet   sync.Mutex
	journal []act
	missing []loss
	added   map[string][]string // rows that people added and did not delete, by record
	broken  []error
	stop    func()

	decided map[string]int // how often, by instance
	anew    []string       // instances that the operator had migrated afresh
}

// workplace is an instance with what people may do about its record.
type workplace struct {
	drive.Started
	scope scope
}

// scope is how far people go.
type scope int

const (
	scopeNothing scope = iota // nobody touches it
	scopeData                 // rows and files
	scopeAll                  // activities and more instances, too
)

// act is something that somebody did and that must still be so, unless somebody did
// something else to the same thing later.
type act struct {
	n            int
	kind, who    string
	record       string
	began, ended time.Time
	thing        string // what it was done to: "row table id column", "file table/id/name", "activity id" or "instance id"
	value        string // what was left there; of an activity its instance
	gone         bool   // nothing was left there
	unsure       bool   // whether it had an effect is not known
}

func (a act) String() string {
	return fmt.Sprintf("act %d at %s: %s by %s of %s: %s = %.24q (gone %t, unsure %t)", a.n, a.began.Format("15:04:05.000"), a.kind, a.who, a.record, a.thing, a.value, a.gone, a.unsure)
}

// The kinds of acts.
const (
	actEdit      = "edit"
	actAdd       = "add"
	actDrop      = "drop"
	actUpload    = "upload"
	actOverwrite = "overwrite"
	actRemove    = "remove"
	actAccept    = "accept"
	actComplete  = "complete"
	actSibling   = "sibling"
)

// actKinds are the kinds of acts with how far they go and how often they come.
var actKinds = []struct {
	kind   string
	scope  scope
	weight int
	do     func(*people, context.Context, *rand.Rand, *act) error
}{
	{actEdit, scopeData, 6, (*people).edit},
	{actAdd, scopeData, 3, (*people).add},
	{actDrop, scopeData, 2, (*people).drop},
	{actUpload, scopeData, 3, (*people).upload},
	{actOverwrite, scopeData, 2, (*people).overwrite},
	{actRemove, scopeData, 2, (*people).remove},
	{actAccept, scopeAll, 2, (*people).accept},
	{actComplete, scopeAll, 2, (*people).complete},
	{actSibling, scopeAll, 1, (*people).sibling},
}

// errNothing: there is nothing of the kind to do there now.
var errNothing = errors.New("nothing to do")

// form is where people work on the records of an app: the columns that no tool of the
// simulator's apps writes, so that what is in them is theirs.
type form struct {
	table    string
	columns  []string
	child    string // "" for none
	key      string // of child, without c_
	editable string // of child, without c_
}

var formsOf = map[string]form{
	"leave":   {table: "leave_request", columns: []string{"reason", "leaveType"}},
	"procure": {table: "proc_request", columns: []string{"title", "justification"}, child: "proc_item", key: "requestId", editable: "description"},
	"onboard": {table: "onb_hire", columns: []string{"fullName", "department"}, child: "onb_task", key: "hireId", editable: "title"},
	"claims":  {table: "claim_case", columns: []string{"title", "story"}, child: "claim_loss", key: "claimId", editable: "thing"},
}

// toolFiles are names that tools of the simulator's apps write again and again.
var toolFiles = []string{"letter.txt", "receipt.txt", "decree.txt"}

func newPeople(s *storm, started []drive.Started) *people {
	s.t.Helper()
	p := &people{storm: s, seed: s.rng.Uint64(), desk: s.Desk(), added: map[string][]string{}, decided: map[string]int{}}
	for i, one := range started {
		p.places = append(p.places, workplace{one, scope(i % 3)})
	}
	return p
}

func (w workplace) form() form {
	app, _, _ := strings.Cut(w.Definition, "#")
	return formsOf[app]
}

// begin lets people work until end is called.
func (p *people) begin() {
	ctx, cancel := context.WithCancel(p.t.Context())
	var working sync.WaitGroup
	working.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			rng := rand.New(rand.NewPCG(p.seed, uint64(n)))
			p.quiet.Lock()
			err := p.act(context.WithoutCancel(ctx), rng, n)
			if err != nil && !errors.Is(err, errNothing) {
				p.broken = append(p.broken, err)
			}
			p.quiet.Unlock()
			select {
			case <-time.After(time.Duration(30+rng.IntN(200)) * time.Millisecond):
			case <-ctx.Done():
			}
		}
	})
	p.stop = func() { cancel(); working.Wait() }
	p.t.Cleanup(p.stop)
}

// end sends everybody home, and fails the test if somebody could not work.
func (p *people) end() {
	p.t.Helper()
	p.stop()
	for _, err := range p.broken {
		p.t.Errorf("somebody could not work: %v", err)
	}
}

// act does one thing somewhere.
func (p *people) act(ctx context.Context, rng *rand.Rand, n int) error {
	total := 0
	for _, d := range actKinds {
		total += d.weight
	}
	at, draw := 0, rng.IntN(total)
	for draw >= actKinds[at].weight {
		draw -= actKinds[at].weight
		at++
	}
	d := actKinds[at]
	a := act{n: n, kind: d.kind, who: colleagues[rng.IntN(len(colleagues))]}
	w, err := p.choose(ctx, rng, d.scope)
	if err != nil {
		return err
	}
	a.record, a.began = w.Record, time.Now()
	if err := d.do(p, ctx, rng, &a); err != nil {
		return err
	}
	a.ended = time.Now()
	p.journal = append(p.journal, a)
	return nil
}

// colleagues are the users who have work to do.
var colleagues = func() []string {
	var out []string
	for _, u := range schema.Users() {
		if !u.Admin {
			out = append(out, u.Name)
		}
	}
	return out
}()

// calmTime is how long ago the last call about a record is where people prefer to work.
const calmTime = 6 * time.Second

// choose returns where somebody works next: where the record is on the target, rather
// where no call is under way or was answered a moment ago, and anywhere once in twelve times.
func (p *people) choose(ctx context.Context, rng *rand.Rand, least scope) (workplace, error) {
	anywhere := rng.IntN(12) == 0
	for range 12 {
		w := p.places[rng.IntN(len(p.places))]
		if w.scope < least {
			continue
		}
		there, err := texts(ctx, p.Target, "SELECT id FROM `app_fd_"+w.form().table+"` WHERE id = ?", w.Record)
		if err != nil {
			return w, err
		}
		if len(there) == 0 {
			continue
		}
		if anywhere {
			return w, nil
		}
		recent, err := p.recent(ctx, w.Record)
		if err != nil || !recent {
			return w, err
		}
	}
	return workplace{}, errNothing
}

func (p *people) recent(ctx context.Context, record string) (bool, error) {
	ids, err := p.linked(ctx, record)
	if err != nil {
		return false, err
	}
	for _, c := range slices.Backward(p.gate.Passages()) {
		if !c.Ended.IsZero() && (lostAnswer(c) || time.Since(c.Ended) > calmTime) {
			continue
		}
		if about(c.Call, record, ids) {
			return true, nil
		}
	}
	return false, nil
}

// linked are the target instances of a record, subflows among them, whatever became of them.
func (p *people) linked(ctx context.Context, record string) ([]string, error) {
	rows, err := texts(ctx, p.Target, "SELECT processId FROM wf_process_link WHERE originProcessId = ? OR parentProcessId = ?"+
		" UNION SELECT processId FROM wf_process_link_history WHERE originProcessId = ? OR parentProcessId = ? ORDER BY 1", record, record, record, record)
	var ids []string
	for _, r := range rows {
		ids = append(ids, r[0])
	}
	return ids, err
}

// about reports whether a call is about a record or one of the instances ids.
func about(c rig.Call, record string, ids []string) bool {
	if record != "" && c.Form.Get("recordId") == record {
		return true
	}
	words := strings.Split(c.Path, "/")
	for _, values := range c.Form {
		words = append(words, values...)
	}
	return slices.ContainsFunc(ids, func(id string) bool {
		// An activity's ID is a number, its instance's ID and its definition.
		return slices.ContainsFunc(words, func(w string) bool { return w == id || strings.Contains(w, "_"+id+"_") })
	})
}

func (p *people) place(record string) workplace {
	return p.places[slices.IndexFunc(p.places, func(w workplace) bool { return w.Record == record })]
}

// at returns where the record of a source instance is worked on.
func (p *people) at(instance string) workplace {
	return p.places[slices.IndexFunc(p.places, func(w workplace) bool { return w.ID == instance })]
}

func stampNow() string { return time.Now().UTC().Format("2006-01-02 15:04:05.000000") }

// look notes it if what somebody did to a thing is gone, before somebody else does
// something to it.
func (p *people) look(ctx context.Context, thing string) error {
	for _, a := range slices.Backward(p.journal) {
		if a.thing != thing {
			continue
		}
		if a.unsure {
			return nil
		}
		now, err := p.lost(ctx, a)
		if now != "" {
			p.missing = append(p.missing, loss{a, now})
		}
		return err
	}
	return nil
}

// edit stores a form again in which one field is new.
func (p *people) edit(ctx context.Context, rng *rand.Rand, a *act) error {
	f := p.place(a.record).form()
	table, column, id := f.table, f.columns[rng.IntN(len(f.columns))], a.record
	if f.child != "" && rng.IntN(3) == 0 {
		children, err := texts(ctx, p.Target, "SELECT id FROM `app_fd_"+f.child+"` WHERE `c_"+f.key+"` = ? ORDER BY id", a.record)
		if err != nil {
			return err
		}
		if len(children) > 0 {
			table, column, id = f.child, f.editable, children[rng.IntN(len(children))][0]
		}
	}
	a.thing, a.value = "row "+table+" "+id+" c_"+column, fmt.Sprintf("geändert %d", a.n)
	if err := p.look(ctx, a.thing); err != nil {
		return err
	}
	res, err := p.Target.ExecContext(ctx, "UPDATE `app_fd_"+table+"` SET `c_"+column+"` = ?, dateModified = ?, modifiedBy = ?, modifiedByName = ? WHERE id = ?",
		a.value, stampNow(), a.who, a.who, id)
	return done(res, err)
}

// done is errNothing where a statement found no row.
func done(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		return errNothing
	}
	return err
}

// add stores a new row in the grid of a form.
func (p *people) add(ctx context.Context, rng *rand.Rand, a *act) error {
	f := p.place(a.record).form()
	if f.child == "" {
		return p.edit(ctx, rng, a)
	}
	id, stamp := fmt.Sprintf("%016x-%d", rng.Uint64(), a.n), stampNow()
	a.thing, a.value = "row "+f.child+" "+id+" c_"+f.editable, fmt.Sprintf("neu %d", a.n)
	res, err := p.Target.ExecContext(ctx, "INSERT INTO `app_fd_"+f.child+"` (id, dateCreated, dateModified, createdBy, createdByName, modifiedBy, modifiedByName, `c_"+f.key+"`, `c_"+f.editable+"`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		id, stamp, stamp, a.who, a.who, a.who, a.who, a.record, a.value)
	if err == nil {
		p.added[a.record] = append(p.added[a.record], id)
	}
	return done(res, err)
}

// drop deletes a row that somebody added.
func (p *people) drop(ctx context.Context, rng *rand.Rand, a *act) error {
	f, mine := p.place(a.record).form(), p.added[a.record]
	if len(mine) == 0 {
		return errNothing
	}
	i := rng.IntN(len(mine))
	a.thing, a.gone = "row "+f.child+" "+mine[i]+" c_"+f.editable, true
	if err := p.look(ctx, a.thing); err != nil {
		return err
	}
	res, err := p.Target.ExecContext(ctx, "DELETE FROM `app_fd_"+f.child+"` WHERE id = ?", mine[i])
	p.added[a.record] = slices.Delete(mine, i, i+1)
	return done(res, err)
}

// upload stores a new file of a record.
func (p *people) upload(ctx context.Context, rng *rand.Rand, a *act) error {
	return p.store(ctx, rng, a, fmt.Sprintf("Anlage %d (v2).txt", a.n))
}

func (p *people) store(ctx context.Context, rng *rand.Rand, a *act, name string) error {
	folder := filepath.Join(p.place(a.record).form().table, a.record)
	a.thing, a.value = "file "+filepath.Join(folder, name), fmt.Sprintf("von Menschen %d %s", a.n, strings.Repeat("ü", rng.IntN(400)))
	if err := p.look(ctx, a.thing); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(p.TargetFiles, folder), 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(p.TargetFiles, folder, name), []byte(a.value), 0o644)
}

// file picks a file of the record that is no tool's.
func (p *people) file(rng *rand.Rand, record string) (string, error) {
	list, err := os.ReadDir(filepath.Join(p.TargetFiles, p.place(record).form().table, record))
	if errors.Is(err, fs.ErrNotExist) {
		return "", errNothing
	}
	list = slices.DeleteFunc(list, func(f fs.DirEntry) bool {
		return !f.Type().IsRegular() || strings.HasPrefix(f.Name(), ".") || slices.Contains(toolFiles, f.Name())
	})
	if err == nil && len(list) == 0 {
		err = errNothing
	}
	if err != nil {
		return "", err
	}
	return list[rng.IntN(len(list))].Name(), nil
}

// overwrite stores a file again under its name.
func (p *people) overwrite(ctx context.Context, rng *rand.Rand, a *act) error {
	name, err := p.file(rng, a.record)
	if err != nil {
		return err
	}
	return p.store(ctx, rng, a, name)
}

// remove deletes a file.
func (p *people) remove(ctx context.Context, rng *rand.Rand, a *act) error {
	name, err := p.file(rng, a.record)
	if err != nil {
		return err
	}
	path := filepath.Join(p.place(a.record).form().table, a.record, name)
	a.thing, a.gone = "file "+path, true
	if err := p.look(ctx, a.thing); err != nil {
		return err
	}
	if err = os.Remove(filepath.Join(p.TargetFiles, path)); errors.Is(err, fs.ErrNotExist) {
		return errNothing // a rollback came first
	}
	return err
}

// task is an activity in somebody's inbox.
type task struct {
	engine.ActivityView
	who string
}

// tasks are the activities that are open in the instances of a record.
func (p *people) tasks(ctx context.Context, record string) ([]task, error) {
	ids, err := p.linked(ctx, record)
	if err != nil {
		return nil, err
	}
	var out []task
	for _, id := range ids {
		all, err := p.Sim.Engine().Activities(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, a := range all {
			if a.Type != "normal" || !strings.HasPrefix(a.State, "open.") {
				continue
			}
			users, err := p.Sim.Engine().Assignees(ctx, a)
			if err != nil {
				return nil, err
			}
			if len(users) > 0 {
				out = append(out, task{a, users[0]})
			}
		}
	}
	return out, nil
}

// call makes a call as somebody's browser does; status 0: it had no answer.
func (p *people) call(ctx context.Context, who, path string, form url.Values) (status int, answer map[string]any, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.desk+"/web/json/"+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Referer", p.desk)
	r.SetBasicAuth(who, schema.UserPassword)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode == http.StatusOK {
		err = json.Unmarshal(body, &answer)
	}
	return res.StatusCode, answer, err
}

// accept takes a task out of the inbox of the others.
func (p *people) accept(ctx context.Context, rng *rand.Rand, a *act) error {
	tasks, err := p.tasks(ctx, a.record)
	tasks = slices.DeleteFunc(tasks, func(t task) bool { return t.State == engine.Running })
	if err != nil || len(tasks) == 0 {
		return errors.Join(err, errNothing)
	}
	t := tasks[rng.IntN(len(tasks))]
	a.who, a.thing, a.value = t.who, "activity "+t.ID, t.Instance
	status, _, err := p.call(ctx, t.who, "workflow/assignment/accept/"+url.PathEscape(t.ID), nil)
	if status == http.StatusNotFound {
		return errNothing // it was just taken away
	}
	a.unsure = status != http.StatusOK || p.standing(ctx, t.Instance, t.ID) != engine.Running
	return err
}

// complete fills in the form of a task.
func (p *people) complete(ctx context.Context, rng *rand.Rand, a *act) error {
	tasks, err := p.tasks(ctx, a.record)
	if err != nil || len(tasks) == 0 {
		return errors.Join(err, errNothing)
	}
	t := tasks[rng.IntN(len(tasks))]
	visits := 0
	for _, earlier := range p.journal {
		if earlier.kind == actComplete && earlier.record == a.record {
			visits++
		}
	}
	form := url.Values{}
	for name, value := range drive.Choose(p.seed)(drive.Question{Record: a.record, Process: drive.Process(t.Definition), Activity: t.DefID, Visit: visits}) {
		form.Set("var_"+name, value)
	}
	a.who, a.thing, a.value = t.who, "activity "+t.ID, t.Instance
	status, _, err := p.call(ctx, t.who, "workflow/assignment/completeWithVariable/"+url.PathEscape(t.ID), form)
	if status == http.StatusNotFound {
		return errNothing
	}
	a.unsure = status != http.StatusOK || p.standing(ctx, t.Instance, t.ID) != engine.Completed
	return err
}

// standing is the state of an activity now.
func (p *people) standing(ctx context.Context, instance, id string) string {
	all, err := p.Sim.Engine().Activities(ctx, instance)
	if err != nil {
		return err.Error()
	}
	for _, a := range all {
		if a.ID == id {
			return a.State
		}
	}
	return "gone"
}

// sibling starts one more instance of a record.
func (p *people) sibling(ctx context.Context, _ *rand.Rand, a *act) error {
	if slices.ContainsFunc(p.journal, func(earlier act) bool { return earlier.kind == actSibling && earlier.record == a.record }) {
		return errNothing
	}
	parts := strings.Split(p.place(a.record).Definition, "#")
	_, answer, err := p.call(ctx, a.who, "workflow/process/start/"+parts[0]+":latest:"+parts[2], url.Values{"recordId": {a.record}})
	if err != nil {
		return err
	}
	if id, started := answer["processId"].(string); started && id != "" {
		a.thing, a.value = "instance "+id, id
		return nil
	}
	a.unsure = true
	return nil
}

// siblings are the target instances that people started, with those whose start failed half-way.
func (p *people) siblings() []string {
	var out []string
	for _, a := range p.journal {
		if a.kind != actSibling {
			continue
		}
		if out = append(out, a.value); !a.unsure {
			continue
		}
		for _, e := range p.Effects() {
			if e.What == effects.Start && e.RecordID == a.record && e.Caller == a.who && !e.Time.Before(a.began) && !e.Time.After(a.ended) {
				out = append(out, e.Instance)
			}
		}
	}
	return slices.DeleteFunc(out, func(id string) bool { return id == "" })
}
